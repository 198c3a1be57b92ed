from datetime import date, datetime, timedelta

import pytest

from insights.health import Health, gaps, health
from tests.fakes import KUALA_LUMPUR, NOW

EVERY = timedelta(hours=2)


def standing(status, **given):
    values = {"now": NOW, "every": EVERY, "started_at": NOW, "last_ok_at": NOW, "stored": 1}
    return health(status, **{**values, **given})


def test_a_run_with_new_posts_is_ok():
    assert standing("ok") == Health.OK


def test_a_run_that_only_updated_posts_is_ok():
    assert standing("ok", stored=0, updated=3) == Health.OK


def test_an_answer_without_posts_is_nothing_new_and_no_failure():
    assert standing("ok", stored=0) == Health.NOTHING_NEW


def test_a_platform_never_asked_is_not_configured():
    assert standing(None, last_ok_at=None) == Health.NOT_CONFIGURED


def test_a_skipped_platform_is_not_configured():
    assert standing("skipped") == Health.NOT_CONFIGURED


def test_a_platform_that_rests_after_failures_is_in_error():
    assert standing("skipped", error_kind="timeout") == Health.ERROR


@pytest.mark.parametrize("kind", ["rate_limited", "quota", "budget"])
def test_what_waiting_cures_is_a_limit(kind):
    assert standing("failed", error_kind=kind) == Health.LIMITED


@pytest.mark.parametrize("kind", ["auth", "server_error", "bad_payload", None])
def test_any_other_failure_is_an_error(kind):
    assert standing("failed", error_kind=kind) == Health.ERROR


def test_a_run_that_stored_a_part_and_then_failed_is_an_error():
    assert standing("partial", error_kind="timeout") == Health.ERROR


@pytest.mark.parametrize("status", ["ok", "partial", "failed"])
def test_a_file_handed_in_is_never_in_error_and_never_stale(status):
    last = NOW - timedelta(days=90)
    found = standing(status, error_kind="bad_payload", last_ok_at=last, by_hand=True)
    assert found == Health.OK


def test_a_failure_is_told_before_age():
    old = NOW - timedelta(days=3)
    assert standing("failed", error_kind="auth", last_ok_at=old) == Health.ERROR


def test_one_missed_round_is_not_stale_yet():
    assert standing("ok", last_ok_at=NOW - EVERY * 2) == Health.OK


def test_two_missed_rounds_are_stale():
    assert standing("ok", last_ok_at=NOW - EVERY * 3) == Health.STALE


def test_an_interrupted_run_is_judged_by_the_last_good_one():
    assert standing("interrupted") == Health.OK
    assert standing("interrupted", last_ok_at=None) == Health.STALE


def test_a_run_that_goes_on_is_running():
    assert standing("running", last_ok_at=None) == Health.RUNNING


def test_a_run_that_never_ended_is_stale():
    assert standing("running", started_at=NOW - EVERY * 3, last_ok_at=None) == Health.STALE


# --- gaps ---


def at(day: int, hour: int = 12) -> datetime:
    """That hour of a day of November 2026 in Kuala Lumpur."""
    return datetime(2026, 11, day, hour, tzinfo=KUALA_LUMPUR)


def missed(*successes: datetime, **given) -> list[tuple[int, int]]:
    found = gaps(successes, **{"every": EVERY, "zone": KUALA_LUMPUR, **given})
    return [(first.day, last.day) for first, last in found]


def test_whole_days_between_two_distant_successes_are_a_gap():
    assert missed(at(10, 22), at(13, 2)) == [(11, 12)]
    assert gaps([at(10), at(12)], every=EVERY, zone=KUALA_LUMPUR) == [
        (date(2026, 11, 11), date(2026, 11, 11))
    ]


def test_a_day_with_a_success_is_no_gap():
    assert missed(at(10, 22), at(11, 23), at(12, 1)) == []


def test_a_success_at_2359_and_one_at_0001_belong_to_two_days():
    late = at(10, 23) + timedelta(minutes=59)
    assert missed(late, at(12, 0) + timedelta(minutes=1)) == [(11, 11)]
    assert missed(late, at(11, 0) + timedelta(minutes=1)) == []


def test_days_without_a_run_are_no_gap_when_rounds_are_that_rare():
    assert missed(at(1), at(4), every=timedelta(days=2)) == []
    assert missed(at(1), at(8), every=timedelta(days=2)) == [(2, 7)]


def test_a_platform_still_asked_is_missing_up_to_today():
    assert missed(at(10), now=at(12)) == [(11, 12)]
    assert missed(at(10), now=at(10, 23)) == []
    assert missed(at(10, 23), now=at(11, 1)) == []


def test_a_clock_behind_the_last_success_makes_no_gap():
    assert missed(at(10), now=at(8)) == []


def test_before_the_first_success_and_of_one_no_longer_asked_nothing_is_known():
    assert missed(now=at(12)) == []
    assert missed(at(10)) == []
