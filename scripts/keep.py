"""Keep what a run says of itself and its last weights: python scripts/keep.py RUN FOLDER

FOLDER/last.keras is in float32, whatever the run was trained in, and without the optimizer's
moments; the rest is what the tables of results are made of. Of a detector, which is larger, the
weights are not kept.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from ras_keras.detection.training.record import is_detector, keep_record
from ras_keras.errors import UserError
from ras_keras.export.precision import in_float32
from ras_keras.outputs.class_names import read_class_names, save_model
from ras_keras.papers.records import RunRecord
from ras_keras.plots.curves import plot_curves, read_curves
from ras_keras.runs.run_folder import RunFolder
from ras_keras.runs.trained_model import TrainedModel


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="run folder of a training that has finished")
    parser.add_argument("folder", help="such as results/resnet20-cifar10/ras-s0")
    options = parser.parse_args()
    folder = Path(options.folder)
    try:
        run = RunFolder.open(options.run)
        if is_detector(run):
            keep_record(run, folder)
            plot_curves([read_curves(RunFolder(folder))], folder / "curves.png")
        else:
            keep(run, folder, folder / "last.keras")
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def keep(run: RunFolder, folder: Path, weights: Path) -> None:
    """Writes the record of a run, its curves and its last weights.

    Args:
        run: that has finished.
        folder: of the record.
        weights: the new `.keras` file.

    Raises:
        UserError: if the run has not finished, or something cannot be written.
    """
    RunRecord.keep(run, folder)
    plot_curves([read_curves(RunFolder(folder))], folder / "curves.png")
    last = TrainedModel.find(run.file("final.keras"))
    model = in_float32(last.load())
    bare = keras.Model(model.inputs, model.outputs, name=model.name)
    save_model(weights, bare, read_class_names(last.path))


if __name__ == "__main__":
    sys.exit(main())
