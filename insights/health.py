"""How a platform's collection stands, told from its run records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from insights.model import Kind, RunStatus

# The platform is well and the key is good; time or allowance ran out, so waiting cures it.
LIMITS = (Kind.RATE_LIMITED, Kind.QUOTA, Kind.BUDGET)
# One missed round may be a restart; from the second one on somebody should look.
_LATE = 2.5
# Successes further apart than so many intervals leave a gap between them.
_GAP = 2


class Health(StrEnum):
    """What an operator has to tell apart at a glance."""

    OK = "ok"
    NOTHING_NEW = "nothing_new"
    RUNNING = "running"
    STALE = "stale"
    LIMITED = "limited"
    ERROR = "error"
    NOT_CONFIGURED = "not_configured"


def health(
    status: str | None,
    *,
    now: datetime,
    every: timedelta,
    error_kind: str | None = None,
    stored: int = 0,
    updated: int = 0,
    started_at: datetime | None = None,
    last_ok_at: datetime | None = None,
    by_hand: bool = False,
) -> Health:
    """The standing of one platform after its newest run.

    `status` None: it was never asked. `every` is the time between two rounds. A failure is told
    before age: a platform that fails is not merely stale. Only a run that received an answer can
    be "nothing new". A platform skipped for an error rests after too many failures. `by_hand`: a
    file was handed in; nobody waits for the next one, and lines left out are the file's own fault.
    """
    if status is None or (status == RunStatus.SKIPPED and error_kind is None):
        return Health.NOT_CONFIGURED
    if status == RunStatus.RUNNING and started_at and now - started_at < every:
        return Health.RUNNING
    if by_hand:
        return Health.OK if stored or updated else Health.NOTHING_NEW
    if status in (RunStatus.FAILED, RunStatus.PARTIAL, RunStatus.SKIPPED):
        return Health.LIMITED if error_kind in LIMITS else Health.ERROR
    if last_ok_at is None or now - last_ok_at > every * _LATE:
        return Health.STALE
    if status == RunStatus.OK and not stored and not updated:
        return Health.NOTHING_NEW
    return Health.OK


def gaps(
    successes: Sequence[datetime], *, every: timedelta, zone: tzinfo, now: datetime | None = None
) -> list[tuple[date, date]]:
    """The spans of days, both ends included, on which a platform was not collected.

    A gap is made of whole local days between two `successes` (ends of runs, in order) that lie
    more than two intervals apart. With `now`, for a platform that is still asked, it may last from
    the last success to today. Before the first success nothing is known, so nothing is a gap.
    """
    ends = [*successes, now] if now is not None and successes else successes
    day = timedelta(days=1)
    found = []
    for before, after in pairwise(ends):
        if after - before > every * _GAP:
            first, last = (instant.astimezone(zone).date() for instant in (before, after))
            found.append((first + day, last if after is now else last - day))
    return [(first, last) for first, last in found if first <= last]
