"""Images in, classes with their probabilities out, many at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ras_keras.errors import UserError
from ras_keras.inference.images import UnreadableImage
from ras_keras.inference.predictor import Predictor

# More do not read faster, and each may hold a large image.
READERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class Prediction:
    """What a model makes of an image.

    Attributes:
        image: the image, named as it was given.
        classes: the names of the most probable classes, the first one first.
        probabilities: of these classes, 0..1.
    """

    image: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]

    def to_json(self) -> dict:
        pairs = zip(self.classes, self.probabilities, strict=True)
        classes = [{"class": name, "probability": probability} for name, probability in pairs]
        return {"image": self.image, "classes": classes}


def predict_images(
    predictor: Predictor,
    images: Iterable[tuple[str, Path | BinaryIO]],
    top: int,
    batch_size: int,
    unreadable: Callable[[UnreadableImage], None],
) -> Iterator[Prediction]:
    """Predicts in batches, while the next images are being read.

    Images of different sizes, of which a batch cannot be made, go in batches of their own.

    Args:
        predictor: the model.
        images: names with the files or streams that they stand for.
        top: the most classes that are named for an image.
        batch_size: the most images that go through the model at once.
        unreadable: called for an image that cannot be read, or has a size that the network
            cannot take, and is left out.

    Returns:
        The predictions in the order of the images.

    Raises:
        UserError: if the model returns no probabilities.
    """
    pixels = _read_ahead(predictor.read_unchecked, images, batch_size, unreadable)
    for _, same_size in groupby(pixels, lambda image: image[1].shape):
        steady = None
        taken = _taken(predictor, same_size, unreadable)
        while batch := list(islice(taken, batch_size)):
            names, arrays = zip(*batch, strict=True)
            steady = steady or len(names)
            # A network may be traced anew for a smaller last batch; to fill it up takes less.
            multiple = predictor.batch_multiple or steady
            filled = min(steady, -(-len(names) // multiple) * multiple)
            arrays += (filled - len(names)) * arrays[:1]
            rows = predictor.predict(np.stack(arrays))[: len(names)]
            for name, row in zip(names, rows, strict=True):
                yield best(predictor, name, row, top)


def _taken(predictor, images, unreadable):
    for name, pixels in images:
        try:
            predictor.check_size(name, pixels)
        except UnreadableImage as error:
            unreadable(error)
        else:
            yield name, pixels


def best(predictor: Predictor, image: str, probabilities: np.ndarray, top: int) -> Prediction:
    """The most probable classes of one image.

    Raises:
        UserError: if the probabilities are not finite.
    """
    if not np.isfinite(probabilities).all():
        raise UserError(
            f"{predictor.path} returns no probabilities for {image} but {probabilities.min()}; its "
            "training diverged, train it again."
        )
    order = np.argsort(-probabilities, kind="stable")[:top]
    classes = tuple(predictor.class_names[number] for number in order)
    return Prediction(image, classes, tuple(float(probabilities[number]) for number in order))


def _read_ahead(
    read: Callable[[Path | BinaryIO], np.ndarray],
    images: Iterable[tuple[str, Path | BinaryIO]],
    ahead: int,
    unreadable: Callable[[UnreadableImage], None],
) -> Iterator[tuple[str, np.ndarray]]:
    waiting: deque[tuple[str, Future[np.ndarray]]] = deque()
    images = iter(images)
    readers = ThreadPoolExecutor(READERS)

    def submit(count):
        for name, source in islice(images, count):
            waiting.append((name, readers.submit(read, source)))

    try:
        submit(ahead)
        while waiting:
            name, pixels = waiting.popleft()
            try:
                yield name, pixels.result()
            except UnreadableImage as error:
                unreadable(error)
            submit(1)
    finally:
        readers.shutdown(cancel_futures=True)
