"""The weekly brief's page: the screen's own figures, a week to choose, files, and the archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from db import briefs, store
from db.cube import Cube
from db.engine import open_reader, open_writer
from insights.brief import WEEK, last_week
from insights.model import Platform, RunStatus, Scope, Sentiment
from insights.words import Words
from reports.wording import Wording
from tests.briefs import a_brief
from tests.dashboards import a_live_database
from tests.fakes import KUALA_LUMPUR, NOW, a_post, matched
from tests.pages import cells_of, figures_of, labelled, opener, words_of
from ui import data

TODAY = datetime.now(KUALA_LUMPUR).date()
WEEK_OF = last_week(TODAY)
SATURDAY = WEEK_OF + timedelta(days=6)


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    yield opener(tmp_path, monkeypatch)
    data.start_anew()


def on(day, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), KUALA_LUMPUR)


def posts_on(day, count: int, place: int = 1, **given) -> list:
    return [matched(a_post(posted_at=on(day), **given), place) for _ in range(count)]


def a_database(tmp_path) -> str:
    """30 posts last week, 20 of them about ferries and unhappy; 12 the week before."""
    now = posts_on(WEEK_OF, 20, likes=700) + posts_on(SATURDAY, 10, 2, likes=None)
    before = posts_on(WEEK_OF - WEEK, 12, likes=100)
    labels = labelled(now[:20], Sentiment.NEGATIVE, "ferry")
    labels += labelled(now[20:27], Sentiment.POSITIVE, "food")
    labels += labelled(before, Sentiment.POSITIVE, "food")
    return a_live_database(tmp_path, now + before, labels=labels)


def brief_of(url: str, scope: Scope | None = None):
    engine = open_reader(url)
    scope = scope or Scope(WEEK_OF, WEEK_OF + WEEK)
    every = timedelta(hours=2)
    return briefs.read_brief(
        engine, Cube.load(engine), scope, now=NOW, zone=KUALA_LUMPUR, every=every
    )


@pytest.mark.parametrize("language", ["ms", "en"])
def test_every_figure_equals_the_screens(tmp_path, open_page, language):
    url = a_database(tmp_path)
    days = {"from": WEEK_OF.isoformat(), "to": SATURDAY.isoformat()}
    overview = open_page("overview", url, **{"lang": language, **days})
    told = {card.label: card.value for card in Wording(brief_of(url), Words(language)).cards}

    assert figures_of(overview) == told
    assert figures_of(open_page("brief", url, lang=language)) == told


def test_changes_equal_the_screens(tmp_path, open_page):
    url = a_database(tmp_path)
    days = {"from": WEEK_OF.isoformat(), "to": SATURDAY.isoformat()}
    overview = open_page("overview", url, **days)
    shown = {metric.label: metric.delta for metric in overview.metric}

    cards = {card.label: card.change for card in Wording(brief_of(url), Words("en")).cards}

    assert shown["Posts"] == cards["Posts"] == "+150 %"
    assert shown["Likes"] == cards["Likes"] == "+1,067 %"


def test_the_demos_figures_equal_the_screens_too(tmp_path, open_page):
    days = {"from": WEEK_OF.isoformat(), "to": SATURDAY.isoformat()}
    overview = figures_of(open_page("overview", **days))

    brief = brief_of(f"sqlite:///{tmp_path}/demo.db", Scope(WEEK_OF, WEEK_OF + WEEK, demo=True))

    assert overview == {card.label: card.value for card in Wording(brief, Words("en")).cards}


def test_it_says_what_matters_and_where(tmp_path, open_page):
    app = open_page("brief", a_database(tmp_path))
    written = words_of(app).replace("\\", "")

    assert "30 posts about Kedah: +150 % against the week before (12)." in written
    assert "Ferry, 20 negative posts, 20 of them at Pantai Cenang." in written
    assert "Pantai Cenang\N{NO-BREAK SPACE}[20](posts?" in cells_of(app)


def test_each_figure_of_a_topic_opens_exactly_its_posts(tmp_path, open_page):
    cells = cells_of(open_page("brief", a_database(tmp_path)))
    address = cells.split("Pantai Cenang\N{NO-BREAK SPACE}[20](")[1].split(")")[0]

    query = {key: value[0] for key, value in parse_qs(urlsplit(address).query).items()}

    assert query["from"] == WEEK_OF.isoformat()
    assert query["to"] == SATURDAY.isoformat()
    assert (query["topic"], query["sentiment"], query["place"]) == (
        "ferry",
        "negative",
        "pantai-cenang",
    )


def test_the_last_twelve_weeks_can_be_chosen_by_the_address(tmp_path, open_page):
    url = a_database(tmp_path)
    before = (WEEK_OF - WEEK).isoformat()

    app = open_page("brief", url, week=before)

    assert len(app.selectbox(key="pick_week_en").options) == 12
    assert figures_of(app)["Posts"] == "12"


@pytest.mark.parametrize("week", ["2020-01-05", "nonsense", (WEEK_OF + timedelta(1)).isoformat()])
def test_a_week_that_cannot_be_chosen_is_the_last_one(tmp_path, open_page, week):
    assert figures_of(open_page("brief", a_database(tmp_path), week=week))["Posts"] == "30"


def test_choosing_a_week_puts_it_into_the_address(tmp_path, open_page):
    app = open_page("brief", a_database(tmp_path))
    chosen = (WEEK_OF - WEEK).isoformat()

    app.selectbox(key="pick_week_en").select(chosen).run()

    assert chosen in app.query_params["week"]
    assert figures_of(app)["Posts"] == "12"


def test_a_citys_brief_speaks_of_that_city_alone(tmp_path, open_page):
    app = open_page("brief", a_database(tmp_path), city="yan")

    assert figures_of(app)["Posts"] == "10"
    assert "10 posts about Yan" in words_of(app).replace("\\", "")


def collected_on(url: str, *days) -> None:
    """A run of X that ended well on each of these days."""
    engine = open_writer(url)
    with engine.begin() as connection:
        for day in days:
            run = store.start_run(connection, "round", "x", on(day))
            store.finish_run(connection, run, status=RunStatus.OK, now=on(day))
    engine.dispose()


def test_a_quiet_week_says_so(tmp_path, open_page):
    url = a_live_database(tmp_path)
    collected_on(url, *(WEEK_OF + timedelta(days=index) for index in range(-1, 7)))

    app = open_page("brief", url)

    assert "Quiet week" in words_of(app)
    assert figures_of(app)["Net sentiment"] == "—"


def test_a_silent_week_with_days_nobody_collected_is_not_called_quiet(tmp_path, open_page):
    url = a_live_database(tmp_path)
    collected_on(url, WEEK_OF - timedelta(days=1), WEEK_OF)

    said = words_of(open_page("brief", url)).replace("\\", "")

    assert "Quiet week" not in said
    assert "of a week that was not wholly collected" in said


@pytest.mark.parametrize(("language", "no_data"), [("ms", "Tiada data:"), ("en", "No data:")])
def test_a_week_before_collection_began_is_no_quiet_week(tmp_path, open_page, language, no_data):
    app = open_page("brief", a_live_database(tmp_path), lang=language)

    assert f"**{no_data}" in words_of(app).replace("\\", "")
    assert Words(language).t("brief.posts_none").split(":")[0] not in words_of(app)
    assert figures_of(app) == {}
    labels = [link.proto.label for link in app.get("page_link")]
    assert Words(language).t("page.data_health") in labels


def test_a_platform_that_was_never_collected_is_no_quiet_one(tmp_path, open_page):
    url = a_live_database(tmp_path)
    collected_on(url, WEEK_OF)

    said = words_of(open_page("brief", url, platform="tiktok"))

    assert "No data: nothing has been collected yet (TikTok)" in said.replace("\\", "")


def test_page_and_slide_can_be_taken_along(tmp_path, open_page):
    app = open_page("brief", a_database(tmp_path))

    assert {"brief_pdf", "brief_pptx"} <= {button.key for button in app.get("download_button")}


def test_nothing_is_made_of_a_platform_that_stands_apart(tmp_path, open_page):
    url = a_live_database(tmp_path, posts_on(WEEK_OF, 9, platform=Platform.YOUTUBE))

    app = open_page("brief", url, platform="youtube")

    assert app.get("download_button") == []
    assert "nothing may be derived" in words_of(app)


def test_briefs_that_were_sent_are_listed_with_their_files(tmp_path, open_page):
    url = a_database(tmp_path)
    engine = open_writer(url)
    sent = replace(a_brief(), since=WEEK_OF, until=WEEK_OF + WEEK)
    with engine.begin() as connection:
        briefs.keep_brief(connection, sent, ("ms", "en"))
        briefs.note_mailed(connection, WEEK_OF, NOW)

    app = open_page("brief", url)

    assert "archived on 22 Nov 2026, 08:00" in words_of(app)
    keys = [button.key for button in app.get("download_button")]
    assert len([key for key in keys if key.startswith("archived_")]) == 1


def test_without_an_archive_the_page_says_when_there_will_be_one(tmp_path, open_page):
    assert "every Sunday at 08:00" in words_of(open_page("brief", a_database(tmp_path)))
