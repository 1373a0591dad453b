"""The published recipes and ours, by their names."""

import shlex

import pytest

from ras_keras.commands.line.flags import parse_with_recipe
from ras_keras.commands.train import Train
from ras_keras.models import ResNet
from ras_keras.papers.published import published_results
from ras_keras.recipes.named import NAMED, Figure
from ras_keras.recipes.starts import to_flags
from ras_keras.training import RECIPES, Recipe, check_recipe, resolve
from ras_keras.values.options import name_of


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


OURS = ("quick", "strong", "resnet20", "fine-tuning")
# Of papers and data sets that have no table here.
ELSEWHERE = {
    "residual-attention": {
        Figure("abstract", "cifar10", 96.10),
        Figure("abstract", "cifar100", 79.55),
    },
    "rla-resnet50": {Figure("README", "imagenet2012", 77.17)},
    "dianet-resnet50": {Figure("3", "imagenet2012", 77.24)},
    "rla-mobilenetv2": {Figure("README", "imagenet2012", 72.38)},
}


@pytest.mark.parametrize("name", NAMED)
def test_a_named_recipe_is_trained_by_its_command_and_has_the_papers_figures(name, tmp_path):
    named = NAMED[name]
    recipe = parse_with_recipe(Train, shlex.split(named.command), "train").recipe
    assert recipe.recipe == name
    if recipe.network.weights is not None:
        file = tmp_path / recipe.network.weights
        ResNet(11, attention=None).save(file)
        recipe = recipe.replace(weights=str(file), precision="float32")
    small = {"image_size": None, "evaluation_resize": None, "crop_scale": 0.0}
    check_recipe(recipe.replace(dataset="digits", **small))
    depth = str(recipe.network.arguments().get("depth"))
    figures = [
        Figure(each.table, each.dataset, float(each.value))
        for each in published_results()
        if (each.recipe, each.depth) == (name, depth)
        and name_of(each.module) == recipe.network.attention_name
        and each.value != "diverged"
    ]
    assert {*named.published} <= {*figures} | ELSEWHERE.get(name, set())
    assert bool(named.paper) == bool(named.published) == (name not in OURS)
