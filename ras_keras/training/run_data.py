"""data.json of a run: the fingerprint of its data, so that it goes on with the same ones."""

import dataclasses

from ras_keras.data.fingerprint import Fingerprint
from ras_keras.errors import UserError
from ras_keras.json_files import read_json, write_json
from ras_keras.training.run_folder import DATA, RunFolder


def write_fingerprint(run: RunFolder, data: Fingerprint) -> None:
    """Writes data.json, whole or not at all."""
    write_json(run.file(DATA), dataclasses.asdict(data))


def check_same_data(run: RunFolder, data: Fingerprint, dataset: str) -> None:
    """Refuses to go on with a run on other data; a run that has no data.json goes on with a notice.

    Args:
        run: to go on with.
        data: of the data that it would go on with.
        dataset: by which they were asked for.

    Raises:
        UserError: naming what differs, or that data.json is damaged.
    """
    file = run.file(DATA)
    if not file.exists():
        print(
            f"notice   {run.path} has no {DATA}: whether its data are still the same is not known"
        )
        return
    remedy = "restore it, or remove it to go on without what it says"
    difference = data.difference(read_json(file, Fingerprint, remedy, Fingerprint.check))
    if difference:
        raise UserError(
            f"{run.path} was trained on other data than {dataset} holds now: {difference}; name "
            "its own by --data-dir, or start a new run."
        )
