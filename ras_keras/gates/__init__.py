"""What the gates of a trained network do: values, spread, liveness, pictures."""

from ras_keras.gates.gates import Gates

__all__ = ["Gates"]
