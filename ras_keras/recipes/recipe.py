"""A recipe says everything that a training run depends on."""

import typing
from dataclasses import dataclass, field

from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.execution import ExecutionRecipe
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.recipes.optimization import OptimizationRecipe
from ras_keras.recipes.parted import PartedRecipe, names_in


@dataclass(frozen=True)
class Recipe(PartedRecipe):
    """What a run depends on, in parts: data, network, optimization, execution."""

    recipe: str = "ras-resnet164"
    """Recipe to start from: paper (the published one of the network and its attention), quick,
    strong, resnet20, ras-resnet164, dianet-resnet164, dianet-preresnet164, dianet-wrn52-4,
    dianet-resnext101-8x32, dianet-resnet50, residual-attention, rla-resnet50, rla-mobilenetv2,
    fine-tuning, or a file such as a run's recipe.json or a search's best_recipe.json; the other
    flags override it."""
    data: DataRecipe = field(default_factory=DataRecipe)
    network: NetworkRecipe = field(default_factory=NetworkRecipe)
    optimization: OptimizationRecipe = field(default_factory=OptimizationRecipe)
    execution: ExecutionRecipe = field(default_factory=ExecutionRecipe)


# Of the parts by their names.
PARTS = Recipe.parts()


def kind_of(name: str) -> type:
    """The type of the field of this name, as `typed` takes it."""
    part = next(cls for cls in PARTS.values() if name in names_in(cls))
    return typing.get_type_hints(part, include_extras=True)[name]
