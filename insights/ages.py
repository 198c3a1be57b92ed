"""Engagement at equal age: what posts had so many days after they were made, in both periods.

Counts as last captured favour the older period, whose posts had more time to be liked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import reduce
from operator import add

from insights.metrics import FEW, Comparison, Totals
from insights.model import Scope

AGES = (7, 3, 1)  # whole days, the best first; docs/platforms.md: the ages that are asked for again
# Of a platform's posts so many must have been seen at the age, or the rest would skew the sum.
WHOLE = 0.9
# A comparison of less than half of the posts, or of the days, would be another question.
HALF = 0.5


@dataclass(frozen=True)
class Seen:
    """A platform's posts of a span: how many there are, and the counts at one age of those that
    were captured at that age (`at_age.posts` of them)."""

    platform: str
    posts: int
    at_age: Totals


@dataclass(frozen=True)
class AtEqualAge:
    """Two spans whose posts are compared at the age of `age` whole days.

    `now` and `before` hold the counts at that age; their `posts` are the posts behind them, out of
    `of_now` and `of_before`. `left_out` are platforms that did not tell counts at that age.
    """

    age: int
    spans: Comparison
    now: Totals
    before: Totals
    of_now: int
    of_before: int
    left_out: tuple[str, ...] = ()


def at_equal_age(
    comparison: Comparison, today: date, seen: Callable[[Scope, int], Iterable[Seen]]
) -> AtEqualAge | None:
    """The comparison at the greatest age of AGES at which both periods' posts were seen, or None.

    `seen` tells, for a scope and an age, every platform that has posts in it. `today` is the local
    day that is going on.
    """
    for age in AGES:
        spans = old_enough(comparison, age, today)
        if spans is None:
            continue
        found = _compared(age, spans, list(seen(spans.now, age)), list(seen(spans.before, age)))
        if found is not None:
            return found
    return None


def old_enough(comparison: Comparison, age: int, today: date) -> Comparison | None:
    """Both spans without their last days, as far as posts of the later one are too young.

    A post has its last counts of an age once the next age has begun. Both lose the same number of
    days, so weekdays stay equal. None where less than half of the days would be left.
    """
    until = min(comparison.now.until, today - timedelta(days=age + 1))
    cut = comparison.now.until - until
    if (until - comparison.now.since).days < HALF * comparison.days:
        return None
    now = replace(comparison.now, until=until)
    before = replace(comparison.before, until=comparison.before.until - cut)
    return replace(comparison, now=now, before=before)


def _compared(
    age: int, spans: Comparison, now: Sequence[Seen], before: Sequence[Seen]
) -> AtEqualAge | None:
    pairs = _pairs(now, before)
    told = [pair for pair in pairs if all(map(_whole, pair))]
    sums = [reduce(add, (one.at_age for one in side), Totals()) for side in _sides(told)]
    there = [sum(one.posts for one in side) for side in _sides(pairs)]
    if max(one.posts for one in sums) < FEW:
        return None
    if any(one.posts < HALF * posts for one, posts in zip(sums, there, strict=True)):
        return None
    left_out = tuple(pair[0].platform for pair in pairs if pair not in told)
    return AtEqualAge(age, spans, *sums, *there, left_out)


def _pairs(now: Sequence[Seen], before: Sequence[Seen]) -> list[tuple[Seen, Seen]]:
    """Each platform's posts of both spans; where one has none, nothing is missing of it."""
    sides = [{one.platform: one for one in side} for side in (now, before)]
    names = sorted({*sides[0], *sides[1]})
    return [tuple(side.get(name, Seen(name, 0, Totals())) for side in sides) for name in names]


def _sides(pairs: Sequence[tuple[Seen, Seen]]) -> tuple[list[Seen], list[Seen]]:
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _whole(seen: Seen) -> bool:
    return seen.at_age.posts >= WHOLE * seen.posts
