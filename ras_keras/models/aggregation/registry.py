"""Aggregation by name."""

from collections.abc import Callable

from ras_keras.layers.registry import constructor_kinds
from ras_keras.models.aggregation.aggregation import Aggregation
from ras_keras.models.aggregation.recurrent_layer_aggregation import RecurrentLayerAggregation
from ras_keras.values.text import NONE

AGGREGATION: dict[str, Callable[..., Aggregation]] = {"rla": RecurrentLayerAggregation}

AggregationLike = str | Callable[[], Aggregation] | None


def make_aggregation(
    aggregation: AggregationLike, config: dict | None = None, **defaults
) -> Aggregation:
    """Makes the aggregation of one network.

    Args:
        aggregation: None or "none" for none, a name of `AGGREGATION`, or
            anything that makes one when it is called without arguments.
        config: constructor arguments of the named one.
        **defaults: what the network sets where `config` does not, if the named
            one takes it.

    Raises:
        ValueError: for a name that is not registered, a `config` without a
            name or with an argument that it does not take, or a callable that
            makes something else.
    """
    if isinstance(aggregation, str) and aggregation != NONE:
        if aggregation not in AGGREGATION:
            raise ValueError(
                f"`aggregation` must be None, a callable or one of {', '.join(AGGREGATION)}. "
                f"Received: aggregation={aggregation!r}"
            )
        return AGGREGATION[aggregation](**_fitting(aggregation, config or {}, defaults))
    if config:
        raise ValueError(
            "`aggregation_config` configures an aggregation given by name. "
            f"Received: aggregation={aggregation!r}, aggregation_config={config!r}"
        )
    if aggregation in (None, NONE):
        return Aggregation()
    made = aggregation() if callable(aggregation) else aggregation
    if not isinstance(made, Aggregation) or made is aggregation:
        raise ValueError(
            "`aggregation` must be None, a name or a callable that makes a new `Aggregation`. "
            f"Received: aggregation={aggregation!r}"
        )
    return made


def _fitting(name, config, defaults):
    valid = aggregation_kinds(name)
    for argument, value in config.items():
        if argument not in valid:
            raise ValueError(
                f"`{argument}` says nothing to {name}, which takes {', '.join(valid)}. "
                f"Received: {argument}={value!r}"
            )
    return {each: value for each, value in defaults.items() if each in valid} | config


def aggregation_kinds(name: str) -> dict[str, type]:
    """The options of an aggregation, with the types that a text can be read as."""
    return {} if name == NONE else constructor_kinds(AGGREGATION[name])
