"""Trains a small run that may kill itself (SIGKILL) at a given moment.

    python killed_run.py LOG_DIR NAME MOMENT

MOMENT: never, or one of "step" (within an epoch), "best" (best.keras written, its
state not), "state" (a state cut short), each around the second epoch that this process
trains.
"""

import os
import signal
import sys
from pathlib import Path

import keras

from ras_keras.runs import state as state_module
from ras_keras.training import RECIPES, RunFolder, resolve, train
from tests.few_digits import few_digits

EPOCHS = 5


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


class KillInStep(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.epochs = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs += 1

    def on_train_batch_end(self, batch, logs=None):
        if self.epochs == 2 and batch == 2:
            kill()


def kill_around_state(moment):
    """Replaces `state.save` by one that kills before it or in the middle of its file."""
    save, saved = state_module.save, []

    def killing(run, values, progress):
        saved.append(progress.epoch)
        if len(saved) < 2:
            return save(run, values, progress)
        if moment == "state":
            file = run.file("state") / f"epoch-{progress.epoch:04d}.npz"
            newest = max(run.file("state").glob("epoch-*.npz"))
            file.write_bytes(newest.read_bytes()[:5000])
        return kill()

    state_module.save = killing


def main(log_dir, name, moment):
    # Four steps an epoch, the last one smaller.
    recipe = resolve(
        RECIPES["quick"].replace(
            depth=11, training_images=122, batch_size=32, epochs=EPOCHS, schedule=(2, 4)
        )
    )
    resume = Path(log_dir, name).exists()
    run = (
        RunFolder.open(str(Path(log_dir, name)))
        if resume
        else RunFolder.create(log_dir, name, recipe)
    )
    if moment in ("best", "state"):
        kill_around_state(moment)
    callbacks = [KillInStep()] if moment == "step" else []
    train(recipe, run, resume=resume, callbacks=callbacks)


if __name__ == "__main__":
    with few_digits():
        main(*sys.argv[1:])
