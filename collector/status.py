"""How collection stands, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pandas as pd

from collector.lease import NAME
from db import costs, incidents, queries
from db.engine import Connection
from insights.model import Platform

COST_DAYS = 30
SHOWN_QUARANTINE = 1000  # records counted; beyond that it says "1000 or more"


def status_lines(
    connection: Connection, now: datetime, zone: tzinfo, audited: bool = False
) -> Iterator[str]:
    """One line a platform that ever ran, then alerts, what is due, waits, costs, and who works.

    Times are local to `zone`, to the minute. `audited`: YouTube's posts wait for labels too.
    """
    health = queries.platform_health(connection)
    if health.empty:
        yield "nothing was collected yet"
    for row in health.to_dict("records"):
        yield _platform_line(row, zone)
    for one in incidents.open_incidents(connection):
        yield f"alert: {one.platform}: {one.kind} since {_time(one.since, zone)}"
    for job, due in sorted(queries.due_jobs(connection).items()):
        yield f"next {job}: {_time(due, zone)}{' (due)' if due <= now else ''}"
    yield f"waiting for a label: {queries.backlog(connection, audited)} posts"
    found = len(queries.quarantined(connection, SHOWN_QUARANTINE))
    more = " or more" if found == SHOWN_QUARANTINE else ""
    yield f"in quarantine: {found}{more} records"
    yield from _money_lines(connection, now)
    yield from _allowance_lines(connection, now, zone)
    yield f"collector: {_holder(queries.lease(connection, NAME), now, zone)}"
    yield f"database: {queries.database_size(connection) / 1e6:.1f} MB"


def _money_lines(connection: Connection, now: datetime) -> Iterator[str]:
    """What today and the last COST_DAYS days cost, of those that take money."""
    yield f"spent since midnight UTC: ${costs.spent_today(connection, now):.2f}"
    for cost in costs.costs(connection, now - timedelta(days=COST_DAYS)):
        if cost.usd is None and not cost.unknown:
            continue
        told = "unknown" if cost.usd is None else f"${cost.usd:.2f}"
        also = f", and {cost.unknown} runs at an unknown price" if cost.unknown and cost.usd else ""
        tokens = ""
        if cost.input_tokens is not None and cost.output_tokens is not None:
            tokens = f", {cost.input_tokens} tokens read and {cost.output_tokens} written"
        yield f"cost of {COST_DAYS} days: {cost.platform}: {told}{also}{tokens}"


def _allowance_lines(connection: Connection, now: datetime, zone: tzinfo) -> Iterator[str]:
    for one in costs.allowances_of(connection, now):
        used = "unknown" if one.used is None else one.used
        limit = "unknown" if one.limit is None else one.limit
        resets = f", anew at {_time(one.resets_at, zone)}" if one.resets_at else ""
        closed = "; closed until then" if one.closed else ""
        yield f"allowance: {one.platform}: {one.name} {used} of {limit}{resets}{closed}"


def _platform_line(row: Mapping[str, Any], zone: tzinfo) -> str:
    ended = row["finished_at"] if not _missing(row["finished_at"]) else row["started_at"]
    said = f"{row['platform']}: {row['status']} at {_time(ended, zone)}"
    if row["platform"] == Platform.IMPORT:
        return said + _last_file(row)
    if row["status"] == "skipped":
        return f"{said}, {row['note']}"
    said += f", {row['stored']} new, {row['updated']} updated, {row['quarantined']} quarantined"
    if row["refreshed"] or row["gone"]:
        said += f", {row['refreshed']} asked for again, {row['gone']} gone and deleted"
    if not _missing(row["error"]):
        said += f"; {row['error_kind']}: {row['error']}"
    if not _missing(row["failing_since"]):
        said += f"; failing since {_time(row['failing_since'], zone)}"
        last = row["last_ok_at"]
        said += f", last success {'never' if _missing(last) else _time(last, zone)}"
    if not _missing(row["note"]):
        said += f"; {row['note']}"
    return said


def _last_file(row: Mapping[str, Any]) -> str:
    """What became of the newest file; lines left out are its own fault and no failure of ours."""
    said = f", last file: {row['stored']} new"
    if row["updated"]:
        said += f", {row['updated']} updated"
    return said if _missing(row["error"]) else f"{said}, {row['error']}"


def _holder(lease: Mapping[str, Any] | None, now: datetime, zone: tzinfo) -> str:
    if lease is None or lease["owner"] is None or lease["expires_at"] <= now:
        return "none is running"
    return f"{lease['owner']}, lease until {_time(lease['expires_at'], zone)}"


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value != value


def _time(instant: datetime, zone: tzinfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
