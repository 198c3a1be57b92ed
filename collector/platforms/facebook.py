"""Facebook: the posts of named Pages (GET /v26.0/{page}/posts); there is no search by words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from collector.platforms import Page, PlatformError, fields
from collector.platforms.graph import Graph, TooMuchAsked
from collector.platforms.http import Http, PlatformDown
from collector.platforms.refreshing import SHARE, Refreshing, Stored, ids_of, looked_up
from insights.model import Kind, Platform, Post, Reject

FIELDS = (
    "id,message,story,created_time,permalink_url,status_type,from,place{location},"
    "attachments{media_type,type},shares,"
    "reactions.summary(total_count).limit(0),comments.summary(total_count).limit(0)"
)
PAGE_SIZE = 50
LOOKUP_SIZE = 25  # ids; Graph takes 50, but these come with their reactions and comments
SMALLEST_PAGE = 6  # a Page whose six posts are too much for the server has another fault
FIRST_REACH = timedelta(days=30)
CAP_NOTE = "page cap hit: older posts of this Page were not fetched"


class Facebook:
    """Facebook Pages as a Source, one stream a Page.

    `overlap` is subtracted from a Page's cursor; `refresh` is how far back posts are asked for
    again in any case, because their counts still grow. `max_pages` caps a round, for each Page.
    """

    platform = Platform.FACEBOOK

    def __init__(
        self,
        http: Http,
        page_ids: Sequence[str],
        *,
        overlap: timedelta = timedelta(hours=3),
        refresh: timedelta = timedelta(days=3),
        max_pages: int = 20,
    ):
        self._graph = Graph(http)
        self._page_ids = tuple(dict.fromkeys(page_ids))
        self._overlap, self._refresh, self._max_pages = overlap, refresh, max_pages
        # Silence may be a missing permission: it deletes nothing.
        self.refreshing = Refreshing(LOOKUP_SIZE, max(1, max_pages // SHARE), origin="page:")

    @property
    def requests(self) -> int:
        return self._graph.requests

    def probe(self) -> None:
        self._graph.probe()

    def search(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        self._graph.begin()
        for page_id in self._page_ids:
            stream = f"page:{page_id}"
            try:
                yield from self._stream(page_id, stream, self._since(stream, state, now))
            except PlatformDown:
                raise
            except PlatformError as error:
                yield Page(stream, problem=error)

    def refresh(
        self, posts: Sequence[Stored], state: Mapping[str, Any], now: datetime
    ) -> Iterator[Page]:
        # Page by Page: what is refused for one of them holds for all its posts.
        ids = sorted(ids_of(posts), key=lambda post_id: post_id.partition("_")[0])
        most = self.refreshing.requests
        for asked, items in self._graph.by_ids(ids, FIELDS, LOOKUP_SIZE, most):
            yield looked_up(asked, *parse_items(items))

    def _since(self, stream: str, state: Mapping[str, Any], now: datetime) -> datetime:
        try:
            cursor = fields.instant(state.get(f"cursor:{stream}"))
        except fields.Unreadable:
            cursor = None
        if cursor is None:
            return now - FIRST_REACH
        return min(cursor - self._overlap, now - self._refresh)

    def _stream(self, page_id: str, stream: str, since: datetime) -> Iterator[Page]:
        """All pages; anew with half the limit when the server finds one too large.

        Posts that come twice that way are known by their ids.
        """
        limit = PAGE_SIZE
        while True:
            try:
                yield from self._pages(page_id, stream, since, limit)
                return
            except TooMuchAsked:
                if limit <= SMALLEST_PAGE:
                    raise
                limit //= 2

    def _pages(self, page_id: str, stream: str, since: datetime, limit: int) -> Iterator[Page]:
        # `since` may filter on the time of the last change: an older post is kept, it is news.
        params = {"fields": FIELDS, "since": int(since.timestamp()), "limit": limit}
        path = f"{page_id}/posts"
        for page in self._graph.pages(path, params, self._max_pages, posts_of, patient=True):
            posts, rejects = parse_items(page.items, stream)
            note = CAP_NOTE if page.capped else ""
            yield Page(stream, posts, rejects, last=page.last, note=note)


def posts_of(body: Mapping[str, Any]) -> list[Any]:
    """The records of an answer in any of its three shapes: `data`, one post, or posts by id.

    Raises PlatformError BAD_PAYLOAD for anything else: that is a failure and not "no posts".
    """
    if isinstance(body.get("data"), list):
        return body["data"]
    if "id" in body and "created_time" in body:
        return [body]
    by_id = {key: value for key, value in body.items() if key != "paging"}
    if by_id and all(isinstance(v, Mapping) and v.get("id") == k for k, v in by_id.items()):
        return list(by_id.values())
    raise PlatformError(Kind.BAD_PAYLOAD, "the answer holds no posts")


def parse_items(
    items: Sequence[Any], found_by: str = ""
) -> tuple[tuple[Post, ...], tuple[Reject, ...]]:
    """The posts of a page, each id once, and what could not be read."""
    posts: dict[str, Post] = {}
    rejects = []
    for item in items:
        parsed = parse_post(item, found_by)
        if isinstance(parsed, Post):
            posts.setdefault(parsed.post_id, parsed)
        else:
            rejects.append(parsed)
    return tuple(posts.values()), tuple(rejects)


def parse_post(item: Any, found_by: str = "") -> Post | Reject:
    """A post of a Page.

    Counts that are absent are unknown. That holds for `shares` too: Facebook leaves it out both
    where nobody shared and where it does not say.
    """
    record = fields.mapping(item)
    try:
        return _post(record, found_by)
    except fields.Unreadable as error:
        return Reject(Platform.FACEBOOK, str(error), item, fields.known_id(record))


def _post(item: Mapping[str, Any], found_by: str) -> Post:
    number = fields.post_id(item.get("id"))
    content = fields.text(item.get("message")) or fields.text(item.get("story"))
    return Post(
        platform=Platform.FACEBOOK,
        post_id=number,
        content=content,
        posted_at=fields.instant(item.get("created_time")),
        url=fields.link(item.get("permalink_url")),
        author=_author(item, number),
        author_name=fields.optional_text(fields.mapping(item.get("from")).get("name")),
        likes=_total(item.get("reactions")),
        comments=_total(item.get("comments")),
        shares=fields.count(fields.mapping(item.get("shares")).get("count")),
        hashtags=fields.tags_in(content),
        mentions=fields.mentions_in(content),
        media_type=_media_type(item),
        geo=_geo(item),
        found_by=found_by,
    )


def _author(item: Mapping[str, Any], number: str) -> str | None:
    """Who posted, else the Page: the ids of its posts begin with its own."""
    stated = fields.optional_text(fields.mapping(item.get("from")).get("id"))
    return stated or (number.partition("_")[0] if "_" in number else None)


def _total(edge: Any) -> int | None:
    return fields.count(fields.mapping(fields.mapping(edge).get("summary")).get("total_count"))


def _media_type(item: Mapping[str, Any]) -> str | None:
    attached = fields.objects(fields.mapping(item.get("attachments")).get("data"))
    first = attached[0].get("media_type") if attached else None
    return fields.optional_text(first) or fields.optional_text(item.get("status_type"))


def _geo(item: Mapping[str, Any]) -> tuple[float, float] | None:
    location = fields.mapping(fields.mapping(item.get("place")).get("location"))
    return fields.position(location.get("latitude"), location.get("longitude"))
