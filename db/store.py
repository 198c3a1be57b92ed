"""All writes to the shared database.

Every function works inside a transaction that the caller opened. Those that change posts take the
three steps of docs/database.md: raise the data version (which is the writer lock too), change only
what is really new or different, count the touched cells of the totals again.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from db import corrections, queries
from db.rows import (
    COUNTS,
    Unreadable,
    classification_values,
    clean_text,
    link_rows,
    post_row,
    quarantine_row,
    texts,
    unreadable,
)
from db.snapshots import save_snapshots
from db.tables import (
    collection_runs,
    data_version,
    due_jobs,
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
from db.totals import Touched, bump, rebuild_totals, recount, unbump
from insights.accuracy import OFFLINE
from insights.matching import COUNTED_ORIGINS
from insights.model import (
    Classification,
    Event,
    EventTemplate,
    Kind,
    MatchedPost,
    Place,
    PlaceLink,
    Platform,
    Reject,
    RunStatus,
    day_number,
)
from insights.places import fingerprint
from insights.voices import BY_ACCOUNT, RULES, Voice

__all__ = ["bump", "rebuild_totals"]

Key = tuple[str, str]
_FORGOTTEN = queries.FORGOTTEN
# Several hundred keys a statement: more gain nothing and meet the drivers' limits of parameters.
_CHUNK = 500


class LeaseLost(Exception):
    """Another process took the lease over; whatever this one still wants to write is refused."""


@dataclass(frozen=True)
class Saved:
    """What became of a page: posts new, known and changed, known and equal; records refused."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0

    def __add__(self, other: Saved) -> Saved:
        return Saved(
            self.new + other.new,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.quarantined + other.quarantined,
        )


def _insert(connection: Connection, table):
    """An INSERT that knows ON CONFLICT, in the dialect at hand."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


# --- set-up ---------------------------------------------------------------------------------------


def set_up(
    connection: Connection, zone_name: str, gazetteer: Sequence[Place], now: datetime | None = None
) -> None:
    """The version row and the places, by slug; may be called at every start.

    Places that the gazetteer no longer names stay, as posts stand at them. Days are moved when the
    display timezone is another than the one they were fixed in. `now` dates the note of a new
    database that none of its posts, all yet to come, is of older rules than today's.
    """
    is_new = connection.execute(
        _insert(connection, data_version)
        .values(id=1, version=0, epoch=0, timezone=zone_name, complete=True)
        .on_conflict_do_nothing()
        .returning(data_version.c.id)
    ).scalar_one_or_none()
    # The lock first: two processes may start at once.
    bump(connection)
    stored = {place.slug: place for place in queries.gazetteer(connection)}
    changed = [place for place in gazetteer if not _same_place(place, stored.get(place.slug))]
    if changed:
        _save_places(connection, changed)
    if is_new and now is not None:
        _mark_as_walked(connection, now)
    found = connection.execute(select(data_version.c.timezone)).scalar_one()
    if found != zone_name:
        _move_days(connection, zone_name)
    elif changed:
        bump(connection, epoch=True)
    else:
        unbump(connection)


def _mark_as_walked(connection: Connection, now: datetime) -> None:
    """Nothing is stored that older rules for voices or places have judged."""
    save_walk(connection, HEARD, RULES, None, now)
    save_walk(connection, MATCHED, fingerprint(queries.gazetteer(connection)), None, now)


def _same_place(given: Place, stored: Place | None) -> bool:
    if stored is None:
        return False
    return _place_row(given) == _place_row(stored) and set(given.aliases) == set(stored.aliases)


def _place_row(place: Place) -> dict[str, Any]:
    return {
        "slug": place.slug,
        "name": place.name,
        "city": place.city,
        "city_slug": place.city_slug,
        "district": place.district,
        "category": place.category,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "approximate": place.approximate,
        "coordinate_source": place.source,
        "rule": place.rule,
        "general": place.general,
        "parent": place.parent,
    }


def _save_places(connection: Connection, changed: Sequence[Place]) -> None:
    statement = _insert(connection, places)
    statement = statement.on_conflict_do_update(
        index_elements=["slug"],
        set_={c.name: statement.excluded[c.name] for c in places.c if c.name not in ("id", "slug")},
    )
    connection.execute(statement, [_place_row(place) for place in changed])
    ids = dict(connection.execute(select(places.c.slug, places.c.id)).all())
    changed_ids = [ids[place.slug] for place in changed]
    connection.execute(delete(place_aliases).where(place_aliases.c.place_id.in_(changed_ids)))
    aliases = {
        (ids[place.slug], alias.text): {
            "place_id": ids[place.slug],
            "alias": alias.text,
            "language": alias.language,
            "needs_context": alias.needs_context,
        }
        for place in changed
        for alias in place.aliases
    }
    if aliases:
        connection.execute(insert(place_aliases), list(aliases.values()))


def _move_days(connection: Connection, zone_name: str) -> None:
    """Fix every post's day anew in another timezone, and count everything again."""
    zone = ZoneInfo(zone_name)
    post = social_posts.c
    found = connection.execute(select(post.post_id, post.platform, post.created_at, post.day)).all()
    moved = [
        {"key_id": row.post_id, "key_platform": row.platform, "new_day": day}
        for row in found
        if (day := day_number(row.created_at, zone)) != row.day
    ]
    if moved:
        connection.execute(
            update(social_posts).where(_KEY_GIVEN).values(day=bindparam("new_day")), moved
        )
        _repeat(connection, ((row["key_id"], row["key_platform"]) for row in moved))
    connection.execute(update(data_version).values(timezone=zone_name))
    rebuild_totals(connection)


_KEY_GIVEN = and_(
    social_posts.c.post_id == bindparam("key_id"),
    social_posts.c.platform == bindparam("key_platform"),
)


# --- posts ----------------------------------------------------------------------------------------


def save_page(
    connection: Connection,
    posts: Sequence[MatchedPost],
    *,
    now: datetime,
    zone: tzinfo,
    rejects: Iterable[Reject] = (),
    platform: Platform | str | None = None,
    state: Mapping[str, Any] | None = None,
    labels: Iterable[Classification] = (),
    by_age: bool = True,
) -> Saved:
    """Store one page of results, its refused records and its platform's new state.

    A known count, text or place is never overwritten by an unknown one; a changed text is linked
    anew and waits for a new label. What no database would take goes to quarantine, alone. `labels`
    are for posts of this page that were never stored before and come with their label; the rest of
    them is left to `save_classifications`. `by_age` False: the counts are not those of `now`, so
    none are kept under the age that the posts have now.
    """
    version = bump(connection)
    page, refused = _readable(posts, now, zone)
    refused = [*rejects, *refused]
    page = _not_forgotten(connection, page)
    corrected = _lifted(connection, page.keys())
    known = _known(connection, page.keys(), _TOLD_OF_POST)
    labelled = _label_new(page, known, labels, now)
    changed = _upsert(connection, [row for _, row in page.values()], known)
    if by_age:
        save_snapshots(connection, (row for _, row in page.values()), now, known.keys())
    _link(connection, page, known, changed)
    _repeat(connection, (key for key in changed if key in known))
    if labelled:
        _save_topics(connection, labelled)
    touched = _touched(connection, known, changed, labelled)
    laid = _laid(connection, corrected, changed, now)
    touched |= laid
    recount(connection, version, touched)
    save_quarantine(connection, refused, now)
    if state:
        owner = platform or (posts[0].post.platform if posts else None)
        if owner is None:
            raise ValueError("a state needs the platform it belongs to")
        save_state(connection, owner, state, now)
    if not changed and not refused and not laid.cells:
        unbump(connection)
    new = sum(key not in known for key in changed)
    return Saved(new, len(changed) - new, len(page) - len(changed), len(refused))


def _lifted(connection: Connection, keys: Iterable[Key]) -> dict[Key, Any]:
    """Take the officers' corrections off these posts; returns how the corrected ones stood."""
    corrected = corrections.corrected(connection, keys)
    before = _known(connection, corrected)
    corrections.lift(connection, corrected)
    return before


def _laid(
    connection: Connection,
    before: Mapping[Key, Any],
    moved: Iterable[Key],
    now: datetime,
    had: Mapping[Key, Iterable[str]] | None = None,
) -> Touched:
    """Lay the corrections on again; returns the cells where those that `moved` stood and stand.

    One that was still waiting to be applied is laid on with the others, and moves its post too.
    `had` are the topics that posts had and may have lost since.
    """
    touched = Touched()
    if not before:
        return touched
    corrections.lay(connection, before, now)
    _repeat(connection, before)
    after = _known(connection, before)
    moved = {*moved} | {key for key, row in before.items() if row != after[key]}
    topics = _topics(connection, before)
    for key in moved & before.keys():
        for row in (before[key], after[key]):
            touched.add(row, (*topics.get(key, ()), *(had or {}).get(key, ())))
    return touched


def apply_corrections(connection: Connection, *, now: datetime) -> int:
    """Let the officers' latest corrections and undoings count; returns how many posts they moved.

    Call it again while it returns something: it takes a few hundred posts at a time.
    """
    keys = corrections.unapplied(connection)
    if not keys:
        return 0
    version = bump(connection)
    before = _known(connection, keys)
    corrections.lift(connection, keys)
    recount(connection, version, _laid(connection, before, before, now))
    return len(before)


Page = dict[Key, tuple[MatchedPost, dict[str, Any]]]


def _readable(
    posts: Sequence[MatchedPost], now: datetime, zone: tzinfo
) -> tuple[Page, list[Reject]]:
    """The page's posts by key, each once, and what cannot be stored."""
    page: Page = {}
    refused = []
    for matched in posts:
        try:
            row = post_row(matched, now, zone)
        except Unreadable as error:
            refused.append(unreadable(matched.post, str(error)))
            continue
        key = (row["post_id"], row["platform"])
        # The same post under two queries: the later copy, unless it came without its text.
        if key not in page or row["content"].strip():
            page[key] = (matched, row)
    return page, refused


def _not_forgotten(connection: Connection, page: Page) -> Page:
    """The page without the posts that somebody asked to have deleted."""
    state = platform_state.c
    by_mark = {_forgotten_mark(*key): key for key in page} if _remembers(connection, page) else {}
    marks = [(mark, platform) for platform, mark in by_mark]
    for platform, some in _by_platform(marks):
        found = select(state.key).where(state.platform == platform, state.key.in_(some))
        for mark in connection.execute(found).scalars():
            del page[by_mark[platform, mark]]
    return page


def _remembers(connection: Connection, page: Page) -> bool:
    """Whether any post of these platforms was ever forgotten; mostly none was."""
    state = platform_state.c
    found = select(literal(1)).where(
        state.platform.in_({platform for _, platform in page}),
        state.key >= _FORGOTTEN,
        state.key < _FORGOTTEN + "~",
    )
    return connection.execute(found.limit(1)).first() is not None


def _forgotten_mark(post_id: str, platform: str) -> tuple[str, str]:
    """Enough to know the post again, and nothing to find it by."""
    digest = hashlib.sha256(f"{platform}:{post_id}".encode()).hexdigest()
    return platform, _FORGOTTEN + digest


def _by_platform(keys: Iterable[Key]) -> Iterable[tuple[str, list[str]]]:
    """The ids of each platform, in chunks that fit a statement."""
    for platform, group in groupby(sorted(keys, key=lambda key: key[1]), key=lambda key: key[1]):
        ids = [post_id for post_id, _ in group]
        for start in range(0, len(ids), _CHUNK):
            yield platform, ids[start : start + _CHUNK]


_STATE_OF_POST = (
    "post_id",
    "platform",
    "place_id",
    "day",
    "counted",
    "content",
    "is_repost",
    "counted_by_rule",
    "counted_why",
    "relevant",
    "found_by",
    "voice",
    "sentiment",
    "classified_by",
)


@functools.cache
def _known_statement(names: tuple[str, ...]):
    return select(*(social_posts.c[name] for name in names)).where(
        social_posts.c.platform == bindparam("platform"),
        social_posts.c.post_id.in_(bindparam("ids", expanding=True)),
    )


def _known(
    connection: Connection, keys: Iterable[Key], names: tuple[str, ...] = _STATE_OF_POST
) -> dict[Key, Any]:
    """How the posts of these keys stand now, in these columns; those never stored are missing."""
    known = {}
    for platform, ids in _by_platform(keys):
        found = connection.execute(_known_statement(names), {"platform": platform, "ids": ids})
        known.update({(row.post_id, row.platform): row for row in found})
    return known


@functools.cache
def _upsert_statement(dialect: str):
    """INSERT, or UPDATE of a known post where something really changed; returns what did."""
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(social_posts)
    new, old = statement.excluded, social_posts.c
    merged = _merged(new, old)
    changed = or_(*(merged[name].is_distinct_from(old[name]) for name in _TELLING))
    return statement.on_conflict_do_update(
        index_elements=["post_id", "platform"],
        set_={**merged, "captured_at": new.captured_at},
        where=changed,
    ).returning(*(old[name] for name in _Stored._fields))


# A post counts as updated when one of these moved.
_TELLING = (
    "content",
    "url",
    *COUNTS,
    "created_at",
    "author_hash",
    "language",
    "media_type",
    "is_repost",
    "place_id",
    "counted_by_rule",
    "voice",
)


# What is read of a known post before its page is stored.
_TOLD_OF_POST = tuple(dict.fromkeys((*_STATE_OF_POST, *_TELLING)))


def _tells_nothing(row: Mapping[str, Any], stored) -> bool:
    """Whether a row says of its stored post only what that says already, or less.

    Surely so where it returns True; the rest is for `_upsert_statement` to find out. That one
    writes to PostgreSQL's log for each row it locks, even where it then changes nothing.
    """
    if row["is_repost"] != stored.is_repost or row["voice"] != stored.voice:
        return False
    if row["counted_by_rule"] and not stored.counted_by_rule:
        return False
    if row["content"] not in ("", stored.content):
        return False
    if not row["created_at_estimated"] and row["created_at"] != stored.created_at:
        return False
    return all(row[name] in (None, getattr(stored, name)) for name in _MAY_BE_UNKNOWN)


_MAY_BE_UNKNOWN = ("url", *COUNTS, "author_hash", "language", "media_type", "place_id")


def _merged(new, old) -> dict[str, Any]:
    """What each column becomes when `new` meets the stored `old`: unknown never wins."""
    text_changed = and_(new.content != "", new.content != old.content)
    # A Page, hashtag or import stays an origin in Kedah whatever the text says later.
    brought_in = or_(*(old.found_by.like(f"{origin}%") for origin in COUNTED_ORIGINS))
    by_rule = case(
        (and_(text_changed, ~and_(old.counted_by_rule, brought_in)), new.counted_by_rule),
        else_=or_(old.counted_by_rule, new.counted_by_rule),
    )
    reason_moves = or_(text_changed, and_(new.counted_by_rule, ~old.counted_by_rule))
    known_time = new.created_at_estimated
    became_original = and_(old.is_repost, ~new.is_repost)
    asks_again = or_(text_changed, became_original)
    # An account that was known once speaks for its house also when a page does not name it.
    keeps_voice = or_(new.content == "", and_(_by_account(old), ~_by_account(new)))
    merged = {name: func.coalesce(new[name], old[name]) for name in ("url", "author_hash", *COUNTS)}
    known = [merged[name] for name in ("likes", "comments", "shares")]
    return merged | {
        "engagement": case(
            (func.coalesce(*known).is_(None), None),
            else_=sum((func.coalesce(value, 0) for value in known[1:]), func.coalesce(known[0], 0)),
        ),
        "content": case((text_changed, new.content), else_=old.content),
        "hashtags": case((text_changed, new.hashtags), else_=old.hashtags),
        "media_type": func.coalesce(new.media_type, old.media_type),
        # A classifier's language stays; platforms guess, and X knows no Malay.
        "language": case(
            (old.classified_at.is_not(None), func.coalesce(old.language, new.language)),
            else_=func.coalesce(new.language, old.language),
        ),
        "created_at": case((known_time, old.created_at), else_=new.created_at),
        "day": case((known_time, old.day), else_=new.day),
        "created_at_estimated": and_(old.created_at_estimated, new.created_at_estimated),
        "is_repost": and_(old.is_repost, new.is_repost),
        "place_id": case(
            (text_changed, new.place_id), else_=func.coalesce(new.place_id, old.place_id)
        ),
        "counted_by_rule": by_rule,
        "counted": func.coalesce(old.relevant, by_rule),
        "counted_why": case(
            (and_(old.relevant.is_(None), reason_moves), new.counted_why), else_=old.counted_why
        ),
        "found_by": case(
            (and_(new.counted_by_rule, ~old.counted_by_rule), new.found_by), else_=old.found_by
        ),
        "waiting": or_(old.waiting, and_(asks_again, new.waiting)),
        # What a classifier made of a text is no news of another one.
        "classify_note": case((asks_again, null()), else_=old.classify_note),
        "classify_attempts": case((asks_again, literal(0)), else_=old.classify_attempts),
        "voice": case((keeps_voice, old.voice), else_=new.voice),
        "voice_why": case((keeps_voice, old.voice_why), else_=new.voice_why),
        "text_cluster": case((new.content == "", old.text_cluster), else_=new.text_cluster),
    }


def _by_account(row) -> Any:
    """Whether an account's name, and not the text, said whose voice a post is."""
    return func.coalesce(row.voice_why, "").like(f"{BY_ACCOUNT}%")


class _Stored(NamedTuple):
    """What a post's row holds now, of what its page has to know."""

    post_id: str
    platform: str
    place_id: int | None
    day: int
    counted: bool
    voice: str


def _upsert(
    connection: Connection, rows: list[dict[str, Any]], known: Mapping[Key, Any]
) -> dict[Key, Any]:
    """The rows that were really new or changed, as they stand now, by key.

    The writer lock is held, so that a post that was not known a moment ago is new: a plain INSERT,
    which hands nothing back, takes half the time.
    """
    fresh = [row for row in rows if (row["post_id"], row["platform"]) not in known]
    met = [
        row
        for row in rows
        if (stored := known.get((row["post_id"], row["platform"]))) is not None
        and not _tells_nothing(row, stored)
    ]
    changed: dict[Key, Any] = {}
    if fresh:
        connection.execute(insert(social_posts), fresh)
        stored = [_Stored(*(row[name] for name in _Stored._fields)) for row in fresh]
        changed = {(row.post_id, row.platform): row for row in stored}
    if met:
        found = connection.execute(_upsert_statement(connection.dialect.name), met)
        changed |= {(row.post_id, row.platform): row for row in found}
    return changed


def _link(
    connection: Connection, page: Page, known: Mapping[Key, Any], changed: Mapping[Key, Any]
) -> None:
    """Write the place links of new posts, and of known ones whose text or place moved."""
    fresh = []
    for key in changed:
        matched, row = page[key]
        before = known.get(key)
        if before is None:
            fresh += link_rows(matched, row)
        elif _text_moved(row, before) or changed[key].place_id != before.place_id:
            connection.execute(_UNLINK, {"id": key[0], "of": key[1]})
            fresh += link_rows(matched, row)
    if fresh:
        connection.execute(insert(post_places), fresh)


_UNLINK = delete(post_places).where(
    post_places.c.post_id == bindparam("id"), post_places.c.platform == bindparam("of")
)


def _repeat(connection: Connection, keys: Iterable[Key]) -> None:
    """Let the topics of these posts say again what the posts themselves say now."""
    for platform, ids in _by_platform(keys):
        connection.execute(_repeat_statement(), {"of": platform, "ids": ids})


@functools.cache
def _repeat_statement():
    post, named = social_posts.c, post_topics.c
    return (
        update(post_topics)
        .where(
            named.platform == bindparam("of"),
            named.post_id.in_(bindparam("ids", expanding=True)),
            post.post_id == named.post_id,
            post.platform == named.platform,
            or_(*(named[name].is_distinct_from(post[name]) for name in _REPEATED)),
        )
        .values({name: post[name] for name in _REPEATED})
    )


# What a post's topics repeat of it.
_REPEATED = ("created_at", "day", "place_id", "counted", "sentiment", "engagement", "voice")


def _text_moved(row: Mapping[str, Any], before) -> bool:
    return row["content"] not in ("", before.content)


def _touched(
    connection: Connection,
    known: Mapping[Key, Any],
    changed: Mapping[Key, Any],
    labelled: Iterable[Key] = (),
) -> Touched:
    """The cells where these posts stood, as `known` tells, and where they stand, `changed`.

    A new post has topics only when it came `labelled`, and a known one moves its topics only by
    moving itself.
    """
    moved = {
        key
        for key, before in known.items()
        if key in changed and _standing(before) != _standing(changed[key])
    }
    topics = _topics(connection, moved.union(labelled))
    touched = Touched()
    for key, row in changed.items():
        touched.add(row, topics.get(key, ()))
        if key in known:
            touched.add(known[key], topics.get(key, ()))
    return touched


def _standing(row) -> tuple:
    """What of a post decides in which cells of topics it stands."""
    return row.counted, row.place_id, row.day, row.voice


def _topics(connection: Connection, keys: Iterable[Key]) -> dict[Key, set[str]]:
    """The topics of these posts; those without any are missing."""
    found: dict[Key, set[str]] = {}
    for platform, ids in _by_platform(keys):
        rows = connection.execute(_topics_statement(), {"platform": platform, "ids": ids})
        for post_id, topic in rows:
            found.setdefault((post_id, platform), set()).add(topic)
    return found


@functools.cache
def _topics_statement():
    return select(post_topics.c.post_id, post_topics.c.topic).where(
        post_topics.c.platform == bindparam("platform"),
        post_topics.c.post_id.in_(bindparam("ids", expanding=True)),
    )


def relink(connection: Connection, matched: Sequence[MatchedPost], *, now: datetime) -> int:
    """Give stored posts the places of a new match; returns how many it made stand otherwise.

    Texts, counts and labels stay. A classifier's word on relevance outlives the new rule, an
    officer's correction outlives both.
    """
    version = bump(connection)
    by_key = {(str(m.post.post_id), str(Platform(m.post.platform))): m for m in matched}
    corrected = _lifted(connection, by_key)
    known = _known(connection, by_key)
    rows = [_relinked(by_key[key], before) for key, before in known.items()]
    moved = [row for row in rows if row is not None]
    linked = _link_again(connection, {key: by_key[key] for key in known})
    if moved:
        connection.execute(_RELINK, moved)
    keys = [(row["key_id"], row["key_platform"]) for row in moved]
    _repeat(connection, keys)
    after = _known(connection, keys)
    touched = _touched(connection, {key: known[key] for key in keys}, after)
    laid = _laid(connection, corrected, {*keys, *linked}, now)
    touched |= laid
    recount(connection, version, touched)
    if not keys and not linked and not laid.cells:
        unbump(connection)
    return len({*keys, *linked})


def _link_again(connection: Connection, matched: Mapping[Key, MatchedPost]) -> set[Key]:
    """Write the place links that are not the stored ones; returns the posts that had others."""
    stored = _links(connection, matched)
    wanted = {key: link_rows(one, _key_row(key)) for key, one in matched.items()}
    others = {key for key, rows in wanted.items() if _told(rows) != stored.get(key, set())}
    fresh = [row for key in others for row in wanted[key]]
    for key in others:
        connection.execute(_UNLINK, {"id": key[0], "of": key[1]})
    if fresh:
        connection.execute(insert(post_places), fresh)
    return others


def _links(connection: Connection, keys: Iterable[Key]) -> dict[Key, set[tuple]]:
    """The stored place links of these posts; those without any are missing."""
    link = post_places.c
    found: dict[Key, set[tuple]] = {}
    for platform, ids in _by_platform(keys):
        of = select(post_places).where(link.platform == platform, link.post_id.in_(ids))
        for row in connection.execute(of).mappings():
            found.setdefault((row["post_id"], platform), set()).update(_told([row]))
    return found


def _told(links: Iterable[Mapping[str, Any]]) -> set[tuple]:
    """What links say, apart from whose they are."""
    return {tuple(link[name] for name in _LINK) for link in links}


_LINK = ("place_id", "alias", "why", "start", "is_primary")


def _key_row(key: Key) -> dict[str, str]:
    return {"post_id": key[0], "platform": key[1]}


_RELINK = (
    update(social_posts)
    .where(_KEY_GIVEN)
    .values(
        place_id=bindparam("new_place"),
        counted=bindparam("new_counted"),
        counted_by_rule=bindparam("new_rule"),
        counted_why=bindparam("new_why"),
    )
)


def _relinked(matched: MatchedPost, before) -> dict[str, Any] | None:
    """The parameters of `_RELINK` for one post, None where nothing changes."""
    primary = matched.match.primary
    by_rule = bool(matched.counted) and not before.is_repost
    judged = None if before.is_repost else before.relevant
    counted, why = _judged(judged, by_rule, clean_text(matched.counted_why))
    row = {
        "key_id": before.post_id,
        "key_platform": before.platform,
        "new_place": primary.place_id if primary else None,
        "new_rule": by_rule,
        "new_counted": counted,
        "new_why": why,
    }
    then = (before.place_id, before.counted_by_rule, before.counted, before.counted_why)
    now = (row["new_place"], row["new_rule"], row["new_counted"], row["new_why"])
    return None if then == now else row


def revoice(connection: Connection, heard: Sequence[Heard]) -> int:
    """Write what the rules of today make of stored texts; returns how many posts moved.

    What an account gave away stays, as its name is not kept: only its text was heard again.
    """
    by_key = {(one.post_id, str(one.platform)): one for one in heard}
    version = bump(connection)
    before = _known(connection, by_key)
    if not before:
        unbump(connection)
        return 0
    connection.execute(
        _REVOICE,
        [
            {
                "key_id": key[0],
                "key_platform": key[1],
                "new_voice": by_key[key].voice.code,
                "new_why": by_key[key].voice.why or None,
                "new_cluster": by_key[key].text_cluster,
            }
            for key in before
        ],
    )
    after = _known(connection, before)
    moved = {key: row for key, row in after.items() if row.voice != before[key].voice}
    _repeat(connection, moved)
    touched = _touched(connection, {key: before[key] for key in moved}, moved)
    recount(connection, version, touched)
    return len(moved)


@dataclass(frozen=True)
class Heard:
    """A stored post whose text was read again: whose voice it is, and which texts are like it."""

    post_id: str
    platform: Platform | str
    voice: Voice
    text_cluster: int | None


_SPOKEN = func.coalesce(social_posts.c.voice_why, "").like(f"{BY_ACCOUNT}%")
_REVOICE = (
    update(social_posts)
    .where(_KEY_GIVEN)
    .values(
        voice=case((_SPOKEN, social_posts.c.voice), else_=bindparam("new_voice")),
        voice_why=case((_SPOKEN, social_posts.c.voice_why), else_=bindparam("new_why")),
        text_cluster=bindparam("new_cluster"),
    )
)


def forget(
    connection: Connection, platform: Platform | str, post_id: str, *, now: datetime
) -> bool:
    """Delete a post, its links and what quarantine holds of it; it will not be stored again.

    Returns whether there was such a post. Only a digest of its key is kept, to know it again.
    """
    return forget_all(connection, platform, [post_id], now=now) > 0


def forget_all(
    connection: Connection, platform: Platform | str, post_ids: Iterable[str], *, now: datetime
) -> int:
    """`forget` for several posts of one platform; returns how many of them were stored."""
    ids = [clean_text(post_id) for post_id in post_ids]
    if not ids:
        return 0
    deleted = _delete(connection, str(platform), ids)
    marks = {_forgotten_mark(post_id, str(platform))[1]: True for post_id in ids}
    save_state(connection, platform, marks, now)
    return deleted


def delete_posts(connection: Connection, platform: Platform | str, post_ids: Iterable[str]) -> int:
    """Delete posts that may be collected again one day; returns how many of them were stored."""
    ids = list(post_ids)
    return _delete(connection, str(platform), ids) if ids else 0


def _delete(connection: Connection, platform: str, ids: Sequence[str]) -> int:
    """Delete posts with everything that hangs on them, and count the cells they leave again."""
    version = bump(connection)
    keys = [(post_id, platform) for post_id in ids]
    known, topics = _known(connection, keys), _topics(connection, keys)
    for _, some in _by_platform(keys):
        for table in (social_posts, quarantine):
            connection.execute(
                delete(table).where(table.c.platform == platform, table.c.post_id.in_(some))
            )
    touched = Touched()
    for key, row in known.items():
        touched.add(row, topics.get(key, ()))
    recount(connection, version, touched)
    return len(known)


# --- labels ---------------------------------------------------------------------------------------


def save_classifications(
    connection: Connection, answers: Sequence[Classification], *, now: datetime
) -> int:
    """Store answers and count their cells again; returns how many posts were labelled.

    Answers for posts that are not stored, for reposts, and with a label of their own invention are
    left out. A post that the classifier calls relevant counts, one that it calls irrelevant does
    not, and without its word the rule of the match stands. An answer of the offline classifier is
    provisional: it takes the place of no other, and its post goes on waiting.
    """
    version = bump(connection)
    by_key = {
        (str(a.post_id), str(a.platform)): (a, values)
        for a in answers
        if (values := classification_values(a, now)) is not None
    }
    corrected = _lifted(connection, by_key)
    known = _known(connection, by_key)
    known = {key: row for key, row in known.items() if _takes(row, by_key[key][0])}
    if not known:
        laid = _laid(connection, corrected, (), now)
        recount(connection, version, laid)
        if not laid.cells:
            unbump(connection)
        return 0
    whys = _rule_whys(connection, known)
    connection.execute(
        _CLASSIFY, [_labelled(by_key[key][1], row, whys[key]) for key, row in known.items()]
    )
    _place(connection, known, {key: by_key[key][0].place for key in known})
    had = _topics(connection, known)
    _save_topics(connection, {key: by_key[key][0] for key in known})
    touched = _relabelled(connection, known, had)
    touched |= _laid(connection, corrected, corrected, now, had)
    recount(connection, version, touched)
    return len(known)


def _relabelled(
    connection: Connection, before: Mapping[Key, Any], had: Mapping[Key, Iterable[str]]
) -> Touched:
    """The cells where posts stood with the topics they `had`, and where they stand now."""
    touched = Touched()
    has, after = _topics(connection, before), _known(connection, before)
    for key, row in before.items():
        touched.add(row, had.get(key, ()))
        touched.add(after[key], has.get(key, ()))
    return touched


def _place(
    connection: Connection, known: Mapping[Key, Any], named: Mapping[Key, PlaceLink | None]
) -> None:
    """Give posts that name no place the one that their classifier read in them."""
    links = [
        {"post_id": key[0], "platform": key[1], **asdict(link)}
        for key, link in named.items()
        if link is not None and known[key].place_id is None
    ]
    if not links:
        return
    connection.execute(insert(post_places), links)
    connection.execute(
        update(social_posts).where(_KEY_GIVEN).values(place_id=bindparam("new_place")),
        [
            {
                "key_id": link["post_id"],
                "key_platform": link["platform"],
                "new_place": link["place_id"],
            }
            for link in links
        ],
    )


def _takes(row, answer: Classification) -> bool:
    """Whether a stored post takes this answer: a repost none, and a provisional one only where
    nobody better has spoken."""
    if row.is_repost:
        return False
    return not _provisional(answer.classified_by) or (
        row.classified_by is None or _provisional(row.classified_by)
    )


def _provisional(classified_by: str) -> bool:
    return classified_by.startswith(OFFLINE)


def withdraw_labels(connection: Connection, keys: Iterable[Key], *, now: datetime) -> int:
    """Take provisional labels away, as of texts that changed into something the offline classifier
    is not sure of; returns from how many posts. Labels of others stay."""
    version = bump(connection)
    corrected = _lifted(connection, keys)
    known = _known(connection, keys)
    known = {key: row for key, row in known.items() if _provisional(row.classified_by or "")}
    had = _topics(connection, known)
    if known:
        named = [{"key_id": post_id, "key_platform": platform} for post_id, platform in known]
        connection.execute(_WITHDRAW, named)
        _save_topics(connection, dict.fromkeys(known))
    touched = _relabelled(connection, known, had)
    touched |= _laid(connection, corrected, known, now, had)
    if not known and not touched.cells:
        unbump(connection)
        return 0
    recount(connection, version, touched)
    return len(known)


_LABEL_COLUMNS = (
    "sentiment",
    "sentiment_score",
    "keywords",
    "entities",
    "predicted_engagement",
    "relevant",
    "confidence",
    "classified_by",
    "prompt_version",
    "classified_at",
    "counted",
    "counted_why",
)
_CLASSIFY = (
    update(social_posts)
    .where(_KEY_GIVEN)
    .values(
        **{
            name: bindparam(f"new_{name}", type_=social_posts.c[name].type)
            for name in _LABEL_COLUMNS
        },
        language=func.coalesce(
            bindparam("new_language", type_=social_posts.c.language.type), social_posts.c.language
        ),
        waiting=bindparam("new_waiting", type_=social_posts.c.waiting.type),
        classify_note=None,
    )
)
# The rule's word on relevance stands beside a provisional label, so nothing else moves.
_WITHDRAW = (
    update(social_posts)
    .where(_KEY_GIVEN)
    .values(
        dict.fromkeys(
            (
                "sentiment",
                "sentiment_score",
                "confidence",
                "classified_by",
                "prompt_version",
                "classified_at",
            )
        )
    )
)


def _labelled(values: Mapping[str, Any], before, rule_why: str) -> dict[str, Any]:
    columns = _label_columns(values, before.counted_by_rule, rule_why)
    return {
        "key_id": before.post_id,
        "key_platform": before.platform,
        "new_waiting": _provisional(values["classified_by"]),
        **{f"new_{name}": value for name, value in columns.items()},
    }


def _label_columns(
    values: Mapping[str, Any], counted_by_rule: bool, rule_why: str
) -> dict[str, Any]:
    """What a label writes, and whether its post counts with it."""
    counted, why = _judged(values["relevant"], counted_by_rule, rule_why)
    return {**values, "counted": counted, "counted_why": why}


def _judged(relevant: bool | None, by_rule: bool, rule_why: str) -> tuple[bool, str]:
    """Whether a post counts and why, by its classifier's word where there is one, else by rule."""
    if relevant is None or (relevant and by_rule):
        return by_rule, rule_why
    return relevant, "classifier:relevant" if relevant else "classifier:not_relevant"


def _label_new(
    page: Page, known: Mapping[Key, Any], labels: Iterable[Classification], now: datetime
) -> dict[Key, Classification]:
    """Write labels into the rows of posts never stored before; returns those that were taken."""
    given = {(str(a.post_id), str(a.platform)): a for a in labels}
    taken = {}
    for key, (_, row) in page.items() if given else ():
        # Every row of one statement names the same columns.
        row |= {name: row.get(name) for name in _LABEL_COLUMNS}
        values = classification_values(given[key], now) if key in given else None
        if values is None or key in known or row["is_repost"]:
            continue
        language = values.get("language") or row["language"]
        row |= _label_columns(values, row["counted_by_rule"], row["counted_why"])
        row |= {"language": language, "waiting": _provisional(values["classified_by"])}
        taken[key] = given[key]
    return taken


def _rule_whys(connection: Connection, known: Mapping[Key, Any]) -> dict[Key, str]:
    """What the rule gave as its reason, also where a classifier has written its own over it."""
    whys = {key: row.counted_why for key, row in known.items()}
    overwritten = [key for key, why in whys.items() if why.startswith("classifier:")]
    if not overwritten:
        return whys
    aliases: dict[Key, str] = {}
    link = post_places.c
    for platform, ids in _by_platform(overwritten):
        found = connection.execute(
            select(link.post_id, link.platform, link.alias).where(
                link.platform == platform, link.post_id.in_(ids), link.is_primary
            )
        )
        aliases.update({(row.post_id, row.platform): row.alias for row in found})
    for key in overwritten:
        row = known[key]
        if key in aliases:
            whys[key] = f"named:{aliases[key]}"
        elif row.found_by.startswith(COUNTED_ORIGINS):
            whys[key] = row.found_by
        else:
            whys[key] = "kedah:kedah" if row.counted_by_rule else "no_place"
    return whys


def _save_topics(connection: Connection, answers: Mapping[Key, Classification | None]) -> None:
    """Replace the topics of these posts, which hold their labels already; None has no topics."""
    for platform, ids in _by_platform(answers):
        connection.execute(
            delete(post_topics).where(
                post_topics.c.platform == platform, post_topics.c.post_id.in_(ids)
            )
        )
    rows = [
        {"id": key[0], "of": key[1], "topic": topic}
        for key, answer in answers.items()
        for topic in texts(answer.topics if answer else ())
    ]
    if rows:
        connection.execute(_ADD_TOPIC, rows)


_ADD_TOPIC = insert(post_topics).from_select(
    ["post_id", "platform", "topic", *_REPEATED],
    select(
        social_posts.c.post_id,
        social_posts.c.platform,
        bindparam("topic", type_=post_topics.c.topic.type),
        *(social_posts.c[name] for name in _REPEATED),
    ).where(social_posts.c.post_id == bindparam("id"), social_posts.c.platform == bindparam("of")),
)


def note_refusals(
    connection: Connection, keys: Sequence[tuple[Platform, str]], note: str, *, blocked: bool
) -> None:
    """Remember that the classifier gave no answer; a blocked post is not asked for again."""
    if not keys:
        return
    bump(connection)
    values: dict[str, Any] = {
        "classify_attempts": social_posts.c.classify_attempts + 1,
        "classify_note": clean_text(note)[:500],
    }
    if blocked:
        values["waiting"] = False
    for platform, ids in _by_platform((str(p), str(platform)) for platform, p in keys):
        connection.execute(
            update(social_posts)
            .where(social_posts.c.platform == platform, social_posts.c.post_id.in_(ids))
            .values(**values)
        )


def note_seen(connection: Connection, keys: Iterable[Key], mark: str) -> None:
    """Remember that a classifier looked at these posts, so that `unlabelled_posts` passes them
    over until their text changes. No page shows it, so the data's version stays."""
    post = social_posts.c
    for platform, ids in _by_platform(keys):
        connection.execute(
            update(social_posts)
            .where(post.platform == platform, post.post_id.in_(ids), post.waiting)
            .values(classify_note=mark)
        )


# --- quarantine and state -------------------------------------------------------------------------


def save_quarantine(connection: Connection, rejects: Iterable[Reject], now: datetime) -> None:
    """Keep what could not be read; a record that is known already was seen once more."""
    rows = {row["fingerprint"]: row for row in (quarantine_row(r, now) for r in rejects)}
    if not rows:
        return
    statement = _insert(connection, quarantine)
    statement = statement.on_conflict_do_update(
        index_elements=["fingerprint"],
        set_={
            "passes": quarantine.c.passes + 1,
            "payload": statement.excluded.payload,
            "last_seen_at": statement.excluded.last_seen_at,
            "replayed_at": None,
        },
    )
    connection.execute(statement, list(rows.values()))


def mark_replayed(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """These quarantine records were read after all."""
    if ids:
        bump(connection)
        connection.execute(
            update(quarantine).where(quarantine.c.id.in_(ids)).values(replayed_at=now)
        )


def save_state(
    connection: Connection, platform: Platform | str, state: Mapping[str, Any], now: datetime
) -> None:
    """Set these keys of a platform's state; None removes a key, the others stay."""
    gone = [key for key, value in state.items() if value is None]
    rows = [
        {"platform": str(platform), "key": key, "value": value, "updated_at": now}
        for key, value in state.items()
        if value is not None
    ]
    if gone:
        connection.execute(
            delete(platform_state).where(
                platform_state.c.platform == str(platform), platform_state.c.key.in_(gone)
            )
        )
    if rows:
        statement = _insert(connection, platform_state)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["platform", "key"],
                set_={
                    "value": statement.excluded.value,
                    "updated_at": statement.excluded.updated_at,
                },
            ),
            rows,
        )


# The walks over all stored posts, by their name among the platforms' states: whose voice a text
# is, and which places it names.
HEARD = "voices"
MATCHED = "places"


def save_walk(
    connection: Connection, walk: str, rules: int | str, after: Key | None, now: datetime
) -> None:
    """How far all stored posts were judged again by these rules: up to a key, None to the end."""
    save_state(connection, walk, {"rules": rules, "after": after and list(after)}, now)


# --- runs -----------------------------------------------------------------------------------------


def start_run(connection: Connection, round_id: str, platform: str, now: datetime) -> int:
    """Open a platform's run record; returns its id."""
    return connection.execute(
        insert(collection_runs)
        .values(round_id=round_id, platform=platform, status=RunStatus.RUNNING, started_at=now)
        .returning(collection_runs.c.id)
    ).scalar_one()


def finish_run(
    connection: Connection,
    run_id: int,
    *,
    status: RunStatus | str,
    now: datetime,
    error_kind: Kind | str | None = None,
    error: str | None = None,
    note: str | None = None,
    **numbers: int,
) -> None:
    """Close a run record. `numbers` are fetched, stored, updated, quarantined, requests, pages."""
    bump(connection)
    connection.execute(
        update(collection_runs)
        .where(collection_runs.c.id == run_id)
        .values(
            status=str(status),
            finished_at=now,
            error_kind=None if error_kind is None else str(error_kind),
            error=None if error is None else clean_text(error)[:2000],
            note=None if not note else clean_text(note)[:2000],
            **numbers,
        )
    )


def save_runs(connection: Connection, finished: Sequence[Mapping[str, Any]]) -> None:
    """Add run records that ended already, by the columns of the table."""
    if finished:
        bump(connection)
        connection.execute(insert(collection_runs), list(finished))


def record_skipped(
    connection: Connection,
    round_id: str,
    platform: str,
    now: datetime,
    note: str,
    error_kind: Kind | str | None = None,
) -> None:
    """A platform that was not asked this round, and why.

    `error_kind`: it is configured, but rests after failures of this kind.
    """
    bump(connection)
    connection.execute(
        insert(collection_runs).values(
            round_id=round_id,
            platform=platform,
            status=RunStatus.SKIPPED,
            started_at=now,
            finished_at=now,
            error_kind=None if error_kind is None else str(error_kind),
            note=clean_text(note),
        )
    )


def close_stale_runs(connection: Connection, now: datetime) -> int:
    """Call runs `interrupted` that a process left open when it died; returns how many.

    Only the holder of the lease may: nobody else can know that the others are dead.
    """
    found = connection.execute(
        update(collection_runs)
        .where(collection_runs.c.status == RunStatus.RUNNING)
        .values(status=RunStatus.INTERRUPTED, finished_at=now)
    ).rowcount
    if found:
        bump(connection)
    return found


def delete_runs_before(connection: Connection, instant: datetime) -> int:
    """Delete run records that ended before an instant; returns how many.

    The newest of each platform stays, so that a platform nobody collects any more is still told.
    """
    run = collection_runs.c
    newest = select(func.max(run.id)).group_by(run.platform)
    found = connection.execute(
        delete(collection_runs).where(run.finished_at < instant, run.id.not_in(newest))
    ).rowcount
    if found:
        bump(connection)
    return found


# --- lease and schedule ---------------------------------------------------------------------------


def take_lease(
    connection: Connection,
    name: str,
    owner: str,
    now: datetime,
    seconds: float,
    *,
    instead_of: str | None = None,
) -> int | None:
    """The fence of a lease that was free, run out or our own; None while another holds it.

    `instead_of` is an owner of whom the caller knows that it died: its lease counts as free.
    """
    ours = [owner] if instead_of is None else [owner, instead_of]
    connection.execute(
        _insert(connection, leases).values(name=name, fence=0).on_conflict_do_nothing()
    )
    lease = leases.c
    return connection.execute(
        update(leases)
        .where(
            lease.name == name,
            or_(lease.owner.is_(None), lease.owner.in_(ours), lease.expires_at <= now),
        )
        .values(owner=owner, fence=lease.fence + 1, expires_at=now + timedelta(seconds=seconds))
        .returning(lease.fence)
    ).scalar_one_or_none()


def renew_lease(
    connection: Connection, name: str, owner: str, fence: int, now: datetime, seconds: float
) -> bool:
    """Hold the lease for longer; False when it is another's by now."""
    lease = leases.c
    renewed = connection.execute(
        update(leases)
        .where(lease.name == name, lease.owner == owner, lease.fence == fence)
        .values(expires_at=now + timedelta(seconds=seconds))
    )
    return renewed.rowcount == 1


def give_back_lease(connection: Connection, name: str, owner: str, fence: int) -> None:
    """Let the lease go; nothing happens when it is another's by now."""
    lease = leases.c
    connection.execute(
        update(leases)
        .where(lease.name == name, lease.owner == owner, lease.fence == fence)
        .values(owner=None, expires_at=None)
    )


def check_fence(connection: Connection, name: str, fence: int) -> None:
    """Raise LeaseLost unless this fence is the newest; it stays so until the transaction ends."""
    found = connection.execute(
        select(leases.c.fence).where(leases.c.name == name).with_for_update()
    ).scalar_one_or_none()
    if found != fence:
        raise LeaseLost("another collector has taken over")


def save_due(
    connection: Connection,
    job: str,
    due_at: datetime,
    *,
    started_at: datetime | None = None,
    finished_at: datetime | None = None,
) -> None:
    """When a job is due next; the times of its last run stay unless they are given."""
    statement = _insert(connection, due_jobs).values(
        job=job, due_at=due_at, last_started_at=started_at, last_finished_at=finished_at
    )
    new, old = statement.excluded, due_jobs.c
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["job"],
            set_={
                "due_at": new.due_at,
                "last_started_at": func.coalesce(new.last_started_at, old.last_started_at),
                "last_finished_at": func.coalesce(new.last_finished_at, old.last_finished_at),
            },
        )
    )


# --- events ---------------------------------------------------------------------------------------


def save_templates(
    connection: Connection, templates: Sequence[EventTemplate], now: datetime
) -> None:
    """Add event templates, or change those of the same slug."""
    if not templates:
        return
    bump(connection)
    statement = _insert(connection, event_templates)
    columns = [f.name for f in fields(EventTemplate)]
    statement = statement.on_conflict_do_update(
        index_elements=["slug"],
        set_={name: statement.excluded[name] for name in (*columns, "updated_at")},
    )
    rows = [
        {**{name: getattr(t, name) for name in columns}, "rule": dict(t.rule), "updated_at": now}
        for t in templates
    ]
    connection.execute(statement, rows)


def save_events(connection: Connection, dated: Sequence[Event], now: datetime) -> None:
    """Add dated events, or change those of the same template and first day.

    Events of a template that is not stored are left out.
    """
    ids = dict(connection.execute(select(event_templates.c.slug, event_templates.c.id)).all())
    rows = {
        (event.template, event.starts_on): {
            "template_id": ids[event.template],
            "starts_on": event.starts_on,
            "ends_on": event.ends_on,
            "confirmed": event.confirmed,
            "created_at": now,
        }
        for event in dated
        if event.template in ids
    }
    if not rows:
        return
    bump(connection)
    statement = _insert(connection, events)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["template_id", "starts_on"],
            set_={
                "ends_on": statement.excluded.ends_on,
                "confirmed": statement.excluded.confirmed,
            },
        ),
        list(rows.values()),
    )


def delete_events_before(connection: Connection, day: date) -> int:
    """Delete events that ended before a day; returns how many."""
    found = connection.execute(delete(events).where(events.c.ends_on < day)).rowcount
    if found:
        bump(connection)
    return found
