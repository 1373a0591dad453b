"""What Keras would make much of while it builds a model: it is stopped, and put back as it was."""

import json

import keras
import numpy as np
import pytest
from keras import layers, metrics, ops

import ras_keras
from ras_keras.saving import building, maps
from tests.saving.test_loading import config_of, refused, rewritten


def with_number(path, key, number):
    """A copy of a file in which what stands under a key, wherever it does, is a number."""

    def change(each):
        if isinstance(each, dict):
            return {name: number if name == key else change(item) for name, item in each.items()}
        return list(map(change, each)) if isinstance(each, list) else each

    config = json.dumps(change(config_of(path)))
    assert json.loads(config) != config_of(path)
    return rewritten(path, path.with_suffix(f".{number}.keras"), config=config)


@pytest.mark.parametrize(
    ("key", "metric"),
    [
        ("num_thresholds", lambda: metrics.AUC(num_thresholds=77)),
        ("num_thresholds", lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=77)),
        ("num_thresholds", lambda: metrics.SensitivityAtSpecificity(0.5, num_thresholds=77)),
        ("num_classes", lambda: metrics.MeanIoU(num_classes=77)),
    ],
)
def test_lists_of_metrics(tmp_path, key, metric):
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(2)(x))
    model.compile("sgd", "mse", [metric()])
    path = tmp_path / "x.keras"
    model.save(path)
    assert ras_keras.load_model(path)
    refused(with_number(path, key, 2**16 + 1), f"asks for {key}=65537 in .*at most 65536")


@pytest.mark.parametrize(
    ("layer", "vocabulary", "dtype"),
    [(layers.IntegerLookup, [1, 2], "int64"), (layers.StringLookup, ["a", "b"], "string")],
)
def test_lists_of_lookups(tmp_path, layer, vocabulary, dtype):
    if dtype == "string" and keras.backend.backend() != "tensorflow":
        pytest.skip("other backends have no strings")
    x = keras.Input((2,), dtype=dtype)
    path = tmp_path / "x.keras"
    keras.Model(x, layer(vocabulary=vocabulary, num_oov_indices=77)(x)).save(path)
    assert ras_keras.load_model(path)
    refused(with_number(path, "num_oov_indices", 10**9), "asks for num_oov_indices=1000000000")


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: ops.unstack(x, axis=1),
        lambda x: ops.split(x, 400, axis=1),
        lambda x: ops.array_split(x, 400, axis=1),
    ],
    ids=["unstack", "split", "array_split"],
)
def test_operations_with_a_tensor_for_each_place(tmp_path, monkeypatch, operation):
    x = keras.Input((400,))
    path = tmp_path / "x.keras"
    keras.Model(x, operation(x)[0]).save(path)
    assert ras_keras.load_model(path)
    monkeypatch.setattr(building, "MOST_TENSORS", 400)
    refused(path, "its layers have more than 400 tensors")


def test_statistics_that_stand_for_a_whole_axis(tmp_path, monkeypatch):
    path = tmp_path / "x.keras"
    x = keras.Input((3, 500))
    y = layers.Normalization(mean=0.0, variance=1.0)(x)
    y = layers.Normalization(axis=None, mean=0.0, variance=1.0)(y)
    model = keras.Model(x, layers.Normalization(axis=(1, -1), mean=0.0, variance=1.0)(y))
    model.save(path)
    again = ras_keras.load_model(path)
    np.testing.assert_array_equal(again.predict(np.ones((1, 3, 500)), verbose=0), 1)
    # Two numbers for each of 500 and of 3 * 500 places, and a pair for all.
    monkeypatch.setattr(building, "OTHER_VARIABLES", 4002)
    assert ras_keras.load_model(path)
    monkeypatch.setattr(building, "OTHER_VARIABLES", 4001)
    refused(path, "its layers have more than 4,001 numbers")


def test_keras_makes_everything_as_before(tmp_path):
    def methods():
        made = (keras.Variable, keras.KerasTensor)
        return [each.__init__ for each in made] + [layers.Normalization.build]

    before, path = methods(), tmp_path / "x.keras"
    keras.Sequential([keras.Input((2,)), layers.Dense(2)]).save(path)
    ras_keras.load_model(path)
    assert methods() == before
    refused(rewritten(path, tmp_path / "y.keras", config=b'{"class_name":"A","config":{}}'), "'A'")
    with pytest.raises(ZeroDivisionError), building.building_within([]):
        assert methods() != before
        raise ZeroDivisionError
    assert methods() == before


def dilated(x, rate):
    return layers.Conv1D(4, 2, dilation_rate=rate, padding="causal")(x)


@pytest.mark.parametrize("length", [None, 64])
def test_windows_that_reach_far_beyond_a_short_sequence(tmp_path, length):
    """As in a WaveNet; what bounds them is the memory that the zeros around a map take."""
    x = y = keras.Input((length, 1))
    for i in range(10):
        y = dilated(y, 2**i)
    keras.Model(x, y).save(tmp_path / "x.keras")
    assert ras_keras.load_model(tmp_path / "x.keras")
    x = keras.Input((100, 1))
    wide = layers.Conv1D(4, 80, dilation_rate=4, padding="same")(x)
    keras.Model(x, wide).save(tmp_path / "y.keras")
    assert ras_keras.load_model(tmp_path / "y.keras")


@pytest.mark.parametrize(
    "window",
    [
        lambda x: layers.Conv2D(2, 3, dilation_rate=77, padding="same")(x),
        lambda x: ops.conv(x, np.ones((3, 3, 3, 2), "float32"), padding="same", dilation_rate=77),
        lambda x: ops.depthwise_conv(
            x, np.ones((3, 3, 3, 1), "float32"), padding="same", dilation_rate=77
        ),
        lambda x: layers.TimeDistributed(layers.Conv1D(2, 3, dilation_rate=77, padding="same"))(x),
        lambda x: layers.DepthwiseConv2D(3, dilation_rate=77, padding="same")(x),
    ],
    ids=["layer", "operation", "depthwise", "wrapped", "depthwise layer"],
)
def test_windows_that_reach_over_more_than_memory_holds(tmp_path, window):
    x = keras.Input((6, 6, 3))
    path = tmp_path / "x.keras"
    keras.Model(x, window(x)).save(path)
    assert ras_keras.load_model(path)
    refused(with_number(path, "dilation_rate", 10**8), "reaches over 200,000,001 places")


@pytest.mark.parametrize("pool", [ops.max_pool, ops.average_pool])
def test_pools_of_operations(tmp_path, pool):
    x = keras.Input((6, 6, 3))
    path = tmp_path / "x.keras"
    keras.Model(x, pool(x, 5, strides=1, padding="same")).save(path)
    assert ras_keras.load_model(path)
    refused(with_number(path, "pool_size", 20_000), "pool_size in .* reaches over 20,000 places")


def test_operations_on_two_large_maps(tmp_path):
    """Neither is a kernel."""
    x = keras.Input((2048, 2048, 32))
    keras.Model(x, layers.GlobalAveragePooling2D()(ops.add(x, ops.relu(x)))).save(
        tmp_path / "x.keras"
    )
    assert ras_keras.load_model(tmp_path / "x.keras")


def test_fixed_batches(tmp_path, monkeypatch):
    """What is bounded are the numbers in each image of a batch."""
    x = keras.Input(batch_shape=(2048, 224, 224, 3))
    path = tmp_path / "x.keras"
    keras.Model(x, layers.Flatten()(layers.MaxPooling2D(2)(x))).save(path)
    assert ras_keras.load_model(path)
    monkeypatch.setattr(maps, "LARGEST_BATCH", 2047)
    refused(path, r"images or maps of shape \(2048, 224, 224, 3\)")
