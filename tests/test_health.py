from datetime import timedelta

import pytest

from insights.health import Health, health
from tests.fakes import NOW

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
