"""Boxes: RetinaNet over the networks of `ras_keras.models`."""

from ras_keras.detection.export import export_detector
from ras_keras.detection.network.image_encoder import ImageEncoder
from ras_keras.detection.network.non_maximum_suppression import NonMaximumSuppression, detector
from ras_keras.detection.network.retina_net import RetinaNet

__all__ = ["ImageEncoder", "NonMaximumSuppression", "RetinaNet", "detector", "export_detector"]
