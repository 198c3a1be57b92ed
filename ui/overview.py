"""The Overview's blocks: its figures, its tables, and what each of them opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from insights import metrics
from insights.model import APART, Scope, Sentiment
from insights.table import Table
from ui import blocks, charts, data, filters, places, text, voices
from ui.text import t

COUNTS = ("likes", "comments", "shares", "views")
_TOP = 8
_LONGEST_EVENT = timedelta(days=14)
_LABELS = (*(str(label) for label in Sentiment), charts.UNCLASSIFIED)


# --- figures -------------------------------------------------------------------------------------


def figures(scope: Scope, totals: metrics.Totals, compared: data.Compared) -> None:
    """Seven cards: five totals with their change, net sentiment with its interval, coverage."""
    with st.grid(7, min_column_width=150, key="figures"):
        _posts(scope, totals, compared)
        for name in COUNTS:
            _count(scope, totals, compared, name)
        net(scope, totals)
        coverage(scope, totals)
    voices.line(scope)


def _posts(scope: Scope, totals: metrics.Totals, compared: data.Compared) -> None:
    blocks.metric(
        "total_posts",
        t("metric.total_posts"),
        text.compact(totals.posts),
        change=_change(compared, "posts"),
        help=_exact(scope, totals.posts, "posts"),
        link=(scope, posts_words(totals.posts), {}),
    )


def posts_words(posts: int) -> str:
    """ "1 post", "1,697 posts"."""
    return t("count.post") if posts == 1 else t("count.posts", n=text.number(posts))


def _count(scope: Scope, totals: metrics.Totals, compared: data.Compared, name: str) -> None:
    value = getattr(totals, name)
    blocks.metric(
        f"total_{name}",
        t(f"metric.total_{name}"),
        text.compact(value),
        change=_count_change(compared, name),
        note=blocks.known_note(getattr(totals, f"{name}_known"), totals.posts),
        help=_exact(scope, value, name),
        link=(scope, t("metric.see_posts"), {"sort": "engagement"}),
    )


def _exact(scope: Scope, value: int | None, name: str) -> str:
    """The whole number, its definition, and what stands behind it."""
    said = t("metric.exact", exact=text.number(value), what=t(f"metric.{name}_help"))
    return f"{said}\n\n{blocks.about_this(scope)}"


def _change(compared: data.Compared, name: str) -> metrics.Change | None:
    """The change of one total between the two spans, None where nothing is compared."""
    if compared.span is None:
        return None
    now, before = compared.now, compared.before
    return metrics.change(
        getattr(now, name),
        getattr(before, name),
        posts_now=now.posts,
        posts_before=before.posts,
    )


def _count_change(compared: data.Compared, name: str) -> metrics.Change | None:
    """The change of likes and the like: at equal age of the posts where that is known."""
    aged = data.at_equal_age(compared)
    if aged is None:
        return _change(compared, name)
    return metrics.change(
        getattr(aged.now, name),
        getattr(aged.before, name),
        posts_now=aged.now.posts,
        posts_before=aged.before.posts,
    )


def net(scope: Scope, totals: metrics.Totals) -> None:
    """Net sentiment with its interval; a dash where nothing is classified."""
    net = metrics.net_sentiment(totals)
    note = t("metric.apart" if scope.is_apart else "metric.no_label")
    if net is not None:
        low, high = text.signed(net.low), text.signed(net.high)
        note = t("metric.interval", low=low, high=high, n=text.number(net.n))
    blocks.metric(
        "net_sentiment",
        t("metric.net_sentiment"),
        text.signed(net.value) if net else text.UNKNOWN,
        note=note,
        help=f"{t('metric.net_help')}\n\n{blocks.about_this(scope)}",
        link=(scope, _classified_words(totals), {"sentiment": "classified"}) if net else None,
    )


def _classified_words(totals: metrics.Totals) -> str:
    return t("metric.see_classified", n=text.number(totals.classified))


def coverage(scope: Scope, totals: metrics.Totals) -> None:
    """The share of posts that carry a label, and how many wait for one."""
    if scope.is_apart:
        blocks.metric(
            "classified_share",
            t("metric.classified_share"),
            text.UNKNOWN,
            note=t("metric.apart"),
            help=t("metric.share_help"),
        )
        return
    waiting = totals.unclassified
    words = t("metric.waiting", n=text.number(waiting))
    stopgap = blocks.provisional(totals)
    blocks.metric(
        "classified_share",
        t("metric.classified_share"),
        text.percent(totals.coverage),
        note=" ".join(filter(None, ("" if waiting else t("metric.all_classified"), stopgap))),
        help=f"{t('metric.share_help')}\n\n{blocks.about_this(scope)}",
        link=(scope, words, {"sentiment": "unclassified"}) if waiting else None,
    )


def lines_above(scope: Scope) -> None:
    """Which days are shown, and what is stored but not counted."""
    last = scope.until - timedelta(days=1)
    days = text.days(scope.since, last)
    if last == data.today():
        days = t(
            "overview.until_now", days=days, time=f"{data.now().astimezone(data.zone()):%H:%M}"
        )
    with st.container(horizontal=True, vertical_alignment="center", key="period_line"):
        st.caption(days, width="stretch")
        rest = data.not_counted(scope)
        words = t("overview.not_about", n=text.number(rest))
        if rest:
            blocks.posts_link(scope, words, counted=False)
        else:
            st.caption(words, width="content")
    if not data.totals(scope).posts:
        # The figures, and the line below them, are missing.
        voices.line(scope)


def line_below(compared: data.Compared) -> None:
    """What was compared with what."""
    span = compared.span
    if span is None:
        st.caption(_why_not_compared(compared))
        return
    now, before = (_days_of(s) for s in (span.now, span.before))
    key = "change.compared" if span.whole_weeks else "change.compared_days"
    st.caption(t(key, now=now, before=before) + "  \n" + _ages_line(compared))


def _why_not_compared(compared: data.Compared) -> str:
    """Why there is no change to show."""
    hole = compared.hole
    if hole is None:
        return t("change.too_new" if compared.too_new else "change.none")
    name = text.platform(hole.platform)
    if hole.last is None:
        return t("change.silent", platform=name, since=text.day(hole.first))
    return t("change.hole", platform=name, days=text.days(hole.first, hole.last))


def _days_of(scope: Scope) -> str:
    return text.days(scope.since, scope.until - timedelta(days=1))


def _ages_line(compared: data.Compared) -> str:
    """At which age of the posts their counts are compared, and of how many posts."""
    aged = data.at_equal_age(compared)
    if aged is None:
        return t("ages.last")
    said = t(
        "ages.equal",
        age=t("ages.day") if aged.age == 1 else t("ages.days", n=aged.age),
        now=_days_of(aged.spans.now),
        before=_days_of(aged.spans.before),
        n=text.number(aged.now.posts),
        of_now=text.number(aged.of_now),
        m=text.number(aged.before.posts),
        of_before=text.number(aged.of_before),
    )
    if not aged.left_out:
        return said
    return said + " " + t("ages.left_out", platforms=", ".join(map(text.platform, aged.left_out)))


# --- charts --------------------------------------------------------------------------------------


def trend(scope: Scope) -> None:
    """Posts a day, with the same weekdays of the weeks before and events on the axis."""
    days = data.table("daily", scope)
    weekly = len(days) >= charts.WEEKLY_FROM
    step = "_weekly" if weekly else ""
    with blocks.card(t(f"overview.trend{step}"), t(f"overview.trend_note{step}"), about=scope):
        figure = charts.trend(
            days,
            name=t("overview.trend_posts"),
            day_text=text.day,
            before=_weeks_before(scope),
            before_name=t("overview.trend_before"),
            events=events_of(scope),
            events_name=t("overview.trend_events"),
            gaps=gaps(scope),
            gaps_name=t("chart.gap"),
            today=data.today(),
        )
        blocks.chart(
            figure,
            key="daily_trend",
            alt=t("overview.trend_alt", days=text.days(days["day"][0], days["day"][-1])),
            scope=scope,
            opens=days_of,
        )
        blocks.as_links(
            "daily_trend", lambda: [_day_link(scope, day, posts) for day, posts in _spoken(days)]
        )


def gaps(scope: Scope) -> list[charts.Gap]:
    """What was not collected in the scope, in words."""
    return [
        (first, last, t("chart.gap_of", platform=text.platform(code)))
        for first, last, code in data.gaps(scope)
    ]


def _weeks_before(scope: Scope) -> list[int | None]:
    """The posts of as many days, a whole number of weeks earlier: equal weekdays lie together.

    None for days before anything was collected: nobody knows what was posted then.
    """
    back = timedelta(days=7 * -(-scope.days // 7))
    earlier = replace(scope, since=scope.since - back, until=scope.until - back)
    first = data.first_day()
    return [
        posts if first is not None and day >= first else None
        for day, posts in data.table("daily", earlier).rows("day", "posts")
    ]


def events_of(scope: Scope) -> list[tuple]:
    """Events that can be told on a day of the axis. A season, a month in which a date is still to
    be announced, or what returns every week says nothing about one day."""
    found = data.happening(scope.since, scope.until, f"name_{text.language()}")
    return [
        (first, last, name)
        for first, last, city, name in found
        if last - first <= _LONGEST_EVENT
        and (filters.ALL in (scope.city, city) or scope.city == city)
    ]


def days_of(custom: Any) -> dict[str, Any]:
    """What a bar of days opens: its first and last day, both included."""
    first, last, _ = charts.step_opened(custom[0])
    return {"since": first, "until": last + timedelta(days=1)}


def _spoken(days: Table) -> list[tuple[date, int]]:
    """The days that have posts, newest first; a month of them at most."""
    return [(day, posts) for day, posts in days.rows("day", "posts") if posts][:-32:-1]


def _day_link(scope: Scope, day: date, posts: int) -> tuple[str, int, str]:
    address = blocks.posts_href(scope, since=day, until=day + timedelta(days=1))
    return f"{text.weekday(day)} {text.day(day)}", posts, address


def sentiment(scope: Scope, totals: metrics.Totals) -> None:
    """The three labels of what is classified, and what waits for one; each opens its posts."""
    if scope.is_apart:
        blocks.empty(t("mood.apart"), hint=t("mood.apart_hint"), reset=False)
        return
    with blocks.card(
        t("overview.sentiment"),
        t("overview.sentiment_note", share=text.percent(totals.coverage)),
        about=scope,
    ):
        counts = {label: getattr(totals, label) for label in _LABELS}
        if totals.classified:
            blocks.chart(
                charts.distribution(counts, {label: text.sentiment(label) for label in _LABELS}),
                key="distribution",
                alt=t("overview.sentiment"),
                scope=scope,
                opens=lambda custom: {"sentiment": custom[0]},
            )
        rows = [_label_row(scope, label, n) for label, n in counts.items() if n]
        blocks.table(rows, t("overview.sentiment"))


def _label_row(scope: Scope, label: str, posts: int) -> dict[str, str]:
    address = blocks.posts_href(scope, sentiment=label)
    return {
        t("overview.label"): text.sentiment(label),
        t("overview.posts"): f"[{text.number(posts)}]({address})",
    }


def platforms(scope: Scope) -> None:
    """Posts and net sentiment by platform; each opens its posts."""
    rows = data.table("by_platform", scope)
    counted = dict(zip(rows["platform"], data.totals_in(rows), strict=True))
    largest = sorted(counted.items(), key=lambda pair: -pair[1].posts)
    with blocks.card(t("overview.platforms"), t("overview.platforms_note"), about=scope):
        blocks.table([_platform_row(scope, *pair) for pair in largest], t("overview.platforms_alt"))
        for code in scope.left_out:
            _apart(replace(scope, platform=str(code)))
        if set(APART) & set(counted):
            st.caption(t("shell.source_youtube"))


def _apart(scope: Scope) -> None:
    """The line of a platform that is in no total, if it has posts, with what its terms ask for."""
    totals = data.totals(scope)
    if totals.posts:
        posts = f"[{posts_words(totals.posts)}]({blocks.posts_href(scope)})"
        views = t("overview.apart_views", n=text.compact(totals.views)) if totals.views else ""
        st.caption(
            t(
                "overview.apart",
                platform=text.platform(scope.platform),
                figures=", ".join(filter(None, (posts, views))),
            )
            + "  \n"
            + t("shell.source_youtube")
        )


def _platform_row(scope: Scope, platform: str, totals: metrics.Totals) -> dict[str, str]:
    address = blocks.posts_href(scope, platform=platform)
    return {
        t("filter.platform"): text.platform(platform),
        t("overview.posts"): f"[{text.number(totals.posts)}]({address})",
        t("overview.net"): blocks.net_text(totals),
    }


# --- tables --------------------------------------------------------------------------------------


def top_places(scope: Scope, compared: data.Compared) -> None:
    """The places with the most engagement: posts, trend, net sentiment; each opens its posts."""
    with blocks.card(t("overview.places"), t("overview.places_note"), about=scope):
        rows = data.popular_places(scope, compared, _TOP)
        blocks.table([_place_row(scope, row) for row in rows], t("overview.places_alt"))


def _place_row(scope: Scope, row: data.PopularPlace) -> dict[str, str]:
    """The place's name opens its part of the Places page, its number of posts those posts."""
    if row.slug == filters.UNKNOWN:
        name, narrow = text.city(filters.UNKNOWN), {"city": filters.UNKNOWN}
    else:
        name, narrow = f"[{row.name}]({places.href(scope, row.slug)})", {"place": row.slug}
    posts = text.number(row.totals.posts)
    return {
        t("overview.place"): name,
        t("overview.engagement"): text.number(row.engagement),
        t("overview.posts"): f"[{posts}]({blocks.posts_href(scope, **narrow)})",
        t("overview.trend_column"): blocks.change_text(row.trend),
        t("overview.net"): blocks.net_text(row.totals),
    }


def topics(scope: Scope) -> None:
    """What people complain about and what they praise; beside them the platforms."""
    if scope.is_apart:
        return
    rows = data.table("topics", scope)
    with blocks.pair():
        for key, label in (("complain", "negative"), ("praise", "positive")):
            with blocks.card(t(f"overview.{key}"), t(f"overview.{key}_note"), about=scope):
                _topics_of(scope, rows, label)


def _topics_of(scope: Scope, rows: Table, label: str) -> None:
    some = [(topic, posts) for topic, posts in rows.rows("topic", label) if posts]
    largest = sorted(some, key=lambda row: -row[1])[:_TOP]
    if not largest:
        st.caption(t("overview.no_topics"))
        return
    figure = charts.ranking(
        [(text.topic(topic), topic, posts) for topic, posts in largest],
        unit=t("overview.posts"),
        colour=charts.COLOURS[Sentiment(label)],
    )
    blocks.chart(
        figure,
        key=f"topics_{label}",
        alt=t("overview.topics_alt"),
        scope=scope,
        opens=lambda custom: {"topic": custom[0], "sentiment": label},
    )
    blocks.as_links(f"topics_{label}", lambda: [_topic_link(scope, label, *row) for row in largest])


def _topic_link(scope: Scope, label: str, topic: str, posts: int) -> tuple[str, int, str]:
    address = blocks.posts_href(scope, topic=topic, sentiment=label)
    return text.topic(topic), posts, address
