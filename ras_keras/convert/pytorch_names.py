"""The entries of a PyTorch checkpoint, and what they are in our networks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from ras_keras.convert.layouts import Naming
from ras_keras.errors import Argument, UserError
from ras_keras.layers import (
    DenseImplicitAttention,
    EfficientChannelAttention,
    RecurrentAttention,
    SqueezeExcitation,
)
from ras_keras.layers.parts.transforms import Bottleneck

BATCH_NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
LINEAR = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)
# Names of each kind in a message; of more it says how many.
LISTED = 12
# What data parallelism, torch.compile and averaging put before a name, in any order.
WRAPPERS = r"^((module|_orig_mod)\.)+"
# Stage, containers of any name but that of a DIA unit, and the rest from the block's number on.
IN_A_BLOCK = r"((?:layer|block)\d)\.(?:(?!(?i:lstm))[a-zA-Z]\w*\.)*(\d+\..+)"


class Entries(dict[str, np.ndarray]):
    """A checkpoint's arrays by names that a `Naming` speaks of.

    What wrappers put before a name, and the containers between a stage and its blocks
    (layer1.ModuleList.0.conv1.weight), are left out of it; counts of batches are dropped.

    Attributes:
        originals: from these names to the checkpoint's own.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        super().__init__()
        self.originals: dict[str, str] = {}
        for original, array in arrays.items():
            name = re.sub(WRAPPERS, "", original)
            if name.endswith("num_batches_tracked"):
                continue
            found = re.fullmatch(IN_A_BLOCK, name)
            if found is not None and ".".join(found.groups()) not in self:
                name = ".".join(found.groups())
            if name in self:
                raise UserError(
                    f"the checkpoint holds {original} and {self.originals[name]}, which are one "
                    "entry; remove one of them."
                )
            self[name] = array
            self.originals[name] = original

    def under(self, prefix: str) -> list[str]:
        """Names below a block or a stage, in the checkpoint's order."""
        return [name for name in self if name.startswith(f"{prefix}.")]


@dataclass(frozen=True)
class Place:
    """A variable of ours that an entry is the value of.

    PyTorch keeps kernels as (filters, inputs, H, W), of depthwise convolutions (channels, 1, H, W),
    and (outputs, inputs). A dense layer may be a 1x1 convolution there, a vector (1, C, 1, 1).

    Attributes:
        variable: a kernel, a vector or moving statistics.
        depthwise: whether it is the kernel of a depthwise convolution, (H, W, channels, 1).
    """

    variable: keras.Variable
    depthwise: bool = False

    def in_our_order(self, array: np.ndarray) -> np.ndarray:
        """An entry with axes as Keras has them; as it is if it cannot be one."""
        rank = len(self.variable.shape)
        if rank in (3, 4) and array.ndim == rank:
            return array.transpose(np.argsort(self.their_axes))
        if rank == 2 and array.ndim >= 2 and set(array.shape[2:]) <= {1}:
            return array.reshape(array.shape[:2]).T
        if rank == 1 and array.size == max(array.shape, default=0):
            return array.reshape(-1)
        return array

    @property
    def their_axes(self) -> tuple[int, ...]:
        """Our axes in the order of PyTorch's."""
        rank = len(self.variable.shape)
        if rank == 4:
            return (2, 3, 0, 1) if self.depthwise else (3, 2, 0, 1)
        return tuple(reversed(range(rank)))

    @property
    def their_shape(self) -> tuple[int, ...]:
        """The shape that PyTorch gives it."""
        return tuple(self.variable.shape[axis] for axis in self.their_axes)

    def in_their_order(self) -> np.ndarray:
        """Its value with PyTorch's axes, in memory too."""
        value = keras.ops.convert_to_numpy(self.variable)
        return np.array(value.transpose(self.their_axes), order="C")


def assign_weights(model: keras.Model, naming: Naming, entries: Entries, source: str) -> None:
    """Gives a network the weights and moving statistics of a checkpoint.

    Args:
        model: of the network.
        naming: of its layers.
        entries: of the checkpoint.
        source: what it is called in messages.

    Raises:
        UserError: naming the entries that are missing, left over or of another shape; the
            network is then as it was.
    """
    places = _all_places(model, naming, entries)
    missing = [name for name in places if name not in entries]
    copies = {f"{name}.weight" for name in naming.copies}
    left = [entries.originals[name] for name in entries if name not in {*places, *copies}]
    misshapen, values = [], []
    for name, place in places.items():
        if name in entries:
            value = place.in_our_order(entries[name])
            values.append((place.variable, value))
            if value.shape != tuple(place.variable.shape):
                shape, needed = entries[name].shape, place.their_shape
                misshapen.append(f"{entries.originals[name]} {shape} instead of {needed}")
    problems = {"missing": missing, "left over": left, "misshapen": misshapen}
    if any(problems.values()):
        listed = "; ".join(f"{kind}: {_list(names)}" for kind, names in problems.items() if names)
        raise UserError(
            f"{source} does not fit {model.name}. {listed}. Choose the ",
            Argument("model"),
            ", ",
            Argument("depth"),
            ", ",
            Argument("attention"),
            " and ",
            Argument("aggregation"),
            " that it was saved from.",
        )
    for variable, value in values:
        variable.assign(value)


def entries_of(model: keras.Model, naming: Naming) -> dict[str, np.ndarray]:
    """The checkpoint of a network of ours: what `assign_weights` would give it.

    Args:
        model: of a network without dense layers in its attention, whose names are any.
        naming: of its layers.
    """
    places = _all_places(model, naming, Entries({}))
    return {name: place.in_their_order() for name, place in places.items()}


def _all_places(model, naming, entries) -> dict[str, Place]:
    """The names that a network's variables have, each with its place."""
    places: dict[str, Place] = {}
    for layer in model.layers:
        prefix = naming.of_layer(layer.name)
        if prefix is not None:
            places |= dict(_places(layer, prefix, naming, entries))
    return places


def _places(layer, prefix, naming, entries) -> Iterator[tuple[str, Place]]:
    """The names that a layer's variables have, each with its place."""
    if isinstance(layer, keras.layers.BatchNormalization):
        for theirs, ours in BATCH_NORM.items():
            yield f"{prefix}.{theirs}", Place(getattr(layer, ours))
    elif isinstance(layer, LINEAR):
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        yield f"{prefix}.weight", Place(layer.kernel, depthwise)
        if layer.use_bias:
            yield f"{prefix}.bias", Place(layer.bias)
    elif isinstance(layer, RecurrentAttention):
        yield f"{prefix}.w", Place(layer.gamma)
        yield f"{prefix}.b", Place(layer.beta)
        for place, connection in enumerate(layer.connections):
            name = f"{prefix}.{naming.of_connection(place)}"
            yield from _places(connection, name, naming, entries)
    elif isinstance(layer, EfficientChannelAttention):
        for transform in layer.transforms:
            yield f"{prefix}.eca.conv.weight", Place(transform.convolution.kernel)
    elif isinstance(layer, SqueezeExcitation):
        yield from _in_turn(layer.transforms, dense_names(entries, prefix, naming), prefix)
    elif isinstance(layer, DenseImplicitAttention):
        for part, layers in (("ih", layer.input_layers), ("hh", layer.state_layers)):
            names = unit_names(entries, prefix, part)
            yield from _in_turn(layers, names, f"{prefix}.{part}")


def dense_names(entries: Entries, prefix: str, naming: Naming) -> list[str]:
    """What a block has beside its branch and its shortcut: the attention's dense layers.

    They go by their order alone, so their names may be any.
    """
    own = tuple(f"{prefix}.{part}." for part in naming.parts.values())
    return [name for name in entries.under(prefix) if not name.startswith(own)]


def unit_names(entries: Entries, prefix: str, part: str) -> list[str]:
    """Names in a stage's DIA unit: part "ih" works on the pooled map, "hh" on the state."""
    below = [name for name in entries.under(prefix) if not name[len(prefix) + 1].isdigit()]
    return [name for name in below if re.search(rf"(?<![a-zA-Z]){part}(?![a-zA-Z])", name)]


def _in_turn(layers, names, prefix):
    """The variables of dense layers and pairs of them, named in the checkpoint's order."""
    names, variables = iter(names), {}
    for i, layer in enumerate(layers):
        pair = isinstance(layer, Bottleneck)
        for part, dense in enumerate((layer.reduce, layer.expand) if pair else (layer,)):
            variables[f"{prefix}.{i}.{part}.weight"] = dense.kernel
            if dense.use_bias:
                variables[f"{prefix}.{i}.{part}.bias"] = dense.bias
    for described, variable in variables.items():
        yield next(names, described), Place(variable)


def _list(names):
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
