"""data.json of a run: the fingerprint of its data, so that it goes on with the same ones."""

import dataclasses
import zipfile

from ras_keras.data.fingerprint import Fingerprint
from ras_keras.errors import Argument, UserError
from ras_keras.outputs.class_names import read_class_names
from ras_keras.runs.run_folder import DATA, RunFolder
from ras_keras.values.json_files import read_json, write_json


def write_fingerprint(run: RunFolder, data: Fingerprint) -> None:
    """Writes data.json, whole or not at all."""
    write_json(run.file(DATA), dataclasses.asdict(data))


def check_same_data(
    run: RunFolder, data: Fingerprint, dataset: str, argument: str = "data_dir"
) -> None:
    """Refuses to go on with a run on other data.

    Of a run that has no data.json the names of its classes are compared, and a notice says so.

    Args:
        run: to go on with.
        data: of the data that it would go on with.
        dataset: by which they were asked for.
        argument: that says where they lie.

    Raises:
        UserError: naming what differs, or that data.json is damaged.
    """
    file = run.file(DATA)
    if file.exists():
        remedy = "restore it, or remove it to go on without what it says"
        stored = read_json(file, Fingerprint, remedy, Fingerprint.check)
    else:
        print(
            f"notice   {run.path} has no {DATA}: whether its data are still the same is not known, "
            "its classes apart"
        )
        stored = dataclasses.replace(data, class_names=_class_names(run) or data.class_names)
    difference = data.difference(stored)
    if difference:
        raise UserError(
            f"{run.path} was trained on other data than {dataset} holds now: {difference}; name "
            "its own by ",
            Argument(argument),
            ", or start a new run.",
        )


def _class_names(run):
    """Those in best.keras, None where it is not there or not whole."""
    file = run.file("best.keras")
    return read_class_names(file) if zipfile.is_zipfile(file) else None
