"""What every part of a round is handed: the database, the clock, the limits, the wish to stop."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from collector.money import NO_PURSE, Purse
from collector.platforms import PlatformError
from db.engine import Connection, Engine
from insights.model import Kind
from insights.places import Gazetteer


@dataclass(frozen=True)
class Limits:
    """What one round may spend. `classify_posts` are asked per request, `classify_requests` is the
    largest number of batches; None means until nothing waits. `audited`: YouTube's posts may be
    labelled too. `refresh_budget` are the seconds in which a platform may be asked for stored
    posts again, once its search is done."""

    run_budget: float = 1800.0
    classify_posts: int = 25
    classify_requests: int | None = 20
    classify_attempts: int = 4
    audited: bool = False
    refresh_budget: float = 150.0


LIMITS = Limits()


@dataclass(frozen=True)
class Context:
    """What every part of a round is handed."""

    engine: Engine
    clock: Callable[[], datetime]
    stop: threading.Event
    limits: Limits
    guard: Callable[[Connection], None]
    redact: Callable[[str], str]
    ends_at: float  # by time.monotonic
    round_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    gazetteer: Gazetteer | None = None
    zone: tzinfo = UTC
    hash_secret: str = field(default="", repr=False)
    purse: Purse = NO_PURSE

    def write(self, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Call a function of the store in a transaction of its own, under the guard."""
        with self.engine.begin() as connection:
            self.guard(connection)
            return function(connection, *given, **named)

    def check_budget(self) -> None:
        if time.monotonic() > self.ends_at:
            raise PlatformError(Kind.BUDGET, "COLLECTOR_RUN_BUDGET was used up before the end")

    def check_money(self) -> None:
        """Raises PlatformError BUDGET once the money of the day is spent."""
        if self.purse.budget is not None:
            with self.engine.connect() as connection:
                self.purse.check(connection, self.clock())
