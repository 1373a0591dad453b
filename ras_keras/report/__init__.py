"""Counts, times, tabulates and plots what runs left behind."""
