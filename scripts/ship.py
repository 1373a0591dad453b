"""Put the last weights of a run into the package: python scripts/ship.py RUN NAME [--data-dir DIR]

The network is rebuilt in float32, whatever it was trained in, and measured on the test images. Its
file goes to ras_keras/pretrained, the run's record to results/pretrained/NAME.
"""

import argparse
import dataclasses
import os
import shlex
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from ras_keras.data import load_dataset
from ras_keras.files import checksum
from ras_keras.models.parts.starting_weights import StartingWeights
from ras_keras.outputs.class_names import read_class_names, save_model
from ras_keras.papers.records import RunRecord
from ras_keras.pretrained.shipped import LIST, ShippedModel, shipped_models
from ras_keras.recipes.network import family_of
from ras_keras.recipes.starts import to_flags
from ras_keras.runs.run_folder import RunFolder
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.text.flags import with_value
from ras_keras.training import evaluate
from ras_keras.training.network import dtype_policy
from ras_keras.training.plan import trainable_parameters
from ras_keras.values.json_files import write_json

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "results" / "pretrained"
FLOAT32 = "float32.json"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="run folder of a training that has finished")
    parser.add_argument("name", help="such as ras_resnet20_cifar10")
    parser.add_argument("--data-dir", help="of prepared data sets")
    options = parser.parse_args()
    run = RunFolder.open(options.run)
    recipe, result = run.read_recipe(), run.read_result()
    network = recipe.network

    file = run.file("final.keras")
    names = read_class_names(file)
    normalization = TrainedModel.find(file).load().get_layer("normalization").get_config()
    of_data = {name: normalization[name] for name in ("mean", "variance")}
    with dtype_policy("float32"):
        model = family_of(network.model).build(**network.arguments(), classes=len(names), **of_data)
    StartingWeights.read(file).give_to(model)
    data = dataclasses.replace(recipe.data, data_dir=options.data_dir).resolved()
    test = load_dataset(data.dataset, data.data_dir, **data.reading()).test
    evaluation = evaluate(model, test, len(names), 128)
    accuracy = evaluation.accuracy
    print(f"float32 {100 * accuracy:.2f} %, the run {100 * result['final']['test_accuracy']:.2f} %")

    flags = {"model": network.model, "depth": network.depth, "attention": network.attention}
    shipped = ShippedModel(
        name=options.name,
        dataset=recipe.data.dataset,
        network=shlex.join(
            word for name, value in flags.items() for word in with_value(name, value)
        ),
        classes=len(names),
        **of_data,
        trainable_parameters=trainable_parameters(model),
        test_images=len(test),
        test_accuracy=accuracy,
        command="python scripts/train.py " + shlex.join(to_flags(recipe.replace(data_dir=None))),
        sha256="",
    )
    save_model(shipped.file, model, names)
    shipped = dataclasses.replace(shipped, sha256=checksum(shipped.file))
    others = [model for model in shipped_models().values() if model.name != options.name]
    everything = sorted((*others, shipped), key=lambda model: model.name)
    write_json(LIST, [dataclasses.asdict(model) for model in everything])
    folder = RECORDS / options.name
    RunRecord.keep(run, folder)
    write_json(
        folder / FLOAT32, evaluation.summary() | {"calibration_error": evaluation.calibration_error}
    )


if __name__ == "__main__":
    sys.exit(main())
