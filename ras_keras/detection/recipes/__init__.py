"""What the training of a detector depends on, in parts, and the recipes to start from."""
