"""Flipped and missing bytes: one line of what is wrong, or the same model."""

import signal

import keras
import numpy as np
import pytest

import ras_keras
from ras_keras.errors import UserError
from ras_keras.layers import RecurrentAttention
from ras_keras.outputs.class_names import read_class_names, write_class_names

pytestmark = pytest.mark.slow

TRIALS = 300
NAMES = ("cat", "dog")
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3))


def trained(path):
    """A small file with all that a run leaves in one: an optimizer's state and class names."""
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, use_bias=False)(inputs)
    x = RecurrentAttention()(keras.layers.BatchNormalization()(x))
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(len(NAMES), activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(IMAGES, np.array([0, 1]), verbose=0)
    model.save(path)
    write_class_names(path, NAMES)
    return model


def damaged(content, random):
    """A copy with bytes flipped, cut out, overwritten or put in; half of it in the directory."""
    content = bytearray(content)
    # The directory is at the end; the beginning is the first header.
    low = random.choice([0, len(content) - 400])
    high = random.choice([300, len(content)]) if low == 0 else len(content)
    at = int(random.integers(low, high))
    size = int(random.choice([1, 4, 100]))
    kind = random.choice(["bit", "byte", "zeros", "cut", "truncate", "insert"])
    if kind == "bit":
        content[at] ^= 1 << int(random.integers(8))
    elif kind == "byte":
        content[at] = int(random.integers(256))
    elif kind == "zeros":
        content[at : at + size] = bytes(len(content[at : at + size]))
    elif kind == "cut":
        del content[at : at + size]
    elif kind == "truncate":
        del content[at:]
    else:
        content[at:at] = random.bytes(size)
    return bytes(content)


@pytest.fixture
def alarm():
    """Ends a trial that hangs."""

    def hangs(number, frame):
        raise AssertionError("the trial took longer than 20 s")

    before = signal.signal(signal.SIGALRM, hangs)
    yield lambda: signal.alarm(20)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_never_anything_else(tmp_path, alarm):
    path = tmp_path / "model.keras"
    original = trained(path)
    content, config = path.read_bytes(), ras_keras.load_model(path).get_config()
    outputs = original.predict_on_batch(IMAGES)
    refusals, loaded = 0, 0
    for trial in range(TRIALS):
        path.write_bytes(damaged(content, np.random.default_rng(trial)))
        alarm()
        try:
            model = ras_keras.load_model(path)
            names = read_class_names(path)
        except UserError as error:
            assert str(error).count("\n") == 0, trial
            assert str(path) in str(error), trial
            refusals += 1
            continue
        loaded += 1
        assert names == NAMES, trial
        assert model.get_config() == config, trial
        for ours, theirs in (
            (model.get_weights(), original.get_weights()),
            (
                [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables],
                [keras.ops.convert_to_numpy(v) for v in original.optimizer.variables],
            ),
        ):
            for one, other in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(one, other, err_msg=str(trial))
        if loaded == 1:
            np.testing.assert_array_equal(model.predict_on_batch(IMAGES), outputs)
    assert refusals > TRIALS / 3
    assert loaded > 0, "damage where it does no harm must be among the trials"
