"""Which parameters of a test are for every change, and which for `make test-slow`."""

import pytest


def tiered(values, slow):
    """Parameters of a test, of which those that `slow` holds for are of the slow tier."""
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else [value]),
            marks=[pytest.mark.slow] if slow(value) else [],
        )
        for value in values
    ]


HALF_PRECISIONS = tiered(("mixed_bfloat16", "mixed_float16"), lambda each: each == "mixed_float16")
