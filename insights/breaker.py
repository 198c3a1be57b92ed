"""How often a platform that keeps failing is still asked: the circuit breaker's rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from insights.model import Kind, RunStatus

PROBE_AFTER = 3  # rounds that failed one after the other
LONGEST_REST = timedelta(hours=6)
# One try in so many is a whole round after all: a probe asks one question, and that one may be the
# only one that fails.
WHOLE_TRY = 4
# The platform is not to blame, or says itself when it is open again.
_NOT_ITS_FAULT = (Kind.DB, Kind.BUDGET, Kind.QUOTA)


@dataclass(frozen=True)
class Run:
    """A finished run, as far as it says how a platform fares."""

    status: str
    finished_at: datetime
    error_kind: str | None = None


@dataclass(frozen=True)
class Breaker:
    """`failed` rounds in a row; the last of them ended with `error_kind`.

    `rests_until`: before that instant the platform need not be asked; None when it may be now.
    """

    failed: int = 0
    error_kind: str | None = None
    rests_until: datetime | None = None

    @property
    def probes(self) -> bool:
        """Whether the next try sends one request, and more only once that one was answered."""
        return self.failed >= PROBE_AFTER and (self.failed - PROBE_AFTER) % WHOLE_TRY < (
            WHOLE_TRY - 1
        )


def breaker(runs: Sequence[Run], now: datetime, every: timedelta) -> Breaker:
    """Where a platform stands by its runs that are ok, partial or failed, the newest first.

    `every` is the time between two rounds. From PROBE_AFTER failed rounds on a platform rests for
    one interval after each of them, then two, four and so on, never longer than LONGEST_REST.
    """
    failed = list(_failed_in_a_row(runs))
    if not failed:
        return Breaker()
    last = failed[0]
    until = last.finished_at + rest(len(failed), every)
    # A run that ended in the future tells that the clock was set back: nothing to rest for.
    resting = last.finished_at <= now < until
    return Breaker(len(failed), last.error_kind, until if resting else None)


def rest(failed: int, every: timedelta) -> timedelta:
    """How long a platform is left alone after so many failed rounds in a row."""
    if failed < PROBE_AFTER:
        return timedelta(0)
    doubled = min(failed - PROBE_AFTER, 30)  # more would not fit into a timedelta
    return min(every * 2**doubled, LONGEST_REST)


def _failed_in_a_row(runs: Iterable[Run]) -> Iterable[Run]:
    counted = (run for run in runs if run.error_kind not in _NOT_ITS_FAULT)
    return takewhile(lambda run: run.status == RunStatus.FAILED, counted)
