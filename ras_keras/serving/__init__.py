"""A model in a browser: one page, and the same as JSON."""
