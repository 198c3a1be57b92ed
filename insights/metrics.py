"""The product's definitions: every figure on a page is worked out here and nowhere else.

Absence is None: no posts have no coverage, no sentiment and no change. Shares and coverage are
fractions of 1; net sentiment is -100..+100 and a change is in per cent, as people say them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

from insights.model import Scope

# The two-sided 95 % quantile of the normal distribution.
Z95 = 1.959963984540054
# Below so many posts (in the larger of two periods) a change says nothing.
FEW = 5
PERIODS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}


@dataclass(frozen=True)
class Totals:
    """Sums over counted posts. `likes` is the sum of the known ones, None where none is known;
    `likes_known` says of how many posts it is known. The same for the other counts."""

    posts: int = 0
    positive: int = 0
    neutral: int = 0
    negative: int = 0
    likes: int | None = None
    likes_known: int = 0
    comments: int | None = None
    comments_known: int = 0
    shares: int | None = None
    shares_known: int = 0
    views: int | None = None
    views_known: int = 0
    # Of the labels, those that the offline classifier gave and Gemini has yet to look at.
    provisional: int = 0

    @property
    def classified(self) -> int:
        return self.positive + self.neutral + self.negative

    @property
    def unclassified(self) -> int:
        return self.posts - self.classified

    @property
    def engagement(self) -> int | None:
        return engagement(self.likes, self.comments, self.shares)

    @property
    def coverage(self) -> float | None:
        return coverage(self.classified, self.posts)

    def __add__(self, other: Totals) -> Totals:
        """Both together; an unknown count beside a known one leaves the known one."""
        return Totals(
            **{
                part.name: _sum((getattr(self, part.name), getattr(other, part.name)))
                for part in fields(Totals)
            }
        )


@dataclass(frozen=True)
class NetSentiment:
    """Net sentiment, -100..+100, with its 95 % interval and the number of classified posts."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Share:
    """A part of a whole, 0..1, with its 95 % interval and the size of the whole."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Change:
    """How a figure moved: `kind` is "none" (nothing to compare), "new" (there was nothing
    before), "too_few", "same" or "change"; `percent` is set for the last two only."""

    kind: str
    percent: float | None = None


@dataclass(frozen=True)
class Trend:
    """How a place moved: by posts, by the people who wrote them and by their different texts (both
    None where unknown)."""

    posts: Change
    authors: Change | None = None
    texts: Change | None = None

    @property
    def kind(self) -> str:
        return self.posts.kind

    @property
    def percent(self) -> float | None:
        return self.posts.percent

    @property
    def direction(self) -> str | None:
        """ "up" or "down" where posts, authors and texts agree, "flat" where they do not or nothing
        moved, None where nothing can be said. One busy account is no trend, and no text passed
        from hand to hand."""
        own = _sign(self.posts)
        if own is None:
            return None
        others = [_sign(change) for change in (self.authors, self.texts) if change is not None]
        if any(sign is not None and sign != own for sign in others):
            return "flat"
        return {1: "up", -1: "down", 0: "flat"}[own]


@dataclass(frozen=True)
class Comparison:
    """Two scopes of equal length and equal weekdays, complete days only.

    `whole_weeks`: the two are adjacent and made of whole weeks; else the second is the first one
    week earlier (a range shorter than a week).
    """

    now: Scope
    before: Scope
    whole_weeks: bool

    @property
    def days(self) -> int:
        return self.now.days


def engagement(likes: int | None, comments: int | None, shares: int | None) -> int | None:
    """likes + comments + shares as far as known, None when none of them is. Views
    stand apart: being shown a post is not answering it."""
    return _sum((likes, comments, shares))


def coverage(classified: int, posts: int) -> float | None:
    """classified / posts, 0..1, None without posts."""
    return classified / posts if posts else None


def share(part: int, whole: int) -> Share | None:
    """part / whole with its Wilson interval, None for a part of nothing."""
    limits = wilson(part, whole)
    if limits is None:
        return None
    return Share(part / whole, *limits, whole)


def wilson(k: int, n: int, z: float = Z95) -> tuple[float, float] | None:
    """The score interval of a proportion k/n as fractions 0..1, None for n = 0.

    (k + z²/2 ± z·sqrt(k(n-k)/n + z²/4)) / (n + z²); E. B. Wilson, JASA 22 (1927) 209-212. Unlike
    p ± z·sqrt(p(1-p)/n) it stays inside 0..1 and has a width at 0 of n and n of n.
    """
    if n == 0:
        return None
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no proportion")
    middle = (k + z * z / 2) / (n + z * z)
    half = z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    low = 0.0 if k == 0 else middle - half
    high = 1.0 if k == n else middle + half
    return low, high


def net_sentiment(totals: Totals) -> NetSentiment | None:
    """(positive - negative) / classified x 100 with its 95 % interval; None if none is classified.

    Both shares come from the same posts, so their errors are correlated by
    r = -sqrt(p·q / ((1-p)(1-q))), the correlation of two cells of a multinomial. The interval is
    square-and-add over the two Wilson intervals [l, u] with that correlation:
        low  = d - sqrt((p-lp)² + (uq-q)² - 2r(p-lp)(uq-q))
        high = d + sqrt((up-p)² + (q-lq)² - 2r(up-p)(q-lq)),  d = p - q
    R. G. Newcombe, Statistics in Medicine 17 (1998) 2635-2650 (paired data); G. Y. Zou and A.
    Donner, ibid. 27 (2008) 1693-1702. Without neutral posts it is exactly Wilson's own interval.
    """
    n = totals.classified
    if n == 0:
        return None
    p, q = totals.positive / n, totals.negative / n
    (p_low, p_high), (q_low, q_high) = _limits(totals.positive, n), _limits(totals.negative, n)
    r = _correlation(p, q)
    low = p - q - _square_and_add(p - p_low, q_high - q, r)
    high = p - q + _square_and_add(p_high - p, q - q_low, r)
    return NetSentiment(100 * (p - q), 100 * max(-1.0, low), 100 * min(1.0, high), n)


def net_moved(now: NetSentiment, before: NetSentiment) -> str:
    """ "up" or "down" where the 95 % interval of now - before leaves 0 out, "same" where not.

    Two weeks share no post, so their errors are independent and square and add (MOVER): the lower
    end of the difference d is d - sqrt((now - now.low)² + (before.high - before)²), the upper one
    mirrors it. G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693-1702.
    """
    d = now.value - before.value
    if d - math.hypot(now.value - now.low, before.high - before.value) > 0:
        return "up"
    return "down" if d + math.hypot(now.high - now.value, before.value - before.low) < 0 else "same"


def verdict(totals: Totals) -> str:
    """What the labels say as one word: "positive" or "negative" where the whole interval of net
    sentiment lies on that side, "neutral" where it does not, "too_few" below FEW labels."""
    net = net_sentiment(totals)
    if net is None or net.n < FEW:
        return "too_few"
    if net.low > 0:
        return "positive"
    return "negative" if net.high < 0 else "neutral"


def change(
    now: int | float | None,
    before: int | float | None,
    *,
    posts_now: int | None = None,
    posts_before: int | None = None,
) -> Change:
    """(now - before) / before x 100, said only where it means something.

    "none" where either is unknown or both are 0; "too_few" where neither period has 5 posts;
    "new" where there was nothing before. `posts_now` and `posts_before` are the posts behind the
    figures (likes, views); without them the figures themselves are taken to be posts.
    """
    if now is None or before is None or (now == 0 and before == 0):
        return Change("none")
    many = max(
        now if posts_now is None else posts_now,
        before if posts_before is None else posts_before,
    )
    if many < FEW:
        return Change("too_few")
    if before == 0:
        return Change("new")
    if now == before:
        return Change("same", 0.0)
    return Change("change", 100 * (now - before) / before)


def trending(
    posts_now: int,
    posts_before: int,
    authors_now: int | None = None,
    authors_before: int | None = None,
) -> Trend:
    """The change of posts and of distinct authors against the previous period, from 5 posts up.

    Authors are None where they are not stored, or partly so: then posts speak alone.
    """
    posts = change(posts_now, posts_before)
    if authors_now is None or authors_before is None:
        return Trend(posts)
    authors = change(authors_now, authors_before, posts_now=posts_now, posts_before=posts_before)
    return Trend(posts, authors)


def period(code: str, today: date) -> tuple[date, date]:
    """The half-open days of "7d", "30d", "90d" or "365d": so many complete days and today's part
    so far. Raises KeyError for another code."""
    return today - timedelta(days=PERIODS[code]), today + timedelta(days=1)


def compared(scope: Scope, today: date) -> Comparison | None:
    """The scope's complete days against as many, equal weekdays before them.

    Whole weeks as far as the scope has them: its last 7·(n // 7) complete days against the same
    number before. A scope of fewer than 7 complete days is held against itself one week earlier.
    None when it has no complete day yet: part of a day is never compared with a whole one.
    """
    end = min(scope.until, today)
    days = (end - scope.since).days
    if days <= 0:
        return None
    weeks = days // 7
    since = end - timedelta(days=7 * weeks) if weeks else scope.since
    now = replace(scope, since=since, until=end)
    step = timedelta(days=7 * max(1, weeks))
    before = replace(scope, since=since - step, until=end - step)
    return Comparison(now, before, whole_weeks=weeks > 0)


SHORTEST_CHECKED = 28  # days; platforms look back a week when collection begins, not a month


def must_be_known(comparison: Comparison, first_day: date) -> Scope | None:
    """The days in which something must have been collected, or the earlier period is not whole.

    Everything up to the middle of the earlier period, for the scope's platform in all of Kedah:
    where that is empty, collection began later, and a rise would be one of collecting. None for
    periods so short that they are always compared.
    """
    before = comparison.before
    if before.days < SHORTEST_CHECKED:
        return None
    middle = before.since + timedelta(days=before.days // 2)
    since = min(first_day, before.since)
    return replace(before, since=since, until=middle, city="all", place=None)


def todays_part(scope: Scope, today: date) -> Scope | None:
    """The part of the scope that is still going on, None when it ended before today."""
    tomorrow = today + timedelta(days=1)
    if not scope.since <= today < scope.until:
        return None
    return replace(scope, since=today, until=tomorrow)


def _limits(k: int, n: int) -> tuple[float, float]:
    limits = wilson(k, n)
    assert limits is not None
    return limits


def _correlation(p: float, q: float) -> float:
    """Of two cells of one multinomial; 0 where a cell is empty or full and cannot vary."""
    spread = (1 - p) * (1 - q)
    return -math.sqrt(p * q / spread) if spread > 0 else 0.0


def _square_and_add(one: float, other: float, r: float) -> float:
    return math.sqrt(max(0.0, one * one + other * other - 2 * r * one * other))


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _sign(moved: Change) -> int | None:
    """+1, 0 or -1 of a change, None of one that says nothing."""
    if moved.kind == "new":
        return 1
    if moved.percent is None:
        return None
    return (moved.percent > 0) - (moved.percent < 0)
