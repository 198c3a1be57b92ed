from datetime import UTC, datetime, timedelta

import pytest

from db import store
from db.engine import open_writer
from insights.model import Kind, Platform, Reject, RunStatus
from tests.dashboards import a_live_database
from tests.fakes import KUALA_LUMPUR
from tests.pages import NOW, cells_of, figures_of, noted, opener, some_posts, words_of


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def record(url: str, platform: str, status: RunStatus, kind: Kind | None = None, **given) -> None:
    """A run that has just ended so."""
    engine = open_writer(url)
    with engine.begin() as connection:
        run = store.start_run(connection, "round", platform, NOW)
        store.finish_run(connection, run, status=status, now=NOW, error_kind=kind, **given)
    engine.dispose()


def test_a_platform_that_answered_without_posts_is_told_from_one_that_failed(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts(), failed=Kind.AUTH)
    said = words_of(open_page("data_health", url))

    assert "Nothing new" in said
    assert "The key was refused." in said
    assert "make a new one" in said


def test_a_limit_is_no_error(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    record(url, "instagram", RunStatus.FAILED, Kind.QUOTA)
    said = words_of(open_page("data_health", url))

    assert "Limited" in said
    assert "Stopped at a limit: the quota is used up." in said


def test_platforms_without_a_key_are_not_configured(tmp_path, open_page):
    said = words_of(open_page("data_health", a_live_database(tmp_path, some_posts())))

    assert "Not configured" in said
    assert "docs/configuration.md" in said


def test_how_often_and_since_when_a_platform_fails_is_said(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts(), failed=Kind.TIMEOUT)
    record(url, "facebook", RunStatus.FAILED, Kind.TIMEOUT)

    assert "2 rounds in a row" in words_of(open_page("data_health", url))


def test_lines_left_out_of_a_file_are_shown_but_no_platform_fails(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    left = "3 lines left out: 4, 7, 9"
    record(url, "import", RunStatus.PARTIAL, Kind.BAD_PAYLOAD, stored=4, error=left)
    app = open_page("data_health", url)
    said = words_of(app)

    assert left in noted(app)
    assert "failing since" not in said.casefold()
    assert "Error" not in said
    assert "failing" not in words_of(open_page("overview", url))


def test_what_a_platform_said_is_shown_and_not_obeyed(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    record(url, "x", RunStatus.FAILED, Kind.UNKNOWN, error="![x](https://example.org/x.png)<b>")
    app = open_page("data_health", url)

    assert '<code lang="en">![x](https://example.org/x.png)&lt;b&gt;</code>' in noted(app)
    assert not any("example.org" in str(element.value) for element in app.markdown)


def test_what_the_program_noted_is_told_in_the_readers_language(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    wrong = "GET /2/tweets/search/recent: 429 rate_limited"
    record(url, "x", RunStatus.FAILED, Kind.RATE_LIMITED, error=wrong, note="nothing new; teapot")
    app = open_page("data_health", url, lang="ms")

    assert "status 429, had permintaan platform telah dicapai" in noted(app)
    assert "Tiada yang baharu" in noted(app)
    assert "tiada yang baharu; teks teknikal: teapot" in cells_of(app)
    assert "rate_limited" not in noted(app) + cells_of(app)


def test_quarantined_records_stand_with_reason_and_age(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    engine = open_writer(url)
    reject = Reject(Platform.X, "no id", {"text": "?"})
    with engine.begin() as connection:
        store.save_page(
            connection, [], now=NOW - timedelta(hours=3), zone=KUALA_LUMPUR, rejects=[reject]
        )
    engine.dispose()
    app = open_page("data_health", url)

    assert figures_of(app)["In quarantine"] == "1"
    assert "no readable ID,reading" in cells_of(app)
    assert "3 h ago" in cells_of(app)


def test_the_next_round_is_told_when_it_is_known(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    engine = open_writer(url)
    due = datetime.now(UTC) + timedelta(minutes=90, seconds=30)
    with engine.begin() as connection:
        store.save_due(connection, "round", due)
    engine.dispose()
    app = open_page("data_health", url)

    assert figures_of(app)["Next round"] in ("in 90 min", "in 89 min")


def test_the_backlog_is_the_number_of_posts_without_a_label(tmp_path, open_page):
    app = open_page("data_health", a_live_database(tmp_path, some_posts(6)))

    assert figures_of(app)["Waiting for a label"] == "6"


def test_when_nothing_was_ever_collected_the_live_failure_shows_beside_the_demo(
    tmp_path, open_page
):
    url = a_live_database(tmp_path, collected=False, failed=Kind.AUTH)
    said = words_of(open_page("data_health", url))

    assert "What really happened while the sample data is shown." in said
    assert "The key was refused." in said


def test_a_database_that_nobody_made_yet_is_no_failure(open_page):
    app = open_page("data_health")

    assert "It does not exist yet" in words_of(app)
    assert not app.error


def test_an_unreachable_database_is_said_with_the_time(tmp_path, open_page):
    (tmp_path / "broken.db").write_bytes(b"no database" * 1000)
    app = open_page("data_health", f"sqlite:///{tmp_path}/broken.db")

    assert any("has not answered since" in error.value for error in app.error)


def test_a_classifier_without_a_key_says_that_posts_wait(tmp_path, open_page):
    said = words_of(open_page("data_health", a_live_database(tmp_path, some_posts())))

    assert "It has no key (GEMINI_API_KEY); posts get provisional labels offline" in said
