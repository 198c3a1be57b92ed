"""Asking again for posts that are stored: what each platform allows, and how answers are told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, runtime_checkable

from collector.platforms import Page
from insights.model import Post, Reject

STREAM = "refresh"
EVERY_DAY = tuple(range(1, 8))  # whole days since a post was made; younger ones were just found
SHARE = 4  # of the requests of a round, one in so many may ask again

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Refreshing:
    """How a platform's stored posts are asked for again by their ids.

    A request takes `batch` ids, and a round sends at most `requests` of them. `ages` are the whole
    days since a post was made at which its counts are wanted. `keep` is how long the platform's
    terms let data stand unrefreshed (None: they do not say). `silence_is_gone`: by its
    documentation a lookup leaves out what was deleted. `origin` narrows to posts found that way.
    """

    batch: int
    requests: int
    ages: tuple[int, ...] = EVERY_DAY
    keep: timedelta | None = None
    silence_is_gone: bool = False
    origin: str = ""


@dataclass(frozen=True)
class Stored:
    """A stored post that is to be asked for again."""

    post_id: str
    posted_at: datetime
    found_by: str = ""


@runtime_checkable
class Refreshable(Protocol):
    """A source whose posts can be asked for again by their ids."""

    refreshing: Refreshing

    def refresh(
        self, posts: Sequence[Stored], state: Mapping[str, Any], now: datetime
    ) -> Iterator[Page]:
        """One page a request, after a search of the same round and out of what that left of its
        budgets. Raises PlatformError when the platform as a whole cannot go on.
        """


def batches(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    """The things in their order, `size` at a time."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def ids_of(posts: Sequence[Stored]) -> list[str]:
    return [post.post_id for post in posts]


def looked_up(
    asked: Collection[str],
    posts: Sequence[Post],
    rejects: Sequence[Reject] = (),
    gone: Collection[str] = (),
    **given: Any,
) -> Page:
    """The page of one lookup: what was not asked for is left out, what did not come is silent."""
    found = tuple(post for post in posts if post.post_id in asked)
    answered = {post.post_id for post in found} | {reject.post_id for reject in rejects}
    left = tuple(i for i in asked if i in gone and i not in answered)
    silent = tuple(i for i in asked if i not in answered and i not in gone)
    return Page(STREAM, found, tuple(rejects), gone=left, silent=silent, **given)
