"""The container of a `.keras` file: a zip archive as Keras writes it, and nothing else."""

import io
import stat
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import h5py

from ras_keras.errors import UserError, first_line

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
MEMBERS = ("metadata.json", CONFIG, WEIGHTS)
# That of ResNet407 has 1.6 MB.
LARGEST_JSON = 8 * 2**20
LOCAL_HEADER = 30
HDF5 = b"\x89HDF\r\n\x1a\n"
ENCRYPTED = 1


@dataclass(frozen=True)
class Archive:
    """A container that has been checked.

    Attributes:
        path: of the file.
        config: the bytes of config.json.
        weights_offset: of the first byte of model.weights.h5 in the file.
        weights_size: in bytes.
    """

    path: Path
    config: bytes
    weights_offset: int
    weights_size: int

    def open_weights(self) -> io.RawIOBase:
        """A stream of model.weights.h5, which is never in memory as a whole."""
        return Window(self.path, self.weights_offset, self.weights_size)


class Window(io.RawIOBase):
    """A part of a file as a stream of its own."""

    def __init__(self, path: Path, offset: int, size: int):
        self.stream = path.open("rb")
        self.offset, self.size, self.position = offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, position, whence=io.SEEK_SET):
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        self.position = max(0, start + position)
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer):
        wanted = min(len(buffer), max(0, self.size - self.position))
        self.stream.seek(self.offset + self.position)
        read = self.stream.readinto(memoryview(buffer)[:wanted])
        self.position += read
        return read

    def close(self) -> None:
        self.stream.close()
        super().close()


def check_archive(path: Path) -> Archive:
    """Checks a container: its members, their places and names, and their checksums.

    Members lie in it uncompressed, side by side. So what they unpack to is no larger than the
    file, and reading it once is all that a check takes.

    Raises:
        UserError: saying what is wrong with the file.
    """
    if not path.is_file():
        raise UserError(
            f"{path}: {'is a folder' if path.is_dir() else 'no such file'}; "
            "name a saved .keras model."
        )
    try:
        with path.open("rb") as stream:
            is_hdf5 = stream.read(len(HDF5)) == HDF5
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}); ask its owner, or copy it."
        ) from error
    if is_hdf5:
        raise _hdf5(path)
    if not zipfile.is_zipfile(path):
        raise UserError(
            f"{path} is no Keras model or was cut short ({path.stat().st_size:,} bytes, no zip "
            "directory); save or copy it again."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return _check(path, archive)
    except UserError:
        raise
    # A directory that leads nowhere makes the reader fail in any way.
    except Exception as error:
        raise UserError(
            f"{path} is damaged: its zip directory is not that of its members "
            f"({first_line(error)}); save or copy it again."
        ) from error


def _hdf5(path) -> UserError:
    """What a file of HDF5 is: Keras keeps networks and weights in such files, too."""
    try:
        with h5py.File(path, "r") as file:
            network = "model_config" in file.attrs
    # The library reports what it cannot read by many kinds of errors.
    except Exception:
        return UserError(f"{path} is a damaged HDF5 file and no .keras model; copy it again.")
    if network:
        return UserError(
            f"{path} is a model in Keras's older HDF5 format, which is not checked and not loaded "
            "here; if you trust it, load it by keras.saving.load_model and save it as NAME.keras."
        )
    return UserError(
        f"{path} holds weights without a network; build the network, give it the weights by "
        "model.load_weights, and save it as NAME.keras."
    )


def _check(path, archive):
    members = archive.infolist()
    names = archive.namelist()
    missing = set(MEMBERS) - set(names)
    if any(PurePosixPath(name).name == "data.pkl" for name in names):
        raise UserError(
            f"{path} is a PyTorch checkpoint; import_weights.py turns those of the papers' authors "
            "into .keras files."
        )
    if missing:
        raise UserError(
            f"{path} is no Keras model: {min(missing)} is not in it; save one with "
            "model.save('NAME.keras')."
        )
    if path.suffix != ".keras":
        raise UserError(f"{path} is a Keras model under another name; rename it to end in .keras.")
    for member in members:
        problem = _problem(member)
        if problem:
            raise UserError(
                f"{path} is refused: its member {member.orig_filename!r:.80} {problem}; save it "
                "again with model.save."
            )
        if member.filename.endswith(".json") and member.file_size > LARGEST_JSON:
            raise UserError(
                f"{path} is refused: its {member.filename!r:.80} has {member.file_size:,} bytes, "
                f"of which {LARGEST_JSON:,} are the most; arrays, such as the matrix of an "
                "embedding, belong in the weights: give them to the layer by set_weights."
            )
    _check_places(path, archive, members)
    damaged = archive.testzip()
    if damaged:
        raise UserError(f"{path} is damaged: {damaged} fails its checksum; copy it again.")
    weights = archive.getinfo(WEIGHTS)
    archive.fp.seek(weights.header_offset)
    name, extra = struct.unpack("<2H", archive.fp.read(LOCAL_HEADER)[-4:])
    offset = weights.header_offset + LOCAL_HEADER + name + extra
    return Archive(path, archive.read(CONFIG), offset, weights.file_size)


def _problem(member: zipfile.ZipInfo) -> str | None:
    """Why a member is not one that Keras wrote, None if it may be."""
    name, kind = member.orig_filename, stat.S_IFMT(member.external_attr >> 16)
    if (
        name != member.filename
        or not name.isprintable()
        or any(character in name for character in "\\:")
        or name.startswith("/")
        or ".." in PurePosixPath(name).parts
    ):
        return "has a name that leads out of it"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if member.flag_bits & ENCRYPTED:
        return "is encrypted"
    if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
        return "is compressed, which Keras never does (`zip -0` packs without)"
    return None


def _check_places(path: Path, archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuses members that are there twice, overlap, or reach into the directory."""
    names = [member.filename for member in members]
    ordered = sorted(members, key=lambda member: member.header_offset)
    ends = [member.header_offset + LOCAL_HEADER + member.file_size for member in ordered]
    starts = [*(member.header_offset for member in ordered[1:]), archive.start_dir]
    if len({*names}) < len(names) or any(
        end > start for end, start in zip(ends, starts, strict=True)
    ):
        raise UserError(
            f"{path} is refused: members of it are there twice or overlap; save it again with "
            "model.save."
        )
