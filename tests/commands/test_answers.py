"""How fast a command answers, and in one line of its own."""

import time

import pytest
from ras_keras_console import COMMANDS

from tests.commands.calls import call


@pytest.mark.parametrize("backend", ["numpy", "nonsense"])
def test_a_backend_that_is_none(run_python, backend):
    done = run_python("scripts/train.py", "--help", KERAS_BACKEND=backend)
    assert done.returncode == 2
    assert done.stderr.startswith("error: KERAS_BACKEND must be one of tensorflow, jax, torch.")
    assert done.stderr.count("\n") == 1


def test_answers_in_one_line(run_python):
    """The whole process: one line, no traceback, nothing of TensorFlow's."""
    done = run_python("scripts/train.py", "--dataset", "cifar10", "--data-dir", "/nowhere")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments", [["--depth", "50"], ["--resume", "nowhere"], ["--epoch", "1"]]
)
def test_answers_within_a_second(arguments):
    """Of processor time after the imports, so that a busy machine does not matter."""
    began = time.process_time()
    assert call("train", *arguments) == 2
    assert time.process_time() - began < 1


@pytest.mark.slow
def test_start_up_imports_nothing_heavy_that_it_does_not_use(run_python):
    program = """
import importlib, sys, keras, tensorflow
before = set(sys.modules)
for command in sys.argv[1:]:
    importlib.import_module(f"ras_keras.commands.{command}")
print(*set(sys.modules) - before)
"""
    loaded = set(run_python("-c", program, *COMMANDS).stdout.split())
    assert "ras_keras.training.trainer" in loaded
    heavy = {"tensorflow_datasets", "keras_tuner", "sklearn", "matplotlib", "PIL"}
    assert not loaded & (heavy | {"starlette", "grpc", "torch", "onnx", "openvino"})
