"""Class names go where a model goes."""

import zipfile

import keras
import pytest

from ras_keras.errors import UserError
from ras_keras.outputs.class_names import MEMBER, read_class_names, write_class_names
from ras_keras.saving.loading import load_model

NAMES = ("cat", "größer", "dog, big")


def test_in_a_keras_file(tmp_path):
    file = tmp_path / "model.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]).save(file)
    assert read_class_names(file) is None
    write_class_names(file, NAMES)
    assert read_class_names(file) == NAMES
    assert load_model(file).output_shape == (None, 3)


@pytest.mark.parametrize("folder", [True, False])
def test_with_other_formats(tmp_path, folder):
    path = tmp_path / "model.onnx"
    path.mkdir() if folder else path.write_bytes(b"x")
    assert read_class_names(path) is None
    write_class_names(path, NAMES)
    assert read_class_names(path) == NAMES


def test_what_is_no_list_of_names(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MEMBER, '{"0": "cat"}')
    with pytest.raises(UserError, match="no JSON list of names"):
        read_class_names(file)
