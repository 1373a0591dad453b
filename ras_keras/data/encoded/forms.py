"""How an encoded image becomes pixels of one size where nothing is drawn at random."""

from dataclasses import dataclass
from typing import Protocol

import tensorflow as tf

from ras_keras.data.augmentation.resizing import part, resized
from ras_keras.data.encoded.decoding import by_pillow, decode
from ras_keras.data.files.image_files import UnreadableImage, decode_image
from ras_keras.errors import Argument

# Of an image's longer side over its shorter one, where only the middle is taken.
LONGEST = 8


class Form(Protocol):
    """A way to decode an image.

    Attributes:
        size: height and width of its results, in pixels.
    """

    @property
    def size(self) -> tuple[int, int]: ...

    def __call__(self, data) -> tf.Tensor:
        """Decodes: string, scalar, to uint8 (H, W, 3)."""

    def check(self, data: bytes) -> None:
        """Refuses what it could not decode, with an error of any kind that names no file."""


@dataclass(frozen=True)
class Stretched:
    """An image stretched to a size, exactly as images in memory are: by Pillow.

    Attributes:
        size: height and width, in pixels.
        resize: whether an image may have another; it is unreadable otherwise.
    """

    size: tuple[int, int]
    resize: bool

    def __call__(self, data):
        return by_pillow(self.check, data, (*self.size, 3))

    def check(self, data):
        height, width = self.size if self.resize else (None, None)
        pixels = decode_image(data, (height, width, 3))
        check_size(pixels.shape[:2], self.size)
        return pixels


@dataclass(frozen=True)
class Centre:
    """The square in the middle of an image whose shorter side is brought to a length.

    Attributes:
        shorter_side: that length, in pixels.
        side: of the square, in pixels, at most as long.
    """

    shorter_side: int
    side: int

    @property
    def size(self) -> tuple[int, int]:
        return self.side, self.side

    def __call__(self, data):
        return tf.ensure_shape(self.of_pixels(decode(data)), (self.side, self.side, 3))

    def of_pixels(self, image):
        """The square of an image: uint8 (H, W, C) to (side, side, C)."""
        found = tf.shape(image)[:2]
        # A thin image would take gigabytes at this length; its ends lie far from the middle.
        kept = tf.minimum(found, LONGEST * tf.reduce_min(found))
        box = tf.concat([(found - kept) // 2, kept], 0)
        image, found = part(image, box), kept
        # At least the side itself: a product that does not divide is rounded down.
        height, width = tf.unstack(found * self.shorter_side // tf.reduce_min(found))
        image = resized(image, height, width)
        top, left = (height - self.side) // 2, (width - self.side) // 2
        return image[top : top + self.side, left : left + self.side]

    def check(self, data):
        decode_image(data)


def check_size(found: tuple[int, ...], expected: tuple[int, int]) -> None:
    """Refuses an image of another height and width than the others.

    Raises:
        UnreadableImage: naming both; no file is named.
    """
    if found != expected:
        raise UnreadableImage(
            f"is {found[0]}x{found[1]} pixels where {expected[0]}x{expected[1]} was expected; ",
            Argument("image_size", min(expected)),
            " resizes all images.",
        )
