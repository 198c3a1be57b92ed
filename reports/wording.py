"""What a weekly brief says, in one language: the screen, the PDF, the slide and the mail show this.

Everything here is text; figures are written as the dashboard's cards and tables write them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from insights import metrics
from insights.brief import UNKNOWN, AlarmLine, Brief, EventLine, TopicLine, Where
from insights.metrics import FEW, Change, Totals, Trend
from insights.radar import Trouble
from insights.recurrence import only_month
from insights.words import UNKNOWN as DASH
from insights.words import Words, number, percent, signed

SHOWN = 3  # places named for a topic, and alarms named
_COUNTS = ("likes", "comments", "shares", "views")


@dataclass(frozen=True)
class Card:
    """One figure: what it is, its value, how it moved, and a note in small print."""

    key: str
    label: str
    value: str
    change: str = ""
    note: str = ""


@dataclass(frozen=True)
class Listing:
    """A small table: its title, its columns' heads, its rows, and what is said without rows."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str


@dataclass(frozen=True)
class Wording:
    """A brief in the words of one language."""

    brief: Brief
    words: Words

    # --- whose figures ----------------------------------------------------------------------------

    @property
    def title(self) -> str:
        return self.words.t("brief.title")

    @property
    def days(self) -> str:
        return self.words.days(self.brief.since, self.brief.last)

    @property
    def scope(self) -> str:
        """ "All of Kedah · All platforms · The public": the places, platform and voice."""
        platform = self._platform(self.brief.platform or "all")
        voice = self.words.name_of("voice", self.brief.voice)
        return " · ".join([self._city(self.brief.city), platform, voice])

    @property
    def demo(self) -> str:
        """The mark of invented figures; empty for collected ones."""
        return self.words.t("brief.demo") if self.brief.stamp.demo else ""

    @property
    def as_of(self) -> str:
        stamp = self.brief.stamp
        return self.words.t(
            "brief.as_of",
            when=self._moment(stamp.made_at),
            zone=stamp.zone,
            version=number(stamp.data_version),
        )

    @property
    def definitions(self) -> str:
        parts = [self.words.t("brief.definitions")]
        if self.brief.left_out:
            names = ", ".join(self._platform(code) for code in self.brief.left_out)
            parts.append(self.words.t("brief.left_out", platforms=names))
        return " ".join(parts)

    # --- sentences --------------------------------------------------------------------------------

    @property
    def sentences(self) -> list[str]:
        """What matters of the week, each made of counted figures only; quiet weeks say so."""
        brief = self.brief
        said = [self._unread() if brief.is_blank else self._posts(), *self._alarms()]
        if brief.now.posts:
            said.append(self._mood())
        if not brief.is_quiet:
            # Without a label nobody knows what was complained about.
            said += [self._complaint()] if brief.now.classified else []
            said += self._top_place()
        if brief.gaps and not brief.is_blank:
            gaps = "; ".join(self._gap("brief.gap", gap) for gap in brief.gaps)
            said.append(self.words.t("brief.incomplete", gaps=gaps))
        if brief.began and brief.since < brief.began and not brief.is_blank:
            said.append(self.words.t("brief.began", began=self.words.day(brief.began)))
        return said

    def _unread(self) -> str:
        """That nothing is known of the week, and why: no quiet week."""
        began = self.brief.began
        return self.words.t(
            f"brief.unread_{self.brief.unread}",
            platforms=self._platform(self.brief.platform or "all"),
            began=self.words.day(began) if began else DASH,
        )

    def _alarms(self) -> Iterable[str]:
        """The radar's open alarms in one sentence, with the counts of its page."""
        alarms = self.brief.alarms
        if alarms:
            named = "; ".join(map(self.alarm, alarms[:SHOWN])) + (
                "; …" if len(alarms) > SHOWN else ""
            )
            when = self._moment(self.brief.stamp.made_at)
            yield self.words.t("brief.alarms", n=number(len(alarms)), when=when, alarms=named)

    def alarm(self, one: AlarmLine) -> str:
        """ "Ferry, Kuala Kedah (9 posts)"."""
        topic = self.words.name_of("severe" if one.kind == Trouble.SEVERE else "topic", one.topic)
        place = self._place(one.slug, one.name)
        return self.words.t("brief.alarm", topic=topic, place=place, posts=self.posts(one.posts))

    def _posts(self) -> str:
        moved = self.brief.change("posts")
        kind = moved.kind
        if kind == "change" and not self.brief.now.posts:
            kind = "gone"
        if not self.brief.is_before_known:
            kind = "first"
        elif self.brief.is_quiet and not self.brief.is_whole:
            kind = "partly"
        elif self.brief.unlike:
            kind = "unlike"
        return self.words.t(
            f"brief.posts_{kind}",
            posts=self.posts(self.brief.now.posts),
            where=self._where_words(),
            before=number(self.brief.before.posts),
            change=self.words.change(moved),
        )

    def posts(self, count: int) -> str:
        """ "1 post", "1,697 posts"."""
        return (
            self.words.t("count.post")
            if count == 1
            else self.words.t("count.posts", n=number(count))
        )

    def _where_words(self) -> str:
        return "Kedah" if self.brief.city == "all" else self._city(self.brief.city)

    def _mood(self) -> str:
        mood, totals = self.brief.mood, self.brief.now
        if mood == "few":
            if not totals.classified:
                return self.words.t("brief.net_none")
            n, m = number(totals.classified), number(totals.posts)
            return self.words.t("brief.net_few", n=n, m=m)
        now, before = metrics.net_sentiment(totals), metrics.net_sentiment(self.brief.before)
        return self.words.t(
            f"brief.net_{mood}",
            net=signed(now.value),
            low=signed(now.low),
            high=signed(now.high),
            n=number(now.n),
            before=signed(before.value) if before else DASH,
        )

    def _complaint(self) -> str:
        first = next(iter(self.brief.complaints), None)
        if first is None or first.posts < FEW:
            return self.words.t("brief.complaint_none", few=FEW)
        topic = self.words.name_of("topic", first.topic)
        named = next((one for one in first.where if one.slug != UNKNOWN), None)
        if named is None:
            return self.words.t("brief.complaint_nowhere", topic=topic, n=number(first.posts))
        return self.words.t(
            "brief.complaint",
            topic=topic,
            n=number(first.posts),
            m=number(named.posts),
            place=named.name,
        )

    def _top_place(self) -> Iterable[str]:
        known = (p for p in self.brief.places if p.slug != UNKNOWN and p.engagement is not None)
        first = next(known, None)
        if first is not None:
            yield self.words.t(
                "brief.top_place",
                place=first.name,
                engagement=number(first.engagement),
                posts=self.posts(first.totals.posts),
            )

    # --- figures ----------------------------------------------------------------------------------

    @property
    def cards(self) -> list[Card]:
        """The seven figures of the Overview, in its order and written as it writes them."""
        now = self.brief.now
        return [self._card("posts"), *map(self._card, _COUNTS), self._net(now), self._coverage(now)]

    def _card(self, name: str) -> Card:
        now = self.brief.now
        known = getattr(now, f"{name}_known", now.posts)
        note = ""
        if now.posts and known != now.posts:
            note = self.words.t("count.known", n=number(known), m=number(now.posts))
        return Card(
            f"total_{name}",
            self.words.t(f"metric.total_{name}"),
            DASH if self.brief.is_blank else self.words.compact(getattr(now, name)),
            self.words.change(self.brief.change(name)),
            note,
        )

    def _net(self, totals: Totals) -> Card:
        net = metrics.net_sentiment(totals)
        label = self.words.t("metric.net_sentiment")
        if net is None:
            return Card("net_sentiment", label, DASH, note=self.words.t("metric.no_label"))
        low, high = signed(net.low), signed(net.high)
        note = self.words.t("metric.interval", low=low, high=high, n=number(net.n))
        return Card("net_sentiment", label, signed(net.value), note=note)

    def _coverage(self, totals: Totals) -> Card:
        waiting = totals.unclassified
        words = self.words.t("metric.waiting", n=number(waiting))
        return Card(
            "classified_share",
            self.words.t("metric.classified_share"),
            percent(totals.coverage),
            note=words if waiting else self._all_classified(totals),
        )

    def _all_classified(self, totals: Totals) -> str:
        return self.words.t("metric.all_classified") if totals.posts else ""

    @property
    def no_label(self) -> str:
        """What stands in place of the sentiment of both weeks where no post carries a label."""
        return self.words.t("brief.no_data" if self.brief.is_blank else "brief.no_label")

    # --- tables -----------------------------------------------------------------------------------

    @property
    def places(self) -> Listing:
        heads = ("place", "engagement", "posts", "change", "net")
        rows = tuple(
            (
                self._place(line.slug, line.name),
                self.words.compact(line.engagement),
                number(line.totals.posts),
                self._change(line.trend),
                self.net(line.totals),
            )
            for line in self.brief.places
        )
        return self._listing("places", heads, rows, "nothing")

    @property
    def complaints(self) -> Listing:
        heads = ("topic", "negative_posts", "change", "where")
        rows = tuple(map(self._topic, self.brief.complaints))
        return self._listing("complain", heads, rows, self._no_topics)

    @property
    def praise(self) -> Listing:
        heads = ("topic", "positive_posts", "change", "where")
        rows = tuple(map(self._topic, self.brief.praise))
        return self._listing("praise", heads, rows, self._no_topics)

    @property
    def _no_topics(self) -> str:
        """Why no topic is told: none was found, or nobody has looked for one yet."""
        now = self.brief.now
        return "no_label" if now.posts and not now.classified else "no_topics"

    def _listing(
        self, title: str, heads: Sequence[str], rows: tuple[tuple[str, ...], ...], empty: str
    ) -> Listing:
        t = self.words.t
        named = tuple(t(f"brief.{head}") for head in heads)
        empty = "no_data" if self.brief.is_blank else empty
        return Listing(t(f"brief.{title}"), named, rows, t(f"brief.{empty}"))

    def _topic(self, line: TopicLine) -> tuple[str, ...]:
        return (
            self.words.name_of("topic", line.topic),
            number(line.posts),
            self._change(line.change),
            self._places_of(line.where),
        )

    def _change(self, moved: Change | Trend) -> str:
        """Against the week before; unknown where the two were not collected alike."""
        return self.words.change(moved) if self.brief.is_comparable else DASH

    def _places_of(self, where: Sequence[Where]) -> str:
        named = [
            f"{self._place(one.slug, one.name)}\N{NO-BREAK SPACE}{number(one.posts)}"
            for one in where[:SHOWN]
        ]
        return ", ".join(named) + (", …" if len(where) > SHOWN else "")

    def _place(self, slug: str, name: str) -> str:
        return self._city(UNKNOWN) if slug == UNKNOWN else name

    def net(self, totals: Totals) -> str:
        """Net sentiment in a cell, with n where it is under 30; words below five labels."""
        net = metrics.net_sentiment(totals)
        if net is None:
            return DASH
        if net.n < FEW:
            return self.words.t("change.too_few")
        return signed(net.value) if net.n >= 30 else f"{signed(net.value)} (n = {net.n})"

    # --- events and collection --------------------------------------------------------------------

    @property
    def events(self) -> list[tuple[str, str]]:
        """When and what: the events of the week."""
        return [self._event(event) for event in self.brief.events]

    @property
    def ahead(self) -> list[tuple[str, str]]:
        """When and what: the events of the next four weeks."""
        return [self._event(event) for event in self.brief.ahead]

    def _event(self, event: EventLine) -> tuple[str, str]:
        name = event.name_ms if self.words.language == "ms" else event.name_en
        if event.city_slug != "all":
            name = f"{name}, {self._city(event.city_slug)}"
        if only_month(event.starts_on, event.ends_on, event.confirmed):
            month = self.words.month(event.starts_on)
            return self.words.t("events.some_day_of", month=month), name
        days = self.words.days(event.starts_on, event.ends_on)
        sure = name if event.confirmed else self.words.t("brief.to_confirm", event=name)
        return days, sure

    @property
    def state(self) -> list[str]:
        """How collection stood: gaps of the week, failing platforms, posts without a label."""
        brief, t = self.brief, self.words.t
        last = brief.stamp.last_success
        said = [t("brief.last_success", when=self._moment(last)) if last else t("brief.never")]
        said += [self._gap("brief.gap_line", gap) for gap in brief.gaps]
        said += [
            t(
                "brief.failing",
                platform=self._platform(one.platform),
                what=self.words.name_of("error", one.error_kind or "unknown"),
                since=self._moment(one.since),
            )
            for one in brief.failing
        ]
        if brief.unread:
            said.append(self._unread())
        elif last and not brief.gaps and not brief.failing:
            said.append(t("brief.state_ok"))
        if brief.now.unclassified:
            n, m = number(brief.now.unclassified), number(brief.now.posts)
            said.append(t("brief.waiting", n=n, m=m))
        if brief.now.provisional:
            n, m = number(brief.now.provisional), number(brief.now.classified)
            said.append(t("brief.provisional", n=n, m=m))
        return said

    def _gap(self, key: str, gap) -> str:
        days = self.words.days(gap.first, gap.last)
        return self.words.t(key, platform=self._platform(gap.platform), days=days)

    def _platform(self, code: str) -> str:
        return self.words.name_of("platform", code)

    def _city(self, slug: str) -> str:
        return self.words.name_of("city", slug)

    def _moment(self, instant) -> str:
        return self.words.moment(instant, ZoneInfo(self.brief.stamp.zone))


def file_name(brief: Brief, language: str, suffix: str) -> str:
    """ "kedah-brief-2026-11-15-ms.pdf", with "demo-" before it where the figures are invented."""
    mark = "demo-" if brief.stamp.demo else ""
    where = "" if brief.city == "all" else f"-{brief.city}"
    on = f"-{brief.platform}" if brief.platform else ""
    by = "" if brief.voice == "visitors" else f"-{brief.voice}"
    return f"{mark}kedah-brief-{brief.since}{where}{on}{by}-{language}.{suffix}"
