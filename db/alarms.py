"""The radar's finds in the database: opened, kept and closed by each round, and read by pages.

Like those of db/store.py, every function works inside a transaction that the caller opened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from db import queries, store
from db.evidence import Cell, Evidence, said_of
from db.tables import UNKNOWN_PLACE, alarms
from db.totals import bump
from insights import radar, severe, texts
from insights.model import Place, day_number
from insights.radar import Judgement, Level, Said, Trouble

# The most posts that one find names; the oldest ones.
MOST_KEYS = 500
# Where the state of the last sweep is kept, beside those of the platforms.
STATE = "radar"


@dataclass(frozen=True)
class Alarm:
    """A stored find. `place_id` is a locality's, 0 for "Kedah, place unknown"; `first_day` a day
    number; `post_keys` pairs of platform and post id. What is not known or not yet is None."""

    id: int
    place_id: int
    topic: str
    kind: str
    level: str
    first_day: int
    opened_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    posts: int
    authors: int | None
    texts: int
    expected: float | None
    p_value: float | None
    post_keys: tuple[tuple[str, str], ...]
    mailed_at: datetime | None = None
    recovery_mailed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def is_alarm(self) -> bool:
        return self.level == Level.ALARM


_COLUMNS = [alarms.c[field.name] for field in fields(Alarm)]
Known = tuple[int, str, str]


# --- reading --------------------------------------------------------------------------------------


def open_alarms(connection: Connection) -> list[Alarm]:
    """Every find that is not over: alarms first, severe ones before volume, newest first."""
    found = _read(connection, alarms.c.closed_at.is_(None))
    return sorted(
        found,
        key=lambda one: (not one.is_alarm, one.kind != Trouble.SEVERE, -one.opened_at.timestamp()),
    )


def recent_alarms(connection: Connection, since: datetime) -> list[Alarm]:
    """The finds that were open at some time since an instant, the newest first."""
    return _read(connection, or_(alarms.c.closed_at.is_(None), alarms.c.closed_at >= since))[::-1]


def alarm(connection: Connection, alarm_id: int) -> Alarm | None:
    """One find by its id, None where there is none."""
    return next(iter(_read(connection, alarms.c.id == alarm_id)), None)


def quoted(
    connection: Connection, keys: Sequence[tuple[str, str]], most: int
) -> tuple[int, tuple[str, ...]]:
    """How many of these posts (platform, post id) have no known author, and the newest texts."""
    said = sorted(said_of(connection, keys), key=lambda one: (one.day, one.seen_at), reverse=True)
    unnamed = sum(one.author is None for one in said)
    return unnamed, tuple(one.text for one in said[:most])


def last_sweep(connection: Connection) -> dict[str, Any]:
    """When the radar last looked (`at`, ISO text), at how many `cells` and known `days`; empty
    before it ever did."""
    return queries.state_of(connection, STATE).get("sweep", {})


def _read(connection: Connection, condition) -> list[Alarm]:
    rows = connection.execute(select(*_COLUMNS).where(condition).order_by(alarms.c.id))
    return [
        Alarm(**{**row, "post_keys": tuple((key[0], key[1]) for key in row["post_keys"])})
        for row in rows.mappings()
    ]


# --- one look -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Find:
    """What one look makes of a cell: its posts, and the judgement on them."""

    cell: Cell
    kind: Trouble
    said: Sequence[Said]
    judgement: Judgement


@dataclass(frozen=True)
class Swept:
    """What a look changed: finds opened, grown into alarms, and closed."""

    opened: tuple[Known, ...] = ()
    grown: tuple[Known, ...] = ()
    closed: tuple[Known, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.opened or self.grown or self.closed)


def sweep(connection: Connection, now: datetime, *, zone: tzinfo, audited: bool = False) -> Swept:
    """Look at the newest posts, and open, keep up or close what is to be.

    `now` is aware, `zone` the one that days are counted in. The data's version rises only where
    something changed that a page shows.
    """
    seen = Evidence(connection, queries.gazetteer(connection), now, zone, audited=audited)
    known = {_key(one): one for one in open_alarms(connection)}
    past = recent_alarms(connection, now - timedelta(days=radar.DAYS + 2))
    grave = list(_severe(connection, seen, known))
    volumes = _each_once(_volumes(seen, known, past, now, zone), known, past)
    finds = [*grave, *_besides(grave, volumes, known)]
    swept = _keep(connection, finds, known, now)
    state = {"at": now.isoformat(), "cells": len(seen.histories), "days": len(seen.known_days)}
    store.save_state(connection, STATE, {"sweep": state}, now)
    return swept


def _key(one: Alarm) -> Known:
    return one.place_id, one.topic, one.kind


# --- volume ---------------------------------------------------------------------------------------


def _volumes(
    seen: Evidence,
    known: Mapping[Known, Alarm],
    past: Iterable[Alarm],
    now: datetime,
    zone: tzinfo,
) -> Iterable[Find]:
    """The cells in which something may be unusual, or was a round ago."""
    still = {(one.place_id, one.topic): one for one in known.values() if one.kind == Trouble.VOLUME}
    since = min([seen.since, *(one.first_day for one in still.values())])
    newest = seen.newest(max(since, seen.oldest))
    earlier = _days_of_finds(past, zone)
    for cell in sorted({*newest, *still}):
        said, before = newest.get(cell, []), still.get(cell)
        if before is None and len(said) < radar.LEAST_POSTS:
            continue
        first = seen.since if before is None else min(seen.since, before.first_day)
        yield _volume(
            seen, cell, [one for one in said if one.day >= first], before, earlier[cell], now
        )


def _days_of_finds(past: Iterable[Alarm], zone: tzinfo) -> dict[Cell, set[int]]:
    """The days on which each cell was unusual: they do not count as usual later."""
    found: dict[Cell, set[int]] = defaultdict(set)
    for one in past:
        if one.kind == Trouble.VOLUME:
            last = day_number(one.last_seen_at, zone)
            found[one.place_id, one.topic].update(range(one.first_day, last + 1))
    return found


def _volume(
    seen: Evidence,
    cell: Cell,
    said: Sequence[Said],
    before: Alarm | None,
    but: set[int],
    now: datetime,
) -> Find:
    """The judgement on a cell. `said` reaches back to the beginning of an open find; judged are
    yesterday and today, and what is kept of it covers all its days."""
    new = [one for one in said if one.day >= seen.since]
    compared = [one for one in new if one.platform in seen.platforms]
    was = radar.Open(before.opened_at, Level(before.level)) if before else None
    usual = seen.usual(cell, but)
    judgement = radar.judged(
        compared, usual, days=seen.days, now=now, cells=len(seen.histories), before=was
    )
    if judgement.level is None and len(compared) < len(new):
        # Of a platform that is new nobody knows what is usual: shown, and no alarm.
        alone = [one for one in new if one.platform not in seen.platforms]
        judgement = radar.judged(alone, None, days=seen.days, now=now, cells=1)
        return Find(cell, Trouble.VOLUME, alone, judgement)
    if usual is not None and before is not None and before.first_day < seen.since:
        judgement = _over_all_days(seen, usual, said, before, judgement)
    return Find(cell, Trouble.VOLUME, said, judgement)


def _over_all_days(seen, usual, said, before: Alarm, judgement: Judgement) -> Judgement:
    """The same judgement, its figures those of all days since the find began."""
    days = seen.days + seen.since - before.first_day
    found = radar.evidence(said)
    count = found.texts if found else 0
    return replace(
        judgement,
        expected=radar.expected(usual, days),
        p_value=radar.chance(usual, count, days),
    )


def _each_once(
    volumes: Iterable[Find], known: Mapping[Known, Alarm], past: Iterable[Alarm]
) -> list[Find]:
    """The volumes without a second find of the same posts: what is said of a ferry's fare is of the
    ferry and of prices, and one incident, also when one of the two is over first.

    A new find is another's when more than half of its posts are that one's, at the same locality;
    an open one stays, or else an alarm, or else the one with more posts. What is only shown never
    hides an alarm.
    """

    def is_open(find: Find) -> bool:
        return (*find.cell, str(find.kind)) in known

    kept, found = [], [find for find in volumes if find.judgement.level is not None]
    lasting = {find.cell for find in found if is_open(find)}
    told = [
        (one.place_id, one.is_alarm, set(one.post_keys))
        for one in past
        if one.kind == Trouble.VOLUME and not (one.open and (one.place_id, one.topic) in lasting)
    ]
    for find in sorted(found, key=lambda f: (not is_open(f), not _is_alarm(f), -len(f.said))):
        if is_open(find) or not any(_is_of(find, *other) for other in told):
            kept.append(find)
            told.append((find.cell[0], _is_alarm(find), _keys(find.said)))
    return kept


def _is_alarm(find: Find) -> bool:
    return find.judgement.level == Level.ALARM


def _is_of(find: Find, place_id: int, is_alarm: bool, keys: set[tuple[str, str]]) -> bool:
    """Whether a find tells of the posts that another told of."""
    if find.cell[0] != place_id or (_is_alarm(find) and not is_alarm):
        return False
    return 2 * len(_keys(find.said) & keys) > len(find.said)


def _besides(
    grave: Iterable[Find], volumes: Iterable[Find], known: Mapping[Known, Alarm]
) -> Iterable[Find]:
    """The volumes that are no second alarm of what a severe word has told already."""
    told = {(find.cell[0], severe.ISSUE_OF[find.cell[1]]) for find in grave if find.said}
    for find in volumes:
        if find.cell not in told or (*find.cell, str(find.kind)) in known:
            yield find


# --- severe words ---------------------------------------------------------------------------------

# A severe find is over when nothing was reported today nor on so many days before: people who
# suffer do not post every day.
QUIET_DAYS = 3


def _severe(connection: Connection, seen: Evidence, known: Mapping[Known, Alarm]) -> Iterable[Find]:
    """Drowning, flood and missing persons by locality: credible reports of yesterday and today."""
    still = {(one.place_id, one.topic): one for one in known.values() if one.kind == Trouble.SEVERE}
    groups = _reports(seen, seen.today - QUIET_DAYS, seen.today + 1)
    groups = _one_incident(groups, still, seen)
    for cell, said in sorted(groups.items()):
        before = still.get(cell)
        if before is None:
            said = _not_told_before(seen, cell, said)
        else:
            told = said_of(connection, [k for k in before.post_keys if k not in _keys(said)])
            said = sorted([*told, *said], key=lambda one: (one.day, one.seen_at))
        level = Level.ALARM if said else None
        yield Find(cell, Trouble.SEVERE, said, Judgement(level, None, None))


def _reports(
    seen: Evidence, since: int, until: int, places: Iterable[int] | None = None
) -> dict[Cell, list[Said]]:
    found: dict[Cell, list[Said]] = defaultdict(list)
    for post in seen.witnesses(since, until, places):
        for code in severe.found(post.said.text, post.year):
            found[post.place_id, code].append(post.said)
    return found


def _one_incident(
    groups: Mapping[Cell, list[Said]], still: Mapping[Cell, Alarm], seen: Evidence
) -> dict[Cell, list[Said]]:
    """The reports with those of a whole city added to its locality that says the same most often.

    "Flood in Baling" and "flood at Lata Bukit Hijau" of these days are one incident and one alarm.
    """
    city_of = {place.id: place.city_slug for place in seen.places}
    whole = {place.id for place in seen.places if place.general}
    # What is some days old keeps its own alarm up, and takes no new report in.
    merged = {
        cell: list(said)
        for cell, said in groups.items()
        if cell in still or any(one.day >= seen.since for one in said)
    }
    for cell in [cell for cell in merged if cell[0] in whole]:
        near = [
            other
            for other in {*merged, *still}
            if other[1] == cell[1] and other != cell and city_of.get(other[0]) == city_of[cell[0]]
        ]
        # The one that is open already, or else the one with the most reports.
        near.sort(key=lambda other: (other not in still, -len(merged.get(other, ())), other))
        if near and cell not in still:
            merged.setdefault(near[0], []).extend(merged.pop(cell))
        elif near and near[0] not in still:
            merged[cell] += merged.pop(near[0])
    return merged


def _not_told_before(seen: Evidence, cell: Cell, said: Sequence[Said]) -> list[Said]:
    """The reports that repeat none of the 28 days before: an old story shared again is no news."""
    place, code = cell
    said = [one for one in said if one.day >= seen.since]
    if not said:
        return []
    old = _reports(seen, seen.oldest, seen.since, [place]).get((place, code), [])
    groups = texts.clusters([one.text for one in [*old, *said]])
    told = set(groups[: len(old)])
    return [one for one, group in zip(said, groups[len(old) :], strict=True) if group not in told]


def _keys(said: Iterable[Said]) -> set[tuple[str, str]]:
    return {(one.platform, one.post_id) for one in said}


# --- writing --------------------------------------------------------------------------------------


def _keep(
    connection: Connection, finds: Iterable[Find], known: Mapping[Known, Alarm], now: datetime
) -> Swept:
    """Write what the look found; what was open and is no longer found is over."""
    opened, grown, seen_again, changed = [], [], set(), False
    for find in finds:
        key = (*find.cell, str(find.kind))
        if find.judgement.level is None or not find.said:
            continue
        before, values = known.get(key), _values(find, now)
        seen_again.add(key)
        if before is None:
            connection.execute(insert(alarms).values(**_named(key), opened_at=now, **values))
            opened.append(key)
            continue
        if values["level"] != before.level:
            grown.append(key)
        changed |= _differs(before, values)
        connection.execute(update(alarms).where(alarms.c.id == before.id).values(**values))
    closed = [key for key in known if key not in seen_again]
    for key in closed:
        ends = update(alarms).where(alarms.c.id == known[key].id)
        connection.execute(ends.values(closed_at=now))
    if opened or closed or changed:
        bump(connection)
    return Swept(tuple(opened), tuple(grown), tuple(closed))


def _named(key: Known) -> dict[str, Any]:
    return dict(zip(("place_id", "topic", "kind"), key, strict=True))


def _values(find: Find, now: datetime) -> dict[str, Any]:
    found = radar.evidence(find.said)
    assert found is not None
    return {
        "level": str(find.judgement.level),
        "first_day": found.first_day,
        "last_seen_at": now,
        "posts": found.posts,
        "authors": found.authors,
        "texts": found.texts,
        "expected": find.judgement.expected,
        "p_value": find.judgement.p_value,
        "post_keys": [list(key) for key in found.keys[:MOST_KEYS]],
    }


def _differs(before: Alarm, values: Mapping[str, Any]) -> bool:
    """Whether a page would show another thing; the clock alone moves what is usual by a little."""
    keys = tuple((key[0], key[1]) for key in values["post_keys"])
    return keys != before.post_keys or values["level"] != before.level


def note_mailed(connection: Connection, told: Iterable[Alarm], now: datetime) -> None:
    """These finds were told by mail: their beginning if they are open, else their end."""
    for one in told:
        column = "mailed_at" if one.open else "recovery_mailed_at"
        connection.execute(update(alarms).where(alarms.c.id == one.id).values({column: now}))


def delete_alarms_before(connection: Connection, instant: datetime) -> int:
    """Delete finds that ended before an instant; returns how many."""
    found = connection.execute(delete(alarms).where(alarms.c.closed_at < instant)).rowcount
    if found:
        bump(connection)
    return found


def place_name(places: Iterable[Place], place_id: int) -> str | None:
    """The name of a find's place, None for "Kedah, place unknown"."""
    if place_id == UNKNOWN_PLACE:
        return None
    return next((place.name for place in places if place.id == place_id), None)
