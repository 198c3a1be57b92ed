"""Search: the quick way to exactly the posts behind a number, however rare they are.

SQLite has no statistics unless somebody runs ANALYZE, and PostgreSQL's may be old, so no planner is
left to guess: each route below leaves one index as the only way in, and a sample of the newest
posts says which route is the shortest.

Who holds the daily totals can hand them in as a guide. They tell the days that hold a page's newest
posts and the cells that hold its most engaged ones, so that little else is passed. A guide never
decides what is found: a page that it does not fill is searched without it.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    exists,
    func,
    or_,
    select,
    text,
    true,
    union_all,
)

from db.keys import among
from db.tables import UNKNOWN_PLACE, data_version, post_topics, social_posts
from db.totals import CELLS, Cell
from insights.model import PostFilter, Scope, number_of
from insights.voices import VISITOR, VISITORS

Key = tuple[str, str]
SORTS = ("newest", "engagement")
CLASSIFIED, UNCLASSIFIED = "classified", "unclassified"
# How many posts an ordered walk passes before it gives up; the second only where no way is short.
WALKS = (4_000, 40_000)
# How many of the newest posts tell how rare a filter is.
SAMPLE = 4_000
# How many cells are looked into for the most engaged posts.
MOST_CELLS = 2_000
# What one cell costs, in posts passed in an index, and what a post costs that a walk passes:
# PostgreSQL looks at its row.
CELL_COSTS = {"sqlite": 40, "postgresql": 32}
WALK_COSTS = {"sqlite": 2, "postgresql": 16}
# What the look at a post's own row costs, likewise.
ROW_COST = 16

_post = social_posts.c
# Written out and not as a column: only so does SQLite see that the partial indices apply.
COUNTED = text("social_posts.counted")
_TOPIC_COUNTED = text("post_topics.counted")
NOT_COUNTED = text("NOT social_posts.counted AND NOT social_posts.is_repost")
OTHER_VOICE = text("social_posts.voice <> 'visitor'")


class Guide(Protocol):
    """What daily totals tell of a search: db.cube.Cube is one."""

    @property
    def posts(self) -> int:
        """How many counted posts of visitors there are."""

    def count(self, wanted: PostFilter, place_ids: Sequence[int] | None) -> int:
        """How many posts a filter has, whose topic and words are not asked."""

    def highest(
        self, scope: Scope, place_ids: Sequence[int] | None, many: int
    ) -> tuple[list[Cell], int]:
        """The cells of the scope's days, places and platforms in which a post has at least the
        engagement that is returned with them: about `many` posts have it, or all."""

    def stands_at(self, version: int, epoch: int) -> bool:
        """Whether the guide tells of exactly this state of the database."""


@dataclass(frozen=True)
class Route:
    """One way to the posts: `way` can be served by one index; `rest` is only tested on the way.

    `time` is the column of that index that tells older from newer.
    """

    way: list
    rest: list
    time: Any = None

    def posts(self, *columns) -> Select:
        return select(*columns).where(*self.way, *self.rest)


class Search:
    """The posts of one filter. `place_ids` are its places by id (0 for "place unknown"), None for
    all.

    The posts of a topic are searched in `post_topics`, which repeats what is asked of them.
    """

    def __init__(
        self,
        connection: Connection,
        wanted: PostFilter,
        place_ids: Sequence[int] | None,
        guide: Guide | None = None,
    ):
        self._connection = connection
        self._wanted = wanted
        self._ids = place_ids
        self._row = _post
        self._counted = [COUNTED]
        if wanted.topic is not None and wanted.counted:
            self._row = post_topics.c
            self._counted = [_TOPIC_COUNTED, post_topics.c.topic == wanted.topic]
        # The totals know nothing of topics at a place, and nothing of words.
        is_told = wanted.counted and self._row is _post
        self._guide = guide if is_told else None

    def count(self) -> int:
        """How many posts there are."""
        statement = self._shortest()[0].posts(func.count()).select_from(self._row.post_id.table)
        return self._connection.execute(statement).scalar_one()

    def keys(self, sort: str, limit: int, offset: int) -> list[Key]:
        """The keys of one page, in its order.

        First a short walk along an index that has this order: most filters are not rare. From what
        it found follows whether a longer walk will do, or gathering all posts by the best route.
        """
        in_order = not self._wanted.counted and sort == "newest"
        if self._wanted.text or in_order:
            return self._page(self._shortest()[0], sort, limit, offset)
        if not self._wanted.counted:
            return self._gathered(self._shortest()[0], sort, limit, offset)
        if self._guide is not None:
            guided = self._guided_by_engagement if sort == "engagement" else self._guided_by_time
            found = guided(self._guide, limit, offset)
            if found is not None:
                return found
        walk = self._walk_by_engagement if sort == "engagement" else self._walk_by_time
        few, many = WALKS
        route, is_all = walk(few)
        found = self._page(route, sort, limit, offset)
        if len(found) == limit or is_all:
            return found
        best, cost = self._shortest()
        # A page behind an offset says nothing of how many posts came before it.
        steps = 1.5 * few * limit / len(found) if found and not offset else many
        walking = WALK_COSTS[self._connection.dialect.name] * steps
        if steps <= many and walking < 2 * cost:
            route, is_all = walk(min(many, int(2 * steps)))
            found = self._page(route, sort, limit, offset)
            if len(found) == limit or is_all:
                return found
        return self._gathered(best, sort, limit, offset)

    def _gathered(self, route: Route, sort: str, limit: int, offset: int) -> list[Key]:
        """One page out of all posts of a route.

        Where the page ends is found in the index alone, so that only its own rows are fetched.
        """
        column = self._inert(self._row.engagement) if sort == "engagement" else route.time
        if column is not None:
            ends = route.posts(column).order_by(column.desc().nulls_last())
            edge = self._connection.execute(ends.limit(1).offset(offset + limit - 1)).scalar()
            if edge is not None:
                route = replace(route, rest=[*route.rest, column >= edge])
        return self._page(route, sort, limit, offset, inert=True)

    def _inert(self, column) -> Any:
        """A column as a term that gives SQLite no way in. PostgreSQL, which knows what a way costs,
        gets it bare: it tests nothing else in an index."""
        return column + 0 if self._on_sqlite else column

    @property
    def _on_sqlite(self) -> bool:
        return self._connection.dialect.name == "sqlite"

    def _page(
        self, route: Route, sort: str, limit: int, offset: int, inert: bool = False
    ) -> list[Key]:
        """One page of a route. `inert`: by no index in the order of engagement, which SQLite would
        read from end to end before it looks for few posts and puts them in order."""
        terms = order(sort, self._row)
        if inert and sort == "engagement":
            terms[0] = self._inert(self._row.engagement).desc().nulls_last()
        statement = route.posts(self._row.post_id, self._row.platform).order_by(*terms)
        rows = self._connection.execute(statement.limit(limit).offset(offset))
        return [(row.post_id, row.platform) for row in rows]

    # --- with a guide ---

    def _guided_by_time(self, guide: Guide, limit: int, offset: int) -> list[Key] | None:
        """One page of the newest, out of the last days that hold enough posts; None where they
        do not fill it."""
        scope = self._wanted.scope

        def posts(days: int) -> int:
            part = replace(scope, since=scope.until - timedelta(days=days))
            return guide.count(replace(self._wanted, scope=part), self._ids)

        days = bisect_left(range(scope.days), limit + offset, key=posts)
        part = replace(scope, since=scope.until - timedelta(days=days))
        search = Search(self._connection, replace(self._wanted, scope=part), self._ids, guide)
        route = search._soonest(guide, limit + offset)
        found = search._page(route, "newest", limit, offset)
        return found if len(found) == limit or days == scope.days else None

    def _soonest(self, guide: Guide, wanted: int) -> Route:
        """The route that has the newest so many posts soonest. One in order of time is left when it
        has them; any other is gone to its end, with a look at the row of each post found, which
        alone tells its time."""
        matching = guide.count(self._wanted, self._ids)
        # Where places are tested PostgreSQL looks at each row, and at all before it orders them.
        looks = self._ids is not None and not self._on_sqlite
        in_order = ROW_COST if looks else min(1, 2 * wanted / max(matching, 1))

        def passed(told: tuple[Route, float]) -> float:
            route, cost = told
            if route.time is self._row.created_at:
                return cost * in_order
            return cost + matching * ROW_COST

        return min(self._told_costs(guide), key=passed)[0]

    def _guided_by_engagement(self, guide: Guide, limit: int, offset: int) -> list[Key] | None:
        """One page of the most engaged, out of the cells that hold posts of that engagement; None
        where they do not fill it.

        No other cell has a post of at least that engagement: a full page is the right one.
        """
        stands = select(data_version.c.version, data_version.c.epoch)
        if not guide.stands_at(*self._connection.execute(stands).one()):
            return None
        matching = guide.count(self._wanted, self._ids)
        there = guide.count(replace(self._relaxed, sentiment=None), self._ids)
        # Among so many of the most engaged, whatever their label, twice a page should be.
        many = 2 * (limit + offset) * max(there, 1) // max(matching, 1) + 10
        route, cost = self._shortest()
        # Gathering passes all posts twice; a walk may have to go on where posts do not lie evenly.
        dialect = self._connection.dialect.name
        steps = 1.5 * (limit + offset) * guide.posts / max(matching, 1)
        gathering, walk = 2 * cost, WALK_COSTS[dialect] * steps
        for _ in range(3):
            if gathering <= many + CELL_COSTS[dialect]:
                break
            named, engagement = guide.highest(self._wanted.scope, self._ids, many)
            looking = many + len(named) * CELL_COSTS[dialect]
            if len(named) > MOST_CELLS or walk <= min(looking, gathering, 2 * WALKS[1]):
                return None
            if not named or gathering <= looking:
                break
            page = self._within(named, engagement).limit(limit).offset(offset)
            rows = self._connection.execute(page)
            keys = [(row.post_id, row.platform) for row in rows]
            if len(keys) == limit:
                return keys
            many *= 2 if 2 * len(keys) > limit else 4
        return self._gathered(route, "engagement", limit, offset)

    def _within(self, cells: list[Cell], engagement: int) -> Select:
        """The keys of the posts in these cells that have at least this engagement, in order."""
        nowhere = [cell for cell in cells if cell[0] == UNKNOWN_PLACE]
        somewhere = [cell for cell in cells if cell[0] != UNKNOWN_PLACE]
        # Apart, as no index serves "this place or none".
        pairs = (("somewhere", somewhere), ("nowhere", nowhere))
        parts = [self._within_listed(some, name, engagement) for name, some in pairs if some]
        either = union_all(*parts).subquery()
        return select(either.c.post_id, either.c.platform).order_by(*order("engagement", either.c))

    def _within_listed(self, cells: list[Cell], name: str, engagement: int) -> Select:
        """The posts of cells that are all somewhere or all nowhere, cell by cell: SQLite takes the
        left of an outer join first, PostgreSQL a lateral query that may not be merged."""
        row, code, listed = _post, self._wanted.scope.spoken_by, self._cells_of(cells, name)
        place = row.place_id == listed.c.place_id if name == "somewhere" else row.place_id.is_(None)
        tests = [place, row.day == listed.c.day, row.platform == listed.c.platform]
        tests += [*self._counted, row.engagement >= engagement, *self._labels]
        tests += [] if code is None else [row.voice == code]
        columns = [row.post_id, row.platform, row.engagement, row.day, row.created_at]
        if self._on_sqlite:
            found = listed.outerjoin(social_posts, and_(*tests))
            is_there = func.coalesce(row.post_id, "") != ""
            return select(*columns).select_from(found).where(is_there)
        each = select(*columns).where(*tests).offset(0).correlate(listed).lateral()
        return select(*each.c).select_from(listed).join(each, true())

    def _cells_of(self, cells: list[Cell], name: str) -> Subquery:
        statement = text(CELLS[self._connection.dialect.name].replace(":cells", f":{name}"))
        named = statement.bindparams(**{name: json.dumps(cells)})
        return named.columns(place_id=Integer, day=Integer, platform=Text).subquery(name)

    @property
    def _relaxed(self) -> PostFilter:
        """What is searched, spoken by visitors: the voice whose totals are always at hand."""
        return replace(self._wanted, scope=replace(self._wanted.scope, voice=VISITORS))

    def _told_costs(self, guide: Guide) -> list[tuple[Route, float]]:
        """Each route and the posts it passes, by the totals."""
        every = replace(self._relaxed.scope, platform=None, audited=True)
        anything = PostFilter(every)
        on_platform = PostFilter(replace(every, platform=self._wanted.scope.platform))
        passed = {
            self._by_places: (anything, self._ids),
            self._by_voice: (PostFilter(replace(self._wanted.scope, audited=True)), None),
            self._by_missing_label: (PostFilter(every, UNCLASSIFIED), None),
            self._by_platform: (on_platform, None),
        }
        costs = [(make(), guide.count(*passed[make])) for make, _ in self._routes]
        return [(self._by_days(), guide.count(anything, None)), *costs]

    # --- without ---

    def _walk_by_engagement(self, steps: int) -> tuple[Route, bool]:
        column = self._row.engagement
        way = [*self._counted, column.is_not(None)]
        edge = self._edge(column, way, steps)
        # Posts of unknown engagement are not on this way, so it never leads past all.
        bound = [] if edge is None else [column >= edge]
        return Route([*way, *bound], [*self._inert_days, *self._tests]), False

    def _walk_by_time(self, steps: int) -> tuple[Route, bool]:
        column, (since, until) = self._row.created_at, self._instants
        edge = self._edge(column, [*self._counted, since, until], steps)
        # One lower bound: SQLite takes the first of two for the index and only tests the other.
        way = [*self._counted, until, since if edge is None else column >= edge]
        return Route(way, self._tests), edge is None

    def _edge(self, column, way: list, steps: int) -> Any:
        """The value of an ordered column so many steps along the way; None beyond its end."""
        statement = select(column).where(*way).order_by(column.desc()).limit(1).offset(steps)
        return self._connection.execute(statement).scalar_one_or_none()

    def _shortest(self) -> tuple[Route, float]:
        """The cheapest route and its cost, in posts passed in an index."""
        if not self._wanted.counted:
            way = [NOT_COUNTED, *self._instants]
            return Route(way, self._labels, time=self._row.created_at), 0
        if self._guide is not None:
            return min(self._told_costs(self._guide), key=lambda pair: pair[1])
        sample = self._sample()
        if sample is None:
            return self._by_days(), SAMPLE
        total, shares = sample
        costs = [(self._by_days(), total), *((make(), share * total) for make, share in shares)]
        return min(costs, key=lambda pair: pair[1])

    def _sample(self) -> tuple[float, list[tuple[Callable[[], Route], float]]] | None:
        """What the newest posts of the days tell: about how many there are, and which share of
        them each route passes; None where they are few."""
        since, until = self._instants
        edge = self._edge(self._row.created_at, [*self._counted, since, until], SAMPLE)
        if edge is None:
            return None
        routes = self._routes
        _, *counts = self._connection.execute(
            select(func.count(), *(func.count().filter(test) for _, test in routes))
            .select_from(self._row.post_id.table)
            .where(*self._counted, until, self._row.created_at >= edge)
        ).one()
        first, last = (
            _midnight(self._wanted.scope.since, UTC),
            _midnight(self._wanted.scope.until, UTC),
        )
        total = SAMPLE * (last - first) / max(last - edge, timedelta(hours=1))
        shares = ((count + 1) / SAMPLE for count in counts)
        return total, list(zip((make for make, _ in routes), shares, strict=True))

    @property
    def _routes(self) -> list[tuple[Callable[[], Route], Any]]:
        """Each way that the filter opens, and the test of a post that stands on it."""
        wanted = self._wanted
        routes: list[tuple[Callable[[], Route], Any]] = []
        if self._ids is not None:
            routes.append((self._by_places, *self._places))
        if self._row is not _post:
            return routes
        if wanted.scope.spoken_by not in (None, VISITOR):
            routes.append((self._by_voice, self._row.voice == wanted.scope.spoken_by))
        if wanted.sentiment == UNCLASSIFIED:
            routes.append((self._by_missing_label, self._row.sentiment.is_(None)))
        if wanted.scope.platform is not None:
            routes.append((self._by_platform, self._row.platform == wanted.scope.platform))
        return routes

    def _by_days(self) -> Route:
        return Route([*self._counted, *self._instants], self._tests, time=self._row.created_at)

    def _by_places(self) -> Route:
        way = [*self._counted, *self._days, at_places(self._ids or [], self._row)]
        if not self._on_sqlite:
            # PostgreSQL may take another index for a shorter one: it finds bounds in each.
            way += [*self._instants, *of_platforms(self._row.platform, self._wanted.scope)]
        return Route(way, self._tests, time=self._row.day + 0)

    def _by_missing_label(self) -> Route:
        way = [*self._counted, self._row.sentiment.is_(None), *self._instants]
        # The index of posts without a label does not hold their label: a test of it costs a row.
        rest = [*self._places, *self._platform_and_words, *self._voice]
        return Route(way, rest, time=self._row.created_at)

    def _by_voice(self) -> Route:
        voice = self._row.voice == self._wanted.scope.spoken_by
        return Route(
            [*self._counted, OTHER_VOICE, voice, *self._instants],
            self._tests,
            time=self._row.created_at,
        )

    def _by_platform(self) -> Route:
        platform = self._row.platform == self._wanted.scope.platform
        return Route(
            [*self._counted, platform, *self._instants], self._tests, time=self._row.created_at
        )

    # --- conditions ---

    @property
    def _bounds(self) -> tuple[int, int]:
        return number_of(self._wanted.scope.since), number_of(self._wanted.scope.until)

    @property
    def _days(self) -> list:
        since, until = self._bounds
        return [self._row.day >= since, self._row.day < until]

    @property
    def _inert_days(self) -> list:
        """The days as a test that no index can serve on SQLite. PostgreSQL gets them bare: without
        statistics it would read the whole table rather than walk an index."""
        since, until = self._bounds
        day = self._inert(self._row.day)
        return [day >= since, day < until]

    @cached_property
    def _instants(self) -> list:
        """The scope's days as instants: `day` was fixed from `created_at` in this zone."""
        zone = ZoneInfo(self._connection.execute(select(data_version.c.timezone)).scalar_one())
        scope = self._wanted.scope
        return [
            self._row.created_at >= _midnight(scope.since, zone),
            self._row.created_at < _midnight(scope.until, zone),
        ]

    @property
    def _tests(self) -> list:
        return [*self._places, *self._labels, *self._voice]

    @property
    def _places(self) -> list:
        """The places as a test and not as a way in: SQLite would otherwise leave the index that is
        in the wanted order, and take 630 ms instead of 0.03 for the newest 20 of Langkawi."""
        if self._ids is None:
            return []
        return [func.coalesce(self._row.place_id + 0, UNKNOWN_PLACE).in_(self._ids)]

    @property
    def _voice(self) -> list:
        """Who speaks, as a test: almost everybody is a visitor."""
        code = self._wanted.scope.spoken_by
        if code in (None, VISITOR):
            # No index begins with visitors' voices: bare, as PostgreSQL tests only bare columns in
            # the index, and fetches the row for all else.
            return [] if code is None else [self._row.voice == code]
        return [func.coalesce(self._row.voice, "") == code]

    @property
    def _labels(self) -> list:
        """Platform, label and words as tests."""
        # SQLite would leave any way for the index of posts without a label.
        return [*self._platform_and_words, *self._label(bare_null=not self._on_sqlite)]

    def _label(self, bare_null: bool) -> list:
        """The label as a test. No index begins with one: it stands bare, as visitors' voices do. An
        index holds only what has none, so "no label" stands bare where the planner may take it."""
        label, wanted = self._row.sentiment, self._wanted.sentiment
        if wanted == CLASSIFIED:
            return [func.coalesce(label, "") != ""]
        if wanted == UNCLASSIFIED:
            return [label.is_(None) if bare_null else func.coalesce(label, "") == ""]
        return [] if wanted is None else [label == wanted]

    @property
    def _platform_and_words(self) -> list:
        """Platform and words as tests; `coalesce` keeps indices out."""
        wanted = self._wanted
        tests: list[Any] = []
        if wanted.scope.platform is not None:
            tests.append(func.coalesce(self._row.platform, "") == wanted.scope.platform)
        elif wanted.scope.left_out:
            tests.append(func.coalesce(self._row.platform, "").not_in(wanted.scope.left_out))
        if wanted.text:
            tests.append(self._says(wanted.text))
        return tests

    def _says(self, words: str) -> Any:
        found = _post.content.icontains(words, autoescape=True)
        if self._row is _post:
            return found
        same = (self._row.post_id == _post.post_id, self._row.platform == _post.platform)
        return exists().where(*same, found).correlate(post_topics)


class Listed:
    """The posts of a list of keys (platform, post id), those of a find of the radar; what is gone,
    or not counted any more, is missing."""

    def __init__(self, connection: Connection, listed: Sequence[Key]):
        self._connection = connection
        self._keys = [(post_id, platform) for platform, post_id in listed]

    def count(self) -> int:
        """How many there are."""
        return self._connection.execute(self._all(func.count())).scalar_one()

    def keys(self, sort: str, limit: int, offset: int) -> list[Key]:
        """The keys of one page, in its order."""
        page = self._all(_post.post_id, _post.platform).order_by(*order(sort))
        rows = self._connection.execute(page.limit(limit).offset(offset))
        return [(row.post_id, row.platform) for row in rows]

    def _all(self, *columns) -> Select:
        return select(*columns).select_from(social_posts).where(among(_post, self._keys), COUNTED)


def order(sort: str, row=_post) -> list:
    """The order of a list, by the columns of `row`: complete, so that its pages never overlap.

    A post's day never contradicts its time: naming it lets an index serve the first terms.
    """
    rest = [row.created_at.desc(), row.post_id, row.platform]
    if sort == "engagement":
        return [row.engagement.desc().nulls_last(), row.day.desc(), *rest]
    if sort == "newest":
        return rest
    raise ValueError(f"posts are sorted by {' or '.join(SORTS)}, not {sort!r}")


def of_voice(column, scope: Scope) -> list:
    """The condition that leaves only rows of the voice that a scope is about."""
    return [] if scope.spoken_by is None else [column == scope.spoken_by]


def of_platforms(column, scope: Scope) -> list:
    """The condition that leaves only rows of the platforms whose posts a scope holds."""
    if scope.platform is not None:
        return [column == scope.platform]
    return [column.not_in(scope.left_out)] if scope.left_out else []


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def at_places(ids: Sequence[int], row=_post):
    """The condition that lets an index on the place serve these places."""
    known = [place_id for place_id in ids if place_id != UNKNOWN_PLACE]
    if UNKNOWN_PLACE not in ids:
        return row.place_id.in_(known)
    nowhere = row.place_id.is_(None)
    return or_(row.place_id.in_(known), nowhere) if known else nowhere
