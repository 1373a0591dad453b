"""One image of a file or stream, as the networks take it."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ras_keras.data.files.image_decoding import (
    MAXIMUM_PIXELS,
    UnreadableImage,
    decode,
    open_image,
    to_pixels,
)
from ras_keras.errors import Argument, UserError, first_line

# That browsers show: a stranger's file reaches no other decoder of Pillow's.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
# Of files of one's own, which data sets are made of too.
FILE_FORMATS = (*FORMATS, "TIFF", "PPM")
# Of an image that is made square.
MAXIMUM_SIDE = math.isqrt(MAXIMUM_PIXELS)
MAXIMUM_BYTES = 2**28


def check_image_size(size: int | None) -> None:
    """Refuses a height and width that no image can be resized to.

    Raises:
        UserError: naming the argument.
    """
    if size is not None and size < 1:
        raise UserError(Argument("image_size"), f" must be >= 1. Received: {size}")
    if size is not None and size > MAXIMUM_SIDE:
        raise UserError(
            Argument("image_size"), f" must be at most {MAXIMUM_SIDE:,}. Received: {size}"
        )


def read_image(
    source: Path | BinaryIO,
    image_shape: tuple[int | None, int | None, int] = (None, None, 3),
    formats: tuple[str, ...] = FILE_FORMATS,
) -> np.ndarray:
    """Reads an image: its first frame, upright, on white where it is transparent.

    Args:
        source: a file, or a stream, which is read to its end.
        image_shape: (H, W, channels); an image of another height or width is stretched to
            it, by Lanczos's filter, None leaves it its own; channels are 3, or 1 for gray.
        formats: Pillow's names of those that are tried.

    Returns:
        uint8, (H, W, channels).

    Raises:
        UnreadableImage: naming the file and what is wrong with it.
    """
    name = str(source) if isinstance(source, Path) else getattr(source, "name", "the image")
    with named(name, formats):
        return decode_image(_bytes(source), image_shape, formats)


def decode_image(
    data: bytes,
    image_shape: tuple[int | None, int | None, int] = (None, None, 3),
    formats: tuple[str, ...] = FILE_FORMATS,
) -> np.ndarray:
    """As `read_image`, of a file's content.

    Raises:
        UnreadableImage: saying what is wrong with it; no file is named.
        Exception: of any kind, on a damaged or hostile file.
    """
    return to_pixels(decode(open_image(data, formats)), image_shape)


@contextmanager
def named(name: str, formats: tuple[str, ...]) -> Iterator[None]:
    """Names the file in what is raised while it is read, which becomes an `UnreadableImage`.

    Args:
        name: of the file.
        formats: Pillow's names of those that are tried.
    """
    try:
        yield
    except UnreadableImage as error:
        raise UnreadableImage(f"{name} ", *error.args) from error.__cause__
    # On a hostile file a decoder may fail in any way.
    except Exception as error:
        raise UnreadableImage(
            f"{name} is no readable image ({_reason(error, formats)}); repair or remove it."
        ) from error


def _bytes(source):
    if isinstance(source, Path):
        # Nor is a pipe waited for: its size is 0.
        size = source.stat().st_size
        data = source.read_bytes() if 0 < size <= MAXIMUM_BYTES else b""
    else:
        data = source.read(MAXIMUM_BYTES + 1)
        size = len(data)
    if size > MAXIMUM_BYTES:
        raise UnreadableImage(f"has more than the {MAXIMUM_BYTES // 10**6} MB that are read.")
    return data


def _reason(error, formats):
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it has more than the {MAXIMUM_PIXELS:,} pixels that are read"
    if isinstance(error, UnidentifiedImageError):
        return f"it is not of {', '.join(formats)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return first_line(error)
