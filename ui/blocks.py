"""What pages are made of: cards, figures with their change, empty states, links to the posts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

import pyarrow as pa
import streamlit as st
from plotly.basedatatypes import BaseFigure

from insights import metrics
from insights.model import Scope
from ui import charts, data, links, shell, text
from ui.text import t

# Where a post's original may lie; links to anywhere else are not shown.
HOSTS = {
    "x": ("x.com", "twitter.com"),
    "instagram": ("instagram.com",),
    "facebook": ("facebook.com", "fb.com", "fb.watch"),
    "youtube": ("youtube.com", "youtu.be"),
    "tiktok": ("tiktok.com",),
}
_ICON = ":material/list:"
# Pixels of a card beside another: two of them fit on a tablet.
_NARROWEST = 280
_NBSP = "\N{NO-BREAK SPACE}"
# A line that looks like a caption and stands in one element with others; ui/links.py styles it.
_SOFT = "<small>{}</small>"
# A heading for who listens; for who looks, bold text without the anchor and room of a heading.
_HEADING = '<b role="heading" aria-level="2">{}</b>'


# --- cards and empty states ------------------------------------------------------------------


@contextmanager
def card(
    title: str,
    note: str = "",
    *,
    key: str | None = None,
    height="stretch",
    about: Scope | None = None,
) -> Iterator:
    """A bordered card with a bold one-line title and, under it, one soft line. `about` is the scope
    of its figures, which a note behind the title tells."""
    with st.container(border=True, height=height, key=key) as body:
        # One element and no container of its own: each costs 0.1 ms of CPU a rerun.
        head = _HEADING.format(escape(title, quote=False))
        if note:
            head += "<br>" + _SOFT.format(escape(note, quote=False))
        help_ = about_this(about) if about else None
        st.markdown(head, unsafe_allow_html=True, help=help_)
        yield body


def pair():
    """Two cards side by side, one below the other where it is narrow. They stand in the grid
    itself: a column around each would cost 0.2 ms of CPU and 100 bytes a rerun."""
    return st.grid(2, min_column_width=_NARROWEST)


def about_this(scope: Scope) -> str:
    """What stands behind every figure of a scope: how many posts, how many of them classified,
    whose voices, which days, and as of when. One line; the definition is the card's own."""
    status = data.status()
    key = ("about", scope, text.language(), status.demo, status.last_success)
    return data.once(key, lambda: _about(scope, status))


def _about(scope: Scope, status: data.Status) -> str:
    totals = data.totals(scope)
    when = text.moment(status.last_success, data.zone())
    said = [
        t(
            "metric.about",
            n=text.number(totals.posts),
            classified=text.number(totals.classified),
            share=text.percent(totals.coverage),
            voice=text.name_of("voice", scope.voice),
            days=text.days(scope.since, scope.until - timedelta(days=1)),
        ),
        provisional(totals),
        t("metric.about_demo") if status.demo else t("metric.as_of", when=when),
    ]
    return " ".join(filter(None, said))


def provisional(totals: metrics.Totals) -> str:
    """How many of the labels are the offline classifier's; nothing where none is."""
    if not totals.provisional:
        return ""
    n, labels = text.number(totals.provisional), text.number(totals.classified)
    return t("metric.provisional", n=n, m=labels)


def empty(why: str, *, hint: str = "", reset: bool = True) -> None:
    """A card that says in one sentence what is missing, and one button that may help."""
    with st.container(border=True, horizontal_alignment="center", key=None):
        st.markdown(f"**{why}**", text_alignment="center")
        if hint:
            st.caption(hint, text_alignment="center")
        if reset:
            query = {"lang": text.language()} | ({"demo": "1"} if shell.choices().demo else {})
            st.page_link(
                shell.PAGES["overview"][0], label=t("empty.reset"), icon="", query_params=query
            )


def nothing_yet() -> None:
    """Nothing was ever collected: no filter is at fault, and Data health says what is."""
    empty(t("empty.nothing_yet"), hint=t("empty.nothing_yet_hint"), reset=False)
    shell.health_link()


def stop_if_empty(totals: metrics.Totals) -> None:
    """End the page with an empty state when nothing was counted: no percentage, no arrow."""
    if totals.posts == 0:
        if data.first_day() is None:
            nothing_yet()
        else:
            empty(t("empty.no_posts"), hint=t("empty.no_posts_hint"))
        st.stop()


def plain(written: str, **given) -> None:
    """Text that somebody else wrote, shown inert: no markup, no image, no link."""
    st.text(written, **given)


# --- the posts behind a number -----------------------------------------------------------------


def posts_query(scope: Scope, **narrow: Any) -> dict[str, str]:
    """URL parameters of the posts page for exactly this scope, narrowed further.

    `narrow` takes the posts page's own filters: sentiment, topic, category, place (slug), text,
    counted=False for "not about Kedah", sort; and city, platform, since, until of the scope.
    """
    scope, own = _narrowed(scope, narrow)
    return shell.query_for(scope) | own


def _narrowed(scope: Scope, narrow: dict[str, Any]) -> tuple[Scope, dict[str, str]]:
    """A scope with what is narrowed of it, and the posts page's own parameters."""
    changes = {k: narrow.pop(k) for k in ("city", "platform", "since", "until") if k in narrow}
    scope = replace(scope, **changes) if changes else scope
    own = {"place": narrow.pop("place", scope.place), **narrow}
    own["counted"] = "no" if own.pop("counted", True) is False else None
    own["q"] = own.pop("text", None)
    return scope, {key: str(value) for key, value in own.items() if value}


def posts_link(scope: Scope, label: str, *, icon: str = _ICON, width="content", **narrow) -> None:
    """A link to exactly the posts behind a number; narrowed as in `posts_query`."""
    st.page_link(
        shell.PAGES["posts"][0],
        label=label,
        icon=icon,
        query_params=posts_query(scope, **narrow),
        width=width,
    )


def posts_href(scope: Scope, **narrow: Any) -> str:
    """The same as an address relative to any page, for a link inside a table's cell."""
    scope, own = _narrowed(scope, narrow)
    # The same for dozens of links on a page, and the day decides what a period's name covers.
    key = ("query", scope, shell.choices(), data.today())
    query = data.once(key, lambda: urlencode(shell.query_for(scope)))
    return f"posts?{query}&{urlencode(own)}" if own else f"posts?{query}"


def open_posts(scope: Scope, **narrow: Any) -> None:
    """Go to the posts behind a number; does not return."""
    links.go(posts_href(scope, **narrow))


class _Sound(BaseFigure):
    """A figure that Plotly need not check again, as tests/test_charts.py does: property by
    property, the check is two thirds of what a chart costs."""

    def __init__(self, figure: charts.Figure):
        object.__setattr__(self, "_figure", charts.brief(figure))

    def to_dict(self) -> charts.Figure:
        return self._figure


def chart(
    figure: charts.Figure,
    *,
    key: str,
    alt: str,
    scope: Scope | None = None,
    opens: Callable[[Any], Mapping[str, Any] | None] | None = None,
) -> None:
    """A figure; with `opens`, a click on a bar or point opens exactly its posts.

    `opens` is handed the point's customdata, or what `charts.clicked` reads in its series' code,
    and returns what to narrow the scope to, or None.
    """
    event = st.plotly_chart(
        _Sound(figure),
        key=key,
        config=charts.CONFIG,
        alt=alt,
        on_select="rerun" if opens else "ignore",
        selection_mode="points",
    )
    if not opens:
        return
    for point in event.selection.points:
        narrow = opens(charts.clicked(point) or point.get("customdata"))
        if narrow is not None:
            open_posts(scope, **narrow)


def as_links(key: str, links: Callable[[], list[tuple[str, int, str]]]) -> None:
    """A chart's figures as links, for a keyboard or a screen reader; made only when opened.

    `links` returns words, number of posts and address (from `posts_href`).
    """
    with st.expander(t("chart.as_links"), on_change="rerun", key=f"links_{key}") as opened:
        if opened.open:
            lines = (f"[{words}]({address}) {text.number(n)}" for words, n, address in links())
            st.markdown("  \n".join(lines))


def table(rows: list[dict[str, str]], alt: str) -> None:
    """A short table; cells may hold links of ours and never anybody else's words."""
    # Arrow straight away: the way round by pandas costs five times the CPU and twice the bytes.
    names = list(rows[0]) if rows else []
    cells = pa.table({name: [_unbroken(row[name]) for row in rows] for name in names})
    st.table(cells, border="horizontal", hide_index=True, alt=alt)


def _unbroken(cell: str) -> str:
    """A cell whose figures keep their unit, and n its number, on one line."""
    return cell.replace(" %", _NBSP + "%").replace("n = ", f"n{_NBSP}={_NBSP}")


def safe_url(platform: str, url: str | None) -> str | None:
    """The address of a post's original if it is https and on the platform's own hosts."""
    try:
        parts = urlsplit(url or "")
        host, port, user = parts.hostname or "", parts.port, parts.username
    except ValueError:
        return None
    allowed = HOSTS.get(platform, ())
    if parts.scheme != "https" or port or user is not None:
        return None
    own = any(host == name or host.endswith("." + name) for name in allowed)
    return url if own else None


# --- figures -------------------------------------------------------------------------------------


def metric(
    key: str,
    label: str,
    value: str,
    *,
    change: metrics.Change | None = None,
    note: str = "",
    help: str = "",
    link: tuple[Scope, str, Mapping[str, Any]] | None = None,
) -> None:
    """One figure in a card: `key` names the card. `link` is the scope, the words and the narrowing
    of the posts behind it."""
    with st.container(key=key, border=True, height="stretch", gap="xxsmall"):
        # It takes up what the card has to spare: notes and links of a row stand on one line.
        st.metric(label, value, help=help or None, height="stretch", **_delta(change))
        # One element for both: each costs 0.2 ms of CPU and 100 bytes a rerun.
        lines = [_SOFT.format(escape(note, quote=False))] if note else []
        if link:
            scope, words, narrow = link
            lines.append(f":small[{_ICON} [{words}]({posts_href(scope, **narrow)})]")
        if lines:
            st.markdown("  \n".join(lines), unsafe_allow_html=True)


def _delta(change: metrics.Change | None) -> dict[str, Any]:
    """How a change is shown: an arrow only for a real one, never a percentage from nothing."""
    if change is None or change.kind == "none":
        return {}
    quiet = {"delta_color": "off", "delta_arrow": "off"}
    if change.kind == "new":
        return {"delta": t("change.new"), **quiet}
    if change.kind == "too_few":
        return {"delta": t("change.too_few"), **quiet}
    if change.kind == "same" or change.percent is None or round(change.percent, 1) == 0:
        return {"delta": t("change.same"), **quiet}
    # Only the plain hyphen turns the arrow down.
    shown = percent_text(change).replace("\N{MINUS SIGN}", "-")
    return {"delta": shown, "delta_color": "off"}


def known_note(known: int, posts: int) -> str:
    """ "n of m known", or nothing when every post has the count."""
    if posts == 0 or known == posts:
        return ""
    return t("count.known", n=text.number(known), m=text.number(posts))


def change_text(change: metrics.Change | metrics.Trend | None) -> str:
    """A change inside a table's cell: "+12.4 %", or the words for why there is none."""
    if change is None or change.kind == "none":
        return text.UNKNOWN
    if change.kind in {"new", "too_few", "same"} or change.percent is None:
        return t(f"change.{change.kind}")
    return percent_text(change)


def percent_text(change: metrics.Change | metrics.Trend) -> str:
    """A change in per cent; a tenth of a per cent means nothing on a doubling."""
    return f"{text.signed(change.percent, 0 if abs(change.percent) >= 100 else 1)} %"


def net_text(totals: metrics.Totals, least: int = 5) -> str:
    """Net sentiment inside a table's cell, with n where it is under 30; words below `least`."""
    net = metrics.net_sentiment(totals)
    if net is None:
        return text.UNKNOWN
    if net.n < least:
        return t("change.too_few")
    shown = text.signed(net.value)
    return f"{shown} (n = {net.n})" if net.n < 30 else shown
