"""Which images of a data set cannot be read."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from ras_keras.data.encoded.encoded_images import EncodedImages
from ras_keras.data.encoded.failures import failure_named
from ras_keras.data.files.image_files import UnreadableImage
from ras_keras.data.image_dataset import ImageDataset, Images

PIECE = 256


def unreadable(images: Images, indices: Iterable[int] | None = None) -> Iterator[UnreadableImage]:
    """The errors of images that cannot be read, each naming its image, in their order.

    Args:
        images: arrays have been read.
        indices: of those that are looked at, None for all.
    """
    pixels = images.images
    if not isinstance(pixels, EncodedImages):
        return

    chosen = range(len(pixels)) if indices is None else list(indices)
    with (
        ThreadPoolExecutor(os.cpu_count()) as readers,
        tqdm(desc="reading", total=len(chosen), unit="image", leave=False, delay=2) as bar,
    ):
        # Piece by piece: whoever wants the first one only does not wait for the last.
        for start in range(0, len(chosen), PIECE):
            for found in readers.map(pixels.error, chosen[start : start + PIECE]):
                bar.update()
                if found is not None:
                    yield found


def unreadable_named(images: Images) -> contextlib.AbstractContextManager[None]:
    """Turns TensorFlow's failure to read one of these images into an `UnreadableImage`."""
    return failure_named(lambda: next(unreadable(images), None))


def unreadable_of(dataset: ImageDataset) -> Iterator[UnreadableImage]:
    """Those of the training images, then those of the test images; and damaged records."""
    for images in (dataset.train, dataset.test):
        yield from unreadable(images)
        if isinstance(images.images, EncodedImages):
            yield from map(UnreadableImage, images.images.source.damaged())
