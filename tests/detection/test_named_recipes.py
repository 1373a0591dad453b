"""The recipes of detectors: their figures, and what they build."""

import dataclasses
import json
import re

import pandas as pd
import pytest

from ras_keras.commands.line.usage import help_texts
from ras_keras.detection.recipes.check import check_detection_recipe, resolve
from ras_keras.detection.recipes.named import NAMED, published_of
from ras_keras.detection.recipes.recipe import DetectionRecipe
from tests.conftest import ROOT


@pytest.mark.parametrize("name", NAMED)
def test_it_is_one_that_can_be_asked_for(name):
    named = NAMED[name]
    assert named.recipe.recipe == name
    assert f"--recipe {name}" in named.command
    check_detection_recipe(named.recipe)
    written = json.loads(json.dumps(named.recipe.to_dict()))
    assert DetectionRecipe.from_dict(written) == named.recipe
    assert resolve(named.recipe).descent.batch_size == named.recipe.descent.batch_size


def test_published_figures():
    table = pd.read_csv(ROOT / "ras_keras" / "papers" / "published_results.csv")
    published = {name: each for name, each in NAMED.items() if each.published}
    assert len(published) == 4
    for name, each in published.items():
        assert each.recipe.boxes.validation_split == 0
        plugs, depth = name.removeprefix("retinanet-").split("-resnet")
        network = f"RetinaNet ResNet{depth}", plugs.replace("-", "+")
        rows = table[(table.backbone == network[0]) & (table.attention == network[1])]
        assert each.recipe.detector.describe_plugs() == (
            "eca:k=1 + rla" if "eca" in plugs else "none + rla"
        )
        figures = {row.metric.lower(): float(row.value) for row in rows.itertuples()}
        assert figures == dataclasses.asdict(each.published)


def test_data_that_lie_elsewhere_are_the_same():
    recipe = NAMED["bccd"].recipe
    assert recipe.replace(dataset="voc:elsewhere") == recipe
    assert recipe.replace(dataset="coco:bccd") != recipe


def test_figures_are_those_of_the_published_recipe_alone():
    named = NAMED["retinanet-rla-eca-resnet50"]
    elsewhere = named.recipe.replace(
        dataset="coco:/elsewhere", weights="backbone.keras", seed=1, precision="mixed_bfloat16"
    )
    assert published_of(resolve(elsewhere)) == named.published
    for name, value in (("epochs", 13), ("width", 1312), ("norm_eval", False)):
        assert published_of(elsewhere.replace(**{name: value})) is None
    assert published_of(elsewhere.replace(dataset="voc:/elsewhere")) is None
    assert published_of(NAMED["bccd"].recipe) is None


def test_the_help_lists_them():
    text = help_texts(DetectionRecipe)["recipe"]
    assert [name for name in NAMED if not re.search(rf"\b{name}[, ]", text)] == []
