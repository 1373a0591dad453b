"""Find objects: train a detector, measure it, find objects in images, write it elsewhere."""

from collections.abc import Sequence

from ras_keras.commands.detection import evaluate, export, predict, train
from ras_keras.values.choices import one_of

KINDS = {
    "train": (train.main, train.DetectTrain),
    "evaluate": (evaluate.main, evaluate.DetectEvaluate),
    "predict": (predict.main, predict.DetectPredict),
    "export": (export.main, export.DetectExport),
}


def main(arguments: Sequence[str], program: str) -> int | None:
    what, *flags = arguments or ["--help"]
    if what in ("-h", "--help"):
        print(f"usage: {program} WHAT [FLAGS]\n")
        for name, (_, cls) in KINDS.items():
            print(f"  {name:10} {(cls.__doc__ or '').splitlines()[0]}")
        print(f"\n{program} WHAT --help lists the flags.")
        return None
    one_of("what to do", what, KINDS)
    return KINDS[what][0](flags, f"{program} {what}")
