"""The problem radar on screen: what is unusual now, what was, and the issue x place table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape
from typing import Any

import streamlit as st

from db.alarms import Alarm
from insights.model import Place, Scope, day_of
from insights.radar import DAYS, LEAST_DAYS, Trouble, odds
from insights.topics import ISSUES
from ui import blocks, data, filters, shell, text
from ui.text import t

UNKNOWN = "unknown"
_CARDS = 12  # finds shown at once; more than ever were
_QUOTES = 2  # newest posts of a find that are quoted
_QUOTED = 160  # characters of each
PAST_DAYS = 14
_PLACES = 12  # columns of the table
_LIGHTEST, _DARKEST = 0.10, 0.62  # how strong the colour of the fewest and the most posts is


# --- what is unusual now -------------------------------------------------------------------------


@dataclass(frozen=True)
class Named:
    """A find with the place it is about; None for "Kedah, place unknown"."""

    alarm: Alarm
    place: Place | None

    @property
    def where(self) -> str:
        """The place's name, inert."""
        return text.inert(self.place.name) if self.place else text.city(UNKNOWN)

    @property
    def what(self) -> str:
        return topic(self.alarm.topic)


def topic(code: str) -> str:
    """The word of an issue, or of a severe word."""
    return text.name_of("topic" if code in ISSUES else "severe", code)


def named(found: Iterable[Alarm], scope: Scope) -> list[Named]:
    """The finds at the scope's places."""
    places = {place.id: place for place in data.places()}
    told = [Named(one, places.get(one.place_id)) for one in found]
    return [one for one in told if _is_in(scope, one.place)]


def _is_in(scope: Scope, place: Place | None) -> bool:
    if place is None:
        return scope.place is None and scope.city in (filters.ALL, UNKNOWN)
    if scope.place is not None:
        return scope.place in (place.slug, place.parent)
    is_mainland = scope.city == filters.MAINLAND and place.city_slug != "langkawi"
    return is_mainland or scope.city in (filters.ALL, place.city_slug)


def unusual(scope: Scope) -> None:
    """One card a find: place and issue, its figures in plain words, its newest posts, the way to
    all of them; or that there is none, and what that rests on."""
    found = named(data.finds(), scope)
    if not found:
        _nothing(scope)
        return
    st.caption(_looked(scope))
    with st.grid(2, min_column_width=340, key="finds"):
        for one in found[:_CARDS]:
            _card(scope, one)


def _nothing(scope: Scope) -> None:
    with st.container(border=True, key="nothing_unusual"):
        since = newest(scope)
        if not is_collected(since):
            _no_data()
        else:
            known = data.last_look().get("days") is not None
            st.markdown(f"**{t('radar.nothing' if known else 'radar.never')}**")
            st.caption(_looked(scope) if known else t("radar.never_hint"))
        if data.totals(since).posts:
            words = t("radar.looked_at", n=text.number(data.totals(since).posts))
            blocks.posts_link(since, words)


def _no_data() -> None:
    """Nobody collected in the days that the radar looks at: that is no "nothing unusual"."""
    st.markdown(f"**{t('radar.no_data')}**")
    last = data.status().last_success
    when = text.moment(last, data.zone())
    st.caption(t("radar.no_data_since", when=when) if last else t("radar.no_data_ever"))
    shell.health_link()


def is_collected(newest_days: Scope) -> bool:
    """Whether a collection ended well in the days that the radar looks at; the demo is whole."""
    state = data.status()
    if state.demo:
        return True
    last = state.last_success
    return last is not None and last.astimezone(data.zone()).date() >= newest_days.since


def newest(scope: Scope) -> Scope:
    """The scope's places in the days that the radar looks at: yesterday and today."""
    return replace(
        scope, since=data.today() - timedelta(days=1), until=data.today() + timedelta(days=1)
    )


def places_of(scope: Scope) -> int:
    """How many named places have posts in a scope."""
    return sum(
        slug != UNKNOWN and n > 0 for slug, n in data.table("by_place", scope).rows("slug", "posts")
    )


def _looked(scope: Scope) -> str:
    """What the radar looked at, and when."""
    look, since = data.last_look(), newest(scope)
    if not look:
        return t("radar.never_hint")
    days = look["days"]
    words = t(
        "radar.looked" if days >= LEAST_DAYS else "radar.looked_young",
        n=text.number(data.totals(since).posts),
        m=text.number(places_of(since)),
        d=days,
        least=LEAST_DAYS,
        when=text.moment(data.moment_of(look["at"]), data.zone()),
    )
    return words


def _card(scope: Scope, one: Named) -> None:
    alarm = one.alarm
    badge = "radar.alarm" if alarm.is_alarm else "radar.shown"
    colour = "orange" if alarm.is_alarm else "gray"
    unnamed, quotes = data.quoted(alarm, _QUOTES)
    with st.container(border=True, height="stretch", key=f"find_{alarm.id}"):
        st.markdown(
            f"**{one.where}** · {one.what} :{colour}-badge[{t(badge)}]  \n{told(alarm, unnamed)}"
        )
        blocks.plain("\n".join(f"“{_short(quote)}”" for quote in quotes))
        posts_link(scope, alarm)


def posts_link(scope: Scope, alarm: Alarm) -> None:
    """The way to exactly the posts of a find."""
    blocks.posts_link(scope, posts_words(alarm.posts), alarm=alarm.id)


def heading(alarm_id: int) -> None:
    """Of which find the posts on this page are."""
    alarm = data.find(alarm_id)
    if alarm is None:
        st.markdown(f"**{t('radar.gone')}**")
        return
    place = next((place for place in data.places() if place.id == alarm.place_id), None)
    one = Named(alarm, place)
    st.markdown(f"**{t('radar.of_posts', where=one.where, what=one.what, held=_held(alarm))}**")


def _held(alarm: Alarm) -> str:
    """The days of a find, from its first post to its last look."""
    last = (alarm.closed_at or alarm.last_seen_at).astimezone(data.zone()).date()
    return text.days(day_of(alarm.first_day), last)


def posts_words(count: int) -> str:
    """ "1 post", "9 posts"."""
    return t("count.post") if count == 1 else t("count.posts", n=text.number(count))


def _short(written: str) -> str:
    line = " ".join(written.split())
    return line if len(line) <= _QUOTED else line[: _QUOTED - 1].rstrip() + "…"


def told(alarm: Alarm, unnamed: int) -> str:
    """A find in one or two plain sentences; `unnamed` of its posts have no known author."""
    values = {
        "posts": posts_words(alarm.posts),
        "people": people(alarm.authors, unnamed),
        "since": text.day(day_of(alarm.first_day)),
    }
    if alarm.kind == Trouble.SEVERE:
        return t("radar.severe", **values)
    said = t("radar.volume", **values)
    if alarm.texts < alarm.posts:
        said += " " + t("radar.texts", n=text.number(alarm.texts))
    if alarm.expected is None or alarm.p_value is None:
        return f"{said} {t('radar.no_history', d=LEAST_DAYS)}"
    usual = usually(alarm.expected)
    return f"{said} {t('radar.usual', usual=usual, odds=text.number(odds(alarm.p_value)))}"


def usually(expected: float) -> str:
    """How many are usual: a tenth, or fewer than that."""
    return t("radar.hardly") if expected < 0.1 else f"{expected:.1f}"


def people(authors: int | None, unnamed: int) -> str:
    """ "7 authors", "at least 7 authors" where some are not known, or that none is."""
    if authors is None:
        return t("radar.authors_unknown")
    if unnamed:
        return t("radar.authors_least", n=text.number(authors))
    return t("radar.author") if authors == 1 else t("radar.authors", n=text.number(authors))


# --- what was unusual ----------------------------------------------------------------------------


def over(scope: Scope) -> None:
    """What ended lately: when it began and ended, with its posts."""
    found = named(data.past_finds(PAST_DAYS), scope)[:10]
    if not found:
        return
    with blocks.card(t("radar.over"), t("radar.over_note", d=PAST_DAYS), height="content"):
        blocks.table([_past(scope, one) for one in found], t("radar.over"))


def _past(scope: Scope, one: Named) -> dict[str, str]:
    alarm = one.alarm
    href = blocks.posts_href(scope, alarm=alarm.id)
    return {
        t("overview.place"): one.where,
        t("mood.issue"): one.what,
        t("radar.held"): _held(alarm),
        t("overview.posts"): f"[{text.number(alarm.posts)}]({href})",
    }


# --- issue x place -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """Negative posts by issue (rows) and place (columns), the largest first."""

    issues: Sequence[str]
    places: Sequence[str]
    counts: Counter


def grid(rows: Iterable[tuple[str, str, int]], most: int = _PLACES) -> Grid:
    """The table of (topic, place slug, negative posts); posts without a place stand last."""
    counts: Counter = Counter()
    by_issue: Counter[str] = Counter()
    by_place: Counter[str] = Counter()
    for code, slug, negative in rows:
        if code in ISSUES and negative:
            counts[code, slug] += negative
            by_issue[code] += negative
            by_place[slug] += negative
    nowhere = by_place.pop(UNKNOWN, 0)
    places = [slug for slug, _ in by_place.most_common(most)]
    counts.update({(code, ""): n for code, n in by_issue.items()})
    return Grid(
        [code for code, _ in by_issue.most_common()],
        [*places, *([UNKNOWN] * bool(nowhere))],
        counts,
    )


def table(scope: Scope) -> None:
    """The issue x place table; each figure opens exactly its posts."""
    found = data.topics_by_place(scope)
    shown = grid(zip(found["topic"], found["slug"], found["negative"].tolist(), strict=True))
    with blocks.card(t("radar.table"), t("radar.table_note"), key="radar_table", height="content"):
        if not shown.issues:
            st.caption(t("mood.no_issues"))
            return
        st.html(_html(scope, shown))


_STYLE = """<style>
.radar{overflow-x:auto}
.radar table{border-collapse:separate;border-spacing:2px;font-size:.9rem}
.radar th,.radar td{padding:.3rem .5rem;text-align:right;white-space:nowrap}
.radar thead th{font-weight:600;vertical-align:bottom;white-space:normal;min-width:5rem}
.radar tbody th{text-align:left;font-weight:400;position:sticky;left:0;z-index:1;
background:var(--radar-back);min-width:8.5rem;max-width:11rem;white-space:normal}
.radar thead th:first-child{position:sticky;left:0;z-index:1;background:var(--radar-back);
text-align:left}
.radar td{border-radius:4px;font-variant-numeric:tabular-nums;background:
rgb(217 98 43/var(--heat,0))}
.radar td a{color:inherit;text-decoration:underline;text-underline-offset:.15em;display:block}
.radar td span{opacity:.72}
</style>"""


def _html(scope: Scope, shown: Grid) -> str:
    names = {place.slug: place.name for place in data.places()}
    heads = [names.get(slug) or text.city(slug) for slug in shown.places]
    top = max(shown.counts[issue, slug] for issue in shown.issues for slug in shown.places)
    head = "".join(
        f'<th scope="col">{escape(word)}</th>' for word in (t("mood.issue"), t("mood.all"), *heads)
    )
    body = "".join(_row(scope, shown, issue, top) for issue in shown.issues)
    back = escape(shell.page_colour())
    return (
        f'{_STYLE}<div class="radar" tabindex="0" role="region" style="--radar-back:{back}"'
        f' aria-label="{escape(t("radar.table"))}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(scope: Scope, shown: Grid, issue: str, top: int) -> str:
    cells = [_cell(scope, shown.counts[issue, ""], 0, topic=issue)]
    for slug in shown.places:
        narrow: dict[str, Any] = {"city": UNKNOWN} if slug == UNKNOWN else {"place": slug}
        cells.append(_cell(scope, shown.counts[issue, slug], top, topic=issue, **narrow))
    return f'<tr><th scope="row">{escape(topic(issue))}</th>{"".join(cells)}</tr>'


def _cell(scope: Scope, count: int, top: int, **narrow: Any) -> str:
    if not count:
        return "<td><span>0</span></td>"
    href = escape(blocks.posts_href(scope, sentiment="negative", **narrow))
    heat = _LIGHTEST + (_DARKEST - _LIGHTEST) * (count / top) ** 0.5 if top else 0
    link = f'<a href="{href}" target="_self">{text.number(count)}</a>'
    return f'<td style="--heat:{heat:.2f}">{link}</td>'


def rule() -> None:
    """How a find is made, in a line."""
    st.caption(t("radar.rule", d=DAYS))
