"""Trained models that come with the package: `predict.py ras_resnet20_cifar10 photo.png`."""

from ras_keras.pretrained.shipped import (
    ShippedModel,
    check_exists,
    named,
    of_file,
    shipped_file,
    shipped_models,
    written_as,
)

__all__ = [
    "ShippedModel",
    "check_exists",
    "named",
    "of_file",
    "shipped_file",
    "shipped_models",
    "written_as",
]
