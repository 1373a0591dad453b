"""Images with boxes: data sets in the forms of COCO, VOC and YOLO, and batches of them."""

from ras_keras.detection.data.annotated_pixels import failures_named
from ras_keras.detection.data.annotations import AnnotatedImages, DetectionData
from ras_keras.detection.data.batches import DetectionBatches, evaluation_batches
from ras_keras.detection.data.registry import load_detection, load_split

__all__ = [
    "AnnotatedImages",
    "DetectionBatches",
    "DetectionData",
    "evaluation_batches",
    "failures_named",
    "load_detection",
    "load_split",
]
