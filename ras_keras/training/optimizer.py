"""Stochastic gradient descent with the papers' weight decay."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ras_keras")
class CoupledSGD(keras.optimizers.SGD):
    """SGD whose weight decay is part of the gradient, on every trainable variable.

        gradient <- gradient + l2 * variable
        velocity <- momentum * velocity - learning_rate * gradient
        variable <- variable + velocity

    This is what the papers' code means by weight decay: kernels, biases,
    normalization scales and shifts, gamma and beta all decay, and momentum
    accumulates the decay. Keras's own `weight_decay` is decoupled from momentum
    and about 1 / (1 - momentum) times weaker.

    Args:
        learning_rate: a number or a Keras schedule.
        momentum: in [0, 1).
        l2: the papers' weight decay, 1e-4 on CIFAR.
        **kwargs: of `keras.optimizers.SGD`, but `weight_decay`.
    """

    def __init__(self, learning_rate=0.1, momentum=0.9, l2=1e-4, name="coupled_sgd", **kwargs):
        super().__init__(learning_rate=learning_rate, momentum=momentum, name=name, **kwargs)
        self.l2 = l2

    def update_step(self, gradient, variable, learning_rate):
        gradient = ops.add(gradient, ops.multiply(variable, ops.cast(self.l2, variable.dtype)))
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "l2": self.l2}
