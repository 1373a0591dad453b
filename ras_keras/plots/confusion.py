"""Which classes a model takes for which."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ras_keras.text.picture import literal
from ras_keras.text.shown import shown
from ras_keras.training.evaluation import Evaluation


def class_table(evaluation: Evaluation, names: Sequence[str]) -> str:
    """Precision, recall, F1 and number of images of each class, as text."""
    from sklearn.metrics import classification_report

    return classification_report(
        evaluation.labels,
        evaluation.predictions,
        labels=range(len(names)),
        target_names=[*map(shown, names)],
        digits=3,
        zero_division=0,
    )


def plot_confusion(evaluation: Evaluation, names: Sequence[str], file: Path) -> None:
    """Draws the confusion matrix; a row is a true class and sums to 100 %."""
    from matplotlib.figure import Figure
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    matrix = confusion_matrix(
        evaluation.labels, evaluation.predictions, labels=range(len(names)), normalize="true"
    )
    names = [*map(literal, names)]
    few = len(names) <= 20
    side = 3 + 0.5 * len(names) if few else 14
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    display = ConfusionMatrixDisplay(np.round(100 * matrix, 1), display_labels=names)
    rotation = 90 if max(map(len, names)) > 3 else 0
    display.plot(
        include_values=few, values_format=".0f", cmap="Blues", xticks_rotation=rotation, ax=axes
    )
    axes.tick_params(labelsize=9 if few else 5)
    axes.set_title(
        f"Confusion in % of the true class\nn = {len(evaluation.labels):,}, "
        f"top-1 {100 * evaluation.accuracy:.2f} %",
        fontsize=10,
    )
    figure.savefig(file, dpi=150)
