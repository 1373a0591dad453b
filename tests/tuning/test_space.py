"""Spaces as flags describe them, and the recipes at their points."""

import keras_tuner as kt
import pytest

from ras_keras.errors import UserError
from ras_keras.models.registry import MODELS
from ras_keras.recipes.starts import with_attention
from ras_keras.training import RECIPES, check_recipe
from ras_keras.tuning.domains import Choices, Range, parse_domain
from ras_keras.tuning.make_space import DEFAULTS, make_space
from tests.recipes import option

QUICK = RECIPES["quick"]


def test_values_and_ranges():
    assert parse_domain("k", int, "1,2,2").values == (1, 2)
    assert parse_domain("normalize_input", bool, "true,False").values == (True, False)
    assert parse_domain("k", int, "1:4").points() == (1, 2, 3, 4)
    assert parse_domain("batch_size", int, "8:32:log").points() == (8, 11, 16, 23, 32)
    rates = parse_domain("learning_rate", float, "0.01:1:log")
    assert rates == Range(0.01, 1.0, log=True, integer=False)
    assert rates.points() == (0.01, 0.03162, 0.1, 0.3162, 1.0)
    # So few integers that a search can come to their end.
    assert str(parse_domain("k", int, "1:4")) == str(parse_domain("k", int, "1:4:log")) == "1,2,3,4"
    for text in ("1,2", "1:40", "2:80:log"):
        assert str(parse_domain("k", int, text)) == text


def test_what_keras_tuner_proposes_becomes_the_value():
    assert Choices((True, False)).settle(1) is True
    assert Range(0.01, 1.0, True, False).settle(0.0431199766) == 0.04312
    assert Range(8, 32, True, True).settle(11) == 11


def test_out_of_the_box_k_is_one_to_four():
    space = make_space(QUICK, ["k"], [])
    assert list(space.points()) == [{"k": 1}, {"k": 2}, {"k": 3}, {"k": 4}]
    assert space.size() == 4


def test_every_default_is_valid():
    names = [name for name in DEFAULTS if name not in ("attention", "depth")]
    space = make_space(QUICK, names, [])
    for name, domain in space.domains.items():
        check_recipe(space.recipe({name: domain.points()[-1]}))


@pytest.mark.parametrize("model", [name for name in MODELS if MODELS[name].depths_of])
def test_every_default_depth_is_one_of_the_model(model):
    fixed = QUICK.replace(model=model, depth=None)
    for point in make_space(fixed, ["depth"], []).points():
        MODELS[model].depths({}).check(point["depth"])


@pytest.mark.parametrize(
    ("model", "depths"),
    [
        ("resnet:block=basic", [20, 56, 164]),
        ("imagenet_resnet:base_width=4,cardinality=32", [50, 101]),
    ],
)
def test_default_depths_follow_the_options_of_the_model(model, depths):
    fixed = QUICK.replace(model=model, depth=None)
    points = make_space(fixed, ["depth"], []).points()
    assert [point["depth"] for point in points] == depths


def test_options_go_with_the_attentions_that_take_them():
    narrowed = ["attention=none,ras,se,cbam", "k=1,2", "gamma_initializer=0,0.1"]
    space = make_space(QUICK, ["k", "attention", "gamma_initializer"], narrowed)
    points = list(space.points())
    assert [point for point in points if point["attention"] in ("none", "cbam")] == [
        {"attention": "none"},
        {"attention": "cbam"},
    ]
    assert sum(point["attention"] == "ras" for point in points) == 4
    assert sum(point["attention"] == "se" for point in points) == 2
    assert space.size() == len(points) == 8
    for point in points:
        recipe = space.recipe(point)
        check_recipe(recipe)
        assert option(recipe, "gamma_initializer") == point.get("gamma_initializer")


def test_a_fixed_option_is_dropped_where_it_says_nothing():
    space = make_space(QUICK.replace(k=3), ["attention"], [])
    for point in space.points():
        recipe = space.recipe(point)
        check_recipe(recipe)
        assert (option(recipe, "k") == 3) == (
            point["attention"] in ("ras", "se", "eca", "spa", "dia_se", "fca")
        )


def test_keras_tuner_gets_the_same_conditions():
    space = make_space(QUICK, ["attention", "k"], ["attention=ras,none", "k=1,2"])
    hp = kt.HyperParameters()
    space.declare(hp)
    assert space.values(hp.values) == {"attention": "ras", "k": 1}
    hp.values["attention"] = "none"
    (k,) = (each for each in hp.space if each.name == "k")
    assert not hp.is_active(k)


def test_options_of_the_aggregation():
    fixed = QUICK.replace(aggregation="rla:cell=gru")
    space = make_space(fixed, ["channels"], ["channels=4,8"])
    found = [space.recipe(point).network.aggregation for point in space.points()]
    assert found == ["rla:cell=gru,channels=4", "rla:cell=gru,channels=8"]


def test_the_aggregation_is_searched_or_its_options_are():
    """The options are those of one aggregation; "none:channels=4" is nothing."""
    fixed = QUICK.replace(aggregation="rla")
    with pytest.raises(UserError, match="search='channels' is an option of the aggregation"):
        make_space(fixed, ["channels", "aggregation"], ["channels=4,8"])
    space = make_space(fixed, ["aggregation"], [])
    found = [space.recipe(point).network.aggregation for point in space.points()]
    assert found == ["none", "rla"]


@pytest.mark.parametrize(
    ("search", "narrowed", "says"),
    [
        ([], [], "`search` names nothing; name some of k, connection"),
        (["kk"], [], "`search` must be one of k, connection.*The nearest is 'k'"),
        (["k"], ["depth=20"], "depth is not searched; name it by search=.*'k', 'depth'"),
        (["k"], ["k"], "space='k' says no values"),
        (["k"], ["k="], "names no values"),
        (["k"], ["k=1,x"], "'k' takes integers.*Received: 'x'"),
        (["k"], ["k=1", "k=2"], "names k twice"),
        (["k"], ["kk=1"], "`space` must be one of"),
        (["learning_rate"], ["learning_rate=0.2:0.1"], "ends before it begins"),
        (["learning_rate"], ["learning_rate=0:0.1:log"], "begins above 0"),
        (["learning_rate"], ["learning_rate=0.1:0.2:lag"], "nearest is 'log'"),
        (["learning_rate"], ["learning_rate=nan"], "takes numbers"),
        (["normalize_input"], ["normalize_input=0:1"], "is no range"),
        (["normalize_input"], ["normalize_input=yes"], "true, false"),
        (["attention"], ["attention=sse"], "nearest is 'se'"),
        (["attention", "connection"], ["attention=none,cbam"], "says nothing to attention='none"),
    ],
)
def test_refused(search, narrowed, says):
    with pytest.raises(UserError, match=says):
        make_space(QUICK, search, narrowed)


@pytest.mark.parametrize(
    ("attention", "name"), [("none", "gamma_initializer"), ("cbam", "connection"), ("dia", "k")]
)
def test_an_option_that_the_attention_does_not_take(attention, name):
    with pytest.raises(UserError, match=f"search={name!r} says nothing to attention={attention!r}"):
        make_space(with_attention(QUICK, attention), [name], [])
