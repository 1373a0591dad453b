"""An array of images in memory, from which batches are made within a graph."""

import numpy as np
import tensorflow as tf

from ras_keras.data.augmentation.random_resized_crop import RandomResizedCrop, cropped
from ras_keras.data.augmentation.resizing import part


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

        def part_of(position, box_of):
            return part(self._images[position], box_of(height, width))

        return cropped(part_of, self.shape[1:], crop, index, draws, mirrored)
