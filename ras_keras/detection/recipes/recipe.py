"""A recipe says everything that the training of a detector depends on."""

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from ras_keras.recipes.execution import ExecutionRecipe
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.recipes.optimization import DescentRecipe
from ras_keras.recipes.part import Part
from ras_keras.recipes.parted import PartedRecipe
from ras_keras.values.typed import Bounds

# Of an image: at fewer than 32 pixels P5 is a single place, and so are the levels above it.
Side = Annotated[int, Bounds(32, 8000)]


@dataclass(frozen=True, eq=False)
class BoxesRecipe(Part):
    """Which images with boxes, at which size."""

    dataset: str = "shapes"
    """shapes (made up), coco:PATH, voc:PATH or yolo:PATH, laid out as in the guide to detection."""
    height: Side = 256
    """Of the images that the network gets, in pixels: others are resized to fit, black beside."""
    width: Side = 256
    """Of the images that the network gets, in pixels."""
    mirror: bool = True
    """Mirror half of the images, --no-mirror for none."""
    validation_split: Annotated[float, Bounds(0, 1, without="high")] = 0.1
    """Part of the training images held out to choose the best epoch, where the data set has no
    images for it: beside test images its validation images are that."""

    @property
    def canvas(self) -> tuple[int, int]:
        return self.height, self.width

    def compared(self) -> dict:
        """The fields by which two of the kind differ: those that do not say where images lie."""
        return super().compared() | {"dataset": self.dataset.partition(":")[0]}

    def __eq__(self, other) -> bool:
        """Whether two are the same but for where the images lie."""
        return isinstance(other, BoxesRecipe) and self.compared() == other.compared()

    def __hash__(self) -> int:
        return hash(tuple(self.compared().values()))

    @property
    def name(self) -> str:
        """Of the data set, wherever it lies: its kind and its folder's own name."""
        kind, colon, path = self.dataset.partition(":")
        return f"{kind}{colon}{Path(path).name}"

    def located(self) -> "BoxesRecipe":
        """With the absolute path of the data, which holds in any working directory."""
        kind, colon, path = self.dataset.partition(":")
        if not colon:
            return self
        # Not resolved where it need not be: a link is the name that the user gave.
        absolute = Path.cwd() / os.path.expanduser(path)  # noqa: PTH111, which raises for ~unknown
        return dataclasses.replace(self, dataset=f"{kind}:{absolute}")


@dataclass(frozen=True)
class DetectorRecipe(NetworkRecipe):
    """RetinaNet over a network with a pyramid."""

    model: str = "imagenet_resnet"
    """Backbone: imagenet_resnet, imagenet_residual_attention, mobilenet_v2, xception; options may
    follow: imagenet_resnet:cardinality=32,base_width=4."""
    depth: Annotated[int, Bounds(1, 10_000)] | None = None
    """Of the backbone; None is the published one, of imagenet_resnet 50."""
    attention: str = "none"
    """ras, se, eca, ..., one of your own, or none; options may follow:
    ras:k=3,gamma_initializer=0.1."""
    weights: str | None = None
    """What the backbone starts from: a saved .keras model or a run folder, whose best.keras is
    taken; None is a random start."""
    channels: Annotated[int, Bounds(1, 4096)] = 256
    """Of the pyramid and the heads."""
    anchor_scale: Annotated[float, Bounds(0, 1000, without="low")] = 4.0
    """Side of a level's smallest anchor, in strides: at 4 of P3 it is 32 pixels."""
    norm_eval: bool = False
    """Normalize by the backbone's moving statistics in training too."""
    frozen_stages: Annotated[int, Bounds(0, 100)] = 0
    """First stages of the backbone, and its stem, that stay as they are; 0 for none."""


@dataclass(frozen=True)
class DetectionRecipe(PartedRecipe):
    """What the training of a detector depends on: boxes, detector, descent, execution."""

    recipe: str = "shapes"
    """Recipe to start from: shapes (made-up images), bccd (blood cells),
    retinanet-rla-resnet50, retinanet-rla-resnet101, retinanet-rla-eca-resnet50,
    retinanet-rla-eca-resnet101, or a file such as a run's recipe.json; the other flags override
    it."""
    boxes: BoxesRecipe = field(default_factory=BoxesRecipe)
    detector: DetectorRecipe = field(default_factory=DetectorRecipe)
    descent: DescentRecipe = field(default_factory=DescentRecipe)
    execution: ExecutionRecipe = field(default_factory=ExecutionRecipe)
