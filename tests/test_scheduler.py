"""Jobs run when the stored due time says so, whatever the clock and the machine do."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from collector.scheduler import RETRY, Job, Scheduler
from db import queries, store
from db.engine import DatabaseError
from tests.fakes import NOW

HOUR = timedelta(hours=1)


class FakeClock:
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime = NOW):
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def a_scheduler(engine, clock, work, *, every=2 * HOUR, stop=None, name="round") -> Scheduler:
    return Scheduler(engine, [Job(name, every, work)], clock, stop or threading.Event())


def due(engine, name="round") -> datetime:
    with engine.connect() as connection:
        return queries.due_jobs(connection)[name]


def runs_at(engine, clock, times, **given) -> list[datetime]:
    """The instants among `times` at which the job ran."""
    ran = []
    scheduler = a_scheduler(engine, clock, lambda: ran.append(clock()), **given)
    for time in times:
        clock.now = time
        scheduler.run_pending()
    return ran


def test_a_job_that_never_ran_is_due_at_once(engine, clock):
    assert runs_at(engine, clock, [NOW, NOW + timedelta(seconds=1)]) == [NOW]
    assert due(engine) == NOW + 2 * HOUR


def test_a_restart_does_not_push_the_next_run_away(engine, clock):
    runs_at(engine, clock, [NOW])

    ran = runs_at(engine, clock, [NOW + HOUR, NOW + 2 * HOUR])

    assert ran == [NOW + 2 * HOUR]


def test_a_run_that_fell_due_while_nobody_looked_is_made_at_start(engine, clock):
    runs_at(engine, clock, [NOW])

    assert runs_at(engine, clock, [NOW + 3 * HOUR]) == [NOW + 3 * HOUR]


def test_the_rate_is_fixed_and_does_not_drift_with_the_time_a_run_takes(engine, clock):
    scheduler = a_scheduler(engine, clock, lambda: setattr(clock, "now", clock.now + HOUR / 2))

    scheduler.run_pending()

    assert due(engine) == NOW + 2 * HOUR


def test_after_a_long_sleep_there_is_one_catch_up_and_then_the_old_grid(engine, clock):
    woken = NOW + 9 * HOUR + timedelta(minutes=10)

    ran = runs_at(engine, clock, [NOW, woken, woken + timedelta(seconds=1), NOW + 10 * HOUR])

    assert ran == [NOW, woken, NOW + 10 * HOUR]


def test_a_clock_that_jumps_back_delays_a_run_by_one_interval_at_most(engine, clock):
    back = NOW - 48 * HOUR

    ran = runs_at(engine, clock, [NOW, back, back + HOUR, back + 2 * HOUR])

    assert ran == [NOW, back + 2 * HOUR]


def test_a_stored_due_time_from_a_wrong_clock_is_pulled_in(engine, clock):
    with engine.begin() as connection:
        store.save_due(connection, "round", NOW + timedelta(days=400))

    assert runs_at(engine, clock, [NOW, NOW + 2 * HOUR]) == [NOW + 2 * HOUR]


def test_a_job_that_raises_is_logged_and_waits_for_its_next_turn(engine, clock, caplog):
    ran = []

    def work():
        ran.append(clock())
        raise KeyError("a bug")

    scheduler = a_scheduler(engine, clock, work)
    scheduler.run_pending()
    scheduler.run_pending()

    assert ran == [NOW]
    assert "a bug" in caplog.text


def test_a_job_that_raises_does_not_keep_another_from_running(engine, clock):
    ran = []
    jobs = [
        Job("broken", HOUR, lambda: 1 / 0),
        Job("round", HOUR, lambda: ran.append(clock())),
    ]

    Scheduler(engine, jobs, clock, threading.Event()).run_pending()

    assert ran == [NOW]


def test_a_job_without_a_database_is_tried_again_soon(engine, clock, caplog):
    ran = []

    def work():
        ran.append(clock())
        raise DatabaseError("the database went away")

    scheduler = a_scheduler(engine, clock, work)
    for time in (NOW, NOW + timedelta(seconds=1), NOW + RETRY):
        clock.now = time
        scheduler.run_pending()

    assert ran == [NOW, NOW + RETRY]
    assert "the database went away" in caplog.text


def test_a_job_that_lost_the_lease_ends_the_scheduler(engine, clock, caplog):
    def work():
        raise store.LeaseLost("another collector has taken over")

    stop = threading.Event()
    a_scheduler(engine, clock, work, stop=stop).run()

    assert stop.is_set()
    assert "fault" not in caplog.text


def test_a_run_cut_short_by_a_stop_is_due_at_the_next_start(engine, clock):
    stop = threading.Event()
    a_scheduler(engine, clock, stop.set, stop=stop).run_pending()

    assert runs_at(engine, clock, [NOW + timedelta(minutes=1)]) == [NOW + timedelta(minutes=1)]


def test_nothing_is_begun_once_a_stop_was_asked_for(engine, clock):
    stop = threading.Event()
    ran = []
    jobs = [
        Job("first", HOUR, stop.set),
        Job("second", HOUR, lambda: ran.append(clock())),
    ]

    Scheduler(engine, jobs, clock, stop).run()

    assert ran == []


def test_start_and_end_of_a_run_are_kept(engine, clock):
    a_scheduler(engine, clock, lambda: setattr(clock, "now", NOW + HOUR)).run_pending()

    with engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT last_started_at, last_finished_at FROM due_jobs"
        ).one()
    assert str(row[0]) < str(row[1])
