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

What is known by its month only is an unconfirmed event of that whole month (`only_month`).
A day that a month does not have (the 31st, 29 February) falls on that month's last day unless
`missing` is "skip". `nth` counts from 1, or from the end with -1; a fifth Friday that a month does
not have is never moved, that month has none.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from insights.model import Event, EventTemplate

RECURRENCES = ("weekly", "monthly", "yearly", "dates")
LONGEST_DAYS = 366
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
    if starts is None:
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


def _in_month(rule: Mapping[str, Any], year: int, month: int) -> date | None:
    """The rule's day in one month, None where the month has none."""
    if "nth" in rule:
        return _nth_weekday(rule, year, month)
    day = _number(rule.get("day"), "day", 1, 31)
    last = calendar.monthrange(year, month)[1]
    missing = rule.get("missing", "last")
    if missing not in ("last", "skip"):
        raise RuleError(f"missing must be last or skip, not {missing!r}")
    if day > last and missing == "skip":
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
