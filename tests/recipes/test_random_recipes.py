"""Any recipe that its fields allow can be written as flags and as JSON, and read again."""

import dataclasses
import json
import sys
import types
import typing
from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras_keras.commands.line.flags import MOST, parse_with_recipe
from ras_keras.commands.train import Train
from ras_keras.layers import ATTENTION
from ras_keras.layers.registry import NONE
from ras_keras.models import MODELS
from ras_keras.models.aggregation import AGGREGATION
from ras_keras.models.aggregation.registry import aggregation_kinds
from ras_keras.recipes.named import NAMED
from ras_keras.recipes.network import attention_kinds, model_kinds
from ras_keras.recipes.recipe import PARTS, Recipe, kind_of
from ras_keras.recipes.starts import RECIPES, to_flags
from ras_keras.values.field_checks import check_fields
from ras_keras.values.json_files import parse_json
from ras_keras.values.options import joined
from ras_keras.values.typed import Bounds

# What is typed for "nothing" is no text.
LIKE_FLAGS = st.sampled_from(
    ["", "-", "--", "__", "-x", "-1", "--epochs", "__epochs", "--epochs=3", "--no-mirror", "a=1"]
)
TEXT = LIKE_FLAGS | st.text(st.characters(exclude_categories=["C"]))
TEXT = TEXT.filter(lambda text: text.lower() != NONE)
OPTION_TEXT = st.from_regex(r"\A[a-z0-9_./]+\Z").filter(lambda text: text.lower() != NONE)
SIMPLE = {bool: st.booleans(), int: st.integers(-MOST, MOST), types.NoneType: st.none()}
SIMPLE |= {float: st.floats(allow_nan=False, allow_infinity=False)}


def values(kind, text=TEXT, least=0):
    """Values of a type, within the bounds that are said of it.

    Args:
        kind: the type, as `typed` takes it.
        text: where the type is str.
        least: the fewest items of a list.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        kind, extra = arguments
        if isinstance(extra, Bounds):
            return numbers(kind, extra)
        return values(kind, text).filter(lambda value: extra.problem(value) is None)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(values(each, text) for each in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0], text), min_size=least, max_size=3).map(tuple)
    return text if kind is str else SIMPLE[kind]


def numbers(kind, bounds):
    if kind is int:
        return st.integers(int(bounds.low), int(min(bounds.high, MOST)))
    return st.floats(
        bounds.low,
        min(bounds.high, sys.float_info.max),
        exclude_min=bounds.without == "low",
        exclude_max=bounds.without == "high",
    )


def with_options(names, kinds):
    """Texts such as "ras:k=3"."""

    def of(name):
        options = {o: values(kind, OPTION_TEXT, least=1) for o, kind in kinds(name).items()}
        return st.fixed_dictionaries({}, optional=options).map(lambda given: joined(name, given))

    return st.sampled_from([*names]).flatmap(of)


FIELDS = {
    each.name: values(kind_of(each.name))
    for part in PARTS.values()
    for each in dataclasses.fields(part)
}
FIELDS |= {
    "imports": values(tuple[str, ...], st.from_regex(r"\A[a-z]+(\.[a-z]+)?\Z")),
    "model": with_options(MODELS, model_kinds),
    "attention": with_options([NONE, *ATTENTION], attention_kinds),
    "aggregation": with_options([NONE, *AGGREGATION], aggregation_kinds),
}
RANDOM = st.builds(
    lambda name, changes: RECIPES[name].replace(**changes),
    st.sampled_from([*NAMED]),
    st.fixed_dictionaries({}, optional=FIELDS),
)
bounded = settings(derandomize=True, deadline=None, database=None)


def check(recipe):
    for part in PARTS:
        check_fields(getattr(recipe, part))
    # `==` passes over where the data lie.
    found = parse_with_recipe(Train, to_flags(recipe), "train").recipe
    assert found.to_dict() == recipe.to_dict()
    assert parse_json(json.dumps(recipe.to_dict()), Recipe).to_dict() == recipe.to_dict()


@settings(bounded, max_examples=30)
@given(RANDOM)
def test_random_recipes(recipe):
    check(recipe)


@pytest.mark.large
@settings(bounded, max_examples=500)
@given(RANDOM)
def test_many_random_recipes(recipe):
    check(recipe)
