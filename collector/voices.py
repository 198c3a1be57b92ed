"""Stored texts are heard again when the rules for voices have changed, some of them each round."""

from __future__ import annotations

import logging
import time

from collector.context import Context
from db import queries, store
from db.engine import Connection
from db.store import Heard
from insights.texts import cluster_key
from insights.voices import RULES, voice_of

log = logging.getLogger("collector")

# The state's name among those of the platforms; its keys: `rules` is the version of the rules that
# the review is about, `after` the post it has come to, None at its end.
STATE = "voices"
PAGE = 1_000  # posts a transaction
SECONDS = 60.0  # so long a round listens; a million posts take a good minute


def review(context: Context) -> int:
    """Hear the next stored texts again, where the rules are newer; returns how many were heard.

    Bounded by SECONDS and the round's budget, and goes on where it was in the next round. Raises
    store.LeaseLost, and what the database raises.
    """
    ends = min(context.ends_at, time.monotonic() + SECONDS)
    heard = moved = 0
    while not context.stop.is_set() and time.monotonic() < ends:
        with context.engine.connect() as connection:
            if is_done(connection):
                break
        some, changed = context.write(_review_some, context)
        heard, moved = heard + some, moved + changed
    if heard:
        log.info("voices: heard %d stored posts again, %d speak in another voice", heard, moved)
    return heard


def is_done(connection: Connection) -> bool:
    """Whether every stored text was heard with the rules of today."""
    state = queries.state_of(connection, STATE)
    return state.get("rules") == RULES and "after" not in state


def _review_some(connection: Connection, context: Context) -> tuple[int, int]:
    """One page under the writer's lock, so that no text changes meanwhile."""
    store.bump(connection)
    state = queries.state_of(connection, STATE)
    after = state.get("after") if state.get("rules") == RULES else None
    posts = queries.texts_after(connection, tuple(after) if after else None, PAGE)
    moved = store.revoice(connection, [_heard(post) for post in posts])
    last = [posts[-1].post_id, posts[-1].platform] if posts else None
    now = context.clock()
    store.save_state(connection, STATE, {"rules": RULES, "after": last}, now)
    return len(posts), moved


def _heard(post: queries.Text) -> Heard:
    voice = voice_of(post.content, post.hashtags)
    return Heard(post.post_id, post.platform, voice, cluster_key(post.content))
