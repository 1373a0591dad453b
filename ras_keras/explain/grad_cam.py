"""Grad-CAM: the places of an image that speak for a class."""

import keras
import numpy as np
from keras import ops

from ras_keras.backend.keras_graph import Place, flattened, sources
from ras_keras.backend.recursion import deep_graphs
from ras_keras.errors import UserError
from ras_keras.outputs.heads import TwoClasses
from ras_keras.outputs.one_image import one_image_model
from ras_keras.outputs.scores import is_activation, keeps_numbers


class GradCam:
    """Gradient-weighted class activation maps of one network.

        a   = mean over places of dz / dA          a weight for each channel
        CAM = relu(sum over channels of a * A)     a number for each place

    A is the last map of the network, before it is pooled or flattened, found by walking back from
    its output, into models within the model; z is the logit of a class. The logit and not the
    probability: a softmax that is sure of its class has a gradient of nearly 0 and mixes all other
    classes into it, so z is computed anew from the kernel of the last dense layer. One unit, of two
    classes, has the logits -z and z.

    Args:
        model: a functional or sequential classifier of images, channels last. It may end in a dense
            layer with any activation or none, with a softmax or sigmoid behind it; of any other end
            the output itself takes the place of z.

    Raises:
        UserError: if it has not exactly one last map, or Keras runs on a backend whose gradients
            are not known here.

    Source: arXiv 1610.02391, Eqs. (1) and (2).
    """

    @deep_graphs()
    def __init__(self, model: keras.Model):
        if keras.backend.backend() not in _GRADIENTS:
            raise UserError(
                f"Grad-CAM has no gradients on the backend {keras.backend.backend()}; set "
                f"KERAS_BACKEND to one of {', '.join(_GRADIENTS)}."
            )
        model = flattened(one_image_model(model))
        end, self.classifier = _before_classifier(Place(model.outputs[0]))
        last = _last_map(model, end)
        self.maps = keras.Model(model.inputs[0], last)
        self.head = keras.Model(last, end)

    def __call__(self, images: np.ndarray, classes: np.ndarray | int | None = None) -> np.ndarray:
        """The maps of a batch, float32 (N, H, W) at the images' resolution.

        The highest place of an image is 1, and 0 is what does not speak for the class. Where
        nothing does, all of it is 0.

        Args:
            images: raw, 0..255, (N, H, W, channels).
            classes: of each image, or one for all; None for the most probable one.
        """
        maps = ops.cast(self.maps.predict_on_batch(images), "float32")
        if classes is None:
            classes = ops.argmax(self._logits(self.head(maps)), axis=-1)
        classes = ops.broadcast_to(ops.cast(classes, "int32"), (len(images),))
        gradient = _GRADIENTS[keras.backend.backend()](self.head, self._logits, maps, classes)
        weights = ops.mean(gradient, axis=(1, 2), keepdims=True)
        cam = ops.relu(ops.sum(weights * maps, axis=-1, keepdims=True))
        cam = ops.image.resize(
            cam, images.shape[1:3], interpolation="bilinear", data_format="channels_last"
        )
        cam = ops.convert_to_numpy(cam)[..., 0]
        highest = cam.max(axis=(1, 2), keepdims=True)
        return np.divide(cam, highest, out=np.zeros_like(cam), where=highest > 0)

    def _logits(self, end):
        end = ops.cast(end, "float32")
        if self.classifier is not None:
            end = ops.matmul(end, ops.cast(self.classifier.kernel, "float32"))
            if self.classifier.bias is not None:
                end += ops.cast(self.classifier.bias, "float32")
        return ops.concatenate([-end, end], axis=-1) if end.shape[-1] == 1 else end


def grad_cam(
    model: keras.Model, images: np.ndarray, classes: np.ndarray | int | None = None
) -> np.ndarray:
    """`GradCam(model)(images, classes)`, for one batch."""
    return GradCam(model)(images, classes)


def overlay(image: np.ndarray, cam: np.ndarray) -> np.ndarray:
    """An image with its map over it, dark blue for 0 and red for 1: uint8 (H, W, 3).

    Args:
        image: uint8 (H, W, 1 or 3).
        cam: (H, W), in 0..1.
    """
    from matplotlib import colormaps

    colours = 255 * colormaps["turbo"](cam)[..., :3]
    return np.round(0.55 * image + 0.45 * colours).astype("uint8")


def _before_classifier(place):
    """The tensor that goes into the last dense layer, and that layer; else the logits and None."""
    while True:
        operation, inputs = place.origin()
        if len(inputs) != 1 or len(inputs[0].tensor.shape) != 2:
            return place.tensor, None
        if isinstance(operation, keras.layers.Dense):
            return inputs[0].tensor, operation
        if not (
            isinstance(operation, TwoClasses)
            or is_activation(operation)
            or keeps_numbers(operation, place, inputs)
        ):
            return place.tensor, None
        (place,) = inputs


def _last_map(model, tensor):
    """The one map, of more than one place, that everything up to `tensor` is computed from."""
    found, open_ends = {}, [tensor]
    while open_ends:
        tensor = open_ends.pop()
        if len(tensor.shape) == 4 and tuple(tensor.shape[1:3]) != (1, 1):
            found[id(tensor)] = tensor
        else:
            open_ends += sources(tensor)
    images = {id(tensor) for tensor in model.inputs}
    if len(found) != 1 or found.keys() <= images:
        raise UserError(
            f"{model.name} has {len(found.keys() - images)} last maps and Grad-CAM needs one: a "
            "convolutional network whose last map is pooled or flattened into its classifier."
        )
    return next(iter(found.values()))


def _tensorflow_gradient(head, logits, maps, classes):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(maps)
        chosen = tf.gather(logits(head(maps)), classes, batch_dims=1)
    return tape.gradient(chosen, maps)


def _jax_gradient(head, logits, maps, classes):
    import jax

    variables = [
        [variable.value for variable in group]
        for group in (head.trainable_variables, head.non_trainable_variables)
    ]

    def chosen(maps):
        end, _ = head.stateless_call(*variables, maps, training=False)
        return ops.sum(ops.take_along_axis(logits(end), classes[:, None], axis=1))

    return jax.grad(chosen)(maps)


def _torch_gradient(head, logits, maps, classes):
    import torch

    maps = maps.detach().requires_grad_()
    chosen = ops.take_along_axis(logits(head(maps)), classes[:, None], axis=1)
    (gradient,) = torch.autograd.grad(ops.sum(chosen), maps)
    return gradient


_GRADIENTS = {
    "tensorflow": _tensorflow_gradient,
    "jax": _jax_gradient,
    "torch": _torch_gradient,
}
