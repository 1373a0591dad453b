"""Attention layers, each mapping (N, H, W, C) to (N, H, W, C)."""

from ras_keras.layers.batch_normalization import BatchNormalization
from ras_keras.layers.channel_attention import ChannelAttention
from ras_keras.layers.rational import Rational
from ras_keras.layers.recurrent_attention import RecurrentAttention
from ras_keras.layers.registry import ATTENTION, make_attention

__all__ = [
    "ATTENTION",
    "BatchNormalization",
    "ChannelAttention",
    "Rational",
    "RecurrentAttention",
    "make_attention",
]
