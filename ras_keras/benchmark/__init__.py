"""All that measures: sizes, speeds, and their files."""
