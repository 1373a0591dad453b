"""The trial of a search, as keras-tuner calls it."""

from collections.abc import Sequence
from pathlib import Path

import keras
import keras_tuner as kt
import tensorflow as tf

from ras_keras.errors import first_line
from ras_keras.runs.run_folder import DATA, RunFolder
from ras_keras.training import Recipe, resolve, train_or_resume
from ras_keras.training.callbacks import Diverged
from ras_keras.training.network import recipe_data, recipe_network
from ras_keras.tuning.oracles import OBJECTIVE
from ras_keras.tuning.space import Space
from ras_keras.tuning.tensorboard import write_trial

EPOCHS = "tuner/epochs"
EPOCHS_BEFORE = "tuner/initial_epoch"


class RecipeHyperModel(kt.HyperModel):
    """Recipes as a hypermodel: everything that a recipe says can be searched.

    A trial is a run in a folder that is named after its values. `train_or_resume` trains it, which
    knows nothing of keras-tuner: one that was cut short goes on, and one that has finished is not
    trained again.

    Args:
        space: what is searched.
        folder: of the runs.
        strategy: the TensorFlow distribution strategy of a trial; None for one device.
    """

    def __init__(self, space: Space, folder: Path, strategy=None):
        super().__init__()
        self.space = space
        self.folder = folder
        self.strategy = strategy

    def declare_hyperparameters(self, hp):
        self.space.declare(hp)

    def build(self, hp) -> keras.Model:
        """The compiled network of a trial, for tuners that want one; `fit` makes its own."""
        recipe = self.recipe(hp)
        return recipe_network(recipe, recipe_data(recipe))

    def recipe(self, hp) -> Recipe:
        """A trial's, of as many epochs as Hyperband gives it."""
        values = self.space.values(hp.values)
        if EPOCHS in hp.values:
            values["epochs"] = hp.values[EPOCHS]
        return resolve(self.space.recipe(values))

    def fit(self, hp, model, callbacks: Sequence[keras.callbacks.Callback] = (), **epochs) -> dict:
        """Trains a trial, or what is left of it, without a look at the test set.

        Args:
            hp: keras-tuner's values.
            model: what `build` made; not read.
            callbacks: handed on to Keras's `fit`.
            **epochs: keras-tuner's Hyperband repeats here what `hp` says.

        Returns:
            The objective, and the seconds of all epochs of the run.

        Raises:
            UserError: if the data are no longer those of the trials before.
            FailedTrialError: if the loss diverged or memory ran out.
        """
        values = self.space.values(hp.values)
        path = self.folder / run_name(values)
        recipe = self.recipe(hp)
        try:
            result = train_or_resume(
                recipe,
                path,
                test=False,
                callbacks=callbacks,
                strategy=self.strategy,
                same_data=self._earlier_trial(path),
            )
        except (Diverged, tf.errors.ResourceExhaustedError) as error:
            raise kt.errors.FailedTrialError(first_line(error)) from error
        accuracy = result["best"][OBJECTIVE]
        write_trial(path, values, accuracy, result["epochs"])
        return {OBJECTIVE: accuracy, "seconds": result["seconds"]}

    def _earlier_trial(self, path) -> list[RunFolder]:
        """Another trial that says on which data it was trained: one has those of all."""
        known = (file.parent for file in sorted(self.folder.glob(f"*/{DATA}")))
        return [RunFolder(other) for other in known if other != path][:1]


def run_name(values: dict) -> str:
    """The name of a trial's run folder, such as "k=2,learning_rate=0.03"."""
    text = ",".join(f"{name}={value}" for name, value in values.items())
    return "".join(c if c.isalnum() or c in "=,._-+" else "-" for c in text)
