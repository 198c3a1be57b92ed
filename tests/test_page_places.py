from dataclasses import replace
from datetime import timedelta

import pytest

from db import queries
from insights.model import Sentiment
from tests.dashboards import a_live_database
from tests.pages import cells_of, figures_of, labelled, opener, some_posts, words_of
from ui import data
from ui.places import ORDERS


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def test_places_stand_by_engagement_with_their_figures(tmp_path, open_page):
    quiet, loud = some_posts(6, 1, likes=1), some_posts(5, 2, likes=50)
    labels = labelled(loud, Sentiment.POSITIVE)
    app = open_page("places", a_live_database(tmp_path, quiet + loud, labels=labels))

    table = app.table[0].value
    assert ["Gunung Jerai" in row for row in table["Place"]] == [True, False]
    assert "250" in table["Engagement"].iloc[0]
    assert "+100 (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}5)" in table["Net sentiment"].iloc[0]


def test_too_few_labels_say_so_instead_of_a_figure(tmp_path, open_page):
    posts = some_posts(6)
    labels = labelled(posts[:4], Sentiment.NEGATIVE)
    app = open_page("places", a_live_database(tmp_path, posts, labels=labels))

    assert (
        "too few (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}4)"
        in app.table[0].value["Net sentiment"].iloc[0]
    )


def test_every_figure_of_a_row_leads_to_the_posts_of_its_place(tmp_path, open_page):
    posts = some_posts()
    url = a_live_database(tmp_path, posts, labels=labelled(posts, Sentiment.POSITIVE))
    row = open_page("places", url, period="7d").table[0].value.iloc[0]

    for column in ("Engagement", "Posts", "Net sentiment"):
        assert "posts?" in row[column]
        assert "place=pantai-cenang" in row[column]
        assert "period=7d" in row[column]
    assert "sentiment=classified" in row["Net sentiment"]


def test_the_number_of_authors_is_no_link_as_it_is_no_number_of_posts(tmp_path, open_page):
    posts = [replace(one, author_hash=f"writer {i % 2}") for i, one in enumerate(some_posts())]
    app = open_page("places", a_live_database(tmp_path, posts))

    assert app.table[0].value["Authors"].iloc[0] == "2"


def test_authors_that_are_not_stored_are_unknown_and_not_zero(tmp_path, open_page):
    app = open_page("places", a_live_database(tmp_path, some_posts()))

    assert app.table[0].value["Authors"].tolist() == ["—"]
    assert "AUTHOR_HASH_SECRET" in words_of(app)


def test_a_place_none_of_whose_authors_is_stored_has_an_unknown_number_of_them(tmp_path, open_page):
    posts = some_posts(2, 1, likes=9) + some_posts(2, 2, likes=1)
    posts[:2] = [replace(one, author_hash=f"writer {i}") for i, one in enumerate(posts[:2])]
    app = open_page("places", a_live_database(tmp_path, posts))

    assert app.table[0].value["Authors"].tolist() == ["2", "—"]


def a_busy_and_a_quiet_place(folder) -> str:
    """Six posts of Pantai Cenang and two of Gunung Jerai, today, each by a writer of its own."""
    posts = some_posts(6, 1, likes=9) + some_posts(2, 2, likes=1)
    named = [replace(one, author_hash=f"writer {i}", text_cluster=i) for i, one in enumerate(posts)]
    return a_live_database(folder, named)


def test_a_place_with_too_many_posts_to_count_has_no_number_of_authors_and_a_reason(
    tmp_path, open_page, monkeypatch
):
    monkeypatch.setattr(data, "MOST_COUNTED", 5)
    app = open_page("places", a_busy_and_a_quiet_place(tmp_path))

    table = app.table[0].value
    assert table["Authors"].tolist() == ["—", "2"]
    assert table["Different texts"].tolist() == ["—", "2"]
    assert "more than 5 posts would have to be read" in words_of(app)
    assert "AUTHOR_HASH_SECRET" not in words_of(app)


def test_where_nothing_is_counted_authors_are_not_said_to_be_missing(
    tmp_path, open_page, monkeypatch
):
    monkeypatch.setattr(data, "MOST_COUNTED", 0)
    app = open_page("places", a_busy_and_a_quiet_place(tmp_path))

    assert app.table[0].value["Authors"].tolist() == ["—", "—"]
    assert "more than 0 posts would have to be read" in words_of(app)
    assert "AUTHOR_HASH_SECRET" not in words_of(app)


def test_where_all_is_counted_nothing_is_said_of_a_limit(tmp_path, open_page):
    app = open_page("places", a_busy_and_a_quiet_place(tmp_path))

    assert app.table[0].value["Authors"].tolist() == ["6", "2"]
    assert "would have to be read" not in words_of(app)


def test_authors_are_read_of_no_more_posts_than_the_limit_however_long_the_period(
    tmp_path, open_page, monkeypatch
):
    monkeypatch.setattr(data, "MOST_COUNTED", 5)
    read = []
    count = queries.distinct_by_place

    def distinct_by_place(connection, scope, slugs):
        found = count(connection, scope, slugs)
        read.append(int(found["authors"].sum()))  # each post has a writer of its own
        return found

    monkeypatch.setattr(queries, "distinct_by_place", distinct_by_place)
    open_page("places", a_busy_and_a_quiet_place(tmp_path), period="365d")
    assert 0 < sum(read) <= 5


def busy_accounts(folder, count: int = 5) -> str:
    """Twice as many posts as the week before, in days that can be compared, by the same few."""
    posts = some_posts(12, ago=timedelta(days=2)) + some_posts(6, ago=timedelta(days=9))
    old = some_posts(1, ago=timedelta(days=40))
    writers = [replace(one, author_hash=f"{i % count}") for i, one in enumerate(posts)]
    return a_live_database(folder, writers + old)


def test_also_fewer_than_five_busy_accounts_are_no_trend(tmp_path, open_page):
    app = open_page("places", busy_accounts(tmp_path, 3), period="7d")
    assert app.table[0].value["Trend"].iloc[0].endswith("%, not in authors")


def test_a_trend_that_was_not_checked_against_authors_is_said_to_be_unchecked(
    tmp_path, open_page, monkeypatch
):
    url = busy_accounts(tmp_path)
    checked = open_page("places", url, period="7d")
    assert "not in authors" in checked.table[0].value["Trend"].iloc[0]

    monkeypatch.setattr(data, "MOST_COUNTED", 5)
    unchecked = open_page("places", url, period="7d")
    assert "not in authors" not in unchecked.table[0].value["Trend"].iloc[0]
    assert "nor the trend checked against them" in words_of(unchecked)


@pytest.mark.parametrize("order", [*ORDERS, "by-magic"])
def test_every_order_and_an_unknown_one_can_be_asked_for(tmp_path, open_page, order):
    posts = some_posts(6) + some_posts(7, ago=timedelta(days=10))
    app = open_page("places", a_live_database(tmp_path, posts), order=order, period="7d")

    assert "All places" in str(app.selectbox(key="pick_place_en").options)


def test_one_place_shows_its_figures_and_what_the_gazetteer_knows(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts(6, 1) + some_posts(3, 2))
    app = open_page("places", url, place="gunung-jerai")

    assert figures_of(app)["Posts"] == "3"
    assert "approximate" in cells_of(app)


def test_one_place_is_found_whatever_city_was_chosen(tmp_path, open_page):
    url = a_live_database(tmp_path, some_posts(6, 1) + some_posts(3, 2))
    app = open_page("places", url, place="gunung-jerai", city="langkawi")

    assert figures_of(app)["Posts"] == "3"


def test_a_silent_place_has_no_figures_but_its_facts(tmp_path, open_page):
    app = open_page("places", a_live_database(tmp_path, some_posts()), place="gunung-jerai")

    assert not app.metric
    assert "No post about Gunung Jerai" in words_of(app)
    assert "Yan" in cells_of(app)


def test_an_unknown_place_is_said_and_ignored(tmp_path, open_page):
    app = open_page("places", a_live_database(tmp_path, some_posts()), place="atlantis")

    assert "That place is not known" in words_of(app)
    assert "Pantai Cenang" in cells_of(app)


def test_without_posts_there_is_no_table_and_no_map(tmp_path, open_page):
    app = open_page("places", a_live_database(tmp_path))

    assert not app.table
    assert not app.get("plotly_chart")
    assert "No post about Kedah" in words_of(app)


def test_the_map_asks_nobody_for_tiles_until_the_reader_does(tmp_path, open_page):
    app = open_page("places", a_live_database(tmp_path, some_posts()))
    maps = app.get("plotly_chart")
    assert len(maps) == 2
    assert not any("open-street-map" in chart.proto.spec for chart in maps)

    app.toggle(key="map_tiles").set_value(True).run()
    assert all("open-street-map" in chart.proto.spec for chart in app.get("plotly_chart"))
