"""Which files below a folder are images: the same ones in training, prediction and explanation."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Of the formats of `ras_keras.data.files.image_files.FILE_FORMATS`.
SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"),
)
# Folders that systems and archivers put beside a user's own, in lower case; and hidden ones.
SYSTEM_FOLDERS = {
    *("__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"),
}
HIDDEN = "hidden"
NO_ENDING = "without an ending"
# Endings that a notice names, and the longest that it takes for an ending.
NAMED = 4
LONGEST_ENDING = 12


@dataclass
class FoundImages:
    """What lies below a folder.

    Attributes:
        files: the images, in the order of their paths.
        passed_over: how many other files there are, by their ending or as `HIDDEN`.
        unreadable: folders that cannot be listed, and links that lead nowhere and may once have
            led to images.
    """

    files: list[Path] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    unreadable: list[Path] = field(default_factory=list)


def images_below(folder: Path) -> FoundImages:
    """The images in a folder and at any depth below it, by their endings.

    Links are followed, each folder is visited once, and what is hidden or a system's is left out.
    """
    found = FoundImages()
    for place, entries in folders_below(folder):
        if entries is None:
            found.unreadable.append(place)
            continue
        for entry in entries:
            path = place / entry.name
            suffix = path.suffix.lower()
            if is_hidden(entry.name):
                found.passed_over[HIDDEN] += 1
            elif is_folder(entry):
                continue
            elif leads_nowhere(entry) and (not suffix or suffix in SUFFIXES):
                found.unreadable.append(path)
            elif suffix in SUFFIXES and entry.is_file():
                found.files.append(path)
            else:
                found.passed_over[ending(path)] += 1
    found.files.sort()
    return found


def folders_below(folder: Path) -> Iterator[tuple[Path, list[os.DirEntry] | None]]:
    """A folder and all below it that are not hidden, links followed, each once.

    Returns:
        Of each folder its path and its entries in the order of their names, None if they cannot
        be listed.
    """
    waiting, visited = [folder], set()
    while waiting:
        place = waiting.pop()
        # A link may lead back up.
        real = os.path.realpath(place)
        if real in visited:
            continue
        visited.add(real)
        try:
            with os.scandir(place) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError:
            yield place, None
            continue
        yield place, entries
        deeper = [entry for entry in entries if is_folder(entry) and not is_hidden(entry.name)]
        waiting += [place / entry.name for entry in reversed(deeper)]


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden by its name, as a Mac's ._image.png, or a system's."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS


def is_folder(entry: os.DirEntry) -> bool:
    """Whether an entry is a folder or leads to one."""
    # Of a link, DirEntry.is_dir may raise.
    return os.path.isdir(entry) if entry.is_symlink() else entry.is_dir()  # noqa: PTH112


def leads_nowhere(entry: os.DirEntry | Path) -> bool:
    """Whether an entry is a link to nothing, or to itself."""
    return entry.is_symlink() and not os.path.exists(entry)  # noqa: PTH110, it never raises


def ending(path: Path) -> str:
    """The ending of a file's name, by which it is counted."""
    suffix = path.suffix.lower()
    if len(suffix) > LONGEST_ENDING or not suffix.isprintable():
        return "of other endings"
    return suffix or NO_ENDING


def counted(passed_over: Counter[str]) -> str:
    """Such as "12 .heic, 3 hidden", the most frequent first."""
    most = passed_over.most_common(NAMED)
    parts = [f"{count:,} {what}" for what, count in most]
    rest = passed_over.total() - sum(count for _, count in most)
    return ", ".join([*parts, f"{rest:,} others"] if rest else parts)
