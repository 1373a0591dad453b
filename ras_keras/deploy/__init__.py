"""The name that folding had until 0.5."""

from ras_keras.folding import fold

__all__ = ["fold"]
