import ast
import errno
import os

import pytest
from filelock import FileLock

from ras_keras.errors import UserError
from ras_keras.files import (
    beside,
    checksum,
    is_vacant,
    remove_vacant,
    write_atomically,
)
from ras_keras.locks import locked
from tests.conftest import ROOT


def test_a_folder_is_of_one_process_which_is_named(tmp_path):
    """A lock belongs to the open file, so that this process can stand for another one."""
    with locked(tmp_path):
        with (
            pytest.raises(UserError, match=f"is in use by process {os.getpid()};"),
            locked(tmp_path),
        ):
            pass
        assert is_vacant(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path):
        pass


def test_a_process_that_is_killed_lets_go(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".lock.pid").write_text("1")
    with locked(tmp_path):
        assert (tmp_path / ".lock.pid").read_text() == str(os.getpid())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(tmp_path, monkeypatch, capsys, code):
    def missing(lock, *arguments, **options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(FileLock, "acquire", missing)
    with locked(tmp_path):
        pass
    said = capsys.readouterr().out
    assert said.startswith(f"notice   the file system of {tmp_path} has no locks (")
    assert said.count("\n") == 1


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="cannot be written"), locked(tmp_path / "nowhere"):
        pass


def test_only_what_a_kill_left_makes_a_folder_vacant(tmp_path):
    for name in (".lock", ".lock.pid", ".recipe.12.tmp.json"):
        (tmp_path / name).touch()
    assert is_vacant(tmp_path)
    (tmp_path / "mine.txt").touch()
    remove_vacant(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4
    (tmp_path / "mine.txt").unlink()
    remove_vacant(tmp_path)
    assert not tmp_path.exists()
    assert not is_vacant(tmp_path)


def test_checksum(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert checksum(tmp_path / "file") == expected
    assert checksum(tmp_path / "none") is None


def test_nothing_is_imported_that_one_operating_system_lacks():
    for file in (ROOT / "ras_keras").rglob("*.py"):
        for node in ast.parse(file.read_text()).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert not {"fcntl", "resource", "msvcrt", "pwd", "termios"} & set(names), file


@pytest.mark.parametrize("name", ["x" * 250 + ".csv", "ö" * 125 + ".csv", "a." + "x" * 252, "x"])
def test_names_of_any_length_are_written(tmp_path, name):
    path, temporary = tmp_path / name, []

    def write(file):
        temporary.append(file)
        file.write_text("whole")
        assert file.match(".*.tmp.*")
        assert not is_vacant(tmp_path) if path.exists() else is_vacant(tmp_path)

    write_atomically(path, write)
    write_atomically(path, write)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    if path.suffix == ".csv":
        assert temporary[0].suffix == ".csv"


def test_what_fails_leaves_nothing(tmp_path):
    def write(file):
        file.touch()
        raise UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed")

    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "a.csv", write)
    assert list(tmp_path.iterdir()) == []


def test_a_file_beside_one_with_a_long_name(tmp_path):
    assert beside(tmp_path / "a.keras", "_b.png") == tmp_path / "a_b.png"
    for letter in ("x", "ö"):
        long = letter * (248 // len(letter.encode()))
        ones = [beside(tmp_path / f"{long}{end}.keras", "_confusion_matrix.png") for end in "12"]
        assert ones[0] != ones[1]
        for one in ones:
            one.touch()
            assert one.name.endswith("_confusion_matrix.png")
