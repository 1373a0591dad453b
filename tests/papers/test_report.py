"""Tables, pictures and the page of results from records that lie at hand."""

import json
import shutil

import pandas as pd
import pytest

from ras_keras.benchmark.networks.key import network_key
from ras_keras.errors import UserError
from ras_keras.papers.markdown import markdown
from ras_keras.papers.pictures import _accuracy, _at_several_depths, _of_runs, named
from ras_keras.papers.report import (
    BEGIN,
    END,
    report,
    report_table,
    results_section,
    with_section,
)
from ras_keras.papers.results import read_results
from ras_keras.papers.scale import Scale
from ras_keras.papers.speeds import stored_speeds
from ras_keras.papers.study import Study
from ras_keras.plots.picture import drawn
from ras_keras.training import resolve
from ras_keras.values.csv_files import write_table
from tests.commands.test_commands import call
from tests.conftest import ROOT
from tests.papers.records import write_record
from tests.recipes import option

STUDY = Study("table2", ("cifar10",), 2, (0.0, 0.1), Scale(depth=11, epochs=3, fraction=0.2))


@pytest.fixture
def output(tmp_path):
    """A folder of results with a table of which three rows have been run."""
    folder = tmp_path / "results" / STUDY.name
    folder.mkdir(parents=True)
    STUDY.write(folder)
    accuracies = {0: (0.40, 0.50), 2: (0.60,), 4: (0.70, None)}
    for number, found in accuracies.items():
        for seed, accuracy in enumerate(found):
            recipe = STUDY.rows()[number].recipe.replace(seed=seed)
            write_record(folder, recipe, accuracy)
    return tmp_path / "results"


@pytest.fixture
def full_size(tmp_path):
    """The folder of a table of full size, of which the first row has been run."""
    study = Study("table2", ("cifar10",), 2)
    folder = tmp_path / "full" / study.name
    folder.mkdir(parents=True)
    study.write(folder)
    for seed, accuracy in enumerate((0.40, 0.50)):
        recipe = study.rows()[0].recipe.replace(seed=seed)
        write_record(folder, recipe, accuracy)
    return folder


@pytest.fixture
def without_pictures(monkeypatch):
    """For what a table and the page say: drawing takes longer than all the rest."""
    monkeypatch.setattr("ras_keras.papers.report.write_pictures", lambda *arguments: [])


def rows_of(file):
    """The rows of a table's CSV file, None for an empty cell of numbers."""
    return read_results(file).replace({float("nan"): None}).to_dict("records")


def test_a_row_has_the_figures_of_its_runs(output):
    file, text, *pictures = report_table(output / STUDY.name)
    rows = rows_of(file)
    assert len(rows) == 16
    first = rows[0]
    assert (first["n"], first["accuracy"], first["accuracy_sd"]) == (2, 45.0, 7.07)
    # Of a network of full size, which this is not.
    assert (first["published"], first["published_network"], first["difference"]) == ("", "", None)
    assert (first["parameters"], first["k"], first["dataset"]) == (128_538, 1, "cifar10")
    assert (first["gate_spread"], first["gamma_alive"]) == (0.01, 0.5)
    assert "--depth 11" in first["recipe"] and "--seed" not in first["recipe"]
    assert all("depth 11, 3 epochs, 20 %" in row["scale"] for row in rows)
    single, diverged, missing = rows[2], rows[4], rows[6]
    assert (single["n"], single["accuracy_sd"]) == (1, None)
    assert (diverged["n"], diverged["diverged"], diverged["accuracy"]) == (1, 1, 70.0)
    assert (missing["n"], missing["accuracy"]) == (0, None)
    names = {picture.name.removeprefix(f"{STUDY.name}-") for picture in pictures}
    assert names == {"k.png", "curves.png", "gates.png"}
    assert text.read_text().startswith(f"# {STUDY.title}\n\n```bash\n{STUDY.command}\n```")


def test_a_row_of_full_size_has_our_figures_beside_the_published_ones(full_size):
    first, _, _, missing, *_ = rows_of(report_table(full_size)[0])
    assert (first["n"], first["accuracy"], first["accuracy_sd"]) == (2, 45.0, 7.07)
    assert (first["published"], first["published_network"]) == ("94.83", "ResNet164")
    assert first["difference"] == pytest.approx(45.0 - 94.83)
    assert (missing["n"], missing["accuracy"], missing["published"]) == (0, None, "94.56")


@pytest.mark.usefixtures("without_pictures")
def test_markdown_leaves_out_what_nobody_has(output, full_size):
    heading, _, first, second, *_ = markdown(
        read_results(report_table(output / STUDY.name)[0])
    ).splitlines()
    assert "inference images/s" not in heading and "published" not in heading
    assert "difference" not in heading
    assert "45.00 ± 7.07" in first and "not run" in second
    heading, _, first, *_ = markdown(read_results(report_table(full_size)[0])).splitlines()
    assert "published, %" in heading and "published FPS" not in heading
    assert "45.00 ± 7.07" in first and "94.83" in first and "-49.83" in first


@pytest.mark.usefixtures("without_pictures")
def test_speeds_come_from_benchmarks(output):
    recipe = resolve(STUDY.rows()[0].recipe)
    statistics = {"median": 321.0, "low": 300.0, "high": 330.0}
    row = {
        **{"what": "inference", "network": network_key(recipe.network.arguments())},
        **{"model": "resnet", "depth": 11, "attention": "ras", "image_size": 32, "classes": 10},
        **{"precision": "float32", "jit": "off", "batch_size": 128, "n": 3, "steps": 2},
        **{f"images_per_second_{name}": value for name, value in statistics.items()},
        **{f"ratio_to_plain_{name}": value / 330 for name, value in statistics.items()},
        **{"compile_seconds": 1.0, "device": "CPU, 2 cores", "processor": "a CPU", "threads": 2},
        **{"backend": "tensorflow", "python": "3.11", "ras_keras": "0", "keras": "3"},
        **{"tensorflow": "2", "jax": "", "date": "2026-01-01"},
    }
    write_table(output / "inference.csv", [row])
    speed = stored_speeds(output)
    known = [speed(recipe, what, "table2") for what in ("inference", "training")]
    assert known == [321.0, None]
    # One that is named after the table comes first, whatever the order of the files.
    faster = {f"images_per_second_{name}": 2 * value for name, value in statistics.items()}
    write_table(output / "table3-inference.csv", [row | faster])
    both = [stored_speeds(output)(recipe, "inference", table) for table in ("table2", "table3")]
    assert both == [321.0, 642.0]
    rows = rows_of(report_table(output / STUDY.name)[0])
    assert [row["inference_images_per_second"] for row in rows[:2]] == [321.0, None]
    # What a run says of its own speed holds for its hour alone.
    assert {row["training_images_per_second"] for row in rows} == {None}
    assert "### Benchmark: inference" in results_section(output, output.parent)


@pytest.mark.usefixtures("without_pictures")
def test_a_line_against_k_is_one_module_in_one_form(output):
    (row, *_) = read_results(report_table(output / STUDY.name)[0]).to_dict("records")
    rows = [
        row | {"group": each.group, "entry": each.entry, "k": option(each.recipe, "k")}
        for each in Study("table3", ("cifar10",)).rows()
    ]
    (axes,) = drawn(*_at_several_depths(named(pd.DataFrame(rows)))).axes
    lines = [line.get_xdata() for line in axes.lines]
    assert len(lines) == 10
    assert all(len(x) == 2 and x[0] < x[1] for x in lines)


@pytest.mark.usefixtures("without_pictures")
def test_there_are_as_many_colours_and_shapes_as_rows(output):
    (row, *_) = read_results(report_table(output / STUDY.name)[0]).to_dict("records")
    rows = [row | {"entry": f"module {n}", "parameters": n, "accuracy": n} for n in range(1, 31)]
    results = named(pd.DataFrame([*rows, row | {"group": "another", "entry": "module 1"}]))
    figure = drawn(*_accuracy(results, "million", "parameters"))
    (axes,) = figure.axes
    dots = axes.collections[-1]
    assert len({*map(tuple, dots.get_facecolors())}) == 30
    assert len(dots.get_paths()) == 31
    (legend,) = figure.legends
    assert len(legend.get_texts()) >= 30
    figure.draw_without_rendering()
    beside = legend.get_window_extent()
    assert beside.x0 > axes.get_tightbbox().x1
    assert figure.bbox.y0 <= beside.y0 and beside.y1 <= figure.bbox.y1


@pytest.mark.usefixtures("without_pictures")
def test_without_records_the_csv_stays(output):
    file, *_ = report_table(output / STUDY.name)
    before = file.read_text()
    for path in (output / STUDY.name).iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    report_table(output / STUDY.name)
    assert file.read_text() == before


def test_a_record_of_another_recipe_is_refused(output):
    name = STUDY.name
    runs = sorted(path for path in (output / name).iterdir() if path.is_dir())
    shutil.copyfile(runs[0] / "recipe.json", runs[1] / "recipe.json")
    with pytest.raises(UserError, match="holds a run of another recipe"):
        report_table(output / name)


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (",45.0,", ",lots,", "line 2, column accuracy: 'lots' is not a percentage"),
        (",45.0,", ",450,", "line 2, column accuracy: '450' is not a percentage, 0 to 100"),
        (",45.0,", ",", "line 2 has not the 25 values"),
        ("accuracy_sd", "deviation", "column 'accuracy_sd' is missing"),
        (",2,0,45.0", ",,0,45.0", "line 2, column n: '' is not a"),
    ],
)
def test_a_csv_edited_into_nonsense_is_refused(output, before, after, message):
    file, *_ = report_table(output / STUDY.name)
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(UserError, match=message):
        results_section(output, output.parent)


def test_the_page_keeps_everything_but_its_section(output, capsys):
    readme = output / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert call("reproduce", "report", "--output", output) == 0
    text = readme.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\n### RAS at depth k")
    assert text.endswith(f"{END}\nafter\n")
    assert f"![k]({STUDY.name}-k.png)" in text and "old" not in text
    readme.write_text("no marks\n")
    capsys.readouterr()
    assert call("reproduce", "report", "--output", output) == 2
    assert "must hold <!-- results: begin -->" in capsys.readouterr().err
    assert readme.read_text() == "no marks\n"


def test_the_page_of_results_shows_what_the_csv_files_give():
    readme = ROOT / "results" / "README.md"
    expected = with_section(readme, results_section(ROOT / "results", ROOT / "results"))
    assert readme.read_text() == expected, "run python scripts/reproduce.py report"


def test_no_folder_of_results(tmp_path):
    with pytest.raises(UserError, match="is no folder"):
        report(tmp_path / "nowhere", None, print)


def test_a_collection_of_nothing_is_left_out(tmp_path, capsys):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "collection.json").write_text(json.dumps({"title": "a title"}))
    assert call("reproduce", "report", "--output", tmp_path) == 1
    error = capsys.readouterr().err
    assert error == f"left out: {folder} holds no record of a run; lay one there, or remove it.\n"
    assert sorted(tmp_path.iterdir()) == [folder]


def test_a_damaged_table_does_not_keep_the_others_from_being_made(tmp_path, capsys):
    """And titles are text, whatever is in them."""
    folder, damaged = tmp_path / "results/mine", tmp_path / "results/a-table"
    title = "$a_$b <script>x</script> | `c`"
    for each, text in ((folder, json.dumps({"title": title})), (damaged, "{")):
        each.mkdir(parents=True)
        (each / "collection.json").write_text(text)
    write_record(folder, STUDY.rows()[0].recipe, 0.5)
    readme = folder.parent / "README.md"
    readme.write_text(f"{BEGIN}\nold\n{END}\n")

    def left_out():
        assert call("reproduce", "report", "--output", folder.parent) == 1
        said = capsys.readouterr()
        assert f"written  {folder}.md" in said.out
        first, kept = said.err.splitlines()
        assert kept.startswith(f"left out: {readme} stays as it is (")
        return first

    table = left_out()
    assert table.startswith(f"left out: {damaged / 'collection.json'} is damaged")
    assert "old" in readme.read_text()
    shown = "$a_$b &lt;script>x&lt;/script> \\| \\`c\\`"
    assert folder.with_name("mine.md").read_text().startswith(f"# {shown}\n")
    shutil.rmtree(damaged)
    benchmark = folder.with_name("inference.csv")
    benchmark.write_text("what\nnothing\n")
    assert left_out().startswith(f"left out: {benchmark}")
    benchmark.unlink()
    section = results_section(folder.parent, tmp_path)
    assert section.startswith(f"### {shown}\n") and "](results/mine-curves.png)" in section


def test_a_run_without_gates_leaves_the_numbers_of_the_others():
    done = pd.DataFrame({"row": ["ras", "plain"], "panel": "resnet11", "recipe": [0, 1]})
    tables = [pd.DataFrame({"mean": [0.5]}), pd.DataFrame(columns=["mean"])]
    found = _of_runs(done, {0: [0], 1: [1]}, lambda number: tables[number])
    assert found["mean"].dtype == "float64"
    assert [*found["row"]] == ["ras"]
