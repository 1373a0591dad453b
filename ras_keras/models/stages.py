"""Three stages of residual blocks, with attention as a plug."""

from collections.abc import Callable, Sequence

from ras_keras.errors import ArgumentError
from ras_keras.layers.registry import AttentionLike, make_attention
from ras_keras.models.parts import normalization
from ras_keras.values.checks import is_integer, plain

STAGES = (1, 2, 3)
# Layers that a network may have; Keras takes minutes to build 1,000.
DEEPEST = 10_000


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
            x = normalization(x, f"{block}_attention")
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


def residual_stages(
    x,
    block: Callable,
    *,
    filters: Sequence[int],
    blocks: int,
    attention: AttentionLike,
    attention_config: dict | None,
    attention_stages: Sequence[int],
):
    """Three stages of `blocks` blocks, the second and the third entered at stride 2.

    Args:
        x: a map.
        block: called as block(x, filters, strides, attention, name), with
            `attention` a `StageAttention`.
        filters: of each stage.
        blocks: of every stage.
        attention: as `make_attention` takes it.
        attention_config: its constructor arguments.
        attention_stages: the stages that have attention, counted from 1.

    Raises:
        ValueError: for stages that do not exist, or attention that is in none.
    """
    check_attention_stages(attention_stages)
    for stage in STAGES:
        chosen = stage in attention_stages
        attend = StageAttention(
            attention if chosen else None, attention_config if chosen else None, stage
        )
        for index in range(1, blocks + 1):
            strides = 2 if index == 1 and stage > 1 else 1
            x = block(x, filters[stage - 1], strides, attend, f"stage{stage}_block{index}")
    return x


def check_attention_stages(stages: Sequence[int]) -> None:
    """Refuses stages that do not exist, twice the same, and none at all.

    Raises:
        ValueError: saying which exist.
    """
    stages = plain(tuple(stages))
    if not stages or len({*stages}) < len(stages) or not {*stages} <= {*STAGES}:
        raise ArgumentError.of("attention_stages", f"must be one or several of {STAGES}", stages)


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
