"""Pictures of what a detector finds and of what it misses."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ras_keras.data.files.image_files import read_image
from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.overlaps import covered, overlaps
from ras_keras.detection.scores import Detections
from ras_keras.files import write_atomically
from ras_keras.text.shown import shown

# Of the classes, in turn; as in the other pictures.
COLORS = (
    *((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189)),
    *((140, 86, 75), (227, 119, 194), (127, 127, 127), (188, 189, 34), (23, 190, 207)),
)
MISSED, FALSE = (214, 39, 40), (255, 127, 14)
# Pixels of the longer side of a picture, and pictures of a page.
SIDE, COLUMNS, ROWS = 480, 3, 4
# Of the JPEG file of a page, from 1 to 100.
QUALITY = 85
MATCHED = 0.5


def draw_detections(
    pixels: np.ndarray, found: Detections, names: Sequence[str], least_score: float
) -> Image.Image:
    """An image with the boxes that were found in it, their classes and scores.

    Args:
        pixels: uint8, (H, W, 3).
        found: in its own pixels.
        names: of the classes.
        least_score: of a box that is drawn.
    """
    picture, scale = _enlarged(pixels)
    draw = ImageDraw.Draw(picture)
    # The surest on top.
    for box, score, label in [*zip(found.boxes, found.scores, found.classes, strict=True)][::-1]:
        if score >= least_score:
            text = f"{shown(names[label])} {score:.2f}"
            _box(draw, box * scale, COLORS[label % len(COLORS)], text)
    return picture


def draw_mistakes(
    pixels: np.ndarray,
    found: Detections,
    truth: tuple[np.ndarray, np.ndarray],
    names: Sequence[str],
    wrong: tuple[list[int], list[int]],
) -> Image.Image:
    """An image with the objects that were missed, in red, and false detections, in orange.

    Args:
        pixels: uint8, (H, W, 3).
        found: in its own pixels.
        truth: boxes (m, 4) and labels (m,).
        names: of the classes.
        wrong: what `mistakes` returns.
    """
    (boxes, labels), (missed, false) = truth, wrong
    picture, scale = _enlarged(pixels)
    draw = ImageDraw.Draw(picture)
    for number in false:
        text = f"{shown(names[found.classes[number]])} {found.scores[number]:.2f}"
        _box(draw, found.boxes[number] * scale, FALSE, text)
    for number in missed:
        _box(draw, boxes[number] * scale, MISSED, f"missed {shown(names[labels[number]])}")
    return picture


def mistakes(
    found: Detections,
    boxes: np.ndarray,
    labels: np.ndarray,
    crowd: np.ndarray,
    least_score: float,
) -> tuple[list[int], list[int]]:
    """The numbers of the objects that were missed and of the detections that found none.

    A detection finds the object of its class that it overlaps most, by an intersection over union
    of at least 0.5, if no surer one has. Crowds are not missed, and what finds no object is not
    false where half of it lies within a crowd of its class: COCO counts so.

    Args:
        found: in an image.
        boxes: of its objects, (m, 4).
        labels: of its objects, (m,).
        crowd: bool, (m,): which of them are crowds, or do not count.
        least_score: of a detection that counts.
    """
    left, false = np.flatnonzero(~crowd).tolist(), []
    for number in np.flatnonzero(found.scores >= least_score).tolist():
        box, label = found.boxes[number], found.classes[number]
        own = [each for each in left if labels[each] == label]
        common = overlaps(box, boxes[own])
        if (common >= MATCHED).any():
            left.remove(own[int(common.argmax())])
        elif not (covered(box, boxes[crowd & (labels == label)]) >= MATCHED).any():
            false.append(number)
    return left, false


def write_pages(
    images: AnnotatedImages, found: Sequence[Detections], least_score: float, folder: Path
) -> list[Path]:
    """Writes a page of detections and one of mistakes, those with most mistakes first.

    Args:
        images: with their annotations.
        found: in each of them.
        least_score: of a detection that is drawn.
        folder: for detections.jpg and mistakes.jpg.

    Returns:
        The files.

    Raises:
        UserError: if one cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truth = [*zip(images.boxes, images.labels, strict=True)]
    wrong = [
        mistakes(each, *objects, crowd, least_score)
        for each, objects, crowd in zip(found, truth, images.crowd, strict=True)
    ]
    count = min(COLUMNS * ROWS, len(images))
    spread = np.linspace(0, len(images) - 1, count).astype(int)
    worst = np.argsort([-sum(map(len, each)) for each in wrong], kind="stable")[:count]
    detections = [
        draw_detections(
            read_image(images.paths[place]), found[place], images.class_names, least_score
        )
        for place in spread
    ]
    missed = [
        draw_mistakes(
            read_image(images.paths[place]),
            found[place],
            truth[place],
            images.class_names,
            wrong[place],
        )
        for place in worst
        if any(wrong[place])
    ]
    files = []
    for name, pictures in (("detections.jpg", detections), ("mistakes.jpg", missed)):
        if pictures:
            files.append(folder / name)
            page = _page(pictures)
            write_atomically(files[-1], partial(page.save, quality=QUALITY))
    return files


def _page(pictures: Sequence[Image.Image]) -> Image.Image:
    width, height = (max(each.size[i] for each in pictures) for i in (0, 1))
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (width + 8) - 8, rows * (height + 8) - 8), "white")
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        page.paste(picture, (column * (width + 8), row * (height + 8)))
    return page


def _enlarged(pixels: np.ndarray) -> tuple[Image.Image, float]:
    """The image at the size of a picture, and by how much it is larger."""
    image = Image.fromarray(pixels)
    scale = SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height)), scale


def _box(draw: ImageDraw.ImageDraw, box: np.ndarray, color, text: str) -> None:
    left, top, right, bottom = (float(each) for each in box)
    draw.rectangle((left, top, max(right, left), max(bottom, top)), outline=color, width=2)
    place = left + 3, max(top - 11, 0)
    draw.rectangle(draw.textbbox(place, text), fill=color)
    draw.text(place, text, fill="white")
