"""The reader's filters: read from the URL, checked, turned into a Scope and back into a URL.

The URL is the one truth. Streamlit's own `bind="query-params"` is not used because it writes the
label a widget shows into the URL, which would differ between the two languages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from insights import metrics
from insights.model import Platform, Scope
from insights.voices import CHOICES as VOICE_CHOICES
from insights.voices import VISITORS
from ui import text

PERIODS = ("7d", "30d", "90d", "365d")
CUSTOM = "custom"
DEFAULT_PERIOD = "30d"
ALL = "all"
MAINLAND = "mainland"
UNKNOWN = "unknown"
# By the seat of each of the twelve districts, Langkawi first because most is said about it.
CITIES = (
    "langkawi",
    "alor-setar",
    "sungai-petani",
    "kulim",
    "jitra",
    "baling",
    "sik",
    "yan",
    "pendang",
    "kuala-nerang",
    "pokok-sena",
    "bandar-baharu",
)
CITY_CHOICES = (ALL, MAINLAND, *CITIES, UNKNOWN)
PLATFORM_CHOICES = (ALL, *(platform.value for platform in Platform))
# What the frame owns in the URL; everything else belongs to a page.
KEYS = ("city", "period", "from", "to", "platform", "voice", "demo", "lang")
_OLDEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Choices:
    """What the reader chose. `first` and `last` are days, both included; set for a custom range.

    `complaint` is the key of a sentence to show when a range in the URL could not be used.
    """

    city: str = ALL
    period: str = DEFAULT_PERIOD
    first: date | None = None
    last: date | None = None
    platform: str = ALL
    voice: str = VISITORS
    demo: bool = False
    lang: str = text.DEFAULT
    complaint: str | None = None


def read(params: Mapping[str, str], today: date) -> Choices:
    """The choices a URL asks for. What is unknown or malformed falls back to its default."""
    chosen = Choices(
        city=one_of(params.get("city"), CITY_CHOICES, ALL),
        period=one_of(params.get("period"), PERIODS, DEFAULT_PERIOD),
        platform=one_of(params.get("platform"), PLATFORM_CHOICES, ALL),
        voice=one_of(params.get("voice"), VOICE_CHOICES, VISITORS),
        demo=params.get("demo") == "1",
        lang=one_of(params.get("lang"), text.LANGUAGES, text.DEFAULT),
    )
    if not ("from" in params or "to" in params):
        return chosen
    first, last = _day(params.get("from")), _day(params.get("to"))
    if first is None or last is None or not _OLDEST <= first <= last or first > today:
        return replace(chosen, complaint="filter.bad_range")
    return replace(chosen, period=CUSTOM, first=first, last=min(last, today))


def one_of(value: str | None, allowed: Collection[str], otherwise: str) -> str:
    """The value if it is allowed; widget options are no security boundary and URLs less so."""
    return value if value in allowed else otherwise


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat(written or "")
    except ValueError:
        return None


def scope_of(choices: Choices, today: date) -> Scope:
    """The half-open days, place and platform that the choices stand for."""
    if choices.period == CUSTOM:
        since, until = choices.first, choices.last + timedelta(days=1)
    else:
        since, until = metrics.period(choices.period, today)
    platform = None if choices.platform == ALL else choices.platform
    return Scope(
        since,
        until,
        city=choices.city,
        platform=platform,
        demo=choices.demo,
        voice=choices.voice,
    )


def query_of(choices: Choices) -> dict[str, str]:
    """The URL parameters of these choices. The language is always among them, so that a link of
    ours is never mistaken for one that says nothing."""
    query = {"lang": choices.lang}
    if choices.period == CUSTOM:
        query |= {"from": choices.first.isoformat(), "to": choices.last.isoformat()}
    elif choices.period != DEFAULT_PERIOD:
        query["period"] = choices.period
    if choices.city != ALL:
        query["city"] = choices.city
    if choices.platform != ALL:
        query["platform"] = choices.platform
    if choices.voice != VISITORS:
        query["voice"] = choices.voice
    if choices.demo:
        query["demo"] = "1"
    return query


def query_of_scope(scope: Scope, period: str, lang: str, demo: bool, today: date) -> dict[str, str]:
    """The URL parameters of a scope that was narrowed from what the reader chose (one day, one
    platform, one city). `period` keeps its name while it still covers the same days."""
    choices = Choices(
        city=scope.city,
        platform=scope.platform or ALL,
        voice=scope.voice,
        demo=demo,
        lang=lang,
        period=period,
    )
    same = period in PERIODS and metrics.period(period, today) == (scope.since, scope.until)
    if not same:
        last = scope.until - timedelta(days=1)
        choices = replace(choices, period=CUSTOM, first=scope.since, last=last)
    return query_of(choices)
