"""Commands that do one of several things, named by their first argument."""

from collections.abc import Mapping, Sequence

from ras_keras.values.choices import one_of


def subcommand(
    arguments: Sequence[str], program: str, kinds: Mapping[str, type], meant: str
) -> tuple[str, list[str]] | None:
    """Which of several things is asked for, and its flags; prints the list for --help.

    Args:
        arguments: of the command.
        program: how the user called it.
        kinds: by name, the dataclasses of their flags, whose docstrings begin with what they do.
        meant: by the first argument, for messages.

    Returns:
        None where the list was printed.

    Raises:
        UserError: for another name, naming the nearest.
    """
    what, *flags = arguments or ["--help"]
    if what in ("-h", "--help"):
        print(f"usage: {program} WHAT [FLAGS]\n")
        width = max(map(len, kinds))
        for name, cls in kinds.items():
            print(f"  {name:{width}}  {(cls.__doc__ or '').splitlines()[0]}")
        print(f"\n{program} WHAT --help lists the flags.")
        return None
    one_of(meant, what, kinds)
    return what, flags
