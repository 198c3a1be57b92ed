"""The daily totals: cells counted anew from the posts behind them, so that they stay exact.

A cell is one (place, day, platform); place 0 is "Kedah, place unknown". Whoever changes posts
takes the writer lock with `bump`, changes them, and has the touched cells counted again, all in one
transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, case, text, update

from db.engine import DatabaseError
from db.tables import UNKNOWN_PLACE, data_version
from insights.voices import VISITOR

Cell = tuple[int, int, str]
TopicCell = tuple[int, int, str, str]

# The touched cells travel as one JSON text: a list of values of changing length would be compiled
# anew for every page. Of a cell that names no topic the fourth column is NULL.
CELLS = {
    "sqlite": """SELECT json_extract(value, '$[0]') AS place_id,
                        json_extract(value, '$[1]') AS day,
                        json_extract(value, '$[2]') AS platform,
                        json_extract(value, '$[3]') AS topic
                 FROM json_each(:cells)""",
    "postgresql": """SELECT (value->>0)::integer AS place_id, (value->>1)::integer AS day,
                            value->>2 AS platform, value->>3 AS topic
                     FROM json_array_elements(CAST(:cells AS json))""",
}

# CROSS JOIN keeps SQLite from turning the join round; PostgreSQL plans it as any other.
_KNOWN = """FROM cells AS c CROSS JOIN {rows} AS p
  WHERE p.counted{which}
    AND p.place_id = c.place_id AND p.day = c.day AND p.platform = c.platform"""
_UNKNOWN = """FROM cells AS c CROSS JOIN {rows} AS p
  WHERE p.counted{which} AND p.place_id IS NULL AND c.place_id = 0
    AND p.day = c.day AND p.platform = c.platform"""
_ALL = "FROM social_posts AS p {topics} WHERE p.counted{others}"

_TOTALS_COLUMNS = """place_id, day, platform, posts, positive, neutral, negative,
  likes, likes_known, comments, comments_known, shares, shares_known, views, views_known,
  score_sum, max_engagement, version, provisional"""
_TOTALS = """SELECT {place}, p.day, p.platform, {voice}count(*),
  count(*) FILTER (WHERE p.sentiment = 'positive'),
  count(*) FILTER (WHERE p.sentiment = 'neutral'),
  count(*) FILTER (WHERE p.sentiment = 'negative'),
  sum(p.likes), count(p.likes), sum(p.comments), count(p.comments),
  sum(p.shares), count(p.shares), sum(p.views), count(p.views),
  coalesce(sum(p.sentiment_score), 0), max(p.engagement), CAST(:version AS bigint),
  count(*) FILTER (WHERE p.sentiment IS NOT NULL AND substr(p.classified_by, 1, 8) = 'offline:')
  {source} GROUP BY p.place_id, p.day, p.platform{by_voice}"""

_VOICES_COLUMNS = _TOTALS_COLUMNS.replace("platform,", "platform, voice,", 1)
_VOICES = _TOTALS.replace("{voice}", "p.voice, ").replace("{by_voice}", ", p.voice")
_TOTALS = _TOTALS.replace("{voice}", "").replace("{by_voice}", "")
_OTHERS = " AND p.voice <> 'visitor'"

_TOPICS_COLUMNS = "place_id, day, platform, topic, voice, positive, neutral, negative"
_TOPICS = """SELECT {place}, p.day, p.platform, {topic}, p.voice,
  count(*) FILTER (WHERE p.sentiment = 'positive'),
  count(*) FILTER (WHERE p.sentiment = 'neutral'),
  count(*) FILTER (WHERE p.sentiment = 'negative')
  {source} GROUP BY p.place_id, p.day, p.platform, {topic}, p.voice"""
_JOIN_TOPICS = "JOIN post_topics AS t ON t.post_id = p.post_id AND t.platform = p.platform"


def bump(connection: Connection, epoch: bool = False) -> int:
    """Raise the data version and return it: writer lock, change number and cache key in one.

    Raises DatabaseError where the database was never set up.
    """
    found = connection.execute(
        update(data_version)
        .where(data_version.c.id == 1)
        .values(
            version=data_version.c.version + 1,
            epoch=data_version.c.epoch + (1 if epoch else 0),
        )
        .returning(data_version.c.version)
    ).scalar_one_or_none()
    if found is None:
        raise DatabaseError("the database was never set up; run the collector once")
    return found


def unbump(connection: Connection) -> None:
    """Take a `bump` of this transaction back when nothing changed after all."""
    connection.execute(update(data_version).where(data_version.c.id == 1).values(version=_ONE_LESS))


_ONE_LESS = case((data_version.c.version > 0, data_version.c.version - 1), else_=0)


@dataclass(frozen=True)
class _Table:
    """A table of cells, and how one is counted from `rows`: `key` names a cell, `others` narrows to
    a voice."""

    name: str
    columns: str
    select: str
    rows: str = "social_posts"
    key: tuple[str, ...] = ("place_id", "day", "platform")
    others: str = ""

    def insert(self, cells: str) -> str:
        """The statement that counts the cells named by the query `cells`."""
        which = self.others + "".join(f" AND p.{name} = c.{name}" for name in self.key[3:])
        named, nowhere = (
            self.select.format(
                place=place, topic="p.topic", source=source.format(rows=self.rows, which=which)
            )
            for place, source in (("p.place_id", _KNOWN), ("0", _UNKNOWN))
        )
        return (
            f"{cells} INSERT INTO {self.name} ({self.columns}) {named} UNION ALL {nowhere}"
            f" RETURNING {', '.join(self.key)}"
        )

    def insert_all(self) -> str:
        """The statement that counts every cell there is, from the posts whatever `rows` say."""
        every = self.select.format(place="coalesce(p.place_id, 0)", topic="t.topic", source=_ALL)
        joined = _JOIN_TOPICS if self.rows == "post_topics" else ""
        return f"INSERT INTO {self.name} ({self.columns}) " + every.format(
            topics=joined, others=self.others
        )

    def delete(self, cells: str) -> str:
        """The statement that deletes the cells named by the query `cells`."""
        key = ", ".join(self.key)
        return (
            f"DELETE FROM {self.name} WHERE ({key}) IN ({cells} SELECT {key} FROM cells)"
            f" RETURNING {key}"
        )

    def values(self, version: int) -> dict[str, int]:
        return {"version": version} if ":version" in self.select else {}


_DAILY = _Table("daily_totals", _TOTALS_COLUMNS, _TOTALS)
_BY_VOICE = _Table("daily_voices", _VOICES_COLUMNS, _VOICES, others=_OTHERS)
# What topics repeat of their posts lies in one index with them: no post needs a look.
_BY_TOPIC = _Table(
    "daily_topics",
    _TOPICS_COLUMNS,
    _TOPICS,
    rows="post_topics",
    key=("place_id", "day", "platform", "topic"),
)


@dataclass
class Touched:
    """The cells whose totals, topics and other voices a change of posts may have moved."""

    cells: set[Cell] = field(default_factory=set)
    topics: set[TopicCell] = field(default_factory=set)
    voices: set[Cell] = field(default_factory=set)

    def add(self, post: Row, topics: Iterable[str] = ()) -> None:
        """A post as it stood before the change or stands after it, with these of its topics.

        What does not count stands in no cell, and visitors in none of the other voices.
        """
        if not post.counted:
            return
        place_id = UNKNOWN_PLACE if post.place_id is None else post.place_id
        where = (place_id, post.day, post.platform)
        self.cells.add(where)
        self.topics.update((*where, topic) for topic in topics)
        if post.voice != VISITOR:
            self.voices.add(where)

    def __ior__(self, other: Touched) -> Touched:
        self.cells |= other.cells
        self.topics |= other.topics
        self.voices |= other.voices
        return self


def recount(connection: Connection, version: int, touched: Touched) -> None:
    """Count the touched cells again, under this version.

    A reader that patches rows with a newer version hears of topics and voices by the totals of
    their cell: where the last of them vanished the cell is counted again too. Of a totals cell that
    vanished it would never hear, so then the epoch rises.
    """
    gone = {cell[:3] for cell in _again(connection, _BY_TOPIC, touched.topics, version)}
    gone |= _again(connection, _BY_VOICE, touched.voices, version)
    if _again(connection, _DAILY, touched.cells | gone, version):
        connection.execute(
            update(data_version)
            .where(data_version.c.id == 1)
            .values(epoch=data_version.c.epoch + 1)
        )


def _again(connection: Connection, table: _Table, cells: Iterable[tuple], version: int) -> set:
    """Delete and re-insert a table's rows of these cells; the cells of which no row is left."""
    wanted = sorted(cells)
    if not wanted:
        return set()
    values = {"cells": json.dumps(wanted)}
    source = f"WITH cells AS ({CELLS[connection.dialect.name]})"
    before = {tuple(row) for row in connection.execute(text(table.delete(source)), values)}
    counted = text(table.insert(source))
    after = {tuple(row) for row in connection.execute(counted, values | table.values(version))}
    return before - after


def rebuild_totals(connection: Connection) -> None:
    """Count every cell from the posts, as after a repair; readers rebuild too."""
    version = bump(connection, epoch=True)
    for table in (_DAILY, _BY_VOICE, _BY_TOPIC):
        connection.execute(text(f"DELETE FROM {table.name}"))
        connection.execute(text(table.insert_all()), table.values(version))
