"""Small builders and fakes that tests share; each makes the plainest valid thing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from insights.model import Alias, Match, MatchedPost, Place, PlaceLink, Platform, Post

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
