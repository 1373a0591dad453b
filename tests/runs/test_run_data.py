"""A run goes on with the data that it began with."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from ras_keras.data import load_dataset
from ras_keras.errors import UserError
from ras_keras.runs.run_data import check_same_data, write_fingerprint
from ras_keras.training import RECIPES, RunFolder, resolve, train_or_resume
from tests.commands.test_commands import call


@pytest.fixture
def begun(tmp_path):
    """A run on a folder of images that has been trained for an epoch."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, 2, 3, 8, 8, 3), "uint8")
    for split, of_split in zip(("train", "test"), pixels, strict=True):
        for name, images in zip(("cat", "dog"), of_split, strict=True):
            place = tmp_path / "pets" / split / name
            place.mkdir(parents=True)
            for i, image in enumerate(images):
                Image.fromarray(image).save(place / f"{i}.bmp")
    dataset = f"folder:{tmp_path / 'pets'}"
    recipe = resolve(RECIPES["quick"].replace(dataset=dataset, depth=11, batch_size=4))
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    run.begin(recipe)
    write_fingerprint(run, load_dataset(dataset).fingerprint())
    run.file("state").mkdir()
    run.file("state/epoch-0001.npz").write_bytes(b"of one epoch")
    return run, recipe, tmp_path / "pets"


def content(run):
    return {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


def swap(pets):
    images = [pets / "train" / name / "0.bmp" for name in ("cat", "dog")]
    for image, pixels in zip(images, [each.read_bytes() for each in images[::-1]], strict=True):
        image.write_bytes(pixels)


def rename(pets):
    for split in ("train", "test"):
        (pets / split / "cat").rename(pets / split / "emu")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (rename, "only the run has 'cat', only the data set has 'emu'"),
        # Fewer than a batch, which is said second.
        (
            lambda pets: [(pets / f"train/cat/{i}.bmp").unlink() for i in range(2)],
            "class 'cat' has 1 training images and had 3",
        ),
        (swap, "names and counts are the same, the contents of the images differ"),
    ],
)
def test_other_data_are_refused_and_nothing_is_changed(begun, change, says):
    run, recipe, pets = begun
    change(pets)
    before = content(run)
    with pytest.raises(UserError, match="was trained on other data") as refusal:
        train_or_resume(recipe, run.path)
    assert says in str(refusal.value)
    assert content(run) == before


def test_the_command_refuses_other_data_in_one_line(begun, capsys):
    run, _, pets = begun
    swap(pets)
    before = content(run)
    assert call("train", "--resume", run.path) == 2
    error = capsys.readouterr().err
    assert f"{run.path} was trained on other data" in error
    assert error.count("\n") == 1
    assert content(run) == before


def test_moved_data_are_the_same(begun, capsys):
    run, _, pets = begun
    moved = load_dataset(f"folder:{pets.rename(pets.with_name('animals'))}")
    check_same_data(run, moved.fingerprint(), moved.name)
    assert not capsys.readouterr().out


def test_a_run_without_a_fingerprint_goes_on_with_a_notice(begun, capsys):
    run, recipe, _ = begun
    run.file("data.json").unlink()
    check_same_data(run, load_dataset(recipe.data.dataset).fingerprint(), recipe.data.dataset)
    output = capsys.readouterr().out
    assert output.startswith("notice   ")
    assert output.count("\n") == 1


def test_a_run_without_a_fingerprint_is_known_by_the_names_in_its_model(begun):
    run, recipe, pets = begun
    run.file("data.json").unlink()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    run.write_model("best.keras", model, ("cat", "dog"))
    check_same_data(run, load_dataset(recipe.data.dataset).fingerprint(), recipe.data.dataset)
    rename(pets)
    data = load_dataset(recipe.data.dataset).fingerprint()
    with pytest.raises(UserError, match="only the run has 'cat', only the data set has 'emu'"):
        check_same_data(run, data, recipe.data.dataset)
    run.file("best.keras").write_bytes(b"cut short")
    check_same_data(run, data, recipe.data.dataset)


def test_runs_that_are_compared_have_the_same_data(begun, tmp_path):
    run, recipe, pets = begun
    swap(pets)
    with pytest.raises(UserError, match=r"run was trained on other data"):
        train_or_resume(recipe, tmp_path / "next", same_data=[run])
    assert not (tmp_path / "next" / "state").exists()


def test_the_trials_of_a_search_are_compared(begun, tmp_path, monkeypatch):
    from ras_keras.tuning import trial

    class Called(Exception):
        pass

    def called(recipe, path, same_data, **options):
        raise Called([run.path.name for run in same_data])

    monkeypatch.setattr(trial, "train_here", called)
    with pytest.raises(Called, match=r"\['run'\]"):
        trial.train_trial(begun[1], tmp_path / "k=1", 1)
    begun[0].path.rename(tmp_path / "k=1")
    with pytest.raises(Called, match=r"\[\]"):
        trial.train_trial(begun[1], tmp_path / "k=1", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"class_names": 3},
        {"class_names": ["cat"]},
        {"training_images": ["3", "3"]},
        {"contents": None},
        {"more": 1},
    ],
)
def test_a_damaged_fingerprint_is_one_line(begun, change):
    run, recipe, _ = begun
    file, data = run.file("data.json"), load_dataset(recipe.data.dataset).fingerprint()
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(UserError, match=r"data.json is damaged \(.*\); restore it, or remove it"):
        check_same_data(run, data, recipe.data.dataset)
    for text in ("", "[]", "3", "[" * 100_000):
        file.write_text(text)
        with pytest.raises(UserError, match="damaged"):
            check_same_data(run, data, recipe.data.dataset)
