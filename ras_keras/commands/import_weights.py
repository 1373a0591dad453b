"""Turn a PyTorch checkpoint of the papers' authors into a Keras model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.commands.line.fields import File, Shown
from ras_keras.commands.line.flags import parse
from ras_keras.commands.new_model import check_new_model
from ras_keras.convert.import_weights import check_import, import_weights
from ras_keras.convert.pytorch_checkpoint import read_checkpoint
from ras_keras.convert.pytorch_names import Entries
from ras_keras.convert.pytorch_settings import CIFAR
from ras_keras.layers.registry import NONE
from ras_keras.outputs.class_names import read_names_file, save_model
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.values.options import name_of

ENDINGS = r"(\.(pth|pt|ckpt|bin|tar))+$"


@dataclass(frozen=True)
class ImportWeights:
    """Turn a PyTorch checkpoint of the papers' authors into a .keras file (extra peers).

    The file takes raw pixels, 0..255, and gives probabilities.
    """

    checkpoint: Annotated[str, tyro.conf.Positional, Shown("CHECKPOINT")]
    """File by torch.save: the network's state_dict, bare or as "state_dict" among other things."""
    model: str = "resnet"
    """resnet, preresnet, wrn, imagenet_resnet or mobilenet_v2."""
    depth: int | None = None
    """Of the network, 9n+2 (wrn: 6n+4); None is that of the checkpoint."""
    attention: str | None = None
    """ras, se, eca, dia or none; None is ras in the CIFAR networks, none in the others. Options may
    follow: ras:normalize_input=True, Eq. (5) as written. What is not given is as the checkpoint
    says, else as in the released network."""
    k: int | None = None
    """How often the attention's transform is applied; None is that of the checkpoint."""
    aggregation: str = "none"
    """rla in imagenet_resnet and mobilenet_v2, or none; its variant follows, as in
    rla:variant=v2, for the checkpoint does not say it."""
    image_size: int | None = None
    """Height and width of the images in pixels; None is 32, of the ImageNet networks 224."""
    mean: tuple[float, ...] | None = None
    """That the network was trained with, of red, green and blue from 0 to 1; None is CIFAR-10's,
    0.4914 0.4822 0.4465, or ImageNet's, 0.485 0.456 0.406."""
    std: tuple[float, ...] | None = None
    """Standard deviations, likewise; None is 0.2023 0.1994 0.2010, or 0.229 0.224 0.225."""
    classes: File | None = None
    """File of the classes' names, one per line or a JSON list, that go into the .keras file."""
    output: File | None = None
    """The .keras file; None lays it beside the checkpoint."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(ImportWeights, arguments, program)
    checkpoint = Path(options.checkpoint)
    name = re.sub(ENDINGS, "", checkpoint.name)
    output = Path(options.output or checkpoint.with_name(f"{name}.keras"))
    check_new_model(output)
    cifar = name_of(options.model) in CIFAR
    recipe = NetworkRecipe(
        model=options.model,
        depth=options.depth,
        attention=options.attention or ("ras" if cifar else NONE),
        aggregation=options.aggregation,
        k=options.k,
    )
    image_size = options.image_size or (32 if cifar else 224)
    names = read_names_file(Path(options.classes)) if options.classes else None
    check_import(recipe, image_size, options.mean, options.std)
    entries = Entries(read_checkpoint(checkpoint))
    model, found = import_weights(
        entries,
        recipe,
        str(checkpoint),
        image_size=image_size,
        mean=options.mean,
        std=options.std,
    )
    save_model(output, model, names)
    print(f"entries  {len(entries):,}, all of them used")
    print(f"network  {model.name}, {model.count_params():,} parameters")
    if found:
        print(f"read off {', '.join(f'{name}={value}' for name, value in found.items())}")
    print(f"model    {output}")
