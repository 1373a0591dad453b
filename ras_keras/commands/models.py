"""List the trained models of the package, or the networks that have a name, with their sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import keras
import tyro
from tqdm import tqdm

from ras_keras.commands.line.fields import File, Name
from ras_keras.commands.line.flags import parse
from ras_keras.models.named import fields_of, named_networks
from ras_keras.pretrained import ShippedModel, shipped_models
from ras_keras.text.flags import with_value
from ras_keras.training.plan import trainable_parameters
from ras_keras.values.choices import one_of
from ras_keras.values.csv_files import write_table


@dataclass(frozen=True)
class Models:
    """List the trained models that come with the package, with their accuracy.

    A network of ras_keras.models by its name, or all by --networks, is built and counted.
    """

    names: Annotated[tuple[Name, ...], tyro.conf.Positional] = ()
    """Trained models such as ras_resnet20_cifar10, networks such as ResNet50 and RLAResNet50; none
    for all trained models."""
    networks: bool = False
    """List all networks that have a name, which takes minutes."""
    output: File | None = None
    """A CSV file for the same."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(Models, arguments, program)
    trained, networks = shipped_models(), named_networks()
    for name in options.names:
        one_of("the model", name, (*trained, *networks))
    chosen = options.names or (networks if options.networks else trained)
    rows: list[dict] = []
    for name in tqdm(chosen, desc="models", leave=False):
        row, text = _trained(trained[name]) if name in trained else _built(name, networks[name])
        tqdm.write(text)
        rows.append(row)
    if options.output:
        write_table(Path(options.output), rows)
        print(f"written  {options.output}")


def flags_of(network: partial) -> str:
    """The flags of a recipe with this network: "--model resnet --attention ras --depth 83"."""
    fields = fields_of(network).items()
    return " ".join(word for name, value in fields for word in with_value(name, value))


def _trained(model: ShippedModel) -> tuple[dict, str]:
    """The row and the lines of a trained model; its file is compared with its checksum."""
    row = {
        "name": model.name,
        "dataset": model.dataset,
        "classes": model.classes,
        "trainable_parameters": model.trainable_parameters,
        "file_bytes": model.path.stat().st_size,
        "test_images": model.test_images,
        "test_accuracy": model.test_accuracy,
        "flags": model.network,
        "command": model.command,
    }
    return row, (
        f"{model.name:22} {model.dataset}: {100 * model.test_accuracy:.2f} % of "
        f"{model.test_images:,} test images; {model.trainable_parameters:,} trainable parameters, "
        f"{row['file_bytes'] / 1e6:.1f} MB; {model.network}\n{'':22} {model.command}"
    )


def _built(name: str, network: partial) -> tuple[dict, str]:
    """The row and the line of a network, which is built."""
    model = network()
    row = {
        "name": name,
        "image_size": model.input_shape[1],
        "classes": model.output_shape[-1],
        "trainable_parameters": trainable_parameters(model),
        "all_parameters": model.count_params(),
        "flags": flags_of(network),
    }
    keras.backend.clear_session()
    return row, (
        f"{name:22} {row['trainable_parameters']:>11,} trainable of "
        f"{row['all_parameters']:>11,} parameters, {row['classes']:,} classes of "
        f"{row['image_size']}x{row['image_size']}; {row['flags']}"
    )
