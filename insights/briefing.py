"""The briefing: in a few sentences what changed, where, why, what is unusual and what is coming.

A sentence is a key of the word tables with the counted facts that fill it, and what opens exactly
the posts it speaks of. What cannot be said honestly has a key of its own; nothing is made up to
fill a line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from insights import metrics
from insights.model import Scope
from insights.radar import Trouble

# A place is said to have moved from so many standard errors on: 0.05 over about sixty places,
# two-sided (Bonferroni), as the largest of many moves is looked at.
STANDS_OUT = 3.3


@dataclass(frozen=True)
class Sentence:
    """One sentence: `key` of the table "briefing", what fills it, and what it opens: `posts` narrow
    the posts page, `page` names another one; None where there is nothing to open."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    posts: Mapping[str, Any] | None = None
    page: str | None = None


@dataclass(frozen=True)
class Moved:
    """A place or topic (`code`) with its posts in the two compared spans. `city` of a place."""

    code: str
    now: int
    before: int
    city: str = ""


@dataclass(frozen=True)
class Unusual:
    """A find of the radar that is open now. `place` is a slug, `expected` texts or None."""

    id: int
    place: str
    topic: str
    kind: str
    posts: int
    expected: float | None
    is_alarm: bool


@dataclass(frozen=True)
class Looked:
    """What the radar looked at when it found nothing: posts and places of the days from `since`
    on, and the number of days they were held against (None before it ever looked). `collected`:
    a collection ended well in those days."""

    posts: int
    places: int
    since: date
    days: int | None
    collected: bool = True


@dataclass(frozen=True)
class Dated:
    """An event: its name in the reader's language, its first and last day, its city."""

    name: str
    first: date
    last: date
    city: str


@dataclass(frozen=True)
class Collected:
    """How collection stands: the last success, the platforms (codes) whose last run failed, and
    whether several rounds were missed."""

    last: datetime | None
    troubled: Sequence[str] = ()
    stale: bool = False


@dataclass(frozen=True)
class Facts:
    """What the sentences are made of. `now` and `before` are totals of the two spans of `span`,
    None where nothing is compared; `totals` those of the whole scope. `during` are the events on
    whose days the place that moved most has risen (`explains`). `collected` is None for the demo,
    which nobody collects."""

    totals: metrics.Totals
    span: metrics.Comparison | None = None
    now: metrics.Totals | None = None
    before: metrics.Totals | None = None
    places: Sequence[Moved] = ()
    complaints: Sequence[Moved] = ()
    during: Sequence[Dated] = ()
    unusual: Sequence[Unusual] = ()
    looked: Looked | None = None
    coming: Sequence[Dated] = ()
    derived: bool = True
    collected: Collected | None = None


def sentences(facts: Facts) -> list[Sentence]:
    """Three to six sentences, in the order in which an officer asks; an alarm before all else."""
    told = [*collection(facts), change(facts)]
    if facts.span is not None:
        told.append(where(facts))
    if facts.derived:
        told.append(why(facts))
        alarmed = any(one.is_alarm for one in facts.unusual)
        told = [*unusual(facts), *told] if alarmed else [*told, *unusual(facts)]
    return [*told, *coming(facts)]


# --- whether it is collected ---------------------------------------------------------------------


def collection(facts: Facts) -> list[Sentence]:
    """Whether collection works: what failed, what is late, or that all is well."""
    known = facts.collected
    if known is None or known.last is None:
        return []
    values: dict[str, Any] = {"when": known.last}
    if known.troubled:
        platforms = tuple(known.troubled)
        return [Sentence("troubled", {**values, "platforms": platforms}, page="data_health")]
    return [Sentence("late" if known.stale else "collected", values, page="data_health")]


# --- what changed ---------------------------------------------------------------------------------


def change(facts: Facts) -> Sentence:
    """How many posts, against the same weekdays before; only as far as metrics.change goes."""
    if facts.span is None or facts.now is None or facts.before is None:
        return Sentence("change_none", {"n": facts.totals.posts}, posts={})
    moved = metrics.change(facts.now.posts, facts.before.posts)
    values = {
        "n": facts.now.posts,
        "days": _days(facts.span.now),
        "earlier": _days(facts.span.before),
        "was": facts.before.posts,
        "change": moved,
    }
    kind = moved.kind
    if moved.percent:
        kind = "up" if moved.percent > 0 else "down"
    return Sentence(f"change_{kind}", values, posts=_span(facts.span.now))


def _days(scope: Scope) -> tuple[date, date]:
    return scope.since, scope.until


def _span(scope: Scope) -> dict[str, date]:
    return {"since": scope.since, "until": scope.until}


# --- where ----------------------------------------------------------------------------------------


def where(facts: Facts) -> Sentence:
    """The place that moved most, if any moved by more than chance; with an event on whose days it
    rose, of which nobody says that it was the reason."""
    assert facts.span is not None
    best = most_moved(facts.places)
    if best is None:
        told = sum(_is_told(one) for one in facts.places)
        return Sentence("where_none", {"m": told}, page="places")
    values = {"place": best.code, "n": best.now, "was": best.before}
    key = "where_up" if best.now > best.before else "where_down"
    event = next(iter(facts.during), None)
    if event is not None and best.now > best.before:
        key, values = f"{key}_during", {**values, "event": event.name, "held": _held(event)}
    narrow = {"city": "unknown"} if best.code == "unknown" else {"place": best.code}
    return Sentence(key, values, posts={**_span(facts.span.now), **narrow})


def most_moved(places: Sequence[Moved]) -> Moved | None:
    """The place whose two counts differ most for their size; None where chance explains it."""
    told = [one for one in places if _is_told(one)]
    best = max(told, key=lambda one: (abs(stands_out(one)), one.code), default=None)
    return best if best is not None and abs(stands_out(best)) >= STANDS_OUT else None


def _is_told(one: Moved) -> bool:
    return max(one.now, one.before) >= metrics.FEW


def explains(risen: Moved, in_its_days: int) -> bool:
    """Whether an event may be named beside a place that rose: at least half of the rise was
    posted on its days."""
    return 2 * in_its_days >= risen.now - risen.before > 0


def stands_out(one: Moved) -> float:
    """By how many standard errors two counts over equal days differ: (a - b) / sqrt(a + b).

    The normal approximation of the test that each post fell into either span alike (the
    conditional test of two Poisson counts, J. Przyborowski and H. Wilenski, Biometrika 31 (1940)
    313-323).
    """
    both = one.now + one.before
    return (one.now - one.before) / math.sqrt(both) if both else 0.0


def _held(event: Dated) -> tuple[date, date]:
    return event.first, event.last


# --- why ------------------------------------------------------------------------------------------


def why(facts: Facts) -> Sentence:
    """What is complained of most, and how often before."""
    top = max(facts.complaints, key=lambda one: (one.now, -one.before, one.code), default=None)
    if top is None or not top.now:
        return Sentence("why_none")
    narrow = {"topic": top.code, "sentiment": "negative"}
    if facts.span is None:
        return Sentence("why_alone", {"topic": top.code, "n": top.now}, posts=narrow)
    values = {"topic": top.code, "n": top.now, "was": top.before}
    return Sentence("why", values, posts={**narrow, **_span(facts.span.now)})


# --- what is unusual ------------------------------------------------------------------------------


def unusual(facts: Facts) -> list[Sentence]:
    """The radar's first find, alarms before others, and how many more there are; or that there is
    none, and what that rests on."""
    if facts.unusual:
        first, *rest = sorted(facts.unusual, key=lambda one: not one.is_alarm)
        values = {"place": first.place, "topic": first.topic, "n": first.posts}
        key = "severe"
        if first.kind == Trouble.VOLUME:
            key = "unusual" if first.expected is not None else "unusual_new"
            values["usual"] = first.expected
        if rest:
            key, values = f"{key}_and_more", {**values, "more": len(rest)}
        return [Sentence(key, values, posts={"alarm": first.id}, page="radar" if rest else None)]
    looked = facts.looked
    if looked is None:
        return []
    if not looked.collected:
        return [Sentence("no_data", page="data_health")]
    if looked.days is None:
        return [Sentence("not_looked", page="radar")]
    values = {"n": looked.posts, "m": looked.places, "d": looked.days}
    return [Sentence("nothing_unusual", values, posts={"since": looked.since}, page="radar")]


# --- what is coming -------------------------------------------------------------------------------


def coming(facts: Facts) -> list[Sentence]:
    """The next event, if one is near."""
    if not facts.coming:
        return []
    event = min(facts.coming, key=lambda one: (one.first, one.name))
    values = {"event": event.name, "held": _held(event), "city": event.city}
    return [Sentence("coming", values, page="events")]
