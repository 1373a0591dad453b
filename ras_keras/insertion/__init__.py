"""Attention for a network that is there already."""

from ras_keras.insertion.add_attention import add_attention
from ras_keras.insertion.residual_branches import ResidualAddition, find_residual_branches

__all__ = ["ResidualAddition", "add_attention", "find_residual_branches"]
