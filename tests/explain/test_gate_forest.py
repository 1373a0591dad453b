"""How far gates follow from earlier ones."""

import numpy as np

from ras_keras.explain.gate_forest import importances


def test_a_gate_that_follows_from_one_of_two():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 300))
    found = importances([first, second, first**2, np.zeros(300)])
    assert np.isnan(found[np.triu_indices(4)]).all()
    assert found[2, 0] > 0.9
    assert abs(found[2, :2].sum() - 1) < 1e-9
    assert (found[3, :3] == 0).all()
    np.testing.assert_array_equal(found, importances([first, second, first**2, np.zeros(300)]))
