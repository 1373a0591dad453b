"""Images from anywhere: what is read of them, and what is refused."""

import io
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ras_keras.data import load_dataset
from ras_keras.data.files.image_files import FILE_FORMATS, MAXIMUM_PIXELS
from ras_keras.errors import UserError
from ras_keras.inference.images import (
    FORMATS,
    SUFFIXES,
    UnreadableImage,
    find_images,
    read_image,
)

ANY = (None, None, 3)
ORANGE = (240, 120, 10)


@pytest.fixture
def pixels():
    """A smooth image of 12 x 20 pixels, which JPEG and WebP hardly change."""
    y, x = np.mgrid[:12, :20]
    return np.stack([12 * x, 20 * y, 6 * x + 10 * y], axis=-1).astype("uint8")


def png(width, height, data=b"", color_type=2):
    """A PNG file with a header as told, whatever its data say."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("suffix", "options", "tolerance"),
    [
        (".png", {}, 0),
        (".bmp", {}, 0),
        (".webp", {"lossless": True}, 0),
        (".jpg", {"quality": 98, "subsampling": 0}, 6),
        (".gif", {}, 40),
        (".tif", {"compression": "tiff_deflate"}, 0),
        (".ppm", {}, 0),
        (".jfif", {"format": "JPEG", "quality": 98, "subsampling": 0}, 6),
    ],
)
def test_formats(tmp_path, pixels, suffix, options, tolerance):
    file = tmp_path / f"image{suffix}"
    Image.fromarray(pixels).save(file, **options)
    read = read_image(file, ANY)
    assert (read.shape, read.dtype) == ((12, 20, 3), np.uint8)
    np.testing.assert_allclose(read.astype(int), pixels, atol=tolerance)
    np.testing.assert_array_equal(read_image(io.BytesIO(file.read_bytes()), ANY), read)


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (6, 4), color) for color in (ORANGE, "blue", "green")]
    for name in ("a.gif", "a.webp", "a.png"):
        options = {"lossless": True} if name == "a.webp" else {}
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
        np.testing.assert_array_equal(read_image(tmp_path / name, ANY)[0, 0], ORANGE)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "CMYK", "I;16"])
def test_modes(tmp_path, mode):
    file = tmp_path / ("image.jpg" if mode == "CMYK" else "image.png")
    gray = np.where(np.arange(64).reshape(8, 8) < 32, 0, 255).astype("uint8")
    if mode == "I;16":
        image = Image.fromarray(gray.astype("uint16") * 257)
    else:
        image = Image.fromarray(gray).convert(mode)
    image.save(file)
    with Image.open(file) as saved:
        assert saved.mode == mode
    for channels in (3, 1):
        read = read_image(file, (None, None, channels))
        assert read.shape == (8, 8, channels)
        np.testing.assert_allclose(
            read.astype(int), np.repeat(gray[..., None], channels, -1), atol=2
        )


def test_what_is_transparent_is_white(tmp_path):
    clear = Image.new("RGBA", (4, 4), (*ORANGE, 0))
    clear.putpixel((0, 0), (*ORANGE, 255))
    clear.putpixel((1, 0), (0, 0, 0, 51))
    clear.save(tmp_path / "alpha.png")
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([*ORANGE, 1, 2, 3])
    palette.putpixel((0, 0), 0)
    palette.save(tmp_path / "palette.png", transparency=1)
    palette.save(tmp_path / "palette.gif", transparency=1)
    for name in ("alpha.png", "palette.png", "palette.gif"):
        read = read_image(tmp_path / name, ANY)
        np.testing.assert_array_equal(read[0, 0], ORANGE)
        np.testing.assert_array_equal(read[3, 3], (255, 255, 255))
    np.testing.assert_array_equal(read_image(tmp_path / "alpha.png", ANY)[0, 1], (204, 204, 204))


def test_the_camera_s_orientation(tmp_path, pixels):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "turned.png", ANY), np.rot90(pixels, -1))
    Image.fromarray(pixels).save(tmp_path / "damaged.png", exif=b"Exif\x00\x00MM\x00*\xff\xff")
    np.testing.assert_array_equal(read_image(tmp_path / "damaged.png", ANY), pixels)


def test_resizes_as_a_folder_of_training_images_does(tmp_path, pixels):
    for folder in ("train/a", "train/b", "test/a", "test/b"):
        (tmp_path / folder).mkdir(parents=True)
        Image.fromarray(pixels).save(tmp_path / folder / "1.png")
    trained_on = load_dataset(f"folder:{tmp_path}", image_size=8).train.images[0]
    read = read_image(tmp_path / "train/a/1.png", (8, 8, 3))
    np.testing.assert_array_equal(read, trained_on)
    assert read_image(tmp_path / "train/a/1.png", (5, None, 1)).shape == (5, 20, 1)


def test_damaged_and_foreign_files(tmp_path, pixels):
    whole = {}
    for suffix in ("png", "jpg", "webp", "gif", "bmp"):
        stream = io.BytesIO()
        Image.fromarray(pixels).resize((200, 150)).save(
            stream, "JPEG" if suffix == "jpg" else suffix
        )
        whole[suffix] = stream.getvalue()
    files = {f"cut.{suffix}": data[: len(data) // 2] for suffix, data in whole.items()}
    files |= {
        "empty.png": b"",
        "text.png": b"#!/bin/sh\necho no image\n" * 100,
        "header.png": whole["png"][:20],
        "no-data.png": png(10, 10),
        "wrong-data.png": png(10, 10, b"no zlib stream"),
        "no-size.png": png(0, 0),
        "vector.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(
            UnreadableImage, match=f"{name} is no readable image .*; repair"
        ) as error:
            read_image(tmp_path / name, ANY)
        assert "\n" not in str(error.value)
    with pytest.raises(UnreadableImage, match="it is not of PNG, JPEG, WEBP, GIF, BMP"):
        read_image(tmp_path / "script.eps", ANY)
    with pytest.raises(UnreadableImage, match="No such file"):
        read_image(tmp_path / "missing.png", ANY)


@pytest.mark.parametrize("size", [(9000, 9000), (60000, 60000), (2**31 - 1, 2**31 - 1)])
def test_gigantic_images_are_refused_before_they_are_decoded(tmp_path, size):
    """A few kilobytes that would unpack to gigabytes."""
    file = tmp_path / "bomb.png"
    file.write_bytes(png(*size, zlib.compress(bytes(10_000_000))))
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(UnreadableImage, match=f"{MAXIMUM_PIXELS:,} pixels that are read"):
        read_image(file, (32, 32, 3))
    assert time.perf_counter() - start < 1
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


def test_bounds_of_files_of_one_s_own(tmp_path):
    """A tile that is decoded as a whole, and digits that are read in Python."""
    (tmp_path / "digits.ppm").write_bytes(b"P3 2000 2000 255 " + 2**22 * b"1 ")
    with pytest.raises(UnreadableImage, match="more than 8 MB of digits"):
        read_image(tmp_path / "digits.ppm", ANY)
    # Width, height, bits, compression, photometric, samples, the tile's sides, its place and bytes.
    tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: 20_000, 323: 20_000}
    entries = [
        struct.pack("<HHII", *(tag, 4, 1, n)) for tag, n in (tags | {324: 8, 325: 9}).items()
    ]
    table = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    (tmp_path / "tile.tif").write_bytes(b"II*\0" + struct.pack("<I", 8) + table)
    with pytest.raises(UnreadableImage, match="a tile has more than 64,000,000 pixels"):
        read_image(tmp_path / "tile.tif", ANY)
    Image.fromarray(np.full((4, 4), 40000, "uint16")).save(tmp_path / "deep.pgm")
    np.testing.assert_array_equal(read_image(tmp_path / "deep.pgm", ANY), np.full((4, 4, 3), 156))


def test_a_stranger_s_file_reaches_few_decoders(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.tif")
    assert "TIFF" not in FORMATS
    with pytest.raises(UnreadableImage, match="it is not of PNG, JPEG, WEBP, GIF, BMP"):
        read_image(tmp_path / "a.tif", ANY, FORMATS)


def test_the_endings_are_those_of_the_formats():
    known = {end for end, name in Image.registered_extensions().items() if name in FILE_FORMATS}
    assert {*SUFFIXES} == known - {".pfm"}


def test_gigantic_files_are_not_read(tmp_path):
    file = tmp_path / "long.webp"
    with file.open("wb") as stream:
        stream.write(b"RIFF\xff\xff\xff\x7fWEBPVP8 ")
        stream.truncate(2**34)
    with pytest.raises(UnreadableImage, match=r"long.webp has more than the 268 MB that are read"):
        read_image(file, ANY)


def test_a_jpeg_with_endless_scans(tmp_path):
    stream = io.BytesIO()
    Image.new("L", (64, 64), 128).save(stream, "JPEG", progressive=True)
    data = stream.getvalue()
    last = data.rindex(b"\xff\xda")
    (tmp_path / "scans.jpg").write_bytes(data[:last] + 600 * data[last:-2] + data[-2:])
    with pytest.raises(UnreadableImage, match="more than 100 scans"):
        read_image(tmp_path / "scans.jpg", ANY)


def test_damaged_bytes_of_real_files_never_fail_otherwise(tmp_path, pixels):
    """Bytes flipped at random: an image comes out, or the one error."""
    rng = np.random.default_rng(0)
    outcomes = []
    for suffix in ("png", "jpeg", "webp", "gif", "bmp", "tiff", "ppm"):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, suffix)
        for _ in range(60):
            data = np.frombuffer(stream.getvalue(), "uint8").copy()
            places = rng.integers(0, len(data), rng.integers(1, 9))
            data[places] = rng.integers(0, 256, len(places))
            try:
                outcomes.append(read_image(io.BytesIO(data.tobytes()), (32, 32, 3)).shape)
            except UnreadableImage as error:
                assert "\n" not in str(error)
                outcomes.append(None)
    assert {*outcomes} == {(32, 32, 3), None}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.JPG", "sub/c.webp", "sub/notes.txt", ".hidden.png", "sub/.x/d.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    Path("img[1].png").touch()
    Path("bare").mkdir()
    return tmp_path


def test_finds_files_folders_and_patterns(tree):
    def found(*arguments):
        return [str(path) for path in find_images(arguments)]

    assert found(".") == ["a.JPG", "b.png", "img[1].png", "sub/c.webp"]
    assert found("sub/notes.txt", "b.png") == ["sub/notes.txt", "b.png"]
    assert found("b.*", "img[1].png") == ["b.png", "img[1].png"]
    assert found("b.png", "./*.png", "b.png")[0] == "b.png"
    assert found("b.png", "b.*", "b.png") == ["b.png"]
    assert found("s*") == ["sub/c.webp"]
    assert found(f"{tree}/**/*.webp") == [f"{tree}/sub/c.webp"]
    assert found("**/c.webp") == ["sub/c.webp"]


def test_links_are_followed_once_and_hidden_files_left_out(tree):
    Path("outside").mkdir()
    Path("outside/e.jfif").touch()
    Path("sub/outside").symlink_to(tree / "outside")
    Path("sub/up").symlink_to(tree / "sub")
    Path("sub/gone").symlink_to("nothing")
    Path("sub/gone.txt").symlink_to("nothing")
    Path("sub/._c.webp").touch()
    Path("sub/__MACOSX").mkdir()
    Path("sub/__MACOSX/c.webp").touch()

    def found(*arguments):
        return [str(path) for path in find_images(arguments)]

    below = ["sub/c.webp", "sub/gone", "sub/outside/e.jfif"]
    assert found("sub") == below
    assert found("sub/**") == below
    assert found("s*/**/*.jfif", "**/e.*") == ["sub/outside/e.jfif", "outside/e.jfif"]
    assert found("sub/[!u]*") == [*below[:2], "sub/gone.txt", "sub/notes.txt", below[2]]


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("", "an empty argument names no image"),
        ("missing.png", "missing.png: no such file"),
        ("*.tiff", r"\*.tiff: nothing matches this pattern"),
        ("bare", "bare holds no images; they end in .png"),
        ("x**", r"x\*\*: "),
    ],
)
def test_finds_nothing(tree, argument, says):
    with pytest.raises(UserError, match=says):
        find_images(["b.png", argument])
