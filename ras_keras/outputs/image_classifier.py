"""Any model of classes as one from images to probabilities, whatever it returns itself."""

from dataclasses import dataclass

import keras
import numpy as np

from ras_keras.backend.keras_graph import maker
from ras_keras.backend.recursion import deep_graphs
from ras_keras.errors import UserError
from ras_keras.outputs.heads import TwoClasses, head_of
from ras_keras.outputs.made_images import made_images
from ras_keras.outputs.one_image import one_image_model
from ras_keras.outputs.scores import Scores, of_graph, of_loss, of_numbers

# Below it the logarithm of a probability is not compared: what float32 loses before it
# underflows, and what it loses of 1 - p.
LEAST, LEAST_OF_TWO = 1e-30, 1e-3


@dataclass(frozen=True)
class ImageClassifier:
    """A model from images to probabilities.

    Attributes:
        model: functional, from images (N, H, W, channels) to probabilities (N, classes).
        exclusive: whether a class excludes the others, so that probabilities add up to 1.
        least: the probability down to which its logarithm is right.
        notices: what a user should know of how its output was read, a line each.
    """

    model: keras.Model
    exclusive: bool = True
    least: float = LEAST
    notices: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        return self.model.output_shape[-1]


@deep_graphs()
def image_classifier(model: keras.Model) -> ImageClassifier:
    """What a model says of images, as probabilities.

    What its output is, is seen in its layers, also in those of models within it, and in the loss
    that it was compiled with. A softmax's are left alone, logits get a softmax. One sigmoid unit
    is two classes, 1 - p and p, as Keras numbers the labels 0 and 1; several are left alone. Where
    the layers do not tell, as in a subclassed model, the numbers for made images decide, and a
    notice says so.

    Args:
        model: functional, sequential or subclassed, of one image and one output, which may stand in
            a list or dict.

    Raises:
        UserError: if it is no classifier of images, or what its output is cannot be told.
    """
    loss = of_loss(model)
    model = one_image_model(model)
    inputs, outputs = model.input_shape, model.output_shape
    if len(inputs) != 4 or inputs[-1] not in (1, 3):
        raise UserError(f"{model.name} takes {inputs} and no images of shape (N, H, W, 1 or 3).")
    if len(outputs) != 2 or outputs[-1] is None:
        raise UserError(f"{model.name} returns {outputs} and not a number for each class.")
    (output,), units = model.outputs, outputs[-1]
    made = maker(output)
    if isinstance(made, TwoClasses):
        return ImageClassifier(model, least=LEAST if made.from_logits else LEAST_OF_TWO)
    notices: tuple[str, ...] = ()
    scores = of_graph(output)
    if scores is None:
        numbers = model.predict_on_batch(made_images(inputs[1:]))
        scores, notices = read_numbers(model.name, numbers, loss)
    elif scores is Scores.LOGITS and loss is Scores.BINARY_LOGITS:
        scores = loss
    check_units(model.name, scores, units)
    head = head_of(scores, units)
    if head is not None:
        model = keras.Model(model.inputs[0], head(output), name=model.name)
    least = LEAST_OF_TWO if scores is Scores.BINARY and units == 1 else LEAST
    exclusive = not scores.binary or units == 1
    if not exclusive:
        notices = (*notices, independent(model.name, units))
    return ImageClassifier(model, exclusive, least, notices)


def read_numbers(
    name: str, numbers: np.ndarray, loss: Scores | None = None
) -> tuple[Scores, tuple[str, ...]]:
    """What numbers (N, units) for made images are, and a notice unless the loss knows it.

    Args:
        name: of the model.
        numbers: that it returned.
        loss: what they are to the loss that it was compiled with, None if that is not known.
    """
    numbers = np.asarray(numbers, "float32")
    scores, one = of_numbers(numbers), numbers.shape[1] == 1
    if loss in (Scores.LOGITS, Scores.BINARY_LOGITS):
        scores = loss
    elif one and scores is Scores.PROBABILITIES:
        scores = Scores.BINARY
    if scores is loss:
        return scores, ()
    what = "the probability of the second of two classes" if one else scores.value
    return scores, (
        f"{name} does not say what it returns; by its numbers for made images they are {what}",
    )


def independent(name: str, classes: int) -> str:
    """The notice of a model whose classes do not exclude each other."""
    return (
        f"{name} returns a probability for each of {classes} classes by itself; they do not add up "
        "to 1"
    )


def check_units(name: str, scores: Scores, units: int) -> None:
    """Refuses one number for an image that is none of two classes.

    Raises:
        UserError: saying why.
    """
    if units > 1 or scores.binary:
        return
    if scores is Scores.PROBABILITIES:
        raise UserError(f"{name} ends in a softmax of one unit, which is always 1; use a sigmoid.")
    raise UserError(
        f"{name} returns one number for an image, without a sigmoid, and was not compiled with "
        "BinaryCrossentropy(from_logits=True), by which it would be the logit of two classes; "
        "give it a sigmoid or compile it so."
    )
