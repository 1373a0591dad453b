"""What is done before TensorFlow is loaded, in processes that do not load it."""

import json
import signal
import subprocess
import sys

import pytest
import ras_keras_console

import ras_keras
from tests.conftest import ROOT


@pytest.fixture
def keras_json(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path / "keras.json"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"backend": "numpy"}, "must be one of tensorflow, jax, torch. Received: 'numpy'."),
        ({"backend": ["jax"]}, "must be one of tensorflow, jax, torch. Received: ['jax']."),
        ({"image_data_format": "channels_first"}, "must be channels_last. Received: 'channels_f"),
        ({"floatx": "float16"}, "must be float32, --precision"),
        ({"floatx": ["float32"]}, "must be float32, --precision"),
        ({"epsilon": 0.0}, "must be above 0 and at most 0.001. Received: 0.0."),
        ({"epsilon": float("nan")}, "Received: nan."),
        ({"epsilon": "1e-7"}, "Received: '1e-7'."),
        (["backend"], "must hold settings by name"),
    ],
)
def test_settings_of_keras_json_that_are_refused(keras_json, capsys, settings, says):
    keras_json.write_text(json.dumps(settings))
    with pytest.raises(SystemExit) as leaving:
        ras_keras_console._check_keras_settings()
    assert leaving.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert str(keras_json) in error
    assert says in error


def test_a_keras_json_that_cannot_be_read(keras_json, capsys):
    keras_json.mkdir()
    with pytest.raises(SystemExit):
        ras_keras_console._check_keras_settings()
    assert "keras.json cannot be read (Is a directory); remove it" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "{", '{"backend": "jax", "epsilon": 1e-8}', '{"floatx": "float32"}', "{}"]
)
def test_settings_that_are_harmless(keras_json, text):
    """Keras itself ignores what is no JSON."""
    keras_json.write_text(text)
    ras_keras_console._check_keras_settings()


def test_the_environment_comes_before_keras_json(keras_json, monkeypatch):
    keras_json.write_text('{"backend": "torch"}')
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    ras_keras_console._check_keras_settings()


ANSWER = """
import atexit, sys
sys.path.insert(0, "scripts")
import ras_keras_console
loaded = lambda: {"keras", "tensorflow", "ras_keras", "numpy", "tyro"} & {*sys.modules}
atexit.register(lambda: print("loaded:", *loaded()))
ras_keras_console.main()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        ([], 0, "usage: ras-keras COMMAND", ""),
        (["--help"], 0, "usage: ras-keras COMMAND", ""),
        (["--version"], 0, f"ras_keras {ras_keras.__version__}", ""),
        (["tran"], 2, "", "error: the command must be one of train, "),
        (["--dept"], 2, "", "Received: '--dept'."),
    ],
)
def test_what_names_no_command_is_answered_without_the_package(
    run_python, arguments, code, out, err
):
    done = run_python("-c", ANSWER, *arguments)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, "loaded:")
    assert out in done.stdout
    assert err in done.stderr
    assert done.stderr.count("\n") == (1 if code else 0)
    if arguments == ["tran"]:
        assert done.stderr.endswith("Received: 'tran'. The nearest is 'train'.\n")


STREAMS = """
import os, sys
sys.path.insert(0, "scripts")
import ras_keras_console
ras_keras_console._open_closed_streams()
for stream in (sys.stdout, sys.stderr):
    print("seen", file=stream, flush=True)
os.dup(1), os.dup(2)
sys.exit(7 if sys.stdin.read() else 0)
"""


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_lead_nowhere(closed):
    line = f'"{sys.executable}" -c "$PROGRAM" {closed}'
    done = subprocess.run(
        line,
        shell=True,
        env={"PROGRAM": STREAMS},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ("" if ">&-" in closed.split() else "seen\n")
    assert done.stderr == ("" if "2>&-" in closed else "seen\n")


IMPORTING = """
import signal, sys
sys.path.insert(0, "scripts")
import ras_keras_console
ras_keras_console._end_on_signals()
class Import:
    def __del__(self):
        try:
            signal.raise_signal(int(sys.argv[1]))
        except BaseException:
            pass
Import()
print("lost")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_libraries_are_loaded_is_not_lost(number):
    command = [sys.executable, "-c", IMPORTING, str(int(number))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
