"""A folder of images of several formats, and of sizes that vary or not."""

from pathlib import Path

import numpy as np
from PIL import Image

FORMATS = ("png", "jpg", "webp", "bmp", "gif")
CLASSES = ("cat", "dog", "emu")


def make_folder(folder: Path, sizes=((20, 24),), train=10, test=4) -> Path:
    """Writes FOLDER/train/CLASS/* and FOLDER/test/CLASS/*, all formats in turn.

    Args:
        folder: does not exist.
        sizes: (height, width) of the images, in turn.
        train: images of a class to train on.
        test: likewise.
    """
    rng = np.random.default_rng(0)
    number = 0
    for split, count in (("train", train), ("test", test)):
        for name in CLASSES:
            place = folder / split / name
            place.mkdir(parents=True)
            for _ in range(count):
                height, width = sizes[number % len(sizes)]
                file = place / f"{number:03}.{FORMATS[number % len(FORMATS)]}"
                clouds(rng, height, width).save(file)
                number += 1
    return folder


def clouds(rng, height: int, width: int) -> Image.Image:
    """Coloured clouds, which formats that lose something do not lose."""
    few = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype="uint8"))
    return few.resize((width, height), Image.Resampling.BICUBIC)
