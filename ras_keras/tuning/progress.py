"""How far a search is: its trials, as an oracle proposed them and as they ended."""

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

import keras_tuner as kt

from ras_keras.errors import UserError
from ras_keras.tuning.event_log import REMEDY, EventLog
from ras_keras.tuning.oracles import EPOCHS, EPOCHS_BEFORE, oracle_of
from ras_keras.tuning.search import Search
from ras_keras.tuning.trial import OBJECTIVE, Trial, TrialResult


class Progress:
    """The trials of a search, each event of which is in a log.

    An oracle with a seed is a pure function of the events. So a search goes on exactly where the
    events of the log are repeated to a new oracle.

    Args:
        search: whose oracle it is.
        log: of its events, which are repeated.
        place: a folder for the files that keras-tuner writes and nobody reads.

    Attributes:
        trials: those that began, in their order.
        planned: how many there will be in all.
        planned_epochs: epochs of all of them.

    Raises:
        UserError: if the log cannot be of this search, or this keras-tuner proposes other trials.
    """

    def __init__(self, search: Search, log: EventLog, place: str):
        self.trials: list[Trial] = []
        self._search = search
        self._log = log
        # Whether the oracle has nothing to propose until a trial ends.
        self._waits = False
        begin, *events = log.events or [_begin(search, log)]
        if begin["event"] != "begin":
            raise log.damaged(1, "is no beginning")
        self._oracle = oracle_of(search, begin["trials"])
        self._begun_by = begin["keras_tuner"]
        _Home(self._oracle, directory=place, project_name="search")
        for number, event in enumerate(events, 2):
            self._repeat(number, event)

    @classmethod
    @contextlib.contextmanager
    def of(cls, search: Search, log: EventLog) -> Iterator["Progress"]:
        """The progress of a search, with a place that is removed at the end."""
        with tempfile.TemporaryDirectory(prefix="keras-tuner-") as place:
            yield cls(search, log, place)

    @property
    def planned(self) -> int:
        return max(self._oracle.planned, len(self.trials))

    @property
    def planned_epochs(self) -> int:
        return self._oracle.planned_epochs

    def unfinished(self) -> list[Trial]:
        """The trials that began and have not ended."""
        return [trial for trial in self.trials if trial.outcome is None]

    def next_trial(self) -> Trial | None:
        """One more trial, None if there is none, or none before another one has ended."""
        if self._waits or len(self.trials) >= self._oracle.planned:
            return None
        trial = self._create()
        if trial is None:
            self._log.add({"event": "wait"})
        else:
            self._log.add(_created(trial))
        return trial

    def end(self, trial: Trial, outcome: TrialResult) -> None:
        """Says how a trial ended."""
        self._log.add({"event": "end", "trial": trial.number, "outcome": outcome})
        self._end(trial, outcome)

    def _create(self) -> Trial | None:
        # Workers are of no interest to an oracle, as long as they are different.
        proposed = self._oracle.create_trial(f"worker{len(self.trials)}")
        if proposed.status != "RUNNING":
            self._waits = True
            return None
        hyperparameters = proposed.hyperparameters.values
        trial = Trial(
            len(self.trials) + 1,
            self._oracle.point(proposed),
            hyperparameters.get(EPOCHS, self._search.space.fixed.optimization.epochs),
            hyperparameters.get(EPOCHS_BEFORE, 0),
        )
        self.trials.append(trial)
        return trial

    def _end(self, trial: Trial, outcome: TrialResult) -> None:
        trial.outcome = outcome
        ended = [*self._oracle.trials.values()][trial.number - 1]
        ended.status = trial.status.upper()
        if "val_accuracy" in outcome:
            self._oracle.update_trial(ended.trial_id, {OBJECTIVE: outcome["val_accuracy"]})
        self._oracle.end_trial(ended)
        self._waits = False

    def _repeat(self, number: int, event: dict[str, Any]) -> None:
        if event["event"] == "begin":
            raise self._log.damaged(number, "the search began before")
        if event["event"] == "end":
            running = {trial.number: trial for trial in self.unfinished()}
            if event["trial"] not in running:
                raise self._log.damaged(number, f"trial {event['trial']} is not running")
            if {*event["outcome"]} - {"sd"} not in ({"failed"}, {"val_accuracy", "seconds"}):
                raise self._log.damaged(number, "the outcome says too little or too much")
            self._end(running[event["trial"]], event["outcome"])
            return
        trial = self._create()
        found = {"event": "wait"} if trial is None else _created(trial)
        if found != event:
            raise UserError(
                f"{self._log.file}, line {number}: keras-tuner {kt.__version__} proposes "
                f"{_in_words(found)} where the search has {_in_words(event)}; it was begun by "
                f"keras-tuner {self._begun_by}: {REMEDY}."
            )


def _begin(search: Search, log: EventLog) -> dict[str, Any]:
    event = {"event": "begin", "trials": search.trials, "keras_tuner": kt.__version__}
    log.add(event)
    return event


class _Home(kt.Tuner):
    """What keras-tuner gives an oracle its folder by."""

    def run_trial(self, trial, *arguments, **options):
        raise NotImplementedError


def _created(trial: Trial) -> dict[str, Any]:
    return {
        "event": "create",
        "trial": trial.number,
        "values": trial.values,
        "epochs": trial.epochs,
        "epochs_before": trial.epochs_before,
    }


def _in_words(event: dict[str, Any]) -> str:
    return "no trial" if event["event"] == "wait" else f"{event['values']}"
