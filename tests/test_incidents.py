"""What opens an incident, what ends it, and what is mailed when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from insights.breaker import Run
from insights.incidents import (
    COLLECTOR,
    Incident,
    Trouble,
    alarms,
    all_clears,
    finding,
    is_new,
    silence,
    went_well,
)
from insights.model import Kind
from tests.fakes import NOW

EVERY = timedelta(hours=2)
HOUR = timedelta(hours=1)


def runs(*told: tuple[str, Kind | None]) -> list[Run]:
    """Runs two hours apart, the last one named ended at NOW; the newest comes first."""
    return [
        Run(status, NOW - index * EVERY, kind) for index, (status, kind) in enumerate(told[::-1])
    ]


OK = ("ok", None)
DOWN = ("failed", Kind.SERVER_ERROR)
REFUSED = ("failed", Kind.AUTH)
USED_UP = ("failed", Kind.QUOTA)


def an_incident(**given) -> Incident:
    values = {"id": 1, "platform": "x", "kind": "failing", "since": NOW, "opened_at": NOW}
    return Incident(**{**values, **given})


# ---- what is wrong ------------------------------------------------------------------------------


def test_nothing_collected_yet_is_no_trouble():
    assert finding([], NOW) is None
    assert silence(None, NOW, EVERY) is None


def test_one_failed_run_is_none_either():
    assert finding(runs(OK, DOWN), NOW) is None


def test_two_failed_runs_are_and_it_began_with_the_first():
    found = finding(runs(OK, DOWN, DOWN), NOW)

    assert (found.kind, found.since) == (Trouble.FAILING, NOW - EVERY)
    assert found.error_kind == Kind.SERVER_ERROR


@pytest.mark.parametrize("status", ["failed", "partial"])
def test_a_refused_token_counts_at_once(status):
    assert finding(runs(OK, (status, Kind.AUTH)), NOW).kind == Trouble.TOKEN


def test_a_success_in_between_begins_the_count_anew():
    assert finding(runs(DOWN, OK, DOWN), NOW) is None


def test_a_run_that_stopped_at_a_limit_went_well_as_far_as_it_went():
    assert went_well(Run("partial", NOW, Kind.BUDGET))
    assert not went_well(Run("partial", NOW, Kind.PERMISSION))


def test_a_quota_used_up_is_trouble_only_once_its_midnight_did_not_help():
    today = runs(OK, *[USED_UP] * 12)
    longer = runs(OK, *[USED_UP] * 13)

    assert finding(today, NOW) is None
    assert finding(longer, NOW).kind == Trouble.FAILING


def test_more_than_two_intervals_without_a_finished_run_are_silence():
    assert silence(NOW - 2 * EVERY, NOW, EVERY) is None
    assert silence(NOW - 2 * EVERY - timedelta(seconds=1), NOW, EVERY).kind == Trouble.SILENT


def test_a_clock_that_was_set_back_is_no_silence():
    assert silence(NOW + timedelta(days=1), NOW, EVERY) is None


def test_an_incident_opens_once():
    found = finding(runs(DOWN, DOWN), NOW)

    assert is_new(found, set())
    assert not is_new(found, {Trouble.FAILING})
    assert not is_new(None, set())


def test_a_refused_token_is_told_beside_other_failures_and_not_the_other_way_round():
    assert is_new(finding(runs(DOWN, REFUSED), NOW), {Trouble.FAILING})
    assert not is_new(finding(runs(REFUSED, DOWN), NOW), {Trouble.TOKEN})


# ---- what is mailed -----------------------------------------------------------------------------


def test_an_open_incident_is_told_once():
    assert alarms([an_incident()], NOW) == [an_incident()]
    assert alarms([an_incident(mailed_at=NOW)], NOW + 99 * HOUR) == []


def test_a_platform_raises_at_most_one_alarm_in_six_hours():
    before = an_incident(mailed_at=NOW, closed_at=NOW + HOUR, recovery_mailed_at=NOW + HOUR)
    again = an_incident(id=2, opened_at=NOW + 2 * HOUR)

    assert alarms([before, again], NOW + 5 * HOUR) == []
    assert alarms([before, again], NOW + 6 * HOUR) == [again]


def test_a_mail_sent_by_a_clock_that_was_days_ahead_holds_no_alarm_back():
    told = an_incident(mailed_at=NOW + 48 * HOUR, closed_at=NOW + 49 * HOUR)
    again = an_incident(id=2)

    assert alarms([told, again], NOW) == [again]


def test_another_platform_does_not_wait_for_it():
    told, other = an_incident(mailed_at=NOW), an_incident(id=2, platform="facebook")

    assert alarms([told, other], NOW + HOUR) == [other]


def test_of_two_incidents_at_once_the_refused_token_is_told():
    failing, token = an_incident(), an_incident(id=2, kind="token")

    assert alarms([failing, token], NOW) == [token]


def test_what_was_over_before_its_alarm_was_due_is_not_told_at_all():
    over = an_incident(closed_at=NOW)

    assert alarms([over], NOW) == []
    assert all_clears([over], NOW) == []


def test_the_end_of_a_told_incident_is_told_at_once_and_once():
    over = an_incident(mailed_at=NOW, closed_at=NOW + HOUR)
    told = an_incident(mailed_at=NOW, closed_at=NOW + HOUR, recovery_mailed_at=NOW + HOUR)

    assert all_clears([over], NOW + HOUR) == [(over,)]
    assert all_clears([told], NOW + HOUR) == []


def test_incidents_of_one_platform_end_with_one_mail():
    both = [an_incident(id=i, mailed_at=NOW, closed_at=NOW + HOUR) for i in (1, 2)]

    assert all_clears(both, NOW + HOUR) == [tuple(both)]


def test_no_all_clear_while_the_platform_is_in_trouble_again():
    over, again = an_incident(mailed_at=NOW, closed_at=NOW + HOUR), an_incident(id=2)

    assert all_clears([over, again], NOW + HOUR) == []


def test_an_all_clear_nobody_could_send_for_days_is_dropped():
    over = an_incident(platform=COLLECTOR, mailed_at=NOW, closed_at=NOW)

    assert all_clears([over], NOW + timedelta(days=3)) == []
