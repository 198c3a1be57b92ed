"""How often a platform that keeps failing is still asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from insights.breaker import LONGEST_REST, Run, breaker, rest
from insights.model import Kind
from tests.fakes import NOW

EVERY = timedelta(hours=2)


def runs(*statuses: str, kind: Kind = Kind.SERVER_ERROR) -> list[Run]:
    """Runs of which the last one named ended at NOW, as the newest of a list."""
    return [Run(status, NOW - index * EVERY, kind) for index, status in enumerate(statuses[::-1])]


def test_a_platform_that_never_ran_is_asked_as_usual():
    found = breaker([], NOW, EVERY)

    assert (found.failed, found.probes, found.rests_until) == (0, False, None)


def test_two_failed_rounds_change_nothing():
    found = breaker(runs("ok", "failed", "failed"), NOW, EVERY)

    assert (found.failed, found.probes, found.rests_until) == (2, False, None)


def test_after_three_failed_rounds_it_rests_for_one_interval_and_is_then_probed():
    found = breaker(runs("failed", "failed", "failed"), NOW, EVERY)

    assert found.probes
    assert found.rests_until == NOW + EVERY
    assert breaker(runs("failed", "failed", "failed"), NOW + EVERY, EVERY).rests_until is None


@pytest.mark.parametrize("kind", [Kind.AUTH, Kind.NETWORK, Kind.UNKNOWN, None])
def test_a_refused_token_rests_like_any_other_failure(kind):
    found = breaker(runs("failed", "failed", "failed", kind=kind), NOW, EVERY)

    assert found.error_kind == kind
    assert found.rests_until is not None


def test_rests_double_and_have_an_end():
    hours = [rest(failed, EVERY) / timedelta(hours=1) for failed in (0, 2, 3, 4, 5, 6, 99)]

    assert hours == [0, 0, 2, 4, 6, 6, 6]


def test_an_interval_beyond_the_longest_rest_never_skips_a_round():
    assert rest(9, timedelta(days=1)) == LONGEST_REST


@pytest.mark.parametrize("ended", ["ok", "partial"])
def test_whatever_brought_something_closes_it(ended):
    found = breaker(runs("failed", "failed", "failed", ended), NOW, EVERY)

    assert (found.failed, found.probes) == (0, False)


@pytest.mark.parametrize("kind", [Kind.DB, Kind.BUDGET, Kind.QUOTA])
def test_what_the_platform_is_not_to_blame_for_neither_counts_nor_ends_the_count(kind):
    mixed = [*runs("failed", kind=kind), *runs("failed", "failed")]

    assert breaker(runs("failed", "failed", "failed", kind=kind), NOW, EVERY).failed == 0
    assert breaker(mixed, NOW, EVERY).failed == 2


def test_one_try_in_four_is_a_whole_round_in_case_the_first_request_alone_is_broken():
    tries = [breaker(runs(*["failed"] * failed), NOW, EVERY).probes for failed in range(3, 12)]

    assert tries == [True, True, True, False, True, True, True, False, True]


def test_a_clock_that_was_set_back_lets_nobody_rest_for_ever():
    early = NOW - timedelta(days=30)

    assert breaker(runs("failed", "failed", "failed"), early, EVERY).rests_until is None
