"""What a recipe trains a detector and evaluates it on."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from ras_keras.data.fingerprint import Fingerprint
from ras_keras.detection.data.annotations import AnnotatedImages, DetectionData
from ras_keras.detection.data.batches import DetectionBatches
from ras_keras.detection.data.registry import load_detection
from ras_keras.detection.recipes.recipe import BoxesRecipe
from ras_keras.errors import Argument, UserError


@dataclass(frozen=True)
class PreparedBoxes:
    """A recipe's images with boxes, ready to train on.

    Attributes:
        batches: of the training images.
        train: these images.
        watched: the images evaluated after each epoch, None for none.
        test: the test images.
        class_names: one for each label.
        fingerprint: of the data set as a whole.
        notices: what whoever trains on it should be told, a sentence each.
    """

    batches: DetectionBatches
    train: AnnotatedImages
    watched: AnnotatedImages | None
    test: AnnotatedImages
    class_names: tuple[str, ...]
    fingerprint: Fingerprint
    notices: tuple[str, ...]


def load_boxes(recipe: BoxesRecipe, *, batch_size: int, seed: int) -> PreparedBoxes:
    """Loads what a recipe trains a detector and evaluates it on.

    Args:
        recipe: of the boxes.
        batch_size: images per step.
        seed: of the split, the order and the draws.

    Raises:
        UserError: if the data cannot be had or do not fit the recipe.
    """
    data = load_detection(recipe.dataset)
    train, watched, test = split(data, recipe, seed)
    return PreparedBoxes(
        DetectionBatches(train, recipe.canvas, batch_size, seed, recipe.mirror),
        train,
        watched,
        test,
        data.class_names,
        data.fingerprint(),
        data.notices,
    )


def split(
    data: DetectionData, recipe: BoxesRecipe, seed: int
) -> tuple[AnnotatedImages, AnnotatedImages | None, AnnotatedImages]:
    """The images that train, that choose the best epoch, and that test.

    Validation images are those of the test where there are no others, as on COCO; training images
    are then held out.

    Raises:
        UserError: if there is nothing to test on, or one side would have no images or no objects.
    """
    if data.test is not None and data.validation is not None:
        return data.train, data.validation, data.test
    test = data.test or data.validation
    if test is None:
        raise UserError(
            Argument("dataset", recipe.dataset),
            " has neither test nor validation images; put some of them aside.",
        )
    if recipe.validation_split == 0:
        return data.train, None, test
    return *_held_out(data.train, recipe.validation_split, seed), test


def _held_out(
    images: AnnotatedImages, share: float, seed: int
) -> tuple[AnnotatedImages, AnnotatedImages]:
    """The images that are left to train on, and those that are held out."""
    count = len(images)
    held = round(share * count)
    given = Argument("validation_split", share)
    if not 0 < held < count:
        raise UserError(
            given,
            f" leaves no images on one side of the {count} training images; choose another "
            "fraction.",
        )
    order = np.random.default_rng([seed, count]).permutation(count)
    train, watched = (images.subset(np.sort(each)) for each in (order[held:], order[:held]))
    emptied = np.flatnonzero((train.box_counts == 0) & (images.box_counts > 0))
    way_out = "; choose another fraction, or another ", Argument("seed"), "."
    if len(emptied):
        what = f" holds out every image with {images.class_names[emptied[0]]!r}"
        raise UserError(given, what, *way_out)
    if not watched.box_counts.any():
        raise UserError(given, " holds out only images without an object", *way_out)
    return dataclasses.replace(train, notices=images.notices), watched
