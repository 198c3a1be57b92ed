import pytest

from tests.dashboards import a_live_database
from tests.pages import opener, words_of
from ui.about import FIGURES, LIMITS, SOURCES
from ui.text import words

BANNED = ("visitor", "pelawat", "occupancy", "penghunian", "kadar huni")


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


@pytest.mark.parametrize("lang", ["ms", "en"])
def test_every_definition_source_and_limit_is_there(tmp_path, open_page, lang):
    app = open_page("about", a_live_database(tmp_path), lang=lang)
    said = words_of(app)
    keys = [*FIGURES, *SOURCES, *(f"limit_{code}" for code in LIMITS)]

    for key in keys:
        assert words(lang)[f"about.{key}"].split("{")[0] in said


def test_places_are_attributed_with_their_number(tmp_path, open_page):
    said = words_of(open_page("about", a_live_database(tmp_path)))

    assert "2 places of Kedah" in said
    assert "creativecommons.org/licenses/by/4.0" in said


@pytest.mark.parametrize("lang", ["ms", "en"])
def test_no_page_speaks_of_what_posts_cannot_tell(lang):
    said = " ".join(words(lang).values()).lower()

    assert not [word for word in BANNED if word in said]
