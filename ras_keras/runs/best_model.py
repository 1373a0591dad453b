"""best.keras: the run's own model of its best epoch, or none.

The state holds its checksum and a copy of it. Whatever happens to the file in between, a result is
never about another's model.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import keras

from ras_keras.errors import UserError, first_line
from ras_keras.files import checksum, newest_first, write_atomically
from ras_keras.runs.run_folder import RunFolder
from ras_keras.runs.state import KEPT, Progress

FILE = "best.keras"


def is_better(progress: Progress, accuracy: float, loss: float, loss_name: str) -> bool:
    """Whether an epoch is better than the best so far: by accuracy, among equals by loss.

    Args:
        progress: the record before this epoch.
        accuracy: on the images that choose the best epoch.
        loss: likewise.
        loss_name: column of the record that holds it.
    """
    if progress.best_epoch == 0 or accuracy != progress.best_accuracy:
        return accuracy > progress.best_accuracy
    best = progress.history[progress.best_epoch - 1][loss_name]
    return best is None or loss < best


def write(
    run: RunFolder, network: keras.Model, class_names: Sequence[str], progress: Progress
) -> None:
    """Writes the network as that of the best epoch and notes its checksum."""
    run.write_model(FILE, network, class_names)
    progress.best_checksum = checksum(run.file(FILE))


def keep_copy(run: RunFolder, progress: Progress) -> None:
    """Copies a new best model into the state that has just been written, and drops old copies."""
    file, copy = run.file(FILE), _copy(run, progress)
    if progress.best_checksum is None or _is_own(copy, progress):
        return
    write_atomically(copy, lambda temporary: shutil.copyfile(file, temporary))
    for outdated in newest_first(copy.parent.glob("best-*.keras"))[KEPT:]:
        outdated.unlink()


def secure(
    run: RunFolder, network: keras.Model, class_names: Sequence[str], progress: Progress
) -> bool:
    """Sees to it at the end of a run that best.keras is the run's own.

    Args:
        run: the folder.
        network: after the last epoch; written where neither the file nor its copy is whole.
        class_names: that travel with it.
        progress: the record.

    Returns:
        Whether it is the best epoch's; otherwise it is the last one's.
    """
    file, copy = run.file(FILE), _copy(run, progress)
    if _is_own(file, progress):
        return True
    what = f"{file} is not the file that the run wrote after epoch {progress.best_epoch}"
    if _is_own(copy, progress):
        write_atomically(file, lambda temporary: shutil.copyfile(copy, temporary))
        print(f"notice   {what}: it is restored from {copy.name} in the state")
        return True
    is_last = progress.best_epoch == progress.epoch
    print(f"notice   {what}: {'written anew' if is_last else 'the last epoch takes its place'}")
    write(run, network, class_names, progress)
    return is_last


def load(run: RunFolder, network: keras.Model) -> None:
    """Gives a network the weights of best.keras.

    Raises:
        UserError: if a file that has no checksum is another's.
    """
    try:
        network.load_weights(run.file(FILE))
    except Exception as error:
        raise UserError(
            f"{run.file(FILE)} is damaged or not of this run ({first_line(error)}); restore it, or "
            "remove it to have the last epoch in its place, and resume the run."
        ) from error


def _is_own(file: Path, progress: Progress) -> bool:
    found = checksum(file)
    # States of version 0.4 hold no checksum.
    return found is not None and progress.best_checksum in (None, found)


def _copy(run: RunFolder, progress: Progress) -> Path:
    return run.file("state") / f"best-{progress.best_epoch:04d}.keras"
