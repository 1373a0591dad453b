"""What takes trials from an oracle and runs them."""

import time
from pathlib import Path

import keras
import keras_tuner as kt
from tqdm import tqdm

from ras_keras.training.callbacks import duration
from ras_keras.tuning.hypermodel import RecipeHyperModel
from ras_keras.tuning.keras_tuner_internals import TrialStatus
from ras_keras.tuning.oracles import Lasting


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


class Tuner(kt.Tuner):
    """keras-tuner's tuner, alone, as the chief of workers or as one of them.

    A trial whose loss diverges has failed, and the search goes on. Any other error ends
    the search with the trial under way, for the next start to go on with.

    Args:
        oracle: proposes the trials.
        hypermodel: runs them.
        folder: of the oracle's state.
    """

    WAIT = 0.2

    def __init__(self, oracle: Lasting, hypermodel: RecipeHyperModel, folder: Path):
        super().__init__(oracle, hypermodel, directory=folder.parent, project_name=folder.name)
        self.callbacks = []
        # A worker's oracle is its chief's, and a search that goes on has said it.
        if isinstance(self.oracle, Lasting) and not self.oracle.ended:
            self.callbacks = [FirstEpoch(oracle.planned_epochs * hypermodel.seeds)]

    def _populate_initial_space(self):
        """The oracle knows the space; to learn it from networks would take minutes."""

    def pre_create_trial(self):
        if self._is_worker():
            # A chief that has nothing to do for a worker yet is asked again at once.
            time.sleep(self.WAIT)

    def run_trial(self, trial, **options):
        return self.hypermodel.fit(trial.hyperparameters, None, callbacks=self.callbacks, **options)

    def _try_run_and_update_trial(self, trial, **options):
        try:
            found = self.run_trial(trial, **options)
        except kt.errors.FailedTrialError as error:
            trial.status, trial.message = TrialStatus.FAILED, str(error)
            print(f"trial {int(trial.trial_id) + 1} failed: {error}", flush=True)
            return
        self.oracle.update_trial(trial.trial_id, found)
        trial.status = TrialStatus.COMPLETED

    def save(self):
        """The oracle's state is all there is, and it saves itself."""
