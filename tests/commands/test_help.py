"""What --help shows: groups by the parts of a recipe, choices, names of positional arguments."""

import importlib

import pytest
from ras_keras_console import COMMANDS

from ras_keras.commands.benchmark import KINDS
from ras_keras.commands.detect import KINDS as DETECTION_KINDS
from ras_keras.commands.line.fields import parameters_of
from ras_keras.commands.line.usage import help_texts
from ras_keras.commands.train import Train

PARTS = ["data options", "network options", "optimization options", "execution options"]


@pytest.fixture
def shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")

    def help_of(command, *arguments):
        main = importlib.import_module(f"ras_keras.commands.{command}").main
        with pytest.raises(SystemExit) as leaving:
            main([*arguments, "--help"], f"ras-keras {command}")
        assert not leaving.value.code
        return capsys.readouterr().out

    return help_of


@pytest.mark.parametrize("command", ["train", "tune"])
def test_the_parts_of_a_recipe_are_groups(shown, command):
    text = shown(command)
    places = [text.index(f" {part} ") for part in PARTS]
    assert places == sorted(places)
    assert text.index("--log-dir") < text.index("--recipe") < places[0] < text.index("--dataset")
    assert "--decay {step,cosine,exponential}" in text
    assert "--precision {float32,mixed_bfloat16,mixed_float16}" in text


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("check_data", "PATH|NAME"),
        ("evaluate", "MODEL"),
        ("explain", "MODEL [IMAGE ...]"),
        ("export", "MODEL"),
        ("import_weights", "CHECKPOINT"),
        ("plot", "RUN_FOLDER ..."),
        ("predict", "MODEL IMAGE ..."),
        ("reproduce", "TABLE"),
        ("serve", "MODEL"),
    ],
)
def test_positional_arguments_have_names(shown, command, usage):
    text = shown(command)
    assert usage in text.splitlines()[0]
    if command in ("evaluate", "explain", "export"):
        assert " data options " in text


def test_choices_are_listed(shown):
    formats = "--format [{saved_model,onnx,openvino,litert} ...]"
    assert formats in shown("export")
    assert "--fold {no,yes,both}" in shown("benchmark", "formats")
    assert "--split {test,validation,train}" in shown("detect", "evaluate")
    assert "--algorithm {grid,random,bayesian,hyperband}" in shown("tune")


@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if each not in ("benchmark", "detect")]
)
def test_lines_fit_the_terminal(shown, command):
    assert all(len(line) <= 100 for line in shown(command).splitlines()[1:])


def test_every_flag_has_a_text():
    assert {each.name for each in parameters_of(Train)} <= {*_texts(Train)}
    for _, cls in (KINDS | DETECTION_KINDS).values():
        assert {each.name for each in parameters_of(cls)} <= {*_texts(cls)}
    # Each stands alone.
    for cls in (Train, *(cls for _, cls in (KINDS | DETECTION_KINDS).values())):
        assert not [name for name, text in _texts(cls).items() if "ikewise" in text]


def _texts(cls):
    found = help_texts(cls)
    for kind in [each.type for each in cls.__dataclass_fields__.values()]:
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
            found = found | _texts(kind)
    return found
