"""Every word on screen: two tables of the same keys, and how numbers and dates are written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path

import streamlit as st

LANGUAGES = ("ms", "en")
DEFAULT = "ms"
UNKNOWN = "—"
_CHOSEN = "language_of_session"
_SPOKEN: ContextVar[str | None] = ContextVar("spoken", default=None)
_LOCALES = Path(__file__).parent / "locales"
# From here on a figure is abbreviated; below it every digit is shown.
_ABBREVIATE_FROM = 10_000


def use(language: str) -> None:
    """Speak this language for the rest of the session (fragments included)."""
    chosen = language if language in LANGUAGES else DEFAULT
    st.session_state[_CHOSEN] = chosen
    # Asked a few hundred times a run, and the session's state is slow to answer; a fragment that
    # runs in a thread of its own still finds the language there.
    _SPOKEN.set(chosen)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Another language than the session's, or one where there is no session (a file being made)."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def language() -> str:
    """The language of the session that is running; Malay where there is none."""
    if spoken := _SPOKEN.get():
        return spoken
    if not st.runtime.exists():
        return DEFAULT
    return st.session_state.get(_CHOSEN, DEFAULT)


@cache
def words(code: str) -> dict[str, str]:
    """All texts of a language by dotted key ("overview.title")."""
    with (_LOCALES / f"{code}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def _flat(table: dict, prefix: str = ""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def t(key: str, **values: object) -> str:
    """The text of a key in the reader's language, its {placeholders} filled in.

    Raises KeyError for a key that the tables do not have.
    """
    text = words(language())[key]
    return text.format(**values) if values else text


def name_of(kind: str, code: str | None) -> str:
    """The word for a code of ours ("topic", "ferry"); an unlisted code is shown as it is."""
    if code is None:
        return UNKNOWN
    return words(language()).get(f"{kind}.{code}", code.replace("_", " "))


def platform(code: str | None) -> str:
    """A platform's name."""
    return name_of("platform", code)


def sentiment(code: str | None) -> str:
    """A label's word; "unclassified" for posts that wait for one."""
    return name_of("sentiment", code or "unclassified")


def topic(code: str) -> str:
    """A topic's word."""
    return name_of("topic", code)


def category(code: str) -> str:
    """A place category's word; codes are written as in the gazetteer ("Beach"), "" is none."""
    return name_of("category", (code or "unknown").lower().replace(" / ", "_").replace(" ", "_"))


def city(slug: str) -> str:
    """A city's name, or the word for "all", "mainland" and "unknown"."""
    return name_of("city", slug)


def inert(written: object) -> str:
    """Somebody else's words inside Markdown of ours: every mark that could mean something is
    escaped, so that nothing is fetched, linked or formatted."""
    one_line = " ".join(str(written).split())
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", one_line)


def number(value: float | None) -> str:
    """All digits with separators ("12,345"); a dash for unknown."""
    return UNKNOWN if value is None or value != value else f"{value:,.0f}"


def compact(value: float | None) -> str:
    """A figure for a card: all digits below 10,000, then "12.3K", "4.5M" in the reader's words."""
    if value is None or value != value or abs(value) < _ABBREVIATE_FROM:
        return number(value)
    for size, unit in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if abs(value) >= size * 0.99995:
            return t(f"number.{unit}", value=f"{value / size:.1f}")
    return number(value)


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


def day(value: date | None, year: bool = True) -> str:
    """A day as "23 Nov 2026", with the month's name in the reader's language."""
    if value is None:
        return UNKNOWN
    month = t("date.months").split()[value.month - 1]
    return f"{value.day} {month} {value.year}" if year else f"{value.day} {month}"


def month(value: date) -> str:
    """A day's month as "November 2026", its name written out in the reader's language."""
    return f"{t('date.months_long').split()[value.month - 1]} {value.year}"


def weekday(value: date) -> str:
    """The short name of a day of the week."""
    return t("date.weekdays").split()[value.weekday()]


def days(since: date, last: date) -> str:
    """A span of days, both ends named and included ("24 Oct – 23 Nov 2026")."""
    if since == last:
        return day(since)
    return f"{day(since, year=since.year != last.year)} – {day(last)}"


def moment(value: datetime | None, zone: tzinfo) -> str:
    """An instant on the reader's clock ("23 Nov 2026, 14:05")."""
    if value is None:
        return UNKNOWN
    local = value.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M}"


def ago(then: datetime | None, now: datetime) -> str:
    """How long an instant lies back, in the largest fitting unit; a dash for unknown."""
    if then is None:
        return UNKNOWN
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 60:
        return t("ago.minutes", n=minutes)
    if minutes < 48 * 60:
        return t("ago.hours", n=minutes // 60)
    return t("ago.days", n=minutes // (24 * 60))
