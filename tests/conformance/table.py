"""One row for every attention layer and every network; the tests run down both tables."""

from dataclasses import dataclass, field

BEFORE_A_NORMALIZATION = "a following batch normalization removes its shift and scale"


@dataclass(frozen=True)
class Row:
    """What the tests need to know of a layer or a network.

    Attributes:
        name: in the registry.
        golden: constructor arguments for each case of golden.json; the tests
            that need but one layer or network take the first.
        no_gradient: for the first case, paths of trainable weights that can have
            no gradient, and the reason.
    """

    name: str
    golden: dict[str, dict]
    no_gradient: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> dict:
        return next(iter(self.golden.values()))

    def __str__(self):
        return self.name


LAYERS = [
    Row(
        "ras",
        {
            "ras": {},
            "ras_released": {"normalize_input": False},
            "ras_unshared": {"normalize_input": False, "shared": False},
            "ras_shared_connection": {"k": 3, "shared_connection": True},
        },
        {
            "connection0/gamma": BEFORE_A_NORMALIZATION,
            "connection0/beta": BEFORE_A_NORMALIZATION,
        },
    ),
    Row("se", {"se": {"reduction_ratio": 4}, "se_k3": {"reduction_ratio": 4, "k": 3}}),
    Row("eca", {"eca": {}, "eca_k2": {"kernel_size": 5, "k": 2}}),
    Row("cbam", {"cbam": {"reduction_ratio": 4}}),
    Row("sem", {"sem": {"reduction_ratio": 4}}),
    Row(
        "spa",
        {
            "spa": {"reduction_ratio": 4},
            "spa_k2": {"reduction_ratio": 4, "k": 2},
            "spa_odd": {"reduction_ratio": 4},
        },
    ),
    Row(
        "dia",
        {
            "dia": {},
            "dia_tanh": {"activation": "tanh"},
            "dia_cells2": {"cells": 2},
        },
    ),
    Row("dia_se", {"se": {"reduction_ratio": 4}}),
]

NETWORKS = [
    Row(
        "resnet",
        {
            "resnet": {"depth": 11, "attention_config": {"normalize_input": False}},
            "resnet_plain": {"depth": 20, "attention": None},
            "resnet_no_bn": {"depth": 11, "attention": None, "batch_norm": False},
            "resnet_no_skip": {"depth": 11, "attention": None, "skip": False},
        },
    ),
    Row("preresnet", {"preresnet": {"depth": 20, "attention": "dia"}}),
    Row("wrn", {"wrn": {"depth": 16, "widen_factor": 2, "attention": "se"}}),
    Row("resnext", {"resnext": {"depth": 11, "attention": "eca"}}),
]
