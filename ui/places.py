"""Places: their ranking, the maps, and the part for one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from insights import metrics
from insights.model import Place, Scope
from ui import blocks, charts, data, filters, shell, text
from ui.text import t

ORDERS = ("engagement", "posts", "rising", "fading", "negative")
UNKNOWN = filters.UNKNOWN
_NONE = "none"
_SHOWN = 15


# --- which place ---------------------------------------------------------------------------------


def chosen() -> Place | None:
    """The place that the URL names, None for all; an unknown one is said and ignored."""
    known = {place.slug: place for place in data.places()}
    asked = st.query_params.get("place")
    place = known.get(asked)
    slugs = sorted(known, key=lambda slug: known[slug].name.casefold())
    shell.pick(
        st.selectbox,
        "place",
        t("places.choose"),
        (_NONE, *slugs),
        place.slug if place else _NONE,
        names=lambda slug: t("places.none_chosen") if slug == _NONE else known[slug].name,
        on_change=_chosen,
        width=320,
    )
    if asked and place is None:
        st.caption(t("places.unknown_place"))
    return place


def _chosen() -> None:
    slug = st.session_state[shell.state_of("place")]
    shell.put_in_url(place=None if slug == _NONE else slug)


def scope_of(scope: Scope, place: Place) -> Scope:
    """The same days and platform at this place, whatever city was chosen."""
    return replace(scope, city=filters.ALL, place=place.slug)


def href(scope: Scope, slug: str) -> str:
    """The address of a place's part of the page, relative to any page."""
    return "places?" + urlencode(shell.query_for(replace(scope, place=None)) | {"place": slug})


def open_place(slug: str) -> None:
    """Show the part for one place; does not return."""
    shell.put_in_url(place=slug)
    st.rerun()


# --- the ranking ---------------------------------------------------------------------------------


def ranking(scope: Scope) -> None:
    """Every place with posts, in the order asked for; names open the place, figures its posts."""
    order = filters.one_of(st.query_params.get("order"), ORDERS, ORDERS[0])
    against = data.compared(scope)
    rows = _ORDERED[order](data.popular_places(scope, against, limit=len(data.places()) + 1))
    with blocks.card(
        t("places.ranking"), t("places.ranking_note"), key="place_ranking", about=scope
    ):
        shown = rows if _controls(order, len(rows)) else rows[:_SHOWN]
        if not shown:
            st.caption(t("places.nothing_told"))
            return
        counted = _countable(scope, against, shown)
        authors = _Distinct.of(data.authors_by_place, scope, against, counted)
        texts = _Distinct.of(data.texts_by_place, scope, against, counted)
        table = [_row(scope, row, authors, texts) for row in shown]
        blocks.table(table, t("places.ranking_alt"))
        if authors.now is None:
            st.caption(t("places.authors_unknown"))
        if len(counted) < len(shown):
            st.caption(t("places.not_counted", n=text.number(data.MOST_COUNTED)))


def _controls(order: str, count: int) -> bool:
    """The order, and whether all rows are wanted."""
    with st.container(horizontal=True, vertical_alignment="center"):
        shell.pick(
            st.segmented_control,
            "order",
            t("places.order"),
            ORDERS,
            order,
            names=lambda code: text.name_of("order_places", code),
            required=True,
            label_visibility="collapsed",
            wrap=True,
        )
        return count > _SHOWN and st.toggle(t("places.all_rows", n=count), key="all_places")


def _countable(
    scope: Scope, against: data.Compared, rows: list[data.PopularPlace]
) -> tuple[str, ...]:
    spans = (against.span.now, against.span.before) if against.span else ()
    return data.countable((scope, *spans), [row.slug for row in rows])


_Count = Callable[[Scope, tuple[str, ...]], dict[str, int] | None]


@dataclass(frozen=True)
class _Distinct:
    """Distinct authors, or texts, by place: in the scope, and in both compared spans. A place that
    has too many posts to count is in none."""

    now: dict[str, int] | None
    later: dict[str, int] | None = None
    earlier: dict[str, int] | None = None

    @classmethod
    def of(
        cls, count: _Count, scope: Scope, against: data.Compared, slugs: tuple[str, ...]
    ) -> _Distinct:
        now = count(scope, slugs)
        if now is None or against.span is None:
            return cls(now)
        return cls(now, *(count(span, slugs) for span in (against.span.now, against.span.before)))

    def change(self, row: data.PopularPlace) -> metrics.Change | None:
        """How it moved at a place; None where unknown. A few authors of many posts say enough."""
        if self.later is None or self.earlier is None or row.slug not in self.now:
            return None
        posts_now, posts_before = row.compared
        return metrics.change(
            self.later.get(row.slug, 0),
            self.earlier.get(row.slug, 0),
            posts_now=posts_now,
            posts_before=posts_before,
        )


def _trend(row: data.PopularPlace, authors: _Distinct, texts: _Distinct) -> str:
    """How a place moved, and whether only its posts did: one busy account is no trend, and neither
    is one text that many copy."""
    words = blocks.change_text(row.trend)
    if row.trend is None or row.trend.kind == "same":
        return words
    for found, key in ((authors, "places.one_voice"), (texts, "places.one_text")):
        moved = metrics.Trend(row.trend.posts, found.change(row))
        if moved.direction == "flat":
            return t(key, change=words)
    return words


def _row(
    scope: Scope, row: data.PopularPlace, authors: _Distinct, texts: _Distinct
) -> dict[str, str]:
    unknown = row.slug == UNKNOWN
    narrow = {"city": UNKNOWN} if unknown else {"city": filters.ALL, "place": row.slug}

    def linked(words: str, **more: Any) -> str:
        return f"[{words}]({blocks.posts_href(scope, **narrow, **more)})"

    name = text.inert(text.city(UNKNOWN) if unknown else row.name)
    return {
        t("places.place"): linked(name) if unknown else f"**[{name}]({href(scope, row.slug)})**",
        t("places.engagement"): linked(text.number(row.engagement), sort="engagement"),
        t("places.trend"): _trend(row, authors, texts),
        t("places.net"): _net(row.totals, scope, linked),
        t("places.posts"): linked(text.number(row.totals.posts)),
        t("places.authors"): text.number((authors.now or {}).get(row.slug)),
        t("places.texts"): text.number((texts.now or {}).get(row.slug)),
    }


def _net(totals: metrics.Totals, scope: Scope, linked: Callable[..., str]) -> str:
    """Net sentiment, leading to the classified posts that it rests on."""
    if scope.is_apart or not totals.classified:
        return text.UNKNOWN if scope.is_apart else net_cell(totals)
    return linked(net_cell(totals), sentiment="classified")


def net_cell(totals: metrics.Totals) -> str:
    """Net sentiment with its n and a word, or why nothing is said."""
    net = metrics.net_sentiment(totals)
    if net is None or net.n < metrics.FEW:
        return t("places.too_few", n=text.number(totals.classified))
    return t("places.net_cell", value=text.signed(net.value), n=text.number(net.n))


def _by_trend(rows: list[data.PopularPlace], up: bool) -> list[data.PopularPlace]:
    """Rising (or fading) places first; those of which nothing can be said stay out."""
    told = [row for row in rows if row.trend is not None and _step(row) is not None]
    return sorted(told, key=_step, reverse=up)


def _step(row: data.PopularPlace) -> float | None:
    return float("inf") if row.trend.kind == "new" else row.trend.percent


def _most_negative(rows: list[data.PopularPlace]) -> list[data.PopularPlace]:
    told = [row for row in rows if metrics.verdict(row.totals) != "too_few"]
    return sorted(told, key=lambda row: metrics.net_sentiment(row.totals).value)


_ORDERED: dict[str, Callable[[list], list]] = {
    "engagement": list,
    "posts": lambda rows: sorted(rows, key=lambda row: -row.totals.posts),
    "rising": lambda rows: _by_trend(rows, up=True),
    "fading": lambda rows: _by_trend(rows, up=False),
    "negative": _most_negative,
}


# --- the maps ------------------------------------------------------------------------------------


def maps(scope: Scope) -> None:
    """Langkawi and the mainland side by side, each to its own scale; one of them for one city."""
    rows = _located(scope)
    regions = _regions(scope)
    # Never in the URL: a link must not make somebody's browser ask a stranger's server.
    tiles = st.toggle(t("places.tiles"), key="map_tiles", help=t("places.tiles_help"))
    for column, (code, frame) in zip(st.columns(len(regions)), regions.items(), strict=True):
        title = t(f"places.map_{code}")
        with column, blocks.card(title, t("places.map_note"), key=f"map_card_{code}", about=scope):
            figure = charts.place_map(
                rows,
                verdict_words(),
                frame=frame,
                posts_word=t("places.posts").lower(),
                tiles=tiles,
            )
            blocks.chart(
                figure,
                key=f"map_{code}",
                alt=t("places.map_alt", region=title),
                scope=scope,
                opens=lambda custom: open_place(custom[0]),
            )
    st.caption(t("places.coast"))


def _regions(scope: Scope) -> dict[str, tuple[float, float, float, float]]:
    regions = {"langkawi": charts.LANGKAWI, "mainland": charts.MAINLAND}
    if scope.city in (filters.ALL, UNKNOWN):
        return regions
    one = "langkawi" if scope.city == "langkawi" else "mainland"
    return {one: regions[one]}


def _located(scope: Scope) -> list[charts.Located]:
    found = data.table("by_place", scope)
    rows = zip(found.rows("slug", "name", "lat", "lon"), data.totals_in(found), strict=True)
    return [
        charts.Located(*place, totals.posts, metrics.verdict(totals))
        for place, totals in rows
        if place[0] != UNKNOWN
    ]


def verdict_words() -> dict[str, str]:
    """The words beside the map's colours and shapes."""
    return {
        code: text.name_of("verdict", code)
        for code in ("negative", "neutral", "positive", "too_few")
    }


# --- one place -----------------------------------------------------------------------------------


def head(scope: Scope, place: Place) -> None:
    """The place's name, what it is, and the way to its posts and back."""
    with st.container(horizontal=True, vertical_alignment="center", key="place_head"):
        with st.container(width="stretch", gap="xsmall"):
            st.header(text.inert(place.name), anchor=False)
            st.caption(f"{text.category(place.category)} · {text.inert(place.city)}")
        narrow = scope_of(scope, place)
        blocks.posts_link(narrow, t("places.latest"))
        blocks.posts_link(narrow, t("places.most_engaging"), sort="engagement")


def silent(place: Place) -> None:
    """Nothing was counted here in these days: said, with no figure and no arrow."""
    blocks.empty(t("places.silent", place=place.name), hint=t("empty.no_posts_hint"), reset=False)


def facts(scope: Scope, place: Place) -> None:
    """What the gazetteer knows: hierarchy, names that count, coordinates and their source."""
    inside = [other for other in data.places() if other.parent == place.slug]
    above = next((other for other in data.places() if other.slug == place.parent), None)
    where = {"lat": f"{place.latitude:.4f}", "lon": f"{place.longitude:.4f}"}
    rows = {
        t("places.category"): text.category(place.category),
        t("places.district"): text.inert(place.district),
        t("places.part_of"): _place_link(scope, above) if above else text.UNKNOWN,
        t("places.coordinates"): t("places.approximate", **where)
        if place.approximate
        else t("places.exact", **where, source=text.inert(place.source)),
        t("places.aliases"): text.inert(", ".join(map(_alias, place.aliases))) or text.UNKNOWN,
    }
    if inside:
        rows[t("places.parts")] = ", ".join(_place_link(scope, other) for other in inside)
    with blocks.card(t("places.facts"), key="place_facts"):
        st.table(rows, border="horizontal", alt=t("places.facts"))


def _place_link(scope: Scope, place: Place) -> str:
    return f"[{text.inert(place.name)}]({href(scope, place.slug)})"


def _alias(alias) -> str:
    return t("places.alias_context", alias=alias.text) if alias.needs_context else alias.text
