"""The incidents on the Data health page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import incidents, store
from db.engine import open_writer
from insights.incidents import Finding, Trouble
from insights.model import Kind, RunStatus
from tests.dashboards import a_live_database
from tests.pages import NOW, opener, some_posts, words_of


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def write(url: str, function, *given, **named) -> None:
    engine = open_writer(url)
    with engine.begin() as connection:
        function(connection, *given, **named)
    engine.dispose()


def fail(url: str, times: int) -> None:
    """So many rounds of Facebook in a row that failed, the last one just now."""
    for index in range(times, 0, -1):
        ended = NOW - (index - 1) * timedelta(hours=2)
        run = {"platform": "facebook", "status": RunStatus.FAILED, "error_kind": Kind.TIMEOUT}
        run |= {"round_id": str(index), "started_at": ended, "finished_at": ended}
        write(url, store.save_runs, [run])


def errors_of(app) -> str:
    return " ".join(error.value for error in app.error)


def test_without_trouble_nothing_is_said(tmp_path, open_page):
    app = open_page("data_health", a_live_database(tmp_path, some_posts()))

    assert len(app.error) == 0


def test_an_open_incident_stands_on_top_until_it_is_closed(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    write(url, incidents.open_incident, "facebook", Finding(Trouble.TOKEN, NOW, "auth"), NOW)
    said = errors_of(open_page("data_health", url))
    write(url, incidents.close_incidents, ["facebook"], NOW)

    assert "Facebook has refused the key since" in said
    assert len(open_page("data_health", url).error) == 0


def test_what_fails_is_told_by_its_kind_in_the_readers_language(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    found = Finding(Trouble.FAILING, NOW, Kind.SERVER_ERROR)
    write(url, incidents.open_incident, "classify", found, NOW)

    assert "Classifier has failed" in errors_of(open_page("data_health", url))
    assert "platform mengalami ralat" in errors_of(open_page("data_health", url, lang="ms"))


def test_silence_is_seen_although_no_collector_is_there_to_note_it(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts(), age=timedelta(hours=5))

    assert "No round of collection has ended since" in errors_of(open_page("data_health", url))


def test_a_platform_that_rests_is_in_error_and_says_until_when(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    fail(url, 3)
    write(url, store.record_skipped, "r", "facebook", NOW, "resting", Kind.TIMEOUT)
    app = open_page("data_health", url)

    assert "Resting after 3 failed rounds, next try at" in words_of(app)
    assert any("Facebook" in warning.value for warning in app.warning)


def test_a_platform_that_is_only_probed_says_so(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    fail(url, 3)

    assert "the next try begins with one request" in words_of(open_page("data_health", url))
