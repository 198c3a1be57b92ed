"""Spans that were not collected alike are not compared."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from insights.fairness import Hole, hole, telling
from insights.metrics import compared
from insights.model import Scope

TODAY = date(2026, 11, 23)
SPAN = compared(Scope(TODAY - timedelta(14), TODAY + timedelta(1)), TODAY)  # 9 Nov.., 26 Oct..


def gap(since: int, last: int, platform: str = "x"):
    """From so many days ago to so many days ago."""
    return (TODAY - timedelta(since), TODAY - timedelta(last), platform)


def test_spans_without_a_gap_are_compared():
    assert hole(SPAN, [], ["x"], TODAY) is None


def test_a_short_gap_that_ended_was_made_good():
    assert hole(SPAN, [gap(6, 2)], ["x"], TODAY) is None


@pytest.mark.parametrize(("since", "last"), [(20, 10), (12, 4)])
def test_a_gap_longer_than_searches_reach_leaves_its_days_empty(since, last):
    first, end, _ = gap(since, last)
    assert hole(SPAN, [gap(since, last)], ["x"], TODAY) == Hole("x", first, end)


def test_a_platform_that_is_still_silent_is_missing_from_the_newest_days():
    assert hole(SPAN, [gap(2, 0)], ["x"], TODAY) == Hole("x", TODAY - timedelta(2), None)


def test_a_gap_before_both_spans_concerns_neither():
    assert hole(SPAN, [gap(60, 40)], ["x"], TODAY) is None


def test_a_platform_that_hardly_counts_forbids_nothing():
    assert telling({"x": 96, "tiktok": 4, "facebook": 0}) == {"x"}
    assert hole(SPAN, [gap(2, 0, "tiktok")], telling({"x": 96, "tiktok": 4}), TODAY) is None


def test_no_posts_at_all_have_no_telling_platform():
    assert telling({}) == frozenset()
