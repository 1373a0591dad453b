"""What is kept of the training, finished or not."""

import sys
from pathlib import Path

from ras_keras.papers.records import RunRecord
from ras_keras.plots.curves import plot_curves, read_curves
from ras_keras.runs.run_folder import RunFolder


def main() -> None:
    run, folder = RunFolder(Path(sys.argv[1])), Path(sys.argv[2])
    if run.file("result.json").is_file():
        record = RunRecord.keep(run, folder)
    else:
        record = RunRecord.begin(run, folder)
    # The command that started it names the place of the data.
    starts = [
        {name: value for name, value in start.items() if name != "command"}
        for start in run.read_environment()
    ]
    record.run.write_json("environment.json", starts)
    plot_curves([read_curves(record.run)], folder / "curves.png")
