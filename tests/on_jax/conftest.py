import pytest


@pytest.fixture
def passes_on_jax(run_python):
    """Runs tests of others, chosen as by pytest's -k, in a process whose backend is JAX."""

    def check(*paths, which):
        pytest.importorskip("jax")
        done = run_python(
            *("-m", "pytest", *paths, "-k", which, "-n", "0", "-p", "no:cacheprovider"),
            *("-m", "not large", "-p", "tests.on_jax.random_numbers"),
            KERAS_BACKEND="jax",
            timeout=900,
        )
        assert done.returncode == 0, done.stdout

    return check
