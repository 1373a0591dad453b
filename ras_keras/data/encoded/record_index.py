"""Where each record of TFRecord shards begins, read once and kept in the user's cache folder."""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from ras_keras.data.encoded.sources import BEFORE, BEHIND
from ras_keras.errors import UserError
from ras_keras.files import cache_folder, write_atomically

FIELDS = ("shard", "offset", "length", "label")


@dataclass(frozen=True)
class RecordIndex:
    """The records of shards, in their order.

    Attributes:
        shard: int32, (N,): the number of the shard.
        offset: int64, (N,): where its content begins there, in bytes.
        length: int64, (N,): of its content, in bytes.
        label: int32, (N,).
    """

    shard: np.ndarray
    offset: np.ndarray
    length: np.ndarray
    label: np.ndarray


def index_records(shards: Sequence[Path], count: int, digest: str) -> RecordIndex:
    """The index of shards, from the cache folder if it is there.

    Args:
        shards: the files.
        count: records that they hold.
        digest: of the data set's version and of what its files are called.

    Raises:
        tf.errors.OpError: if a shard is damaged or missing.
    """
    file = cache_folder() / f"records-{_key(shards, digest)}.npz"
    kept = _read(file, count)
    if kept is not None:
        return kept
    index = _index(shards, count)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, lambda path: np.savez(path, **vars(index)))
    except (OSError, UserError):
        print(f"notice   {file} cannot be written: the records are indexed anew next time")
    return index


def _key(shards: Sequence[Path], digest: str) -> str:
    """What tells these shards from all others, and from themselves once they are written anew."""
    known = hashlib.sha256(digest.encode())
    for shard in shards:
        known.update(f"{shard.absolute()} {shard.stat().st_mtime_ns}\n".encode())
    return known.hexdigest()[:32]


def _read(file, count):
    try:
        with np.load(file) as arrays:
            index = RecordIndex(*(arrays[name] for name in FIELDS))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    whole = all(len(getattr(index, name)) == count for name in FIELDS)
    return index if whole else None


def _index(shards, count) -> RecordIndex:
    parts: list[tuple[np.ndarray, ...]] = []
    with tqdm(total=count, desc="indexing records", unit="image", leave=False, delay=2) as bar:
        for number, shard in enumerate(shards):
            records = tf.data.TFRecordDataset(str(shard), buffer_size=2**23)
            described = records.map(_describe, num_parallel_calls=tf.data.AUTOTUNE).batch(1000)
            length, label = [np.empty(0, "int64")], [np.empty(0, "int64")]
            for lengths, labels in described.as_numpy_iterator():
                length.append(lengths)
                label.append(labels)
                bar.update(len(labels))
            lengths = np.concatenate(length)
            begins = np.cumsum(lengths + BEFORE + BEHIND) - lengths - BEHIND
            numbers = np.full(len(lengths), number, "int32")
            parts.append((numbers, begins, lengths, np.concatenate(label).astype("int32")))
    return RecordIndex(*map(np.concatenate, zip(*parts, strict=True)))


def _describe(record):
    label = tf.io.parse_single_example(record, {"label": tf.io.FixedLenFeature([], tf.int64)})
    return tf.cast(tf.strings.length(record), tf.int64), label["label"]
