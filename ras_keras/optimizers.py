"""Stochastic gradient descent with the papers' weight decay, and averages of the weights."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ras_keras")
class CoupledSGD(keras.optimizers.SGD):
    """SGD as the papers' code, in PyTorch, has it: weight decay and momentum by its rules.

        gradient <- gradient + l2 * variable
        velocity <- momentum * velocity - gradient
        variable <- variable + learning_rate * velocity

    This is what the papers' code means by weight decay: kernels, biases,
    normalization scales and shifts, gamma and beta all decay, and momentum
    accumulates the decay. Keras's own `weight_decay` is decoupled from momentum
    and about 1 / (1 - momentum) times weaker. The learning rate stands outside of
    the velocity, so that its drop shortens the next step. In Keras's own SGD it
    stands within: behind a drop from 0.1 to 0.01 steps of the old length go on for
    about 1 / (1 - momentum) steps.

    With `nesterov=True` the last line is

        variable <- variable + learning_rate * (momentum * velocity - gradient)

    With `average_decay` > 0 the optimizer also keeps an exponential moving
    average of every variable and leaves the variables themselves alone, also at
    the end of `fit` (Keras's own `use_ema` replaces them there, and its average
    starts as the weights after one step, which stay in it for 1 / (1 - decay)
    steps). After step t = 0, 1, ...:

        decay   <- min(average_decay, t / (t + 10))
        average <- decay * average + (1 - decay) * variable

    So an early average is one over about the last tenth of the steps.

    Args:
        learning_rate: a number or a Keras schedule.
        momentum: in [0, 1).
        l2: the papers' weight decay, 1e-4 on CIFAR.
        average_decay: of the averages, in [0, 1); 0 for none.
        rates: a factor of the learning rate for each trainable variable, in the
            order of the model's; None for 1.
        **kwargs: of `keras.optimizers.SGD`, but `weight_decay`.

    Attributes:
        averages: of the trainable variables, in their order; empty for none.
    """

    def __init__(
        self,
        learning_rate=0.1,
        momentum=0.9,
        l2=1e-4,
        average_decay=0.0,
        rates=None,
        name="coupled_sgd",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, momentum=momentum, name=name, **kwargs)
        self.l2 = l2
        self.average_decay = average_decay
        self.rates = rates
        self.averages = []

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        if self.rates is not None and len(self.rates) != len(variables):
            raise ValueError(
                f"`rates` must have a factor for each of the {len(variables)} trainable variables. "
                f"Received: {len(self.rates)}"
            )
        if self.average_decay:
            self.averages = self.add_optimizer_variables(variables, "average")

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        gradient = ops.cast(gradient, dtype) + variable * ops.cast(self.l2, dtype)
        step = -gradient
        if self.momentum:
            momentum = ops.cast(self.momentum, dtype)
            velocity = self.momentums[self._get_variable_index(variable)]
            self.assign(velocity, velocity * momentum - gradient)
            step = velocity * momentum - gradient if self.nesterov else velocity
        if self.rates is not None:
            learning_rate = learning_rate * self.rates[self._get_variable_index(variable)]
        self.assign_add(variable, step * ops.cast(learning_rate, dtype))
        if self.average_decay:
            average = self.averages[self._get_variable_index(variable)]
            steps = ops.cast(self.iterations, variable.dtype)
            decay = ops.minimum(self.average_decay, steps / (steps + 10))
            self.assign_add(average, (1 - decay) * ops.subtract(variable, average))

    def get_config(self):
        own = {"l2": self.l2, "average_decay": self.average_decay, "rates": self.rates}
        return {**super().get_config(), **own}
