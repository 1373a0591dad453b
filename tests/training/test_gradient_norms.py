"""The norms of the loss's gradient by stage and epoch."""

import numpy as np
import pytest
from keras import ops

from ras_keras.commands import run
from ras_keras.models import ResNet
from ras_keras.runs.run_folder import RunFolder
from ras_keras.training.gradient_norms import gradient_norms, read_gradients
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.subjects import fill


def test_a_norm_is_the_slope_of_the_loss():
    """Against the change of the loss along the gradient of stage 3's kernels, by differences."""
    model = ResNet(11, attention=None, input_shape=(16, 16, 3))
    fill(model)
    images, labels = fixed_images((8, 16, 16, 3)), np.arange(8) % 10
    before = [ops.convert_to_numpy(weight) for weight in model.weights]
    norms = gradient_norms(model, images, labels)
    assert [*norms] == [1, 2, 3]
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight), value)

    import tensorflow as tf

    kernels = [
        w for w in model.trainable_weights if w.path.startswith("stage3") and "conv" in w.path
    ]

    def loss():
        chosen = tf.gather(model(images, training=True), labels, batch_dims=1)
        return -tf.reduce_mean(tf.math.log(chosen))

    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, [w.value for w in kernels])
    step = 1e-3 / norms[3]
    losses = []
    for sign in (1, -1):
        for kernel, gradient in zip(kernels, gradients, strict=True):
            kernel.assign_add(sign * step * gradient)
        losses.append(float(loss()))
        for kernel, gradient in zip(kernels, gradients, strict=True):
            kernel.assign_sub(sign * step * gradient)
    assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(norms[3] ** 2, rel=0.02)


@pytest.mark.slow
def test_study_of_runs(few_digits, tmp_path, monkeypatch, capsys):
    """Epoch 0 and each after it, the same after a resumption; tables, pictures and notices."""
    monkeypatch.chdir(tmp_path)
    short = ["--recipe", "quick", "--training-images", "64", "--gradients"]
    # A gate follows from others where a stage has several: not at depth 11.
    for name, network in (("dia", ["dia"]), ("plain", ["none", "--depth", "11"])):
        flags = [*short, "--attention", *network, "--name", name, "--epochs", "1"]
        assert run("train", flags, "train") == 0
    resumed = ["--resume", "Logs/dia", "--epochs", "2", "--gradients"]
    first = read_gradients(RunFolder(tmp_path / "Logs/dia"))
    assert run("train", resumed, "train") == 0
    rows = read_gradients(RunFolder(tmp_path / "Logs/dia"))
    assert [(row["epoch"], row["stage"]) for row in rows] == [
        (epoch, stage) for epoch in (0, 1, 2) for stage in (1, 2, 3)
    ]
    assert rows[:6] == first
    assert run("study", ["Logs/dia", "Logs/plain", "--images", "40"], "study") == 0
    said = capsys.readouterr().out
    assert "plain has no gates" in said
    for name in ("gradients", "dia-importances"):
        assert (tmp_path / f"study/{name}.csv").is_file()
        assert (tmp_path / f"study/{name}.png").is_file()
    (tmp_path / "Logs/plain/gradients.csv").unlink()
    assert run("study", ["Logs/plain", "--images", "40"], "study") != 0
    assert "--gradients" in capsys.readouterr().err
