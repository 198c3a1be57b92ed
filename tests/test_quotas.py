"""What platforms still grant, read from what they remember."""

from datetime import UTC, datetime, timedelta

import pytest

from insights.quotas import HASHTAGS, PACIFIC, Allowance, allowances, next_midnight
from tests.fakes import NOW

TODAY = {"day": "2026-11-22", "used": {"searches": 40, "units": 7}}  # California is a day behind


def test_a_ledger_of_the_day_says_what_is_used_and_when_it_begins_anew():
    searches, units = allowances({"youtube": {"quota": TODAY}}, NOW)
    assert (searches.used, searches.limit, units.used) == (40, 100, 7)
    assert searches.resets_at == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert not searches.closed


def test_a_ledger_of_another_day_is_nothing_used():
    old = {"day": "2026-11-21", "used": {"requests": 999}}
    assert [one.used for one in allowances({"tiktok": {"quota": old}}, NOW)] == [0, 0]


def test_what_cannot_be_read_is_unknown_and_not_nothing():
    odd = {"day": "2026-11-23", "used": {"requests": "many"}}
    assert [one.used for one in allowances({"tiktok": {"quota": odd}}, NOW)] == [None, None]


def test_a_platform_that_sent_us_away_is_closed_until_it_said():
    until = (NOW + timedelta(hours=4)).isoformat()
    (searches, _) = allowances({"youtube": {"quota": TODAY, "closed_until": until}}, NOW)
    assert searches.closed
    (searches, _) = allowances({"youtube": {"quota": TODAY, "closed_until": NOW.isoformat()}}, NOW)
    assert not searches.closed


def test_a_model_has_no_figures_but_a_time_when_it_opens():
    until = NOW + timedelta(hours=4)
    assert allowances({"gemini": {"closed_until": until.isoformat()}}, NOW) == [
        Allowance("gemini", "requests", resets_at=until, closed=True)
    ]
    assert allowances({"gemini": {}}, NOW) == []


def test_hashtags_count_for_seven_days_each():
    asked = {"kuah": 1, "langkawi": 6, "yan": 8}
    asked = {tag: (NOW - timedelta(days=days)).isoformat() for tag, days in asked.items()}
    (one,) = allowances({"instagram": {"hashtag_week": asked}}, NOW)
    assert (one.name, one.used, one.limit) == (HASHTAGS, 2, 30)
    assert one.resets_at == NOW + timedelta(days=1)


def test_no_hashtags_asked_wait_for_nothing():
    (one,) = allowances({"instagram": {"hashtag_week": {}}}, NOW)
    assert (one.used, one.resets_at) == (0, None)


def test_platforms_that_were_never_asked_have_no_ledger():
    assert allowances({}, NOW) == []
    assert allowances({"youtube": {"cursor": "x"}, "x": {"spent": {}}}, NOW) == []


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), 24.5),  # the clocks go back: a day of 25 hours
        (datetime(2027, 3, 14, 8, 30, tzinfo=UTC), 22.5),  # and forward
    ],
)
def test_the_days_of_california_have_the_hours_they_have(now, hours):
    assert next_midnight(now, PACIFIC) - now == timedelta(hours=hours)
