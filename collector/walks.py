"""Stored posts are gone through again where the rules that judged them have changed since.

Page by page, under the writer's lock, with the place that was come to in the database: a round
that ends early, or a process that dies, is followed by one that goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from collector.context import Context
from db import queries, store
from db.engine import Connection

PAGE = 1_000  # posts a transaction
SECONDS = 60.0  # so long a round walks at most; some hundred thousand posts are done in it

Key = tuple[str, str]


@dataclass(frozen=True)
class Page:
    """What became of some posts: how many they were, how many moved, and the last one's key."""

    posts: int
    moved: int
    last: Key | None


@dataclass(frozen=True)
class Walk:
    """One way of judging posts again: its name among the platforms' states, the version of its
    rules, and what it does to the so many posts that follow a key."""

    name: str
    rules: int | str
    judge: Callable[[Connection, Key | None, int], Page]


@dataclass(frozen=True)
class Walked:
    """How many posts a round has judged again, how many of them moved, and whether all are done."""

    posts: int = 0
    moved: int = 0
    done: bool = True


def go(context: Context, walk: Walk) -> Walked:
    """Judge the next stored posts again, where the rules are newer.

    Bounded by SECONDS and the round's budget, and goes on where it was in the next round. Raises
    store.LeaseLost, and what the database raises.
    """
    ends = min(context.ends_at, time.monotonic() + SECONDS)
    posts = moved = 0
    while not (done := _is_done(context, walk)):
        if context.stop.is_set() or time.monotonic() >= ends:
            break
        page = context.write(step, walk, context)
        posts, moved = posts + page.posts, moved + page.moved
    return Walked(posts, moved, done)


def _is_done(context: Context, walk: Walk) -> bool:
    with context.engine.connect() as connection:
        state = queries.state_of(connection, walk.name)
    return state.get("rules") == walk.rules and "after" not in state


def step(connection: Connection, walk: Walk, context: Context) -> Page:
    """One page under the writer's lock, so that no text changes meanwhile."""
    store.bump(connection)
    state = queries.state_of(connection, walk.name)
    after = state.get("after") if state.get("rules") == walk.rules else None
    page = walk.judge(connection, tuple(after) if after else None, PAGE)
    store.save_walk(connection, walk.name, walk.rules, page.last, context.clock())
    return page
