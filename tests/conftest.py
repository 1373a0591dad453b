import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow convolves channels-first maps on a CPU by oneDNN alone, which some processors start
# without.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Most of a test on JAX is compilation: without its optimization 40 % of the time is saved.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)

import keras
import pytest

from ras_keras.layers import ATTENTION
from ras_keras.models import MODELS
from ras_keras.models.aggregation import AGGREGATION
from tests import few_digits as digits
from tests.once import made_once, shared

# OpenVINO reports its use unless this is missing.
sys.modules.setdefault("openvino_telemetry", None)

ROOT = Path(__file__).parent.parent
# Of ras_keras_console.
sys.path.append(str(ROOT / "scripts"))


def pytest_collection_modifyitems(items):
    """Begins with the rooms of the longest tests, so that the workers end together."""
    long = {"docs", "on_jax", "training", "tuning"}
    items.sort(key=lambda item: item.path.parent.name not in long)


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory):
    """What one process has compiled on JAX, the next one need not compile."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(shared(tmp_path_factory, "jax")))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


@pytest.fixture(autouse=True)
def unchanged():
    """Every test begins with the same seed and leaves nothing behind that another one would see."""
    keras.utils.set_random_seed(0)
    registries = ATTENTION, AGGREGATION, MODELS
    known = [*map(dict, registries)]
    yield
    keras.config.set_dtype_policy("float32")
    for registry, names in zip(registries, known, strict=True):
        registry.clear()
        registry.update(names)


@pytest.fixture
def few_digits():
    with digits.few_digits():
        yield


@pytest.fixture(scope="module")
def few_digits_in_module():
    """For all of a module's tests, and for what they share."""
    with digits.few_digits():
        yield


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A run of an epoch over few digits, which no test changes."""
    from ras_keras.commands import run

    def make(folder):
        flags = ["--recipe", "quick", "--depth", "11", "--batch-size", "128", "--epochs", "1"]
        with digits.few_digits(32):
            assert run("train", [*flags, "--log-dir", str(folder), "--name", "run"], "train") == 0

    return made_once(tmp_path_factory, "small_run", make) / "run"


@pytest.fixture
def run_python():
    """Runs Python on `arguments` from the project's root; returns the finished process."""

    def run(*arguments, timeout=300, **environment):
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def passes_on(run_python):
    """Runs tests of others, chosen as by pytest's -k, in a process with another backend."""

    def check(backend, *paths, which):
        pytest.importorskip(backend)
        plugins = ["-p", "tests.on_jax.random_numbers"] if backend == "jax" else []
        done = run_python(
            *("-m", "pytest", *paths, "-k", which, "-n", "0", "-p", "no:cacheprovider"),
            *("-m", "not large", *plugins),
            KERAS_BACKEND=backend,
            timeout=900,
        )
        assert done.returncode == 0, done.stdout

    return check
