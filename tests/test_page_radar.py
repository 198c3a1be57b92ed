"""The Radar page: what is unusual with its figures and posts, and the issue x place table."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from db import alarms, queries, store
from db.engine import open_writer
from insights.model import Sentiment
from insights.radar import Level, Trouble
from tests.dashboards import a_live_database
from tests.fakes import KUALA_LUMPUR, a_post, matched
from tests.pages import NOW, labelled, opener, some_posts, words_of
from tests.test_radar import FERRY, PEOPLE
from ui import radar, text


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def complaints(place_id: int = 1) -> list:
    """Nine by seven people, an hour ago."""
    return [
        matched(a_post(content=said, posted_at=NOW - timedelta(hours=1)), place_id, author=who)
        for said, who in zip(FERRY, PEOPLE, strict=True)
    ]


def quiet_days() -> list:
    return [
        matched(a_post(posted_at=NOW - timedelta(days=back)), 2, author="z")
        for back in range(2, 31)
    ]


def a_database(folder, posts, labels=(), looked: bool = True) -> str:
    url = a_live_database(folder, posts, labels=labels)
    if looked:
        engine = open_writer(url)
        with engine.begin() as connection:
            alarms.sweep(connection, NOW, zone=KUALA_LUMPUR)
        engine.dispose()
    return url


@pytest.fixture
def ferry(tmp_path) -> str:
    bad = complaints()
    return a_database(
        tmp_path, [*bad, *quiet_days()], labelled(bad, Sentiment.NEGATIVE, "ferry", "prices")
    )


def table_of(app) -> str:
    return unescape(" ".join(str(one.proto.body) for one in app.get("html")))


# ---- what is unusual ----------------------------------------------------------------------------


def test_a_find_has_place_issue_counts_chance_and_posts(ferry, open_page):
    app = open_page("radar", ferry)
    said = words_of(app)
    assert "**Pantai Cenang** · Ferry" in said
    assert "9 posts of complaint, 7 authors, since" in said
    assert "Usual for such days: less than 0.1. By chance this happens no more often than" in said
    assert FERRY[0] in said


def test_nothing_unusual_says_what_was_looked_at(tmp_path, open_page):
    app = open_page("radar", a_database(tmp_path, [*some_posts(3), *quiet_days()]))
    said = words_of(app)
    assert "Nothing unusual" in said
    assert re.search(
        r"Posts of yesterday and today: [123]; places: 1; compared with the 28 days", said
    )


def test_before_the_radar_ever_looked_it_says_so(tmp_path, open_page):
    app = open_page("radar", a_database(tmp_path, some_posts(3), looked=False))
    assert "The radar has not looked yet" in words_of(app)
    assert "Nothing unusual" not in words_of(app)


def test_days_that_nobody_collected_are_not_called_usual(tmp_path, open_page):
    url = a_live_database(tmp_path, quiet_days(), age=timedelta(days=3))
    engine = open_writer(url)
    with engine.begin() as connection:
        alarms.sweep(connection, NOW, zone=KUALA_LUMPUR)
    engine.dispose()

    app = open_page("radar", url)

    assert "No data: the radar cannot tell" in words_of(app)
    assert "No collection has ended well yesterday or today" in words_of(app)
    assert "Nothing unusual" not in words_of(app)
    assert "Data health" in [link.proto.label for link in app.get("page_link")]
    overview = briefing_of(open_page("overview", url))
    assert "nothing was collected yesterday or today" in overview
    assert "Nothing unusual" not in overview


def test_with_few_days_known_it_says_that_nothing_is_compared(tmp_path, open_page):
    app = open_page("radar", a_database(tmp_path, some_posts(3)))
    assert "from 14 on, counts are compared" in words_of(app)


def test_a_find_elsewhere_is_not_in_this_scope(ferry, open_page):
    assert "Nothing unusual" in words_of(open_page("radar", ferry, city="yan"))
    assert "· Ferry" in words_of(open_page("radar", ferry, city="langkawi"))
    assert "Nothing unusual" in words_of(open_page("radar", ferry, city="mainland"))


def test_what_is_over_is_listed_with_its_days_and_posts(ferry, open_page):
    engine = open_writer(ferry)
    with engine.begin() as connection:
        alarms.sweep(connection, NOW + timedelta(days=3), zone=KUALA_LUMPUR)
    engine.dispose()
    app = open_page("radar", ferry)
    (cells,) = [one.value.to_csv() for one in app.table]
    assert "Pantai Cenang,Ferry" in cells
    assert "alarm=" in cells


def test_without_a_post_the_page_has_no_table(tmp_path, open_page):
    app = open_page("radar", a_live_database(tmp_path))
    assert not app.get("html")


# ---- its posts ----------------------------------------------------------------------------------


def test_the_posts_page_lists_exactly_a_finds_posts(ferry, open_page):
    app = open_page("posts", ferry, alarm="1", city="yan", period="7d")
    assert "9 posts" in words_of(app)
    assert "Posts of the radar's finding: Pantai Cenang, Ferry" in words_of(app)


@pytest.mark.parametrize("written", ["77", "x", "-1", "9" * 40, "1; DROP TABLE alarms"])
def test_a_find_that_there_is_not_is_no_error(ferry, open_page, written):
    open_page("posts", ferry, alarm=written)


# ---- issue x place ------------------------------------------------------------------------------


def test_each_cell_opens_exactly_its_posts(ferry, open_page):
    table = table_of(open_page("radar", ferry))
    links = re.findall(r'href="(posts\?[^"]+)"[^>]*>(\d+)<', table)
    assert {count for _, count in links} == {"9"}
    assert sum("topic=ferry" in link and "place=pantai-cenang" in link for link, _ in links) == 1
    assert all("sentiment=negative" in link for link, _ in links)


def test_the_table_is_ordered_by_posts_and_ends_with_unknown_places():
    rows = [("ferry", "kuah", 2), ("litter", "kuah", 1), ("litter", "sik", 9), ("food", "sik", 4)]
    shown = radar.grid([*rows, ("ferry", "unknown", 50), ("rules", "sik", 0)])
    assert shown.issues == ["ferry", "litter"]
    assert list(shown.places) == ["sik", "kuah", "unknown"]
    assert shown.counts["ferry", ""] == 52


def test_only_the_places_with_most_posts_are_columns():
    shown = radar.grid([("ferry", f"p{n}", n) for n in range(1, 30)], most=3)
    assert list(shown.places) == ["p29", "p28", "p27"]
    assert shown.counts["ferry", ""] == sum(range(1, 30))


def test_no_negative_post_makes_no_table():
    assert radar.grid([]).issues == []


# ---- words --------------------------------------------------------------------------------------


def an_alarm(**given) -> alarms.Alarm:
    values = {
        "id": 1,
        "place_id": 1,
        "topic": "ferry",
        "kind": Trouble.VOLUME,
        "level": Level.SHOWN,
        "first_day": 20_780,
        "opened_at": NOW,
        "last_seen_at": NOW,
        "closed_at": None,
        "posts": 9,
        "authors": 7,
        "texts": 9,
        "expected": 1.26,
        "p_value": 0.004,
        "post_keys": (),
    }
    return alarms.Alarm(**{**values, **given})


@pytest.mark.parametrize(
    ("authors", "unnamed", "said"),
    [
        (7, 0, "7 authors"),
        (7, 2, "at least 7 authors"),
        (1, 0, "one author"),
        (None, 9, "authors not known"),
    ],
)
def test_authors_are_told_as_far_as_they_are_known(authors, unnamed, said):
    with text.speaking("en"):
        assert radar.people(authors, unnamed) == said


def test_a_find_is_told_in_plain_words():
    with text.speaking("en"):
        said = radar.told(an_alarm(texts=6), 0)
    assert "Without copies they are 6 different texts." in said
    assert said.endswith(
        "Usual for such days: 1.3. By chance this happens no more often than once in 200 times."
    )


def test_without_a_history_nothing_is_called_usual():
    with text.speaking("en"):
        said = radar.told(an_alarm(expected=None, p_value=None), 0)
    assert "nobody can say what is usual" in said
    assert "chance" not in said


# ---- the briefing on the Overview ---------------------------------------------------------------


def briefing_of(app) -> str:
    return table_of(app).split('class="briefing">')[1]


def test_the_overview_opens_with_the_find_and_the_way_to_its_posts(ferry, open_page):
    said = briefing_of(open_page("overview", ferry))
    assert "<strong>Ferry</strong> at <strong>Pantai Cenang</strong>, 9 posts where less" in said
    assert '<a href="posts?lang=en&alarm=1" target="_self">' in said


def test_the_briefing_begins_with_the_alarm_and_how_collection_stands(ferry, open_page):
    alarm, collected, *_ = briefing_of(open_page("overview", ferry)).split("</li>")
    assert "<strong>Ferry</strong> at <strong>Pantai Cenang</strong>" in alarm
    assert collected.startswith("<li>Collection works; last")


def test_the_briefing_is_in_malay_too(ferry, open_page):
    said = briefing_of(open_page("overview", ferry, lang="ms"))
    assert "<strong>Feri</strong> di <strong>Pantai Cenang</strong>" in said


def test_the_overview_says_nothing_unusual_with_its_evidence(tmp_path, open_page):
    app = open_page("overview", a_database(tmp_path, [*some_posts(3), *quiet_days()]))
    assert re.search(r"Nothing unusual\. .*: [123]; .* compared with 28 days", briefing_of(app))


def test_the_names_in_a_briefing_are_inert(ferry, open_page):
    engine = open_writer(ferry)
    with engine.begin() as connection:
        first = queries.gazetteer(connection)[0]
        hostile = [replace(first, name="<img src=//example.org/a>")]
        store.set_up(connection, "Asia/Kuala_Lumpur", hostile, NOW)
    engine.dispose()
    app = open_page("overview", ferry)
    bodies = " ".join(str(one.proto.body) for one in app.get("html"))
    assert "<img" not in bodies
    assert "&lt;img" in bodies
