"""The memory that a network for images of any size takes for an image."""

import math

import keras

from ras_keras.backend.keras_graph import Graph
from ras_keras.backend.recursion import deep_graphs

# Of the image that the network is asked about; strides divide it.
SIDE = 64
# That are there at once; three of ResNet(11) were measured.
MAPS = 3
FLOAT = 4


@deep_graphs()
def bytes_per_pixel(model: keras.Model) -> float:
    """The bytes of three of the largest maps of a network, for each pixel of an image.

    Args:
        model: a functional network for images of any size. Of a model inside it, what it returns
            is counted.
    """
    functional = keras.Model(model.inputs, model.outputs)
    maps = [tensor for tensor in Graph(functional).tensors if len(tensor.shape) == 4]
    channels = model.input_shape[-1]
    found = keras.Function(functional.inputs, maps).compute_output_spec(
        [keras.KerasTensor((1, SIDE, SIDE, channels))]
    )
    largest = max((math.prod(each.shape) for each in found), default=0) / SIDE**2
    return MAPS * FLOAT * max(largest, channels)
