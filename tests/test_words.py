"""The words outside the dashboard: the same tables, in a language that is handed over."""

from __future__ import annotations

from datetime import date

import pytest

from insights.metrics import Change, Trend
from insights.words import UNKNOWN, Words

MALAY, ENGLISH = Words("ms"), Words("en")


def test_each_language_speaks_from_its_own_table():
    assert (MALAY.t("sentiment.positive"), ENGLISH.t("sentiment.positive")) == (
        "Positif",
        "Positive",
    )


def test_a_key_that_no_table_has_is_an_error():
    with pytest.raises(KeyError):
        ENGLISH.t("sentiment.furious")


def test_a_code_without_a_word_is_shown_as_it_is():
    assert ENGLISH.name_of("topic", "lost_camels") == "lost camels"


def test_dates_are_written_in_the_language_that_was_asked_for():
    assert MALAY.day(date(2026, 8, 31)) == "31 Ogo 2026"
    assert ENGLISH.day(date(2026, 8, 31)) == "31 Aug 2026"


@pytest.mark.parametrize(
    ("moved", "shown"),
    [
        (None, UNKNOWN),
        (Change("none"), UNKNOWN),
        (Change("new"), "new"),
        (Change("too_few"), "too few to compare"),
        (Change("same", 0.0), "0 %"),
        (Change("change", 12.44), "+12.4 %"),
        (Change("change", -150.4), "−150 %"),
        (Trend(Change("change", 25.0), Change("change", -3.0)), "+25.0 %"),
    ],
)
def test_a_change_is_a_percentage_or_the_words_for_why_there_is_none(moved, shown):
    assert ENGLISH.change(moved) == shown
