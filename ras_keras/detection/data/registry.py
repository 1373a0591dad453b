"""A detection data set is a name: its format and its folder."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ras_keras.detection.data.annotations import AnnotatedImages, DetectionData
from ras_keras.detection.data.readers import coco, voc, yolo
from ras_keras.detection.data.readers.splits import (
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
    Split,
    annotated,
    assemble,
    refusal,
)
from ras_keras.detection.data.shapes import shapes_folder
from ras_keras.errors import Argument, UserError
from ras_keras.outputs.class_order import listed
from ras_keras.values.choices import nearest

SHAPES = "shapes"
OF_SPLIT = {"train": (TRAIN,), "validation": (VALIDATION,), "test": (TEST, VALIDATION)}
FORMATS = {
    "coco": (coco.read_coco, coco.LAYOUT, coco.FORM),
    "voc": (voc.read_voc, voc.LAYOUT, voc.FORM),
    "yolo": (yolo.read_yolo, yolo.LAYOUT, yolo.FORM),
}


def load_detection(name: str) -> DetectionData:
    """Reads the annotations of a data set; its images are left where they are.

    Args:
        name: "shapes", which is made up, or "coco:PATH", "voc:PATH" or "yolo:PATH"; the guide to
            detection has their layouts, and so has the error of a folder that is not there.

    Raises:
        UserError: naming the data set or the file at fault, and the way out.
    """
    read, form = _reader(name)
    return assemble(name, read(SPLITS), form)


def load_split(name: str, split: str, class_names: tuple[str, ...]) -> AnnotatedImages:
    """Reads the annotations of one split alone, with the labels of a model.

    Args:
        name: as `load_detection` takes it.
        split: "train", "validation", or "test", which is validation where there is no other.
        class_names: of the model, one for each label.

    Raises:
        UserError: as `load_detection` does, if the split is not there, and for boxes of a class
            that the model does not know.
    """
    read, form = _reader(name)
    unknown = (
        f"which the model does not know (it knows {listed(class_names)}); correct its name or "
        "remove its boxes."
    )
    for each in OF_SPLIT[split]:
        if found := read((each,)):
            return annotated(name, each, found[each], class_names, form, unknown)
    raise refusal(name, f"it has no {split} images; choose another ", Argument("split"), ".")


def _reader(name: str) -> tuple[Callable[[Sequence[str]], dict[str, Split]], str]:
    """What reads a data set's splits, and how its format has its boxes."""
    if name == SHAPES:
        name = f"yolo:{shapes_folder()}"
    kind, colon, path = name.partition(":")
    if not colon or kind not in FORMATS:
        known = [SHAPES, *(f"{each}:{path or 'PATH'}" for each in FORMATS)]
        raise UserError(
            Argument("dataset"),
            f" must be {SHAPES}, coco:PATH, voc:PATH or yolo:PATH. Received: {name!r}.",
            nearest(name if colon else f"{name}:PATH", known),
        )
    read, layout, form = FORMATS[kind]
    if not path:
        raise refusal(name, f"it names no folder; write {kind}:PATH.")
    folder = Path(os.path.expanduser(path))  # noqa: PTH111, which raises for ~unknown
    if not folder.is_dir():
        raise refusal(name, f"no such folder; it should hold {layout}.")
    return partial(read, folder), form
