import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.errors import UserError
from ras_keras.optimizers import CoupledSGD
from ras_keras.recipes.optimization import DescentRecipe
from ras_keras.training.optimizer import make_optimizer

STEPS = 200


def decayed(optimizer):
    """A weight of 1 after 200 steps in which the loss does not depend on it."""
    variable = keras.Variable([1.0])
    for _ in range(STEPS):
        optimizer.apply([ops.zeros((1,))], [variable])
    return float(ops.convert_to_numpy(variable)[0])


def test_decays_as_the_papers_do():
    assert decayed(CoupledSGD(0.1, 0.9, l2=1e-3)) == pytest.approx(0.82472, abs=5e-6)


def test_the_usual_rule_is_another():
    assert decayed(keras.optimizers.SGD(0.1, 0.9, weight_decay=1e-3)) == pytest.approx(
        0.9802, abs=5e-5
    )


def test_follows_its_equations():
    """torch.optim.SGD(weight_decay=0.01), across a drop of the learning rate."""
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(5, 4))
    variable = keras.Variable(rng.normal(size=4))
    value, velocity = np.float64(ops.convert_to_numpy(variable)), np.zeros(4)
    optimizer = CoupledSGD(0.1, 0.9, l2=0.01)
    for step, gradient in enumerate(gradients):
        rate = 0.1 if step < 3 else 0.01
        optimizer.learning_rate = rate
        optimizer.apply([ops.convert_to_tensor(gradient, "float32")], [variable])
        velocity = 0.9 * velocity - (gradient + 0.01 * value)
        value = value + rate * velocity
    np.testing.assert_allclose(ops.convert_to_numpy(variable), value, rtol=1e-5)


def test_nesterov_as_in_torch():
    """torch.optim.SGD(nesterov=True, weight_decay=0.01), whose velocity holds no rate."""
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(5, 4))
    variable = keras.Variable(rng.normal(size=4))
    value, velocity = np.float64(ops.convert_to_numpy(variable)), np.zeros(4)
    optimizer = CoupledSGD(0.1, 0.9, l2=0.01, nesterov=True)
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient, "float32")], [variable])
        gradient = gradient + 0.01 * value
        velocity = 0.9 * velocity + gradient
        value = value - 0.1 * (gradient + 0.9 * velocity)
    np.testing.assert_allclose(ops.convert_to_numpy(variable), value, rtol=1e-5)


def test_a_drop_shortens_the_next_step():
    """Behind a gradient that was 1 for long, from the rate times 10 to the new rate times 10."""
    variable = keras.Variable(0.0)
    optimizer = CoupledSGD(0.1, 0.9, l2=0.0)
    found = [0.0]
    for step in range(200):
        optimizer.learning_rate = 0.1 if step < 199 else 0.01
        optimizer.apply([ops.convert_to_tensor(1.0)], [variable])
        found.append(float(variable))
    assert found[-2] - found[-3] == pytest.approx(-1, rel=1e-3)
    assert found[-1] - found[-2] == pytest.approx(-0.1, rel=1e-3)


@pytest.mark.parametrize("scaled", [False, True])
def test_averages_follow_their_equations(scaled):
    variable = keras.Variable([1.0, -2.0])
    optimizer = inner = CoupledSGD(0.1, 0.9, l2=0.01, average_decay=0.5)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(inner)
    optimizer.build([variable])
    average = None
    for step in range(30):
        optimizer.apply([ops.ones((2,))], [variable])
        decay = min(0.5, step / (step + 10))
        value = ops.convert_to_numpy(variable)
        average = value if step == 0 else decay * average + (1 - decay) * value
    assert len(inner.averages) == 1
    np.testing.assert_allclose(ops.convert_to_numpy(inner.averages[0]), average, rtol=1e-5)


def test_no_averages_unless_asked_for():
    variable = keras.Variable([1.0])
    optimizer = CoupledSGD()
    optimizer.build([variable])
    assert optimizer.averages == []
    assert len(optimizer.variables) == len(keras.optimizers.SGD(0.1, 0.9).variables) + 1


def test_a_variable_has_its_share_of_the_rate():
    """Of the whole step, decay and momentum among it."""
    variables = [keras.Variable([1.0, -2.0]) for _ in range(2)]
    optimizer = CoupledSGD(0.1, 0.9, l2=0.01, rates=[1.0, 0.25])
    whole = []
    for _ in range(5):
        before = [ops.convert_to_numpy(each) for each in variables]
        optimizer.apply([ops.ones((2,)), ops.ones((2,))], variables)
        first, second = (
            ops.convert_to_numpy(each) - old for each, old in zip(variables, before, strict=True)
        )
        whole.append(first)
        variables[0].assign(variables[1])
        np.testing.assert_allclose(second, 0.25 * first, rtol=1e-5)
    assert (np.abs(whole[-1]) > np.abs(whole[0])).all()


def test_a_rate_for_each_variable():
    with pytest.raises(ValueError, match="the 1 trainable variables"):
        CoupledSGD(rates=[1.0, 0.5]).build([keras.Variable(1.0)])


def test_round_trip():
    optimizer = CoupledSGD(0.2, 0.8, l2=3e-4, average_decay=0.99, nesterov=True, rates=[0.5])
    loaded = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(loaded, CoupledSGD)
    assert loaded.get_config() == optimizer.get_config()
    assert (loaded.average_decay, loaded.nesterov) == (0.99, True)


def test_every_trainable_variable_of_a_recipe_decays():
    """One step at zero data gradient through the optimizer that recipes use."""

    from ras_keras.training import RECIPES, resolve
    from ras_keras.training.network import recipe_data, recipe_network

    recipe = resolve(RECIPES["paper"].replace(depth=11, weight_decay=0.5))
    model = recipe_network(recipe, recipe_data(recipe))
    for weight in model.trainable_weights:
        weight.assign(ops.ones_like(weight))
    zeros = [ops.zeros_like(weight) for weight in model.trainable_weights]
    model.optimizer.apply(zeros)
    for weight in model.trainable_weights:
        np.testing.assert_allclose(ops.convert_to_numpy(weight), 1 - 0.1 * 0.5, rtol=1e-6)


def test_the_gradient_of_all_variables_is_clipped_before_the_weight_decay():
    """Of norm 5 to norm 1; a shorter one stays as it is."""
    recipe = DescentRecipe(learning_rate=0.1, weight_decay=0.5, clip_norm=1.0)
    for gradient, factor in (((3.0, 4.0), 1 / 5), ((0.3, 0.4), 1.0)):
        variables = [keras.Variable([1.0]) for _ in gradient]
        optimizer = make_optimizer(recipe, "float32")
        optimizer.apply([ops.convert_to_tensor([each]) for each in gradient], variables)
        found = [float(ops.convert_to_numpy(each)[0]) for each in variables]
        assert found == pytest.approx([1 - 0.1 * (factor * each + 0.5) for each in gradient])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX clips the whole gradient")
def test_several_devices_of_tensorflow_would_clip_each_its_own(monkeypatch):
    monkeypatch.setattr("ras_keras.training.optimizer.replicas", lambda: 2)
    with pytest.raises(UserError, match=r"clip_norm=1\.0 needs the gradient of the whole batch"):
        make_optimizer(DescentRecipe(clip_norm=1.0), "float32")
    make_optimizer(DescentRecipe(), "float32")
