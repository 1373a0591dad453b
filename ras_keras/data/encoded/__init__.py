"""Images that stay as files or records hold them, and are decoded when a batch asks for them."""
