"""Predictions as text: a table to read, CSV and JSON for programs."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from ras_keras.inference.predictions import Prediction
from ras_keras.text.shown import shown


def table(
    predictions: Iterable[Prediction], images: Sequence[str], names: Sequence[str]
) -> Iterator[str]:
    """A line per class, the image before its first one.

    Args:
        predictions: in their order.
        images: the names of all images, and
        names: of all classes, for the widths of the columns.
    """
    image_width = max(len(shown(image)) for image in [*images, "image"])
    class_width = max(len(shown(name)) for name in [*names, "class"])
    yield f"{'image':{image_width}}  {'class':{class_width}}  probability\n"
    for prediction in predictions:
        image = shown(prediction.image)
        for name, probability in zip(prediction.classes, prediction.probabilities, strict=True):
            line = f"{image:{image_width}}  {shown(name):{class_width}}"
            yield f"{line}  {100 * probability:9.2f} %\n"
            image = ""


def csv_lines(predictions: Iterable[Prediction]) -> Iterator[str]:
    """The columns image, rank (from 1), class and probability (0..1); a line per class."""
    yield _csv_line("image", "rank", "class", "probability")
    for prediction in predictions:
        pairs = zip(prediction.classes, prediction.probabilities, strict=True)
        for rank, (name, probability) in enumerate(pairs, 1):
            yield _csv_line(prediction.image, rank, name, probability)


def json_document(predictions: Iterable[Prediction], encoding: str | None = None) -> Iterator[str]:
    """One list, an object per image, a line per object.

    Args:
        predictions: in their order.
        encoding: of where it is written; what that does not have becomes an escape of JSON.
    """
    before = "[\n"
    for prediction in predictions:
        yield before + _json_line(prediction.to_json(), encoding or "utf-8")
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _json_line(value, encoding: str) -> str:
    line = json.dumps(value, ensure_ascii=False)
    as_it_is = shown(line) == line and line == line.encode(encoding, "replace").decode(encoding)
    return line if as_it_is else json.dumps(value)


def _csv_line(*values) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()
