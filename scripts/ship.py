"""Put a run's last weights into the package and measure them: python scripts/ship.py NAME --run RUN

The network goes to ras_keras/pretrained in float32, whatever it was trained in, the run's record to
results/pretrained/NAME, and beside it the test images' accuracy in each form that the model deploys
in and with each corruption. Without --run a model of the package is measured again.
"""

import argparse
import dataclasses
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keep import keep

from ras_keras.benchmark.robustness import plot_robustness, robustness_rows
from ras_keras.data import load_dataset
from ras_keras.data.image_dataset import ImageDataset
from ras_keras.errors import UserError
from ras_keras.export.export import export
from ras_keras.export.fast_copy import with_runtime
from ras_keras.export.quantization import calibration_images
from ras_keras.files import checksum
from ras_keras.folding import fold
from ras_keras.inference.evaluation import evaluate_predictor
from ras_keras.inference.execution_plan import ExecutionPlan
from ras_keras.inference.predictor import Predictor, open_predictor
from ras_keras.papers.records import RunRecord
from ras_keras.pretrained.shipped import LIST, ShippedModel, file_of, shipped_models
from ras_keras.recipes.starts import to_flags
from ras_keras.runs.run_folder import RunFolder
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.text.flags import with_value
from ras_keras.training.plan import trainable_parameters
from ras_keras.values.csv_files import write_table
from ras_keras.values.json_files import write_json

RECORDS = Path(__file__).parents[1] / "results" / "pretrained"
# Of the training images, that weights and maps are quantized by.
CALIBRATION_IMAGES = 500
BATCH_SIZE = 128


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="such as ras_resnet20_cifar10")
    parser.add_argument("--run", help="run folder of a training that has finished")
    parser.add_argument("--data-dir", help="of prepared data sets")
    options = parser.parse_args()
    folder, file = RECORDS / options.name, file_of(options.name)
    try:
        with tempfile.TemporaryDirectory() as place:
            # Only what was measured takes the place of what is there.
            new, shipped = Path(place, options.name), Path(place, file.name)
            if options.run:
                keep(RunFolder.open(options.run), new, shipped)
            else:
                shutil.copytree(folder, new)
                shutil.copyfile(file, shipped)
            record = RunRecord(RunFolder(new))
            data = dataclasses.replace(record.recipe.data, data_dir=options.data_dir).resolved()
            dataset = load_dataset(data.dataset, data.data_dir, **data.reading())
            accuracy = measure(new, shipped, dataset)
            shutil.copytree(new, folder, dirs_exist_ok=True)
            shutil.copyfile(shipped, file)
            write_list(record, folder, dataset, accuracy)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def measure(folder: Path, file: Path, dataset: ImageDataset) -> float:
    """Writes forms.csv and corruptions.csv, draws the latter, and returns Keras's accuracy."""
    by_keras = open_predictor(file)
    fast = with_runtime(by_keras, "openvino", None, ExecutionPlan())
    forms = []
    for name, predictor in predictors(by_keras, fast, dataset):
        found = evaluate_predictor(
            predictor, dataset.test, len(dataset.class_names), BATCH_SIZE, name
        )
        if not forms:
            keras_s = found
        forms.append(
            {
                "form": name,
                "images": len(dataset.test),
                "accuracy": found.accuracy,
                "changed_labels": found.differing(keras_s),
                "loss": found.loss,
                "calibration_error": found.calibration_error,
            }
        )
        print(f"{name:20} {100 * found.accuracy:.2f} %", flush=True)
    write_table(folder / "forms.csv", forms)
    corruptions = [*robustness_rows(fast, dataset.test, BATCH_SIZE)]
    write_table(folder / "corruptions.csv", corruptions)
    plot_robustness(corruptions, folder / "corruptions.png")
    return forms[0]["accuracy"]


def predictors(
    by_keras: Predictor, fast: Predictor, dataset: ImageDataset
) -> Iterator[tuple[str, Predictor]]:
    """A model in each form that it deploys in, Keras first."""
    yield "Keras, float32", by_keras
    yield "OpenVINO, float32", fast
    try:
        half = ExecutionPlan(precision="bfloat16")
        yield "OpenVINO, bfloat16", with_runtime(by_keras, "openvino", None, half)
    except UserError as error:
        print(f"OpenVINO, bfloat16   left out: {error}")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "int8.tflite")
        images = calibration_images(dataset.train, CALIBRATION_IMAGES)
        export(fold(by_keras.model), path, "litert", dataset.class_names, images)
        yield "LiteRT, int8", open_predictor(path)


def write_list(record: RunRecord, folder: Path, dataset: ImageDataset, accuracy: float) -> None:
    """Puts the model into models.json, in place of one of its name."""
    recipe, network = record.recipe, record.recipe.network
    file = file_of(folder.name)
    model = TrainedModel.find(file).load()
    normalization = model.get_layer("normalization").get_config()
    flags = {"model": network.model, "depth": network.depth, "attention": network.attention}
    shipped = ShippedModel(
        name=folder.name,
        dataset=recipe.data.dataset,
        network=shlex.join(
            word for name, value in flags.items() for word in with_value(name, value)
        ),
        classes=len(dataset.class_names),
        mean=normalization["mean"],
        variance=normalization["variance"],
        trainable_parameters=trainable_parameters(model),
        test_images=len(dataset.test),
        test_accuracy=accuracy,
        command="python scripts/train.py " + shlex.join(to_flags(recipe)),
        sha256=checksum(file),
    )
    others = [each for each in shipped_models().values() if each.name != folder.name]
    everything = sorted((*others, shipped), key=lambda each: each.name)
    write_json(LIST, [dataclasses.asdict(each) for each in everything])


if __name__ == "__main__":
    sys.exit(main())
