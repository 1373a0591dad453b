import pytest

pytestmark = pytest.mark.slow


def test_layers_and_models(passes_on):
    """Counts, building time and start-up do not depend on the backend.

    Of the larger networks the quick tests: without compiling, JAX takes half a minute for each.
    Networks with attention, and precisions, stand in the conformance tests.
    """
    which = (
        "not parameters and not _counts and not builds_fast and not process and not floatx "
        "and not a_pyramid and not test_networks "
        "and not ((slow or exact) and (imagenet or residual or aggregation))"
    )
    passes_on("jax", "tests/layers", "tests/models", which=which)
