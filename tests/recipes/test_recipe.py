import json
import math
import shlex

import keras
import pytest

from ras_keras.commands.benchmark import BenchmarkData
from ras_keras.commands.line.flags import parse, parse_with_recipe
from ras_keras.commands.reproduce import Reproduce
from ras_keras.commands.train import Train
from ras_keras.commands.tune import Tune
from ras_keras.errors import UserError
from ras_keras.layers import ATTENTION, make_attention, register
from ras_keras.papers.published import published_results
from ras_keras.recipes.named import NAMED, Figure
from ras_keras.recipes.recipe import difference
from ras_keras.recipes.resolving import located
from ras_keras.recipes.starts import to_flags
from ras_keras.training import RECIPES, Recipe, check_recipe, resolve
from ras_keras.training.least_network import least_network
from ras_keras.values.options import name_of
from tests.recipes import option

CHANGED = Recipe("quick").replace(
    dataset="cifar10",
    data_dir="somewhere",
    download=True,
    weights="start.keras",
    schedule_factor=0.2,
    momentum=0.8,
    image_size=48,
    validation_split=0.3,
    training_images=100,
    imports=("mine", "yours"),
    model="wrn:attention_stages=1+3,dropout=0.2,widen_factor=2",
    depth=29,
    attention="ras:k=3,connection=tanh,gamma_initializer=0.25,shared=False",
    epochs=7,
    batch_size=64,
    learning_rate=0.05,
    schedule=(3, 5),
    weight_decay=5e-4,
    seed=9,
    protocol="paper",
    precision="mixed_bfloat16",
    jit="off",
    steps_per_execution=4,
    crop_padding=0,
    mirror=False,
    cutout=8,
    cutmix=0.5,
    label_smoothing=0.2,
    decay="cosine",
    warmup_epochs=2,
    nesterov=True,
    average_weights=0.99,
)


LIKE_A_FLAG = RECIPES["quick"].replace(dataset="folder:x", data_dir="-photos")


@pytest.mark.parametrize("recipe", [*RECIPES.values(), CHANGED, LIKE_A_FLAG])
def test_to_flags_and_back(recipe):
    found = parse_with_recipe(Train, to_flags(recipe), "train").recipe
    # `==` passes over where the data lie.
    assert found.to_dict() == recipe.to_dict()


@pytest.mark.parametrize("recipe", [*RECIPES.values(), CHANGED])
def test_to_json_and_back(recipe):
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_every_field_is_a_flag():
    """`CHANGED` differs from its base in every field, and each is in its flags."""
    flags = to_flags(CHANGED)
    for name in (name.replace("_", "-") for name in CHANGED.values()):
        assert f"--{name}" in flags or f"--no-{name}" in flags
    recipe = parse(Train, ["--epochs=3", "--schedule=2"], "train").recipe
    assert (recipe.optimization.epochs, recipe.optimization.schedule) == (3, (2,))


def test_the_paper():
    recipe = Recipe()
    assert recipe == RECIPES["paper"]
    check_recipe(recipe)
    rates = {
        epoch: recipe.optimization.learning_rate_at(epoch) for epoch in (0, 80, 81, 121, 122, 163)
    }
    expected = {0: 0.1, 80: 0.1, 81: 0.01, 121: 0.01, 122: 0.001, 163: 0.001}
    assert rates == pytest.approx(expected)
    assert (
        resolve(recipe).network.depth,
        recipe.network.attention,
        recipe.optimization.epochs,
    ) == (164, "ras", 164)
    assert (recipe.optimization.momentum, recipe.optimization.weight_decay) == (0.9, 1e-4)


def test_cosine_decay_after_a_warm_up():
    recipe = Recipe().replace(decay="cosine", warmup_epochs=5, epochs=200, learning_rate=0.2)
    rates = [recipe.optimization.learning_rate_at(epoch) for epoch in range(200)]
    assert rates[:6] == pytest.approx([0.2 * part / 6 for part in range(1, 7)])
    assert rates[5 + 195 // 3] == pytest.approx(0.2 * 0.75)
    assert rates[199] == pytest.approx(0.1 * (1 - math.cos(math.pi / 195)))
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert 0 < rates[-1] < 1.5e-5
    # Not even the warm-up is over.
    short = recipe.replace(epochs=2).optimization
    assert [short.learning_rate_at(epoch) for epoch in (0, 1)] == pytest.approx(rates[:2])


def test_a_warm_up_before_steps():
    recipe = Recipe().replace(schedule=(3, 5), warmup_epochs=3)
    rates = [recipe.optimization.learning_rate_at(epoch) for epoch in range(6)]
    assert rates == pytest.approx([0.025, 0.05, 0.075, 0.01, 0.01, 0.001])


def test_flags_of_an_optional_bool():
    def mirror(*flags):
        return parse_with_recipe(Train, flags, "train").recipe.data.mirror

    assert mirror() is None
    assert mirror("--mirror") is mirror("--mirror", "True") is mirror("--mirror=True") is True
    assert mirror("--mirror", "--epochs", "3") is True
    assert mirror("--no-mirror") is mirror("--mirror", "False") is mirror("--no_mirror") is False
    assert mirror("--mirror", "None") is None
    with pytest.raises(UserError, match="unknown flag --no-miror; the nearest is --no-mirror"):
        mirror("--no-miror")


def test_strong_is_paper_trained_otherwise():
    paper, strong = RECIPES["paper"], RECIPES["strong"]
    check_recipe(strong)
    assert (strong.network.depth, strong.network.attention_arguments()[0]) == (
        paper.network.depth,
        "ras",
    )
    assert strong.optimization.learning_rate_at(199) < 1e-4 * strong.optimization.learning_rate


@pytest.mark.parametrize(
    ("flags", "name", "epochs", "schedule", "factor", "decay"),
    [
        ([], "ras-resnet164", 164, (81, 122), 0.1, 1e-4),
        (["--attention", "se"], "ras-resnet164", 164, (81, 122), 0.1, 1e-4),
        (["--attention=dia"], "dianet-resnet164", 180, (60, 120), 0.1, 1e-4),
        (
            ["--model", "preresnet", "--attention", "dia"],
            *("dianet-preresnet164", 164, (81, 122), 0.1, 1e-4),
        ),
        (["--model", "wrn"], "dianet-wrn52-4", 200, (80, 120, 160), 0.2, 5e-4),
        (["--model", "resnext"], "dianet-resnext101-8x32", 300, (150, 225), 0.1, 5e-4),
        (
            ["--model", "wrn", "--epochs", "7"],
            *("dianet-wrn52-4", 7, (80, 120, 160), 0.2, 5e-4),
        ),
    ],
)
def test_the_paper_of_each_network(flags, name, epochs, schedule, factor, decay):
    """The RAS paper's ResNet, and the networks of the DIANet paper's appendix."""
    recipe = parse_with_recipe(Train, ["--recipe", "paper", *flags], "train").recipe
    assert recipe.recipe == name
    assert (recipe.optimization.epochs, recipe.optimization.schedule) == (epochs, schedule)
    assert (recipe.optimization.schedule_factor, recipe.optimization.weight_decay) == (
        factor,
        decay,
    )
    assert (recipe.optimization.learning_rate, resolve(recipe).optimization.batch_size) == (
        0.1,
        128,
    )
    check_recipe(recipe)
    again = parse_with_recipe(Train, to_flags(recipe), "train").recipe
    assert again == recipe


@pytest.mark.parametrize("name", NAMED)
def test_a_named_recipe_is_trained_by_its_command_and_has_the_papers_figures(name):
    named = NAMED[name]
    recipe = parse_with_recipe(Train, shlex.split(named.command), "train").recipe
    assert recipe.recipe == name
    check_recipe(recipe.replace(dataset="digits"))
    depth = str(recipe.network.arguments()["depth"])
    figures = [
        Figure(each.table, each.dataset, float(each.value))
        for each in published_results()
        if (each.recipe, each.depth) == (name, depth)
        and name_of(each.module) == recipe.network.attention_name
        and each.value != "diverged"
    ]
    assert {*named.published} <= {*figures}
    assert bool(named.paper) == bool(named.published) == (name not in ("quick", "strong"))


class Mine(keras.layers.Layer):
    """A user's own; its options are those of its constructor, with their types."""

    def __init__(self, strength: float = 1.0, order=2, kind: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.options = {"strength": strength, "order": order, "kind": kind}

    def call(self, x):
        return x

    def get_config(self):
        return super().get_config() | self.options


@pytest.fixture
def mine():
    register("mine", Mine)
    yield
    del ATTENTION["mine"]


@pytest.mark.parametrize(
    ("attention", "expected"),
    [
        ("mine", {}),
        ("mine:strength=2,order=3,kind=x", {"strength": 2.0, "order": 3, "kind": "x"}),
        ("mine:kind=none", {"kind": None}),
        ("dia:cells=2,dropout=0.5", {"cells": 2, "dropout": 0.5}),
        ("eca:kernel_size=none,k=2", {"k": 2, "kernel_size": None}),
        ("ras:shared=false,connection=tanh", {"shared": False, "connection": "tanh"}),
        ("ras:gamma_initializer=ones,k=3", {"k": 3, "gamma_initializer": "ones"}),
        ("cbam:normalize_spatial=False,kernel_size=3", {"normalize_spatial": False}),
    ],
)
def test_an_attention_takes_the_options_of_its_constructor(mine, attention, expected):
    recipe = RECIPES["quick"].replace(depth=11, attention=attention)
    check_recipe(recipe)
    found = recipe.network.attention_arguments()[1]
    assert expected.items() <= found.items()
    assert [type(found[name]) for name in expected] == [*map(type, expected.values())]


@pytest.mark.parametrize(
    ("attention", "says"),
    [
        ("mine:strength=much", "strength must be a number. Received: 'much'"),
        ("mine:order=2.5", "order must be an integer. Received: '2.5'"),
        ("mine:stregth=1", "must be one of strength, order, kind, k. .* nearest is 'strength'"),
        ("mine:strength", "strength is no option; write mine:OPTION=VALUE"),
        ("mine:order=1,order=2", "gives order twice"),
    ],
)
def test_options_of_a_layer_of_ones_own_that_are_none(mine, attention, says):
    with pytest.raises(UserError, match=says):
        check_recipe(RECIPES["quick"].replace(attention=attention))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("resnext:cardinality=4,base_width=16", {"cardinality": 4, "base_width": 16}),
        ("wrn:widen_factor=1,dropout=0", {"widen_factor": 1, "dropout": 0.0}),
        ("resnet:attention_stages=1+3,skip=False", {"attention_stages": (1, 3), "skip": False}),
    ],
)
def test_a_model_takes_the_options_of_its_function(model, expected):
    recipe = RECIPES["quick"].replace(depth=None, model=model)
    assert expected.items() <= recipe.network.arguments().items()
    assert least_network(recipe.network).count_params() > 0


def test_a_recipe_from_a_file(tmp_path):
    """Of a run or of a search; what is typed overrides it, options one by one."""
    file = tmp_path / "recipe.json"
    stored = resolve(RECIPES["quick"].replace(depth=11, attention="ras:k=3,shared=False"))
    file.write_text(json.dumps(stored.to_dict()))

    def read(*flags):
        return parse_with_recipe(Train, ["--recipe", str(file), *flags], "train").recipe

    assert read() == stored
    assert read("--epochs", "5") == stored.replace(epochs=5)
    assert read("--k", "2").network.attention == "ras:k=2,shared=False"
    assert read("--attention", "ras:shared=True").network.attention == "ras:k=3,shared=True"
    assert read("--attention", "ras:k=").network.attention == "ras:shared=False"
    assert read("--attention", "se").network.attention == "se"
    assert parse_with_recipe(Train, to_flags(read("--epochs", "5")), "t").recipe == read(
        "--epochs", "5"
    )
    for cls, flags in ((Tune, ["--search", "k"]), (BenchmarkData, [])):
        assert parse_with_recipe(cls, [f"--recipe={file}", *flags], "t").recipe == stored
    with pytest.raises(UserError, match=r"nowhere\.json cannot be read"):
        parse_with_recipe(Train, ["--recipe", "nowhere.json"], "train")


def test_only_ras_starts_from_a_gamma():
    for name in ("quick", "strong"):
        for attention, gamma in (("ras", 0.1), ("se", None), ("none", None)):
            recipe = parse_with_recipe(
                Train, ["--recipe", name, "--attention", attention], "train"
            ).recipe
            assert option(recipe, "gamma_initializer") == gamma
            check_recipe(recipe)


def test_attention_flags_reach_the_layer():
    """RAS's Table 3 and its explicit and implicit recurrence are flags."""
    flags = ["--attention", "se:shared=False,shared_connection=True", "--k", "3"]
    recipe = parse_with_recipe(Train, flags, "train").recipe
    layer = make_attention(*recipe.network.attention_arguments())
    assert (layer.k, layer.shared, layer.shared_connection) == (3, False, True)
    assert (layer.normalize_input, layer.connection) == (False, "batch_norm")
    recipe = parse_with_recipe(
        Train, ["--attention", "ras:connection=none,normalize_input=true"], "t"
    ).recipe
    layer = make_attention(*recipe.network.attention_arguments())
    assert (layer.k, layer.normalize_input, layer.connection) == (2, True, None)


def test_resolve():
    assert resolve(Recipe().replace(model="wrn")).network.depth == 52
    assert resolve(Recipe()).optimization.batch_size == 128
    assert resolve(Recipe().replace(dataset="stl10")).optimization.batch_size == 16
    assert resolve(Recipe().replace(dataset="stl10", batch_size=32)).optimization.batch_size == 32
    assert resolve(Recipe().replace(protocol="paper")).data.validation_split == 0
    assert resolve(Recipe()).execution.precision == "float32", "on a machine without a GPU"


def test_a_run_remembers_where_its_data_lay(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", "prepared")
    assert resolve(Recipe().replace(dataset="cifar10")).data.data_dir == "prepared"
    assert resolve(Recipe().replace(dataset="cifar10", data_dir="mine")).data.data_dir == "mine"
    assert resolve(Recipe().replace(dataset="digits")).data.data_dir is None
    assert resolve(Recipe().replace(dataset="cifar10")) == resolve(
        Recipe().replace(dataset="cifar10", data_dir="x")
    )


def test_a_recipe_is_located_wherever_it_is_read(tmp_path, monkeypatch):
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for dataset, data_dir in (
        ("folder:pets", None),
        ("folder:~/pets/", None),
        ("folder:pets/../pets", None),
        ("folder:old", "pets"),
        (f"folder:{tmp_path}/pets", None),
    ):
        recipe = located(Recipe().replace(dataset=dataset, data_dir=data_dir))
        assert (recipe.data.dataset, recipe.data.data_dir) == (
            "folder:pets",
            str(tmp_path / "pets"),
        )
        assert located(recipe).to_dict() == recipe.to_dict()
    assert located(Recipe().replace(dataset="cifar10", data_dir="x")).data.data_dir == str(
        tmp_path / "x"
    )
    assert located(Recipe().replace(dataset="cifar10", data_dir="gs://x")).data.data_dir == "gs://x"
    assert located(Recipe()).data.data_dir is None


def test_recipes_of_folders_are_equal_wherever_these_lie():
    one, other = (
        Recipe().replace(dataset="folder:a"),
        Recipe().replace(dataset="folder:b", data_dir="c"),
    )
    assert one == other
    assert hash(one) == hash(other)
    assert one != Recipe().replace(dataset="cifar10")
    assert one != one.replace(image_size=8)
    changed = other.replace(image_size=8)
    assert difference(one, changed) == "image_size None there, 8 here"
    assert difference(Recipe(), one) == "dataset digits there, folder:a here"


def test_milestones_beyond_the_end_are_allowed():
    check_recipe(Recipe().replace(epochs=5, schedule=(81, 122)))


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
