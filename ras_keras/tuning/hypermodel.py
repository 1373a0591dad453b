"""The trial of a search, as keras-tuner calls it."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import keras
import keras_tuner as kt
import tensorflow as tf

from ras_keras.errors import first_line
from ras_keras.runs.run_files import Result
from ras_keras.runs.run_folder import DATA, RunFolder
from ras_keras.training import Recipe, resolve, train_or_resume
from ras_keras.training.callbacks import Diverged
from ras_keras.training.network import recipe_data, recipe_network
from ras_keras.tuning.oracles import OBJECTIVE, SD
from ras_keras.tuning.space import Space
from ras_keras.tuning.tensorboard import write_trial

EPOCHS = "tuner/epochs"
EPOCHS_BEFORE = "tuner/initial_epoch"


class RecipeHyperModel(kt.HyperModel):
    """Recipes as a hypermodel: everything that a recipe says can be searched.

    A trial is a run in a folder that is named after its values, or of several seeds a run each in
    that folder. `train_or_resume` trains it, which knows nothing of keras-tuner: one that was cut
    short goes on, and one that has finished is not trained again.

    Args:
        space: what is searched.
        folder: of the runs.
        strategy: the TensorFlow distribution strategy of a trial; None for one device.
        seeds: that a trial is trained with, the recipe's and those after it.
    """

    def __init__(self, space: Space, folder: Path, strategy=None, seeds: int = 1):
        super().__init__()
        self.space = space
        self.folder = folder
        self.strategy = strategy
        self.seeds = seeds

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
            The objective, the mean over the seeds, with its standard deviation where there are
            several, and the seconds of all epochs of the runs.

        Raises:
            UserError: if the data are no longer those of the trials before.
            FailedTrialError: if the loss diverged or memory ran out.
        """
        values = self.space.values(hp.values)
        path = self.folder / run_name(values)
        recipe = self.recipe(hp)
        first = recipe.execution.seed
        results = []
        for seed in range(first, first + self.seeds):
            run = path / f"seed{seed}" if self.seeds > 1 else path
            results.append(self._train(recipe.replace(seed=seed), run, callbacks))
        accuracies = [result["best"][OBJECTIVE] for result in results]
        found = {OBJECTIVE: statistics.fmean(accuracies)}
        if len(results) > 1:
            found[SD] = statistics.stdev(accuracies)
        write_trial(path, values, found[OBJECTIVE], results[0]["epochs"])
        return found | {"seconds": sum(result["seconds"] for result in results)}

    def _train(self, recipe: Recipe, path: Path, callbacks) -> Result:
        try:
            return train_or_resume(
                recipe,
                path,
                test=False,
                callbacks=callbacks,
                strategy=self.strategy,
                same_data=self._earlier_run(path),
            )
        except (Diverged, tf.errors.ResourceExhaustedError) as error:
            raise kt.errors.FailedTrialError(first_line(error)) from error

    def _earlier_run(self, path: Path) -> list[RunFolder]:
        """Another run that says on which data it was trained: one has those of all."""
        known = (file.parent for file in sorted(self.folder.rglob(DATA)))
        return [RunFolder(other) for other in known if other != path][:1]


def run_name(values: dict) -> str:
    """The name of a trial's run folder, such as "k=2,learning_rate=0.03"."""
    text = ",".join(f"{name}={value}" for name, value in values.items())
    return "".join(c if c.isalnum() or c in "=,._-+" else "-" for c in text)
