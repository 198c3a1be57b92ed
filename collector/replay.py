"""Reads the records in quarantine again, with the parsers as they are now."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, tzinfo
from typing import Any

from collector.platforms import facebook, instagram, tiktok, x, youtube
from db import queries, refusals, store
from db.engine import Engine
from insights.matching import matched_post
from insights.model import Platform, Post, Reject
from insights.places import Gazetteer

MOST = 100_000  # records a replay looks at
ORIGIN = "replay"


@dataclass(frozen=True)
class Replayed:
    """What a replay did: records read after all, posts of them that are new, records that stay,
    and posts that the classifier is to be asked for once more."""

    read: int = 0
    new: int = 0
    kept: int = 0
    asked: int = 0


class _Unreadable(Exception):
    """The record is as odd as it was."""


def replay(
    engine: Engine,
    gazetteer: Gazetteer,
    clock: Callable[[], datetime],
    *,
    zone: tzinfo,
    hash_secret: str = "",
    stop: threading.Event | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Replayed:
    """Try every record that was not read yet, each in a transaction of its own.

    What is read is stored like any post and marked as replayed; the rest stays. `progress` is
    told the number of records tried. Raises what a database raises.
    """
    with engine.connect() as connection:
        records = queries.quarantined(connection, MOST).to_dict("records")
    read = new = asked = 0
    for done, record in enumerate(records, start=1):
        if stop is not None and stop.is_set():
            break
        if record["stage"] == refusals.STAGE:
            with engine.begin() as connection:
                refusals.ask_again(connection, (record["platform"], record["post_id"]))
                store.mark_replayed(connection, [record["id"]], clock())
            asked += 1
            progress(done)
            continue
        try:
            post = _post(record)
        except _Unreadable:
            progress(done)
            continue
        now = clock()
        matched = matched_post(post, gazetteer, hash_secret)
        with engine.begin() as connection:
            saved = store.save_page(connection, [matched], now=now, zone=zone)
            if not saved.quarantined:
                store.mark_replayed(connection, [record["id"]], now)
                read, new = read + 1, new + saved.new
        progress(done)
    return Replayed(read, new, len(records) - read - asked, asked)


def _post(record: Mapping[str, Any]) -> Post:
    try:
        payload = json.loads(record["payload"])
    except (ValueError, RecursionError) as error:
        raise _Unreadable from error
    if not isinstance(payload, dict):
        raise _Unreadable
    if record["stage"] == "store":
        return _stored_post(payload)
    found = _parsed(str(record["platform"]), payload)
    if isinstance(found, Reject):
        raise _Unreadable
    return found


def _parsed(platform: str, item: dict[str, Any]) -> Post | Reject:
    if platform == Platform.X:
        return x.parse_post(item, {}, ORIGIN)
    if platform == Platform.FACEBOOK:
        # Only posts of configured Pages are ever asked for, and their id begins with the Page's.
        page, sign, _ = str(item.get("id")).partition("_")
        return facebook.parse_post(item, f"page:{page}" if sign else ORIGIN)
    if platform == Platform.INSTAGRAM:
        return instagram.parse_post(item, ORIGIN)
    if platform == Platform.YOUTUBE:
        return youtube.parse_post(item, ORIGIN)
    if platform == Platform.TIKTOK:
        return tiktok.parse_post(item, ORIGIN)
    raise _Unreadable


def _stored_post(payload: dict[str, Any]) -> Post:
    """The post that a database refused, out of the record's own fields."""
    known = {f.name for f in fields(Post)}
    given = {name: value for name, value in payload.items() if name in known}
    try:
        given["platform"] = Platform(given["platform"])
        given["posted_at"] = _instant(given.get("posted_at"))
        for name in ("hashtags", "mentions"):
            given[name] = tuple(given.get(name) or ())
        return Post(**given)
    except (KeyError, TypeError, ValueError) as error:
        raise _Unreadable from error


def _instant(value: Any) -> datetime | None:
    if value is None:
        return None
    read = datetime.fromisoformat(value)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
