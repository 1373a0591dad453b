"""From a recipe to its compiled detector."""

import keras

from ras_keras.backend.policies import dtype_policy
from ras_keras.detection.network.retina_net import NEEDED, RetinaNet, off_stride
from ras_keras.detection.recipes.recipe import DetectionRecipe, DetectorRecipe
from ras_keras.errors import Argument, ArgumentError, UserError
from ras_keras.recipes.execution import JIT_COMPILE
from ras_keras.recipes.network import family_of
from ras_keras.recipes.parted import names_in
from ras_keras.recipes.resolving import given
from ras_keras.recipes.values import in_recipe
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.training.optimizer import make_optimizer


def compiled_detector(recipe: DetectionRecipe, classes: int) -> RetinaNet:
    """Builds and compiles a recipe's network; its random start follows the recipe's seed.

    Args:
        recipe: resolved.
        classes: kinds of objects.

    Raises:
        UserError: for a backbone without a pyramid, or an argument that does not fit.
    """
    network, execution = recipe.detector, recipe.execution
    keras.utils.set_random_seed(execution.seed)
    precision = given(execution.precision)
    with dtype_policy(precision):
        try:
            weights = network.weights and TrainedModel.find(network.weights).path
            backbone = family_of(network.model).build(
                **network.arguments(),
                include_top=False,
                features_only=True,
                weights=weights and str(weights),
                input_shape=(*recipe.boxes.canvas, 3),
            )
            _check_pyramid(backbone, network.model)
            model = RetinaNet(
                backbone,
                classes,
                network.channels,
                network.anchor_scale,
                network.norm_eval,
                network.frozen_stages,
            )
        except UserError:
            raise
        except ValueError as error:
            named = isinstance(error, ArgumentError) and error.args[0].name
            own = named in names_in(DetectorRecipe)
            raise UserError(*(error.args if own else in_recipe(error, network))) from error
        model.compile(
            optimizer=make_optimizer(recipe.descent, precision),
            jit_compile=JIT_COMPILE[execution.jit],
            steps_per_execution=execution.steps_per_execution,
        )
    # So that its variables exist before the first step and can be captured.
    model.optimizer.build(model.trainable_variables)
    return model


def _check_pyramid(backbone: keras.Model, model: str) -> None:
    if not {*NEEDED} <= {*backbone.output}:
        raise UserError(
            Argument("model", model),
            f" has no maps {', '.join(NEEDED)}, at strides 8, 16 and 32; name one such as "
            "imagenet_resnet or mobilenet_v2.",
        )
    misplaced = off_stride(backbone)
    if misplaced:
        raise UserError(
            Argument("model", model),
            f" makes a map {misplaced.name} of {_size(misplaced.found)} of these images, and not "
            f"{_size(misplaced.expected)}; give a ",
            Argument("height"),
            " and a ",
            Argument("width"),
            " that are multiples of 32.",
        )


def _size(height_and_width) -> str:
    return "x".join(map(str, reversed(height_and_width)))
