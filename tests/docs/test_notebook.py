"""The notebook in examples/, executed."""

import re

import numpy as np
import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_the_quickstart_runs(tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(ROOT / "examples/quickstart.ipynb", as_version=4)
    kernel = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=600, resources=kernel).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = "".join(output.get("text", "") for output in outputs)
    accuracies = [float(each) for each in re.findall("test accuracy (.+?)[ \n]", texts)]
    assert len(accuracies) == 2 and np.ptp(accuracies) == 0 and accuracies[0] > 0.8
    (difference,) = re.findall("largest difference of a probability: (.+)", texts)
    assert float(difference) < 1e-4
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
