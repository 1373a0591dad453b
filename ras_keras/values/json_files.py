"""JSON files of ours: what was written is read again as its type, and nonsense is named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ras_keras.errors import Argument, UserError, first_line
from ras_keras.files import write_atomically
from ras_keras.values.typed import WrongValue, finite, in_short, typed

T = TypeVar("T")


def write_json(file: Path, content: object) -> None:
    """Writes a file whole or not at all; a number that is not finite is written as null.

    Raises:
        UserError: if it cannot be written; it is as it was.
    """
    text = json.dumps(finite(content), indent=2) + "\n"
    write_atomically(file, lambda path: path.write_text(text, encoding="utf-8"))


def read_json(
    file: Path,
    kind: type[T],
    remedy: str | tuple[str | Argument, ...],
    check: Callable[[T], object] = lambda value: None,
) -> T:
    """The content of a file.

    Args:
        file: to read.
        kind: its type, as `typed` takes it.
        remedy: what to do about a file that is damaged, such as "restore it or start anew"; the
            parts of a `UserError` where it names an argument.
        check: called with the content; raises a ValueError or a UserError for what cannot be.

    Raises:
        UserError: naming the file, the key that is wrong, and the remedy.
    """
    way_out = (remedy,) if isinstance(remedy, str) else remedy
    try:
        if file.exists() and not file.is_file():
            raise UserError(f"{file} is no file; ", *way_out, ".")
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}); ", *way_out, ".") from error
    try:
        content = parse_json(data, kind)
        check(content)
    # Python reads what is deeper than it writes.
    except (ValueError, RecursionError, UserError) as error:
        problem = first_line(error).rstrip(".")
        raise UserError(f"{file} is damaged ({problem}); ", *way_out, ".") from error
    return content


def parse_json(text: str | bytes, kind: type[T]) -> T:
    """The content of a JSON text; bytes are UTF-8.

    Raises:
        ValueError: in one line, for what is no JSON, for what only Python takes for it (NaN,
            a key that stands there twice), and for a value of another type.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except WrongValue:
        raise
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is no UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON at line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise ValueError("lists in lists too deep to be read") from error
    except ValueError as error:
        # Python reads no integer of more than 4,300 digits.
        raise ValueError("an integer has thousands of digits") from error
    return typed(value, kind)


def _refuse_constant(name):
    raise WrongValue("", f"{name} is no JSON")


def _unique(pairs):
    found = {}
    for name, value in pairs:
        if name in found:
            raise WrongValue(in_short(name), "stands there twice")
        found[name] = value
    return found
