"""How far a search is: its trials, as an oracle proposed them and as they ended."""

from typing import Any

import keras_tuner as kt

from ras_keras.errors import UserError
from ras_keras.tuning.event_log import REMEDY, EventLog
from ras_keras.tuning.oracles import EPOCHS, EPOCHS_BEFORE, oracle_of
from ras_keras.tuning.search import OBJECTIVE, Search
from ras_keras.tuning.trial import Trial, TrialResult


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
        self._epochs = search.space.fixed.optimization.epochs
        self._log = log
        # Whether the oracle has nothing to propose until a trial ends.
        self._waits = False
        if not log.events:
            log.add({"event": "begin", "trials": search.trials, "keras_tuner": kt.__version__})
        for number, event in enumerate(log.events, 1):
            if (event["event"] == "begin") != (number == 1):
                raise log.damaged(number, "a search begins once, in the first line")
        begin, *events = log.events
        self._oracle = oracle_of(search, begin["trials"], place)
        for number, event in enumerate(events, 2):
            if event["event"] == "end":
                self._repeat_end(number, event)
            elif (found := self._propose()) != event:
                raise UserError(
                    f"{log.file}, line {number}: keras-tuner {kt.__version__} proposes "
                    f"{found.get('values', 'no trial')} where the search has "
                    f"{event.get('values', 'no trial')}; it was begun by keras-tuner "
                    f"{begin['keras_tuner']}: {REMEDY}."
                )

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
        self._log.add(self._propose())
        return None if self._waits else self.trials[-1]

    def end(self, trial: Trial, outcome: TrialResult) -> None:
        """Says how a trial ended."""
        self._log.add({"event": "end", "trial": trial.number, "outcome": outcome})
        self._end(trial, outcome)

    def _propose(self) -> dict[str, Any]:
        """The next event, and its trial if it is one."""
        # Workers are of no interest to an oracle, as long as they are different.
        proposed = self._oracle.create_trial(f"worker{len(self.trials)}")
        self._waits = proposed.status != "RUNNING"
        if self._waits:
            return {"event": "wait"}
        values = proposed.hyperparameters.values
        trial = Trial(
            len(self.trials) + 1,
            self._oracle.point(proposed),
            values.get(EPOCHS, self._epochs),
            values.get(EPOCHS_BEFORE, 0),
        )
        self.trials.append(trial)
        return {
            "event": "create",
            "trial": trial.number,
            "values": trial.values,
            "epochs": trial.epochs,
            "epochs_before": trial.epochs_before,
        }

    def _end(self, trial: Trial, outcome: TrialResult) -> None:
        trial.outcome = outcome
        ended = self._oracle.get_trial(self._oracle.start_order[trial.number - 1])
        ended.status = trial.status.upper()
        if OBJECTIVE in outcome:
            self._oracle.update_trial(ended.trial_id, {OBJECTIVE: outcome[OBJECTIVE]})
        self._oracle.end_trial(ended)
        self._waits = False

    def _repeat_end(self, number: int, event: dict[str, Any]) -> None:
        running = {trial.number: trial for trial in self.unfinished()}
        if event["trial"] not in running:
            raise self._log.damaged(number, f"trial {event['trial']} is not running")
        if {*event["outcome"]} - {"sd"} not in ({"failed"}, {OBJECTIVE, "seconds"}):
            raise self._log.damaged(number, "the outcome says too little or too much")
        self._end(running[event["trial"]], event["outcome"])
