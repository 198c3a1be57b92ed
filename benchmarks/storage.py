"""What storage costs: `python -m benchmarks.storage --help`.

Makes a database of invented posts and prints each measurement beside its target. Times are CPU
milliseconds of this process, the median of several tries, except where a line says otherwise. On
PostgreSQL they are wall time, as the work is done in another process; of lists they are the CPU
milliseconds of both processes, where the kernel tells (Linux).
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, Engine, text

from benchmarks.lines import Line, show
from db import queries, store
from db.cube import Cube
from db.engine import ERRORS, migrate, open_reader, open_writer, snapshot
from db.seed import seed_places
from db.tables import post_topics, social_posts
from insights.model import (
    Classification,
    Match,
    MatchedPost,
    Place,
    PlaceLink,
    Platform,
    Post,
    PostFilter,
    Scope,
    Sentiment,
    number_of,
)
from insights.voices import CHOICES, VOICES
from tests.conftest import own_postgres

ZONE = ZoneInfo("Asia/Kuala_Lumpur")
# Pages look at the days up to now, so the posts end now; everything else follows from the seed.
TODAY = datetime.now(ZONE).date()
NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 4, tzinfo=UTC)
DAYS = 730
PLATFORMS = ("x", "instagram", "facebook", "youtube", "tiktok", "import")
SHARES = (0.30, 0.25, 0.22, 0.10, 0.12, 0.01)
VOICE_SHARES = (0.80, 0.08, 0.06, 0.03, 0.01, 0.02)
TOPICS = tuple(f"topic-{number:02}" for number in range(28))
ZONE_NAME = "Asia/Kuala_Lumpur"
CHUNK = 20_000
_COLUMNS = (
    "post_id, platform, url, content, created_at, created_at_estimated, first_seen_at, captured_at,"
    " day, author_hash, language, hashtags, likes, comments, shares, views, engagement, is_repost,"
    " found_by, counted, counted_why, counted_by_rule, place_id, sentiment, sentiment_score,"
    " classified_by, waiting, classify_attempts, voice"
)
_AT = {name: place for place, name in enumerate(_COLUMNS.split(", "))}
_TOPIC_COLUMNS = (
    "post_id, platform, topic, created_at, day, place_id, counted, sentiment, engagement, voice"
)


# --- the database ---------------------------------------------------------------------------------


def invented(total: int, place_ids: np.ndarray, seed: int = 7) -> Iterator[tuple[list, list]]:
    """Rows of social_posts and of post_topics, in chunks; one seed gives the same rows always.

    Places follow Zipf's law (Langkawi first), 5 % have none, 3 % do not count, 8 % have no label,
    20 % are no visitor's voice.
    """
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(place_ids) + 1)
    first = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=ZONE) - timedelta(days=DAYS)
    for start in range(0, total, CHUNK):
        n = min(CHUNK, total - start)
        place = random.choice(place_ids, n, p=weights / weights.sum())
        nowhere = random.random(n) < 0.05
        platform = random.choice(len(PLATFORMS), n, p=SHARES)
        second = random.integers(0, DAYS * 86400, n)
        counts = np.floor(random.lognormal((3, 1, 1, 6), 1.5, (n, 4))).astype(int)
        unknown = random.random((n, 4)) < 0.1
        label = random.choice(4, n, p=(0.12, 0.30, 0.50, 0.08))
        counted = random.random(n) >= 0.03
        topics = random.choice(len(TOPICS), (n, 2))
        some = random.random((n, 2)) < 0.65
        voice = random.choice(VOICES, n, p=VOICE_SHARES).tolist()
        yield _rows(
            start, first, place, nowhere, platform, second, counts, unknown, label, counted, topics,
            some, voice,
        )  # fmt: skip


def _rows(start, first, place, nowhere, platform, second, counts, unknown, label, counted, topics,
          some, voice) -> tuple[list, list]:  # fmt: skip
    posts, named = [], []
    for i in range(len(place)):
        key, on = f"{1_700_000_000_000 + start + i}", PLATFORMS[platform[i]]
        at = (first + timedelta(seconds=int(second[i]))).astimezone(UTC)
        known = [None if unknown[i, k] else int(counts[i, k]) for k in range(4)]
        summed = [value for value in known[:3] if value is not None]
        sentiment = (*Sentiment, None)[label[i]]
        posts.append(
            (
                key, on, f"https://example.org/{key}", f"Invented text number {key} of a visit",
                at, False, at, at,
                number_of(first.date()) + int(second[i]) // 86400,
                f"author{int(second[i]) % 5000}", "ms", "[]", *known,
                sum(summed) if summed else None, False, "search:1", bool(counted[i]), "named:x",
                bool(counted[i]), None if nowhere[i] else int(place[i]),
                sentiment and sentiment.value, None if sentiment is None else 0.5,
                None if sentiment is None else "bench", sentiment is None, 0, voice[i],
            )
        )  # fmt: skip
        if sentiment is not None:
            chosen = {TOPICS[topics[i, k]] for k in range(2) if some[i, k]}
            repeated = (at, *(posts[-1][_AT[name]] for name in _TOPIC_COLUMNS.split(", ")[4:]))
            named += [(key, on, topic, *repeated) for topic in chosen]
    return posts, named


def fill(engine: Engine, total: int) -> None:
    """Put `total` invented posts into an empty database, past the store: only totals go through.

    Indices come last: keeping eleven of them sorted while ten million posts arrive takes hours.
    """
    migrate(engine)
    indices = [index for table in (social_posts, post_topics) for index in table.indexes]
    with engine.begin() as connection:
        store.set_up(connection, ZONE_NAME, seed_places())
        ids = np.array([place.id for place in queries.gazetteer(connection)])
        for index in indices:
            index.drop(connection)
    for posts, topics in invented(total, ids):
        with engine.begin() as connection:
            cursor = connection.connection.cursor()
            _insert(cursor, engine.dialect.name, "social_posts", _COLUMNS, posts)
            _insert(cursor, engine.dialect.name, "post_topics", _TOPIC_COLUMNS, topics)
    with engine.begin() as connection:
        store.rebuild_totals(connection)
    for index in indices:
        with engine.begin() as connection:
            index.create(connection)
    if engine.dialect.name == "postgresql":
        # As autovacuum does on a server: without it every index entry costs a look at its row.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))


def _insert(cursor, dialect: str, table: str, columns: str, rows: list[tuple]) -> None:
    if dialect == "postgresql":
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    names = columns.split(", ")
    times = [at for at, name in enumerate(names) if name.endswith("_at")]
    marks = ", ".join("?" * len(names))
    plain = (_plain(row, times) for row in rows)
    cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", plain)


def _plain(row: tuple, times: list[int]) -> list:
    """The row with its instants in the words that db.tables.Instant gives SQLite."""
    values = list(row)
    for at in times:
        values[at] = row[at].replace(tzinfo=None).isoformat(" ", "microseconds")
    return values


# --- measuring ------------------------------------------------------------------------------------


class Bench:
    """The measurements on one filled database."""

    def __init__(self, url: str):
        self.url = url
        self.writer = open_writer(url)
        self.reader = open_reader(url)
        # CPU, or wall time where the database works in another process.
        on_server = self.writer.dialect.name == "postgresql"
        self.clock = time.perf_counter if on_server else time.process_time

    def milliseconds(
        self, work: Callable[[], object], tries: int = 5, clock: Callable[[], float] | None = None
    ) -> float:
        """The median time of `work`."""
        clock, times = clock or self.clock, []
        for _ in range(tries):
            started = clock()
            work()
            times.append((clock() - started) * 1000)
        return statistics.median(times)

    def clock_of(self, connection: Connection) -> Callable[[], float]:
        """Seconds of CPU that this process and, on PostgreSQL, the server's process behind a
        connection have taken; `clock` where the kernel does not tell of that one."""
        if connection.dialect.name != "postgresql":
            return self.clock
        number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        file = Path(f"/proc/{number}/schedstat")
        if not file.exists():
            return self.clock
        return lambda: time.process_time() + int(file.read_text().split()[0]) / 1e9


def cpu(work: Callable[[], object], tries: int = 200, rounds: int = 3) -> float:
    """CPU milliseconds of one call, averaged over many as one is too short for the clock; the best
    of some rounds, as caches shared with other programs only ever add."""

    def average() -> float:
        started = time.process_time()
        for _ in range(tries):
            work()
        return (time.process_time() - started) * 1000 / tries

    return min(average() for _ in range(rounds))


def last(days: int, **given) -> Scope:
    return Scope(TODAY - timedelta(days=days), TODAY + timedelta(days=1), **given)


def six_aggregates(cube: Cube, scope: Scope) -> None:
    """What an Overview asks: totals, and totals by day, platform, place, city and topic."""
    cube.totals(scope)
    cube.daily(scope)
    cube.by_platform(scope)
    cube.by_place(scope)
    cube.by_city(scope)
    cube.topics(scope)


SIX = "cube: six aggregates, 30 days"
RAW = """SELECT {group}, count(*), sum(likes), sum(comments), sum(shares),
 count(*) FILTER (WHERE sentiment = 'negative'), count(*) FILTER (WHERE sentiment = 'positive')
 FROM social_posts WHERE counted AND voice = 'visitor' AND day >= {since} AND day < {until}
 GROUP BY {group}"""


def raw_aggregates(engine: Engine, scope: Scope) -> None:
    """The same from the posts, as a page without totals would ask."""
    bounds = {"since": number_of(scope.since), "until": number_of(scope.until)}
    with snapshot(engine) as connection:
        for group in ("1", "day", "platform", "place_id", "sentiment"):
            statement = RAW.format(group=group, **bounds)
            if group == "1":
                statement = statement.split("\n GROUP BY")[0]
            connection.execute(text(statement)).all()


def cube_lines(bench: Bench, built: Cube, build: float, megabytes: float) -> Iterator[Line]:
    yield Line("cube: build", build, "ms", None, "once a process")
    yield Line("cube: memory", megabytes, "MB", 60)
    started = time.process_time()
    built.topics(last(30))
    value = (time.process_time() - started) * 1000
    yield Line("cube: topics of 30 days, read first", value, "ms")
    six = cpu(lambda: six_aggregates(built, last(30)))
    yield Line(SIX, six, "ms", 1.0)
    value = cpu(lambda: six_aggregates(built, last(365)))
    yield Line("cube: six aggregates, 365 days", value, "ms")
    value = cpu(lambda: built.totals(last(30)))
    yield Line("cube: totals of 30 days", value, "ms", 1.0)
    started = time.process_time()
    built.topics(last(730))
    value = (time.process_time() - started) * 1000
    yield Line("cube: all topics, read later", value, "ms", None, "once a process")
    yield Line("cube: memory with all topics", size_of(built), "MB", 60)
    # Once: at ten million posts it takes minutes.
    raw = bench.milliseconds(lambda: raw_aggregates(bench.reader, last(30)), 1)
    yield Line("the same from the posts in SQL", raw, "ms", None, "for orientation")
    yield Line("  times the cube's", raw / six, "x")
    value = bench.milliseconds(lambda: built.refreshed(bench.reader), 20)
    yield Line("cube: refresh, nothing new", value, "ms", 5)


def size_of(cube: Cube) -> float:
    """Megabytes of a cube's arrays."""
    blocks = [block for layer in cube._layers.values() for block in layer.values()]
    arrays = [array for block in blocks for array in vars(block).values()]
    topics = [array for layer in cube._topics.values() for array in layer.values()]
    shared = (*topics, *cube._others.values(), *cube._peaks.values())
    return sum(array.nbytes for array in (*arrays, *shared)) / 1e6


# --- lists ----------------------------------------------------------------------------------------


def filters(places: tuple[Place, ...]) -> Iterator[tuple[str, PostFilter]]:
    """Every kind of filter a page can set, with the name it is reported by."""
    cities = ["all", "mainland", "unknown", *dict.fromkeys(p.city_slug for p in places)]
    labels = (None, "negative", "positive", "unclassified")
    for days, city, on, label in product((7, 30, 365), cities, (None, *PLATFORMS), labels):
        name = f"{days}d {city} {on or 'any'} {label or 'any'}"
        yield name, PostFilter(last(days, city=city, platform=on), label)
    for days, city, voice in product((7, 30, 365), ("all", "langkawi", "unknown"), CHOICES):
        yield f"{days}d {city} {voice}", PostFilter(last(days, city=city, voice=voice))
    for days, place, label in product((30, 365), places[:: len(places) // 12], labels):
        name = f"{days}d {place.slug} {label or 'any'}"
        yield name, PostFilter(last(days, place=place.slug), label)
    for days, topic, label, city in product(
        (30, 365), TOPICS[:4], (None, "negative"), ("all", "langkawi", "sik")
    ):
        name = f"{days}d {city} topic {topic} {label or 'any'}"
        yield name, PostFilter(last(days, city=city), label, topic)
    for category in sorted({place.category for place in places}):
        yield f"30d category {category}", PostFilter(last(30), category=category)
    yield "30d not counted", PostFilter(last(30), counted=False)


def list_lines(bench: Bench, cube: Cube) -> Iterator[Line]:
    """The first 20 of every filter, in either order, asked as pages ask, guided by the cube: the
    slowest one stands for all."""
    for sort in ("newest", "engagement"):
        times = []
        for name, wanted in filters(cube.places):
            with snapshot(bench.reader) as connection:
                search = queries._search(connection, wanted, cube)
                work = lambda search=search: search.keys(sort, 20, 0)  # noqa: B023, E731
                work()
                clock = bench.clock_of(connection)
                times.append((bench.milliseconds(work, 3, clock), name))
        times.sort()
        middle = times[len(times) // 2][0]
        slow, name = times[-1]
        over = [f"{name} {value:.0f}" for value, name in times if value > 10]
        what = f"{sort} 20 of {len(times)} filters"
        yield Line(f"{what}: median", middle, "ms", 10)
        yield Line(f"{what}: slowest", slow, "ms", 10, f"{name}; {len(over)} over the target")
        if ARGUMENTS.verbose:
            print("\n".join(over))


def backlog_line(bench: Bench) -> Line:
    """Counting what waits for a label, as the Data health page does every minute."""

    def count() -> None:
        with snapshot(bench.reader) as connection:
            queries.backlog(connection)

    return Line("backlog", bench.milliseconds(count), "ms", None, "for orientation")


# --- writing --------------------------------------------------------------------------------------


def pages(places: tuple[Place, ...], count: int, size: int, run: str) -> list[list[MatchedPost]]:
    """Pages of new posts of the last week, one platform a page, as a collector hands them in."""
    random = np.random.default_rng(11)
    weights = 1 / np.arange(1, len(places) + 1)
    weights /= weights.sum()
    result = []
    for page in range(count):
        platform = Platform(PLATFORMS[page % 3])
        at = random.choice(len(places), size, p=weights)
        minutes = random.integers(0, 7 * 1440, size)
        likes = random.integers(0, 500, size)
        voices = random.choice(len(VOICES), size, p=VOICE_SHARES)
        rows = []
        for i in range(size):
            post = Post(
                platform,
                f"{run}-{page}-{i}",
                f"Invented text {i} of a visit to {places[at[i]].name}",
                NOW - timedelta(minutes=int(minutes[i])),
                f"https://example.org/{run}/{page}/{i}",
                language="ms",
                likes=int(likes[i]),
                comments=1,
                shares=None,
                hashtags=("kedah",),
                found_by="search:1",
            )
            link = PlaceLink(places[at[i]].id, places[at[i]].name, "named", 28, True)
            match = Match((link,), True, "named")
            voice = VOICES[voices[i]]
            rows.append(MatchedPost(post, match, True, "named:x", voice=voice, text_cluster=i))
        result.append(rows)
    return result


def bare_upsert(connection, page: list[MatchedPost]) -> None:
    """The page's posts and nothing else: what the totals are compared with."""
    rows = [store.post_row(matched, NOW, ZONE) for matched in page]
    statement = store._insert(connection, store.social_posts)
    columns = ("content", "likes", "comments", "shares", "views", "engagement", "captured_at")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["post_id", "platform"],
            set_={name: statement.excluded[name] for name in columns},
        ),
        rows,
    )


def write_lines(bench: Bench, places: tuple[Place, ...], size: int = 1000) -> Iterator[Line]:
    """Microseconds a post, with its commit, for new pages and for known ones."""
    bare = _per_post(bench, pages(places, 6, size, "bare"), bare_upsert)
    fresh = pages(places, 6, size, "full")
    full = _per_post(bench, fresh, _save)
    again = _per_post(bench, fresh, _save)
    yield Line("bare upsert, batch 1,000", bare, "us/post")
    yield Line("page with links and exact totals", full, "us/post", 3 * bare, "target: 3 x bare")
    yield Line("known page, nothing new", again, "us/post", 3 * bare)
    answers = [
        [
            Classification(
                m.post.platform,
                m.post.post_id,
                Sentiment.NEUTRAL,
                0.1,
                "bench",
                topics=("food",),
                relevant=True,
            )
            for m in page
        ]
        for page in fresh
    ]
    label = _per_post(bench, answers, lambda c, page: store.save_classifications(c, page, now=NOW))
    yield Line("late labels with exact totals", label, "us/post", 3 * bare)


def _save(connection, page: list[MatchedPost]) -> None:
    store.save_page(connection, page, now=NOW, zone=ZONE)


def _per_post(bench: Bench, batches: list[list], work: Callable) -> float:
    times = []
    for batch in batches:
        started = bench.clock()
        with bench.writer.begin() as connection:
            work(connection, batch)
        times.append((bench.clock() - started) * 1e6 / len(batch))
    return statistics.median(times)


def refresh_line(bench: Bench, places: tuple[Place, ...]) -> Line:
    """The cost of taking a page of 200 posts into a cube, once it is committed."""
    cube = Cube.load(bench.reader)
    times = []
    for page in pages(places, 5, 200, f"refresh-{time.time_ns()}"):
        with bench.writer.begin() as connection:
            _save(connection, page)
        started = time.process_time()
        cube = cube.refreshed(bench.reader)
        times.append((time.process_time() - started) * 1000)
    return Line("cube: refresh after a page", statistics.median(times), "ms", 25)


# --- readers beside a writer ----------------------------------------------------------------------


def consistency_lines(bench: Bench) -> Iterator[Line]:
    """One writer and 20 readers for a few seconds: errors, and pages that contradict themselves.

    All begin with one cube, as the readers of one dashboard do.
    """
    stop, errors, wrong, reads = threading.Event(), [], [], []
    built = Cube.load(bench.reader)
    batches = pages(built.places, 40, 200, f"race-{time.time_ns()}")

    def write() -> None:
        for page in batches:
            with bench.writer.begin() as connection:
                _save(connection, page)
        stop.set()

    def read() -> None:
        engine, cube = open_reader(bench.url), built
        while not stop.is_set():
            try:
                cube = cube.refreshed(engine)
                wrong.extend(_contradictions(cube, engine))
                reads.append(1)
            except ERRORS as error:
                errors.append(error)
        engine.dispose()

    threads = [threading.Thread(target=_noting(read, errors)) for _ in range(20)]
    writing = threading.Thread(target=_noting(write, errors, stop))
    for thread in (*threads, writing):
        thread.start()
    for thread in (writing, *threads):
        thread.join()
    yield Line("1 writer + 20 readers: errors", len(errors), "", 0, f"{len(reads)} pages read")
    yield Line("1 writer + 20 readers: contradictions", len(wrong), "", 0)


def _noting(work: Callable[[], None], errors: list, stop: threading.Event | None = None):
    def run() -> None:
        try:
            work()
        except ERRORS as error:
            errors.append(error)
        finally:
            if stop is not None:
                stop.set()

    return run


def _contradictions(cube: Cube, engine: Engine) -> list[str]:
    """What does not add up within one page: the cube by itself, and the totals with the posts."""
    found = []
    for voice in ("visitors", "all"):
        # Audited: all platforms together, as the statement below adds them up.
        scope = last(7, audited=True, voice=voice)
        total = cube.totals(scope).posts
        for table in (cube.daily(scope), cube.by_place(scope), cube.by_city(scope)):
            if int(table["posts"].sum()) != total:
                found.append("parts do not add up")
    since, until = number_of(scope.since), number_of(scope.until)
    with snapshot(engine) as connection:
        cells = connection.execute(
            text("SELECT sum(posts) FROM daily_totals WHERE day >= :since AND day < :until"),
            {"since": since, "until": until},
        ).scalar_one()
        if int(cells or 0) != queries.count_posts(connection, PostFilter(scope)):
            found.append("totals and posts differ")
    return found


def wrong_cells(engine: Engine) -> int:
    """Cells of the totals that differ from the posts behind them."""
    columns = "place_id, day, platform, posts, positive, neutral, negative, likes, likes_known"
    counted = """SELECT coalesce(place_id, 0), day, platform, count(*),
      count(*) FILTER (WHERE sentiment = 'positive'), count(*) FILTER (WHERE sentiment = 'neutral'),
      count(*) FILTER (WHERE sentiment = 'negative'), sum(likes), count(likes)
      FROM social_posts WHERE counted GROUP BY 1, 2, 3"""
    with snapshot(engine) as connection:
        stored = f"SELECT {columns} FROM daily_totals"
        return sum(
            connection.execute(
                text(f"SELECT count(*) FROM ({one} EXCEPT {other}) AS wrong")
            ).scalar_one()
            for one, other in ((stored, counted), (counted, stored))
        )


# --- other engines --------------------------------------------------------------------------------


def duckdb_lines(url: str, six: float) -> Iterator[Line]:
    """The same aggregates in DuckDB on its own copy of the posts; none without DuckDB or SQLite."""
    try:
        import duckdb
    except ImportError:
        return
    if not url.startswith("sqlite"):
        return
    database = duckdb.connect()
    _copy_posts(url, database)
    bounds = {"since": number_of(last(30).since), "until": number_of(last(30).until)}

    def ask() -> None:
        for group in ("day", "platform", "place_id", "sentiment"):
            database.execute(RAW.format(group=group, **bounds)).fetchall()

    value = cpu(ask, 5)
    yield Line("the same in DuckDB, native table", value, "ms", None, "for orientation")
    yield Line("  times the cube's", value / six, "x")


def _copy_posts(url: str, database) -> None:
    import pandas as pd

    columns = "day, platform, place_id, sentiment, likes, comments, shares, counted, voice"
    names = columns.split(", ")
    database.execute(
        "CREATE TABLE social_posts (day INT, platform VARCHAR, place_id INT, sentiment VARCHAR,"
        " likes BIGINT, comments BIGINT, shares BIGINT, counted BOOLEAN, voice VARCHAR)"
    )
    engine = open_reader(url)
    with snapshot(engine) as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"SELECT {columns} FROM social_posts")
        while rows := cursor.fetchmany(200_000):
            database.register("page", pd.DataFrame(rows, columns=names))
            database.execute("INSERT INTO social_posts SELECT * FROM page")
            database.unregister("page")
    engine.dispose()


# --- the table ------------------------------------------------------------------------------------


def measure(url: str, total: int) -> Iterator[Line]:
    """Every line for a database of `total` posts; it is filled when it is empty."""
    bench = Bench(url)
    started = time.perf_counter()
    migrate(bench.writer)
    with bench.writer.begin() as connection:
        empty = connection.execute(text("SELECT count(*) FROM social_posts")).scalar_one() == 0
    if empty:
        fill(bench.writer, total)
    yield Line("made the posts", time.perf_counter() - started, "s")
    before = time.process_time()
    cube = Cube.load(bench.reader)
    build = (time.process_time() - before) * 1000
    lines = list(cube_lines(bench, cube, build, size_of(cube)))
    yield from lines
    yield from duckdb_lines(url, six_of(lines))
    yield from list_lines(bench, cube)
    yield backlog_line(bench)
    yield from write_lines(bench, cube.places)
    yield refresh_line(bench, cube.places)
    yield from consistency_lines(bench)
    yield Line("wrong cells", wrong_cells(bench.reader), "", 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Line("peak memory of this process", peak, "MB")
    bench.writer.dispose()
    bench.reader.dispose()


def six_of(lines: list[Line]) -> float:
    """The milliseconds of the six aggregates among these lines."""
    return next(line.value for line in lines if line.what == SIX)


@contextmanager
def databases(given: argparse.Namespace) -> Iterator[Callable[[int], str]]:
    """Where the posts of each size lie: a function from a size to a database's address."""
    with tempfile.TemporaryDirectory() as made:
        folder = given.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        if given.database_url:
            yield lambda size: given.database_url
        elif given.postgresql:
            server = own_postgres()
            try:
                yield lambda size: server.empty_database()
            finally:
                server.stop()
        else:
            yield lambda size: f"sqlite:///{folder}/bench-{size}.db"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storage", description=__doc__)
    parser.add_argument("--posts", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--ten-million", action="store_true", help="also 10,000,000 posts")
    parser.add_argument("--database-url", help="an empty database, used for the first size only")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own")
    parser.add_argument("--keep", type=Path, help="a folder for the SQLite files, used again")
    parser.add_argument("--verbose", action="store_true", help="name every filter that is slow")
    return parser.parse_args()


def main() -> None:
    sizes = [*ARGUMENTS.posts, *([10_000_000] if ARGUMENTS.ten_million else [])]
    sizes = sizes[:1] if ARGUMENTS.database_url else sizes
    speeds = {}

    def noted(total: int, url: str) -> Iterator[Line]:
        for line in measure(url, total):
            if line.what == SIX:
                speeds[total] = line.value
            yield line

    kind = "PostgreSQL" if ARGUMENTS.postgresql else "SQLite"
    with databases(ARGUMENTS) as url_of:
        for total in sizes:
            show(f"Storage, {kind}, {total:,} posts", noted(total, url_of(total)))
    if len(speeds) > 1:
        few, many = min(speeds), max(speeds)
        line = Line(f"t({many:,}) / t({few:,})", speeds[many] / speeds[few], "", 1.3)
        show("Growth of the six aggregates", [line])


if __name__ == "__main__":
    ARGUMENTS = _arguments()
    main()
