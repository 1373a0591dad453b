"""Two lists of class names: whether they are the same classes, and in which order."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

NAMED = 3


def class_order(wanted: Sequence[str], given: Sequence[str]) -> list[int] | None:
    """Where each wanted class stands among the given ones, None if they are other classes.

    Names are equal if they are in Unicode's normal form C: file systems change the form. Classes
    of one name are told apart by their places, so that they must be at the same ones.

    Args:
        wanted: names of classes.
        given: likewise.

    Returns:
        For each wanted class the index of the given one.
    """
    wanted, given = _normal(wanted), _normal(given)
    if wanted == given:
        return list(range(len(wanted)))
    places = {name: place for place, name in enumerate(given)}
    if len(places) < len(given) or len(wanted) != len(given) or places.keys() != {*wanted}:
        return None
    return [places[name] for name in wanted]


def differing_classes(first: Sequence[str], second: Sequence[str], *owners: str) -> str:
    """How two lists of classes for which there is no order differ, for messages.

    Args:
        first: names of classes.
        second: likewise.
        *owners: of the first and of the second list, such as "the model".
    """
    counts = [Counter(_normal(names)) for names in (first, second)]
    parts = [
        f"only {owner} has {listed(sorted((own - other).elements()))}"
        for owner, own, other in zip(owners, counts, reversed(counts), strict=True)
        if own - other
    ]
    repeated = sorted(name for name, count in counts[0].items() if count > 1)
    return ", ".join(parts) or f"{listed(repeated)} names several, which have other places"


def listed(names: Sequence[str]) -> str:
    """The first names of many, for messages."""
    rest = len(names) - NAMED
    return ", ".join(map(repr, names[:NAMED])) + (f" and {rest:,} more" if rest > 0 else "")


def _normal(names: Sequence[str]) -> list[str]:
    return [unicodedata.normalize("NFC", name) for name in names]
