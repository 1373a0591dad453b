"""Everything there is to show of a model, in a folder of pictures."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ras_keras.data.image_dataset import Images
from ras_keras.errors import Argument, UserError
from ras_keras.explain.attention_maps import AttentionMaps
from ras_keras.explain.grad_cam import GradCam
from ras_keras.explain.image_page import image_page
from ras_keras.gates.class_picture import class_picture
from ras_keras.gates.gates import Gates
from ras_keras.gates.pictures import study_heat_map
from ras_keras.gates.recurrence_picture import recurrence_picture
from ras_keras.gates.study import GateStudy
from ras_keras.inference.predictor import Predictor
from ras_keras.text.shown import shown
from ras_keras.values.choices import one_of
from ras_keras.values.csv_files import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLES = 10
DPI = 120
# A keyword of PNG's text.
SOURCE = "Source"
# Bytes of a name that are left of a file's, which may have 255.
LONGEST_NAME = 120
# No file may have them in its name on Windows.
RESERVED = '<>:"/\\|?*'


@dataclass(frozen=True)
class Example:
    """An image that is shown.

    Attributes:
        name: of its picture's file.
        title: of its picture.
        image: uint8 (H, W, channels).
        source: where it lies, if it is a file of the user's: others may have its name.
    """

    name: str
    title: str
    image: np.ndarray
    source: str | None = None


def examples_of_classes(test: Images, class_names: Sequence[str]) -> list[Example]:
    """The first image of each of the first ten classes."""
    found = []
    for label, name in enumerate(class_names[:EXAMPLES]):
        for number in np.flatnonzero(test.labels == label)[:1]:
            title = f"test image {number}, class {name}"
            found.append(Example(f"{label}-test-image-{number}", title, test.images[number]))
    return found


def example_of_file(number: int, file: Path, image: np.ndarray) -> Example:
    """An image of a file of the user's, whose name may have any bytes.

    Args:
        number: of the image among those that are shown, from 1.
        file: that it was read from.
        image: uint8 (H, W, channels).
    """
    stem = "".join("_" if c in RESERVED or not c.isprintable() else c for c in file.stem)
    short = stem.encode()[:LONGEST_NAME].decode(errors="ignore").rstrip(" .")
    return Example(f"{number}-{short}", shown(str(file)), image, shown(os.path.abspath(file)))  # noqa: PTH100


class Explainer:
    """Makes the pictures of one model.

    Args:
        predictor: a Keras model.
        target: name of the class that Grad-CAM looks for; None for each image's most probable one.

    Raises:
        UserError: if the model has another format or no last map, or the class is none of its.
    """

    def __init__(self, predictor: Predictor, target: str | None = None):
        if predictor.model is None:
            raise UserError(
                f"{predictor.path} is an exported model, which has no gradients and no layers; "
                "name the .keras file that it was made from."
            )
        if target is not None:
            one_of(Argument("target_class"), target, predictor.class_names)
        self.predictor = predictor
        self.target = target
        self.grad_cam = GradCam(predictor.model)
        self.gates = Gates(predictor.model)
        self.maps = AttentionMaps(predictor.model)

    def page(self, example: Example, study: GateStudy | None = None) -> "Figure":
        """A picture of one image, as a matplotlib Figure.

        Args:
            example: the image.
            study: of the images whose mean the gates are compared with.
        """
        names, batch = self.predictor.class_names, example.image[None]
        probabilities = self.predictor.predict(batch)[0]
        target = int(probabilities.argmax()) if self.target is None else names.index(self.target)
        return image_page(
            example.image,
            self.grad_cam(batch, target)[0],
            probabilities,
            names,
            target,
            example.title,
            self.gates.places,
            [v[0] for v in self.gates(batch)],
            [v.mean for v in study.statistics] if study else None,
            dict(zip(self.maps.names, (m[0] for m in self.maps(batch)), strict=True)),
        )


def write_study(study: GateStudy, folder: Path, title: str) -> Iterator[Path]:
    """Writes gates.csv and the pictures of a study; yields each file when it is there.

    Args:
        study: with at least one gate.
        folder: that exists.
        title: which model and images, for the pictures.

    Raises:
        UserError: if gates.csv cannot be written.
    """
    write_table(folder / "gates.csv", study.rows())
    yield folder / "gates.csv"
    pictures = {"gates.png": study_heat_map(study, f"The gates of {title}")}
    if study.class_names:
        pictures["classes.png"] = class_picture(study, f"The gates of {title}, by class")
    if any(len(applications) > 1 for applications in study.recurrence):
        pictures["recurrence.png"] = recurrence_picture(study, f"The recurrence in {title}")
    for name, figure in pictures.items():
        figure.savefig(folder / name, dpi=DPI)
        yield folder / name


def write_page(figure: "Figure", folder: Path, example: Example) -> Path:
    """Writes an image's picture, which replaces none of another image, and returns its file."""
    file = folder / f"{example.name}.png"
    number = 1
    while example.source and file.exists() and _source(file) != example.source:
        number += 1
        file = folder / f"{example.name} ({number}).png"
    metadata = {SOURCE: example.source} if example.source else None
    figure.savefig(file, dpi=DPI, metadata=metadata)
    return file


def _source(file: Path) -> str | None:
    """The source that `write_page` wrote into a picture."""
    from PIL import Image

    try:
        with Image.open(file, formats=("PNG",)) as picture:
            return picture.info.get(SOURCE)
    except OSError:
        return None
