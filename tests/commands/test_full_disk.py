"""A disk on which nothing can grow, as TensorFlow says so."""

import types

import pytest
import tensorflow as tf

from ras_keras import commands

FLUSHED = "Failed to flush 1 events to run/train/events.out.tfevents.1.host.2.v2"
# As TensorFlow 2.21 said when a file could not grow.
OPENED = (
    "{{function_node __wrapped__CreateSummaryFileWriter_device_/job:localhost/replica:0/task:0/"
    "device:CPU:0}} run/validation/events.out.tfevents.1.host.2.v2; File too large\n"
    f"\t{FLUSHED}\n\tCould not initialize events writer. [Op:CreateSummaryFileWriter] name: "
)
WRITTEN = f"run/train/events.out.tfevents.1.host.2.v2; File too large\n\t{FLUSHED}\n\tFlushing \
first event.\n\tCould not flush events file."


def fails_with(monkeypatch, error):
    def main(arguments, program):
        raise error

    module = types.SimpleNamespace(main=main)
    monkeypatch.setattr(commands.importlib, "import_module", lambda name: module)
    return commands.run("train", [], "train")


@pytest.mark.parametrize("message", [OPENED, WRITTEN], ids=["opened", "written"])
def test_events_that_cannot_be_written_are_one_line(message, monkeypatch, capsys):
    error = tf.errors.OutOfRangeError(None, None, message)
    assert fails_with(monkeypatch, error) == commands.USAGE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "make room" in said
    assert "--resume" in said


def test_another_failure_of_tensorflow_stays_what_it_is(monkeypatch):
    error = tf.errors.OutOfRangeError(None, None, "End of sequence")
    with pytest.raises(tf.errors.OutOfRangeError):
        fails_with(monkeypatch, error)
