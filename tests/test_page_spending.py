"""Cost and allowances on the Data health page, and equal age on the Overview."""

from datetime import timedelta

import pytest

from db import store
from db.demo import make_demo
from db.engine import open_writer
from db.seed import seed_places
from insights.model import RunStatus
from tests.dashboards import a_live_database
from tests.fakes import KUALA_LUMPUR, a_post, matched
from tests.pages import NOW, cells_of, opener, some_posts, words_of

DAY = timedelta(days=1)


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def record(url, platform, **numbers):
    engine = open_writer(url)
    with engine.begin() as connection:
        run = store.start_run(connection, "round", platform, NOW)
        store.finish_run(connection, run, status=RunStatus.OK, now=NOW, **numbers)
    engine.dispose()


def test_costs_and_allowances_are_told_and_the_unknown_is_called_so(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts())
    record(url, "x", requests=3, cost_usd=1.25)
    record(url, "classify", calls=2, input_tokens=1200, output_tokens=80)
    ledger = {"day": f"{NOW:%Y-%m-%d}", "used": {"requests": 12, "records": 600}}
    engine = open_writer(url)
    with engine.begin() as connection:
        store.save_state(connection, "tiktok", {"quota": ledger}, NOW)
    engine.dispose()
    app = open_page("data_health", url)
    cells = cells_of(app)
    assert "1.25" in cells
    assert "unknown" in cells
    assert "Requests a day" in cells or "Requests" in cells
    assert "1,000" in cells
    assert "Spent since midnight UTC" in words_of(app)


def aged(url, *, now, before, age):
    """A week of posts and the week before, captured when new and again at one age."""
    engine = open_writer(url)
    with engine.begin() as connection:
        for days, likes in [*((d, now) for d in range(2, 8)), *((d, before) for d in range(9, 15))]:
            made = NOW - days * DAY
            page = [matched(a_post(posted_at=made, likes=likes), 1) for _ in range(3)]
            for at in (made, made + age * DAY + timedelta(hours=1)):
                store.save_page(connection, page, now=at, zone=KUALA_LUMPUR)
    engine.dispose()


def test_likes_are_compared_at_equal_age_and_the_page_says_so(tmp_path, open_page):
    url = a_live_database(tmp_path, [])
    aged(url, now=20, before=10, age=1)
    said = words_of(open_page("overview", url, period="7d"))
    assert "compared 1 day after posting" in said


def test_without_counts_by_age_the_page_says_what_it_compares(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts(20))
    aged(url, now=20, before=10, age=5)
    assert "compared as last captured" in words_of(open_page("overview", url, period="7d"))


def test_the_demo_compares_likes_at_equal_age_too(tmp_path, open_page):
    engine = open_writer(f"sqlite:///{tmp_path}/demo.db")
    make_demo(engine, seed_places(), NOW, KUALA_LUMPUR, months=3)
    engine.dispose()
    said = words_of(open_page("overview", period="30d"))
    assert "compared 7 days after posting" in said
