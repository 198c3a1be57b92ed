"""Officers' corrections begin to count here: the dashboard may only write them down."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from db import corrections, store
from db.engine import ERRORS, Connection, Engine, reason, snapshot

log = logging.getLogger("collector")

# An officer who corrected a post waits for the figures to follow.
PAUSE = 5.0


def apply_all(
    engine: Engine, clock: Callable[[], datetime], guard: Callable[[Connection], None]
) -> int:
    """Apply every correction and undoing that waits; returns how many posts were moved.

    Raises store.LeaseLost from `guard`, and what the database raises.
    """
    moved = 0
    while _some_are_there(engine):
        with engine.begin() as connection:
            guard(connection)
            moved += store.apply_corrections(connection, now=clock())
    if moved:
        log.info("corrections: %d %s", moved, "post" if moved == 1 else "posts")
    return moved


def some_wait(connection: Connection) -> bool:
    """Whether a correction or an undoing does not count yet."""
    return bool(corrections.unapplied(connection, limit=1))


def _some_are_there(engine: Engine) -> bool:
    with snapshot(engine) as connection:
        return some_wait(connection)


@contextlib.contextmanager
def applying(
    engine: Engine, clock: Callable[[], datetime], guard: Callable[[Connection], None]
) -> Iterator[None]:
    """Apply corrections at once, every few seconds while the block runs, and at its end.

    In a thread of its own, as a round may take half an hour.
    """
    apply_all(engine, clock, guard)
    with repeating(lambda: apply_all(engine, clock, guard)):
        yield
    _try(lambda: apply_all(engine, clock, guard))


@contextlib.contextmanager
def repeating(work: Callable[[], object]) -> Iterator[None]:
    """Do the work every few seconds, in a thread of its own, while the block runs."""
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(work, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(PAUSE)


def _watch(work: Callable[[], object], done: threading.Event) -> None:
    while not done.wait(PAUSE) and _try(work):
        pass


def _try(work: Callable[[], object]) -> bool:
    """Apply what waits; False when another collector took over, who applies them from now on."""
    try:
        work()
    except store.LeaseLost:
        return False
    except ERRORS as error:
        log.warning("corrections: %s", reason(error))
    return True
