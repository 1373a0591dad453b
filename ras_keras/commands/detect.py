"""Find objects: train a detector, measure it, find objects in images, write it elsewhere."""

from collections.abc import Sequence

from ras_keras.commands.detection import evaluate, export, predict, train
from ras_keras.commands.line.subcommands import subcommand

KINDS = {
    "train": (train.main, train.DetectTrain),
    "evaluate": (evaluate.main, evaluate.DetectEvaluate),
    "predict": (predict.main, predict.DetectPredict),
    "export": (export.main, export.DetectExport),
}


def main(arguments: Sequence[str], program: str) -> int | None:
    chosen = subcommand(
        arguments, program, {name: cls for name, (_, cls) in KINDS.items()}, "what to do"
    )
    if chosen is None:
        return None
    what, flags = chosen
    return KINDS[what][0](flags, f"{program} {what}")
