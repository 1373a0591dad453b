"""The images and maps that a model makes, which are bounded before any is made."""

import math
from collections.abc import Iterator

import keras

from ras_keras.errors import UserError

# Numbers in one image or map: 1 GiB of float32.
LARGEST_MAP = 2**28
# A window may be larger than a small map, as CBAM's 7x7 is than its last ones.
LARGEST_WINDOW = 64


def check_shapes(each: dict) -> None:
    """Refuses shapes in a configuration that no memory holds.

    Args:
        each: any dict of it.

    Raises:
        UserError: naming the shape, without the file.
    """
    for key, value in each.items():
        for shape in _shapes(value) if "shape" in key else ():
            _check_map(shape)


def check_maps(path, model: keras.Model) -> None:
    """Refuses a model whose maps are larger than its configuration says, or than its windows.

    Raises:
        UserError: naming the first one at fault.
    """
    try:
        for each in model._flatten_layers():
            # A functional model has operations that are no layers.
            for called in (each, *getattr(each, "operations", ())):
                for node in called._inbound_nodes:
                    for tensor in node.output_tensors:
                        _check_map([size or 1 for size in tensor.shape])
                    if node.input_tensors:
                        _check_window(called, node.input_tensors[0].shape)
    except UserError as error:
        raise UserError(f"{path} {error}") from error


def _check_map(shape):
    if math.prod(max(1, size) for size in shape) > LARGEST_MAP:
        raise UserError(
            f"is refused: it asks for images or maps of shape {str(tuple(shape))[:80]}, more than "
            f"{LARGEST_MAP:,} numbers each."
        )


def _check_window(layer, shape):
    """Holds what a convolution or a pooling looks at against the map that it looks at.

    To reach beyond a map it is padded, and a map of zeros takes memory as any other.
    """
    dilation = max(_sizes(layer, "dilation_rate"), default=1)
    for name in ("kernel_size", "pool_size"):
        reach = max((dilation * (size - 1) + 1 for size in _sizes(layer, name)), default=1)
        largest = max((size for size in shape if size), default=LARGEST_WINDOW)
        if reach > max(LARGEST_WINDOW, 2 * largest):
            raise UserError(
                f"is refused: {name} in {layer.name!r:.80} reaches over {reach:,} places of a map "
                f"of shape {tuple(shape)}."
            )


def _sizes(layer, name) -> list[int]:
    value = getattr(layer, name, None)
    value = value if isinstance(value, list | tuple) else [value]
    return [size for size in value if isinstance(size, int)]


def _shapes(value) -> Iterator[list[int]]:
    """The sizes in a shape, or in each shape of a list or dict of them."""
    values = list(value.values()) if isinstance(value, dict) else value
    if isinstance(values, list):
        sizes = [item for item in values if isinstance(item, int)]
        if sizes:
            yield sizes
        for item in values:
            if isinstance(item, list | dict):
                yield from _shapes(item)
