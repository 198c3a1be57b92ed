"""How posts are listed: the page's own filters, one card a post, and the file to take away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from insights.accuracy import OFFLINE
from insights.matching import BY_CLASSIFIER
from insights.model import APART, PostFilter, Scope, Sentiment
from insights.topics import TOPICS
from reports.sheets import Sheet
from ui import blocks, corrections, data, export, filters, radar, shell, text, voices
from ui.text import t

PER_PAGE = 20
FILE_LIMIT = 20_000
ANY = "any"
SENTIMENTS = (ANY, *(str(label) for label in Sentiment), "classified", "unclassified")
SORTS = ("newest", "engagement")
COUNTED = ("yes", "no")
COUNTS = ("likes", "comments", "shares", "views")
_OWN = ("sentiment", "topic", "category", "place", "q", "counted", "sort", "page")
_BADGE = {"negative": ":orange-badge", "neutral": ":gray-badge", "positive": ":blue-badge"}
_SIGN = {"negative": "\N{MINUS SIGN}", "neutral": "=", "positive": "+"}


# --- the page's filters --------------------------------------------------------------------------


def chosen(scope: Scope) -> tuple[PostFilter, str]:
    """What the URL asks for beyond the frame's filters, checked, and the order."""
    query = st.query_params
    places = {place.slug for place in data.places()}
    place = filters.one_of(query.get("place"), places, None)
    wanted = PostFilter(
        replace(scope, place=place),
        sentiment=_or_none(query.get("sentiment"), SENTIMENTS),
        topic=_or_none(query.get("topic"), TOPICS),
        category=_or_none(query.get("category"), _categories()),
        text=(query.get("q") or "").strip()[:100],
        counted=query.get("counted") != "no",
        alarm=_whole_number(query.get("alarm")),
    )
    return wanted, filters.one_of(query.get("sort"), SORTS, SORTS[0])


def _whole_number(written: str | None) -> int | None:
    """The number that a URL gives; None for what is none, or none that a table holds."""
    is_one = bool(written) and written.isascii() and written.isdigit() and len(written) < 18
    return int(written) if is_one else None


def _or_none(value: str | None, allowed) -> str | None:
    return value if value in allowed and value != ANY else None


def _categories() -> list[str]:
    return sorted({place.category for place in data.places()})


def filter_row(wanted: PostFilter, sort: str) -> None:
    """The page's own filters, in the URL like those of the frame; of a find of the radar its name
    in their stead, as nothing else narrows its posts."""
    if wanted.alarm is not None:
        radar.heading(wanted.alarm)
        clear_link(wanted.scope)
        return
    with st.grid("auto", min_column_width=165, key="post_filters"):
        shell.type_in("q", t("posts.search"), wanted.text, max_chars=100, icon=":material/search:")
        _choice("sentiment", SENTIMENTS, wanted.sentiment, text.sentiment)
        _choice("topic", (ANY, *TOPICS), wanted.topic, text.topic)
        _choice("category", (ANY, *_categories()), wanted.category, text.category)
        names = {place.slug: place.name for place in data.places()}
        slugs = sorted(names, key=lambda slug: names[slug].casefold())
        _choice("place", (ANY, *slugs), wanted.scope.place, names.get)
        counted = "yes" if wanted.counted else "no"
        shell.pick(st.selectbox, "counted", t("posts.which"), COUNTED, counted)
        shell.pick(
            st.selectbox,
            "sort",
            t("posts.sort"),
            SORTS,
            sort,
            names=lambda code: text.name_of("order", code),
        )


def _choice(key: str, options, value: str | None, names) -> None:
    shell.pick(
        st.selectbox,
        key,
        t(f"posts.{key}"),
        options,
        value or ANY,
        names=lambda code: t("posts.any") if code == ANY else names(code),
    )


def clear_link(scope: Scope) -> None:
    """Back to all posts of the frame's filters."""
    blocks.posts_link(replace(scope, place=None), t("posts.clear"), icon="")


# --- the list ------------------------------------------------------------------------------------


def head(wanted: PostFilter, sort: str, found: int) -> None:
    """How many posts there are, in the element `posts_found`, and the file of them."""
    with st.container(horizontal=True, vertical_alignment="center", key="posts_head"):
        words = t("posts.found_one") if found == 1 else t("posts.found_many", n=text.number(found))
        with st.container(key="posts_found", width="stretch"):
            st.header(words, anchor=False)
        if found:
            _download(wanted, sort, found)


def listing(wanted: PostFilter, sort: str, found: int) -> None:
    """One page of posts as cards, and the way to the other pages."""
    if not found and data.first_day() is None:
        blocks.nothing_yet()
        return
    if not found:
        blocks.empty(t("posts.none"), hint=t("posts.none_hint"), reset=False)
        clear_link(wanted.scope)
        return
    pages = -(-found // PER_PAGE)
    page = min(_page(), pages)
    first = (page - 1) * PER_PAGE
    rows = data.posts(wanted, sort=sort, limit=PER_PAGE, offset=first)
    corrections.switch(rows)
    named, said = data.named_places(rows), _corrections_of(rows)
    for row in rows.to_dict("records"):
        key = (row["post_id"], row["platform"])
        _card(row, named.get(key, ()), said.get(key, {}))
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = t("posts.shown", first=text.number(first + 1), last=text.number(first + len(rows)))
        st.caption(shown, width="stretch")
        if pages > 1:
            _turn(page, pages)


def _page() -> int:
    return max(1, _whole_number(st.query_params.get("page")) or 1)


def _turn(page: int, pages: int) -> None:
    # A widget of its own for every page: st.pagination cannot be told a value from outside.
    key = f"turn_{page}_{pages}"
    st.pagination(pages, default=page, key=key, on_change=_turned, args=(key,))


def _turned(key: str) -> None:
    page = st.session_state[key]
    shell.put_in_url(page=page if page > 1 else None)


def _corrections_of(rows: pd.DataFrame) -> dict:
    """What officers said of these posts; asked for only where one is corrected or may be."""
    if not corrections.is_on():
        rows = rows[rows["corrected"].astype(bool)]
    keys = tuple(zip(rows["post_id"], rows["platform"], strict=True))
    return data.corrections_of(keys) if keys else {}


def _card(row: Mapping[str, Any], named: tuple[data.Named, ...], said: Mapping[str, Any]) -> None:
    with st.container(border=True, gap="xsmall"):
        corrections.box(row)
        st.markdown(_headline(row))
        blocks.plain(row["content"] or t("posts.no_text"))
        fine = [*_fine_print(row, named), *map(text.inert, corrections.lines(said))]
        st.caption("  \n".join(fine))


def _headline(row: Mapping[str, Any]) -> str:
    label = _label(row)
    badge = _BADGE.get(label, ":gray-badge")
    sign = f"{_SIGN[label]} " if label else ""
    parts = [
        "" if _is_apart(row) else f"{badge}[{sign}{text.sentiment(label)}]",
        f"**{text.platform(row['platform'])}**",
        text.moment(row["created_at"], data.zone())
        + (f" ({t('posts.estimated')})" if row["created_at_estimated"] else ""),
        text.inert(_place_of(row)),
    ]
    url = blocks.safe_url(row["platform"], _known(row["url"]))
    if url:
        address = quote(url, safe=":/?&=#%@+,;~-._")
        parts.append(f"[{t('posts.original')} :material/open_in_new:]({address})")
    return " · ".join(part for part in parts if part)


def _known(value: Any) -> Any:
    """A cell's value, None for every way in which a table says that there is none."""
    return None if value is None or (not isinstance(value, list) and pd.isna(value)) else value


def _is_apart(row: Mapping[str, Any]) -> bool:
    """Whether nothing may be derived from this post."""
    return row["platform"] in APART and not data.audited()


def _label(row: Mapping[str, Any]) -> str | None:
    """The post's label, if it has one that may be shown."""
    return None if _is_apart(row) else _known(row["sentiment"])


def _place_of(row: Mapping[str, Any]) -> str:
    if not row["counted"]:
        return ""
    name, city = _known(row["place"]), text.city(_known(row["city_slug"]) or "unknown")
    return city if name in (None, city) else f"{name}, {city}"


def _fine_print(row: Mapping[str, Any], named: tuple[data.Named, ...]) -> list[str]:
    counts = " · ".join(f"{t(f'posts.{name}')} {text.number(_known(row[name]))}" for name in COUNTS)
    topics = ", ".join(text.topic(code) for code in row["topics"])
    lines = [f"{counts} · {t('posts.topics_line', topics=topics)}" if topics else counts]
    reasons = [why(row), _agreed(row), _placed(named), _others(named)]
    lines.append(f"{t('posts.why')}: {text.inert(' '.join(one for one in reasons if one))}")
    spoken = voices.why(row["voice"], _known(row["voice_why"]))
    return [*lines, *([text.inert(spoken)] if spoken else []), _label_line(row)]


def _agreed(row: Mapping[str, Any]) -> str:
    """That the classifier confirmed what the words of the post had said."""
    by_words = str(row["counted_why"]).startswith(("named:", "kedah:"))
    return t("why.confirmed") if by_words and _known(row["relevant"]) else ""


def _placed(named: tuple[data.Named, ...]) -> str:
    """That no word of the post gave it its place, but what the classifier read in it."""
    read = [link for link in named if link.is_primary and link.why == BY_CLASSIFIER]
    return t("why.placed", place=read[0].place, name=read[0].alias) if read else ""


def _others(named: tuple[data.Named, ...]) -> str:
    others = [f"{link.place} (“{link.alias}”)" for link in named if not link.is_primary]
    return t("posts.also_named", places=", ".join(others)) if others else ""


def _label_line(row: Mapping[str, Any]) -> str:
    if _is_apart(row):
        return t("posts.apart")
    if not _known(row["sentiment"]):
        return t("posts.waiting")
    confidence = _known(row["confidence"])
    if row["classified_by"] == "officer":
        return f"{t('posts.label')}: {text.sentiment(row['sentiment'])}, {t('posts.by_officer')}"
    said = [t("posts.provisional")] if str(row["classified_by"]).startswith(OFFLINE) else []
    said += [t("posts.score", score=text.signed(_known(row["sentiment_score"]), 2))]
    if confidence is not None:
        said.append(t("posts.confidence", share=text.percent(confidence)))
    who = _known(row["classified_by"]) or text.UNKNOWN
    said.append(t("posts.by", who=who, when=text.moment(_known(row["classified_at"]), data.zone())))
    return text.inert(f"{t('posts.label')}: {text.sentiment(row['sentiment'])}, {', '.join(said)}")


def why(row: Mapping[str, Any]) -> str:
    """Why a post counts, or why not, as a sentence; `counted_why` is "code:detail"."""
    code, _, detail = str(row["counted_why"]).partition(":")
    key = f"why.{code}_{detail}" if code in ("classifier", "officer") else f"why.{code}"
    known = text.words(text.language())
    return known.get(key, known["why.other"]).format(detail=detail or code)


# --- the file ------------------------------------------------------------------------------------


def _download(wanted: PostFilter, sort: str, found: int) -> None:
    """Both files of these posts; what they need goes in now, as they are made outside this run."""
    language, read = text.language(), data.posts_later(wanted, sort, FILE_LIMIT)
    lines, scope = about_file(wanted, found), wanted.scope

    def sheet() -> Sheet:
        with text.speaking(language):
            return sheet_of(read())

    export.csv_button("posts", sheet, lines, scope, label=t("posts.download"))
    export.workbook_button("posts", lambda: [sheet()], lines, scope, label="XLSX")


def about_file(wanted: PostFilter, found: int) -> list[tuple[str, str]]:
    """Whose posts they are, the period, filters, moment and definitions, and how many rows."""
    count = text.number(found)
    if found > FILE_LIMIT:
        count = t("posts.file_capped", n=text.number(FILE_LIMIT), m=count)
    lines = export.about(t("page.posts"), wanted.scope, _asked(wanted))
    return [*lines, (t("export.rows"), count)]


def _asked(wanted: PostFilter) -> list[str]:
    """The page's own filters, those of the frame left out."""
    named = {"place": wanted.scope.place, "sentiment": wanted.sentiment, "topic": wanted.topic}
    named |= {"category": wanted.category, "search": wanted.text}
    said = [text.name_of("counted", "yes" if wanted.counted else "no")]
    return said + [f"{t(f'posts.{key}')}: {value}" for key, value in named.items() if value]


def sheet_of(rows: pd.DataFrame) -> Sheet:
    """These posts as a table to take along; ids are text, so that all their digits survive."""
    return Sheet(t("page.posts"), _columns(), list(_file_rows(rows)))


_FILE_COLUMNS = (
    "platform",
    "post_id",
    "posted_at",
    "place",
    "city",
    "content",
    "sentiment",
    "score",
    "classified_by",
    "classified_at",
    *COUNTS,
    "why",
    "url",
)


def _columns() -> list[str]:
    return [t(f"column.{name}") for name in _FILE_COLUMNS]


def _file_rows(rows: pd.DataFrame):
    for row in rows.to_dict("records"):
        label, apart = _label(row), _is_apart(row)
        yield [
            text.platform(row["platform"]),
            row["post_id"],
            _instant(row["created_at"]),
            _known(row["place"]),
            text.city(row["city_slug"]) if _known(row["city_slug"]) else None,
            row["content"],
            None if apart else text.sentiment(label),
            None if apart else _known(row["sentiment_score"]),
            None if apart else _known(row["classified_by"]),
            None if apart else _instant(_known(row["classified_at"])),
            *(_whole(row[name]) for name in COUNTS),
            why(row),
            blocks.safe_url(row["platform"], _known(row["url"])),
        ]


def _instant(moment: Any) -> datetime | None:
    """An instant in UTC; cells are written in the readers' zone."""
    return None if moment is None else pd.Timestamp(moment).to_pydatetime().astimezone(UTC)


def _whole(value: Any) -> int | None:
    known = _known(value)
    return None if known is None else int(known)
