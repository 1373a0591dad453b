"""Several processes on this machine, started by one command."""

import pytest

PROGRAM = """
import os, signal, sys, time
index = os.environ["KERAS_DISTRIBUTION_PROCESS_ID"]
print(index, os.environ["KERAS_DISTRIBUTION_NUM_PROCESSES"], *sys.argv[1:], flush=True)
if sys.argv[1:] == ["fails", index]:
    sys.exit("error: this one")
if sys.argv[1:] == ["killed", index]:
    os.kill(os.getpid(), signal.SIGTERM)
time.sleep(0 if sys.argv[1:] == ["ends"] else 60)
"""


@pytest.fixture
def launch(tmp_path, run_python):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def start(*flags):
        return run_python("scripts/launch.py", "--processes", "2", "--", program, *flags)

    return start


def test_the_first_one_is_shown(launch):
    done = launch("ends")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 2 ends\n", "")


@pytest.mark.parametrize(
    ("flags", "code", "error"),
    [
        (("fails", "1"), 1, "error: this one\n"),
        (
            ("killed", "1"),
            143,
            "error: process 1 of 2 was ended by SIGTERM, and so were the others",
        ),
    ],
)
def test_one_that_fails_ends_the_others(launch, flags, code, error):
    done = launch(*flags)
    assert done.returncode == code
    assert done.stderr.startswith(error)
    assert done.stderr.count("\n") == 1


def test_one_process_needs_no_launcher(run_python):
    done = run_python("scripts/launch.py", "--processes", "1", "--", "train.py")
    assert done.returncode == 2
    assert "--processes must be 2 or more. Received: 1" in done.stderr
