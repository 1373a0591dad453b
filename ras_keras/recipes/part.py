"""What the parts of a recipe have in common."""

import dataclasses
from dataclasses import dataclass

from ras_keras.values.checks import plain


@dataclass(frozen=True)
class Part:
    """Base of the frozen dataclasses that a recipe is made of."""

    def __post_init__(self):
        # NumPy's numbers could not be written as JSON.
        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, plain(getattr(self, each.name)))

    def compared(self) -> dict:
        """The fields by which two of the kind differ."""
        return {
            each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.compare
        }
