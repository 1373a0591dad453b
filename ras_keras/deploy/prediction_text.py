"""Predictions as text: a table to read, CSV and JSON for programs."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from ras_keras.deploy.predictions import Prediction
from ras_keras.printable import printable


def table(
    predictions: Iterable[Prediction], images: Sequence[str], names: Sequence[str]
) -> Iterator[str]:
    """A line a class, the image before its first one.

    Args:
        predictions: in their order.
        images: the names of all images, and
        names: of all classes, for the widths of the columns.
    """
    images, names = [*map(printable, images)], [*map(printable, names)]
    image_width = max(map(len, [*images, "image"]))
    class_width = max(map(len, [*names, "class"]))
    yield f"{'image':{image_width}}  {'class':{class_width}}  probability\n"
    for prediction in predictions:
        image = printable(prediction.image)
        for name, probability in zip(prediction.classes, prediction.probabilities, strict=True):
            shown = f"{image:{image_width}}  {printable(name):{class_width}}"
            yield f"{shown}  {100 * probability:9.2f} %\n"
            image = ""


def csv_lines(predictions: Iterable[Prediction]) -> Iterator[str]:
    """The columns image, rank (from 1), class and probability (0..1); a line a class."""
    yield _csv_line("image", "rank", "class", "probability")
    for prediction in predictions:
        pairs = zip(prediction.classes, prediction.probabilities, strict=True)
        for rank, (name, probability) in enumerate(pairs, 1):
            yield _csv_line(prediction.image, rank, name, probability)


def json_document(predictions: Iterable[Prediction]) -> Iterator[str]:
    """One list, an object an image, a line an object."""
    before = "[\n"
    for prediction in predictions:
        yield before + json.dumps(prediction.to_json(), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _csv_line(*values) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()
