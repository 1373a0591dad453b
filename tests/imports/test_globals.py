"""What is one for the whole process stays as it was: on import, and after networks were made."""

import json
import sys
import threading
import warnings

import keras
import numpy as np
import pytest

import ras_keras
from ras_keras.backend.recursion import FRAMES, deep_graphs
from ras_keras.data.files.image_files import read_image
from ras_keras.folding import fold
from tests.conftest import ROOT

IMPORTING = """
import json, logging, os, signal, sys, types, warnings

import keras
import tensorflow

def attributes(module):
    # What a class of Keras's or TensorFlow's, or a module of theirs, holds.
    found = {}
    for name, value in sorted(vars(module).items()):
        # Modules that are imported by whoever wants them appear in their parents.
        if isinstance(value, types.ModuleType):
            continue
        found[name] = id(value)
        if isinstance(value, type):
            found |= {f"{name}.{each}": id(method) for each, method in vars(value).items()
                      # Caches of Python's own.
                      if not each.startswith("_abc_") and not each.startswith("__abstract")}
    return found

MODULES = (keras, keras.layers, keras.ops, keras.saving, keras.optimizers, tensorflow,
           tensorflow.Module, keras.config)

def state():
    return {
        "recursion": sys.getrecursionlimit(),
        "filters": list(map(str, warnings.filters)),
        "path": list(sys.path),
        "environment": dict(os.environ),
        "signals": [str(signal.getsignal(number)) for number in signal.valid_signals()],
        "log level": logging.getLogger().level,
        "settings": [keras.config.floatx(), keras.config.dtype_policy().name,
                     keras.config.image_data_format(), keras.config.epsilon()],
        "attributes": [attributes(module) for module in MODULES],
    }

# Lazy parts of TensorFlow appear as they are first used.
tensorflow.keras, tensorflow.distribute, tensorflow.compat.v1.nn
before = state()
IMPORT
after = state()
print(json.dumps({name: str(value) for name, value in after.items() if value != before[name]}))
"""


@pytest.mark.parametrize(
    "imported",
    ["ras_keras", pytest.param("ras_keras.training, ras_keras.explain", marks=pytest.mark.slow)],
)
def test_an_import_changes_nothing_of_others(run_python, imported):
    done = run_python("-c", IMPORTING.replace("IMPORT\n", f"import {imported}\n"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {}


@pytest.mark.slow
def test_the_check_sees_each_change(run_python):
    changes = (
        "import sys, warnings",
        "sys.setrecursionlimit(sys.getrecursionlimit() + 1)",
        "warnings.simplefilter('ignore', BytesWarning)",
        "keras.Variable.__init__ = lambda self: None",
        "os.environ['RAS_KERAS_TEST'] = '1'",
    )
    done = run_python("-c", IMPORTING.replace("IMPORT\n", "\n".join(changes) + "\n"))
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert {*seen} == {"recursion", "filters", "attributes", "environment"}


def deep(layers):
    """As many layers in a row, as Keras builds them: the last tensor is made a model's."""
    inputs = x = keras.Input((1,))
    for _ in range(layers):
        x = keras.ops.negative(x)
    return inputs, x


def test_deep_networks_are_made_and_loaded_under_the_usual_limit(tmp_path):
    limit = sys.getrecursionlimit()
    inputs, x = deep(limit + 200)
    with pytest.raises(RecursionError):
        keras.Model(inputs, x)
    with deep_graphs():
        model = keras.Model(inputs, x)
    model.save(tmp_path / "deep.keras")
    assert sys.getrecursionlimit() == limit
    loaded = ras_keras.load_model(tmp_path / "deep.keras")
    assert sys.getrecursionlimit() == limit
    np.testing.assert_array_equal(loaded(np.ones((1, 1))), model(np.ones((1, 1))))


@pytest.mark.slow
def test_networks_deeper_than_the_limit_are_built_and_folded():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(deepest := 150 + len_of_stack())
    try:
        network = ras_keras.models.ResNet(depth=83, attention="ras")
        folded = fold(network)
        assert sys.getrecursionlimit() == deepest
    finally:
        sys.setrecursionlimit(before)
    images = np.zeros((1, 32, 32, 3), "float32")
    np.testing.assert_allclose(
        folded.predict_on_batch(images), network.predict_on_batch(images), atol=1e-4
    )


def len_of_stack():
    frame, length = sys._getframe(), 0
    while frame:
        frame, length = frame.f_back, length + 1
    return length


def test_the_limit_is_put_back_by_the_last_thread():
    limit = sys.getrecursionlimit()
    entered, leave = threading.Event(), threading.Event()

    def other():
        with deep_graphs():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with pytest.raises(ZeroDivisionError), deep_graphs():
        thread.start()
        assert entered.wait(10)
        raise ZeroDivisionError
    assert sys.getrecursionlimit() == FRAMES
    leave.set()
    thread.join(10)
    assert sys.getrecursionlimit() == limit


def test_reading_an_image_leaves_the_filters_of_warnings(tmp_path):
    from PIL import Image

    file = tmp_path / "x.tif"
    Image.new("RGB", (4, 4)).save(file)
    before = list(warnings.filters)
    assert read_image(file).shape == (4, 4, 3)
    assert warnings.filters == before


def test_no_file_sets_what_belongs_to_the_process():
    """Where one must, it does so in a context; these are the only places that name such a call."""
    calls = ("setrecursionlimit", "simplefilter", "filterwarnings", "set_verbosity")
    found = {
        (str(file.relative_to(ROOT / "ras_keras")), call)
        for file in (ROOT / "ras_keras").rglob("*.py")
        for call in calls
        if call in file.read_text()
    }
    assert {(name.replace("\\", "/"), call) for name, call in found} == {
        ("backend/recursion.py", "setrecursionlimit"),
        ("cluster/quiet.py", "simplefilter"),
        ("cluster/quiet.py", "filterwarnings"),
        ("commands/__init__.py", "filterwarnings"),
        ("commands/add_attention.py", "simplefilter"),
        ("tuning/oracles.py", "simplefilter"),
    }
