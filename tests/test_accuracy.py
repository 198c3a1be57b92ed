"""Accuracy is what officers saw of it: with its n, its interval, and by language."""

from __future__ import annotations

import pandas as pd

from insights.accuracy import agreements, drawn_by_lot, of_machine
from tests.fakes import NOW

COLUMNS = ["language", "value", "before", "before_by", "sampled", "corrected_at"]


def judged(*rows) -> pd.DataFrame:
    return pd.DataFrame([(*row, NOW) for row in rows], columns=COLUMNS)


def test_nobody_looked_means_nothing_is_known():
    assert agreements(judged()) == []


def test_agreement_is_counted_over_all_and_by_language():
    found = agreements(
        judged(
            ("ms", "positive", "positive", "gemini", True),
            ("ms", "positive", "negative", "gemini", True),
            ("ms", "neutral", "negative", "gemini", False),
            ("en", "negative", "negative", "offline:1", True),
            (None, "neutral", "neutral", "gemini", True),
        )
    )
    assert [(one.language, one.share.n) for one in found] == [
        (None, 5),
        ("ms", 3),
        ("", 1),
        ("en", 1),
    ]
    everything, malay = found[:2]
    assert everything.share.value == 3 / 5
    assert (malay.share.value, malay.opposite) == (1 / 3, 1)
    assert malay.share.low < 1 / 3 < malay.share.high
    assert everything.last == NOW
    assert not everything.enough


def test_only_what_was_drawn_by_lot_speaks_for_the_rest():
    rows = judged(
        ("ms", "positive", "positive", "gemini", True),
        ("ms", "positive", "negative", "gemini", False),
    )
    assert len(drawn_by_lot(rows)) == 1
    assert agreements(drawn_by_lot(rows))[0].share.value == 1


def test_the_offline_classifier_is_judged_by_itself():
    rows = judged(
        ("ms", "positive", "positive", "offline:2026-11", True),
        ("ms", "positive", "negative", "gemini", True),
    )
    assert list(of_machine(rows, offline=True)["before"]) == ["positive"]
    assert list(of_machine(rows, offline=False)["before"]) == ["negative"]
