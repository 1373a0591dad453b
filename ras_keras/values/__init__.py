"""What a value may be, and reading one from text or a file."""
