"""Find the images of a data set that cannot be read."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.commands.line.data_flags import print_notices
from ras_keras.commands.line.fields import Folder, Shown
from ras_keras.commands.line.flags import parse
from ras_keras.data import check_dataset, load_dataset
from ras_keras.data.folder import FOLDER, is_folder
from ras_keras.data.unreadable import unreadable_of
from ras_keras.errors import Argument, UserError
from ras_keras.text.numbers import counted
from ras_keras.text.shown import shown

# Any size will do: sizes that vary are no damage.
SIDE = 32


@dataclass(frozen=True)
class CheckData:
    """Read every image of a data set once, as training does, and name those that cannot be read.

    The exit code is 2 if there are any.
    """

    data: Annotated[str, tyro.conf.Positional, Shown("PATH|NAME")]
    """A folder (PATH/train/CLASS/*.png, PATH/test/CLASS/*.png), or a name of
    tensorflow-datasets."""
    data_dir: Folder | None = None
    """Folder of prepared data sets; None is tensorflow-datasets' own."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(CheckData, arguments, program)
    if options.data == "digits":
        raise UserError("the digits come with the package: there is nothing to check.")
    name = options.data
    if not is_folder(name) and (Path(name).is_dir() or name.startswith((".", "~", os.sep))):
        name = f"{FOLDER}{name}"
    where = {"name": name, "data_dir": options.data_dir, "image_size": SIDE, "stream": True}
    try:
        check_dataset(**where)
        dataset = load_dataset(**where)
    except UserError as error:
        raise UserError(*map(_in_words, error.args)) from error
    print_notices(dataset)
    count = 0
    for error in unreadable_of(dataset):
        print(shown(str(error)), flush=True)
        count += 1
    images = len(dataset.train) + len(dataset.test)
    if count:
        raise UserError(f"{count:,} of {counted(images, 'image')} cannot be read.")
    print(
        f"{len(dataset.train):,} training images and {len(dataset.test):,} test images of "
        f"{len(dataset.class_names)} classes can be read"
    )


def _in_words(part):
    """Of a message, what it says of flags that this command does not have."""
    if not isinstance(part, Argument) or part.name != "dataset":
        return part
    return "the data set" if part.value is None else str(part.value)
