"""Alerts and the circuit breaker as an operator meets them: whole commands, real mail server."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from db import incidents, store
from db.engine import open_writer
from tests.replay import Reply, replay, script
from tests.smtp_server import SmtpServer
from tests.test_cli import (
    CANARY,
    SEARCH,
    a_search,
    a_tweet,
    looking_at,
    place,  # noqa: F401 - a fixture
    run,
    start,
    with_x,
)

UNAUTHORIZED = Reply({"title": "Unauthorized", "detail": CANARY}, status=401)
BROKEN = Reply({"title": "broken"}, status=503)
WORKING = [a_search(a_tweet()), a_search()]


def mailing(given: dict[str, str], server: SmtpServer, **more: str) -> dict[str, str]:
    return {
        **given,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(server.port),
        "ALERT_RECIPIENTS": "officer@example.org",
        **more,
    }


def test_a_refused_token_is_one_request_and_one_mail_and_its_renewal_another(place, mail):  # noqa: F811
    codes = []
    for answers in (UNAUTHORIZED, UNAUTHORIZED, WORKING):
        with replay(script({SEARCH: answers})) as api:
            codes.append(run(mailing(with_x(place, api.url), mail), "--once").returncode)
            asked = len(api.asked)
            assert asked == 1 or answers is WORKING

    assert codes == [3, 3, 0]
    assert [one.subject.split(" / ")[1] for one in mail.mails] == [
        "the key of X was refused",
        "X works again",
    ]
    assert not any(CANARY in one.letter.as_string() for one in mail.mails)


def test_from_the_fourth_failed_round_on_there_is_one_request(place, mail):  # noqa: F811
    with replay(script({SEARCH: BROKEN})) as api:
        asked = []
        for _ in range(4):
            run(mailing(with_x(place, api.url), mail), "--once")
            asked.append(len(api.asked) - sum(asked))
    with replay(script({SEARCH: WORKING})) as api:
        healed = run(mailing(with_x(place, api.url), mail), "--once")

    assert all(1 < count <= 6 for count in asked[:3])
    assert asked[3] == 1
    assert healed.returncode == 0
    assert "x: 1 new" in healed.stderr
    assert len(mail.mails) == 2


def test_a_mail_server_that_is_not_there_changes_no_exit_code(place):  # noqa: F811
    with replay(script({SEARCH: UNAUTHORIZED})) as api:
        given = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9", "ALERT_RECIPIENTS": "a@example.org"}
        done = run({**with_x(place, api.url), **given}, "--once")

    assert done.returncode == 3
    assert "a mail could not be sent" in done.stderr
    assert "Traceback" not in done.stderr
    with looking_at(place) as connection:
        assert [one.kind for one in incidents.open_incidents(connection)] == ["token"]


def test_a_collector_that_comes_back_after_days_tells_of_its_silence(place, mail):  # noqa: F811
    with replay(script({SEARCH: [*WORKING, a_search(), a_search()]})) as api:
        given = mailing(with_x(place, api.url), mail)
        run(given, "--once")
        age(given, timedelta(days=2))
        run(given, "--once")

    assert [one.subject.split(" / ")[1] for one in mail.mails] == [
        "collection is silent",
        "collection works again",
    ]


def age(given: dict[str, str], by: timedelta) -> None:
    """Let every run have ended so much earlier."""
    engine = open_writer(given["DATABASE_URL"])
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM collection_runs")
        store.record_skipped(connection, "r", "x", datetime.now(UTC) - by, "long ago")
    engine.dispose()


def test_a_round_that_hangs_is_mailed_while_it_hangs_and_a_stop_is_still_quick(place, mail):  # noqa: F811
    with replay(script({SEARCH: WORKING})) as api:
        run(with_x(place, api.url), "--once")
    with replay(script({}, default=Reply(b"x" * 2000, drip=0.05))) as api:
        process = start(mailing(with_x(place, api.url), mail, COLLECTOR_INTERVAL_SECONDS="3"))
        ends_at = time.monotonic() + 30
        while not mail.mails and time.monotonic() < ends_at:
            time.sleep(0.1)
        hanging = len(api.asked)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)

    assert hanging == 1
    assert mail.mails[0].subject.endswith("collection is silent")
    assert process.returncode == 0
    assert time.monotonic() - begun < 10


def test_status_names_what_is_open(place):  # noqa: F811
    with replay(script({SEARCH: UNAUTHORIZED})) as api:
        run(with_x(place, api.url), "--once")

    assert "alert: x: token since " in run(place, "status").stdout


def test_the_demo_alarms_nobody(place, mail):  # noqa: F811
    done = run(mailing(place, mail), "--once")

    assert done.returncode == 0
    assert mail.mails == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "alerts: SMTP_HOST is empty"),
        ({"SMTP_HOST": "m"}, "ALERT_RECIPIENTS is empty"),
        ({"SMTP_HOST": "m", "ALERT_RECIPIENTS": "a@b.c, d@e.f"}, "alerts: mailed to 2 recipients"),
    ],
)
def test_check_says_who_is_told(place, given, said):  # noqa: F811
    assert said in run({**place, **given}, "check").stdout
