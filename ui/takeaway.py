"""Every view as plain tables to take along: the figures of its screen, and nothing beside them.

Unknown is an empty cell. The tables are made from the same loads as the page's own blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from insights import metrics
from insights.accuracy import Agreement
from insights.model import Scope
from reports.sheets import Sheet
from ui import corrections, data, events, export, filters, notes, radar, reasons, text
from ui.text import t

UNKNOWN = filters.UNKNOWN
DAY = timedelta(days=1)
_CORRECTIONS = 10_000
_COUNTS = ("likes", "comments", "shares", "views")
_LABELS = ("positive", "neutral", "negative", "unclassified")
_MEASURES = ("n_posts", *_LABELS, *_COUNTS, "engagement", "net", "net_low", "net_high")


# --- pages ----------------------------------------------------------------------------------------


def overview(scope: Scope, compared: data.Compared) -> None:
    """The Overview's figures, days, places, cities, platforms and topics."""
    export.offer("overview", lambda: _overview(scope, compared), scope, change=against(compared))


def _overview(scope: Scope, compared: data.Compared) -> list[Sheet]:
    sheets = [
        figures(scope, compared),
        daily(scope),
        places(scope, compared),
        _grouped(scope, "cities", data.by_city(scope), "slug", text.city),
        _grouped(scope, "platforms", data.by_platform(scope), "platform", text.platform),
    ]
    return sheets if scope.is_apart else [*sheets, topics(scope)]


def ranking(scope: Scope) -> None:
    """The Places page: every place with posts."""
    compared = data.compared(scope)
    export.offer("places", lambda: [places(scope, compared)], scope, change=against(compared))


def one_place(scope: Scope, compared: data.Compared, name: str) -> None:
    """The part for one place: its figures, days and topics."""

    def tables() -> list[Sheet]:
        return [figures(scope, compared), daily(scope), topics(scope)]

    asked = [f"{t('export.place')}: {name}"]
    export.offer("places", tables, scope, asked, change=against(compared))


def sentiment(scope: Scope) -> None:
    """The Sentiment page: days, and every grouping that it draws."""
    compared = data.compared(scope)
    tables = partial(_sentiment, scope, compared)
    export.offer("sentiment", tables, scope, change=against(compared))


def _sentiment(scope: Scope, compared: data.Compared) -> list[Sheet]:
    categories = data.by_category(scope)
    return [
        daily(scope),
        _grouped(scope, "categories", categories, "category", text.category),
        _grouped(scope, "cities", data.by_city(scope), "slug", text.city),
        _grouped(scope, "platforms", data.by_platform(scope), "platform", text.platform),
        places(scope, compared),
        topics(scope),
        issues(scope),
    ]


def calendar(scope: Scope) -> None:
    """The Events page: the next twelve months, and the rules they come from."""
    asked = [f"{t('filter.city')}: {text.city(scope.city)}"]
    export.offer("events", lambda: [upcoming(scope), templates()], filters=asked)


def unusual(scope: Scope) -> None:
    """The Radar page: what is unusual, what was, and the issues by place."""
    export.offer("radar", lambda: [finds(scope), issues(scope)], scope)


def accuracy() -> None:
    """The Accuracy page: agreement by language, and who corrected what."""
    export.offer("accuracy", lambda: [agreement(), corrected()])


def health() -> None:
    """The Data health page: platforms, runs and quarantine."""
    export.offer("data_health", _health)


def _health() -> list[Sheet]:
    now = data.collection()
    return [platforms(now.health), runs(now.runs), quarantined(now.quarantined)]


def against(compared: data.Compared) -> str:
    """Which days a change compares; empty where nothing is compared."""
    if compared.span is None:
        return ""
    now, before = compared.span.now, compared.span.before
    return f"{now.since} – {now.until - DAY} / {before.since} – {before.until - DAY}"


# --- tables of posts ------------------------------------------------------------------------------


def figures(scope: Scope, compared: data.Compared) -> Sheet:
    """The cards: each total, the posts it is known of, and how it moved."""
    totals = data.totals(scope)
    columns = _heads("figure", "value", "known", "compared_now", "before", "change")
    rows: list[list] = [["total_posts", totals.posts, totals.posts, *_moved(compared, "posts")]]
    for name in _COUNTS:
        value, known = getattr(totals, name), getattr(totals, f"{name}_known")
        rows.append([f"total_{name}", value, known, *_moved(compared, name)])
    named = [[t(f"metric.{code}"), *rest] for code, *rest in rows]
    if scope.is_apart:
        return Sheet(t("export.figures"), columns, named)
    net = metrics.net_sentiment(totals)
    ends = (net.value, net.low, net.high) if net else (None, None, None)
    for code, value in zip(("net", "net_low", "net_high"), ends, strict=True):
        named.append([t(f"export.{code}"), _rounded(value), totals.classified, *[None] * 3])
    for label in _LABELS:
        count = getattr(totals, label)
        named.append([t(f"export.{label}"), count, totals.posts, *[None] * 3])
    return Sheet(t("export.figures"), columns, named)


def _moved(compared: data.Compared, name: str) -> tuple[int | None, int | None, float | None]:
    """The values of both compared spans and the change in per cent, where one may be said."""
    if compared.span is None:
        return None, None, None
    now, before = getattr(compared.now, name), getattr(compared.before, name)
    posts = {"posts_now": compared.now.posts, "posts_before": compared.before.posts}
    return now, before, _rounded(metrics.change(now, before, **posts).percent)


def daily(scope: Scope) -> Sheet:
    """One row a day, silent days included."""
    rows = data.daily(scope)
    measures = (_measures(scope, row) for row in rows.itertuples(index=False))
    days = [[day, *row] for day, row in zip(rows["day"], measures, strict=True)]
    return Sheet(t("export.daily"), _heads("day", *_MEASURES), days)


def places(scope: Scope, compared: data.Compared) -> Sheet:
    """Every place with posts, most engagement first, with its trend and coordinates."""
    ranked = data.popular_places(scope, compared, limit=len(data.places()) + 1)
    moved = {place.slug: place.trend.percent if place.trend else None for place in ranked}
    order = {place.slug: index for index, place in enumerate(ranked)}
    found = sorted(data.by_place(scope).to_dict("records"), key=lambda row: order[row["slug"]])
    rows = [
        [
            text.city(UNKNOWN) if row["slug"] == UNKNOWN else row["name"],
            row["slug"],
            text.city(row["city_slug"]),
            text.category(row["category"]),
            *_measures_of(scope, row),
            _rounded(moved[row["slug"]]),
            row["lat"],
            row["lon"],
        ]
        for row in found
    ]
    heads = _heads("place", "slug", "city", "category", *_MEASURES, "change")
    return Sheet(t("export.places"), [*heads, *_heads("latitude", "longitude")], rows)


def _grouped(
    scope: Scope, code: str, found: pd.DataFrame, column: str, name: Callable[[str], str]
) -> Sheet:
    """Posts by one thing, most first."""
    found = found.sort_values("posts", ascending=False)
    rows = [[name(row[column]), *_measures_of(scope, row)] for row in found.to_dict("records")]
    singular = {"cities": "city", "platforms": "platform", "categories": "category"}[code]
    return Sheet(t(f"export.{code}"), _heads(singular, *_MEASURES), rows)


def topics(scope: Scope) -> Sheet:
    """Posts by topic and label."""
    found = data.topics(scope).sort_values("negative", ascending=False)
    rows = [
        [text.topic(row["topic"]), *(row[label] for label in _LABELS[:3])]
        for row in found.to_dict("records")
    ]
    return Sheet(t("export.topics"), _heads("topic", *_LABELS[:3]), rows)


def issues(scope: Scope) -> Sheet:
    """Posts by topic, place and label: a row each pair that has posts."""
    names = {place.slug: place.name for place in data.places()} | {UNKNOWN: text.city(UNKNOWN)}
    found = data.topics_by_place(scope).sort_values("negative", ascending=False)
    rows = [
        [text.topic(row["topic"]), names[row["slug"]], *(row[label] for label in _LABELS[:3])]
        for row in found.to_dict("records")
    ]
    return Sheet(t("export.issues"), _heads("topic", "place", *_LABELS[:3]), rows)


def _measures_of(scope: Scope, row: dict[str, Any]) -> list[object]:
    return _measures(scope, pd.Series(row))


def _measures(scope: Scope, row: Any) -> list[object]:
    """A row's measures; nothing is derived from a platform that stands apart."""
    totals = data.totals_of(row)
    counts = [getattr(totals, name) for name in _COUNTS]
    if scope.is_apart:
        return [totals.posts, *[None] * len(_LABELS), *counts, None, None, None, None]
    net = metrics.net_sentiment(totals)
    ends = (net.value, net.low, net.high) if net else (None, None, None)
    labels = [getattr(totals, label) for label in _LABELS]
    return [totals.posts, *labels, *counts, totals.engagement, *map(_rounded, ends)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _heads(*codes: str) -> list[str]:
    return [t(f"export.{code}") for code in codes]


# --- radar and accuracy ---------------------------------------------------------------------------


def finds(scope: Scope) -> Sheet:
    """The radar's finds of the scope's places, those that are open first."""
    found = radar.named([*data.finds(), *data.past_finds(radar.PAST_DAYS)], scope)
    rows = [
        [
            one.place.name if one.place else text.city(UNKNOWN),
            one.what,
            t(f"radar.{one.alarm.level}"),
            _instant(one.alarm.opened_at),
            _instant(one.alarm.closed_at),
            one.alarm.posts,
            one.alarm.authors,
            one.alarm.texts,
            _rounded(one.alarm.expected),
            one.alarm.p_value,
        ]
        for one in found
    ]
    heads = ("place", "topic", "kind", "starts_on", "ends_on", "n_posts", "authors", "texts")
    return Sheet(t("export.finds"), _heads(*heads, "usual", "chance"), rows)


def agreement() -> Sheet:
    """How often officers agreed with labels, as the page shows it."""
    rows = [
        [kind, language, one.share.n, *map(_percent, _ends(one)), one.opposite, _instant(one.last)]
        for kind, language, one in corrections.judged()
    ]
    heads = ("kind", "language", "judged", "agreed", "agreed_low", "agreed_high", "opposite")
    return Sheet(t("export.agreement"), _heads(*heads, "last_ok"), rows)


def _ends(one: Agreement) -> tuple[float, float, float]:
    return one.share.value, one.share.low, one.share.high


def _percent(share: float) -> float:
    return round(100 * share, 1)


def corrected() -> Sheet:
    """Every correction, the latest first: what, who, when, and whether it still stands."""
    made = data.corrections_made(_CORRECTIONS)
    rows = [
        [
            text.platform(row["platform"]),
            row["post_id"],
            text.name_of("correction_field", row["field"]),
            corrections.value_name(row["field"], row["before"]) if row["before"] else None,
            corrections.value_name(row["field"], row["value"]),
            corrections.name_of(row["officer"]),
            _instant(row["corrected_at"]),
            row["note"],
            _instant(row["undone_at"]),
        ]
        for row in made.to_dict("records")
    ]
    heads = ("platform", "post_id", "field", "stood", "corrected", "officer", "started_at")
    return Sheet(t("export.corrections"), _heads(*heads, "reason", "undone"), rows)


# --- events and collection ------------------------------------------------------------------------


def upcoming(scope: Scope) -> Sheet:
    """The events of the next twelve months that concern the scope's city."""
    today = data.today()
    found = events.of_city(data.events_between(today, today + events.YEAR), scope)
    rows = [
        [
            row["starts_on"],
            row["ends_on"],
            events.name_of(row),
            text.city(row["city_slug"]),
            text.name_of("kind", row["kind"]),
            _yes(row["confirmed"]),
            row["source"],
        ]
        for row in found.to_dict("records")
    ]
    heads = ("starts_on", "ends_on", "event", "city", "kind", "confirmed", "source_of")
    return Sheet(t("export.upcoming"), _heads(*heads), rows)


def templates() -> Sheet:
    """The rules that events are made from."""
    rows = [
        [
            events.name_of(row),
            text.city(row["city_slug"]),
            text.name_of("kind", row["kind"]),
            text.name_of("recurrence", row["recurrence"]),
            row["duration_days"],
            _yes(row["confirmed"]),
            _yes(row["active"]),
            row["source"],
        ]
        for row in data.templates().to_dict("records")
    ]
    heads = ("event", "city", "kind", "recurrence", "length", "confirmed", "active", "source_of")
    return Sheet(t("export.templates"), _heads(*heads), rows)


def _yes(value: object) -> str:
    return t("events.yes" if value else "events.no")


def platforms(found: pd.DataFrame) -> Sheet:
    """How each platform's last run ended."""
    rows = [
        [
            text.platform(row["platform"]),
            text.name_of("run_status", row["status"]),
            _instant(row["last_ok_at"]),
            _instant(row["failing_since"]),
            row["consecutive_failures"],
            _error(row["error_kind"]),
        ]
        for row in found.to_dict("records")
    ]
    heads = ("platform", "status", "last_ok", "failing_since", "failures", "error")
    return Sheet(t("export.health"), _heads(*heads), rows)


_RUN_COUNTS = ("fetched", "stored", "updated", "quarantined", "requests")


def runs(found: pd.DataFrame) -> Sheet:
    """The newest run records, newest first."""
    rows = [
        [
            text.platform(row["platform"]),
            text.name_of("run_status", row["status"]),
            _instant(row["started_at"]),
            _instant(row["finished_at"]),
            *(row[name] for name in _RUN_COUNTS),
            _error(row["error_kind"]),
            notes.one_line(row["note"], data.zone()) if isinstance(row["note"], str) else None,
        ]
        for row in found.to_dict("records")
    ]
    counts = ("fetched", "stored", "updated", "set_aside", "requests")
    heads = ("platform", "status", "started_at", "finished_at", *counts, "error", "remark")
    return Sheet(t("export.runs"), _heads(*heads), rows)


def quarantined(found: pd.DataFrame) -> Sheet:
    """Records that could not be read, without what stood in them."""
    rows = [
        [
            text.platform(row["platform"]),
            row["post_id"],
            reasons.words_of(row["reason"], data.zone()),
            text.name_of("stage", row["stage"]),
            _instant(row["created_at"]),
            row["passes"],
        ]
        for row in found.to_dict("records")
    ]
    heads = ("platform", "post_id", "reason", "stage", "noticed", "passes")
    return Sheet(t("export.quarantined"), _heads(*heads), rows)


def _error(kind: object) -> str | None:
    return None if kind is None or pd.isna(kind) else text.name_of("error", str(kind))


def _instant(value: object) -> datetime | None:
    if value is None or pd.isna(value):
        return None
    return pd.Timestamp(value).to_pydatetime().astimezone(UTC)
