"""PyTorch in processes of one thread, each on a core of its own."""

import time

import numpy as np
import pytest

from ras_keras.benchmark.pytorch import processes
from ras_keras.benchmark.pytorch.settings import Setting
from ras_keras.errors import UserError

torch = pytest.importorskip("torch")

EAGER = Setting("pytorch", "channels-last", "none", processes=True)


class Means(torch.nn.Module):
    """Of each channel, (N, 3), as logits."""

    def forward(self, pixels):
        return pixels.float().mean((2, 3))


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3), "uint8")


@pytest.mark.slow
def test_each_predicts_in_calls_of_its_own(images):
    """The first answer holds the probabilities of whole calls, those that follow a speed."""
    both = processes.Processes(2, Means(), EAGER, "float32", images)
    try:
        assert both.batch_size == 32
        logits = images[:32].mean((1, 2))
        scores = np.exp(logits - logits.max(1, keepdims=True))
        np.testing.assert_allclose(both(), scores / scores.sum(1, keepdims=True), atol=1e-4)
        assert both.images_per_second() > 0
    finally:
        both.close()


@pytest.mark.slow
def test_what_pytorch_says_is_told(images):
    one = processes.Processes(1, torch.nn.Linear(5, 2), EAGER, "float32", images)
    try:
        with pytest.raises(UserError, match=r"a process of PyTorch failed: \S"):
            one()
    finally:
        one.close()


def test_the_last_call_counts_by_its_share_of_the_window():
    begin = time.monotonic()
    count = processes._within(lambda: time.sleep(0.4), 8, begin, begin + 1)
    assert count == pytest.approx(20, rel=0.1)


def test_a_core_for_each_or_none_where_none_is_pinned(monkeypatch):
    class Pinned:
        def cpu_affinity(self):
            return [2, 5]

    monkeypatch.setattr(processes.psutil, "Process", Pinned)
    assert processes._cores(3) == [2, 5, 2]
    monkeypatch.setattr(processes.psutil, "Process", object)
    assert processes._cores(2) == [None, None]
