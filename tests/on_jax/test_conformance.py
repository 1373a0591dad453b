import pytest

pytestmark = pytest.mark.slow


def test_conformance(passes_on):
    # That networks say the same on JAX, test_subjects.py sees with the ones it has saved.
    which = (
        "(test_layers and golden) or channels_first_is or keeps_the_gate or stays_in_float32 "
        "or (lowers and layer) or (start_as_identity and float32)"
    )
    passes_on("jax", "tests/conformance", which=which)


def test_attention_is_added(passes_on):
    which = "mixed_precision or within or channels_first or several_times or identity or sequential"
    passes_on("jax", "tests/insertion/test_add_attention.py", which=which)
