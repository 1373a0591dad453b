"""Where each record of TFRecord shards begins, read once and kept in the user's cache folder."""

import hashlib
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from ras_keras.data.encoded.sources import BEFORE, BEHIND
from ras_keras.errors import UserError
from ras_keras.files import cache_folder, write_atomically

FIELDS = ("shard", "offset", "length", "checksum", "label")
# That are taken from TensorFlow at a time.
RECORDS = 100


@dataclass(frozen=True)
class RecordIndex:
    """The records of shards, in their order.

    Attributes:
        shard: int32, (N,): the number of the shard.
        offset: int64, (N,): where its content begins there, in bytes.
        length: int64, (N,): of its content, in bytes.
        checksum: uint32, (N,): of its content, by `zlib.crc32`.
        label: int32, (N,).
    """

    shard: np.ndarray
    offset: np.ndarray
    length: np.ndarray
    checksum: np.ndarray
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
    key = _key(shards, digest)
    file = cache_folder() / f"records-{_place(shards)}.npz"
    kept = _read(file, key, count)
    if kept is not None:
        return kept
    index = _index(shards, count)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, lambda path: np.savez(path, key=key, **vars(index)))
    except (OSError, UserError):
        print(f"notice   {file} cannot be written: the records are indexed anew next time")
    return index


def _place(shards: Sequence[Path]) -> str:
    """Where the shards lie, so that those which are written anew have the same file."""
    paths = "\n".join(str(shard.absolute()) for shard in shards)
    return hashlib.sha256(paths.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _key(shards: Sequence[Path], digest: str) -> str:
    """What tells these shards from those that stood in their places before."""
    known = hashlib.sha256(digest.encode())
    for shard in shards:
        known.update(f"{shard.stat().st_mtime_ns}\n".encode())
    return known.hexdigest()


def _read(file, key, count):
    try:
        with np.load(file) as arrays:
            current = arrays["key"].item() == key
            index = RecordIndex(*(arrays[name] for name in FIELDS))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    whole = all(len(getattr(index, name)) == count for name in FIELDS)
    return index if current and whole else None


def _index(shards, count) -> RecordIndex:
    parts: list[tuple[np.ndarray, ...]] = []
    with tqdm(total=count, desc="indexing records", unit="image", leave=False, delay=2) as bar:
        for number, shard in enumerate(shards):
            records = tf.data.TFRecordDataset(str(shard), buffer_size=2**23)
            labelled = records.map(_with_label, num_parallel_calls=tf.data.AUTOTUNE).batch(RECORDS)
            found: list[tuple[int, int, int]] = []
            for contents, labels in labelled.as_numpy_iterator():
                for content, label in zip(contents, labels, strict=True):
                    found.append((len(content), zlib.crc32(content), label))
                bar.update(len(labels))
            length, checksum, label = np.array(found, "int64").reshape(-1, 3).T
            begins = np.cumsum(length + BEFORE + BEHIND) - length - BEHIND
            numbers = np.full(len(length), number, "int32")
            parts.append(
                (numbers, begins, length, checksum.astype("uint32"), label.astype("int32"))
            )
    return RecordIndex(*map(np.concatenate, zip(*parts, strict=True)))


def _with_label(record):
    label = tf.io.parse_single_example(record, {"label": tf.io.FixedLenFeature([], tf.int64)})
    return record, label["label"]
