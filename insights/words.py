"""The product's words in one language, and how numbers and dates are written in it.

The tables are data files (ui/locales/*.toml), read here by path because pages, files to take along
and the weekly mail all speak through them, and none of these may import another.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path

from insights.metrics import Change, Trend

LANGUAGES = ("ms", "en")
UNKNOWN = "—"
_LOCALES = Path(__file__).parents[1] / "ui" / "locales"
# From here on a figure is abbreviated; below it every digit is shown.
_ABBREVIATE_FROM = 10_000
_UNITS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))


@cache
def texts(language: str) -> Mapping[str, str]:
    """All texts of a language by dotted key ("overview.title")."""
    with (_LOCALES / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def _flat(table: dict, prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@dataclass(frozen=True)
class Words:
    """Everything that is said in one language ("ms" or "en")."""

    language: str

    def t(self, key: str, **values: object) -> str:
        """The text of a key, its {placeholders} filled in. Raises KeyError for an unknown key."""
        text = texts(self.language)[key]
        return text.format(**values) if values else text

    def name_of(self, kind: str, code: str | None) -> str:
        """The word for a code of ours ("topic", "ferry"); an unlisted code is shown as it is."""
        if code is None:
            return UNKNOWN
        return texts(self.language).get(f"{kind}.{code}", code.replace("_", " "))

    # --- numbers ----------------------------------------------------------------------------------

    def compact(self, value: float | None) -> str:
        """A figure for a card: all digits below 10,000, then "12.3K", "4.5M" in these words."""
        if value is None or value != value or abs(value) < _ABBREVIATE_FROM:
            return number(value)
        for size, unit in _UNITS:
            if abs(value) >= size * 0.99995:
                return self.t(f"number.{unit}", value=f"{value / size:.1f}")
        return number(value)

    def change(self, moved: Change | Trend | None) -> str:
        """A change inside a table's cell: "+12.4 %", or the words for why there is none."""
        if moved is None or moved.kind == "none":
            return UNKNOWN
        if moved.kind in {"new", "too_few", "same"} or moved.percent is None:
            return self.t(f"change.{moved.kind}")
        return change_percent(moved.percent)

    # --- days -------------------------------------------------------------------------------------

    def day(self, value: date | None, year: bool = True) -> str:
        """A day as "23 Nov 2026", with the month's name in this language."""
        if value is None:
            return UNKNOWN
        month = self.t("date.months").split()[value.month - 1]
        return f"{value.day} {month} {value.year}" if year else f"{value.day} {month}"

    def month(self, value: date) -> str:
        """A day's month as "November 2026", its name written out."""
        return f"{self.t('date.months_long').split()[value.month - 1]} {value.year}"

    def weekday(self, value: date) -> str:
        """The short name of a day of the week."""
        return self.t("date.weekdays").split()[value.weekday()]

    def days(self, since: date, last: date) -> str:
        """A span of days, both ends named and included ("24 Oct – 23 Nov 2026")."""
        if since == last:
            return self.day(since)
        return f"{self.day(since, year=since.year != last.year)} – {self.day(last)}"

    def moment(self, value: datetime | None, zone: tzinfo) -> str:
        """An instant on the reader's clock ("23 Nov 2026, 14:05")."""
        if value is None:
            return UNKNOWN
        local = value.astimezone(zone)
        return f"{self.day(local.date())}, {local:%H:%M}"

    def ago(self, then: datetime | None, now: datetime) -> str:
        """How long an instant lies back, in the largest fitting unit; a dash for unknown."""
        if then is None:
            return UNKNOWN
        minutes = max(0, int((now - then).total_seconds() // 60))
        if minutes < 60:
            return self.t("ago.minutes", n=minutes)
        if minutes < 48 * 60:
            return self.t("ago.hours", n=minutes // 60)
        return self.t("ago.days", n=minutes // (24 * 60))


# --- the same in every language -------------------------------------------------------------------


def number(value: float | None) -> str:
    """All digits with separators ("12,345"); a dash for unknown."""
    return UNKNOWN if value is None or value != value else f"{value:,.0f}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share of 1 as a percentage ("87 %"). Not quite all is never rounded up to 100."""
    if share is None or share != share:
        return UNKNOWN
    shown, limit = share * 100, 100 - 10**-digits
    if limit < shown < 100:
        shown = limit
    return f"{shown:.{digits}f} %"


def signed(value: float | None, digits: int = 0) -> str:
    """A figure with its sign ("+12", "-3", "0"); a dash for unknown."""
    if value is None or value != value:
        return UNKNOWN
    rounded = round(value, digits)
    if rounded == 0:
        return "0"
    return f"{rounded:+,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def change_percent(value: float) -> str:
    """A change in per cent; a tenth of a per cent means nothing on a doubling."""
    return f"{signed(value, 0 if abs(value) >= 100 else 1)} %"
