"""What a model returns for an image, and the probabilities of classes that are in it."""

from ras_keras.outputs.image_classifier import ImageClassifier, image_classifier

__all__ = ["ImageClassifier", "image_classifier"]
