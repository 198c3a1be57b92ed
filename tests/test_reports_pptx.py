"""The brief as a slide: text that can be edited, charts and a table that are native."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest
from pptx import Presentation

from insights.words import Words
from reports.pptx import pptx
from reports.wording import Wording
from tests.briefs import SUNDAY, a_blank_brief, a_brief, a_quiet_brief

LANGUAGES = ("ms", "en")


def slide_of(file: bytes):
    (slide,) = Presentation(io.BytesIO(file)).slides
    return slide


def shapes_of(file: bytes) -> dict:
    return {shape.name: shape for shape in slide_of(file).shapes}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_slide_says_what_the_page_says(language):
    said = Wording(a_brief(), Words(language))

    shapes = shapes_of(pptx(a_brief(), Words(language)))

    assert shapes["sentences"].text_frame.text.split("\n") == said.sentences
    assert shapes["week"].text_frame.text == f"{said.scope}\n{said.days}"
    for card in said.cards:
        lines = shapes[card.key].text_frame.text.split("\n")
        assert lines[:2] == [card.label, card.value]
        assert lines[2].strip() == card.change


def test_it_is_one_wide_slide():
    deck = Presentation(io.BytesIO(pptx(a_brief(), Words("en"))))

    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9, abs=0.01)
    assert len(deck.slides) == 1


def test_charts_are_native_and_hold_the_figures():
    shapes = shapes_of(pptx(a_brief(), Words("en")))
    now, before = shapes["trend"].chart.plots[0].series
    labels = {s.name: list(s.values) for s in shapes["sentiment"].chart.plots[0].series}

    assert list(now.values) == [11, 12, 13, 14, 15, 16, 17]
    assert list(before.values) == [10, 11, 12, 13, 14, 15, 16]
    assert labels == {"− Negative": [55, 30], "= Neutral": [20, 20], "+ Positive": [20, 60]}


def test_a_day_that_nobody_collected_is_a_gap_in_the_line():
    days = tuple(day.__class__(day.day, day.posts, None) for day in a_brief().days)

    _, before = shapes_of(pptx(a_brief(days=days), Words("en")))["trend"].chart.plots[0].series

    assert list(before.values) == [None] * 7


def test_the_table_is_native():
    table = shapes_of(pptx(a_brief(), Words("en")))["complaints"].table
    rows = [[cell.text for cell in row.cells] for row in table.rows]

    assert rows[0] == ["Topic", "Negative", "Change", "Where"]
    assert rows[1][:3] == ["Ferry", "23", "new"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notes_hold_definitions_and_the_state_of_collection(language):
    said = Wording(a_brief(), Words(language))

    notes = slide_of(pptx(a_brief(), Words(language))).notes_slide.notes_text_frame.text

    assert said.definitions in notes
    assert said.as_of in notes
    assert all(line in notes for line in said.state)


def test_nothing_lies_outside_the_slide():
    deck = Presentation(io.BytesIO(pptx(a_brief(demo=True), Words("ms"))))
    outside = [
        shape.name
        for shape in deck.slides[0].shapes
        if shape.left < 0
        or shape.top < 0
        or shape.left + shape.width > deck.slide_width
        or shape.top + shape.height > deck.slide_height
    ]

    assert outside == []


def test_invented_figures_are_marked():
    assert "DEMO" in shapes_of(pptx(a_brief(demo=True), Words("ms")))["demo"].text_frame.text
    assert "demo" not in shapes_of(pptx(a_brief(), Words("ms")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quiet_week_is_a_slide_without_bars(language):
    shapes = shapes_of(pptx(a_quiet_brief(), Words(language)))

    assert "sentiment" not in shapes
    assert shapes["complaints_none"].text_frame.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_week_that_nobody_collected_is_a_slide_that_says_so(language):
    said = Wording(a_blank_brief(), Words(language))

    shapes = shapes_of(pptx(a_blank_brief(), Words(language)))

    assert shapes["sentences"].text_frame.text.split("\n") == said.sentences
    once = [line for line in said.state if line not in said.sentences]
    assert shapes["state"].text_frame.text.split("\n")[1:] == once
    assert said.words.t("brief.no_events") in shapes["events"].text_frame.text
    assert shapes.keys().isdisjoint({"trend", "sentiment", "complaints", "total_posts"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_charts_and_the_table_are_told_in_words(language):
    words = Words(language)
    shapes = shapes_of(pptx(a_brief(), words))
    alt = {
        name: shapes[name]._element.nvGraphicFramePr.cNvPr.get("descr")
        for name in ("trend", "sentiment", "complaints")
    }

    assert alt["trend"].startswith(f"{words.t('brief.trend')}. {words.t('brief.this_week')}: ")
    assert f"{words.weekday(SUNDAY)} 11," in alt["trend"]
    assert f"− {words.t('sentiment.negative')}: " in alt["sentiment"]
    assert " 30." in alt["sentiment"]
    assert alt["complaints"] == words.t("brief.complain")


def test_few_posts_are_marked_whole():
    few = tuple(replace(day, posts=1, before=0) for day in a_brief().days)
    axis = shapes_of(pptx(a_quiet_brief(days=few), Words("en")))["trend"].chart.value_axis

    assert (axis.maximum_scale, axis.major_unit) == (5, 1)


def test_the_same_brief_gives_the_same_bytes_later_too():
    first = pptx(a_brief(), Words("en"))
    time.sleep(2.1)  # a zip file's clock goes by two seconds

    assert pptx(a_brief(), Words("en")) == first
