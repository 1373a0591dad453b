"""Every family in ONNX and OpenVINO, folded and as it is."""

import numpy as np
import pytest

from ras_keras.export.export import export
from ras_keras.folding import fold
from ras_keras.inference.formats import FORMATS
from ras_keras.inference.predictor import open_predictor
from ras_keras.models import ResNet
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.subjects import fill, network, outputs
from tests.conformance.table import NETWORKS
from tests.tiers import tiered

pytestmark = pytest.mark.slow

KINDS = ("onnx", "openvino")
CLASSES = [str(number) for number in range(10)]
# With aggregation where a family has it, and its cells, which no family starts with.
CELLS = [(NETWORKS[0], f"resnet_rla_{cell}") for cell in ("lstm", "gru")]
CASES = [*((row, row.aggregated or next(iter(row.golden))) for row in NETWORKS), *CELLS]


def assert_exported(model, kind, images, folder):
    path = folder / f"{model.name}{FORMATS[kind].ending}"
    export(model, path, kind, CLASSES)
    expected = outputs(model, images)
    assert np.ptp(expected, axis=0).max() > 1e-3, "the images make a difference"
    predictor = open_predictor(path)
    # Again, for a runtime that keeps something from one call to the next.
    for count in (len(images), 1, len(images)):
        found = predictor.predict(images[:count])
        np.testing.assert_allclose(found, expected[:count], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("row", "case"), tiered(CASES, large=lambda each: each[0].large), ids=str)
def test_every_family(row, case, kind, tmp_path):
    """What is exported folded in one format is exported as it is in the other."""
    model = network(row, case)
    fill(model)
    folded = fold(model) if (kind == "onnx") == (NETWORKS.index(row) % 2 == 0) else model
    assert_exported(folded, kind, fixed_images((3, row.size, row.size, 3)), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_any_size(kind, tmp_path):
    """h is pooled to odd maps there too."""
    model = ResNet(11, None, aggregation="rla", input_shape=(None, None, 3))
    fill(model)
    assert_exported(model, kind, fixed_images((3, 21, 18, 3)), tmp_path)
