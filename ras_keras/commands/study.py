"""Show what attention does to the training of a network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from ras_keras.commands.line.data_flags import DataFlags
from ras_keras.commands.line.fields import Folder, Run
from ras_keras.commands.line.flags import parse
from ras_keras.commands.line.left_out import LeftOut
from ras_keras.data import load_dataset, match_classes
from ras_keras.errors import UserError
from ras_keras.explain.study_pictures import gradient_picture, importance_picture
from ras_keras.gates import Gates
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.training import RunFolder
from ras_keras.training.gradient_norms import FILE, read_gradients
from ras_keras.values.csv_files import write_table
from ras_keras.values.typed import Count

DPI = 120
BATCH_SIZE = 128


@dataclass(frozen=True)
class Study:
    """Show what attention does to training (DIANet, section 5, in our reading).

    Draws the norms of each stage's gradient by epoch, of runs that were trained with --gradients,
    beside each other; and of each run with gates how far a random forest tells a gate's mean from
    the earlier gates of its stage.
    """

    runs: Annotated[tuple[Run, ...], tyro.conf.Positional]
    """Run folders."""
    data: DataFlags = field(default_factory=DataFlags)
    images: Count = 1000
    """Test images on which the gates are looked at."""
    output: Folder = "study"
    """Folder of the tables and pictures, created if need be."""


def main(arguments: Sequence[str], program: str) -> int:
    options = parse(Study, arguments, program)
    if not options.runs:
        raise UserError("no run folder was named; name some such as Logs/<run>.")
    folder, left_out = Path(options.output), LeftOut()
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--output {folder} is no folder; name another one.")
    gradients = {}
    for path in options.runs:
        run = RunFolder.open(path)
        name = run.path.absolute().name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            if rows := read_gradients(run):
                gradients[name] = rows
            else:
                raise UserError(f"{run.path} has no {FILE}; train it anew with --gradients.")
        except UserError as error:
            left_out(error)
        _forests(path, name, options, folder)
    if gradients:
        rows = [{"run": name, **row} for name, rows in gradients.items() for row in rows]
        _write(folder, "gradients", rows, gradient_picture(gradients))
    return left_out.exit_code


def _forests(path: str, name: str, options: Study, folder: Path) -> None:
    """Writes the importances of a run's gates, if it has any."""
    trained = TrainedModel.find(path)
    gates = Gates(trained.load())
    if not gates.places:
        print(f"notice   {name} has no gates")
        return
    data = load_dataset(**options.data.arguments(path, trained.data))
    test = match_classes(data, trained.path).test.images[: options.images]
    means: list[list] = [[] for _ in gates.places]
    for start in tqdm(range(0, len(test), BATCH_SIZE), desc=f"gates of {name}", unit="batch"):
        for found, v in zip(means, gates(test[start : start + BATCH_SIZE]), strict=True):
            found.extend(v.mean(axis=1))
    # Loaded where it is used: it takes a second.
    from ras_keras.explain.gate_forest import importances

    stages: dict[int, list] = {}
    for place, values in zip(gates.places, means, strict=True):
        stages.setdefault(place.stage or 1, []).append(values)
    found = {stage: importances(each) for stage, each in stages.items() if len(each) > 1}
    if not found:
        print(f"notice   {name} has one gate a stage, which follows from no other")
        return
    rows = [
        {"stage": stage, "gate": t + 1, "from_gate": s + 1, "importance": matrix[t, s]}
        for stage, matrix in found.items()
        for t in range(1, len(matrix))
        for s in range(t)
    ]
    title = f"{name}: each gate from the earlier ones, {len(test):,} test images"
    _write(folder, f"{name}-importances", rows, importance_picture(found, title))


def _write(folder: Path, name: str, rows: list[dict], figure) -> None:
    write_table(folder / f"{name}.csv", rows)
    figure.savefig(folder / f"{name}.png", dpi=DPI)
    print(f"table    {folder / name}.csv\npicture  {folder / name}.png", flush=True)
