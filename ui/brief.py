"""The weekly brief on screen: which week, its files, what it says, and those that were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import streamlit as st

from insights.brief import UNKNOWN, WEEK, AlarmLine, Brief, TopicLine, Where, weeks
from insights.model import Scope
from insights.words import Words
from reports.wording import SHOWN, Listing, Wording, file_name
from ui import blocks, data, filters, overview, shell, text
from ui.text import t

PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_ARCHIVED = 12  # weeks that are listed


def chosen(scope: Scope) -> Scope:
    """The reader's places, platform and voice, in the week that the URL names (else the last)."""
    known = [day.isoformat() for day in weeks(data.today())]
    week = filters.one_of(st.query_params.get("week"), known, known[0])
    st.caption(t("brief.lead"))
    with st.container(horizontal=True, vertical_alignment="bottom", key="brief_head"):
        shell.pick(st.selectbox, "week", t("brief.week"), known, week, names=_days_of, width=250)
        narrowed = _week_of(scope, date.fromisoformat(week))
        if not scope.is_apart:
            _files(data.brief(narrowed))
    return narrowed


def _week_of(scope: Scope, sunday: date) -> Scope:
    return replace(scope, since=sunday, until=sunday + WEEK)


def _days_of(week: str) -> str:
    sunday = date.fromisoformat(week)
    return text.days(sunday, sunday + WEEK - timedelta(days=1))


def stop_if_apart(scope: Scope) -> None:
    """End the page where nothing may be derived from the posts."""
    if scope.is_apart:
        blocks.empty(t("brief.apart"))
        st.stop()


def _files(brief: Brief) -> None:
    """The page and the slide, in the reader's language; made when asked for."""
    words = text.in_words()
    for kind, make, mime, icon in (
        ("pdf", _page, PDF, ":material/picture_as_pdf:"),
        ("pptx", _slide, PPTX, ":material/slideshow:"),
    ):
        st.download_button(
            t(f"brief.{kind}"),
            data=partial(make, brief, words),
            file_name=file_name(brief, words.language, kind),
            mime=mime,
            on_click="ignore",
            icon=icon,
            key=f"brief_{kind}",
        )


# Their libraries are imported late: every process would carry them, and few readers want a file.


def _page(brief: Brief, words: Words) -> bytes:
    from reports.pdf import pdf

    return pdf(brief, words)


def _slide(brief: Brief, words: Words) -> bytes:
    from reports.pptx import pptx

    return pptx(brief, words)


# --- what it says ---------------------------------------------------------------------------------


def preview(scope: Scope) -> None:
    """The page's sentences, figures and tables; every number opens its posts."""
    brief = data.brief(scope)
    said = Wording(brief, text.in_words())
    with st.container(border=True, gap="xsmall", key="brief_sentences"):
        first, *rest = said.sentences
        st.markdown(f"**{text.inert(first)}**")
        for sentence in rest:
            st.markdown(text.inert(sentence))
        if brief.alarms:
            st.markdown(" · ".join(_alarm(scope, said, one) for one in brief.alarms))
        if not brief.is_whole:
            shell.health_link()
    if brief.is_blank:
        _around(said)
    else:
        _figures(scope, brief, said)
    _small_print(scope, said)


def _figures(scope: Scope, brief: Brief, said: Wording) -> None:
    totals, compared = data.totals(scope), data.compared(scope)
    overview.figures(scope, totals, compared)
    overview.line_below(compared)
    for column, lines, listing, label in zip(
        st.columns(2),
        (brief.complaints, brief.praise),
        (said.complaints, said.praise),
        ("negative", "positive"),
        strict=True,
    ):
        with column:
            _topics(scope, lines, listing, label)
    wide, narrow = st.columns([3, 2])
    with wide:
        overview.top_places(scope, compared)
    with narrow:
        _around(said)


def _around(said: Wording) -> None:
    """What is known without a post: events, and how collection stands."""
    _events(said)
    _state(said)


def _alarm(scope: Scope, said: Wording, one: AlarmLine) -> str:
    """The way to exactly the posts of an open alarm."""
    return f"[{text.inert(said.alarm(one))}]({blocks.posts_href(scope, alarm=one.id)})"


def _topics(scope: Scope, lines: Sequence[TopicLine], listing: Listing, label: str) -> None:
    with blocks.card(listing.title, key=f"brief_{label}"):
        if not lines:
            st.caption(listing.empty)
            return
        rows = []
        for line, words in zip(lines, listing.rows, strict=True):
            opened = {"topic": line.topic, "sentiment": label}
            address = blocks.posts_href(scope, **opened)
            cells = (words[0], f"[{words[1]}]({address})", words[2], _where(scope, line, opened))
            rows.append(dict(zip(listing.heads, cells, strict=True)))
        blocks.table(rows, listing.title)


def _where(scope: Scope, line: TopicLine, opened: dict[str, str]) -> str:
    """Places with their posts of the topic; each figure opens them."""
    shown = [_place(scope, one, opened) for one in line.where[:SHOWN]]
    return ", ".join(shown) + (", …" if len(line.where) > SHOWN else "")


def _place(scope: Scope, one: Where, opened: dict[str, str]) -> str:
    unknown = one.slug == UNKNOWN
    narrow = {"city": UNKNOWN} if unknown else {"place": one.slug}
    name = text.inert(text.city(UNKNOWN) if unknown else one.name)
    gap = "\N{NO-BREAK SPACE}"
    return f"{name}{gap}[{text.number(one.posts)}]({blocks.posts_href(scope, **opened, **narrow)})"


def _events(said: Wording) -> None:
    for title, found in (("events", said.events), ("ahead", said.ahead)):
        with blocks.card(t(f"brief.{title}"), height="content", key=f"brief_{title}"):
            if not found:
                st.caption(t("brief.no_events"))
                continue
            lines = (f"{text.inert(when)}: {text.inert(what)}" for when, what in found)
            st.markdown("  \n".join(lines))


def _state(said: Wording) -> None:
    with blocks.card(said.words.t("brief.state"), height="content", key="brief_state"):
        told = (line for line in said.state if line not in said.sentences)  # at the top already
        st.markdown("  \n".join(map(text.inert, told)))


def _small_print(scope: Scope, said: Wording) -> None:
    st.caption(text.inert(said.definitions))
    st.caption(text.inert(said.as_of))
    with st.container(key="brief_overview"):
        st.page_link(
            shell.PAGES["overview"][0],
            label=t("brief.see_screen"),
            icon=":material/monitoring:",
            query_params=shell.query_for(scope),
        )


# --- the archive ----------------------------------------------------------------------------------


def archive() -> None:
    """The briefs that were sent, in the reader's language, each with its file as it went out."""
    kept = [one for one in data.archived_briefs() if one.language == text.language()]
    with blocks.card(t("brief.archive"), t("brief.archive_note"), key="brief_archive"):
        if not kept:
            st.caption(t("brief.archive_none"))
        for one in kept[:_ARCHIVED]:
            _archived(one)


def _archived(one: data.Archived) -> None:
    brief, words = one.brief, Words(one.language)
    mailed = t("brief.not_mailed")
    if one.mailed_at is not None:
        mailed = t("brief.mailed_on", when=text.moment(one.mailed_at, data.zone()))
    made = t("brief.archived_on", when=text.moment(one.made_at, data.zone()))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{text.days(brief.since, brief.last)}** · {made} · {mailed}", width="stretch"
        )
        st.download_button(
            "PDF",
            data=partial(_page, brief, words),
            file_name=file_name(brief, one.language, "pdf"),
            mime=PDF,
            on_click="ignore",
            icon=":material/download:",
            key=f"archived_{one.id}",
        )
