import pytest

pytestmark = pytest.mark.slow


def test_models_of_the_package(passes_on):
    """They load and predict."""
    which = "is_whole or names_the_examples or named_as_the_list_says or by_its_name or by_name"
    passes_on("jax", "tests/pretrained", which=which)
