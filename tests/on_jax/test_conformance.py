import pytest

pytestmark = pytest.mark.slow


def test_conformance(passes_on):
    # Of the larger families one network: without compiling, JAX takes half a minute for each.
    which = (
        "(golden or channels_first or unknown_sizes or keeps_the_gate or stays_in_float32 "
        "or (lowers and layer) or (start_as_identity and float32)) and not (rla_ or attention_ "
        "or xception or imagenet_residual or wide_residual or resnet50)"
    )
    passes_on("jax", "tests/conformance", which=which)


def test_attention_is_added(passes_on):
    which = "mixed_precision or within or channels_first or several_times or identity or sequential"
    passes_on("jax", "tests/insertion/test_add_attention.py", which=which)
