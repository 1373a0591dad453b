"""Networks: functions that build a functional `keras.Model`."""

from ras_keras.models.classifier import image_classifier
from ras_keras.models.preresnet import PreResNet, PreResNet164
from ras_keras.models.registry import MODELS
from ras_keras.models.resnet import (
    ResNet,
    ResNet83,
    ResNet164,
    ResNet245,
    ResNet326,
    ResNet407,
)
from ras_keras.models.resnext import ResNeXt, ResNeXt101
from ras_keras.models.wide_resnet import WideResNet, WideResNet52_4

__all__ = [
    "MODELS",
    "PreResNet",
    "PreResNet164",
    "ResNeXt",
    "ResNeXt101",
    "ResNet",
    "ResNet83",
    "ResNet164",
    "ResNet245",
    "ResNet326",
    "ResNet407",
    "WideResNet",
    "WideResNet52_4",
    "image_classifier",
]
