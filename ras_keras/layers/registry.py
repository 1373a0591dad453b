"""Attention by name, with what its constructor takes."""

import inspect
from collections.abc import Callable

import keras

from ras_keras.errors import ArgumentError
from ras_keras.layers.bottleneck_attention import BottleneckAttention
from ras_keras.layers.channel_scale import ChannelScale
from ras_keras.layers.convolutional_block_attention import ConvolutionalBlockAttention
from ras_keras.layers.coordinate_attention import CoordinateAttention
from ras_keras.layers.dense_implicit_attention import DenseImplicitAttention
from ras_keras.layers.efficient_channel_attention import EfficientChannelAttention
from ras_keras.layers.frequency_channel_attention import FrequencyChannelAttention
from ras_keras.layers.gated_channel_transformation import GatedChannelTransformation
from ras_keras.layers.gather_excite import GatherExcite
from ras_keras.layers.global_context import GlobalContext
from ras_keras.layers.instance_enhancement import instance_enhancement
from ras_keras.layers.recurrent_attention import RecurrentAttention
from ras_keras.layers.shared_squeeze_excitation import SharedSqueezeExcitation
from ras_keras.layers.shuffle_attention import ShuffleAttention
from ras_keras.layers.simple_attention import SimpleAttention
from ras_keras.layers.spatial_pyramid_attention import SpatialPyramidAttention
from ras_keras.layers.squeeze_excitation import SqueezeExcitation
from ras_keras.layers.style_recalibration import StyleRecalibration
from ras_keras.layers.switchable_attention import SwitchableAttention
from ras_keras.layers.triplet_attention import TripletAttention
from ras_keras.values.text import ANY, argument_kinds

Maker = Callable[..., keras.layers.Layer]

ATTENTION: dict[str, Maker] = {
    "ras": RecurrentAttention,
    "se": SqueezeExcitation,
    "eca": EfficientChannelAttention,
    "cbam": ConvolutionalBlockAttention,
    "sem": SwitchableAttention,
    "spa": SpatialPyramidAttention,
    "dia": DenseImplicitAttention,
    "dia_se": SharedSqueezeExcitation,
    "ge": GatherExcite,
    "gc": GlobalContext,
    "bam": BottleneckAttention,
    "coordinate": CoordinateAttention,
    "simam": SimpleAttention,
    "srm": StyleRecalibration,
    "fca": FrequencyChannelAttention,
    "gct": GatedChannelTransformation,
    "triplet": TripletAttention,
    "shuffle": ShuffleAttention,
    "iebn": instance_enhancement,
    "channel_scale": ChannelScale,
}
NONE = "none"
OF_EVERY_LAYER = ("dtype", "trainable")

AttentionLike = str | Callable[[], keras.layers.Layer] | None


def register(name: str, maker: Maker) -> None:
    """Makes an attention layer of your own known by name, to networks and to the commands.

    The commands learn of it by `--imports MODULE`, the module that registers it.
    A class that Keras does not know yet is registered with Keras as well, so
    that saved networks load after the import.

    Args:
        name: such as "mine", for `attention="mine"` and `--attention mine`.
        maker: a Keras layer class from (N, H, W, C) to (N, H, W, C), or a
            function that makes such a layer from keyword arguments. A class
            with `shared_by_stage = True` is made once per stage.

    Raises:
        ValueError: for a name that is taken, or a maker that cannot be called.
    """
    if not callable(maker):
        raise ValueError(f"`maker` must make a layer when it is called. Received: maker={maker!r}")
    if name == NONE or (name in ATTENTION and _place(ATTENTION[name]) != _place(maker)):
        raise ValueError(f"the name of an attention must be new. Received: name={name!r}")
    if inspect.isclass(maker) and keras.saving.get_registered_name(maker) == maker.__name__:
        keras.saving.register_keras_serializable(package=maker.__module__)(maker)
    ATTENTION[name] = maker


def _place(maker):
    """Where a maker is defined; a module that is run again defines it in the same place."""
    return maker.__module__, getattr(maker, "__qualname__", repr(maker))


def make_attention(
    attention: AttentionLike, config: dict | None = None
) -> keras.layers.Layer | None:
    """Makes one attention layer.

    Args:
        attention: None or "none" for no attention, a name of `ATTENTION`, or
            anything that makes a layer when it is called without arguments.
        config: constructor arguments of the named layer.

    Raises:
        ValueError: for a name that is not registered, a `config` without a
            name or with an argument that the layer does not take, or a callable
            that does not make a Keras layer.
    """
    if isinstance(attention, str) and attention != NONE:
        if attention not in ATTENTION:
            raise ValueError(
                f"`attention` must be None, a callable or one of {', '.join(sorted(ATTENTION))}. "
                f"Received: attention={attention!r}"
            )
        config = _fitting(attention, config or {})
        return _layer(ATTENTION[attention](**config), attention)
    if config:
        raise ValueError(
            "`attention_config` configures an attention given by name. "
            f"Received: attention={attention!r}, attention_config={config!r}"
        )
    if attention in (None, NONE):
        return None
    made = attention
    if callable(attention) and not isinstance(attention, keras.layers.Layer):
        made = attention()
    return _layer(made, attention)


def _layer(made, attention: AttentionLike) -> keras.layers.Layer:
    """What was made, once it is clear that it is a new layer."""
    if not isinstance(made, keras.layers.Layer) or made is attention:
        raise ValueError(
            "`attention` must be None, a name or a callable that makes a new Keras layer when it "
            f"is called without arguments. Received: attention={attention!r}"
        )
    return made


def _fitting(name: str, config: dict) -> dict:
    """The arguments, once it is clear that the named layer takes them."""
    valid = constructor_arguments(ATTENTION[name])
    if "k" in config and "k" not in valid and ANY not in valid:
        if config["k"] != 1:
            recurrent = [
                other for other, maker in ATTENTION.items() if "k" in constructor_arguments(maker)
            ]
            raise ArgumentError.of(
                "k",
                f"must be 1 for {name}, which has no recurrence; "
                f"{', '.join(sorted(recurrent))} have one",
                config["k"],
            )
        config = {argument: value for argument, value in config.items() if argument != "k"}
    for argument, value in config.items():
        if argument not in (*valid, *OF_EVERY_LAYER) and ANY not in valid:
            raise ArgumentError.of(
                argument,
                f"says nothing to {name}, which takes {', '.join(valid) or 'no arguments'}",
                value,
            )
    return config


def constructor_arguments(maker: Maker) -> list[str]:
    """Names of the keyword arguments that make this layer, those of Keras's own base left out.

    `ANY` stands for those of a function that takes any.
    """
    return [*constructor_kinds(maker)]


def constructor_kinds(maker: Maker) -> dict[str, type]:
    """The keyword arguments that make this layer, with the types that a text can be read as."""
    kinds: dict[str, type]
    if not inspect.isclass(maker):
        kinds = argument_kinds(maker)
        return {name: kind for name, kind in kinds.items() if name not in OF_EVERY_LAYER}
    kinds = {}
    for cls in maker.__mro__:
        if cls is keras.layers.Layer:
            break
        if "__init__" in vars(cls):
            kinds |= {
                n: k for n, k in argument_kinds(vars(cls)["__init__"]).items() if n not in kinds
            }
    return {name: kind for name, kind in kinds.items() if name not in ("self", ANY)}
