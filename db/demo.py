"""The demo database: made once, brought up to today whenever it has fallen behind.

Everything in it is invented (db/invention.py) and goes the way real posts go: matched by the
gazetteer, stored by db/store.py. It lives in a database of its own; one that holds collected posts
is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import groupby
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, select

from db import alarms, queries, store, templates
from db.engine import DatabaseError, migrate_within
from db.invention import AGES, ZONE, captured, counts_at, festivals, grown, invented, silent
from db.seed.events import seed_events
from db.snapshots import OLDEST, save_snapshots
from db.tables import social_posts
from insights.matching import matched_post
from insights.model import (
    Classification,
    Kind,
    Place,
    Platform,
    Post,
    Reject,
    RunStatus,
)
from insights.places import Gazetteer
from insights.recurrence import occurrences

__all__ = ["invented", "make_demo"]

PLATFORMS = (Platform.X, Platform.INSTAGRAM, Platform.FACEBOOK, Platform.TIKTOK)
STREAM = "demo"
CURSOR = f"cursor:{STREAM}"
# Demo authors are nobody's secret; the key only gives them the shape of real hashes.
HASH_SECRET = "demo"  # noqa: S105
_MARK = "demo"
_MADE_UNTIL = "made_until"
MONTHS = 13
_RUN_DAYS = 14
_RADAR_DAYS = 8
_RADAR_EVERY = timedelta(hours=12)
_ROUND = timedelta(hours=2)
_LABEL_WAIT = timedelta(days=3)
# Seconds that a second process waits for the first one to finish; the first takes a few.
_PATIENCE = 120

Pair = tuple[Post, Classification | None]


def make_demo(
    engine: Engine,
    places: Sequence[Place],
    now: datetime,
    zone: tzinfo,
    months: int = MONTHS,
) -> bool:
    """Make the demo up to `now`, or top up one that ends before today; False when it is complete.

    One transaction: two processes may call this at once, the second waits and finds it complete.
    Raises DatabaseError for a database that holds posts of another origin.
    """
    with engine.connect() as connection:
        _be_patient(connection)
        with connection.begin():
            migrate_within(connection)
            store.set_up(connection, str(zone), places, now)
            made_until = _made_until(connection)
            if made_until is None:
                _refuse_foreign(connection)
            elif made_until.astimezone(zone).date() >= now.astimezone(zone).date():
                return False
            if made_until is not None:
                _let_grow(connection, made_until, now, zone)
            _fill(connection, made_until or _beginning(now, zone, months), now, zone)
            return True


def _be_patient(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # Through the driver: SQLAlchemy would begin a transaction, and so wait, before this.
        connection.connection.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")


def _made_until(connection: Connection) -> datetime | None:
    """The instant up to which every platform of the demo is complete, None before it was made.

    A running collector moves the platforms' cursors past the instant of the making.
    """
    made = queries.state_of(connection, _MARK).get(_MADE_UNTIL)
    if made is None:
        return None
    cursors = (queries.state_of(connection, platform).get(CURSOR) for platform in PLATFORMS)
    reached = [datetime.fromisoformat(cursor) for cursor in cursors if cursor]
    return max(datetime.fromisoformat(made), min(reached, default=datetime.min.replace(tzinfo=UTC)))


def _refuse_foreign(connection: Connection) -> None:
    if connection.execute(select(social_posts.c.post_id).limit(1)).first() is not None:
        raise DatabaseError(
            "DEMO_DATABASE_URL names a database that holds collected posts;"
            " demo data needs a database of its own"
        )


def _beginning(now: datetime, zone: tzinfo, back: int) -> datetime:
    """Local midnight so many months ago (on the 1st where that month is shorter)."""
    today = now.astimezone(zone).date()
    months = today.year * 12 + today.month - 1 - back
    first = date(months // 12, months % 12 + 1, 1)
    start = first + timedelta(days=today.day - 1)
    if start.month != first.month:
        start = first
    return datetime(start.year, start.month, start.day, tzinfo=zone)


def _fill(connection: Connection, since: datetime, now: datetime, zone: tzinfo) -> None:
    pairs = list(invented(since, now))
    _fill_posts(connection, pairs, now, zone)
    _fill_ages(connection, [post for post, _ in pairs], since, now)
    _fill_runs(connection, pairs, max(since, now - timedelta(days=_RUN_DAYS)), now)
    _fill_quarantine(connection, now)
    _fill_events(connection, since.astimezone(zone).date(), now, zone)
    for platform in PLATFORMS:
        store.save_state(connection, platform, {CURSOR: now.isoformat()}, now)
    _fill_radar(connection, since, now, zone)
    store.save_state(connection, _MARK, {_MADE_UNTIL: now.isoformat()}, now)


def _fill_radar(connection: Connection, since: datetime, now: datetime, zone: tzinfo) -> None:
    """What the radar would have found by now, had it looked twice a day lately."""
    first = max(since, now - timedelta(days=_RADAR_DAYS))
    looks = int((now - first) / _RADAR_EVERY)
    for back in range(looks, -1, -1):
        alarms.sweep(connection, now - back * _RADAR_EVERY, zone=zone)


# ---- posts -------------------------------------------------------------------------------------


def _fill_posts(connection: Connection, pairs: Sequence[Pair], now: datetime, zone: tzinfo) -> None:
    gazetteer = Gazetteer(queries.gazetteer(connection))
    for seen_at, page in _pages(pairs, now):
        posts = [matched_post(captured(post, now), gazetteer, HASH_SECRET) for post, _ in page]
        labels = [label for _, label in page if label is not None]
        store.save_page(connection, posts, now=seen_at, zone=zone, labels=labels, by_age=False)
    unlabelled = [
        (post.platform, post.post_id)
        for post, label in pairs
        if label is None and post.posted_at < now - _LABEL_WAIT
    ]
    store.note_refusals(connection, unlabelled, "demo: left without a label", blocked=True)


def _pages(pairs: Sequence[Pair], now: datetime) -> Iterator[tuple[datetime, Sequence[Pair]]]:
    """The posts in pages, each with the instant they are taken to have been first seen.

    The days that a reader looks at closely have a page each; what is older comes in pages of a
    week, because every page costs the same dozen statements.
    """
    close = (now - timedelta(days=_RUN_DAYS)).astimezone(ZONE).date()

    def last_day(pair: Pair) -> date:
        day = pair[0].posted_at.astimezone(ZONE).date()
        return day if day >= close else min(close, day + timedelta(days=-day.toordinal() % 7))

    for day, page in groupby(pairs, key=last_day):
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(days=1)
        yield min(midnight, now), list(page)


def _let_grow(connection: Connection, since: datetime, now: datetime, zone: tzinfo) -> None:
    """The counts of what stood already, as a collector would have read them again since then."""
    gazetteer = Gazetteer(queries.gazetteer(connection))
    posts = [matched_post(post, gazetteer, HASH_SECRET) for post in grown(since, now)]
    store.save_page(connection, posts, now=now, zone=zone, by_age=False)
    young = [post for post, _ in invented(since - timedelta(days=OLDEST), since)]
    _fill_ages(connection, young, since, now)


def _fill_ages(
    connection: Connection, posts: Sequence[Post], since: datetime, now: datetime
) -> None:
    """The counts that posts had at each of AGES, as far as they came to it after `since`.

    A local day's posts are all of one age in the last moment before the next age begins.
    """
    for day, group in groupby(posts, key=lambda post: post.posted_at.astimezone(ZONE).date()):
        written = list(group)
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(days=1)
        for age in AGES:
            moment = min(midnight + timedelta(days=age, microseconds=-1), now)
            if moment > since:
                rows = [_row_at(post, age) for post in written if _age(post, moment) == age]
                save_snapshots(connection, rows, moment)


def _age(post: Post, moment: datetime) -> int:
    return (moment - post.posted_at) // timedelta(days=1)


def _row_at(post: Post, age: int) -> dict[str, Any]:
    """What `save_snapshots` reads of a row of social_posts."""
    return {
        "post_id": post.post_id,
        "platform": str(post.platform),
        "created_at": post.posted_at,
        "created_at_estimated": False,
        "is_repost": False,
        **counts_at(post, age),
    }


# ---- what a collector would have left behind ---------------------------------------------------


@dataclass(frozen=True)
class _Trouble:
    """What goes wrong every week at the same round, so that the monitoring page has it to show."""

    platform: Platform | str
    weekday: int
    hours: tuple[int, ...]
    status: RunStatus
    kind: Kind
    error: str


_TROUBLES = (
    _Trouble(
        Platform.FACEBOOK,
        3,
        (14, 16),
        RunStatus.FAILED,
        Kind.TIMEOUT,
        "no answer within 60 s (demo)",
    ),
    _Trouble(
        Platform.X,
        6,
        (20,),
        RunStatus.PARTIAL,
        Kind.RATE_LIMITED,
        "too many requests: the rest follows with the next round (demo)",
    ),
    _Trouble(
        "classify",
        1,
        (2,),
        RunStatus.FAILED,
        Kind.QUOTA,
        "the day's requests are used up (demo)",
    ),
)


def _fill_runs(
    connection: Connection, pairs: Sequence[Pair], since: datetime, now: datetime
) -> None:
    """A run every two hours for each platform and the classifier; failed ones are caught up."""
    posted: Counter[tuple[str, datetime]] = Counter()
    labelled: Counter[datetime] = Counter()
    for post, label in pairs:
        slot = _slot_after(post.posted_at)
        posted[post.platform, slot] += 1
        labelled[slot] += label is not None
    finished = []
    for name in (*PLATFORMS, "classify"):
        behind = 0
        for slot in _slots(since, now):
            behind += labelled[slot] if name == "classify" else posted[name, slot]
            caught, run = _run(name, slot, behind)
            finished.append(run)
            behind -= caught
    store.save_runs(connection, sorted(finished, key=lambda run: run["started_at"]))


def _slots(since: datetime, now: datetime) -> Iterator[datetime]:
    """The rounds' starts, on the even hours of Kedah, each with time to end before `now`."""
    slot = _slot_after(since)
    while slot <= now - timedelta(minutes=2):
        yield slot
        slot += _ROUND


def _slot_after(instant: datetime) -> datetime:
    """The first round's start after an instant."""
    local = instant.astimezone(ZONE)
    hour = local.replace(hour=local.hour // 2 * 2, minute=0, second=0, microsecond=0)
    return (hour + _ROUND).astimezone(UTC)


def _run(name: str, slot: datetime, waiting: int) -> tuple[int, dict[str, Any]]:
    """How many of the waiting posts a round brought in, and its run record."""
    random = Random(f"kedah-demo-run:{name}:{slot.isoformat()}")  # noqa: S311
    trouble = _trouble(name, slot)
    caught = waiting if trouble is None else waiting // 2
    if trouble is not None and trouble.status == RunStatus.FAILED:
        caught = 0
    again = random.randint(0, 12) if name != "classify" and caught else 0
    return caught, {
        "round_id": f"demo-{slot:%Y%m%d%H}",
        "platform": str(name),
        "status": str(trouble.status) if trouble else str(RunStatus.OK),
        "started_at": slot,
        "finished_at": slot + timedelta(seconds=random.randint(3, 45)),
        "error_kind": str(trouble.kind) if trouble else None,
        "error": trouble.error if trouble else None,
        "fetched": caught + again,
        "stored": 0 if name == "classify" else caught,
        "updated": caught if name == "classify" else again,
        "quarantined": 0,
        "requests": random.randint(1, 9),
        "pages": 1 + caught // 50 if caught or trouble is None else 0,
        "note": None if trouble or caught else "nothing new",
    }


def _trouble(name: str, slot: datetime) -> _Trouble | None:
    local = slot.astimezone(ZONE)
    if name in set(PLATFORMS) and silent(Platform(name), local.date()):
        return _Trouble(
            Platform(name),
            local.weekday(),
            (local.hour,),
            RunStatus.FAILED,
            Kind.SERVER_ERROR,
            "the platform answered 503 (demo)",
        )
    found = (
        trouble
        for trouble in _TROUBLES
        if trouble.platform == name
        and trouble.weekday == local.weekday()
        and local.hour in trouble.hours
    )
    return next(found, None)


def _fill_quarantine(connection: Connection, now: datetime) -> None:
    """A few records that could not be read, as every platform sends them now and then."""
    store.save_quarantine(
        connection,
        (
            Reject(Platform.X, "no text", {"id": "demo-bad-1", "text": None}, "demo-bad-1"),
            Reject(
                Platform.FACEBOOK,
                "created_time cannot be read",
                {"id": "demo-bad-2", "created_time": "yesterday"},
                "demo-bad-2",
            ),
            Reject(Platform.TIKTOK, "no id", {"video_description": "demo"}),
        ),
        now,
    )


def _fill_events(connection: Connection, since: date, now: datetime, zone: tzinfo) -> None:
    """The calendar from the demo's first day to a year ahead; what was changed since stays.

    What nobody announced is dated in the demo's past too, as its posts speak of it.
    """
    today = now.astimezone(zone).date()
    known = {template.slug for template in queries.event_templates_of(connection)}
    missing = [t for t in (*seed_events(), *festivals()) if t.slug not in known]
    store.save_templates(connection, missing, now)
    past = [e for t in missing if t.active for e in occurrences(t, since, today)]
    store.save_events(connection, past, now)
    templates.refresh_events(connection, today, now)
