"""No change is shown between periods that were not collected alike, and the page says why."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from insights.model import Platform
from tests.dashboards import a_live_database
from tests.pages import cells_of, opener, some_posts, words_of

SILENT = "X has not been collected since"
BEGAN = "that of one platform, began in the middle"


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def over_weeks(weeks: range, **given) -> list:
    """Six posts a week, so many weeks ago."""
    return [one for week in weeks for one in some_posts(6, ago=timedelta(days=7 * week), **given)]


def test_periods_collected_alike_are_compared(tmp_path, open_page):
    said = words_of(open_page("overview", a_live_database(tmp_path, over_weeks(range(12)))))
    assert SILENT not in said
    assert BEGAN not in said


def test_a_platform_that_fell_silent_leaves_the_newest_days_incomplete(tmp_path, open_page):
    url = a_live_database(tmp_path, over_weeks(range(12)), age=timedelta(days=4))
    app = open_page("overview", url)
    assert SILENT in words_of(app)
    assert [one.delta for one in app.metric if one.delta] == []


def test_a_platform_that_joined_late_would_pass_for_a_rise(tmp_path, open_page):
    joined = over_weeks(range(3), platform=Platform.TIKTOK)
    app = open_page("overview", a_live_database(tmp_path, [*over_weeks(range(12)), *joined]))
    assert BEGAN in words_of(app)
    assert [one.delta for one in app.metric if one.delta] == []


def test_an_imported_file_forbids_no_comparison(tmp_path, open_page):
    imported = over_weeks(range(3), platform=Platform.IMPORT)
    app = open_page("overview", a_live_database(tmp_path, [*over_weeks(range(12)), *imported]))
    assert BEGAN not in words_of(app)


def test_two_identical_weeks_show_no_change_anywhere(tmp_path, open_page):
    counts = {"likes": 3, "comments": 1, "shares": 2}
    weeks = [
        one
        for days in range(1, 15)
        for _ in range(2)
        for one in some_posts(1, ago=timedelta(days=days), **counts)
    ]
    app = open_page("overview", a_live_database(tmp_path, weeks), period="7d")

    shown = {one.label: str(one.delta) for one in app.metric if one.delta not in (None, "")}
    assert set(shown) >= {"Posts", "Likes", "Comments", "Shares"}
    assert set(shown.values()) == {"0 %"}
    assert re.findall(r"[+\N{MINUS SIGN}]\d[\d.,]*.%", cells_of(app)) == []
