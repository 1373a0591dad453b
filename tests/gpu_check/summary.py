"""What a check has recorded, in words."""

import json
from pathlib import Path

import pandas as pd

# In float32. On a CPU weights that are another by 2e-7 moved no output by more than 1.1e-6, but a
# gradient behind many maxima, of residual_attention, by 2.9e-4; TF32 rounds by 5e-4.
MOST = {"value_difference": 1e-4, "gradient_difference": 1e-2}
SPEED = "images_per_second_median"


def summary(output: Path) -> list[str]:
    """Prints it; returns what is another on the GPU."""
    print(f"\nrecorded in {output}:")
    wrong = _agreement(output / "agreement.csv")
    for what in ("training", "inference"):
        _speed(output / f"{what}.csv")
    _run(output / "run")
    return wrong


def _agreement(file: Path) -> list[str]:
    if not file.is_file():
        return []
    table = pd.read_csv(file)
    differences = table[[*MOST]]
    # NaN is no agreement.
    agree = (differences <= pd.Series(MOST)).all(axis="columns")
    value, gradient = differences.max(skipna=False)
    wrong = [*table["what"][~agree]]
    print(
        f"  agreement.csv   {agree.sum()} of {len(table)} as on the CPU; largest difference: "
        f"value {value:.1e}, gradient {gradient:.1e}"
    )
    if wrong:
        print(f"                  not so: {', '.join(wrong)}")
    return wrong


def _speed(file: Path) -> None:
    if file.is_file():
        for precision, rows in pd.read_csv(file).groupby("precision", sort=False):
            speeds = [f"{row.attention} {getattr(row, SPEED):,.0f}" for row in rows.itertuples()]
            print(f"  {file.name:15} {precision}: {', '.join(speeds)} images/s")


def _run(folder: Path) -> None:
    if not (folder / "metrics.csv").is_file():
        return
    epochs = pd.read_csv(folder / "metrics.csv")
    asked = json.loads((folder / "recipe.json").read_text())["optimization"]["epochs"]
    minutes = epochs["seconds"].sum() / 60
    left = (asked - len(epochs)) * epochs["seconds"].median() / 60
    accuracy = next(
        name for name in ("val_accuracy", "test_accuracy", "accuracy") if name in epochs
    )
    print(
        f"  run/            {len(epochs)} of {asked} epochs in {minutes:.1f} min, "
        f"{epochs['images_per_second'].median():,.0f} images/s, "
        f"{accuracy} {100 * epochs[accuracy].iloc[-1]:.2f} %, about {left:.0f} min to go"
    )
