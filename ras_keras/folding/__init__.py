"""Folding: a trained network without normalizations, with the same outputs."""

from ras_keras.folding.folding import fold

__all__ = ["fold"]
