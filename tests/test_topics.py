"""The vocabulary of topics: fixed, of two kinds, and with words in both languages."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from insights import topics

SHARED = Path(__file__).parents[2] / "shared" / "data" / "issues.csv"


def test_a_topic_is_an_issue_or_praise_and_never_both():
    assert len(topics.TOPICS) == len(set(topics.TOPICS)) == 27
    assert {topics.kind(code) for code in topics.ISSUES} == {"issue"}
    assert {topics.kind(code) for code in topics.PRAISE} == {"praise"}


def test_an_unknown_topic_has_no_kind():
    with pytest.raises(KeyError):
        topics.kind("astrology")


def test_only_known_codes_are_kept_once_each_in_their_order():
    assert topics.valid(["food", "nonsense", "ferry", "food", None, 3, ["ferry"]]) == (
        "food",
        "ferry",
    )
    assert topics.valid([]) == ()


@pytest.mark.parametrize("code", topics.TOPICS)
@pytest.mark.parametrize("language", ["ms", "en"])
def test_every_topic_has_words_in_both_languages(code, language):
    words = topics.cues(code, language)
    assert len(words) >= 5
    assert len(set(words)) == len(words)
    assert all(word == word.strip().lower() for word in words)


@pytest.mark.skipif(not SHARED.exists(), reason=f"the shared issues are not beside us: {SHARED}")
def test_every_shared_issue_has_a_code_with_all_its_words():
    with SHARED.open(encoding="utf-8", newline="") as file:
        shared = list(csv.DictReader(file))
    assert len(shared) == len(topics.ISSUES)
    for row, code in zip(shared, topics.ISSUES, strict=True):
        assert set(row["ms_terms"].split("|")) <= set(topics.cues(code, "ms")), code
        assert set(row["en_terms"].split("|")) <= set(topics.cues(code, "en")), code


def test_words_name_a_topic_of_the_kind_that_is_asked_for():
    text = "Tambang FERI naik lagi, jeti pula kotor; pemandangan cantik"
    assert topics.named(text, "issue") == ("ferry", "litter")
    assert topics.named(text, "praise") == ("scenery",)


def test_part_of_a_word_names_nothing():
    assert topics.named("Fareez banned the beautifully broad", "issue") == ()
    assert topics.named("", "praise") == ()
