"""What platforms grant in a day or a week, and how much of it is used, from what they remember."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from insights.model import Platform

PACIFIC = ZoneInfo("America/Los_Angeles")  # where the day of Google's quotas ends
QUOTA, CLOSED_UNTIL = "quota", "closed_until"  # where a platform's memory holds its ledger
HASHTAGS_ASKED = "hashtag_week"  # where Instagram's holds when each hashtag was first asked for
SEARCHES, UNITS, REQUESTS, RECORDS, HASHTAGS = (
    "searches",
    "units",
    "requests",
    "records",
    "hashtags",
)
# docs/platforms.md says where these are written.
DAILY: dict[str, dict[str, int]] = {
    Platform.YOUTUBE.value: {SEARCHES: 100, UNITS: 10_000},
    Platform.TIKTOK.value: {REQUESTS: 1000, RECORDS: 100_000},
}
MIDNIGHT: dict[str, tzinfo] = {Platform.YOUTUBE.value: PACIFIC, Platform.TIKTOK.value: UTC}
WEEK = timedelta(days=7)
WEEKLY_HASHTAGS = 30  # unique ones in seven rolling days, for one account


@dataclass(frozen=True)
class Allowance:
    """One allowance of a platform. None is unknown; `resets_at` is when the next of it is granted,
    `closed` says that the platform has sent us away until then."""

    platform: str
    name: str
    used: int | None = None
    limit: int | None = None
    resets_at: datetime | None = None
    closed: bool = False


def next_midnight(now: datetime, zone: tzinfo) -> datetime:
    """The next midnight of a time zone, in UTC; where clocks change, days have 23 or 25 hours."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)


def allowances(states: Mapping[str, Mapping[str, Any]], now: datetime) -> list[Allowance]:
    """How the allowances of all platforms stand; `states` is their memory by platform.

    One that was never asked has no ledger and is not in the list. A ledger of another day counts
    as nothing used, one that cannot be read as unknown.
    """
    found: list[Allowance] = []
    for platform, state in sorted(states.items()):
        if platform in DAILY:
            found += _of_the_day(platform, state, now)
        elif HASHTAGS_ASKED in state:
            found.append(_of_the_week(platform, state[HASHTAGS_ASKED], now))
        elif (until := _closed(state, now)) is not None:
            # Google names no figures for its models' daily quota.
            found.append(Allowance(platform, REQUESTS, resets_at=until, closed=True))
    return found


def _of_the_day(platform: str, state: Mapping[str, Any], now: datetime) -> Iterator[Allowance]:
    if QUOTA not in state and CLOSED_UNTIL not in state:
        return
    zone = MIDNIGHT[platform]
    told = _object(state.get(QUOTA))
    today = told.get("day") == now.astimezone(zone).date().isoformat()
    used = _object(told.get("used")) if today else None
    closed = _closed(state, now) is not None
    for name, limit in DAILY[platform].items():
        spent = 0 if used is None else _count(used.get(name))
        yield Allowance(platform, name, spent, limit, next_midnight(now, zone), closed)


def _of_the_week(platform: str, asked: Any, now: datetime) -> Allowance:
    times = [at for at in map(_instant, _object(asked).values()) if at is not None]
    recent = [at for at in times if at > now - WEEK]
    resets_at = min(recent) + WEEK if recent else None
    return Allowance(platform, HASHTAGS, len(recent), WEEKLY_HASHTAGS, resets_at)


def _closed(state: Mapping[str, Any], now: datetime) -> datetime | None:
    until = _instant(state.get(CLOSED_UNTIL))
    return until if until is not None and until > now else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _instant(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None
