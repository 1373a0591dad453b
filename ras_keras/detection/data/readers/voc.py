"""Data sets in the folders of PASCAL VOC: an XML file for each image."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from ras_keras.data.files.image_paths import images_below
from ras_keras.detection.data.readers.splits import SPLITS, TRAIN, Split, check_stems, refuse_alone
from ras_keras.detection.data.readers.text_files import damaged, files_below, read_lines
from ras_keras.detection.data.readers.xml_files import Element, read_xml
from ras_keras.errors import UserError
from ras_keras.outputs.class_names import Name
from ras_keras.values.text import read_text
from ras_keras.values.typed import Bounds, WrongValue

LAYOUT = "PATH/Annotations/*.xml, PATH/JPEGImages/* and PATH/ImageSets/Main/train.txt"
FORM = "xmin, ymin, xmax and ymax in pixels"
SIDES = ("xmin", "ymin", "xmax", "ymax")
Side = Annotated[int, Bounds(1, 65_535)]


def read_voc(folder: Path, wanted: Sequence[str] = SPLITS) -> dict[str, Split]:
    """The splits that PATH/ImageSets/Main names by train.txt, val.txt and test.txt.

    Such a file has the name of an image on each line, without an ending. Labels are the places of
    the class names in the order of the alphabet, as VOC's own.

    VOC counts pixels from 1, and `xmax` is the last one of the object: a box from the left edge
    to the right edge of an image has xmin 1 and xmax the image's width. So it begins at xmin - 1
    and ends at xmax, where pixels are counted from 0 and a box ends behind its last pixel. (BCCD
    has 625 coordinates of 1, none of 0, and 555 that are the image's width or height. LabelImg,
    which it was made with, counts from 0 and writes 1 for 0; inside of an image its boxes begin a
    pixel further left and further up here than they were drawn.) Where xmax is xmin or less, or
    ymax ymin or less, there is no box but a click: it counts as one without width or height.

    Boxes that are marked as difficult count as `crowd`, as VOC leaves them out of an evaluation.

    Args:
        folder: PATH.
        wanted: names of splits.

    Returns:
        The wanted splits that there are, by their names.

    Raises:
        UserError: for a file that is missing or damaged, naming it, and for an image without
            annotation or the other way round, whether a split names it or not.
    """
    images = _images(folder / "JPEGImages", folder / "Annotations")
    lists = {name: folder / "ImageSets/Main" / f"{name}.txt" for name in wanted}
    if TRAIN in lists and not lists[TRAIN].exists():
        raise UserError(
            f"{lists[TRAIN]} is missing; name the training images there, one a line, no ending."
        )
    return {name: _split(folder, file, images) for name, file in lists.items() if file.exists()}


def _images(images: Path, annotations: Path) -> dict[str, Path]:
    """The images by their names, each of which has an annotation, and the other way round."""
    files = images_below(images).files
    names = [file.relative_to(images).with_suffix("").as_posix() for file in files]
    check_stems(files, names)
    found = dict(zip(names, files, strict=True))
    there = {
        file.relative_to(annotations).with_suffix("").as_posix(): file
        for file in files_below(annotations, ".xml")
    }
    refuse_alone(
        (file for name, file in there.items() if name not in found),
        f"its image is missing in {images}; restore it or remove the file.",
    )
    refuse_alone(
        (file for name, file in found.items() if name not in there),
        f"no .xml of its name in {annotations}; restore it or remove the image.",
    )
    return found


def _split(folder, file, images) -> Split:
    split = Split(file)
    named: set[str] = set()
    class_names: list[str] = []
    for line, text in read_lines(file):
        name = text.strip()
        if name in named:
            raise damaged(file, line, f"{name!r} stands there twice")
        named.add(name)
        if name not in images:
            raise damaged(file, line, f"{name!r} has no image and no annotation")
        _add(split, class_names, folder / "Annotations" / f"{name}.xml")
        split.paths.append(images[name])
        split.ids.append(name)
    split.class_names = tuple(sorted({*class_names}))
    labels = {name: label for label, name in enumerate(split.class_names)}
    split.labels = [labels[name] for name in class_names]
    return split


def _add(split: Split, class_names: list[str], file: Path) -> None:
    """Adds what an annotation says of its image and of the boxes in it."""
    top = read_xml(file)
    size = _child(file, top, "size")
    split.sizes.append(tuple(_value(file, size, side, Side) for side in ("height", "width")))
    for item in top.children_of("object"):
        class_names.append(_value(file, item, "name", Name))
        box = _child(file, item, "bndbox")
        left, top_, right, bottom = (_value(file, box, side, float) for side in SIDES)
        # A box that has no extent as it is written stays without one.
        flat = right <= left or bottom <= top_
        split.boxes.append(
            (left, top_, left, top_) if flat else (left - 1, top_ - 1, right, bottom)
        )
        split.owners.append(len(split.paths))
        split.areas.append(None)
        difficult = bool(item.children_of("difficult"))
        split.crowd.append(difficult and _value(file, item, "difficult", Literal["0", "1"]) == "1")


def _child(file, parent: Element, tag: str) -> Element:
    found = parent.children_of(tag)
    if not found:
        raise damaged(file, parent.line, f"<{parent.tag}> has no <{tag}>")
    return found[0]


def _value(file, parent: Element, tag: str, kind: Any) -> Any:
    """What a child says, as its type."""
    element = _child(file, parent, tag)
    try:
        return read_text(element.text.strip(), kind)
    except WrongValue as error:
        raise damaged(file, element.line, f"<{tag}> {error}") from error
