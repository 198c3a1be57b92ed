"""Sentiment: how people feel, how sure that is, and where and about what it differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from insights import metrics
from insights.model import Scope, Sentiment
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
    rows, column = _GROUPS[group](scope)
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
        _parted(scope, rows, group, column)


def _categories(scope: Scope) -> tuple[pd.DataFrame, str]:
    """Posts without a place stand in no category."""
    rows = data.by_category(scope)
    rows = rows[rows["category"] != ""]
    return rows.assign(words=[text.category(code) for code in rows["category"]]), "category"


def _cities(scope: Scope) -> tuple[pd.DataFrame, str]:
    rows = data.by_city(scope)
    return rows.assign(words=[text.city(slug) for slug in rows["slug"]]), "slug"


def _platforms(scope: Scope) -> tuple[pd.DataFrame, str]:
    rows = data.by_platform(scope)
    return rows.assign(words=[text.platform(code) for code in rows["platform"]]), "platform"


_GROUPS = {"category": _categories, "city": _cities, "platform": _platforms}


def by_place(scope: Scope) -> None:
    """The labels' shares by place."""
    rows = data.by_place(scope)
    rows = rows[rows["slug"] != UNKNOWN].assign(words=lambda found: found["name"])
    with blocks.card(t("mood.by_place"), t("mood.by_note"), about=scope):
        _parted(scope, rows, "place", "slug")


def _parted(scope: Scope, rows: pd.DataFrame, narrow: str, column: str) -> None:
    rows = rows.sort_values("posts", ascending=False).head(_ROWS)
    figure = charts.sentiment_bars(
        rows,
        words(),
        label="words",
        opens=column,
        too_few=t("mood.too_few"),
        least=metrics.FEW,
        limit=_ROWS,
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
    found = data.topics_by_place(scope)
    found = found[found["negative"] > 0]
    with blocks.card(t("mood.issues"), t("mood.issues_note"), key="issues", about=scope):
        if found.empty:
            st.caption(t("mood.no_issues"))
            return
        counts = _negative_counts(found)
        topics = _largest(counts, lambda topic, slug: topic)[:_ISSUES]
        places = _largest(counts, lambda topic, slug: slug)[:_PLACES]
        names = {place.slug: place.name for place in data.places()} | {UNKNOWN: text.city(UNKNOWN)}
        heads = {slug: text.inert(names[slug]) for slug in places}
        rows = [_issue(scope, topic, counts, heads) for topic in topics]
        blocks.table(rows, t("mood.issues_alt"))


def _negative_counts(found: pd.DataFrame) -> dict[tuple[str, str], int]:
    pairs = zip(found["topic"], found["slug"], strict=True)
    return dict(zip(pairs, found["negative"].tolist(), strict=True))


def _largest(counts: Mapping[tuple[str, str], int], key: Callable[[str, str], str]) -> list[str]:
    """Topics (or places) by their negative posts, most first."""
    sums: Counter[str] = Counter()
    for pair, count in counts.items():
        sums[key(*pair)] += count
    return [name for name, _ in sums.most_common()]


def _issue(
    scope: Scope, topic: str, counts: Mapping[tuple[str, str], int], heads: Mapping[str, str]
) -> dict[str, str]:
    total = sum(count for (other, _), count in counts.items() if other == topic)
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
