import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("two")


def test_two_devices_do_what_one_does(folder, run_python):
    program = Path(__file__).with_name("two_devices.py")
    done = run_python(program, folder, PYTHONPATH=".")
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "found.json").read_text())
    assert found["two"] == pytest.approx(found["one"], rel=1e-4)
    assert len(set(found["one"])) == 5
    final = found["run"]["result"]["final"]
    assert found["run"]["again"]["test_accuracy"] == final["test_accuracy"]
    assert found["run"]["again"]["test_loss"] == pytest.approx(final["test_loss"], rel=1e-5)
    header, row = found["run"]["metrics"].splitlines()
    values = dict(zip(header.split(","), row.split(","), strict=True))
    assert float(values["gate_spread"]) > 0
