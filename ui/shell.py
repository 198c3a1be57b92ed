"""The frame's parts: language, filters, navigation, the mark that says whose data is shown."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import streamlit as st

from db.engine import ERRORS
from insights.model import Scope
from ui import data, filters, text
from ui.text import t

ROOT = Path(__file__).parents[1]
PAGES = {
    "overview": ("pages/overview.py", "monitoring"),
    "places": ("pages/places.py", "location_on"),
    "sentiment": ("pages/sentiment.py", "sentiment_satisfied"),
    "posts": ("pages/posts.py", "chat"),
    "events": ("pages/events.py", "calendar_month"),
    "data_health": ("pages/data_health.py", "health_metrics"),
    "about": ("pages/about.py", "info"),
}
_FRAMED = "framed"
_CHOICES = "choices"
_KEPT = "kept_query"
_SCOPE = "scope"
_PICK = "pick_"


def open_page() -> Scope:
    """What the reader looks at. The first line of every page.

    A fresh server answers a deep link such as /places with that page's file alone, because a
    folder named pages/ stands beside the frame. Then the frame is run from here, which runs the
    page inside it, and the bare run stops.
    """
    if not st.session_state.get(_FRAMED):
        runpy.run_path(str(ROOT / "streamlit_app.py"), run_name="__main__")
        st.stop()
    return st.session_state[_SCOPE]


def start() -> None:
    """Read the URL, choose the language and the database; before anything is drawn."""
    data.tune_process()
    choices = filters.read(_query(), data.today())
    text.use(choices.lang)
    st.session_state[_CHOICES] = choices
    st.session_state[_KEPT] = filters.query_of(choices)
    _open_data(choices)


def _query() -> dict[str, str]:
    """The URL's parameters. The navigation bar drops them all when it changes pages; what the
    reader had chosen is put back then."""
    query = st.query_params.to_dict()
    if not any(key in query for key in filters.KEYS) and _KEPT in st.session_state:
        query |= st.session_state[_KEPT]
        st.query_params.update(query)
    return query


def _open_data(choices: filters.Choices) -> None:
    try:
        with st.spinner(t("shell.preparing"), show_time=False):
            status = data.open_source(choices.demo)
    except ERRORS:
        st.error(t("shell.no_database"), icon=":material/database_off:")
        st.stop()
    scope = filters.scope_of(choices, data.today())
    st.session_state[_SCOPE] = replace(scope, demo=status.demo)


def pages() -> list:
    """The pages with their titles in the reader's language; the Overview is the root."""
    return [
        st.Page(
            path,
            title=t(f"page.{code}"),
            icon=f":material/{icon}:",
            url_path=code,
            default=code == "overview",
        )
        for code, (path, icon) in PAGES.items()
        if (ROOT / path).exists()
    ]


@contextmanager
def frame(title: str) -> Iterator[None]:
    """The logo, the filters and the mark, then the page inside the `with` block."""
    st.logo(str(ROOT / "static" / "icon.svg"), size="large")
    _header(title)
    _filters()
    _mark()
    st.session_state[_FRAMED] = True
    try:
        yield
    finally:
        st.session_state[_FRAMED] = False


def choices() -> filters.Choices:
    """What the reader chose in the frame."""
    return st.session_state[_CHOICES]


def query_for(scope: Scope) -> dict[str, str]:
    """The URL parameters that show this scope, in the reader's language."""
    chosen = choices()
    return filters.query_of_scope(scope, chosen.period, chosen.lang, chosen.demo, data.today())


# --- header and filters --------------------------------------------------------------------------


def _header(title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="page_header"):
        st.title(title, anchor=False, width="stretch")
        _pick(
            st.segmented_control,
            "lang",
            t("filter.language"),
            text.LANGUAGES,
            choices().lang,
            text.name_of,
            required=True,
            label_visibility="collapsed",
        )


def _filters() -> None:
    chosen = choices()
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        _pick(
            st.selectbox,
            "city",
            t("filter.city"),
            filters.CITY_CHOICES,
            chosen.city,
            text.name_of,
            width=220,
        )
        _pick(
            st.segmented_control,
            "period",
            t("filter.period"),
            (*filters.PERIODS, filters.CUSTOM),
            chosen.period,
            text.name_of,
            required=True,
        )
        if chosen.period == filters.CUSTOM:
            _range()
        _pick(
            st.selectbox,
            "platform",
            t("filter.platform"),
            filters.PLATFORM_CHOICES,
            chosen.platform,
            text.name_of,
            width=180,
        )
        _demo_switch()
    if chosen.complaint:
        st.caption(t(chosen.complaint))


def _pick(widget, key: str, label: str, options, value: str, names, **given) -> None:
    """A choice whose truth is the URL: the widget shows what the URL says and, when the reader
    changes it, changes the URL before the page runs again."""
    state = _PICK + key
    if st.session_state.get(state) != value:
        st.session_state[state] = value
    widget(
        label,
        options,
        key=state,
        format_func=lambda code: names(key, code),
        on_change=_picked,
        args=(key,),
        **given,
    )


def _picked(key: str) -> None:
    value = st.session_state[_PICK + key]
    if key == "period":
        _period_picked(value)
        return
    st.query_params[key] = value
    st.query_params.setdefault("lang", choices().lang)


def _period_picked(value: str) -> None:
    scope: Scope = st.session_state[_SCOPE]
    st.query_params.setdefault("lang", choices().lang)
    if value == filters.CUSTOM:
        st.query_params["from"] = scope.since.isoformat()
        st.query_params["to"] = (scope.until - timedelta(days=1)).isoformat()
        st.query_params.pop("period", None)
        return
    st.query_params["period"] = value
    for end in ("from", "to"):
        st.query_params.pop(end, None)


def _range() -> None:
    chosen = choices()
    for key, value in (("from", chosen.first), ("to", chosen.last)):
        state = _PICK + key
        if st.session_state.get(state) != value:
            st.session_state[state] = value
        st.date_input(
            t(f"filter.{key}"),
            key=state,
            max_value=data.today(),
            format="DD/MM/YYYY",
            on_change=_range_picked,
            width=140,
        )


def _range_picked() -> None:
    ends = [st.session_state[_PICK + key] for key in ("from", "to")]
    if None in ends:
        return
    first, last = sorted(ends)
    st.query_params["from"], st.query_params["to"] = first.isoformat(), last.isoformat()


def _demo_switch() -> None:
    state = _PICK + "demo"
    if st.session_state.get(state) != choices().demo:
        st.session_state[state] = choices().demo
    st.toggle(t("filter.demo"), key=state, help=t("filter.demo_help"), on_change=_demo_picked)


def _demo_picked() -> None:
    st.query_params.setdefault("lang", choices().lang)
    if st.session_state[_PICK + "demo"]:
        st.query_params["demo"] = "1"
    else:
        st.query_params.pop("demo", None)


# --- the mark ------------------------------------------------------------------------------------


def _mark() -> None:
    """Exactly one of two marks, and above the figures what is wrong with collection."""
    status = data.status()
    with st.container(key="data_mark"):
        if status.demo:
            _demo_banner(status)
        else:
            _live_mark(status)


def _demo_banner(status: data.Status) -> None:
    since = text.moment(status.failed_since, data.zone())
    why = t(f"shell.demo_{status.why}", since=since, problem=status.problem or "")
    st.warning(why, title=t("shell.demo_title"), icon=":material/science:")


def _live_mark(status: data.Status) -> None:
    when = text.moment(status.last_success, data.zone())
    age = text.ago(status.last_success, data.now())
    st.caption(f":material/check_circle: {t('shell.live', when=when, ago=age)}")
    if status.troubled:
        st.warning(_trouble(status), icon=":material/sync_problem:")


def _trouble(status: data.Status) -> str:
    parts = [
        t(
            "shell.trouble_one",
            platform=text.platform(platform),
            what=text.name_of("error", kind or "unknown"),
            since=text.moment(since, data.zone()),
        )
        for platform, kind, since in status.troubled
    ]
    return t("shell.trouble", parts="; ".join(parts))
