"""The files that keras-tuner's oracle writes, checked before it reads them (keras-tuner 1.4.8)."""

import json
from pathlib import Path
from typing import Annotated, Literal, TypedDict

from ras_keras.tuning.space import Space
from ras_keras.values.json_files import read_json
from ras_keras.values.typed import Count, Natural, That, WrongValue, typed

# What keras-tuner draws from.
Seed = Annotated[int, That(lambda n: 0 <= n < 2**32, "an integer from 0 to 4294967295")]
Number = Annotated[str, That(str.isdecimal, "the number of a trial")]
Point = dict[str, bool | float | str | None]


class Observation(TypedDict):
    value: Annotated[list[float], That(len, "a list of numbers")]
    step: Natural


class Metric(TypedDict):
    direction: Literal["min", "max"]
    observations: Annotated[list[Observation], That(len, "a list of observations")]


class Metrics(TypedDict):
    metrics: dict[str, Metric]


class Hyperparameters(TypedDict):
    space: list[object]
    values: Point


class Display(TypedDict):
    search_start: str | None
    trial_start: dict[str, str]
    trial_number: dict[str, int]


class Place(TypedDict):
    id: Number
    past_id: Number | None


class Bracket(TypedDict):
    bracket_num: Natural
    rounds: list[list[Place]]


# Other versions of keras-tuner may write more.
TRIAL = {
    "trial_id": Number,
    "hyperparameters": Hyperparameters,
    "metrics": Metrics,
    "score": float | None,
    "best_step": Natural | None,
    "status": Literal["RUNNING", "IDLE", "INVALID", "STOPPED", "COMPLETED", "FAILED"],
    "message": str | None,
}
ORACLE = {
    "ongoing_trials": dict[str, Number],
    "hyperparameters": Hyperparameters,
    "start_order": list[Number],
    "end_order": list[Number],
    "run_times": dict[str, Natural],
    "retry_queue": list[Number],
    "seed": Seed,
    "seed_state": Seed,
    "tried_so_far": list[str],
    "id_to_hash": dict[str, str | None],
    "display": Display,
}
BAYESIAN = {"num_initial_points": Count, "alpha": float, "beta": float}
HYPERBAND = {
    **dict.fromkeys(("hyperband_iterations", "max_epochs", "min_epochs", "factor"), Count),
    "brackets": list[Bracket],
    **{"current_bracket": Natural, "current_iteration": Natural},
}
# Of the search, not of how far it is.
FIXED = ("seed", "hyperband_iterations", "max_epochs", "min_epochs", "factor")


def check_files(folder: Path, state: dict, space: Space, metrics: tuple[str, ...], remedy: str):
    """Refuses files that this search has not written.

    Args:
        folder: of the oracle, which holds oracle.json.
        state: of the oracle before it reads them.
        space: what is searched.
        metrics: that a trial which came to its end has.
        remedy: what to do about a damaged file.

    Raises:
        UserError: naming the file and what in it cannot be right.
    """
    searched = _text(state["hyperparameters"]["space"])
    numbers = set()

    def check_trial(content):
        _check(content, TRIAL)
        found = content["hyperparameters"]
        _require(_text(found["space"]) == searched, "hyperparameters.space")
        _require(space.holds(found["values"]), "hyperparameters.values")
        for name, kind in (("tuner/epochs", Count), ("tuner/initial_epoch", Natural)):
            if name in found["values"]:
                epochs = typed(found["values"][name], kind, name)
                _require(epochs <= space.fixed.optimization.epochs, name)
        if content["status"] == "COMPLETED":
            _require(content["score"] is not None, "score")
            _require({*metrics} <= {*content["metrics"]["metrics"]}, "metrics.metrics")
        numbers.add(content["trial_id"])

    def check_oracle(content):
        kinds = ORACLE | {
            name: kind for name, kind in (BAYESIAN | HYPERBAND).items() if name in state
        }
        _check(content, kinds)
        _require(_text(content["hyperparameters"]["space"]) == searched, "hyperparameters.space")
        for name in FIXED:
            _require(content.get(name) == state.get(name), name)
        named = {*content["start_order"], *content["end_order"], *content["retry_queue"]}
        named |= {*content["ongoing_trials"].values()}
        _require(named <= numbers, "start_order")

    for file in sorted(folder.glob("trial_*/trial.json")):
        read_json(file, dict[str, object], remedy, check_trial)
    read_json(folder / "oracle.json", dict[str, object], remedy, check_oracle)


def _check(content, kinds):
    for name, kind in kinds.items():
        if name not in content:
            raise WrongValue(name, "is missing")
        typed(content[name], kind, name)


def _text(value):
    """A value as JSON, where true is not 1, nor 1 the same as 1.0."""
    return json.dumps(value, sort_keys=True)


def _require(holds, key):
    if not holds:
        raise WrongValue(key, "is not that of this search")
