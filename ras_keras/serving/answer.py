"""What the server says to an image."""

import base64
import contextlib
import io
import math
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ras_keras.backend import devices
from ras_keras.data.files.image_decoding import (
    decode,
    decoding_memory,
    decoding_seconds,
    open_image,
)
from ras_keras.data.files.image_files import named
from ras_keras.errors import UserError
from ras_keras.explain.grad_cam import GradCam, overlay
from ras_keras.gates.gates import Gates
from ras_keras.gates.pictures import gate_heat_map
from ras_keras.inference.images import FORMATS, UnreadableImage
from ras_keras.inference.predictions import best
from ras_keras.inference.predictor import Predictor
from ras_keras.serving.map_memory import bytes_per_pixel

# Where a network takes an image of any size, its own memory is the limit, and its own time counts.
MAXIMUM_PIXELS_OF_ANY_SIZE = 1_000_000
SECONDS_A_PIXEL_OF_ANY_SIZE = 3e-6
# Of decoding one image, of which one at a time is large.
MAXIMUM_MEMORY = 660_000_000
# Images that are predicted together at most, and their bytes.
BATCH = 64
BATCH_BYTES = 32_000_000
# Of the longer side of the Grad-CAM's picture.
PICTURE_SIDE = 480
DPI = 120
NAME = "this file"


@dataclass(frozen=True)
class Read:
    """An image that was read.

    Attributes:
        pixels: as the model takes it, uint8 (H, W, channels).
        shown: as pictures show it, None if there are to be none.
    """

    pixels: np.ndarray
    shown: Any


class Answerer:
    """Answers for one model, whichever thread asks.

    Args:
        predictor: the model. One without gates or gradients answers without these pictures.
    """

    def __init__(self, predictor: Predictor):
        # Whoever asks need not know where on this machine the model is.
        self.predictor = replace(predictor, path=_last_two(predictor.path))
        self.any_size = None in predictor.image_shape
        self.maximum_pixels = _maximum_pixels(predictor.model) if self.any_size else None
        self.notes = []
        self.grad_cam = self.gates = None
        self.batch = _batch(predictor)
        self.drawing = threading.Lock()
        self.predicting = _lock_of(predictor)
        if predictor.model is None:
            self.notes.append(
                "This is an exported model, which shows neither its gates nor where it looks; "
                "serve the .keras file that it was made from to see them."
            )
            return
        try:
            self.grad_cam = GradCam(predictor.model)
        except UserError as error:
            self.notes.append(str(error))
        gates = Gates(predictor.model)
        if gates.places:
            self.gates = gates
        else:
            self.notes.append("This network has no gates, so that there is no picture of them.")

    def __call__(self, data: bytes, top: int, pictures: bool) -> dict:
        """The answer to an image, as it is sent as JSON.

        Args:
            data: of the image's file.
            top: the most classes that are named.
            pictures: whether to draw the pictures.

        Returns:
            classes, a list of objects with class and probability, the most probable one first;
            and if there are to be pictures, grad_cam and gates, each the data URL of a PNG or
            None, and notes, a list of sentences that say what is missing.

        Raises:
            UserError: for what is no image, or a model without probabilities.
        """
        image = self.read(data, pictures)
        return self.answer(image, self.predict(image.pixels[None])[0], top)

    def read(self, data: bytes, pictures: bool) -> Read:
        """Reads an image; the arguments and errors are those of a call."""
        opened = self._open(data)
        with named(NAME, FORMATS):
            image = decode(opened)
            pixels = self.predictor.pixels(image)
        with self.predicting:
            self.predictor.check_size(NAME, pixels)
        return Read(pixels, _to_picture(image) if pictures else None)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The probabilities of images of one size."""
        with self.predicting:
            return self.predictor.predict(images)

    def answer(self, image: Read, probabilities: np.ndarray, top: int) -> dict:
        """What a call returns, of an image that was read and predicted."""
        prediction = best(self.predictor, "this image", probabilities, top)
        answer = {"classes": prediction.to_json()["classes"]}
        if image.shown is not None:
            with self.drawing:
                answer["grad_cam"] = self._draw_grad_cam(image.shown, image.pixels, probabilities)
                answer["gates"] = self._draw_gates(image.pixels)
            answer["notes"] = self.notes
        return answer

    def seconds(self, data: bytes) -> float:
        """About how long the answer to an image takes, by the header of its file.

        Raises:
            UserError: for what is no image, or would take too much memory.
        """
        opened = self._open(data)
        seconds = decoding_seconds(opened, data)
        if self.any_size:
            seconds += SECONDS_A_PIXEL_OF_ANY_SIZE * opened.width * opened.height
        return seconds

    def warm_up(self) -> None:
        """Answers, so that whoever comes first waits no longer than others."""
        from PIL import Image

        # TensorFlow makes a network for any size fit for it when it meets a second one.
        sizes = [(64, 64), (48, 56)] if self.any_size else [(64, 64)]
        for size in sizes:
            stream = io.BytesIO()
            Image.new("RGB", size, "gray").save(stream, "PNG")
            self(stream.getvalue(), top=1, pictures=True)

    def _open(self, data):
        with named(NAME, FORMATS):
            opened = open_image(data, FORMATS)
        width, height = opened.size
        size = f"this image of {width}x{height} pixels is too large"
        if self.any_size and width * height > self.maximum_pixels:
            raise UnreadableImage(
                f"{size} for a network that takes images as they are; make it smaller than "
                f"{self.maximum_pixels:,} pixels."
            )
        # Stretched in the one direction and not yet in the other.
        stretched = 4 * height * (self.predictor.image_shape[1] or 0)
        if decoding_memory(opened) + stretched > MAXIMUM_MEMORY:
            raise UnreadableImage(
                f"{size}: as {opened.format} it takes more than {MAXIMUM_MEMORY // 10**6} MB to "
                "decode; make it smaller, or save it as PNG."
            )
        return opened

    def _draw_grad_cam(self, shown, pixels, probabilities):
        if self.grad_cam is None:
            return None
        from PIL import Image

        cam = self.grad_cam(pixels[None], int(probabilities.argmax()))[0]
        cam = Image.fromarray(cam).resize(shown.size, Image.Resampling.BILINEAR)
        picture = io.BytesIO()
        Image.fromarray(overlay(np.asarray(shown), np.asarray(cam))).save(picture, "PNG")
        return _data_url(picture)

    def _draw_gates(self, pixels):
        if self.gates is None:
            return None
        gates = [v[0] for v in self.gates(pixels[None])]
        figure = gate_heat_map(self.gates.places, gates, "")
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=DPI)
        return _data_url(picture)


def _data_url(png: io.BytesIO) -> str:
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def _to_picture(image):
    """An image as it came, which shows more than what the network is given."""
    from PIL import Image

    scale = PICTURE_SIDE / max(image.size)
    size = tuple(max(1, round(scale * side)) for side in image.size)
    sampling = Image.Resampling
    return image.resize(size, sampling.NEAREST if scale > 1 else sampling.LANCZOS)


def _maximum_pixels(model):
    if model is None:
        return MAXIMUM_PIXELS_OF_ANY_SIZE
    return min(MAXIMUM_PIXELS_OF_ANY_SIZE, int(MAXIMUM_MEMORY / bytes_per_pixel(model)))


def _last_two(path):
    """A file and its folder, as a run is known by."""
    return Path(path.parent.name, path.name)


def _batch(predictor):
    """How many images are predicted together at most."""
    # Of any size, memory is that of one image.
    if None in predictor.image_shape or _is_traced_anew(predictor):
        return 1
    return min(BATCH, max(1, BATCH_BYTES // math.prod(predictor.image_shape)))


def _is_traced_anew(predictor):
    """Whether another number of images is another program, as for XLA."""
    if predictor.model is None:
        return False
    return keras.backend.backend() != "tensorflow" or bool(devices.gpus())


def _lock_of(predictor):
    """A lock, where a model must not be called by two threads at a time."""
    if predictor.model is None or keras.backend.backend() == "tensorflow":
        return contextlib.nullcontext()
    return threading.Lock()
