"""YouTube on every page: alone, with its source, outside every total, without a label."""

from __future__ import annotations

import pytest

from insights.model import Platform, Sentiment
from tests.dashboards import a_live_database
from tests.pages import cells_of, figures_of, labelled, opener, some_posts, words_of

SOURCE = "https://www.youtube.com/t/terms"


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def a_blend(folder) -> str:
    """Six posts of X and three videos of YouTube, all of them labelled."""
    posts = some_posts(6, likes=1)
    videos = some_posts(3, platform=Platform.YOUTUBE, likes=10, views=1000)
    labels = labelled(posts, Sentiment.POSITIVE) + labelled(videos, Sentiment.NEGATIVE, "ferry")
    return a_live_database(folder, posts + videos, labels=labels)


def test_totals_leave_youtube_out_and_a_line_of_its_own_opens_its_posts(tmp_path, open_page):
    app = open_page("overview", a_blend(tmp_path))
    assert figures_of(app)["Posts"] == "6"
    assert figures_of(app)["Likes"] == "6"
    assert "YouTube" not in cells_of(app)
    line = next(c.value for c in app.caption if "not in totals" in c.value)
    assert "[3 posts](posts?" in line
    assert "platform=youtube" in line
    assert "3,000 views" in line
    assert SOURCE in line


def test_without_a_video_nobody_reads_of_youtube(tmp_path, open_page):
    app = open_page("overview", a_live_database(tmp_path, some_posts(2)))
    assert "YouTube" not in words_of(app)


def test_youtube_alone_shows_its_counts_and_derives_nothing(tmp_path, open_page):
    app = open_page("overview", a_blend(tmp_path), platform="youtube")
    figures = figures_of(app)
    assert (figures["Posts"], figures["Likes"], figures["Views"]) == ("3", "30", "3,000")
    assert (figures["Net sentiment"], figures["Classified"]) == ("—", "—")
    assert "What people complain about" not in words_of(app)
    assert SOURCE in " ".join(info.value for info in app.info)


def test_the_sentiment_page_says_why_there_is_none(tmp_path, open_page):
    app = open_page("sentiment", a_blend(tmp_path), platform="youtube")
    assert "No sentiment is derived from YouTube's posts." in words_of(app)
    assert not app.get("plotly_chart")
    assert not app.metric


def test_a_place_ranks_by_its_videos_without_engagement_or_sentiment(tmp_path, open_page):
    row = open_page("places", a_blend(tmp_path), platform="youtube").table[0].value.iloc[0]
    assert row["Posts"].startswith("[3](posts?")
    assert "—" in row["Engagement"]
    assert row["Net sentiment"] == "—"


def test_a_video_is_listed_without_the_label_it_once_had(tmp_path, open_page):
    app = open_page("posts", a_blend(tmp_path), platform="youtube")
    assert "3 posts" in words_of(app)
    assert "No label: none is derived from YouTube's posts" in words_of(app)
    assert "-badge[" not in words_of(app)


def test_an_audited_project_blends_youtube_with_its_source(tmp_path, open_page, monkeypatch):
    monkeypatch.setenv("YOUTUBE_AUDITED", "1")
    app = open_page("overview", a_blend(tmp_path))
    assert figures_of(app)["Posts"] == "9"
    assert "YouTube" in cells_of(app)
    assert "not in totals" not in words_of(app)
    assert SOURCE in words_of(app)
