"""Layers and networks on the PyTorch backend: the values that TensorFlow and JAX agree on."""

import pytest

pytestmark = pytest.mark.slow


def test_conformance(passes_on):
    which = (
        "(golden or ((channels_first or stays_in_float32) and layer)) and not (rla_ or attention_ "
        "or xception or imagenet_residual or wide_residual or resnet50)"
    )
    passes_on("torch", "tests/conformance", which=which)


def test_folding(passes_on):
    passes_on(
        "torch", "tests/folding/test_folding.py", which="test_networks and (ras or se or wrn)"
    )


def test_grad_cam(passes_on):
    passes_on(
        "torch",
        "tests/explain/test_grad_cam.py",
        which="weighted_sum or most_probable or real_network",
    )
