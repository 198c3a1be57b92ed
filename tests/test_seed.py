"""The seed's places: complete, inside Kedah, and free of contradictions."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from db.seed import FOLDER, SeedError, seed_places
from insights.places import Gazetteer, key

PLACES = seed_places()
SHARED = Path(__file__).parents[2] / "shared" / "data" / "places.csv"
CITIES = [
    "langkawi",
    "alor-setar",
    "sungai-petani",
    "kulim",
    "jitra",
    "baling",
    "sik",
    "yan",
    "pendang",
    "kuala-nerang",
    "pokok-sena",
    "bandar-baharu",
]


def test_ninety_two_places_in_twelve_cities():
    assert len(PLACES) == 92
    assert {place.city_slug for place in PLACES} == set(CITIES)


def test_every_city_has_one_general_row_with_its_slug():
    assert sorted(place.slug for place in PLACES if place.general) == sorted(CITIES)


def test_no_spelling_stands_for_two_places():
    owners: dict[str, str] = {}
    for place in PLACES:
        for alias in place.aliases:
            assert owners.setdefault(key(alias.text), place.slug) == place.slug, alias.text


def test_every_line_of_parents_ends_at_the_city():
    by_slug = {place.slug: place for place in PLACES}
    for place in PLACES:
        steps, here = 0, place
        while here.parent:
            here, steps = by_slug[here.parent], steps + 1
            assert steps < 5, place.slug
        assert here.slug == place.city_slug


def test_a_general_town_lies_in_the_middle_of_its_places():
    by_slug = {place.slug: place for place in PLACES}
    for place in PLACES:
        city = by_slug[place.city_slug]
        assert abs(place.latitude - city.latitude) < 0.4, place.slug
        assert abs(place.longitude - city.longitude) < 0.4, place.slug


def test_only_coordinates_of_a_gazetteer_are_not_approximate():
    for place in PLACES:
        taken = place.source.startswith(("GeoNames ", "airportsdata"))
        assert place.approximate != taken, place.slug


def test_every_place_is_found_by_each_of_its_sure_spellings():
    gazetteer = Gazetteer(PLACES)
    missed = []
    for place in PLACES:
        for alias in place.aliases:
            match = gazetteer.match(f"Saya di {alias.text} tadi")
            found = {gazetteer.place(link).slug for link in match.links}
            if not alias.needs_context and place.slug not in found:
                missed.append(alias.text)
    assert missed == []


def test_every_place_is_found_by_its_own_name():
    gazetteer = Gazetteer(PLACES)
    for place in PLACES:
        match = gazetteer.match(f"Sampai di {place.name}, Kedah")
        assert place.slug in {gazetteer.place(link).slug for link in match.links}, place.name


@pytest.mark.skipif(not SHARED.exists(), reason=f"the shared places are not beside us: {SHARED}")
def test_the_shared_places_are_all_ours():
    with SHARED.open(encoding="utf-8", newline="") as file:
        shared = list(csv.DictReader(file))
    names = {place.name for place in PLACES}
    given = {
        row["name"].replace(" (general)", "").replace(" (island, general)", "") for row in shared
    }
    assert given == names


TWIN = "\njitra,Jitra,Jitra,jitra,Kubang Pasu,City,6.2,100.4,0,test,plain,1,"

# --- broken files --------------------------------------------------------------------------------


def broken(tmp_path: Path, file: str, old: str, new: str) -> Path:
    folder = tmp_path / "seed"
    folder.mkdir()
    for name in ("places.csv", "aliases.csv"):
        shutil.copy(FOLDER / name, folder / name)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("aliases.csv", "\nkulim,Kulim,", "\nkulimm,Kulim,", "no such place: kulimm"),
        ("aliases.csv", "jitra,Jitra,ms,0", "jitra,Kulim,ms,0", "Kulim names both"),
        ("aliases.csv", "jitra,Jitra,ms,0", "jitra,Jitra,xx,0", "unknown language"),
        ("places.csv", "6.29369,99.72786", "99.72786,6.29369", "outside Kedah"),
        ("places.csv", ",plain,0,langkawi\n", ",plain,0,atlantis\n", "unknown parent"),
        ("places.csv", ",plain,0,langkawi\n", ",plain,0,kulim\n", "another city"),
        ("places.csv", ",plain,0,langkawi\n", ",plain,0,\n", "has a parent"),
        ("places.csv", ",plain,0,langkawi\n", ",vague,0,langkawi\n", "unknown rule"),
        ("places.csv", "\njitra,", f"{TWIN}\njitra,", "stands twice"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_its_reason(tmp_path, file, old, new, said):
    with pytest.raises(SeedError, match=said):
        seed_places(broken(tmp_path, file, old, new))
