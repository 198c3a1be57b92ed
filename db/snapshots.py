"""A post's counts at each whole day of its age, so that posts of equal age can be compared.

Likes grow for days: last week's posts have had less time than those of the week before. What a post
had after one, three or seven days says the same of both.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from db.queries import place_ids
from db.rows import COUNTS
from db.search import COUNTED, at_places, of_platforms, of_voice
from db.tables import metric_snapshots, places, social_posts
from insights.ages import Seen
from insights.metrics import Totals
from insights.model import Platform, Scope, number_of

OLDEST = 8  # whole days; counts of older posts hardly move
DAY = timedelta(days=1)
_CHUNK = 500  # ids a statement
IMPORTED = "import%"


# --- writing --------------------------------------------------------------------------------------


def save_snapshots(
    connection: Connection,
    rows: Iterable[dict[str, Any]],
    now: datetime,
    known: Collection[tuple[str, str]] = (),
) -> None:
    """Keep the counts of these rows of social_posts under the age that their posts have now.

    The last capture of an age stands, but no known count is lost to an unknown one. Reposts,
    posts without any count, and posts older than OLDEST days are left out. `known` are the keys
    of posts that were stored before: only those can have a snapshot, and mostly it says the same.
    """
    taken = [_snapshot(row, age, now) for row in rows if (age := _age(row, now)) is not None]
    told = _told(connection, [one for one in taken if (one["post_id"], one["platform"]) in known])
    changed = [one for one in taken if _tells_more(one, told.get(_key(one)))]
    if changed:
        connection.execute(_save_statement(connection.dialect.name), changed)


def _key(one: Any) -> tuple[str, str, int]:
    return one["post_id"], one["platform"], one["age_days"]


def _tells_more(one: dict[str, Any], before: Any) -> bool:
    return before is None or any(one[name] not in (None, before[name]) for name in COUNTS)


def _told(connection: Connection, snapshots: Sequence[dict[str, Any]]) -> dict[tuple, Any]:
    """What was kept of these posts so far, by post, platform and age."""
    found = {}
    for platform in {one["platform"] for one in snapshots}:
        ids = [one["post_id"] for one in snapshots if one["platform"] == platform]
        for start in range(0, len(ids), _CHUNK):
            given = {"of": platform, "ids": ids[start : start + _CHUNK]}
            rows = connection.execute(_told_statement(), given).mappings()
            found.update({_key(row): row for row in rows})
    return found


@functools.cache
def _told_statement():
    seen = metric_snapshots.c
    return select(metric_snapshots).where(
        seen.platform == bindparam("of"), seen.post_id.in_(bindparam("ids", expanding=True))
    )


def _age(row: dict[str, Any], now: datetime) -> int | None:
    """Whole days since the post was made, None where nothing is to be kept."""
    unknown = row["created_at_estimated"] and row["created_at"] == now
    if row["is_repost"] or unknown:
        return None
    age = max(0, (now - row["created_at"]) // DAY)
    return age if age <= OLDEST and any(row[name] is not None for name in COUNTS) else None


def _snapshot(row: dict[str, Any], age: int, now: datetime) -> dict[str, Any]:
    counts = {name: row[name] for name in COUNTS}
    key = {"post_id": row["post_id"], "platform": row["platform"]}
    return {**key, "age_days": age, "captured_at": now, **counts}


@functools.cache
def _save_statement(dialect: str):
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(metric_snapshots)
    new, old = statement.excluded, metric_snapshots.c
    counts = {name: func.coalesce(new[name], old[name]) for name in COUNTS}
    return statement.on_conflict_do_update(
        index_elements=["post_id", "platform", "age_days"],
        set_={"captured_at": new.captured_at, **counts},
    )


def mark_seen(
    connection: Connection, platform: Platform | str, ids: Sequence[str], now: datetime
) -> None:
    """These posts were asked for and told again, whether anything moved or not."""
    post = social_posts.c
    connection.execute(
        update(social_posts)
        .where(post.platform == str(platform), post.post_id.in_(ids))
        .values(captured_at=now)
    )


# --- what to ask for again ------------------------------------------------------------------------


def due_at_an_age(
    connection: Connection,
    platform: Platform | str,
    ages: Sequence[int],
    now: datetime,
    limit: int,
    origin: str = "",
) -> list[Any]:
    """Counted posts that have one of these ages now and no snapshot of it: post_id, created_at and
    found_by, the longest unseen first. `origin` is how their `found_by` begins.
    """
    post, seen = social_posts.c, metric_snapshots.c
    at_age = [
        and_(
            post.created_at > now - (age + 1) * DAY,
            post.created_at <= now - age * DAY,
            ~exists().where(
                seen.post_id == post.post_id,
                seen.platform == post.platform,
                seen.age_days == age,
            ),
        )
        for age in ages
    ]
    # The bounds once more, for the index: an OR of them would hide it.
    bounds = [post.created_at > now - (max(ages) + 1) * DAY, post.created_at <= now]
    return _rows(
        connection,
        [COUNTED, post.platform == str(platform), *bounds, or_(*at_age)],
        origin,
        limit,
    )


def unseen_since(
    connection: Connection, platform: Platform | str, instant: datetime, limit: int | None = None
) -> list[Any]:
    """Posts, counted or not, that the platform has not told since then; as `due_at_an_age`.

    Those of an operator's own files are none of the platform's interface.
    """
    post = social_posts.c
    # Written out, as the partial index has it.
    expires = text("social_posts.platform IN ('youtube','tiktok')")
    wanted = [expires, post.platform == str(platform), post.captured_at < instant]
    return _rows(connection, [*wanted, post.found_by.not_like(IMPORTED)], "", limit)


def last_seen(
    connection: Connection, platform: Platform | str, ids: Sequence[str]
) -> dict[str, datetime]:
    """When each of these posts left its newest snapshot; those without one are missing."""
    seen = metric_snapshots.c
    rows = connection.execute(
        select(seen.post_id, func.max(seen.captured_at))
        .where(seen.platform == str(platform), seen.post_id.in_(ids))
        .group_by(seen.post_id)
    )
    return dict(rows.all())


def _rows(connection: Connection, conditions: list, origin: str, limit: int | None) -> list[Any]:
    post = social_posts.c
    found = select(post.post_id, post.created_at, post.found_by).where(*conditions)
    if origin:
        found = found.where(post.found_by.startswith(origin, autoescape=True))
    return list(connection.execute(found.order_by(post.captured_at, post.post_id).limit(limit)))


# --- reading --------------------------------------------------------------------------------------


def has_snapshots(connection: Connection) -> bool:
    """Whether any count was kept by age; a database that was just brought up to date has none."""
    return connection.execute(select(metric_snapshots.c.age_days).limit(1)).first() is not None


def engagement_at_age(connection: Connection, scope: Scope, age: int) -> tuple[Seen, ...]:
    """Each platform's posts of a scope, with what they had at an age (`insights.ages.Seen`).

    Raises KeyError for an unknown city or place.
    """
    known = connection.execute(
        select(places.c.id, places.c.slug, places.c.city_slug, places.c.category)
    ).all()
    ids = place_ids(known, scope)
    post, seen = social_posts.c, metric_snapshots.c
    conditions = [COUNTED, post.day >= number_of(scope.since), post.day < number_of(scope.until)]
    conditions += [] if ids is None else [at_places(ids)]
    conditions += [*of_platforms(post.platform, scope), *of_voice(post.voice, scope)]
    counts = [one for name in COUNTS for one in (func.sum(seen[name]), func.count(seen[name]))]
    same = and_(seen.post_id == post.post_id, seen.platform == post.platform, seen.age_days == age)
    rows = connection.execute(
        select(post.platform, func.count(), func.count(seen.age_days), *counts)
        .select_from(social_posts.outerjoin(metric_snapshots, same))
        .where(*conditions)
        .group_by(post.platform)
    )
    return tuple(Seen(name, posts, _totals(n, sums)) for name, posts, n, *sums in rows)


def _totals(posts: int, sums: Sequence[Any]) -> Totals:
    """`sums` are, for each of COUNTS, the sum (None where none is known) and how many are known."""
    named = {}
    for place, name in enumerate(COUNTS):
        total, known = sums[2 * place : 2 * place + 2]
        named |= {name: None if total is None else int(total), f"{name}_known": known}
    return Totals(posts=posts, **named)
