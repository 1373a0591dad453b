"""A recipe says everything that a training run depends on."""

import dataclasses
import typing
from dataclasses import dataclass, field

from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.execution import ExecutionRecipe
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.recipes.optimization import OptimizationRecipe
from ras_keras.recipes.part import Part
from ras_keras.values.typed import typed

PARTS = {
    "data": DataRecipe,
    "network": NetworkRecipe,
    "optimization": OptimizationRecipe,
    "execution": ExecutionRecipe,
}


@dataclass(frozen=True)
class Recipe(Part):
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

    def replace(self, **values) -> "Recipe":
        """The recipe with other values, by the names of fields: no name stands in two parts.

        Raises:
            TypeError: for a name that no part has.
        """
        parts = {}
        for part, cls in PARTS.items():
            own = {name: values.pop(name) for name in [*values] if name in names_in(cls)}
            if own:
                parts[part] = dataclasses.replace(getattr(self, part), **own)
        return dataclasses.replace(self, **parts, **values)

    def values(self) -> dict:
        """The values of all parts, by the names of their fields."""
        values = {"recipe": self.recipe}
        for part in PARTS:
            values |= {
                each.name: getattr(getattr(self, part), each.name)
                for each in dataclasses.fields(PARTS[part])
            }
        return values

    def compared(self) -> dict:
        """The values by which recipes differ: those that do not say where the data lie."""
        values = {"recipe": self.recipe}
        for part in PARTS:
            values |= getattr(self, part).compared()
        return values

    def to_dict(self) -> dict:
        """What JSON holds: an object a part."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Recipe":
        """The recipe that `to_dict` wrote down.

        Raises:
            WrongValue: naming the field that is missing, unknown or of another type.
        """
        return typed(values, cls)


def names_in(part: type[Part]) -> list[str]:
    """What the constructor of a part takes, k among it, which is no field."""
    return [*part.__dataclass_fields__]


def kind_of(name: str) -> type:
    """The type of the field of this name, as `typed` takes it."""
    part = next(cls for cls in PARTS.values() if name in names_in(cls))
    return typing.get_type_hints(part, include_extras=True)[name]


def difference(stored: Recipe, asked: Recipe) -> str:
    """The first field in which two recipes differ, such as "depth 11 there, 20 here"."""
    now = asked.compared()
    for name, before in stored.compared().items():
        if before != now[name]:
            return f"{name} {stored.values()[name]} there, {asked.values()[name]} here"
    return "the same"
