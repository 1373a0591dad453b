"""Writes golden.json, what the references give: `python -m tests.conformance.make_golden`."""

import hashlib
import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from tests.conformance import reference_imagenet as imagenet
from tests.conformance import reference_layers as layers
from tests.conformance import reference_networks as networks
from tests.conformance import reference_residual_attention as masks
from tests.conformance import reference_rivals as rivals
from tests.conformance.fixed_weights import fixed, fixed_images, fixed_map
from tests.conformance.reference_aggregation import Aggregation
from tests.conformance.reference_parts import Attention, stateless

GOLDEN = Path(__file__).with_name("golden.json")

MAP = (2, 8, 8, 16)
IMAGES = (2, 16, 16, 3)
DIA_MAPS = ("map1", "map2", "map3")

LAYERS = {
    "ras": (layers.ras, {"k": 2, "normalize_input": True}),
    "ras_released": (layers.ras, {"k": 2}),
    "ras_unshared": (layers.ras, {"k": 2, "shared": False}),
    "ras_shared_connection": (
        layers.ras,
        {"k": 3, "normalize_input": True, "shared_connection": True},
    ),
    "se": (layers.se, {"reduction_ratio": 4}),
    "se_k3": (layers.se, {"reduction_ratio": 4, "k": 3}),
    "eca": (layers.eca, {}),
    "eca_k2": (layers.eca, {"kernel_size": 5, "k": 2}),
    "cbam": (layers.cbam, {"reduction_ratio": 4}),
    "sem": (layers.sem, {"reduction_ratio": 4}),
    "spa": (layers.spa, {"reduction_ratio": 4}),
    "spa_k2": (layers.spa, {"reduction_ratio": 4, "k": 2}),
    "spa_odd": (layers.spa, {"reduction_ratio": 4}),
    "dia": (layers.dia, {"reduction_ratio": 4}),
    "dia_tanh": (layers.dia, {"reduction_ratio": 4, "output_activation": "tanh"}),
    "dia_cells2": (layers.dia, {"reduction_ratio": 4, "cells": 2}),
    "ge": (rivals.ge, {}),
    "ge_extent": (rivals.ge, {"extent": 4}),
    "ge_learned": (rivals.ge, {"extent": 4, "learned": True}),
    "ge_plus": (rivals.ge, {"learned": True, "reduction_ratio": 4}),
    "gc": (rivals.gc, {"reduction_ratio": 4}),
    "gc_multiply": (rivals.gc, {"reduction_ratio": 4, "fusion": "multiply"}),
    "bam": (rivals.bam, {"reduction_ratio": 4}),
    "bam_product": (
        rivals.bam,
        {"reduction_ratio": 4, "dilation": 2, "combination": "product"},
    ),
    "coordinate": (rivals.coordinate, {"reduction_ratio": 8}),
    "simam": (rivals.simam, {}),
    "srm": (rivals.srm, {}),
    "fca": (rivals.fca, {"reduction_ratio": 4}),
    "fca_wide": (rivals.fca, {"frequencies": 4, "reduction_ratio": 4}),
    "gct": (rivals.gct, {}),
    "triplet": (rivals.triplet, {"kernel_size": 5}),
    "shuffle": (rivals.shuffle, {}),
    "shuffle_groups": (rivals.shuffle, {"groups": 2}),
    "iebn": (rivals.iebn, {}),
    "channel_scale": (rivals.channel_scale, {}),
}
LAYER_SHAPES = {
    "spa_odd": (2, 7, 5, 16),
    "ge_extent": (2, 11, 6, 16),
    "ge_learned": (2, 11, 6, 16),
    "fca_wide": (2, 15, 9, 16),
}

RAS = stateless(layers.ras, k=2)
DIA_SHARED = Attention(layers.dia, shared=True)
DIA_NORMALIZED = Attention(layers.dia, shared=True, normalized=True)

RLA = partial(Aggregation, channels=8)
RLA_MOBILE = partial(RLA, source="branch", one_recurrence=True)
ECA = stateless(layers.eca)
RLA_RESNETS = {
    "rla": {},
    "rla_v1": {"variant": "v1"},
    "rla_v1post": {"variant": "v1post"},
    "rla_v2": {"variant": "v2"},
    "rla_v5": {"variant": "v5"},
    "rla_v6": {"variant": "v6"},
    "rla_branch": {"source": "branch"},
    "rla_head_only": {"head_only": True},
    "rla_unshared": {"unshared": True, "source": "branch"},
    "rla_lstm": {"variant": "lstm"},
    "rla_gru": {"variant": "gru"},
    "rla_odd": {},
}

NETWORKS = {
    "resnet": partial(networks.resnet, depth=11, attention=RAS),
    "resnet_plain": partial(networks.resnet, depth=20),
    "resnet_no_bn": partial(networks.resnet, depth=11, normalization=False),
    "resnet_no_skip": partial(networks.resnet, depth=11, skip=False),
    "preresnet": partial(networks.preresnet, depth=20, attention=DIA_NORMALIZED),
    "wrn": partial(networks.wrn, depth=16, widen_factor=2, attention=stateless(layers.se)),
    "resnext": partial(networks.resnext, depth=11, attention=ECA),
    "resnet_basic": partial(networks.basic_resnet, depth=14, projected=False),
    "resnet_basic_projection": partial(networks.basic_resnet, depth=14, projected=True),
    **{
        f"resnet_{name}": partial(networks.resnet, depth=20, aggregation=partial(RLA, **options))
        for name, options in RLA_RESNETS.items()
    },
    "resnet_basic_rla": partial(networks.basic_resnet, depth=8, projected=False, aggregation=RLA),
    "preresnet_rla": partial(networks.preresnet, depth=20, aggregation=RLA),
    "wrn_rla": partial(networks.wrn, depth=16, widen_factor=2, aggregation=RLA),
    "resnext_rla": partial(networks.resnext, depth=11, aggregation=RLA),
    "imagenet_resnet": partial(imagenet.imagenet_resnet, depth=18),
    "imagenet_resnet_rla": partial(imagenet.imagenet_resnet, depth=18, aggregation=RLA),
    "imagenet_resnet50_rla_eca": partial(
        imagenet.imagenet_resnet, depth=50, attention=ECA, aggregation=RLA
    ),
    "mobilenet_v2": imagenet.mobilenet_v2,
    "mobilenet_v2_rla": partial(imagenet.mobilenet_v2, aggregation=RLA_MOBILE),
    "xception": imagenet.xception,
    "xception_rla": partial(imagenet.xception, aggregation=RLA),
    "residual_attention": masks.residual_attention,
    "residual_attention_channel": partial(masks.residual_attention, mask="channel"),
    "residual_attention_spatial": partial(masks.residual_attention, mask="spatial"),
    "residual_attention_naive": partial(masks.residual_attention, naive=True),
    "imagenet_residual_attention": masks.imagenet_residual_attention,
    "wide_residual_attention": masks.wide_residual_attention,
    "wide_residual_attention_naive": partial(masks.wide_residual_attention, naive=True),
}
# Of what is not evaluated on 16x16 pixels.
NETWORK_SHAPES = {"resnet_rla_odd": (2, 17, 15, 3)} | {
    name: (2, 32, 32, 3)
    for name in NETWORKS
    if name.startswith(("imagenet", "mobilenet", "xception", "residual", "wide"))
}

PUBLISHED = {
    "resnet83": partial(networks.resnet, depth=83),
    "resnet164": partial(networks.resnet, depth=164),
    "resnet164_ras": partial(networks.resnet, depth=164, attention=RAS),
    "resnet164_se": partial(networks.resnet, depth=164, attention=stateless(layers.se)),
    "resnet164_cbam": partial(networks.resnet, depth=164, attention=stateless(layers.cbam)),
    "resnet164_eca": partial(networks.resnet, depth=164, attention=stateless(layers.eca)),
    "resnet164_sem": partial(networks.resnet, depth=164, attention=stateless(layers.sem)),
    "resnet164_spa": partial(networks.resnet, depth=164, attention=stateless(layers.spa)),
    "resnet164_dia": partial(networks.resnet, depth=164, attention=DIA_SHARED),
    "resnet164_no_bn": partial(networks.resnet, depth=164, normalization=False),
    "preresnet164": partial(networks.preresnet, depth=164),
    "preresnet164_dia": partial(networks.preresnet, depth=164, attention=DIA_NORMALIZED),
    "wrn52_4": partial(networks.wrn, depth=52, widen_factor=4),
    "wrn52_4_dia": partial(networks.wrn, depth=52, widen_factor=4, attention=DIA_NORMALIZED),
    "resnext101": partial(networks.resnext, depth=101),
    "resnext101_dia": partial(networks.resnext, depth=101, attention=DIA_SHARED),
}


class Recorder:
    """Returns the weights of `source` and remembers the paths and shapes asked for."""

    def __init__(self, source: Callable[[str, tuple[int, ...]], np.ndarray] = fixed):
        self.source = source
        self.shapes: dict[str, tuple[int, ...]] = {}

    def __call__(self, path: str, shape: tuple[int, ...]) -> np.ndarray:
        if self.shapes.setdefault(path, shape) != shape:
            raise ValueError(f"{path} has shape {self.shapes[path]}, not {shape}.")
        return self.source(path, shape)

    def counts(self) -> dict[str, int]:
        """The number of all parameters and of those that training changes."""
        sizes = {path: math.prod(shape) for path, shape in self.shapes.items()}
        moving = sum(size for path, size in sizes.items() if "/moving_" in path)
        total = sum(sizes.values())
        return {"total": total, "trainable": total - moving}


def layer_output(name: str, weights: layers.Weights) -> np.ndarray:
    """The output of a layer case; DIA's is that of the last of its three maps."""
    module, options = LAYERS[name]
    if module is not layers.dia:
        return module(fixed_map(LAYER_SHAPES.get(name, MAP)), weights, **options)
    state = None
    for path in DIA_MAPS:
        output, state = module(fixed_map(MAP, path), weights, state, **options)
    return output


def layer_case(name: str) -> dict:
    """Every fourth row and column and second channel of a layer's output, and its means."""
    recorder = Recorder()
    output = layer_output(name, recorder)
    return {
        "input": output.shape,
        "options": LAYERS[name][1],
        "weights": recorder.shapes,
        "pixels": rounded(output[:, ::4, ::4, ::2]),
        "mean": rounded(output.mean(axis=(1, 2))),
    }


def network_case(name: str) -> dict:
    """The probabilities of a network, and the digest and the counts of its weights."""
    recorder = Recorder()
    shape = NETWORK_SHAPES.get(name, IMAGES)
    probabilities = NETWORKS[name](fixed_images(shape), recorder)
    return {
        "input": shape,
        "weights": digest(recorder.shapes),
        **recorder.counts(),
        "probabilities": rounded(probabilities),
    }


def digest(shapes: dict[str, tuple[int, ...]]) -> str:
    """Of the weights' paths and shapes, in whatever order they come."""
    lines = sorted(f"{path} {list(shape)}" for path, shape in shapes.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def published_case(name: str, classes: int) -> dict[str, int]:
    """The parameter counts of a network at its published depth."""
    recorder = Recorder(lambda path, shape: np.zeros(shape))
    PUBLISHED[name](np.zeros((1, 4, 4, 3)), recorder, classes=classes)
    return recorder.counts()


def rounded(values: np.ndarray) -> list:
    """The numbers with 8 significant digits, nested as in the array."""
    if values.ndim:
        return [rounded(value) for value in values]
    return float(f"{values:.8g}")


def golden() -> dict[str, dict]:
    """All cases: {"layers": ..., "networks": ..., "published": {classes: ...}}."""
    return {
        "layers": {name: layer_case(name) for name in LAYERS},
        "networks": {name: network_case(name) for name in NETWORKS},
        "published": {
            str(classes): {name: published_case(name, classes) for name in PUBLISHED}
            for classes in (10, 100)
        },
    }


def main() -> None:
    """Writes the cases, one a line."""
    sections = []
    for section, cases in golden().items():
        lines = [f"{json.dumps(name)}:{compact(case)}" for name, case in cases.items()]
        sections.append(f"{json.dumps(section)}:{{\n" + ",\n".join(lines) + "\n}")
    GOLDEN.write_text("{" + ",\n".join(sections) + "}\n")


def compact(value: dict) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    main()
