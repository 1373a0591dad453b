"""data.json of a run: the fingerprint of its data, so that it goes on with the same ones."""

import dataclasses
import json

from ras_keras.class_names import is_name
from ras_keras.data.fingerprint import Fingerprint
from ras_keras.errors import UserError
from ras_keras.training.run_folder import DATA, RunFolder


def write_fingerprint(run: RunFolder, data: Fingerprint) -> None:
    """Writes data.json, whole or not at all."""
    run.write_json(DATA, dataclasses.asdict(data))


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
    if not file.is_file():
        print(
            f"notice   {run.path} has no {DATA}: whether its data are still the same is not known"
        )
        return
    difference = data.difference(_read(file))
    if difference:
        raise UserError(
            f"{run.path} was trained on other data than {dataset} holds now: {difference}; name "
            "its own by --data-dir, or start a new run."
        )


def _read(file) -> Fingerprint:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        stored = Fingerprint(**{name: _tuple(value) for name, value in content.items()})
        names, counts = stored.class_names, (stored.training_images, stored.test_images)
        whole = (
            all(map(is_name, names))
            and all(len(each) == len(names) for each in counts)
            and all(type(count) is int for each in counts for count in each)
            and isinstance(stored.contents, str)
        )
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise UserError(
            f"{file} is damaged; restore it, or remove it to go on without what it says."
        )
    return stored


def _tuple(value):
    return tuple(value) if isinstance(value, list) else value
