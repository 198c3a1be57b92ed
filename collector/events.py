"""The calendar kept ahead: events of the next twelve months, Kedah's holidays, old ones gone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

import holidays

from db import queries, store
from db.engine import Connection
from db.seed.events import seed_events
from insights.model import Event, EventTemplate
from insights.recurrence import RuleError, dates, occurrences

COUNTRY, STATE = "MY", "KDH"
AHEAD = timedelta(days=366)
# Pages compare with the same days of the year before: an event stays for two years after its end.
KEPT = timedelta(days=731)
SOURCE = f"holidays {holidays.__version__} ({STATE})"

# The library's names for holidays that the seed knows by another.
_SEEDED = {
    "Eid al-Fitr": "holiday-hari-raya-aidilfitri",
    "Eid al-Adha": "holiday-hari-raya-aidiladha",
    "Chinese New Year": "holiday-chinese-new-year",
    "Diwali": "holiday-deepavali",
    "Vesak Day": "holiday-vesak-day",
    "Birthday of The Sultan of Kedah": "holiday-sultan-birthday",
    "Birthday of HM Yang di-Pertuan Agong": "holiday-agong-birthday",
    "Islamic New Year": "holiday-islamic-new-year",
    "Prophet Muhammad's Birthday": "holiday-mawlid",
    "Isra' and Mi'raj": "holiday-israk-mikraj",
    "Beginning of Ramadan": "holiday-ramadan-begins",
    "Labor Day": "holiday-labour-day",
    "National Day": "holiday-national-day",
    "Malaysia Day": "holiday-malaysia-day",
    "Christmas Day": "holiday-christmas-day",
}


_REPLACEMENT = "(observed)"  # the library's mark of a day off for a holiday on a day of rest


def refresh_events(connection: Connection, now: datetime, zone: tzinfo) -> int:
    """Bring templates and events up to date; returns how many events lie ahead.

    Seeded templates are only added, never changed: an officer may have edited them. Holidays
    follow the `holidays` library. Running it twice changes nothing more.
    """
    today = now.astimezone(zone).date()
    known = {template.slug: template for template in queries.event_templates_of(connection)}
    wanted = {template.slug: template for template in seed_events()}
    wanted |= holiday_templates(range(today.year - 1, today.year + 3), wanted)
    changed = [t for slug, t in wanted.items() if _to_save(t, known.get(slug))]
    store.save_templates(connection, changed, now)
    templates = [*{**wanted, **known, **{t.slug: t for t in changed}}.values()]
    dated = [event for t in templates for event in _ahead(t, today)]
    store.replace_events(connection, dated, today, now)
    return len(dated)


def _to_save(wanted: EventTemplate, known: EventTemplate | None) -> bool:
    if known is None:
        return True
    return wanted.slug.startswith("holiday-") and wanted != known and known.active


def _ahead(template: EventTemplate, today: date) -> Sequence[Event]:
    """The template's events from today on; none of a rule that an edit has left unreadable."""
    if not template.active:
        return ()
    try:
        return occurrences(template, today, today + AHEAD)
    except RuleError:
        return ()


def clean_up(connection: Connection, now: datetime) -> int:
    """Delete events that ended more than two years ago; returns how many."""
    return store.delete_events_before(connection, (now - KEPT).date())


def holiday_templates(
    years: Iterable[int], seeded: Mapping[str, EventTemplate]
) -> dict[str, EventTemplate]:
    """Kedah's public holidays as templates with listed dates, by slug.

    Second days belong to their holiday, replacement days are holidays of their own. A date that
    the library only estimates, or that the seed marks as waiting for the moon, is still to be
    confirmed.
    """
    years = tuple(years)
    english = _calendar("en_US", years)
    malay = _calendar("ms_MY", years)
    days: dict[str, set[tuple[date, bool]]] = defaultdict(set)
    names: dict[str, tuple[str, str]] = {}
    for day, written in english.items():
        for name, name_ms in zip(written.split("; "), malay[day].split("; "), strict=False):
            plain = _plain(name)
            slug = _SEEDED.get(plain) or f"holiday-{_slug(plain)}"
            named = _names(plain, _plain(name_ms), seeded.get(slug))
            if _REPLACEMENT in name:
                # The library says "Cuti X" of it in Malay, which may be read as X itself.
                named = (
                    f"Cuti ganti {named[0].removeprefix('Cuti ')}",
                    f"{named[1]} (replacement)",
                )
                slug += "-replacement"
            days[slug].add((day, "estimated" in name))
            names.setdefault(slug, named)
    return {
        slug: _holiday(slug, names[slug], found, seeded.get(slug)) for slug, found in days.items()
    }


def _names(english: str, malay: str, seeded: EventTemplate | None) -> tuple[str, str]:
    """Malay and English, in the seed's words where it has some."""
    return (seeded.name_ms, seeded.name_en) if seeded else (malay, english)


def _calendar(language: str, years: tuple[int, ...]) -> dict[date, str]:
    found = holidays.country_holidays(COUNTRY, subdiv=STATE, years=years, language=language)
    return dict(sorted(found.items()))


def _plain(name: str) -> str:
    """A holiday's name without what the library adds in brackets."""
    return re.sub(r"\s*\([^)]*\)", "", name).strip()


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def _holiday(
    slug: str,
    names: tuple[str, str],
    days: Iterable[tuple[date, bool]],
    seeded: EventTemplate | None,
) -> EventTemplate:
    unsure = _unsure(seeded)
    dated = {day: estimated or day in unsure for day, estimated in sorted(days)}
    listed = [_span(first, last, dated[first]) for first, last in _spans(dated)]
    template = seeded or EventTemplate(
        slug, names[0], names[1], "all", "dates", {}, kind="holiday", source=SOURCE
    )
    return replace(
        template, recurrence="dates", rule={"dates": listed}, duration_days=1, confirmed=True
    )


def _spans(dated: Mapping[date, bool]) -> Iterator[tuple[date, date]]:
    """First and last day of each run of days that follow each other and are equally sure."""
    first = last = None
    for day, unsure in dated.items():
        if last is None or day - last != timedelta(1) or dated[last] != unsure:
            if first is not None:
                yield first, last
            first = day
        last = day
    if first is not None:
        yield first, last


def _span(first: date, last: date, unsure: bool) -> str:
    return f"{first}{'' if first == last else f'..{last}'}{'?' if unsure else ''}"


def _unsure(seeded: EventTemplate | None) -> set[date]:
    """The days that the seed holds to be unconfirmed."""
    if seeded is None or seeded.recurrence != "dates":
        return set()
    found = set()
    for written in seeded.rule["dates"]:
        if str(written).endswith("?"):
            one = replace(seeded, rule={"dates": [written]})
            for start, end in dates(one, date.min, date.max):
                found |= {start + timedelta(n) for n in range((end - start).days + 1)}
    return found
