"""Event templates -> dated events: pure calendar arithmetic, no clock and no time zone.

The rules, by `EventTemplate.recurrence` (weekday 0 is Monday, 6 Sunday):

- weekly   {"weekdays": [4, 5]}, optional {"every": 2, "from": "2026-01-02"} for every second week,
           counted in Monday-to-Sunday weeks from the week of `from`
- monthly  {"day": 31} or {"nth": 2, "weekday": 5}; optional {"missing": "skip"}
- yearly   {"month": 2, "day": 29} or {"month": 6, "nth": 3, "weekday": 6}; optional
           {"missing": "skip"} and {"every": 2, "from": 2019} for every second year; {"month": 11}
           alone: some day of that month, not known yet
- dates    {"dates": ["2026-02-19", "2026-12-04..2026-12-31", "2027-05"]}: days, ranges
           (both ends belong to it) or months for what follows the moon, the ministry or nobody; a
           trailing "?" marks a date that is still to be confirmed, as a month always is
- islamic  {"month": 9, "day": 1}, optional {"missing": "skip"}: a day of the Islamic calendar as
           arithmetic expects it, always to be confirmed, since the moon may differ by a day or two;
           {"known": ["2026-02-19"]} lists the announced days, each in place of the expected one

What is known by its month only is an unconfirmed event of that whole month (`only_month`).
A day that a month does not have (the 31st, 29 February) falls on that month's last day unless
`missing` is "skip". `nth` counts from 1, or from the end with -1; a fifth Friday that a month does
not have is never moved, that month has none.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from insights.model import Event, EventTemplate

RECURRENCES = ("weekly", "monthly", "yearly", "islamic", "dates")
LONGEST_DAYS = 366
AHEAD = timedelta(days=366)  # so far events are dated
PAST = timedelta(days=396)  # and so far back for a template that is new: charts show 13 months
_MOON = timedelta(days=4)  # an announced day this near to an expected one is meant by it
_LOOK_AHEAD = 12  # years in which the next dates of a rule are looked for; leap days included
_MONTH = re.compile(r"\d{4}-\d{2}")


class RuleError(ValueError):
    """A template's rule cannot be read; the message says which part and what would be."""


def dates(template: EventTemplate, since: date, until: date) -> list[tuple[date, date]]:
    """First and last day (both included) of each event that touches the half-open [since, until).

    In order of their first day; an event that began before `since` and still runs is there.
    Raises RuleError for a rule that cannot be read.
    """
    return [(event.starts_on, event.ends_on) for event in occurrences(template, since, until)]


def occurrences(template: EventTemplate, since: date, until: date) -> list[Event]:
    """The same as events, each with its own `confirmed`; none from an empty period."""
    if until <= since:
        return []
    if template.recurrence == "dates":
        spans = _listed(template.rule, template.confirmed, template.duration_days)
    else:
        spans = _ruled(template, since, until)
    found = {start: (end, sure) for start, end, sure in spans if start < until and end >= since}
    return [Event(template.slug, start, *found[start]) for start in sorted(found)]


def next_events(template: EventTemplate, today: date, count: int) -> list[Event]:
    """The next so many events that are not over, soonest first; fewer where the rule ends.

    Raises RuleError for a rule that cannot be read.
    """
    found: dict[date, Event] = {}
    for year in range(_LOOK_AHEAD):
        since = today + year * AHEAD
        for event in occurrences(template, since, since + AHEAD):
            found.setdefault(event.starts_on, event)
        if len(found) >= count:
            break
    return [found[start] for start in sorted(found)][:count]


def plan(
    template: EventTemplate, stored: Collection[Event], today: date
) -> tuple[list[Event], list[Event]]:
    """What to save and what to remove, so that a template's stored events follow its rule.

    An event that has begun stays as it is, whatever becomes of the rule; only an expected one may
    turn out to be confirmed. Those to come are exactly the rule's, none of a template at rest or
    with a rule that cannot be read. Confirmed events of the last 13 months are added for a
    template that has none yet, and at any time those that are listed day by day. Applied, it finds
    nothing more to do.
    """
    try:
        ruled = occurrences(template, today - PAST, today + AHEAD) if template.active else []
    except RuleError:
        ruled = []
    known = {event.starts_on: event for event in stored}
    begun = [event for event in stored if _has_begun(event, today)]
    fills = not begun or template.recurrence == "dates"
    save = [event for event in ruled if _to_save(event, known, begun, today, fills)]
    wanted = {event.starts_on for event in ruled}
    remove = [
        event
        for event in stored
        if event not in begun
        and event.starts_on not in wanted
        and (event.ends_on >= today or any(_settles(one, event) for one in ruled))
    ]
    return save, remove


def _has_begun(event: Event, today: date) -> bool:
    """Whether an event is on or over. Of one that is known by its month nobody can tell."""
    month = only_month(event.starts_on, event.ends_on, event.confirmed)
    return event.starts_on <= today and not month


def _to_save(
    event: Event, known: Mapping[date, Event], begun: Collection[Event], today: date, fills: bool
) -> bool:
    stored = known.get(event.starts_on)
    if stored == event:
        return False
    if stored is not None and stored in begun:
        return event.confirmed and not stored.confirmed
    if not _has_begun(event, today):
        return event.ends_on >= today
    if any(one.starts_on <= event.ends_on and event.starts_on <= one.ends_on for one in begun):
        return False
    return event.starts_on == today or (fills and (event.confirmed or event.ends_on >= today))


def _settles(event: Event, month: Event) -> bool:
    """Whether the day of an event that was known by its month has been announced since."""
    return event.confirmed and month.starts_on <= event.starts_on <= month.ends_on


def only_month(starts_on: date, ends_on: date, confirmed: bool) -> bool:
    """Whether no more than the month of an event is known, so that it is not on all that time."""
    return not confirmed and starts_on.day == 1 and ends_on == _last_of_month(starts_on)


def is_month_rule(rule: Mapping[str, Any]) -> bool:
    """Whether a yearly rule names no day, so that `duration_days` means nothing."""
    return not rule.keys() & {"day", "nth"}


def _last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _ruled(template: EventTemplate, since: date, until: date) -> Iterator[tuple[date, date, bool]]:
    starts = _STARTS.get(template.recurrence)
    if starts is None and template.recurrence != "islamic":
        raise RuleError(
            f"recurrence must be one of {', '.join(RECURRENCES)}, not {template.recurrence!r}"
        )
    if not 1 <= template.duration_days <= LONGEST_DAYS:
        raise RuleError(f"duration must be 1 to {LONGEST_DAYS} days, not {template.duration_days}")
    if template.recurrence == "yearly" and is_month_rule(template.rule):
        for start in _yearly({**template.rule, "day": 1}, since.replace(day=1), until):
            yield start, _last_of_month(start), False
        return
    length = timedelta(days=template.duration_days - 1)
    if template.recurrence == "islamic":
        yield from _islamic(template, length, since, until)
        return
    for start in starts(template.rule, _earlier(since, length), until):
        yield start, start + length, template.confirmed


def _earlier(day: date, length: timedelta) -> date:
    """The day before which no event of this length can still run; the calendar begins in year 1."""
    return day - length if day - date.min > length else date.min


def _weekly(rule: Mapping[str, Any], since: date, until: date) -> Iterator[date]:
    weekdays = {_number(day, "weekdays", 0, 6) for day in rule.get("weekdays", ())}
    if not weekdays:
        raise RuleError("a weekly rule needs weekdays, 0 (Monday) to 6 (Sunday)")
    every = _number(rule.get("every", 1), "every", 1, 52)
    if every > 1 and "from" not in rule:
        raise RuleError("every second week needs the day it counts from")
    anchor = _day(rule["from"]) if "from" in rule else date.min
    for number in range(max(since, anchor).toordinal(), until.toordinal()):
        day = date.fromordinal(number)
        if day.weekday() in weekdays and _weeks(anchor, day) % every == 0:
            yield day


def _weeks(anchor: date, day: date) -> int:
    """Whole Monday-to-Sunday weeks between the weeks of two days."""
    return (_monday(day) - _monday(anchor)) // 7


def _monday(day: date) -> int:
    return day.toordinal() - day.weekday()


def _monthly(rule: Mapping[str, Any], since: date, until: date) -> Iterator[date]:
    for year in range(since.year, until.year + 1):
        for month in range(1, 13):
            start = _in_month(rule, year, month)
            if start is not None and since <= start < until:
                yield start


def _yearly(rule: Mapping[str, Any], since: date, until: date) -> Iterator[date]:
    month = _number(rule.get("month"), "month", 1, 12)
    every = _number(rule.get("every", 1), "every", 1, 100)
    first = _number(rule.get("from", since.year), "from", 1, 9999)
    for year in range(since.year, until.year + 1):
        if "from" in rule and (year < first or (year - first) % every):
            continue
        start = _in_month(rule, year, month)
        if start is not None and since <= start < until:
            yield start


def _islamic(
    template: EventTemplate, length: timedelta, since: date, until: date
) -> Iterator[tuple[date, date, bool]]:
    """The rule's day of each Islamic year: the announced one, else the one to be expected."""
    known = [_day(written) for written in template.rule.get("known", ())]
    first = _earlier(since, length + _MOON)
    # An Islamic year has 354 or 355 days, and the first one began in the year 622.
    for year in range(max(1, (first.year - 622) * 33 // 32 - 1), (until.year - 621) * 33 // 32 + 2):
        expected = _islamic_day(template.rule, year)
        if expected is None:
            continue
        told = next((day for day in known if abs(day - expected) <= _MOON), None)
        start = told or expected
        yield start, start + length, told is not None and template.confirmed


def _islamic_day(rule: Mapping[str, Any], year: int) -> date | None:
    """The Gregorian day of the rule's day in an Islamic year of the arithmetical calendar.

    Thirty years hold eleven leap years; odd months have 30 days, even ones 29, the twelfth of a
    leap year 30. N. Dershowitz, E. M. Reingold, Calendrical Calculations (2018), chapter 7.
    """
    month = _number(rule.get("month"), "month", 1, 12)
    day = _number(rule.get("day"), "day", 1, 30)
    long = month % 2 == 1 or (month == 12 and (11 * year + 14) % 30 < 11)
    if day == 30 and not long:
        if _missing(rule) == "skip":
            return None
        day = 29
    before = (year - 1) * 354 + (3 + 11 * year) // 30 + 29 * (month - 1) + month // 2
    return date.fromordinal(_ISLAMIC_EPOCH + before + day - 1)


_ISLAMIC_EPOCH = date(622, 7, 19).toordinal()  # 16 July 622 of the Julian calendar


def _missing(rule: Mapping[str, Any]) -> str:
    missing = rule.get("missing", "last")
    if missing not in ("last", "skip"):
        raise RuleError(f"missing must be last or skip, not {missing!r}")
    return missing


def _in_month(rule: Mapping[str, Any], year: int, month: int) -> date | None:
    """The rule's day in one month, None where the month has none."""
    if "nth" in rule:
        return _nth_weekday(rule, year, month)
    day = _number(rule.get("day"), "day", 1, 31)
    last = calendar.monthrange(year, month)[1]
    if day > last and _missing(rule) == "skip":
        return None
    return date(year, month, min(day, last))


def _nth_weekday(rule: Mapping[str, Any], year: int, month: int) -> date | None:
    nth = _number(rule["nth"], "nth", -5, 5)
    weekday = _number(rule.get("weekday"), "weekday", 0, 6)
    if nth == 0:
        raise RuleError("nth counts from 1, or from the end with -1")
    last = calendar.monthrange(year, month)[1]
    days = [d for d in range(1, last + 1) if date(year, month, d).weekday() == weekday]
    if abs(nth) > len(days):
        return None
    return date(year, month, days[nth - 1 if nth > 0 else nth])


def _listed(
    rule: Mapping[str, Any], confirmed: bool, duration_days: int
) -> Iterator[tuple[date, date, bool]]:
    """The spans of a date list. A range has its own length, a single day the template's."""
    for written in rule.get("dates", ()):
        text = str(written).strip()
        sure = confirmed and not text.endswith("?")
        first, _, last = text.removesuffix("?").partition("..")
        if _MONTH.fullmatch(first):
            start = _day(f"{first}-01")
            yield start, _last_of_month(start), False
            continue
        start = _day(first)
        end = _day(last) if last else start + timedelta(days=duration_days - 1)
        if end < start:
            raise RuleError(f"{written!r} ends before it begins")
        yield start, end, sure


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(str(text).strip())
    except ValueError as error:
        raise RuleError(f"{text!r} is not a day like 2026-11-23") from error


def _number(value: Any, name: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RuleError(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return value


_STARTS = {"weekly": _weekly, "monthly": _monthly, "yearly": _yearly}
