"""Incidents in the database: what runs tell of a platform, and which trouble was told to whom.

Like those of db/store.py, every function works inside a transaction that the caller opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from db.tables import collection_runs, incidents
from db.totals import bump
from insights.breaker import Run
from insights.incidents import Finding, Incident
from insights.model import Platform, RunStatus

RUNS = 100  # newest runs of a platform that are looked at
# What says how a platform fares. A run cut short says nothing, one under way not yet.
_DECISIVE = (RunStatus.OK, RunStatus.PARTIAL, RunStatus.FAILED)
# Files come by hand, and labels without a round (`backfill`).
_SEARCHED = [platform for platform in Platform if platform is not Platform.IMPORT]
_COLUMNS = [incidents.c[field.name] for field in fields(Incident)]


# --- reading --------------------------------------------------------------------------------------


def decisive_runs(connection: Connection, platform: str) -> list[Run]:
    """A platform's newest runs that ended well, in part or not at all, the newest first."""
    run = collection_runs.c
    rows = connection.execute(
        select(run.status, run.finished_at, run.error_kind)
        .where(run.platform == platform, run.status.in_(_DECISIVE))
        .order_by(run.id.desc())
        .limit(RUNS)
    )
    return [Run(row.status, row.finished_at, row.error_kind) for row in rows]


def collected_platforms(connection: Connection) -> set[str]:
    """The platforms (and "classify") that the newest round asked, or left to rest.

    One that it skipped without an error is not configured any more. Files that somebody handed in
    are no platform: lines left out of them are trouble for nobody else.
    """
    run = collection_runs.c
    newest = select(func.max(run.id)).group_by(run.platform)
    rows = connection.execute(
        select(run.platform).where(
            run.id.in_(newest),
            run.platform != Platform.IMPORT,
            or_(run.status != RunStatus.SKIPPED, run.error_kind.is_not(None)),
        )
    )
    return set(rows.scalars())


def last_finished(connection: Connection) -> datetime | None:
    """When the search of a platform last ended by itself, well or not; None when none ever did.

    Interrupted ones do not count: their end is written by whoever finds them. The newest record
    says it and not the latest end: that may be one of a clock that was ahead for a while.
    """
    run = collection_runs.c
    return connection.execute(
        select(run.finished_at)
        .where(
            run.status.in_([*_DECISIVE, RunStatus.SKIPPED]),
            run.platform.in_(_SEARCHED),
        )
        .order_by(run.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def open_incidents(connection: Connection) -> list[Incident]:
    """Every incident that is not over, the oldest first."""
    return _read(connection, incidents.c.closed_at.is_(None))


def recent_incidents(connection: Connection, since: datetime) -> list[Incident]:
    """The incidents that were opened, closed or told of since an instant, and all open ones."""
    one = incidents.c
    return _read(
        connection, or_(one.closed_at.is_(None), one.closed_at >= since, one.mailed_at >= since)
    )


def _read(connection: Connection, condition) -> list[Incident]:
    rows = connection.execute(select(*_COLUMNS).where(condition).order_by(incidents.c.id))
    return [Incident(**row) for row in rows.mappings()]


# --- writing --------------------------------------------------------------------------------------


def open_incident(connection: Connection, platform: str, found: Finding, now: datetime) -> None:
    """Note a new incident; nothing happens when the same is open already."""
    bump(connection)
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(incidents)
        .values(
            platform=platform,
            kind=str(found.kind),
            error_kind=found.error_kind,
            since=found.since,
            opened_at=now,
        )
        .on_conflict_do_nothing()
    )


def close_incidents(
    connection: Connection, platforms: Collection[str], now: datetime, *, quietly: bool = False
) -> None:
    """End the open incidents of these platforms; `quietly`: without an all-clear."""
    if not platforms:
        return
    bump(connection)
    values = {"closed_at": now} | ({"recovery_mailed_at": now} if quietly else {})
    connection.execute(
        update(incidents)
        .where(incidents.c.platform.in_(platforms), incidents.c.closed_at.is_(None))
        .values(**values)
    )


def note_mailed(connection: Connection, told: Iterable[Incident], now: datetime) -> None:
    """These incidents were told by mail: their beginning if they are open, else their end."""
    for one in told:
        column = "mailed_at" if one.open else "recovery_mailed_at"
        connection.execute(update(incidents).where(incidents.c.id == one.id).values({column: now}))


def delete_incidents_before(connection: Connection, instant: datetime) -> int:
    """Delete incidents that ended before an instant; returns how many."""
    found = connection.execute(delete(incidents).where(incidents.c.closed_at < instant)).rowcount
    if found:
        bump(connection)
    return found
