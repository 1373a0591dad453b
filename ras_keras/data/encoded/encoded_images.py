"""An array of images that are decoded when they are asked for."""

import contextlib
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from ras_keras.data.augmentation.random_resized_crop import RandomResizedCrop, cropped
from ras_keras.data.encoded.decoding import decode, decode_whole
from ras_keras.data.encoded.failures import failure_named
from ras_keras.data.encoded.forms import Form
from ras_keras.data.encoded.sources import Source
from ras_keras.data.files.image_files import FILE_FORMATS, UnreadableImage, named


class EncodedImages:
    """Like a uint8 array (N, H, W, 3): indexing it decodes, `take` does not.

    Args:
        source: of the encoded images.
        form: how one becomes pixels.
        places: int32, (N,): of the images in the source.
    """

    dtype = np.dtype("uint8")

    def __init__(self, source: Source, form: Form, places: np.ndarray):
        self.source = source
        self.form = form
        self.places = places
        with tf.device("CPU"):
            self._places = tf.constant(places, tf.int32)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self), *self.form.size, 3)

    def take(self, indices: np.ndarray, axis: int = 0) -> "EncodedImages":
        """Those at the indices, as `numpy.ndarray.take` along the first axis, not decoded."""
        return EncodedImages(self.source, self.form, self.places.take(indices, axis))

    def __getitem__(self, key) -> np.ndarray:
        indices = np.arange(len(self))[key]
        chosen = np.atleast_1d(indices)
        decoded = tf.data.Dataset.from_tensor_slices(chosen).map(
            self._pixels, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        pixels = np.empty((len(chosen), *self.shape[1:]), self.dtype)
        with self.naming(chosen):
            for number, each in enumerate(decoded.as_numpy_iterator()):
                pixels[number] = each
        return pixels.reshape(*indices.shape, *self.shape[1:])

    def batch(self, index) -> tf.Tensor:
        """Decodes within a graph: int32 (n,) to uint8 (n, H, W, 3)."""
        return tf.map_fn(self._pixels, index, fn_output_signature=self._signature)

    def crops(self, index, crop: RandomResizedCrop, draws, mirrored) -> tf.Tensor:
        """A random part of each image, mirrored or not: int32 (n,) to uint8 (n, H, W, 3).

        Args:
            index: of the images.
            crop: where the parts lie.
            draws: its random numbers, (n, ...).
            mirrored: bool, (n,).
        """

        def part_of(position, box_of):
            return decode(self.source.read(self._places[position]), box_of)

        return cropped(part_of, self.shape[1:], crop, index, draws, mirrored)

    def naming(self, indices: Iterable[int]) -> contextlib.AbstractContextManager[None]:
        """Turns TensorFlow's failure to read one of these images into an `UnreadableImage`."""
        return failure_named(lambda: next(filter(None, map(self.error, indices)), None))

    def error(self, index: int) -> UnreadableImage | None:
        """What `check` raises for an image, None if it can be read."""
        try:
            self.check(index)
        except UnreadableImage as error:
            return error
        return None

    def name(self, index: int) -> str:
        """The name of an image, for messages."""
        return self.source.name(int(self.places[index]))

    def check(self, index: int) -> None:
        """Refuses an image that cannot be read.

        Raises:
            UnreadableImage: naming it and what is wrong.
        """
        place = int(self.places[index])
        with named(self.source.name(place), FILE_FORMATS):
            try:
                data = self.source.read(place).numpy()
            except tf.errors.NotFoundError as error:
                raise UnreadableImage("is missing; restore it.") from error
            # The form says best what is wrong; random parts are decoded without it.
            self.form.check(data)
            decode_whole(data)

    @property
    def _signature(self):
        return tf.TensorSpec(self.shape[1:], tf.uint8)

    def _pixels(self, index):
        return self.form(self.source.read(self._places[index]))
