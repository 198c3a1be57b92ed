"""The daily ledger: what is left, when a platform's day ends, and odd memories."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.platforms import Page
from collector.platforms.http import Interrupted, PlatformDown
from collector.platforms.quota import PACIFIC, Quota, next_midnight, remembered
from insights.model import Kind
from tests.fakes import NOW

DAILY = {"searches": 3}


def a_quota(state=None, now=NOW, zone=PACIFIC):
    return Quota(DAILY, zone, state or {}, now)


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        ("2026-11-23T07:59:59", "2026-11-23T08:00"),
        ("2026-11-23T08:00:00", "2026-11-24T08:00"),
        ("2026-07-01T12:00:00", "2026-07-02T07:00"),
        ("2026-03-08T09:00:00", "2026-03-09T07:00"),  # the day clocks go forward has 23 hours
        ("2026-11-01T08:00:00", "2026-11-02T08:00"),  # and the day they go back has 25
    ],
)
def test_the_day_of_california_ends_at_its_own_midnight(now, midnight):
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert next_midnight(instant, PACIFIC) == datetime.fromisoformat(midnight).replace(tzinfo=UTC)


def test_a_day_in_utc_ends_at_its_midnight():
    assert next_midnight(NOW, UTC) == datetime(2026, 11, 24, tzinfo=UTC)


def test_what_was_spent_is_known_after_a_restart_and_forgotten_the_next_day():
    quota = a_quota()
    quota.spend("searches", 2)
    assert a_quota(quota.state()).left("searches") == 1
    assert a_quota(quota.state(), NOW + timedelta(days=1)).left("searches") == 3


def test_a_used_up_allowance_closes_until_the_day_is_over():
    quota = a_quota()
    quota.spend("searches", 5)
    with pytest.raises(PlatformDown, match="the 3 searches of the day are used up") as raised:
        quota.check("searches")
    assert raised.value.kind == Kind.QUOTA
    later = datetime(2026, 11, 23, 7, 59, tzinfo=UTC)
    with pytest.raises(PlatformDown, match="not asked before 2026-11-23 08:00 UTC"):
        a_quota(quota.state(), later).check("searches")
    a_quota(quota.state(), later + timedelta(minutes=1)).check("searches")


@pytest.mark.parametrize(
    "odd",
    [
        {"quota": 5, "closed_until": 7},
        {"quota": {"day": "2026-11-22", "used": [1]}, "closed_until": "soon"},
        {"quota": {"day": "2026-11-22", "used": {"searches": -4}}},
        {"quota": {"day": "2026-11-22", "used": {"searches": "many"}}, "closed_until": "2026"},
    ],
)
def test_an_odd_memory_counts_as_nothing_spent(odd):
    assert a_quota(odd).left("searches") == 3


def broken_by(error):
    yield Page("search:1")
    raise error


def test_a_closure_written_by_a_clock_that_was_days_ahead_ends_with_the_day():
    quota = a_quota({"closed_until": "2026-11-29T08:00:00+00:00"})

    assert quota.state()["closed_until"] == next_midnight(NOW, PACIFIC).isoformat()


def test_a_platform_that_goes_down_keeps_what_it_spent():
    down = PlatformDown(Kind.AUTH, "refused")
    pages = list(remembered(broken_by(down), lambda: {"spent": 1}))
    assert [page.state for page in pages] == [{}, {"spent": 1}]
    assert pages[-1].problem is down


def test_a_stop_keeps_what_was_spent_and_is_passed_on():
    pages = remembered(broken_by(Interrupted(Kind.UNKNOWN, "stop")), lambda: {"spent": 1})
    assert [next(pages).state, next(pages).state] == [{}, {"spent": 1}]
    with pytest.raises(Interrupted):
        next(pages)
