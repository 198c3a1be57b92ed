"""What a platform grants for a day, counted in its memory so that no restart forgets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from collector.platforms import Page, fields
from collector.platforms.http import Interrupted, PlatformDown
from insights.model import Kind
from insights.quotas import CLOSED_UNTIL, PACIFIC, QUOTA, next_midnight

__all__ = ["PACIFIC", "Quota", "later", "next_midnight", "remembered"]


class Quota:
    """A platform's allowances for the day of `zone`, each counted by its name.

    `spent` so far and the instant until which the platform is closed come from `state`, as an
    earlier `state()` left them; what cannot be read counts as nothing spent.
    """

    def __init__(
        self, daily: Mapping[str, int], zone: tzinfo, state: Mapping[str, Any], now: datetime
    ):
        self._daily, self._zone, self._now = daily, zone, now
        self._day = now.astimezone(zone).date().isoformat()
        told = fields.mapping(state.get(QUOTA))
        known = fields.mapping(told.get("used")) if told.get("day") == self._day else {}
        self._used = {name: fields.count(known.get(name)) or 0 for name in daily}
        self._closed_until = later(state.get(CLOSED_UNTIL), now, zone)

    def left(self, name: str) -> int:
        """How much of an allowance is left today."""
        return 0 if self._closed_until else max(0, self._daily[name] - self._used[name])

    def spend(self, name: str, amount: int) -> None:
        self._used[name] += amount

    def check(self, *names: str) -> None:
        """Raise PlatformDown QUOTA, before anything is sent, when one of these is used up."""
        if self._closed_until is not None:
            raise PlatformDown(Kind.QUOTA, f"not asked before {_told(self._closed_until)}")
        for name in names:
            if not self.left(name):
                self.close()
                said = f"the {self._daily[name]} {name} of the day are used up"
                raise PlatformDown(Kind.QUOTA, f"{said}; asked again after {self.reopens}")

    def close(self) -> None:
        """Ask for nothing more until the day of the platform is over."""
        self._closed_until = next_midnight(self._now, self._zone)

    @property
    def reopens(self) -> str:
        return _told(next_midnight(self._now, self._zone))

    def state(self) -> dict[str, Any]:
        """What the next round has to know."""
        closed = self._closed_until.isoformat() if self._closed_until else None
        return {QUOTA: {"day": self._day, "used": dict(self._used)}, CLOSED_UNTIL: closed}


def later(value: Any, now: datetime, zone: tzinfo) -> datetime | None:
    """The stored end of a closure as long as it lies ahead; None for what cannot be read.

    Never after the next midnight: an end beyond it was written by a clock that was ahead.
    """
    try:
        until = fields.instant(value)
    except fields.Unreadable:
        return None
    if until is None or until <= now:
        return None
    return min(until, next_midnight(now, zone))


def _told(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def remembered(pages: Iterator[Page], state: Callable[[], dict[str, Any]]) -> Iterator[Page]:
    """The pages; what was spent is kept too where the platform goes down between two of them."""
    try:
        yield from pages
    except Interrupted:
        yield Page("quota", state=state(), note="stopped before the end")
        raise
    except PlatformDown as error:
        yield Page("quota", state=state(), problem=error)
