"""YouTube: videos that name places (GET /youtube/v3/search), then their counts (…/videos).

No comments: a post is one original item, and a comment is a reaction to one.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.platforms import Page, PlatformError, fields
from collector.platforms.http import Answer, Http, PlatformDown, Refusal, plain_refusal, summary
from collector.platforms.quota import PACIFIC, Quota, remembered
from collector.platforms.refreshing import Refreshing, Stored, batches, ids_of, looked_up
from insights import quotas
from insights.model import Kind, Platform, Post, Reject
from insights.quotas import SEARCHES, UNITS

SEARCH, VIDEOS = "/youtube/v3/search", "/youtube/v3/videos"
PARTS = "snippet,statistics,recordingDetails"
PAGE_SIZE = 50  # videos, the most that a search page holds and that can be asked for by id
QUERY_LENGTH = 500  # characters; longer alternatives are answered less and less completely
REACH = timedelta(days=30)  # of the first round, and of the longest outage
# What Google grants a project each day, and the share of one of twelve rounds.
DAILY = quotas.DAILY[Platform.YOUTUBE]
SEARCHES_A_ROUND = 8
PAGES_A_QUERY = 3
LOOKUPS_A_ROUND = 20  # units; of twelve rounds 240 of the 10,000, for 12,000 videos a day
KEEP = timedelta(days=30)  # Developer Policies III.E: refreshed or deleted within 30 days
CAP_NOTE = "page cap hit: the next round goes on where this search was cut off"
VIDEO = "youtube#video"


@dataclass(frozen=True)
class Query:
    """One search; `stream` names its cursor, so it changes when the terms change."""

    text: str
    stream: str


class YouTube:
    """YouTube as a Source.

    A round makes at most `searches` searches; the query that waited longest comes first, and none
    gets more than `max_pages` pages. A search that was cut off goes on in the next round, from
    the oldest video it had reached.
    """

    platform = Platform.YOUTUBE
    # https://developers.google.com/youtube/v3/docs/videos/list: a video that was deleted or made
    # private is not in `items`, and nothing else says so.
    refreshing = Refreshing(PAGE_SIZE, LOOKUPS_A_ROUND, keep=KEEP, silence_is_gone=True)

    def __init__(
        self,
        http: Http,
        terms: Sequence[str],
        *,
        overlap: timedelta = timedelta(hours=24),
        searches: int = SEARCHES_A_ROUND,
        max_pages: int = PAGES_A_QUERY,
    ):
        self._http = http
        self._queries = queries(terms)
        self._overlap, self._searches, self._max_pages = overlap, searches, max_pages

    @property
    def requests(self) -> int:
        return self._http.requests

    def probe(self) -> None:
        self._http.probe()

    def search(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        self._http.begin()
        quota = Quota(DAILY, PACIFIC, state, now)
        yield from remembered(self._round(state, now, quota), quota.state)

    def refresh(
        self, posts: Sequence[Stored], state: Mapping[str, Any], now: datetime
    ) -> Iterator[Page]:
        quota = Quota(DAILY, PACIFIC, state, now)
        yield from remembered(self._lookups(ids_of(posts), quota), quota.state)

    def _lookups(self, ids: Sequence[str], quota: Quota) -> Iterator[Page]:
        for batch in batches(ids, PAGE_SIZE):
            asked = {"part": PARTS, "id": ",".join(batch)}
            found, odd = parse_items(items_of(self._ask(VIDEOS, asked, quota, UNITS)))
            yield looked_up(batch, found, odd, state=quota.state())

    def _round(self, state: Mapping[str, Any], now: datetime, quota: Quota) -> Iterator[Page]:
        left = self._searches
        for query in sorted(self._queries, key=lambda q: str(state.get(f"asked:{q.stream}", ""))):
            if left <= 0:
                return  # the others have waited longest when the next round begins
            walk = _Walk.read(query, state, now, self._overlap)
            for page in self._stream(walk, min(left, self._max_pages), quota):
                left -= 1
                yield page

    def _stream(self, walk: _Walk, most: int, quota: Quota) -> Iterator[Page]:
        stream = walk.query.stream
        try:
            yield from self._pages(walk, most, quota)
        except PlatformDown:
            raise
        except PlatformError as error:
            asked = {f"asked:{stream}": walk.now.isoformat()}
            yield Page(stream, problem=error, state={**asked, **quota.state()})

    def _pages(self, walk: _Walk, most: int, quota: Quota) -> Iterator[Page]:
        params, seen = walk.params(), set[str]()
        for number in range(1, most + 1):
            found = self._ask(SEARCH, params, quota, SEARCHES)
            posts, rejects = self._with_counts(found, walk.query.stream, quota)
            token = fields.optional_text(found.get("nextPageToken"))
            if not {post.post_id for post in posts} - seen and not rejects and number > 1:
                token = None  # the same videos again: more of them would tell nothing
            seen |= {post.post_id for post in posts}
            capped = token is not None and number == most
            walk.note(posts, rejects)
            yield Page(
                walk.query.stream,
                posts,
                rejects,
                last=token is None,
                state={**walk.state(done=token is None), **quota.state()},
                note=CAP_NOTE if capped else "",
            )
            if token is None:
                return
            params["pageToken"] = token

    def _with_counts(
        self, found: Mapping[str, Any], stream: str, quota: Quota
    ) -> tuple[tuple[Post, ...], tuple[Reject, ...]]:
        """The videos of a search page with what only the videos themselves tell.

        One that is no longer there keeps what the search said of it; its counts are unknown.
        """
        posts, rejects = parse_items(items_of(found), stream)
        if not posts:
            return posts, rejects
        asked = {"part": PARTS, "id": ",".join(post.post_id for post in posts)}
        whole, odd = parse_items(items_of(self._ask(VIDEOS, asked, quota, UNITS)), stream)
        known = {post.post_id: post for post in (*posts, *whole)}
        return tuple(known.values()), (*rejects, *odd)

    def _ask(
        self, path: str, params: Mapping[str, Any], quota: Quota, name: str
    ) -> Mapping[str, Any]:
        # A search without the videos behind it is half a page: both must be left.
        quota.check(*DAILY if name == SEARCHES else (name,))
        before = self._http.requests
        try:
            return self._http.get(path, params, read_refusal).body or {}
        except PlatformError as error:
            if error.kind == Kind.QUOTA:
                quota.close()
            raise
        finally:
            quota.spend(name, self._http.requests - before)  # refused ones are counted too


@dataclass
class _Walk:
    """One query's way through its results, newest first, over as many rounds as it takes.

    `before` is where an earlier round was cut off, and `newest` the newest video it had seen by
    then: that one becomes the cursor once the whole way is done.
    """

    query: Query
    now: datetime
    since: datetime
    before: datetime | None = None
    newest: datetime | None = None
    oldest: datetime | None = None
    odd: bool = False

    @classmethod
    def read(
        cls, query: Query, state: Mapping[str, Any], now: datetime, overlap: timedelta
    ) -> _Walk:
        cursor = _instant(state.get(f"cursor:{query.stream}"))
        since = max(cursor - overlap, now - REACH) if cursor else now - REACH
        rest = fields.mapping(state.get(f"rest:{query.stream}"))
        before, newest = _instant(rest.get("before")), _instant(rest.get("newest"))
        if before is None or newest is None or not since < before <= now:
            before = newest = None
        return cls(query, now, min(since, now), before, newest)

    def params(self) -> dict[str, Any]:
        asked = {
            "part": "snippet",
            "type": "video",
            "q": self.query.text,
            "order": "date",
            "regionCode": "MY",
            "maxResults": PAGE_SIZE,
            "publishedAfter": _rfc3339(self.since),
        }
        return asked | ({"publishedBefore": _rfc3339(self.before)} if self.before else {})

    def note(self, posts: Iterable[Post], rejects: Sequence[Reject]) -> None:
        """Remember how far a page reached."""
        self.odd |= bool(rejects)
        times = [p.posted_at for p in posts if p.posted_at and p.posted_at <= self.now]
        self.newest = max([*times, *([self.newest] if self.newest else [])], default=None)
        self.oldest = min([*times, *([self.oldest] if self.oldest else [])], default=None)

    def state(self, *, done: bool) -> dict[str, Any]:
        """What the next round must know if this page is the last one it gets."""
        stream, rest = self.query.stream, None
        kept: dict[str, Any] = {f"asked:{stream}": self.now.isoformat()}
        if not done and self.newest and self.oldest:
            # A second more, as the next page may begin within the same second.
            before = min(self.oldest + timedelta(seconds=1), self.now)
            rest = {"before": before.isoformat(), "newest": self.newest.isoformat()}
        if done and self.before and self.newest and not self.odd:
            kept[f"cursor:{stream}"] = self.newest.isoformat()
        return kept | {f"rest:{stream}": rest}


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(value: Any) -> datetime | None:
    try:
        return fields.instant(value)
    except fields.Unreadable:
        return None


def queries(terms: Sequence[str], length: int = QUERY_LENGTH) -> tuple[Query, ...]:
    """As few queries as hold all terms in their order, alternatives parted by "|".

    None is longer than `length` characters; a term that does not fit alone is left out.
    """
    packed: list[str] = []
    for phrase in dict.fromkeys(filter(None, map(_phrase, terms))):
        joined = f"{packed[-1]}|{phrase}" if packed else phrase
        if packed and len(joined) <= length:
            packed[-1] = joined
        elif len(phrase) <= length:
            packed.append(phrase)
    return tuple(Query(text, f"search:{_digest(text)}") for text in packed)


def _phrase(term: str) -> str:
    words = " ".join(re.sub(r"[\"|]", " ", term).split())
    return f'"{words}"' if " " in words else words


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_refusal(answer: Answer, now: float) -> Refusal:
    """What an error of YouTube means.

    The daily quota comes as 403 quotaExceeded and as 429 with "per day" in its words; a bad key
    comes as 400. Google counts per project, so whatever is forbidden is so for every search.
    """
    plain = plain_refusal(answer, now)
    error = fields.mapping(fields.mapping(answer.body).get("error"))
    reasons = _reasons(error)
    message = fields.optional_text(error.get("message")) or ""
    said = summary(*sorted(reasons), re.sub(r"<[^>]*>", "", message))
    told = f"{said} {message}".casefold()
    kind = plain.kind
    if answer.status in (403, 429) and ("per day" in told or reasons & DAY_REASONS):
        kind = Kind.QUOTA
    elif reasons & RATE_REASONS:
        kind = Kind.RATE_LIMITED
    elif reasons & KEY_REASONS or (answer.status == 400 and "api key" in told):
        kind = Kind.AUTH
    return Refusal(kind, said, plain.wait, platform_wide=kind == Kind.PERMISSION)


DAY_REASONS = {"quotaExceeded", "dailyLimitExceeded"}
RATE_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
KEY_REASONS = {"keyInvalid", "keyExpired", "API_KEY_INVALID"}


def _reasons(error: Mapping[str, Any]) -> set[str]:
    told = [*fields.objects(error.get("errors")), *fields.objects(error.get("details"))]
    return {reason for reason in (t.get("reason") for t in told) if isinstance(reason, str)}


# ---- parsing -----------------------------------------------------------------------------------


def items_of(body: Mapping[str, Any]) -> list[Any]:
    """The records of an answer.

    Raises PlatformError BAD_PAYLOAD without a list of them: that is a failure and not "no videos".
    """
    items = body.get("items")
    if not isinstance(items, list):
        raise PlatformError(Kind.BAD_PAYLOAD, "YouTube sent no list of videos")
    return items


def parse_items(
    items: Iterable[Any], found_by: str = ""
) -> tuple[tuple[Post, ...], tuple[Reject, ...]]:
    """The videos of a page, each once, and what could not be read.

    Channels, playlists and comments are no posts and no faults either: they are passed over.
    """
    posts: dict[str, Post] = {}
    rejects = []
    for item in items:
        if _is_something_else(item):
            continue
        parsed = parse_post(item, found_by)
        if isinstance(parsed, Post):
            posts.setdefault(parsed.post_id, parsed)
        else:
            rejects.append(parsed)
    return tuple(posts.values()), tuple(rejects)


def _is_something_else(item: Any) -> bool:
    record = fields.mapping(item)
    found = fields.mapping(record.get("id"))
    kind = found.get("kind") if found else record.get("kind")
    return isinstance(kind, str) and kind not in (VIDEO, "youtube#searchResult")


def parse_post(item: Any, found_by: str = "") -> Post | Reject:
    """A video, from a page of search results or from the list of videos.

    Only search results are HTML-escaped, and only they hold an id that is an object. Counts are
    texts; those that the owner hides are missing, and those of a broadcast that has not ended are
    0 at first: all of these are unknown.
    """
    record = fields.mapping(item)
    try:
        return _post(record, found_by)
    except fields.Unreadable as error:
        found = fields.mapping(record.get("id")).get("videoId", record.get("id"))
        return Reject(Platform.YOUTUBE, str(error), item, fields.known_id({"id": found}))


def _post(item: Mapping[str, Any], found_by: str) -> Post:
    result = fields.mapping(item.get("id"))
    number = fields.post_id(result.get("videoId") if result else item.get("id"))
    snippet = fields.mapping(item.get("snippet"))
    title, description = fields.text(snippet.get("title")), fields.text(snippet.get("description"))
    if not title and not description:
        raise fields.Unreadable("the video has no title")
    content = f"{title}\n{description}".strip()
    content = html.unescape(content) if result else content
    return Post(
        platform=Platform.YOUTUBE,
        post_id=number,
        content=content,
        posted_at=fields.instant(snippet.get("publishedAt")),
        url=f"https://www.youtube.com/watch?v={number}",
        author=fields.optional_text(snippet.get("channelId")),
        author_name=fields.optional_text(snippet.get("channelTitle")),
        language=_language(snippet),
        hashtags=fields.tags_in(content),
        mentions=fields.mentions_in(content),
        media_type="VIDEO",
        geo=_geo(item),
        found_by=found_by,
        **_counts(item, snippet),
    )


def _language(snippet: Mapping[str, Any]) -> str | None:
    spoken = fields.optional_text(snippet.get("defaultAudioLanguage"))
    return spoken or fields.optional_text(snippet.get("defaultLanguage"))


def _counts(item: Mapping[str, Any], snippet: Mapping[str, Any]) -> dict[str, int | None]:
    told = fields.mapping(item.get("statistics"))
    names = {"likes": "likeCount", "comments": "commentCount", "views": "viewCount"}
    counts = {ours: fields.count(told.get(theirs)) for ours, theirs in names.items()}
    if snippet.get("liveBroadcastContent") in ("live", "upcoming"):
        return {name: count or None for name, count in counts.items()}
    return counts


def _geo(item: Mapping[str, Any]) -> tuple[float, float] | None:
    location = fields.mapping(fields.mapping(item.get("recordingDetails")).get("location"))
    return fields.position(location.get("latitude"), location.get("longitude"))
