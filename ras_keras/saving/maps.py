"""The images and maps that a model makes, which are bounded before any is made."""

import inspect
import math
from collections.abc import Iterator

import keras

from ras_keras.backend.keras_graph import all_layers, built_shape, calls
from ras_keras.errors import UserError

# Numbers in one image or map: 1 GiB of float32.
LARGEST_MAP = 2**28
# Images that a model takes at once, where it is made for a fixed number of them.
LARGEST_BATCH = 2**12


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
        for each in all_layers(model):
            # A functional model has operations that are no layers.
            for called in (each, *getattr(each, "operations", ())):
                for node in calls(called):
                    for tensor in node.output_tensors:
                        _check_map(tensor.shape)
                    if node.input_tensors:
                        _check_windows(called, _called_with(called, node))
            # One in a wrapper has no node.
            shape = built_shape(each)
            if not calls(each) and _is_shape(shape):
                _check_windows(each, [shape])
    except UserError as error:
        raise UserError(f"{path} {error}") from error


def _check_map(shape):
    batch, *sizes = (max(1, size or 1) for size in (*shape, 1))
    if math.prod(sizes) * (1 if batch <= LARGEST_BATCH else batch) > LARGEST_MAP:
        raise UserError(
            f"is refused: it asks for images or maps of shape {str(tuple(shape))[:80]}, more than "
            f"{LARGEST_MAP:,} numbers each."
        )


def _check_windows(called, shapes):
    """Bounds a map with the zeros around it by which a convolution or a pooling reaches beyond it.

    Zeros take memory as other numbers do. What has no size yet is taken for one place.

    Args:
        called: a layer or an operation.
        shapes: of the map, and of the kernel that an operation is given.
    """
    map_shape, rank = shapes[0], len(shapes[0]) - 2
    windows = {name: getattr(called, name, None) for name in ("kernel_size", "pool_size")}
    if len(shapes) > 1:
        windows["kernel"] = shapes[1][:rank]
    for name, window in windows.items():
        window = _sizes(window, rank)
        if not window or len(map_shape) <= len(window):
            continue
        # The axes before the channels, or behind them; a batch, or steps, are further ahead.
        if _channels_first(called):
            channels, places = map_shape[-len(window) - 1], map_shape[-len(window) :]
        else:
            channels, places = map_shape[-1], map_shape[-len(window) - 1 : -1]
        dilation = _sizes(getattr(called, "dilation_rate", 1), len(window))
        if len(dilation) != len(window):
            continue
        reach = [rate * (size - 1) + 1 for size, rate in zip(window, dilation, strict=True)]
        padded = [(size or 1) + more - 1 for size, more in zip(places, reach, strict=True)]
        if math.prod(padded) * (channels or 1) > LARGEST_MAP:
            raise UserError(
                f"is refused: {name} in {called.name!r:.80} reaches over {max(reach):,} places of "
                f"a map of shape {tuple(map_shape)}, which is too large with zeros around it."
            )


def _is_shape(value) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(size, int | None) for size in value)


def _channels_first(called) -> bool:
    given = getattr(called, "data_format", None)
    return (given or keras.config.image_data_format()) == "channels_first"


def _sizes(value, rank) -> list[int]:
    """A size for each axis, none for what is no size."""
    value = list(value) if isinstance(value, list | tuple) else [value] * max(0, rank)
    return value if all(isinstance(size, int) for size in value) else []


def _called_with(called, node) -> list[tuple]:
    """The shapes of the map that was looked at, and of the kernel if the call names one."""
    if isinstance(called, keras.Layer) or not hasattr(called, "dilation_rate"):
        return [tensor.shape for tensor in node.input_tensors[:1]]
    arguments = inspect.signature(called.call).bind(*node.arguments.args, **node.arguments.kwargs)
    given = keras.tree.flatten(list(arguments.arguments.values()))
    return [tuple(each.shape) for each in given if hasattr(each, "shape")]


def _shapes(value) -> Iterator[list[int | None]]:
    """The sizes in a shape, or in each shape of a list or dict of them."""
    values = list(value.values()) if isinstance(value, dict) else value
    if isinstance(values, list):
        sizes = [item for item in values if isinstance(item, int | None)]
        if sizes:
            yield sizes
        for item in values:
            if isinstance(item, list | dict):
                yield from _shapes(item)
