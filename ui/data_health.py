"""Data health: what an operator must see at night, platform by platform, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from insights.health import Health, health
from insights.model import Kind, Platform
from ui import blocks, data, incidents, notes, reasons, spending, text
from ui.text import t

CLASSIFY = "classify"
_COLOURS = {
    Health.OK: "green",
    Health.NOTHING_NEW: "green",
    Health.RUNNING: "blue",
    Health.STALE: "orange",
    Health.LIMITED: "orange",
    Health.ERROR: "red",
    Health.NOT_CONFIGURED: "gray",
}
_ICONS = {
    Health.OK: ":material/check_circle:",
    Health.NOTHING_NEW: ":material/check_circle:",
    Health.RUNNING: ":material/sync:",
    Health.STALE: ":material/schedule:",
    Health.LIMITED: ":material/hourglass_top:",
    Health.ERROR: ":material/error:",
    Health.NOT_CONFIGURED: ":material/do_not_disturb_on:",
}
_RUNS = 25


# --- the whole page ------------------------------------------------------------------------------


def shown() -> None:
    """Collection into the database on screen; while the sample data shows, the shared one first."""
    if data.status().demo:
        _live_behind_the_demo()
        st.header(t("filter.demo"), anchor=False)
        st.caption(t("data_health.demo_note"))
        _collection(data.collection(), "shown")
        return
    incidents.shown(data.collection())
    _collection(data.collection(), "shown")


def _live_behind_the_demo() -> None:
    st.header(t("data_health.live_title"), anchor=False)
    live = data.live_collection()
    since, problem = data.live_problem()
    if live is None and since is None:
        st.caption(t("data_health.live_never"))
    elif live is None:
        when = text.moment(since, data.zone())
        said = text.inert(notes.one_line(problem or "", data.zone()))
        st.error(t("data_health.live_down", since=when, problem=said))
    elif live.health.empty:
        st.caption(t("data_health.live_none"))
    else:
        st.caption(t("data_health.live_note"))
        incidents.shown(live)
        _platforms(live.health, "live")


def _collection(now: data.Collection, key: str) -> None:
    _figures(now)
    _platforms(now.health, key)
    _quarantine(now.quarantined)
    spending.shown(now.spending)
    _runs(now.runs)
    _jobs(now.due)


# --- figures -------------------------------------------------------------------------------------


def _figures(now: data.Collection) -> None:
    last = _last_success(now.health)
    with st.grid(5, min_column_width=150, key="health_figures"):
        blocks.metric(
            "last_success",
            t("data_health.last_success"),
            text.ago(last, data.now()) if last else t("data_health.never"),
            note=text.moment(last, data.zone()) if last else "",
        )
        due = min(now.due.values(), default=None)
        blocks.metric(
            "next_run",
            t("data_health.next_run"),
            in_time(due, data.now(), "short") if due else text.UNKNOWN,
            note=text.moment(due, data.zone()) if due else t("data_health.not_planned"),
        )
        blocks.metric(
            "backlog",
            t("data_health.backlog"),
            text.compact(now.backlog),
            note=t("data_health.backlog_note"),
        )
        blocks.metric(
            "quarantine",
            t("data_health.quarantine"),
            text.number(len(now.quarantined)) + ("+" if len(now.quarantined) >= data.MANY else ""),
            note=t("data_health.quarantine_note"),
        )
        blocks.metric(
            "database_size",
            t("data_health.size"),
            megabytes(now.size),
            note=t("data_health.size_note", version=text.number(now.version)),
        )


def _last_success(rows: pd.DataFrame) -> datetime | None:
    platforms = rows[rows["platform"].isin([str(p) for p in Platform])]
    moments = [moment for moment in platforms["last_ok_at"] if known(moment) is not None]
    return max(moments, default=None)


def in_time(due: datetime, now: datetime, form: str = "in") -> str:
    """How long until something is due ("short" for a card); "overdue" once it should have begun."""
    minutes = int((due - now).total_seconds() // 60)
    if minutes < 0:
        return t("data_health.overdue")
    if minutes < 120:
        return t(f"data_health.{form}_minutes", n=minutes)
    return t(f"data_health.{form}_hours", n=minutes // 60)


def megabytes(size: int) -> str:
    """Bytes in the unit that operators think in."""
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.2f} GB"


# --- platforms -----------------------------------------------------------------------------------


def _platforms(rows: pd.DataFrame, key: str) -> None:
    """One card a platform, those that need somebody first; also those that never ran."""
    found = {row["platform"]: row for row in rows.to_dict("records")}
    wanted = [*(str(p) for p in Platform if p is not Platform.IMPORT), CLASSIFY]
    states = {code: standing(found.get(code)) for code in [*wanted, *(set(found) - set(wanted))]}
    order = [Health.ERROR, Health.STALE, Health.LIMITED]
    urgent = sorted(
        states, key=lambda code: order.index(states[code]) if states[code] in order else len(order)
    )
    with st.grid(3, min_column_width=300, key=f"platforms_{key}"):
        for code in urgent:
            with st.container(border=True, height="stretch", key=f"platform_{key}_{code}"):
                _platform(code, states[code], found.get(code) or {})


def standing(row: Mapping[str, Any] | None) -> Health:
    """How a platform stands by its row of `platform_health`, None if it never ran."""
    every = timedelta(seconds=data.settings().collector_interval_seconds)
    if row is None:
        return health(None, now=data.now(), every=every)
    return health(
        row["status"],
        now=data.now(),
        every=every,
        error_kind=known(row["error_kind"]),
        stored=row["stored"],
        updated=row["updated"],
        started_at=known(row["started_at"]),
        last_ok_at=known(row["last_ok_at"]),
        by_hand=row["platform"] == Platform.IMPORT,
    )


def _platform(code: str, state: Health, row: Mapping[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text.platform(code)}**", width="stretch")
        st.badge(text.name_of("health", state), icon=_ICONS[state], color=_COLOURS[state])
    kind = known(row.get("error_kind")) or "unknown"
    st.markdown(_sentence(code, state, row, kind))
    if row:
        st.caption("  \n".join(_fine_print(row)))
    st.markdown(
        t("data_health.do", what=t(f"data_health.do_{_of_classifier(code, _remedy(state, kind))}"))
    )
    noted = [known(row.get(name)) for name in ("error", "note")]
    by_hand = code == Platform.IMPORT  # which lines of a file were left out is no trouble
    if any(noted) and (by_hand or state not in (Health.OK, Health.NOTHING_NEW)):
        with st.expander(t("data_health.details")):
            notes.shown([str(words) for words in noted if words], data.zone())


def _of_classifier(code: str, state: str) -> str:
    """The classifier has words of its own: it labels posts, and without a key they wait for it."""
    own = code == CLASSIFY and state in (Health.NOT_CONFIGURED, Health.OK)
    return f"{state}_{CLASSIFY}" if own else state


def _sentence(code: str, state: Health, row: Mapping[str, Any], kind: str) -> str:
    what = text.name_of("error", kind)
    said = t(
        f"data_health.is_{_of_classifier(code, str(state))}",
        new=text.number(row.get("stored")),
        updated=text.number(row.get("updated")),
        since=text.moment(known(row.get("started_at")), data.zone()),
        what=what,
    )
    return said[:1].upper() + said[1:]


def _remedy(state: Health, kind: str) -> str:
    """Which advice fits: by what went wrong for an error, by the standing otherwise."""
    if state != Health.ERROR:
        return str(state)
    return kind if kind in [str(known_kind) for known_kind in Kind] else "unknown"


def _fine_print(row: Mapping[str, Any]) -> Iterable[str]:
    last, since = known(row["last_ok_at"]), known(row["failing_since"])
    if last:
        when = text.moment(last, data.zone())
        yield t("data_health.success", when=when, ago=text.ago(last, data.now()))
    else:
        yield t("data_health.no_success")
    if row["platform"] == Platform.IMPORT:
        return
    if since:
        times = int(row["consecutive_failures"])
        key = "data_health.failing" if times > 1 else "data_health.failing_one"
        yield t(key, when=text.moment(since, data.zone()), n=times)
    asked = incidents.how_asked(row["breaker"], row["status"])
    if asked:
        yield asked
    if row["quarantined"]:
        yield t("data_health.set_aside", n=text.number(row["quarantined"]))


# --- tables --------------------------------------------------------------------------------------


def _quarantine(rows: pd.DataFrame) -> None:
    with blocks.card(t("data_health.quarantined"), t("data_health.quarantined_note")):
        if rows.empty:
            st.caption(t("data_health.quarantined_none"))
            return
        now = data.now()
        table = {
            "platform": [text.platform(code) for code in rows["platform"]],
            "reason": [reasons.words_of(reason, data.zone()) for reason in rows["reason"]],
            "stage": [text.name_of("stage", stage) for stage in rows["stage"]],
            "post": rows["post_id"],
            "since": _local(rows["created_at"]),
            "age": [text.ago(known(moment), now) for moment in rows["created_at"]],
            "passes": rows["passes"],
        }
        _grid(table, t("data_health.quarantined_alt"))


def _runs(rows: pd.DataFrame) -> None:
    with blocks.card(t("data_health.runs")):
        if rows.empty:
            st.caption(t("data_health.runs_none"))
            return
        rows = rows.sort_values(["started_at", "id"], ascending=False).head(_RUNS)
        table = {
            "platform": [text.platform(code) for code in rows["platform"]],
            "status": [text.name_of("run_status", status) for status in rows["status"]],
            "started": _local(rows["started_at"]),
            "seconds": _seconds(rows),
            "fetched": rows["fetched"],
            "stored": rows["stored"],
            "updated": rows["updated"],
            "refreshed": rows["refreshed"],
            "gone": rows["gone"],
            "quarantined": rows["quarantined"],
            "tokens": rows["input_tokens"].astype("Int64") + rows["output_tokens"].astype("Int64"),
            "cost": rows["cost_usd"].astype("Float64").round(4),
            "error": [text.name_of("error", k) if known(k) else None for k in rows["error_kind"]],
            "note": [
                notes.one_line(note, data.zone()) if known(note) else None for note in rows["note"]
            ],
        }
        _grid(table, t("data_health.runs_alt"))


def _seconds(rows: pd.DataFrame) -> list[float | None]:
    return [
        None if known(end) is None else round((end - start).total_seconds(), 1)
        for start, end in zip(rows["started_at"], rows["finished_at"], strict=True)
    ]


def _jobs(due: Mapping[str, datetime]) -> None:
    if not due:
        return
    with blocks.card(t("data_health.jobs")):
        rows = sorted(due.items(), key=lambda job: job[1])
        table = pd.DataFrame(
            {
                t("data_health.column_job"): [text.name_of("job", name) for name, _ in rows],
                t("data_health.column_due"): [
                    f"{text.moment(at, data.zone())} ({in_time(at, data.now())})" for _, at in rows
                ],
            }
        )
        st.table(table, border="horizontal", hide_index=True, alt=t("data_health.jobs_alt"))


def _grid(columns: Mapping[str, Any], alt: str) -> None:
    """A scrolling table; its text cells are never markup. The first column stays in view."""
    table = pd.DataFrame(dict(columns))
    first = next(iter(columns))
    config = {name: st.column_config.Column(t(f"data_health.column_{name}")) for name in columns}
    if "error" in config:
        config["error"] = st.column_config.Column(t("data_health.column_error"), width="medium")
    config[first] = st.column_config.Column(t(f"data_health.column_{first}"), pinned=True)
    st.dataframe(
        table,
        column_config=config,
        hide_index=True,
        height=min(38 + 35 * len(table), 360),
        placeholder=text.UNKNOWN,
        alt=alt,
    )


def _local(moments: pd.Series) -> list[str]:
    return [text.moment(known(moment), data.zone()) for moment in moments]


def known(value: Any) -> Any:
    """A cell's value; None for every way in which a table says that there is none."""
    if value is None or pd.isna(value):
        return None
    return value.to_pydatetime().astimezone(UTC) if isinstance(value, pd.Timestamp) else value
