from pathlib import Path

import pytest

from ras_keras.errors import UserError
from ras_keras.plots.picture import check_picture


@pytest.mark.parametrize("name", ["a.png", "a.SVG", "a.pdf"])
def test_known_formats(tmp_path, name):
    check_picture(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.foo", "no known format"), ("a", "no known format"), ("none/a.png", "no folder none")],
)
def test_refuses(name, message):
    with pytest.raises(UserError, match=message):
        check_picture(Path(name))
