"""A trial: a run at a point of the space, or one of each seed."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NotRequired, TypedDict

import keras
from tqdm import tqdm

from ras_keras.backend.out_of_memory import is_out_of_memory
from ras_keras.errors import first_line
from ras_keras.runs.run_folder import DATA, RunFolder
from ras_keras.text.numbers import duration
from ras_keras.training import Recipe, train_here
from ras_keras.training.callbacks import Diverged
from ras_keras.tuning.search import OBJECTIVE
from ras_keras.values.typed import Bounds, Text


class TrialResult(TypedDict):
    """How a trial ended: with the mean over its seeds and the seconds of all epochs, or failed.

    Of several seeds with the standard deviation `sd` as well.
    """

    val_accuracy: NotRequired[Annotated[float, Bounds(0, 1)]]
    sd: NotRequired[Annotated[float, Bounds(0)]]
    seconds: NotRequired[Annotated[float, Bounds(0)]]
    failed: NotRequired[Text]


@dataclass
class Trial:
    """A trial of a search.

    Attributes:
        number: from 1, in the order in which they begin.
        values: of what is searched.
        epochs: of its runs.
        epochs_before: that another trial, at the same point, has trained of them.
        outcome: None until it has ended.
    """

    number: int
    values: dict
    epochs: int
    epochs_before: int = 0
    outcome: TrialResult | None = None

    @property
    def name(self) -> str:
        """Of its run folder, such as "k=2,learning_rate=0.03"."""
        text = ",".join(f"{name}={value}" for name, value in self.values.items())
        return "".join(c if c.isalnum() or c in "=,._-+" else "-" for c in text)

    @property
    def own_epochs(self) -> int:
        return self.epochs - self.epochs_before

    @property
    def status(self) -> str:
        if self.outcome is None:
            return "running"
        return "completed" if OBJECTIVE in self.outcome else "failed"


def train_trial(
    recipe: Recipe, path: Path, seeds: int, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> TrialResult:
    """Trains a trial, or what is left of it, without a look at the test set.

    Args:
        recipe: its first run's.
        path: of its run folder; of several seeds, the folder of theirs.
        seeds: how many runs it has, with the recipe's seed and those after it.
        callbacks: handed on to Keras's `fit`.

    Raises:
        UserError: if the data are no longer those of the trials before.
    """
    results = []
    first = recipe.execution.seed
    try:
        for seed in range(first, first + seeds):
            run = path / f"seed{seed}" if seeds > 1 else path
            # One run of the search that says on which data it was trained has those of all.
            runs = [RunFolder(file.parent) for file in sorted(path.parent.rglob(DATA))]
            others = [other for other in runs if other.path != run][:1]
            own = recipe.replace(seed=seed)
            results.append(train_here(own, run, test=False, callbacks=callbacks, same_data=others))
    except Exception as error:
        if not isinstance(error, Diverged) and not is_out_of_memory(error):
            raise
        return {"failed": first_line(error)}
    accuracies = [result["best"][OBJECTIVE] for result in results]
    seconds = sum(result["seconds"] for result in results)
    outcome: TrialResult = {OBJECTIVE: statistics.fmean(accuracies), "seconds": seconds}
    if seeds > 1:
        outcome["sd"] = statistics.stdev(accuracies)
    return outcome


def share_done(path: Path, seeds: int, trial: Trial) -> float:
    """How much of a trial is trained, from 0 to 1, by its folders.

    Args:
        path: as `train_trial` takes it.
        seeds: likewise.
        trial: that is under way.
    """
    runs = [path] if seeds == 1 else [*path.glob("seed*")]
    done = sum(max(0, RunFolder(run).epochs_trained() - trial.epochs_before) for run in runs)
    return done / (seeds * trial.own_epochs)


class FirstEpoch(keras.callbacks.Callback):
    """Says after a search's first epoch how long the search takes, were every epoch like it.

    Args:
        epochs: of the search.
    """

    def __init__(self, epochs: int):
        super().__init__()
        self.epochs = epochs
        self.said = False

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if not self.said:
            self.said = True
            seconds = self.epochs * (time.perf_counter() - self.began)
            tqdm.write(f"search   about {duration(seconds)} for all {self.epochs:,} epochs")
