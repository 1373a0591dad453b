"""What happened in a search, an event a line: a file that is only added to."""

import json
import os
from pathlib import Path
from typing import Any, Literal, TypedDict

from ras_keras.errors import UserError, first_line
from ras_keras.tuning.trial import TrialResult
from ras_keras.values.json_files import parse_json
from ras_keras.values.typed import Count, Natural, Text, WrongValue, finite, typed

REMEDY = "restore it, or remove it to begin anew with the runs that its trials left"


class Begin(TypedDict):
    """The search began: with so many trials in view, and this keras-tuner."""

    event: Literal["begin"]
    trials: Count | None
    keras_tuner: Text


class Create(TypedDict):
    """The oracle proposed a trial."""

    event: Literal["create"]
    trial: Count
    values: dict[str, bool | float | str]
    epochs: Count
    epochs_before: Natural


class Wait(TypedDict):
    """The oracle had no trial to propose."""

    event: Literal["wait"]


class End(TypedDict):
    """A trial ended."""

    event: Literal["end"]
    trial: Count
    outcome: TrialResult


KINDS = {"begin": Begin, "create": Create, "wait": Wait, "end": End}


class EventLog:
    """The file, open to be added to.

    Args:
        file: of events, which need not exist. A last line that a killed process left half written
            is dropped.

    Attributes:
        events: that it holds.

    Raises:
        UserError: if it is damaged or cannot be read.
    """

    def __init__(self, file: Path):
        self.file = file
        try:
            data = file.read_bytes() if file.exists() else b""
        except OSError as error:
            raise UserError(f"{file} cannot be read ({error.strerror}); {REMEDY}.") from error
        lines = data.split(b"\n")
        half = lines.pop()
        self.events = [self._parsed(line, number) for number, line in enumerate(lines, 1)]
        if half:
            os.truncate(file, len(data) - len(half))

    def add(self, event: dict[str, Any]) -> None:
        """Adds an event; it is on the disk on return.

        Raises:
            UserError: if it cannot be written; the file is as it was.
        """
        line = json.dumps(finite(event)).encode() + b"\n"
        size = self.file.stat().st_size if self.file.exists() else 0
        try:
            with self.file.open("ab") as stream:
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            if self.file.exists():
                os.truncate(self.file, size)
            raise UserError(
                f"{self.file} cannot be written ({error.strerror}); mend that, then give the same "
                "command again."
            ) from error
        self.events.append(event)

    def damaged(self, number: int, problem: str) -> UserError:
        """The error of a line, numbered from 1, that cannot be right."""
        return UserError(f"{self.file} is damaged (line {number}: {problem}); {REMEDY}.")

    def _parsed(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            content = parse_json(line, dict[str, object])
            kind = content.get("event")
            if not isinstance(kind, str) or kind not in KINDS:
                raise WrongValue("event", f"is {kind!r:.30}, not one of {', '.join(KINDS)}")
            return typed(content, KINDS[kind], "")
        except (ValueError, RecursionError) as error:
            raise self.damaged(number, first_line(error).rstrip(".")) from error
