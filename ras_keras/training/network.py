"""From a recipe to a compiled network."""

import contextlib

import keras

from ras_keras.errors import UserError
from ras_keras.loading import load_model
from ras_keras.models import MODELS
from ras_keras.training.optimizer import CoupledSGD
from ras_keras.training.prepared_data import Data
from ras_keras.training.recipe import JIT, Recipe

CLASSIFIER = "predictions"


def build_network(recipe: Recipe, data: Data) -> keras.Model:
    """Builds and compiles the recipe's network for its data."""
    return compiled_network(
        recipe,
        distributions=data.batches.augmentation.distributions,
        input_shape=data.image_shape,
        classes=len(data.class_names),
        mean=data.mean,
        variance=data.variance,
    )


def compiled_network(recipe: Recipe, *, distributions: bool = False, **of_images) -> keras.Model:
    """Builds and compiles a recipe's network; its random start follows the recipe's seed.

    Args:
        recipe: resolved.
        distributions: whether a label is a distribution over the classes.
        **of_images: of `ras_keras.models.image_classifier`: `input_shape`,
            `classes`, `mean` and `variance`.
    """
    keras.utils.set_random_seed(recipe.seed)
    with dtype_policy(recipe.precision):
        model = MODELS[recipe.model].build(**recipe.network_arguments(), **of_images)
        if recipe.weights is not None:
            start_from(model, recipe.weights)
        model.compile(
            optimizer=_optimizer(recipe),
            loss="categorical_crossentropy" if distributions else "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            jit_compile=JIT[recipe.jit],
            steps_per_execution=recipe.steps_per_execution,
        )
    # So that its variables exist before the first step and can be captured.
    model.optimizer.build(model.trainable_variables)
    return model


def _optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    optimizer = CoupledSGD(
        recipe.learning_rate,
        recipe.momentum,
        l2=recipe.weight_decay,
        average_decay=recipe.average_weights,
        nesterov=recipe.nesterov,
    )
    if recipe.precision == "mixed_float16":
        # Wrapped here and not by `compile`, which would save the bare one's configuration: the
        # file could then be loaded under the same global policy only.
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


@contextlib.contextmanager
def dtype_policy(name: str):
    """Makes `name` Keras's dtype policy for a while."""
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


def start_from(model: keras.Model, path: str) -> None:
    """Copies the weights of a saved model, layer by layer.

    The classifier stays at its random start if the number of classes differs.

    Raises:
        UserError: if the saved model has other layers or shapes.
    """
    saved = {layer.name: layer for layer in load_model(path).layers}
    for layer in model.layers:
        shapes = [weight.shape for weight in layer.weights]
        source = saved.get(layer.name)
        if source is not None and [weight.shape for weight in source.weights] == shapes:
            layer.set_weights(source.get_weights())
        elif layer.name == CLASSIFIER:
            print(f"--weights {path} has other classes; the classifier starts anew.")
        elif shapes:
            found = "has no such layer"
            if source is not None:
                found = f"has the shapes {[weight.shape for weight in source.weights]}"
            raise UserError(
                f"--weights {path} does not fit: layer {layer.name!r} needs {shapes} and the file "
                f"{found}; use the depth and attention that it was saved with."
            )
