"""What is done with a trained model: fold, export, predict, bring weights in."""

from ras_keras.deploy.folding import fold

__all__ = ["fold"]
