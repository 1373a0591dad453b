"""Stages of residual blocks, with attention and aggregation as plugs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ras_keras.errors import ArgumentError
from ras_keras.layers.registry import AttentionLike, make_attention
from ras_keras.models.aggregation import Aggregation
from ras_keras.models.parts.layers import batch_normalize
from ras_keras.values.checks import is_integer, plain

STAGES = (1, 2, 3)
# Layers that a network may have; Keras takes minutes to build 1,000.
DEEPEST = 10_000


@dataclass(frozen=True)
class Depths:
    """The depths of a family of networks.

    Attributes:
        published: where no other is asked for.
        least: the smallest.
        check: raises a ValueError for a depth that the family does not have.
    """

    published: int
    least: int
    check: Callable[[int], object]

    def has(self, depth: int) -> bool:
        """Whether the family has this depth."""
        try:
            self.check(depth)
        except ValueError:
            return False
        return True


def check_depth(depth: int, valid: Iterable[int], unless: str = "") -> None:
    """Refuses a depth that is none of the valid ones.

    Args:
        depth: of a network.
        valid: those of its family.
        unless: when there are others, for the message.

    Raises:
        ValueError: naming the nearest.
    """
    valid = [*valid]
    if not is_integer(depth) or depth not in valid:
        nearest = ""
        if is_integer(depth):
            nearest = f"; the nearest is {min(valid, key=lambda each: abs(each - depth))}"
        listed = ", ".join(map(str, valid))
        raise ArgumentError.of("depth", f"must be one of {listed}{unless}{nearest}", depth)


class StageAttention:
    """The attention of one stage, called on the branch of each of its blocks.

    A layer is made for every block and named after it, stage2_block1_attention;
    one whose class says `shared_by_stage = True` is made once, stage2_attention.
    What a layer returns beside the map is its state: it goes, with the next
    map, into the next call.

    Args:
        attention: as `make_attention` takes it.
        config: its constructor arguments.
        stage: counted from 1.
    """

    def __init__(self, attention: AttentionLike, config: dict | None, stage: int):
        self.attention = attention
        self.config = config
        self.stage = stage
        self.layer = None
        self.state: list = []

    def __call__(self, x, block: str, normalized: bool = True):
        """The branch `x` of a block, attended to.

        Args:
            x: the map.
            block: the block's name.
            normalized: whether a batch normalization made `x`; if not, and if
                the layer asks for one, it is put between.
        """
        layer = self._layer(block)
        if layer is None:
            return x
        if not normalized and getattr(layer, "normalizes_branch", False):
            x = batch_normalize(x, f"{block}_attention")
        y = layer([x, *self.state] if self.state else x)
        if isinstance(y, list | tuple):
            y, *self.state = y
        if getattr(y, "shape", None) != x.shape:
            raise ValueError(
                f"an attention must keep the shape of its input: {type(layer).__name__} made "
                f"{getattr(y, 'shape', y)} of {x.shape}."
            )
        return y

    def _layer(self, block):
        if self.layer is not None:
            return self.layer
        layer = make_attention(self.attention, self.config)
        if layer is None:
            return None
        shared = getattr(layer, "shared_by_stage", False)
        layer.name = f"stage{self.stage}_attention" if shared else f"{block}_attention"
        if shared:
            self.layer = layer
        return layer


@dataclass(frozen=True)
class Plugs:
    """What a block calls beside its own layers.

    Attributes:
        attention: of the block's stage.
        aggregation: of the network.
    """

    attention: StageAttention
    aggregation: Aggregation


def stage_attention(
    attention: AttentionLike, config: dict | None, stage: int, chosen: Sequence[int]
) -> StageAttention:
    """The attention of a stage; none if it is not among the chosen ones."""
    if stage in chosen:
        return StageAttention(attention, config, stage)
    return StageAttention(None, None, stage)


def residual_stages(
    x,
    block: Callable,
    *,
    filters: Sequence[int],
    blocks: Sequence[int],
    strides: Sequence[int] | None = None,
    attention: AttentionLike,
    attention_config: dict | list[dict | None] | None,
    attention_stages: Sequence[int],
    aggregation: Aggregation,
) -> list:
    """Stages of residual blocks.

    Args:
        x: a map.
        block: called as block(x, filters, strides, plugs, name), with `Plugs`.
        filters: of each stage.
        blocks: of each stage.
        strides: at which each stage is entered; None is 1 for the first and 2 for the others.
        attention: as `make_attention` takes it.
        attention_config: its constructor arguments, or a list of those of each stage.
        attention_stages: the stages that have attention, counted from 1.
        aggregation: of the network.

    Returns:
        The map that each stage ends in.

    Raises:
        ValueError: for stages that do not exist, or attention that is in none.
    """
    stages = tuple(range(1, len(filters) + 1))
    check_attention_stages(attention_stages, stages)
    if isinstance(attention_config, list):
        configs = attention_config
    else:
        configs = [attention_config] * len(stages)
    strides = strides or [1, *[2] * (len(filters) - 1)]
    aggregation.start(x)
    maps = []
    for stage in stages:
        attend = stage_attention(attention, configs[stage - 1], stage, attention_stages)
        plugs = Plugs(attend, aggregation)
        for index in range(1, blocks[stage - 1] + 1):
            step = strides[stage - 1] if index == 1 else 1
            x = block(x, filters[stage - 1], step, plugs, f"stage{stage}_block{index}")
        maps.append(x)
    return maps


def check_attention_stages(chosen: Sequence[int], stages: Sequence[int]) -> None:
    """Refuses stages that do not exist, twice the same, and none at all.

    Raises:
        ValueError: saying which exist.
    """
    chosen = plain(tuple(chosen))
    if not chosen or len({*chosen}) < len(chosen) or not {*chosen} <= {*stages}:
        raise ArgumentError.of("attention_stages", f"must be one or several of {stages}", chosen)


def blocks_per_stage(depth: int, layers_per_block: int, others: int) -> int:
    """n of depth = layers_per_block * STAGES * n + others.

    Args:
        depth: of the network.
        layers_per_block: that the depth counts.
        others: layers outside of the stages that the depth counts.

    Raises:
        ValueError: naming the two nearest depths that fit, or the largest.
    """
    step = layers_per_block * len(STAGES)
    least = step + others
    if is_integer(depth) and depth > DEEPEST:
        raise ArgumentError.of("depth", f"must be at most {DEEPEST:,}", depth)
    if is_integer(depth) and depth >= least and depth % step == others:
        return int(depth) // step
    nearest = ""
    if is_integer(depth):
        below = max(least, (depth - others) // step * step + others)
        nearest = f"; the nearest are {below} and {below + step}"
    raise ArgumentError.of(
        "depth",
        f"must be an integer {step}n+{others} with n >= 1 blocks a stage{nearest}",
        depth,
    )
