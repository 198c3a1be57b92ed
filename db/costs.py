"""What collection cost, and what the platforms still grant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from db.queries import state_of, states
from db.tables import collection_runs, platform_state
from insights.quotas import CLOSED_UNTIL, HASHTAGS_ASKED, QUOTA, Allowance, allowances

SPENT = "spent"  # where the memory of whoever spends holds the money of the day


@dataclass(frozen=True)
class Cost:
    """What a platform (or "classify") cost over some time.

    `usd` is the sum of the runs whose cost is known, None where none is; `unknown` counts the runs
    that asked the classifier at a price nobody knows. Tokens are None where no run has any.
    """

    platform: str
    runs: int
    requests: int
    input_tokens: int | None
    output_tokens: int | None
    usd: float | None
    unknown: int


def costs(connection: Connection, since: datetime) -> list[Cost]:
    """What was spent by the runs that began at or after `since`, by platform."""
    run = collection_runs.c
    unpriced = case((and_(run.calls > 0, run.cost_usd.is_(None)), 1))
    rows = connection.execute(
        select(
            run.platform,
            func.count(),
            func.sum(run.requests),
            func.sum(run.input_tokens),
            func.sum(run.output_tokens),
            func.sum(run.cost_usd),
            func.count(unpriced),
        )
        .where(run.started_at >= since)
        .group_by(run.platform)
        .order_by(run.platform)
    )
    return [
        Cost(name, runs, int(requests), _whole(read), _whole(written), usd, unknown)
        for name, runs, requests, read, written, usd, unknown in rows
    ]


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def allowances_of(connection: Connection, now: datetime) -> list[Allowance]:
    """How much of what the platforms grant is used."""
    state = platform_state.c
    wanted = (QUOTA, CLOSED_UNTIL, HASHTAGS_ASKED)
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(
        select(state.platform, state.key, state.value).where(state.key.in_(wanted))
    ):
        found.setdefault(row.platform, {})[row.key] = row.value
    return allowances(found, now)


def spent_by(connection: Connection, owner: str, now: datetime) -> float:
    """USD that a platform or the classifier spent since midnight UTC."""
    return _of_today(state_of(connection, owner).get(SPENT), now)


def spent_today(connection: Connection, now: datetime) -> float:
    """USD spent since midnight UTC, by all who spend."""
    return sum(_of_today(entry, now) for entry in states(connection, SPENT).values())


def entry_of(usd: float, now: datetime) -> dict[str, Any]:
    """What to remember of the money of the day."""
    return {"day": _day(now), "usd": usd}


def _of_today(entry: Any, now: datetime) -> float:
    if not isinstance(entry, dict) or entry.get("day") != _day(now):
        return 0.0
    usd = entry.get("usd")
    return float(usd) if isinstance(usd, int | float) else 0.0


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
