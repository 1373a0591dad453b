"""Gates in the blocked layout that ONNX Runtime computes convolutions in on a CPU."""

import numpy as np
import onnx

from ras_keras.inference.onnx_graph import Graph

MAP_AXES = [2, 3]


def with_gates_in_blocks(model: onnx.ModelProto) -> None:
    """Writes gates as operations that ONNX Runtime has in its blocked layout, in place.

    It knows no product of a map with a vector there, so that each gate would take the map out of
    the layout and put it back, and the sum and the ReLU behind it could not be done in one with a
    convolution. The gate becomes as large as the map by a nearest Resize, and a convolution that
    changes nothing stands behind the product for the sum to be done in. It pays where all sizes
    are known, that of the batch as well.

    Args:
        model: whose maps are channels first.
    """
    graph = Graph(model.graph)
    if not graph.is_flat:
        return
    sizes = _sizes(model)
    for node in [*graph.nodes]:
        _mean(graph, node, sizes)
        _product(graph, node, sizes)
    graph.close()


def _sizes(model) -> dict[str, tuple[int, ...]]:
    """The known sizes, but for the batch's, of values in float32, by name."""
    found = {}
    for value in onnx.shape_inference.infer_shapes(model).graph.value_info:
        kind = value.type.tensor_type
        sizes = tuple(each.dim_value for each in kind.shape.dim)[1:]
        if kind.elem_type == onnx.TensorProto.FLOAT and sizes and all(sizes):
            found[value.name] = sizes
    return found


def _is_map(sizes, name) -> bool:
    return len(sizes.get(name, ())) == 3


def _mean(graph, node, sizes):
    """A sum over the positions of a map, as a pooling times how many there are."""
    if node.op_type != "ReduceSum" or graph.axes(node) != MAP_AXES:
        return
    if graph.attribute(node, "keepdims") != 0 or not _is_map(sizes, node.input[0]):
        return
    _, height, width = sizes[node.input[0]]
    mean = graph.add("Flatten", [graph.add("GlobalAveragePool", [node.input[0]])], axis=1)
    positions = graph.add_constant(np.array(height * width, "float32"))
    graph.replace(node, "Mul", [mean, positions])


def _product(graph, node, sizes):
    """A map times the sigmoid of a vector."""
    if node.op_type != "Mul":
        return
    for place in (0, 1):
        vector = graph.maker(node.input[1 - place], "Unsqueeze")
        if vector is None or graph.axes(vector) != MAP_AXES:
            continue
        sigmoid = graph.maker(vector.input[0], "Sigmoid")
        if sigmoid is None or not _is_map(sizes, node.input[place]):
            continue
        channels, height, width = sizes[node.input[place]]
        if sizes.get(sigmoid.input[0]) != (channels,):
            continue
        ones = graph.add_constant(np.ones((channels, 1, 1, 1), "float32"))
        each = {"group": channels, "kernel_shape": [1, 1]}
        # What a convolution returns is in the layout, and so is all that follows.
        logits = graph.add("Unsqueeze", [sigmoid.input[0], vector.input[1]])
        gate = graph.add("Sigmoid", [graph.add("Conv", [logits, ones], **each)])
        scales = graph.add_constant(np.array([1, 1, height, width], "float32"))
        nearest = {"mode": "nearest", "nearest_mode": "floor"}
        nearest["coordinate_transformation_mode"] = "asymmetric"
        large = graph.add("Resize", [gate, "", scales], **nearest)
        product = graph.add("Mul", [node.input[place], large])
        graph.replace(node, "Conv", [product, ones], **each)
        return
