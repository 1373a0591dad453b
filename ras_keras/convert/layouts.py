"""What PyTorch networks call the layers of ours: the authors' code, and torchvision's."""

import re
from dataclasses import dataclass, field

from ras_keras.errors import Argument, UserError
from ras_keras.layers.registry import NONE
from ras_keras.models import mobilenet_v2
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.values.choices import one_of


@dataclass(frozen=True)
class Naming:
    """The names in one network.

    In a template {stage} counts from 1, {zero} the same from 0, {index} the blocks of a stage from
    0, {number} those of the network from 1.

    Attributes:
        block: template of a block.
        parts: in a block, by our layers' names without the block's.
        others: outside of the blocks, by our layers' names.
        beside: templates of a block's layers that stand elsewhere, by the same names.
        of_stages: templates of layers that a stage shares, by our names without the stage's.
        first: the parts of the network's first block, where they differ.
        counts: the blocks of each stage, where {number} is asked for.
        copies: templates of names that hold a tensor of `others` once more.
    """

    block: str
    parts: dict[str, str]
    others: dict[str, str]
    beside: dict[str, str] = field(default_factory=dict)
    of_stages: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] | None = None
    counts: tuple[int, ...] = ()
    copies: tuple[str, ...] = ()

    @property
    def convolutions(self) -> int:
        """Of a block's branch."""
        return sum(bool(re.fullmatch(r"\d_conv", part)) for part in self.parts)

    @property
    def classifier(self) -> str:
        return self.others["predictions"]

    def of_layer(self, name: str) -> str | None:
        """Their name of one of our layers, a block's or a stage's for an attention."""
        found = re.fullmatch(r"stage(\d)(?:_block(\d+))?_(.+)", name)
        if found is None:
            return self.others.get(name)
        stage, part = int(found[1]), found[3]
        if found[2] is None:
            template = self.of_stages.get(part)
            return self.of_stage(stage) if template is None else self._filled(template, stage)
        block = int(found[2])
        prefix = self.of_block(stage, block)
        if part == "attention":
            return prefix
        if part in self.beside:
            return self._filled(self.beside[part], stage, block)
        parts = self.parts
        if self.first is not None and (stage, block) == (1, 1):
            parts = self.first
        return f"{prefix}.{parts[part]}" if part in parts else None

    def of_block(self, stage: int, block: int) -> str:
        """Their name of a block, both counted from 1."""
        return self._filled(self.block, stage, block)

    def of_stage(self, stage: int) -> str:
        return self.of_block(stage, 1).rpartition(".")[0]

    def of_connection(self, place: int) -> str:
        """Of a batch normalization in RAS: they go on counting after the branch's own."""
        return f"bn{self.convolutions + 1 + place}"

    def _filled(self, template: str, stage: int, block: int = 1) -> str:
        number = sum(self.counts[: stage - 1]) + block
        return template.format(stage=stage, zero=stage - 1, index=block - 1, number=number)


def _parts(convolutions: int, **others: str) -> dict[str, str]:
    numbers = range(1, convolutions + 1)
    return {f"{i}_{kind}": f"{kind}{i}" for i in numbers for kind in ("conv", "bn")} | others


SHORTCUT = {"shortcut_conv": "downsample.0", "shortcut_bn": "downsample.1"}
STEM = {"stem_conv": "conv1", "stem_bn": "bn1"}
BESIDE = {"aggregation_bn": "stage_bns.{zero}.{index}"}
OF_STAGES = {
    "aggregation_out": "conv_outs.{zero}",
    "aggregation_recurrent": "recurrent_convs.{zero}",
}
INVERTED = {
    "depthwise_conv": "conv.1.0",
    "depthwise_bn": "conv.1.1",
    "project_conv": "conv.2",
    "project_bn": "conv.3",
}
FIRST_INVERTED = {
    "depthwise_conv": "conv.0.0",
    "depthwise_bn": "conv.0.1",
    "project_conv": "conv.1",
    "project_bn": "conv.2",
}

NAMING = {
    "resnet": Naming("layer{stage}.{index}", _parts(3, **SHORTCUT), {**STEM, "predictions": "fc"}),
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
    # torchvision's, as are MobileNetV2's names without aggregation.
    "imagenet_resnet": Naming(
        "layer{stage}.{index}", _parts(3, **SHORTCUT), {**STEM, "predictions": "fc"}
    ),
    "imagenet_resnet+rla": Naming(
        "stages.{zero}.{index}",
        _parts(3, **SHORTCUT),
        {**STEM, "final_aggregation_bn": "bn2", "predictions": "fc"},
        BESIDE,
        OF_STAGES,
    ),
    "mobilenet_v2": Naming(
        "features.{number}",
        {"expand_conv": "conv.0.0", "expand_bn": "conv.0.1", **INVERTED},
        {
            "stem_conv": "features.0.0",
            "stem_bn": "features.0.1",
            "last_conv": "features.18.0",
            "last_bn": "features.18.1",
            "predictions": "classifier.1",
        },
        first=FIRST_INVERTED,
        counts=mobilenet_v2.BLOCKS,
    ),
    "mobilenet_v2+rla": Naming(
        "stages.{zero}.{index}",
        {"expand_conv": "conv1x1.0", "expand_bn": "conv1x1.1", **FIRST_INVERTED},
        {
            "stem_conv": "conv1.0",
            "stem_bn": "conv1.1",
            "network_aggregation_recurrent": "recurrent_convs.0",
            "final_aggregation_bn": "bn2",
            "last_conv": "conv2.0",
            "last_bn": "conv2.1",
            "predictions": "classifier.1",
        },
        BESIDE,
        OF_STAGES,
        copies=("recurrent_convs.1", "recurrent_convs.2", "recurrent_convs.3", "recurrent_convs.4"),
    ),
}
FAMILIES = tuple(name for name in NAMING if "+" not in name)


def naming_of(recipe: NetworkRecipe) -> Naming:
    """The names in a recipe's network.

    Raises:
        UserError: if they are not known.
    """
    one_of(Argument("model"), recipe.family, FAMILIES)
    name = recipe.family
    if recipe.aggregation_name != NONE:
        name += f"+{recipe.aggregation_name}"
    if name not in NAMING:
        known = ", ".join(each for each in NAMING if "+" in each)
        raise UserError(
            Argument("aggregation", recipe.aggregation),
            f" has no known names in {recipe.family}; they are known of {known}.",
        )
    return NAMING[name]
