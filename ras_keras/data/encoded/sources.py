"""Where encoded images come from: files, records of TFRecord shards, or memory."""

import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from ras_keras.errors import first_line

# Of a record in a shard: its length and a checksum stand before its content, another behind it.
BEFORE, BEHIND = 12, 4
# What of a record's `tf.train.Example` is read.
IMAGE = {"image": tf.io.FixedLenFeature([], tf.string)}


class Source(Protocol):
    """Encoded images by their places, 0 to their number without it.

    Attributes:
        size: of all of them, in bytes.
    """

    size: int

    def read(self, place) -> tf.Tensor:
        """The encoded image at an int32 scalar, a scalar string; called within graphs too."""

    def name(self, place: int) -> str:
        """What a message calls the image at a place."""

    def damaged(self) -> Iterator[str]:
        """What is damaged though its images may be decoded, a sentence each; reads all of it."""


class Files:
    """A file an image.

    Args:
        paths: of the files.
    """

    def __init__(self, paths: Sequence[Path]):
        with tf.device("CPU"):
            self._paths = tf.constant([os.fsencode(path) for path in paths])
        self.size = sum(path.stat().st_size for path in paths)

    def read(self, place) -> tf.Tensor:
        return tf.io.read_file(self._paths[place])

    def name(self, place: int) -> str:
        return os.fsdecode(self._paths[place].numpy())

    def damaged(self) -> Iterator[str]:
        return iter(())


class Records:
    """A record of a TFRecord shard an image.

    Args:
        shards: the files.
        shard: int, (N,): in which of them each record lies.
        offset: int64, (N,): where its content begins there, in bytes.
        length: int64, (N,): of its content, in bytes.
        checksum: uint32, (N,): of its content, by `zlib.crc32`.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        shard: np.ndarray,
        offset: np.ndarray,
        length: np.ndarray,
        checksum: np.ndarray,
    ):
        self._shards = [*shards]
        self._shard, self._offset, self._length = shard, offset, length
        self._checksum = checksum
        self.size = int(length.sum())

    def read(self, place) -> tf.Tensor:
        record = tf.numpy_function(self._record, [place], tf.string)
        return tf.io.parse_single_example(tf.reshape(record, ()), IMAGE)["image"]

    def _record(self, place):
        with self._shards[self._shard[place]].open("rb") as file:
            file.seek(self._offset[place])
            content = file.read(self._length[place])
        if zlib.crc32(content) != self._checksum[place]:
            raise ValueError("its checksum differs from that of its first reading")
        return content

    def name(self, place: int) -> str:
        shard = self._shard[place]
        first = int(np.searchsorted(self._shard, shard))
        return f"{self._shards[shard]}, record {place - first:,},"

    def damaged(self) -> Iterator[str]:
        for shard in self._shards:
            try:
                # It compares the checksums, which reading by index leaves alone.
                for _ in tf.data.TFRecordDataset(str(shard)).batch(1000):
                    pass
            except tf.errors.OpError as error:
                yield f"{shard} is damaged ({first_line(error)}); prepare the data set again."


class Memory:
    """Images whose files or records are held in memory.

    Args:
        source: that they are read from, once.
        count: how many images it holds.
    """

    def __init__(self, source: Source, count: int):
        self.size = source.size
        self.name, self.damaged = source.name, source.damaged
        read = tf.data.Dataset.range(count, output_type=tf.int32).map(
            source.read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        read = tqdm(read.as_numpy_iterator(), "reading", count, leave=False, delay=2)
        with tf.device("CPU"):
            self._encoded = tf.constant([*read])

    def read(self, place) -> tf.Tensor:
        return self._encoded[place]
