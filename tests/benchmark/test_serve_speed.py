"""A server in a process of its own, in whose place a few lines of Python print."""

import time

import pytest

from ras_keras.benchmark.serve_speed import _server
from ras_keras.errors import UserError

# More than a pipe holds, on both ways.
PRINTS = "import sys; [print('x' * 200_000, file=each) for each in (sys.stdout, sys.stderr)]"


def test_what_a_server_prints_does_not_stop_it(tmp_path):
    file = tmp_path / "printed"
    code = f"print('page     http://127.0.0.1:81'); {PRINTS}; open({str(file)!r}, 'w').close()"
    with _server(["-c", f"{code}; import time; time.sleep(60)"], tmp_path) as port:
        assert port == 81
        for _ in range(100):
            if file.exists():
                return
            time.sleep(0.1)
    pytest.fail("the server waits for a reader")


def test_a_server_that_does_not_begin_says_why(tmp_path):
    code = f"{PRINTS}; sys.exit('no such model')"
    with (
        pytest.raises(UserError, match=r"the server did not begin: x+\s+no such model$"),
        _server(["-c", code], tmp_path),
    ):
        pytest.fail("it began")
