"""The calendar kept ahead: events of the next twelve months, Kedah's holidays, old ones gone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

import holidays

from db import queries, store, templates
from db.engine import Connection
from db.seed.events import seed_events
from insights.model import EventTemplate
from insights.recurrence import dates

COUNTRY, STATE = "MY", "KDH"
# Charts go back 13 months and pages may compare with the year before: two years after its end.
KEPT = timedelta(days=731)
LONG_WEEKENDS = "holiday-long-weekends"
LONG = 3  # days off in a row make a long weekend
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
    """Bring templates and events up to date; returns how many events are not over.

    Seeded templates are only added, never changed: an officer may have edited them. Holidays
    follow the `holidays` library, except for the years of which an officer has entered the dates.
    Running it twice changes nothing more.
    """
    today = now.astimezone(zone).date()
    known = {template.slug: template for template in queries.event_templates_of(connection)}
    seeded = {template.slug: template for template in seed_events()}
    wanted = seeded | holiday_templates(range(today.year - 1, today.year + 3), seeded)
    edited = templates.of_officers(connection)
    changed = [_to_save(t, known.get(slug), slug in edited) for slug, t in wanted.items()]
    store.save_templates(connection, [t for t in changed if t is not None], now)
    return templates.refresh_events(connection, today, now)


def _to_save(
    wanted: EventTemplate, known: EventTemplate | None, edited: bool
) -> EventTemplate | None:
    """What to store of a template, None where it stays as it is."""
    if known is None:
        return wanted
    if not wanted.slug.startswith("holiday-") or not known.active:
        return None
    if edited:
        wanted = _completed(known, wanted)
    return wanted if wanted != known else None


def _completed(known: EventTemplate, wanted: EventTemplate) -> EventTemplate:
    """An officer's holiday with the library's dates of the years that it has none of."""
    if known.recurrence != "dates" or wanted.recurrence != "dates":
        return known
    told = list(known.rule.get("dates", ()))
    newest = max((_year(written) for written in told), default="")
    more = [written for written in wanted.rule["dates"] if _year(written) > newest]
    return replace(known, rule={**known.rule, "dates": [*told, *more]}) if more else known


def _year(written: object) -> str:
    return str(written).strip()[:4]


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
    found = {slug: _holiday(slug, names[slug], of, seeded.get(slug)) for slug, of in days.items()}
    return found | {LONG_WEEKENDS: _long_weekends(years, found.values())}


def _long_weekends(years: tuple[int, ...], known: Iterable[EventTemplate]) -> EventTemplate:
    """Three days off and more in a row, where a holiday touches Kedah's Friday and Saturday."""
    found = holidays.country_holidays(COUNTRY, subdiv=STATE, years=years)
    unsure = set().union(*map(_unsure, known))
    off: dict[date, bool] = {}
    for holiday in sorted(found):
        for step in (timedelta(-1), timedelta(1)):
            day = holiday
            while day in found or found.is_weekend(day):
                off[day] = False
                day += step
    spans = [(a, b) for a, b in _spans(off) if (b - a).days + 1 >= LONG]
    listed = [_span(a, b, any(a <= day <= b for day in unsure)) for a, b in spans]
    return EventTemplate(
        LONG_WEEKENDS,
        "Hujung minggu panjang",
        "Long weekend",
        "all",
        "dates",
        {"dates": listed},
        confirmed=True,
        kind="season",
        source=SOURCE,
    )


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
    for day, unsure in sorted(dated.items()):
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
