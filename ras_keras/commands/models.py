"""List the networks that have a name, with their sizes."""

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
from ras_keras.text.flags import with_value
from ras_keras.training.plan import trainable_parameters
from ras_keras.values.choices import one_of
from ras_keras.values.csv_files import write_table


@dataclass(frozen=True)
class Models:
    """List the networks of ras_keras.models that have a name, each built and counted."""

    names: Annotated[tuple[Name, ...], tyro.conf.Positional] = ()
    """Networks such as ResNet50 and RLAResNet50; none for all, which takes minutes."""
    output: File | None = None
    """A CSV file for the same."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(Models, arguments, program)
    networks = named_networks()
    for name in options.names:
        one_of("the network", name, networks)
    rows = []
    for name in tqdm(options.names or networks, desc="networks", leave=False):
        rows.append(_row(name, networks[name]))
        tqdm.write(_line(rows[-1]))
    if options.output:
        write_table(Path(options.output), rows)
        print(f"written  {options.output}")


def flags_of(network: partial) -> str:
    """The flags of a recipe with this network: "--model resnet --attention ras --depth 83"."""
    fields = fields_of(network).items()
    return " ".join(word for name, value in fields for word in with_value(name, value))


def _row(name, network) -> dict:
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
    return row


def _line(row) -> str:
    return (
        f"{row['name']:22} {row['trainable_parameters']:>11,} trainable of "
        f"{row['all_parameters']:>11,} parameters, {row['classes']:,} classes of "
        f"{row['image_size']}x{row['image_size']}; {row['flags']}"
    )
