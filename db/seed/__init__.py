"""The gazetteer that a new database begins with: 92 places of Kedah and how people write them.

The rows stand in the order in which people write about the places, most often first; search
terms and hashtags follow that order. Sources and marks are explained in docs/places.md.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from insights.model import Alias, Place

FOLDER = Path(__file__).parent
RULES = ("plain", "context", "strict")
# "town": a smaller place that counts for its district's city; "typo": a usual slip;
# "abroad": the writing of a visitor from elsewhere.
LANGUAGES = ("ms", "en", "zh", "th", "tag", "town", "typo", "abroad")
# Kedah with its islands, in degrees; a swapped or mistyped pair falls outside.
LATITUDES = (5.0, 6.75)
LONGITUDES = (99.5, 101.25)


class SeedError(ValueError):
    """The seed files contradict themselves; the message names the file's row."""


def seed_places(folder: Path = FOLDER) -> tuple[Place, ...]:
    """Every place of the seed with its aliases, in the files' order, `id` still 0.

    Raises SeedError when a slug or an alias stands twice, a parent or a city is unknown, or a
    coordinate lies outside Kedah.
    """
    aliases = _aliases(_rows(folder / "aliases.csv"))
    places = tuple(
        _place(row, aliases.pop(row["slug"], ())) for row in _rows(folder / "places.csv")
    )
    if aliases:
        raise SeedError(f"aliases.csv: no such place: {', '.join(sorted(aliases))}")
    _check(places)
    return places


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _aliases(rows: list[dict[str, str]]) -> dict[str, tuple[Alias, ...]]:
    found: dict[str, list[Alias]] = defaultdict(list)
    owners: dict[str, str] = {}
    for row in rows:
        slug, text = row["slug"], row["alias"]
        if row["language"] not in LANGUAGES:
            raise SeedError(f"aliases.csv: {text}: unknown language {row['language']!r}")
        other = owners.setdefault(text.casefold(), slug)
        if found[slug] and other == slug and text in {alias.text for alias in found[slug]}:
            raise SeedError(f"aliases.csv: {text} stands twice")
        if other != slug:
            raise SeedError(f"aliases.csv: {text} names both {other} and {slug}")
        found[slug].append(Alias(text, row["language"], row["needs_context"] == "1"))
    return {slug: tuple(given) for slug, given in found.items()}


def _place(row: dict[str, str], aliases: tuple[Alias, ...]) -> Place:
    return Place(
        slug=row["slug"],
        name=row["name"],
        city=row["city"],
        city_slug=row["city_slug"],
        district=row["district"],
        category=row["category"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        parent=row["parent"] or None,
        rule=row["rule"],
        general=row["general"] == "1",
        approximate=row["approximate"] == "1",
        aliases=aliases,
        source=row["coordinate_source"],
    )


def _check(places: tuple[Place, ...]) -> None:
    slugs = {place.slug: place for place in places}
    if len(slugs) != len(places):
        raise SeedError("places.csv: a slug stands twice")
    for place in places:
        problem = _problem(place, slugs)
        if problem:
            raise SeedError(f"places.csv: {place.slug}: {problem}")


def _problem(place: Place, slugs: dict[str, Place]) -> str:
    """What is wrong with one row, empty when nothing is."""
    if place.general != (place.slug == place.city_slug):
        return "a general row carries its city's slug, and no other row does"
    if place.general != (place.parent is None):
        return "every place but a general row has a parent"
    if place.parent is not None and place.parent not in slugs:
        return f"unknown parent {place.parent!r}"
    if place.parent is not None and slugs[place.parent].city_slug != place.city_slug:
        return "the parent lies in another city"
    if place.city_slug not in slugs:
        return f"unknown city {place.city_slug!r}"
    if place.rule not in RULES:
        return f"unknown rule {place.rule!r}"
    if not place.aliases:
        return "no alias"
    inside = (
        LATITUDES[0] <= place.latitude <= LATITUDES[1]
        and LONGITUDES[0] <= place.longitude <= LONGITUDES[1]
    )
    return "" if inside else "coordinates outside Kedah"
