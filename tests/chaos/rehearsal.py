"""Rehearses a training on ImageNet with made photographs of the same layout: `make rehearsal`.

    python -m tests.chaos.rehearsal [FOLDER]

Photographs of 1,000 classes at sizes that vary, the recipe rla-resnet50 at 64 pixels, 300 steps;
killed twice, resumed, and compared with a run that nobody disturbed.
"""

import sys
import time
from pathlib import Path

import numpy as np

from ras_keras.benchmark.made_photographs import make_photographs
from tests.chaos.compare import differences
from tests.chaos.killing import Command, Failed, kill_until_done

IMAGES, CLASSES, SIDES = 4_000, 1_000, (80, 200)
RECIPE = (
    *("--recipe", "rla-resnet50", "--image-size", "64", "--evaluation-resize", "72"),
    *("--epochs", "3", "--batch-size", "40", "--protocol", "paper", "--stream"),
)
KILLS = 2


def main(folder: Path) -> None:
    images = folder / "photographs"
    if not images.exists():
        print(f"making {IMAGES:,} photographs of {CLASSES:,} classes in {images}", flush=True)
        images.mkdir(parents=True)
        make_photographs(images, IMAGES, SIDES, CLASSES)

    def command(name: str) -> Command:
        run = folder / name / "run"
        if any(run.glob("state/epoch-*.npz")):
            return Command(("scripts/train.py", "--resume", str(run)))
        place = ("--log-dir", str(run.parent), "--name", run.name)
        return Command(("scripts/train.py", *RECIPE, "--dataset", f"folder:{images}", *place))

    began = time.monotonic()
    print(command("undisturbed").finish(), flush=True)
    seconds = time.monotonic() - began
    rng = np.random.default_rng(0)
    moments = (seconds / 3, seconds * 2 / 3)
    killed = kill_until_done(lambda _: command("killed"), KILLS, moments, rng)
    problems = differences(folder / "undisturbed", folder / "killed")
    if problems:
        raise Failed("; ".join(problems))
    print(f"killed {killed} times and resumed: every number of the state is the same")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "Logs/rehearsal"))
