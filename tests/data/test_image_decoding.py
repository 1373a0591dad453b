"""What is decoded of hostile and of rare images."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ras_keras.data.files import image_decoding
from ras_keras.data.files.image_decoding import decoding_memory, decoding_seconds, open_image
from ras_keras.data.files.image_files import UnreadableImage, read_image


def saved(image, form="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def read(data, shape=(None, None, 3)):
    return read_image(io.BytesIO(data), shape)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "I;16"])
def test_bands_make_no_difference(mode, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (23, 9, 4), dtype="uint8")
    if mode == "I;16":
        image = Image.fromarray(pixels.view("uint16")[..., 0])
        expected = np.round(np.asarray(image) / 257)[..., None].repeat(3, -1)
    else:
        image = Image.fromarray(pixels).convert(mode)
        layer = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        expected = np.asarray(Image.alpha_composite(white, layer).convert("RGB"))
    whole = read(saved(image))
    np.testing.assert_allclose(whole, expected, atol=1)
    monkeypatch.setattr(image_decoding, "BAND", 30)
    np.testing.assert_array_equal(read(saved(image)), whole)


def test_sixteen_bits_are_turned_upright():
    pixels = np.arange(12, dtype="uint16").reshape(3, 4) * 257 * 20
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = read(saved(Image.fromarray(pixels), exif=exif))
    np.testing.assert_array_equal(turned[..., 0], np.rot90(pixels // 257, -1))


def test_a_side_of_millions_of_pixels_is_refused():
    """Stretched to 32 columns first, 4 x 1,000,000 pixels would take 128 MB."""
    with pytest.raises(UnreadableImage, match="4x1000000 has more than 65,535 pixels"):
        read(saved(Image.new("L", (4, 10**6))), (32, 32, 3))
    assert read(saved(Image.new("L", (2, 65_535))), (8, 8, 3)).shape == (8, 8, 3)


def test_files_of_thousands_of_parts_are_refused():
    png = saved(Image.new("RGB", (4, 4)))
    after_header = 33
    comments = 20_000 * chunk(b"prVt", b"")
    jpeg = saved(Image.new("RGB", (4, 4)), "JPEG")
    gif = saved(Image.new("RGB", (4, 4)), "GIF")
    before_image = gif.index(b",")
    for data in (
        png[:after_header] + comments + png[after_header:],
        png[:-12] + comments + png[-12:],
        jpeg[:2] + 20_000 * b"\xff\xfe\x00\x02" + jpeg[2:],
        gif[:before_image] + b"!\xfe" + 20_000 * b"\x01x" + b"\x00" + gif[before_image:],
    ):
        with pytest.raises(UnreadableImage, match="it comes in too many parts"):
            read(data)
    few = 300 * chunk(b"prVt", b"x")
    assert read(png[:after_header] + few + png[after_header:-12] + few + png[-12:]).shape


def test_scans_of_large_images_are_counted_by_their_pixels(monkeypatch):
    data = saved(Image.new("L", (200, 200)), "JPEG", progressive=True)
    assert read(data).shape == (200, 200, 3)
    monkeypatch.setattr(image_decoding, "MAXIMUM_SCANNED_PIXELS", 200_000)
    with pytest.raises(UnreadableImage, match="6 scans of 200x200 pixels"):
        read(data)


def test_more_scans_are_expected_to_take_longer():
    """Ten forged JPEGs of a few kB would otherwise pass for quick, and keep every lane busy."""
    data = saved(Image.new("RGB", (1000, 1000)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xc4")
    forged = data[:last] + 80 * data[last:-2] + data[-2:]
    honest, more = (decoding_seconds(open_image(each, ("JPEG",)), each) for each in (data, forged))
    assert honest == pytest.approx(0.04)
    assert more > 8 * honest


@pytest.mark.parametrize(
    ("form", "options", "expected"),
    [
        ("PNG", {}, 8),
        ("JPEG", {}, 8),
        ("JPEG", {"progressive": True}, 10),
        ("WEBP", {}, 16),
    ],
)
def test_memory_is_known_from_the_header(form, options, expected):
    data = saved(Image.new("RGB", (50, 20)), form, **options)
    assert decoding_memory(open_image(data, None)) == 50 * 20 * expected
