"""What tests of refusals share."""

import pytest

from tests.commands.calls import call


@pytest.fixture
def refused(capsys, tmp_path):
    def check(*arguments, command="train", says):
        logs = tmp_path / "logs"
        flags = [] if command != "train" or "--resume" in arguments else ["--log-dir", str(logs)]
        assert call(command, *arguments, *flags) == 2
        output = capsys.readouterr()
        assert output.err.startswith("error: ")
        assert output.err.count("\n") == 1
        for part in says:
            assert part in output.err
        assert not logs.exists() or not any(logs.iterdir()), "a run that never began leaves nothing"

    return check
