import pytest

pytestmark = pytest.mark.slow


def test_detection(passes_on):
    """Matching, suppression, a training on both losses, files."""
    which = "matching or suppression or both_parts or (saved_and_loaded and options0) or norm_eval"
    which += " or weights_of_others or no_class"
    files = ("matching", "non_maximum_suppression", "retina_net")
    passes_on("jax", *(f"tests/detection/test_{file}.py" for file in files), which=which)
