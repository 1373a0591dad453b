import keras
import numpy as np
import pytest

from ras_keras.data import Images
from ras_keras.errors import UserError
from ras_keras.models import ResNet
from ras_keras.training import Evaluation, evaluate
from ras_keras.training.callbacks import GateSpread

PROBABILITIES = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.3, 0.4, 0.3]])


def test_figures():
    evaluation = Evaluation(np.array([0, 1, 1, 2]), PROBABILITIES)
    assert evaluation.accuracy == 0.25
    assert evaluation.top(2) == 0.75
    assert evaluation.top(3) == 1
    assert evaluation.loss == pytest.approx(-np.log([0.5, 0.2, 0.3, 0.3]).mean())
    np.testing.assert_array_equal(evaluation.predictions, [0, 2, 0, 1])


def test_labels_that_differ():
    evaluation = Evaluation(np.array([0, 1, 1, 2]), PROBABILITIES)
    other = Evaluation(evaluation.labels, PROBABILITIES[[0, 1, 3, 2]])
    assert evaluation.differing(evaluation) == 0
    assert evaluation.differing(other) == 0.5


def test_top_5_where_there_are_more_than_10_classes():
    few = Evaluation(np.zeros(2, int), np.full((2, 10), 0.1))
    many = Evaluation(np.zeros(2, int), np.full((2, 11), 1 / 11))
    assert "test_top5_accuracy" not in few.summary()
    assert many.summary()["test_top5_accuracy"] == 1


def images(count=8):
    pixels = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype="uint8")
    return Images(pixels, np.arange(count, dtype="int32") % 4)


def test_logits_become_probabilities():
    logits = ResNet(11, classes=4, classifier_activation=None)
    probabilities = ResNet(11, classes=4)
    probabilities.set_weights(logits.get_weights())
    a, b = (evaluate(model, images(), 4, 8) for model in (logits, probabilities))
    np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-5)
    assert a.loss == pytest.approx(b.loss, rel=1e-4)


def test_refuses_other_models():
    with pytest.raises(UserError, match=r"output of shape \(4,\) .* 10 classes"):
        evaluate(ResNet(11, classes=4), images(), 10, 8)
    flat = keras.Sequential([keras.Input((7,)), keras.layers.Dense(4)])
    with pytest.raises(UserError, match=r"takes images of shape \(7,\) .* `dataset`"):
        evaluate(flat, images(), 4, 8)


def test_gate_spread_is_the_mean_standard_deviation_of_the_gates():
    model = ResNet(11, attention_config={"gamma_initializer": 0.5, "normalize_input": False})
    callback, logs = GateSpread(), {}
    callback.set_images(images().images)
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_end(0, logs)
    spreads, x = [], images().images
    for stage in (1, 2, 3):
        layer = model.get_layer(f"stage{stage}_block1_attention")
        before = keras.Model(model.input, layer.input)
        spreads.append(keras.ops.convert_to_numpy(layer.gate(before(x))).std(axis=0).mean())
    assert logs["gate_spread"] == pytest.approx(np.mean(spreads), rel=1e-4)
    assert logs["gate_spread"] > 0


def test_calibration_error():
    """Two bins: of 0.9 half are right, of 0.6 all."""
    sure, doubtful = [0.9, 0.1], [0.4, 0.6]
    found = Evaluation(np.array([0, 1, 1, 1]), np.array([sure, sure, doubtful, doubtful]))
    assert found.calibration_error == pytest.approx((0.4 + 0.4) / 2)
    certain = Evaluation(np.array([0, 1]), np.eye(2))
    assert certain.calibration_error == 0
    assert Evaluation(np.array([0, 1]), np.eye(2), exclusive=False).calibration_error is None
