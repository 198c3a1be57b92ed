"""An event template as it stands in a form: text and choices, not yet sure to make sense."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from insights.model import EventTemplate
from insights.recurrence import LONGEST_DAYS, RuleError, is_month_rule, next_events, occurrences

KINDS = ("event", "holiday", "season")
NTH = (1, 2, 3, 4, 5, -1)
LONGEST_NAME = 120
LONGEST_SOURCE = 300
_RESERVED = ("", "new", "none")  # the page's address says these of no template
_YEARS = (2000, 2100)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_OURS = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_MONTH = re.compile(r"(?:(\d{1,2})/(\d{4})|(\d{4})-(\d{1,2}))")
_RANGE = re.compile(r"\s*(?:\.\.|–|—|\s-\s|\shingga\s|\sto\s)\s*")


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field; `detail` repeats the words it is about."""

    field: str
    code: str
    detail: str = ""


@dataclass(frozen=True)
class Draft:
    """The fields of the form. `by` says how the day is found: "day" (of the month), "nth" (weekday)
    or "unknown" (only the month; yearly). `counted_from` and `first_year` say where counting
    begins when `every` is above 1. `dates` is one day, range or month a line; for the Islamic
    calendar the days that have been announced. `slug` is "" for a new template."""

    slug: str = ""
    name_ms: str = ""
    name_en: str = ""
    city_slug: str = "all"
    kind: str = "event"
    recurrence: str = "dates"
    weekdays: tuple[int, ...] = ()
    every: int = 1
    counted_from: date | None = None
    by: str = "day"
    day: int = 1
    nth: int = 1
    weekday: int = 4
    month: int = 1
    first_year: int = 2026
    missing: str = "last"
    dates: str = ""
    duration_days: int = 1
    confirmed: bool = False
    source: str = ""
    active: bool = True


def draft_of(template: EventTemplate) -> Draft:
    """The form filled in with a template."""
    rule: Mapping[str, Any] = template.rule
    by = "nth" if "nth" in rule else "day"
    if template.recurrence == "yearly" and is_month_rule(rule):
        by = "unknown"
    begin = rule.get("from")
    listed = rule.get("known" if template.recurrence == "islamic" else "dates", ())
    if template.recurrence == "dates" and not template.confirmed:
        listed = [f"{str(written).rstrip('?')}?" for written in listed]
    return Draft(
        slug=template.slug,
        name_ms=template.name_ms,
        name_en=template.name_en,
        city_slug=template.city_slug,
        kind=template.kind,
        recurrence=template.recurrence,
        weekdays=tuple(rule.get("weekdays", ())),
        every=rule.get("every", 1),
        counted_from=date.fromisoformat(begin) if isinstance(begin, str) else None,
        by=by,
        day=rule.get("day", 1),
        nth=rule.get("nth", 1),
        weekday=rule.get("weekday", 4),
        month=rule.get("month", 1),
        first_year=begin if isinstance(begin, int) else 2026,
        missing=rule.get("missing", "last"),
        dates="\n".join(_as_people_write(str(written)) for written in listed),
        duration_days=template.duration_days,
        confirmed=template.confirmed,
        source=template.source,
        active=template.active,
    )


def checked(draft: Draft, today: date) -> tuple[EventTemplate | None, tuple[Problem, ...]]:
    """The template that the form asks for, or what is wrong with the form, field by field."""
    problems = [*_words(draft), *_choices(draft)]
    rule, wrong = _RULES[draft.recurrence](draft) if draft.recurrence in _RULES else ({}, [])
    problems += wrong
    if problems:
        return None, tuple(problems)
    # Of listed and of Islamic days each line says for itself whether it is sure.
    of_lines = draft.recurrence in ("dates", "islamic")
    template = EventTemplate(
        slug=draft.slug or slug_of(draft.name_en),
        name_ms=_clean(draft.name_ms),
        name_en=_clean(draft.name_en),
        city_slug=draft.city_slug,
        recurrence=draft.recurrence,
        rule=rule,
        duration_days=1 if _is_month(draft) else draft.duration_days,
        confirmed=True if of_lines else draft.confirmed,
        source=_clean(draft.source),
        kind=draft.kind,
        active=draft.active,
    )
    found = tuple(_dated(template, today))
    return (None, found) if found else (template, ())


def _is_month(draft: Draft) -> bool:
    return draft.recurrence == "yearly" and draft.by == "unknown"


def slug_of(name: str) -> str:
    """A code for a new template, from its name; "event" where no letter is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    # The prefix belongs to what follows the calendar of public holidays.
    slug = slug.removeprefix("holiday-")
    return slug if slug not in _RESERVED else f"event-{slug}".strip("-")


def _clean(written: str) -> str:
    """One line without control characters."""
    visible = "".join(c if c.isprintable() else " " for c in written)
    return " ".join(visible.split())


# --- the fields ---------------------------------------------------------------------------------


def _words(draft: Draft) -> Iterator[Problem]:
    limits = {"name_ms": LONGEST_NAME, "name_en": LONGEST_NAME, "source": LONGEST_SOURCE}
    for field, longest in limits.items():
        written = _clean(getattr(draft, field))
        if not written:
            yield Problem(field, "missing")
        elif len(written) > longest:
            yield Problem(field, "too_long", str(longest))


def _choices(draft: Draft) -> Iterator[Problem]:
    if draft.kind not in KINDS:
        yield Problem("kind", "missing")
    if draft.recurrence not in _RULES:
        yield Problem("recurrence", "missing")
    if not 1 <= draft.duration_days <= LONGEST_DAYS:
        yield Problem("duration_days", "out_of_range", str(LONGEST_DAYS))


Rule = tuple[dict[str, Any], list[Problem]]


def _weekly(draft: Draft) -> Rule:
    rule: dict[str, Any] = {"weekdays": sorted(draft.weekdays)}
    if not draft.weekdays:
        return rule, [Problem("weekdays", "missing")]
    if draft.every > 1:
        if draft.counted_from is None:
            return rule, [Problem("counted_from", "missing")]
        rule |= {"every": draft.every, "from": draft.counted_from.isoformat()}
    return rule, []


def _monthly(draft: Draft) -> Rule:
    if draft.by == "nth":
        return {"nth": draft.nth, "weekday": draft.weekday}, []
    return _day_rule(draft), []


def _yearly(draft: Draft) -> Rule:
    rule: dict[str, Any] = {"month": draft.month}
    if draft.by == "nth":
        rule |= {"nth": draft.nth, "weekday": draft.weekday}
    elif draft.by == "day":
        rule |= _day_rule(draft)
    if draft.every > 1:
        rule |= {"every": draft.every, "from": draft.first_year}
    return rule, []


def _islamic(draft: Draft) -> Rule:
    listed, wrong = _listed(draft.dates)
    alone = [line for line in listed if ".." in line or line.endswith("?") or len(line) < 10]
    wrong += [Problem("dates", "one_day", _as_people_write(line)) for line in alone]
    rule = {"month": draft.month, **_day_rule(draft)}
    return (rule | {"known": listed} if listed else rule), wrong


def _day_rule(draft: Draft) -> dict[str, Any]:
    return {"day": draft.day} | ({"missing": "skip"} if draft.missing == "skip" else {})


def _dates(draft: Draft) -> Rule:
    listed, wrong = _listed(draft.dates)
    if not listed and not wrong:
        wrong = [Problem("dates", "missing")]
    return {"dates": listed}, wrong


_RULES = {
    "weekly": _weekly,
    "monthly": _monthly,
    "yearly": _yearly,
    "islamic": _islamic,
    "dates": _dates,
}


# --- dates as people write them ------------------------------------------------------------------


def _listed(written: str) -> tuple[list[str], list[Problem]]:
    """The lines as a rule keeps them, in order, and what is wrong with the others."""
    found: list[str] = []
    wrong: list[Problem] = []
    for line in filter(None, (_clean(line) for line in written.splitlines())):
        try:
            read = _line(line)
        except ValueError as error:
            wrong.append(Problem("dates", str(error), line))
            continue
        if read.rstrip("?") in (one.rstrip("?") for one in found):
            wrong.append(Problem("dates", "twice", line))
        else:
            found.append(read)
    return sorted(found), wrong


def _line(line: str) -> str:
    """One line in the rule's own form; raises ValueError with a problem's code."""
    mark = "?" if line.endswith("?") else ""
    plain = line.rstrip("? ")
    month = _MONTH.fullmatch(plain)
    if month:
        number, year, iso_year, iso_month = month.groups()
        return f"{_day(int(year or iso_year), int(number or iso_month), 1):%Y-%m}"
    first, *rest = _RANGE.split(plain)
    if len(rest) > 1:
        raise ValueError("unreadable")
    start = _read_day(first)
    if not rest:
        return f"{start}{mark}"
    end = _read_day(rest[0])
    if end < start:
        raise ValueError("turned")
    if (end - start).days >= LONGEST_DAYS:
        raise ValueError("too_long_span")
    return f"{start}..{end}{mark}"


def _read_day(written: str) -> date:
    iso, ours = _ISO.fullmatch(written.strip()), _OURS.fullmatch(written.strip())
    if iso:
        year, month, day = map(int, iso.groups())
    elif ours:
        day, month, year = map(int, ours.groups())
    else:
        raise ValueError("unreadable")
    return _day(year, month, day)


def _day(year: int, month: int, day: int) -> date:
    if not _YEARS[0] <= year <= _YEARS[1]:
        raise ValueError("far")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError("no_such_day") from error


def _as_people_write(line: str) -> str:
    """A rule's line as an officer would write it: 4/12/2026 – 31/12/2026?"""
    mark = "?" if line.endswith("?") else ""
    parts = [_written(part) for part in line.removesuffix("?").split("..")]
    return " – ".join(parts) + mark


def _written(part: str) -> str:
    year, month, *day = part.split("-")
    return "/".join([*(str(int(number)) for number in (*day, month)), year])


# --- the dates that follow ------------------------------------------------------------------------


def _dated(template: EventTemplate, today: date) -> Iterator[Problem]:
    """What only the dates show: none ever, events that run into each other, days far from any
    that the moon could mean."""
    try:
        coming = next_events(template, today, 60)
    except RuleError as error:
        yield Problem("recurrence", "unreadable_rule", str(error))
        return
    if not coming and template.recurrence != "dates":
        yield Problem("recurrence", "never")
    listed = occurrences(template, date(_YEARS[0], 1, 1), date(_YEARS[1] + 1, 1, 1))
    events = listed if template.recurrence == "dates" else coming
    for one, other in pairwise(events):
        if other.starts_on <= one.ends_on:
            yield Problem("duration_days", "overlap", f"{other.starts_on:%-d/%-m/%Y}")
            break
    if template.recurrence == "islamic":
        met = {event.starts_on for event in listed if event.confirmed}
        for known in template.rule.get("known", ()):
            if date.fromisoformat(known) not in met:
                yield Problem("dates", "far_from_moon", _as_people_write(known))
