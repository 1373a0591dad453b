"""What the command benchmark measures: the flags of each kind, and its measuring."""
