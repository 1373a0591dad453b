"""A layer of one's own that fails, in one line."""

import pytest

OWN = """
import keras
from ras_keras.layers import register

class Own(keras.layers.Layer):
    {body}

register("own", Own)
"""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("def build(self, shape): self.missing.x", ["own does not work in resnet", "missing"]),
        ("def call(self, x): raise TypeError('mine')", ["TypeError: mine", "keep the shape"]),
        ("def call(self, x): return x[..., :4]", ["keep the shape of its input: Own made"]),
        ("def call(self, x): return None", ["Own"]),
        ("def __init__(self, n): super().__init__()", ["own does not work", "'n'"]),
        ("def __init__(self): super().__init__()", ["own does not work", "get_config"]),
    ],
)
def test_a_layer_of_ones_own_that_fails(refused, tmp_path, monkeypatch, body, says):
    name = f"own_{abs(hash(body))}"
    (tmp_path / f"{name}.py").write_text(OWN.format(body=body))
    monkeypatch.chdir(tmp_path)
    refused("--imports", name, "--attention", "own", says=says)


def test_a_module_that_leaves(refused, tmp_path, monkeypatch):
    (tmp_path / "leaving.py").write_text("import sys; sys.exit(3)")
    monkeypatch.chdir(tmp_path)
    refused("--imports", "leaving", says=["--imports leaving failed (3)"])
