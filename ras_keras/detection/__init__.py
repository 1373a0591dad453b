"""Boxes: RetinaNet over the networks of `ras_keras.models`."""

import importlib

from ras_keras.detection.network.image_encoder import ImageEncoder
from ras_keras.detection.network.non_maximum_suppression import NonMaximumSuppression, detector
from ras_keras.detection.network.retina_net import RetinaNet

__all__ = ["ImageEncoder", "NonMaximumSuppression", "RetinaNet", "detector", "export_detector"]


def __getattr__(name: str):
    # The formats need TensorFlow, a detector does not.
    if name == "export_detector":
        return importlib.import_module("ras_keras.detection.export").export_detector
    raise AttributeError(f"module 'ras_keras.detection' has no attribute {name!r}")
