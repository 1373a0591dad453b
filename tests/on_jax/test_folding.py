import pytest

pytestmark = pytest.mark.slow


def test_folding(passes_on):
    which = "test_networks and (ras or se or wrn) or shut"
    passes_on("jax", "tests/folding/test_folding.py", which=which)
