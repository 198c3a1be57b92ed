"""The problem radar's part of a round: one look at the newest posts, and the mails about it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

from collector import radar_letters as letters
from collector.context import Context
from db import alarms, queries
from db.alarms import Alarm
from db.engine import ERRORS, Connection, reason

log = logging.getLogger("collector")

# An end that could not be told for so long is no news any more; nor is an alarm.
NEWS = timedelta(days=2)


def look(context: Context) -> None:
    """Open, keep up and close the radar's finds; a database that fails is left for the next round.

    Raises store.LeaseLost.
    """
    try:
        swept = context.write(
            alarms.sweep, context.clock(), zone=context.zone, audited=context.limits.audited
        )
    except ERRORS as error:
        log.warning("radar: %s", reason(error))
        return
    log.info(
        "radar: %d found, %d grew into alarms, %d over",
        len(swept.opened),
        len(swept.grown),
        len(swept.closed),
    )


@dataclass(frozen=True)
class Due:
    """A mail that is due, and the finds it tells of."""

    letter: EmailMessage
    told: Sequence[Alarm]


def due_mails(connection: Connection, now: datetime, dashboard_url: str = "") -> list[Due]:
    """One mail for all new alarms and one for all that are over; each is told once."""
    finds = alarms.recent_alarms(connection, now - NEWS)
    new = [one for one in finds if one.open and one.is_alarm and one.mailed_at is None]
    over = [one for one in finds if _is_over_and_untold(one)]
    names = {place.id: place.name for place in queries.gazetteer(connection)} if new or over else {}
    return [
        *_due(letters.alarm, new, names, dashboard_url),
        *_due(letters.all_clear, over, names, dashboard_url),
    ]


def _is_over_and_untold(one: Alarm) -> bool:
    return not one.open and one.mailed_at is not None and one.recovery_mailed_at is None


def _due(
    write: Callable[..., EmailMessage], finds: Sequence[Alarm], names, dashboard_url: str
) -> Iterable[Due]:
    if finds:
        yield Due(write(finds, names, dashboard_url), finds)
