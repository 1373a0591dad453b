"""A detector's boxes in the images' own pixels."""

from typing import Protocol

import numpy as np

from ras_keras.detection.data.annotated_pixels import failures_named
from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.data.batches import evaluation_batches
from ras_keras.detection.data.letterbox import boxes_in_image, letterboxed
from ras_keras.detection.scores import Detections


class Finder(Protocol):
    """What finds boxes: a network, or an exported one.

    Attributes:
        input_shape: of its images, (None, H, W, 3).
    """

    input_shape: tuple[int | None, int, int, int]

    def predict_on_batch(self, images: np.ndarray):
        """Boxes, scores and classes as `NonMaximumSuppression` returns them, by these names.

        Args:
            images: raw, (N, H, W, 3).
        """


def find(network: Finder, images: AnnotatedImages, batch_size: int) -> list[Detections]:
    """What a network finds in images, in their order.

    Args:
        network: that finds it.
        images: resized to what the network takes.
        batch_size: images at a time.

    Raises:
        UserError: naming an image that cannot be read.
    """
    canvas = network.input_shape[1:3]
    found: list[Detections] = []
    with failures_named(images):
        for batch in evaluation_batches(images, canvas, batch_size):
            found += _on_canvas(network, _filled(batch.numpy(), batch_size))[: len(batch)]
    return [_in_image(each, size, canvas) for each, size in zip(found, images.sizes, strict=True)]


def find_in(network: Finder, pixels: np.ndarray) -> Detections:
    """What a network finds in an image.

    Args:
        network: that finds it, as `detector` makes it.
        pixels: uint8, (H, W, 3), of any size.
    """
    canvas = network.input_shape[1:3]
    (found,) = _on_canvas(network, letterboxed(pixels, canvas).numpy()[None])
    return _in_image(found, pixels.shape[:2], canvas)


def _in_image(found: Detections, size, canvas: tuple[int, int]) -> Detections:
    """Detections on a canvas, as those of the image that was brought onto it, cut off at its sides.

    Args:
        found: on the canvas.
        size: height and width of the image.
        canvas: height and width.
    """
    height, width = size
    boxes = boxes_in_image(found.boxes, size, canvas)
    boxes = np.clip(boxes, 0, np.array([width, height, width, height], "float32"))
    # Beside the image there is the black of the canvas.
    inside = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return Detections(boxes[inside], found.scores[inside], found.classes[inside])


def _on_canvas(network: Finder, batch: np.ndarray) -> list[Detections]:
    """What is found in each image of a batch, in the canvas's pixels."""
    outputs = network.predict_on_batch(batch)
    arrays = (np.asarray(outputs[name]) for name in ("boxes", "scores", "classes"))
    # A score of 0 marks an empty place.
    return [Detections(*each).above(0) for each in zip(*arrays, strict=True)]


def _filled(batch: np.ndarray, size: int) -> np.ndarray:
    """A last batch with black images behind it: another size would be compiled anew."""
    return np.pad(batch, [(0, size - len(batch)), (0, 0), (0, 0), (0, 0)])
