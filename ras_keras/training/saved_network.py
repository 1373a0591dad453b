"""The network of a recipe that is that of a file."""

import keras

from ras_keras.backend.keras_graph import all_layers
from ras_keras.errors import Argument, ArgumentError, UserError
from ras_keras.insertion.other_classes import NetworkForOtherClasses, for_other_classes
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.recipes.resolving import given
from ras_keras.runs.trained_model import TrainedModel


def saved_network(network: NetworkRecipe, classes: int) -> NetworkForOtherClasses:
    """The network in the file of weights, for other classes, with the attention of the recipe.

    Args:
        network: of the family `SAVED`, with weights.
        classes: of the data.

    Raises:
        UserError: for a damaged file, and one whose network is none of these.
        ArgumentError: for an option that does not fit, as `add_attention` says it.
    """
    trained = TrainedModel.find(given(network.weights))
    arguments = network.arguments()
    options = {
        name: arguments[name] for name in ("attention", "attention_config", "where", "start")
    }
    model = trained.load(network.imports)
    # As a network that is built here; one that was saved with frozen layers is trained whole.
    for layer in all_layers(model):
        layer.trainable = True
    try:
        return for_other_classes(model, classes, **options)
    except ArgumentError:
        raise
    except ValueError as error:
        raise UserError(Argument("weights", trained.path), f": {error}") from error


def check_precision(model: keras.Model, precision: str, path: str | None) -> None:
    """Refuses to train a saved network in another precision than its own.

    Raises:
        UserError: naming that.
    """
    policies = {layer.dtype_policy.name for layer in all_layers(model)}
    half = sorted(policies & {"float16", "bfloat16"})
    if half:
        raise UserError(
            Argument("weights", path),
            f" has weights in {half[0]}, too coarse for the steps of a training; save the network "
            f"in float32 or mixed_{half[0]}.",
        )
    own = next((name for name in policies if name.startswith("mixed")), "float32")
    if own != precision:
        raise UserError(
            Argument("weights", path),
            f" computes in {own}, not in {precision}; give ",
            Argument("precision", own),
            ".",
        )


def check_image_shape(model: keras.Model, shape: tuple[int, ...], path: str | None) -> None:
    """Refuses images that a saved network does not take.

    Raises:
        UserError: naming the size that it takes.
    """
    taken = model.input_shape[1:]
    if len(taken) != len(shape):
        raise UserError(
            Argument("weights", path),
            f" takes {model.input_shape} and no images (N, H, W, {shape[-1]}); name a network of "
            "images.",
        )
    if all(size in (None, has) for size, has in zip(taken, shape, strict=True)):
        return
    height, width, channels = (size or "any" for size in taken)
    way_out: tuple = (f"; save one that takes {shape[-1]} channels, the last ones.",)
    if channels == shape[-1]:
        way_out = ("; lay out the images in this size.",)
        if height == width:
            way_out = "; give ", Argument("image_size", height), "."
    raise UserError(
        Argument("weights", path),
        f" takes images of {height}x{width}x{channels}, the data have {'x'.join(map(str, shape))}",
        *way_out,
    )
