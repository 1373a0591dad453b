"""Annotated images as an array that decodes what it is asked for, on one canvas."""

import contextlib
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ras_keras.data.encoded.decoding import decode
from ras_keras.data.encoded.encoded_images import EncodedImages
from ras_keras.data.encoded.sources import Files
from ras_keras.data.files.image_files import MAXIMUM_SIDE, UnreadableImage, decode_image
from ras_keras.data.image_dataset import Images
from ras_keras.data.unreadable import unreadable_named
from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.data.letterbox import letterboxed
from ras_keras.errors import Argument, UserError


@dataclass(frozen=True)
class Letterboxed:
    """An encoded image brought onto a canvas.

    Attributes:
        size: height and width of the canvas, in pixels.
    """

    size: tuple[int, int]

    def __call__(self, data) -> tf.Tensor:
        return letterboxed(decode(data), self.size)

    def check(self, data: bytes) -> None:
        decode_image(data)


class AnnotatedPixels(EncodedImages):
    """Like a uint8 array (N, H, W, 3): the images, resized to a canvas, black beside.

    Args:
        images: whose files are read when they are asked for.
        canvas: height and width in pixels.

    Raises:
        UserError: for a side that no image can be resized to.
    """

    def __init__(self, images: AnnotatedImages, canvas: tuple[int, int]):
        if not all(1 <= side <= MAXIMUM_SIDE for side in canvas):
            raise UserError(
                Argument("canvas", canvas),
                f" has a side that is not between 1 and {MAXIMUM_SIDE:,} pixels; choose another.",
            )
        places = np.arange(len(images), dtype="int32")
        super().__init__(Files(images.paths), Letterboxed(canvas), places)
        self.sizes = images.sizes
        with tf.device("CPU"):
            self._sizes = tf.constant(images.sizes, tf.int32)

    def on_canvas(self, index, mirror=False) -> tf.Tensor:
        """Decodes within a graph.

        Args:
            index: int32, scalar: of the image.
            mirror: bool, scalar: whether it is mirrored.

        Returns:
            uint8, (H, W, 3).
        """
        image = decode(self.source.read(index))
        # Its boxes would lie elsewhere.
        as_annotated = tf.debugging.assert_equal(tf.shape(image)[:2], self._sizes[index])
        with tf.control_dependencies([as_annotated]):
            return letterboxed(tf.identity(image), self.form.size, mirror)

    def check(self, index: int) -> None:
        """Refuses an image that cannot be read or has another size than its annotation says.

        Raises:
            UnreadableImage: naming it and what is wrong.
        """
        super().check(index)
        data = self.source.read(int(self.places[index])).numpy()
        found, said = decode_image(data).shape[:2], tuple(self.sizes[index])
        if found != said:
            raise UnreadableImage(
                f"{self.name(index)} is {found[1]}x{found[0]} pixels, upright, and its annotation "
                f"says {said[1]}x{said[0]}; correct the annotation or restore the image."
            )

    def _pixels(self, index):
        return self.on_canvas(index)


def failures_named(images: AnnotatedImages) -> contextlib.AbstractContextManager[None]:
    """Turns TensorFlow's failure to read one of these images into an `UnreadableImage`."""
    pixels = AnnotatedPixels(images, (1, 1))
    return unreadable_named(Images(pixels, pixels.places))
