"""The Overview's trend: what was not collected is shaded and said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db import store
from db.engine import open_writer
from insights.model import Platform, RunStatus
from tests.dashboards import a_live_database
from tests.pages import figures_of, opener, some_posts, words_of

SAID = "No collection: Facebook"
ONE_DAY = timedelta(days=1)


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def a_pause(folder, *days_ago: int) -> str:
    """A database in which Facebook was read with success so many days ago, and X just now."""
    url = a_live_database(folder, some_posts(6))
    engine = open_writer(url)
    with engine.begin() as connection:
        for days in days_ago:
            at = datetime.now(UTC) - timedelta(days=days)
            run = store.start_run(connection, f"round-{days}", "facebook", at)
            store.finish_run(connection, run, status=RunStatus.OK, now=at)
    engine.dispose()
    return url


def trend_of(app, index: int = 0) -> dict:
    return json.loads(app.get("plotly_chart")[index].proto.spec)


def said_on(figure: dict) -> list[int]:
    """On which days, counted back from today, the hover text tells of the gap."""
    return [i for i, words in enumerate(reversed(figure["data"][0]["text"])) if SAID in words]


def test_days_between_two_distant_successes_are_shaded_and_named(tmp_path, open_page):
    figure = trend_of(open_page("overview", a_pause(tmp_path, 5, 1, 0), period="30d"))
    assert said_on(figure) == [2, 3, 4]
    (shade,) = figure["layout"]["shapes"]
    assert shade["x1"] - shade["x0"] == 3
    assert shade["name"] == "Collection gap"


def test_a_platform_that_fell_silent_is_missing_up_to_today(tmp_path, open_page):
    figure = trend_of(open_page("overview", a_pause(tmp_path, 3), period="30d"))
    assert said_on(figure) == [0, 1, 2]


def test_nothing_is_shaded_before_the_first_run(tmp_path, open_page):
    figure = trend_of(open_page("overview", a_pause(tmp_path, 0), period="30d"))
    assert not figure["layout"]["shapes"]


def test_the_gap_of_a_platform_that_is_not_on_screen_is_not_shaded(tmp_path, open_page):
    url = a_pause(tmp_path, 5, 0)
    assert said_on(trend_of(open_page("overview", url, period="30d")))
    figure = trend_of(open_page("overview", url, period="30d", platform="x"))
    assert not figure["layout"]["shapes"]


# --- voices ---


def spoken(count: int, voice: str) -> list:
    """So many posts of one voice other than the public's."""
    posts = some_posts(count, content=f"{voice} of Cenang")
    return [replace(post, voice=voice, voice_why=f"words:{voice}") for post in posts]


def test_the_figures_are_the_publics_and_each_other_voice_is_one_click_away(tmp_path, open_page):
    url = a_live_database(tmp_path, [*some_posts(6), *spoken(3, "advert"), *spoken(2, "news")])
    app = open_page("overview", url)
    assert figures_of(app)["Posts"] == "6"
    said = words_of(app)
    assert "The public: 6 of 11 counted posts." in said
    assert "[Adverts 3](posts?lang=en&voice=advert)" in said
    assert "[News 2](posts?lang=en&voice=news)" in said
    assert "Football" not in said


def test_a_chosen_voice_is_what_every_figure_speaks_of(tmp_path, open_page):
    url = a_live_database(tmp_path, [*some_posts(6), *spoken(3, "advert")])
    app = open_page("overview", url, voice="advert")
    assert figures_of(app)["Posts"] == "3"
    assert "[The public 6](posts?lang=en)" in words_of(app)
    assert figures_of(open_page("overview", url, voice="all"))["Posts"] == "9"


def test_adverts_alone_leave_the_public_silent_but_in_sight(tmp_path, open_page):
    app = open_page("overview", a_live_database(tmp_path, spoken(3, "advert")))
    assert not app.metric
    assert "The public: 0 of 3 counted posts." in words_of(app)


def test_a_post_says_whose_voice_it_is_and_why(tmp_path, open_page):
    url = a_live_database(tmp_path, spoken(1, "advert"))
    said = words_of(open_page("posts", url, voice="advert")).replace("\\", "")
    assert "Voice: Adverts. It reads “advert”." in said


def test_a_voice_that_was_silent_for_weeks_is_still_compared(tmp_path, open_page):
    public = [post for days in (2, 31, 45, 55, 59) for post in some_posts(6, ago=days * ONE_DAY)]
    url = a_live_database(tmp_path, [*public, *spoken(5, "news")])
    said = words_of(open_page("overview", url, voice="news", period="30d"))
    assert "No change is shown" not in said
    assert "whole weeks with the same weekdays" in said


def test_two_equal_weeks_are_a_change_of_0_per_cent_on_every_card(tmp_path, open_page):
    counts = {"likes": 3, "comments": 2, "shares": 1, "views": 9}
    given = {"platform": Platform.IMPORT, "found_by": "import:a.csv", **counts}
    posts = [some_posts(1, ago=ONE_DAY * days, **given)[0] for days in range(1, 15)]
    app = open_page("overview", a_live_database(tmp_path, posts), period="7d")

    moved = {metric.label: metric.delta for metric in app.metric if metric.delta}
    assert moved == dict.fromkeys(("Posts", "Likes", "Comments", "Shares", "Views"), "0 %")
