"""A Keras model that OpenVINO runs, from a copy in the cache folder."""

import errno
from dataclasses import replace

import keras
import numpy as np
import pytest

from ras_keras.errors import Argument, UserError
from ras_keras.export import fast_copy
from ras_keras.export.fast_copy import MANY, with_runtime
from ras_keras.inference.execution_plan import ExecutionPlan
from ras_keras.inference.predictor import open_predictor
from ras_keras.inference.runtimes import CAPABILITIES, check_precision
from ras_keras.models import ResNet

pytest.importorskip("openvino")

PLAN = ExecutionPlan()
BFLOAT16 = ExecutionPlan(precision="bfloat16")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setattr(fast_copy, "cache_folder", lambda: folder)
    return folder


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("model") / "model.keras"
    ResNet(11, classes=5, attention="ras").save(path)
    return path


def predict(predictor, count=3):
    images = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), "uint8")
    return predictor.predict(images)


def test_says_what_keras_says_from_a_copy_that_is_made_once(file, cache):
    ours = open_predictor(file)
    for _ in range(2):
        fast = with_runtime(ours, "openvino", 1, PLAN)
        np.testing.assert_allclose(predict(fast), predict(ours), rtol=0, atol=1e-5)
        assert fast.notices == (*ours.notices, "run folded by OpenVINO")
        assert fast.model is ours.model
        assert sorted(each.suffix for each in cache.iterdir()) == [".bin", ".xml"]
    (weights,) = cache.glob("*.bin")
    made = weights.stat().st_mtime_ns
    with_runtime(ours, "openvino", 1, PLAN)
    assert weights.stat().st_mtime_ns == made


@pytest.mark.slow
def test_by_itself_it_pays_for_many_images(file, cache):
    ours = open_predictor(file)
    assert with_runtime(ours, "auto", MANY - 1, PLAN) is ours
    assert with_runtime(ours, "keras", None, PLAN) is ours
    assert not cache.exists()
    assert with_runtime(ours, "auto", MANY, PLAN) is not ours
    assert with_runtime(ours, "auto", None, PLAN) is not ours


@pytest.mark.slow
def test_another_model_has_another_copy(file, cache, tmp_path):
    other = tmp_path / "other.keras"
    ResNet(11, classes=5).save(other)
    for path in (file, other):
        ours = open_predictor(path)
        fast = with_runtime(ours, "openvino", 1, PLAN)
        np.testing.assert_allclose(predict(fast), predict(ours), rtol=0, atol=1e-5)
    assert len([*cache.glob("*.xml")]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", None])
def test_a_copy_that_is_damaged_or_another_one_is_made_anew(file, cache, damage, monkeypatch):
    """As by a change of the code without one of its version."""
    ours = open_predictor(file)
    with_runtime(ours, "openvino", 1, PLAN)
    for each in cache.iterdir():
        if damage is None and each.suffix == ".bin":
            weights = np.fromfile(each, "float32")
            (weights * 0.9).tofile(each)
        elif damage is not None:
            each.write_bytes(damage)
    fast = with_runtime(ours, "auto", None, PLAN)
    assert "run folded by OpenVINO" in fast.notices[-1]
    np.testing.assert_allclose(predict(fast), predict(ours), rtol=0, atol=1e-5)


@pytest.mark.slow
def test_what_says_something_else_is_left_to_keras(file, cache, monkeypatch):
    def wrong(model):
        twin = keras.models.clone_model(model)
        twin.set_weights([weight * 1.01 for weight in model.get_weights()])
        return twin

    ours = open_predictor(file)
    monkeypatch.setattr(fast_copy, "fold", wrong)
    with pytest.raises(UserError, match="its probabilities differ from Keras's by") as error:
        with_runtime(ours, "openvino", 1, PLAN)
    assert error.value.args[1:] == (Argument("runtime", "keras"), ".")
    kept = with_runtime(ours, "auto", None, PLAN)
    assert kept.predict is ours.predict
    assert "run by Keras, for OpenVINO cannot" in kept.notices[-1]


@pytest.mark.slow
def test_the_copies_that_were_used_last_are_kept(file, cache, tmp_path, monkeypatch):
    monkeypatch.setattr(fast_copy, "COPIES", 1)
    other = tmp_path / "other.keras"
    ResNet(11, classes=5).save(other)
    for path in (file, other):
        with_runtime(open_predictor(path), "openvino", 1, PLAN)
    assert sorted(each.suffix for each in cache.iterdir()) == [".bin", ".xml"]


@pytest.mark.slow
def test_a_cache_of_another_user(file, cache, monkeypatch):
    """A copy that is there is used, though nothing in the folder can be changed."""
    ours = open_predictor(file)
    with_runtime(ours, "openvino", 1, PLAN)

    def refused(*arguments):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(fast_copy.os, "utime", refused)
    assert "run folded by OpenVINO" in with_runtime(ours, "openvino", 1, PLAN).notices[-1]


def test_a_cache_that_cannot_be_written(file, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(fast_copy, "cache_folder", lambda: tmp_path / "file" / "cache")
    with pytest.raises(UserError, match="cannot be written"):
        with_runtime(open_predictor(file), "openvino", 1, PLAN)


def test_what_it_refuses(file, cache, monkeypatch):
    ours = open_predictor(file)
    with pytest.raises(UserError, match="is exported and has its own"):
        with_runtime(replace(ours, model=None), "openvino", 1, PLAN)
    monkeypatch.setattr(fast_copy, "find_spec", lambda name: None)
    assert with_runtime(ours, "auto", None, PLAN) is ours


@pytest.mark.slow
def test_bfloat16_is_openvino_however_few_images(file, cache):
    """Off by some of its 8 bits, where float32 is off by less than 1e-5."""
    try:
        check_precision("bfloat16")
    except UserError as error:
        pytest.skip(str(error))
    ours = open_predictor(file)
    fast = with_runtime(ours, "auto", 1, BFLOAT16)
    assert fast.notices[-1] == "run folded by OpenVINO in bfloat16"
    difference = np.abs(predict(fast) - predict(ours)).max()
    assert 1e-5 < difference < 0.02
    exported = open_predictor(next(cache.glob("*.xml")), plan=BFLOAT16)
    np.testing.assert_array_equal(predict(exported), predict(fast))


def test_a_plan_is_for_what_runs_the_model(file, cache):
    """Keras cannot be given images of any size in micro-batches; OpenVINO can."""
    ours = replace(open_predictor(file), batch_multiple=None)
    plan = ExecutionPlan(micro_batch=4)
    with pytest.raises(UserError) as error:
        with_runtime(ours, "keras", None, plan)
    assert error.value.args[0] == Argument("micro_batch", 4)
    assert "run folded by OpenVINO" in with_runtime(ours, "openvino", 1, plan).notices[-1]


def test_bfloat16_that_cannot_be(file, cache, tmp_path, monkeypatch):
    ours = open_predictor(file)
    with pytest.raises(UserError, match="as it was trained; leave one of them out"):
        with_runtime(ours, "keras", None, BFLOAT16)
    monkeypatch.setitem(CAPABILITIES, "bfloat16", "a word of no processor")
    with pytest.raises(UserError, match="is what this processor does not have; leave it out"):
        with_runtime(ours, "auto", None, BFLOAT16)
    (tmp_path / "model.tflite").touch()
    with pytest.raises(UserError, match=r"is for OpenVINO, and .*tflite is run as litert; leave"):
        open_predictor(tmp_path / "model.tflite", plan=BFLOAT16)
