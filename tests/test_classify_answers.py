"""What a model wrote is believed item by item, by id, or not at all."""

from __future__ import annotations

import json

import pytest

from collector.classify.answers import read_answer
from insights.model import Platform, Sentiment, Unclassified

SENT = {
    "a1": Unclassified(Platform.X, "1", "Pantai Cenang cantik"),
    "b2": Unclassified(Platform.FACEBOOK, "2", "Feri lambat"),
}


def an_item(key: str = "a1", **given):
    values = {
        "id": key,
        "sentiment": "positive",
        "score": 0.8,
        "confidence": 0.9,
        "relevant": True,
        "language": "ms",
        "topics": ["scenery"],
        "keywords": ["cantik"],
        "entities": ["Pantai Cenang"],
        "predicted_engagement": "low",
    }
    return {**values, **given}


def read(text):
    return read_answer(text, SENT, "gemini:test", "1-test")


def read_items(*items):
    return read(json.dumps({"posts": items}))


def the_label(**given):
    """The label of an answer with this one item, None if it was refused."""
    return read_items(an_item(**given)).labels.get("a1")


def test_a_whole_item_becomes_a_classification():
    label = the_label()

    assert (label.platform, label.post_id) == (Platform.X, "1")
    assert (label.sentiment, label.score, label.confidence) == (Sentiment.POSITIVE, 0.8, 0.9)
    assert (label.topics, label.keywords) == (("scenery",), ("cantik",))
    assert label.entities == ("Pantai Cenang",)
    assert (label.relevant, label.language, label.predicted_engagement) == (True, "ms", "low")
    assert (label.classified_by, label.prompt_version) == ("gemini:test", "1-test")


def test_items_are_matched_by_id_whatever_their_order():
    labels = read_items(an_item("b2", sentiment="negative", score=-0.5), an_item("a1")).labels

    assert labels["a1"].post_id == "1"
    assert labels["b2"].post_id == "2"


def test_an_id_that_was_not_sent_is_dropped():
    assert list(read_items(an_item("zz"), an_item("a1")).labels) == ["a1"]


@pytest.mark.parametrize("key", [None, 1, ["a1"], {"a": 1}, ""])
def test_an_id_that_is_no_text_is_dropped(key):
    assert read_items(an_item(key)).labels == {}


def test_a_missing_item_leaves_the_others():
    assert list(read_items(an_item("b2", sentiment="neutral", score=0)).labels) == ["b2"]


def test_the_same_item_twice_counts_once():
    assert list(read_items(an_item(), an_item()).labels) == ["a1"]


def test_two_different_answers_for_one_id_are_no_answer():
    reading = read_items(an_item(), an_item(sentiment="negative", score=-0.8))

    assert reading.labels == {}
    assert reading.problems == {"a1": "answered twice, differently"}


@pytest.mark.parametrize(
    "wrap",
    [
        "{}",
        "\ufeff{}",
        "```json\n{}\n```",
        "```\n{}\n```",
        "Here is the result {{of course}}:\n{}",
        "{}\nI hope this helps {{really}}.",
        "[1, 2] {}",
    ],
)
def test_prose_fences_and_marks_around_the_answer_do_not_matter(wrap):
    text = wrap.format(json.dumps({"posts": [an_item()]}))

    assert list(read(text).labels) == ["a1"]


def test_a_bare_list_and_another_name_for_the_list_are_read():
    assert list(read(json.dumps([an_item()])).labels) == ["a1"]
    assert list(read(json.dumps({"results": [an_item()]})).labels) == ["a1"]


def test_whole_items_before_a_cut_are_kept():
    text = json.dumps({"posts": [an_item("a1"), an_item("b2")]})

    assert list(read(text[:-20]).labels) == ["a1"]


@pytest.mark.parametrize(
    "text",
    [None, "", "sorry", "null", "[]", "{}", "12", '"a1"', "{", "[[[", '{"posts": null}', "<html>"],
)
def test_what_holds_no_item_gives_no_label(text):
    assert read(text).labels == {}


@pytest.mark.parametrize(
    "text",
    ["{" * 300_000, '{"a":' * 100_000, "[" * 300_000, '{"id":"a1","score":' + "9" * 5_000 + "}"],
)
def test_hostile_shapes_are_survived(text):
    assert read(text).labels == {}


@pytest.mark.parametrize("word", ["positive", "Positive", " POSITIVE "])
def test_a_label_is_read_in_any_case(word):
    assert the_label(sentiment=word).sentiment == Sentiment.POSITIVE


@pytest.mark.parametrize(
    "word", ["POSITIF", "pos", "good", "mixed", "", None, 1, True, ["positive"], {}]
)
def test_another_word_is_no_label(word):
    assert the_label(sentiment=word) is None


@pytest.mark.parametrize(("given", "kept"), [(7.3, 1.0), (1, 1.0), (10**400, 1.0), (0.25, 0.25)])
def test_a_score_beyond_the_limit_is_drawn_back(given, kept):
    assert the_label(score=given).score == kept


@pytest.mark.parametrize("score", ["0.8", None, True, [], float("nan"), float("inf")])
def test_what_is_no_number_is_no_score(score):
    assert the_label(score=score) is None


@pytest.mark.parametrize(("label", "score"), [("positive", -0.1), ("negative", 0.1)])
def test_a_label_that_contradicts_its_score_is_refused(label, score):
    reading = read_items(an_item(sentiment=label, score=score))

    assert reading.labels == {}
    assert "contradicts" in reading.problems["a1"]


@pytest.mark.parametrize("label", ["positive", "neutral", "negative"])
def test_a_score_of_zero_contradicts_no_label(label):
    assert the_label(sentiment=label, score=0).score == 0


def test_topics_outside_the_vocabulary_are_dropped_and_doubles_too():
    topics = ["scenery", "aliens", "ferry", "scenery", 3, None]

    assert the_label(topics=topics).topics == ("scenery", "ferry")


def test_keywords_are_cleaned_counted_and_cut():
    words = ["  cantik\n\x00 sangat ", "CANTIK SANGAT", "@someone", "#pantai", "", 3, "x" * 500]
    label = the_label(keywords=words, entities=[f"Hotel {n}" for n in range(30)])

    assert set(label.keywords) == {"CANTIK SANGAT", "pantai", "x" * 40}
    assert len(label.entities) == 8


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("topics", "ferry"),
        ("keywords", {"a": 1}),
        ("entities", None),
        ("language", "id"),
        ("predicted_engagement", "huge"),
        ("relevant", "yes"),
        ("confidence", 1.7),
        ("confidence", "high"),
    ],
)
def test_an_odd_extra_is_left_out_and_the_label_kept(name, odd):
    label = the_label(**{name: odd})

    assert label.sentiment == Sentiment.POSITIVE
    assert getattr(label, name) in (None, ())
