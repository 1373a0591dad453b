"""Flags that several kinds have."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, ClassVar

import keras

from ras_keras.benchmark.networks.listed import network_recipes
from ras_keras.commands.line.fields import Shown
from ras_keras.errors import UserError
from ras_keras.layers.registry import ATTENTION, NONE
from ras_keras.models.parts.classifier import MOST_CLASSES
from ras_keras.training import Recipe
from ras_keras.values.typed import Bounds

Spelled = Annotated[str, Shown("NAME[:OPTIONS]")]
Repeats = Annotated[int, Bounds(1, 100_000)]
Steps = Annotated[int, Bounds(1, 1_000_000)]


@dataclass(frozen=True)
class Networks:
    """Which networks, on synthetic images."""

    models: tuple[Spelled, ...] = ("resnet",)
    """Names, options may follow: wrn:widen_factor=8, resnet:skip=False."""
    # That a kind takes where none is given and the model has it.
    usual_depth: ClassVar[int | None] = None

    depths: tuple[int, ...] = ()
    """Of every model; none given is the published one."""
    attentions: tuple[Spelled, ...] = (NONE, *ATTENTION)
    """Names, options may follow: ras:k=3,normalize_input=False, dia:attention_stages=1+3."""
    aggregations: tuple[Spelled, ...] = (NONE,)
    """Names beside every attention, options may follow: rla:channels=8,cell=lstm."""
    imports: tuple[str, ...] = ()
    """Python modules to import first: they register attention of your own."""
    image_size: int = 32
    """Height and width of the images in pixels."""
    classes: Annotated[int, Bounds(1, MOST_CLASSES)] = 10
    """Of the classifier."""


def recipes_of(options: Networks, **settings) -> list[Recipe]:
    given = {each.name: getattr(options, each.name) for each in dataclasses.fields(Networks)}
    del given["classes"]
    return network_recipes(**given, usual_depth=options.usual_depth, **settings)


def needs_tensorflow(what: str) -> None:
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise UserError(f"KERAS_BACKEND {backend} cannot {what} with KERAS_BACKEND=tensorflow.")
