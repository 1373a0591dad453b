"""The notebook in examples/, executed with smaller images and a network of the least depth."""

import re

import numpy as np
import pytest

from tests.conftest import ROOT

SMALLER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from ras_keras.training import RECIPES
from tests.few_digits import few_digits

RECIPES["quick"] = RECIPES["quick"].replace(depth=11)
smaller = few_digits(16, training_images=1437, test_images=360)
smaller.__enter__()
"""


@pytest.mark.slow
def test_the_quickstart_runs(tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(ROOT / "examples/quickstart.ipynb", as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(SMALLER))
    kernel = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=600, resources=kernel).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = "".join(output.get("text", "") for output in outputs)
    accuracies = [float(each) for each in re.findall("test accuracy (.+?)[ \n]", texts)]
    assert len(accuracies) == 2 and np.ptp(accuracies) == 0 and accuracies[0] > 0.8
    (difference,) = re.findall("largest difference of a probability: (.+)", texts)
    assert float(difference) < 1e-4
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
