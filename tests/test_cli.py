"""The command line as operators and scripts use it: exit codes, signals, lease, no traceback."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from collector.__main__ import main
from collector.digest import due_week
from db import alarms, briefs, queries, store
from db.corrections import save_corrections, unapplied, undo_corrections
from db.engine import ERRORS, migrate, open_reader, open_writer, snapshot
from db.seed import seed_places
from db.tables import collection_runs, daily_totals, events, social_posts
from insights.corrections import Correction, Field
from insights.model import Platform, Reject
from tests.e2e.browser import plain_environment
from tests.fakes import KUALA_LUMPUR
from tests.gemini_server import GeminiServer
from tests.gemini_server import Reply as GeminiReply
from tests.replay import (
    TIKTOK_ACCESS,
    TIKTOK_TOKEN,
    YOUTUBE_SEARCH,
    YOUTUBE_VIDEOS,
    Reply,
    replay,
    script,
)
from tests.smtp_server import SmtpServer

ROOT = Path(__file__).parents[1]
SEARCH = "/2/tweets/search/recent"
CANARY = "canary-token-of-x"
TIKTOK_VIDEO = "https://www.tiktok.com/@ab/video/"
FILE = (
    "post_id,content,created_at,likes\n"
    "1,Pantai Cenang cantik,2026-03-01,3\n"
    "2,Feri lambat,2026-03-02T09:00:00+08:00,\n"
)


def a_tweet(number: int = 1, text: str = "Pantai Cenang cantik", **given) -> dict:
    posted = datetime.now(UTC) - timedelta(hours=number)
    return {
        "id": f"{1_900_000_000_000_000_000 + number}",
        "text": text,
        "created_at": posted.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "public_metrics": {"like_count": 1, "reply_count": 0, "retweet_count": 0, "quote_count": 0},
        **given,
    }


def a_search(*tweets: dict) -> Reply:
    return Reply({"data": list(tweets), "meta": {"result_count": len(tweets)}})


@pytest.fixture
def place(tmp_path):
    """Where this test's commands keep their databases: settings that name files of its own."""
    return {
        "DATABASE_URL": f"sqlite:///{tmp_path}/live.db",
        "DEMO_DATABASE_URL": f"sqlite:///{tmp_path}/demo.db",
        "COLLECTOR_RETRY_BASE": "0.01",
    }


def start(given: dict[str, str], *arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "collector", *arguments],
        cwd=ROOT,
        env=plain_environment(given),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(given: dict[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess:
    """One command in this process, which is what it would be in one of its own, only sooner."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with (
        environment(plain_environment(given)),
        kept_as_they_are(),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        sys.stdin = io.StringIO(stdin)
        try:
            code = main(arguments)
        except SystemExit as leaving:  # argparse
            code = leaving.code
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode())
    return subprocess.CompletedProcess(arguments, code, *said)


@contextmanager
def environment(given: dict[str, str]):
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def kept_as_they_are():
    """Puts back what a command changes in its process: log handlers, signal handlers, stdin."""
    root = logging.getLogger()
    handlers, level, hook, stdin = root.handlers[:], root.level, sys.excepthook, sys.stdin
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signals = {name: signal.getsignal(name) for name in names}
    try:
        yield
    finally:
        root.handlers[:], sys.excepthook, sys.stdin = handlers, hook, stdin
        root.setLevel(level)
        logging.captureWarnings(False)
        for name, handler in signals.items():
            signal.signal(name, handler)


def with_x(given: dict[str, str], url: str, **more: str) -> dict[str, str]:
    return {**given, "X_BEARER_TOKEN": CANARY, "X_API_BASE_URL": url, **more}


@contextmanager
def looking_at(given: dict[str, str], name: str = "DATABASE_URL"):
    engine = open_reader(given[name])
    try:
        with snapshot(engine) as connection:
            yield connection
    finally:
        engine.dispose()


def said_in_one_sentence(done: subprocess.CompletedProcess) -> bool:
    return "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_an_exit_code_reaches_the_shell_without_a_traceback(place):
    nowhere = {"X_BEARER_TOKEN": CANARY, "DATABASE_URL": "postgresql://u@127.0.0.1:9/none"}
    process = start({**place, **nowhere}, "--once")
    out, err = process.communicate(timeout=60)

    assert process.returncode == 5
    assert said_in_one_sentence(subprocess.CompletedProcess([], 5, out, err))


# ---- help, check and wrong settings ------------------------------------------------------------


def test_help_explains_every_command_in_a_line(place):
    process = start(place, "--help")
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    for name in ("check", "import", "backfill", "replay", "forget", "status", "explain", "--once"):
        assert any(line.split()[:1] == [name] for line in out.splitlines()), name


def test_check_on_a_fresh_machine_is_content_and_makes_nothing(place, tmp_path):
    done = run(place, "check")

    assert done.returncode == 0
    assert "x: not configured (X_BEARER_TOKEN is empty)" in done.stdout
    assert "not there yet" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_check_says_that_a_key_is_there_and_never_which(place):
    done = run({**place, "X_BEARER_TOKEN": CANARY, "GEMINI_API_KEY": "canary-key"}, "check")

    assert done.returncode == 0
    assert "x: configured" in done.stdout
    assert "GEMINI_API_KEY is set" in done.stdout
    assert "canary" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"FACEBOOK_ACCESS_TOKEN": "t-123"}, "FACEBOOK_PAGE_IDS"),
        ({"INSTAGRAM_ACCESS_TOKEN": "t-123"}, "INSTAGRAM_USER_ID"),
        ({"COLLECTOR_MAX_PAGES": "many"}, "COLLECTOR_MAX_PAGES"),
        ({"COLLECTOR_LOG_LEVEL": "loud"}, "COLLECTOR_LOG_LEVEL"),
        ({"DISPLAY_TIMEZONE": "Mars"}, "DISPLAY_TIMEZONE"),
    ],
)
@pytest.mark.parametrize("command", ["check", "--once"])
def test_a_wrong_setting_is_named_and_ends_with_2(place, given, named, command):
    done = run({**place, **given}, command)

    assert done.returncode == 2
    assert named in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_ends_with_2(place):
    assert run(place, "frobnicate").returncode == 2


# ---- a round -----------------------------------------------------------------------------------


def test_a_round_stores_posts_on_both_engines_and_ends_with_0(place, database_url):
    with replay(script({SEARCH: [a_search(a_tweet(1), a_tweet(2)), a_search()]})) as api:
        done = run(with_x({**place, "DATABASE_URL": database_url}, api.url), "--once")

    assert done.returncode == 0, done.stderr
    assert "x: 2 new, 0 updated, 0 quarantined in" in done.stderr
    assert "facebook: skipped; not configured" in done.stderr
    with looking_at({"DATABASE_URL": database_url}) as connection:
        assert queries.backlog(connection) == 2
        assert queries.ever_collected(connection)


def test_a_round_labels_what_it_found(place):
    with (
        replay(script({SEARCH: [a_search(a_tweet()), a_search()]})) as api,
        GeminiServer() as gemini,
    ):
        key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": gemini.url}
        done = run(with_x(place, api.url, **key), "--once")

    assert done.returncode == 0, done.stderr
    assert "classify: 1 classified" in done.stderr
    with looking_at(place) as connection:
        found = queries.why_of(connection, Platform.X, a_tweet()["id"])
    assert found["sentiment"] == "positive"


def test_a_platform_that_fails_ends_with_3_and_says_what_to_do(place):
    with replay(script({SEARCH: Reply({"title": "Unauthorized"}, status=401)})) as api:
        done = run(with_x(place, api.url), "--once")

    assert done.returncode == 3
    assert "x: failed, auth" in done.stderr
    assert "What to do" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_classifier_that_fails_ends_with_3_and_the_posts_stay(place):
    refused = GeminiReply(
        403, {"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}}
    )
    with (
        replay(script({SEARCH: [a_search(a_tweet()), a_search()]})) as api,
        GeminiServer(*[refused] * 20) as gemini,
    ):
        key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": gemini.url}
        done = run(with_x(place, api.url, **key), "--once")

    assert done.returncode == 3
    with looking_at(place) as connection:
        assert queries.backlog(connection) == 1
        assert connection.execute(select(social_posts.c.sentiment)).scalars().all() == [None]


def test_no_secret_stands_in_any_output_or_in_the_database(place, tmp_path):
    with replay(script({SEARCH: Reply({"title": f"refused {CANARY}"}, status=401)})) as api:
        done = run(with_x(place, api.url, COLLECTOR_LOG_LEVEL="DEBUG"), "--once")

    assert done.returncode == 3
    assert CANARY not in done.stdout + done.stderr
    assert all(CANARY.encode() not in file.read_bytes() for file in tmp_path.iterdir())


# ---- the lease, signals ------------------------------------------------------------------------


def prepared(given: dict[str, str]):
    engine = open_writer(given["DATABASE_URL"])
    migrate(engine)
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places())
    return engine


def test_a_second_collector_ends_with_4_and_does_nothing(place):
    engine = prepared(place)
    with engine.begin() as connection:
        store.take_lease(connection, "collector", "another", datetime.now(UTC), 60)

    with replay(script({})) as api:
        done = run(with_x(place, api.url), "--once")
        asked = api.asked

    assert done.returncode == 4
    assert asked == []
    assert said_in_one_sentence(done)
    with engine.connect() as connection:
        assert queries.runs(connection, 10).empty


def test_a_collector_that_died_is_succeeded_and_its_records_closed(place):
    engine = prepared(place)
    past = datetime.now(UTC) - timedelta(hours=1)
    with engine.begin() as connection:
        store.take_lease(connection, "collector", "dead", past, 60)
        store.start_run(connection, "round", "x", past)

    with replay(script({SEARCH: a_search()})) as api:
        assert run(with_x(place, api.url), "--once").returncode == 0

    with engine.connect() as connection:
        assert list(queries.runs(connection, 9, "x").status) == ["ok", "interrupted"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_in_the_middle_of_a_request_stops_within_10_seconds(place, name):
    with replay(script({SEARCH: Reply({}, delay=60)})) as api:
        process = start(with_x(place, api.url), "--once")
        wait_for(process, lambda: api.asked)
        begun = time.monotonic()
        process.send_signal(getattr(signal, name))
        _, err = process.communicate(timeout=20)
        took = time.monotonic() - begun

    assert process.returncode == 0, err
    assert took < 10
    assert "Traceback" not in err
    with looking_at(place) as connection:
        assert queries.runs(connection, 1, "x").iloc[0].status == "interrupted"
        assert queries.lease(connection, "collector")["owner"] is None


def test_the_loop_runs_at_once_and_a_signal_while_it_idles_ends_it(place):
    with replay(script({SEARCH: a_search()})) as api:
        process = start(with_x(place, api.url))
        wait_for(process, lambda: has_run(place, "x") and "clean_up" in due_jobs(place))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=12)

    assert process.returncode == 0, err
    assert due_jobs(place) == {"round", "events", "clean_up", "digest"}
    with looking_at(place) as connection:
        assert queries.lease(connection, "collector")["owner"] is None


def test_a_restarted_loop_waits_for_its_time(place):
    with replay(script({SEARCH: a_search()})) as api:
        for _ in range(2):
            process = start(with_x(place, api.url))
            wait_for(process, lambda: has_run(place, "x"))
            time.sleep(1.5)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=12)

    with looking_at(place) as connection:
        assert len(queries.runs(connection, 9, "x")) == 1


def test_a_loop_whose_lease_was_taken_over_ends_with_4(place):
    with replay(script({SEARCH: a_search()})) as api:
        process = start(with_x(place, api.url, COLLECTOR_LEASE_SECONDS="1.5"))
        wait_for(process, lambda: has_run(place, "x"))
        with open_writer(place["DATABASE_URL"]).begin() as connection:
            later = datetime.now(UTC) + timedelta(minutes=1)
            store.take_lease(connection, "collector", "another", later, 600)
        _, err = process.communicate(timeout=12)

    assert process.returncode == 4, err


def due_jobs(given: dict[str, str]) -> set[str]:
    with looking_at(given) as connection:
        return set(queries.due_jobs(connection))


def has_run(given: dict[str, str], platform: str) -> bool:
    """Whether the platform's newest run ended well; False while there is no database yet."""
    try:
        with looking_at(given) as connection:
            return list(queries.runs(connection, 1, platform).status) == ["ok"]
    except ERRORS:
        return False


def wait_for(process: subprocess.Popen, happened, seconds: float = 60) -> None:
    """Until it happened; a process that ended before, or never did it, fails the test."""
    ends = time.monotonic() + seconds
    while not happened():
        if process.poll() is not None or time.monotonic() > ends:
            process.kill()
            pytest.fail(f"it never happened: {process.communicate()[1][-2000:]}")
        time.sleep(0.1)


# ---- databases that cannot be used -------------------------------------------------------------


def a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"this is a text, and quite a long one" * 100)


def a_newer_schema(path: Path) -> None:
    prepared({"DATABASE_URL": f"sqlite:///{path}"}).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize("broken", [a_file_that_is_no_database, a_newer_schema])
@pytest.mark.parametrize("command", ["--once", "check", "status"])
def test_a_database_that_cannot_be_used_ends_with_5(place, tmp_path, broken, command):
    broken(tmp_path / "live.db")

    done = run({**place, "X_BEARER_TOKEN": CANARY}, command)

    assert done.returncode == 5
    assert said_in_one_sentence(done), done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kedah:canary-password@127.0.0.1:9/kedah",
        "sqlite:////proc/nowhere/live.db",
    ],
)
def test_a_database_that_cannot_be_reached_ends_with_5(place, url):
    given = {
        **place,
        "DATABASE_URL": url,
        "X_BEARER_TOKEN": CANARY,
        "COLLECTOR_DB_BUSY_SECONDS": "1",
    }

    done = run(given, "--once")

    assert done.returncode == 5
    assert said_in_one_sentence(done), done.stderr
    assert "canary" not in done.stderr


@pytest.mark.parametrize("name", ["DATABASE_URL", "DEMO_DATABASE_URL"])
@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("mysql://root:canary-password@h/kedah", "--once"),
        ("mysql://root:canary-password@h/kedah", "status"),
        ("canary-nonsense", "check"),
        ("canary-nonsense", "replay"),
    ],
)
def test_an_address_of_no_database_is_a_wrong_setting(place, name, url, command):
    done = run({**place, name: url}, command)

    assert done.returncode == 2
    assert f"{name}: " in done.stderr
    assert said_in_one_sentence(done), done.stderr
    assert "canary" not in done.stderr


@pytest.mark.parametrize("arguments", [["status"], ["replay"], ["forget", "x", "1"]])
def test_a_command_that_needs_a_database_does_not_make_one(place, tmp_path, arguments):
    done = run(place, *arguments)

    assert done.returncode == 5
    assert said_in_one_sentence(done), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_locked_database_ends_with_5(place):
    prepared(place).dispose()
    holder = sqlite3.connect(place["DATABASE_URL"].removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    done = run({**place, "X_BEARER_TOKEN": CANARY, "COLLECTOR_DB_BUSY_SECONDS": "1"}, "--once")
    holder.close()

    assert done.returncode == 5
    assert said_in_one_sentence(done), done.stderr


# ---- import, forget, replay, backfill, status --------------------------------------------------


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_an_import_stores_once(place, file):
    first, second = run(place, "import", str(file)), run(place, "import", str(file))

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "2 new, 0 updated, 0 unchanged" in first.stdout
    assert "0 new, 0 updated, 2 unchanged" in second.stdout


def test_corrections_of_imported_posts_count_though_no_platform_is_configured(place, file):
    run(place, "import", str(file))
    engine = open_writer(place["DATABASE_URL"])

    def counted() -> int:
        with engine.connect() as connection:
            return sum(connection.scalars(select(daily_totals.c.posts)))

    with engine.begin() as connection:
        post = connection.execute(select(social_posts).where(social_posts.c.counted)).first()
        said = Correction(Platform(post.platform), post.post_id, Field.RELEVANT, "no")
        batch = save_corrections(connection, [said], officer="Aminah", now=datetime.now(UTC))
    before = counted()
    run(place, "backfill")
    assert counted() == before - 1

    with engine.begin() as connection:
        undo_corrections(connection, batch, officer="Aminah", now=datetime.now(UTC))
    run(place, "--once")
    assert counted() == before
    engine.dispose()


COMPLAINTS = (
    "Kecewa dengan feri di Kuala Kedah, kerusi rosak dan busuk",
    "Worst ferry ever, rude staff at Kuala Kedah jetty, very disappointed",
    "Feri rosak lagi di Kuala Kedah, sangat mengecewakan",
    "Menyesal naik feri Kuala Kedah, kotor dan panas, teruk",
    "Tambang feri Kuala Kedah mahal gila, servis teruk",
    "Feri lambat lagi di Kuala Kedah, staf biadab, sangat teruk",
    "Horrible, the ferry of Kuala Kedah was cancelled and nobody told us",
    "Kaunter feri Kuala Kedah teruk, mengecewakan, tak akan datang lagi",
    "Menyesal beli tiket feri Kuala Kedah, teruk dan mengecewakan",
)


@pytest.fixture
def complaints(tmp_path):
    """Nine complaints of seven authors an hour ago, after a month of quiet days."""
    now = datetime.now(UTC)
    lines = ["post_id,content,created_at,author"]
    for back in range(2, 32):
        lines.append(f'q{back},"Pantai Cenang",{now - timedelta(days=back):%Y-%m-%dT%H:%M:%SZ},q')
    for number, content in enumerate(COMPLAINTS):
        at = now - timedelta(hours=1)
        lines.append(f'c{number},"{content}",{at:%Y-%m-%dT%H:%M:%SZ},a{number % 7}')
    path = tmp_path / "complaints.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_imported_complaints_are_one_alarm_though_no_platform_is_configured(place, complaints):
    given = {**place, "AUTHOR_HASH_SECRET": "a secret of this test, long enough"}
    assert run(given, "import", str(complaints)).returncode == 0

    with SmtpServer() as mails:
        given |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": f"{mails.port}"}
        given |= {"ALERT_RECIPIENTS": "officer@example.org"}
        for _ in range(2):
            done = run(given, "--once")
            assert done.returncode == 0, done.stderr
            assert "DEMO" in done.stderr
            with looking_at(place) as connection:
                (one,) = alarms.recent_alarms(connection, datetime.now(UTC) - timedelta(days=1))
            assert one.open
            assert one.is_alarm
            assert (one.topic, one.posts, one.authors) == ("ferry", 9, 7)

    assert sum("Kuala Kedah" in mail.letter["Subject"] for mail in mails.mails) == 1
    with looking_at(place, "DEMO_DATABASE_URL") as connection:
        found = alarms.recent_alarms(connection, datetime.now(UTC) - timedelta(days=1))
        assert not any("import" in key for one in found for key in one.post_keys)


def test_imported_posts_have_events_and_the_weeks_digest_though_no_platform_is_configured(
    place, complaints
):
    run(place, "import", str(complaints))
    with open_writer(place["DATABASE_URL"]).begin() as connection:
        connection.execute(  # imported before the week of the digest ended
            update(collection_runs).values(finished_at=datetime.now(UTC) - timedelta(days=15))
        )

    assert run(place, "--once").returncode == 0

    with looking_at(place) as connection:
        assert connection.execute(select(func.count()).select_from(events)).scalar_one() > 20
        week = due_week(datetime.now(UTC), KUALA_LUMPUR)
        assert {one.language for one in briefs.archived_of(connection, week)} == {"ms", "en"}
        assert set(queries.runs(connection, 50).platform) == {"import", "classify"}


def test_a_live_database_without_posts_stays_as_it_was(place):
    prepared(place).dispose()

    assert run(place, "--once").returncode == 0

    with looking_at(place) as connection:
        assert not alarms.last_sweep(connection)
        assert queries.runs(connection, 5).empty


def test_the_loop_counts_corrections_of_imported_posts_within_seconds(place, file):
    process = start(place)
    wait_for(process, lambda: "clean_up" in due_jobs_of_demo(place))  # after its first round
    run(place, "import", str(file))
    with open_writer(place["DATABASE_URL"]).begin() as connection:
        post = connection.execute(select(social_posts).where(social_posts.c.counted)).first()
        said = Correction(Platform(post.platform), post.post_id, Field.RELEVANT, "no")
        save_corrections(connection, [said], officer="Aminah", now=datetime.now(UTC))

    def counts() -> bool:
        with looking_at(place) as connection:
            return not unapplied(connection, limit=1)

    assert not counts()
    wait_for(process, counts, seconds=30)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=12)
    assert process.returncode == 0, err


def due_jobs_of_demo(given: dict[str, str]) -> set[str]:
    """The demo's jobs; none while there is no database yet."""
    try:
        with looking_at(given, "DEMO_DATABASE_URL") as connection:
            return set(queries.due_jobs(connection))
    except ERRORS:
        return set()


def test_a_bad_line_is_told_by_number_and_the_others_go_on(place, file):
    file.write_text(FILE + "3,x,never,1\n", encoding="utf-8")

    done = run(place, "import", str(file))

    assert done.returncode == 3
    assert "line 4: created_at" in done.stderr
    assert "2 new" in done.stdout


def test_a_dry_run_says_per_line_what_it_would_do_and_makes_nothing(place, file, tmp_path):
    done = run(place, "import", str(file), "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "line 2: would add: Pantai Cenang" in done.stdout
    assert "line 3: would add: Kedah, place unknown" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["posts.csv"]


def test_a_dry_run_knows_what_is_stored(place, file):
    run(place, "import", str(file))

    assert "line 2: known" in run(place, "import", str(file), "--dry-run").stdout


def test_a_file_that_is_not_there_ends_with_2(place, tmp_path):
    done = run(place, "import", str(tmp_path / "none.csv"))

    assert done.returncode == 2
    assert said_in_one_sentence(done)


def test_a_forgotten_post_is_gone_and_stays_away(place, file):
    run(place, "import", str(file))

    forgotten = run(place, "forget", "import", "1")
    run(place, "import", str(file))

    assert forgotten.returncode == 0
    assert "deleted" in forgotten.stdout
    with looking_at(place) as connection:
        assert queries.why_of(connection, Platform.IMPORT, "1") == {}
        assert queries.why_of(connection, Platform.IMPORT, "2")


def test_a_record_in_quarantine_that_is_readable_now_becomes_a_post(place):
    engine = prepared(place)
    with engine.begin() as connection:
        rejects = [
            Reject(Platform.X, "an old fault", a_tweet(7), a_tweet(7)["id"]),
            Reject(Platform.X, "no readable text", {"id": "8"}, "8"),
        ]
        store.save_quarantine(connection, rejects, datetime.now(UTC))

    done = run(place, "replay")

    assert done.returncode == 0, done.stderr
    assert "1 read, 1 of them new posts, 1 stay" in done.stdout
    with looking_at(place) as connection:
        assert queries.why_of(connection, Platform.X, a_tweet(7)["id"])
        assert len(queries.quarantined(connection, 9)) == 1


def test_odd_videos_are_read_again_too(place):
    engine = prepared(place)
    posted = datetime.now(UTC) - timedelta(days=1)
    snippet = {"title": "Pantai Cenang", "publishedAt": posted.isoformat()}
    video = {"id": "abc", "kind": "youtube#video", "snippet": snippet}
    short = {"id": 2**53 + 1, "video_description": "x", "create_time": int(posted.timestamp())}
    with engine.begin() as connection:
        rejects = [
            Reject(Platform.YOUTUBE, "an old fault", video, "abc"),
            Reject(Platform.TIKTOK, "an old fault", short, str(2**53 + 1)),
        ]
        store.save_quarantine(connection, rejects, datetime.now(UTC))

    assert "2 read, 2 of them new posts, 0 stay" in run(place, "replay").stdout


def test_a_backfill_labels_what_waits(place, file):
    run(place, "import", str(file))
    with GeminiServer() as gemini:
        key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": gemini.url}
        done = run({**place, **key}, "backfill")

    assert done.returncode == 0, done.stderr
    with looking_at(place) as connection:
        assert queries.backlog(connection) == 0


def test_a_backfill_without_a_key_labels_what_it_can_for_now(place, file):
    run(place, "import", str(file))
    done = run(place, "backfill")

    assert done.returncode == 0, done.stderr
    assert "offline: " in done.stderr
    with looking_at(place) as connection:
        assert queries.backlog(connection) == 2


def test_status_tells_how_collection_stands(place, file):
    run(place, "import", str(file))

    done = run(place, "status")

    assert done.returncode == 0, done.stderr
    assert "import: ok" in done.stdout
    assert "waiting for a label: 2 posts" in done.stdout
    assert "collector: none is running" in done.stdout


def test_lines_left_out_of_a_file_are_no_failure_in_status(place, file):
    file.write_text(FILE + "3,x,never,1\n", encoding="utf-8")
    run(place, "import", str(file))

    said = run(place, "status").stdout

    assert "last file: 2 new, 1 line left out: 4" in said
    assert "failing" not in said


def test_check_names_a_key_with_a_space_in_it_without_showing_it(place):
    done = run({**place, "X_BEARER_TOKEN": f"{CANARY} {CANARY}"}, "check")

    assert done.returncode == 2
    assert "X_BEARER_TOKEN contains a space or line break" in done.stdout
    assert CANARY not in done.stdout + done.stderr


# ---- explain -----------------------------------------------------------------------------------

KEYS = ["places", "primary", "relevant", "language", "sentiment", "score", "confidence"]


def test_explain_prints_a_json_line_for_each_text(place, tmp_path):
    done = run(place, "explain", "Pantai Cenang memang cantik dan bersih", "Hello")

    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert list(first) == [*KEYS, "classified_by", "abstains"]
    assert list(first["places"][0]) == ["name", "city", "alias", "why"]
    assert (first["primary"], first["relevant"], first["language"]) == ("Pantai Cenang", True, "ms")
    assert (first["sentiment"], first["abstains"]) == ("positive", first["confidence"] < 0.7)
    assert first["classified_by"].startswith("offline:")
    assert (second["places"], second["primary"], second["relevant"]) == ([], None, False)
    assert list(tmp_path.iterdir()) == []


def test_explain_says_what_it_would_not_store_and_reads_no_chinese(place):
    done = run(place, "explain", "--offline", "feri pukul berapa?", "浮罗交怡的海滩很美")

    unsure, chinese = map(json.loads, done.stdout.splitlines())
    assert unsure["sentiment"] == "neutral"
    assert unsure["abstains"] == (unsure["confidence"] < 0.7)
    assert (chinese["sentiment"], chinese["confidence"]) == (None, None)
    assert (chinese["classified_by"], chinese["abstains"]) == (None, True)


def test_explain_reads_json_lines_and_keeps_their_order(place):
    texts = [
        '{"text": "兰卡威很美 Langkawi"}',
        "",
        "not json",
        '{"text": "Kuah"}',
        '{"text": "\\ud83d"}',
    ]
    lines = "\n".join(texts)

    done = run(place, "explain", stdin=lines)

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert answers[0]["relevant"]
    assert answers[1] == {"error": "line 3 is no JSON object with a text"}
    assert len(answers) == 4


def test_explain_asks_the_classifier_that_has_a_key(place):
    with GeminiServer() as gemini:
        key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": gemini.url}
        done = run({**place, **key}, "explain", "Pantai Cenang cantik", "Feri lambat", "  ")

    first, second, empty = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0, done.stderr
    assert (first["sentiment"], second["sentiment"]) == ("positive", "negative")
    assert first["classified_by"].startswith("gemini:")
    assert empty["sentiment"] is None


def test_explain_offline_asks_nobody(place):
    with GeminiServer() as gemini:
        key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": gemini.url}
        done = run({**place, **key}, "explain", "--offline", "Pantai Cenang cantik")

    assert done.returncode == 0
    assert gemini.received == []


def test_explain_still_answers_when_the_classifier_fails(place):
    key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": "http://127.0.0.1:9"}

    done = run({**place, **key}, "explain", "Pantai Cenang cantik")

    assert done.returncode == 3
    assert json.loads(done.stdout)["primary"] == "Pantai Cenang"


# ---- the demo ----------------------------------------------------------------------------------


def test_without_a_platform_a_round_goes_into_the_demo_database_and_says_so(place, tmp_path):
    done = run(place, "--once")

    assert done.returncode == 0, done.stderr
    assert "DEMO" in done.stderr
    assert "left waiting on purpose" in done.stderr
    assert "later round" not in done.stderr
    assert not (tmp_path / "live.db").exists()
    with looking_at(place, "DEMO_DATABASE_URL") as connection:
        assert set(queries.runs(connection, 5).platform) >= {"x", "instagram", "facebook"}


def test_imported_posts_get_their_labels_while_the_demo_runs(place, file):
    run(place, "import", str(file))
    with GeminiServer() as gemini:
        key = {"GEMINI_API_KEY": "test-key", "GEMINI_API_BASE_URL": gemini.url}
        done = run({**place, **key}, "--once")

    assert done.returncode == 0, done.stderr
    with looking_at(place) as connection:
        assert queries.backlog(connection) == 0


# ---- YouTube and TikTok ----


def a_video_platform(asked):
    """A video of today on either platform; everything else is empty."""
    today = datetime.now(UTC) - timedelta(hours=1)
    snippet = {"title": "Langkawi", "publishedAt": today.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if asked.path == YOUTUBE_SEARCH:
        found = {"kind": "youtube#video", "videoId": "vidRekaan01"}
        return Reply({"items": [{"id": found, "snippet": snippet}]})
    if asked.path == YOUTUBE_VIDEOS:
        counts = {"viewCount": "987654321012"}
        return Reply({"items": [{"id": "vidRekaan01", "snippet": snippet, "statistics": counts}]})
    if asked.path == TIKTOK_TOKEN:
        return Reply({"access_token": TIKTOK_ACCESS})
    video = {"id": 7320768187275005227, "video_description": "Kuah\x00", "username": "a\x00b"}
    data = {"videos": [{**video, "create_time": int(today.timestamp())}], "has_more": False}
    return Reply({"data": data, "error": {"code": "ok"}})


def test_youtube_and_tiktok_are_asked_stored_exactly_and_their_secrets_told_nowhere(place):
    secrets = {
        "YOUTUBE_API_KEY": "canary-key-of-youtube",
        "TIKTOK_CLIENT_KEY": "canary-client",
        "TIKTOK_CLIENT_SECRET": "canary-secret-of-tiktok",
        "COLLECTOR_LOG_LEVEL": "DEBUG",
    }
    with replay(a_video_platform) as server:
        addresses = dict.fromkeys(("YOUTUBE_API_BASE_URL", "TIKTOK_API_BASE_URL"), server.url)
        done = run({**place, **secrets, **addresses}, "--once")
        assert not any("canary" in f"{asked.path}{asked.query}" for asked in server.asked)
    assert done.returncode == 0, done.stderr
    file = Path(place["DATABASE_URL"].removeprefix("sqlite:///"))
    with contextlib.closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(
            "SELECT platform, post_id, views, url FROM social_posts"
        ).fetchall()
        kept = str(connection.execute("SELECT value FROM platform_state").fetchall())
    assert sorted(rows) == [
        ("tiktok", "7320768187275005227", None, f"{TIKTOK_VIDEO}7320768187275005227"),
        ("youtube", "vidRekaan01", 987654321012, "https://www.youtube.com/watch?v=vidRekaan01"),
    ]
    told = f"{done.stdout}{done.stderr}{kept}"
    assert not any(word in told for word in ("canary", TIKTOK_ACCESS))


def test_check_names_the_duties_of_youtube_and_tiktok(place):
    keys = {"YOUTUBE_API_KEY": "k", "TIKTOK_CLIENT_KEY": "k", "TIKTOK_CLIENT_SECRET": "s"}
    done = run({**place, **keys}, "check")
    assert done.returncode == 0
    assert "youtube: configured (YOUTUBE_API_KEY is set); what it stores must be" in done.stdout
    assert "tiktok: configured (TIKTOK_CLIENT_KEY is set); for approved" in done.stdout


def test_a_tiktok_key_without_its_secret_is_a_wrong_setting(place):
    done = run({**place, "TIKTOK_CLIENT_KEY": "k"}, "--once")
    assert done.returncode == 2
    assert "TIKTOK_CLIENT_SECRET is empty" in done.stderr
