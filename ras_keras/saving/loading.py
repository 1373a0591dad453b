"""Loading a saved model, with the truth about what is wrong with the file."""

from pathlib import Path

import keras

from ras_keras.backend.recursion import deep_graphs
from ras_keras.errors import UserError, first_line
from ras_keras.pretrained import shipped_file
from ras_keras.saving.archive import check_archive
from ras_keras.saving.building import building_within
from ras_keras.saving.config import check_config, read_config
from ras_keras.saving.maps import check_maps
from ras_keras.saving.weights import check_weights


def load_model(path: str | Path, custom_objects: dict | None = None) -> keras.Model:
    """Loads a `.keras` model after checking the file.

    No code in the file is run: Keras's safe mode is on, and a file that needs a
    Lambda layer or the like is refused.

    Args:
        path: of the file, or the name of a model of the package.
        custom_objects: classes and functions by name, as in
            `keras.saving.load_model`.

    Raises:
        UserError: saying whether the file is missing, is no Keras file, is
            damaged, asks for more than its weights are for, or holds code, a
            layer or another class that is not known.
    """
    path = shipped_file(path) or Path(path)
    config, shapes = _check(path, custom_objects)
    try:
        with deep_graphs(), building_within(shapes):
            model = keras.saving.load_model(path, custom_objects=custom_objects, safe_mode=True)
    except UserError as error:
        raise UserError(f"{path} is refused: {error}; save it again with model.save.") from error
    # Whatever remains is Keras's own verdict on a file whose container is sound.
    except Exception as error:
        raise UserError(
            f"{path}: Keras cannot rebuild this {config['class_name']} "
            f"({' '.join(str(error).split())[:200] or first_line(error)}); it was saved by another "
            "version or by other code."
        ) from error
    if not isinstance(model, keras.Model):
        raise UserError(
            f"{path} holds a {type(model).__name__} and no model; save one with model.save."
        )
    check_maps(path, model)
    return model


def check_model_file(path: str | Path, custom_objects: dict | None = None) -> dict:
    """Checks container, configuration and weights of a `.keras` file; returns its config.

    Raises:
        UserError: as `load_model` does.
    """
    return _check(Path(path), custom_objects)[0]


def _check(path, custom_objects):
    archive = check_archive(path)
    config = read_config(path, archive.config)
    shapes = check_weights(archive)
    check_config(path, config, shapes, custom_objects)
    return config, shapes
