"""Trains a small run on the JAX backend, in one process or as one of several.

    python several_processes.py LOG_DIR NAME [wait]

With "wait" the first process stays in a step of the third epoch, to be killed there.
"""

import sys
import time
from pathlib import Path

import keras

from ras_keras.backend.devices import strategy
from ras_keras.backend.processes import joined
from ras_keras.backend.starters import find_start
from ras_keras.commands.output import output_of_one_of_several
from ras_keras.training import RECIPES, RunFolder, resolve, train
from tests.few_digits import few_digits
from tests.on_jax import random_numbers  # noqa: F401

# Four steps an epoch: 16 in all. Another size of batch would be another program to compile.
RECIPE = RECIPES["quick"].replace(
    depth=11,
    attention="ras:gamma_initializer=0.1",
    training_images=256,
    batch_size=64,
    epochs=4,
    schedule=(),
    learning_rate=0.001,
    momentum=0.0,
    nesterov=False,
)


class Wait(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 2:
            time.sleep(100)


def main(log_dir, name, moment="never"):
    recipe = resolve(RECIPE)
    run = RunFolder(Path(log_dir, name))
    resume = run.has_state()
    run.path.mkdir(parents=True, exist_ok=True)
    callbacks = [Wait()] if moment == "wait" else []
    train(recipe, run, resume=resume, strategy=strategy(), callbacks=callbacks, test=False)


if __name__ == "__main__":
    start = find_start()
    with (
        output_of_one_of_several(start.index if start else 0),
        joined(),
        # Where all of an even background passes the kink of a ReLU by a rounding error, a gradient
        # jumps.
        few_digits(16, training_images=320, noise=64),
    ):
        main(*sys.argv[1:])
