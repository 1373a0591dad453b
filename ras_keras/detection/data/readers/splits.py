"""What a reader finds of a split, and how the splits become one data set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np

from ras_keras.detection.data.annotations import AnnotatedImages, DetectionData
from ras_keras.detection.data.readers.cleaning import clean
from ras_keras.errors import Argument, UserError
from ras_keras.outputs.class_order import listed

TRAIN, VALIDATION, TEST = SPLITS = "train", "val", "test"


def refuse_alone(alone: Iterable[Path], problem: str) -> None:
    """Refuses images without annotations, or annotations without images, if there are any.

    Args:
        alone: their files.
        problem: what each of them lacks, and the way out.
    """
    files = sorted(alone)
    if files:
        more = f" (and {len(files) - 1:,} more)" if len(files) > 1 else ""
        raise UserError(f"{files[0]}{more}: {problem}")


def check_stems(paths: Sequence[Path], stems: Sequence[str]) -> None:
    """Refuses two images of one name, which would share an annotation."""
    first: dict[str, Path] = {}
    for path, stem in zip(paths, stems, strict=True):
        if first.setdefault(stem, path) != path:
            raise UserError(
                f"{first[stem]} and {path} have one name, and one annotation; rename one of them."
            )


@dataclass
class Split:
    """The images and boxes of a split, as a format has them.

    Attributes:
        source: the file or folder that says which images these are, for messages.
        class_names: one for each label of this split.
        paths: of the image files.
        sizes: of each image, its height and width in pixels.
        ids: of the images.
        owners: of each box, the place of its image.
        boxes: of each box, left, top, right, bottom in pixels.
        labels: of each box.
        crowd: of each box, whether it is not trained on.
        areas: of each box, that of its object in pixels; None for that of the box.
    """

    source: Path
    class_names: tuple[str, ...] = ()
    paths: list[Path] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    ids: list[int | str] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    boxes: list[tuple[float, ...]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    crowd: list[bool] = field(default_factory=list)
    areas: list[float | None] = field(default_factory=list)


def refusal(dataset: str, *what: str | Argument) -> UserError:
    """The error of a data set that cannot be used as it is."""
    return UserError(Argument("dataset", dataset), ": ", *what)


def assemble(dataset: str, splits: Mapping[str, Split], form: str) -> DetectionData:
    """One data set of the splits that were found, with the classes of the training images.

    Args:
        dataset: its name, for messages.
        splits: by their names in `SPLITS`; "train" is there.
        form: how the format has its boxes, for messages.

    Raises:
        UserError: as `annotated` does, and for a class without a name or with that of another.
    """
    names = splits[TRAIN].class_names
    for name in names:
        if not name.strip():
            raise refusal(dataset, f"a class in {splits[TRAIN].source} has no name; give it one.")
        if names.count(name) > 1:
            raise refusal(dataset, f"class {name!r} stands twice in {splits[TRAIN].source}.")
    unknown = f"which {TRAIN} lacks; add boxes of it to {TRAIN} or remove it from "
    found = {
        name: annotated(dataset, name, split, names, form, f"{unknown}{name}.")
        for name, split in splits.items()
    }
    train = found[TRAIN]
    notices = [notice for each in found.values() for notice in each.notices]
    untrained = [name for name, count in zip(names, train.box_counts, strict=True) if not count]
    if untrained:
        notices.append(f"{TRAIN}: no boxes of {listed(untrained)} to train on")
    for (one, first), (other, second) in combinations(found.items(), 2):
        shared = len({*first.paths} & {*second.paths})
        if shared:
            notices.append(f"{one} and {other} share {shared:,} image{'s' * (shared > 1)}")
    return DetectionData(train, found.get(VALIDATION), found.get(TEST), names, tuple(notices))


def annotated(
    dataset: str, name: str, split: Split, names: tuple[str, ...], form: str, unknown: str
) -> AnnotatedImages:
    """The images of a split with the boxes that count.

    Args:
        dataset: its name, for messages.
        name: of the split, likewise.
        split: as its format has it.
        names: of the classes, one for each label.
        form: how the format has its boxes, for messages.
        unknown: what is said of a class in boxes of the split that is none of these.

    Raises:
        UserError: for a split without images or boxes that count, boxes of another class, and
            boxes in another format.
    """
    if not split.paths:
        raise refusal(dataset, f"{name} is empty: {split.source} has no images; add some.")
    sizes = np.array(split.sizes, "int32").reshape(-1, 2)
    # An image's boxes stand together, in the order of the format.
    order = np.argsort(np.array(split.owners, "int64"), kind="stable")
    owners = np.array(split.owners, "int64")[order]
    boxes = clean(np.array(split.boxes, "float64").reshape(-1, 4)[order], sizes[owners])
    if boxes.strange:
        raise refusal(
            dataset, f"{name} has boxes in another format: {boxes.strange}; write them as {form}."
        )
    crowd = np.array(split.crowd, bool)[order]
    if not (boxes.kept & ~crowd).any():
        raise refusal(
            dataset,
            f"{name} is empty: {split.source} has no boxes within its images, or only crowds and "
            "difficult ones; add some.",
        )
    places, crowd = order[boxes.kept], crowd[boxes.kept]
    sides = boxes.boxes[:, 2:] - boxes.boxes[:, :2]
    areas = np.array(split.areas, "float32")[order]
    areas = np.where(np.isnan(areas), sides.prod(axis=1), areas)
    notice = boxes.notice(int(crowd.sum()))
    ends = np.cumsum(np.bincount(owners[boxes.kept], minlength=len(sizes)))[:-1]
    return AnnotatedImages(
        tuple(split.paths),
        sizes,
        boxes=tuple(np.split(boxes.boxes[boxes.kept], ends)),
        labels=tuple(np.split(_labels(dataset, name, split, names, unknown)[places], ends)),
        crowd=tuple(np.split(crowd, ends)),
        areas=tuple(np.split(areas[boxes.kept], ends)),
        ids=tuple(split.ids),
        class_names=names,
        notices=(f"{name}: {notice}",) if notice else (),
    )


def _labels(dataset, name, split: Split, names, unknown) -> np.ndarray:
    """The labels of a split's boxes among the names."""
    of_names = {each: label for label, each in enumerate(names)}
    labels = np.array([of_names.get(each, -1) for each in split.class_names], "int32")
    own = np.array(split.labels, "int64")
    lacking = np.unique(own[labels[own] < 0])
    if len(lacking):
        raise refusal(dataset, f"{name} has the class {split.class_names[lacking[0]]!r}, {unknown}")
    return labels[own]
