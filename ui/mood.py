"""Sentiment: how people feel, how sure that is, and where and about what it differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import streamlit as st

from insights import metrics
from insights.model import Scope, Sentiment
from insights.table import Table
from ui import blocks, charts, data, filters, overview, shell, text
from ui.text import t

LABELS = tuple(str(label) for label in Sentiment)
UNKNOWN = filters.UNKNOWN
_ROWS = 8
_ISSUES = 8
_PLACES = 5
# Net sentiment needs more posts than a bar does, so its steps become weeks sooner.
_NET_WEEKLY_FROM = 32


def words() -> dict[str, str]:
    """The words for the labels, and for what has none yet."""
    return {label: text.sentiment(label) for label in (*LABELS, charts.UNCLASSIFIED)}


def figures(scope: Scope, totals: metrics.Totals) -> None:
    """Net sentiment with its interval, coverage, and the posts of each label."""
    with st.grid(5, min_column_width=150, key="sentiment_figures"):
        overview.net(scope, totals)
        overview.coverage(scope, totals)
        for label in LABELS:
            count = getattr(totals, label)
            share = metrics.share(count, totals.classified)
            blocks.metric(
                f"{label}_posts",
                text.sentiment(label),
                text.compact(count),
                note=_share_note(share) if share else "",
                help=f"{t('mood.share_help')}\n\n{blocks.about_this(scope)}",
                link=(scope, t("metric.see_posts"), {"sentiment": label}) if count else None,
            )


def stop_if_apart(scope: Scope) -> None:
    """End the page where nothing may be derived from the posts, before it shows a figure."""
    if scope.is_apart:
        blocks.empty(t("mood.apart"), hint=t("mood.apart_hint"))
        st.stop()


def stop_if_unclassified(totals: metrics.Totals) -> None:
    """End the page where no post carries a label: nothing is known, and nothing is drawn."""
    if not totals.classified:
        blocks.empty(t("mood.nothing_classified"), hint=t("mood.nothing_classified_hint"))
        st.stop()


def _share_note(share: metrics.Share) -> str:
    low, high = (text.percent(end).removesuffix(" %") for end in (share.low, share.high))
    return t(
        "mood.share", share=text.percent(share.value), low=low, high=high, n=text.number(share.n)
    )


def distribution(scope: Scope, totals: metrics.Totals) -> None:
    """All classified posts parted by label."""
    counts = {label: getattr(totals, label) for label in LABELS}
    note = t(
        "mood.distribution_note",
        n=text.number(totals.classified),
        all=text.number(totals.posts),
        share=text.percent(totals.coverage),
    )
    spoken = {label: text.number(count) for label, count in counts.items()}
    with blocks.card(t("mood.distribution"), note, height="content", about=scope):
        blocks.chart(
            charts.distribution(counts, words()),
            key="distribution",
            alt=t("mood.distribution_alt", **spoken),
            scope=scope,
            opens=lambda custom: {"sentiment": custom[0]},
        )


def over_time(scope: Scope) -> None:
    """Posts by label a day or week."""
    with blocks.card(t("mood.over_time"), t("mood.over_time_note"), about=scope):
        blocks.chart(
            charts.sentiment_trend(
                data.table("daily", scope),
                words(),
                day_text=text.day,
                events=overview.events_of(scope),
                events_name=t("overview.trend_events"),
                gaps=overview.gaps(scope),
                gaps_name=t("chart.gap"),
            ),
            key="sentiment_trend",
            alt=t("mood.over_time_alt"),
            scope=scope,
            opens=step,
        )


def step(custom: Any) -> dict[str, Any]:
    """What a part of a bar opens: its days and its label."""
    first, last, label = charts.step_opened(custom[0])
    return {"since": first, "until": last + timedelta(days=1), "sentiment": label}


def net_over_time(scope: Scope) -> None:
    """Net sentiment with its interval a day or week; a gap where too few posts speak."""
    with blocks.card(t("mood.net_time"), t("mood.net_note"), about=scope):
        figure = charts.net_trend(
            data.net_over_time(scope, _NET_WEEKLY_FROM),
            name=t("mood.net_name"),
            band_name=t("mood.band"),
            day_text=text.day,
            events=overview.events_of(scope),
            events_name=t("overview.trend_events"),
            gaps=overview.gaps(scope),
            gaps_name=t("chart.gap"),
        )
        blocks.chart(figure, key="net_trend", alt=t("mood.net_alt"), scope=scope, opens=step)


# --- by category, place, platform ----------------------------------------------------------------


def by_group(scope: Scope) -> None:
    """The labels' shares by what the reader picks: category of place, city or platform."""
    group = filters.one_of(st.query_params.get("by"), tuple(_GROUPS), "category")
    rows = _GROUPS[group](scope)
    with blocks.card(t(f"mood.by_{group}"), t("mood.by_note"), about=scope):
        shell.pick(
            st.segmented_control,
            "by",
            t("mood.by"),
            tuple(_GROUPS),
            group,
            required=True,
            label_visibility="collapsed",
        )
        _parted(scope, rows, group)


def _categories(scope: Scope) -> list[charts.Parted]:
    """Posts without a place stand in no category."""
    rows = _parts(data.table("by_category", scope), "category", text.category)
    return [row for row in rows if row.code]


def _cities(scope: Scope) -> list[charts.Parted]:
    return _parts(data.table("by_city", scope), "slug", text.city)


def _platforms(scope: Scope) -> list[charts.Parted]:
    return _parts(data.table("by_platform", scope), "platform", text.platform)


_GROUPS = {"category": _categories, "city": _cities, "platform": _platforms}


def by_place(scope: Scope) -> None:
    """The labels' shares by place."""
    found = data.table("by_place", scope)
    names = dict(found.rows("slug", "name"))
    rows = [row for row in _parts(found, "slug", names.get) if row.code != UNKNOWN]
    with blocks.card(t("mood.by_place"), t("mood.by_note"), about=scope):
        _parted(scope, rows, "place")


def _parts(found: Table, column: str, name: Callable[[str], str]) -> list[charts.Parted]:
    """A table's rows for bars, those with the most posts first."""
    rows = sorted(found.rows("posts", column, *LABELS), key=lambda row: -row[0])
    return [charts.Parted(name(code), code, *map(int, counts)) for _, code, *counts in rows]


def _parted(scope: Scope, rows: list[charts.Parted], narrow: str) -> None:
    figure = charts.sentiment_bars(
        rows, words(), too_few=t("mood.too_few"), least=metrics.FEW, limit=_ROWS
    )
    blocks.chart(
        figure,
        key=f"by_{narrow}",
        alt=t("mood.by_alt", what=t(f"mood.by_{narrow}").lower()),
        scope=scope,
        opens=lambda custom: part_of(custom[0], narrow),
    )


def part_of(code: str, narrow: str) -> dict[str, str]:
    """What a part of a row's bar opens."""
    row, label = charts.row_opened(code)
    return {narrow: row, "sentiment": label}


# --- what people are unhappy about, and where ----------------------------------------------------


def issues(scope: Scope) -> None:
    """Negative posts by topic and place; each figure opens its posts."""
    counts = data.complaints_by_place(scope)
    with blocks.card(t("mood.issues"), t("mood.issues_note"), key="issues", about=scope):
        if not counts:
            st.caption(t("mood.no_issues"))
            return
        by_topic, by_place = _sums(counts)
        names = {place.slug: place.name for place in data.places()} | {UNKNOWN: text.city(UNKNOWN)}
        heads = {slug: text.inert(names[slug]) for slug, _ in by_place.most_common(_PLACES)}
        rows = [_issue(scope, *one, counts, heads) for one in by_topic.most_common(_ISSUES)]
        blocks.table(rows, t("mood.issues_alt"))


def _sums(counts: Mapping[tuple[str, str], int]) -> tuple[Counter[str], Counter[str]]:
    """Negative posts by topic, and by place."""
    by_topic: Counter[str] = Counter()
    by_place: Counter[str] = Counter()
    for (topic, slug), count in counts.items():
        by_topic[topic] += count
        by_place[slug] += count
    return by_topic, by_place


def _issue(
    scope: Scope,
    topic: str,
    total: int,
    counts: Mapping[tuple[str, str], int],
    heads: Mapping[str, str],
) -> dict[str, str]:
    cells = {t("mood.issue"): text.topic(topic), t("mood.all"): _cell(scope, total, topic)}
    for slug, head in heads.items():
        narrow = {"city": UNKNOWN} if slug == UNKNOWN else {"place": slug}
        cells[head] = _cell(scope, counts.get((topic, slug), 0), topic, **narrow)
    return cells


def _cell(scope: Scope, count: int, topic: str, **narrow: str) -> str:
    if not count:
        return "0"
    href = blocks.posts_href(scope, topic=topic, sentiment="negative", **narrow)
    return f"[{text.number(count)}]({href})"
