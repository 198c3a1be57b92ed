"""Stored texts are heard again when the rules for voices have changed, some of them each round."""

from __future__ import annotations

import logging

from collector import walks
from collector.context import Context
from db import queries, store
from db.engine import Connection
from db.store import Heard
from insights.texts import cluster_key
from insights.voices import RULES, voice_of

log = logging.getLogger("collector")


def review(context: Context) -> int:
    """Hear the next stored texts again, where the rules are newer; returns how many were heard.

    Raises what `walks.go` raises.
    """
    walked = walks.go(context, walks.Walk(store.HEARD, RULES, _hear))
    if walked.posts:
        log.info(
            "voices: heard %d stored posts again, %d speak in another voice",
            walked.posts,
            walked.moved,
        )
    return walked.posts


def _hear(connection: Connection, after: walks.Key | None, limit: int) -> walks.Page:
    posts = queries.texts_after(connection, after, limit)
    moved = store.revoice(connection, [_heard(post) for post in posts])
    last = (posts[-1].post_id, str(posts[-1].platform)) if posts else None
    return walks.Page(len(posts), moved, last)


def _heard(post: queries.Text) -> Heard:
    voice = voice_of(post.content, post.hashtags)
    return Heard(post.post_id, post.platform, voice, cluster_key(post.content))
