"""What the server says to an image."""

import base64
import io
import threading

import numpy as np

from ras_keras.deploy.images import UnreadableImage, read_image
from ras_keras.deploy.predictions import best
from ras_keras.deploy.predictor import Predictor
from ras_keras.errors import UserError
from ras_keras.explain.gate_pictures import gate_heat_map
from ras_keras.explain.grad_cam import GradCam, overlay
from ras_keras.training.gates import Gates

# Where a network takes an image of any size, its own memory is the limit.
MAXIMUM_PIXELS_OF_ANY_SIZE = 1_000_000
# Of the longer side of the Grad-CAM's picture.
PICTURE_SIDE = 480
DPI = 120


class Answerer:
    """Answers for one model, one image at a time, whichever thread asks.

    Args:
        predictor: the model. One without gates or gradients answers without these pictures.
    """

    def __init__(self, predictor: Predictor):
        self.predictor = predictor
        self.notes = []
        self.grad_cam = self.gates = None
        self.lock = threading.Lock()
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
        with self.lock:
            image = self._read(data, self.predictor.image_shape)
            probabilities = self.predictor.predict(image[None])[0]
            prediction = best(self.predictor, "this image", probabilities, top)
            answer = {"classes": prediction.to_json()["classes"]}
            if pictures:
                answer["grad_cam"] = self._draw_grad_cam(data, image, probabilities)
                answer["gates"] = self._draw_gates(image)
                answer["notes"] = self.notes
            return answer

    def warm_up(self) -> None:
        """Answers once, so that whoever comes first waits no longer than others."""
        from PIL import Image

        stream = io.BytesIO()
        Image.new("RGB", (64, 64), "gray").save(stream, "PNG")
        self(stream.getvalue(), top=1, pictures=True)

    def _read(self, data, image_shape) -> np.ndarray:
        stream = io.BytesIO(data)
        stream.name = "this file"
        image = read_image(stream, image_shape)
        height, width, _ = image.shape
        if None in image_shape and height * width > MAXIMUM_PIXELS_OF_ANY_SIZE:
            raise UnreadableImage(
                f"this image of {width}x{height} pixels is too large for a network that takes "
                f"images as they are; make it smaller than {MAXIMUM_PIXELS_OF_ANY_SIZE:,} pixels."
            )
        return image

    def _draw_grad_cam(self, data, image, probabilities):
        if self.grad_cam is None:
            return None
        from PIL import Image

        cam = self.grad_cam(image[None], int(probabilities.argmax()))[0]
        # Over the image as it came, which shows more than what the network is given.
        stream = io.BytesIO(data)
        shown = Image.fromarray(read_image(stream, (None, None, 3)))
        scale = PICTURE_SIDE / max(shown.size)
        size = tuple(max(1, round(scale * side)) for side in shown.size)
        sampling = Image.Resampling
        shown = shown.resize(size, sampling.NEAREST if scale > 1 else sampling.LANCZOS)
        cam = Image.fromarray(cam).resize(size, sampling.BILINEAR)
        picture = io.BytesIO()
        Image.fromarray(overlay(np.asarray(shown), np.asarray(cam))).save(picture, "PNG")
        return _data_url(picture)

    def _draw_gates(self, image):
        if self.gates is None:
            return None
        gates = [v[0] for v in self.gates(image[None])]
        figure = gate_heat_map(self.gates.places, gates, "")
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=DPI)
        return _data_url(picture)


def _data_url(png: io.BytesIO) -> str:
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
