"""From a PyTorch checkpoint of the papers' authors to a Keras model."""

from collections.abc import Sequence

import keras

from ras_keras.convert.layouts import naming_of
from ras_keras.convert.pytorch_names import Entries, assign_weights
from ras_keras.convert.pytorch_settings import ATTENTIONS, classes, completed, inferred
from ras_keras.errors import Argument, UserError
from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.network import NetworkRecipe, family_of
from ras_keras.recipes.recipe import Recipe
from ras_keras.training.recipe_check import check_recipe
from ras_keras.values.choices import one_of

# The deepest published network of this kind.
DEEPEST = 1202


def check_import(
    recipe: NetworkRecipe,
    image_size: int,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
) -> None:
    """Refuses networks whose names in PyTorch are not known, before a checkpoint is read.

    Raises:
        UserError: naming the argument at fault.
    """
    naming_of(recipe)
    one_of(Argument("attention"), recipe.attention_name, ATTENTIONS)
    for name, values in (("mean", mean), ("std", std)):
        least = 0 if name == "mean" else 1e-6
        if values is not None and not (
            len(values) == 3 and all(least <= value <= 1 for value in values)
        ):
            raise UserError(
                Argument(name),
                " must be three numbers for pixels from 0 to 1, such as ",
                Argument(name, (0.5, 0.5, 0.5)),
                f". Received: {' '.join(map(str, values))}",
            )
    if recipe.depth is not None and recipe.depth > DEEPEST:
        raise UserError(Argument("depth"), f" must be at most {DEEPEST}. Received: {recipe.depth}")
    check_recipe(Recipe(data=DataRecipe(image_size=image_size), network=recipe))


def import_weights(
    entries: Entries,
    recipe: NetworkRecipe,
    source: str,
    *,
    image_size: int,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> tuple[keras.Model, dict]:
    """Builds the network of a checkpoint, with its weights.

    PyTorch is given (x / 255 - mean) / std; the model takes the raw pixels x, 0..255, and does
    that itself.

    Args:
        entries: of the checkpoint.
        recipe: that `check_import` passed; its what it leaves open is read off the entries.
        source: what the checkpoint is called in messages.
        image_size: height and width of the images.
        mean: of each channel of pixels from 0 to 1; None for CIFAR-10's or ImageNet's, whichever
            the network was published for.
        std: likewise.

    Returns:
        The model, whose outputs are probabilities, and what was read off the entries: the depth
        and options of the model and the attention.

    Raises:
        UserError: if the entries are not those of this network, naming them.
    """
    found = inferred(recipe, entries, source)
    recipe = completed(recipe, found)
    check_recipe(Recipe(network=recipe))
    naming = naming_of(recipe)
    pixels = {}
    if mean is not None:
        pixels["mean"] = [255 * value for value in mean]
    if std is not None:
        pixels["variance"] = [(255 * value) ** 2 for value in std]
    model = family_of(recipe.model).build(
        **recipe.arguments(),
        input_shape=(image_size, image_size, 3),
        classes=classes(entries, naming.classifier, source),
        **pixels,
    )
    assign_weights(model, naming, entries, source)
    return model, found
