"""The names of a model's classes, which travel with its file."""

import json
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import keras

from ras_keras.errors import Argument, UserError
from ras_keras.files import write_atomically
from ras_keras.values.json_files import parse_json
from ras_keras.values.typed import That, in_short, typed

MEMBER = "classes.json"
# Characters of a name.
LONGEST = 1000


def save_model(path: Path, model: keras.Model, names: Sequence[str] | None) -> None:
    """Writes a `.keras` file, all of it or nothing, with the names of its classes if there are any.

    Raises:
        UserError: if there are more or fewer of them than classes, or one could not be read again.
    """
    if names is not None:
        # A detector has several outputs, and says how many classes it has.
        check_number(path, names, getattr(model, "classes", None) or model.output_shape[-1])
        check_names(path, names)

    def write(file):
        model.save(file)
        if names is not None:
            write_class_names(file, names)

    write_atomically(path, write)


def check_number(path: Path, names: Sequence[str], classes: int) -> None:
    """Refuses names that are not as many as the classes of a model.

    Raises:
        UserError: saying how many there are of each.
    """
    if len(names) != classes:
        raise UserError(
            f"{path} has {classes} classes and {len(names)} are named; name as many, by ",
            Argument("classes"),
            " for example.",
        )


def check_names(path: Path, names: Sequence[str]) -> None:
    """Refuses names that could not be read again.

    Raises:
        UserError: naming the first.
    """
    for name in names:
        if not is_name(name):
            raise UserError(
                f"{path} cannot have a class of the name {in_short(name)}; give it a name of up to "
                f"{LONGEST:,} characters of one line, without control characters, in UTF-8."
            )


def write_class_names(path: Path, names: Sequence[str]) -> None:
    """Puts names into a `.keras` file or a SavedModel's folder, and beside any other file.

    Args:
        path: of a model that has just been written.
        names: one for each class.

    Raises:
        UserError: if a name could not be read again.
    """
    check_names(path, names)
    text = json.dumps(list(names), ensure_ascii=False, indent=1) + "\n"
    if path.suffix == ".keras":
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(MEMBER, text)
        return
    file = names_file(path)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


def read_class_names(path: Path) -> tuple[str, ...] | None:
    """The names that `write_class_names` wrote, None if it wrote none.

    Args:
        path: of a model whose file is sound.

    Raises:
        UserError: if they are no list of names.
    """
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            text = archive.read(MEMBER) if MEMBER in archive.namelist() else None
    else:
        text = names_file(path).read_bytes() if names_file(path).is_file() else None
    if text is None:
        return None
    try:
        return parse_json(text, Names)
    except ValueError as error:
        raise UserError(
            f"{path}: its class names are no JSON list of names ({error}); write it again."
        ) from error


def read_names_file(file: Path) -> tuple[str, ...]:
    """The names in a file of the user's, one per line or a JSON list.

    Raises:
        UserError: if it cannot be read or holds no names.
    """
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise UserError(Argument("classes", file), f": {reason}; name a file of names.") from error
    listed = text.startswith(("[", "{"))
    try:
        names = [*map(str.strip, text.splitlines())]
        return parse_json(text, Names) if listed else typed(names, Names)
    except ValueError as error:
        raise UserError(
            Argument("classes", file),
            f" holds no names, one per line or a JSON list ({error}); correct it.",
        ) from error


def is_name(value: object) -> bool:
    """Whether a value is text for one line, without control characters."""
    return (
        isinstance(value, str)
        and len(value) <= LONGEST
        and not any(unicodedata.category(character) in ("Cc", "Cs") for character in value)
    )


Name = Annotated[str, That(is_name, "a name, text of one line without control characters")]
Names = Annotated[tuple[Name, ...], That(len, "a list of names")]


def names_file(path: Path) -> Path:
    """Where the names of a model lie that is no `.keras` file."""
    if path.is_dir():
        # TensorFlow's place for what goes with a SavedModel and is no part of it.
        return path / "assets.extra" / MEMBER
    return path.with_name(f"{path.name}.{MEMBER}")
