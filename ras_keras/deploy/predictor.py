"""A model that turns images into probabilities, whatever runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from ras_keras.class_names import check_number, read_class_names
from ras_keras.deploy.formats import format_of
from ras_keras.deploy.runtimes import open_exported
from ras_keras.errors import UserError
from ras_keras.pixels import in_pixel_units
from ras_keras.training.trained_model import TrainedModel


@dataclass(frozen=True)
class Predictor:
    """An opened model.

    Attributes:
        path: of its file or folder.
        image_shape: (H, W, channels) of its images; H and W are None where any size fits.
        class_names: one for each class; "0", "1", ... if none travelled with the model.
        predict: from raw images, 0..255, uint8 (N, H, W, channels), to probabilities,
            float32 (N, classes); one batch, all of it at once.
        model: the Keras model, None in a format that Keras does not run.
    """

    path: Path
    image_shape: tuple[int | None, int | None, int]
    class_names: tuple[str, ...]
    predict: Callable[[np.ndarray], np.ndarray]
    model: keras.Model | None = None

    def with_class_names(self, names: Sequence[str]) -> "Predictor":
        """The same model with other names for its classes.

        Raises:
            UserError: if there are more or fewer of them than classes.
        """
        check_number(self.path, names, len(self.class_names))
        return replace(self, class_names=tuple(names))


def open_predictor(
    path: str | Path, imports: Sequence[str] = (), threads: int | None = None
) -> Predictor:
    """Opens a `.keras` file, a run folder, whose best model is taken, or an exported model.

    Args:
        path: of the model.
        imports: modules that define layers of the user's.
        threads: that an exported model runs on, None for one a core; on TensorFlow it is the
            process that has threads.

    Raises:
        UserError: if it cannot be opened or takes no images.
    """
    path = Path(path)
    name = format_of(path)
    if name is not None:
        exported = open_exported(path, name, threads)
        names = class_names(path, exported.classes)
        return Predictor(
            path,
            exported.image_shape,
            names,
            lambda images: exported.predict(in_pixel_units(images)),
        )
    trained = TrainedModel.find(path)
    model = with_probabilities(trained.load(imports))
    classes = model.output_shape[-1]
    return Predictor(
        trained.path,
        model.input_shape[1:],
        class_names(trained.path, classes),
        lambda images: np.asarray(model.predict_on_batch(in_pixel_units(images))),
        model,
    )


def class_names(path: Path, classes: int) -> tuple[str, ...]:
    """The names that travel with a model, its classes' numbers if none do.

    Raises:
        UserError: if there are more or fewer of them than classes.
    """
    names = read_class_names(path) or tuple(str(number) for number in range(classes))
    check_number(path, names, classes)
    return names


def with_probabilities(model: keras.Model) -> keras.Model:
    """The model itself if it ends in a softmax, otherwise the model with one behind it.

    Raises:
        UserError: if it is no classifier of images.
    """
    inputs, outputs = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if not isinstance(inputs, tuple) or len(inputs) != 4 or inputs[-1] not in (1, 3):
        raise UserError(f"{model.name} takes {inputs} and no images of shape (N, H, W, 1 or 3).")
    if not isinstance(outputs, tuple) or len(outputs) != 2 or outputs[-1] is None:
        raise UserError(f"{model.name} returns {outputs} and not a number for each class.")
    last = model.layers[-1]
    if isinstance(last, keras.layers.Softmax) or (
        getattr(last, "activation", None) is keras.activations.softmax
    ):
        return model
    return keras.Model(
        model.input, keras.layers.Softmax(dtype="float32", name="probabilities")(model.output)
    )
