"""Asking again for stored posts: so that likes do not freeze at first sight, what was deleted goes
here too, and nothing stands longer than a platform's terms let it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.context import Context
from collector.platforms import Page, PlatformError, Source, fields, tiktok, youtube
from collector.platforms.refreshing import Refreshable, Refreshing, Stored
from collector.report import Line
from db import queries, snapshots, store
from db.engine import Connection, Engine
from insights.matching import matched_post
from insights.model import Kind, Platform

log = logging.getLogger("collector")

# The memory of posts that were asked for and not told: when that was, by id.
IN_VAIN = "asked_in_vain"
# A post that a platform keeps silent about is asked for again so much later; where silence means
# that it is gone, in the next round, as two rounds in a row must say so.
PATIENCE = timedelta(days=1)
REMEMBERED = timedelta(days=40)
# So long before the terms' limit posts are asked for again, for rounds that may fail.
AHEAD = timedelta(days=5)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
KEEP = {Platform.YOUTUBE: youtube.KEEP, Platform.TIKTOK: tiktok.KEEP}


def refresh(context: Context, source: Source, line: Line) -> None:
    """Ask for what is due by the rules of the platform, after its search and within its limits.

    Raises PlatformError as the search does; a budget that is used up is only said, as the search
    itself was whole.
    """
    if not isinstance(source, Refreshable):
        return
    plan, now = source.refreshing, context.clock()
    with context.engine.connect() as connection:
        state = queries.state_of(connection, source.platform)
        posts = _due(connection, source.platform, plan, _in_vain(state, now), now)
    if not posts:
        return
    ends_at = time.monotonic() + context.limits.refresh_budget
    try:
        for page in source.refresh(posts, state, now):
            _save(context, source.platform, plan, page, posts, line)
            if context.stop.is_set():
                return
            if time.monotonic() > ends_at:
                raise PlatformError(Kind.BUDGET, "its share of the time is used up")
            context.check_budget()
            if context.purse.posts(source.platform, 1):
                context.check_money()
    except PlatformError as error:
        if error.kind != Kind.BUDGET:
            raise
        line.say(f"stored posts are asked for again in the next round: {error.message}")


def _due(
    connection: Connection,
    platform: Platform,
    plan: Refreshing,
    in_vain: Mapping[str, datetime],
    now: datetime,
) -> list[Stored]:
    """The posts to ask for: those that the terms give little time first, then those of an age."""
    most = plan.batch * plan.requests
    waiting = (
        {} if plan.silence_is_gone else {i for i, at in in_vain.items() if now - at < PATIENCE}
    )
    wanted: dict[str, Stored] = {}
    rows: list[Any] = []
    if plan.keep is not None:
        rows += snapshots.unseen_since(connection, platform, now - (plan.keep - AHEAD), most)
    rows += snapshots.due_at_an_age(
        connection, platform, plan.ages, now, most + len(waiting), plan.origin
    )
    for row in rows:
        if row.post_id not in waiting:
            wanted.setdefault(row.post_id, Stored(row.post_id, row.created_at, row.found_by))
    return list(wanted.values())[:most]


def _save(
    context: Context,
    platform: Platform,
    plan: Refreshing,
    page: Page,
    asked: Sequence[Stored],
    line: Line,
) -> None:
    """Store one lookup in one transaction: new counts, what is gone, and what was in vain."""
    found_by = {post.post_id: post.found_by for post in asked}
    posts = [replace(p, found_by=found_by[p.post_id]) for p in page.posts if p.post_id in found_by]
    matched = [matched_post(post, context.gazetteer, context.hash_secret) for post in posts]
    now = context.clock()
    with context.engine.begin() as connection:
        context.guard(connection)
        state = queries.state_of(connection, platform)
        in_vain = _in_vain(state, now)
        silent, gone = set(page.silent), [*page.gone]
        if plan.silence_is_gone:
            seen = snapshots.last_seen(connection, platform, [*page.silent])
            gone += [i for i in page.silent if i in in_vain and in_vain[i] > seen.get(i, NEVER)]
        else:
            silent |= {reject.post_id for reject in page.rejects if reject.post_id in found_by}
        saved = store.save_page(
            connection,
            matched,
            now=now,
            zone=context.zone,
            rejects=page.rejects,
            platform=platform,
            state={**page.state, **_remember(in_vain, silent, posts, gone, now)},
        )
        deleted = store.forget_all(connection, platform, gone, now=now)
        snapshots.mark_seen(connection, platform, [post.post_id for post in posts], now)
        cost = context.purse.posts(platform, len(page.posts))
        context.purse.spend(connection, platform, cost, now)
    line.pay(cost)
    line.updated += saved.updated
    line.quarantined += saved.quarantined
    line.refreshed += len(posts)
    line.gone += deleted
    line.say(page.note)
    if page.problem is not None:
        line.fail(page.problem.kind, page.problem.message)


def _remember(
    in_vain: Mapping[str, datetime],
    silent: set[str],
    told: Sequence[Any],
    gone: Sequence[str],
    now: datetime,
) -> dict[str, Any]:
    """The memory after a lookup: the silent ones added, those told or gone taken out."""
    done = {post.post_id for post in told} | set(gone)
    kept = {i: at for i, at in in_vain.items() if i not in done} | dict.fromkeys(
        sorted(silent - done), now
    )
    if kept == in_vain:
        return {}
    return {IN_VAIN: {i: at.isoformat() for i, at in kept.items()} or None}


def _in_vain(state: Mapping[str, Any], now: datetime) -> dict[str, datetime]:
    """When each post was asked for in vain; what is too old or cannot be read is left out."""
    known = {i: _instant(at) for i, at in fields.mapping(state.get(IN_VAIN)).items()}
    return {i: at for i, at in known.items() if at is not None and now - REMEMBERED < at <= now}


def _instant(value: Any) -> datetime | None:
    try:
        return fields.instant(value)
    except fields.Unreadable:
        return None


def expire(
    engine: Engine,
    clock: Callable[[], datetime],
    guard: Callable[[Connection], None],
) -> int:
    """Delete what a platform has not told again within the time of its terms; returns how many.

    Also where the platform is no longer asked, or its key no longer works: the terms hold on.
    """
    deleted = 0
    for platform, keep in KEEP.items():
        with engine.begin() as connection:
            guard(connection)
            rows = snapshots.unseen_since(connection, platform, clock() - keep)
            found = store.delete_posts(connection, platform, [row.post_id for row in rows])
        if found:
            log.info("%s: %d stored and not told for %d days: deleted", platform, found, keep.days)
        deleted += found
    return deleted
