"""Recurrent attention on Keras 3."""

__version__ = "0.1.0"

from ras_keras import layers, models
from ras_keras.loading import load_model

__all__ = ["__version__", "layers", "load_model", "models"]
