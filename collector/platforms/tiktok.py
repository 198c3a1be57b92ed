"""TikTok: videos by hashtag through the Research API (POST /v2/research/video/query/)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from collector.platforms import Page, PlatformError, fields
from collector.platforms.http import Answer, Http, PlatformDown, Refusal, plain_refusal, summary
from collector.platforms.quota import Quota, remembered
from collector.platforms.refreshing import SHARE, Refreshing, Stored, ids_of, looked_up
from insights import quotas
from insights.model import Kind, Platform, Post, Reject
from insights.quotas import RECORDS, REQUESTS

TOKEN, QUERY = "/v2/oauth/token/", "/v2/research/video/query/"
FIELDS = (
    "id,video_description,create_time,region_code,share_count,view_count,like_count,"
    "comment_count,hashtag_names,username"
)
PAGE_SIZE = 100  # videos, the most that a page holds; a page may hold fewer and not be the last
REACH = timedelta(days=30)  # of the first round, and of the longest outage
WINDOW_DAYS = 7  # of one query; TikTok takes no more than 30
DAILY = quotas.DAILY[Platform.TIKTOK]  # of a client, from midnight UTC
KEEP = timedelta(days=15)  # Research Tools terms 3(d): refreshed every fifteen days
LONGEST_WINDOW = timedelta(days=29)  # between the first and the last day of a query
MOST_PARTS = 5  # pages of one lookup: each may hold fewer videos than it could
LAST_SECOND = 253_402_300_799  # of the year 9999, the last that a date can hold
KINDS = {
    "access_token_invalid": Kind.AUTH,
    "invalid_client": Kind.AUTH,
    "invalid_grant": Kind.AUTH,
    "unauthorized_client": Kind.AUTH,
    "scope_not_authorized": Kind.PERMISSION,
    "scope_permission_missed": Kind.PERMISSION,
    "daily_quota_limit_exceeded": Kind.QUOTA,
    "rate_limit_exceeded": Kind.RATE_LIMITED,
    "invalid_params": Kind.BAD_REQUEST,
    "invalid_request": Kind.BAD_REQUEST,
    "internal_error": Kind.SERVER_ERROR,
}


class SearchExpired(PlatformError):
    """TikTok no longer knows the search whose next page was asked for."""


@dataclass(frozen=True)
class Window:
    """The days of one query, both of them asked for, in UTC."""

    first: datetime
    last: datetime

    def __str__(self) -> str:
        return f"{self.first:%d %b} to {self.last:%d %b %Y}"


class TikTok:
    """TikTok as a Source: one stream, walked in windows of days, oldest first.

    `overlap` is subtracted from the cursor, as TikTok shows a video up to two days late.
    `max_pages` caps a round; a window that does not fit under the cap is made smaller.
    """

    platform = Platform.TIKTOK

    def __init__(
        self,
        http: Http,
        client_key: str,
        client_secret: str,
        hashtags: Sequence[str],
        *,
        overlap: timedelta = timedelta(hours=48),
        max_pages: int = 20,
    ):
        self._http = http
        self._client_key, self._client_secret = client_key, client_secret
        self._hashtags = list(dict.fromkeys(hashtags))
        self._overlap, self._max_pages = overlap, max_pages
        digest = hashlib.sha256(" ".join(self._hashtags).encode()).hexdigest()[:12]
        self._stream = f"search:{digest}"
        self._token = ""
        # The same terms: what is not available at a refresh is to be deleted.
        self.refreshing = Refreshing(
            PAGE_SIZE, max(1, max_pages // SHARE), keep=KEEP, silence_is_gone=True
        )

    @property
    def requests(self) -> int:
        return self._http.requests

    def probe(self) -> None:
        self._http.probe()

    def search(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        self._http.begin()
        quota = Quota(DAILY, UTC, state, now)
        yield from remembered(self._round(state, now, quota), quota.state)

    def refresh(
        self, posts: Sequence[Stored], state: Mapping[str, Any], now: datetime
    ) -> Iterator[Page]:
        quota = Quota(DAILY, UTC, state, now)
        yield from remembered(self._lookups(posts, quota), quota.state)

    def _lookups(self, posts: Sequence[Stored], quota: Quota) -> Iterator[Page]:
        self._token = self._token or self._new_token()
        most = self.refreshing.requests
        for batch in spans(posts, PAGE_SIZE):
            if most <= 0:
                return
            asked, odd, parts, ended = ids_of(batch), [], [], False
            question: dict[str, Any] = _by_ids(batch)
            for _ in range(min(most, MOST_PARTS)):
                data = self._ask(question, quota)
                most -= 1
                found, refused = parse_items(videos_of(data))
                parts, odd = [*parts, *found], [*odd, *refused]
                ended = data.get("has_more") is not True
                if ended:
                    break
                question |= {name: data[name] for name in ("cursor", "search_id") if data.get(name)}
            page = looked_up(asked, parts, odd, state=quota.state())
            # Of an answer without its end nobody knows what it would have held.
            yield page if ended else replace(page, silent=())

    def _round(self, state: Mapping[str, Any], now: datetime, quota: Quota) -> Iterator[Page]:
        quota.check(*DAILY)
        try:
            self._token = self._new_token()  # lives two hours, so each round takes its own
            yield from self._all_windows(state, now, quota)
        except PlatformDown:
            raise
        except PlatformError as error:
            yield Page(self._stream, problem=error, state=quota.state())

    def _new_token(self) -> str:
        asked = {
            "client_key": self._client_key,
            "client_secret": self._client_secret,
            "grant_type": "client_credentials",
        }
        body = self._http.post(TOKEN, asked, None, read_refusal, form=True, refuses=refuses).body
        token = fields.optional_text(fields.mapping(body).get("access_token"))
        if token is None:
            raise PlatformError(Kind.BAD_PAYLOAD, "TikTok sent no access token")
        return token

    def _all_windows(self, state: Mapping[str, Any], now: datetime, quota: Quota) -> Iterator[Page]:
        left = self._max_pages
        days = min(fields.count(state.get("window_days")) or WINDOW_DAYS, WINDOW_DAYS)
        for window in windows(self._since(state, now), now, days):
            for page in self._window(window, max(1, left), days, quota):
                left -= 1
                yield page
            if not page.last:
                return
            if left <= 0:
                return  # the cursor stands at the end of this window; the next round goes on

    def _since(self, state: Mapping[str, Any], now: datetime) -> datetime:
        try:
            cursor = fields.instant(state.get(f"cursor:{self._stream}"))
        except fields.Unreadable:
            cursor = None
        earliest = now - REACH + timedelta(days=1)
        return min(now, max(earliest, cursor - self._overlap)) if cursor else earliest

    def _window(self, window: Window, most: int, days: int, quota: Quota) -> Iterator[Page]:
        """The pages of a window; once anew when TikTok forgets the search half-way."""
        try:
            yield from self._pages(window, most, days, quota)
        except SearchExpired:
            yield from self._pages(window, most, days, quota)

    def _pages(self, window: Window, most: int, days: int, quota: Quota) -> Iterator[Page]:
        """Pages until there is no more, or one with nothing new at a position that stands still."""
        asked: dict[str, Any] = self._question(window)
        seen: set[str] = set()
        for number in range(1, most + 1):
            data = self._ask(asked, quota)
            posts, rejects = parse_items(videos_of(data), self._stream)
            ids = {post.post_id for post in posts}
            following = {name: data[name] for name in ("cursor", "search_id") if data.get(name)}
            moved = following.get("cursor") not in (None, asked["cursor"])
            ended = data.get("has_more") is not True or not (ids - seen or moved)
            end = _end(window, days, ended=ended, capped=not ended and number == most)
            yield Page(
                self._stream,
                posts,
                rejects,
                last=end.last,
                state={**end.state, **quota.state()},
                note=end.note,
            )
            if ended:
                return
            seen |= ids
            asked |= following

    def _question(self, window: Window) -> dict[str, Any]:
        hashtag = {
            "operation": "IN",
            "field_name": "hashtag_name",
            "field_values": self._hashtags,
        }
        return {
            "query": {"and": [hashtag]},
            "start_date": f"{window.first:%Y%m%d}",
            "end_date": f"{window.last:%Y%m%d}",
            "max_count": PAGE_SIZE,
            "cursor": 0,
        }

    def _ask(self, asked: Mapping[str, Any], quota: Quota) -> Mapping[str, Any]:
        quota.check(*DAILY)
        before = self._http.requests
        try:
            answer = self._http.post(
                QUERY,
                asked,
                {"fields": FIELDS},
                read_refusal,
                token=self._token,
                refuses=refuses,
            )
        except PlatformError as error:
            if error.kind == Kind.QUOTA:
                quota.close()
            raise
        finally:
            quota.spend(REQUESTS, self._http.requests - before)  # refused ones are counted too
        data = fields.mapping(fields.mapping(answer.body).get("data"))
        quota.spend(RECORDS, len(videos_of(data)))
        return data


@dataclass(frozen=True)
class _End:
    """What a page means for its window: whether it ends it, and what the next round must know."""

    last: bool = False
    state: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def _end(window: Window, days: int, *, ended: bool, capped: bool) -> _End:
    if capped:
        # One day is the least that can be asked for: what does not fit there is left out.
        smaller = {"window_days": max(1, days // 2) if days > 1 else None}
        return _End(days == 1, smaller, f"page cap hit: more videos of {window} exist")
    return _End(ended, {"window_days": None} if ended else {})


def windows(since: datetime, until: datetime, days: int) -> Iterator[Window]:
    """The days from one instant to another (both included, in UTC), `days` at a time."""
    first = since.astimezone(UTC)
    while first.date() <= until.astimezone(UTC).date():
        last = min(first + timedelta(days=days - 1), until.astimezone(UTC))
        yield Window(first, last)
        first += timedelta(days=days)


def spans(posts: Sequence[Stored], size: int) -> Iterator[list[Stored]]:
    """The posts, oldest first, in groups that one query can ask for: by number and by days."""
    group: list[Stored] = []
    for post in sorted(posts, key=lambda post: post.posted_at):
        full = len(group) == size
        if group and (full or post.posted_at - group[0].posted_at > LONGEST_WINDOW):
            yield group
            group = []
        group.append(post)
    if group:
        yield group


def _by_ids(posts: Sequence[Stored]) -> dict[str, Any]:
    """The question for these videos; they stand in the order of their times."""
    video = {"operation": "IN", "field_name": "video_id", "field_values": ids_of(posts)}
    return {
        "query": {"and": [video]},
        "start_date": f"{posts[0].posted_at.astimezone(UTC):%Y%m%d}",
        "end_date": f"{posts[-1].posted_at.astimezone(UTC):%Y%m%d}",
        "max_count": PAGE_SIZE,
        "cursor": 0,
    }


def refuses(answer: Answer) -> bool:
    """Whether an answer of status 200 names an error all the same."""
    return _code(answer) not in ("", "ok")


def _code(answer: Answer) -> str:
    """The error's name: `error.code`, or with a refused key the text `error` itself."""
    error = fields.mapping(answer.body).get("error")
    code = fields.mapping(error).get("code") if isinstance(error, Mapping) else error
    return str(code) if code else ""


def read_refusal(answer: Answer, now: float) -> Refusal:
    """What an error of TikTok means; its name decides, as the status may be any.

    Both limits come as 429, but waiting cures only that of the minute.
    """
    body = fields.mapping(answer.body)
    code = _code(answer)
    message = fields.mapping(body.get("error")).get("message") or body.get("error_description")
    plain = plain_refusal(answer, now)
    kind = KINDS.get(code, Kind.UNKNOWN if answer.status == 200 else plain.kind)
    said = summary(code, message)
    told = said.casefold()
    expired = "search id" in told and ("invalid" in told or "expired" in told)
    return Refusal(
        kind,
        said,
        plain.wait,
        platform_wide=kind == Kind.PERMISSION,
        error=SearchExpired if expired else PlatformError,
    )


# ---- parsing -----------------------------------------------------------------------------------


def videos_of(data: Mapping[str, Any]) -> list[Any]:
    """The videos of an answer's `data`.

    Raises PlatformError BAD_PAYLOAD without a list of them: that is a failure and not "no videos".
    """
    videos = data.get("videos")
    if not isinstance(videos, list):
        raise PlatformError(Kind.BAD_PAYLOAD, "TikTok sent no list of videos")
    return videos


def parse_items(
    items: Iterable[Any], found_by: str = ""
) -> tuple[tuple[Post, ...], tuple[Reject, ...]]:
    """The videos of a page, and what could not be read."""
    parsed = [parse_post(item, found_by) for item in items]
    posts = tuple(p for p in parsed if isinstance(p, Post))
    return posts, tuple(p for p in parsed if isinstance(p, Reject))


def parse_post(item: Any, found_by: str = "") -> Post | Reject:
    """A video. Its id is an integer beyond what a float can hold, and stays exact as text.

    Counts may be missing: unknown. Names may hold NUL, which is taken out.
    """
    record = fields.mapping(item)
    try:
        return _post(record, found_by)
    except fields.Unreadable as error:
        return Reject(Platform.TIKTOK, str(error), item, fields.known_id(record))


def _post(item: Mapping[str, Any], found_by: str) -> Post:
    number = fields.post_id(item.get("id"))
    content = fields.text(item.get("video_description")).replace("\x00", "").strip()
    username = (fields.optional_text(item.get("username")) or "").replace("\x00", "")
    address = f"https://www.tiktok.com/@{quote(username, safe='')}/video/{number}"
    names = item.get("hashtag_names")
    return Post(
        platform=Platform.TIKTOK,
        post_id=number,
        content=content,
        posted_at=_posted_at(item.get("create_time")),
        url=address if username else None,
        author=username or None,
        author_name=username or None,
        likes=fields.count(item.get("like_count")),
        comments=fields.count(item.get("comment_count")),
        shares=fields.count(item.get("share_count")),
        views=fields.count(item.get("view_count")),
        hashtags=_hashtags(names) if isinstance(names, list) else fields.tags_in(content),
        mentions=fields.mentions_in(content),
        media_type="VIDEO",
        found_by=found_by,
    )


def _posted_at(seconds: Any) -> datetime | None:
    """The instant of epoch seconds, None for missing ones; raises Unreadable for anything else."""
    if seconds is None:
        return None
    whole = isinstance(seconds, int) and not isinstance(seconds, bool)
    if not whole or not 0 <= seconds <= LAST_SECOND:
        raise fields.Unreadable("the time is no number of seconds")
    return datetime.fromtimestamp(seconds, UTC)


def _hashtags(names: Iterable[Any]) -> tuple[str, ...]:
    return fields.unique(name.replace("\x00", "") for name in names if isinstance(name, str))
