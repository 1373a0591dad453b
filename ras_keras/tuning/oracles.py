"""keras-tuner's algorithms, so that a search that was killed goes on."""

import math
import warnings
from pathlib import Path
from typing import Final

import keras_tuner as kt
from keras_tuner.oracles import BayesianOptimizationOracle, HyperbandOracle, RandomSearchOracle

from ras_keras.errors import UserError, first_line
from ras_keras.tuning.keras_tuner_internals import TrialStatus
from ras_keras.tuning.oracle_files import check_files
from ras_keras.tuning.space import Space
from ras_keras.values.json_files import write_json

OBJECTIVE: Final = "val_accuracy"
# Its standard deviation over the seeds of a trial.
SD: Final = "sd"
ENDED = (TrialStatus.COMPLETED, TrialStatus.FAILED)


class Lasting(kt.Oracle):
    """What is added to an oracle of keras-tuner's.

    Its state is whole on disk at any moment; a trial that was under way when the search was
    killed is run again, first of all; trials are reported as they begin and end.

    Args:
        space: what is searched.
        report: has `begun(oracle, trial)` and `ended(oracle, trial)`.
        seed: of the points that are drawn.
        **options: of the oracle.

    Attributes:
        failure: what a report could not do, None if all went well.
    """

    REMEDY = "restore it, or remove {} to begin anew with the runs that its trials left"

    def __init__(self, space: Space, report, seed: int, **options):
        hyperparameters = kt.HyperParameters()
        space.declare(hyperparameters)
        super().__init__(
            objective=kt.Objective(OBJECTIVE, "max"),
            hyperparameters=hyperparameters,
            # 0 would be a random seed.
            seed=seed + 1,
            # A trial that diverged says something about its values and nothing about the search.
            max_consecutive_failed_trials=None,
            **options,
        )
        self.space = space
        self.report = report
        self.failure: UserError | None = None
        self.verbose = 0
        # Draws of points that were tried before a finite space counts as exhausted.
        self._max_collisions = 1000

    @property
    def planned(self) -> int:
        """Trials that the search has in all."""
        size = self.space.size() if self.space.is_finite() else math.inf
        return int(min(size, self.max_trials or size))

    @property
    def planned_epochs(self) -> int:
        """Epochs of all of them."""
        return self.planned * self.space.fixed.optimization.epochs

    @property
    def ended(self) -> list:
        """Trials that are over, whether they came to their end or failed."""
        return [trial for trial in self.trials.values() if trial.status in ENDED]

    @kt.synchronized
    def create_trial(self, tuner_id):
        trial = super().create_trial(tuner_id)
        if trial.status == TrialStatus.RUNNING:
            self._tell(self.report.begun, trial)
        return trial

    @kt.synchronized
    def end_trial(self, trial):
        super().end_trial(trial)
        # keras-tuner saves before it takes the trial off those under way.
        self.save()
        self._tell(self.report.ended, self.trials[trial.trial_id])

    def _tell(self, what, trial):
        try:
            what(self, trial)
        except UserError as error:
            self.failure = error
            raise

    def save(self):
        write_json(Path(self._get_oracle_fname()), self.get_state())

    def _save_trial(self, trial):
        write_json(Path(self._get_trial_dir(trial.trial_id), "trial.json"), trial.get_state())

    def resume(self, folder: Path) -> None:
        """Goes on from what was saved in a folder, if anything was; saves there from now on.

        Raises:
            UserError: if it is damaged.
        """
        self._set_project_dir(folder.parent, folder.name)
        file = folder / "oracle.json"
        if not file.exists():
            return
        remedy = self.REMEDY.format(folder)
        check_files(folder, self.get_state(), self.space, (OBJECTIVE, "seconds"), remedy)
        try:
            self.reload()
        # Whatever keras-tuner stumbles on when a part is missing.
        except Exception as error:
            raise UserError(
                f"{folder} holds no whole state of a search ({first_line(error)}); {remedy}."
            ) from error
        # One of which only the trial's own file was written was under way as well.
        open_trials = [each for each in self.trials.values() if each.status not in ENDED]
        self._retry_queue = [each.trial_id for each in reversed(open_trials)]


class Random(Lasting, RandomSearchOracle):
    """Points drawn at random, each once."""


class Bayesian(Lasting, BayesianOptimizationOracle):
    """After some random points, where a Gaussian process hopes for most, each point once."""

    def populate_space(self, trial_id):
        with warnings.catch_warnings():
            # The process says so when a length scale is at the end of its range.
            warnings.simplefilter("ignore")
            response = super().populate_space(trial_id)
        if response["values"] and self._duplicate(response["values"]):
            return self._random_populate_space()
        return response


class Grid(Lasting, kt.Oracle):
    """Every point in turn. keras-tuner's own forgets on disk where it was."""

    def populate_space(self, trial_id):
        for point in self.space.points():
            if not self._duplicate(point):
                return {"status": TrialStatus.RUNNING, "values": point}
        return {"status": TrialStatus.STOPPED, "values": None}

    @property
    def planned(self) -> int:
        size = self.space.size()
        return min(size, self.max_trials or size)


class Hyperband(Lasting, HyperbandOracle):
    """Many points for a few epochs, the better ones for more.

    A bracket of a finite space has no more points than the brackets before it left.
    keras-tuner's own ends such a search before its first halving.
    """

    # A run that was lengthened cannot be the shorter one that a search begins with.
    REMEDY = "restore it, or choose another name"

    @property
    def planned(self) -> int:
        sizes = sum(self._get_size(bracket, number) for bracket, number in self._rounds())
        return min(sizes, self.max_trials or sizes)

    @property
    def planned_epochs(self) -> int:
        total = 0
        for bracket, number in self._rounds():
            before = self._get_epochs(bracket, number - 1) if number else 0
            epochs = self._get_epochs(bracket, number) - before
            total += self._get_size(bracket, number) * epochs
        return total

    def _rounds(self):
        for bracket in range(self._get_num_brackets()):
            for number in range(self._get_num_rounds(bracket)):
                yield bracket, number

    def _get_size(self, bracket_num, round_num):
        size = super()._get_size(bracket_num, round_num)
        if not self.space.is_finite():
            return size
        before = sum(
            super(Hyperband, self)._get_size(bracket, 0)
            for bracket in range(bracket_num + 1, self._get_num_brackets())
        )
        return min(size, max(0, self.space.size() - before))


ALGORITHMS = {"grid": Grid, "random": Random, "bayesian": Bayesian, "hyperband": Hyperband}
