"""What the radar looks at: the newest negative posts by issue and locality, and what was usual.

Only the last 29 days are read. A platform that was not collected for most of them is left out: its
posts would be a change in collecting, not in Kedah.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from functools import cached_property

from sqlalchemy import Connection, Select, func, select, text

from db.keys import among
from db.search import at_places
from db.tables import UNKNOWN_PLACE, daily_topics, daily_totals, post_topics, social_posts
from insights import radar
from insights.model import APART, Place, day_number, day_of
from insights.radar import Said, Usual
from insights.topics import ISSUES
from insights.voices import VISITOR

Cell = tuple[int, str]
# Whose word is taken for a rare and severe event; an advert, football and politics play with them.
WITNESSES = (VISITOR, "news", "official")
_TOPIC_COUNTED = text("post_topics.counted")
_POST_COUNTED = text("social_posts.counted")
_NEGATIVE = (post_topics.c.sentiment == "negative", post_topics.c.voice == VISITOR)
_CHUNK = 400


@dataclass(frozen=True)
class Severe:
    """A post that names a place, to be searched for severe words."""

    said: Said
    place_id: int
    year: int


class Evidence:
    """The posts of one moment: yesterday, today so far, and the 28 days before.

    `audited`: YouTube's posts count too.
    """

    def __init__(
        self,
        connection: Connection,
        places: Sequence[Place],
        now: datetime,
        zone: tzinfo,
        *,
        audited: bool = False,
    ):
        self._connection = connection
        self._zone = zone
        self._now = now
        self._apart = () if audited else APART
        self.places = places
        self.localities = {UNKNOWN_PLACE: UNKNOWN_PLACE, **radar.localities(places)}
        self.today = day_number(now, zone)
        self.since = self.today - 1
        self.oldest = self.since - radar.DAYS
        local = now.astimezone(zone)
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        # An hour at least: a rate for a minute says nothing.
        self.days = 1 + max(seconds, 3600) / 86_400

    # --- what was collected ---

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """The platforms that were collected on most days before, or all where none was."""
        known = [name for name, days in self._collected.items() if len(days) >= radar.LEAST_DAYS]
        return tuple(sorted(known or self._collected))

    @cached_property
    def known_days(self) -> tuple[int, ...]:
        """The days before yesterday on which anything at all was collected from them."""
        days = set().union(*(self._collected[name] for name in self.platforms))
        return tuple(sorted(days))

    @property
    def is_comparable(self) -> bool:
        """Whether enough days are known to call anything usual."""
        return len(self.known_days) >= radar.LEAST_DAYS

    @cached_property
    def _collected(self) -> dict[str, set[int]]:
        """The earlier days with posts of each platform that has any, newest ones included."""
        total = daily_totals.c
        rows = self._connection.execute(
            select(total.platform, total.day)
            .where(total.day >= self.oldest, total.platform.not_in(self._apart))
            .distinct()
        )
        found: dict[str, set[int]] = {}
        for platform, day in rows:
            found.setdefault(platform, set()).update({day} if day < self.since else ())
        return found

    # --- volume ---

    def newest(self, since: int) -> dict[Cell, list[Said]]:
        """The visitors' negative posts from a day on, by locality and issue, the oldest first.

        Those of platforms that are not compared are among them.
        """
        topic, post = post_topics.c, social_posts.c
        statement = (
            select(topic.place_id, topic.topic, *_SAID)
            .join(
                social_posts,
                (post.post_id == topic.post_id) & (post.platform == topic.platform),
            )
            .where(
                _TOPIC_COUNTED,
                topic.topic.in_(ISSUES),
                topic.created_at >= self._midnight(since),
                # A platform's clock may be ahead of ours.
                topic.created_at <= self._now,
                *_NEGATIVE,
                topic.platform.not_in(self._apart),
            )
            .order_by(topic.created_at, post.post_id, post.platform)
        )
        found: dict[Cell, list[Said]] = defaultdict(list)
        for row in self._connection.execute(statement):
            found[self._locality(row.place_id), row.topic].append(_said(row))
        return found

    def usual(self, cell: Cell, but: Collection[int] = ()) -> Usual | None:
        """What the cell's known days tell; None where too few are known.

        Days in `but` belong to earlier finds of the cell: an incident must not become usual by
        having happened. They are left out as long as enough days remain.
        """
        if not self.is_comparable:
            return None
        days = [day for day in self.known_days if day not in but]
        if len(days) < radar.LEAST_DAYS:
            days = list(self.known_days)
        counts = self._texts_a_day(cell)
        return radar.usual([counts[day] for day in days], self.spread)

    def _texts_a_day(self, cell: Cell) -> Counter[int]:
        """Different texts a day of a cell, before yesterday."""
        place, code = cell
        members = [one for one, locality in self.localities.items() if locality == place]
        topic, post = post_topics.c, social_posts.c
        rows = self._connection.execute(
            select(topic.day, post.text_cluster, post.post_id, post.platform)
            .join(
                social_posts,
                (post.post_id == topic.post_id) & (post.platform == topic.platform),
            )
            .where(
                _TOPIC_COUNTED,
                topic.topic == code,
                at_places(members, topic),
                topic.day >= self.oldest,
                topic.day < self.since,
                *_NEGATIVE,
                topic.platform.in_(self.platforms),
            )
        )
        different = {(row.day, _text_of(row)) for row in rows}
        return Counter(day for day, _ in different)

    @cached_property
    def histories(self) -> dict[Cell, list[int]]:
        """Negative posts on each known day of every cell that has any: the state as a whole."""
        cell = daily_topics.c
        rows = self._connection.execute(
            select(cell.place_id, cell.topic, cell.day, func.sum(cell.negative))
            .where(
                cell.day >= self.oldest,
                cell.day < self.since,
                cell.negative > 0,
                cell.voice == VISITOR,
                cell.platform.in_(self.platforms),
                cell.topic.in_(ISSUES),
            )
            .group_by(cell.place_id, cell.topic, cell.day)
        )
        at = {day: index for index, day in enumerate(self.known_days)}
        found: dict[Cell, list[int]] = {}
        for place, code, day, negative in rows:
            key = self._locality(place), code
            found.setdefault(key, [0] * len(at))[at[day]] += int(negative)
        return found

    @cached_property
    def spread(self) -> float:
        """How much more than chance the state's cells vary (insights/radar.py)."""
        return radar.spread_of(self.histories.values())

    # --- severe words ---

    def witnesses(
        self, since: int, until: int, places: Iterable[int] | None = None
    ) -> Iterator[Severe]:
        """Posts of the half-open days that name a place, for `severe.found`; at all places, or at
        these localities."""
        post = social_posts.c
        where = [
            _POST_COUNTED,
            post.place_id.is_not(None),
            post.voice.in_(WITNESSES),
            post.platform.not_in(self._apart),
        ]
        if places is None:
            where += [
                post.created_at >= self._midnight(since),
                post.created_at < self._midnight(until),
                post.created_at <= self._now,
            ]
        else:
            where += [post.day >= since, post.day < until]
            wanted = set(places)
            members = [one for one, locality in self.localities.items() if locality in wanted]
            where.append(post.place_id.in_(members))
        statement = select(post.place_id, *_SAID).where(*where)
        for row in self._connection.execute(
            statement.order_by(post.created_at, post.post_id, post.platform)
        ):
            yield Severe(_said(row), self._locality(row.place_id), day_of(row.day).year)

    # --- both ---

    def _locality(self, place_id: int | None) -> int:
        place = UNKNOWN_PLACE if place_id is None else place_id
        return self.localities.get(place, place)

    def _midnight(self, day: int) -> datetime:
        return datetime.combine(day_of(day), time(), self._zone)


_post = social_posts.c
_SAID = (
    _post.platform,
    _post.post_id,
    _post.day,
    _post.author_hash,
    _post.content,
    _post.first_seen_at,
)


def said_of(connection: Connection, keys: Sequence[tuple[str, str]]) -> list[Said]:
    """The posts of these keys (platform, post id) as evidence; those that are gone are missing."""
    found: list[Said] = []
    for start in range(0, len(keys), _CHUNK):
        some = [(post_id, platform) for platform, post_id in keys[start : start + _CHUNK]]
        statement: Select = select(*_SAID).where(among(_post, some), _POST_COUNTED)
        found += [_said(row) for row in connection.execute(statement)]
    return found


def _said(row) -> Said:
    return Said(row.platform, row.post_id, row.day, row.author_hash, row.content, row.first_seen_at)


def _text_of(row) -> object:
    """What tells one text from another; a text without words is like no other."""
    if row.text_cluster is not None:
        return row.text_cluster
    return row.platform, row.post_id
