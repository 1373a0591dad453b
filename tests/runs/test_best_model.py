"""best.keras at the end of a run: the run's own, restored, or the last epoch's."""

import keras
import numpy as np
import pytest

import ras_keras
from ras_keras.errors import UserError
from ras_keras.runs import best_model
from ras_keras.runs.state import Progress
from ras_keras.training import RunFolder

NAMES = ("cat", "dog")


def network(value):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.layers[0].kernel.assign(np.full((3, 2), value))
    return model


def value(file):
    return float(ras_keras.load_model(file).layers[0].kernel[0, 0])


@pytest.fixture
def run(tmp_path):
    (tmp_path / "state").mkdir()
    return RunFolder(tmp_path)


@pytest.fixture
def progress(run):
    """Three epochs, of which the second was the best; its network holds twos."""
    progress = Progress(epoch=3, best_epoch=2, best_accuracy=0.5)
    best_model.write(run, network(2), NAMES, progress)
    best_model.keep_copy(run, progress)
    return progress


@pytest.mark.parametrize(
    ("accuracy", "loss", "better"),
    [(0.6, 9.0, True), (0.5, 0.6, True), (0.5, 0.7, False), (0.5, 0.8, False), (0.4, 0.1, False)],
)
def test_equals_are_decided_by_the_loss(accuracy, loss, better):
    history = [{"val_loss": 0.1}, {"val_loss": 0.7}]
    progress = Progress(epoch=2, best_epoch=2, best_accuracy=0.5, history=history)
    assert best_model.is_better(progress, accuracy, loss, "val_loss") == better
    assert best_model.is_better(Progress(), 0.0, 9.0, "val_loss")


def test_the_runs_own_file_is_left_alone(run, progress, capsys):
    before = run.file("best.keras").read_bytes()
    assert best_model.secure(run, network(3), NAMES, progress)
    assert run.file("best.keras").read_bytes() == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [None, b"", b"PK foreign"])
def test_a_foreign_file_is_replaced_by_the_copy(run, progress, capsys, content):
    run.file("best.keras").unlink()
    if content is not None:
        run.file("best.keras").write_bytes(content)
    assert best_model.secure(run, network(3), NAMES, progress)
    assert value(run.file("best.keras")) == 2
    said = capsys.readouterr().out
    assert said.startswith("notice   ")
    assert "not the file that the run wrote after epoch 2: it is restored" in said
    assert said.count("\n") == 1


def test_a_model_that_is_lost_is_not_what_the_result_speaks_of(run, progress, capsys):
    network(9).save(run.file("best.keras"))
    (run.path / "state" / "best-0002.keras").unlink()
    assert not best_model.secure(run, network(3), NAMES, progress)
    assert value(run.file("best.keras")) == 3
    assert "the last epoch takes its place" in capsys.readouterr().out


def test_the_last_epochs_model_is_written_anew(run, progress):
    progress.best_epoch = 3
    run.file("best.keras").write_bytes(b"")
    assert best_model.secure(run, network(3), NAMES, progress)
    assert value(run.file("best.keras")) == 3


def test_two_copies_are_kept_and_none_is_out_of_date(run, progress):
    for epoch in (5, 7, 7):
        progress.best_epoch = epoch
        best_model.write(run, network(epoch), NAMES, progress)
        best_model.keep_copy(run, progress)
    copies = sorted(run.file("state").glob("best-*.keras"))
    assert [copy.name for copy in copies] == ["best-0005.keras", "best-0007.keras"]
    assert copies[1].read_bytes() == run.file("best.keras").read_bytes()


def test_a_state_without_checksums(run, progress):
    """Version 0.4 wrote none: what can be loaded is taken for the run's own."""
    progress.best_checksum = None
    assert best_model.secure(run, network(3), NAMES, progress)
    model = network(0)
    best_model.load(run, model)
    assert float(model.layers[0].kernel[0, 0]) == 2
    run.file("best.keras").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"best.keras is damaged or not of this run .* remove it"):
        best_model.load(run, model)
