"""The command that finds images that cannot be read."""

import pytest

from tests.commands.calls import call
from tests.data.made_folder import make_folder


def test_images_that_cannot_be_read_are_named(tmp_path, capsys):
    folder = make_folder(tmp_path / "photos", sizes=((20, 24), (9, 7)))
    assert call("check_data", folder) == 0
    assert (
        "30 training images and 12 test images of 3 classes can be read" in capsys.readouterr().out
    )
    cut, empty = sorted((folder / "train" / "dog").iterdir())[:2]
    cut.write_bytes(cut.read_bytes()[:-100])
    empty.write_bytes(b"")
    assert call("check_data", folder) == 2
    shown = capsys.readouterr()
    assert [line.partition(" ")[0] for line in shown.out.splitlines()] == [str(cut), str(empty)]
    assert shown.err == "error: 2 of 42 images cannot be read.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["digits"], ["nothing to check"]),
        (["./no/such/folder"], ["no such folder"]),
        (["cifar11"], ["the nearest is"]),
        (["folder:no/such/folder"], ["error: folder:no/such/folder"]),
    ],
)
def test_what_cannot_be_checked(refused, arguments, says):
    refused(*arguments, command="check_data", says=says)


def test_strict_training_reads_all_images_first(refused, tmp_path):
    folder = make_folder(tmp_path / "photos")
    lost = max((folder / "train" / "dog").iterdir())
    lost.write_bytes(lost.read_bytes()[:-100])
    flags = ["--dataset", f"folder:{folder}", "--image-size", "16", "--stream", "--strict"]
    refused(*flags, command="train", says=[lost.name])
