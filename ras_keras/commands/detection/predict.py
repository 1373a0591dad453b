"""Find objects in images."""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.commands.line.error_text import in_flags
from ras_keras.commands.line.fields import Folder, Images, Model
from ras_keras.commands.line.flags import parse
from ras_keras.data.files.image_files import UnreadableImage, read_image
from ras_keras.detection.finding import find_in
from ras_keras.detection.loading import OpenedDetector, open_detector
from ras_keras.detection.pictures import draw_detections
from ras_keras.detection.scores import Detections
from ras_keras.errors import UserError
from ras_keras.files import write_atomically
from ras_keras.inference.images import find_images
from ras_keras.text.shown import shown
from ras_keras.values.typed import Bounds

UNREADABLE = 1


@dataclass(frozen=True)
class DetectPredict:
    """Find objects in images: their classes, scores and boxes in pixels.

    Only the table, CSV or JSON goes to standard output. Images that cannot be read are named on
    standard error and left out; the exit code is then 1.
    """

    model: Model
    """A .keras file, a run folder, whose best.keras is taken, or an exported detector."""
    images: Annotated[Images, tyro.conf.Positional]
    """Image files, folders, searched at any depth, and patterns such as 'photos/**/*.jpg'."""
    score_threshold: Annotated[float, Bounds(0, 1)] = 0.5
    """An object with a score above it is named; an exported detector has a least one of its own."""
    pictures: Folder | None = None
    """Folder for a picture of each image with its boxes; None for none."""
    csv: bool = False
    """Write CSV, a line an object: image, class, score, left, top, right, bottom."""
    json: bool = False
    """Write one JSON list, an object an image."""
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""


def main(arguments: Sequence[str], program: str) -> int:
    options = parse(DetectPredict, arguments, program)
    if options.json and options.csv:
        raise UserError("--json and --csv contradict each other; choose one.")
    if not options.images:
        raise UserError("no image was named; name files, folders or patterns.")
    images = find_images(options.images)
    opened = open_detector(options.model, options.imports, options.score_threshold)
    left_out: list[Path] = []
    found = _found(opened, images, options, left_out)
    if options.json:
        print(json.dumps([_as_json(path, each, opened) for path, each in found], indent=1))
    elif options.csv:
        _write_csv(found, opened)
    else:
        for path, each in found:
            print(shown(str(path)))
            for box, score, label in zip(each.boxes, each.scores, each.classes, strict=True):
                place = ", ".join(f"{side:.0f}" for side in box)
                print(f"  {score:.2f}  {shown(opened.class_names[label])}  ({place})")
            if not len(each.boxes):
                print("  nothing")
    if options.pictures:
        print(f"pictures {options.pictures}", file=sys.stderr)
    if left_out:
        print(f"{len(left_out):,} of {len(images):,} images could not be read", file=sys.stderr)
        return UNREADABLE
    return 0


def _found(
    opened: OpenedDetector, images: Sequence[Path], options: DetectPredict, left_out: list[Path]
) -> Iterator[tuple[Path, Detections]]:
    """What is found in each image that can be read."""
    for number, path in enumerate(images):
        try:
            pixels = read_image(path)
        except UnreadableImage as error:
            left_out.append(path)
            print(f"left out: {shown(in_flags(error))}", file=sys.stderr)
            continue
        found = find_in(opened.network, pixels).above(options.score_threshold)
        if options.pictures:
            folder = Path(options.pictures)
            folder.mkdir(parents=True, exist_ok=True)
            picture = draw_detections(pixels, found, opened.class_names, options.score_threshold)
            write_atomically(folder / f"{number + 1:04d}-{path.stem}.png", picture.save)
        yield path, found


def _as_json(path: Path, found: Detections, opened: OpenedDetector) -> dict:
    return {
        "image": str(path),
        "objects": [
            {
                "class": opened.class_names[label],
                "score": round(float(score), 6),
                "box": [round(float(side), 2) for side in box],
            }
            for box, score, label in zip(found.boxes, found.scores, found.classes, strict=True)
        ],
    }


def _write_csv(found: Iterator[tuple[Path, Detections]], opened: OpenedDetector) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["image", "class", "score", "left", "top", "right", "bottom"])
    for path, each in found:
        for box, score, label in zip(each.boxes, each.scores, each.classes, strict=True):
            sides = [f"{side:.2f}" for side in box]
            writer.writerow([path, opened.class_names[label], f"{score:.6f}", *sides])
