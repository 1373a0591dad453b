"""What is printed of a run that has come to its end."""

from collections.abc import Callable, Mapping
from typing import Any

from ras_keras.text.numbers import percent
from ras_keras.training import RunFolder


def print_models(
    result: Mapping[str, Any], run: RunFolder, figures: Callable[[Any], str], chosen: str
) -> None:
    """Prints what the last model and the best one do on the test images.

    Args:
        result: the content of result.json.
        run: that has ended.
        figures: from what the result says of a model to the text behind "test".
        chosen: what stands before that by which the best epoch was chosen.
    """
    for which in ("final", "best"):
        model = result[which]
        how = f", {chosen} {model['selected_on']}" if which == "best" else ""
        print(
            f"{which:8} test {figures(model)} (n={result['test_images']:,}, "
            f"epoch {model['epoch']}{how}): {run.file(which + '.keras')}"
        )


def print_result(result: dict, run: RunFolder) -> None:
    """Of a classifier."""
    print_models(result, run, lambda of: f"accuracy {percent(of['test_accuracy'])}", "chosen on")
    if result["protocol"] == "paper":
        print("notice   the papers' protocol: the best epoch was chosen on the test set itself")
