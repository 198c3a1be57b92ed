"""The weekly brief: which week, and its figures composed from tables that somebody else has read.

The tables are those of db/cube.py and db/queries.py, the arithmetic is that of insights/metrics.py:
the same that every page shows. Nothing here knows a language; codes and names only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import pandas as pd

from insights import metrics
from insights.metrics import FEW, Change, Totals, Trend
from insights.model import Scope, Sentiment

WEEK = timedelta(days=7)
WEEKS = 12  # that a reader may choose from
AHEAD = timedelta(weeks=4)  # of events to come
PLACES, TOPICS = 8, 6
WHERE = 4  # places of a topic that are kept; three are shown, the fourth says that there are more
UNKNOWN = "unknown"
_SUNDAY = 6  # date.weekday()


# --- which week -----------------------------------------------------------------------------------


def last_week(today: date) -> date:
    """The Sunday that begins the newest week (Sunday to Saturday) which is over."""
    this_sunday = today - timedelta(days=(today.weekday() - _SUNDAY) % 7)
    return this_sunday - WEEK


def weeks(today: date) -> tuple[date, ...]:
    """The Sundays of the last twelve complete weeks, the newest first."""
    newest = last_week(today)
    return tuple(newest - index * WEEK for index in range(WEEKS))


# --- whether it was collected ---------------------------------------------------------------------


class Unread(StrEnum):
    """Why nothing is known of a week: nobody has collected yet, it lies before collection began, or
    no collection ran in it."""

    NEVER = "never"
    BEFORE = "before"
    PAUSED = "paused"


def unread(successes: Sequence[datetime], since: datetime, until: datetime) -> Unread | None:
    """Whether no run ended well in a week, [since, until), and why; None where one did."""
    if not successes:
        return Unread.NEVER
    if any(since <= end < until for end in successes):
        return None
    return Unread.BEFORE if min(successes) >= until else Unread.PAUSED


# --- what a brief holds ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Stamp:
    """Where the figures come from: zone of their days, when they were read, from which version."""

    zone: str
    made_at: datetime
    data_version: int
    demo: bool = False
    last_success: datetime | None = None


@dataclass(frozen=True)
class Day:
    """Posts of a day, and of the same weekday before (None: nobody collected then)."""

    day: date
    posts: int
    before: int | None


@dataclass(frozen=True)
class PlaceLine:
    """A place's week. `slug` is "unknown" for posts without a place."""

    slug: str
    name: str
    totals: Totals
    engagement: int | None
    posts_before: int

    @property
    def trend(self) -> Trend:
        return metrics.trending(self.totals.posts, self.posts_before)


@dataclass(frozen=True)
class Where:
    """Posts of a topic at one place."""

    slug: str
    name: str
    posts: int


@dataclass(frozen=True)
class TopicLine:
    """Posts of a topic with one label, in the week and before, and their places, most first."""

    topic: str
    posts: int
    before: int
    where: tuple[Where, ...] = ()

    @property
    def change(self) -> Change:
        return metrics.change(self.posts, self.before)


@dataclass(frozen=True)
class EventLine:
    """An event; both days belong to it."""

    starts_on: date
    ends_on: date
    name_ms: str
    name_en: str
    city_slug: str
    confirmed: bool


@dataclass(frozen=True)
class Gap:
    """Days on which a platform was not collected, both included."""

    platform: str
    first: date
    last: date


@dataclass(frozen=True)
class Failing:
    """A platform whose last run failed when the figures were read."""

    platform: str
    error_kind: str | None
    since: datetime | None


@dataclass(frozen=True)
class AlarmLine:
    """An alarm of the radar that was open when the figures were read. `slug` is "unknown" for
    "Kedah, place unknown"; `posts` are all of it since its first day."""

    id: int
    slug: str
    name: str
    topic: str
    kind: str
    posts: int
    first_day: date


@dataclass(frozen=True)
class Brief:
    """One week, [since, until), of the places, platform and voice of a scope."""

    since: date
    until: date
    city: str
    platform: str | None
    stamp: Stamp
    now: Totals
    before: Totals
    days: tuple[Day, ...] = ()
    places: tuple[PlaceLine, ...] = ()
    complaints: tuple[TopicLine, ...] = ()
    praise: tuple[TopicLine, ...] = ()
    events: tuple[EventLine, ...] = ()
    ahead: tuple[EventLine, ...] = ()
    gaps: tuple[Gap, ...] = ()
    failing: tuple[Failing, ...] = ()
    left_out: tuple[str, ...] = ()  # platforms that stand apart
    voice: str = "visitors"
    alarms: tuple[AlarmLine, ...] = ()  # those of the newest week only: they are open today
    unread: str = ""  # a code of Unread: no collection ran in the week
    unread_before: str = ""  # the same of the week before
    unlike: bool = False  # the two weeks were not collected alike (insights/fairness.py)
    began: date | None = None  # the first day of collection; None where it is not known

    @property
    def last(self) -> date:
        """The week's Saturday."""
        return self.until - timedelta(days=1)

    @property
    def is_quiet(self) -> bool:
        """Too few posts for anything to be said of them."""
        return self.now.posts < FEW

    @property
    def is_blank(self) -> bool:
        """Nothing is known of the week: its zeros are no counts."""
        return bool(self.unread) and not self.now.posts

    @property
    def is_whole(self) -> bool:
        """Collection ran in the whole week, and had begun before it."""
        begun = self.began is None or self.began <= self.since
        return begun and not self.unread and not self.gaps

    @property
    def is_before_known(self) -> bool:
        """The week before has counts: a collection ran in it, or posts of it were found later."""
        return bool(self.before.posts) or not self.unread_before

    @property
    def is_comparable(self) -> bool:
        """Whether a change from the week before is one of posts, and not of collecting."""
        return self.is_before_known and not self.unlike

    def change(self, name: str) -> Change:
        """How one total ("posts", "likes", ...) moved against the week before."""
        now, before = getattr(self.now, name), getattr(self.before, name)
        if self.is_blank or not self.is_comparable:
            return metrics.change(None, None)
        return metrics.change(now, before, posts_now=self.now.posts, posts_before=self.before.posts)

    @property
    def mood(self) -> str:
        """How net sentiment moved: "few" labels, "unlike" weeks, "only" this week's, or "up",
        "down", "same"."""
        now, before = metrics.net_sentiment(self.now), metrics.net_sentiment(self.before)
        if now is None or now.n < FEW:
            return "few"
        if self.unlike:
            return "unlike"
        if before is None or before.n < FEW:
            return "only"
        return metrics.net_moved(now, before)


# --- composing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tables:
    """A week as the cube tells it: totals, days, places, topics; the cube's tables as frames."""

    totals: Totals
    daily: pd.DataFrame
    by_place: pd.DataFrame
    topics: pd.DataFrame


def compose(
    scope: Scope,
    stamp: Stamp,
    now: Tables,
    before: Tables,
    *,
    topics_by_place: pd.DataFrame,
    names: Mapping[str, str],
    events: Iterable[EventLine] = (),
    first_day: date | None = None,
    gaps: Iterable[Gap] = (),
    failing: Iterable[Failing] = (),
    alarms: Iterable[AlarmLine] = (),
    unread: str = "",
    unread_before: str = "",
    unlike: bool = False,
    began: date | None = None,
) -> Brief:
    """The brief of a scope's week from the tables of that week and of the one before.

    `names` are the places' by slug; `events` those from the week's first day on; `first_day` the
    first that anything was collected for. Gaps outside the week are left out. `unread` is a code
    of Unread or empty, `unlike` whether a platform was missed for good in either week, `began` the
    first day of collection.
    """
    known = tuple(events)
    return Brief(
        since=scope.since,
        until=scope.until,
        city=scope.city,
        platform=scope.platform,
        stamp=stamp,
        now=now.totals,
        before=before.totals,
        days=tuple(_days(now.daily, before.daily, first_day)),
        places=tuple(_places(now.by_place, before.by_place)),
        complaints=tuple(
            _topics(now.topics, before.topics, Sentiment.NEGATIVE, topics_by_place, names)
        ),
        praise=tuple(
            _topics(now.topics, before.topics, Sentiment.POSITIVE, topics_by_place, names)
        ),
        events=tuple(e for e in known if e.starts_on < scope.until and e.ends_on >= scope.since),
        ahead=tuple(e for e in known if scope.until <= e.starts_on < scope.until + AHEAD),
        gaps=tuple(g for g in gaps if g.first < scope.until and g.last >= scope.since),
        failing=tuple(failing),
        left_out=tuple(map(str, scope.left_out)),
        voice=scope.voice,
        alarms=tuple(alarms),
        unread=unread,
        unread_before=unread_before,
        unlike=unlike,
        began=began,
    )


def _days(now: pd.DataFrame, before: pd.DataFrame, first_day: date | None) -> Iterable[Day]:
    rows = zip(now["day"], now["posts"], before["day"], before["posts"], strict=True)
    for day, posts, earlier, posts_then in rows:
        known = first_day is not None and earlier >= first_day
        yield Day(day, int(posts), int(posts_then) if known else None)


def _places(now: pd.DataFrame, before: pd.DataFrame) -> Iterable[PlaceLine]:
    then = dict(zip(before["slug"], before["posts"], strict=True))
    rows = now.sort_values(["engagement", "posts"], ascending=False).head(PLACES)
    for row in rows.itertuples(index=False):
        totals = Totals(**{f.name: _whole(getattr(row, f.name)) for f in fields(Totals)})
        before_posts = int(then.get(row.slug, 0))
        yield PlaceLine(row.slug, row.name, totals, _whole(row.engagement), before_posts)


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _topics(
    now: pd.DataFrame,
    before: pd.DataFrame,
    label: Sentiment,
    by_place: pd.DataFrame,
    names: Mapping[str, str],
) -> Iterable[TopicLine]:
    then = dict(zip(before["topic"], before[label], strict=True))
    rows = now[now[label] > 0].sort_values([label, "topic"], ascending=[False, True]).head(TOPICS)
    for topic, posts in zip(rows["topic"], rows[label], strict=True):
        where = _where(by_place[by_place["topic"] == topic], label, names)
        yield TopicLine(topic, int(posts), int(then.get(topic, 0)), where)


def _where(rows: pd.DataFrame, label: Sentiment, names: Mapping[str, str]) -> tuple[Where, ...]:
    rows = rows[rows[label] > 0].sort_values([label, "slug"], ascending=[False, True]).head(WHERE)
    return tuple(
        Where(slug, names.get(slug, ""), int(posts))
        for slug, posts in zip(rows["slug"], rows[label], strict=True)
    )


# --- kept and read back ---------------------------------------------------------------------------


def to_figures(brief: Brief) -> dict[str, Any]:
    """A brief as plain JSON values; `from_figures` reads back an equal one."""
    return _plain(asdict(brief))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def from_figures(kept: Mapping[str, Any]) -> Brief:
    """The brief of such JSON values. Raises KeyError or ValueError for anything else."""
    stamp = dict(kept["stamp"])
    stamp["made_at"] = datetime.fromisoformat(stamp["made_at"])
    stamp["last_success"] = _instant(stamp["last_success"])
    return Brief(
        since=date.fromisoformat(kept["since"]),
        until=date.fromisoformat(kept["until"]),
        city=kept["city"],
        platform=kept["platform"],
        stamp=Stamp(**stamp),
        now=_totals(kept["now"]),
        before=_totals(kept["before"]),
        days=tuple(Day(**_dates(row, "day")) for row in kept["days"]),
        places=tuple(
            PlaceLine(**{**row, "totals": _totals(row["totals"])}) for row in kept["places"]
        ),
        complaints=_topic_lines(kept["complaints"]),
        praise=_topic_lines(kept["praise"]),
        events=tuple(EventLine(**_dates(row, "starts_on", "ends_on")) for row in kept["events"]),
        ahead=tuple(EventLine(**_dates(row, "starts_on", "ends_on")) for row in kept["ahead"]),
        gaps=tuple(Gap(**_dates(row, "first", "last")) for row in kept["gaps"]),
        failing=tuple(
            Failing(**{**row, "since": _instant(row["since"])}) for row in kept["failing"]
        ),
        left_out=tuple(kept["left_out"]),
        voice=kept["voice"],
        # Briefs that were kept before the radar's alarms belonged to them have none to tell.
        alarms=tuple(AlarmLine(**_dates(row, "first_day")) for row in kept.get("alarms", ())),
        unread=kept.get("unread", ""),
        unread_before=kept.get("unread_before", ""),
        unlike=kept.get("unlike", False),
        began=_day(kept.get("began")),
    )


def _totals(kept: Mapping[str, int | None]) -> Totals:
    return Totals(**{f.name: kept[f.name] for f in fields(Totals) if f.name in kept})


def _topic_lines(kept: Sequence[Mapping[str, Any]]) -> tuple[TopicLine, ...]:
    return tuple(
        TopicLine(**{**row, "where": tuple(Where(**one) for one in row["where"])}) for row in kept
    )


def _dates(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**row, **{name: date.fromisoformat(row[name]) for name in names}}


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)


def _instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
