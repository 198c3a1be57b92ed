"""Rows: what came from outside, made into values that both databases take.

SQLite stores almost anything and PostgreSQL refuses a whole transaction for one bad value, so every
value is checked here, before the first statement.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from insights.model import (
    Classification,
    MatchedPost,
    Platform,
    Post,
    Reject,
    Sentiment,
    day_number,
)

# No post on earth has a trillion of anything; a larger number is a broken one.
MAX_COUNT = 10**12
# The oldest of the platforms opened in 2004.
FIRST_INSTANT = datetime(2004, 1, 1, tzinfo=UTC)
# Clocks differ and time zones are mistaken for one another, but not by more than this.
FUTURE_ALLOWANCE = timedelta(days=1)
MAX_PAYLOAD = 20_000
COUNTS = ("likes", "comments", "shares", "views")


class Unreadable(Exception):
    """A post that cannot be stored as it is; the message is the reason for quarantine."""


def clean_text(text: str) -> str:
    """The text without NUL characters and lone surrogates, which databases refuse."""
    text = text.replace("\0", "")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def optional_text(value: object) -> str | None:
    """Clean text, None for anything that is not text or is empty."""
    return clean_text(value) or None if isinstance(value, str) else None


def texts(values: Iterable[object] | None) -> list[str]:
    """The clean texts among the values, each once, in their order."""
    if values is None or isinstance(values, str):
        return []
    return list(dict.fromkeys(t for t in map(optional_text, values) if t))


def count(value: object) -> int | None:
    """A count of likes and the like; None (unknown) for anything no platform can mean."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_COUNT else None


def number(value: object, low: float, high: float) -> float | None:
    """A finite number within [low, high], None otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and low <= value <= high else None


def engagement(row: dict[str, Any]) -> int | None:
    """Likes + comments + shares as far as known; None when none of them is."""
    known = [row[name] for name in ("likes", "comments", "shares") if row[name] is not None]
    return sum(known) if known else None


def post_row(matched: MatchedPost, now: datetime, zone: tzinfo) -> dict[str, Any]:
    """A row of social_posts for a post seen for the first time; raises Unreadable.

    A repost keeps no counts (they are the original's), is never counted and never classified. A
    post without text has nothing to classify.
    """
    post = matched.post
    if not isinstance(post.content, str):
        raise Unreadable("the text is not text")
    content = clean_text(post.content)
    created_at, estimated = _created_at(post, now)
    counts = {name: None if post.is_repost else count(getattr(post, name)) for name in COUNTS}
    counted = bool(matched.counted) and not post.is_repost
    primary = matched.match.primary
    return {
        "post_id": _post_id(post),
        "platform": _platform(post),
        "url": optional_text(post.url),
        "content": content,
        "created_at": created_at,
        "created_at_estimated": estimated,
        "first_seen_at": now,
        "captured_at": now,
        "day": day_number(created_at, zone),
        "author_hash": optional_text(matched.author_hash),
        "language": optional_text(post.language),
        "hashtags": texts(post.hashtags),
        "media_type": optional_text(post.media_type),
        **counts,
        "engagement": engagement(counts),
        "is_repost": bool(post.is_repost),
        "found_by": optional_text(post.found_by) or "",
        "counted": counted,
        "counted_why": optional_text(matched.counted_why) or "",
        "counted_by_rule": counted,
        "place_id": primary.place_id if primary else None,
        "waiting": bool(content.strip()) and not post.is_repost,
        "classify_attempts": 0,
        "voice": matched.voice,
        "voice_why": optional_text(matched.voice_why),
        "text_cluster": matched.text_cluster,
    }


def _post_id(post: Post) -> str:
    post_id = optional_text(post.post_id)
    if not post_id or not post_id.strip():
        raise Unreadable("the post has no usable id")
    return post_id


def _platform(post: Post) -> str:
    try:
        return Platform(post.platform).value
    except ValueError as error:
        raise Unreadable("the platform is not one of ours") from error


def _created_at(post: Post, now: datetime) -> tuple[datetime, bool]:
    posted_at = post.posted_at
    if posted_at is None:
        return now, True
    if not isinstance(posted_at, datetime) or posted_at.tzinfo is None:
        raise Unreadable("the time of the post has no time zone")
    if not posted_at >= FIRST_INSTANT:
        raise Unreadable("the time of the post lies before social media")
    if posted_at > now + FUTURE_ALLOWANCE:
        raise Unreadable("the time of the post lies in the future")
    return posted_at, bool(post.posted_at_estimated)


def link_rows(matched: MatchedPost, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of post_places, one a place; the primary link wins over another of its place."""
    links = sorted(matched.match.links, key=lambda link: (not link.is_primary, link.start))
    by_place: dict[int, dict[str, Any]] = {}
    for link in links:
        by_place.setdefault(
            link.place_id,
            {
                "post_id": row["post_id"],
                "platform": row["platform"],
                "place_id": link.place_id,
                "alias": clean_text(link.alias),
                "why": clean_text(link.why),
                "start": link.start,
                "is_primary": link.is_primary,
            },
        )
    return list(by_place.values())


def classification_values(answer: Classification, now: datetime) -> dict[str, Any] | None:
    """The columns an answer sets, None when its label is not one of the three.

    A score or confidence out of its range is dropped, not bent into it.
    """
    try:
        sentiment = Sentiment(answer.sentiment).value
    except ValueError:
        return None
    predicted = answer.predicted_engagement
    return {
        "sentiment": sentiment,
        "sentiment_score": number(answer.score, -1, 1),
        "keywords": texts(answer.keywords),
        "entities": texts(answer.entities),
        "predicted_engagement": predicted if predicted in ("low", "medium", "high") else None,
        "relevant": answer.relevant if isinstance(answer.relevant, bool) else None,
        "confidence": number(answer.confidence, 0, 1),
        "classified_by": optional_text(answer.classified_by) or "unknown",
        "prompt_version": optional_text(answer.prompt_version) or "",
        "classified_at": now,
        "language": optional_text(answer.language),
    }


# What is known of a writer never reaches the database in the clear.
_PRIVATE = ("author", "author_name")


def unreadable(post: Post, reason: str) -> Reject:
    """A refused post as a quarantine record; the author is left out, nothing else is."""
    payload = {name: value for name, value in asdict(post).items() if name not in _PRIVATE}
    post_id = post.post_id if isinstance(post.post_id, str) else None
    return Reject(post.platform, reason, payload, post_id, stage="store")


def quarantine_row(reject: Reject, now: datetime) -> dict[str, Any]:
    """A row of quarantine. The fingerprint of a record with an id leaves its payload out, so that
    counts which move between two passes do not make it a new record."""
    payload = clean_text(_json(reject.payload))
    post_id = optional_text(reject.post_id)
    reason = clean_text(str(reject.reason))
    marks = [str(reject.platform), reject.stage, reason, post_id or payload]
    return {
        "platform": clean_text(str(reject.platform)),
        "post_id": post_id,
        "stage": clean_text(reject.stage),
        "reason": reason[:500],
        "payload": payload[:MAX_PAYLOAD],
        "fingerprint": hashlib.sha256("\n".join(marks).encode("utf-8", "replace")).hexdigest(),
        "passes": 1,
        "created_at": now,
        "last_seen_at": now,
    }


def _json(payload: object) -> str:
    try:
        return json.dumps(payload, ensure_ascii=False, default=str)
    except (ValueError, RecursionError, TypeError):
        # Too deep, circular, or with keys that are no text: the start of it must do.
        return ascii(type(payload))
