"""Data sets by name, and batches that are functions of (seed, step)."""

from ras_keras.data.batches import TrainingBatches, evaluation_batches
from ras_keras.data.class_matching import match_classes
from ras_keras.data.image_dataset import ImageDataset, Images
from ras_keras.data.registry import check_dataset, load_dataset

__all__ = [
    "ImageDataset",
    "Images",
    "TrainingBatches",
    "check_dataset",
    "evaluation_batches",
    "load_dataset",
    "match_classes",
]
