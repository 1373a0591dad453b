import json

import pytest

from ras_keras.errors import UserError
from ras_keras.runs.state import Progress
from ras_keras.training import RunFolder


@pytest.mark.parametrize("content", ["[{", "[]", "{}", "[1]", '[{"device": "CPU"}]'])
def test_a_damaged_environment_is_named(tmp_path, content):
    (tmp_path / "environment.json").write_text(content)
    with pytest.raises(UserError, match=r"environment.json is damaged .* remove it") as error:
        RunFolder(tmp_path).write_environment(["train"])
    assert "\n" not in str(error.value)


def test_another_backend_is_refused(tmp_path):
    (tmp_path / "environment.json").write_text('[{"backend": "abacus"}]')
    with pytest.raises(UserError, match=r"was trained on abacus .* set KERAS_BACKEND=abacus"):
        RunFolder(tmp_path).write_environment(["train"])


@pytest.mark.parametrize("epoch", [0, 3, 10**14])
def test_a_state_counts_the_epochs_of_its_history(epoch):
    """A number that says more is never counted to."""
    record = {"epoch": epoch, "best_epoch": 0, "best_accuracy": 0.5, "history": [{"epoch": 1}]}
    with pytest.raises(ValueError, match=f"not that of {epoch} epochs"):
        Progress.read(json.dumps(record))
