"""Reads single values of platforms' answers: what cannot be trusted becomes None or a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

LONGEST_TEXT = 200_000  # characters; Facebook takes 63,206, more than any other
LARGEST_COUNT = 2**63 - 1  # what the database's BigInteger holds
ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
# "#a#b" are two tags; "&#39;" and "page#part" in a link are none.
TAG = re.compile(r"(?<![&/])[#＃](\w+)")
MENTION = re.compile(r"(?<![\w@/.])@(\w[\w.]*)")


class Unreadable(ValueError):
    """A value without which a record is no post; the message says which and why."""


def count(value: Any) -> int | None:
    """A count as the platform gave it, or None where it is no plain number of 0 and more.

    Digits in quotes are read (YouTube sends those); "12k", a negative number, a fraction and
    true/false are not guessed at.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_COUNT else None


def post_id(value: Any) -> str:
    """The id as text, exact however large; raises Unreadable when it is missing or odd."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
        return str(value)
    if isinstance(value, str) and ID.fullmatch(value):
        return value
    raise Unreadable("no readable id")


def known_id(record: Mapping[str, Any]) -> str | None:
    """The id of a record that is no post, where it has a readable one."""
    try:
        return post_id(record.get("id"))
    except Unreadable:
        return None


def text(value: Any) -> str:
    """The text, "" for a missing one.

    Raises Unreadable for what is not a text, and for one longer than any platform takes.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable("the text is not a text")
    if len(value) > LONGEST_TEXT:
        raise Unreadable(f"the text has {len(value)} characters")
    return value


def instant(value: Any) -> datetime | None:
    """The instant in UTC, None for a missing one.

    Raises Unreadable for what is no ISO 8601 time with an offset: a guessed time would put the
    post on a wrong day.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable("the time is not a text")
    try:
        read = datetime.fromisoformat(value)
        if read.tzinfo is None:
            raise Unreadable("the time has no offset")
        return read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"the time cannot be read ({error})"[:200]) from error


def optional_text(value: Any) -> str | None:
    """A side value such as a link or a language: None where it is missing, empty or no text."""
    return value if isinstance(value, str) and value else None


def link(value: Any) -> str | None:
    """An address that a page may link to: https only, else None."""
    given = optional_text(value)
    return given if given and given.startswith("https://") and len(given) <= 2000 else None


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one where something else stands."""
    return value if isinstance(value, Mapping) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, [] where there is no list; anything else in it is passed over."""
    return [o for o in value if isinstance(o, Mapping)] if isinstance(value, list) else []


def unique(words: Iterable[Any]) -> tuple[str, ...]:
    """The words case-folded, each once, in their order; what is no text is passed over."""
    return tuple(dict.fromkeys(w.casefold() for w in words if isinstance(w, str) and w))


def tags_in(content: str) -> tuple[str, ...]:
    """The hashtags of a text; a number alone ("#1") is none."""
    return unique(tag for tag in TAG.findall(content) if not tag.isdigit())


def mentions_in(content: str) -> tuple[str, ...]:
    """The accounts a text names with an @."""
    return unique(name.rstrip(".") for name in MENTION.findall(content))


def position(latitude: Any, longitude: Any) -> tuple[float, float] | None:
    """(latitude, longitude) in degrees, None where they are no place on Earth."""
    numbers = (latitude, longitude)
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return (float(latitude), float(longitude))
