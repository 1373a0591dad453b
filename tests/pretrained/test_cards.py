"""The cards of the trained models: as scripts/make_cards.py writes them, and on the site."""

import make_cards
import pytest

from ras_keras.pretrained import shipped_models
from tests.conftest import ROOT


@pytest.mark.parametrize("name", shipped_models())
def test_a_card_says_what_the_records_say(name):
    written = (make_cards.CARDS / f"{name}.md").read_text(encoding="utf-8")
    assert written == make_cards.card(shipped_models()[name])


def test_the_overview_lists_all_models():
    written = (make_cards.CARDS / "index.md").read_text(encoding="utf-8")
    assert written == make_cards.index(shipped_models())


def test_every_card_is_of_a_model():
    cards = {file.stem for file in make_cards.CARDS.glob("*.md")}
    assert cards == {"index", *shipped_models()}


@pytest.mark.parametrize("name", shipped_models())
def test_a_card_is_on_the_site(name):
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").splitlines()
    assert f"      - {name}: docs/models/{name}.md" in lines
