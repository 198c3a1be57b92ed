"""When collection needs somebody: what opens an incident, what closes it, what is mailed when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from insights.breaker import Run
from insights.health import LIMITS
from insights.model import Kind, RunStatus

COLLECTOR = "collector"  # stands where a platform's name would, when nothing is collected at all
ROUNDS = 2  # failed ones in a row make an incident
SILENCE = 2  # intervals without a finished run make one too
ALARM_EVERY = timedelta(hours=6)  # at most one alarm a platform
# A quota used up heals at the platform's midnight; one that did not is worth an incident.
_QUOTA_HEALS = timedelta(hours=25)
# An all-clear that could not be sent for so long is no news any more.
_NEWS = timedelta(days=2)


class Trouble(StrEnum):
    """What an incident is about."""

    FAILING = "failing"
    TOKEN = "token"  # noqa: S105 - no secret, the word for one
    SILENT = "silent"


@dataclass(frozen=True)
class Finding:
    """Something is wrong since an instant: the first failed run's end, or the last run's."""

    kind: Trouble
    since: datetime
    error_kind: str | None = None


@dataclass(frozen=True)
class Incident:
    """A stored incident; times it does not have yet are None.

    `platform` is a platform, "classify" or COLLECTOR. `mailed_at` is the alarm's,
    `recovery_mailed_at` the all-clear's.
    """

    id: int
    platform: str
    kind: str
    since: datetime
    opened_at: datetime
    error_kind: str | None = None
    closed_at: datetime | None = None
    mailed_at: datetime | None = None
    recovery_mailed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None


# --- what is wrong --------------------------------------------------------------------------------


def went_well(run: Run) -> bool:
    """Whether a finished run ends an incident: it did, or was cut short only by a limit."""
    if run.status == RunStatus.PARTIAL:
        return run.error_kind in LIMITS
    return run.status == RunStatus.OK


def finding(runs: Sequence[Run], now: datetime) -> Finding | None:
    """What a platform's runs amount to: those that are ok, partial or failed, the newest first.

    A token refused counts at once, anything else from the second failed run in a row on.
    """
    bad = list(takewhile(lambda run: not went_well(run), runs))
    if not bad:
        return None
    since = bad[-1].finished_at
    if bad[0].error_kind == Kind.AUTH:
        return Finding(Trouble.TOKEN, since, bad[0].error_kind)
    last_good = runs[len(bad)].finished_at if len(runs) > len(bad) else None
    if last_good is not None and now - last_good < _QUOTA_HEALS:
        bad = [run for run in bad if run.error_kind != Kind.QUOTA]
    if len(bad) < ROUNDS:
        return None
    return Finding(Trouble.FAILING, since, bad[0].error_kind)


def silence(last_finished: datetime | None, now: datetime, every: timedelta) -> Finding | None:
    """Whether no run has ended for more than SILENCE intervals; before the first one: no."""
    if last_finished is None or now - last_finished <= every * SILENCE:
        return None
    return Finding(Trouble.SILENT, last_finished)


def is_new(found: Finding | None, open_kinds: Collection[str]) -> bool:
    """Whether a finding opens an incident beside those a platform has open.

    A refused token does beside failures of another kind: it asks for something else to be done.
    """
    if found is None:
        return False
    return found.kind not in open_kinds and (found.kind == Trouble.TOKEN or not open_kinds)


# --- what is mailed -------------------------------------------------------------------------------


def alarms(incidents: Iterable[Incident], now: datetime) -> list[Incident]:
    """The open incidents to tell of now: at most one a platform, and none within ALARM_EVERY.

    One that has to wait is told later, unless it is over by then. `incidents` are those of the
    last hours too, closed or not.
    """
    known = list(incidents)
    last = {}
    for one in known:
        if one.mailed_at is not None:
            last[one.platform] = max(one.mailed_at, last.get(one.platform, one.mailed_at))
    due: dict[str, Incident] = {}
    # A refused token first: it is the one that somebody has to act on.
    for one in sorted(known, key=lambda i: (i.kind != Trouble.TOKEN, i.opened_at)):
        # abs: a mail of the future was sent before the clock was set back, who knows how far.
        waited = one.platform not in last or abs(now - last[one.platform]) >= ALARM_EVERY
        if one.open and one.mailed_at is None and waited:
            due.setdefault(one.platform, one)
    return list(due.values())


def all_clears(incidents: Iterable[Incident], now: datetime) -> list[tuple[Incident, ...]]:
    """The closed incidents whose alarm was mailed and whose end was not, together by platform.

    Not while the platform has another incident open. An all-clear belongs to its alarm, so
    ALARM_EVERY does not hold it back.
    """
    known = list(incidents)
    still = {one.platform for one in known if one.open}
    due: dict[str, list[Incident]] = {}
    for one in known:
        told = one.mailed_at is not None and one.recovery_mailed_at is None
        over = one.closed_at is not None and now - one.closed_at < _NEWS
        if told and over and one.platform not in still:
            due.setdefault(one.platform, []).append(one)
    return [tuple(found) for found in due.values()]
