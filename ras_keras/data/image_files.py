"""One image of a file or stream, as the networks take it."""

import contextlib
import io
import math
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ras_keras.errors import UserError, first_line

# Those that browsers show, which strangers may send to a server.
WEB_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
# Of all that Pillow decodes: a file from anywhere reaches no other decoder.
FORMATS = (*WEB_FORMATS, "TIFF", "PPM")
# Pillow holds four bytes a pixel, twice where an image is turned upright.
MAXIMUM_PIXELS = 64_000_000
# Of an image that is made square.
MAXIMUM_SIDE = math.isqrt(MAXIMUM_PIXELS)
MAXIMUM_BYTES = 2**28
# Of a JPEG file: a scan of a dozen bytes goes over the whole image again.
MAXIMUM_SCANS = 500
# Of a PPM file in digits, which Pillow reads in Python, a megapixel in 2 s.
MAXIMUM_DIGITS = 2**23
# TIFF's sides of the tiles that each are decoded as a whole.
TILE_WIDTH, TILE_HEIGHT = 322, 323
# Behind what is transparent, as a browser shows it.
BACKGROUND = "white"


class UnreadableImage(UserError):
    """A file that is no image, or none that may be read."""


def check_image_size(size: int | None) -> None:
    """Refuses a height and width that no image can be resized to.

    Raises:
        UserError: naming the flag.
    """
    if size is not None and size < 1:
        raise UserError(f"--image-size must be >= 1. Received: {size}")
    if size is not None and size > MAXIMUM_SIDE:
        raise UserError(f"--image-size must be at most {MAXIMUM_SIDE}. Received: {size}")


def read_image(
    source: Path | BinaryIO,
    image_shape: tuple[int | None, int | None, int] = (None, None, 3),
    formats: tuple[str, ...] = FORMATS,
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
    try:
        return _read(source, image_shape, formats)
    except UnreadableImage as error:
        raise UnreadableImage(f"{name} {error}") from error.__cause__
    # On a hostile file a decoder may fail in any way.
    except Exception as error:
        raise UnreadableImage(
            f"{name} is no readable image ({_reason(error, formats)}); repair or remove it."
        ) from error


def _read(source, image_shape, formats):
    from PIL import Image, ImageOps

    data = _bytes(source)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    # Of tags that are no part of the image.
    warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
    with Image.open(io.BytesIO(data), formats=formats) as image:
        # What the header says; nothing is decoded yet.
        width, height = image.size
        if width * height > MAXIMUM_PIXELS:
            raise Image.DecompressionBombError
        # Pillow holds 16 bits of a PPM file in 32.
        deep = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
        if image.mode in ("I", "F") and not deep:
            raise UnreadableImage("has more than 16 bits a pixel; convert it to 8 bits a channel.")
        _check_decoder(image, data)
        image.load()
        if deep:
            image = Image.fromarray((np.asarray(image) / 257).round().astype("uint8"))
        # A damaged note of the orientation is none.
        with contextlib.suppress(Exception):
            ImageOps.exif_transpose(image, in_place=True)
        if image.has_transparency_data:
            layer = image if image.mode == "RGBA" else image.convert("RGBA")
            image = Image.new("RGB", image.size, BACKGROUND)
            image.paste(layer, mask=layer)
        # It copies what is RGB already, too.
        if image.mode != "RGB":
            image = image.convert("RGB")
        height, width, channels = image_shape
        if channels == 1:
            image = image.convert("L")
        wanted = (width or image.width, height or image.height)
        if image.size != wanted:
            image = image.resize(wanted, Image.Resampling.LANCZOS)
        pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], channels)


def _check_decoder(image, data):
    """Refuses what its decoder would take far more time or memory for than its size says."""
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > MAXIMUM_SCANS:
        raise ValueError(f"more than {MAXIMUM_SCANS} scans")
    if image.format == "TIFF":
        tile = image.tag_v2.get(TILE_WIDTH, 0) * image.tag_v2.get(TILE_HEIGHT, 0)
        if tile > MAXIMUM_PIXELS:
            raise ValueError(f"a tile has more than {MAXIMUM_PIXELS:,} pixels")
    if image.format == "PPM" and data[:2] in (b"P1", b"P2", b"P3") and len(data) > MAXIMUM_DIGITS:
        raise ValueError(f"more than {MAXIMUM_DIGITS // 10**6} MB of digits; write it in binary")


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
    if not data:
        raise ValueError("it is empty")
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
