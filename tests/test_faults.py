"""Faults as an operator suffers them: what the collector says, what it ends with, what is left."""

from __future__ import annotations

import gzip
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import inspect

from db import queries
from tests import test_cli
from tests.gemini_server import GeminiServer
from tests.gemini_server import Reply as GeminiReply
from tests.replay import Reply, replay, script
from tests.test_cli import SEARCH, a_tweet, looking_at, prepared, run, start, wait_for, with_x

MEGABYTE = 1_000_000
POSTED = (datetime.now(UTC) - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
GZIP = {"Content-Encoding": "gzip"}
place = test_cli.place


def a_page(*tweets: dict, then: str | None = None, **given) -> Reply:
    meta = {"result_count": len(tweets), **({"next_token": then} if then else {})}
    return Reply({"data": list(tweets), "meta": meta}, **given)


def the_run(given: dict[str, str], platform: str = "x"):
    with looking_at(given) as connection:
        return queries.runs(connection, 1, platform).iloc[0]


def stored(given: dict[str, str]) -> dict[str, str]:
    """The text of every stored post by its id."""
    engine = test_cli.open_reader(given["DATABASE_URL"])
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT post_id, content FROM social_posts").all()
    engine.dispose()
    return dict(rows)


# ---- how often a platform is asked -------------------------------------------------------------

SETTINGS_OF = {
    "x": {"X_BEARER_TOKEN": "token-of-x"},
    "instagram": {"INSTAGRAM_ACCESS_TOKEN": "token-of-ig", "INSTAGRAM_USER_ID": "178"},
    "facebook": {"FACEBOOK_ACCESS_TOKEN": "token-of-fb", "FACEBOOK_PAGE_IDS": "1,2,3,4,5,6,7,8"},
    "youtube": {"YOUTUBE_API_KEY": "key-of-youtube"},
    "tiktok": {"TIKTOK_CLIENT_KEY": "key-of-tt", "TIKTOK_CLIENT_SECRET": "secret-of-tt"},
}
EXPIRED = {"error": {"code": 190, "error_subcode": 463, "message": "expired"}}
QUOTA = {"error": {"code": 429, "message": "Quota exceeded: queries per day", "errors": []}}
CAPPED = {"title": "UsageCapExceeded", "type": "about:usage-capped", "detail": "cap exceeded"}


@pytest.mark.parametrize("platform", SETTINGS_OF)
@pytest.mark.parametrize(
    ("reply", "most"),
    [
        (Reply({}, status=401), 2),
        (Reply({}, status=429), 6),
        (Reply({}, status=429, headers={"Retry-After": "86400"}), 6),
        (Reply({}, status=500), 6),
        (Reply(b"<html>down</html>", status=503), 6),
    ],
    ids=["401", "429", "429 for a day", "500", "503 HTML"],
)
def test_a_platform_that_refuses_is_asked_a_few_times_only(place, platform, reply, most):
    asked = round_against(place, platform, reply)

    assert 1 <= len(asked) <= most


@pytest.mark.parametrize(
    ("platform", "reply"),
    [
        ("instagram", Reply(EXPIRED, status=400)),
        ("facebook", Reply(EXPIRED, status=400)),
        ("youtube", Reply(QUOTA, status=429)),
        ("x", Reply(CAPPED, status=429)),
        ("x", Reply({"title": "CreditsDepleted"}, status=402)),
    ],
    ids=["ig expired", "fb expired", "youtube quota", "x cap", "x credits"],
)
def test_what_waiting_cannot_cure_is_asked_twice_at_most(place, platform, reply):
    assert 1 <= len(round_against(place, platform, reply)) <= 2


def round_against(place, platform: str, reply: Reply) -> list:
    """One round of a single platform that always gets this reply; returns what it asked."""
    with replay(script({}, default=reply)) as api:
        waits = {"COLLECTOR_RETRY_BASE": "0.01", "COLLECTOR_RETRY_MAX_WAIT": "0.05"}
        address = {f"{platform.upper()}_API_BASE_URL": api.url}
        done = run({**place, **SETTINGS_OF[platform], **address, **waits}, "--once")

    assert done.returncode == 3, done.stderr
    assert the_run(place, platform).status == "failed"
    assert stored(place) == {}
    return api.asked


# ---- bodies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(b"<html>hello</html>"), "bad_payload"),
        (Reply(b""), "bad_payload"),
        (Reply(b"null"), "bad_payload"),
        (Reply(b'{"data": [{"id": "1", "text": "\xff"}]}'), "bad_payload"),
        (Reply(b"[" * 100_000), "bad_payload"),
        (Reply({"data": []}, status=302, headers={"Location": "http://127.0.0.1:9/"}),
         "redirect_blocked"),
        (Reply(b"x" * 20 * MEGABYTE), "too_large"),
        (Reply(gzip.compress(b'{"data": []}')[:20], headers=GZIP), "bad_payload"),
    ],
    ids=["html", "empty", "null", "utf-8", "nested", "redirect", "large", "cut gzip"],
)  # fmt: skip
def test_a_body_that_is_no_answer_is_a_failure_and_stores_nothing(place, reply, kind):
    with replay(script({}, default=reply)) as api:
        done = run(with_x(place, api.url), "--once")

    assert done.returncode == 3
    assert (the_run(place).status, stored(place)) == ("failed", {})
    assert the_run(place).error_kind == kind
    assert "Traceback" not in done.stderr


HOSTILE = {
    "gzip bomb": lambda: Reply(gzip.compress(b" " * 300 * MEGABYTE), headers=GZIP),
    "endless text": lambda: Reply(b'{"data": "' + b"x" * 30 * MEGABYTE),
    "a long text": lambda: Reply(a_long_text()),
    "a long text in an error": lambda: Reply(a_long_text(), status=400),
    "many values": lambda: Reply(b'{"data": [' + b"[]," * 5 * MEGABYTE + b"[]]}"),
    "many values in an error": lambda: Reply(b"[" + b'{"a":1},' * MEGABYTE + b"1]", status=400),
}


def a_long_text() -> bytes:
    """Just small enough to be read; each character takes four bytes of Python's memory."""
    return b'{"message": "' + "🏖".encode() * 2_000_000 + b'"}'


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_of_all_platforms_at_once_cost_less_than_400_megabytes(place, name):
    with replay(script({}, default=HOSTILE[name]())) as api:
        process = start({**place, **all_at(api.url)}, "--once")
        largest = watched(process)

    assert process.returncode == 3
    assert largest < 400 * MEGABYTE


def all_at(url: str) -> dict[str, str]:
    """The settings of all five platforms at one address."""
    given = {f"{name.upper()}_API_BASE_URL": url for name in SETTINGS_OF}
    tokens = {key: value for one in SETTINGS_OF.values() for key, value in one.items()}
    return {**given, **tokens, "FACEBOOK_PAGE_IDS": "1", "INSTAGRAM_HASHTAGS": "kedah"}


@pytest.mark.parametrize("name", ["many values", "endless text", "a long text", "gzip bomb"])
def test_a_hostile_model_costs_less_than_400_megabytes(place, name):
    body = HOSTILE[name]()

    class Hostile(GeminiServer):
        def reply_to(self, request):
            self.received.append(request)
            return GeminiReply(200, body.body, dict(body.headers))

    with replay(script({SEARCH: a_page(a_tweet())})) as api, Hostile() as gemini:
        key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": gemini.url}
        process = start(with_x(place, api.url, **key), "--once")
        largest = watched(process)

    assert process.returncode == 3
    assert 1 <= len(gemini.received) <= 6
    assert largest < 400 * MEGABYTE


def watched(process: subprocess.Popen) -> int:
    """The most bytes of memory that a process ever had, until it ended."""
    ended = threading.Event()
    seen = [0]

    def watch() -> None:
        while not ended.wait(0.01):
            try:
                seen.append(most_memory(process.pid))
            except (OSError, psutil.Error):
                return

    threading.Thread(target=watch, daemon=True).start()
    process.communicate(timeout=60)
    ended.set()
    return max(seen)


def most_memory(pid: int) -> int:
    """The high-water mark where the system keeps one, else what it is now; in bytes."""
    path = Path(f"/proc/{pid}/status")
    if not path.exists():
        return psutil.Process(pid).memory_info().rss
    told = dict(line.partition(":")[::2] for line in path.read_text().splitlines())
    return int(told.get("VmHWM", "0 kB").split()[0]) * 1024


# ---- posts -------------------------------------------------------------------------------------


def test_odd_posts_are_cleaned_or_set_aside_and_the_others_stay(place):
    year_one = "0001-01-01T00:00:00.000Z"
    soon = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    metrics = {"like_count": 2**63, "reply_count": -1, "retweet_count": "many", "quote_count": 0}
    odd = [
        a_tweet(1, "Pantai Cenang\0 cantik"),
        a_tweet(2, "Pantai Cenang \ud83d cantik"),
        a_tweet(3, "Pantai Cenang " + "panjang " * 12_500),
        a_tweet(4, created_at=soon),
        a_tweet(5, created_at=year_one),
        a_tweet(6, public_metrics=metrics),
        {"id": None, "text": "Pantai Cenang"},
        "no post at all",
    ]
    with replay(script({SEARCH: a_page(*odd)})) as api:
        done = run(with_x(place, api.url), "--once")

    texts = stored(place)
    assert done.returncode == 0, done.stderr
    assert {key[-1] for key in texts} == {"1", "2", "3", "6"}
    assert "\0" not in "".join(texts.values())
    with looking_at(place) as connection:
        assert len(queries.quarantined(connection, 99)) == 4


def test_a_post_of_several_searches_and_rounds_is_stored_once_with_its_last_text(place):
    before, after = a_tweet(1, "Pantai Cenang cantik"), a_tweet(1, "Gunung Jerai cantik")
    with replay(script({SEARCH: a_page(before)})) as api:
        run(with_x(place, api.url), "--once")
    with replay(script({SEARCH: a_page(after)})) as api:
        run(with_x(place, api.url), "--once")

    assert list(stored(place).values()) == ["Gunung Jerai cantik"]


# ---- databases ---------------------------------------------------------------------------------


def test_a_lock_of_some_seconds_is_waited_for(place):
    prepared(place).dispose()
    holder = locked(place)
    threading.Timer(2, holder.close).start()
    with replay(script({SEARCH: a_page(a_tweet())})) as api:
        done = run(with_x(place, api.url), "--once")

    assert done.returncode == 0, done.stderr
    assert len(stored(place)) == 1


def locked(given: dict[str, str]) -> sqlite3.Connection:
    """A connection that holds the writers' lock until it is closed."""
    path = given["DATABASE_URL"].removeprefix("sqlite:///")
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    return holder


def test_a_lock_that_stays_ends_the_round_with_5_and_the_next_one_heals(place):
    prepared(place).dispose()
    replies = [a_page(a_tweet(1), then="2"), a_page(a_tweet(2), delay=0.5)]
    with replay(script({SEARCH: replies})) as api:
        given = with_x(place, api.url, COLLECTOR_DB_BUSY_SECONDS="0.5")
        process = start(given, "--once")
        wait_for(process, lambda: len(api.asked) > 1)
        holder = locked(place)
        _, err = process.communicate(timeout=30)
        holder.close()

        assert process.returncode == 5
        assert "Traceback" not in err
        assert run(given, "--once").returncode == 0

    with looking_at(place) as connection:
        assert list(queries.runs(connection, 9, "x").status) == ["ok", "interrupted"]
    assert len(stored(place)) == 2


def test_a_file_that_is_deleted_under_a_round_ends_it_with_5(place, tmp_path):
    prepared(place).dispose()
    replies = [a_page(a_tweet(1), then="2"), a_page(a_tweet(2), delay=0.5)]
    with replay(script({SEARCH: replies})) as api:
        process = start(with_x(place, api.url), "--once")
        wait_for(process, lambda: len(api.asked) > 1)
        delete_all(tmp_path)
        _, err = process.communicate(timeout=30)

        assert process.returncode == 5
        assert "deleted or replaced" in err.splitlines()[-1]
        assert list(tmp_path.iterdir()) == []
        assert run(with_x(place, api.url), "--once").returncode == 0


def test_a_file_that_is_deleted_under_the_loop_ends_it_with_5(place, tmp_path):
    with replay(script({SEARCH: a_page(a_tweet())})) as api:
        process = start(with_x(place, api.url, COLLECTOR_INTERVAL_SECONDS="1"))
        wait_for(process, lambda: test_cli.has_run(place, "x"))
        delete_all(tmp_path)
        _, err = process.communicate(timeout=30)

    assert process.returncode == 5, err


def delete_all(folder) -> None:
    for file in folder.iterdir():
        file.unlink()


def test_a_full_disk_ends_with_5_and_what_was_stored_stays(place):
    engine = prepared(place)
    with replay(script({SEARCH: a_page(a_tweet(1))})) as api:
        assert run(with_x(place, api.url), "--once").returncode == 0
    engine.dispose()
    large = [a_tweet(n, f"Pantai Cenang {n} " + "panjang " * 9_000) for n in range(2, 60)]
    with replay(script({SEARCH: a_page(*large)})) as api, few_pages():
        done = run(with_x(place, api.url), "--once")

    assert done.returncode == 5
    assert "x: failed, db: the database did not do what was asked: database or disk" in done.stderr
    assert len(stored(place)) == 1
    with replay(script({SEARCH: a_page(*large)})) as api:
        assert run(with_x(place, api.url), "--once").returncode == 0
    assert len(stored(place)) == 59


@contextmanager
def few_pages():
    """SQLite files may not grow much beyond what an empty database needs: the disk is full."""
    connect = sqlite3.connect

    def small(*given, **named):
        connection = connect(*given, **named)
        connection.execute("PRAGMA max_page_count=350")
        return connection

    sqlite3.connect = small
    try:
        yield
    finally:
        sqlite3.connect = connect


# What was done to a database, and the words that say so.
SPOILED = {
    "no revision": (["DELETE FROM alembic_version"], "restore a whole backup"),
    "a table is gone": (["DROP TABLE leases"], "restore a whole backup"),
    "newer than the program": (
        ["UPDATE alembic_version SET version_num = '9999'"],
        "made by a newer version of this program",
    ),
    "half-migrated": (
        ["UPDATE alembic_version SET version_num = '0001'"],
        "a part of a newer schema",
    ),
}


@pytest.mark.parametrize("command", ["--once", "check", "status", "replay"])
@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_database_ends_with_5_and_is_left_as_it_is(place, database_url, name, command):
    given = {**place, "DATABASE_URL": database_url, "X_BEARER_TOKEN": "token"}
    statements, words = SPOILED[name]
    engine = prepared(given)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    before = everything(engine)

    done = run(given, command)

    if name == "half-migrated" and command == "check":
        assert "the next round brings it up to date" in done.stdout
    else:
        assert done.returncode == 5
        assert words in done.stderr or (name, command) == ("half-migrated", "status")
        assert test_cli.said_in_one_sentence(done), done.stderr
    assert everything(engine) == before
    engine.dispose()


def everything(engine) -> dict[str, list]:
    """Every table with its columns and rows, as far as they are there."""
    with engine.connect() as connection:
        found = inspect(connection)
        names = sorted(found.get_table_names())
        return {
            name: [
                [column["name"] for column in found.get_columns(name)],
                sorted(map(str, connection.exec_driver_sql(f"SELECT * FROM {name}").all())),
            ]
            for name in names
        }


@pytest.mark.parametrize("command", ["--once", "forget x 1"])
def test_a_database_that_can_only_be_read_ends_with_5(place, database_url, postgres_of, command):
    given = {**place, "DATABASE_URL": database_url}
    prepared(given).dispose()
    with only_readable(database_url, postgres_of), replay(script({SEARCH: a_page(a_tweet())})) as x:
        done = run(with_x(given, x.url), *command.split())
        told = run(given, "status")

    assert done.returncode == 5
    assert "read" in done.stderr
    assert test_cli.said_in_one_sentence(done), done.stderr
    assert told.returncode == 0
    assert stored(given) == {}


@pytest.fixture
def postgres_of(request, database_url):
    """The server of the database at hand, None for SQLite."""
    return None if database_url.startswith("sqlite") else request.getfixturevalue("postgres")


@contextmanager
def only_readable(url: str, server):
    """SQLite refuses to write where the file names a format of the future; that holds for root
    too, whom no right of the file system stops."""
    if server is not None:
        server._sql(server._root, "ALTER DATABASE bare SET default_transaction_read_only = on")
        try:
            yield
        finally:
            server._sql(server._root, "ALTER DATABASE bare RESET default_transaction_read_only")
        return
    path = Path(url.removeprefix("sqlite:///"))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek(18)
        before = file.read(1)
        file.seek(18)
        file.write(b"\x09")
    yield
    with path.open("r+b") as file:
        file.seek(18)
        file.write(before)


@pytest.mark.postgresql
def test_a_role_that_may_only_read_ends_with_5(place, postgres):
    url = postgres.empty_database()
    prepared({"DATABASE_URL": url}).dispose()
    rights = "CREATE ROLE looker LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker; "
    postgres._sql(url, rights + "GRANT USAGE ON SCHEMA public TO looker")
    given = {**place, "DATABASE_URL": url.replace("postgres@", "looker@")}

    done = run({**given, "X_BEARER_TOKEN": "token"}, "--once")
    postgres._sql(url, "DROP OWNED BY looker; DROP ROLE looker")

    assert done.returncode == 5
    assert "permission denied" in done.stderr
    assert test_cli.said_in_one_sentence(done), done.stderr


@pytest.mark.postgresql
def test_a_lock_that_stays_on_postgresql_ends_with_5_and_the_next_round_heals(place, postgres):
    given = {**place, "DATABASE_URL": postgres.empty_database()}
    prepared(given).dispose()
    holder = test_cli.open_writer(given["DATABASE_URL"])
    with replay(script({SEARCH: a_page(a_tweet(1), a_tweet(2))})) as api:
        quick = with_x(given, api.url, COLLECTOR_DB_BUSY_SECONDS="0.5")
        with holder.begin() as connection:
            connection.exec_driver_sql("LOCK TABLE social_posts IN ACCESS EXCLUSIVE MODE")
            done = run(quick, "--once")

        assert done.returncode == 5
        assert "Traceback" not in done.stderr
        assert run(quick, "--once").returncode == 0
    holder.dispose()
    assert len(stored(given)) == 2


@pytest.mark.postgresql
def test_a_postgresql_that_breaks_off_ends_with_5_and_the_next_round_heals(place, postgres):
    url = postgres.empty_database()
    given = {**place, "DATABASE_URL": url}
    prepared(given).dispose()
    replies = [a_page(a_tweet(1), then="2"), a_page(a_tweet(2), delay=0.5)]
    with replay(script({SEARCH: replies})) as api:
        process = start(with_x(given, api.url), "--once")
        wait_for(process, lambda: len(api.asked) > 1)
        with unreachable(postgres):
            _, err = process.communicate(timeout=60)

        assert process.returncode == 5
        assert "Traceback" not in err
        assert run(with_x(given, api.url), "--once").returncode == 0

    assert len(stored(given)) == 2
    with looking_at(given) as connection:
        assert list(queries.runs(connection, 9, "x").status) == ["ok", "interrupted"]


@contextmanager
def unreachable(server):
    """The server's socket is away, and every connection to a test's database is broken."""
    path = next(server.folder.glob(".s.PGSQL.*[0-9]"))
    broken = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'bare'"
    hidden = path.with_name("hidden")
    server._sql(server._root, broken)
    path.rename(hidden)
    try:
        yield
    finally:
        hidden.rename(path)


# ---- stopping ----------------------------------------------------------------------------------


@contextmanager
def deaf():
    """An address that never completes a connection: its queue of callers is full."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for caller in (first, second):
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def stopped(process: subprocess.Popen) -> float:
    """Seconds from SIGTERM to a good end."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    return time.monotonic() - begun


def test_a_stop_while_connecting_is_quick(place):
    prepared(place).dispose()
    with deaf() as url:
        process = start(with_x(place, url, COLLECTOR_CONNECT_TIMEOUT="60"), "--once")
        wait_for(process, lambda: is_running(place, "x"))
        assert stopped(process) < 10

    assert the_run(place).status == "interrupted"


def test_a_stop_while_a_body_drips_is_quick(place):
    with replay(script({SEARCH: a_page(a_tweet(), drip=1)})) as api:
        process = start(with_x(place, api.url), "--once")
        wait_for(process, lambda: api.asked)
        assert stopped(process) < 10

    assert the_run(place).status == "interrupted"


@pytest.mark.parametrize("after", [0.15, 0.4, 0.7, 1.0])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_stop_in_the_first_second_ends_with_0(place, name, after):
    process = start(with_x(place, "http://127.0.0.1:9"), "--once")
    wait_for(process, lambda: listens(process))
    time.sleep(after)
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=20)

    assert process.returncode == 0, err
    assert "Traceback" not in err


def test_a_stop_while_the_classifier_thinks_is_quick(place):
    class Thinking(GeminiServer):
        def reply_to(self, request):
            self.received.append(request)
            self.pause(60)
            return super().reply_to(request)

    with replay(script({SEARCH: a_page(a_tweet())})) as api, Thinking() as gemini:
        key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": gemini.url}
        process = start(with_x(place, api.url, **key), "--once")
        wait_for(process, lambda: gemini.received)
        assert stopped(process) < 10

    assert the_run(place, "classify").status == "interrupted"


def test_a_stop_between_and_within_writes_leaves_whole_pages(place):
    prepared(place).dispose()
    numbers = iter(range(1, 10**6))

    def endless(_asked):
        tweets = [a_tweet(next(numbers), created_at=POSTED) for _ in range(400)]
        return a_page(*tweets, then="more")

    with replay(endless) as api:
        process = start(with_x(place, api.url, COLLECTOR_MAX_PAGES="1000"), "--once")
        wait_for(process, lambda: len(api.asked) > 3)
        assert stopped(process) < 10

    with looking_at(place) as connection:
        run_of_x = queries.runs(connection, 1, "x").iloc[0]
        counted = connection.exec_driver_sql("SELECT sum(posts) FROM daily_totals").scalar_one()
    assert run_of_x.status == "interrupted"
    assert len(stored(place)) == counted
    assert counted % 400 == 0


def test_a_stop_while_the_database_is_locked_is_in_time(place):
    prepared(place).dispose()
    holder = locked(place)
    process = start(with_x(place, "http://127.0.0.1:9", COLLECTOR_DB_BUSY_SECONDS="60"), "--once")
    wait_for(process, lambda: listens(process))
    assert stopped(process) < 10
    holder.close()


def listens(process: subprocess.Popen) -> bool:
    """Whether the process handles SIGTERM by now; the system tells, where it does."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as told:
            caught = next(line.split()[1] for line in told if line.startswith("SigCgt"))
    except FileNotFoundError:
        time.sleep(5)
        return True
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def is_running(given: dict[str, str], platform: str) -> bool:
    with looking_at(given) as connection:
        return list(queries.runs(connection, 1, platform).status) == ["running"]


def test_two_collectors_at_once_one_works_and_the_other_says_4(place):
    prepared(place).dispose()
    with replay(script({SEARCH: a_page(a_tweet(), delay=2)})) as api:
        first = start(with_x(place, api.url, COLLECTOR_MAX_PAGES="1"), "--once")
        wait_for(first, lambda: api.asked)
        second = run(with_x(place, api.url), "--once")
        first.kill()
        first.communicate()

    assert second.returncode == 4
    assert len(api.asked) == 1
