"""The demo's platforms and its classifier: invented posts on the way that real ones take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from collector.classify import Outcome, Stop
from collector.platforms import Page
from db.demo import CURSOR, PLATFORMS, STREAM
from db.invention import NAME, captured, day_of_posts, grown, invented
from insights.model import Classification, Platform, Unclassified

# A demo without a cursor was never made; it then begins with a little, not with a year.
FIRST_PASS = timedelta(days=1)
BATCH = 50


class DemoSource:
    """One platform of the demo: what was invented for it since the last round."""

    def __init__(self, platform: Platform):
        self.platform = platform
        self._requests = 0

    @property
    def requests(self) -> int:
        return self._requests

    def probe(self) -> None:
        """Nothing: what is invented never fails."""

    def search(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        """One page with everything after the cursor, up to now and never beyond, behind what was
        there before it and is looked at again."""
        self._requests += 1
        cursor = state.get(CURSOR)
        # The cursor is the instant of a stored post or of the making, both dealt with.
        since = (
            datetime.fromisoformat(cursor) + timedelta(microseconds=1)
            if cursor
            else now - FIRST_PASS
        )
        new = (captured(post, now) for post, _ in invented(since, now))
        again = grown(since, now) if cursor else ()
        posts = tuple(post for post in (*again, *new) if post.platform == self.platform)
        yield Page(STREAM, posts, last=True, note="demo data")


def demo_sources() -> tuple[DemoSource, ...]:
    """A source for each platform of the demo."""
    return tuple(DemoSource(platform) for platform in PLATFORMS)


def demo_classifier() -> DemoClassifier:
    """The classifier that goes with the demo's sources."""
    return DemoClassifier()


class DemoClassifier:
    """Knows the labels that the invented posts were written with, and nothing else."""

    name = NAME

    def classify(self, posts: Sequence[Unclassified], stop: Stop) -> Iterator[Outcome]:
        """One outcome a batch. Posts without a label are left waiting, as some always do."""
        left = 0
        for start in range(0, len(posts), BATCH):
            if stop.is_set():
                return
            outcome = _outcome(posts[start : start + BATCH])
            left += outcome.left
            if left and start + BATCH >= len(posts):
                outcome.note = _left(left)
            yield outcome


def _outcome(posts: Sequence[Unclassified]) -> Outcome:
    outcome = Outcome(calls=1, prompt_tokens=None, output_tokens=None)
    for post in posts:
        label = _label_of(post)
        if label is None:
            outcome.left += 1
        else:
            outcome.answers.append(label)
    return outcome


def _left(count: int) -> str:
    return f"demo data: {count} post{'' if count == 1 else 's'} left waiting on purpose"


def _label_of(post: Unclassified) -> Classification | None:
    """The label of a demo post by its id (demo-20261123-0042), None for any other."""
    prefix, _, rest = post.post_id.partition("-")
    try:
        day = date.fromisoformat(rest.partition("-")[0])
    except ValueError:
        return None
    if prefix != NAME:
        return None
    return next(
        (label for found, label in day_of_posts(day) if found.post_id == post.post_id), None
    )
