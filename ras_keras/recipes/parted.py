"""What recipes have in common, whatever is trained: values by name, in parts."""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Self

from ras_keras.recipes.part import Part
from ras_keras.values.typed import typed


@dataclass(frozen=True)
class PartedRecipe(Part):
    """Base of recipes: a name to start from, and fields that are parts.

    No name of a field stands in two parts.
    """

    recipe: str

    @classmethod
    def parts(cls) -> dict[str, type[Part]]:
        """The kinds of the parts, by their names."""
        return {
            name: kind
            for name, kind in typing.get_type_hints(cls).items()
            if isinstance(kind, type) and issubclass(kind, Part)
        }

    def replace(self, **values) -> Self:
        """The recipe with other values, by the names of fields.

        Raises:
            TypeError: for a name that no part has.
        """
        parts = {}
        for part, cls in self.parts().items():
            own = {name: values.pop(name) for name in [*values] if name in names_in(cls)}
            if own:
                parts[part] = dataclasses.replace(getattr(self, part), **own)
        return dataclasses.replace(self, **parts, **values)

    def values(self) -> dict:
        """The values of all parts, by the names of their fields."""
        values = {"recipe": self.recipe}
        for part, cls in self.parts().items():
            values |= {
                each.name: getattr(getattr(self, part), each.name)
                for each in dataclasses.fields(cls)
            }
        return values

    def compared(self) -> dict:
        """The values by which recipes differ: those that do not say where the data lie."""
        values = {"recipe": self.recipe}
        for part in self.parts():
            values |= getattr(self, part).compared()
        return values

    def to_dict(self) -> dict:
        """What JSON holds: an object a part."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Self:
        """The recipe that `to_dict` wrote down.

        Raises:
            WrongValue: naming the field that is missing, unknown or of another type.
        """
        return typed(values, cls)


def names_in(part: type[Part]) -> list[str]:
    """What the constructor of a part takes, k among it, which is no field."""
    return [*part.__dataclass_fields__]


def difference(stored: PartedRecipe, asked: PartedRecipe) -> str:
    """The first field in which two recipes differ, such as "depth 11 there, 20 here"."""
    now = asked.compared()
    for name, before in stored.compared().items():
        if before != now[name]:
            return f"{name} {stored.values()[name]} there, {asked.values()[name]} here"
    return "the same"
