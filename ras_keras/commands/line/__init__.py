"""Flags: from the command line to values, and back."""
