"""The weights in a `.keras` file: an HDF5 file as Keras writes it, and nothing else."""

import math

import h5py
import ml_dtypes
import numpy as np

from ras_keras.errors import UserError, first_line
from ras_keras.saving.archive import Archive

# ResNet407 with its optimizer's state has some 12,000.
MOST_OBJECTS = 20_000
# The path of a weight of a layer in a layer in a layer has some ten parts.
DEEPEST = 64
KINDS = {h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM, h5py.h5t.OPAQUE}
# Numbers that are looked at at once.
PIECE = 2**22


class NotFinite(UserError):
    """The place of an array that holds NaN or an infinity."""


def check_weights(archive: Archive) -> list[tuple[int, ...]]:
    """Checks that all arrays lie in the file itself, whole, none twice, and hold finite numbers.

    Returns:
        The shapes of the arrays.

    Raises:
        UserError: saying what is wrong.
    """
    path = archive.path
    try:
        with archive.open_weights() as stream, h5py.File(stream, "r") as file:
            shapes, size = _walk(file.id, archive)
    except NotFinite as error:
        raise UserError(
            f"{path} is refused: its weights hold numbers that are not finite, {error}; its "
            "training diverged, take an earlier model."
        ) from error
    except UserError as error:
        raise UserError(
            f"{path} is refused: its weights hold {error}; save it again with model.save."
        ) from error
    # The library reports what it cannot read by many kinds of errors.
    except Exception as error:
        raise UserError(
            f"{path} is damaged: its weights cannot be read ({first_line(error)}); save or copy "
            "it again."
        ) from error
    if size > archive.weights_size:
        raise UserError(
            f"{path} is refused: its weights say they have {size:,} bytes, more than the file; "
            "save it again with model.save."
        )
    return shapes


def _walk(root, archive) -> tuple[list[tuple[int, ...]], int]:
    """Shapes of all arrays below a group and the bytes they say they have."""
    shapes, size = [], 0
    content = np.memmap(archive.path, "uint8", "r", archive.weights_offset, archive.weights_size)
    seen: set = set()
    groups: list[tuple] = [(root, ())]
    while groups:
        group, place = groups.pop()
        if len(place) >= DEEPEST:
            raise UserError(f"groups {DEEPEST} deep")
        if len(seen) + len(group) > MOST_OBJECTS:
            raise UserError(f"more than {MOST_OBJECTS:,} objects")
        for name in group:
            if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
                raise UserError(f"a link elsewhere, {_text(name)}")
            item = h5py.h5o.open(group, name)
            address = h5py.h5o.get_info(item).addr
            if address in seen:
                raise UserError(f"the same object twice, {_text(name)}")
            seen.add(address)
            if isinstance(item, h5py.h5g.GroupID):
                groups.append((item, (*place, name)))
            else:
                shapes.append(_shape(item, name))
                size += _bytes(item)
                if size <= archive.weights_size and not _is_finite(item, content):
                    raise NotFinite(_text(b"/".join((*place, name))))
    return shapes, size


def _is_finite(item, content: np.ndarray) -> bool:
    """Whether an array in the content of the file has neither NaN nor infinity."""
    dtype = item.dtype
    if dtype.kind == "V" and dtype.itemsize == 2:
        # The opaque type of two bytes that Keras writes.
        dtype = np.dtype(ml_dtypes.bfloat16)
    elif dtype.kind != "f":
        return True
    start = item.get_offset()
    numbers = content[start : start + _bytes(item)].view(dtype) if _bytes(item) else ()
    return all(
        np.isfinite(numbers[first : first + PIECE]).all() for first in range(0, len(numbers), PIECE)
    )


def _shape(item, name) -> tuple[int, ...]:
    """The shape of an array that lies in one piece in the file."""
    if not isinstance(item, h5py.h5d.DatasetID) or item.get_type().get_class() not in KINDS:
        raise UserError(f"something that is no array of numbers, {_text(name)}")
    settings = item.get_create_plist()
    if (
        settings.get_layout() != h5py.h5d.CONTIGUOUS
        or settings.get_external_count()
        or item.get_storage_size() != _bytes(item)
    ):
        raise UserError(f"an array that is not in it as a whole, {_text(name)} {item.shape}")
    return item.shape


def _bytes(item) -> int:
    """What an array takes in memory."""
    return math.prod(item.shape) * item.get_type().get_size()


def _text(name: bytes) -> str:
    return repr(name.decode(errors="replace"))[:80]
