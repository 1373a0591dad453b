"""What the authors' PyTorch code calls the weights of our networks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from ras_keras.errors import Argument, UserError
from ras_keras.layers import DenseImplicitAttention, RecurrentAttention, SqueezeExcitation
from ras_keras.layers.parts.transforms import Bottleneck

BATCH_NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
# Names of each kind in a message; of more it says how many.
LISTED = 12
# What data parallelism, torch.compile and averaging put before a name, in any order.
WRAPPERS = r"^((module|_orig_mod)\.)+"
# Stage, containers of any name but that of a DIA unit, and the rest from the block's number on.
IN_A_BLOCK = r"((?:layer|block)\d)\.(?:(?!(?i:lstm))[a-zA-Z]\w*\.)*(\d+\..+)"


@dataclass(frozen=True)
class Naming:
    """The names in one network.

    Attributes:
        block: of a block, with {stage} from 1 and {index} from 0.
        parts: in a block, by our layers' names without the block's.
        others: outside of the blocks, by our layers' names.
    """

    block: str
    parts: dict[str, str]
    others: dict[str, str]

    @property
    def convolutions(self) -> int:
        """Of a block's branch."""
        return sum(bool(re.fullmatch(r"\d_conv", part)) for part in self.parts)

    def of_layer(self, name: str) -> str | None:
        """Their name of one of our layers, a block's or a stage's for an attention."""
        found = re.fullmatch(r"stage(\d)(?:_block(\d+))?_(.+)", name)
        if found is None:
            return self.others.get(name)
        stage, block, part = found.groups()
        if block is None:
            return self.of_stage(int(stage))
        prefix = self.of_block(int(stage), int(block))
        if part == "attention":
            return prefix
        return f"{prefix}.{self.parts[part]}" if part in self.parts else None

    def of_block(self, stage: int, block: int) -> str:
        """Their name of a block, both counted from 1."""
        return self.block.format(stage=stage, index=block - 1)

    def of_stage(self, stage: int) -> str:
        return self.block.format(stage=stage, index=0).rpartition(".")[0]

    def of_connection(self, place: int) -> str:
        """Of a batch normalization in RAS: they go on counting after the branch's own."""
        return f"bn{self.convolutions + 1 + place}"


def _parts(convolutions: int, **others: str) -> dict[str, str]:
    numbers = range(1, convolutions + 1)
    return {f"{i}_{kind}": f"{kind}{i}" for i in numbers for kind in ("conv", "bn")} | others


NAMING = {
    "resnet": Naming(
        "layer{stage}.{index}",
        _parts(3, shortcut_conv="downsample.0", shortcut_bn="downsample.1"),
        {"stem_conv": "conv1", "stem_bn": "bn1", "predictions": "fc"},
    ),
    # A DIA unit has a batch normalization of its own before it here and in the next.
    "preresnet": Naming(
        "layer{stage}.{index}",
        _parts(3, shortcut_conv="downsample.0", attention_bn="bn4"),
        {"stem_conv": "conv1", "final_bn": "bn", "predictions": "fc"},
    ),
    "wrn": Naming(
        "block{stage}.{index}",
        _parts(2, shortcut_conv="convShortcut", attention_bn="bn3"),
        {"stem_conv": "conv1", "final_bn": "bn1", "predictions": "fc"},
    ),
}


class Entries(dict[str, np.ndarray]):
    """A checkpoint's arrays by names that `NAMING` speaks of.

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


def assign_weights(model: keras.Model, family: str, entries: Entries, source: str) -> None:
    """Gives a network the weights and moving statistics of a checkpoint.

    Args:
        model: of `family`.
        family: of `NAMING`.
        entries: of the checkpoint.
        source: what it is called in messages.

    Raises:
        UserError: naming the entries that are missing, left over or of another shape; the
            network is then as it was.
    """
    naming = NAMING[family]
    places: dict[str, keras.Variable] = {}
    for layer in model.layers:
        prefix = naming.of_layer(layer.name)
        if prefix is not None:
            places |= dict(_places(layer, prefix, naming, entries))
    missing = [name for name in places if name not in entries]
    left = [entries.originals[name] for name in entries if name not in places]
    misshapen, values = [], []
    for name, variable in places.items():
        if name in entries:
            value = in_our_order(entries[name], len(variable.shape))
            values.append((variable, value))
            if value.shape != tuple(variable.shape):
                shape, needed = entries[name].shape, their_shape(variable.shape)
                misshapen.append(f"{entries.originals[name]} {shape} instead of {needed}")
    problems = {"missing": missing, "left over": left, "misshapen": misshapen}
    if any(problems.values()):
        listed = "; ".join(f"{kind}: {_list(names)}" for kind, names in problems.items() if names)
        raise UserError(
            f"{source} does not fit {model.name}. {listed}. Choose the ",
            Argument("model"),
            ", ",
            Argument("depth"),
            " and ",
            Argument("attention"),
            " that it was saved from.",
        )
    for variable, value in values:
        variable.assign(value)


def in_our_order(array: np.ndarray, rank: int) -> np.ndarray:
    """A kernel or vector with axes as Keras has them; as it is if it cannot be one.

    PyTorch keeps kernels as (filters, inputs, H, W) and (outputs, inputs). A dense layer may be a
    1x1 convolution there, a vector (1, C, 1, 1).
    """
    if rank == 4 and array.ndim == 4:
        return array.transpose(2, 3, 1, 0)
    if rank == 2 and array.ndim >= 2 and set(array.shape[2:]) <= {1}:
        return array.reshape(array.shape[:2]).T
    if rank == 1 and array.size == max(array.shape, default=0):
        return array.reshape(-1)
    return array


def their_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape that PyTorch gives a Keras variable."""
    if len(shape) == 4:
        height, width, inputs, filters = shape
        return filters, inputs, height, width
    return tuple(reversed(shape))


def _places(layer, prefix, naming, entries) -> Iterator[tuple[str, keras.Variable]]:
    """The names that a layer's variables have, each with its variable."""
    if isinstance(layer, keras.layers.BatchNormalization):
        for theirs, ours in BATCH_NORM.items():
            yield f"{prefix}.{theirs}", getattr(layer, ours)
    elif isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
        yield f"{prefix}.weight", layer.kernel
        if layer.use_bias:
            yield f"{prefix}.bias", layer.bias
    elif isinstance(layer, RecurrentAttention):
        yield f"{prefix}.w", layer.gamma
        yield f"{prefix}.b", layer.beta
        for place, connection in enumerate(layer.connections):
            name = f"{prefix}.{naming.of_connection(place)}"
            yield from _places(connection, name, naming, entries)
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
        yield next(names, described), variable


def _list(names):
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
