"""Gates in ONNX files: channels first, and in ONNX Runtime's blocked layout."""

from collections import Counter

import keras
import numpy as np
import pytest

from ras_keras.export.export import export
from ras_keras.folding import fold
from ras_keras.models import ResNet
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.subjects import fill, outputs

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
gates = pytest.importorskip("ras_keras.inference.onnx_gates")

pytestmark = pytest.mark.slow
BATCH = 8


def written(model, folder):
    """A model, folded, and what is in its file."""
    fill(model)
    model = fold(model)
    path = folder / "model.onnx"
    export(model, path, "onnx", None)
    return model, onnx.load(path)


@pytest.fixture(params=["ras", "se", "eca", "cbam"])
def case(request, tmp_path):
    return *written(ResNet(11, attention=request.param), tmp_path), request.param


def run(proto, images, folder):
    """The probabilities, and how many operations of each kind the runtime makes of a model."""
    options = onnxruntime.SessionOptions()
    options.add_free_dimension_override_by_name("batch", len(images))
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    # That its file is for this machine alone.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options)
    probabilities = session.run(None, {"images": images.astype("float32")})[0]
    nodes = onnx.load(folder / "optimized.onnx").graph.node
    return probabilities, Counter(node.op_type for node in nodes)


def maps_taken_out(folder):
    """How many maps leave the blocked layout; of a pooling only a vector does."""
    nodes = onnx.load(folder / "optimized.onnx").graph.node
    pooled = {node.output[0] for node in nodes if node.op_type == "GlobalAveragePool"}
    return sum(node.op_type == "ReorderOutput" and node.input[0] not in pooled for node in nodes)


def test_a_gate_costs_no_transposition_and_no_change_of_layout(case, tmp_path):
    model, proto, attention = case
    kinds = Counter(node.op_type for node in proto.graph.node)
    if attention != "cbam":
        assert kinds["Transpose"] == 1, "that of the images"
    images = fixed_images((BATCH, 32, 32, 3))
    expected = outputs(model, images)
    as_written, before = run(proto, images, tmp_path)
    np.testing.assert_allclose(as_written, expected, rtol=0, atol=1e-5)
    gates.with_gates_in_blocks(proto)
    onnx.checker.check_model(proto)
    in_blocks, after = run(proto, images, tmp_path)
    np.testing.assert_allclose(in_blocks, expected, rtol=0, atol=1e-5)
    if attention != "cbam":
        assert after["ReorderOutput"] < before["ReorderOutput"]


def test_maps_of_basic_blocks_stay_in_the_layout(tmp_path):
    """Where a folded gate has taken in what its sum is divided by."""
    model, proto = written(ResNet(14, block="basic", attention="ras"), tmp_path)
    images = fixed_images((BATCH, 32, 32, 3))
    run(written(ResNet(14, block="basic"), tmp_path)[1], images, tmp_path)
    of_plain = maps_taken_out(tmp_path)
    gates.with_gates_in_blocks(proto)
    in_blocks, after = run(proto, images, tmp_path)
    np.testing.assert_allclose(in_blocks, outputs(model, images), rtol=0, atol=1e-5)
    assert after["ReduceSum"] == 0
    assert maps_taken_out(tmp_path) <= of_plain


def test_a_hard_sigmoid_costs_no_transpositions(tmp_path):
    """Its sum with a number without axes made tf2onnx's optimizer fail: 102 were left."""
    inner = keras.applications.MobileNetV3Small(
        input_shape=(64, 64, 3), include_top=False, weights=None, pooling="avg"
    )
    images = keras.Input((64, 64, 3))
    model = keras.Model(images, keras.layers.Dense(10, "softmax")(inner(images)))
    path = tmp_path / "model.onnx"
    export(fold(model), path, "onnx", None)
    kinds = Counter(node.op_type for node in onnx.load(path).graph.node)
    assert kinds["Transpose"] == 1
