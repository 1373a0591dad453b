"""Measure a detector on a data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from ras_keras.commands.line.fields import Folder, Model, Shown
from ras_keras.commands.line.flags import parse
from ras_keras.detection.data.registry import load_split
from ras_keras.detection.finding import find
from ras_keras.detection.loading import open_detector
from ras_keras.detection.pictures import write_pages
from ras_keras.detection.scores import check_scoring, score
from ras_keras.errors import UserError
from ras_keras.text.numbers import counted, percent
from ras_keras.values.typed import Bounds, Count


@dataclass(frozen=True)
class DetectEvaluate:
    """Measure a detector as COCO does: average precision, of all classes and of each."""

    model: Model
    """A .keras file, a run folder, whose best.keras is taken, or an exported detector."""
    dataset: Annotated[str, Shown("FORMAT:PATH")] | None = None
    """coco:PATH, voc:PATH, yolo:PATH or shapes; None is what it was trained on."""
    split: Literal["test", "validation", "train"] = "test"
    """Images of the data set; test is validation where it has no others."""
    batch_size: Count = 16
    """Images per step."""
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""
    pictures: Folder | None = None
    """Folder for detections.jpg and mistakes.jpg; None for none."""
    score_threshold: Annotated[float, Bounds(0, 1)] = 0.5
    """Least score of a detection in the pictures."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(DetectEvaluate, arguments, program)
    check_scoring()
    opened = open_detector(options.model, options.imports)
    dataset = options.dataset or (opened.recipe.boxes.dataset if opened.recipe else None)
    if dataset is None:
        raise UserError("--dataset is missing, for nothing beside the model says what it is.")
    images = load_split(dataset, options.split, opened.class_names)
    found = find(opened.network, images, options.batch_size)
    scores = score(found, images)
    print(f"model    {opened.path}")
    objects = counted(int(images.box_counts.sum()), "object")
    print(f"data     {dataset}, {counted(len(images), 'image')}, {objects}")
    for notice in images.notices:
        print(f"notice   {notice}")
    for name in ("ap", "ap50", "ap75", "small", "medium", "large"):
        print(f"{name.upper() if name[0] == 'a' else name:8} {percent(getattr(scores, name))}")
    print()
    width = max(len("class"), *map(len, images.class_names))
    print(f"{'class':{width}}  {'objects':>8}  {'AP':>9}  {'AP50':>9}")
    for name, count in zip(images.class_names, images.box_counts, strict=True):
        ap, ap50 = scores.classes[name]
        print(f"{name:{width}}  {count:8,}  {percent(ap):>9}  {percent(ap50):>9}")
    if options.pictures:
        for file in write_pages(images, found, options.score_threshold, Path(options.pictures)):
            print(f"picture  {file}")
