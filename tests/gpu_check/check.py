"""The parts of the check, each a command of the project, done once and within the time."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from tests.gpu_check.commands import SCRIPTS, Failed, module, run
from tests.gpu_check.summary import summary

PRECISIONS = ("float32", "mixed_bfloat16")
# The paper's, in the form that its published accuracy is of.
RECIPE = (
    *("--recipe", "ras-resnet164", "--attention", "ras:normalize_input=False"),
    *("--protocol", "paper", "--precision", "mixed_bfloat16"),
)
DATA = ("--dataset", "cifar10")
# Nothing to prepare, and epochs of a second or two.
DRY_RUN_DATA = ("--dataset", "digits", "--training-images", "256", "--epochs", "4")


class WrongUse(Exception):
    """One line that names what is wrong and the way out."""


@dataclass(frozen=True)
class Settings:
    """What figures of one folder have in common."""

    depth: int
    steps: int
    repeats: int
    dry_run: bool


@dataclass(frozen=True)
class Part:
    """A part of the check.

    Attributes:
        name: what it measures.
        minutes: about, on an H100.
        is_done: whether its figures are recorded.
        measure: records them.
    """

    name: str
    minutes: int
    is_done: Callable[[], bool]
    measure: Callable[[], None]


class Check:
    """A check in one folder.

    Args:
        settings: of its figures.
        output: its folder; what is recorded there is not measured again.
        log_dir: of the run folder.
        data_dir: of prepared data sets, None for tensorflow-datasets' own.
        seconds: that it may take.

    Raises:
        WrongUse: if the folder holds a check with other settings, or there are no data.
    """

    def __init__(
        self, settings: Settings, output: Path, log_dir: Path, data_dir: str | None, seconds: float
    ):
        if data_dir and not Path(data_dir, "cifar10").is_dir():
            raise WrongUse(f"--data-dir {data_dir} holds no cifar10; name a folder that does")
        self.settings, self.output, self.data_dir = settings, output, data_dir
        self.run = log_dir / ("gpu-check-dry-run" if settings.dry_run else "gpu-check")
        self.seconds = seconds
        self.until = time.monotonic() + seconds
        self._keep_settings()

    def _keep_settings(self) -> None:
        """Refuses a folder of figures that others would not compare with."""
        self.output.mkdir(parents=True, exist_ok=True)
        file, asked = self.output / "settings.json", asdict(self.settings)
        kept = json.loads(file.read_text()) if file.is_file() else asked
        if kept != asked and [*self.output.iterdir()] != [file]:
            differ = ", ".join(f"{name}={kept.get(name)}" for name in asked)
            raise WrongUse(f"{self.output} was measured with {differ}; choose another --output")
        file.write_text(json.dumps(asked, indent=2) + "\n")

    def go_on(self) -> int:
        """Does what is missing until the time is up, and says what is recorded.

        Returns:
            The exit code: 1 if a part failed or a layer is another on the GPU.

        Raises:
            Stopped: by a signal.
        """
        parts, failed = self.parts(), []
        device = "a CPU" if self.settings.dry_run else "an H100"
        print(f"at most {self.seconds / 60:.0f} minutes; estimated on {device}:")
        for part in parts:
            print(f"  {part.minutes:3} min  {part.name}{' (recorded)' * part.is_done()}")
        try:
            for part in parts:
                if not part.is_done():
                    print(f"\n{part.name}", flush=True)
                    failed += _failed(part.name, part.measure)
        except TimeoutError:
            print("\nthe time is up; the same command goes on", flush=True)
        finally:
            failed += _failed("record of the training", self._keep_run)
            wrong = summary(self.output)
        return 1 if failed or wrong else 0

    def parts(self) -> list[Part]:
        """In their order."""
        dry, agreement = self.settings.dry_run, self.output / "agreement.csv"
        speeds = [
            Part(
                f"{what} in {precision}, images/s",
                1 if dry else minutes,
                partial(self._has_speed, what, precision),
                partial(self._measure_speed, what, precision),
            )
            for what, minutes in (("training", 3), ("inference", 2))
            for precision in PRECISIONS
        ]
        return [
            Part("agreement with the CPU", 1 if dry else 5, agreement.is_file, self._compare),
            *speeds,
            Part("all epochs of ras", 1 if dry else 45, self._has_trained, self._train),
        ]

    def _compare(self) -> None:
        few = ("--first", "2") if self.settings.dry_run else ()
        self._run(*module("agreement", str(self.output / "agreement.csv"), *few))

    def _has_speed(self, what: str, precision: str) -> bool:
        file = self.output / f"{what}.csv"
        return file.is_file() and precision in set(pd.read_csv(file)["precision"])

    def _measure_speed(self, what: str, precision: str) -> None:
        file = self.output / f"{what}.csv"
        few = ("--batch-size", "16") if self.settings.dry_run else ()
        with TemporaryDirectory() as folder:
            made = Path(folder, file.name)
            self._run(
                *(str(SCRIPTS / "benchmark.py"), what, "--attentions", "ras"),
                *("--depths", str(self.settings.depth), "--precision", precision),
                *("--steps", str(self.settings.steps), "--repeats", str(self.settings.repeats)),
                *("--output", str(made), *few),
            )
            tables = [
                pd.read_csv(each, dtype=str, keep_default_na=False)
                for each in (file, made)
                if each.is_file()
            ]
        pd.concat(tables).to_csv(file, index=False)

    def _has_trained(self) -> bool:
        return any((each / "result.json").is_file() for each in (self.run, self.output / "run"))

    def _train(self) -> None:
        data_dir = ("--data-dir", self.data_dir) if self.data_dir else ()
        if any(self.run.glob("state/epoch-*.npz")):
            asked = ("--resume", str(self.run))
        else:
            data = DRY_RUN_DATA if self.settings.dry_run else DATA
            place = ("--log-dir", str(self.run.parent), "--name", self.run.name)
            asked = (*RECIPE, "--depth", str(self.settings.depth), *data, *place)
        self._run(str(SCRIPTS / "train.py"), *asked, *data_dir)

    def _keep_run(self) -> None:
        if (self.run / "metrics.csv").is_file():
            run(module("record", str(self.run), str(self.output / "run")), on_cpu=True)

    def _run(self, *arguments: str) -> None:
        run(arguments, self.settings.dry_run, self.until)


def _failed(name: str, measure: Callable[[], None]) -> list[str]:
    """The name, if measuring failed: the other parts are measured all the same."""
    try:
        measure()
    except Failed as error:
        print(f"failed: {name} ({error})", flush=True)
        return [name]
    return []
