"""Before, during and after a past event: figures of the same weekdays, each opening its posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from insights import metrics
from insights.effect import Contrast, Effect, Span
from insights.model import Scope
from ui import blocks, charts, data, events, filters, overview, shell, text
from ui.text import t

_DAY = timedelta(days=1)
_AROUND = timedelta(weeks=4)
_TOPICS = 6
_ANSWERS = ("more", "less", "as_usual", "few_references")


def shown(scope: Scope) -> None:
    """The card: a past event to choose, what changed, and the spans that say so."""
    found = events.of_city(data.past_events(), scope)
    with blocks.card(t("effect.title"), t("effect.note"), key="event_effect"):
        if found.empty:
            st.caption(t("effect.none"))
            return
        row = _chosen(found)
        about = _scope_of(scope, row)
        told = data.event_effect(
            about, row["slug"], row["starts_on"], row["ends_on"], bool(row["confirmed"])
        )
        names = dict(zip(found["slug"], map(events.name_of, found.to_dict("records")), strict=True))
        _line(about, row)
        if told.contrasts:
            _figures(about, told)
        else:
            st.info(_why(told), icon=":material/help:")
        _trend(about, row)
        _spans(about, told)
        _small_print(told, _names(names))
        _topics(_on(about, row["starts_on"], row["ends_on"]))


# --- which event --------------------------------------------------------------------------------


def _chosen(found: pd.DataFrame) -> Mapping[str, Any]:
    """The event that the URL names, else the newest confirmed one, rather no holiday."""
    rows = {code_of(row): row for row in found.to_dict("records")}
    # The first of equals: they come newest first.
    first = max(rows, key=lambda one: (rows[one]["confirmed"], rows[one]["kind"] == "event"))
    code = filters.one_of(st.query_params.get("event"), rows, first)
    shell.pick(
        st.selectbox,
        "event",
        t("effect.event"),
        tuple(rows),
        code,
        names=lambda one: f"{events.name_of(rows[one])}, {events.days_of(rows[one])}",
    )
    return rows[code]


def code_of(row: Mapping[str, Any]) -> str:
    """An event as the URL names it: its template and its first day."""
    return f"{row['slug']}.{row['starts_on']:%Y%m%d}"


def _scope_of(scope: Scope, row: Mapping[str, Any]) -> Scope:
    """The event's own city; what concerns the whole state is seen where the reader looks."""
    city = scope.city if row["city_slug"] == filters.ALL else row["city_slug"]
    return replace(scope, city=city, place=None)


def _on(scope: Scope, first: date, last: date) -> Scope:
    return replace(scope, since=first, until=last + _DAY)


def _line(scope: Scope, row: Mapping[str, Any]) -> None:
    """Where and when, and all posts of those days."""
    days = _on(scope, row["starts_on"], min(row["ends_on"], data.today()))
    posts = data.totals(days).posts
    with st.container(horizontal=True, vertical_alignment="center"):
        where = text.city(scope.city)
        st.caption(f"{where} · {_with_weekdays(row['starts_on'], row['ends_on'])}", width="stretch")
        blocks.posts_link(days, overview.posts_words(posts))


def _with_weekdays(first: date, last: date) -> str:
    if first == last:
        return f"{text.weekday(first)} {text.day(first)}"
    start = f"{text.weekday(first)} {text.day(first, year=first.year != last.year)}"
    return f"{start} – {text.weekday(last)} {text.day(last)}"


# --- what changed -------------------------------------------------------------------------------


def _figures(scope: Scope, told: Effect) -> None:
    with st.grid(3, min_column_width=200, key="effect_figures"):
        for contrast in told.contrasts:
            blocks.metric(
                f"effect_{contrast.measure}",
                t(f"effect.{contrast.measure}"),
                _value(contrast),
                note="  \n".join(_said(contrast)),
                help=t("effect.help"),
            )
    for contrast in told.contrasts_after:
        if contrast.told:
            st.caption(
                t(
                    "effect.afterwards",
                    what=t(f"effect.{contrast.measure}"),
                    change=_value(contrast),
                    verdict=t(f"effect.after_{contrast.kind}"),
                )
            )
    if not told.contrasts_after:
        st.caption(t("effect.after_not_yet"))


def _value(contrast: Contrast) -> str:
    if contrast.kind not in _ANSWERS:
        return text.UNKNOWN
    if contrast.measure == "net":
        return t("effect.points", n=text.signed(contrast.now - contrast.before))
    return blocks.change_text(contrast.change)


def _said(contrast: Contrast) -> list[str]:
    """The verdict in words, then how sure it is."""
    if contrast.kind == "young":
        return [t("effect.young", day=text.day(contrast.settles))]
    verdict = t(f"effect.{contrast.kind}")
    if contrast.low is None:
        return [verdict]
    low, high = text.signed(contrast.low), text.signed(contrast.high)
    unit = t("effect.between_points" if contrast.measure == "net" else "effect.between")
    chance = t(
        "effect.chance", n=text.number(contrast.as_large), m=text.number(contrast.references)
    )
    return [f"**{verdict}**", unit.format(low=low, high=high), chance]


def _why(told: Effect) -> str:
    """Why nothing is compared."""
    return t(f"effect.why_{told.why}")


# --- what says so --------------------------------------------------------------------------------


def _trend(scope: Scope, row: Mapping[str, Any]) -> None:
    """Posts a day from four weeks before to four weeks after, with what was on."""
    since = max(row["starts_on"] - _AROUND, data.first_day() or row["starts_on"])
    until = min(row["ends_on"] + _AROUND, data.today()) + _DAY
    around = replace(scope, since=since, until=until)
    if around.days < 2:
        return
    days = data.daily(around)
    figure = charts.trend(
        days,
        name=t("overview.trend_posts"),
        day_text=text.day,
        events=overview.events_of(around),
        events_name=t("overview.trend_events"),
        gaps=overview.gaps(around),
        gaps_name=t("chart.gap"),
        today=data.today(),
    )
    blocks.chart(
        figure,
        key="effect_trend",
        alt=t("effect.trend_alt", days=text.days(since, until - _DAY)),
        scope=around,
        opens=overview.days_of,
    )


def _spans(scope: Scope, told: Effect) -> None:
    """Each span that was compared; every figure opens its posts."""
    if told.during is None:
        return
    rows = [
        *(_span(scope, span, t("effect.before")) for span in told.before),
        _span(scope, told.during, t("effect.during"), strong=True),
        *(_span(scope, span, t("effect.after")) for span in told.after),
    ]
    blocks.table(rows, t("effect.spans_alt"))


def _span(scope: Scope, span: Span, role: str, *, strong: bool = False) -> dict[str, str]:
    on = _on(scope, span.first, span.last)
    days = text.days(span.first, span.last)
    net = metrics.net_sentiment(span.totals)
    engagement = text.UNKNOWN if on.is_apart else text.number(span.engagement)
    return {
        t("effect.days"): f"**{role}**  \n**{days}**" if strong else f"{role}  \n{days}",
        t("effect.posts"): _link(on, text.number(span.posts)),
        t("effect.engagement"): _link(on, engagement, sort="engagement"),
        t("effect.net"): _link(on, blocks.net_text(span.totals), sentiment="classified")
        if net
        else text.UNKNOWN,
    }


def _link(scope: Scope, words: str, **narrow: str) -> str:
    if words == text.UNKNOWN:
        return words
    return f"[{words}]({blocks.posts_href(scope, **narrow)})"


def _small_print(told: Effect, names: Mapping[str, str]) -> None:
    """What was left out of the comparison and why, and what else was on."""
    if told.also_on:
        also = ", ".join(names.get(slug, slug) for slug in told.also_on)
        st.caption(t("effect.also_on", names=text.inert(also)))
    if told.left_out:
        spans = "; ".join(_left(one, names) for one in told.left_out)
        st.caption(t("effect.left_out", spans=text.inert(spans)))


def _left(one, names: Mapping[str, str]) -> str:
    days = text.days(one.first, one.last)
    if one.why == "event":
        return f"{days} ({', '.join(names.get(slug, slug) for slug in one.names)})"
    return f"{days} ({t(f'effect.left_{one.why}')})"


def _names(known: Mapping[str, str]) -> dict[str, str]:
    """The name of every template by its slug; those of past events are known already."""
    rows: Sequence[Mapping[str, Any]] = data.templates().to_dict("records")
    return {row["slug"]: events.name_of(row) for row in rows} | dict(known)


def _topics(scope: Scope) -> None:
    """What the classified posts of the event's days speak of."""
    if scope.is_apart:
        return
    found = data.topics(scope)
    if found.empty:
        return
    found = found.assign(posts=found["negative"] + found["neutral"] + found["positive"])
    found = found[found["posts"] > 0].sort_values("posts", ascending=False).head(_TOPICS)
    links = [
        f"[{text.topic(row['topic'])} {text.number(row['posts'])}]"
        f"({blocks.posts_href(scope, topic=row['topic'])})"
        for row in found.to_dict("records")
    ]
    if links:
        st.markdown(f"{t('effect.topics')} " + " · ".join(links))
