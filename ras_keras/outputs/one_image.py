"""A model as a function of one image to one vector, whatever its inputs and outputs are called."""

import keras

from ras_keras.backend.keras_graph import is_graph
from ras_keras.backend.recursion import deep_graphs
from ras_keras.errors import UserError, first_line


@deep_graphs()
def one_image_model(model: keras.Model) -> keras.Model:
    """A functional model from images, (N, H, W, channels) with any N, to one tensor.

    Args:
        model: functional, sequential or subclassed; the only input and the only output may stand
            in a list or dict.

    Returns:
        The model itself if it is one; a subclassed model is one operation of it.

    Raises:
        UserError: naming the inputs or outputs if there are several, or the size of its batches
            if it takes no other.
    """
    if not is_graph(model):
        return _called(model)
    _check_one(model, "inputs", [tensor.name for tensor in model.inputs])
    _check_one(model, "outputs", getattr(model, "output_names", None) or model.outputs)
    (images,), (output,) = model.inputs, model.outputs
    structured = not all(
        isinstance(getattr(model, name, None), keras.KerasTensor) for name in ("input", "output")
    )
    if structured or isinstance(model, keras.Sequential):
        model = keras.Model(images, output, name=model.name)
    return model if images.shape[0] is None else _of_any_batch(model)


def _check_one(model, what, names):
    if len(names) != 1:
        raise UserError(
            f"{model.name} has {len(names)} {what}, {', '.join(map(str, names))}, where one is "
            "expected: images in, a number for each class out. Make a model of these two."
        )


def _of_any_batch(model):
    """The same, of images in batches of any size."""
    (images,) = model.inputs
    size = images.shape[0]
    again = keras.Input(images.shape[1:], dtype=images.dtype, name=images.name)
    try:
        output = model(again)
    # What an operation makes of another size is its own affair.
    except Exception as error:
        raise UserError(_only_of(model, size, f" ({first_line(error)})")) from error
    if output.shape[0] is not None:
        raise UserError(_only_of(model, size))
    return keras.Model(again, output, name=model.name)


def _only_of(model, size, reason=""):
    return (
        f"{model.name} works on batches of {size} images alone{reason}; build it with a batch of "
        "any size, without `batch_shape` and numbers for it in a reshape."
    )


def _called(model):
    """A model with a `call` of its own, called on the shape that it was built with."""
    shape = (model.get_build_config() or {}).get("input_shape")
    try:
        # The first batch says nothing of others.
        inputs = _structure(shape)
        flat = keras.tree.flatten(inputs)
        _check_one(model, "inputs", [tensor.name for tensor in flat])
        outputs = keras.tree.flatten(model(inputs))
        _check_one(model, "outputs", [tensor.name for tensor in outputs])
        return keras.Model(flat[0], outputs[0], name=model.name)
    except UserError:
        raise
    # A model of the user's may fail in any way.
    except Exception as error:
        raise UserError(
            f"{model.name} cannot be called on the shape that it was built with, {shape} "
            f"({first_line(error)}); call it on images once before it is saved."
        ) from error


def _structure(shape):
    """Symbolic inputs for a shape, or for the shapes in a list or dict."""
    if isinstance(shape, dict):
        return {name: _structure(each) for name, each in shape.items()}
    if isinstance(shape, list | tuple) and any(isinstance(each, list | tuple) for each in shape):
        return [_structure(each) for each in shape]
    return keras.Input(tuple(shape[1:]), name="images")
