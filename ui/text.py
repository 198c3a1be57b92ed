"""Every word on screen: which language is spoken, and the words and figures of insights/words.py
in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo

import streamlit as st

from insights import words as spoken
from insights.words import LANGUAGES as LANGUAGES
from insights.words import UNKNOWN as UNKNOWN
from insights.words import Words
from insights.words import number as number
from insights.words import percent as percent
from insights.words import signed as signed

DEFAULT = "ms"
_CHOSEN = "language_of_session"
_SPOKEN: ContextVar[str | None] = ContextVar("spoken", default=None)
_WORDS = {code: Words(code) for code in LANGUAGES}


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


def words(code: str) -> Mapping[str, str]:
    """All texts of a language by dotted key ("overview.title")."""
    return spoken.texts(code)


def in_words() -> Words:
    """The words of the reader's language, to be handed to what makes files."""
    return _WORDS[language()]


def t(key: str, **values: object) -> str:
    """The text of a key in the reader's language, its {placeholders} filled in.

    Raises KeyError for a key that the tables do not have.
    """
    return in_words().t(key, **values)


def name_of(kind: str, code: str | None) -> str:
    """The word for a code of ours ("topic", "ferry"); an unlisted code is shown as it is."""
    return in_words().name_of(kind, code)


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


def compact(value: float | None) -> str:
    """A figure for a card: all digits below 10,000, then "12.3K", "4.5M" in the reader's words."""
    return in_words().compact(value)


def day(value: date | None, year: bool = True) -> str:
    """A day as "23 Nov 2026", with the month's name in the reader's language."""
    return in_words().day(value, year)


def month(value: date) -> str:
    """A day's month as "November 2026", its name written out in the reader's language."""
    return in_words().month(value)


def weekday(value: date) -> str:
    """The short name of a day of the week."""
    return in_words().weekday(value)


def days(since: date, last: date) -> str:
    """A span of days, both ends named and included ("24 Oct – 23 Nov 2026")."""
    return in_words().days(since, last)


def moment(value: datetime | None, zone: tzinfo) -> str:
    """An instant on the reader's clock ("23 Nov 2026, 14:05")."""
    return in_words().moment(value, zone)


def ago(then: datetime | None, now: datetime) -> str:
    """How long an instant lies back, in the largest fitting unit; a dash for unknown."""
    return in_words().ago(then, now)
