"""Every integer in what a file says of its layers, operations and metrics is a thousand million."""

import json
import os
import resource
import signal
import time

import keras
import numpy as np
import pytest
from keras import layers, metrics, ops

import ras_keras
from ras_keras.errors import UserError
from tests.saving.test_loading import config_of, rewritten

LARGE = 10**9
SECONDS, MEBIBYTES = 2, 300
# Shapes are bounded by what they multiply to, places among the calls by what there is.
ELSEWHERE = {"seed", "batch_shape", "build_config", "inbound_nodes", "dtype"}

IMAGES, STEPS, NUMBERS = (8, 8, 3), (8, 4), (4,)
LAYERS = {
    "MultiHeadAttention": (STEPS, lambda x: layers.MultiHeadAttention(2, 3)(x, x)),
    "GroupQueryAttention": (STEPS, lambda x: layers.GroupQueryAttention(2, 2, 1)(x, x)),
    "RNN": (STEPS, layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])),
    "ConvLSTM2D": ((4, 8, 8, 3), layers.ConvLSTM2D(2, 3)),
    "GroupNormalization": (IMAGES, layers.GroupNormalization(3)),
    "BatchNormalization": (IMAGES, layers.BatchNormalization()),
    "LayerNormalization": (IMAGES, layers.LayerNormalization()),
    "Normalization": (IMAGES, layers.Normalization(mean=0.0, variance=1.0)),
    "SpectralNormalization": (NUMBERS, layers.SpectralNormalization(layers.Dense(3))),
    "UpSampling2D": (IMAGES, layers.UpSampling2D(2)),
    "ZeroPadding2D": (IMAGES, layers.ZeroPadding2D(1)),
    "Cropping2D": (IMAGES, layers.Cropping2D(1)),
    "AugMix": (IMAGES, layers.AugMix()),
    "RandAugment": (IMAGES, layers.RandAugment()),
    "RandomGaussianBlur": (IMAGES, layers.RandomGaussianBlur(kernel_size=5)),
    "Resizing": (IMAGES, layers.Resizing(4, 4)),
    "CenterCrop": (IMAGES, layers.CenterCrop(4, 4)),
    "STFTSpectrogram": ((4000, 1), layers.STFTSpectrogram()),
    "MelSpectrogram": ((4000,), layers.MelSpectrogram()),
    "Dense": (NUMBERS, layers.Dense(3)),
    "EinsumDense": (STEPS, layers.EinsumDense("abc,cd->abd", (None, 5))),
    "Conv2D": (IMAGES, layers.Conv2D(2, 3)),
    "SeparableConv2D": (IMAGES, layers.SeparableConv2D(2, 3)),
    "DepthwiseConv2D": (IMAGES, layers.DepthwiseConv2D(3)),
    "Conv2DTranspose": (IMAGES, layers.Conv2DTranspose(2, 3, strides=2, output_padding=1)),
    "MaxPooling2D": (IMAGES, layers.MaxPooling2D(2)),
    "AdaptiveAveragePooling2D": (IMAGES, layers.AdaptiveAveragePooling2D(2)),
    "CategoryEncoding": (NUMBERS, layers.CategoryEncoding(5)),
    "Discretization": (STEPS, layers.Discretization(bin_boundaries=[0.0, 1.0])),
    "Dot": (IMAGES, lambda x: layers.Dot(axes=3)([x, x])),
    "RepeatVector": (NUMBERS, layers.RepeatVector(3)),
    "Reshape": (STEPS, layers.Reshape((4, 8))),
    "Permute": (IMAGES, layers.Permute((2, 1, 3))),
    "Concatenate": (IMAGES, lambda x: layers.Concatenate()([x, x])),
    "repeat": (IMAGES, lambda x: ops.repeat(x, 3, axis=1)),
    "tile": (IMAGES, lambda x: ops.tile(x, [1, 3, 1, 1])),
    "pad": (IMAGES, lambda x: ops.pad(x, [[0, 0], [1, 1], [0, 0], [0, 0]])),
    "one_hot": (NUMBERS, lambda x: ops.one_hot(ops.cast(x, "int32"), 5)),
    "top_k": (STEPS, lambda x: ops.top_k(x, 2)[0]),
    "tensordot": (STEPS, lambda x: ops.tensordot(x, np.ones((4, 3), "float32"), axes=1)),
    "stft": ((64,), lambda x: ops.stft(x, 16, 8, 16)[0]),
    "diff": (STEPS, lambda x: ops.diff(x, 2)),
    "rot90": (IMAGES, lambda x: ops.rot90(x, 3, axes=(1, 2))),
    "bincount": (STEPS, lambda x: ops.bincount(ops.cast(x[:, 0], "int32"), minlength=3)),
    "extract_patches": (IMAGES, lambda x: ops.image.extract_patches(x, 2)),
    "roll": (IMAGES, lambda x: ops.roll(x, 2)),
    "linspace": (NUMBERS, lambda x: ops.linspace(x, x, 5)),
    "split": (NUMBERS, lambda x: ops.split(x, 2, axis=1)[0]),
    "array_split": (NUMBERS, lambda x: ops.array_split(x, 2, axis=1)[0]),
    "unstack": (NUMBERS, lambda x: ops.unstack(x, 4, axis=1)[0]),
    "diagonal": (NUMBERS, lambda x: ops.diagonal(ops.expand_dims(x, 1) * x[..., None], 1, 1, 2)),
    "crop_images": (
        IMAGES,
        lambda x: ops.image.crop_images(x, 1, 1, target_height=4, target_width=4),
    ),
    "gaussian_blur": (IMAGES, lambda x: ops.image.gaussian_blur(x, (3, 3), (1.0, 1.0))),
    "resize": (IMAGES, lambda x: ops.image.resize(x, (4, 4))),
    "conv": (IMAGES, lambda x: ops.conv(x, np.ones((3, 3, 3, 2), "float32"), dilation_rate=2)),
    "max_pool": (IMAGES, lambda x: ops.max_pool(x, 2)),
}
METRICS = {
    "AUC": lambda: metrics.AUC(num_thresholds=9),
    "SensitivityAtSpecificity": lambda: metrics.SensitivityAtSpecificity(0.5, num_thresholds=9),
    "PrecisionAtRecall": lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=9),
    "IoU": lambda: metrics.IoU(3, [0]),
    "MeanIoU": lambda: metrics.MeanIoU(3),
    "OneHotIoU": lambda: metrics.OneHotIoU(3, [0, 1]),
    "BinaryIoU": lambda: metrics.BinaryIoU([0, 1]),
    "TopK": lambda: metrics.TopKCategoricalAccuracy(3),
    "Precision": lambda: metrics.Precision(top_k=2, class_id=1),
    "R2Score": lambda: metrics.R2Score(num_regressors=2),
    "F1Score": lambda: metrics.F1Score(),
}


def integers(value, place=()):
    """The places of all integers in a configuration."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from integers(item, (*place, key))
        elif type(item) is int:
            yield (*place, key)


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def outcome(path, allowed):
    """Loads a file in a process of its own; "" if it ends soon and small, in a model or a line."""
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return {0: "", 1: "traceback", 2: "slow", 3: "large"}.get(code, f"ended by {code}")
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30,) * 2)
        signal.alarm(30)
        began, before = time.process_time(), memory()
        try:
            ras_keras.load_model(path)
        except UserError as error:
            assert "\n" not in str(error)
        slow = time.process_time() - began > allowed + SECONDS
        code = 2 if slow else 3 if memory() - before > MEBIBYTES else 0
    finally:
        os._exit(code)


def wrong(model, path, chosen):
    """What goes wrong with the integers at the chosen places of a model's configuration."""
    model.save(path)
    config = json.dumps(config_of(path))
    began = time.process_time()
    ras_keras.load_model(path)
    allowed = time.process_time() - began
    places = [place for place in integers(json.loads(config)) if chosen(place)]
    found = {}
    for place in places:
        if ELSEWHERE.isdisjoint(place):
            changed = each = json.loads(config)
            for key in place[:-1]:
                each = each[key]
            each[place[-1]] = LARGE
            file = rewritten(path, path.with_name("y.keras"), config=json.dumps(changed))
            found["/".join(map(str, place[2:]))] = outcome(file, allowed)
    return {place: what for place, what in found.items() if what}


@pytest.mark.large
@pytest.mark.parametrize("name", LAYERS)
def test_layers_and_operations(tmp_path, name):
    shape, called = LAYERS[name]
    x = keras.Input(shape)
    model = keras.Model(x, called(x))
    assert not wrong(model, tmp_path / "x.keras", lambda place: place[:2] == ("config", "layers"))


@pytest.mark.large
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="strings are TensorFlow's")
@pytest.mark.parametrize(
    ("layer", "dtype"),
    [
        (layers.IntegerLookup(vocabulary=[1, 2, 3], num_oov_indices=2, max_tokens=7), "int64"),
        (layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=2), "string"),
        (layers.TextVectorization(9, vocabulary=["a", "b"], output_sequence_length=5), "string"),
        (layers.Embedding(7, 3), "int32"),
        (layers.Hashing(7), "string"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_layers_of_words(tmp_path, layer, dtype):
    x = keras.Input((1,), dtype=dtype)
    model = keras.Model(x, layer(x))
    assert not wrong(model, tmp_path / "x.keras", lambda place: place[:2] == ("config", "layers"))


@pytest.mark.large
@pytest.mark.parametrize("name", METRICS)
def test_metrics_and_optimizers(tmp_path, name):
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(3)(x))
    schedule = keras.optimizers.schedules.PolynomialDecay(0.1, 7)
    model.compile(
        keras.optimizers.Adam(schedule, gradient_accumulation_steps=3), "mse", [METRICS[name]()]
    )
    model.optimizer.build(model.trainable_variables)
    assert not wrong(model, tmp_path / "x.keras", lambda place: place[0] == "compile_config")
