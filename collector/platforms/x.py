"""X: recent search for the names of places (GET /2/tweets/search/recent)."""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.platforms import Page, PlatformError, fields
from collector.platforms.http import Answer, Http, PlatformDown, Refusal, plain_refusal, summary
from collector.platforms.refreshing import SHARE, Refreshing, Stored, batches, ids_of, looked_up
from insights.model import Kind, Platform, Post, Reject

SEARCH, LOOKUP = "/2/tweets/search/recent", "/2/tweets"
QUERY_LENGTH = 512  # characters, self-serve access
PAGE_SIZE = 100  # posts, the most a page can hold
REACH = timedelta(days=7)  # how far back recent search can look
MARGIN = timedelta(minutes=5)  # for clocks that differ: a start a second too early is refused
# X keeps its newest half minute to itself and refuses a start after that.
NEWEST = timedelta(minutes=1)
SNOWFLAKE_EPOCH = 1288834974657  # milliseconds; ids count from here since November 2010
FIRST_SNOWFLAKE = 30_000_000_000  # smaller ids were counted up and hold no time
# Each post that is looked up costs money: only at the ages that are compared (insights/ages.py).
REFRESH_AGES = (1, 3, 7)
# What a lookup says of single ids it was asked for: deleted or suspended, and protected.
GONE = ("/resource-not-found", "/not-authorized-for-resource")
WITHHELD_HERE = {"MY", "XX", "XY"}  # in Malaysia, everywhere, everywhere for copyright
# An answer that knows none of so many posts is not believed before it was repeated.
MANY = 10
REPOSTED = {"retweeted", "reposted"}
CAP_NOTE = "page cap hit: older posts of this search were not fetched"
NO_METRICS_NOTE = (
    "no post of a page had its counts; the request's field names may be of the wrong vocabulary"
)


@dataclass(frozen=True)
class Dialect:
    """One of X's two vocabularies. A name of the other one is billed and silently ignored, so a
    request never mixes them; answers are read in both."""

    fields_parameter: str
    fields: str


FIELDS = "attachments,author_id,created_at,entities,geo,id,lang,public_metrics,text"
DIALECTS = {
    "tweet": Dialect("tweet.fields", f"{FIELDS},note_tweet,referenced_tweets"),
    "post": Dialect("post.fields", f"{FIELDS},note_post,referenced_posts"),
}


@dataclass(frozen=True)
class Query:
    """One search; `stream` names its cursor, so it changes when the terms change."""

    text: str
    stream: str


class X:
    """X as a Source.

    Every post costs money, an empty page does not: `max_pages` full pages of posts are the most
    that one round fetches over all queries, and no query gets more pages than that. `overlap` is
    subtracted from each cursor, as X indexes some posts late.
    """

    platform = Platform.X

    def __init__(
        self,
        http: Http,
        terms: Sequence[str],
        *,
        overlap: timedelta = timedelta(hours=3),
        max_pages: int = 20,
        dialect: str = "tweet",
        query_length: int = QUERY_LENGTH,
    ):
        self._http = http
        self._queries = queries(terms, query_length)
        self._overlap, self._max_pages = overlap, max_pages
        self._dialect = DIALECTS[dialect]
        self.refreshing = Refreshing(PAGE_SIZE, max(1, max_pages // SHARE), REFRESH_AGES)

    @property
    def requests(self) -> int:
        return self._http.requests

    def probe(self) -> None:
        self._http.probe()

    def search(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        self._http.begin()
        left = self._max_pages * PAGE_SIZE
        # The query that waited longest first, so that a cap never starves the same ones.
        waiting = sorted(self._queries, key=lambda q: str(state.get(f"cursor:{q.stream}", "")))
        for position, query in enumerate(waiting, start=1):
            if left <= 0:
                yield Page(query.stream, note="page cap hit: some searches wait for the next round")
                return
            # One page is kept for every query still to come.
            allowed = left - PAGE_SIZE * (len(waiting) - position)
            for page in self._stream(query, state, now, allowed):
                left -= page.fetched
                yield page

    def _stream(
        self, query: Query, state: Mapping[str, Any], now: datetime, allowed: int
    ) -> Iterator[Page]:
        try:
            yield from self._pages(query, self._start(query, state, now), allowed)
        except PlatformDown:
            raise
        except PlatformError as error:
            yield Page(query.stream, problem=error)

    def _start(self, query: Query, state: Mapping[str, Any], now: datetime) -> datetime:
        earliest = now - REACH + MARGIN
        try:
            cursor = fields.instant(state.get(f"cursor:{query.stream}"))
        except fields.Unreadable:
            cursor = None
        if cursor is None:
            return earliest
        return max(earliest, min(cursor - self._overlap, now - NEWEST))

    def refresh(
        self, posts: Sequence[Stored], state: Mapping[str, Any], now: datetime
    ) -> Iterator[Page]:
        for batch in batches(ids_of(posts), PAGE_SIZE):
            params = {"ids": ",".join(batch), **self._wanted(",withheld")}
            yield parse_lookup(self._http.get(LOOKUP, params, read_refusal).body or {}, batch)

    def _wanted(self, more: str = "") -> dict[str, str]:
        """What is to be told of each post."""
        return {
            "expansions": "attachments.media_keys,geo.place_id",
            "media.fields": "type",
            "place.fields": "geo",
            self._dialect.fields_parameter: self._dialect.fields + more,
        }

    def _pages(self, query: Query, start: datetime, allowed: int) -> Iterator[Page]:
        params: dict[str, Any] = {
            "query": query.text,
            "max_results": PAGE_SIZE,
            "start_time": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **self._wanted(),
        }
        for pages_left in range(self._max_pages - 1, -1, -1):
            page = parse_page(self._ask(params).body or {}, query.stream)
            token = fields.optional_text(page.meta.get("next_token"))
            allowed -= len(page.posts) + len(page.rejects)
            capped = token is not None and (allowed <= 0 or pages_left == 0)
            note = "; ".join([*page.notes, *([CAP_NOTE] if capped else [])])
            yield Page(query.stream, page.posts, page.rejects, last=token is None, note=note)
            if token is None or capped:
                return
            params["next_token"] = token

    def _ask(self, params: dict[str, Any]) -> Answer:
        try:
            return self._http.get(SEARCH, params, read_refusal)
        except TooFarBack:
            # Without a start X searches as far back as it can.
            params.pop("start_time", None)
            return self._http.get(SEARCH, params, read_refusal)


class TooFarBack(PlatformError):
    """The start of the search lies before what X can still find."""


def queries(terms: Sequence[str], length: int = QUERY_LENGTH) -> tuple[Query, ...]:
    """As few queries as hold all terms in their order, none longer than `length` characters.

    Every term is searched as a phrase. A term that does not fit a query alone is left out.
    """
    tail = ") -is:retweet"
    packed: list[list[str]] = []
    for phrase in dict.fromkeys(filter(None, map(_phrase, terms))):
        if len(f"({phrase}{tail}") > length:
            continue
        joined = " OR ".join([*packed[-1], phrase]) if packed else ""
        if packed and len(f"({joined}{tail}") <= length:
            packed[-1].append(phrase)
        else:
            packed.append([phrase])
    texts = [f"({' OR '.join(phrases)}{tail}" for phrases in packed]
    return tuple(Query(text, f"search:{_digest(text)}") for text in texts)


def _phrase(term: str) -> str:
    words = " ".join(re.sub(r"[\"\\]", " ", term).split())
    return f'"{words}"' if words else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_refusal(answer: Answer, now: float) -> Refusal:
    """What an error of X means.

    402 comes in two bodies, and a 429 with "usage cap" has requests left: waiting cures neither.
    """
    plain = plain_refusal(answer, now)
    body = fields.mapping(answer.body)
    first = next(iter(fields.objects(body.get("errors"))), {})
    said = summary(body.get("title"), body.get("detail"), first.get("message"))
    told = f"{said} {body.get('type')} {body.get('reason')}".casefold()
    kind, error = plain.kind, plain.error
    if answer.status == 429 and ("usage-capped" in told or "cap exceeded" in told):
        kind = Kind.QUOTA
    elif answer.status == 403 and ("spend" in told or "credits" in told):
        kind = Kind.BILLING
    elif answer.status == 400 and ("start_time" in told or "since_id" in told):
        error = TooFarBack
    # A plan or an approval that is missing is missing for every query.
    wide = kind == Kind.PERMISSION
    return Refusal(kind, said, plain.wait, platform_wide=wide, error=error)


# ---- parsing -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parsed:
    """A page of search results; `notes` are for the operator."""

    posts: tuple[Post, ...]
    rejects: tuple[Reject, ...]
    meta: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def parse_page(body: Mapping[str, Any], found_by: str = "") -> Parsed:
    """The posts of a search answer, in either vocabulary.

    No `data` beside a `meta` is an empty page. Raises PlatformError BAD_PAYLOAD when there is
    neither, or when `data` is no list: that is a failure and not "no posts".
    """
    errors = fields.objects(body.get("errors"))
    if "data" not in body and not isinstance(body.get("meta"), Mapping):
        raise PlatformError(Kind.BAD_PAYLOAD, f"X sent no posts{_told(errors)}")
    data = body.get("data", [])
    if not isinstance(data, list):
        raise PlatformError(Kind.BAD_PAYLOAD, "X sent posts that are no list")
    includes = fields.mapping(body.get("includes"))
    parsed = [parse_post(item, includes, found_by) for item in data]
    posts = tuple(p for p in parsed if isinstance(p, Post))
    notes = [f"parts were missing{_told(errors)}"] if errors else []
    if _without_metrics(posts):
        notes.append(NO_METRICS_NOTE)
    rejects = tuple(p for p in parsed if isinstance(p, Reject))
    return Parsed(posts, rejects, fields.mapping(body.get("meta")), tuple(notes))


def parse_lookup(body: Mapping[str, Any], asked: Sequence[str]) -> Page:
    """What a lookup by id answered: posts, ids that X itself calls gone, ids passed over.

    https://docs.x.com/x-api/posts/lookup: an id that cannot be shown stands in `errors`, beside
    the `data` of the others. Raises PlatformError BAD_PAYLOAD when there is neither.
    """
    data, errors = body.get("data", []), fields.objects(body.get("errors"))
    if not isinstance(data, list) or not (data or errors):
        raise PlatformError(Kind.BAD_PAYLOAD, f"X looked up no posts{_told(errors)}")
    includes = fields.mapping(body.get("includes"))
    shown = [item for item in data if not _withheld(item)]
    parsed = [parse_post(item, includes) for item in shown]
    gone = {str(fields.mapping(item).get("id")) for item in data if _withheld(item)}
    gone |= {str(error.get("resource_id")) for error in errors if _says_gone(error)}
    if not data and len(asked) >= MANY and gone.issuperset(asked):
        gone = set()
    return looked_up(
        asked,
        [p for p in parsed if isinstance(p, Post)],
        [p for p in parsed if isinstance(p, Reject)],
        gone,
    )


def _says_gone(error: Mapping[str, Any]) -> bool:
    """Whether an error speaks of a post that was asked for, and not of a part or a field of one."""
    if error.get("parameter") not in ("id", "ids"):
        return False
    return str(error.get("type")).endswith(GONE)


def _withheld(item: Any) -> bool:
    withheld = fields.mapping(fields.mapping(item).get("withheld"))
    countries = withheld.get("country_codes")
    here = WITHHELD_HERE.intersection(countries) if isinstance(countries, list) else ()
    return withheld.get("copyright") is True or bool(here)


def _told(errors: Sequence[Mapping[str, Any]]) -> str:
    titles = Counter(summary(error.get("title")) or "untitled" for error in errors)
    return ": " + ", ".join(f"{n} x {title}" for title, n in titles.items()) if titles else ""


def _without_metrics(posts: Sequence[Post]) -> bool:
    """Whether posts that must have counts have none at all, which X does without any error."""
    original = [p for p in posts if not p.is_repost]
    return bool(original) and all(p.likes is None and p.comments is None for p in original)


def parse_post(item: Any, includes: Mapping[str, Any], found_by: str = "") -> Post | Reject:
    """A post of X.

    A repost carries the original's repost count and no likes of its own: its counts are unknown.
    Without `created_at` the instant is taken from the id and marked as estimated.
    """
    record = fields.mapping(item)
    try:
        return _post(record, includes, found_by)
    except fields.Unreadable as error:
        return Reject(Platform.X, str(error), item, fields.known_id(record))


def _post(item: Mapping[str, Any], includes: Mapping[str, Any], found_by: str) -> Post:
    number = fields.post_id(item.get("id"))
    if not number.isdigit():
        raise fields.Unreadable("the id is no number")
    stated = fields.instant(item.get("created_at"))
    note = fields.mapping(item.get("note_tweet") or item.get("note_post"))
    full = note.get("text") or item.get("text")
    if not isinstance(full, str):
        raise fields.Unreadable("no readable text")
    entities = (fields.mapping(item.get("entities")), fields.mapping(note.get("entities")))
    is_repost = _is_repost(item)
    counts = {} if is_repost else _counts(fields.mapping(item.get("public_metrics")))
    return Post(
        platform=Platform.X,
        post_id=number,
        content=html.unescape(fields.text(full)),
        posted_at=stated or snowflake_instant(number),
        posted_at_estimated=stated is None,
        url=f"https://x.com/i/web/status/{number}",
        author=fields.optional_text(item.get("author_id")),
        language=fields.optional_text(item.get("lang")),
        hashtags=_named(entities, "hashtags", "tag"),
        mentions=_named(entities, "mentions", "username"),
        media_type=_media_type(item, includes),
        geo=_geo(fields.mapping(item.get("geo")), includes),
        is_repost=is_repost,
        found_by=found_by,
        **counts,
    )


def snowflake_instant(number: str) -> datetime | None:
    """The instant an id was made at (millisecond precision), None for ids that hold no time."""
    if not number.isdigit() or not FIRST_SNOWFLAKE <= int(number) <= fields.LARGEST_COUNT:
        return None
    milliseconds = (int(number) >> 22) + SNOWFLAKE_EPOCH
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _is_repost(item: Mapping[str, Any]) -> bool:
    references = item.get("referenced_tweets") or item.get("referenced_posts")
    return any(str(r.get("type")) in REPOSTED for r in fields.objects(references))


def _counts(metrics: Mapping[str, Any]) -> dict[str, int | None]:
    shared = fields.count(metrics.get("retweet_count", metrics.get("repost_count")))
    quoted = fields.count(metrics.get("quote_count"))
    known = [n for n in (shared, quoted) if n is not None]
    return {
        "likes": fields.count(metrics.get("like_count")),
        "comments": fields.count(metrics.get("reply_count")),
        "shares": sum(known) if known else None,
        "views": fields.count(metrics.get("impression_count")),
    }


def _named(entities: Sequence[Mapping[str, Any]], kind: str, key: str) -> tuple[str, ...]:
    return fields.unique(e.get(key) for part in entities for e in fields.objects(part.get(kind)))


def _media_type(item: Mapping[str, Any], includes: Mapping[str, Any]) -> str | None:
    keys = fields.mapping(item.get("attachments")).get("media_keys")
    known = {str(m.get("media_key")): m.get("type") for m in fields.objects(includes.get("media"))}
    found = [known.get(str(k)) for k in keys] if isinstance(keys, list) else []
    return next((t for t in found if isinstance(t, str)), None)


def _geo(geo: Mapping[str, Any], includes: Mapping[str, Any]) -> tuple[float, float] | None:
    """(latitude, longitude) of the post, else the middle of the place it names."""
    point = fields.mapping(geo.get("coordinates")).get("coordinates")
    if isinstance(point, list) and len(point) == 2:
        return fields.position(point[1], point[0])
    places = fields.objects(includes.get("places"))
    place = next((p for p in places if p.get("id") == geo.get("place_id")), {})
    box = fields.mapping(place.get("geo")).get("bbox")
    if not geo.get("place_id") or not isinstance(box, list) or len(box) != 4:
        return None
    west_south, east_north = fields.position(box[1], box[0]), fields.position(box[3], box[2])
    if west_south is None or east_north is None:
        return None
    middle = [(a + b) / 2 for a, b in zip(west_south, east_north, strict=True)]
    return (round(middle[0], 6), round(middle[1], 6))
