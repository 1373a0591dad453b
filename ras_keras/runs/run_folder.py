"""The folder that a training run leaves behind, the only interface to what follows."""

import contextlib
import platform
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import keras
import pandas as pd

from ras_keras.backend import devices
from ras_keras.errors import Argument, UserError
from ras_keras.files import is_vacant, newest_first, remove_vacant
from ras_keras.layers.parts.batch_normalization import replicas
from ras_keras.layers.registry import NONE
from ras_keras.outputs.class_names import save_model
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import located
from ras_keras.recipes.values import read_recipe
from ras_keras.runs.run_files import Result, Start, Starts
from ras_keras.values.csv_files import read_table, write_table
from ras_keras.values.json_files import read_json, write_json
from ras_keras.values.options import split
from ras_keras.values.typed import Count

# The copy of weights that say what a run goes on with.
START = "start.keras"
PACKAGES = ("ras_keras", "keras", "tensorflow", "jax", "tensorflow-datasets", "numpy")
DATA = "data.json"
# What a training makes once an epoch is done.
PRODUCTS = ("metrics.csv", "best.keras", "final.keras", "result.json")


@dataclass(frozen=True)
class RunFolder:
    """Paths and files of one run.

    recipe.json      what was asked
    environment.json versions, device, git commit
    data.json        class names, counts and a digest of the data
    metrics.csv      a row per epoch
    gates.csv        what each gate does to 128 images after the last epoch
    train/, validation/   TensorBoard events
    explanation/     likewise, pictures that were asked for
    state/           what resuming needs
    best.keras, final.keras
    result.json      what came out
    """

    path: Path

    @classmethod
    def create(cls, log_dir: str, name: str | None, recipe: Recipe) -> "RunFolder":
        """Creates a new folder, named after the recipe and the time where no name is given.

        Raises:
            UserError: as `at` does.
        """
        plug, options = split(recipe.network.attention)
        network = f"{recipe.network.family}{recipe.network.depth or ''}-{plug}"
        for option, value in options.items():
            network += f"-{option}{value}"
        if recipe.network.aggregation != NONE:
            network += f"-{recipe.network.aggregation}"
        return cls.at(log_dir, name, recipe.data.dataset, network, recipe.execution.seed)

    @classmethod
    def at(
        cls, log_dir: str, name: str | None, dataset: str, network: str, seed: int
    ) -> "RunFolder":
        """Creates a new folder, or takes one that a run which was killed has left.

        Args:
            log_dir: folder of the run folders.
            name: of it; None makes one of the others and the time.
            dataset: a name or "folder:PATH".
            network: in words.
            seed: of the recipe.

        Raises:
            UserError: if it holds anything else or cannot be written, and for a name that leads
                out of `log_dir`.
        """
        if name is not None and (Path(name).is_absolute() or ".." in Path(name).parts):
            raise UserError(
                Argument("name", name),
                " leads out of ",
                Argument("log_dir", log_dir),
                "; give a name, and the folder by ",
                Argument("log_dir"),
                ".",
            )
        network = "".join(c if c.isalnum() or c in "._-" else "-" for c in network)[:100]
        # Of "folder:PATH" the last part.
        dataset = "".join(c if c.isalnum() else "-" for c in Path(dataset).name)
        started = datetime.now().strftime("%Y%m%d-%H%M%S")
        path = Path(log_dir, name or f"{dataset}-{network}-s{seed}-{started}")
        try:
            path.mkdir(parents=True)
        except FileExistsError as error:
            run = cls(path)
            if run.file("recipe.json").is_file() or is_vacant(path):
                return run
            raise UserError(
                f"{path} exists and is not overwritten: it holds no run; choose another ",
                Argument("name"),
                ".",
            ) from error
        except OSError as error:
            raise UserError(
                f"{path} cannot be created ({error.strerror}); choose another ",
                Argument("log_dir"),
                ".",
            ) from error
        return cls(path)

    @classmethod
    def open(cls, path: str) -> "RunFolder":
        """An existing run.

        Raises:
            UserError: if `path` is no run folder.
        """
        run = cls(Path(path))
        if not run.path.is_dir():
            raise UserError(f"{path} is no run folder, for it is not there; name one that is.")
        if not run.file("recipe.json").is_file():
            if is_vacant(run.path):
                raise UserError(
                    f"{path} was left empty by a run that was killed; give the command that began "
                    "it again."
                )
            raise UserError(
                f"{path} is no run folder (it holds no recipe.json); name one such as Logs/<run>."
            )
        return run

    def check_there(self) -> None:
        """Refuses to go on where the folder of a run that has begun is there no more.

        Raises:
            UserError: also if another folder stands in its place.
        """
        if not self.file("recipe.json").is_file():
            raise UserError(
                f"{self.path} is gone, or what stands there is not the run; bring it back, then "
                "go on by ",
                Argument("resume", self.path),
                ".",
            )

    def states(self) -> list[Path]:
        """The files of the state, newest first."""
        return newest_first(self.file("state").glob("epoch-*.npz"))

    def has_state(self) -> bool:
        """Whether there is a state to go on from; one before the first epoch must be whole."""
        files = self.states()
        return bool(files) and (files[0].stem != "epoch-0000" or zipfile.is_zipfile(files[0]))

    def has_begun(self) -> bool:
        """Whether there is a state, or anything else that a training has made."""
        return self.has_state() or any(self.file(name).exists() for name in PRODUCTS)

    def begin(self, recipe: Recipe) -> None:
        """Makes the folder that of a run that has not begun, whatever a killed one left in it.

        Raises:
            UserError: if it cannot be written.
        """
        self.clear()
        self.write_recipe(recipe)

    def clear(self) -> None:
        """Removes whatever a run that has not begun has left.

        Raises:
            UserError: if it cannot be written.
        """
        self.remove_leftovers()
        shutil.rmtree(self.file("state"), ignore_errors=True)
        for name in ("environment.json", DATA, START):
            self.file(name).unlink(missing_ok=True)

    def remove_leftovers(self) -> None:
        """Removes files that a kill left half written."""
        for file in self.path.rglob(".*.tmp.*"):
            file.unlink()

    def file(self, name: str) -> Path:
        return self.path / name

    def epochs_finished(self, tested: bool = True) -> int:
        """Epochs of the last time that the run came to its end, 0 if no whole result says so."""
        try:
            return self.read_result(tested)["epochs"]
        except UserError:
            return 0

    def read_result(self, tested: bool = True) -> Result:
        """The content of result.json.

        Args:
            tested: whether it must have the figures of the test set, which the trials of a search
                do without.

        Raises:
            UserError: if the run has not finished or was not tested, or the file is damaged.
        """
        file = self.file("result.json")
        if not file.exists():
            raise UserError(f"{self.path} has no result.json; let the run finish.")
        result = read_json(file, Result, "remove it and resume the run")
        outcomes = (result, result["final"], result["best"])
        wanted = ("test_images", "test_accuracy", "test_accuracy")
        if tested and not all(name in each for name, each in zip(wanted, outcomes, strict=True)):
            raise UserError(
                f"{self.path} was not tested; training it with ",
                Argument("resume", self.path),
                " does it.",
            )
        return result

    def discard(self) -> None:
        """Removes what a run that never began has written, and the folder if that was all."""
        with contextlib.suppress(OSError):
            self.clear()
            self.file("recipe.json").unlink(missing_ok=True)
            remove_vacant(self.path)

    def read_recipe(self) -> Recipe:
        """What was asked.

        Raises:
            UserError: if the file is damaged or holds what no recipe can.
        """
        return read_recipe(self.file("recipe.json"), "restore it or start anew")

    def write_recipe(self, recipe: Recipe) -> None:
        """recipe.json, which holds in any working directory."""
        self.write_json("recipe.json", located(recipe).to_dict())

    def write_environment(self, command: Sequence[str]) -> None:
        """Adds this process to environment.json, an entry each time the run was started.

        Args:
            command: that was given, with its flags.

        Raises:
            UserError: if the run was started on another backend, or its
                environment.json is damaged.
        """
        entries, backend = self.read_environment(), keras.backend.backend()
        before = entries[0]["backend"] if entries else backend
        if before != backend:
            raise UserError(
                f"{self.path} was trained on {before} and this is {backend}; set "
                f"KERAS_BACKEND={before} to resume it."
            )
        entry = {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": [*command],
            "backend": backend,
            "device": devices.description(),
            "replicas": replicas(),
            "python": platform.python_version(),
            "packages": {name: _version(name) for name in PACKAGES},
            "platform": platform.platform(),
            "git_commit": _git_commit(),
        }
        self.write_json("environment.json", [*entries, entry])

    def read_environment(self) -> list[Start]:
        """environment.json: an entry each time the run was started, none before the first.

        Raises:
            UserError: if the file is damaged.
        """
        file = self.file("environment.json")
        if not file.exists():
            return []
        return read_json(file, Starts, "restore it, or remove it to go on without what it says")

    def write_metrics(self, history: list[dict]) -> None:
        """metrics.csv: a row per epoch, whole and of one piece at any moment."""
        if history:
            write_table(self.file("metrics.csv"), history)

    def read_metrics(self) -> pd.DataFrame:
        """The rows of metrics.csv, NaN for what an epoch has no figure of.

        Raises:
            UserError: if the run has not finished an epoch, or the file is damaged.
        """
        file = self.file("metrics.csv")
        if not file.exists():
            raise UserError(f"{file} is missing; the run has not finished an epoch.")
        return read_table(
            file, lambda header: dict.fromkeys(header, float | None) | {"epoch": Count}
        )

    def epochs_trained(self) -> int:
        """Epochs that metrics.csv has rows of; 0 where there is none."""
        try:
            text = self.file("metrics.csv").read_text(encoding="utf-8")
        except OSError:
            return 0
        return max(0, text.count("\n") - 1)

    def write_json(self, name: str, content: Mapping | list) -> None:
        write_json(self.file(name), content)

    def write_model(self, name: str, model: keras.Model, class_names: Sequence[str]) -> None:
        save_model(self.file(name), model, class_names)


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git_commit():
    """Of the checkout that this package runs from, "-dirty" behind it if it was changed."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
