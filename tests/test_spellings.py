"""How the words of a place's name are written otherwise."""

from __future__ import annotations

import pytest

from db.seed import seed_places
from insights.places import Gazetteer, key
from insights.spellings import spellings

GAZETTEER = Gazetteer(seed_places())


def test_a_name_comes_first_as_it_is_written():
    assert next(spellings("Tanjung Dawai")) == "Tanjung Dawai"


def test_each_word_of_a_name_is_written_in_each_of_its_ways():
    written = {text.casefold() for text in spellings("Jeti Kuala Kedah")}
    assert written == {"jeti kuala kedah", "jetty kuala kedah"}


def test_one_way_of_writing_leads_to_every_other():
    assert {key(text) for text in spellings("Tg Dawai")} == {
        key(text) for text in spellings("Tanjong Dawai")
    }


def test_a_name_of_one_word_and_a_title_stay_as_they_are():
    assert list(spellings("Chenang")) == ["Chenang"]
    long = "Masjid Alor Setar Tanjung Besar"
    assert list(spellings(long)) == [long]


@pytest.mark.parametrize(
    ("text", "slug", "alias"),
    [
        ("lif kat menara alo setaq rosak", "menara-alor-setar", "Menara Alor Setar"),
        ("jetty kuala kedah penuh kereta", "jeti-kuala-kedah", "Jeti Kuala Kedah"),
        ("ferry kuala kedah lambat", "jeti-kuala-kedah", "Feri Kuala Kedah"),
        ("mee udang Yan Besaq", "yan", "Yan Besar"),
        ("mandi ayer terjun Titi Hayun", "titi-hayun", "Air Terjun Titi Hayun"),
        ("tengok dinosaur kat musium negeri kedah", "muzium-negeri-kedah", "Muzium Negeri Kedah"),
        ("#tgdawaisunset", "tanjung-dawai", "Tg Dawai"),
    ],
)
def test_a_name_written_otherwise_is_read_as_the_seed_has_it(text, slug, alias):
    link = GAZETTEER.match(text).primary
    assert link is not None
    assert GAZETTEER.place(link).slug == slug
    assert link.alias == alias


def test_a_spelling_of_the_gazetteer_itself_is_never_taken_for_another_name():
    for place in GAZETTEER.places:
        for alias in place.aliases:
            assert GAZETTEER.called(alias.text) == place
