"""What a platform is to the collector: something that can be searched for pages of posts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from insights.model import Kind, Platform, Post, Reject


class PlatformError(Exception):
    """A platform (or the classifier) did not do what was asked, and why.

    `message` is for the operator and holds no secret and no URL query. `retry_after` are the
    seconds the platform asked us to wait, None where it said nothing.
    """

    def __init__(self, kind: Kind, message: str, retry_after: float | None = None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after = retry_after


@dataclass(frozen=True)
class Page:
    """One answer of a platform, parsed; it is stored in one transaction.

    `stream` names what was asked ("search:3f2a…", "hashtag:langkawi", "page:123"); `last` says
    that the stream ended well with this page, so its cursor may move. `state` is committed
    together with the posts. `problem` reports a stream that failed while others go on. `note` is
    something the operator should know ("page cap hit").

    With a lookup by id, `gone` are the ids that the platform itself calls deleted, protected or
    withheld, and `silent` those that a whole answer passed over without a word.
    """

    stream: str
    posts: tuple[Post, ...] = ()
    rejects: tuple[Reject, ...] = ()
    last: bool = False
    state: Mapping[str, Any] = field(default_factory=dict)
    problem: PlatformError | None = None
    note: str = ""
    gone: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def fetched(self) -> int:
        return len(self.posts) + len(self.rejects)


class Source(Protocol):
    """A configured platform."""

    platform: Platform

    @property
    def requests(self) -> int:
        """How many requests were sent so far, retries included."""

    def probe(self) -> None:
        """Ask carefully from now on: one request, without another try; if it fails, that is all
        until the platform has answered one."""

    def search(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        """Pages of posts, newest cursor positions taken from `state` (`cursor:<stream>` holds the
        ISO instant of the newest post stored; the adapter subtracts its own overlap).

        Raises PlatformError when the platform as a whole cannot go on.
        """
