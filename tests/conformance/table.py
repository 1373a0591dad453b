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
        aggregated: the case of a network with aggregation that the tests take
            beside the first.
        size: of the images that a network is tested with.
        stride: at which a network's last map works.
        learning_rate: at which four steps lower the loss.
        shows: what a layer can be asked for beside its output: its gate of channels, its map
            of places.
        starts_as_identity: whether the first case can start so; a text says why not.
        any_size: whether a layer takes maps of a size that is not known.
        slow: whether a network takes long: one test alone is then of the quick tier.
        large: whether it is one of the deepest, which take minutes to train or to convert.
    """

    name: str
    golden: dict[str, dict]
    no_gradient: dict[str, str] = field(default_factory=dict)
    aggregated: str | None = None
    size: int = 16
    stride: int = 4
    learning_rate: float = 0.01
    shows: tuple[str, ...] = ("gate",)
    starts_as_identity: bool | str = True
    any_size: bool = True
    slow: bool = False
    large: bool = False

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
    Row(
        "ge",
        {
            "ge_learned": {"extent": 4, "learned": True},
            "ge": {},
            "ge_extent": {"extent": 4},
            "ge_plus": {"learned": True, "reduction_ratio": 4},
        },
        shows=("attention_map",),
    ),
    Row(
        "gc",
        {
            "gc": {"reduction_ratio": 4},
            "gc_multiply": {"reduction_ratio": 4, "fusion": "multiply"},
        },
        {"places/bias": "a softmax removes it"},
        shows=("attention_map",),
    ),
    Row(
        "bam",
        {
            "bam": {"reduction_ratio": 4},
            "bam_product": {"reduction_ratio": 4, "dilation": 2, "combination": "product"},
        },
        dict.fromkeys(("reduce/bias", "dilated1/bias", "dilated2/bias"), BEFORE_A_NORMALIZATION),
        shows=("attention_map",),
    ),
    Row(
        "coordinate",
        {"coordinate": {"reduction_ratio": 8}},
        {"reduce/bias": BEFORE_A_NORMALIZATION},
        shows=("attention_map",),
    ),
    Row(
        "simam",
        {"simam": {}},
        shows=("attention_map",),
        starts_as_identity="has no weights",
    ),
    Row("srm", {"srm": {}}),
    Row(
        "fca",
        {
            "fca": {"reduction_ratio": 4},
            "fca_wide": {"frequencies": 4, "reduction_ratio": 4},
        },
        any_size=False,
    ),
    Row("gct", {"gct": {}}),
    Row("triplet", {"triplet": {"kernel_size": 5}}, shows=("attention_map",)),
    Row(
        "shuffle",
        {"shuffle": {}, "shuffle_groups": {"groups": 2}},
        shows=("attention_map",),
        starts_as_identity="permutes the channels",
    ),
    Row("iebn", {"iebn": {}}),
    Row("channel_scale", {"channel_scale": {}}),
]


def rla(**options) -> dict:
    """Arguments of a network with an aggregation of 8 channels and no attention."""
    return {
        "attention": None,
        "aggregation": "rla",
        "aggregation_config": {"channels": 8, **options},
    }


NETWORKS = [
    Row(
        "resnet",
        {
            "resnet": {"depth": 11, "attention_config": {"normalize_input": False}},
            "resnet_plain": {"depth": 20, "attention": None},
            "resnet_no_bn": {"depth": 11, "attention": None, "batch_norm": False},
            "resnet_no_skip": {"depth": 11, "attention": None, "skip": False},
            "resnet_basic": {"depth": 14, "block": "basic", "attention": None},
            "resnet_basic_projection": {
                "depth": 14,
                "block": "basic",
                "shortcut": "projection",
                "attention": None,
            },
            "resnet_rla": {"depth": 20, **rla()},
            "resnet_rla_v1": {"depth": 20, **rla(variant="v1")},
            "resnet_rla_v1post": {"depth": 20, **rla(variant="v1post")},
            "resnet_rla_v2": {"depth": 20, **rla(variant="v2")},
            "resnet_rla_v5": {"depth": 20, **rla(variant="v5")},
            "resnet_rla_v6": {"depth": 20, **rla(variant="v6")},
            "resnet_rla_branch": {"depth": 20, **rla(update_from="branch")},
            "resnet_rla_head_only": {"depth": 20, **rla(head_only=True)},
            "resnet_rla_unshared": {"depth": 20, **rla(shared="none")},
            "resnet_rla_lstm": {"depth": 20, **rla(cell="lstm")},
            "resnet_rla_gru": {"depth": 20, **rla(cell="gru")},
            "resnet_rla_odd": {"depth": 20, **rla()},
            "resnet_basic_rla": {"depth": 8, "block": "basic", **rla()},
        },
        aggregated="resnet_basic_rla",
    ),
    Row(
        "preresnet",
        {
            "preresnet": {"depth": 20, "attention": "dia"},
            "preresnet_rla": {"depth": 20, **rla()},
        },
        aggregated="preresnet_rla",
    ),
    Row(
        "wrn",
        {
            "wrn": {"depth": 16, "widen_factor": 2, "attention": "se"},
            "wrn_rla": {"depth": 16, "widen_factor": 2, **rla()},
        },
        aggregated="wrn_rla",
    ),
    Row(
        "resnext",
        {
            "resnext": {"depth": 11, "attention": "eca"},
            "resnext_rla": {"depth": 11, **rla()},
        },
        aggregated="resnext_rla",
    ),
    Row(
        "imagenet_resnet",
        {
            "imagenet_resnet": {"depth": 18},
            "imagenet_resnet_rla": {"depth": 18, **rla()},
            "imagenet_resnet50_rla_eca": {"depth": 50, **rla(), "attention": "eca"},
        },
        aggregated="imagenet_resnet_rla",
        size=32,
        stride=32,
        slow=True,
    ),
    Row(
        "mobilenet_v2",
        {"mobilenet_v2": {}, "mobilenet_v2_rla": rla()},
        {"project_bn/beta": BEFORE_A_NORMALIZATION},
        aggregated="mobilenet_v2_rla",
        size=64,
        stride=32,
        slow=True,
    ),
    Row(
        "xception",
        {"xception": {}, "xception_rla": rla()},
        aggregated="xception_rla",
        size=64,
        stride=32,
        slow=True,
        large=True,
    ),
    Row(
        "residual_attention",
        {
            "residual_attention": {},
            "residual_attention_channel": {"mask": "channel"},
            "residual_attention_spatial": {"mask": "spatial"},
            "residual_attention_naive": {"learning": "naive"},
        },
        size=32,
        slow=True,
    ),
    Row(
        "imagenet_residual_attention",
        {"imagenet_residual_attention": {}},
        size=32,
        stride=32,
        slow=True,
        large=True,
    ),
    Row(
        "wide_residual_attention",
        {
            "wide_residual_attention_naive": {"learning": "naive"},
            "wide_residual_attention": {},
        },
        dict.fromkeys(("stem_conv/bias", "_1_conv/bias", "_2_conv/bias"), BEFORE_A_NORMALIZATION),
        size=32,
        stride=8,
        learning_rate=1e-4,
        slow=True,
        large=True,
    ),
]
