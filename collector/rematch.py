"""Stored posts are matched again when the gazetteer or its rules have changed, some each round."""

from __future__ import annotations

import logging

from collector import walks
from collector.context import Context
from db import queries, store
from db.engine import Connection
from insights.matching import matched_again
from insights.places import Gazetteer, fingerprint

log = logging.getLogger("collector")


def rematch(context: Context) -> int:
    """Match the next stored posts again, where the places or the rules are newer; returns how many.

    What a classifier says of a post's relevance stays, and so does an officer's correction. Raises
    what `walks.go` raises.
    """
    gazetteer = context.gazetteer
    if gazetteer is None:
        return 0

    def judge(connection: Connection, after: walks.Key | None, limit: int) -> walks.Page:
        return _judge(connection, context, gazetteer, after, limit)

    walk = walks.Walk(store.MATCHED, fingerprint(gazetteer.places), judge)
    walked = walks.go(context, walk)
    if walked.posts:
        log.info(
            "places: the gazetteer or its rules have changed; matched %d stored posts again,"
            " %d of them stand otherwise now%s",
            walked.posts,
            walked.moved,
            "" if walked.done else "; the rest follows in the next round",
        )
    return walked.posts


def _judge(
    connection: Connection,
    context: Context,
    gazetteer: Gazetteer,
    after: walks.Key | None,
    limit: int,
) -> walks.Page:
    posts = queries.posts_after(connection, after, limit)
    matched = [matched_again(post, gazetteer, known) for post, known in posts]
    moved = store.relink(connection, matched, now=context.clock())
    last = (posts[-1][0].post_id, str(posts[-1][0].platform)) if posts else None
    return walks.Page(len(posts), moved, last)
