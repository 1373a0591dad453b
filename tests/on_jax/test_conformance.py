import pytest

pytestmark = pytest.mark.slow


def test_conformance(passes_on_jax):
    which = (
        "golden or channels_first or unknown_sizes or keeps_the_gate or stays_in_float32 "
        "or (lowers and layer)"
    )
    passes_on_jax("tests/conformance", which=which)
