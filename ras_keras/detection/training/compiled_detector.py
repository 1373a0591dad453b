"""From a recipe to its compiled detector."""

import keras

from ras_keras.detection.network.retina_net import RetinaNet
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.errors import UserError
from ras_keras.recipes.execution import JIT_COMPILE
from ras_keras.recipes.network import family_of
from ras_keras.recipes.resolving import given
from ras_keras.recipes.values import in_recipe
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.training.network import dtype_policy
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
            raise UserError(*in_recipe(error, network)) from error
        model.compile(
            optimizer=make_optimizer(recipe.descent, precision),
            jit_compile=JIT_COMPILE[execution.jit],
            steps_per_execution=execution.steps_per_execution,
        )
    # So that its variables exist before the first step and can be captured.
    model.optimizer.build(model.trainable_variables)
    return model
