"""Recurrent attention on Keras 3."""

__version__ = "0.5.0"

# All of these register what a saved model may hold.
from ras_keras import layers, models, training
from ras_keras.deep_graphs import deep_graphs
from ras_keras.loading import load_model

__all__ = ["__version__", "deep_graphs", "layers", "load_model", "models", "training"]
