"""Attention layers, each mapping (N, H, W, C) to (N, H, W, C)."""

from ras_keras.layers.attention import Attention
from ras_keras.layers.bottleneck_attention import BottleneckAttention
from ras_keras.layers.channel_attention import ChannelAttention
from ras_keras.layers.channel_scale import ChannelScale
from ras_keras.layers.convolutional_block_attention import ConvolutionalBlockAttention
from ras_keras.layers.coordinate_attention import CoordinateAttention
from ras_keras.layers.dense_implicit_attention import DenseImplicitAttention
from ras_keras.layers.efficient_channel_attention import EfficientChannelAttention
from ras_keras.layers.frequency_channel_attention import FrequencyChannelAttention
from ras_keras.layers.gated_channel_transformation import GatedChannelTransformation
from ras_keras.layers.gated_convolution import GatedConvolution
from ras_keras.layers.gather_excite import GatherExcite
from ras_keras.layers.global_context import GlobalContext
from ras_keras.layers.instance_enhancement_batch_normalization import (
    InstanceEnhancementBatchNormalization,
)
from ras_keras.layers.parts.batch_normalization import BatchNormalization
from ras_keras.layers.parts.rational import Rational
from ras_keras.layers.parts.scale_shift import ScaleShift
from ras_keras.layers.recurrent_attention import RecurrentAttention
from ras_keras.layers.registry import ATTENTION, AttentionLike, make_attention, register
from ras_keras.layers.shared_squeeze_excitation import SharedSqueezeExcitation
from ras_keras.layers.shuffle_attention import ShuffleAttention
from ras_keras.layers.simple_attention import SimpleAttention
from ras_keras.layers.spatial_pyramid_attention import SpatialPyramidAttention
from ras_keras.layers.squeeze_excitation import SqueezeExcitation
from ras_keras.layers.style_recalibration import StyleRecalibration
from ras_keras.layers.switchable_attention import SwitchableAttention
from ras_keras.layers.triplet_attention import TripletAttention

__all__ = [
    "ATTENTION",
    "Attention",
    "AttentionLike",
    "BatchNormalization",
    "BottleneckAttention",
    "ChannelAttention",
    "ChannelScale",
    "ConvolutionalBlockAttention",
    "CoordinateAttention",
    "DenseImplicitAttention",
    "EfficientChannelAttention",
    "FrequencyChannelAttention",
    "GatedChannelTransformation",
    "GatedConvolution",
    "GatherExcite",
    "GlobalContext",
    "InstanceEnhancementBatchNormalization",
    "Rational",
    "RecurrentAttention",
    "ScaleShift",
    "SharedSqueezeExcitation",
    "ShuffleAttention",
    "SimpleAttention",
    "SpatialPyramidAttention",
    "SqueezeExcitation",
    "StyleRecalibration",
    "SwitchableAttention",
    "TripletAttention",
    "make_attention",
    "register",
]
