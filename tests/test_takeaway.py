"""Every view as tables to take along: what the screen shows, and unknown as an empty cell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from db import corrections, store
from db.engine import open_writer
from db.tables import social_posts
from insights.corrections import Correction, Field
from insights.model import Kind, Platform, Reject, Sentiment
from reports.xlsx import Sheet
from tests.dashboards import a_live_database
from tests.fakes import KUALA_LUMPUR, a_post, matched
from tests.pages import NOW, labelled, opener, some_posts
from ui import data

# Runs in a page's place: it chooses the data as a page does, and keeps what was made.
SCRIPT = """
import streamlit as st
from ui import data, export, shell, takeaway
shell.start()
scope = st.session_state["scope"]
compared = data.compared(scope)
st.session_state["made"] = {code}
"""


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    yield opener(tmp_path, monkeypatch)
    data.start_anew()


@pytest.fixture
def made(tmp_path, monkeypatch):
    """What an expression makes on a page of this database."""

    def make(code: str, url: str | None = None, **query: str):
        monkeypatch.setenv("DATABASE_URL", url or f"sqlite:///{tmp_path}/missing.db")
        monkeypatch.setenv("DEMO_DATABASE_URL", f"sqlite:///{tmp_path}/demo.db")
        data.start_anew()
        app = AppTest.from_string(SCRIPT.format(code=code), default_timeout=60)
        for key, value in {"lang": "en", **query}.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app.session_state["made"]

    yield make
    data.start_anew()


def column(sheet: Sheet, name: str) -> list:
    return [row[sheet.columns.index(name)] for row in sheet.rows]


def a_database(tmp_path) -> str:
    posts = some_posts(4, likes=10, views=None) + some_posts(2, 2, likes=None, views=None)
    unhappy = labelled(posts[:3], Sentiment.NEGATIVE, "ferry")
    return a_live_database(tmp_path, posts, labels=unhappy, failed=Kind.AUTH)


def test_the_figures_are_those_of_the_cards(tmp_path, made):
    sheet = made("takeaway.figures(scope, compared)", a_database(tmp_path))
    rows = {row[0]: row[1:3] for row in sheet.rows}

    assert rows["Posts"] == [6, 6]
    assert rows["Likes"] == [40, 4]
    assert rows["Views"] == [None, 0]
    assert rows["Net sentiment"] == [-100, 3]
    assert rows["Not classified"] == [3, 6]


def test_places_stand_as_on_the_page_and_add_up(tmp_path, made):
    sheet = made("takeaway.places(scope, compared)", a_database(tmp_path))

    assert column(sheet, "Place") == ["Pantai Cenang", "Gunung Jerai"]
    assert column(sheet, "Posts") == [4, 2]
    assert column(sheet, "Engagement")[0] is not None
    assert column(sheet, "Views") == [None, None]


def test_each_topic_is_told_by_place(tmp_path, made):
    sheet = made("takeaway.issues(scope)", a_database(tmp_path))

    assert [list(row) for row in sheet.rows] == [["Ferry", "Pantai Cenang", 0, 0, 3]]


def test_every_day_is_a_row_silent_ones_too(tmp_path, made):
    sheet = made("takeaway.daily(scope)", a_database(tmp_path), period="7d")

    assert len(sheet.rows) == 8
    assert sum(column(sheet, "Posts")) == 6


def test_nothing_is_derived_from_a_platform_that_stands_apart(tmp_path, made):
    posts = some_posts(6, platform=Platform.YOUTUBE, likes=5)
    url = a_live_database(tmp_path, posts)

    sheet = made("takeaway.places(scope, compared)", url, platform="youtube")

    assert column(sheet, "Posts") == [6]
    for name in ("Positive", "Negative", "Not classified", "Engagement", "Net sentiment"):
        assert column(sheet, name) == [None]


def test_runs_hold_instants_and_the_kind_of_their_error(tmp_path, made):
    sheet = made("takeaway.runs(data.collection().runs)", a_database(tmp_path))

    assert column(sheet, "Platform") == ["Facebook", "X"]
    assert column(sheet, "Error") == ["the key was refused", None]
    assert all(NOW - started < timedelta(minutes=5) for started in column(sheet, "Started"))


def test_notes_and_reasons_stand_in_a_file_in_its_language(tmp_path, made):
    url = a_database(tmp_path)
    engine = open_writer(url)
    with engine.begin() as connection:
        store.record_skipped(connection, "round", "tiktok", NOW, "left out by COLLECTOR_PLATFORMS")
        reject = Reject(Platform.X, "the id is no number", {})
        store.save_page(connection, [], now=NOW, zone=KUALA_LUMPUR, rejects=[reject])
    engine.dispose()
    runs = made("takeaway.runs(data.collection().runs)", url, lang="ms")
    aside = made("takeaway.quarantined(data.collection().quarantined)", url, lang="ms")

    assert "ditinggalkan oleh tetapan COLLECTOR_PLATFORMS" in runs.rows[0]
    assert "ID bukan nombor" in aside.rows[0]
    assert "parse" not in aside.rows[0]


def test_a_file_says_its_filters_period_zone_moment_and_definitions(tmp_path, made):
    url = a_database(tmp_path)
    lines = dict(made('export.about("Overview", scope)', url, city="langkawi", platform="x"))

    assert lines["Kedah Tourism Pulse: Overview"] == "Collected posts"
    assert lines["Filters"].startswith("City: Langkawi; Platform: X")
    assert lines["Time zone"] == "Asia/Kuala_Lumpur"
    assert "(Asia/Kuala_Lumpur)" in lines["As of"]
    assert lines["Definitions"]
    assert " – " in lines["Period"]


def test_invented_posts_are_marked_in_the_file_and_in_its_name(made):
    assert made('export.about("Overview", scope)')[0][1].startswith("DEMO")
    assert made('export.file_name("overview", scope, "xlsx")').startswith("demo-kedah-overview-")


def test_posts_keep_the_digits_of_their_ids_and_the_moment_of_their_making(tmp_path, made):
    posts = [matched(a_post(post_id="1859123456789012345", posted_at=NOW, likes=None), 1)]
    url = a_live_database(tmp_path, posts)
    code = (
        "__import__('ui.posts').posts.sheet_of("
        "data.posts(__import__('insights.model').model.PostFilter(scope)))"
    )

    sheet = made(code, url)

    assert column(sheet, "Post ID") == ["1859123456789012345"]
    assert column(sheet, "Posted (Kuala Lumpur)") == [NOW]
    assert column(sheet, "Likes") == [None]


@pytest.mark.parametrize("page", ["overview", "places", "sentiment", "events", "data_health"])
def test_every_page_offers_a_workbook_and_a_csv_of_each_table(tmp_path, open_page, page):
    app = open_page(page, a_database(tmp_path))
    key = f"take_{page}"

    app.session_state[key] = True
    app.run()

    keys = [button.key for button in app.get("download_button")]
    assert f"xlsx_{page}" in keys
    assert sum(key.startswith(f"csv_{page}_") for key in keys) >= 1


def test_files_are_not_made_before_somebody_asks(tmp_path, open_page):
    app = open_page("overview", a_database(tmp_path))

    assert [button.key for button in app.get("download_button")] == []


def test_posts_come_in_both_kinds(tmp_path, open_page):
    app = open_page("posts", a_database(tmp_path))

    keys = [button.key for button in app.get("download_button")]
    assert [key for key in keys if key.endswith("posts")] == ["csv_posts", "xlsx_posts"]


def test_the_radar_takes_its_finds_and_the_issues_along(made):
    found, by_place = made("[takeaway.finds(scope), takeaway.issues(scope)]")
    assert len(found.rows) > 0
    assert all(isinstance(posts, int) for posts in column(found, "Posts"))
    assert all(len(row) == len(found.columns) for row in found.rows)
    assert len(by_place.rows) > 0


def test_the_accuracy_page_takes_what_officers_said_along(made, tmp_path):
    url = a_database(tmp_path)
    engine = open_writer(url)
    with engine.begin() as connection:
        key = connection.execute(
            select(social_posts.c.post_id).where(social_posts.c.sentiment == "negative").limit(1)
        ).scalar_one()
        wrong = Correction(Platform.X, key, Field.SENTIMENT, "positive")
        corrections.save_corrections(connection, [wrong], officer="Aminah", now=NOW, sampled=True)
    engine.dispose()
    agreed, history = made("[takeaway.agreement(), takeaway.corrected()]", url)
    assert column(agreed, "Judged") == [1, 1]
    assert column(agreed, "Agreement (%)") == [0.0, 0.0]
    assert column(history, "Officer") == ["Aminah"]
    assert (column(history, "Before"), column(history, "Corrected to")) == (
        ["Negative"],
        ["Positive"],
    )
