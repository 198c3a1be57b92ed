"""The weekly digest as an operator meets it: whole commands and a real mail server."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta

from pypdf import PdfReader
from sqlalchemy import select

from db import briefs, queries, store
from db.engine import open_writer
from db.tables import due_jobs
from insights.model import RunStatus
from tests.replay import replay, script
from tests.smtp_server import SmtpServer
from tests.test_alerts_cli import mailing
from tests.test_cli import (
    SEARCH,
    a_search,
    a_tweet,
    looking_at,
    place,  # noqa: F401 - a fixture
    run,
    start,
    with_x,
)

WORKING = [a_search(a_tweet()), *[a_search()] * 5]


def collected_weeks_ago(given: dict[str, str]) -> None:
    """Note that X was read with success ten days ago."""
    engine = open_writer(given["DATABASE_URL"])
    then = datetime.now(UTC) - timedelta(days=10)
    with engine.begin() as connection:
        number = store.start_run(connection, "long ago", "x", then)
        store.finish_run(connection, number, status=RunStatus.OK, now=then)
    engine.dispose()


def is_over(place: dict[str, str]) -> bool:  # noqa: F811
    """Whether the loop's look for a digest has ended."""
    with looking_at(place) as connection:
        due = due_jobs.c
        ended = select(due.last_finished_at).where(due.job == "digest")
        return connection.execute(ended).scalar() is not None


def digests(mail: SmtpServer) -> list:
    return [one for one in mail.mails if "Weekly brief" in one.subject]


def test_a_round_sends_the_digest_that_is_due_and_the_next_one_does_not(place, mail):  # noqa: F811
    with replay(script({SEARCH: WORKING})) as api:
        given = mailing(with_x(place, api.url), mail, DASHBOARD_URL="https://pulse.example.org")
        run(given, "--once")
        assert digests(mail) == []  # collection has only just begun
        collected_weeks_ago(given)
        codes = [run(given, "--once").returncode for _ in range(2)]

    (sent,) = digests(mail)
    assert codes == [0, 0]
    files = [part.get_content() for part in sent.letter.iter_attachments()]
    assert [len(PdfReader(io.BytesIO(file)).pages) for file in files] == [1, 1]
    with looking_at(place) as connection:
        kept = briefs.archived(connection)
    assert [one.language for one in kept] == ["en", "ms"]
    assert all(one.mailed_at for one in kept)


def test_the_loop_looks_at_every_full_hour(place, mail):  # noqa: F811
    with replay(script({SEARCH: WORKING})) as api:
        given = mailing(with_x(place, api.url), mail)
        run(given, "--once")
        collected_weeks_ago(given)
        process = start(given)
        ends_at = time.monotonic() + 60
        while not is_over(place) and time.monotonic() < ends_at:
            time.sleep(0.2)
        process.terminate()
        process.communicate(timeout=20)

    assert len(digests(mail)) == 1
    with looking_at(place) as connection:
        due = queries.due_jobs(connection)["digest"]
    assert (due.minute, due.second) == (0, 0)
