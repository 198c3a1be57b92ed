"""The briefing at the top of the Overview: its sentences in the reader's words, and links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from insights import briefing, metrics
from insights.briefing import Collected, Dated, Facts, Looked, Moved, Sentence, Unusual
from insights.model import Scope
from ui import blocks, data, radar, shell, text
from ui.text import t

SOON = timedelta(days=14)  # how far ahead an event is coming


def shown(scope: Scope, totals: metrics.Totals, compared: data.Compared) -> None:
    """One line a sentence, each with the way to exactly its posts."""
    told = briefing.sentences(facts(scope, totals, compared))
    names = {place.slug: place.name for place in data.places()}
    lines = (f"<li>{_bold(words(one, names))}{_links(scope, one)}</li>" for one in told)
    st.html(f'{_STYLE}<ul class="briefing">{"".join(lines)}</ul>')


# Links inside a sentence are underlined: colour alone tells them from the words beside them.
_STYLE = """<style>
.briefing{margin:0;padding-left:1.2rem;line-height:1.6}
.briefing a{color:inherit;text-decoration:underline;text-underline-offset:.15em}
</style>"""
_STRONG = re.compile(r"\*\*(.+?)\*\*")


def _bold(sentence: str) -> str:
    """A sentence as inert HTML, what stands between two stars in bold."""
    return _STRONG.sub(r"<strong>\1</strong>", escape(sentence))


# --- facts ---------------------------------------------------------------------------------------


def facts(scope: Scope, totals: metrics.Totals, compared: data.Compared) -> Facts:
    """What is counted of the scope, for the sentences."""
    span, places = compared.span, _places(compared)
    return Facts(
        totals,
        span=span,
        now=compared.now,
        before=compared.before,
        places=places,
        complaints=_complaints(scope, compared),
        during=_during(span.now, briefing.most_moved(places)) if span else [],
        unusual=[_unusual(one) for one in radar.named(data.finds(), scope)],
        looked=_looked(scope),
        coming=_coming(scope),
        derived=not scope.is_apart,
        collected=_collected(),
    )


def _collected() -> Collected | None:
    status = data.status()
    if status.demo:
        return None
    troubled = [platform for platform, _, _ in status.troubled]
    return Collected(status.last_success, troubled, data.is_stale(status))


def _places(compared: data.Compared) -> list[Moved]:
    if compared.span is None:
        return []
    now, before = (
        dict(data.table("by_place", one).rows("slug", "posts"))
        for one in (compared.span.now, compared.span.before)
    )
    cities = {place.slug: place.city_slug for place in data.places()}
    return [
        Moved(slug, int(now.get(slug, 0)), int(before.get(slug, 0)), cities.get(slug, ""))
        for slug in {**now, **before}
    ]


def _complaints(scope: Scope, compared: data.Compared) -> list[Moved]:
    span = compared.span
    now = _negative(span.now if span else scope)
    before = _negative(span.before) if span else {}
    return [Moved(code, n, before.get(code, 0)) for code, n in now.items()]


def _negative(scope: Scope) -> dict[str, int]:
    return {code: int(n) for code, n in data.table("topics", scope).rows("topic", "negative")}


def _unusual(one: radar.Named) -> Unusual:
    alarm, place = one.alarm, one.place
    slug = place.slug if place else radar.UNKNOWN
    return Unusual(
        alarm.id, slug, alarm.topic, alarm.kind, alarm.posts, alarm.expected, alarm.is_alarm
    )


def _looked(scope: Scope) -> Looked:
    since = radar.newest(scope)
    posts, places = data.totals(since).posts, radar.places_of(since)
    days = data.last_look().get("days")
    return Looked(posts, places, since.since, days, radar.is_collected(since))


def _coming(scope: Scope) -> list[Dated]:
    today = data.today()
    return [
        _dated(row)
        for row in data.notable(today, today + SOON)
        if row["starts_on"] >= today and data.concerns(scope.city, row["city_slug"])
    ]


def _dated(row: Mapping[str, Any]) -> Dated:
    name = row[f"name_{text.language()}"]
    return Dated(name, row["starts_on"], row["ends_on"], row["city_slug"])


def _during(span: Scope, risen: Moved | None) -> list[Dated]:
    """The events in the city of a place that rose, on whose days it did."""
    if risen is None or not risen.city:
        return []
    events = [_dated(row) for row in data.notable(span.since, span.until)]
    return [
        one
        for one in events
        if one.city == risen.city and briefing.explains(risen, _posts_on(span, risen.code, one))
    ]


def _posts_on(span: Scope, slug: str, event: Dated) -> int:
    days = replace(
        span,
        place=slug,
        since=max(span.since, event.first),
        until=min(span.until, event.last + timedelta(days=1)),
    )
    return data.totals(days).posts


# --- words ---------------------------------------------------------------------------------------


def words(one: Sentence, names: Mapping[str, str]) -> str:
    """A sentence in the reader's language; names in it are still to be escaped."""
    values = {key: _said(key, value, names) for key, value in one.values.items()}
    return t(f"briefing.{one.key}", **values)


def _said(key: str, value: Any, names: Mapping[str, str]) -> str:
    if key == "place":
        return names[value] if value in names else text.city(value)
    if key == "topic":
        return radar.topic(value)
    if key == "when":
        return text.moment(value, data.zone())
    if key == "platforms":
        return ", ".join(map(text.platform, value))
    if key == "city":
        return text.city(value)
    if key == "event":
        return value
    if key == "change":
        return blocks.change_text(value)
    if key == "usual":
        return "" if value is None else radar.usually(value)
    if key == "held":
        return text.days(*value)
    if isinstance(value, tuple):
        return text.days(value[0], value[1] - timedelta(days=1))
    return text.number(value)


def _links(scope: Scope, one: Sentence) -> str:
    """What a sentence opens: its posts, and the page that tells more."""
    links = []
    if one.posts is not None:
        narrow = dict(one.posts)
        if set(narrow) == {"since"}:
            narrow["until"] = _tomorrow()
        links.append(_link(t("briefing.posts"), blocks.posts_href(scope, **narrow)))
    if one.page is not None:
        address = f"{one.page}?{urlencode(shell.query_for(scope))}"
        links.append(_link(t(f"page.{one.page}"), address))
    return f" {' · '.join(links)}" if links else ""


def _link(label: str, address: str) -> str:
    return f'<a href="{escape(address)}" target="_self">{escape(label)}</a>'


def _tomorrow() -> date:
    return data.today() + timedelta(days=1)
