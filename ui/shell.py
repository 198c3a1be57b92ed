"""The frame's parts: language, filters, navigation, the mark that says whose data is shown."""

from __future__ import annotations

import logging
import runpy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from db.engine import ERRORS, reason
from insights.model import Scope
from ui import data, filters, text
from ui.text import t

ROOT = Path(__file__).parents[1]
PAGES = {
    "overview": ("pages/overview.py", "monitoring"),
    "places": ("pages/places.py", "location_on"),
    "sentiment": ("pages/sentiment.py", "sentiment_satisfied"),
    "radar": ("pages/radar.py", "radar"),
    "posts": ("pages/posts.py", "chat"),
    "events": ("pages/events.py", "calendar_month"),
    "brief": ("pages/brief.py", "summarize"),
    "data_health": ("pages/data_health.py", "health_metrics"),
    "accuracy": ("pages/accuracy.py", "fact_check"),
    "about": ("pages/about.py", "info"),
}
_LOG = logging.getLogger(__name__)
_FRAMED = "framed"
_CHOICES = "choices"
_KEPT = "kept_query"
_SCOPE = "scope"
_HEAD_WIDTH = 300
# A wide table scrolls inside its card, and its first column stays in sight. Streamlit's links show
# no focus of their own. What does not fit into the navigation bar hides behind words of
# Streamlit's, "5 more", that it has in English only.
# On a phone (where Streamlit's columns become one) the filters wait behind one line that says what
# is chosen, and the demo's mark is one line; its reason is read aloud and stands on Data health.
_STYLE = """<style>
[data-testid=stTable]{font-variant-numeric:tabular-nums}
[data-testid=stTable] :is(th,td):first-child{position:sticky;left:0;z-index:1;
background:%s}
[data-testid=stApp] a:focus-visible{outline:2px solid;outline-offset:2px}
[data-testid=stAlertContainer] a{text-decoration:underline}
.rc-overflow-item-rest p{visibility:hidden;font-size:0}
.rc-overflow-item-rest p::after{visibility:visible;font-size:.95rem;content:"%s"}
@media(min-width:641px){[data-testid=stLayoutWrapper]:has(>.st-key-chosen){display:none}}
@media(max-width:640px){
.st-key-toolbar:has(>* details:not([open]))>:nth-child(n+3){display:none}
.st-key-chosen{position:relative;border:1px solid rgb(128 128 128/.4);border-radius:.5rem;
padding:.5rem 1.6rem .5rem .6rem;font-size:.84rem;line-height:1.3}
.st-key-chosen>:first-child,.st-key-chosen>:first-child *{position:static}
.st-key-chosen [data-testid=stHtml] summary{position:absolute;inset:0;cursor:pointer;
border-radius:.5rem;list-style:none}
.st-key-chosen summary::after{content:"";position:absolute;right:.7rem;top:50%%;width:.45rem;
height:.45rem;border:solid;border-width:0 2px 2px 0;transform:translateY(-70%%) rotate(45deg)}
.st-key-chosen [open]>summary::after{transform:translateY(-30%%) rotate(225deg)}
.st-key-chosen summary:focus-visible{outline:2px solid;outline-offset:2px}
.st-key-data_mark{position:relative}
.st-key-demo_mark [data-testid=stAlertContainer]{padding:.3rem .6rem}
.st-key-demo_mark [data-testid=stAlertTitle] p{font-size:.84rem}
.st-key-health_figures [data-testid=stMetricValue]{font-size:1.35rem}
#filters_of,.st-key-demo_mark div:has(>[data-testid=stAlertTitle])+div{position:absolute;
height:1px;width:1px;overflow:hidden;clip-path:inset(50%%)}
}
</style>"""
# It never changes, or the browser would close it with every choice; the words stand beside it.
_DISCLOSURE = """<details><summary aria-labelledby="filters_of filters_chosen"></summary>
</details>"""


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
    data.send_at_once()
    data.keep_little()
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
        with st.spinner(t("shell.preparing")) if data.is_cold() else nullcontext():
            status = data.open_source(choices.demo)
    except ERRORS:
        st.error(t("shell.no_database"), icon=":material/database_off:")
        st.stop()
    if not data.knows_city(choices.city):
        choices = replace(choices, city=filters.ALL)
        st.session_state[_CHOICES] = choices
    scope = replace(
        filters.scope_of(choices, data.today()), demo=status.demo, audited=data.audited()
    )
    st.session_state[_SCOPE] = scope


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
    st.html(_STYLE % (page_colour(), t("shell.more")))
    st.logo(str(ROOT / "static" / "icon.svg"), size="large")
    _toolbar(title)
    _mark()
    _apart()
    st.session_state[_FRAMED] = True
    try:
        yield
        data.freeze_memory()
    except ERRORS as error:
        _LOG.error("the database failed while a page was made: %s", reason(error))
        st.error(t("shell.no_answer"), icon=":material/database_off:")
    finally:
        st.session_state[_FRAMED] = False


def page_colour() -> str:
    """The page's own colour in the reader's theme, to stand behind what stays in sight."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    return str(st.get_option(f"theme.{theme}.backgroundColor") or "Canvas")


def health_link() -> None:
    """The way to how collection stands, where something is not known for want of it."""
    st.page_link(
        PAGES["data_health"][0],
        label=t("page.data_health"),
        icon=":material/health_metrics:",
        query_params={"lang": text.language()} | ({"demo": "1"} if choices().demo else {}),
    )


def choices() -> filters.Choices:
    """What the reader chose in the frame."""
    return st.session_state[_CHOICES]


def query_for(scope: Scope) -> dict[str, str]:
    """The URL parameters that show this scope, in the reader's language."""
    chosen = choices()
    return filters.query_of_scope(scope, chosen.period, chosen.lang, chosen.demo, data.today())


# --- header and filters --------------------------------------------------------------------------


def _toolbar(title: str) -> None:
    """The page's title, the language and the filters in one row, which wraps where it is narrow."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar"):
        # So wide that on a phone it fills the first row alone, and on a desk leaves room beside it.
        with st.container(horizontal=True, vertical_alignment="center", width=_HEAD_WIDTH):
            st.title(title, anchor=False, width="content")
            _language()
        with st.container(key="chosen", gap=None):
            st.html(_DISCLOSURE)
            st.html(_chosen())
        _filters()
    if choices().complaint:
        st.caption(t(choices().complaint))


def _language() -> None:
    label, codes, chosen = t("filter.language"), text.LANGUAGES, choices().lang
    pick(
        st.segmented_control,
        "lang",
        label,
        codes,
        chosen,
        required=True,
        label_visibility="collapsed",
    )


def _chosen() -> str:
    """What is chosen, in the line that opens the filters on a phone."""
    chosen = choices()
    period = text.name_of("period", chosen.period)
    if chosen.period == filters.CUSTOM:
        period = text.days(chosen.first, chosen.last)
    said = (
        text.name_of("city", chosen.city),
        period,
        text.name_of("platform", chosen.platform),
        text.name_of("voice", chosen.voice),
    )
    words = " · ".join(one.replace(" ", "\N{NO-BREAK SPACE}") for one in said)
    return (
        f'<span id="filters_of">{escape(t("filter.title"))}: </span>'
        f'<span id="filters_chosen">{escape(words)}</span>'
    )


def _filters() -> None:
    chosen = choices()
    cities, platforms = filters.CITY_CHOICES, filters.PLATFORM_CHOICES
    periods = (*filters.PERIODS, filters.CUSTOM)
    pick(st.selectbox, "city", t("filter.city"), cities, chosen.city, width=166)
    pick(st.selectbox, "platform", t("filter.platform"), platforms, chosen.platform, width=136)
    voices = filters.VOICE_CHOICES
    pick(st.selectbox, "voice", t("filter.voice"), voices, chosen.voice, width=128)
    pick(
        st.segmented_control,
        "period",
        t("filter.period"),
        periods,
        chosen.period,
        on_change=_period_picked,
        required=True,
    )
    if chosen.period == filters.CUSTOM:
        _range()
    _demo_switch()


def pick(
    widget: Callable,
    key: str,
    label: str,
    options: Sequence[str],
    value: str,
    *,
    names: Callable[[str], str] | None = None,
    on_change: Callable[[], None] | None = None,
    **given: Any,
) -> None:
    """A choice whose truth is the URL's parameter `key`: the widget shows `value`, which the
    caller read from there, and a change goes into the URL before the page runs again.

    Option codes are the same in both languages; `names` turns one into words (by default those
    under `key` in the tables).
    """
    show(key, value)
    words = {code: names(code) if names else text.name_of(key, code) for code in options}
    widget(
        label,
        options,
        key=state_of(key),
        format_func=words.get,
        on_change=on_change or _picked,
        args=() if on_change else (key,),
        **given,
    )


def type_in(key: str, label: str, value: str, **given: Any) -> None:
    """The same for a line of text."""
    show(key, value)
    st.text_input(label, key=state_of(key), on_change=_picked, args=(key,), **given)


def state_of(key: str) -> str:
    """The widget key behind a parameter of the URL. It differs by language: the browser keeps a
    choice by the words it showed, and would send those of the old language back as a new choice."""
    return f"pick_{key}" if key == "lang" else f"pick_{key}_{text.language()}"


def show(key: str, value: object) -> None:
    """Let the widget of a parameter show this value; before the widget is made."""
    if st.session_state.get(state_of(key)) != value:
        st.session_state[state_of(key)] = value


def _picked(key: str) -> None:
    put_in_url(**{key: st.session_state[state_of(key)]})


def put_in_url(**values: object) -> None:
    """Set parameters of the URL; None or empty takes one away. A changed filter starts the posts
    at their first page again."""
    st.query_params.setdefault("lang", choices().lang)
    for key, value in ({"page": None} | values).items():
        if value in (None, ""):
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = str(value)


def _period_picked() -> None:
    value = st.session_state[state_of("period")]
    scope: Scope = st.session_state[_SCOPE]
    ends = {"from": None, "to": None}
    if value == filters.CUSTOM:
        ends = {"from": scope.since, "to": scope.until - timedelta(days=1)}
        value = None
    put_in_url(period=value, **ends)


def _range() -> None:
    chosen = choices()
    with st.container(horizontal=True, width="content"):
        for key, value in (("from", chosen.first), ("to", chosen.last)):
            show(key, value)
            st.date_input(
                t(f"filter.{key}"),
                key=state_of(key),
                max_value=data.today(),
                format="DD/MM/YYYY",
                on_change=_range_picked,
                width=140,
            )


def _range_picked() -> None:
    ends = [st.session_state[state_of(key)] for key in ("from", "to")]
    if None not in ends:
        put_in_url(**dict(zip(("from", "to"), sorted(ends), strict=True)))


def _demo_switch() -> None:
    show("demo", choices().demo)
    st.toggle(
        t("filter.demo"), key=state_of("demo"), help=t("filter.demo_help"), on_change=_demo_picked
    )


def _demo_picked() -> None:
    put_in_url(demo="1" if st.session_state[state_of("demo")] else None)


# --- the mark ------------------------------------------------------------------------------------


def _mark() -> None:
    """Exactly one of two marks, and above the figures what is wrong with collection."""
    status = data.status()
    with st.container(key="data_mark"):
        if status.demo:
            _demo_banner(status)
        else:
            _live_mark(status)


def _apart() -> None:
    """The rule of a platform that stands apart, on every page that shows it alone."""
    if st.session_state[_SCOPE].is_apart:
        st.info(t("shell.apart"), icon=":material/info:")


def _demo_banner(status: data.Status) -> None:
    since = text.moment(status.failed_since, data.zone())
    why = t(f"shell.demo_{status.why}", since=since, problem=status.problem or "")
    # Why nothing real is shown although there is some is told on a phone too.
    with st.container(key="demo_down" if status.why == "unreachable" else "demo_mark"):
        st.warning(why, title=t("shell.demo_title"), icon=":material/science:")


def _live_mark(status: data.Status) -> None:
    when = text.moment(status.last_success, data.zone())
    age = text.ago(status.last_success, data.now())
    st.caption(f":material/check_circle: {t('shell.live', when=when, ago=age)}")
    warnings = [_trouble(status)] if status.troubled else []
    if data.is_stale(status):
        warnings.append(t("shell.stale", ago=age))
    if warnings:
        st.warning("  \n".join(warnings), icon=":material/sync_problem:")


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
