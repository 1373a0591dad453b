"""A recipe as flags and as JSON, there and back."""

import json

import pytest

from ras_keras.commands.benchmarks.pipeline import BenchmarkData
from ras_keras.commands.line.flags import parse, parse_with_recipe
from ras_keras.commands.train import Train
from ras_keras.commands.tune import Tune
from ras_keras.errors import UserError
from ras_keras.layers import make_attention
from ras_keras.recipes.starts import to_flags
from ras_keras.training import RECIPES, Recipe, check_recipe, resolve
from tests.recipes import option

CHANGED = Recipe("quick").replace(
    dataset="cifar10",
    data_dir="somewhere",
    download=True,
    weights="start.keras",
    schedule_factor=0.2,
    momentum=0.8,
    image_size=48,
    evaluation_resize=50,
    stream=True,
    strict=True,
    crop_scale=0.2,
    crop_ratio=1.5,
    color_jitter=0.4,
    validation_split=0.3,
    training_images=100,
    imports=("mine", "yours"),
    model="wrn:attention_stages=1+3,dropout=0.2,widen_factor=2",
    depth=29,
    attention="ras:k=3,connection=tanh,gamma_initializer=0.25,shared=False",
    aggregation="rla:channels=8",
    epochs=7,
    batch_size=64,
    learning_rate=0.05,
    schedule=(3, 5),
    weight_decay=5e-4,
    clip_norm=2.5,
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
    weights_rate=0.5,
    freeze=True,
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


def test_a_depth_goes_into_another_family_that_has_it(tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps(resolve(RECIPES["quick"]).to_dict()))
    for recipe in ("quick", str(file)):

        def depth(*flags, recipe=recipe):
            flags = ["--recipe", recipe, *flags]
            return parse_with_recipe(Train, flags, "train").recipe.network.depth

        assert depth("--model", "resnet:block=basic") == 20
        assert depth("--model", "preresnet") == 20
        for family in ("mobilenet_v2", "wrn", "saved"):
            assert depth("--model", family) is None
        assert depth("--model", "wrn", "--depth", "20") == 20


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


def test_only_ras_starts_from_a_gamma():
    for name in ("quick", "strong"):
        for attention, gamma in (("ras", 0.1), ("se", None), ("none", None)):
            recipe = parse_with_recipe(
                Train, ["--recipe", name, "--attention", attention], "train"
            ).recipe
            assert option(recipe, "gamma_initializer") == gamma
            check_recipe(recipe)
