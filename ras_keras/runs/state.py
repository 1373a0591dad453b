"""What resuming needs: every variable of the training, and the record so far."""

import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from typing import ClassVar

import keras
import numpy as np

from ras_keras.errors import UserError, first_line
from ras_keras.files import write_atomically
from ras_keras.runs.run_folder import RunFolder
from ras_keras.values.json_files import parse_json
from ras_keras.values.typed import Natural, finite

KEPT = 2
# What numpy and zipfile raise for a file that is damaged, of another format or encrypted.
DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, MemoryError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


@dataclass
class Progress:
    """The record of a run, epochs counted from 1.

    Attributes:
        epoch: epochs done.
        best_epoch: the epoch with the best accuracy, 0 before the first.
        best_accuracy: on the images that choose the best epoch.
        best_checksum: of best.keras, None before the first.
        history: a row of metrics.csv for each epoch done.
    """

    epoch: Natural = 0
    best_epoch: Natural = 0
    best_accuracy: float = -1.0
    best_checksum: str | None = None
    history: list[dict[str, float | None]] = field(default_factory=list)

    # Of states of version 0.4.
    ADDED_LATER: ClassVar[frozenset[str]] = frozenset({"best_checksum"})

    @classmethod
    def read(cls, text: str) -> "Progress":
        """What `str` wrote.

        Raises:
            ValueError: if it is damaged.
        """
        progress = parse_json(text, cls)
        epochs = [row.get("epoch") for row in progress.history]
        counted = len(epochs) == progress.epoch and epochs == [*range(1, len(epochs) + 1)]
        if not counted or progress.best_epoch > progress.epoch:
            raise ValueError(f"its history is not that of {progress.epoch} epochs")
        return progress

    def __str__(self) -> str:
        return json.dumps(finite(asdict(self)))


def variables(model: keras.Model) -> list:
    """Weights, statistics, random states and the optimizer's variables."""
    return [*model.variables, *model.optimizer.variables]


def capture(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable) for variable in variables(model)]


def restore(model: keras.Model, values: list[np.ndarray]) -> None:
    for variable, value in zip(variables(model), values, strict=True):
        variable.assign(value)


def save(run: RunFolder, values: list[np.ndarray], progress: Progress) -> None:
    """Writes the captured state after an epoch and removes all but the last two."""
    arrays = {f"variable{i}": value for i, value in enumerate(values)}
    arrays["progress"] = np.array(str(progress))
    folder = run.file("state")
    folder.mkdir(exist_ok=True)
    write_atomically(
        folder / f"epoch-{progress.epoch:04d}.npz",
        lambda file: np.savez(file, allow_pickle=False, **arrays),
    )
    for outdated in run.states()[KEPT:]:
        outdated.unlink()


def load(run: RunFolder) -> tuple[list[np.ndarray], Progress]:
    """Reads the newest state that is whole.

    Raises:
        UserError: if there is none.
    """
    for file in run.states():
        try:
            # numpy leaves a damaged file open that it has opened itself.
            with file.open("rb") as stream, np.load(stream) as arrays:
                progress = Progress.read(str(arrays["progress"]))
                count = len(arrays.files) - 1
                return [arrays[f"variable{i}"] for i in range(count)], progress
        except DAMAGE as error:
            print(f"{file} is damaged ({first_line(error)}); going back to the state before it.")
    raise UserError(f"{run.path} holds no whole state to resume from; start a new run.")
