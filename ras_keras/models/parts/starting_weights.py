"""The weights of a file that a network starts from: all of them or none."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import keras
import numpy as np

from ras_keras.errors import Argument, ArgumentError, UserError
from ras_keras.outputs.class_order import listed
from ras_keras.pretrained import ShippedModel, check_exists, named
from ras_keras.saving.archive import Archive, check_archive
from ras_keras.saving.config import read_config
from ras_keras.saving.weights import check_weights

CLASSIFIER = "predictions"
# The place of a random state, which is not taken over.
RANDOM_STATE = "seed_generator"
# How the names of attention layers end, and settings that change nothing of a trained one.
ATTENTION = "_attention"
OF_NO_WEIGHT = ("name", "trainable", "dtype")

# By place in a layer, such as "vars/0".
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class StartingWeights:
    """What a file holds for a network to start from.

    Attributes:
        path: of the file.
        layers: the arrays of each layer, None for one that keeps the network's own.
        settings: of each layer, as its `get_config` says; empty where the file has none.
        name: of the network, None where the file has none.
    """

    path: Path
    layers: dict[str, Arrays | None]
    settings: dict[str, dict]
    name: str | None = None

    @classmethod
    def read(cls, path: str | Path) -> "StartingWeights":
        """The weights in a `.keras` or `.weights.h5` file; nothing is made of its configuration.

        Raises:
            UserError: if the file is missing or damaged, or holds numbers that are not finite.
        """
        path, settings, name = Path(path), {}, None
        if path.name.endswith(".weights.h5"):
            archive = _bare_weights(path)
        else:
            archive = check_archive(path)
            config = read_config(path, archive.config)
            settings, name = _settings(config), _name(config)
        check_weights(archive)
        with archive.open_weights() as stream, h5py.File(stream, "r") as file:
            layers: dict[str, Arrays | None] = {
                name: {place: array[()] for place, array in arrays.items()}
                for name, arrays in _layers(file).items()
            }
        return cls(path, layers, settings, name)

    def with_classifier(self, arrays: Arrays | None) -> "StartingWeights":
        """The same weights with others for the classifier."""
        return replace(self, layers={**self.layers, CLASSIFIER: arrays})

    def give_to(self, model: keras.Model) -> None:
        """Gives a network these weights, all of them or none.

        A network without a classifier leaves that of the file alone.

        Raises:
            ArgumentError: if the file has layers that the network does not have, lacks some, or has
                other shapes or other attention.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "own.weights.h5")
            model.save_weights(file)
            with h5py.File(file, "r+") as own:
                layers = _layers(own)
                self._check(model, layers)
                for name, arrays in layers.items():
                    for place, given in (self.layers[name] or {}).items():
                        arrays[place][...] = given
            model.load_weights(file)

    def _check(self, model, layers):
        spare = sorted(self.layers.keys() - layers.keys() - {CLASSIFIER})
        if spare:
            raise self._misfit(f"the file has {listed(spare)} and the network has no such layer")
        lacking = sorted(layers.keys() - self.layers.keys())
        if lacking:
            raise self._misfit(f"the network has {listed(lacking)} and the file has no such layer")
        for name, arrays in layers.items():
            given = self.layers[name]
            if given is not None and _shapes(given) != _shapes(arrays):
                raise self._misfit(
                    f"layer {name!r} needs the shapes {_text(arrays)}, the file has {_text(given)}"
                )
            if name.endswith(ATTENTION):
                self._check_settings(name, model.get_layer(name).get_config())

    def _check_settings(self, name, needed):
        """Weights of the same shapes can be of another recurrence."""
        saved = self.settings.get(name, {})
        for setting, value in needed.items():
            plain = isinstance(value, str | int | float | bool | None)
            if not plain or setting in OF_NO_WEIGHT or setting.endswith("initializer"):
                continue
            if saved.get(setting, value) != value:
                raise self._misfit(
                    f"layer {name!r} has {setting}={value!r} and in the file {saved[setting]!r}"
                )

    def _misfit(self, problem):
        return ArgumentError(
            Argument("weights", self.path),
            " does not fit: ",
            problem,
            "; use the network, depth, attention and classes that it was saved with.",
        )


def give_weights(model: keras.Model, weights: str | Path) -> None:
    """Gives a network the weights that are named, all of them or none.

    Args:
        model: the network.
        weights: a model of the package, or the data set that some of them were trained on, of
            which that of this network is taken; or the path of a `.keras` or `.weights.h5` file.

    Raises:
        ArgumentError: if they are another network's.
        UserError: for a file that is missing or damaged.
    """
    shipped = named(weights)
    if shipped and shipped[0].name != weights:
        give_fitting(model, shipped, weights)
        return
    path = shipped[0].path if shipped else weights
    check_exists(path)
    StartingWeights.read(path).give_to(model)


def give_fitting(model: keras.Model, shipped: Sequence[ShippedModel], name: object) -> ShippedModel:
    """Gives a network the weights of the one of the package's models that is this network.

    Args:
        model: the network; its classifier counts where it has one.
        shipped: to choose from, one at least.
        name: that they were called by, for messages.

    Returns:
        That model.

    Raises:
        ArgumentError: if none is.
    """
    for each in shipped:
        try:
            StartingWeights.read(each.path).give_to(model)
        except ArgumentError:
            continue
        return each
    raise ArgumentError(
        Argument("weights", name),
        " does not fit: no trained model of this data set is this network; there is ",
        ", ".join(f"{each.name} ({each.network})" for each in shipped),
        ".",
    )


def _bare_weights(path) -> Archive:
    if not path.is_file():
        raise UserError(f"{path}: no such file; name saved weights.")
    return Archive(path, b"", 0, path.stat().st_size)


def _settings(config) -> dict[str, dict]:
    """Of each layer of a functional model; a file of another kind has none that are known."""
    try:
        return {layer["config"]["name"]: layer["config"] for layer in config["config"]["layers"]}
    except (LookupError, TypeError):
        return {}


def _name(config) -> str | None:
    try:
        return config["config"]["name"]
    except (LookupError, TypeError):
        return None


def _layers(file) -> dict[str, dict[str, h5py.Dataset]]:
    """The arrays in an HDF5 file as Keras writes it, by the names of its layers."""
    found = {}
    for entry, group in file.get("layers", {}).items():
        arrays: dict[str, h5py.Dataset] = {}

        def note(place, item, arrays=arrays):
            if isinstance(item, h5py.Dataset) and RANDOM_STATE not in place.split("/"):
                arrays[place] = item

        if isinstance(group, h5py.Group):
            group.visititems(note)
        if arrays:
            attributes = group["vars"].attrs if "vars" in group else {}
            found[str(attributes.get("name", entry))] = arrays
    return found


def _shapes(arrays) -> dict[str, tuple]:
    return {place: (array.shape, array.dtype.kind) for place, array in arrays.items()}


def _text(arrays) -> str:
    return ", ".join(str(array.shape) for array in arrays.values())
