"""`python -m ras_keras`, and the names of extras in messages."""

import json
import os
import subprocess
import sys

import pytest
import ras_keras_console

from ras_keras.backend import imports
from ras_keras.cluster.resources import Workers
from ras_keras.errors import UserError
from ras_keras.inference import formats
from tests.conftest import ROOT

CONSOLE = "import sys; from ras_keras_console import main; main()"


@pytest.fixture
def both(tmp_path):
    """Exit code, output and errors of a command, by the console's start and by `python -m`."""

    def run(*arguments, **environment):
        paths = os.pathsep.join((str(ROOT), str(ROOT / "scripts")))
        found = []
        for start in (["-c", CONSOLE], ["-m", "ras_keras"]):
            done = subprocess.run(
                [sys.executable, *start, *arguments],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": paths, **environment},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            found.append((done.returncode, done.stdout, done.stderr))
        return found

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--version"], 0, "ras_keras 0."),
        (["trian"], 2, "error: "),
        (["evaluate", "there-is-none.keras"], 2, "there-is-none.keras"),
    ],
)
def test_python_m_is_the_console_command(both, arguments, code, says):
    """As quiet too: what TensorFlow logs while it is loaded is kept off the terminal."""
    console, module = both(*arguments)
    assert module == console
    assert module[0] == code
    assert says in module[1] + module[2]
    assert module[2].count("\n") == (1 if code else 0)


def test_settings_of_keras_are_checked_first(both, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "numpy"}))
    environment = {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": ""}
    console, module = both("--version", **environment)
    assert module == console
    assert module[0] == 2
    assert module[2].endswith("must be one of tensorflow, jax, torch. Received: 'numpy'.\n")


@pytest.mark.parametrize(("given", "expected"), [(None, "1"), ("0", "0")])
def test_convolutions_are_onednns(monkeypatch, given, expected):
    """Also where TensorFlow would leave it off; whoever turns it off is heeded."""
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if given is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", given)
    monkeypatch.setattr(ras_keras_console.platform, "machine", lambda: "AMD64")
    monkeypatch.setattr(ras_keras_console, "_load_quietly", lambda: None)
    monkeypatch.setattr(ras_keras_console, "_end_on_signals", lambda: None)
    ras_keras_console.prepare()
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == expected


@pytest.mark.slow
def test_another_programs_m_prepares_nothing(run_python, tmp_path):
    """A package that imports this one may be started by -m as well."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "__init__.py").write_text("import ras_keras, sys")
    main = tmp_path / "other" / "__main__.py"
    main.write_text("import sys\nprint('ras_keras_console' in sys.modules)")
    paths = os.pathsep.join((str(ROOT), str(tmp_path)))
    done = run_python("-m", "other", "ras_keras", PYTHONPATH=paths)
    assert (done.returncode, done.stdout) == (0, "False\n")


def test_messages_name_the_extra(monkeypatch):
    """What pip takes from any folder, of a source that is editable too."""
    monkeypatch.setattr(imports, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "torch", None)
    for extra, refuse in (
        ("onnx", lambda: formats.check_installed("onnx")),
        ("cluster", Workers(workers=2).check),
        ("peers", lambda: imports.import_torch("this")),
    ):
        with pytest.raises(UserError) as refusal:
            refuse()
        assert str(refusal.value).endswith(f": pip install 'ras_keras[{extra}]'.")


def test_a_source_that_is_not_installed_is_installed_from_its_folder(monkeypatch):
    def distribution(name):
        raise imports.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(imports.metadata, "distribution", distribution)
    assert imports.install_command("serve") == "pip install -e '.[serve]'"


def test_every_folder_of_modules_is_a_package():
    """setuptools leaves others out of a wheel, and an editable installation hides it."""
    folders = {path.parent for path in (ROOT / "ras_keras").rglob("*.py")}
    assert {path for path in folders if not (path / "__init__.py").exists()} == set()
