"""Officers' corrections: what the dashboard writes, and how they lie upon the posts.

A correction is laid over what the machine says and lifted off again: whoever rewrites posts (a
fetch, a label, a new match) lifts the corrections of these posts first, writes as if there were
none, and lays them again. So a correction outlives every backfill, and its undoing shows what the
machine has come to say meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import uuid4

import pandas as pd
from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from db.rows import clean_text
from db.search import COUNTED
from db.tables import corrections, places, post_places, social_posts
from insights.corrections import UNKNOWN, Correction, CorrectionError, Field, checked

Key = tuple[str, str]
# As many posts as one page of a list has, times a few: a decision over more is a rule, not a look.
MAX_BATCH = 200
MAX_NOTE = 500
BY = "officer"

_SENTIMENT = ("sentiment", "sentiment_score", "classified_by", "confidence")


# --- what the dashboard writes --------------------------------------------------------------------


def save_corrections(
    connection: Connection,
    decisions: Sequence[Correction],
    *,
    officer: str,
    now: datetime,
    note: str = "",
    sampled: bool = False,
) -> str:
    """Write one decision over some posts and return its batch; it counts once it is applied.

    `sampled`: the posts were drawn by lot (`lots`), not picked out by somebody.

    Raises CorrectionError for a value no field has, a post that is not stored, a repost that
    somebody would have count, and for too many posts at once; then nothing is written.
    """
    if not decisions or len(decisions) > MAX_BATCH:
        raise CorrectionError("too_many" if decisions else "no_posts")
    slugs = frozenset(connection.execute(select(places.c.slug)).scalars())
    found = _standing(connection, [(d.post_id, str(d.platform)) for d in decisions])
    batch = uuid4().hex
    rows = []
    for decision in decisions:
        post = found.get((decision.post_id, str(decision.platform)))
        if post is None:
            raise CorrectionError("no_such_post")
        if post.is_repost:
            raise CorrectionError("repost")
        before, before_by = _before(checked(decision, slugs).field, post)
        rows.append(
            {
                "post_id": decision.post_id,
                "platform": str(decision.platform),
                "field": str(decision.field),
                "value": decision.value,
                "before": before,
                "before_by": before_by,
                "officer": clean_text(officer)[:200],
                "batch": batch,
                "sampled": sampled,
                "note": clean_text(note.strip())[:MAX_NOTE] or None,
                "corrected_at": now,
            }
        )
    connection.execute(insert(corrections), rows)
    return batch


def undo_corrections(connection: Connection, batch: str, *, officer: str, now: datetime) -> int:
    """Take a batch back; returns how many corrections that were standing no longer do."""
    return connection.execute(
        update(corrections)
        .where(corrections.c.batch == batch, corrections.c.undone_at.is_(None))
        .values(undone_at=now, undone_by=clean_text(officer)[:200])
    ).rowcount


def _before(field: Field, post: Row) -> tuple[str | None, str | None]:
    """What stands, and who said so."""
    if field is Field.SENTIMENT:
        return post.sentiment, post.classified_by
    if field is Field.PLACE:
        return post.slug or UNKNOWN, post.counted_why
    return ("yes" if post.counted else "no"), post.counted_why


def _standing(connection: Connection, keys: Iterable[Key]) -> dict[Key, Row]:
    post = social_posts.c
    found = {}
    for platform, ids in _by_platform(keys):
        rows = connection.execute(
            select(
                post.post_id,
                post.platform,
                post.sentiment,
                post.classified_by,
                post.counted,
                post.counted_why,
                post.is_repost,
                places.c.slug,
            )
            .select_from(social_posts.outerjoin(places, places.c.id == post.place_id))
            .where(post.platform == platform, post.post_id.in_(ids))
        )
        found.update({(row.post_id, row.platform): row for row in rows})
    return found


def _by_platform(keys: Iterable[Key]) -> Iterable[tuple[str, list[str]]]:
    ids = defaultdict(list)
    for post_id, platform in keys:
        ids[platform].append(post_id)
    for platform, all_ids in ids.items():
        for start in range(0, len(all_ids), 500):
            yield platform, all_ids[start : start + 500]


# --- laying them on and lifting them off ----------------------------------------------------------

_LAID = and_(
    corrections.c.applied_at.is_not(None),
    or_(corrections.c.undone_at.is_(None), corrections.c.undo_applied_at.is_(None)),
)
_STANDING = corrections.c.undone_at.is_(None)
_PENDING = or_(
    corrections.c.applied_at.is_(None),
    and_(corrections.c.undone_at.is_not(None), corrections.c.undo_applied_at.is_(None)),
)


def unapplied(connection: Connection, limit: int = 500) -> list[Key]:
    """The posts whose corrections, or whose undoing, the totals do not know yet; oldest first."""
    found = connection.execute(
        select(corrections.c.post_id, corrections.c.platform)
        .where(_PENDING)
        .order_by(corrections.c.corrected_at, corrections.c.id)
        .limit(limit)
    )
    return list(dict.fromkeys((row.post_id, row.platform) for row in found))


def corrected(connection: Connection, keys: Iterable[Key]) -> set[Key]:
    """Which of these posts carry, or wait for, an officer's correction."""
    if connection.execute(select(corrections.c.id).limit(1)).first() is None:
        return set()
    which = or_(_LAID, _STANDING)
    return {(row.post_id, row.platform) for row in _of(connection, keys, which)}


def lift(connection: Connection, keys: Iterable[Key]) -> None:
    """Give corrected posts their machine's values back.

    Between this and `lay` the rows say what they would say had no officer ever looked.
    """
    laid = _latest(_of(connection, keys, _LAID))
    for key, by_field in laid.items():
        values: dict[str, Any] = {"corrected": False}
        # Relevance last: where a place was corrected too, its machine's word is the older one.
        for field in (Field.PLACE, Field.SENTIMENT, Field.RELEVANT):
            if field in by_field and by_field[field].machine:
                values |= json.loads(by_field[field].machine)
        if Field.PLACE in by_field:
            _unlink(connection, key, values.get("place_id"))
        connection.execute(update(social_posts).where(_is(key)).values(**values))


def lay(connection: Connection, keys: Iterable[Key], now: datetime) -> None:
    """Lay every standing correction of these posts on.

    What the machine said is kept beside each, for the day it is undone.
    """
    keys = set(keys)
    standing = _latest(_of(connection, keys, _STANDING))
    ids = dict(connection.execute(select(places.c.slug, places.c.id)).all()) if standing else {}
    for key, by_field in standing.items():
        post = connection.execute(select(social_posts).where(_is(key))).mappings().one()
        values: dict[str, Any] = {"corrected": True}
        for field in (Field.SENTIMENT, Field.PLACE, Field.RELEVANT):
            if field in by_field:
                _keep_machine(connection, key, field, post)
                values |= _corrected(field, by_field[field].value, post, ids)
        connection.execute(update(social_posts).where(_is(key)).values(**values))
        if Field.PLACE in by_field:
            _link(connection, key, values["place_id"])
    _mark(connection, keys, now)


def _corrected(
    field: Field, value: str, post: Mapping[str, Any], ids: Mapping[str, int]
) -> dict[str, Any]:
    """The columns of a post as a correction has them."""
    if field is Field.SENTIMENT:
        return {
            "sentiment": value,
            # An officer gives a label and no degree: the machine's would contradict it.
            "sentiment_score": None,
            "classified_by": BY,
            "confidence": None,
        }
    if field is Field.RELEVANT:
        yes = value == "yes"
        return {
            "counted": yes,
            "counted_why": "officer:relevant" if yes else "officer:not_relevant",
        }
    if value == UNKNOWN:
        return {"place_id": None}
    # Whoever names its place in Kedah says that the post is about Kedah.
    return {"place_id": ids.get(value), "counted": True, "counted_why": "officer:place"}


_COLUMNS = {
    Field.SENTIMENT: _SENTIMENT,
    Field.PLACE: ("place_id", "counted", "counted_why"),
    Field.RELEVANT: ("counted", "counted_why"),
}


def _keep_machine(connection: Connection, key: Key, field: Field, post: Mapping[str, Any]) -> None:
    machine = json.dumps({name: post[name] for name in _COLUMNS[field]})
    connection.execute(
        update(corrections)
        .where(_of_post(key), corrections.c.field == field, _STANDING)
        .values(machine=machine)
    )


def _mark(connection: Connection, keys: Iterable[Key], now: datetime) -> None:
    """Remember that what is said of these posts is in the totals from now on."""
    for platform, ids in _by_platform(keys):
        of = and_(corrections.c.platform == platform, corrections.c.post_id.in_(ids))
        connection.execute(
            update(corrections).where(of, corrections.c.applied_at.is_(None)).values(applied_at=now)
        )
        connection.execute(
            update(corrections)
            .where(
                of, corrections.c.undone_at.is_not(None), corrections.c.undo_applied_at.is_(None)
            )
            .values(undo_applied_at=now)
        )


def _link(connection: Connection, key: Key, place_id: int | None) -> None:
    """Let the corrected place be the primary one, also where the text does not name it."""
    link = post_places.c
    of = and_(link.post_id == key[0], link.platform == key[1])
    connection.execute(update(post_places).where(of).values(is_primary=False))
    if place_id is None:
        return
    found = connection.execute(
        update(post_places).where(of, link.place_id == place_id).values(is_primary=True)
    )
    if not found.rowcount:
        connection.execute(
            insert(post_places).values(
                post_id=key[0],
                platform=key[1],
                place_id=place_id,
                alias="",
                why=BY,
                start=-1,
                is_primary=True,
            )
        )


def _unlink(connection: Connection, key: Key, place_id: int | None) -> None:
    """Take the links back that a correction made."""
    link = post_places.c
    of = and_(link.post_id == key[0], link.platform == key[1])
    connection.execute(delete(post_places).where(of, link.why == BY))
    connection.execute(update(post_places).where(of).values(is_primary=link.place_id == place_id))


def _is(key: Key):
    return and_(social_posts.c.post_id == key[0], social_posts.c.platform == key[1])


def _of_post(key: Key):
    return and_(corrections.c.post_id == key[0], corrections.c.platform == key[1])


def _of(connection: Connection, keys: Iterable[Key], which) -> list[Row]:
    """These posts' corrections of one kind, oldest first."""
    found: list[Row] = []
    for platform, ids in _by_platform(keys):
        found += connection.execute(
            select(corrections).where(
                corrections.c.platform == platform, corrections.c.post_id.in_(ids), which
            )
        )
    return sorted(found, key=lambda row: (row.corrected_at, row.id))


def _latest(rows: Iterable[Row]) -> dict[Key, dict[Field, Row]]:
    """The last word on each field of each post."""
    latest: dict[Key, dict[Field, Row]] = defaultdict(dict)
    for row in rows:
        latest[row.post_id, row.platform][Field(row.field)] = row
    return dict(latest)


# --- what the pages read --------------------------------------------------------------------------


def history(connection: Connection, limit: int = 50, key: Key | None = None) -> pd.DataFrame:
    """Who corrected what and when, latest first, of one post where `key` names it.

    One row a correction: id, batch, platform, post_id, field, value, before, before_by, officer,
    note, corrected_at, applied_at, undone_at, undone_by, sampled.
    """
    names = (
        *("id", "batch", "platform", "post_id", "field", "value", "before", "before_by"),
        *("officer", "note", "corrected_at", "applied_at", "undone_at", "undone_by", "sampled"),
    )
    statement = select(*(corrections.c[name] for name in names))
    if key is not None:
        statement = statement.where(_of_post(key))
    statement = statement.order_by(corrections.c.corrected_at.desc(), corrections.c.id.desc())
    rows = connection.execute(statement.limit(limit)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=list(names))


def standing(connection: Connection, keys: Iterable[Key]) -> dict[Key, dict[Field, Row]]:
    """The last standing correction of each field of these posts: value, before, officer, when."""
    return _latest(_of(connection, keys, _STANDING))


def checked_labels(connection: Connection) -> pd.DataFrame:
    """Every label that an officer looked at and that still stands as a decision.

    One row a post, its last decision: language, value (the officer's), before (what stood),
    before_by (who had said so), sampled, corrected_at. Labels that corrected another officer's
    are left out, as they say nothing of the machine.
    """
    post, said = social_posts.c, corrections.c
    rows = connection.execute(
        select(
            said.post_id,
            said.platform,
            post.language,
            said.value,
            said.before,
            said.before_by,
            said.sampled,
            said.corrected_at,
        )
        .join(social_posts, and_(post.post_id == said.post_id, post.platform == said.platform))
        .where(
            said.field == Field.SENTIMENT,
            said.undone_at.is_(None),
            said.before.is_not(None),
            said.before_by != BY,
        )
        .order_by(said.corrected_at, said.id)
    ).all()
    columns = ["language", "value", "before", "before_by", "sampled", "corrected_at"]
    latest = {(row.post_id, row.platform): tuple(row)[2:] for row in rows}
    return pd.DataFrame(list(latest.values()), columns=columns)


def lots(connection: Connection, seed: str, among: int = 5000) -> list[Key]:
    """The newest counted posts that carry a label, in the order in which they are drawn by lot.

    The same seed draws in the same order.
    """
    post = social_posts.c
    found = connection.execute(
        select(post.post_id, post.platform)
        .where(COUNTED, post.sentiment.is_not(None))
        .order_by(post.created_at.desc())
        .limit(among)
    )
    keys = [(row.post_id, row.platform) for row in found]
    return sorted(keys, key=lambda key: _lot(seed, key))


def sample(connection: Connection, drawn: Iterable[Key], size: int) -> list[Key]:
    """The first `size` of the `lots` whose label no officer has judged."""
    said = corrections.c
    rows = connection.execute(
        select(said.post_id, said.platform).where(
            said.field == Field.SENTIMENT, said.undone_at.is_(None)
        )
    )
    judged = {(row.post_id, row.platform) for row in rows}
    return list(islice((key for key in drawn if key not in judged), size))


def _lot(seed: str, key: Key) -> str:
    return hashlib.sha256(f"{seed}:{key[1]}:{key[0]}".encode()).hexdigest()


def pending(connection: Connection) -> int:
    """How many corrections and undoings the figures do not know yet."""
    return connection.execute(
        select(func.count()).select_from(corrections).where(_PENDING)
    ).scalar_one()
