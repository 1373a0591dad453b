"""JPEG files like photographs, in folders of classes, always the same ones."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

QUALITY = 90
# Different ones: the others are copies under other names.
DIFFERENT = 2_000
TEST = 10


def make_photographs(folder: Path, count: int, sides: tuple[int, int], classes: int = 10) -> None:
    """Writes FOLDER/train/CLASS/*.jpg, and every tenth under another name into test.

    Args:
        folder: exists.
        count: images, over all classes.
        sides: of the images, in pixels: at least the first, below the second.
        classes: of which each has as many, but for one.
    """
    rng = np.random.default_rng(0)
    files: list[bytes] = []
    for number in range(count):
        if len(files) < DIFFERENT:
            files.append(_jpeg(rng, sides))
        content = files[number % DIFFERENT]
        label = f"class{number % classes:04}"
        splits = ("train", "test") if number // classes % TEST == 0 else ("train",)
        for split in splits:
            place = folder / split / label
            if number < classes:
                place.mkdir(parents=True)
            (place / f"{number:07}.jpg").write_bytes(content)


def _jpeg(rng, sides) -> bytes:
    """Coloured clouds, as large in kilobytes as photographs are."""
    width, height = (int(side) for side in rng.integers(*sides, 2))
    few = rng.integers(0, 256, (max(2, height // 6), max(2, width // 6), 3), dtype="uint8")
    image = Image.fromarray(few).resize((width, height), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()
