"""predict.py as a user calls it, on a network of random weights."""

import csv
import io
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from ras_keras.commands import run
from ras_keras.models import ResNet
from ras_keras.outputs.class_names import write_class_names
from tests.conftest import ROOT

NAMES = ("cat", "größer", "dog, big", "ox")


def call(*arguments):
    return run("predict", [*map(str, arguments)], "python scripts/predict.py")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Its file, and the network itself."""
    keras.utils.set_random_seed(1)
    network = ResNet(11, classes=4, input_shape=(16, 16, 3))
    file = tmp_path_factory.mktemp("model") / "model.keras"
    network.save(file)
    write_class_names(file, NAMES)
    return SimpleNamespace(file=file, network=network)


@pytest.fixture(scope="module")
def any_size(tmp_path_factory):
    keras.utils.set_random_seed(2)
    network = ResNet(11, classes=4, input_shape=(None, None, 3))
    file = tmp_path_factory.mktemp("model") / "any.keras"
    network.save(file)
    return SimpleNamespace(file=file, network=network)


def write_images(folder, sizes):
    folder.mkdir()
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (*size, 3), dtype="uint8") for size in sizes]
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")
    return images


@pytest.fixture
def photos(tmp_path):
    """Seven images of the network's size."""
    pixels = write_images(tmp_path / "photos", 7 * [(16, 16)])
    return SimpleNamespace(folder=tmp_path / "photos", pixels=np.stack(pixels))


def by_class(document):
    """The probabilities of a JSON document, (images, classes)."""
    rows = [{each["class"]: each["probability"] for each in image["classes"]} for image in document]
    return np.array([[row[name] for name in NAMES] for row in rows])


def test_json_holds_the_network_s_probabilities(model, photos, capsys):
    expected = model.network.predict(photos.pixels, verbose=0)
    for batch_size in (2, 128):
        assert call(model.file, photos.folder, "--json", "--batch-size", batch_size) == 0
        document = json.loads(capsys.readouterr().out)
        names = [str(photos.folder / f"{i}.png") for i in range(7)]
        assert [image["image"] for image in document] == names
        np.testing.assert_allclose(by_class(document), expected, atol=1e-5)
        for image in document:
            falling = [each["probability"] for each in image["classes"]]
            assert falling == sorted(falling, reverse=True)


def test_csv(model, photos, capsys):
    expected = model.network.predict(photos.pixels, verbose=0)
    assert call(model.file, photos.folder / "[3-4].png", "--csv", "--top", "2") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["rank"] for row in rows] == ["1", "2", "1", "2"]
    assert rows[2]["image"] == str(photos.folder / "4.png")
    assert rows[2]["class"] == NAMES[expected[4].argmax()]
    assert float(rows[2]["probability"]) == pytest.approx(expected[4].max(), abs=1e-5)


def test_the_table_is_aligned(model, photos, capsys):
    short, long = photos.folder / "0.png", photos.folder / "a long name.png"
    Image.fromarray(photos.pixels[1]).save(long)
    assert call(model.file, short, long) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["image", "class", "probability"]
    assert len(lines) == 2 * len(NAMES)
    column = head.index("class")
    named = [line[:column].strip() for line in lines]
    assert named == [str(short), "", "", "", str(long), "", "", ""]
    for line in lines:
        assert any(line[column:].startswith(name) for name in NAMES)
        assert line.index(" %") == lines[0].index(" %")


def test_unreadable_files_are_left_out(model, photos, capsys):
    (photos.folder / "3.png").write_bytes(b"no image")
    (photos.folder / "5.png").write_bytes((photos.folder / "5.png").read_bytes()[:200])
    expected = np.delete(model.network.predict(photos.pixels, verbose=0), [3, 5], axis=0)
    assert call(model.file, photos.folder, "--json", "--batch-size", "2") == 1
    output = capsys.readouterr()
    np.testing.assert_allclose(by_class(json.loads(output.out)), expected, atol=1e-5)
    assert f"left out: {photos.folder / '3.png'} is no readable image" in output.err
    assert f"left out: {photos.folder / '5.png'} is no readable image" in output.err
    assert "2 of 7 images could not be read" in output.err
    assert "7/7" in output.err
    assert call(model.file, photos.folder / "3.png", "--json") == 1
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.slow
def test_images_of_different_sizes(any_size, tmp_path, capsys):
    sizes = [(16, 16), (16, 16), (20, 16), (16, 16), (24, 40), (24, 40)]
    images = write_images(tmp_path / "images", sizes)
    assert call(any_size.file, tmp_path / "images", "--json", "--top", "1") == 0
    document = json.loads(capsys.readouterr().out)
    for image, pixels in zip(document, images, strict=True):
        expected = any_size.network.predict(pixels[None], verbose=0)[0]
        (best,) = image["classes"]
        assert best["class"] == str(expected.argmax())
        assert best["probability"] == pytest.approx(expected.max(), abs=1e-5)


@pytest.mark.slow
def test_a_size_that_a_network_cannot_take_does_not_end_the_rest(tmp_path, capsys):
    inputs = keras.Input((None, None, 3))
    outputs = keras.layers.Conv2D(4, 9, activation="relu")(inputs)
    outputs = keras.layers.GlobalAveragePooling2D()(outputs)
    outputs = keras.layers.Dense(2, activation="softmax")(outputs)
    file = tmp_path / "wide.keras"
    keras.Model(inputs, outputs).save(file)
    write_images(tmp_path / "images", [(16, 16), (8, 8), (8, 8), (16, 16)])
    folder = tmp_path / "images"
    assert call(file, folder, "--json") == 1
    output = capsys.readouterr()
    assert [image["image"] for image in json.loads(output.out)] == [
        str(folder / "0.png"),
        str(folder / "3.png"),
    ]
    assert output.err.count(f"8x8 pixels, which {file} cannot take") == 2
    for command, flags in (("export", ["--images"]), ("explain", [])):
        arguments = [str(file), *flags, str(folder), "--output", str(tmp_path / command)]
        assert run(command, arguments, command) in (0, 1)
        assert capsys.readouterr().err.count("8x8 pixels, which") == 2


def test_standard_input(model, photos, capsys, monkeypatch):
    data = (photos.folder / "2.png").read_bytes()
    for given, code in ((data, 0), (b"no image", 1), (b"", 1)):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(given)))
        assert call(model.file, "-", "--json") == code
        output = capsys.readouterr()
        if code:
            assert "left out: standard input is no readable image" in output.err
        else:
            (image,) = json.loads(output.out)
            assert image["image"] == "-"
            expected = model.network.predict(photos.pixels[2:3], verbose=0)
            np.testing.assert_allclose(by_class([image]), expected, atol=1e-5)


@pytest.mark.parametrize("text", ["a\nb\n\nc\nd\n", '["a", "b", "", "c", "d"]'])
def test_names_of_one_s_own(any_size, photos, tmp_path, capsys, text):
    names = tmp_path / "names"
    names.write_text(text)
    flags = [any_size.file, photos.folder / "0.png", "--json", "--classes", names]
    assert call(*flags) == 2
    assert "has 4 classes and 5 are named" in capsys.readouterr().err
    names.write_text(text.replace("\n\n", "\n").replace('"", ', ""))
    assert call(*flags) == 0
    (image,) = json.loads(capsys.readouterr().out)
    expected = any_size.network.predict(photos.pixels[:1], verbose=0)[0]
    order = np.argsort(-expected)
    assert [each["class"] for each in image["classes"]] == ["abcd"[i] for i in order]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], ["MODEL is missing; see python scripts/predict.py --help."]),
        (["model.keras"], ["no image was named"]),
        (["model.keras", "x.png", "--top", "0"], ["--top must be >= 1", "0"]),
        (["model.keras", "x.png", "--batch-size", "0"], ["--batch-size must be >= 1"]),
        (["model.keras", "x.png", "--csv", "--json"], ["--json and --csv contradict"]),
        (["model.keras", "y.png"], ["y.png: no such file"]),
        (["model.keras", "*.gif"], ["*.gif: nothing matches"]),
        (["model.keras", "x.png", "--classes", "none"], ["--classes none: No such file"]),
        (["model.keras", "x.png", "--classes", "x.png"], ["--classes x.png: it is no UTF-8"]),
        (["model.keras", "x.png", "--classes", "empty"], ["empty holds no names"]),
        (["model.keras", "x.png", "--classes", "object"], ["--classes object holds no names"]),
        (["missing.keras", "x.png"], ["missing.keras: no such file"]),
        (["x.png", "x.png"], ["x.png is no Keras model"]),
        (["model.keras", "x.png", "--imports", "nothing_such"], ["--imports nothing_such failed"]),
        (["vectors.keras", "x.png"], ["takes (None, 4) and no images"]),
        (["diverged.keras", "x.png"], ["diverged.keras is refused", "numbers that are not finite"]),
    ],
)
def test_bad_input(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8), "red").save("x.png")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "object").write_text('{"a": 1}')
    network = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    network.save("model.keras")
    network.layers[-1].bias.assign([np.nan, 0, 0])
    network.save("diverged.keras")
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save("vectors.keras")
    assert call(*arguments) == 2
    output = capsys.readouterr()
    assert output.err.startswith("error: ")
    assert output.err.count("\n") == 1
    for part in says:
        assert part in output.err


@pytest.mark.slow
def test_a_reader_that_reads_enough(model, photos):
    """As `| head -1` does; and names that the terminal cannot show."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "scripts/predict.py", model.file, *(300 * [photos.folder / "0.png"])]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        head = [process.stdout.readline() for _ in range(5)]
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert b"image" in head[0]
    assert any(b"gr\\xf6\\xdfer" in line for line in head[1:])
    assert "Traceback" not in errors
    assert "Broken" not in errors
    assert process.returncode == 141
