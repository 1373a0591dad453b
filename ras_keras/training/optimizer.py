"""The optimizer of a recipe."""

from collections.abc import Sequence

import keras

from ras_keras.errors import Argument, UserError
from ras_keras.layers.parts.batch_normalization import replicas
from ras_keras.optimizers import CoupledSGD
from ras_keras.recipes.optimization import DescentRecipe


def make_optimizer(
    recipe: DescentRecipe,
    precision: str,
    rates: Sequence[float] | None = None,
    average_decay: float = 0.0,
) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe; its loss is scaled under the precision "mixed_float16".

    Args:
        recipe: of the descent.
        precision: that the network computes in.
        rates: factors of the learning rate, one for each trainable variable; None for 1.
        average_decay: of a moving average of the weights, 0 for none.

    Raises:
        UserError: for a `clip_norm` on several devices of TensorFlow, each of which would clip the
            gradient of its part of the batch.
    """
    if recipe.clip_norm and keras.backend.backend() == "tensorflow" and replicas() > 1:
        raise UserError(
            Argument("clip_norm", recipe.clip_norm),
            " needs the gradient of the whole batch, which no device of TensorFlow has; train on "
            "JAX (KERAS_BACKEND=jax), or on one device.",
        )
    optimizer = CoupledSGD(
        recipe.learning_rate,
        recipe.momentum,
        l2=recipe.weight_decay,
        average_decay=average_decay,
        nesterov=recipe.nesterov,
        rates=rates,
        global_clipnorm=recipe.clip_norm or None,
    )
    if precision == "mixed_float16":
        # Wrapped here and not by `compile`, which would save the bare one's configuration: the
        # file could then be loaded under the same global policy only.
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer
