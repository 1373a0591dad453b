"""How fast photographs are read and cropped, beside a bare loop of tf.data over the same files."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import tensorflow as tf

from ras_keras.benchmark.machine import machine
from ras_keras.benchmark.made_photographs import make_photographs
from ras_keras.benchmark.spread import Spread, in_turn
from ras_keras.data.augmentation.random_resized_crop import RandomResizedCrop
from ras_keras.recipes.data import DataRecipe
from ras_keras.training.memory import peak_memory
from ras_keras.training.prepared_data import Data, load_data

BARE, STREAMED, IN_MEMORY = "bare loop of tf.data", "streamed", "encoded in memory"
CROP = RandomResizedCrop(0.08, 4 / 3)
SIDES = (300, 500)
SMALL = (32, 33)


def stream_rows(
    images: int, image_size: int, batch_size: int, repeats: int, steps: int
) -> list[dict]:
    """A row for each way of reading, as `ras_keras.benchmark.columns` describes it.

    Args:
        images: photographs that are made.
        image_size: height and width of the crops, in pixels.
        batch_size: images per batch.
        repeats: rounds in which all are timed in turn.
        steps: batches per measurement.
    """
    with TemporaryDirectory() as folder:
        make_photographs(Path(folder), images, SIDES)
        speeds = _speeds(folder, image_size, batch_size, repeats, steps)
    shared = {"files": images, "image_size": image_size, "batch_size": batch_size}
    return [
        {"what": what}
        | shared
        | {"n": repeats, "steps": steps}
        | spread.columns("images_per_second")
        | spread.over(speeds[BARE]).columns("over_bare")
        | machine()
        for what, spread in speeds.items()
    ]


def start_rows(files: int, image_size: int, batch_size: int) -> list[dict]:
    """A row, likewise: how long a process of its own takes to the first batch, and its memory.

    Args:
        files: small photographs that are made.
        image_size: height and width of the crops, in pixels.
        batch_size: images per batch.
    """
    with TemporaryDirectory() as folder:
        make_photographs(Path(folder), files, SMALL)
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            seconds, peak = process.submit(_start, folder, image_size, batch_size).result()
    shared = {"files": files, "image_size": image_size, "batch_size": batch_size}
    return [shared | {"start_seconds": round(seconds, 2), "peak_bytes": peak} | machine()]


def _speeds(folder, image_size, batch_size, repeats, steps) -> dict[str, Spread]:
    train = Path(folder, "train")
    paths = [str(path) for path in sorted(train.rglob("*.jpg"))]
    measured: dict[str, Callable[[], tf.data.Dataset]] = {
        BARE: lambda: bare_loop(paths, image_size, batch_size)
    }
    for what, stream in ((STREAMED, True), (IN_MEMORY, False)):
        batches = _data(folder, image_size, batch_size, stream).batches
        measured[what] = lambda batches=batches: batches.from_step(0)
    return in_turn(
        {what: lambda make=make: _speed(make(), steps) for what, make in measured.items()}, repeats
    )


def _speed(dataset, steps) -> float:
    """Images a second behind the first batch."""
    iterator = iter(dataset)
    next(iterator)
    began, images = time.perf_counter(), 0
    for _ in range(steps):
        images += len(next(iterator)[1])
    return images / (time.perf_counter() - began)


def bare_loop(paths: list[str], image_size: int, batch_size: int) -> tf.data.Dataset:
    """Batches as tf.data's users make them: shuffled names, decoded crops, resized.

    Args:
        paths: of JPEG files.
        image_size: height and width of the crops, in pixels.
        batch_size: images per batch.
    """

    def crop(path):
        data = tf.io.read_file(path)
        height, width, _ = tf.unstack(tf.io.extract_jpeg_shape(data))
        box = CROP.box(CROP.parts(tf.random.uniform((10, 4))), height, width)
        image = tf.image.decode_and_crop_jpeg(
            data, box, channels=3, dct_method="INTEGER_ACCURATE", fancy_upscaling=False
        )
        image = tf.image.resize(image, (image_size, image_size))
        return tf.cast(tf.round(image), tf.uint8), tf.constant(0)

    names = tf.data.Dataset.from_tensor_slices(paths).shuffle(len(paths), seed=0).repeat()
    return (
        names.map(crop, num_parallel_calls=os.cpu_count(), deterministic=True)
        .batch(batch_size)
        .prefetch(2)
    )


def _data(folder, image_size, batch_size, stream) -> Data:
    recipe = DataRecipe(
        dataset=f"folder:{folder}",
        image_size=image_size,
        evaluation_resize=image_size * 8 // 7,
        crop_scale=CROP.scale,
        crop_ratio=CROP.ratio,
        stream=stream,
    )
    return load_data(recipe, batch_size=batch_size, seed=0)


def _start(folder, image_size, batch_size) -> tuple[float, int]:
    """Seconds to the first batch, and the most bytes that this process has held."""
    began = time.perf_counter()
    data = _data(folder, image_size, batch_size, stream=True)
    next(iter(data.batches.from_step(0)))
    return time.perf_counter() - began, peak_memory()
