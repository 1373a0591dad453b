"""What is disturbed: trainings, searches, tables, each given again after a fault until it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.killing import Command

SMALL = ("--recipe", "quick", "--depth", "11", "--training-images", "320", "--batch-size", "32")


@dataclass(frozen=True)
class Scenario:
    """A command that is killed at random moments.

    Attributes:
        kills: how often, over all of its runs.
        moments: earliest and latest of a kill, in seconds behind the start.
        command: of a folder, the command that begins or goes on.
    """

    kills: int
    moments: tuple[float, float]
    command: Callable[[Path], Command]


def training(*flags: str, prefix: tuple[str, ...] = (), **environment: str):
    """The command of a training in a folder: a new one, or what goes on where it has begun.

    The latter names the epochs, so that it may be given once more to a run that has all of them.
    """
    epochs = flags[flags.index("--epochs") :][:2]

    def command(folder: Path) -> Command:
        run = folder / "run"
        if any(run.glob("state/epoch-*.npz")):
            given = ("--resume", str(run), *epochs)
        else:
            given = (*SMALL, *flags, "--log-dir", str(folder), "--name", run.name)
        return Command((*prefix, "scripts/train.py", *given), tuple(environment.items()))

    return command


def search(*flags: str):
    """The command of a search in a folder, which goes on by itself."""

    def command(folder: Path) -> Command:
        given = ("--search", "k", "--space", "k=1,2,3", *SMALL, "--epochs", "2", *flags)
        place = ("--log-dir", str(folder), "--name", "search")
        return Command(("scripts/tune.py", *given, *place))

    return command


def table(data_dir: str | None):
    """The command of a table in a folder, likewise."""

    def command(folder: Path) -> Command:
        rows = ("rivals", "--rows", "1", "2", "4", "--datasets", "cifar10")
        scale = ("--epochs", "2", "--fraction", "0.01", "--batch-size", "64")
        place = ("--log-dir", str(folder), "--output", str(folder / "results"))
        data = () if data_dir is None else ("--data-dir", data_dir)
        return Command(("scripts/reproduce.py", *rows, *scale, *place, *data))

    return command


TRAINING = training("--attention", "ras:gamma_initializer=0.1", "--epochs", "12")
TOGETHER = training(
    *("--attention", "ras:gamma_initializer=0.1", "--epochs", "12"),
    prefix=("scripts/launch.py", "--processes", "2", "--"),
    KERAS_BACKEND="jax",
)


def streamed(photographs: Path):
    """The command of a training in a folder on images that are read as they are needed."""
    return training(
        *("--attention", "ras:gamma_initializer=0.1", "--epochs", "8", "--stream"),
        *("--dataset", f"folder:{photographs}", "--image-size", "32"),
        *("--evaluation-resize", "36", "--crop-scale", "0.3", "--color-jitter", "0.2"),
    )


def scenarios(photographs: Path, data_dir: str | None) -> dict[str, Scenario]:
    """All that are killed, by their names.

    Args:
        photographs: a folder of made ones.
        data_dir: of prepared data sets, for the table.
    """
    return {
        "training": Scenario(40, (3, 20), TRAINING),
        "training from a stream": Scenario(20, (3, 20), streamed(photographs)),
        "search": Scenario(15, (5, 30), search()),
        "search with two workers": Scenario(10, (8, 40), search("--workers", "2")),
        "table": Scenario(15, (5, 30), table(data_dir)),
    }
