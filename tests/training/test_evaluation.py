import numpy as np
import pytest

from ras_keras.training import Evaluation

PROBABILITIES = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.3, 0.4, 0.3]])


def test_figures():
    evaluation = Evaluation(np.array([0, 1, 1, 2]), PROBABILITIES)
    assert evaluation.accuracy == 0.25
    assert evaluation.top(2) == 0.75
    assert evaluation.top(3) == 1
    assert evaluation.loss == pytest.approx(-np.log([0.5, 0.2, 0.3, 0.3]).mean())
    np.testing.assert_array_equal(evaluation.predictions, [0, 2, 0, 1])


def test_top_5_where_there_are_more_than_10_classes():
    few = Evaluation(np.zeros(2, int), np.full((2, 10), 0.1))
    many = Evaluation(np.zeros(2, int), np.full((2, 11), 1 / 11))
    assert "test_top5_accuracy" not in few.summary()
    assert many.summary()["test_top5_accuracy"] == 1
