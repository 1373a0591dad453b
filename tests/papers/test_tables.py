"""The papers' tables as recipes, at any scale."""

import dataclasses
import json
import shlex
from collections import Counter

import pytest

from ras_keras.commands import reproduce
from ras_keras.errors import UserError
from ras_keras.models.registry import MODELS
from ras_keras.papers.published import published_results
from ras_keras.papers.scale import TRAINING_IMAGES, Scale
from ras_keras.papers.study import Study
from ras_keras.papers.tables import TABLES
from ras_keras.training import check_recipe
from ras_keras.training.plan import trainable_parameters
from tests.commands.test_commands import call
from tests.recipes import option

SMALL = Scale(depth=11, epochs=4, fraction=0.2, batch_size=64)


def rows_of(name, gammas=(0.0,)):
    table = TABLES[name]
    return table.rows(table.datasets, gammas)


def all_rows():
    return [row for name in TABLES for row in rows_of(name)]


def test_the_published_figures_came_with_the_package():
    figures = published_results()
    assert Counter(each.source for each in figures)["RAS arXiv 2210.15676"] == 72
    (best,) = [
        each
        for each in figures
        if (each.table, each.backbone, each.attention) == ("1", "ResNet164", "ras")
        and each.dataset == "cifar10"
    ]
    assert (best.value, best.sd, best.parameters_million, best.fps) == (
        *("94.84", "0.14"),
        *("1.74", "3446"),
    )


@pytest.mark.parametrize(
    ("name", "published", "default"),
    [
        *(("table1", 42, 6), ("table2", 12, 12), ("table3", 16, 4), ("fig2", 0, 21)),
        *(("dianet-table3", 24, 0), ("dianet-table4", 4, 0), ("dianet-table5", 8, 0)),
        *(("dianet-table6", 5, 0), ("dianet-table7", 3, 0), ("dianet-table8", 12, 0)),
        *(("dianet-table9", 6, 0), ("systems", 0, 0), ("rivals", 0, 3)),
    ],
)
def test_every_published_row_is_there_and_the_default_form_below(name, published, default):
    rows = rows_of(name)
    assert sum(row.published is not None for row in rows) == published
    below = [row for row in rows if "default form" in row.entry]
    assert len(below) == default
    assert rows[len(rows) - default :] == below
    for row in rows:
        released = row.recipe.network.attention_name == "ras" and row not in below
        assert (option(row.recipe, "normalize_input") is False) == released
        assert row.recipe.data.validation_split == 0


def test_no_two_rows_of_a_table_are_the_same_run():
    for name in TABLES:
        recipes = [row.recipe for row in rows_of(name)]
        assert len({*recipes}) == len(recipes)
        runs = Study(name, TABLES[name].datasets, seeds=2).runs()
        assert len(runs) == 2 * len(recipes)


@pytest.mark.slow
def test_the_networks_have_the_published_parameter_counts():
    off = []
    for row in rows_of("table1"):
        recipe = row.recipe
        if (recipe.network.depth, recipe.data.dataset) == (83, "cifar10") and row.published:
            model = MODELS["resnet"].build(**recipe.network.arguments())
            million = f"{trainable_parameters(model) / 1e6:.2f}"
            if million != row.published.parameters_million:
                off.append(row.entry)
    assert off == []


@pytest.mark.slow
def test_every_recipe_can_be_run():
    networks = {}
    for row in all_rows():
        recipe = row.recipe.replace(dataset="digits")
        networks.setdefault(recipe.replace(depth=None), recipe)
    for recipe in networks.values():
        check_recipe(recipe)


@pytest.mark.parametrize(
    ("name", "entry", "changes"),
    [
        ("table3", "eca, k=4, shared BN", {"k": 4, "shared_connection": True}),
        ("table1", "dia", {"epochs": 164, "schedule": (81, 122)}),
        ("dianet-table3", "dia", {"epochs": 180, "schedule": (60, 120)}),
        ("dianet-table4", "dia, reduction_ratio=8", {"reduction_ratio": 8}),
        ("dianet-table6", "dia, activation=tanh, cells=3", {"activation": "tanh", "cells": 3}),
        ("dianet-table7", "dia, unit of stage 2 removed", {"attention_stages": (1, 3)}),
        ("dianet-table8", "dia", {"batch_norm": False, "reduction_ratio": 16}),
        ("dianet-table8", "se", {"batch_norm": False, "reduction_ratio": None}),
        ("dianet-table9", "plain", {"crop_padding": 0, "mirror": False}),
    ],
)
def test_what_a_row_says_is_in_its_recipe(name, entry, changes):
    row = next(row for row in rows_of(name) if row.entry == entry)
    values = row.recipe.values()
    found = {name: values.get(name, option(row.recipe, name)) for name in changes}
    assert found == changes


def test_se_has_another_form_in_each_network_of_the_dianet_paper():
    forms = {
        row.group: (option(row.recipe, "reduction_ratio"), option(row.recipe, "use_bias"))
        for row in rows_of("dianet-table3")
        if row.entry == "se"
    }
    assert forms == {
        "ResNet164": (None, None),
        "PreResNet164": (None, False),
        "WRN52-4": (4, None),
        "ResNeXt101-8x32": (4, False),
    }


def test_the_published_figure_stands_beside_the_published_start_only():
    rows = TABLES["table2"].rows(("cifar10",), (0.0, 0.1))
    assert len(rows) == 16
    for row in rows:
        published = (
            option(row.recipe, "gamma_initializer") is None
            and option(row.recipe, "normalize_input") is False
        )
        assert (row.published is not None) == published


def test_every_start_of_gamma_is_a_run_of_its_own():
    study = Study("table2", ("cifar10",), 2, (0.1, -0.1, 1e-5))
    assert len(study.runs()) == 2 * len(study.rows()) == 48


def test_a_data_set_that_the_paper_does_not_report_has_no_figures():
    rows = TABLES["table3"].rows(("cifar10",), (0.0,))
    assert len(rows) == 20
    assert {row.recipe.data.dataset for row in rows} == {"cifar10"}
    assert all(row.published is None for row in rows)


def test_a_scaled_study_says_so_and_shrinks_everything():
    study = Study("table2", ("cifar10",), scale=SMALL)
    assert study.name == "table2-depth11-epochs4-fraction0.2-batch64"
    assert study.title.endswith(
        "scaled down: depth 11, 4 epochs, 20 % of the training images, batches of 64"
    )
    for row in study.rows():
        recipe = row.recipe
        assert (recipe.network.depth, recipe.optimization.epochs, recipe.optimization.schedule) == (
            11,
            4,
            (2, 3),
        )
        assert (recipe.data.training_images, recipe.optimization.batch_size) == (10_000, 64)
        assert row.group.startswith("resnet11")
    full = Study("table2", ("cifar10",))
    assert full.name == "table2" and "scaled" not in full.title
    assert all(row.group.startswith("ResNet164") for row in full.rows())


def test_networks_that_become_the_same_are_run_once():
    study = Study("table1", ("cifar10",), scale=SMALL)
    assert len(study.rows()) == 8
    # Which of two published figures to compare with, nobody can say.
    assert all(row.published is None for row in study.rows())
    assert len(Study("table1", ("cifar10",)).rows()) == 16


@pytest.mark.parametrize("chosen", [(), ("ras, k=2", "ras:k=3")])
def test_the_command_gives_the_study(monkeypatch, chosen):
    study = Study("table2", ("cifar10", "stl10"), 3, (0.0, 0.05), SMALL, chosen)
    found = []
    monkeypatch.setattr(reproduce, "print_plan", lambda study, output: found.append(study))
    program, script, *flags = shlex.split(study.command)
    assert (program, script) == ("python", "scripts/reproduce.py")
    reproduce.main([*flags, "--dry-run"], script)
    assert found == [study]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": "table4"}, "table must be one of table1, table2"),
        ({"seeds": 0}, "`seeds` must be >= 1. Received: 0"),
        ({"datasets": ("digits",)}, "`datasets` must be one of cifar10, cifar100, stl10"),
        ({"datasets": ("cifar10", "cifar10")}, "each at most once"),
        ({"gammas": (0.1, 0.1)}, "`gammas`"),
        ({"gammas": (float("nan"),)}, "`gammas`.*finite"),
        ({"table": "systems", "gammas": (0.1,)}, "`gammas` says nothing to systems"),
        ({"scale": Scale(depth=12)}, "`depth` for resnet.*nearest are 11 and 20"),
        ({"scale": Scale(epochs=0)}, "`epochs` must be >= 1"),
        ({"scale": Scale(fraction=1.5)}, r"`fraction` must be in \(0, 1\]"),
        ({"scale": Scale(batch_size=0)}, "`batch_size` must be >= 1"),
    ],
)
def test_refuses_what_cannot_be_run(changes, message):
    study = dataclasses.replace(Study("table2", ("cifar10",)), **changes)
    with pytest.raises(UserError, match=message):
        study.check()


def test_a_fraction_that_leaves_no_image():
    with pytest.raises(UserError, match="leaves no image of stl10"):
        Study("table2", ("stl10",), scale=Scale(fraction=0.0001)).rows()


def test_a_folder_keeps_what_was_asked_before(tmp_path):
    Study("table2", ("cifar10",), 2, (0.0,), SMALL).write(tmp_path)
    Study("table2", ("stl10",), 1, (0.1,), SMALL).write(tmp_path)
    assert Study.read(tmp_path) == Study("table2", ("cifar10", "stl10"), 2, (0.0, 0.1), SMALL)
    (tmp_path / "study.json").write_text('{"table": "table2"')
    with pytest.raises(UserError, match=r"study.json is damaged"):
        Study.read(tmp_path)


@pytest.mark.parametrize(
    ("rows", "entries"),
    [
        (("se",), ["se", "se"]),
        (("plain", "9"), ["plain", "plain", "se"]),
        (("none",), ["plain", "plain"]),
        (("ras:k=2",), ["ras, default form"] * 2),
        (("1", "14", "16"), ["plain", "ras", "ras, default form"]),
        (("ras", "ras:k=2,normalize_input=False"), ["ras", "ras"]),
    ],
)
def test_some_rows_of_a_table(rows, entries):
    study = Study("table1", ("cifar10",), 2).choosing(rows)
    study.check()
    assert [row.entry for row in study.rows()] == entries
    assert len(study.runs()) == 2 * len(entries)
    every = Study("table1", ("cifar10",), 2)
    assert study.runs().items() <= every.runs().items()
    assert study.name == every.name


def test_numbers_of_rows_stay_those_rows(tmp_path):
    """Whatever data sets come later."""
    first = Study("table1", ("stl10",)).choosing(["2"])
    first.write(tmp_path)
    Study("table1", ("cifar10",)).choosing(["ras"]).write(tmp_path)
    study = Study.read(tmp_path)
    assert first.chosen == ("stl10-resnet164-se-k-1",)
    assert study.chosen == (*first.chosen, "ras")
    assert first.runs().items() <= study.runs().items()
    assert [row.entry for row in study.rows()].count("se") == 1
    Study("table1", ("cifar10",)).write(tmp_path)
    assert Study.read(tmp_path).chosen == ()


def test_a_study_of_an_earlier_version_has_all_rows(tmp_path):
    Study("table2", ("cifar10",)).write(tmp_path)
    file = tmp_path / "study.json"
    content = json.loads(file.read_text())
    del content["chosen"]
    file.write_text(json.dumps(content))
    assert Study.read(tmp_path) == Study("table2", ("cifar10",))


@pytest.mark.parametrize("name", ["sse", "17", "0", "-1", "ras:k=9"])
def test_a_row_that_is_not_there(capsys, name):
    flags = ["--datasets", "cifar10", "--dry-run"]
    assert call("reproduce", "table1", *flags, f"--rows={name}") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: --rows must be from 1 to 16 or among plain; none; se; se:k=1;")
    assert f"Received: {name!r}." in error and error.count("\n") == 1
    assert ("The nearest is 'se'" in error) == (name == "sse")


def test_every_data_set_has_its_number_of_images():
    assert {row.recipe.data.dataset for row in all_rows()} <= {*TRAINING_IMAGES}
