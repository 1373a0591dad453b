"""An array of images in memory, from which batches are made within a graph."""

import numpy as np
import tensorflow as tf

from ras_keras.data.augmentation.random_resized_crop import RandomResizedCrop, mirrored_where
from ras_keras.data.encoded.decoding import part, resized


class DecodedImages:
    """A uint8 array (N, H, W, 3) in TensorFlow's memory; indexing it gives NumPy's arrays.

    Args:
        images: copied.
    """

    def __init__(self, images: np.ndarray):
        with tf.device("CPU"):
            self._images = tf.constant(images)

    def __len__(self) -> int:
        return len(self._images)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return tuple(self._images.shape)

    def __getitem__(self, key) -> np.ndarray:
        return self._images.numpy()[key]

    def take(self, indices: np.ndarray, axis: int = 0) -> np.ndarray:
        """Those at the indices, as `numpy.ndarray.take`."""
        return self._images.numpy().take(indices, axis)

    def batch(self, index) -> tf.Tensor:
        """Those at the indices: int32 (n,) to uint8 (n, H, W, 3)."""
        return tf.gather(self._images, index)

    def crops(self, index, crop: RandomResizedCrop, draws, mirrored) -> tf.Tensor:
        """As `EncodedImages.crops`."""
        _, height, width, _ = self.shape

        def one(item):
            position, own, turned = item
            image = part(self._images[position], crop.box(own, height, width))
            return mirrored_where(turned, resized(image, height, width))

        signature = tf.TensorSpec(self.shape[1:], tf.uint8)
        return tf.map_fn(one, (index, draws, mirrored), fn_output_signature=signature)
