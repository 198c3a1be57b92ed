"""When the collector's jobs run: due times live in the database, `schedule` keeps the list."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import schedule

from db import queries, store
from db.engine import ERRORS, DatabaseGone, Engine, reason

log = logging.getLogger("collector")

RETRY = timedelta(seconds=60)  # until a job that met no database is tried again
TICK = 1.0  # seconds between two looks at the clock, so that sleep and clock jumps are noticed


@dataclass(frozen=True)
class Job:
    """Work that is due again every so often; `name` is its row in `due_jobs`.

    `first`: when it is due where nobody ever ran it (at once without it), and whole intervals after
    which it is due again, also after a run that was cut short or tried again.
    """

    name: str
    every: timedelta
    work: Callable[[], object]
    first: datetime | None = None


class Scheduler:
    """Runs jobs one after the other, at a fixed rate counted from the stored due time.

    A job nobody ever ran is due at once. Due times that passed while nobody was looking are
    caught up with one run. A due time further away than one interval (the clock was set back, or
    the interval was shortened) is pulled in to one interval. `clock` gives aware UTC instants.
    """

    def __init__(
        self,
        engine: Engine,
        jobs: Iterable[Job],
        clock: Callable[[], datetime],
        stop: threading.Event,
    ):
        self._stop = stop
        self._schedule = schedule.Scheduler()
        with engine.connect() as connection:
            due = queries.due_jobs(connection)
        for job in jobs:
            _DueJob(job, due.get(job.name), engine, clock, stop, self._schedule)

    def run_pending(self) -> None:
        """Run what is due now, earliest first; returns when it is done. Raises nothing."""
        self._schedule.run_pending()

    def run(self) -> None:
        """Run jobs as they fall due until `stop` is set; raises DatabaseGone, which no waiting
        cures."""
        while not self._stop.is_set():
            self.run_pending()
            for job in self._schedule.jobs:
                if job.gone is not None:
                    raise job.gone
            self._stop.wait(TICK)


class _DueJob(schedule.Job):
    """A job of `schedule` that goes by the handed clock and the stored due time.

    `schedule` itself counts from the end of a run and forgets everything at a restart, and leaves
    a job that raised due at once: hence the three overrides, and a `do` that never raises.
    """

    def __init__(self, job, due, engine, clock, stop, scheduler):
        super().__init__(interval=max(1, int(job.every.total_seconds())), scheduler=scheduler)
        self._job, self._engine, self._clock, self._stop_event = job, engine, clock, stop
        self.next_run = due or job.first or clock()
        self.gone: DatabaseGone | None = None
        self.seconds.do(self._run_guarded)

    @property
    def should_run(self) -> bool:
        now = self._clock()
        self.next_run = min(self.next_run, now + self._job.every)
        return self.next_run <= now

    def _schedule_next_run(self) -> None:
        """Nothing: the next run was fixed before this one began."""

    def _run_guarded(self) -> None:
        if self._stop_event.is_set():
            return
        started = self._clock()
        grid = self._job.first or self.next_run
        self.next_run = _next_on_grid(grid, self._job.every, started)
        try:
            self._run(started)
        except store.LeaseLost as error:
            log.error("%s: %s; this collector stops", self._job.name, error)
            self._stop_event.set()
        except DatabaseGone as error:
            self.gone = error
        except ERRORS as error:
            self.next_run = self._clock() + min(RETRY, self._job.every)
            log.error(
                "%s: %s; trying again at %s", self._job.name, reason(error), _time(self.next_run)
            )
        except Exception:
            log.exception("%s: failed, a fault of the program; please report it", self._job.name)

    def _run(self, started: datetime) -> None:
        self._remember(due_at=self.next_run, started_at=started)
        self._job.work()
        if self._stop_event.is_set():
            # Cut short: the next collector begins with it instead of waiting a whole interval.
            self._remember(due_at=started)
        else:
            self._remember(due_at=self.next_run, finished_at=self._clock())

    def _remember(self, **times: datetime) -> None:
        with self._engine.begin() as connection:
            store.save_due(connection, self._job.name, **times)


def _next_on_grid(due: datetime, every: timedelta, now: datetime) -> datetime:
    """The first instant after `now` that lies whole intervals after `due` (`due` <= `now`)."""
    return due + every * ((now - due) // every + 1)


def _time(instant: datetime) -> str:
    return instant.strftime("%H:%M:%S UTC")
