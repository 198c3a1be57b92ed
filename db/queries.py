"""All reads of the shared database that are not in the cube."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import (
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from db.engine import DatabaseError
from db.keys import among
from db.search import COUNTED, Guide, Listed, Search, at_places, of_platforms, of_voice, order
from db.tables import (
    UNKNOWN_PLACE,
    alarms,
    collection_runs,
    daily_topics,
    data_version,
    event_templates,
    events,
    leases,
    place_aliases,
    places,
    platform_state,
    post_places,
    post_topics,
    quarantine,
    social_posts,
)
from db.tables import due_jobs as due_jobs_table
from insights.accuracy import OFFLINE
from insights.matching import BY_CLASSIFIER, Known
from insights.model import (
    APART,
    Alias,
    EventTemplate,
    Place,
    Platform,
    Post,
    PostFilter,
    RunStatus,
    Scope,
    Unclassified,
    number_of,
)
from insights.places import BY_GEOTAG

UNKNOWN = "unknown"
MAINLAND = "mainland"
ISLAND = "langkawi"
FORGOTTEN = "forgotten:"
_COLLECTED = (RunStatus.OK, RunStatus.PARTIAL)
_BROKEN = (RunStatus.FAILED, RunStatus.INTERRUPTED)
_PLATFORMS = tuple(platform.value for platform in Platform)

_WAITING = text("social_posts.waiting")
_PROVISIONAL = case((social_posts.c.classified_by.like(f"{OFFLINE}%"), 1), else_=0)


def version(connection: Connection) -> tuple[int, int]:
    """The data's version and epoch (docs/database.md); DatabaseError where none was ever set up."""
    row = connection.execute(select(data_version.c.version, data_version.c.epoch)).first()
    if row is None:
        raise DatabaseError("the database was never set up; run the collector once")
    return row.version, row.epoch


# --- places ---------------------------------------------------------------------------------------


def gazetteer(connection: Connection) -> tuple[Place, ...]:
    """Every place with its aliases, in the order in which they were first stored."""
    aliases: dict[int, list[Alias]] = {}
    for row in connection.execute(
        select(place_aliases).order_by(place_aliases.c.place_id, place_aliases.c.alias)
    ):
        alias = Alias(row.alias, row.language, row.needs_context)
        aliases.setdefault(row.place_id, []).append(alias)
    return tuple(
        Place(
            slug=row.slug,
            name=row.name,
            city=row.city,
            city_slug=row.city_slug,
            district=row.district,
            category=row.category,
            latitude=row.latitude,
            longitude=row.longitude,
            id=row.id,
            parent=row.parent,
            rule=row.rule,
            general=row.general,
            approximate=row.approximate,
            aliases=tuple(aliases.get(row.id, ())),
            source=row.coordinate_source,
        )
        for row in connection.execute(select(places).order_by(places.c.id))
    )


def cities_of(cities: Sequence[str], wanted: str) -> tuple[str, ...]:
    """The cities a scope's `city` stands for; raises KeyError for one that there is not.

    "all" holds "unknown" too, "mainland" neither that nor Langkawi.
    """
    if wanted == "all":
        return tuple(cities)
    if wanted == MAINLAND:
        return tuple(city for city in cities if city not in (ISLAND, UNKNOWN))
    if wanted in cities:
        return (wanted,)
    raise KeyError(wanted)


def place_ids(
    gazetteer: Iterable[Place], scope: Scope, category: str | None = None
) -> list[int] | None:
    """The places of a scope by id, 0 for "Kedah, place unknown"; None for all of them.

    Raises KeyError for an unknown city or place.
    """
    known = list(gazetteer)
    cities = [*dict.fromkeys(place.city_slug for place in known), UNKNOWN]
    inside = set(cities_of(cities, scope.city))
    if scope.place is not None and scope.place not in {place.slug for place in known}:
        raise KeyError(scope.place)
    if scope.city == "all" and scope.place is None and category is None:
        return None
    ids = [
        place.id
        for place in known
        if place.city_slug in inside
        and scope.place in (None, place.slug)
        and category in (None, place.category)
    ]
    nowhere = UNKNOWN in inside and scope.place is None and category in (None, "")
    return [*ids, UNKNOWN_PLACE] if nowhere else ids


def _places_of(connection: Connection) -> list[Any]:
    """What `place_ids` needs of the gazetteer, without its aliases."""
    return list(
        connection.execute(
            select(places.c.id, places.c.slug, places.c.city_slug, places.c.category)
        )
    )


# --- posts ----------------------------------------------------------------------------------------

_SHOWN = (
    "post_id",
    "platform",
    "url",
    "content",
    "created_at",
    "created_at_estimated",
    "first_seen_at",
    "captured_at",
    "language",
    "likes",
    "comments",
    "shares",
    "views",
    "engagement",
    "sentiment",
    "sentiment_score",
    "confidence",
    "classified_by",
    "classified_at",
    "predicted_engagement",
    "counted",
    "counted_why",
    "relevant",
    "is_repost",
    "found_by",
    "corrected",
    "voice",
    "voice_why",
)
_NUMBERS = ("likes", "comments", "shares", "views", "engagement")


def posts(
    connection: Connection,
    wanted: PostFilter,
    *,
    sort: str = "newest",
    limit: int = 20,
    offset: int = 0,
    guide: Guide | None = None,
) -> pd.DataFrame:
    """Exactly the posts behind a number, one page of them.

    `sort` is "newest" or "engagement" (unknown engagement last). A `guide`, the cube, only makes it
    quicker. Beside the columns of the table:
    `place`, `place_slug`, `city_slug` (missing without a place) and `topics`, a tuple. Counts that
    nobody knows
    are <NA>. Raises KeyError for an unknown city or place.
    """
    return _table_of(connection, _search(connection, wanted, guide).keys(sort, limit, offset), sort)


def posts_of(
    connection: Connection, keys: Sequence[tuple[str, str]], sort: str = "newest"
) -> pd.DataFrame:
    """The posts of these keys (post id, platform), as `posts` gives them, without what is gone."""
    return _table_of(connection, list(keys), sort)


def _table_of(connection: Connection, keys: list[tuple[str, str]], sort: str) -> pd.DataFrame:
    rows = connection.execute(_rows_of(keys, sort)).mappings().all() if keys else []
    topics = _topics_of(connection, keys)
    names = [*_SHOWN, "place", "place_slug", "city_slug"]
    table = pd.DataFrame([dict(row) for row in rows], columns=names)
    table["topics"] = [topics.get((row["post_id"], row["platform"]), ()) for row in rows]
    return table.astype(dict.fromkeys(_NUMBERS, "Int64"))


def count_posts(connection: Connection, wanted: PostFilter) -> int:
    """How many posts a filter selects; raises KeyError for an unknown city or place."""
    return _search(connection, wanted).count()


def not_counted(connection: Connection, scope: Scope) -> int:
    """Posts of the scope's days and platform that are not about Kedah; reposts are not posts."""
    return count_posts(connection, PostFilter(scope, counted=False))


def _search(
    connection: Connection, wanted: PostFilter, guide: Guide | None = None
) -> Search | Listed:
    if wanted.alarm is not None:
        keys = select(alarms.c.post_keys).where(alarms.c.id == wanted.alarm)
        return Listed(connection, connection.execute(keys).scalar_one_or_none() or [])
    ids = None
    if wanted.counted:
        ids = place_ids(_places_of(connection), wanted.scope, wanted.category)
    return Search(connection, wanted, ids, guide)


def _rows_of(keys: list[tuple[str, str]], sort: str) -> Select:
    post = social_posts.c
    return (
        select(
            *(post[name] for name in _SHOWN),
            places.c.name.label("place"),
            places.c.slug.label("place_slug"),
            places.c.city_slug,
        )
        .outerjoin_from(social_posts, places, places.c.id == post.place_id)
        .where(among(post, keys))
        .order_by(*order(sort))
    )


def _topics_of(
    connection: Connection, keys: list[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str, ...]]:
    if not keys:
        return {}
    topic = post_topics.c
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in connection.execute(
        select(topic.post_id, topic.platform, topic.topic)
        .where(among(topic, keys))
        .order_by(topic.topic)
    ):
        key = (row.post_id, row.platform)
        found[key] = (*found.get(key, ()), row.topic)
    return found


def why_of(connection: Connection, platform: Platform | str, post_id: str) -> dict[str, Any]:
    """Everything stored of one post: its columns, `links` (every place named, the primary first:
    place, slug, city_slug, alias, why, start, is_primary) and `topics`. Empty when there is none.
    """
    post, link = social_posts.c, post_places.c
    row = (
        connection.execute(
            select(social_posts).where(post.post_id == post_id, post.platform == str(platform))
        )
        .mappings()
        .first()
    )
    if row is None:
        return {}
    links = connection.execute(
        select(
            places.c.name.label("place"),
            places.c.slug,
            places.c.city_slug,
            link.alias,
            link.why,
            link.start,
            link.is_primary,
        )
        .join_from(post_places, places, places.c.id == link.place_id)
        .where(link.post_id == post_id, link.platform == str(platform))
        .order_by(link.is_primary.desc(), link.start)
    ).mappings()
    key = (post_id, str(platform))
    return {
        **row,
        "links": [dict(found) for found in links],
        "topics": _topics_of(connection, [key]).get(key, ()),
    }


@dataclass(frozen=True)
class Text:
    """What a stored post says."""

    post_id: str
    platform: str
    content: str
    hashtags: tuple[str, ...]


def texts_after(connection: Connection, after: tuple[str, str] | None, limit: int) -> list[Text]:
    """The texts that follow a key (post id, platform) in the order of the keys, from the first
    without one; those of platforms that stand APART are left out, as nothing is derived of them."""
    post = social_posts.c
    statement = select(post.post_id, post.platform, post.content, post.hashtags).where(
        post.platform.not_in(APART)
    )
    if after is not None:
        statement = statement.where(tuple_(post.post_id, post.platform) > after)
    rows = connection.execute(statement.order_by(post.post_id, post.platform).limit(limit))
    return [Text(row.post_id, row.platform, row.content, tuple(row.hashtags)) for row in rows]


def posts_after(
    connection: Connection, after: tuple[str, str] | None, limit: int
) -> list[tuple[Post, Known]]:
    """The posts that follow a key (post id, platform) in the order of the keys, from the first
    without one, as far as they can be matched again."""
    post = social_posts.c
    names = ("post_id", "platform", "content", "hashtags", "found_by", "is_repost")
    names += ("relevant", "entities", "waiting")
    statement = select(*(post[name] for name in names)).order_by(post.post_id, post.platform)
    if after is not None:
        statement = statement.where(tuple_(post.post_id, post.platform) > after)
    rows = connection.execute(statement.limit(limit)).all()
    if not rows:
        return []
    near, placed = _unwritten(connection, *((row[0], row[1]) for row in (rows[0], rows[-1])))
    found = []
    for row in rows:
        key = (row.post_id, row.platform)
        # A post that waits again has another text than the one its classifier read.
        read = row.relevant and not row.waiting
        entities = tuple(row.entities or ()) if read else ()
        known = Known(tuple(near.get(key, ())), placed.get(key, ""), entities)
        found.append((_post_of(row), known))
    return found


def _post_of(row: Any) -> Post:
    return Post(
        Platform(row.platform),
        row.post_id,
        row.content,
        hashtags=tuple(row.hashtags),
        found_by=row.found_by,
        is_repost=row.is_repost,
    )


def _unwritten(
    connection: Connection, first: tuple[str, str], last: tuple[str, str]
) -> tuple[dict[tuple[str, str], list[str]], dict[tuple[str, str], str]]:
    """Of the posts from one key to another, by key: the cities for which a geotag spoke, and the
    names by which a classifier placed them."""
    link = post_places.c
    of = tuple_(link.post_id, link.platform)
    near: dict[tuple[str, str], list[str]] = {}
    placed: dict[tuple[str, str], str] = {}
    for row in connection.execute(
        select(link.post_id, link.platform, link.why, link.alias, places.c.city_slug)
        .join_from(post_places, places, places.c.id == link.place_id)
        .where(link.why.in_((BY_GEOTAG, BY_CLASSIFIER)), of >= first, of <= last)
    ):
        key = (row.post_id, row.platform)
        if row.why == BY_CLASSIFIER:
            placed[key] = row.alias
        else:
            near.setdefault(key, []).append(row.city_slug)
    return near, placed


@dataclass(frozen=True)
class Named:
    """A place that a post names: the words that name it and the rule that let them count."""

    place: str
    alias: str
    why: str
    is_primary: bool


def named_places(
    connection: Connection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[Named, ...]]:
    """The places that these posts (post id, platform) name, the primary one first."""
    found: dict[tuple[str, str], tuple[Named, ...]] = {}
    if not keys:
        return found
    link = post_places.c
    for row in connection.execute(
        select(link.post_id, link.platform, places.c.name, link.alias, link.why, link.is_primary)
        .join_from(post_places, places, places.c.id == link.place_id)
        .where(among(link, keys))
        .order_by(link.is_primary.desc(), link.start)
    ):
        key = (row.post_id, row.platform)
        named = Named(row.name, row.alias, row.why, row.is_primary)
        found[key] = (*found.get(key, ()), named)
    return found


def topics_by_place(
    connection: Connection, scope: Scope, *, places: Iterable[Any] | None = None
) -> pd.DataFrame:
    """Posts by place and topic: `slug` ("unknown" without a place), `topic`, negative, neutral,
    positive. Only pairs that have posts."""
    known = list(places if places is not None else _places_of(connection))
    ids = place_ids(known, scope)
    cell = daily_topics.c
    conditions = [cell.day >= number_of(scope.since), cell.day < number_of(scope.until)]
    # The key begins with the place, so every place is named even when all are wanted.
    every = [*(place.id for place in known), UNKNOWN_PLACE]
    conditions.append(cell.place_id.in_(every if ids is None else ids))
    conditions += [*of_platforms(cell.platform, scope), *of_voice(cell.voice, scope)]
    labels = ("negative", "neutral", "positive")
    rows = connection.execute(
        select(cell.place_id, cell.topic, *(func.sum(cell[name]) for name in labels))
        .where(*conditions)
        .group_by(cell.place_id, cell.topic)
    ).all()
    slugs = {place.id: place.slug for place in known} | {UNKNOWN_PLACE: UNKNOWN}
    return pd.DataFrame(
        [(slugs[place_id], topic, *map(int, counts)) for place_id, topic, *counts in rows],
        columns=["slug", "topic", *labels],
    )


# SQLite takes 500 parts of a compound statement at most.
_PLACES_AT_ONCE = 200


def distinct_by_place(
    connection: Connection, scope: Scope, slugs: Sequence[str] | None = None
) -> pd.DataFrame:
    """How many different authors and texts there are at each place: `slug`, `authors`, `texts`.

    Neither adds up over days or places, so they are counted from the posts, all of them: name the
    places on screen in `slugs`. Posts without a stored author, or without words, are left out;
    near-copies of a text (insights/texts.py) are one.
    """
    known = _places_of(connection)
    names = {place.id: place.slug for place in known} | {UNKNOWN_PLACE: UNKNOWN}
    ids = place_ids(known, scope)
    chosen = [
        place_id
        for place_id, slug in names.items()
        if (ids is None or place_id in ids) and (slugs is None or slug in slugs)
    ]
    found = []
    for start in range(0, len(chosen), _PLACES_AT_ONCE):
        each = [_distinct_at(place_id, scope) for place_id in chosen[start:][:_PLACES_AT_ONCE]]
        found += connection.execute(union_all(*each)).all()
    rows = [(names[place_id], *counts) for place_id, *counts in found]
    return pd.DataFrame(rows, columns=["slug", "authors", "texts"])


def _distinct_at(place_id: int, scope: Scope) -> Select:
    """The same of one place; no row where it has no post.

    One place at a time, as SQLite would walk an index of all posts for many places or a platform.
    """
    post = social_posts.c
    return (
        select(
            literal(place_id),
            func.count(post.author_hash.distinct()),
            func.count(post.text_cluster.distinct()),
        )
        .where(
            COUNTED,
            at_places([place_id]),
            post.day >= number_of(scope.since),
            post.day < number_of(scope.until),
            *of_platforms(post.platform, scope),
            *of_voice(post.voice, scope),
        )
        .group_by(post.place_id)
    )


# --- classification -------------------------------------------------------------------------------


def waiting_posts(
    connection: Connection, limit: int, max_attempts: int, *, audited: bool = False
) -> list[Unclassified]:
    """Posts that wait for a label: counted ones first, of them those whose label is provisional,
    the newest first.

    Those of platforms that stand APART wait until the operator's project was `audited`.
    """
    post = social_posts.c
    rows = connection.execute(
        select(post.post_id, post.platform, post.content, post.classify_attempts)
        .where(_WAITING, post.classify_attempts < max_attempts, *_may_be_labelled(audited))
        .order_by(post.counted.desc(), _PROVISIONAL.desc(), post.created_at.desc())
        .limit(limit)
    ).all()
    return _unclassified(connection, rows)


def unlabelled_posts(
    connection: Connection, limit: int, mark: str, *, audited: bool = False
) -> list[Unclassified]:
    """Waiting posts that have no label, or a provisional one, and that the classifier which leaves
    this `mark` (store.note_seen) has not looked at since their text was written; newest first."""
    post = social_posts.c
    rows = connection.execute(
        select(post.post_id, post.platform, post.content, post.classify_attempts)
        .where(
            _WAITING,
            or_(post.classified_by.is_(None), _PROVISIONAL == 1),
            post.classify_note.is_distinct_from(mark),
            *_may_be_labelled(audited),
        )
        .order_by(post.counted.desc(), post.created_at.desc())
        .limit(limit)
    ).all()
    return _unclassified(connection, rows)


def labelled_posts(connection: Connection) -> Iterator[dict[str, str]]:
    """Texts with the labels that Gemini or an officer gave them, to train the offline classifier
    from: content, sentiment, language (may be missing), classified_by. Nothing of the author.

    Posts of platforms that stand APART are left out: their terms let nothing be derived from them.
    """
    post = social_posts.c
    names = ("content", "sentiment", "language", "classified_by")
    rows = connection.execute(
        select(*(post[name] for name in names))
        .where(
            post.sentiment.is_not(None),
            post.classified_by.is_not(None),
            _PROVISIONAL == 0,
            or_(text("NOT social_posts.waiting"), post.corrected),
            *_may_be_labelled(audited=False),
        )
        .order_by(post.post_id, post.platform)
    )
    for row in rows:
        yield {name: value for name, value in row._asdict().items() if value is not None}


def _unclassified(connection: Connection, rows: Sequence[Any]) -> list[Unclassified]:
    names: dict[tuple[str, str], tuple[str, ...]] = {}
    keys = [(row.post_id, row.platform) for row in rows]
    for post_id, platform, name in _place_names(connection, keys):
        names[post_id, platform] = (*names.get((post_id, platform), ()), name)
    return [
        Unclassified(
            Platform(row.platform),
            row.post_id,
            row.content,
            names.get((row.post_id, row.platform), ()),
            row.classify_attempts,
        )
        for row in rows
    ]


def _place_names(connection: Connection, keys: list[tuple[str, str]]) -> Iterable[Any]:
    """(post_id, platform, place name) of every link of these posts, the primary place first."""
    link = post_places.c
    for start in range(0, len(keys), 500):
        yield from connection.execute(
            select(link.post_id, link.platform, places.c.name)
            .join_from(post_places, places, places.c.id == link.place_id)
            .where(among(link, keys[start : start + 500]))
            .order_by(link.is_primary.desc(), link.start)
        )


def backlog(connection: Connection, audited: bool = False) -> int:
    """How many posts wait for a label and may be given one."""
    count = select(func.count()).select_from(social_posts)
    return connection.execute(count.where(_WAITING, *_may_be_labelled(audited))).scalar_one()


def _may_be_labelled(audited: bool) -> list:
    return [] if audited else [social_posts.c.platform.not_in(APART)]


# --- collection -----------------------------------------------------------------------------------


def state_of(connection: Connection, platform: Platform | str) -> dict[str, Any]:
    """What a platform keeps for its next round; empty before the first."""
    state = platform_state.c
    rows = connection.execute(
        select(state.key, state.value).where(
            state.platform == str(platform),
            ~state.key.between(FORGOTTEN, FORGOTTEN + "~"),
        )
    )
    return {row.key: row.value for row in rows}


def states(connection: Connection, key: str) -> dict[str, Any]:
    """One key of what every platform keeps, by platform; those without it are missing."""
    state = platform_state.c
    rows = connection.execute(select(state.platform, state.value).where(state.key == key))
    return dict(rows.all())


def due_jobs(connection: Connection) -> dict[str, datetime]:
    """When each job is due next."""
    job = due_jobs_table.c
    return {row.job: row.due_at for row in connection.execute(select(job.job, job.due_at))}


def lease(connection: Connection, name: str) -> dict[str, Any] | None:
    """Who holds a lease: owner, fence, expires_at; None when it was never taken."""
    row = connection.execute(select(leases).where(leases.c.name == name)).mappings().first()
    return None if row is None else dict(row)


def ever_collected(connection: Connection) -> bool:
    """Whether a platform was ever read with success, or posts were imported."""
    run = collection_runs.c
    if connection.execute(
        select(literal(1)).where(run.status.in_(_COLLECTED), run.platform.in_(_PLATFORMS)).limit(1)
    ).first():
        return True
    imported = social_posts.c.platform == Platform.IMPORT
    return connection.execute(select(literal(1)).where(imported).limit(1)).first() is not None


def holds_posts(connection: Connection) -> bool:
    """Whether any post is stored, also one whose run is on record no more."""
    return (
        connection.execute(select(literal(1)).select_from(social_posts).limit(1)).first()
        is not None
    )


def last_success(connection: Connection) -> datetime | None:
    """When a platform was last read with success."""
    run = collection_runs.c
    return connection.execute(
        select(func.max(run.finished_at)).where(
            run.status.in_(_COLLECTED), run.platform.in_(_PLATFORMS)
        )
    ).scalar_one()


def collected_at(connection: Connection) -> dict[str, list[datetime]]:
    """When each platform's successful runs ended, in order: of each day (of whatever zone) the
    first and the last, which is all that a whole day without one can lie between."""
    run = collection_runs.c
    name, end = run.platform, run.finished_at
    rows = connection.execute(
        select(name, func.min(end), func.max(end))
        .where(run.status.in_(_COLLECTED), name.in_(_PLATFORMS))
        .group_by(name, func.date(end))
    )
    found: dict[str, set[datetime]] = {}
    for platform, first, last in rows:
        found.setdefault(platform, set()).update((first, last))
    return {platform: sorted(instants) for platform, instants in found.items()}


def asked_platforms(connection: Connection) -> set[str]:
    """The platforms that the last round asked, or let rest: those that are configured."""
    run = collection_runs.c
    last = select(func.max(run.id)).where(run.platform.in_(_PLATFORMS)).group_by(run.platform)
    configured = or_(run.status != RunStatus.SKIPPED, run.error_kind.is_not(None))
    return set(
        connection.execute(select(run.platform).where(run.id.in_(last), configured)).scalars()
    )


_RUN_COLUMNS = [column.name for column in collection_runs.columns]


def runs(connection: Connection, limit: int, platform: str | None = None) -> pd.DataFrame:
    """The newest run records, newest first, with all their columns."""
    statement = select(collection_runs).order_by(collection_runs.c.id.desc()).limit(limit)
    if platform is not None:
        statement = statement.where(collection_runs.c.platform == platform)
    return _frame(connection, statement, _RUN_COLUMNS)


def platform_health(connection: Connection) -> pd.DataFrame:
    """One row a platform that ever ran (and "classify"), in alphabetical order.

    The columns of its last finished run, and: `running` (one is under way), `last_ok_at` (the end
    of the last run that was ok or partial), `failing_since` (the start of the first run since the
    last that was ok; None when the last one was), `consecutive_failures` (failed or interrupted
    runs since the last success).
    """
    names = connection.execute(select(collection_runs.c.platform).distinct().order_by(text("1")))
    rows = [_health_of(connection, name) for name in names.scalars()]
    extra = ["running", "last_ok_at", "failing_since", "consecutive_failures"]
    return pd.DataFrame(rows, columns=[*_RUN_COLUMNS, *extra])


def _health_of(connection: Connection, platform: str) -> dict[str, Any]:
    run = collection_runs.c
    mine = run.platform == platform
    newest = select(collection_runs).where(mine).order_by(run.id.desc()).limit(1)
    last = connection.execute(newest).mappings().one()
    done = connection.execute(newest.where(run.status != RunStatus.RUNNING)).mappings().first()
    ok = connection.execute(newest.where(run.status == RunStatus.OK)).mappings().first()
    success = connection.execute(newest.where(run.status.in_(_COLLECTED))).mappings().first()
    since_ok = and_(mine, run.id > (ok["id"] if ok else 0))
    since_success = and_(mine, run.id > (success["id"] if success else 0))
    failing_since = connection.execute(
        select(func.min(run.started_at)).where(
            since_ok, run.status.in_([*_BROKEN, RunStatus.PARTIAL])
        )
    ).scalar_one()
    failures = connection.execute(
        select(func.count()).where(since_success, run.status.in_(_BROKEN))
    ).scalar_one()
    return {
        **(done or last),
        "running": last["status"] == RunStatus.RUNNING,
        "last_ok_at": success["finished_at"] if success else None,
        "failing_since": failing_since,
        "consecutive_failures": failures,
    }


def quarantined(connection: Connection, limit: int) -> pd.DataFrame:
    """Records that could not be read and were not replayed since, newest first."""
    statement = (
        select(quarantine)
        .where(quarantine.c.replayed_at.is_(None))
        .order_by(quarantine.c.id.desc())
        .limit(limit)
    )
    return _frame(connection, statement, [column.name for column in quarantine.columns])


def database_size(connection: Connection) -> int:
    """The size of the database in bytes."""
    if connection.dialect.name == "postgresql":
        statement = "SELECT pg_database_size(current_database())"
        return connection.execute(text(statement)).scalar_one()
    pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    return pages * connection.execute(text("PRAGMA page_size")).scalar_one()


# --- events ---------------------------------------------------------------------------------------


def events_between(connection: Connection, since: date, until: date) -> pd.DataFrame:
    """Events that touch the half-open days [since, until), by first day.

    The columns of the event, and of its template: `slug`, `name_ms`, `name_en`, `city_slug`,
    `kind`, `recurrence`, `source`, `active`. What a template put to rest had made stays, as far as
    it has begun; the rest goes with the collector's next hour.
    """
    event, template = events.c, event_templates.c
    names = ["slug", "name_ms", "name_en", "city_slug", "kind", "recurrence", "source", "active"]
    columns = [*events.columns, *(template[name] for name in names)]
    statement = (
        select(*columns)
        .join_from(events, event_templates, template.id == event.template_id)
        .where(event.starts_on < until, event.ends_on >= since)
        .order_by(event.starts_on, template.slug)
    )
    return _frame(connection, statement, [column.name for column in columns])


def templates(connection: Connection) -> pd.DataFrame:
    """Every event template, by slug."""
    statement = select(event_templates).order_by(event_templates.c.slug)
    return _frame(connection, statement, [column.name for column in event_templates.columns])


def event_templates_of(connection: Connection) -> tuple[EventTemplate, ...]:
    """The same as templates of the calendar, ready for their rules to be read."""
    names = [field.name for field in fields(EventTemplate)]
    statement = select(*(event_templates.c[name] for name in names)).order_by(
        event_templates.c.slug
    )
    return tuple(EventTemplate(**row) for row in connection.execute(statement).mappings())


def _frame(connection: Connection, statement: Select, names: list[str]) -> pd.DataFrame:
    rows = [tuple(row) for row in connection.execute(statement)]
    return pd.DataFrame(rows, columns=names)
