"""Small builders and fakes that tests share; each makes the plainest valid thing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from collector.classify import Outcome
from collector.platforms import Page
from insights.model import (
    Alias,
    Classification,
    Match,
    MatchedPost,
    Place,
    PlaceLink,
    Platform,
    Post,
    Sentiment,
    Unclassified,
)

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # noon in Kuala Lumpur, a Monday

_numbers = itertools.count(1)


def a_post(**given) -> Post:
    """A post of X, posted at NOW, with an id of its own; everything can be said otherwise."""
    number = next(_numbers)
    values = {
        "platform": Platform.X,
        "post_id": f"p{number}",
        "content": "Pantai Cenang cantik hari ini",
        "posted_at": NOW,
        "url": f"https://x.com/i/web/status/{number}",
        "found_by": "search:1",
    }
    return Post(**{**values, **given})


def a_place(slug: str = "pantai-cenang", **given) -> Place:
    """A beach in Langkawi unless said otherwise."""
    values = {
        "name": "Pantai Cenang",
        "city": "Langkawi",
        "city_slug": "langkawi",
        "district": "Langkawi",
        "category": "Beach",
        "latitude": 6.29369,
        "longitude": 99.72786,
        "aliases": (Alias("Pantai Cenang"), Alias("Cenang Beach", "en")),
        "source": "test",
    }
    return Place(slug=slug, **{**values, **given})


def matched(post: Post, *place_ids: int, counted: bool = True, author: str | None = None):
    """The post linked to these places, the first one primary."""
    links = tuple(
        PlaceLink(place_id, "alias", "named", index, is_primary=index == 0)
        for index, place_id in enumerate(place_ids)
    )
    match = Match(links, about_kedah=counted, why="test")
    return MatchedPost(post, match, counted, "test", author)


class FakeSource:
    """A platform that hands out the given pages, or goes down: after them, or instead of them.

    `during` is called before each page, for a test that wants something to happen meanwhile.
    `states` remembers what each search was told, `probed` whether it was to ask carefully.
    """

    def __init__(
        self,
        *pages: Page,
        platform: Platform = Platform.X,
        down: Exception | None = None,
        during: Callable[[], object] = lambda: None,
    ):
        self.platform = platform
        self.pages, self.requests = pages, 0
        self.states: list[dict] = []
        self.probed = False
        self._down, self._during = down, during

    def probe(self) -> None:
        self.probed = True

    def search(self, state: Mapping[str, Any], now: datetime) -> Iterator[Page]:
        self.states.append(dict(state))
        for page in self.pages:
            self._during()
            self.requests += 1
            yield page
        if self._down is not None:
            raise self._down


class FakeClassifier:
    """Labels every post as told, in batches of `size`; `then` is the outcome that follows."""

    name = "fake:1"

    def __init__(
        self,
        sentiment: Sentiment = Sentiment.POSITIVE,
        *,
        size: int = 2,
        relevant: bool | None = None,
        then: Outcome | None = None,
    ):
        self._sentiment, self._size, self._relevant, self._then = sentiment, size, relevant, then
        self.asked: list[Unclassified] = []

    def classify(self, posts: Sequence[Unclassified], stop: Any) -> Iterator[Outcome]:
        for start in range(0, len(posts), self._size):
            if stop.is_set():
                return
            batch = posts[start : start + self._size]
            self.asked += batch
            yield Outcome(answers=[self._label(post) for post in batch], calls=1)
        if self._then is not None:
            yield self._then

    def _label(self, post: Unclassified) -> Classification:
        return Classification(
            post.platform, post.post_id, self._sentiment, 0.5, self.name, relevant=self._relevant
        )
