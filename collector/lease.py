"""The lease that lets only one collector work on a database at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from collector.owners import is_gone, own_name
from db import queries, store
from db.engine import ERRORS, Connection, Engine, reason

log = logging.getLogger("collector")

NAME = "collector"


class LeaseHeld(Exception):
    """Another collector works on this database; nothing was done."""


class Lease:
    """A lease that was taken: `fence` is its number, `lost` is set when somebody else took over."""

    def __init__(self, engine: Engine, owner: str, fence: int):
        self._engine = engine
        self.owner = owner
        self.fence = fence
        self.lost = threading.Event()

    def guard(self, connection: Connection) -> None:
        """Raise store.LeaseLost inside the caller's transaction when somebody else took over."""
        try:
            store.check_fence(connection, NAME, self.fence)
        except store.LeaseLost:
            self.lost.set()
            raise


@contextmanager
def hold(
    engine: Engine,
    seconds: float,
    clock: Callable[[], datetime],
    on_lost: Callable[[], None] = lambda: None,
) -> Iterator[Lease]:
    """Hold the lease while the block runs; a thread renews it three times per `seconds`.

    The lease of a collector that certainly ended is taken over before it runs out, and run records
    that a dead one left open are closed as interrupted. `on_lost` is called (in the renewing
    thread) when another collector took over. Raises LeaseHeld.
    """
    lease = _take(engine, seconds, clock)
    done = threading.Event()
    renewing = threading.Thread(
        target=_renew, args=(engine, lease, seconds, clock, done, on_lost), daemon=True
    )
    renewing.start()
    try:
        yield lease
    finally:
        done.set()
        _give_back(engine, lease)


def _take(engine: Engine, seconds: float, clock: Callable[[], datetime]) -> Lease:
    owner, now = own_name(), clock()
    with engine.begin() as connection:
        holder = (queries.lease(connection, NAME) or {}).get("owner")
        dead = holder if holder is not None and is_gone(holder) else None
        fence = store.take_lease(connection, NAME, owner, now, seconds, instead_of=dead)
        if fence is not None:
            closed = store.close_stale_runs(connection, now)
    if fence is None:
        raise LeaseHeld("another collector works on this database; nothing was done")
    if closed:
        log.warning("%d unfinished run records of an earlier collector were closed", closed)
    return Lease(engine, owner, fence)


def _renew(engine, lease: Lease, seconds: float, clock, done: threading.Event, on_lost) -> None:
    while not done.wait(seconds / 3):
        try:
            with engine.begin() as connection:
                kept = store.renew_lease(
                    connection, NAME, lease.owner, lease.fence, clock(), seconds
                )
        except ERRORS as error:
            # Not lost yet: the fence in every write decides, should it come to that.
            log.warning("the lease could not be renewed: %s", reason(error))
            continue
        if not kept:
            log.error("another collector took over; this one stops")
            lease.lost.set()
            on_lost()
            return


def _give_back(engine: Engine, lease: Lease) -> None:
    if lease.lost.is_set():
        return
    try:
        with engine.begin() as connection:
            store.give_back_lease(connection, NAME, lease.owner, lease.fence)
    except ERRORS as error:
        log.warning("the lease could not be given back, it will run out: %s", reason(error))
