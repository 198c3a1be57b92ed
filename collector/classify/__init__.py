"""What a classifier is to the collector: something that labels posts, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from collector.platforms import PlatformError
from collector.platforms.quota import PACIFIC, later
from insights.model import Classification, Kind, Platform, Unclassified

# The name under which a classifier's memory stands in `platform_state`, and its one key.
STATE = "gemini"
CLOSED_UNTIL = "closed_until"

Key = tuple[Platform, str]


class ClassificationError(PlatformError):
    """The classifier could not be asked, and why; `message` is for the operator, without secrets.

    `closed_until` is set when asking again before that instant is pointless (a daily quota).
    `posts_at_fault` says that the request was refused for what it held: fewer posts may pass.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        retry_after: float | None = None,
        *,
        closed_until: datetime | None = None,
        posts_at_fault: bool = False,
    ):
        super().__init__(kind, message, retry_after)
        self.closed_until = closed_until
        self.posts_at_fault = posts_at_fault


@dataclass
class Outcome:
    """What came of one batch; it is stored in one transaction.

    `refused` are posts that got no label: (key, why, blocked). A blocked one never will; the
    others may be asked again until their attempts are used up. With an `error` the classifier has
    stopped for this round, and posts neither answered nor refused just go on waiting: no attempt
    is held against them. `note` is what an operator should know of a round that ended well.
    `left` counts posts that are meant to go on waiting. Tokens are as the model's owner counted
    them, None where that was not told of every call; thinking is part of the output.
    """

    answers: list[Classification] = field(default_factory=list)
    refused: list[tuple[Key, str, bool]] = field(default_factory=list)
    error: ClassificationError | None = None
    calls: int = 0
    prompt_tokens: int | None = 0
    output_tokens: int | None = 0
    note: str = ""
    left: int = 0

    @property
    def state(self) -> dict[str, Any]:
        """What to keep in `platform_state` under STATE, for `closed_until` to read back."""
        if self.error is None or self.error.closed_until is None:
            return {}
        return {CLOSED_UNTIL: self.error.closed_until.isoformat()}


class Stop(Protocol):
    """A wish to end; `threading.Event` is one."""

    def is_set(self) -> bool:
        """True once the round should end."""

    def wait(self, timeout: float) -> bool:
        """Sleep so many seconds or until the wish comes; True when it came."""


class Classifier(Protocol):
    """Labels posts. `name` stands in `social_posts.classified_by`."""

    @property
    def name(self) -> str: ...

    def classify(self, posts: Sequence[Unclassified], stop: Stop) -> Iterator[Outcome]:
        """One outcome a batch, each ready to be stored; ends early at `stop` or after an error."""


def closed_until(state: Mapping[str, Any], now: datetime) -> datetime | None:
    """Until when the classifier must not be asked, None when it may be asked now.

    `state` is what an earlier `Outcome.state` left behind; an unreadable one counts as open.
    """
    return later(state.get(CLOSED_UNTIL), now, PACIFIC)
