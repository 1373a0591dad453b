"""Networks: functions that build a functional `keras.Model`."""

from ras_keras.models.aggregation import AGGREGATION, Aggregation, RecurrentLayerAggregation
from ras_keras.models.imagenet_residual_attention import (
    ImageNetResidualAttention,
    ResidualAttention56,
    ResidualAttention92,
)
from ras_keras.models.imagenet_resnet import (
    ImageNetResNet,
    ResNet18,
    ResNet34,
    ResNet50,
    ResNet101,
    ResNet152,
    ResNeXt50_32x4d,
    ResNeXt101_32x4d,
    RLAResNet50,
    RLAResNet101,
    RLAResNet152,
    RLAResNeXt50_32x4d,
    RLAResNeXt101_32x4d,
)
from ras_keras.models.mobilenet_v2 import MobileNetV2, RLAMobileNetV2
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.preresnet import PreResNet, PreResNet164
from ras_keras.models.registry import MODELS
from ras_keras.models.residual_attention import ResidualAttention
from ras_keras.models.resnet import (
    ResNet,
    ResNet20,
    ResNet32,
    ResNet44,
    ResNet56,
    ResNet83,
    ResNet110,
    ResNet164,
    ResNet245,
    ResNet326,
    ResNet407,
)
from ras_keras.models.resnext import ResNeXt, ResNeXt101
from ras_keras.models.wide_residual_attention import WideResidualAttention
from ras_keras.models.wide_resnet import WideResNet, WideResNet52_4
from ras_keras.models.xception import RLAXception, Xception

__all__ = [
    "AGGREGATION",
    "MODELS",
    "Aggregation",
    "ImageNetResNet",
    "ImageNetResidualAttention",
    "MobileNetV2",
    "PreResNet",
    "PreResNet164",
    "RLAMobileNetV2",
    "RLAResNeXt50_32x4d",
    "RLAResNeXt101_32x4d",
    "RLAResNet50",
    "RLAResNet101",
    "RLAResNet152",
    "RLAXception",
    "RecurrentLayerAggregation",
    "ResNeXt",
    "ResNeXt50_32x4d",
    "ResNeXt101",
    "ResNeXt101_32x4d",
    "ResNet",
    "ResNet18",
    "ResNet20",
    "ResNet32",
    "ResNet34",
    "ResNet44",
    "ResNet50",
    "ResNet56",
    "ResNet83",
    "ResNet101",
    "ResNet110",
    "ResNet152",
    "ResNet164",
    "ResNet245",
    "ResNet326",
    "ResNet407",
    "ResidualAttention",
    "ResidualAttention56",
    "ResidualAttention92",
    "WideResNet",
    "WideResNet52_4",
    "WideResidualAttention",
    "Xception",
    "image_classifier",
]
