import pytest

from insights.model import Sentiment
from tests.dashboards import a_live_database
from tests.pages import cells_of, figures_of, labelled, opener, some_posts, words_of


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def a_mixed_database(folder):
    posts = some_posts(8)
    labels = labelled(posts[:3], Sentiment.NEGATIVE, "ferry")
    labels += labelled(posts[3:4], Sentiment.NEUTRAL)
    labels += labelled(posts[4:6], Sentiment.POSITIVE, "food")
    return a_live_database(folder, posts, labels=labels)


def test_each_label_has_its_count_and_waiting_posts_are_none_of_them(tmp_path, open_page):
    figures = figures_of(open_page("sentiment", a_mixed_database(tmp_path)))

    assert (figures["Negative"], figures["Neutral"], figures["Positive"]) == ("3", "1", "2")
    assert figures["Classified"] == "75 %"


def test_the_distribution_says_how_many_posts_it_speaks_of(tmp_path, open_page):
    app = open_page("sentiment", a_mixed_database(tmp_path))

    assert "6 classified posts of 8 (75 %)" in words_of(app)


def test_negative_topics_stand_by_place_and_lead_to_their_posts(tmp_path, open_page):
    app = open_page("sentiment", a_mixed_database(tmp_path))
    row = app.table[0].value.iloc[0]

    assert row["Topic"] == "Ferry"
    assert row["Pantai Cenang"].startswith("[3](posts?")
    for part in ("topic=ferry", "sentiment=negative", "place=pantai-cenang"):
        assert part in row["Pantai Cenang"]


def test_praise_is_no_complaint(tmp_path, open_page):
    assert "Food" not in cells_of(open_page("sentiment", a_mixed_database(tmp_path)))


@pytest.mark.parametrize("group", ["category", "city", "platform", "horoscope"])
def test_shares_can_be_compared_by_each_group(tmp_path, open_page, group):
    app = open_page("sentiment", a_mixed_database(tmp_path), by=group)

    assert len(app.get("plotly_chart")) == 5


def test_unlabelled_posts_draw_nothing(tmp_path, open_page):
    app = open_page("sentiment", a_live_database(tmp_path, some_posts()))

    assert not app.get("plotly_chart")
    assert figures_of(app)["Net sentiment"] == "—"
    assert "No post of this choice is classified yet." in words_of(app)


def test_without_posts_there_are_no_figures(tmp_path, open_page):
    app = open_page("sentiment", a_live_database(tmp_path))

    assert not app.metric
    assert not app.get("plotly_chart")


def test_six_of_seven_positive_reads_with_its_interval_and_n(tmp_path, open_page):
    posts = some_posts(7)
    labels = [*labelled(posts[:6], Sentiment.POSITIVE), *labelled(posts[6:], Sentiment.NEGATIVE)]
    app = open_page("sentiment", a_live_database(tmp_path, posts, labels=labels))

    assert "86 % (49-97), n=7" in words_of(app)
