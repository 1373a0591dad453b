"""A recipe says everything that a training run depends on."""

import dataclasses
import difflib
import inspect
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ras_keras.checks import plain
from ras_keras.data.folder import FOLDER, folder_path, is_folder
from ras_keras.errors import UserError
from ras_keras.layers.registry import (
    ANY,
    ATTENTION,
    NONE,
    constructor_arguments,
    make_attention,
)
from ras_keras.models.registry import MODELS
from ras_keras.models.stages import STAGES
from ras_keras.training import devices
from ras_keras.typed import typed

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
JIT = {"auto": "auto", "on": True, "off": False}
PROTOCOLS = ("held-out", "paper")
DECAYS = ("step", "cosine")
NETWORK_OPTIONS = ("widen_factor", "dropout", "batch_norm", "skip")
ATTENTION_OPTIONS = (
    *("k", "normalize_input", "shared", "connection", "shared_connection"),
    *("gamma_initializer", "beta_initializer", "reduction_ratio", "use_bias", "kernel_size"),
    *("activation", "cells"),
)


@dataclass(frozen=True)
class Recipe:
    """What a run depends on. Recipes that differ only in where the data lie are equal."""

    recipe: str = "paper"
    """Recipe to start from, paper, quick or strong; the other flags override it."""
    dataset: str = "digits"
    """digits (embedded), cifar10, cifar100, stl10, folder:PATH (PATH/train/CLASS/*.png,
    PATH/test/CLASS/*.png) or another image-classification set of tensorflow-datasets."""
    data_dir: str | None = field(default=None, compare=False)
    """Folder of prepared data sets, or where a folder:PATH lies now; None is tensorflow-datasets'
    own (TFDS_DATA_DIR)."""
    download: bool = field(default=False, compare=False)
    """Create and fill a --data-dir that does not hold the data set."""
    image_size: int | None = None
    """Resize images to this height and width in pixels; needed where sizes vary."""
    validation_split: float = 0.1
    """Part of the training images held out to choose the best epoch."""
    training_images: int | None = None
    """Train on this many of the images that are not held out, chosen by the seed; None is all."""
    protocol: str = "held-out"
    """held-out chooses the best epoch on held-out training images; paper trains on all of them
    and watches the test set every epoch."""
    imports: tuple[str, ...] = ()
    """Python modules to import first: they register attention of your own."""
    model: str = "resnet"
    """resnet, preresnet, wrn or resnext."""
    depth: int | None = None
    """Depth of the network, 9n+2 (wrn: 6n+4); None is the published one, 164 (wrn: 52, resnext:
    101)."""
    widen_factor: int | None = None
    """Of wrn: how many times wider than a plain ResNet; None is 4."""
    dropout: float | None = None
    """Of wrn: dropout rate between the convolutions of a block; None is 0.3."""
    batch_norm: bool = True
    """Without: resnet with no batch normalization but in projections and attention."""
    skip: bool = True
    """Without: resnet with no shortcuts."""
    attention: str = "ras"
    """ras, se, eca, cbam, sem, spa, dia, dia_se, one of your own, or none."""
    attention_stages: tuple[int, ...] = (1, 2, 3)
    """Stages that have attention."""
    k: int | None = None
    """How often the attention's transform is applied; None is 2 for ras and 1 for others."""
    normalize_input: bool | None = None
    """Normalize the pooled vector too. None: for ras, Eq. (5) as written; without it the released
    network."""
    shared: bool | None = None
    """One transform for all applications, Eq. (3), or without it one each, Eq. (2)."""
    connection: str | None = None
    """Between applications: batch_norm (the default), rational, none or a Keras activation."""
    shared_connection: bool | None = None
    """One connection for all applications instead of one each."""
    gamma_initializer: float | None = None
    """Of ras: constant that gamma starts from; None is 0, as published a saddle, 0.1 is not."""
    beta_initializer: float | None = None
    """Of ras: constant that beta starts from; None is -1."""
    reduction_ratio: int | None = None
    """Of se, dia_se, cbam, sem, spa, dia: channels over hidden units; None is 16, dia 4."""
    use_bias: bool | None = None
    """Of se, dia_se, cbam, spa: biases in the dense layers; None: with, spa without."""
    kernel_size: int | None = None
    """Of eca along the channels, None is adaptive; of cbam over the map, None is 7."""
    activation: str | None = None
    """Of dia, at its output: sigmoid, tanh or relu; None is sigmoid."""
    cells: int | None = None
    """Of dia: stacked cells; None is 1."""
    weights: str | None = None
    """Saved .keras model to start from, or a run folder, whose best.keras is taken."""
    crop_padding: int | None = None
    """Pixels of black around an image before a random crop; None is the data set's own."""
    mirror: bool | None = None
    """Mirror half of the images, --no-mirror for none; None is the data set's own."""
    cutout: int = 0
    """Side in pixels of a square of the mean pixel at a random place of each image; 0 for none."""
    cutmix: float = 0.0
    """Paste a box of another image and mix the labels by area; its share comes from
    Beta(CUTMIX, CUTMIX), 0 for none."""
    label_smoothing: float = 0.0
    """Part of a label that is spread over all classes."""
    epochs: int = 164
    """Passes over the training images."""
    batch_size: int | None = None
    """Images a step, over all devices; None is 128, or 16 for stl10."""
    learning_rate: float = 0.1
    """Of stochastic gradient descent, at its highest."""
    decay: str = "step"
    """How the learning rate falls: step (at --schedule) or cosine (to 0 at the end of the last
    epoch; --schedule is not read)."""
    schedule: tuple[int, ...] = (81, 122)
    """Epochs after which the learning rate is multiplied by --schedule-factor."""
    schedule_factor: float = 0.1
    """Factor of the learning rate at each epoch of --schedule."""
    warmup_epochs: int = 0
    """First epochs, over which the learning rate rises linearly."""
    momentum: float = 0.9
    """Of stochastic gradient descent."""
    nesterov: bool = False
    """Nesterov's momentum."""
    weight_decay: float = 1e-4
    """In the papers' sense: added to the gradient of every trainable variable."""
    average_weights: float = 0.0
    """Decay a step of a moving average of the weights, which is evaluated and saved in their place
    with batch statistics of its own; 0 for none."""
    seed: int = 0
    """Of the weights, the split, the order and the augmentation."""
    precision: str | None = None
    """float32, mixed_bfloat16 or mixed_float16; None chooses by device."""
    jit: str = "auto"
    """Compile with XLA: auto (on a GPU), on or off."""
    steps_per_execution: int = 1
    """Steps between two returns to Python."""

    # Fields that recipes written by versions before 0.4 may lack.
    ADDED_LATER: ClassVar[frozenset[str]] = frozenset(
        {
            *NETWORK_OPTIONS,
            *("activation", "attention_stages", "average_weights", "cells", "crop_padding"),
            *("cutmix", "cutout", "decay", "imports", "kernel_size", "label_smoothing", "mirror"),
            *("model", "nesterov", "reduction_ratio", "shared", "training_images", "use_bias"),
            "warmup_epochs",
        }
    )

    def __post_init__(self):
        # NumPy's numbers could not be written as JSON.
        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, plain(getattr(self, each.name)))

    def compared(self) -> dict:
        """The fields by which recipes differ: those that do not say where the data lie."""
        fields = {
            each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.compare
        }
        # What is in a folder is compared by the fingerprint of a run's data.
        return fields | ({"dataset": FOLDER} if is_folder(self.dataset) else {})

    def __eq__(self, other) -> bool:
        return isinstance(other, Recipe) and self.compared() == other.compared()

    def __hash__(self) -> int:
        return hash(tuple(self.compared().values()))

    def network_arguments(self) -> dict:
        """What the function that builds the network takes."""
        attention, config = self.attention_arguments()
        options = {
            name: getattr(self, name)
            for name in NETWORK_OPTIONS
            if getattr(self, name) is not None and name in network_options(self.model)
        }
        return options | {
            "depth": MODELS[self.model].depth if self.depth is None else self.depth,
            "attention": attention,
            "attention_config": config,
            "attention_stages": self.attention_stages,
        }

    def describe_attention(self) -> str:
        """Such as "ras (k=3, stages=1 and 3)", with what the recipe says of it."""
        attention, config = self.attention_arguments()
        if attention is None:
            return "no attention"
        layer = make_attention(attention, config)
        shown = ({"k": layer.k} if hasattr(layer, "k") else {}) | config
        if self.attention_stages != STAGES:
            shown["stages"] = " and ".join(map(str, self.attention_stages))
        options = ", ".join(f"{name}={value}" for name, value in shown.items())
        return f"{attention} ({options})" if options else attention

    def with_attention(self, name: str) -> "Recipe":
        """The recipe with another attention.

        Options that it has from the recipe it started from are those of the new attention; the
        plain network has none.
        """
        if name == NONE:
            changes = dict.fromkeys(ATTENTION_OPTIONS) | {"attention_stages": STAGES}
            return dataclasses.replace(self, attention=NONE, **changes)
        before = starting_recipe(self.recipe, self.model, self.attention)
        after = starting_recipe(self.recipe, self.model, name)
        changes = {
            option: getattr(after, option)
            for option in ATTENTION_OPTIONS
            if getattr(self, option) == getattr(before, option)
        }
        return dataclasses.replace(self, attention=name, **changes)

    def attention_arguments(self) -> tuple[str | None, dict | None]:
        """What a network takes as `attention` and `attention_config`."""
        given = {
            name: getattr(self, name)
            for name in ATTENTION_OPTIONS
            if getattr(self, name) is not None
        }
        if self.attention == NONE:
            return None, None
        if given.get("connection") == NONE:
            given["connection"] = None
        return self.attention, given

    def learning_rate_at(self, epoch: int) -> float:
        """The learning rate of an epoch e, counted from 0.

        With w epochs of warm-up it is (e + 1) / (w + 1) of what follows while e < w.
        What follows is, for the decay "cosine" over E epochs (arXiv 1608.03983, Eq. (5)),

            learning_rate * (1 + cos(pi * (e - w) / (E - w))) / 2    from e = w on,

        so that the last epoch's rate is small but not 0. A run resumed with more epochs
        follows the longer curve from there on.
        """
        rate = self.learning_rate * min(1.0, (epoch + 1) / (self.warmup_epochs + 1))
        if self.decay == "cosine":
            done = max(0, epoch - self.warmup_epochs) / max(1, self.epochs - self.warmup_epochs)
            return rate * (1 + math.cos(math.pi * done)) / 2
        return rate * self.schedule_factor ** sum(epoch >= milestone for milestone in self.schedule)

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Recipe":
        """The recipe that `to_dict` wrote down.

        Raises:
            WrongValue: naming the field that is missing, unknown or of another type.
        """
        return typed(values, cls)

    def to_flags(self) -> list[str]:
        """The flags that give this recipe, starting from the one it is named after."""
        base = starting_recipe(self.recipe, self.model, self.attention)
        flags = ["--recipe", self.recipe]
        for name, value in self.to_dict().items():
            if value == getattr(base, name):
                continue
            if isinstance(value, bool):
                flags.append(flag(name) if value else flag(f"no_{name}"))
            elif isinstance(value, tuple):
                flags += [flag(name), *map(str, value)]
            else:
                flags += [flag(name), str(value)]
        return flags


RECIPES = {
    # arXiv 2210.15676: depth 164, k = 2, 164 epochs; the released code's learning rate and
    # schedule. With normalize_input=False it is the network of the paper's Table 1, which reports
    # 94.84 % on CIFAR-10 by the papers' protocol. Other networks differ by `PUBLISHED`.
    "paper": Recipe(),
    # For a laptop: the embedded digits, about 99 % in three minutes on 2 cores. A tenth of them
    # would be too few to tell epochs apart: many would hit them all.
    "quick": Recipe(
        recipe="quick",
        validation_split=0.2,
        depth=20,
        epochs=30,
        batch_size=32,
        schedule=(20, 26),
        gamma_initializer=0.1,
    ),
    # The paper's network trained as is usual today.
    "strong": Recipe(
        recipe="strong",
        epochs=200,
        decay="cosine",
        warmup_epochs=5,
        nesterov=True,
        weight_decay=5e-4,
        label_smoothing=0.1,
        cutout=16,
        average_weights=0.999,
        gamma_initializer=0.1,
    ),
}

# What the recipe "paper" is for a network of the DIANet paper, arXiv 1905.10671, appendix; its
# PreResNet is trained as the ResNet of the RAS paper.
PUBLISHED = {
    "wrn": {
        "epochs": 200,
        "schedule": (80, 120, 160),
        "schedule_factor": 0.2,
        "weight_decay": 5e-4,
    },
    "resnext": {"epochs": 300, "schedule": (150, 225), "weight_decay": 5e-4},
}
DIANET_RESNET = {"epochs": 180, "schedule": (60, 120)}


def starting_recipe(name: str, model: str = "resnet", attention: str = "ras") -> Recipe:
    """The recipe that flags start from: `RECIPES[name]` as it is for a network and its attention.

    Raises:
        UserError: for a name that is no recipe.
    """
    one_of("--recipe", name, RECIPES)
    changes = {}
    if name == "paper":
        changes = PUBLISHED.get(model, {})
        if model == "resnet" and attention in ("dia", "dia_se"):
            changes = DIANET_RESNET
    if attention != "ras":
        changes = changes | {"gamma_initializer": None}
    return dataclasses.replace(RECIPES[name], **changes)


def attention_options(name: str) -> list[str]:
    """Fields of a recipe that an attention takes."""
    if name == NONE:
        return []
    valid = constructor_arguments(ATTENTION[name])
    return [option for option in ATTENTION_OPTIONS if option in valid or ANY in valid]


def network_options(model: str):
    """What the function that builds a network takes, by name."""
    return inspect.signature(MODELS[model].build).parameters


def resolve(recipe: Recipe) -> Recipe:
    """Fills in what a recipe leaves to the data set, the protocol, the device and the environment.

    The folder that TFDS_DATA_DIR names is written down, so that a run can be
    resumed without the variable.
    """
    data_dir, download = recipe.data_dir, recipe.download
    prepared = recipe.dataset != "digits" and not is_folder(recipe.dataset)
    if prepared and data_dir is None and os.environ.get("TFDS_DATA_DIR"):
        data_dir, download = os.environ["TFDS_DATA_DIR"], True
    return dataclasses.replace(
        recipe,
        data_dir=data_dir,
        download=download,
        depth=recipe.network_arguments()["depth"],
        batch_size=recipe.batch_size or (16 if recipe.dataset == "stl10" else 128),
        validation_split=0.0 if recipe.protocol == "paper" else recipe.validation_split,
        precision=recipe.precision or devices.default_precision(),
    )


def located(recipe: Recipe) -> Recipe:
    """The recipe with the absolute path of its data, which holds in any working directory.

    Of "folder:PATH" the path goes to `data_dir`, and "folder:NAME" stays.
    """
    data_dir = recipe.data_dir
    if is_folder(recipe.dataset):
        data_dir = folder_path(recipe.dataset, data_dir)
    # tensorflow-datasets takes gs://... too.
    if data_dir is None or "://" in data_dir:
        return recipe
    # Not resolved where it need not be: a link is the name that the user gave.
    data_dir = Path(os.path.expanduser(data_dir))  # noqa: PTH111, which raises for ~unknown
    data_dir = data_dir.resolve() if ".." in data_dir.parts else data_dir.absolute()
    dataset = f"{FOLDER}{data_dir.name}" if is_folder(recipe.dataset) else recipe.dataset
    return dataclasses.replace(recipe, dataset=dataset, data_dir=str(data_dir))


def flag(field_name: str) -> str:
    """A field's flag: learning_rate is --learning-rate."""
    return "--" + field_name.replace("_", "-")


def one_of(what: str, value, valid) -> None:
    """Refuses a value that is not among the valid ones, naming the nearest and all of them."""
    if value in valid:
        return
    names = [name for name in valid if name is not None]
    nearest = difflib.get_close_matches(str(value), names, n=1)
    hint = f" The nearest is {nearest[0]!r}." if nearest else ""
    raise UserError(f"{what} must be one of {', '.join(names)}. Received: {value!r}.{hint}")
