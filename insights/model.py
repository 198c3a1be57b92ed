"""The product's nouns: what a post, a place, a classification and a reader's scope are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

EPOCH_DAY = date(1970, 1, 1)


class Platform(StrEnum):
    """Where a post was written; `import` is a file handed in by an operator."""

    X = "x"
    INSTAGRAM = "instagram"
    FACEBOOK = "facebook"
    YOUTUBE = "youtube"
    TIKTOK = "tiktok"
    IMPORT = "import"


# YouTube's terms let nobody but audited developers mix its figures with those of other sources or
# derive any from them (docs/platform-terms.md).
APART = (Platform.YOUTUBE,)


class Sentiment(StrEnum):
    """The three labels, in the order in which they are always shown."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class RunStatus(StrEnum):
    """How a platform's part of a round stands (contract: `collection_runs.status`)."""

    RUNNING = "running"
    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


class Kind(StrEnum):
    """What went wrong, in the words of `collection_runs.error_kind`."""

    AUTH = "auth"
    PERMISSION = "permission"
    BILLING = "billing"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    NETWORK = "network"
    TLS = "tls"
    REDIRECT_BLOCKED = "redirect_blocked"
    TOO_LARGE = "too_large"
    BAD_PAYLOAD = "bad_payload"
    BAD_REQUEST = "bad_request"
    BUDGET = "budget"
    DB = "db"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Post:
    """One original item of a platform, as its page of results told it.

    Counts are None where the platform did not say (never 0). `posted_at` is an aware instant in
    UTC, None where the platform gave none: the store then keeps the moment it first saw the post
    and marks it estimated. `author` is the platform's id, kept in memory only until it is hashed;
    `author_name` is what the account calls itself, in memory only until a public body's is known.
    `found_by` says what brought the post in: "search:…", "hashtag:langkawi", "page:123", "import".
    """

    platform: Platform
    post_id: str
    content: str
    posted_at: datetime | None = None
    url: str | None = None
    author: str | None = field(default=None, repr=False)
    author_name: str | None = field(default=None, repr=False)
    language: str | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    views: int | None = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    media_type: str | None = None
    geo: tuple[float, float] | None = None
    is_repost: bool = False
    found_by: str = ""
    posted_at_estimated: bool = False


@dataclass(frozen=True)
class Reject:
    """A record that could not be read as a post; it goes to quarantine with its reason."""

    platform: Platform
    reason: str
    payload: Any
    post_id: str | None = None
    stage: str = "parse"


@dataclass(frozen=True)
class Place:
    """A place of the gazetteer. `id` is the database's; 0 before it was stored.

    `general` marks the row that stands for a whole city ("Langkawi (island, general)").
    `rule` is how its bare name may match: "plain", "context" (needs another sign of Kedah in the
    post) or "strict" (only the listed, longer aliases). `parent` is the slug one level up.
    `approximate` says that the coordinates were estimated and not taken from a gazetteer.
    """

    slug: str
    name: str
    city: str
    city_slug: str
    district: str
    category: str
    latitude: float
    longitude: float
    id: int = 0
    parent: str | None = None
    rule: str = "plain"
    general: bool = False
    approximate: bool = True
    aliases: tuple[Alias, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Alias:
    """One way of writing a place. `needs_context`: counts only beside another sign of Kedah."""

    text: str
    language: str = "ms"
    needs_context: bool = False


@dataclass(frozen=True)
class PlaceLink:
    """Why a post counts at a place: the alias found, where, and the rule that let it count."""

    place_id: int
    alias: str
    why: str
    start: int
    is_primary: bool = False


@dataclass(frozen=True)
class Match:
    """What the resolver makes of one text.

    `about_kedah` is true when a Kedah place or Kedah itself is named; `why` says which word
    decided. `links` hold every place named, at most one of them primary.
    """

    links: tuple[PlaceLink, ...] = ()
    about_kedah: bool = False
    why: str = ""

    @property
    def primary(self) -> PlaceLink | None:
        return next((link for link in self.links if link.is_primary), None)


@dataclass(frozen=True)
class MatchedPost:
    """A post with its places, ready to be stored.

    `counted` follows product.md's definition before any classifier has spoken: not a repost, and
    about Kedah by its text or by where it was found (Page, hashtag, import). `voice` says who
    speaks and `voice_why` what gave it away (insights/voices.py); near-copies of a text share
    `text_cluster`, None without words (insights/texts.py).
    """

    post: Post
    match: Match
    counted: bool
    counted_why: str
    author_hash: str | None = None
    voice: str = "visitor"
    voice_why: str = ""
    text_cluster: int | None = None


@dataclass(frozen=True)
class Classification:
    """One classifier's answer for one post. `score` is -1..+1; `topics` are topic codes."""

    platform: Platform
    post_id: str
    sentiment: Sentiment
    score: float
    classified_by: str
    prompt_version: str = ""
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    predicted_engagement: str | None = None
    language: str | None = None
    relevant: bool | None = None
    confidence: float | None = None
    # Where its entities say that the post is; for posts whose text alone names no place.
    place: PlaceLink | None = None


@dataclass(frozen=True)
class Unclassified:
    """A stored post that waits for a label: what the classifier may see of it (no author)."""

    platform: Platform
    post_id: str
    content: str
    places: tuple[str, ...] = ()
    attempts: int = 0


@dataclass(frozen=True)
class EventTemplate:
    """A recurring event of Kedah: what it is called, where, and the rule of its dates.

    `city_slug` is "all" for the whole state. `recurrence` is weekly, monthly, yearly or dates and
    `rule` its parameters, as insights/recurrence.py reads them. `kind` is event, holiday or season.
    `confirmed` False: the dates are an expectation that nobody has announced yet.
    """

    slug: str
    name_ms: str
    name_en: str
    city_slug: str
    recurrence: str
    rule: Mapping[str, Any]
    duration_days: int = 1
    confirmed: bool = False
    source: str = ""
    kind: str = "event"
    active: bool = True


@dataclass(frozen=True)
class Event:
    """One dated instance of a template (named by its slug); both days belong to it."""

    template: str
    starts_on: date
    ends_on: date
    confirmed: bool


@dataclass(frozen=True)
class Scope:
    """What the reader looks at: half-open local days [since, until), place and platform.

    `city` is a city slug, "all", "mainland" (all but Langkawi) or "unknown" (Kedah, place
    unknown). `place` narrows to one place slug. `platform` None means all but those of APART, and
    these too where the operator's project was `audited`. `voice` is "visitors", "all" or one other
    voice (insights/voices.py). `demo` says which database answers. Whole days only, so that readers
    share cache entries.
    """

    since: date
    until: date
    city: str = "all"
    place: str | None = None
    platform: str | None = None
    demo: bool = False
    audited: bool = False
    voice: str = "visitors"

    @property
    def spoken_by(self) -> str | None:
        """The voice that its posts have; None where every post is wanted."""
        return {"visitors": "visitor", "all": None}.get(self.voice, self.voice)

    @property
    def left_out(self) -> tuple[Platform, ...]:
        """The platforms whose posts are in no figure of this scope, though it names none."""
        return () if self.audited or self.platform is not None else APART

    @property
    def is_apart(self) -> bool:
        """Whether it shows one platform of which nothing may be derived: no sentiment, no sum."""
        return not self.audited and self.platform in APART

    def holds(self, platform: str) -> bool:
        """Whether a platform's posts are in the figures of this scope."""
        return platform == self.platform if self.platform else platform not in self.left_out

    @property
    def days(self) -> int:
        return (self.until - self.since).days


@dataclass(frozen=True)
class PostFilter:
    """Which posts a list shows: the scope, and what a card, bar or cell narrows it to.

    `sentiment` is a label, "classified" or "unclassified"; `topic` a topic code; `category` a
    place category.
    `counted` False lists what is "not about Kedah"; those have no place, so only the scope's days
    and platform apply. `text` is searched in the content, case-insensitively. `alarm` is the id
    of a find of the radar: exactly its posts then, whatever else is said here.
    """

    scope: Scope
    sentiment: str | None = None
    topic: str | None = None
    category: str | None = None
    text: str = ""
    counted: bool = True
    alarm: int | None = None


def day_number(instant: datetime, zone: tzinfo) -> int:
    """The local calendar day of an aware instant, as days since 1970-01-01.

    Raises ValueError for a naive instant: a clock without a zone cannot name a day.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (instant.astimezone(zone).date() - EPOCH_DAY).days


def day_of(number: int) -> date:
    """The calendar day of a day number."""
    return EPOCH_DAY + timedelta(days=number)


def number_of(day: date) -> int:
    """The day number of a calendar day."""
    return (day - EPOCH_DAY).days


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)
