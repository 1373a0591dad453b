"""Searches: recipes that differ in a few values, and the runs that compare them."""
