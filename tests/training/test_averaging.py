import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

import ras_keras
from ras_keras.data import TrainingBatches, load_dataset
from ras_keras.data.augmentation.augmentation import Augmentation
from ras_keras.layers.parts.batch_normalization import BatchNormalization
from ras_keras.training import RECIPES, RunFolder, evaluate, resolve, train
from ras_keras.training.averaging import MovingStatistics
from ras_keras.training.network import recipe_data
from tests.training.test_resume import last_state, outcome, rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_digits_in_module")]


def batches():
    """Three batches an epoch, the last one smaller."""
    digits = load_dataset("digits")
    few = dataclasses.replace(digits, train=digits.train.subset(np.arange(80)))
    return TrainingBatches(few, 32, seed=0, augmentation=Augmentation(4, False))


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_statistics_are_the_exact_mean_over_whole_batches(momentum):
    """Also of a normalization that is applied twice, with the weights of the training."""
    inputs = keras.Input((8, 8, 3))
    once = BatchNormalization(momentum=momentum, name="once")
    twice = BatchNormalization(momentum=momentum, name="twice")
    x = keras.layers.GlobalAveragePooling2D()(once(inputs))
    network = keras.Model(inputs, twice(2 * twice(x) + 5))
    for weight in network.non_trainable_variables:
        weight.assign(np.full(weight.shape, 7.0))
    MovingStatistics(network).recompute(batches())
    images = [np.float64(x) for x, _ in batches().from_step(0).take(2).as_numpy_iterator()]
    means = np.mean([x.mean(axis=(0, 1, 2)) for x in images], axis=0)
    variances = np.mean([x.var(axis=(0, 1, 2)) for x in images], axis=0)
    np.testing.assert_allclose(ops.convert_to_numpy(once.moving_mean), means, rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(once.moving_variance), variances, rtol=1e-4)
    # The second application sees 2 * (normalized) + 5: mean 5.
    first = np.mean(
        [
            ((x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)).mean(axis=(0, 1, 2))
            for x in images
        ],
        axis=0,
    )
    expected = (momentum * first + 5) / (momentum + 1)
    np.testing.assert_allclose(ops.convert_to_numpy(twice.moving_mean), expected, rtol=1e-4)


def recipe(epochs=2):
    """With all that has a state: dropout, averages, and DIA's in the network."""
    return resolve(
        RECIPES["quick"].replace(
            validation_split=0.1,
            model="wrn:widen_factor=1",
            depth=10,
            attention="dia",
            cutmix=1.0,
            batch_size=32,
            epochs=epochs,
            nesterov=True,
            label_smoothing=0.1,
            average_weights=0.99,
        )
    )


class Snapshots(keras.callbacks.Callback):
    """The weights after every step."""

    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        self.values.append([ops.convert_to_numpy(w) for w in self.model.trainable_variables])


@pytest.fixture(scope="module")
def straight(few_digits_in_module, tmp_path_factory):
    """An uninterrupted run and its weights after each step."""
    keras.utils.set_random_seed(0)
    run = RunFolder.create(tmp_path_factory.mktemp("logs"), "straight", recipe())
    snapshots = Snapshots()
    result = train(recipe(), run, callbacks=[snapshots])
    return run, snapshots.values, result


def test_the_saved_model_is_the_average_with_statistics_of_its_own(straight):
    run, values, result = straight
    average = values[0]
    for step, weights in enumerate(values[1:], start=1):
        decay = min(0.99, step / (step + 10))
        average = [decay * a + (1 - decay) * w for a, w in zip(average, weights, strict=True)]
    final = ras_keras.load_model(run.file("final.keras"))
    for weight, expected in zip(final.trainable_variables, average, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(weight), expected, rtol=1e-4, atol=1e-6)
    data = recipe_data(recipe())
    stem = keras.Model(final.input, final.get_layer("stem_conv").output)
    maps = [stem.predict_on_batch(x) for x, _ in data.batches.from_step(0).take(4)]
    expected = np.mean([np.mean(x, axis=(0, 1, 2), dtype="float64") for x in maps], axis=0)
    found = ops.convert_to_numpy(final.get_layer("stage1_block1_1_bn").moving_mean)
    # The fused kernel sums a batch in float32: an error that is small beside the deviation.
    deviation = np.mean([np.std(x, axis=(0, 1, 2)) for x in maps], axis=0)
    np.testing.assert_array_less(np.abs(found - expected), 1e-4 * deviation)
    last = rows(run.path)[-1]
    watched = evaluate(final, data.watched, 10, 32)
    assert float(last["val_accuracy"]) == pytest.approx(watched.accuracy)
    # The loss of the watched images is not smoothed.
    assert float(last["val_loss"]) == pytest.approx(watched.loss, rel=1e-4)
    test = evaluate(final, data.test, 10, 32)
    assert result["final"]["test_accuracy"] == pytest.approx(test.accuracy)


def test_states_hold_the_weights_in_training(straight):
    run, values, _ = straight
    saved = list(last_state(run.path).values())
    for weight in values[-1]:
        assert any(np.array_equal(weight, value) for value in saved)


def test_lengthened_is_bit_identical_to_uninterrupted(straight, tmp_path):
    expected, _, _ = straight
    run = RunFolder.create(tmp_path, "run", recipe(epochs=1))
    train(recipe(epochs=1), run)
    assert len(rows(run.path)) == 1
    train(recipe(), run, resume=True)
    assert rows(run.path) == rows(expected.path)
    assert outcome(run.path) == outcome(expected.path)
    states = last_state(run.path), last_state(expected.path)
    models = (ras_keras.load_model(each.file("final.keras")) for each in (run, expected))
    weights = (model.get_weights() for model in models)
    for name, value in states[1].items():
        np.testing.assert_array_equal(states[0][name], value)
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
