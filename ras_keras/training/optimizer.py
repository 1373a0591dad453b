"""The optimizer of a recipe."""

import keras

from ras_keras.optimizers import CoupledSGD
from ras_keras.recipes.optimization import OptimizationRecipe


def make_optimizer(recipe: OptimizationRecipe, precision: str) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe; its loss is scaled under the precision "mixed_float16"."""
    optimizer = CoupledSGD(
        recipe.learning_rate,
        recipe.momentum,
        l2=recipe.weight_decay,
        average_decay=recipe.average_weights,
        nesterov=recipe.nesterov,
    )
    if precision == "mixed_float16":
        # Wrapped here and not by `compile`, which would save the bare one's configuration: the
        # file could then be loaded under the same global policy only.
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer
