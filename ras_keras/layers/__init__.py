"""Attention layers, each mapping (N, H, W, C) to (N, H, W, C)."""

from ras_keras.layers.attention import Attention
from ras_keras.layers.channel_attention import ChannelAttention
from ras_keras.layers.convolutional_block_attention import ConvolutionalBlockAttention
from ras_keras.layers.dense_implicit_attention import DenseImplicitAttention
from ras_keras.layers.efficient_channel_attention import EfficientChannelAttention
from ras_keras.layers.gated_convolution import GatedConvolution
from ras_keras.layers.parts.batch_normalization import BatchNormalization
from ras_keras.layers.parts.rational import Rational
from ras_keras.layers.parts.scale_shift import ScaleShift
from ras_keras.layers.recurrent_attention import RecurrentAttention
from ras_keras.layers.registry import ATTENTION, AttentionLike, make_attention, register
from ras_keras.layers.shared_squeeze_excitation import SharedSqueezeExcitation
from ras_keras.layers.spatial_pyramid_attention import SpatialPyramidAttention
from ras_keras.layers.squeeze_excitation import SqueezeExcitation
from ras_keras.layers.switchable_attention import SwitchableAttention

__all__ = [
    "ATTENTION",
    "Attention",
    "AttentionLike",
    "BatchNormalization",
    "ChannelAttention",
    "ConvolutionalBlockAttention",
    "DenseImplicitAttention",
    "EfficientChannelAttention",
    "GatedConvolution",
    "Rational",
    "RecurrentAttention",
    "ScaleShift",
    "SharedSqueezeExcitation",
    "SpatialPyramidAttention",
    "SqueezeExcitation",
    "SwitchableAttention",
    "make_attention",
    "register",
]
