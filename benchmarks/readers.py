"""What a reader waits while the collector writes: `python -m benchmarks.readers --help`.

A process of its own stores pages of 200 posts, one as soon as a platform could have answered after
the other, for longer than any round has pages to store.
Beside it readers do again and again what a page's rerun asks of the database: its version, the
cells that changed, the newest 20 posts of a city, and how collection stands. Times are wall time
of such a read, all statements together, beside the target that its 99th percentile must meet.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.storage import ZONE, fill, last, pages
from benchmarks.storm import empty_database
from db import incidents, queries, store
from db.cube import Cube
from db.engine import Engine, open_reader, open_writer, snapshot
from insights.model import PostFilter

ROOT = Path(__file__).parents[1]
TARGET = 250  # milliseconds
PAGE = 200  # posts
PAUSE = 0.05  # seconds between two reads of one reader
ANSWER = 0.1  # seconds until a platform has answered with the next page
TOOK = "wrote"


def write(url: str, seconds: float) -> None:
    """Store pages until the time is up; says at the end how many."""
    engine = open_writer(url)
    with engine.connect() as connection:
        places = queries.gazetteer(connection)
    ends_at, written, run = time.monotonic() + seconds, 0, 0
    while time.monotonic() < ends_at:
        run += 1
        for page in pages(places, 10, PAGE, f"beside-{time.time_ns()}"):
            with engine.begin() as connection:
                store.save_page(connection, page, now=page[0].post.posted_at, zone=ZONE)
            written += 1
            time.sleep(ANSWER)
            if time.monotonic() >= ends_at:
                break
    engine.dispose()
    print(TOOK, written)


def one_read(engine: Engine, cube: Cube) -> Cube:
    """What a rerun asks; returns the cube as the database stands now."""
    cube = cube.refreshed(engine)
    cube.totals(last(30))
    wanted = PostFilter(last(30, city="langkawi"))
    with snapshot(engine) as connection:
        queries.platform_health(connection)
        incidents.open_incidents(connection)
        queries._search(connection, wanted).keys("newest", 20, 0)
    return cube


def read(url: str, stop: threading.Event, times: list[float]) -> None:
    engine = open_reader(url)
    cube = Cube.load(engine)
    one_read(engine, cube)
    while not stop.wait(PAUSE):
        begun = time.perf_counter()
        cube = one_read(engine, cube)
        times.append((time.perf_counter() - begun) * 1000)
    engine.dispose()


def measure(url: str, readers: int, seconds: float) -> Iterator[tuple[str, float]]:
    """Milliseconds of a read, first with nobody beside it, then beside the writer."""
    for name, writes in (("alone", False), ("beside the writer", True)):
        stop, times = threading.Event(), list[float]()
        threads = [threading.Thread(target=read, args=(url, stop, times)) for _ in range(readers)]
        for thread in threads:
            thread.start()
        command = [sys.executable, "-m", "benchmarks.readers", "--write", url]
        if writes:
            done = subprocess.run(
                [*command, "--seconds", str(seconds)], cwd=ROOT, capture_output=True, text=True
            )
            written = int(done.stdout.rpartition(TOOK)[2] or 0)
        else:
            time.sleep(seconds / 2)
        stop.set()
        for thread in threads:
            thread.join()
        cuts = statistics.quantiles(times, n=100)
        yield f"{readers} readers {name}: median of {len(times)} reads", cuts[49]
        yield f"{readers} readers {name}: p99", cuts[98]
        yield f"{readers} readers {name}: slowest", max(times)
        if writes:
            yield f"pages of {PAGE} posts written meanwhile, a second", written / seconds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--write", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write(given.write, given.seconds)
        return 0
    met = True
    for kind in given.database or ["sqlite", "postgresql"]:
        with empty_database(kind) as url:
            engine = open_writer(url)
            fill(engine, given.posts)
            with engine.begin() as connection:
                # Our own server has no autovacuum, which would have done it by now.
                connection.exec_driver_sql("ANALYZE")
            engine.dispose()
            print(f"{kind}, {given.posts:,} posts", flush=True)
            for what, value in measure(url, given.readers, given.seconds):
                judged = what.endswith("writer: p99")
                met &= not judged or value <= TARGET
                verdict = f"  target {TARGET} ms: {value <= TARGET}" if judged else ""
                print(f"  {what}: {value:.1f}{verdict}", flush=True)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
