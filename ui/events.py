"""Events: what is coming, how sure its dates are, and the rules they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from insights.model import Scope
from insights.recurrence import is_month_rule, only_month
from ui import blocks, charts, data, officer, text
from ui.text import t

SOON = timedelta(weeks=6)
YEAR = timedelta(days=365)
_ALL = "all"


def of_city(rows: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """What concerns the chosen city: its own events, and those of the whole state."""
    return rows[[data.concerns(scope.city, where) for where in rows["city_slug"]]]


def upcoming(scope: Scope) -> None:
    """The next six weeks, soonest first; what is already on has its posts so far."""
    today = data.today()
    rows = of_city(data.events_between(today, today + SOON), scope)
    note = text.days(today, today + SOON - timedelta(days=1))
    with blocks.card(t("events.six_weeks"), note, key="six_weeks"):
        if rows.empty:
            st.caption(t("events.none_soon"))
            return
        # What is on all year stands below what begins and ends.
        records = sorted(rows.to_dict("records"), key=_lasts_long)
        blocks.table([_soon(row, scope, today) for row in records], t("events.six_alt"))


def _lasts_long(row: Mapping[str, Any]) -> bool:
    return (row["ends_on"] - row["starts_on"]).days >= charts.LONGEST_EVENT


def _soon(row: Mapping[str, Any], scope: Scope, today: date) -> dict[str, str]:
    """Two columns, so that a phone shows them whole."""
    kind = text.name_of("kind", row["kind"])
    return {
        t("events.when"): _when(row, today),
        t("events.what"): f"**{text.inert(name_of(row))}** {badge(row['confirmed'])}  \n"
        f"{text.city(row['city_slug'])} · {kind}" + _posts_so_far(row, scope, today),
    }


def _when(row: Mapping[str, Any], today: date) -> str:
    if _only_month(row):
        return days_of(row)
    return f"{text.weekday(row['starts_on'])} {_unbroken(row)}  \n{_until(row, today)}"


def _only_month(row: Mapping[str, Any]) -> bool:
    return only_month(row["starts_on"], row["ends_on"], bool(row["confirmed"]))


def days_of(row: Mapping[str, Any]) -> str:
    """The event's days, or its month where no more is known."""
    if _only_month(row):
        return t("events.some_day_of", month=text.month(row["starts_on"]))
    return text.days(row["starts_on"], row["ends_on"])


def _short_days(row: Mapping[str, Any]) -> str:
    """The same where another column says whether the dates are confirmed."""
    return text.month(row["starts_on"]) if _only_month(row) else days_of(row)


def _unbroken(row: Mapping[str, Any]) -> str:
    """The event's days; on a phone a line may end between them but not inside one."""
    days = text.days(row["starts_on"], row["ends_on"]).split(" – ")
    return " – ".join(day.replace(" ", "\N{NO-BREAK SPACE}") for day in days)


def _until(row: Mapping[str, Any], today: date) -> str:
    days = (row["starts_on"] - today).days
    if days <= 0:
        return t("events.running_now")
    return t("events.tomorrow") if days == 1 else t("events.in_days", n=days)


def _posts_so_far(row: Mapping[str, Any], scope: Scope, today: date) -> str:
    if row["starts_on"] > today or _only_month(row):
        return ""
    since = replace(scope, since=row["starts_on"], until=today + timedelta(days=1))
    if row["city_slug"] != _ALL:
        since = replace(since, city=row["city_slug"])
    return f"  \n[{t('events.posts_now')}]({blocks.posts_href(since)})"


def badge(confirmed: bool) -> str:
    """Whether an event's days are announced, as a badge."""
    word = t("events.confirmed" if confirmed else "events.unconfirmed")
    return f":green-badge[{word}]" if confirmed else f":orange-badge[{word}]"


def name_of(row: Mapping[str, Any]) -> str:
    """An event's name in the reader's language."""
    return row[f"name_{text.language()}"]


def year(scope: Scope) -> None:
    """The next twelve months as a table to scroll and sort."""
    today = data.today()
    rows = of_city(data.events_between(today, today + YEAR), scope)
    with blocks.card(t("events.year"), key="twelve_months"):
        if rows.empty:
            st.caption(t("events.none_known"))
            st.caption(t("events.none_hint"))
            return
        records = rows.to_dict("records")
        table = {
            "when": [_short_days(row) for row in records],
            "what": [name_of(row) for row in records],
            "where": [text.city(row["city_slug"]) for row in records],
            "kind": [text.name_of("kind", row["kind"]) for row in records],
            "sure": [_word(row["confirmed"]) for row in records],
            "source": rows["source"].tolist(),
        }
        _grid(table, 460, t("events.year_alt"))


def _word(confirmed: bool) -> str:
    return t("events.confirmed" if confirmed else "events.unconfirmed")


def rules(rows: pd.DataFrame) -> None:
    """The rules that events are made from, in words, by name."""
    records = sorted(rows.to_dict("records"), key=lambda row: name_of(row).casefold())
    table = {
        "what": [name_of(row) for row in records],
        "where": [text.city(row["city_slug"]) for row in records],
        "kind": [text.name_of("kind", row["kind"]) for row in records],
        "rule": [text.name_of("recurrence", row["recurrence"]) for row in records],
        "length": [_length(row) for row in records],
        "sure": [_sure(row) for row in records],
        "active": [t("events.yes" if row["active"] else "events.no") for row in records],
        "changed": [_changed(row) for row in records],
        "source": [row["source"] for row in records],
    }
    _grid(table, 380, t("events.templates_alt"))


def _sure(row: Mapping[str, Any]) -> str:
    """Whether a rule's dates are announced; of listed ones each line says so for itself."""
    listed = row["rule"].get("dates", ()) if row["recurrence"] == "dates" else ()
    doubtful = [written for written in listed if str(written).endswith("?") or len(written) == 7]
    if doubtful or row["recurrence"] == "islamic":
        return t("events.some_unconfirmed")
    return _word(row["confirmed"])


def _changed(row: Mapping[str, Any]) -> str:
    """Who wrote the rule and when; the product's own have no officer."""
    if not isinstance(row["updated_by"], str):
        return text.UNKNOWN
    who = t("form.local") if row["updated_by"] == officer.LOCAL else row["updated_by"]
    return f"{who}, {text.moment(row['updated_at'], data.zone())}"


def _length(row: Mapping[str, Any]) -> str:
    """How many days it takes, a dash where only the month is known; the grid writes "None"."""
    unknown = row["recurrence"] == "yearly" and is_month_rule(row["rule"])
    return text.UNKNOWN if unknown else text.number(row["duration_days"])


def _grid(columns: Mapping[str, list], height: int, alt: str) -> None:
    """A scrolling table of plain text whose first column stays in view."""
    config = {
        name: st.column_config.Column(t(f"events.{name}"), pinned=i == 0)
        for i, name in enumerate(columns)
    }
    table = pd.DataFrame(dict(columns))
    st.dataframe(
        table,
        column_config=config,
        hide_index=True,
        height=min(38 + 35 * len(table), height),
        alt=alt,
    )
