"""Instagram: public media of hashtags, and the operator's own media, through the Graph API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from collector.platforms import Page, PlatformError, fields
from collector.platforms.graph import Graph, data_of
from collector.platforms.http import Http, PlatformDown
from collector.platforms.media_insights import MediaInsights
from collector.platforms.refreshing import SHARE, Refreshing, Stored, ids_of, looked_up
from insights.model import Kind, Platform, Post, Reject
from insights.quotas import HASHTAGS_ASKED, WEEK, WEEKLY_HASHTAGS

HASHTAG_FIELDS = "id,caption,comments_count,like_count,media_type,permalink,timestamp"
OWN_FIELDS = f"{HASHTAG_FIELDS},media_product_type,owner"
PAGE_SIZE = 50
RECENT_REACH = timedelta(hours=24)  # what recent_media holds; older media cannot be had again
# A record without any of these is a comment, a hashtag or a figure, and no media.
MEDIA_SIGNS = ("media_type", "permalink", "caption", "like_count", "comments_count")


class Instagram:
    """Instagram as a Source: one stream a hashtag, one for the own account.

    `hashtags` are asked in their order, so the most telling come first when the week's allowance
    ends. `overlap` and `refresh` concern own media: how far before the cursor, and before now,
    they are asked for again, as their counts still grow. `max_pages` caps each edge; `top_pages`
    caps top media, which have no end worth reaching (0 leaves them out). `insights` caps the
    requests for shares and views of own media, which `refresh` limits too.
    """

    platform = Platform.INSTAGRAM

    def __init__(
        self,
        http: Http,
        user_id: str,
        hashtags: Sequence[str],
        *,
        overlap: timedelta = timedelta(hours=3),
        refresh: timedelta = WEEK,
        max_pages: int = 20,
        top_pages: int = 3,
        insights: int = 30,
    ):
        self._graph = Graph(http)
        self._user_id = user_id
        self._hashtags = tuple(dict.fromkeys(filter(None, map(hashtag_of, hashtags))))
        self._overlap, self._refresh = overlap, refresh
        self._max_pages, self._top_pages = max_pages, min(top_pages, max_pages)
        self._insights = insights
        # Only the owner may read a medium by its id; those of hashtags are found or not.
        self.refreshing = Refreshing(PAGE_SIZE, max(1, max_pages // SHARE), origin="own:")

    @property
    def requests(self) -> int:
        return self._graph.requests

    def probe(self) -> None:
        self._graph.probe()

    def search(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        self._graph.begin()
        memory = Memory.read(state, now)
        for page in self._all_hashtags(memory):
            yield page
            # The permission is the app's: no other hashtag would fare better.
            if page.problem is not None and page.problem.kind == Kind.PERMISSION:
                break
        yield from _guarded(f"own:{self._user_id}", self._own(state, now))
        if memory.notes():
            yield Page("hashtags", state=memory.state(), note=memory.notes())

    def refresh(
        self, posts: Sequence[Stored], state: Mapping[str, Any], now: datetime
    ) -> Iterator[Page]:
        most = self.refreshing.requests
        for asked, items in self._graph.by_ids(ids_of(posts), OWN_FIELDS, PAGE_SIZE, most):
            yield looked_up(asked, *parse_items(items))

    def _all_hashtags(self, memory: Memory) -> Iterator[Page]:
        yield from _guarded("hashtags", self._allowance(memory))
        for tag in self._hashtags:
            if memory.admits(tag):
                yield from _guarded(f"hashtag:{tag}", self._hashtag(tag, memory))

    def _allowance(self, memory: Memory) -> Iterator[Page]:
        """Learn what is left of the week, which matters to new hashtags only; brings no page."""
        if memory.knows_all(self._hashtags):
            return
        memory.learn(self._recently_searched())
        yield from ()

    def _recently_searched(self) -> list[Mapping[str, Any]]:
        """The hashtags, with id and mostly name, that Instagram counts this week; [] if silent.

        Raises PlatformError PERMISSION where the app may use no hashtags at all.
        """
        path = f"{self._user_id}/recently_searched_hashtags"
        try:
            body = self._graph.get(path, {"fields": "id,name", "limit": WEEKLY_HASHTAGS})
            return fields.objects(data_of(body))
        except PlatformError as error:
            if isinstance(error, PlatformDown) or error.kind == Kind.PERMISSION:
                raise
            return []  # our own ledger goes on counting

    def _hashtag(self, tag: str, memory: Memory) -> Iterator[Page]:
        number = self._hashtag_id(tag, memory)
        edges = [("recent_media", self._max_pages), ("top_media", self._top_pages)]
        edges = [(edge, cap) for edge, cap in edges if cap > 0]
        for edge, cap in edges:
            yield from self._edge(tag, f"{number}/{edge}", cap, memory, final=edge == edges[-1][0])

    def _edge(
        self, tag: str, path: str, cap: int, memory: Memory, *, final: bool
    ) -> Iterator[Page]:
        stream = f"hashtag:{tag}"
        asked = {"user_id": self._user_id, "fields": HASHTAG_FIELDS, "limit": PAGE_SIZE}
        for page in self._graph.pages(path, asked, cap, data_of):
            # Top media are ranked, not dated: only a cut in the recent ones loses something.
            if page.capped and path.endswith("recent_media"):
                memory.cut.append(tag)
            ended = final and (page.last or page.capped)
            if ended:
                memory.finish(tag)
            posts, rejects = parse_items(page.items, stream)
            yield Page(stream, posts, rejects, last=ended, state=memory.state())

    def _hashtag_id(self, tag: str, memory: Memory) -> str:
        """The id, asked for once and then remembered, as it never changes."""
        if tag not in memory.ids:
            memory.ids[tag] = self._ask_id(tag, memory)
        memory.count(tag)
        return memory.ids[tag]

    def _ask_id(self, tag: str, memory: Memory) -> str:
        try:
            body = self._graph.get("ig_hashtag_search", {"user_id": self._user_id, "q": tag})
        except PlatformError as error:
            if error.kind == Kind.BAD_REQUEST and not isinstance(error, PlatformDown):
                memory.disable(tag)
            raise
        found = fields.objects(data_of(body))
        number = fields.known_id(found[0]) if found else None
        if number is None:
            raise PlatformError(Kind.BAD_PAYLOAD, f"Instagram named no id for #{tag}")
        return number

    def _own(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        """Own media, newest first, down to what earlier rounds know.

        A token without the permission is no fault of the collection, but it is said.
        """
        stream = f"own:{self._user_id}"
        since = self._since(stream, state, now)
        insights = MediaInsights(self._graph, now - self._refresh, self._insights)
        asked = {"fields": OWN_FIELDS, "limit": PAGE_SIZE}
        path = f"{self._user_id}/media"
        try:
            for page in self._graph.pages(path, asked, self._max_pages, data_of):
                posts, rejects = parse_items(page.items, stream)
                last = page.last or _all_older(posts, since)
                posts = insights.added(posts, page.items)
                capped = "page cap hit: older own media exist" if page.capped and not last else ""
                ended = last or page.capped
                note = "; ".join(filter(None, [capped, insights.notes() if ended else ""]))
                yield Page(stream, posts, rejects, last=last, note=note)
                if insights.fault is not None:
                    raise insights.fault
                if last:
                    return
        except PlatformError as error:
            if error.kind != Kind.PERMISSION or isinstance(error, PlatformDown):
                raise
            yield Page(stream, note="own media left out: the token lacks the permission")

    def _since(self, stream: str, state: Mapping[str, Any], now: datetime) -> datetime | None:
        try:
            cursor = fields.instant(state.get(f"cursor:{stream}"))
        except fields.Unreadable:
            return None
        return min(cursor - self._overlap, now - self._refresh) if cursor else None


def _guarded(stream: str, pages: Iterator[Page]) -> Iterator[Page]:
    """The pages; a fault becomes the stream's problem unless it is the whole platform's."""
    try:
        yield from pages
    except PlatformDown:
        raise
    except PlatformError as error:
        yield Page(stream, problem=error)


def _all_older(posts: Sequence[Post], since: datetime | None) -> bool:
    if since is None or not posts:
        return False
    return all(p.posted_at is not None and p.posted_at < since for p in posts)


def hashtag_of(name: str) -> str:
    """A name as Instagram writes a hashtag: "Pantai Cenang" is "pantaicenang"."""
    return re.sub(r"\W", "", name).casefold()


def hashtags_of(names: Iterable[str], most: int = WEEKLY_HASHTAGS) -> tuple[str, ...]:
    """The first `most` different hashtags of names, in their order."""
    return tuple(dict.fromkeys(filter(None, map(hashtag_of, names))))[:most]


# ---- memory between rounds ---------------------------------------------------------------------


@dataclass
class Memory:
    """What the next round must know of hashtags; instants are kept as ISO text.

    `week` holds when each hashtag was first asked for within the last seven days: asking again is
    free, a 31st is refused by Instagram, so it is refused here before anything is sent.
    """

    now: datetime
    ids: dict[str, str] = field(default_factory=dict)
    week: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    finished: dict[str, str] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    refused: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, state: Mapping[str, Any], now: datetime) -> Memory:
        return cls(
            now,
            ids=_texts(state.get("hashtag_ids")),
            week=_since(state.get(HASHTAGS_ASKED), now - WEEK),
            unknown=_since(state.get("hashtag_unknown"), now - WEEK),
            finished=_texts(state.get("hashtag_finished")),
        )

    def state(self) -> dict[str, Any]:
        """What to store with the next page."""
        return {
            "hashtag_ids": dict(self.ids),
            HASHTAGS_ASKED: dict(self.week),
            "hashtag_unknown": dict(self.unknown),
            "hashtag_finished": dict(self.finished),
        }

    def admits(self, tag: str) -> bool:
        """Whether the hashtag may be asked for; notes it when the week's allowance forbids it."""
        if tag in self.unknown:
            return False
        used = self.elsewhere | self.week.keys()
        if tag not in used and len(used) >= WEEKLY_HASHTAGS:
            self.refused.append(tag)
            return False
        return True

    def learn(self, told: Iterable[Mapping[str, Any]]) -> None:
        """Take over what Instagram counts, other programs of the account included."""
        names = {number: tag for tag, number in self.ids.items()}
        numbers = ((str(t.get("id")), hashtag_of(str(t.get("name") or ""))) for t in told)
        self.elsewhere = frozenset(names.get(number) or name or number for number, name in numbers)

    def knows_all(self, tags: Iterable[str]) -> bool:
        """Whether every hashtag stands in this week's ledger already, or may not be asked."""
        return all(tag in self.week or tag in self.unknown for tag in tags)

    def count(self, tag: str) -> None:
        self.week.setdefault(tag, self.now.isoformat())

    def disable(self, tag: str) -> None:
        self.unknown[tag] = self.now.isoformat()

    def finish(self, tag: str) -> None:
        """Note that recent media are complete up to now, and what an outage lost before that."""
        before = _instant(self.finished.get(tag))
        if before is not None and self.now - before > RECENT_REACH:
            self.missed.append(tag)
        self.finished[tag] = self.now.isoformat()

    def notes(self) -> str:
        """What the operator should know of this round's hashtags."""
        said = {
            f"more than {WEEKLY_HASHTAGS} hashtags in seven days, left out": self.refused,
            "left out for a week as Instagram refused them": sorted(self.unknown),
            "recent media reach back 24 hours, older ones were missed": self.missed,
            "page cap hit, more recent media exist": self.cut,
        }
        return "; ".join(f"{what}: {_listed(tags)}" for what, tags in said.items() if tags)


def _listed(tags: Sequence[str], most: int = 5) -> str:
    named = ", ".join(f"#{tag}" for tag in tags[:most])
    return named + (f" and {len(tags) - most} more" if len(tags) > most else "")


def _texts(value: Any) -> dict[str, str]:
    return {k: v for k, v in fields.mapping(value).items() if isinstance(v, str)}


def _since(value: Any, earliest: datetime) -> dict[str, str]:
    known = ((k, v, _instant(v)) for k, v in _texts(value).items())
    return {k: v for k, v, instant in known if instant is not None and instant > earliest}


def _instant(value: Any) -> datetime | None:
    try:
        return fields.instant(value)
    except fields.Unreadable:
        return None


# ---- parsing -----------------------------------------------------------------------------------


def parse_items(
    items: Iterable[Any], found_by: str = ""
) -> tuple[tuple[Post, ...], tuple[Reject, ...]]:
    """The posts of a page, and what could not be read."""
    parsed = [parse_post(item, found_by) for item in items]
    posts = tuple(p for p in parsed if isinstance(p, Post))
    return posts, tuple(p for p in parsed if isinstance(p, Reject))


def parse_post(item: Any, found_by: str = "") -> Post | Reject:
    """A media of Instagram.

    Hashtag media never name their author and often not their time; an owner who hides likes makes
    `like_count` absent. All of that stays unknown.
    """
    record = fields.mapping(item)
    try:
        return _post(record, found_by)
    except fields.Unreadable as error:
        return Reject(Platform.INSTAGRAM, str(error), item, fields.known_id(record))


def _post(item: Mapping[str, Any], found_by: str) -> Post:
    number = fields.post_id(item.get("id"))
    if not any(sign in item for sign in MEDIA_SIGNS):
        raise fields.Unreadable("the record is no media")
    content = fields.text(item.get("caption"))
    return Post(
        platform=Platform.INSTAGRAM,
        post_id=number,
        content=content,
        posted_at=fields.instant(item.get("timestamp")),
        url=fields.link(item.get("permalink")),
        author=fields.optional_text(fields.mapping(item.get("owner")).get("id")),
        author_name=fields.optional_text(item.get("username")),
        likes=fields.count(item.get("like_count")),
        comments=fields.count(item.get("comments_count")),
        views=fields.count(item.get("view_count")),
        hashtags=fields.tags_in(content),
        mentions=fields.mentions_in(content),
        media_type=fields.optional_text(item.get("media_type")),
        found_by=found_by,
    )
