"""Posts that the classifier will not be asked about again: they stand in quarantine, with the
reason, until a label comes after all or somebody has them asked once more (`replay`).

Like those of db/store.py, every function works inside a transaction that the caller opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, tuple_, update

from db import store
from db.tables import quarantine, social_posts
from insights.model import Platform, Reject

STAGE = "classify"
Key = tuple[Platform, str]


def note_refusal(
    connection: Connection, key: Key, why: str, *, blocked: bool, most: int, now: datetime
) -> bool:
    """Count that a post got no label; returns whether it went to quarantine.

    That is for one that is blocked, and for one that was asked for `most` times. A post without a
    text is no odd record: there is nothing to label, and nothing to ask again.
    """
    store.note_refusals(connection, [key], why, blocked=blocked)
    platform, post_id = key
    post = social_posts.c
    found = connection.execute(
        select(post.classify_attempts, post.content).where(
            post.post_id == post_id, post.platform == platform
        )
    ).one_or_none()
    if found is None or not found.content.strip():
        return False
    if not blocked and found.classify_attempts < most:
        return False
    # The text stays where it is: a post that is forgotten must be gone from one place.
    record = Reject(platform, why, {"id": post_id}, post_id, STAGE)
    store.save_quarantine(connection, [record], now)
    return True


def settle(connection: Connection, keys: Iterable[Key], now: datetime) -> None:
    """These posts have a label after all: quarantine lists them no longer."""
    held = quarantine.c
    wanted = [(str(platform), post_id) for platform, post_id in keys]
    connection.execute(
        update(quarantine)
        .where(
            held.stage == STAGE,
            held.replayed_at.is_(None),
            tuple_(held.platform, held.post_id).in_(wanted),
        )
        .values(replayed_at=now)
    )


def ask_again(connection: Connection, key: Key) -> bool:
    """Let a post wait for a label as if it had never been asked; False when it is gone."""
    platform, post_id = key
    post = social_posts.c
    store.bump(connection)
    found = connection.execute(
        update(social_posts)
        .where(post.post_id == post_id, post.platform == platform)
        .values(waiting=True, classify_attempts=0, classify_note=None)
    )
    return found.rowcount == 1
