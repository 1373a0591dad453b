"""How right a model of any format is on a test set."""

import numpy as np
from tqdm import tqdm

from ras_keras.data import Images
from ras_keras.inference.predictor import Predictor
from ras_keras.training import Evaluation
from ras_keras.training.evaluation import check_classes, check_images

BATCH_SIZE = 128


def accuracy(predictor: Predictor, images: Images, what: str) -> float:
    """The share of images whose label is the most probable class.

    Args:
        predictor: of any format.
        images: with their labels.
        what: is measured, for the progress bar.
    """
    classes = len(predictor.class_names)
    return evaluate_predictor(predictor, images, classes, BATCH_SIZE, what).accuracy


def evaluate_predictor(
    predictor: Predictor, images: Images, classes: int, batch_size: int, what: str = "evaluating"
) -> Evaluation:
    """As `ras_keras.training.evaluate`, by a model of any format.

    Raises:
        UserError: if it takes other images or has another number of classes.
    """
    check_images(predictor.image_shape, images)
    check_classes(len(predictor.class_names), classes)
    starts = tqdm(range(0, len(images), batch_size), desc=what, leave=False)
    parts = [predictor.predict(images.images[start : start + batch_size]) for start in starts]
    return Evaluation(images.labels, np.concatenate(parts), predictor.exclusive)
