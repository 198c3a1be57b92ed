"""Before, during and after an event: the same weekdays around it, and how unusual the change is.

An event's days are held against spans of the same length that lie whole weeks earlier and later,
so weekdays match. How much such a figure moves on its own is read from the same calculation at
every other week of the record where no event is known: a placebo in time, in place of a formula
that would have to assume how posts scatter (A. Abadie, A. Diamond, J. Hainmueller, JASA 105 (2010)
493-505, section 2.4). A change is called one when at most 5 % of those weeks moved as much, the
event itself among them (B. Phipson, G. Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) 39).

It tells what went together, never what caused what.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from insights import metrics
from insights.metrics import FEW, Change

WANTED = 4  # spans on each side
LEAST = 3  # below so many, one odd week would be the comparison
LOOK = 8  # so many spans away a comparable one is looked for
LONGEST = 14  # days; the spans around something longer lie in another season
LONGEST_SEASON = 45  # days; a campaign year says nothing about one of its weeks
LEVEL = 0.05
REFERENCES = 19  # below so many quiet weeks no change can be called one at LEVEL
FARTHEST = 52  # weeks from the event to a week that says how figures move on their own
SETTLED = timedelta(days=7)  # counts of younger posts are still being refreshed

MEASURES = ("posts", "engagement", "net")
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_COUNTS = ("posts", "negative", "neutral", "positive")
# What is added to a count, so that an empty span has a logarithm too.
_ADDED = {"posts": 0.5, "engagement": 1.0}

# First and last day, both included, and the name.
Named = tuple[date, date, str]


@dataclass(frozen=True)
class Span:
    """Some days, both ends included, and what was counted on them. `engagement` None: unknown."""

    first: date
    last: date
    posts: int
    negative: int
    neutral: int
    positive: int
    engagement: int | None

    @property
    def totals(self) -> metrics.Totals:
        return metrics.Totals(self.posts, self.positive, self.neutral, self.negative)


@dataclass(frozen=True)
class LeftOut:
    """Days that would have been compared: `why` is "event" (with its `names`), "collection" (not
    collected alike) or "early" (nothing was collected yet)."""

    first: date
    last: date
    why: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contrast:
    """One measure of the event's days (or of those after it) against the mean of those before.

    `kind`: "more" or "less" (a change that at most 5 % of quiet weeks show), "as_usual", or why
    nothing is said: "too_few", "unknown" (a count nobody told), "young" (counts still rise until
    `settles`), "few_references". `change` is in per cent for posts and engagement and None for
    net sentiment, whose `now`, `before`, `low` and `high` are points; `low` and `high` (None with
    few references) are the 95 % interval of the change. Of `references` quiet weeks `as_large`
    moved at least as much.
    """

    measure: str
    kind: str
    now: float | None = None
    before: float | None = None
    change: Change | None = None
    low: float | None = None
    high: float | None = None
    references: int = 0
    as_large: int = 0
    settles: date | None = None

    @property
    def told(self) -> bool:
        return self.kind in ("more", "less", "as_usual")


@dataclass(frozen=True)
class Effect:
    """What is known of an event. `why` says why nothing is compared (None: it is):

    "not_over", "unconfirmed", "month" (only its month is known), "too_long", "early" (before
    anything was collected), "gap" (not collected alike on all its days), "covered" (other events
    in the weeks before) or "collection" (weeks before not collected alike).
    `after` is empty and `contrasts_after` too while too few weeks have passed.
    """

    why: str | None
    during: Span | None = None
    before: tuple[Span, ...] = ()
    after: tuple[Span, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    also_on: tuple[str, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    contrasts_after: tuple[Contrast, ...] = ()


Collected = Callable[[date], frozenset[str]]


def collected(
    spans: Mapping[str, tuple[date, date]], gaps: Iterable[tuple[date, date, str]]
) -> Collected:
    """Which platforms were collected on a day, from the first and last day of each and its gaps
    (all days included)."""
    missing = {
        (first + timedelta(days=i), platform)
        for first, last, platform in gaps
        for i in range((last - first).days + 1)
    }

    def on(day: date) -> frozenset[str]:
        return frozenset(
            platform
            for platform, (first, last) in spans.items()
            if first <= day <= last and (day, platform) not in missing
        )

    return on


def effect(
    days: pd.DataFrame,
    event: tuple[date, date],
    *,
    today: date,
    others: Sequence[Named] = (),
    seasons: Sequence[Named] = (),
    collected: Collected = lambda day: frozenset(),
    confirmed: bool = True,
    only_month: bool = False,
) -> Effect:
    """What the scope's `days` say of an event's days (first and last, both included).

    `days` has one row a day without a hole, from the first day of collection on, with `day`,
    posts, negative, neutral, positive and engagement (NaN: unknown). `others` are events that make
    days unlike others of their weekday; spans that they touch are left out. `seasons` are only
    named.
    """
    first, last = event
    also_on = tuple(
        dict.fromkeys(name for a, b, name in (*others, *seasons) if a <= last and b >= first)
    )
    record = _Record(days, today, collected, others)
    why = _why_not(record, first, last, confirmed, only_month)
    if why is not None:
        return Effect(why, also_on=also_on)
    record = _with_event(record, event)
    during = record.span(first, last)
    before, left_before, after, left_after = record.around(first, last)
    found = Effect(None, during, before, after, (*left_before[::-1], *left_after), also_on=also_on)
    if len(before) < LEAST:
        return replace(found, why=_why_uncompared(left_before))
    references = record.references(first, last)
    contrasts = tuple(
        _contrast(measure, (during,), before, [r[:2] for r in references], today)
        for measure in MEASURES
    )
    if len(after) < LEAST:
        return replace(found, contrasts=contrasts)
    followed = [(r[2], r[1]) for r in references if len(r[2]) >= LEAST]
    later = tuple(_contrast(m, after, before, followed, today) for m in MEASURES)
    return replace(found, contrasts=contrasts, contrasts_after=later)


def _why_not(
    record: _Record, first: date, last: date, confirmed: bool, only_month: bool
) -> str | None:
    if only_month:
        return "month"
    if not confirmed:
        return "unconfirmed"
    if last >= record.today:
        return "not_over"
    if (last - first).days >= LONGEST:
        return "too_long"
    if record.first is None or first < record.first:
        return "early"
    return None if record.alike(first, last) is not None else "gap"


def _why_uncompared(left_out: Sequence[LeftOut]) -> str:
    """The commonest reason why too few spans before the event can be compared."""
    reasons = [one.why for one in left_out]
    if not reasons:
        return "early"
    most = max(("event", "collection", "early"), key=reasons.count)
    return {"event": "covered"}.get(most, most)


class _Record:
    """The scope's days, cumulated so that any span is one subtraction."""

    def __init__(
        self, days: pd.DataFrame, today: date, collected: Collected, others: Sequence[Named]
    ):
        self.today, self.collected, self.others = today, collected, others
        self.rows = days
        self.first: date | None = days["day"].iloc[0] if len(days) else None
        counts = days[list(_COUNTS)].to_numpy(dtype=np.int64)
        told = days["engagement"].to_numpy(dtype=float)
        unknown = np.isnan(told)
        columns = [*counts.T, np.where(unknown, 0, told).astype(np.int64), unknown.astype(np.int64)]
        table = np.column_stack(columns) if len(days) else np.zeros((0, 6), np.int64)
        self._sums = np.vstack([np.zeros((1, 6), np.int64), np.cumsum(table, axis=0)])
        self._spans: dict[tuple[date, date], Span] = {}
        self._alike: dict[tuple[date, date], frozenset[str] | None] = {}
        self._busy = self._touched(others)

    def _touched(self, others: Sequence[Named]) -> dict[date, list[str]]:
        found: dict[date, list[str]] = {}
        for first, last, name in others:
            for i in range((last - first).days + 1):
                found.setdefault(first + timedelta(days=i), []).append(name)
        return found

    def span(self, first: date, last: date) -> Span:
        key = (first, last)
        if key not in self._spans:
            low = (first - self.first).days
            sums = self._sums[low + (last - first).days + 1] - self._sums[low]
            posts, negative, neutral, positive, engagement, unknown = sums.tolist()
            told = None if unknown and not engagement else engagement
            self._spans[key] = Span(first, last, posts, negative, neutral, positive, told)
        return self._spans[key]

    def alike(self, first: date, last: date) -> frozenset[str] | None:
        """The platforms collected on all of these days, None where days differ."""
        key = (first, last)
        if key not in self._alike:
            found = {self.collected(day) for day in _each(first, last)}
            self._alike[key] = found.pop() if len(found) == 1 else None
        return self._alike[key]

    def whole(self, first: date, last: date) -> bool:
        """Whether the record has all of these days, complete."""
        return self.first is not None and first >= self.first and last < self.today

    def names(self, first: date, last: date) -> tuple[str, ...]:
        """The events that make these days unlike others."""
        found = [name for day in _each(first, last) for name in self._busy.get(day, ())]
        return tuple(dict.fromkeys(found))

    def around(
        self, first: date, last: date
    ) -> tuple[tuple[Span, ...], list[LeftOut], tuple[Span, ...], list[LeftOut]]:
        """The nearest comparable spans before and after, earliest first, and what was left out
        between them, nearest first."""
        before, left_before = self._side(first, last, -1)
        after, left_after = self._side(first, last, +1)
        return before[::-1], left_before, after, left_after

    def _side(self, first: date, last: date, sign: int) -> tuple[tuple[Span, ...], list[LeftOut]]:
        length, like = last - first, self.alike(first, last)
        step = _WEEK * -(-((length.days) + 1) // 7) * sign
        found: list[Span] = []
        left: list[LeftOut] = []
        for number in range(1, LOOK + 1):
            start = first + step * number
            why = self._unlike(start, start + length, like)
            if why is None:
                found.append(self.span(start, start + length))
            elif why.why != "future":
                left.append(why)
            if len(found) == WANTED:
                break
        return tuple(found), left

    def _unlike(self, first: date, last: date, like: frozenset[str] | None) -> LeftOut | None:
        """Why these days cannot be compared with days collected so, None where they can."""
        if last >= self.today:
            return LeftOut(first, last, "future")
        if not self.whole(first, last):
            return LeftOut(first, last, "early")
        if self.alike(first, last) != like:
            return LeftOut(first, last, "collection")
        names = self.names(first, last)
        return LeftOut(first, last, "event", names) if names else None

    def references(
        self, first: date, last: date
    ) -> list[tuple[tuple[Span, ...], tuple[Span, ...], tuple[Span, ...]]]:
        """The same calculation at other weeks: a quiet span, those before it, those after it."""
        found = []
        for weeks in range(-FARTHEST, FARTHEST + 1):
            start, end = first + _WEEK * weeks, last + _WEEK * weeks
            if not self.whole(start, end):
                continue
            like = self.alike(start, end)
            if like is None or self.names(start, end):
                continue
            before, _ = self._side(start, end, -1)
            if len(before) >= LEAST:
                after, _ = self._side(start, end, +1)
                found.append(((self.span(start, end),), before, after))
        return found


def _with_event(record: _Record, event: tuple[date, date]) -> _Record:
    """The record in which the event, too, makes its days unlike others."""
    return _Record(record.rows, record.today, record.collected, (*record.others, (*event, "")))


def _each(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=i) for i in range((last - first).days + 1))


# --- how unusual a change is --------------------------------------------------------------------


def _contrast(
    measure: str,
    now: Sequence[Span],
    before: Sequence[Span],
    references: Sequence[tuple[Sequence[Span], Sequence[Span]]],
    today: date,
) -> Contrast:
    """The mean of the spans `now` against that of those before."""
    missing = _missing(measure, now, before, today)
    if missing is not None:
        return missing
    here, there = _level(measure, now), _level(measure, before)
    found = Contrast(
        measure,
        "few_references",
        here,
        there,
        None if measure == "net" else _change(measure, now, before),
    )
    moved = [
        abs(_moved(measure, a, b))
        for a, b in references
        if _missing(measure, a, b, today) is None or measure == "posts"
    ]
    if len(moved) < REFERENCES:
        return replace(found, references=len(moved))
    by = _moved(measure, now, before)
    as_large = sum(one >= abs(by) - 1e-12 for one in moved)
    limit = sorted(moved)[math.ceil((1 - LEVEL) * (len(moved) + 1)) - 1]
    unusual = (1 + as_large) / (1 + len(moved)) <= LEVEL
    kind = ("more" if by > 0 else "less") if unusual else "as_usual"
    low, high = _ends(measure, by, limit)
    return replace(found, kind=kind, low=low, high=high, references=len(moved), as_large=as_large)


def _missing(
    measure: str, now: Sequence[Span], before: Sequence[Span], today: date
) -> Contrast | None:
    """Why the measure cannot be compared, None where it can."""
    if measure == "net":
        return None if min(_classified(now), _classified(before)) >= FEW else _none(measure)
    if max(_mean(s.posts for s in now), _mean(s.posts for s in before)) < FEW:
        return _none(measure)
    if measure == "engagement":
        if any(span.engagement is None for span in (*now, *before)):
            return Contrast(measure, "unknown")
        settles = max(span.last for span in now) + SETTLED + _DAY
        if settles > today:
            return Contrast(measure, "young", settles=settles)
    return None


def _none(measure: str) -> Contrast:
    return Contrast(measure, "too_few")


def _classified(spans: Sequence[Span]) -> int:
    return sum(span.totals.classified for span in spans)


def _level(measure: str, spans: Sequence[Span]) -> float:
    """The mean a span, or net sentiment of all of them together."""
    if measure == "net":
        return metrics.net_sentiment(_together(spans)).value
    return _mean(getattr(span, measure) or 0 for span in spans)


def _together(spans: Sequence[Span]) -> metrics.Totals:
    total = metrics.Totals()
    for span in spans:
        total += span.totals
    return total


def _change(measure: str, now: Sequence[Span], before: Sequence[Span]) -> Change:
    return metrics.change(
        _level(measure, now),
        _level(measure, before),
        posts_now=_mean(s.posts for s in now),
        posts_before=_mean(s.posts for s in before),
    )


def _moved(measure: str, now: Sequence[Span], before: Sequence[Span]) -> float:
    """By how much: the difference of net sentiment, or the logarithm of a ratio."""
    here, there = _level(measure, now), _level(measure, before)
    if measure == "net":
        return here - there
    added = _ADDED[measure]
    return math.log((here + added) / (there + added))


def _ends(measure: str, by: float, limit: float) -> tuple[float, float]:
    """The changes that quiet weeks do not speak against: points, or per cent."""
    if measure == "net":
        return max(-200.0, by - limit), min(200.0, by + limit)
    return 100 * math.expm1(by - limit), 100 * math.expm1(by + limit)


def _mean(values: Iterable[float]) -> float:
    found: Collection[float] = list(values)
    return sum(found) / len(found)
