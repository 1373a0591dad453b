"""Data sets in COCO's form: a JSON file for each split."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from ras_keras.data.files.image_paths import images_below
from ras_keras.detection.data.readers.splits import SPLITS, TRAIN, Split, refuse_alone
from ras_keras.errors import UserError
from ras_keras.outputs.class_names import Name
from ras_keras.values.json_files import read_json
from ras_keras.values.typed import Bounds, Text, That, WrongValue, in_short, typed

LAYOUT = "PATH/annotations/instances_train*.json and the images in PATH/train*"
FORM = "[left, top, width, height] in pixels"
REMEDY = "correct it or export it anew"
Side = Annotated[int, Bounds(1, 65_535)]
# No image has more pixels; pycocotools counts no object of more than 1e10.
Area = Annotated[float, Bounds(0, 65_535**2)]
Box = Annotated[tuple[float, ...], That(lambda box: len(box) == 4, "a list of four numbers")]
# What is read of an entry; whatever else it holds is passed over.
IMAGE = {"id": int, "file_name": Text, "height": Side, "width": Side}
CATEGORY = {"id": int, "name": Name}
ANNOTATION = {"image_id": int, "category_id": int, "bbox": Box}
OPTIONAL = {"iscrowd": Literal[0, 1], "area": Area}


def read_coco(folder: Path, wanted: Sequence[str] = SPLITS) -> dict[str, Split]:
    """The splits of PATH/annotations/instances_train*.json, instances_val* and instances_test*.

    The images of instances_train2017.json lie in PATH/train2017. Labels are the places of the
    categories in the order of their ids, images are in the order of theirs. Boxes are written as
    [left, top, width, height]; those with `iscrowd` are kept and marked.

    Args:
        folder: PATH.
        wanted: names of splits.

    Returns:
        The wanted splits that there are, by their names.

    Raises:
        UserError: for a file that is missing or damaged, naming it and what is wrong in it, and
            for an image in a split's folder that the file does not name.
    """
    found = {name: _annotations(folder, name) for name in wanted}
    return {
        name: _split(file, _image_folder(folder, file, name))
        for name, file in found.items()
        if file
    }


def _annotations(folder, name) -> Path | None:
    """The file of a split, None where there is none of this name."""
    files = sorted((folder / "annotations").glob(f"instances_{name}*.json"))
    if len(files) > 1:
        raise UserError(
            f"{folder / 'annotations'} has {files[0].name} and {files[1].name}; keep one of them."
        )
    if not files and name == TRAIN:
        raise UserError(f"{folder}/annotations/instances_{name}*.json is missing; restore it.")
    return files[0] if files else None


def _image_folder(folder, file, name) -> Path:
    """Where the images of a split lie: in the folder of its file's name, or the only one."""
    own = folder / file.stem.removeprefix("instances_")
    others = sorted(each for each in folder.glob(f"{name}*") if each.is_dir())
    if own.is_dir() or len(others) != 1:
        return own
    return others[0]


def _split(file: Path, folder: Path) -> Split:
    content = read_json(file, dict, REMEDY, _check)
    images = sorted(content["images"], key=lambda image: image["id"])
    categories = sorted(content["categories"], key=lambda category: category["id"])
    places = {image["id"]: place for place, image in enumerate(images)}
    labels = {category["id"]: label for label, category in enumerate(categories)}
    split = Split(file, tuple(category["name"] for category in categories))
    split.ids = [image["id"] for image in images]
    split.paths = [folder / image["file_name"] for image in images]
    split.sizes = [(image["height"], image["width"]) for image in images]
    for item in content["annotations"]:
        left, top, width, height = item["bbox"]
        split.boxes.append((left, top, left + width, top + height))
        split.owners.append(places[item["image_id"]])
        split.labels.append(labels[item["category_id"]])
        split.crowd.append(item.get("iscrowd", 0) == 1)
        split.areas.append(item.get("area"))
    there, named = {*images_below(folder).files}, {*split.paths}
    missing = [path for path in named - there if not path.is_file()]
    refuse_alone(missing, f"missing, and {file} names it; restore it or remove its entry.")
    refuse_alone(there - named, f"not named in {file}; name it there or remove it.")
    return split


def _check(content: Mapping) -> None:
    """Refuses what is not as this module reads it.

    Raises:
        WrongValue: naming the entry.
    """
    images = _entries(content, "images", IMAGE)
    categories = _entries(content, "categories", CATEGORY)
    annotations = _entries(content, "annotations", ANNOTATION, OPTIONAL)
    known = {
        "image_id": _different(images, "images", "id"),
        "category_id": _different(categories, "categories", "id"),
    }
    _different(images, "images", "file_name")
    for place, item in enumerate(annotations):
        for name, ids in known.items():
            if item[name] not in ids:
                what = name.removesuffix("_id")
                raise WrongValue(
                    f"annotations[{place}].{name}", f"is {item[name]}, which no {what} has"
                )


def _entries(content, name, kinds: Mapping[str, Any], optional: Mapping[str, Any] | None = None):
    """The objects in a list, after a look at what is read of them."""
    if name not in content:
        raise WrongValue(name, "is missing")
    for place, entry in enumerate(typed(content[name], list, name)):
        key = f"{name}[{place}]"
        if type(entry) is not dict:
            typed(entry, dict, key, "an object")
        for field, kind in kinds.items():
            if field not in entry:
                raise WrongValue(f"{key}.{field}", "is missing")
            # Most values are integers, of which there are millions.
            if kind is not int or type(entry[field]) is not int:
                typed(entry[field], kind, f"{key}.{field}")
        for field, kind in (optional or {}).items():
            if field in entry:
                typed(entry[field], kind, f"{key}.{field}")
    return content[name]


def _different(entries, name, field) -> set:
    """The values of a field, of which no two are equal."""
    found: set = set()
    for place, entry in enumerate(entries):
        value = entry[field]
        if value in found:
            key = f"{name}[{place}].{field}"
            raise WrongValue(key, f"is {in_short(value)}, as that of another")
        found.add(value)
    return found
