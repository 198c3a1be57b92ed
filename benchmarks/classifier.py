"""How fast the offline classifier is: `python -m benchmarks.classifier` (target 5,000 posts/s)."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from benchmarks.lines import Line, show
from collector.classify.lexicon import NEGATIVE, POSITIVE
from collector.classify.offline import OfflineClassifier, shipped_model
from db.invention import invented
from insights.model import Unclassified

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
POSTS = 10_000
TARGET = 200.0  # microseconds: 5,000 posts a second
_WORD = re.compile(r"\w+")


def main() -> None:
    """CPU time a post: the classifier as a round uses it, beside merely counting words."""
    stream = invented(NOW - timedelta(days=396), NOW)
    posts = [
        Unclassified(post.platform, post.post_id, post.content)
        for post, _ in itertools.islice(stream, POSTS)
    ]
    classifier = OfflineClassifier(shipped_model())
    _labels(classifier, posts[:500])  # reads the artefact and meets the common spellings
    ours = _micros(len(posts), lambda: _labels(classifier, posts))
    words = _micros(len(posts), lambda: [_felt(post.content) for post in posts])
    show(
        f"Offline classifier, {len(posts):,} invented posts",
        [
            Line("CPU a post", ours, "us", TARGET, f"{1e6 / ours:,.0f} posts/s"),
            Line("CPU a post, word lists alone", words, "us", note=f"ratio {ours / words:.1f}"),
        ],
    )


def _labels(classifier: OfflineClassifier, posts: list[Unclassified]) -> int:
    outcomes = classifier.classify(posts, threading.Event())
    return sum(len(outcome.answers) for outcome in outcomes)


def _felt(text: str) -> int:
    """The baseline: words of praise less words of complaint."""
    words = set(_WORD.findall(text.casefold()))
    return len(words & POSITIVE) - len(words & NEGATIVE)


def _micros(posts: int, work: Callable[[], object]) -> float:
    """Microseconds of CPU a post."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / posts * 1e6


if __name__ == "__main__":
    main()
