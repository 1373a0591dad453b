"""Loading a saved model, with the truth about what is wrong with the file."""

import io
import json
import zipfile
from pathlib import Path

import h5py
import keras

from ras_keras.errors import UserError

MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
# Far above any network of this package; a file that unpacks to more is not one of them.
MAXIMUM_BYTES = 8 * 2**30


def load_model(path: str | Path, custom_objects: dict | None = None) -> keras.Model:
    """Loads a `.keras` model after checking the file.

    Args:
        path: of the file.
        custom_objects: classes and functions by name, as in
            `keras.saving.load_model`.

    Raises:
        UserError: saying whether the file is missing, is no Keras file, is
            damaged, or holds a layer or another class that is not known.
    """
    path = Path(path)
    config = check_model_file(path, custom_objects)
    try:
        return keras.saving.load_model(path, custom_objects=custom_objects, safe_mode=True)
    # Whatever remains is Keras's own verdict on a file whose container is sound.
    except (ValueError, TypeError, KeyError, OSError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path}: Keras cannot rebuild this {config.get('class_name', 'model')} ({reason}); it "
            f"was saved by another version or by other code."
        ) from error


def check_model_file(path: str | Path, custom_objects: dict | None = None) -> dict:
    """Checks container, members and layers of a `.keras` file; returns its config.

    Raises:
        UserError: as `load_model` does.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(
            f"{path}: {'is a folder' if path.is_dir() else 'no such file'}; "
            "name a saved .keras model."
        )
    if not zipfile.is_zipfile(path):
        raise UserError(
            f"{path} is no Keras model or was cut short ({path.stat().st_size:,} bytes, no zip "
            "directory); save or copy it again."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return _check_archive(path, archive, custom_objects)
    except (zipfile.BadZipFile, EOFError, zipfile.zlib.error, NotImplementedError) as error:
        raise UserError(f"{path} is damaged ({error}); save or copy it again.") from error


def _check_archive(path, archive, custom_objects):
    missing = set(MEMBERS) - set(archive.namelist())
    if missing:
        raise UserError(
            f"{path} is no Keras model: {min(missing)} is not in it; save one with "
            "model.save('NAME.keras')."
        )
    expanded = sum(member.file_size for member in archive.infolist())
    if expanded > MAXIMUM_BYTES:
        raise UserError(
            f"{path} would unpack to {expanded / 2**30:.1f} GiB; refused above "
            f"{MAXIMUM_BYTES / 2**30:.0f} GiB."
        )
    damaged = archive.testzip()
    if damaged:
        raise UserError(f"{path} is damaged: {damaged} fails its checksum; copy it again.")
    try:
        config = json.loads(archive.read("config.json"))
    except ValueError as error:
        raise UserError(
            f"{path} is damaged: its config.json is no JSON ({error}); save or copy it again."
        ) from error
    layers = list(_serialized_objects(config))
    if not layers or layers[0] is not config:
        raise UserError(f"{path} is damaged: its config.json is no model; save or copy it again.")
    for layer in layers:
        _check_known(path, layer, custom_objects or {})
    try:
        with h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as weights:
            _check_sizes(path, layers, weights)
    except OSError as error:
        raise UserError(
            f"{path} is damaged: its weights cannot be read ({error}); save or copy it again."
        ) from error
    return config


def _serialized_objects(value):
    """Every serialized Keras object in a config, outermost first."""
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str) and isinstance(value.get("config"), dict):
            yield value
        for item in value.values():
            yield from _serialized_objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from _serialized_objects(item)


def _check_known(path, layer, custom_objects):
    if _of_keras(layer):
        return
    registered = layer.get("registered_name") or layer["class_name"]
    if keras.saving.get_registered_object(registered, custom_objects) is None:
        raise UserError(
            f"{path} holds a class that is not known, {registered!r}; import the module that "
            "defines it, or pass custom_objects to ras_keras.load_model."
        )


def _check_sizes(path, layers, weights):
    """Refuses sizes that no weight in the file has: building them could take any memory."""
    shapes = []
    weights.visititems(lambda _, item: shapes.append(getattr(item, "shape", ())))
    sizes = {size for shape in shapes for size in shape}
    for layer in layers:
        config = layer["config"]
        if _of_keras(layer):
            wrong = [key for key in ("units", "filters") if config.get(key, 0) not in {0, *sizes}]
        elif str(layer.get("registered_name")).startswith("ras_keras>"):
            connections = config.get("connection") and not config.get("shared_connection")
            separate = connections or not config.get("shared", True)
            wrong = [
                key
                for key in (("k", "cells") if separate else ("cells",))
                if isinstance(config.get(key), int) and config[key] > len(shapes)
            ]
        if wrong:
            raise UserError(
                f"{path} is damaged: its config asks for {wrong[0]}={config[wrong[0]]} in "
                f"{config.get('name')!r}, and its weights are of other sizes; save it again."
            )


def _of_keras(layer) -> bool:
    """Whether Keras itself defines a class; what others define has a registered name or module."""
    if layer.get("module") is None:
        return layer.get("registered_name") is None
    return layer["module"].partition(".")[0] == "keras"
