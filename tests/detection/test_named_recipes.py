"""The recipes of detectors: their figures, and what they build."""

import dataclasses
import json

import pandas as pd
import pytest

from ras_keras.detection.recipes.check import check_detection_recipe, resolve
from ras_keras.detection.recipes.named import NAMED
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
    assert len(published) == 2
    for name, each in published.items():
        assert each.recipe.boxes.validation_split == 0
        backbone = "RetinaNet ResNet" + name.removeprefix("retinanet-rla-resnet")
        rows = table[(table.backbone == backbone) & (table.attention == "rla")]
        figures = {row.metric.lower(): float(row.value) for row in rows.itertuples()}
        assert figures == dataclasses.asdict(each.published)


def test_data_that_lie_elsewhere_are_the_same():
    recipe = NAMED["bccd"].recipe
    assert recipe.replace(dataset="voc:elsewhere") == recipe
    assert recipe.replace(dataset="coco:bccd") != recipe
