"""Which parameters of a test are for every change, for `make test-slow`, and for `test-large`."""

import pytest


def tiered(values, slow=lambda value: False, large=lambda value: False):
    """Parameters of a test, of which those that `slow` or `large` holds for are of that tier."""

    def marks(value):
        if large(value):
            return [pytest.mark.large]
        return [pytest.mark.slow] if slow(value) else []

    return [
        pytest.param(*(value if isinstance(value, tuple) else [value]), marks=marks(value))
        for value in values
    ]


HALF_PRECISIONS = tiered(("mixed_bfloat16", "mixed_float16"), lambda each: each == "mixed_float16")
