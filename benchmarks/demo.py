"""How long the demo takes to make: `python -m benchmarks.demo` (the target is 10 seconds)."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta

from db.demo import make_demo
from db.engine import open_writer
from db.invention import ZONE, day_of_posts, invented
from db.seed import seed_places
from insights.matching import matched_post
from insights.places import Gazetteer

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TARGET_SECONDS = 10.0


def main() -> None:
    """Print each part's wall and CPU seconds, and the whole beside its target."""
    pairs = _timed("invent", lambda: list(invented(NOW - timedelta(days=396), NOW)))
    gazetteer = Gazetteer(seed_places())
    _timed("match", lambda: [matched_post(post, gazetteer, "demo") for post, _ in pairs])
    day_of_posts.cache_clear()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_writer(f"sqlite:///{folder}/demo.db")
        began = time.perf_counter()
        _timed("make (SQLite)", lambda: make_demo(engine, seed_places(), NOW, ZONE))
        took = time.perf_counter() - began
        _timed("find it complete", lambda: make_demo(engine, seed_places(), NOW, ZONE))
        engine.dispose()
    print(
        f"{len(pairs)} posts; {took / TARGET_SECONDS:.2f} of the target of {TARGET_SECONDS:.0f} s"
    )


def _timed(name: str, work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<18} {wall:7.2f} s wall {cpu:7.2f} s CPU")
    return result


if __name__ == "__main__":
    main()
