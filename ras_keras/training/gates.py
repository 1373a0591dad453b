"""The name that gates had until 0.5."""

from ras_keras.gates import Gates

__all__ = ["Gates"]
