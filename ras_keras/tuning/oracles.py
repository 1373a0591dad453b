"""keras-tuner's algorithms, on spaces that a search may come to the end of."""

import functools
import itertools
import math
import warnings
from dataclasses import dataclass

import keras_tuner as kt
from keras_tuner.oracles import BayesianOptimizationOracle, RandomSearchOracle

from ras_keras.tuning.search import OBJECTIVE, Search
from ras_keras.tuning.space import Space

EPOCHS = "tuner/epochs"
EPOCHS_BEFORE = "tuner/initial_epoch"
ROUND = "tuner/round"
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
        super().__init__(
            objective=kt.Objective(OBJECTIVE, "max"),
            # 0 would be a random seed.
            seed=space.fixed.execution.seed + 1,
            # A trial that diverged says something about its values and nothing about the search.
            max_consecutive_failed_trials=None,
            **options,
        )
        # Whoever asks for trials counts them: a search may be given more of them later, or fewer.
        self.max_trials = None
        self.limit = trials or math.inf
        self.searched = space
        self.verbose = 0

    @property
    def planned(self) -> int:
        """Trials that the search has in all."""
        return int(min(self.most(), self.limit))

    @property
    def planned_epochs(self) -> int:
        """Epochs of all of them."""
        return self.planned * self.searched.fixed.optimization.epochs

    def most(self) -> float:
        """Trials that the algorithm has."""
        return self.searched.size()

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

    def most(self):
        return self.searched.grid_size()

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

    name: str
    size: int
    epochs: int


START = Round("", 0, 0)


class Hyperband(OnSpace, RandomSearchOracle):
    """Many points for a few epochs, the better ones for more (Li et al., arXiv 1603.06560).

    The rounds are those of keras-tuner's own, which ends a finite space before its first halving,
    and a bracket after failed trials: here a bracket has no more points than those before it left,
    and a failed trial is one that is not promoted.
    """

    @functools.cached_property
    def brackets(self) -> list[list[tuple[Round, Round]]]:
        """Each round and the one before it, of each bracket, the one with the most points first."""
        most, left = self.searched.fixed.optimization.epochs, self.searched.size()
        # Whole numbers: a logarithm of a power of the factor may be less than it.
        last = next(n for n in itertools.count() if FACTOR ** (n + 1) > most)
        found = []
        for number in range(last, -1, -1):
            last_size = math.ceil(1 + math.log(most, FACTOR)) / (number + 1)
            rounds = [START]
            for exponent in range(number, -1, -1):
                size = min(math.ceil(last_size * FACTOR**exponent), left)
                epochs = math.ceil(most / FACTOR**exponent)
                rounds.append(Round(f"{number}.{exponent}", int(size), epochs))
            left -= rounds[1].size
            found.append([*itertools.pairwise(rounds)])
        return found

    def most(self):
        return sum(each.size for bracket in self.brackets for _, each in bracket)

    @property
    def planned_epochs(self) -> int:
        pairs = itertools.chain(*self.brackets)
        return sum(each.size * (each.epochs - before.epochs) for before, each in pairs)

    def populate_space(self, trial_id):
        for bracket in self.brackets:
            for before, each in bracket:
                if len(self.begun(each)) < each.size:
                    first = before is START
                    values = self.new_point(trial_id) if first else self.promoted(before, each)
                    if values is None:
                        break
                    rounds = {EPOCHS: each.epochs, EPOCHS_BEFORE: before.epochs, ROUND: each.name}
                    return response(values | rounds)
        return {"status": "IDLE" if self.ongoing_trials else "STOPPED", "values": None}

    def begun(self, part: Round) -> list:
        """The trials of a round."""
        return [
            trial
            for trial in self.trials.values()
            if trial.hyperparameters.values[ROUND] == part.name
        ]

    def promoted(self, before: Round, part: Round) -> dict | None:
        """The best point of the round before that is not in this one, None if it is still open.

        As many points as the rounds differ by are not promoted; those that failed are the first of
        them.
        """
        points = [self.point(trial) for trial in self.begun(part)]
        earlier = self.begun(before)
        ready = [
            trial
            for trial in earlier
            if trial.status == "COMPLETED" and self.point(trial) not in points
        ]
        failed = sum(trial.status == "FAILED" for trial in earlier)
        if len(ready) <= max(0, before.size - part.size - failed):
            return None
        return max(ready, key=lambda trial: trial.score).hyperparameters.values.copy()


ALGORITHMS = {"grid": Grid, "random": Random, "bayesian": Bayesian, "hyperband": Hyperband}


def oracle_of(search: Search, trials_in_view: int | None, place: str) -> OnSpace:
    """The oracle of a search.

    Args:
        search: what is searched, and how.
        trials_in_view: that it had when it began, `search.trials` of then.
        place: a folder for its files.
    """
    trials, options = search.trials, {}
    if search.algorithm in ("random", "bayesian"):
        trials = trials or TRIALS
    if search.algorithm == "bayesian":
        # keras-tuner's own choice would leave nothing but random points in a large space.
        options["num_initial_points"] = max(2, (trials_in_view or TRIALS) // 3)
    oracle = ALGORITHMS[search.algorithm](search.space, trials, **options)
    # Gives the oracle its space and its folder.
    kt.Tuner(oracle, search.space.declare, directory=place, project_name="search")
    return oracle
