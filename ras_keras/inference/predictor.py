"""A model that turns images into probabilities, whatever runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import keras
import numpy as np

from ras_keras.backend import devices
from ras_keras.data.encoded.forms import Centre
from ras_keras.data.files.image_decoding import to_pixels
from ras_keras.data.files.image_files import UnreadableImage, read_image
from ras_keras.errors import first_line
from ras_keras.inference.execution_plan import PIXELS_OF_TENSORFLOW, ExecutionPlan
from ras_keras.inference.exported import open_exported
from ras_keras.inference.formats import format_of
from ras_keras.inference.streams import Streams
from ras_keras.outputs import image_classifier
from ras_keras.outputs.class_names import check_number, read_class_names
from ras_keras.outputs.image_classifier import LEAST
from ras_keras.pixels import in_pixel_units
from ras_keras.pretrained import shipped_file
from ras_keras.runs.trained_model import TrainedModel, recipe_beside


@dataclass(frozen=True)
class Predictor:
    """An opened model.

    Attributes:
        path: of its file or folder.
        image_shape: (H, W, channels) of its images; H and W are None where any size fits.
        class_names: one for each class; "0", "1", ... if none travelled with the model.
        predict: from raw images, 0..255, uint8 (N, H, W, channels), to probabilities,
            float32 (N, classes).
        model: the Keras model, from images to probabilities; None in a format that Keras does not
            run.
        exclusive: whether a class excludes the others, so that probabilities add up to 1.
        least: the probability down to which its logarithm is right.
        notices: what a user should know of how the model's output was read, a line each.
        middle: the part of an image that is taken, as by the run of the model; None stretches
            images.
        batch_multiple: images to a multiple of which a smaller batch is best filled up, because
            calls of other sizes are traced anew; 1 where that costs nothing, None where every batch
            is to be as large as the first one.
    """

    path: Path
    image_shape: tuple[int | None, int | None, int]
    class_names: tuple[str, ...]
    predict: Callable[[np.ndarray], np.ndarray]
    model: keras.Model | None = None
    exclusive: bool = True
    least: float = LEAST
    notices: tuple[str, ...] = ()
    middle: Centre | None = None
    batch_multiple: int | None = None
    # Of a network of any size: what is wrong with those sizes that were tried, "" for nothing.
    _sizes: dict[tuple[int, int], str] = field(default_factory=dict, compare=False)

    def read(self, source: Path | BinaryIO) -> np.ndarray:
        """Reads an image as the model takes it: uint8 (H, W, channels).

        Raises:
            UnreadableImage: naming the file; also for a size that the network cannot take.
        """
        pixels = self.read_unchecked(source)
        self.check_size(str(source), pixels)
        return pixels

    def read_unchecked(self, source: Path | BinaryIO) -> np.ndarray:
        """Reads an image likewise, of whatever size it is.

        Raises:
            UnreadableImage: naming the file.
        """
        return self._middle(read_image(source, self._shape_read))

    def pixels(self, image) -> np.ndarray:
        """A decoded image of Pillow's as the model takes it: uint8 (H, W, channels)."""
        return self._middle(to_pixels(image, self._shape_read))

    @property
    def _shape_read(self):
        channels = self.image_shape[2]
        return self.image_shape if self.middle is None else (None, None, channels)

    def _middle(self, pixels):
        return pixels if self.middle is None else self.middle.of_pixels(pixels).numpy()

    def check_size(self, name: str, image: np.ndarray) -> None:
        """Refuses an image whose size a network of any size cannot take; each size is tried once.

        Args:
            name: of the image.
            image: uint8 (H, W, channels).

        Raises:
            UnreadableImage: naming the image and the size.
        """
        if None not in self.image_shape[:2]:
            return
        height, width = size = image.shape[:2]
        if size not in self._sizes:
            self._sizes[size] = ""
            try:
                self.predict(image[None])
            # Each runtime fails in its own way.
            except Exception as error:
                self._sizes[size] = first_line(error)
        if self._sizes[size]:
            raise UnreadableImage(
                f"{name} has {width}x{height} pixels, which {self.path} cannot take "
                f"({self._sizes[size]}); resize it."
            )

    def with_class_names(self, names: Sequence[str]) -> "Predictor":
        """The same model with other names for its classes.

        Raises:
            UserError: if there are more or fewer of them than classes.
        """
        check_number(self.path, names, len(self.class_names))
        return replace(self, class_names=tuple(names))


def open_predictor(
    path: str | Path, imports: Sequence[str] = (), plan: ExecutionPlan | None = None
) -> Predictor:
    """Opens a `.keras` file, a run folder, whose best model is taken, or an exported model.

    Args:
        path: of the model, or the name of one of the package.
        imports: modules that define layers of the user's.
        plan: how it uses the cores, None for one stream a core; streams of TensorFlow share the
            threads of the process. Keras computes in the precision of the model, and is given
            whole batches on other backends, on a GPU, and of images of any size.

    Raises:
        UserError: if it cannot be opened or takes no images.
    """
    path = shipped_file(path) or Path(path)
    name = format_of(path)
    if name is not None:
        exported = open_exported(path, name, plan)
        return Predictor(
            path,
            exported.image_shape,
            class_names(path, exported.classes),
            exported.predict,
            exclusive=exported.exclusive,
            notices=exported.notices,
            middle=_middle_of_run(path, exported.image_shape),
            batch_multiple=1,
        )
    trained = TrainedModel.find(path)
    classifier = image_classifier(trained.load(imports))
    model = classifier.model
    run, batch_multiple = _of_keras(model, plan or ExecutionPlan())
    return Predictor(
        trained.path,
        model.input_shape[1:],
        class_names(trained.path, classifier.classes),
        lambda images: run(in_pixel_units(images)),
        model,
        classifier.exclusive,
        classifier.least,
        classifier.notices,
        _middle_of_run(trained.path, model.input_shape[1:]),
        batch_multiple,
    )


def _of_keras(
    model: keras.Model, plan: ExecutionPlan
) -> tuple[Callable[[np.ndarray], np.ndarray], int | None]:
    """Predicts by a Keras model; with TensorFlow on a CPU in micro-batches side by side.

    Also returns what `Predictor.batch_multiple` says.
    """

    def run(images):
        return np.asarray(model.predict_on_batch(images), "float32")

    _, height, width, _ = model.input_shape
    if keras.backend.backend() != "tensorflow" or devices.gpus() or not (height and width):
        return run, None
    resolved = plan.resolved(height, width, PIXELS_OF_TENSORFLOW)
    streams = Streams([run] * resolved.streams, resolved.micro_batch)
    return streams, resolved.streams * resolved.micro_batch


def _middle_of_run(path: Path, image_shape) -> Centre | None:
    """What the run that a model lies in takes of images, where it is not all of them."""
    recipe = recipe_beside(path)
    data = None if recipe is None else recipe.data
    if data is None or data.image_size is None or data.evaluation_resize is None:
        return None
    if (data.image_size, data.image_size) != tuple(image_shape[:2]):
        return None
    return Centre(data.evaluation_resize, data.image_size)


def class_names(path: Path, classes: int) -> tuple[str, ...]:
    """The names that travel with a model, its classes' numbers if none do.

    Raises:
        UserError: if there are more or fewer of them than classes.
    """
    names = read_class_names(path) or tuple(str(number) for number in range(classes))
    check_number(path, names, classes)
    return names
