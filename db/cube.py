"""The cube: the daily totals held in the process, so that any period costs a page the same.

Counts are kept cumulated over days in blocks of 64 days, each an array over places, platforms and
measures: the totals of a period are one subtraction a block. A cube never changes; `refreshed`
makes a new one that shares the blocks nothing happened to.

Visitors' voices are all posts without those of the other voices, subtracted cell by cell. Their
blocks are always there; those of another choice of voices, and the topics of a block, are read when
they are first asked for: topics are most of all rows, and most pages look at two months of them.
What is read later than the cube holds what its next refresh would have brought, and that refresh
puts every day that changed since the cube's version in its place, also where it stands already.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, text

from db import queries
from db.engine import driver_said, snapshot
from db.tables import UNKNOWN_PLACE
from db.totals import Cell
from insights.metrics import Totals
from insights.model import Place, Platform, PostFilter, Scope, day_of, number_of
from insights.table import Columns, Table
from insights.voices import CHOICES, EVERYBODY, OTHERS, VISITOR, VISITORS, VOICES

BLOCK_DAYS = 64
COUNTS = (
    "posts",
    "positive",
    "neutral",
    "negative",
    "likes_known",
    "comments_known",
    "shares_known",
    "views_known",
    "provisional",
)
SUMS = ("likes", "comments", "shares", "views")
LABELS = ("negative", "neutral", "positive")
UNKNOWN = queries.UNKNOWN
# More days than this in one refresh (an import): reading everything anew is quicker.
_MANY_DAYS = 64


@dataclass(frozen=True)
class Axes:
    """What the positions in the arrays stand for.

    Places are ordered by city, so that a city is a slice; "Kedah, place unknown" comes last, as a
    place and as a city of its own. Platforms are all that there can be, in the order of Platform.
    """

    places: tuple[Place, ...]
    cities: tuple[str, ...]
    starts: tuple[int, ...]
    topics: tuple[str, ...]
    platforms: tuple[str, ...] = tuple(platform.value for platform in Platform)

    @property
    def place_ids(self) -> list[int]:
        return [*(place.id for place in self.places), UNKNOWN_PLACE]


def _axes(places: Sequence[Place], topics: Sequence[str]) -> Axes:
    cities = list(dict.fromkeys(place.city_slug for place in places))
    ordered = sorted(places, key=lambda place: cities.index(place.city_slug))
    slugs = [place.city_slug for place in ordered] + [UNKNOWN]
    starts = [slugs.index(city) for city in [*cities, UNKNOWN]]
    return Axes(tuple(ordered), (*cities, UNKNOWN), tuple(starts), tuple(sorted(topics)))


@dataclass(frozen=True)
class Block:
    """64 days, cumulated: row i holds the sums of the days before the block's day i.

    `counts` and `sums` are [days + 1, places, platforms, measures], the same by city in
    `city_counts` and `city_sums`, and added up over all in `whole_counts` and `whole_sums`. Each in
    the fewest bytes that hold it: whoever adds to one widens it first.
    """

    counts: np.ndarray
    sums: np.ndarray
    city_counts: np.ndarray
    city_sums: np.ndarray
    whole_counts: np.ndarray
    whole_sums: np.ndarray


def _block(axes: Axes, counts: np.ndarray, sums: np.ndarray) -> Block:
    """A block from the cumulated arrays; cities and the whole are added up from places."""
    city_counts = np.add.reduceat(counts, axes.starts, axis=1)
    city_sums = np.add.reduceat(sums, axes.starts, axis=1)
    whole = city_counts.sum(axis=1, dtype=np.int64), city_sums.sum(axis=1)
    parts = (counts, sums, city_counts, city_sums, *whole)
    return Block(*(_narrowed(part) for part in parts))


def _narrowed(cumulated: np.ndarray) -> np.ndarray:
    """The same in the fewest bytes in which also every difference of two rows fits.

    Half the memory, and most blocks hold far less than 2 ** 15 posts a cell.
    """
    largest = 2 * max(abs(int(cumulated.min(initial=0))), int(cumulated.max(initial=0)))
    for kind in (np.int16, np.int32):
        if largest <= np.iinfo(kind).max:
            return cumulated.astype(kind)
    return cumulated


@dataclass(frozen=True)
class Rows:
    """Cells as the database holds them, names by position.

    `totals` are of all posts: [place, day, platform, *COUNTS, *SUMS]. `others` are of those that
    are not visitors', of all cells of these days and platforms: [place, day, platform, *COUNTS,
    *SUMS, voice].
    `peaks` are the greatest known engagement in each of `totals`, -1 where none is known.
    """

    totals: np.ndarray
    others: np.ndarray
    peaks: np.ndarray

    @property
    def days(self) -> np.ndarray:
        return np.unique(self.totals[:, 1])

    @property
    def platforms(self) -> np.ndarray:
        return np.unique(self.totals[:, 2])


@dataclass(frozen=True)
class Chosen:
    """The positions a scope selects: cities, or one place; and platforms."""

    platforms: np.ndarray
    cities: np.ndarray | None = None
    place: int | None = None


class Cube:
    """Totals of any scope. Made by `Cube.load`; safe to share between threads."""

    def __init__(
        self,
        engine: Engine,
        version: int,
        epoch: int,
        axes: Axes,
        layers: dict[str, dict[int, Block]],
        others: dict[int, np.ndarray],
        peaks: dict[int, np.ndarray],
        topics: dict[str, dict[int, np.ndarray]],
    ):
        """`layers` are the blocks of each choice of voices by number; `others` the posts of each
        other voice, cumulated: [days + 1, places, platforms, voices]; `peaks` the greatest
        engagement in each cell, whoever speaks, not cumulated: [days, places, platforms]; `topics`
        those of each choice of voices that were read, by number of the block, cumulated:
        [days + 1, cities, platforms, topics, labels]."""
        self._engine = engine
        self._epoch = epoch
        self._axes = axes
        self._layers = layers
        self._others = others
        self._peaks = peaks
        self._topics = topics
        # One reader reads what all of them lack while the others wait for it: side by side they
        # would hold the same rows many times over.
        self._reading = threading.Lock()
        self._titles = _titles(axes.places)
        titles = {place.city_slug: place.city for place in axes.places} | {UNKNOWN: ""}
        self._city_names = [(slug, titles[slug]) for slug in axes.cities]
        names = [*(place.category for place in axes.places), ""]
        categories = sorted(set(names))
        self._categories = categories, np.array([categories.index(name) for name in names])
        self._city_of_place = np.repeat(
            np.arange(len(axes.cities)), np.diff([*axes.starts, len(axes.places) + 1])
        )
        self.version = version
        self.places = tuple(sorted(axes.places, key=lambda place: place.id))

    # --- reading the database ---

    @classmethod
    def load(cls, engine: Engine) -> Cube:
        """Read all totals, in one snapshot. Raises db.engine.ERRORS."""
        with snapshot(engine) as connection:
            version, epoch = queries.version(connection)
            axes = _axes(queries.gazetteer(connection), _topic_names(connection))
            rows = _read(connection, axes)
        layers = {VISITORS: _blocks(axes, rows, VISITORS)}
        others, peaks = _spoken(axes, rows.others), _peaked(axes, {}, rows)
        return cls(engine, version, epoch, axes, layers, others, peaks, {})

    def refreshed(self, engine: Engine) -> Cube:
        """This cube where nothing has changed, otherwise one as the database stands now."""
        with snapshot(engine) as connection:
            version, epoch = queries.version(connection)
            if (version, epoch) == (self.version, self._epoch):
                return self
            changes = self._changes(connection, epoch, version)
            topics = {} if changes is None else self._topics_again(connection, changes)
        if changes is None:
            return Cube.load(engine)
        layers = {
            voice: _patched(self._axes, blocks, changes, voice)
            for voice, blocks in list(self._layers.items())
        }
        others = _spoken_again(self._axes, self._others, changes)
        peaks = _peaked(self._axes, self._peaks, changes)
        return Cube(engine, version, epoch, self._axes, layers, others, peaks, topics)

    def _changes(self, connection: Connection, epoch: int, version: int) -> Rows | None:
        """The cells that are newer than this cube, with all voices of their days and platforms: a
        voice or a topic moves in no cell that is not newer itself.

        None where only reading everything will do: cells vanished, an older database took this
        one's place, a topic is new, or a long span has changed.
        """
        if epoch != self._epoch or version < self.version:
            return None
        totals, peaks = _read_totals(connection, self._axes, self.version)
        newer = Rows(totals, _no_rows(_OTHERS_WIDTH), peaks)
        new_topics = set(_topic_names(connection)) - set(self._axes.topics)
        if len(newer.days) > _MANY_DAYS or new_topics:
            return None
        where = _on(newer.days.tolist(), self._axes, newer.platforms)
        return replace(newer, others=_read_others(connection, self._axes, where))

    def _topics_again(
        self, connection: Connection, changes: Rows
    ) -> dict[str, dict[int, np.ndarray]]:
        """The topics read so far, with those of the changed days and platforms as they are now."""
        days, platforms, result = changes.days, changes.platforms, {}
        for voice, blocks in list(self._topics.items()):
            moved = days[np.isin(days // BLOCK_DAYS, list(blocks))]
            where = _on(moved.tolist(), self._axes, platforms)
            rows = _read_topics(connection, self._axes, voice, where)
            result[voice] = _topics_patched(self._axes, blocks, moved, platforms, rows)
        return result

    def _blocks_of(self, voice: str) -> dict[int, Block]:
        """The blocks of a choice of voices. Raises KeyError for one that there is not."""
        if voice not in CHOICES:
            raise KeyError(voice)
        if voice not in self._layers:
            with self._reading:
                if voice not in self._layers:
                    with snapshot(self._engine) as connection:
                        rows = _read(connection, self._axes)
                    self._layers[voice] = _blocks(self._axes, rows, voice)
        return self._layers[voice]

    def _topics_of(self, scope: Scope) -> Iterator[tuple[int, int, np.ndarray]]:
        """The topics of the blocks a scope's days touch, with the first and the end row of each."""
        known = self._topics.setdefault(scope.voice, {})
        there = self._blocks_of(scope.voice)
        spans = [span for span in _numbers_of(scope) if span[0] in there]
        if any(number not in known for number, _, _ in spans):
            with self._reading:
                missing = [number for number, _, _ in spans if number not in known]
                if missing:
                    known.update(self._topics_read(scope.voice, missing))
        return ((low, high, known[number]) for number, low, high in spans)

    def _topics_read(self, voice: str, numbers: list[int]) -> dict[int, np.ndarray]:
        """The topics of these blocks, in order, as the database has them now."""
        days = range(numbers[0] * BLOCK_DAYS, (numbers[-1] + 1) * BLOCK_DAYS)
        with snapshot(self._engine) as connection:
            where = _on(days, self._axes)
            rows = _by_number(_read_topics(connection, self._axes, voice, where))
        blocks = {}
        for number in numbers:
            some = rows.get(number, _no_rows(_TOPICS_WIDTH))
            found = _topics_daily(self._axes, some, number)
            blocks[number] = _narrowed(np.cumsum(found, axis=0, out=found))
        return blocks

    # --- what a scope selects ---

    def _chosen(self, scope: Scope) -> Chosen:
        axes = self._axes
        platforms = self._platforms(scope)
        cities = queries.cities_of(axes.cities, scope.city)
        if scope.place is None:
            return Chosen(platforms, np.array([axes.cities.index(c) for c in cities], np.intp))
        for position, place in enumerate(axes.places):
            if place.slug == scope.place:
                inside = place.city_slug in cities
                return Chosen(platforms if inside else platforms[:0], place=position)
        raise KeyError(scope.place)

    def _platforms(self, scope: Scope) -> np.ndarray:
        """The positions of the platforms whose posts a scope holds."""
        held = [i for i, name in enumerate(self._axes.platforms) if scope.holds(name)]
        return np.array(held, dtype=np.intp)

    def _spans(self, scope: Scope) -> Iterator[tuple[int, int, int, Block]]:
        """The blocks a scope's days touch: day number of the block's first, first and end row."""
        blocks = self._blocks_of(scope.voice)
        for number, low, high in _numbers_of(scope):
            if number in blocks:
                yield number * BLOCK_DAYS, low, high, blocks[number]

    def _by_city(self, scope: Scope) -> tuple[np.ndarray, np.ndarray]:
        """Counts and sums of the scope's days as [cities, platforms, measures], all of them."""
        shape = (len(self._axes.cities), len(self._axes.platforms))
        counts = np.zeros((*shape, len(COUNTS)), np.int64)
        sums = np.zeros((*shape, len(SUMS)), np.int64)
        for _, low, high, block in self._spans(scope):
            counts += block.city_counts[high] - block.city_counts[low]
            sums += block.city_sums[high] - block.city_sums[low]
        return counts, sums

    def _by_place(self, scope: Scope) -> tuple[np.ndarray, np.ndarray]:
        """The same as [places, platforms, measures]."""
        shape = (len(self._axes.places) + 1, len(self._axes.platforms))
        counts = np.zeros((*shape, len(COUNTS)), np.int64)
        sums = np.zeros((*shape, len(SUMS)), np.int64)
        for _, low, high, block in self._spans(scope):
            counts += block.counts[high] - block.counts[low]
            sums += block.sums[high] - block.sums[low]
        return counts, sums

    def _selected(self, scope: Scope) -> tuple[np.ndarray, np.ndarray]:
        """Counts and sums of the scope as [positions, platforms, measures]."""
        chosen = self._chosen(scope)
        if chosen.place is None:
            counts, sums = self._by_city(scope)
            rows = chosen.cities
        else:
            counts, sums = self._by_place(scope)
            rows = np.array([chosen.place], np.intp)
        both = np.ix_(rows, chosen.platforms)
        return counts[both], sums[both]

    # --- guiding a search (db.search.Guide) ---

    def stands_at(self, version: int, epoch: int) -> bool:
        """Whether this cube tells of exactly this state of the database."""
        return (version, epoch) == (self.version, self._epoch)

    @cached_property
    def posts(self) -> int:
        """How many counted posts of visitors there are."""
        return sum(int(b.whole_counts[-1, :, 0].sum()) for b in self._layers[VISITORS].values())

    def count(self, wanted: PostFilter, place_ids: Sequence[int] | None) -> int:
        """How many posts a filter has at these places (0 for "place unknown", None for all), its
        topic and words not asked."""
        shape = (len(self._axes.places) + 1, len(self._axes.platforms), len(COUNTS))
        counts = np.zeros(shape, np.int64)
        for _, low, high, block in self._spans(wanted.scope):
            counts += block.counts[high] - block.counts[low]
        counts = counts.sum(axis=0) if place_ids is None else counts[self._at(place_ids)].sum(0)
        values = dict(zip(COUNTS, counts[self._platforms(wanted.scope)].sum(axis=0), strict=True))
        classified = sum(int(values[label]) for label in LABELS)
        many = {None: int(values["posts"]), "classified": classified}
        many["unclassified"] = many[None] - classified
        return many[wanted.sentiment] if wanted.sentiment in many else int(values[wanted.sentiment])

    def highest(
        self, scope: Scope, place_ids: Sequence[int] | None, many: int
    ) -> tuple[list[Cell], int]:
        """The cells of the scope's days, places and platforms in which a post has at least the
        engagement that is returned with them: about `many` posts have it, or all.

        Peaks alone tell how many: where posts fall into cells as they come, a share exp(-m) of the
        cells has none of them when a cell holds m in the mean (Poisson).
        """
        ids = np.array(self._axes.place_ids)
        rows = np.arange(len(ids)) if place_ids is None else self._at(place_ids)
        platforms = self._platforms(scope)
        both = np.ix_(rows, platforms)
        peaks, days = [np.zeros((0, len(rows), len(platforms)), np.int16)], [np.zeros(0, int)]
        for number, low, high in _numbers_of(scope):
            if number in self._peaks:
                peaks.append(self._peaks[number][low:high][:, *both])
                days.append(number * BLOCK_DAYS + np.arange(low, high))
        found = np.concatenate(peaks)
        # Less than nothing stands for what nobody knows.
        known = found[found >= 0]
        rank = math.ceil(-known.size * math.expm1(-many / max(known.size, 1)))
        least = int(np.partition(known, -rank)[-rank]) if rank < known.size else 0
        day, row, platform = np.nonzero(found >= least)
        names = [self._axes.platforms[i] for i in platforms[platform]]
        listed = ids[rows[row]].tolist(), np.concatenate(days)[day].tolist(), names
        return list(zip(*listed, strict=True)), least

    def _at(self, place_ids: Sequence[int]) -> np.ndarray:
        """The positions of places by id, without those that this cube has not heard of: it holds no
        post of theirs."""
        known = self._axes.place_ids
        return np.array([known.index(one) for one in place_ids if one in known], np.intp)

    # --- answers ---

    @cached_property
    def first_day(self) -> date | None:
        """The first day that has a post, None without any."""
        return self._edge(first=True)

    @cached_property
    def last_day(self) -> date | None:
        """The last day that has a post, None without any."""
        return self._edge(first=False)

    def _edge(self, first: bool) -> date | None:
        blocks = self._layers[VISITORS]
        for number in sorted(blocks, reverse=not first):
            posts = blocks[number].city_counts[:, :, :, 0].sum(axis=(1, 2), dtype=np.int64)
            if number in self._others:
                posts = posts + self._others[number].sum(axis=(1, 2, 3))
            days = np.flatnonzero(np.diff(posts))
            if len(days):
                return day_of(number * BLOCK_DAYS + int(days[0 if first else -1]))
        return None

    def totals(self, scope: Scope) -> Totals:
        """Everything counted in the scope, each post once. Raises KeyError for an unknown city or
        place, as every method here does."""
        counts, sums = self._selected(scope)
        values = dict(zip(COUNTS, counts.sum(axis=(0, 1)).tolist(), strict=True))
        added = dict(zip(SUMS, sums.sum(axis=(0, 1)).tolist(), strict=True))
        known = {name: added[name] if values[f"{name}_known"] else None for name in SUMS}
        return Totals(**values, **known)

    def voices(self, scope: Scope) -> dict[str, int]:
        """Posts by voice, in the order of VOICES, whatever voice the scope has: they add up to all
        that are counted in its days, places and platforms."""
        posts = self.totals(replace(scope, voice=VISITORS)).posts
        chosen = self._chosen(scope)
        counts = np.zeros(
            (len(self._axes.places) + 1, len(self._axes.platforms), len(OTHERS)), np.int64
        )
        for number, low, high in _numbers_of(scope):
            if number in self._others:
                counts += self._others[number][high] - self._others[number][low]
        rows = self._rows_of(chosen)
        spoken = counts[np.ix_(rows, chosen.platforms)].sum(axis=(0, 1)).tolist()
        return dict(zip(VOICES, [posts, *spoken], strict=True))

    def daily(self, scope: Scope) -> Table:
        """One row a day of the scope, `day` a date; a silent day counts as zero.

        Sums (likes, comments, shares, views, engagement) are NaN where there were posts and none
        said; so they are in every table of the cube.
        """
        chosen = self._chosen(scope)
        since, days = number_of(scope.since), max(scope.days, 0)
        counts = np.zeros((days, len(COUNTS)), np.int64)
        sums = np.zeros((days, len(SUMS)), np.int64)
        for first, low, high, block in self._spans(scope):
            at = slice(first + low - since, first + high - since)
            rows = slice(low, high + 1)
            counts[at] = self._each_day(
                chosen, block.counts[rows], block.city_counts[rows], block.whole_counts[rows]
            )
            sums[at] = self._each_day(
                chosen, block.sums[rows], block.city_sums[rows], block.whole_sums[rows]
            )
        return _table(_DAY, [day_of(since + i) for i in range(days)], counts, sums)

    def _each_day(
        self, chosen: Chosen, places: np.ndarray, cities: np.ndarray, whole: np.ndarray
    ) -> np.ndarray:
        """Cumulated rows of a block, one more than days, as daily [days, measures]."""
        if chosen.place is not None:
            rows = places[:, chosen.place]
        elif len(chosen.cities) == len(self._axes.cities):
            rows = whole
        else:
            rows = cities[:, chosen.cities].sum(axis=1, dtype=np.int64)
        return np.diff(rows[:, chosen.platforms].sum(axis=1, dtype=np.int64), axis=0)

    def by_platform(self, scope: Scope) -> Table:
        """One row a platform of the scope that has posts: `platform` and its measures."""
        counts, sums = self._selected(scope)
        names = [self._axes.platforms[i] for i in self._chosen(scope).platforms]
        return _with_posts(_PLATFORM, names, counts.sum(axis=0), sums.sum(axis=0))

    def by_city(self, scope: Scope) -> Table:
        """One row a city that has posts: `slug`, `name`; "unknown" for those without a place."""
        chosen = self._chosen(scope)
        if chosen.place is None:
            counts, sums = self._selected(scope)
            names = [self._city_names[i] for i in chosen.cities]
            return _with_posts(_CITY, names, counts.sum(axis=1), sums.sum(axis=1))
        counts, sums, rows = self._places(scope)
        names = [self._city_names[i] for i in self._city_of_place[rows]]
        return _with_posts(_CITY, names, counts, sums)

    def by_place(self, scope: Scope) -> Table:
        """One row a place that has posts, with what the gazetteer says of it.

        Posts without a place are the row of slug "unknown", whose name, city and category are
        empty and whose coordinates are NaN.
        """
        counts, sums, rows = self._places(scope)
        some = np.flatnonzero(counts[:, 0])
        titles = (block.rows(rows[some]) for block in self._titles)
        return Table(*titles, *_measured(counts[some], sums[some]))

    def by_category(self, scope: Scope) -> Table:
        """One row a category of places that has posts; "" for posts without a place."""
        counts, sums, rows = self._places(scope)
        names, of_place = self._categories
        added = np.zeros((len(names), len(COUNTS)), np.int64)
        summed = np.zeros((len(names), len(SUMS)), np.int64)
        np.add.at(added, of_place[rows], counts)
        np.add.at(summed, of_place[rows], sums)
        return _with_posts(_CATEGORY, names, added, summed)

    def _places(self, scope: Scope) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Counts and sums as [places, measures], and the positions of these places."""
        chosen = self._chosen(scope)
        counts, sums = self._by_place(scope)
        rows = self._rows_of(chosen)
        added = (part.take(chosen.platforms, 1).sum(axis=1)[rows] for part in (counts, sums))
        return *added, rows

    def _rows_of(self, chosen: Chosen) -> np.ndarray:
        """The positions of the places that are chosen."""
        if chosen.place is not None:
            return np.array([chosen.place], np.intp)
        inside = np.zeros(len(self._axes.cities), bool)
        inside[chosen.cities] = True
        return np.flatnonzero(inside[self._city_of_place])

    def topics(self, scope: Scope) -> Table:
        """One row a topic that has posts in the scope: `topic`, and posts by their label.

        A place's topics are read from the database: held here they would take six times the
        memory of everything else.
        """
        chosen = self._chosen(scope)
        if chosen.place is not None:
            with snapshot(self._engine) as connection:
                found = queries.topics_by_place(connection, scope, places=self.places)
            return _by_topic(found["topic"].tolist(), found[list(LABELS)].to_numpy())
        axes = self._axes
        shape = (len(axes.cities), len(axes.platforms), len(axes.topics), len(LABELS))
        counts = np.zeros(shape, np.int64)
        for low, high, block in self._topics_of(scope):
            counts += block[high] - block[low]
        counts = counts[np.ix_(chosen.cities, chosen.platforms)].sum(axis=(0, 1))
        some = np.flatnonzero(counts.sum(axis=1))
        names = _column([axes.topics[i] for i in some], 1)
        return Table(Columns(_TOPIC, names), Columns(LABELS, counts[some]))


def _numbers_of(scope: Scope) -> Iterator[tuple[int, int, int]]:
    """The numbers of the blocks a scope's days touch, with the first and the end row of each."""
    since, until = number_of(scope.since), number_of(scope.until)
    for number in range(since // BLOCK_DAYS, max(until - 1, since) // BLOCK_DAYS + 1):
        first = number * BLOCK_DAYS
        low, high = max(since - first, 0), min(until - first, BLOCK_DAYS)
        if low < high:
            yield number, low, high


# --- tables ---------------------------------------------------------------------------------------

_SUMS = (*SUMS, "engagement")
_DAY, _PLATFORM, _TOPIC = ("day",), ("platform",), ("topic",)
_CITY, _CATEGORY = ("slug", "name"), ("category",)


def _titles(places: Sequence[Place]) -> tuple[Columns, ...]:
    """What a table says of each place, "Kedah, place unknown" last."""
    words = [(p.slug, p.name, p.city, p.city_slug, p.category) for p in places]
    words.append((UNKNOWN, "", "", UNKNOWN, ""))
    points = [(place.latitude, place.longitude) for place in places]
    points.append((np.nan, np.nan))
    rest = [(place.approximate, place.general) for place in places]
    rest.append((True, False))
    return (
        Columns(("slug", "name", "city", "city_slug", "category"), _column(words, 5)),
        Columns(("lat", "lon"), np.array(points, float)),
        Columns(("approximate", "general"), np.array(rest, bool)),
    )


def _column(values: Sequence[Any], width: int) -> np.ndarray:
    """Plain objects as an array of so many columns, one value or tuple of values a row."""
    return np.array(values, object).reshape(len(values), width)


def _table(
    columns: tuple[str, ...], names: Sequence[Any], counts: np.ndarray, sums: np.ndarray
) -> Table:
    """A table of these names, one or a tuple of them a row, and measures."""
    return Table(Columns(columns, _column(names, len(columns))), *_measured(counts, sums))


def _measured(counts: np.ndarray, sums: np.ndarray) -> tuple[Columns, Columns]:
    """The measures of a table; a sum that nothing is known of becomes NaN."""
    known = counts[:, 4:8]
    silent = counts[:, :1] == 0
    shown = np.empty((len(sums), len(_SUMS)))
    shown[:, :4] = np.where((known > 0) | silent, sums, np.nan)
    some = known[:, :3].any(axis=1) | silent[:, 0]
    shown[:, 4] = np.where(some, sums[:, :3].sum(axis=1), np.nan)
    return Columns(COUNTS, counts), Columns(_SUMS, shown)


def _with_posts(
    columns: tuple[str, ...], names: Sequence[Any], counts: np.ndarray, sums: np.ndarray
) -> Table:
    """The same without rows that have no post."""
    rows = np.flatnonzero(counts[:, 0])
    return _table(columns, [names[row] for row in rows], counts[rows], sums[rows])


def _by_topic(names: list[str], labels: np.ndarray) -> Table:
    """Rows of labels added up by topic, in the order of its code."""
    topics = sorted(set(names))
    counts = np.zeros((len(topics), len(LABELS)), np.int64)
    np.add.at(counts, [topics.index(name) for name in names], labels)
    return Table(Columns(_TOPIC, _column(topics, 1)), Columns(LABELS, counts))


# --- reading --------------------------------------------------------------------------------------


# DISTINCT would walk the whole index; this jumps from one topic to the next.
_TOPIC_NAMES = """
WITH RECURSIVE found(topic) AS (
  SELECT min(topic) FROM post_topics WHERE counted
  UNION ALL
  SELECT (SELECT min(t.topic) FROM post_topics AS t WHERE t.counted AND t.topic > found.topic)
  FROM found WHERE found.topic IS NOT NULL
) SELECT topic FROM found WHERE topic IS NOT NULL"""


def _topic_names(connection: Connection) -> list[str]:
    """The topics that counted posts have."""
    return list(connection.execute(text(_TOPIC_NAMES)).scalars())


def _read(connection: Connection, axes: Axes) -> Rows:
    """All cells there are."""
    totals, peaks = _read_totals(connection, axes)
    return Rows(totals, _read_others(connection, axes), peaks)


def _measures(axes: Axes) -> list[str]:
    """The columns that a cell of either table of totals begins with."""
    sums = [f"coalesce({name}, 0)" for name in SUMS]
    return ["place_id", "day", _position("platform", axes.platforms), *COUNTS, *sums]


def _read_totals(
    connection: Connection, axes: Axes, since: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows.totals and Rows.peaks: all, or those newer than a version."""
    newer = "" if since is None else f" WHERE version > {int(since)}"
    columns = [*_measures(axes), "coalesce(max_engagement, -1)"]
    rows = _numbers(connection, columns, f"daily_totals{newer}", axes)
    return rows[:, :-1], rows[:, -1]


_OTHERS_WIDTH = 3 + len(COUNTS) + len(SUMS) + 1
_TOPICS_WIDTH = 4 + len(LABELS)


def _no_rows(width: int) -> np.ndarray:
    return np.zeros((0, width), np.int64)


def _read_others(connection: Connection, axes: Axes, where: str = "") -> np.ndarray:
    """Rows.others: all, or those of a condition."""
    columns = [*_measures(axes), _position("voice", VOICES)]
    return _numbers(connection, columns, f"daily_voices{where}", axes)


def _read_topics(connection: Connection, axes: Axes, voice: str, where: str) -> np.ndarray:
    """The topics of a choice of voices under a condition: [place, day, platform, topic, *LABELS],
    one row or more a cell and topic, without topics that these axes do not know."""
    if not axes.topics:
        return _no_rows(_TOPICS_WIDTH)
    names = _position("platform", axes.platforms), _position("topic", axes.topics)
    code = VISITOR if voice == VISITORS else voice
    spoken = "" if voice == EVERYBODY else f" AND voice = '{code}'"
    columns = ["place_id", "day", *names, *LABELS]
    rows = _numbers(connection, columns, f"daily_topics{where}{spoken}", axes)
    return rows[rows[:, 3] >= 0]


def _on(days: Sequence[int], axes: Axes, platforms: np.ndarray | None = None) -> str:
    """The condition of these days, and of these platforms by position.

    The keys begin with the place: naming every place makes them serve a search by day.
    """
    ids = ", ".join(map(str, axes.place_ids))
    if isinstance(days, range):
        wanted = f"day BETWEEN {days[0]} AND {days[-1]}"
    else:
        wanted = f"day IN ({', '.join(map(str, days)) or 'NULL'})"
    if platforms is not None:
        names = ", ".join(f"'{_quoted(axes.platforms[i])}'" for i in platforms)
        wanted += f" AND platform IN ({names or 'NULL'})"
    return f" WHERE place_id IN ({ids}) AND {wanted}"


def _position(column: str, names: Sequence[str]) -> str:
    """SQL that turns a name into its position, -1 for a name that has none."""
    whens = " ".join(f"WHEN '{_quoted(name)}' THEN {i}" for i, name in enumerate(names))
    return f"CASE {column} {whens} ELSE -1 END" if names else "-1"


def _quoted(name: str) -> str:
    return name.replace("'", "''")


def _numbers(connection: Connection, columns: Sequence[str], source: str, axes: Axes) -> np.ndarray:
    """The answer as an array of integers, its first column turned into a place's position."""
    cursor = connection.connection.cursor()
    read = _copied if connection.dialect.name == "postgresql" else _gathered
    try:
        rows = read(cursor, columns, source)
    except connection.dialect.loaded_dbapi.Error as error:
        raise driver_said(error) from error
    finally:
        cursor.close()
    ids = np.array(axes.place_ids)
    order = np.argsort(ids)
    rows[:, 0] = order[np.searchsorted(ids, rows[:, 0], sorter=order)]
    return rows


def _gathered(cursor: Any, columns: Sequence[str], source: str) -> np.ndarray:
    """Integers out of SQLite: a text a column, which NumPy reads; rows, of which each number
    becomes an object, take three times as long."""
    cursor.execute(
        f"SELECT count(*), {', '.join(f'json_group_array({c})' for c in columns)} FROM {source}"
    )
    count, *texts = cursor.fetchone()
    rows = np.empty((count, len(columns)), np.int64, order="F")
    for at, listed in enumerate(texts):
        rows[:, at] = np.fromstring(listed[1:-1], np.int64, sep=",") if count else ()
    return rows


def _copied(cursor: Any, columns: Sequence[str], source: str) -> np.ndarray:
    """Integers out of PostgreSQL, in the binary format of COPY: a header of 19 bytes, then of
    each row the number of its columns (2 bytes) and of each column its size (4) and value; 2 bytes
    at the end. https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4"""
    casts = ", ".join(f"CAST({column} AS bigint)" for column in columns)
    with cursor.copy(f"COPY (SELECT {casts} FROM {source}) TO STDOUT (FORMAT BINARY)") as copy:
        data = b"".join(copy)
    cells = [("size", ">i4"), ("value", ">i8")]
    row = np.dtype([("columns", ">i2"), ("cells", cells, (len(columns),))])
    count = (len(data) - 21) // row.itemsize
    rows = np.frombuffer(data, row, count, offset=19)
    return rows["cells"]["value"].astype(np.int64, order="F")


# --- building -------------------------------------------------------------------------------------


def _blocks(axes: Axes, rows: Rows, voice: str) -> dict[int, Block]:
    """Blocks of a choice of voices for all days that have a cell."""
    others = _by_number(rows.others)
    result = {}
    for number, totals in _by_number(rows.totals).items():
        some = others.get(number, rows.others[:0])
        daily = _places_daily(axes, number, totals, some, voice)
        result[number] = _block(axes, *(np.cumsum(part, axis=0, out=part) for part in daily))
    return result


def _by_number(rows: np.ndarray) -> dict[int, np.ndarray]:
    """Rows whose second column is a day, by the number of the day's block."""
    numbers = rows[:, 1] // BLOCK_DAYS
    return {int(number): rows[numbers == number] for number in np.unique(numbers)}


def _places_daily(
    axes: Axes, number: int, totals: np.ndarray, others: np.ndarray, voice: str
) -> tuple[np.ndarray, np.ndarray]:
    """Counts and sums of a choice of voices by day, place and platform, row 0 empty as in a Block;
    wrong in cells of which only `others` tell."""
    shape = (BLOCK_DAYS + 1, len(axes.places) + 1, len(axes.platforms))
    counts = np.zeros((*shape, len(COUNTS)), np.int32)
    sums = np.zeros((*shape, len(SUMS)), np.int64)
    end = 3 + len(COUNTS)
    if voice in (VISITORS, EVERYBODY):
        at = _cell_positions(totals, number)
        counts[at], sums[at] = totals[:, 3:end], totals[:, end:]
    # Voice by voice, as then no cell comes twice.
    for code in OTHERS if voice == VISITORS else (voice,) if voice in OTHERS else ():
        spoken = others[others[:, -1] == VOICES.index(code)]
        at = _cell_positions(spoken, number)
        sign = -1 if voice == VISITORS else 1
        counts[at] += (sign * spoken[:, 3:end]).astype(np.int32)
        sums[at] += sign * spoken[:, end:-1]
    return counts, sums


def _cell_positions(cells: np.ndarray, number: int) -> tuple[np.ndarray, ...]:
    return cells[:, 1] - number * BLOCK_DAYS + 1, cells[:, 0], cells[:, 2]


def _topics_daily(axes: Axes, topics: np.ndarray, number: int) -> np.ndarray:
    """Labels by day, city, platform and topic, row 0 empty as in a Block."""
    shape = (BLOCK_DAYS + 1, len(axes.cities), len(axes.platforms), len(axes.topics))
    counts = np.empty((*shape, len(LABELS)), np.int32)
    day, place, platform = _cell_positions(topics, number)
    city = np.searchsorted(axes.starts, place, side="right") - 1
    at = np.ravel_multi_index((day, city, platform, topics[:, 3]), shape)
    for label in range(len(LABELS)):
        # Ten times as fast as `np.add.at`; exact, as a count is far below 2 ** 53.
        added = np.bincount(at, topics[:, 4 + label], math.prod(shape))
        counts[..., label] = added.reshape(shape)
    return counts


def _spoken(axes: Axes, others: np.ndarray) -> dict[int, np.ndarray]:
    """The posts of the other voices, cumulated over the days of each block that has any."""
    return {
        number: _narrowed(np.cumsum(_spoken_daily(axes, rows, number), axis=0, dtype=np.int32))
        for number, rows in _by_number(others).items()
    }


def _spoken_daily(axes: Axes, others: np.ndarray, number: int) -> np.ndarray:
    """Posts by day, place, platform and voice, row 0 empty as in a Block."""
    shape = (BLOCK_DAYS + 1, len(axes.places) + 1, len(axes.platforms), len(OTHERS))
    posts = np.zeros(shape, np.int32)
    # Position 0 among VOICES is the visitor's.
    at = (others[:, 1] - number * BLOCK_DAYS + 1, others[:, 0], others[:, 2], others[:, -1] - 1)
    posts[at] = others[:, 3]
    return posts


def _spoken_again(
    axes: Axes, before: dict[int, np.ndarray], changes: Rows
) -> dict[int, np.ndarray]:
    """The same with all days and platforms of the changed cells as they are now."""
    platforms, result = changes.platforms, dict(before)
    others = _by_number(changes.others)
    for number, cells in _by_number(changes.totals).items():
        now = _spoken_daily(axes, others.get(number, changes.others[:0]), number)
        days = np.unique(cells[:, 1]) - number * BLOCK_DAYS
        if number in before:
            wide = before[number].astype(np.int32)
            daily = np.diff(wide, axis=0, prepend=wide[:1])
        elif len(others.get(number, ())):
            daily = np.zeros_like(now)
        else:
            continue
        moved = np.ix_(days + 1, np.arange(now.shape[1]), platforms)
        daily[moved] = now[moved]
        result[number] = _narrowed(np.cumsum(daily, axis=0, dtype=np.int32))
    return result


def _peaked(axes: Axes, before: dict[int, np.ndarray], rows: Rows) -> dict[int, np.ndarray]:
    """The greatest engagement in each cell, with these cells as they are now."""
    result = dict(before)
    cells = np.column_stack((rows.totals[:, :3], rows.peaks))
    shape = (BLOCK_DAYS, len(axes.places) + 1, len(axes.platforms))
    for number, some in _by_number(cells).items():
        # Wide, as one post may have more than 2 ** 31; narrow again where none has.
        peaks = result[number].astype(np.int64) if number in result else np.full(shape, -1)
        peaks[some[:, 1] - number * BLOCK_DAYS, some[:, 0], some[:, 2]] = some[:, 3]
        result[number] = _narrowed(peaks)
    return result


# --- patching -------------------------------------------------------------------------------------


def _patched(axes: Axes, blocks: dict[int, Block], changes: Rows, voice: str) -> dict[int, Block]:
    """The blocks with these cells put in their place; untouched blocks are shared."""
    others = _by_number(changes.others)
    result = dict(blocks)
    for number, cells in _by_number(changes.totals).items():
        some = others.get(number, changes.others[:0])
        counts, sums = _places_daily(axes, number, cells, some, voice)
        before = blocks.get(number)
        if before is None:
            result[number] = _block(axes, np.cumsum(counts, axis=0), np.cumsum(sums, axis=0))
            continue
        at = _cell_positions(cells, number)
        first = int(at[0].min()) - 1
        result[number] = _continued_block(
            axes,
            before,
            first,
            _replaced(before.counts, first, at, counts[at]),
            _replaced(before.sums, first, at, sums[at]),
        )
    return result


def _replaced(
    cumulated: np.ndarray, first: int, at: tuple[np.ndarray, ...], values: np.ndarray
) -> np.ndarray:
    """The rows from `first` on in which these cells hold these values."""
    daily = np.diff(cumulated[first:].astype(np.int64), axis=0)
    daily[at[0] - 1 - first, at[1], at[2]] = values
    return _from(cumulated[first], daily)


def _from(row: np.ndarray, daily: np.ndarray) -> np.ndarray:
    """Cumulated rows that begin with this one and go on with these daily values."""
    return np.cumsum(np.concatenate((row[None], daily)), axis=0, dtype=np.int64)


def _continued_block(
    axes: Axes, before: Block, first: int, counts: np.ndarray, sums: np.ndarray
) -> Block:
    """The block whose rows from `first` on are these, as nothing changes before."""
    rest = _block(axes, counts, sums)
    return Block(
        *(
            np.concatenate((head[:first], tail))
            for head, tail in zip(vars(before).values(), vars(rest).values(), strict=True)
        )
    )


def _topics_patched(
    axes: Axes,
    blocks: dict[int, np.ndarray],
    days: np.ndarray,
    platforms: np.ndarray,
    topics: np.ndarray,
) -> dict[int, np.ndarray]:
    """The topics with those of these days and platforms put in their place; untouched blocks are
    shared."""
    rows = _by_number(topics)
    cities, result = np.arange(len(axes.cities)), dict(blocks)
    for number in np.unique(days // BLOCK_DAYS).tolist():
        now = _topics_daily(axes, rows.get(number, topics[:0]), number)
        at = days[days // BLOCK_DAYS == number] - number * BLOCK_DAYS
        first, before = int(at[0]), blocks[number]
        daily = np.diff(before[first:].astype(np.int64), axis=0)
        daily[np.ix_(at - first, cities, platforms)] = now[np.ix_(at + 1, cities, platforms)]
        rest = _narrowed(_from(before[first], daily))
        result[number] = np.concatenate((before[:first], rest))
    return result
