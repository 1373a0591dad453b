"""A made-up data set: discs, squares and triangles on noise, written once into a folder."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import platformdirs
from PIL import Image, ImageDraw

CLASSES = ("disc", "square", "triangle")
SPLITS = {"train": 2000, "val": 200, "test": 200}
SIDE = 64
# Shapes of an image, and their sides in pixels.
MOST, LEAST_SIDE, MOST_SIDE = 3, 14, 36
# Of a shape that lies under another, the part that has to be seen.
SEEN = 0.7
# The least difference of a shape from the noise behind it, in one of the colours.
CONTRAST = 60
VERSION = "3"


def shapes_folder() -> Path:
    """The folder of the data set in the form of YOLO, in the user's cache; made if it is not there.

    Its content depends on nothing: the same images everywhere.
    """
    folder = Path(platformdirs.user_cache_dir("ras_keras")) / f"shapes-{VERSION}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".shapes-"))
        try:
            write_shapes(made)
            made.replace(folder)
        except OSError:
            # Another process may have been quicker.
            if not folder.is_dir():
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return folder


def write_shapes(folder: Path, splits: dict[str, int] = SPLITS) -> None:
    """Writes the data set: PNG images of `SIDE` by `SIDE` pixels with one to three shapes each.

    Args:
        folder: an empty one.
        splits: images of each.
    """
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    for number, (split, count) in enumerate(splits.items()):
        images, labels = folder / "images" / split, folder / "labels" / split
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for image in range(count):
            pixels, lines = _image(np.random.default_rng([number, image]))
            pixels.save(images / f"{image:05d}.png")
            (labels / f"{image:05d}.txt").write_text("".join(lines), encoding="utf-8")


def _image(random: np.random.Generator) -> tuple[Image.Image, list[str]]:
    ground = random.uniform(60, 190, 3)
    noise = random.normal(ground, 25, (SIDE, SIDE, 3))
    image = Image.fromarray(np.clip(noise, 0, 255).astype("uint8"))
    draw = ImageDraw.Draw(image)
    owners = np.full((SIDE, SIDE), -1)
    shapes: list[tuple[int, tuple[int, int, int, int], int]] = []
    for _ in range(int(random.integers(1, MOST + 1))):
        side = int(random.integers(LEAST_SIDE, MOST_SIDE + 1))
        left, top = (int(each) for each in random.integers(0, SIDE - side + 1, 2))
        box = (left, top, left + side, top + side)
        covered = owners.copy()
        covered[top : top + side, left : left + side] = len(shapes)
        if any(
            (covered == number).sum() < SEEN * (other[2] - other[0]) ** 2
            for number, (_, other, _) in enumerate(shapes)
        ):
            continue
        owners, label = covered, int(random.integers(len(CLASSES)))
        color = random.integers(0, 256, 3)
        while np.abs(color - ground).max() < CONTRAST:
            color = random.integers(0, 256, 3)
        _draw(draw, label, box, tuple(map(int, color)))
        shapes.append((label, box, side))
    lines = [
        f"{label} {(left + right) / 2 / SIDE} {(top + bottom) / 2 / SIDE} {side / SIDE} "
        f"{side / SIDE}\n"
        for label, (left, top, right, bottom), side in shapes
    ]
    return image, lines


def _draw(draw: ImageDraw.ImageDraw, label: int, box, color) -> None:
    """A shape in a box whose right and bottom are the first pixels outside."""
    left, top, right, bottom = box
    inside = left, top, right - 1, bottom - 1
    if CLASSES[label] == "disc":
        draw.ellipse(inside, fill=color)
    elif CLASSES[label] == "square":
        draw.rectangle(inside, fill=color)
    else:
        peak = (left + right - 1) / 2, top
        draw.polygon([peak, (right - 1, bottom - 1), (left, bottom - 1)], fill=color)
