"""Data sets that tensorflow-datasets prepares."""
