"""Values that no recipe can have."""

import pytest

from ras_keras.commands.line.flags import parse
from ras_keras.commands.reproduce import Reproduce
from ras_keras.commands.train import Train
from ras_keras.commands.tune import Tune
from ras_keras.errors import UserError
from ras_keras.training import RECIPES, check_recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"recipe": "qick"},
            "`recipe` must be one of .*, quick, .* Received: 'qick'. The nearest is 'quick'",
        ),
        ({"depth": 50}, "`depth` must be .* nearest are 47 and 56. Received: depth=50"),
        ({"k": 0}, "`k` must be an integer >= 1. Received: k=0"),
        ({"k": -1}, "Received: k=-1"),
        ({"attention": "sse"}, "`attention` must be one of none, ras, se, .* Received: 'sse'"),
        (
            {"attention": "ras:connection=batchnorm"},
            "connection=batchnorm': connection must be None or one of batch_norm, affine, rational",
        ),
        (
            {"aggregation": "rla:channels=0"},
            "aggregation='rla:channels=0': channels must be an integer >= 1. Received: channels=0",
        ),
        (
            {"aggregation": "rla:variant=v9"},
            "aggregation='rla:variant=v9': variant must be one of released, v1",
        ),
        ({"aggregation": "rlaa"}, "`aggregation` must be one of none, rla. .* nearest is 'rla'"),
        (
            {"model": "residual_attention", "depth": 56, "aggregation": "rla"},
            "`aggregation` must be None in a residual attention network",
        ),
        ({"model": "mobilenet_v2", "depth": 20}, "depth=20 says nothing to mobilenet_v2"),
        ({"precision": "bfloat16"}, "`precision` must be one of float32, mixed_bfloat16"),
        ({"protocol": "heldout"}, "`protocol` .* The nearest is 'held-out'"),
        ({"jit": "yes"}, "`jit` must be one of auto, on, off"),
        ({"epochs": 0}, "`epochs` must be >= 1. Received: 0"),
        ({"batch_size": 0}, "`batch_size` must be >= 1. Received: 0"),
        ({"learning_rate": 0.0}, "`learning_rate` must be > 0"),
        ({"learning_rate": float("nan")}, "`learning_rate` must be > 0. Received: nan"),
        ({"momentum": 1.0}, r"`momentum` must be in \[0, 1\)"),
        ({"weight_decay": -1.0}, "`weight_decay` must be >= 0"),
        ({"validation_split": 1.0}, r"`validation_split` must be in \[0, 1\)"),
        ({"schedule": (8, 5)}, r"`schedule` must be rising epochs >= 1. Received: \(8, 5\)"),
        ({"schedule": (0,)}, "`schedule` must be rising"),
        ({"schedule": (-5, 8)}, "`schedule` must be rising"),
        ({"seed": -1}, "`seed` must be >= 0. Received: -1"),
        ({"decay": "cosin"}, "`decay` must be one of step, cosine. .* nearest is 'cosine'"),
        ({"warmup_epochs": -1}, "`warmup_epochs` must be >= 0. Received: -1"),
        ({"crop_padding": -1}, "`crop_padding` must be >= 0"),
        ({"cutout": -1}, "`cutout` must be >= 0"),
        ({"cutmix": float("nan")}, "`cutmix` must be >= 0. Received: nan"),
        ({"cutmix": 0.5, "cutout": 8}, "cutout=8 and cutmix=0.5 exclude each other; set one"),
        ({"label_smoothing": 1.0}, r"`label_smoothing` must be in \[0, 1\)"),
        ({"average_weights": 1.0}, r"`average_weights` must be in \[0, 1\). Received: 1.0"),
        ({"weights": "missing.keras"}, "missing.keras: no such file"),
        ({"dataset": "cifar11"}, "'cifar11' is unknown"),
    ],
)
def test_refuses(change, message):
    with pytest.raises(UserError, match=message) as error:
        check_recipe(RECIPES["paper"].replace(**change))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("cls", "flags", "named"),
    [
        (Train, ["--epochs", "100000000000000"], "`epochs` must be at most"),
        (Train, ["--explain-every", "100000000000000"], "`explain_every` must be at most"),
        (Tune, ["--workers", "1000000000"], "`workers` must be at most 1,000"),
        (Tune, ["--trials", "100000000000000"], "`trials` must be at most"),
        (Reproduce, ["table1", "--seeds", "100000000000000"], "`seeds` must be at most 1,000"),
    ],
)
def test_numbers_that_nothing_counts_to(cls, flags, named):
    with pytest.raises(UserError, match=named):
        parse(cls, flags, "program")


def test_epochs_are_an_integer():
    for value in ("1e23", "nan", "inf"):
        with pytest.raises(UserError, match=f"--epochs must be an integer. Received: '{value}'"):
            parse(Train, ["--epochs", value], "train")
