"""Networks by name: their size and their speed."""
