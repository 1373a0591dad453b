"""The execution of a recipe: its random numbers and how it is computed."""

from dataclasses import dataclass
from typing import Annotated, Literal

from ras_keras.recipes.part import Part
from ras_keras.values.typed import Bounds

Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]
Jit = Literal["auto", "on", "off"]
# What Keras calls them.
JIT_COMPILE = {"auto": "auto", "on": True, "off": False}


@dataclass(frozen=True)
class ExecutionRecipe(Part):
    """How a recipe is computed."""

    seed: Annotated[int, Bounds(0, 2**31 - 1)] = 0
    """Of the weights, the split, the order and the augmentation."""
    precision: Precision | None = None
    """What the network computes in; None chooses by device."""
    jit: Jit = "auto"
    """Compile with XLA; auto does on a GPU."""
    steps_per_execution: Annotated[int, Bounds(1, 1_000_000)] = 1
    """Steps between two returns to Python."""
