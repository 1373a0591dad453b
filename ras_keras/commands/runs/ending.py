"""What is printed of a run that has come to its end."""

from ras_keras.training import RunFolder


def print_result(result: dict, run: RunFolder) -> None:
    for which in ("final", "best"):
        model = result[which]
        chosen = f", chosen on {model['selected_on']}" if which == "best" else ""
        print(
            f"{which:8} test accuracy {100 * model['test_accuracy']:.2f} % "
            f"(n={result['test_images']:,}, epoch {model['epoch']}{chosen}): "
            f"{run.file(which + '.keras')}"
        )
    if result["protocol"] == "paper":
        print("notice   the papers' protocol: the best epoch was chosen on the test set itself")
