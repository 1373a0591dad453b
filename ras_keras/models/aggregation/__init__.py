"""Aggregation: a state that goes along the depth of a network, beside its maps."""

from ras_keras.models.aggregation.aggregation import Aggregation
from ras_keras.models.aggregation.recurrent_layer_aggregation import RecurrentLayerAggregation
from ras_keras.models.aggregation.registry import AGGREGATION, AggregationLike, make_aggregation

__all__ = [
    "AGGREGATION",
    "Aggregation",
    "AggregationLike",
    "RecurrentLayerAggregation",
    "make_aggregation",
]
