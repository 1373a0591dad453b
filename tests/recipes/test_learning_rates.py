"""The learning rate of each epoch."""

import math

import pytest

from ras_keras.training import Recipe, check_recipe


def test_cosine_decay_after_a_warm_up():
    recipe = Recipe().replace(decay="cosine", warmup_epochs=5, epochs=200, learning_rate=0.2)
    rates = [recipe.optimization.learning_rate_at(epoch) for epoch in range(200)]
    assert rates[:6] == pytest.approx([0.2 * part / 6 for part in range(1, 7)])
    assert rates[5 + 195 // 3] == pytest.approx(0.2 * 0.75)
    assert rates[199] == pytest.approx(0.1 * (1 - math.cos(math.pi / 195)))
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert 0 < rates[-1] < 1.5e-5
    # Not even the warm-up is over.
    short = recipe.replace(epochs=2).optimization
    assert [short.learning_rate_at(epoch) for epoch in (0, 1)] == pytest.approx(rates[:2])


def test_a_warm_up_before_steps():
    recipe = Recipe().replace(schedule=(3, 5), warmup_epochs=3)
    rates = [recipe.optimization.learning_rate_at(epoch) for epoch in range(6)]
    assert rates == pytest.approx([0.025, 0.05, 0.075, 0.01, 0.01, 0.001])


def test_milestones_beyond_the_end_are_allowed():
    check_recipe(Recipe().replace(epochs=5, schedule=(81, 122)))
