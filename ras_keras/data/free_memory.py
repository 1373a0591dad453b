"""How much memory this process may still take."""

from pathlib import Path

import psutil

# Version 2 and version 1 of control groups, by which a cluster limits what it starts.
LIMITS = ("memory.max", "memory.limit_in_bytes")


def free_memory(
    groups: str | Path = "/sys/fs/cgroup", own: str | Path = "/proc/self/cgroup"
) -> int:
    """The bytes that are free on this machine, at most the limit that a cluster sets.

    Args:
        groups: the folder of Linux's control groups.
        own: the file that says in which of them this process is.
    """
    limits = [psutil.virtual_memory().available]
    for folder in _folders(Path(groups), Path(own)):
        for name in LIMITS:
            try:
                text = (folder / name).read_text(encoding="ascii").strip()
            except OSError:
                continue
            if text.isdecimal():
                limits.append(int(text))
    return min(limits)


def _folders(groups: Path, own: Path) -> list[Path]:
    """Of the groups of this process, each with those that it lies in."""
    found = [groups, groups / "memory"]
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return found
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            group = groups / controllers / path.lstrip("/")
            found += [group, *(each for each in group.parents if groups in each.parents)]
    return found
