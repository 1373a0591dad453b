"""A detection data set is a name: its format and its folder."""

import os
from pathlib import Path

from ras_keras.detection.data.annotations import DetectionData
from ras_keras.detection.data.readers import coco, voc, yolo
from ras_keras.detection.data.readers.splits import assemble, refusal
from ras_keras.detection.data.shapes import shapes_folder
from ras_keras.errors import Argument, UserError
from ras_keras.values.choices import nearest

SHAPES = "shapes"
FORMATS = {
    "coco": (coco.read_coco, coco.LAYOUT, coco.FORM),
    "voc": (voc.read_voc, voc.LAYOUT, voc.FORM),
    "yolo": (yolo.read_yolo, yolo.LAYOUT, yolo.FORM),
}


def load_detection(name: str) -> DetectionData:
    """Reads the annotations of a data set; its images are left where they are.

    Args:
        name: "shapes", which is made up, "coco:PATH" (PATH/annotations/instances_train*.json and
            PATH/train*/*), "voc:PATH" (PATH/Annotations, PATH/JPEGImages and PATH/ImageSets/Main)
            or "yolo:PATH" (PATH/data.yaml, PATH/images/train and PATH/labels/train). Validation and
            test images lie beside, named val and test.

    Raises:
        UserError: naming the data set or the file at fault, and the way out.
    """
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
    return assemble(name, read(folder), form)
