"""keras-tuner's algorithms, on spaces that a search may come to the end of."""

import itertools
import math
import warnings
from dataclasses import dataclass

import keras_tuner as kt
from keras_tuner.oracles import BayesianOptimizationOracle, RandomSearchOracle

from ras_keras.tuning.search import Search
from ras_keras.tuning.space import Space
from ras_keras.tuning.trial import OBJECTIVE

EPOCHS = "tuner/epochs"
EPOCHS_BEFORE = "tuner/initial_epoch"
PLACE = "tuner/round"
# Points that are drawn before no other is looked for.
DRAWS = 1000
# Where nobody says how many and the algorithm has no end.
TRIALS = 10
# Of Hyperband, between the epochs of two rounds.
FACTOR = 3


class OnSpace(kt.Oracle):
    """An oracle that with the same seed and events proposes the same trials.

    Args:
        space: what is searched; its recipe has the seed.
        trials: that are asked for; None for all that the algorithm has.
        **options: of the algorithm.
    """

    def __init__(self, space: Space, trials: int | None = None, **options):
        hyperparameters = kt.HyperParameters()
        space.declare(hyperparameters)
        super().__init__(
            objective=kt.Objective(OBJECTIVE, "max"),
            hyperparameters=hyperparameters,
            # 0 would be a random seed.
            seed=space.fixed.execution.seed + 1,
            # A trial that diverged says something about its values and nothing about the search.
            max_consecutive_failed_trials=None,
            **options,
        )
        # Whoever asks for trials counts them: a search may be given more of them later, or fewer.
        self.max_trials = None
        self.limit = trials
        self.searched = space
        self.verbose = 0

    @property
    def planned(self) -> int:
        """Trials that the search has in all."""
        size = self.searched.size() if self.searched.is_finite() else math.inf
        return int(min(size, self.limit or size))

    @property
    def planned_epochs(self) -> int:
        """Epochs of all of them."""
        return self.planned * self.searched.fixed.optimization.epochs

    def point(self, trial) -> dict:
        """The searched values of a trial."""
        return self.searched.values(trial.hyperparameters.values)

    def is_new(self, values: dict | None) -> bool:
        """Whether these are a point that no trial had."""
        point = self.searched.values(values or {})
        return bool(point) and all(self.point(trial) != point for trial in self.trials.values())

    def new_point(self, trial_id: str) -> dict | None:
        """A point at random that no trial had, None if none is found."""
        for _ in range(DRAWS):
            values = RandomSearchOracle.populate_space(self, trial_id)["values"]
            if self.is_new(values):
                return values
        return None


def response(values: dict | None) -> dict:
    """What keras-tuner takes for a trial, or for the end if there is none."""
    return {"status": "RUNNING" if values else "STOPPED", "values": values}


class Grid(OnSpace):
    """Every point in turn."""

    @property
    def planned(self) -> int:
        size = self.searched.size()
        return min(size, self.limit or size)

    def populate_space(self, trial_id):
        points = itertools.islice(self.searched.points(), len(self.trials), None)
        return response(next(points, None))


class Random(OnSpace, RandomSearchOracle):
    """Points drawn at random, each once."""

    def populate_space(self, trial_id):
        return response(self.new_point(trial_id))


class Bayesian(OnSpace, BayesianOptimizationOracle):
    """After some random points, where a Gaussian process hopes for most, each point once."""

    def populate_space(self, trial_id):
        with warnings.catch_warnings():
            # The process says so when a length scale is at the end of its range.
            warnings.simplefilter("ignore")
            values = super().populate_space(trial_id)["values"]
        return response(values if self.is_new(values) else self.new_point(trial_id))


@dataclass(frozen=True)
class Round:
    """Part of a bracket of Hyperband: so many trials, each up to so many epochs."""

    size: int
    epochs: int


class Hyperband(OnSpace, RandomSearchOracle):
    """Many points for a few epochs, the better ones for more (Li et al., arXiv 1603.06560).

    The rounds are those of keras-tuner's own, which ends a finite space before its first halving,
    and a bracket after failed trials: here a bracket has no more points than those before it left,
    and a failed trial is one that is not promoted.
    """

    def brackets(self) -> list[list[Round]]:
        """The rounds of each bracket, the one with the most points first."""
        most = self.searched.fixed.optimization.epochs
        left = self.searched.size() if self.searched.is_finite() else math.inf
        found = []
        # Whole numbers: a logarithm of a power of the factor may be less than it.
        last = next(n for n in itertools.count() if FACTOR ** (n + 1) > most)
        for number in range(last, -1, -1):
            last_size = math.ceil(1 + math.log(most, FACTOR)) / (number + 1)
            sizes = [math.ceil(last_size * FACTOR**exponent) for exponent in range(number, -1, -1)]
            epochs = [math.ceil(most / FACTOR**exponent) for exponent in range(number, -1, -1)]
            found.append(
                [Round(int(min(size, left)), n) for size, n in zip(sizes, epochs, strict=True)]
            )
            left = max(0, left - sizes[0])
        return found

    @property
    def planned(self) -> int:
        sizes = sum(each.size for bracket in self.brackets() for each in bracket)
        return min(sizes, self.limit or sizes)

    @property
    def planned_epochs(self) -> int:
        total = 0
        for bracket in self.brackets():
            before = 0
            for each in bracket:
                total += each.size * (each.epochs - before)
                before = each.epochs
        return total

    def populate_space(self, trial_id):
        for number, bracket in enumerate(self.brackets()):
            before = Round(0, 0)
            for place, each in enumerate(bracket):
                begun = self.begun(number, place)
                if len(begun) < each.size:
                    earlier = self.begun(number, place - 1)
                    values = (
                        self.promoted(earlier, begun, before.size - each.size)
                        if place
                        else self.new_point(trial_id)
                    )
                    if values is None:
                        break
                    rounds = {EPOCHS: each.epochs, EPOCHS_BEFORE: before.epochs}
                    return response(values | rounds | {PLACE: f"{number}.{place}"})
                before = each
        return {"status": "IDLE" if self.ongoing_trials else "STOPPED", "values": None}

    def begun(self, bracket: int, place: int) -> list:
        """The trials of a round."""
        return [
            trial
            for trial in self.trials.values()
            if trial.hyperparameters.values[PLACE] == f"{bracket}.{place}"
        ]

    def promoted(self, earlier: list, begun: list, thrown_out: int) -> dict | None:
        """The best point of a round that is not in the next one, None as long as it may be none.

        Args:
            earlier: trials of the round.
            begun: those of the next one.
            thrown_out: how many points are not promoted; those that failed are the first of them.
        """
        points = [self.point(trial) for trial in begun]
        ready = [
            trial
            for trial in earlier
            if trial.status == "COMPLETED" and self.point(trial) not in points
        ]
        failed = sum(trial.status == "FAILED" for trial in earlier)
        if len(ready) <= max(0, thrown_out - failed):
            return None
        best = max(ready, key=lambda trial: trial.score)
        return best.hyperparameters.values.copy()


ALGORITHMS = {"grid": Grid, "random": Random, "bayesian": Bayesian, "hyperband": Hyperband}


def oracle_of(search: Search, trials_in_view: int | None) -> OnSpace:
    """The oracle of a search.

    Args:
        search: what is searched, and how.
        trials_in_view: that it had when it began, `search.trials` of then.
    """
    trials, options = search.trials, {}
    if search.algorithm in ("random", "bayesian"):
        trials = trials or TRIALS
    if search.algorithm == "bayesian":
        # keras-tuner's own choice would leave nothing but random points in a large space.
        options["num_initial_points"] = max(2, (trials_in_view or TRIALS) // 3)
    return ALGORITHMS[search.algorithm](search.space, trials, **options)
