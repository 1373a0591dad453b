"""What Pillow decodes of an image, and within what memory."""

import contextlib
import io

import numpy as np
from PIL.TiffImagePlugin import TiffImageFile

from ras_keras.errors import UserError

MAXIMUM_PIXELS = 64_000_000
# Pillow holds 8 bytes for every row, and stretches an image in one direction after the other.
MAXIMUM_SIDE = 65_535
# Of a JPEG file: a scan of a dozen bytes goes over the whole image again.
MAXIMUM_SCANS = 100
MAXIMUM_SCANNED_PIXELS = 2 * 10**9
# Of decoding, by estimate; ten scans of a JPEG take as long as its pixels.
SECONDS_A_PIXEL = 40e-9
USUAL_SCANS = 10
# Of the parts of a file Pillow makes Python objects, or joins each with all before it.
MAXIMUM_READS_OF_HEADER = 10_000
# Behind the header, where a PNG file may come in short chunks of four reads each.
BYTES_OF_A_READ = 100
# TIFF's sides of the tiles, each of which is decoded as a whole.
TILE_WIDTH, TILE_HEIGHT = 322, 323
# Of a PPM file in digits, which Pillow reads in Python.
MAXIMUM_DIGITS = 2**23
# Behind what is transparent, as a browser shows it.
BACKGROUND = "white"
# Pixels of the bands in which an image is converted where that takes several copies.
BAND = 2**20


class UnreadableImage(UserError):
    """A file that is no image, or none that may be read."""


def open_image(data: bytes, formats: tuple[str, ...]):
    """The image that a file's header describes, not decoded yet.

    Args:
        data: of the file.
        formats: Pillow's names of those that are tried.

    Raises:
        UnreadableImage: if it has more than 16 bits per pixel; no file is named.
        Exception: of any kind, on a damaged or hostile file.
    """
    from PIL import Image

    if not data:
        raise ValueError("it is empty")
    stream = _CountedStream(data)
    image = Image.open(stream, formats=formats)
    stream.reads_left += len(data) // BYTES_OF_A_READ
    width, height = image.size
    if width * height > MAXIMUM_PIXELS:
        raise Image.DecompressionBombError
    if max(width, height) > MAXIMUM_SIDE:
        raise ValueError(f"a side of {width}x{height} has more than {MAXIMUM_SIDE:,} pixels")
    if image.mode in ("I", "F") and not _has_16_bits(image):
        raise UnreadableImage("has more than 16 bits per pixel; convert it to 8 bits per channel.")
    if image.format in ("JPEG", "MPO"):
        scans = _scans(data)
        if scans > MAXIMUM_SCANS:
            raise ValueError(f"more than {MAXIMUM_SCANS} scans")
        if scans * width * height > MAXIMUM_SCANNED_PIXELS:
            raise ValueError(f"{scans} scans of {width}x{height} pixels")
    if isinstance(image, TiffImageFile):
        tile = image.tag_v2.get(TILE_WIDTH, 0) * image.tag_v2.get(TILE_HEIGHT, 0)
        if tile > MAXIMUM_PIXELS:
            raise ValueError(f"a tile has more than {MAXIMUM_PIXELS:,} pixels")
    if image.format == "PPM" and data[:2] in (b"P1", b"P2", b"P3") and len(data) > MAXIMUM_DIGITS:
        raise ValueError(f"more than {MAXIMUM_DIGITS // 10**6} MB of digits; write it in binary")
    return image


def decoding_memory(image) -> int:
    """The bytes that `decode` takes for an image that is open, at its peak.

    Measured with Pillow 13: 8 a pixel, since it holds 4 and copies what is turned or converted;
    of WebP, whose decoder has two canvases, 16; of a progressive JPEG 4 and the coefficients.
    """
    bytes_per_pixel = 8
    if image.format == "WEBP":
        bytes_per_pixel = 16
    elif "progressive" in image.info:
        bytes_per_pixel = max(8, 4 + 2 * len(image.getbands()))
    return image.width * image.height * bytes_per_pixel


def decoding_seconds(image, data: bytes) -> float:
    """About how long `decode` takes for an image that is open, on a core of today.

    Args:
        image: as `open_image` returns it.
        data: of its file.
    """
    times = 1.0
    if image.format in ("GIF", "WEBP"):
        times = 2.0
    elif image.format in ("JPEG", "MPO"):
        times = max(1.0, _scans(data) / USUAL_SCANS)
    return SECONDS_A_PIXEL * image.width * image.height * times


def _scans(data) -> int:
    return data.count(b"\xff\xda")


def decode(image):
    """An image that is open as RGB: its first frame, upright, on white where it is transparent."""
    from PIL import ImageOps

    image.load()
    # A damaged note of the orientation is none.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    if _has_16_bits(image):
        image = _in_bands(image, "L", _eight_bits)
    if image.has_transparency_data:
        return _in_bands(image, "RGB", _on_background)
    return image if image.mode == "RGB" else image.convert("RGB")


def _has_16_bits(image) -> bool:
    # Pillow holds 16 bits of a PPM file in 32.
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")


def to_pixels(image, image_shape: tuple[int | None, int | None, int]) -> np.ndarray:
    """An RGB image as uint8 (H, W, channels), stretched to another size by Lanczos's filter.

    Args:
        image: as `decode` returns it.
        image_shape: (H, W, channels); None leaves it its own height or width; channels are 3, or
            1 for gray.
    """
    from PIL import Image

    height, width, channels = image_shape
    if channels == 1:
        image = image.convert("L")
    wanted = (width or image.width, height or image.height)
    if image.size != wanted:
        image = image.resize(wanted, Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], channels)


class _CountedStream(io.BytesIO):
    """A file that may be read so often."""

    def __init__(self, data):
        super().__init__(data)
        self.reads_left = MAXIMUM_READS_OF_HEADER

    def read(self, *arguments):
        self.reads_left -= 1
        if self.reads_left < 0:
            raise ValueError("it comes in too many parts")
        return super().read(*arguments)


def _in_bands(image, mode, convert):
    from PIL import Image

    converted = Image.new(mode, image.size)
    rows = max(1, BAND // image.width)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        converted.paste(convert(image.crop(box)), box)
    return converted


def _eight_bits(band):
    from PIL import Image

    # 257 is odd: nothing lies between two values.
    return Image.fromarray(((np.asarray(band).astype("uint32") + 128) // 257).astype("uint8"))


def _on_background(band):
    from PIL import Image

    layer = band if band.mode == "RGBA" else band.convert("RGBA")
    white = Image.new("RGB", band.size, BACKGROUND)
    white.paste(layer, mask=layer)
    return white
