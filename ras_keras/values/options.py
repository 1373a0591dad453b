"""A name and the options that are given to it, in one text: "ras:k=3,connection=tanh"."""

from collections.abc import Callable, Collection, Mapping

from ras_keras.errors import Argument, UserError
from ras_keras.values.choices import nearest
from ras_keras.values.text import ANY, read_text, written
from ras_keras.values.typed import WrongValue, describe


def split(text: str) -> tuple[str, dict[str, str]]:
    """The name in a text, and the text of each option.

    Raises:
        UserError: for an option without a value, and one that stands there twice.
    """
    name, _, rest = text.partition(":")
    options = {}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        option, equals, value = (each.strip() for each in part.partition("="))
        if not equals or not option:
            raise UserError(f"{text}: {part} is no option; write {name}:OPTION=VALUE.")
        if option in options:
            raise UserError(f"{text} gives {option} twice; give it once.")
        options[option] = value
    return name.strip(), options


def name_of(text: str) -> str:
    """The name in a text, whatever its options are."""
    return text.partition(":")[0].strip()


def joined(name: str, options: Mapping[str, object]) -> str:
    """The text that `split` takes apart; k comes first, the other options by their names."""
    ordered = sorted(options.items(), key=lambda item: (item[0] != "k", item[0]))
    text = ",".join(f"{option}={written(value)}" for option, value in ordered)
    return f"{name}:{text}" if text else name


def with_options(text: str, **options) -> str:
    """The text with other values of some options; an empty one leaves the option out."""
    name, given = split(text)
    changed = given | {option: written(value) for option, value in options.items()}
    return joined(name, {option: value for option, value in changed.items() if value != ""})


def merged(base: str, text: str) -> str:
    """The text with the options that it leaves to a base of the same name."""
    name, options = split(text)
    before = split(base)[1] if name_of(base) == name else {}
    return with_options(joined(name, before), **options)


def split_list(text: str) -> list[str]:
    """The texts in a list such as "none,ras:k=2,connection=tanh,se".

    What has a = in it is an option of the name before it.
    """
    found: list[str] = []
    for part in filter(None, text.split(",")):
        if found and "=" in part and ":" not in part:
            found[-1] += f",{part}"
        else:
            found.append(part)
    return found


def read_options(
    where: str,
    text: str,
    kinds: Callable[[str], Mapping[str, type]],
    unlisted: Collection[str] = (),
) -> dict:
    """The options in a text, each value of its type.

    Args:
        where: the argument that the text is given to, such as "attention".
        text: such as "ras:k=3".
        kinds: from a name to its options and their types, those of `ANY` if it takes any.
        unlisted: options that are taken and that a message leaves out.

    Raises:
        UserError: naming an option that the name does not take, or a value that is none of its
            type.
    """
    name, given = split(text)
    valid = kinds(name)
    found = {}
    for option, value in given.items():
        if option not in valid and ANY not in valid:
            if not valid:
                raise UserError(Argument(where, text), f": {name} takes no options.")
            listed = [each for each in valid if each not in unlisted]
            raise UserError(
                Argument(where, text),
                f": the option must be one of {', '.join(listed)}. "
                f"Received: {option!r}.{nearest(option, valid)}",
            )
        kind = valid.get(option, object)
        try:
            found[option] = read_text(value, kind)
        except WrongValue as error:
            raise UserError(
                Argument(where, text),
                f": {option} must be {describe(kind)}. Received: {value!r}.",
            ) from error
    return found
