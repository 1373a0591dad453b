"""Records of runs that were never made."""

from ras_keras.papers.study import run_name
from ras_keras.training import RunFolder, resolve
from ras_keras.values.csv_files import write_table


def write_record(folder, recipe, accuracy, images_per_second=100.0):
    """The record of a finished run with a test accuracy of 0 to 1, None for a diverged one."""
    run = RunFolder(folder / run_name(recipe))
    run.path.mkdir(parents=True)
    run.write_recipe(resolve(recipe).replace(data_dir=None, download=False))
    run.write_metrics(
        [
            {"epoch": epoch, "accuracy": 0.1 * epoch, "loss": 1 / epoch, "gate_spread": 0.01}
            | {"images_per_second": images_per_second + epoch, "seconds": 1.0}
            for epoch in (1, 2, 3)
        ]
    )
    write_table(
        run.file("gates.csv"),
        [
            {"layer": f"stage{stage}_block1_attention", "stage": stage, "block": 1, "mean": 0.3}
            | {"low": 0.2, "high": 0.4, "spread": 0.01, "gamma_alive": 0.25 * stage}
            for stage in (1, 2, 3)
        ],
    )
    if accuracy is None:
        run.write_json("diverged.json", {"message": "loss became nan"})
        return
    outcome = {"epoch": 3, "test_loss": 1.0, "test_accuracy": accuracy}
    result = {"protocol": "held-out", "dataset": "cifar10", "epochs": 3, "seconds": 3.0}
    result["trainable_parameters"] = 128_538
    result |= {"training_images": 10_000, "test_images": 10_000, "device": "CPU, 2 cores"}
    run.write_json("result.json", result | {"final": outcome, "best": outcome})
