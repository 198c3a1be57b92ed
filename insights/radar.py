"""The problem radar: which trouble at a place is more than is usual there, and how sure that is.

A cell is one issue at one locality (a place with those inside it, such as a jetty in its town). The
visitors' negative posts of yesterday and of today so far are held against the 28 days before. Near-
copies of a text count once, and so do days: a day is a local one. The rule, its source and its
measured false alarms are in docs/radar.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from insights import texts
from insights.model import Place

# What makes a find, whatever its probability: so many posts, people and different texts.
LEAST_POSTS = 5
LEAST_AUTHORS = 3
LEAST_TEXTS = 5
# The days before yesterday that are called usual, and how many of them must be known.
DAYS = 28
LEAST_DAYS = 14
# Shown below SHOWN, an alarm below ALARM; what is open stays so up to STAYS and from STAYS_TEXTS.
SHOWN = 0.01
ALARM = 0.001
STAYS = 0.05
STAYS_TEXTS = 3
# ALARM is meant for so many cells; where more are alive each gets its share of the same risk.
CELLS = 60
# Chances smaller than one in so many are told as that: no model of posts is better than so.
MOST_ODDS = 1_000_000
_TOWNS = ("Town", "Village / food", "Food town")
# A find grows into an alarm by at least so many new texts, unusual by themselves.
GROWS_BY = 2
# What is open is looked at again every round, and each look is another chance to err: an alarm that
# comes later has to be so many times rarer. The twelve looks of a day overlap; with no allowance
# for them simulated quiet states raised 3.6 times the alarms of the first looks alone.
LOOKS = 5
# The prior of a cell's spread weighs as much as this many posts of its own.
_PRIOR_POSTS = 20
_SPREADS = (0.1, 3.0)
_UNKNOWN_SPREAD = 0.5
# A day without a post is still a rate: Jeffreys' prior of a Poisson rate adds half a post.
_HALF = 0.5


class Trouble(StrEnum):
    """What an alarm is about: many posts, or a rare and severe word in one."""

    VOLUME = "volume"
    SEVERE = "severe"


class Level(StrEnum):
    """How far it goes: on the Radar page only, or the top line and a mail too."""

    SHOWN = "shown"
    ALARM = "alarm"


@dataclass(frozen=True)
class Said:
    """One post as evidence. `author` is None where it is not known; `seen_at` the instant we first
    had it."""

    platform: str
    post_id: str
    day: int
    author: str | None
    text: str
    seen_at: datetime


@dataclass(frozen=True)
class Evidence:
    """What some posts weigh. `authors` are the known ones, None where none is; `people` adds the
    different texts of unknown writers, who cannot be told apart otherwise."""

    keys: tuple[tuple[str, str], ...]
    authors: int | None
    people: int
    texts: int
    first_day: int

    @property
    def posts(self) -> int:
        return len(self.keys)

    @property
    def is_enough(self) -> bool:
        """Whether this can be a find at all: 5 posts, 3 people, 5 texts."""
        return (
            self.posts >= LEAST_POSTS and self.people >= LEAST_AUTHORS and self.texts >= LEAST_TEXTS
        )


@dataclass(frozen=True)
class Usual:
    """What a cell's known days before tell: texts a day, how much more than chance they vary
    (`spread`, 0 is Poisson), and how many texts and days that rests on."""

    mean: float
    spread: float
    texts: int
    days: int


@dataclass(frozen=True)
class Judgement:
    """What a cell's newest days amount to. `level` None: nothing unusual, or no longer.

    `expected` and `p_value` are None while too few days are known to call anything usual.
    """

    level: Level | None
    expected: float | None
    p_value: float | None


# --- evidence -------------------------------------------------------------------------------------


def evidence(said: Sequence[Said]) -> Evidence | None:
    """What these posts weigh together; None without posts."""
    if not said:
        return None
    known = {one.author for one in said if one.author is not None}
    unknown = [one.text for one in said if one.author is None]
    return Evidence(
        keys=tuple((one.platform, one.post_id) for one in said),
        authors=len(known) if known else None,
        people=len(known) + texts.distinct(unknown),
        texts=texts.distinct([one.text for one in said]),
        first_day=min(one.day for one in said),
    )


# --- what is usual --------------------------------------------------------------------------------


def spread_of(histories: Iterable[Sequence[int]]) -> float:
    """How much more than chance the cells of the state vary from day to day, all taken together.

    The moment estimate of alpha in variance = mean + alpha·mean², pooled over the cells that have
    posts: sum((y - m)²) - sum(y), over sum(n·m²). Kept within 0.1 .. 3; a middling value where
    nothing was ever said.
    """
    more, scale = 0.0, 0.0
    for history in histories:
        days, total = len(history), sum(history)
        if not total:
            continue
        mean = (total + _HALF) / days
        more += sum((count - mean) ** 2 for count in history) - total
        scale += days * mean * mean
    if not scale:
        return _UNKNOWN_SPREAD
    low, high = _SPREADS
    return min(high, max(low, more / scale))


def usual(history: Sequence[int], spread: float) -> Usual:
    """What a cell's known days tell: one count of different texts a day, silent days too.

    Its own spread is drawn towards the state's, the more the fewer posts it has: a history of two
    posts says nothing about spread. Raises ValueError for no days.
    """
    days, total = len(history), sum(history)
    if not days:
        raise ValueError("no day is known")
    own = spread_of([history]) if total else spread
    weighed = (_PRIOR_POSTS * spread + total * own) / (_PRIOR_POSTS + total)
    return Usual((total + _HALF) / days, weighed, total, days)


def expected(known: Usual, days: float) -> float:
    """How many texts so many days usually bring."""
    return known.mean * days


def chance(known: Usual, count: int, days: float) -> float:
    """The probability of so many texts or more in `days` days if nothing has changed.

    The upper tail of a negative binomial with mean m·days and 1/size = spread/days + 1/(texts +
    0.5): the first part is the spread of a sum of days that are independent of one another, the
    second says how little is known of m after so few texts (Gamma(texts + 0.5, days) is its
    posterior, so that for spread 0 this is the exact predictive distribution). A silent cell keeps
    a small mean with a wide spread: it neither explodes nor hides.
    """
    inverse = known.spread / max(days, 1.0) + 1 / (known.texts + _HALF)
    return tail(count, expected(known, days), 1 / inverse)


def tail(count: int, mean: float, size: float) -> float:
    """P(Y >= count) of a negative binomial by its mean and size (variance mean + mean²/size).

    The terms are summed from `count` upwards: one minus the lower part would lose what is small.
    """
    if count <= 0:
        return 1.0
    stay = mean / (mean + size)
    term = math.exp(
        math.lgamma(count + size)
        - math.lgamma(size)
        - math.lgamma(count + 1)
        + size * math.log1p(-stay)
        + count * math.log(stay)
    )
    total = 0.0
    while term > total * 1e-12 or count < mean:
        total += term
        term *= stay * (count + size) / (count + 1)
        count += 1
    return min(1.0, total)


def alarm_below(cells: int) -> float:
    """The probability below which a find is an alarm at once, for so many living cells."""
    return ALARM * min(1.0, CELLS / max(1, cells))


def later_below(cells: int) -> float:
    """The probability below which an open find becomes an alarm at one of its many later looks."""
    return alarm_below(cells) / LOOKS


def odds(p: float) -> int:
    """One in how many, rounded down to one digit, a million at most: 0.00021 is one in 4,000."""
    if p <= MOST_ODDS**-1:
        return MOST_ODDS
    whole = int(1 / p)
    step = 10 ** (len(str(whole)) - 1)
    return whole // step * step


# --- the judgement --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """A find of this cell that is open: since when, and how far it went."""

    opened_at: datetime
    level: Level


def judged(
    said: Sequence[Said],
    known: Usual | None,
    *,
    days: float,
    now: datetime,
    cells: int,
    before: Open | None = None,
) -> Judgement:
    """What the cell's posts of yesterday and today amount to.

    `days` is how long that is by now (1 to 2). `known` None: too few days are known to compare
    with, so a find that has the people and the texts is shown, without a probability and without
    an alarm. `cells` are those alive in the whole state, `before` the cell's open find.
    """
    found = evidence(said)
    if known is None:
        level = Level.SHOWN if found and found.is_enough else None
        return Judgement(level, None, None)
    count = found.texts if found else 0
    usually, p = expected(known, days), chance(known, count, days)
    if before is None:
        opens = found is not None and found.is_enough and p < SHOWN
        level = (Level.ALARM if p < alarm_below(cells) else Level.SHOWN) if opens else None
        return Judgement(level, usually, p)
    if p >= STAYS or count < STAYS_TEXTS:
        return Judgement(None, usually, p)
    grew = before.level == Level.ALARM or _grew(said, known, now, cells, before)
    is_alarm = grew or p < later_below(cells)
    return Judgement(Level.ALARM if is_alarm else Level.SHOWN, usually, p)


def _grew(said: Sequence[Said], known: Usual, now: datetime, cells: int, before: Open) -> bool:
    """Whether a find is still unusual by what came after it was first shown.

    Two rounds see nearly the same posts, so that "still unusual" would be true of every find: what
    is new has to be unusual by itself, for the time in which it came.
    """
    new = evidence([one for one in said if one.seen_at > before.opened_at])
    if new is None or new.texts < GROWS_BY:
        return False
    waited = (now - before.opened_at) / timedelta(days=1)
    return chance(known, new.texts, waited) < later_below(cells)


# --- localities -----------------------------------------------------------------------------------


def localities(places: Iterable[Place]) -> dict[int, int]:
    """Each place's locality by id: the town around it, or else the place itself.

    Complaints of a ferry name the town in one post and its jetty in the next: one incident. A
    whole city is a locality of its own, and a mountain is none for the waterfalls on it.
    """
    by_slug = {place.slug: place for place in places}
    return {place.id: _outermost(place, by_slug).id for place in by_slug.values()}


def _outermost(place: Place, by_slug: Mapping[str, Place]) -> Place:
    above = by_slug.get(place.parent or "")
    if place.general or above is None or above.general or above.category not in _TOWNS:
        return place
    return _outermost(above, by_slug)
