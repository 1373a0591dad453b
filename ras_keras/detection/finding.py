"""A detector's boxes in the images' own pixels."""

from collections.abc import Iterator

import keras
import numpy as np

from ras_keras.detection.data.annotated_pixels import failures_named
from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.data.batches import evaluation_batches
from ras_keras.detection.data.letterbox import boxes_in_image
from ras_keras.detection.scores import Detections


def find(network: keras.Model, images: AnnotatedImages, batch_size: int) -> list[Detections]:
    """What a network finds in images, in their order.

    Args:
        network: as `detector` makes it.
        images: resized to what the network takes.
        batch_size: images at a time.

    Raises:
        UserError: naming an image that cannot be read.
    """
    canvas = tuple(network.input_shape[1:3])
    found = []
    with failures_named(images):
        for batch in evaluation_batches(images, canvas, batch_size):
            outputs = network.predict_on_batch(_filled(batch.numpy(), batch_size))
            found += [*_each({name: np.asarray(out) for name, out in outputs.items()}, len(batch))]
    return [in_image(each, size, canvas) for each, size in zip(found, images.sizes, strict=True)]


def in_image(found: Detections, size, canvas: tuple[int, int]) -> Detections:
    """Detections on a canvas, as those of the image that was brought onto it, cut off at its sides.

    Args:
        found: on the canvas.
        size: height and width of the image.
        canvas: height and width.
    """
    height, width = size
    boxes = boxes_in_image(found.boxes, size, canvas)
    boxes = np.clip(boxes, 0, np.array([width, height, width, height], "float32"))
    return Detections(boxes, found.scores, found.classes)


def _each(outputs: dict[str, np.ndarray], count: int) -> Iterator[Detections]:
    for image in range(count):
        real = outputs["scores"][image] > 0
        yield Detections(*(outputs[name][image][real] for name in ("boxes", "scores", "classes")))


def _filled(batch: np.ndarray, size: int) -> np.ndarray:
    """A last batch with black images behind it: another size would be compiled anew."""
    return np.pad(batch, [(0, size - len(batch)), (0, 0), (0, 0), (0, 0)])
