"""An ONNX graph in which nodes are replaced."""

import itertools
from collections.abc import Iterable

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Graph:
    """A graph whose nodes are read and replaced by the names of their values.

    Args:
        proto: which `close` writes it back to.

    Attributes:
        is_flat: whether no node has a graph of its own, which may take values that no input names;
            another graph must be left as it is.
    """

    def __init__(self, proto: onnx.GraphProto):
        self.proto = proto
        self.nodes = list(proto.node)
        self.is_flat = not any(
            each.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
            for node in self.nodes
            for each in node.attribute
        )
        self._changed = False
        self._makers = {name: node for node in self.nodes for name in node.output}
        self._constants = {each.name: each for each in proto.initializer}
        self._names = {*self._makers, *self._constants, *(each.name for each in proto.input)}

    def maker(self, name: str, kind: str) -> onnx.NodeProto | None:
        """The node that makes a value, if it is of a kind."""
        node = self._makers.get(name)
        return node if node is not None and node.op_type == kind else None

    def takers(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that take a value."""
        return [node for node in self.nodes if name in node.input]

    def constant(self, name: str) -> np.ndarray | None:
        """The numbers of a value that is constant."""
        found = self._constants.get(name)
        return None if found is None else numpy_helper.to_array(found)

    def attribute(self, node: onnx.NodeProto, name: str):
        """The value of a node's attribute, None if it has none of that name."""
        found = (helper.get_attribute_value(each) for each in node.attribute if each.name == name)
        return next(found, None)

    def axes(self, node: onnx.NodeProto) -> list[int] | None:
        """The axes of a node that takes them as its second input, if they are constant."""
        found = self.constant(node.input[1]) if len(node.input) > 1 else None
        return None if found is None else found.tolist()

    def add(self, kind: str, inputs: Iterable[str], output: str | None = None, **attributes) -> str:
        """Adds a node, and returns the name of its output."""
        output = output or self._new_name(kind)
        node = helper.make_node(kind, [*inputs], [output], f"{kind}_of_{output}", **attributes)
        self.nodes.append(node)
        self._makers[output] = node
        return output

    def add_constant(self, values: np.ndarray) -> str:
        """Adds a constant, and returns its name."""
        name = self._new_name("constant")
        self._constants[name] = numpy_helper.from_array(values, name)
        return name

    def replace(self, node: onnx.NodeProto, kind: str, inputs: Iterable[str], **attributes) -> None:
        """Puts another node in a node's place, whose output has the same name."""
        self._changed = True
        self.nodes = [each for each in self.nodes if each is not node]
        self.add(kind, inputs, node.output[0], **attributes)

    def redirect(self, name: str, source: str) -> None:
        """Gives another value to the nodes that take one."""
        self._changed = True
        for node in self.takers(name):
            for place, each in enumerate(node.input):
                if each == name:
                    node.input[place] = source

    def close(self) -> None:
        """Writes back what something needs, in an order in which it can run, if it was changed."""
        if not self._changed:
            return
        order: list[onnx.NodeProto] = []
        done: set[str] = set()
        waiting = [each.name for each in self.proto.output]
        while waiting:
            node = self._makers.get(waiting[-1])
            if node is None or node.output[0] in done:
                waiting.pop()
                continue
            missing = [each for each in node.input if each in self._makers and each not in done]
            if not missing:
                order.append(node)
                done.update(node.output)
            waiting += missing
        used = {name for node in order for name in node.input}
        del self.proto.node[:], self.proto.initializer[:]
        self.proto.node.extend(order)
        self.proto.initializer.extend(
            each for name, each in self._constants.items() if name in used
        )

    def _new_name(self, kind):
        names = (f"{kind}_{number}" for number in itertools.count())
        name = next(each for each in names if each not in self._names)
        self._names.add(name)
        return name
