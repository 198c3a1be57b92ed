"""The Posts page says why each post counts, and who said so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insights.matching import BY_CLASSIFIER
from insights.model import PlaceLink, Sentiment
from tests.dashboards import a_live_database
from tests.fakes import a_post, matched
from tests.pages import NOW, labelled, opener, words_of


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    return opener(tmp_path, monkeypatch)


def said_of(folder, open_page, post, **label) -> str:
    answer = replace(labelled([post], Sentiment.POSITIVE)[0], **label)
    app = open_page("posts", a_live_database(folder, [post], labels=[answer]))
    return words_of(app).replace("\\", "")


def test_a_place_that_the_classifier_read_is_told_from_one_that_was_named(tmp_path, open_page):
    post = matched(a_post(content="Kedah cantik", posted_at=NOW))
    read = PlaceLink(1, "Cenang", BY_CLASSIFIER, -1, is_primary=True)
    said = said_of(tmp_path, open_page, post, relevant=True, place=read)
    assert "the classifier read Pantai Cenang in it (“Cenang”)" in said


@pytest.mark.parametrize("relevant", [True, None])
def test_it_is_said_when_the_classifier_agrees_with_the_words(tmp_path, open_page, relevant):
    post = replace(matched(a_post(posted_at=NOW), 1), counted_why="named:Pantai Cenang")
    said = said_of(tmp_path, open_page, post, relevant=relevant)
    assert ("The classifier agrees." in said) is bool(relevant)


def test_where_nothing_was_ever_collected_no_filter_is_blamed(tmp_path, open_page):
    said = words_of(open_page("posts", a_live_database(tmp_path)))

    assert "No post about Kedah has been collected yet." in said
    assert "Take a filter away" not in said


@pytest.mark.parametrize("written", ["0", "-1", "2", "x", "9" * 30, "9" * 5_000])
def test_a_page_that_does_not_exist_is_the_nearest_that_does(tmp_path, open_page, written):
    app = open_page(
        "posts", a_live_database(tmp_path, [matched(a_post(posted_at=NOW), 1)]), page=written
    )

    assert not app.exception
    assert "Pantai Cenang cantik hari ini" in words_of(app)
