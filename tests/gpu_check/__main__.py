"""What only a GPU can show, measured and recorded in one folder: `make gpu-check`.

    python -m tests.gpu_check [--data-dir FOLDER] [--output FOLDER] [--seconds N] [--dry-run]

Three parts on JAX: whether layers and networks agree with the CPU, images/s of ResNet164 plain and
with recurrent attention, and its training on CIFAR-10 with the paper's recipe in bfloat16. What the
time does not suffice for, the same command goes on with.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.gpu_check.check import Check, Settings, WrongUse
from tests.gpu_check.commands import Stopped, stop_on_signals

NO_GPU = (
    "JAX sees no GPU here; pip install 'jax[cuda12]', or give --dry-run for a trial of all parts "
    "on the CPU"
)
INTERRUPTED = 130
DRY_RUN = {"depth": 11, "steps": 1, "repeats": 2, "output": Path("build/gpu-check")}


def main() -> int:
    parser = argparse.ArgumentParser(
        "python -m tests.gpu_check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data-dir", help="folder of prepared data sets, with cifar10")
    parser.add_argument(
        "--output", type=Path, default=Path("results/gpu-check"), help="folder of the record"
    )
    parser.add_argument("--log-dir", type=Path, default=Path("Logs"), help="of the run folder")
    parser.add_argument("--seconds", type=float, default=1400, help="after which it stops")
    parser.add_argument("--depth", type=int, default=164, help="of the ResNets, 9n + 2")
    parser.add_argument("--steps", type=int, default=20, help="batches per measurement of speed")
    parser.add_argument("--repeats", type=int, default=7, help="measurements of speed")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="all parts on the CPU in minutes: depth 11, few steps, digits; into build/gpu-check",
    )
    if parser.parse_args().dry_run:
        parser.set_defaults(**DRY_RUN)
    options = parser.parse_args()
    settings = Settings(options.depth, options.steps, options.repeats, options.dry_run)
    stop_on_signals()
    try:
        if not options.dry_run and not _sees_gpu():
            raise WrongUse(NO_GPU)
        data_dir = None if options.dry_run else options.data_dir
        check = Check(settings, options.output, options.log_dir, data_dir, options.seconds)
        return check.go_on()
    except WrongUse as error:
        print(f"error: {error}.", file=sys.stderr)
        return 2
    except Stopped as error:
        print(f"\nstopped by {error}; the same command goes on", file=sys.stderr)
        return INTERRUPTED


def _sees_gpu() -> bool:
    """Asked in another process, since this one would keep most of the GPU's memory."""
    asked = [sys.executable, "-c", "import jax; print(jax.default_backend())"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return answer.stdout.strip() == "gpu"


if __name__ == "__main__":
    sys.exit(main())
