"""Gates of an ONNX graph in the layout of the maps, channels first."""

import numpy as np
import onnx

from ras_keras.inference.onnx_graph import Graph

TO_FIRST, TO_LAST = [0, 3, 1, 2], [0, 2, 3, 1]


def with_gates_channels_first(model: onnx.ModelProto) -> None:
    """Takes the transpositions away that tf2onnx leaves around a gate, in place.

    It keeps maps channels first but for what it does not know: sums over the positions of a map,
    and a vector (N, C) that a map is multiplied by.
    """
    graph = Graph(model.graph)
    if not graph.is_flat:
        return
    for node in [*graph.nodes]:
        _sum_channels_first(graph, node)
        _product_channels_first(graph, node)
    for node in [*graph.nodes]:
        _cancel(graph, node)
    graph.close()


def _transposed(graph: Graph, name: str, order: list[int]) -> str | None:
    """What a value is the transposition of, in an order of axes."""
    node = graph.maker(name, "Transpose")
    if node is None or [*(graph.attribute(node, "perm") or ())] != order:
        return None
    return node.input[0]


def _sum_channels_first(graph, node):
    """The sum over rows, then over columns, as one over both axes of a map channels first."""
    rows = graph.maker(node.input[0], "ReduceSum") if node.op_type == "ReduceSum" else None
    if rows is None or not (_sums_rows(graph, node) and _sums_rows(graph, rows)):
        return
    source = _transposed(graph, rows.input[0], TO_LAST)
    if source is not None:
        axes = graph.add_constant(np.array([2, 3], "int64"))
        graph.replace(node, "ReduceSum", [source, axes], keepdims=0)


def _sums_rows(graph, node):
    return graph.attribute(node, "keepdims") == 0 and graph.axes(node) == [1]


def _product_channels_first(graph, node):
    """A map (N, H, W, C) times a vector (N, C) as the product of a map channels first."""
    if node.op_type != "Mul":
        return
    for place in (0, 1):
        source = _transposed(graph, node.input[place], TO_LAST)
        vector = _vector(graph, node.input[1 - place])
        if source is not None and vector is not None:
            axes = graph.add_constant(np.array([2, 3], "int64"))
            product = graph.add("Mul", [source, graph.add("Unsqueeze", [vector, axes])])
            graph.replace(node, "Transpose", [product], perm=TO_LAST)
            return


def _vector(graph, name):
    """The (N, C) that a value (N, 1, 1, C) is made of."""
    outer = graph.maker(name, "Unsqueeze")
    inner = outer and graph.maker(outer.input[0], "Unsqueeze")
    if not inner or (graph.axes(inner), graph.axes(outer)) != ([1], [2]):
        return None
    return inner.input[0]


def _cancel(graph, node):
    """A transposition and the one back."""
    between = _transposed(graph, node.output[0], TO_FIRST)
    source = None if between is None else _transposed(graph, between, TO_LAST)
    if source is not None:
        graph.redirect(node.output[0], source)
