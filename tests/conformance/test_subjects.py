"""Every attention layer in a small network, and every network with one attention."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.models import MODELS
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.make_golden import GOLDEN, digest
from tests.conformance.subjects import (
    fill,
    images_for,
    network,
    numpy,
    outputs,
    shapes,
    small_network,
    subjects,
)
from tests.conformance.table import LAYERS, NETWORKS
from tests.once import made_once
from tests.tiers import HALF_PRECISIONS, tiered

GOLDEN_NETWORKS = json.loads(GOLDEN.read_text())["networks"]
CASES = [(row, case) for row in NETWORKS for case in row.golden]
SUBJECTS = subjects()


every_subject = pytest.mark.parametrize(
    "subject", tiered(SUBJECTS, lambda subject: SUBJECTS[subject].slow)
)

OTHER_PROCESS = """
import json, sys, numpy as np, keras, ras_keras
from pathlib import Path
folder = Path(sys.argv[1])
compiled = keras.backend.backend() == "jax"
if compiled:
    import tests.on_jax.random_numbers
for file in sorted(folder.glob("*.keras")):
    model = keras.saving.load_model(file)
    x = np.load(file.with_suffix(".npy"))
    # TensorFlow compiles for longer than it computes, JAX compiles each operation alone.
    y = model.predict(x, verbose=0) if compiled else model(x)
    np.save(file.with_suffix(f".{keras.backend.backend()}.npy"), y)
    print(file.stem, json.dumps(model.get_config(), sort_keys=True, default=str))
"""


def test_the_table_is_complete():
    assert sorted(row.name for row in NETWORKS) == sorted(MODELS)
    assert {case for _, case in CASES} == {*GOLDEN_NETWORKS}


def takes_long(row_and_case):
    """All of a large network; of a small one the variants of an aggregation."""
    row, case = row_and_case
    return row.slow or "_rla_" in case


@pytest.mark.parametrize(
    ("row", "case"),
    tiered(CASES, takes_long),
    ids=str,
)
def test_golden(row, case):
    """Weights of the expected shapes, and probabilities as evaluated in numpy."""
    golden = GOLDEN_NETWORKS[case]
    shape = golden["input"]
    model = network(row, case, input_shape=shape[1:])
    assert digest(shapes(model)) == golden["weights"]
    fill(model)
    found = outputs(model, fixed_images(tuple(shape)))
    np.testing.assert_allclose(found, golden["probabilities"], rtol=1e-4)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Every subject saved, with its input, its output and its config."""

    def make(folder):
        configs = {}
        for name, subject in SUBJECTS.items():
            model = subject.make()
            fill(model)
            x = images_for(model)
            model.save(folder / f"{name}.keras")
            np.save(folder / f"{name}.npy", x)
            np.save(folder / f"{name}.here.npy", numpy(model(x)))
            configs[name] = model.get_config()
        (folder / "configs.json").write_text(json.dumps(configs, sort_keys=True, default=str))

    return made_once(tmp_path_factory, "saved", make)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_in_another_process(saved, run_python, backend):
    """Bit for bit on the backend that saved it, to 1e-4 on the other."""
    done = run_python("-c", OTHER_PROCESS, saved, KERAS_BACKEND=backend, timeout=1200)
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        name, _, config = line.partition(" {")
        found[name] = json.loads("{" + config)
    assert found == json.loads((saved / "configs.json").read_text())
    for name in SUBJECTS:
        here = np.load(saved / f"{name}.here.npy")
        there = np.load(saved / f"{name}.{backend}.npy")
        if backend == keras.backend.backend():
            np.testing.assert_array_equal(there, here, err_msg=name)
        else:
            np.testing.assert_allclose(there, here, atol=1e-4, err_msg=name)
        assert np.ptp(here, axis=0).max() > 1e-3, f"{name} answers to its input"


@every_subject
def test_a_gradient_reaches_every_weight(subject):
    """From weights away from their start, in training mode."""
    model = SUBJECTS[subject].make()
    fill(model)
    x = images_for(model, 8)
    uneven = np.linspace(-1, 1, 8 * model.output_shape[-1]) ** 3
    uneven = uneven.reshape(8, -1).astype("float32")
    exceptions = SUBJECTS[subject].row.no_gradient
    sizes = _gradients(model, x, uneven)
    largest = max(sizes.values())
    for path, size in sizes.items():
        if any(path.endswith(each) for each in exceptions):
            assert size < 1e-4 * largest, path
        else:
            assert size > 1e-4 * largest, path


def _gradients(model, x, weights):
    """The largest absolute gradient of every trainable weight, of a weighted sum of outputs."""
    variables = model.trainable_variables
    if keras.backend.backend() == "jax":
        import jax

        others = [v for v in model.variables if not any(v is w for w in variables)]

        def loss(values):
            mapping = [*zip(variables, values, strict=True), *((v, v.value) for v in others)]
            with keras.StatelessScope(state_mapping=mapping):
                return ops.sum(model(x, training=True) * weights)

        gradients = jax.grad(loss)([v.value for v in variables])
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = ops.sum(model(x, training=True) * weights)
        gradients = tape.gradient(value, [v.value for v in variables])
    return {
        v.path: 0.0 if g is None else float(np.abs(ops.convert_to_numpy(g)).max())
        for v, g in zip(variables, gradients, strict=True)
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "subject", tiered(SUBJECTS, large=lambda subject: SUBJECTS[subject].row.large)
)
def test_training_lowers_the_loss(subject):
    model = SUBJECTS[subject].make()
    logits = subject.startswith("layer")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    optimizer = keras.optimizers.SGD(SUBJECTS[subject].row.learning_rate)
    # Of the large networks TensorFlow compiles one alone, for longer than it computes.
    eagerly = SUBJECTS[subject].slow and subject != "network residual_attention"
    model.compile(optimizer, loss, run_eagerly=eagerly and keras.backend.backend() == "tensorflow")
    x = images_for(model, 8)
    y = np.arange(8) % 4
    losses = [float(model.train_on_batch(x, y)) for _ in range(4)]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("row", tiered(NETWORKS, lambda row: row.slow), ids=str)
def test_sizes_left_open(row):
    model = network(row, row.aggregated, input_shape=(None, None, 3), include_top=False)
    assert model.output_shape[:3] == (None, None, None)
    height, width = row.size + 7, row.size + 11
    images = fixed_images((1, height, width, 3))
    expected = (1, -(-height // row.stride), -(-width // row.stride))
    assert model(images).shape[:3] == expected


# Of the layers one with a gate of channels, one of places and one with a state.
IN_HALF = ("layer ras", "layer triplet", "layer dia")


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
@pytest.mark.parametrize(
    "subject",
    tiered(
        SUBJECTS,
        lambda name: SUBJECTS[name].slow or (name.startswith("layer") and name not in IN_HALF),
        lambda name: SUBJECTS[name].row.large,
    ),
)
def test_half_precision(subject, policy):
    keras.config.set_dtype_policy(policy)
    model = SUBJECTS[subject].make()
    fill(model)
    found = numpy(model(images_for(model)))
    keras.config.set_dtype_policy("float32")
    exact = SUBJECTS[subject].make()
    fill(exact)
    expected = numpy(exact(images_for(exact)))
    assert model.output.dtype == "float32"
    precision = {"mixed_bfloat16": 0.05, "mixed_float16": 0.01}[policy]
    assert np.abs(found - expected).max() < precision * np.abs(expected).max()


@pytest.mark.parametrize(
    "row",
    tiered([*LAYERS, *NETWORKS], lambda row: row in LAYERS or row.slow, lambda row: row.large),
    ids=str,
)
def test_channels_first_networks(row):
    make = (
        (lambda: small_network(row.name, row.first))
        if row in LAYERS
        else (lambda **shape: network(row, **shape))
    )
    last = make()
    fill(last)
    x = images_for(last)
    keras.config.set_image_data_format("channels_first")
    try:
        first = make() if row in LAYERS else make(input_shape=(3, row.size, row.size))
        fill(first)
        # Compiled: eager TensorFlow adds a bias to such maps wrongly on CPUs.
        found = first.predict_on_batch(x.transpose(0, 3, 1, 2))
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_allclose(found, outputs(last, x), rtol=1e-4, atol=1e-5)
