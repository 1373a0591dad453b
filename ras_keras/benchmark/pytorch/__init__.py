"""The same network in PyTorch, beside ours."""
