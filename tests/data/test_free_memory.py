"""What a cluster leaves a process of the machine's memory."""

import psutil
import pytest

from ras_keras.data.free_memory import free_memory


@pytest.mark.parametrize(
    ("line", "files", "limit"),
    [
        (
            "0::/job/step",
            {"memory.max": "max", "job/memory.max": "5000", "job/step/memory.max": "max"},
            5000,
        ),
        ("0::/", {"memory.max": "7000"}, 7000),
        ("3:cpu:/\n4:memory:/job", {"memory/job/memory.limit_in_bytes": "600"}, 600),
    ],
)
def test_limits(tmp_path, line, files, limit):
    own = tmp_path / "own"
    own.write_text(line)
    for name, text in files.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(text + "\n")
    assert free_memory(tmp_path / "groups", own) == limit


def test_a_machine_of_ones_own(tmp_path):
    assert 0 < free_memory(tmp_path, tmp_path / "missing") <= psutil.virtual_memory().total
