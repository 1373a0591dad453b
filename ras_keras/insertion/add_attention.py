"""A published attention for a network that is there already, without losing what it knows."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import keras

from ras_keras.backend.keras_graph import Graph, Ways, is_graph, maker
from ras_keras.backend.recursion import deep_graphs
from ras_keras.errors import ArgumentError
from ras_keras.folding.copies import copy_of, copy_state
from ras_keras.insertion.chosen_layers import Where, check_chosen, is_chosen
from ras_keras.insertion.residual_branches import (
    MAP_RANK,
    Place,
    checked_function,
    data_format_of,
    places_in,
)
from ras_keras.layers.registry import (
    ATTENTION,
    NONE,
    OF_EVERY_LAYER,
    AttentionLike,
    constructor_arguments,
    make_attention,
)
from ras_keras.models.parts.stages import StageAttention
from ras_keras.values.checks import check_one_of

Start = Literal["published", "identity"]

HALF = {"float16": "mixed_float16", "bfloat16": "mixed_bfloat16"}


@deep_graphs()
def add_attention(
    model: keras.Model,
    attention: AttentionLike = "ras",
    attention_config: dict | None = None,
    where: Where | None = None,
    start: Start = "published",
) -> keras.Model:
    """A copy of a network with an attention layer in each residual branch, before its addition.

    Every weight is kept, by value: the model that is given stays as it is. A layer without weights
    that cannot be built from its config, such as a `Lambda`, is shared with it. Which operand of an
    addition is its branch, `find_residual_branches` says.

    A layer is named after its addition: `conv2_block1_attention` stands before `conv2_block1_add`.
    An attention that a stage shares is made once for each run of additions of equal shape.

    Args:
        model: functional or sequential, from keras.applications, KerasHub or of your own; models
            within it get attention too.
        attention: a name of `ras_keras.layers.ATTENTION`, or what makes a layer when it is called.
        attention_config: constructor arguments of the named layer.
        where: instead of the branches, the layers that attention stands behind: a pattern of
            names such as "conv4_block*_concat", several of them, or a function of a layer. A
            layer in a model within is also known as "backbone/conv1".
        start: "published" for the layer's own start, or "identity" for one at which the new
            network computes what the old one did, and every gate has a gradient.

    Returns:
        A functional model, not compiled.

    Raises:
        ValueError: for a model that is not functional, one without residual branches where
            `where` is None, a `where` that names no layer, a layer whose output is no map of
            known channels, an attention that cannot start as identity, and a layer with weights
            that cannot be built from its config.
    """
    return with_attention(model, attention, attention_config, where, start)[0]


def with_attention(
    model: keras.Model,
    attention: AttentionLike,
    attention_config: dict | None,
    where: Where | None,
    start: Start,
) -> tuple[keras.Model, list[keras.layers.Layer]]:
    """What `add_attention` returns, and the layers that it made."""
    check_one_of("start", start, ("published", "identity"))
    if attention in (None, NONE):
        raise ArgumentError.of("attention", "must be a layer to add", attention)
    function = checked_function(model)
    make_attention(attention, attention_config)
    places = {id(inner): found for inner, found in places_in(model)}
    if where is None:
        _check_branches(places)
    else:
        check_chosen(model, where)
    insertion = _Insertion(attention, attention_config, where, places)
    made = insertion.copy(model, function)
    insertion.finish(start)
    return made, insertion.attentions


@dataclass(frozen=True)
class _At:
    """A call in a network that is copied.

    Attributes:
        name: of the operation that is called.
        policy: its dtype policy, None of an operation of keras.ops.
        bit: of the call, among those of its graph.
        way: of what it returns.
    """

    name: str
    policy: keras.DTypePolicy | None
    bit: int
    way: int


class _Insertion:
    """The copy of a network, and of the networks in it, with attention between the copied layers.

    Attributes:
        attentions: the layers that were made.
    """

    def __init__(self, attention, config, where, places: dict[int, list[Place]]):
        self.attention = attention
        self.config = config
        self.where = where
        self.places = places
        self.attentions: list[keras.layers.Layer] = []
        self._copies: dict[int, Callable] = {}
        self._fills: list[Callable[[], None]] = []
        self._names: set[str] = set()
        self._run = 0
        self._attend: StageAttention | None = None
        self._last: tuple = ()

    def copy(self, model: keras.Model, function: keras.Model, prefix: str = "") -> keras.Model:
        """A model with attention."""
        # Without what the original was compiled with, which `clone_model` would repeat.
        plain = keras.Model(function.input, function.output, name=model.name)
        branches = {
            id(place.node): place
            for place in self.places[id(model)]
            if place.operand is not None and self.where is None
        }
        self._names |= {layer.name for layer in plain.layers}
        graph = Graph(plain)
        ways = Ways(graph)
        # The clone makes its calls in the order of the graph's nodes.
        nodes = iter(enumerate(graph.nodes))

        def called(copy, *arguments, **options):
            number, node = next(nodes)
            operation, place = node.operation, branches.get(id(node))
            policy = getattr(operation, "dtype_policy", None)
            at = _At(operation.name, policy, 1 << number, ways.to(node.output_tensors[0]))
            if place is not None:
                arguments, options = self._with_branch(place, at, arguments, options)
            outputs = copy(*arguments, **options)
            if self.where is not None and is_chosen(operation, prefix, self.where):
                outputs = self._behind(at, prefix, outputs)
            return outputs

        def copied(operation):
            return self._copied(operation, prefix)

        return keras.models.clone_model(plain, clone_function=copied, call_function=called)

    def finish(self, start: Start) -> None:
        """Gives the copies their weights, once they have been called, and the gates their start."""
        for fill in self._fills:
            fill()
        if start == "identity":
            for layer in self.attentions:
                if not hasattr(layer, "start_as_identity"):
                    problem = f"must be 'published': {type(layer).__name__} has no other start"
                    raise ArgumentError.of("start", problem, start)
                layer.start_as_identity()

    def _copied(self, operation, prefix):
        if id(operation) not in self._copies:
            self._copies[id(operation)] = self._copy_of(operation, prefix)
        return self._copies[id(operation)]

    def _copy_of(self, operation, prefix):
        # An operation of keras.ops has no state.
        if not isinstance(operation, keras.layers.Layer):
            return operation
        if is_graph(operation):
            # The state of a shared attention does not go into another graph, nor out of it.
            self._attend = None
            inner = self.copy(operation, checked_function(operation), f"{prefix}{operation.name}/")
            self._attend = None
            return inner
        copy = copy_of(operation)
        if copy is None:
            if operation.weights:
                raise ValueError(
                    f"the layer {operation.name} cannot be built from its config: "
                    f"{type(operation).__name__} needs a get_config() that its constructor takes."
                )
            return operation
        self._fills.append(lambda: copy_state(operation, copy))
        return copy

    def _with_branch(self, place: Place, at: "_At", arguments, options):
        """The arguments of an addition, with attention on its branch."""
        number = -1

        def attended(tensor):
            nonlocal number
            if not isinstance(tensor, keras.KerasTensor):
                return tensor
            number += 1
            return self._attended(tensor, at) if number == place.operand else tensor

        return keras.tree.map_structure(attended, (arguments, options))

    def _behind(self, at: "_At", prefix, outputs):
        name = prefix + at.name
        if not isinstance(outputs, keras.KerasTensor) or len(outputs.shape) != MAP_RANK:
            shape = getattr(outputs, "shape", "several tensors")
            raise ArgumentError.of(
                "where",
                f"must name layers that return a map (N, H, W, C); {name} returns {shape}",
                name,
            )
        return self._attended(outputs, at)

    def _attended(self, x, at: "_At"):
        """A map with attention, by a layer that is named after its place."""
        policy = at.policy or HALF.get(x.dtype, x.dtype)
        data_format = data_format_of(x)
        same = (x.shape, getattr(policy, "name", policy), data_format)
        # The state of a shared attention goes on along one way through the network.
        if self._attend is None or self._last[:-1] != same or not self._last[-1] & at.way:
            self._run += 1
            config = self.config
            if isinstance(self.attention, str):
                known = {"dtype": policy, "data_format": data_format}
                config = _taken(self.attention, known) | (config or {})
            self._attend = StageAttention(self.attention, config, self._run)
        self._last = (*same, at.bit)
        before = self._attend.layer
        y = self._attend(x, self._free(re.sub(r"(?<=.)_(out|add)$", "", at.name)))
        layer = self._attend.layer or maker(y)
        if layer is not before:
            self._check_format(layer, data_format)
            self.attentions.append(layer)
        return y

    def _check_format(self, layer, data_format: str) -> None:
        if getattr(layer, "data_format", data_format) != data_format:
            raise ValueError(
                f"an attention must work on the model's channels, {data_format}. Received: "
                f"{type(layer).__name__} with data_format={layer.data_format!r}"
            )

    def _free(self, place: str) -> str:
        """The place, with a number behind it where its layer's name is taken."""
        name, number = place, 1
        while f"{name}_attention" in self._names:
            number += 1
            name = f"{place}_{number}"
        self._names.add(f"{name}_attention")
        return name


def _taken(attention: str, known: dict) -> dict:
    """Those of the arguments that a named layer takes."""
    taken = (*constructor_arguments(ATTENTION[attention]), *OF_EVERY_LAYER)
    return {name: value for name, value in known.items() if name in taken}


def _check_branches(places: dict[int, list[Place]]) -> None:
    """Refuses a model without residual branches; says where a gate begins behind a scale of 0."""
    additions = [place.addition for found in places.values() for place in found]
    branches = [each for each in additions if each.left_out is None]
    if not branches:
        listed = f"; left out: {'; '.join(map(str, additions[:3]))}" if additions else ""
        raise ArgumentError.of(
            "where", f"must name layers of a model without residual additions{listed}", None
        )
    behind = [each.name for each in branches if each.starts_at_zero]
    if behind:
        warnings.warn(
            f"{len(behind)} of {len(branches)} branches end in a scale of 0, {behind[0]} first: "
            "their gates have no gradient until a training has moved it.",
            stacklevel=5,
        )
