"""What the collector makes of a text, with and without a classifier's word."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collector.classify import Outcome, Stop
from collector.explain import Question, explain, read_questions
from db.seed import seed_places
from insights.model import Classification, Platform, Sentiment, Unclassified
from insights.places import Gazetteer

GAZETTEER = Gazetteer(seed_places())
SHARED = Path(__file__).parents[2] / "shared" / "data" / "place_cases.csv"


class Reader:
    """A classifier that reads the same in every text."""

    name = "gemini:test"

    def __init__(self, relevant: bool | None, *entities: str):
        self._relevant = relevant
        self._entities = entities

    def classify(self, posts: Sequence[Unclassified], stop: Stop) -> Iterator[Outcome]:
        yield Outcome(answers=[self._answer(post) for post in posts])

    def _answer(self, post: Unclassified) -> Classification:
        return Classification(
            Platform.IMPORT,
            post.post_id,
            Sentiment.NEUTRAL,
            0.0,
            self.name,
            entities=self._entities,
            relevant=self._relevant,
        )


def explained(text: str, classifier: Reader | None = None) -> dict:
    return next(explain([Question(text)], GAZETTEER, classifier))


def test_without_a_classifier_the_rules_decide_and_say_by_which_word():
    answer = explained("Menara Alor Star cantik waktu malam")
    assert answer["primary"] == "Menara Alor Setar"
    assert answer["places"][0] == {
        "name": "Menara Alor Setar",
        "city": "Alor Setar",
        "alias": "Menara Alor Star",
        "why": "name",
    }
    assert answer["relevant"]
    assert "relevant_why" not in answer


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Pagi di Alor Staq", "Alor Setar (general)"),
        ("Cuti ke Langkawi", "Langkawi (island, general)"),
        ("Makan di Kuah, Langkawi", "Kuah"),
    ],
)
def test_a_city_as_a_whole_says_that_it_is_none_of_its_places(text, name):
    assert explained(text)["primary"] == name


@pytest.mark.skipif(not SHARED.exists(), reason=f"the shared cases are not beside us: {SHARED}")
def test_the_shared_cases_hold_to_the_letter():
    with SHARED.open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    found = [explained(case["text"])["primary"] or "" for case in cases]
    assert found == [case["expected"] for case in cases]


def test_a_classifier_that_calls_a_named_post_irrelevant_overrules_and_is_named_for_it():
    answer = explained("Langkawi tu nama kucing aku", Reader(False))
    assert not answer["relevant"]
    assert answer["relevant_why"] == "classifier:not_relevant"
    assert [place["why"] for place in answer["places"]] == ["name"]


def test_a_classifier_that_agrees_is_not_called_the_reason():
    assert "relevant_why" not in explained("Ribut di Langkawi", Reader(True))
    assert "relevant_why" not in explained("Ribut di Langkawi", Reader(None))
    assert "relevant_why" not in explained("Kuah kari pekat", Reader(False))


def test_a_name_the_rules_were_unsure_of_is_a_place_where_the_classifier_read_it_as_one():
    text = "lunas memang terbaik"
    assert explained(text)["places"] == []
    answer = explained(text, Reader(True, "Lunas"))
    assert answer["primary"] == "Lunas"
    assert answer["places"][0]["why"] == "classifier"
    assert answer["relevant_why"] == "classifier:relevant"


def test_entities_place_nothing_where_the_classifier_says_the_post_is_not_about_kedah():
    answer = explained("hutang dah lunas", Reader(False, "Lunas"))
    assert (answer["places"], answer["primary"], answer["relevant"]) == ([], None, False)


def test_a_place_named_in_the_text_is_not_moved_by_entities():
    answer = explained("Sampah di Pantai Cenang", Reader(True, "Pantai Kok"))
    assert [place["name"] for place in answer["places"]] == ["Pantai Cenang"]


def test_a_byte_order_mark_before_the_first_line_is_passed_over():
    assert list(read_questions(['\ufeff{"text": "Jitra"}'])) == [Question("Jitra")]


@pytest.mark.parametrize("line", ["[1]", "{}", "5", '"Jitra"', "[" * 100_000, '{"text": 1}'])
def test_a_line_that_is_no_object_with_a_text_is_answered_with_its_number(line):
    assert list(read_questions(["", line])) == [
        Question(problem="line 2 is no JSON object with a text")
    ]
