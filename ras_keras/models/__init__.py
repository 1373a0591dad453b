"""Networks: functions that build a functional `keras.Model`."""

from ras_keras.models.resnet import ResNet, ResNet83, ResNet164

__all__ = ["ResNet", "ResNet83", "ResNet164"]
