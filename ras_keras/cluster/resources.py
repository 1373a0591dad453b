"""How many workers there are, and what each has of cores and GPUs."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from ras_keras.backend.imports import check_installed
from ras_keras.errors import Argument, UserError
from ras_keras.text.numbers import counted
from ras_keras.values.field_checks import check_fields
from ras_keras.values.typed import Bounds, That


def is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return text == "auto" or (bool(host) and port.isdecimal() and 0 < int(port) < 2**16)


@dataclass(frozen=True)
class Workers:
    """Processes that run several trainings at a time; without these flags one after the other."""

    workers: Annotated[int, Bounds(1, 1_000)] | None = None
    """Trainings at a time, each in a process of its own with its share of the cores and GPUs; None
    is one after the other in this process, with --address as many as the cluster has room for."""
    address: Annotated[str, That(is_address, "auto or HOST:PORT")] | None = None
    """Ray cluster that runs them, auto or HOST:PORT; None is this machine."""
    worker_cpus: Annotated[int, Bounds(1, 10_000)] | None = None
    """Cores of each; None is its share of this machine, of a cluster one or its share by GPUs."""
    worker_gpus: Annotated[float, Bounds(0, 1_000)] | None = None
    """GPUs of each, or a part of one; None is its share of this machine, of a cluster one if there
    are any."""

    @property
    def several(self) -> bool:
        """Whether there are worker processes at all."""
        return self.workers is not None or self.address is not None

    def check(self) -> None:
        """Refuses what cannot be, before anything is begun.

        Raises:
            UserError: naming the argument.
        """
        check_fields(self)
        for name in ("worker_cpus", "worker_gpus"):
            if getattr(self, name) is not None and not self.several:
                raise UserError(
                    Argument(name, getattr(self, name)),
                    " says nothing without ",
                    Argument("workers"),
                    " or ",
                    Argument("address"),
                    ".",
                )
        if not self.several:
            return
        gpus = self.worker_gpus or 0
        if gpus > 1 and gpus != int(gpus):
            raise UserError(
                Argument("worker_gpus"),
                f" must be below 1 or an integer. Received: worker_gpus={gpus}",
            )
        check_installed("running in workers", ["ray"], "cluster")
        cores, needed = os.cpu_count() or 1, self.worker_cpus or 1
        if self.address is not None:
            return
        if needed > cores:
            raise UserError(
                Argument("worker_cpus", needed),
                f" is more than this machine has, {counted(cores, 'core')}; give at most {cores}.",
            )
        if self.workers and self.workers * needed > cores:
            raise UserError(
                Argument("workers", self.workers),
                f" is too many for the {cores} cores of this machine, for each needs {needed}; "
                f"give at most {cores // needed}.",
            )


@dataclass(frozen=True)
class Share:
    """What a worker has.

    Attributes:
        slots: how many workers there are.
        cpus: cores of each.
        gpus: GPUs of each.
    """

    slots: int
    cpus: int
    gpus: float

    @classmethod
    def of_machine(cls, asked: Workers, cores: int, gpus: int) -> "Share":
        """Equal parts of a machine, where nothing else is asked.

        Raises:
            UserError: if more is asked than there is.
        """
        slots = asked.workers or 1
        # A part of a GPU lies on one of them.
        even = gpus // slots if gpus >= slots or not gpus else 1 / math.ceil(slots / gpus)
        share = cls(
            slots,
            asked.worker_cpus or max(1, cores // slots),
            even if asked.worker_gpus is None else asked.worker_gpus,
        )
        if share.gpus and slots > _on_node(gpus, share.gpus):
            raise UserError(
                Argument("worker_gpus", asked.worker_gpus),
                f" is too many for {slots} workers, for this machine has {gpus} GPUs.",
            )
        return share

    @classmethod
    def of_cluster(cls, asked: Workers, nodes: Sequence[tuple[int, int]]) -> "Share":
        """A GPU each where there are any, else a core; as many workers as there is room for.

        Args:
            asked: what is known of them.
            nodes: (cores, GPUs) of each machine; a worker lies on one of them.

        Raises:
            UserError: if there is no room for one, or for as many as asked.
        """
        cores, gpus = (sum(each) for each in zip(*nodes, strict=True)) if nodes else (0, 0)
        each_gpus = min(1, gpus) if asked.worker_gpus is None else asked.worker_gpus
        shares = [int(cpus * each_gpus / own) for cpus, own in nodes if own and each_gpus]
        each_cpus = asked.worker_cpus or max(1, min(shares, default=1))
        room = sum(
            min(cpus // each_cpus, _on_node(own, each_gpus) if each_gpus else cpus)
            for cpus, own in nodes
        )
        if room < 1:
            raise UserError(
                f"the cluster has {cores} cores and {gpus} GPUs, and a worker needs {each_cpus} "
                f"and {each_gpus:g} on one machine; ask for less by ",
                Argument("worker_cpus"),
                " and ",
                Argument("worker_gpus"),
                ".",
            )
        if asked.workers and asked.workers > room:
            raise UserError(
                Argument("workers", asked.workers),
                f" is too many for the cluster, which has room for {room} of {each_cpus} cores and "
                f"{each_gpus:g} GPUs each; give at most {room}.",
            )
        return cls(asked.workers or room, each_cpus, each_gpus)


def _on_node(gpus: int, each: float) -> int:
    """How many workers the GPUs of a machine have room for, parts of one lying on one."""
    if each < 1:
        return gpus * int(1 / each + 1e-6)
    return int(gpus // each)
