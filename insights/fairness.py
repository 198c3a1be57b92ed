"""Whether two spans were collected alike: a rise of collecting must never pass for one of posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from insights.metrics import Comparison

Gap = tuple[date, date, str]  # first and last day, both missed, and the platform

# A platform with a smaller part of the posts cannot turn their number round.
TELLING = 0.05
# As far back as the searches of platforms reach: what a longer silence missed nobody fetches later.
REACH_DAYS = 7


@dataclass(frozen=True)
class Hole:
    """Why two spans cannot be compared: `platform` was not collected from `first` to `last`.

    `last` None: it still is not.
    """

    platform: str
    first: date
    last: date | None


def telling(posts: Mapping[str, int]) -> frozenset[str]:
    """The platforms that hold so many of the posts that their lack would show."""
    total = sum(posts.values())
    return frozenset(code for code, count in posts.items() if count and count >= TELLING * total)


def hole(
    span: Comparison, gaps: Iterable[Gap], platforms: Iterable[str], today: date
) -> Hole | None:
    """What was missed for good in either span by a platform that matters; None where nothing was.

    A gap that ended is made good by the next round, as far back as searches reach. One that has not
    ended, or was longer, leaves its days empty.
    """
    wanted = set(platforms)
    for first, last, platform in sorted(gaps):
        is_open = last >= today
        lost = is_open or (last - first).days + 1 > REACH_DAYS
        if platform in wanted and lost and _touches(span, first, last):
            return Hole(platform, first, None if is_open else last)
    return None


def _touches(span: Comparison, first: date, last: date) -> bool:
    return any(first < part.until and last >= part.since for part in (span.now, span.before))
