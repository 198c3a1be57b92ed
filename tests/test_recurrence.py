"""Recurrence: templates become dated events, through month ends, leap days and year turns."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from insights.model import Event, EventTemplate
from insights.recurrence import (
    AHEAD,
    PAST,
    RuleError,
    dates,
    next_events,
    occurrences,
    only_month,
    plan,
)


def a_template(recurrence: str, rule: dict, **given) -> EventTemplate:
    values = {"slug": "pesta", "name_ms": "Pesta", "name_en": "Festival", "city_slug": "yan"}
    return EventTemplate(recurrence=recurrence, rule=rule, **{**values, **given})


def starts(recurrence: str, rule: dict, since: date, until: date, **given) -> list[date]:
    return [start for start, _ in dates(a_template(recurrence, rule, **given), since, until)]


def test_a_weekly_event_falls_on_each_of_its_weekdays():
    found = starts("weekly", {"weekdays": [4, 5]}, date(2026, 11, 23), date(2026, 12, 7))
    assert found == [date(2026, 11, 27), date(2026, 11, 28), date(2026, 12, 4), date(2026, 12, 5)]


def test_a_weekly_event_crosses_the_year_without_losing_a_week():
    found = starts("weekly", {"weekdays": [2]}, date(2026, 12, 20), date(2027, 1, 20))
    assert found == [date(2026, 12, 23) + timedelta(weeks=week) for week in range(4)]


def test_every_second_week_counts_from_its_first_week_whatever_window_is_asked():
    rule = {"weekdays": [0], "every": 2, "from": "2026-01-05"}
    whole = starts("weekly", rule, date(2026, 1, 1), date(2027, 1, 1))
    parts = [
        day
        for month in range(1, 13)
        for day in starts("weekly", rule, date(2026, month, 1), _next_month(2026, month))
    ]
    assert whole == parts
    assert whole[:3] == [date(2026, 1, 5), date(2026, 1, 19), date(2026, 2, 2)]


def _next_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def test_every_second_week_does_not_begin_before_its_first_day():
    rule = {"weekdays": [0, 4], "every": 2, "from": "2026-01-08"}
    assert starts("weekly", rule, date(2025, 12, 1), date(2026, 1, 12)) == [date(2026, 1, 9)]


def test_the_31st_falls_on_the_last_day_of_shorter_months():
    found = starts("monthly", {"day": 31}, date(2026, 1, 1), date(2026, 7, 1))
    assert [day.day for day in found] == [31, 28, 31, 30, 31, 30]


def test_the_31st_is_left_out_of_shorter_months_where_the_rule_says_so():
    found = starts("monthly", {"day": 31, "missing": "skip"}, date(2026, 1, 1), date(2027, 1, 1))
    assert [day.month for day in found] == [1, 3, 5, 7, 8, 10, 12]


def test_the_30th_meets_february_in_a_leap_year():
    assert starts("monthly", {"day": 30}, date(2028, 2, 1), date(2028, 3, 1)) == [date(2028, 2, 29)]


def test_the_second_saturday_of_a_month_is_found():
    found = starts("monthly", {"nth": 2, "weekday": 5}, date(2026, 8, 1), date(2026, 10, 1))
    assert found == [date(2026, 8, 8), date(2026, 9, 12)]


def test_the_last_friday_counts_from_the_end():
    found = starts("monthly", {"nth": -1, "weekday": 4}, date(2026, 10, 1), date(2026, 12, 1))
    assert found == [date(2026, 10, 30), date(2026, 11, 27)]


def test_a_fifth_sunday_is_never_moved():
    found = starts("monthly", {"nth": 5, "weekday": 6}, date(2026, 1, 1), date(2027, 1, 1))
    assert [day.month for day in found] == [3, 5, 8, 11]


def test_a_yearly_event_returns_on_its_date():
    found = starts("yearly", {"month": 8, "day": 31}, date(2026, 1, 1), date(2029, 1, 1))
    assert found == [date(2026, 8, 31), date(2027, 8, 31), date(2028, 8, 31)]


def test_a_leap_day_is_the_28th_in_other_years():
    found = starts("yearly", {"month": 2, "day": 29}, date(2027, 1, 1), date(2029, 1, 1))
    assert found == [date(2027, 2, 28), date(2028, 2, 29)]


def test_a_leap_day_can_be_kept_to_leap_years():
    rule = {"month": 2, "day": 29, "missing": "skip"}
    assert starts("yearly", rule, date(2025, 1, 1), date(2030, 1, 1)) == [date(2028, 2, 29)]
    assert starts("yearly", rule, date(2097, 1, 1), date(2103, 1, 1)) == []


def test_the_third_sunday_of_june_is_found_each_year():
    found = starts(
        "yearly", {"month": 6, "nth": 3, "weekday": 6}, date(2025, 1, 1), date(2028, 1, 1)
    )
    assert found == [date(2025, 6, 15), date(2026, 6, 21), date(2027, 6, 20)]


def test_an_event_of_odd_years_skips_the_even_ones():
    rule = {"month": 5, "day": 20, "every": 2, "from": 2019}
    found = starts("yearly", rule, date(2017, 1, 1), date(2028, 1, 1))
    assert [day.year for day in found] == [2019, 2021, 2023, 2025, 2027]


def test_both_days_of_a_span_belong_to_it():
    template = a_template("yearly", {"month": 12, "day": 30}, duration_days=5)
    assert dates(template, date(2026, 12, 1), date(2027, 1, 1)) == [
        (date(2026, 12, 30), date(2027, 1, 3))
    ]


def test_an_event_that_began_last_year_is_found_while_it_runs():
    template = a_template("yearly", {"month": 12, "day": 30}, duration_days=5)
    span = [(date(2026, 12, 30), date(2027, 1, 3))]
    assert dates(template, date(2027, 1, 3), date(2027, 1, 4)) == span
    assert dates(template, date(2027, 1, 4), date(2027, 1, 5)) == []


def test_the_period_is_half_open():
    rule = {"month": 8, "day": 31}
    assert starts("yearly", rule, date(2026, 8, 31), date(2026, 9, 1)) == [date(2026, 8, 31)]
    assert starts("yearly", rule, date(2026, 8, 1), date(2026, 8, 31)) == []


@pytest.mark.parametrize("recurrence", ["weekly", "monthly", "yearly", "dates"])
def test_an_empty_or_turned_round_period_has_no_events(recurrence):
    template = a_template(recurrence, {})
    assert dates(template, date(2026, 5, 1), date(2026, 5, 1)) == []
    assert dates(template, date(2026, 5, 2), date(2026, 5, 1)) == []


def test_listed_dates_may_be_days_and_ranges_and_come_in_order():
    rule = {"dates": ["2026-12-04..2026-12-31", "2026-02-19"]}
    template = a_template("dates", rule, duration_days=30)
    assert dates(template, date(2026, 1, 1), date(2027, 1, 1)) == [
        (date(2026, 2, 19), date(2026, 3, 20)),
        (date(2026, 12, 4), date(2026, 12, 31)),
    ]


def test_a_question_mark_says_that_a_listed_date_is_to_be_confirmed():
    rule = {"dates": ["2025-05-20..2025-05-24", "2027-05-01..2027-05-31?"]}
    template = a_template("dates", rule, confirmed=True)
    assert occurrences(template, date(2025, 1, 1), date(2028, 1, 1)) == [
        Event("pesta", date(2025, 5, 20), date(2025, 5, 24), True),
        Event("pesta", date(2027, 5, 1), date(2027, 5, 31), False),
    ]


def test_an_unconfirmed_template_makes_no_confirmed_event():
    template = a_template("dates", {"dates": ["2026-02-19"]}, confirmed=False)
    assert [e.confirmed for e in occurrences(template, date(2026, 1, 1), date(2027, 1, 1))] == [
        False
    ]


def test_asking_in_pieces_finds_the_same_starts_as_asking_at_once():
    template = a_template("monthly", {"day": 31}, duration_days=1)
    whole = dates(template, date(2024, 1, 1), date(2026, 1, 1))
    pieces = []
    day = date(2024, 1, 1)
    while day < date(2026, 1, 1):
        pieces += dates(template, day, day + timedelta(days=1))
        day += timedelta(days=1)
    assert whole == pieces


def test_the_first_days_of_the_calendar_are_no_error():
    template = a_template("monthly", {"day": 1}, duration_days=10)
    assert dates(template, date.min, date(1, 1, 2)) == [(date(1, 1, 1), date(1, 1, 10))]


@pytest.mark.parametrize(
    ("recurrence", "rule"),
    [
        ("hourly", {}),
        ("weekly", {}),
        ("weekly", {"weekdays": [7]}),
        ("weekly", {"weekdays": [0], "every": 0}),
        ("weekly", {"weekdays": [0], "every": 2}),
        ("weekly", {"weekdays": [0], "from": "soon"}),
        ("monthly", {}),
        ("monthly", {"day": 0}),
        ("monthly", {"day": True}),
        ("monthly", {"day": 31, "missing": "next"}),
        ("monthly", {"nth": 0, "weekday": 1}),
        ("monthly", {"nth": 1}),
        ("yearly", {"day": 1}),
        ("yearly", {"month": 13, "day": 1}),
        ("islamic", {"day": 1}),
        ("islamic", {"month": 9, "day": 31}),
        ("islamic", {"month": 9, "day": 1, "known": ["soon"]}),
        ("dates", {"dates": ["2026-02-30"]}),
        ("dates", {"dates": ["2026-02-03..2026-02-01"]}),
    ],
)
def test_a_rule_that_cannot_be_read_says_so(recurrence, rule):
    with pytest.raises(RuleError):
        dates(a_template(recurrence, rule), date(2026, 1, 1), date(2027, 1, 1))


@pytest.mark.parametrize(
    ("recurrence", "rule"), [("yearly", {"month": 2}), ("dates", {"dates": ["2028-02"]})]
)
def test_an_event_known_by_its_month_is_that_whole_month_and_unconfirmed(recurrence, rule):
    template = replace(a_template(recurrence, rule), confirmed=True)

    (found,) = occurrences(template, date(2028, 2, 20), date(2028, 3, 20))

    assert (found.starts_on, found.ends_on) == (date(2028, 2, 1), date(2028, 2, 29))
    assert not found.confirmed
    assert only_month(found.starts_on, found.ends_on, found.confirmed)


def test_a_confirmed_month_or_a_part_of_one_is_an_event_of_those_days():
    assert not only_month(date(2026, 2, 1), date(2026, 2, 28), True)
    assert not only_month(date(2026, 2, 1), date(2026, 2, 27), False)
    assert not only_month(date(2026, 2, 2), date(2026, 2, 28), False)


def test_an_event_without_a_length_is_refused():
    with pytest.raises(RuleError, match="duration"):
        dates(
            a_template("monthly", {"day": 1}, duration_days=0), date(2026, 1, 1), date(2027, 1, 1)
        )


# --- the Islamic calendar -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "day", "announced"),
    [
        (1, 1, ["2025-06-27", "2026-06-17"]),
        (3, 12, ["2025-09-05", "2026-08-25"]),
        (9, 1, ["2025-03-02", "2026-02-19"]),
        (10, 1, ["2025-03-31", "2026-03-21"]),
        (12, 10, ["2025-06-07", "2026-05-27"]),
    ],
)
def test_an_islamic_date_is_expected_within_a_day_of_the_one_kept_in_kedah(month, day, announced):
    template = a_template("islamic", {"month": month, "day": day}, confirmed=True)
    found = occurrences(template, date(2025, 1, 1), date(2027, 1, 1))

    assert len(found) == len(announced)
    for event, told in zip(found, announced, strict=True):
        assert abs((event.starts_on - date.fromisoformat(told)).days) <= 1
        assert not event.confirmed


def test_an_announced_day_takes_the_place_of_the_expected_one():
    rule = {"month": 9, "day": 1, "known": ["2026-02-19"]}
    template = a_template("islamic", rule, confirmed=True)
    found = occurrences(template, date(2026, 1, 1), date(2028, 1, 1))

    assert [event.confirmed for event in found] == [True, False]
    assert found[0].starts_on == date(2026, 2, 19)
    assert found[1].starts_on == date(2027, 2, 8)


def test_thirty_three_solar_years_hold_thirty_four_islamic_ones():
    found = starts("islamic", {"month": 1, "day": 1}, date(2000, 1, 1), date(2033, 1, 1))

    gaps = {(b - a).days for a, b in pairwise(found)}
    assert len(found) == 34
    assert gaps == {354, 355}


def test_the_thirtieth_of_a_short_islamic_month_follows_the_rule():
    rule = {"month": 2, "day": 30}
    (last,) = starts("islamic", rule, date(2026, 1, 1), date(2026, 12, 31))
    assert [last] == starts("islamic", {"month": 2, "day": 29}, date(2026, 1, 1), date(2027, 1, 1))
    skipping = rule | {"missing": "skip"}
    assert starts("islamic", skipping, date(2026, 1, 1), date(2027, 1, 1)) == []


# --- the next dates, and what to store -----------------------------------------------------------

TODAY = date(2026, 11, 23)


def test_the_next_dates_are_those_that_are_not_over():
    weekly = a_template("weekly", {"weekdays": [6]}, duration_days=3, confirmed=True)
    found = next_events(weekly, TODAY, 5)

    assert found[0].starts_on == date(2026, 11, 22)
    assert len(found) == 5


def test_the_next_leap_days_are_found_years_ahead():
    rule = {"month": 2, "day": 29, "missing": "skip"}
    found = next_events(a_template("yearly", rule), TODAY, 2)

    assert [event.starts_on for event in found] == [date(2028, 2, 29), date(2032, 2, 29)]


def test_a_list_that_ends_has_fewer_next_dates():
    found = next_events(a_template("dates", {"dates": ["2026-12-01"]}), TODAY, 5)
    assert len(found) == 1


def after(template: EventTemplate, stored: list[Event], today: date = TODAY) -> list[Event]:
    """The stored events once the plan was carried out."""
    save, remove = plan(template, stored, today)
    changed = {event.starts_on for event in save}
    kept = [e for e in stored if e not in remove and e.starts_on not in changed]
    return sorted([*kept, *save], key=lambda event: event.starts_on)


FRIDAYS = a_template("weekly", {"weekdays": [4]}, confirmed=True)


def test_a_new_template_gets_thirteen_months_of_past_and_twelve_of_future_events():
    found = after(FRIDAYS, [])

    assert found[0].starts_on < TODAY - PAST + timedelta(weeks=1)
    assert found[-1].starts_on >= TODAY + AHEAD - timedelta(weeks=1)


@pytest.mark.parametrize(
    "edited",
    [
        FRIDAYS,
        replace(FRIDAYS, rule={"weekdays": [5]}),
        replace(FRIDAYS, duration_days=2),
        replace(FRIDAYS, active=False),
        replace(FRIDAYS, confirmed=False),
        a_template("yearly", {"month": 11}),
        a_template("dates", {"dates": ["2026-11-20..2026-11-29", "2027-05", "2026-10-01"]}),
        a_template("islamic", {"month": 9, "day": 1}),
    ],
)
def test_carried_out_a_plan_finds_nothing_more_to_do(edited):
    once = after(edited, after(FRIDAYS, []))
    assert plan(edited, once, TODAY) == ([], [])
    assert after(edited, once) == once


def test_an_edit_moves_only_what_has_not_begun():
    stored = after(FRIDAYS, [])
    moved = after(replace(FRIDAYS, rule={"weekdays": [5]}), stored)

    past = [event for event in stored if event.starts_on <= TODAY]
    assert moved[: len(past)] == past
    assert {event.starts_on.weekday() for event in moved[len(past) :]} == {5}


def test_what_is_on_stays_when_its_rule_is_changed_or_put_to_rest():
    running = Event("pesta", TODAY - timedelta(days=1), TODAY + timedelta(days=1), True)
    for edited in (replace(FRIDAYS, active=False), a_template("dates", {"dates": ["2027-02-01"]})):
        assert running in after(edited, [running])


def test_a_template_at_rest_loses_what_lies_ahead_and_keeps_what_was():
    stored = after(FRIDAYS, [])
    left = after(replace(FRIDAYS, active=False), stored)

    assert left == [event for event in stored if event.starts_on <= TODAY]


def test_a_past_expectation_may_be_confirmed_and_nothing_confirmed_is_taken_back():
    expected = Event("pesta", date(2026, 10, 2), date(2026, 10, 4), False)
    told = a_template("dates", {"dates": ["2026-10-02..2026-10-03"]}, confirmed=True)
    sure = Event("pesta", date(2026, 10, 2), date(2026, 10, 3), True)

    assert after(told, [expected]) == [sure]
    assert after(replace(told, confirmed=False), [sure]) == [sure]


def test_a_day_announced_takes_the_place_of_its_month():
    month = Event("pesta", date(2026, 11, 1), date(2026, 11, 30), False)
    told = a_template("dates", {"dates": ["2026-11-20..2026-11-22"]}, confirmed=True)

    assert after(told, [month]) == [Event("pesta", date(2026, 11, 20), date(2026, 11, 22), True)]


def test_a_guess_about_the_past_is_not_stored():
    guess = a_template("yearly", {"month": 9, "day": 5}, confirmed=False)
    assert [event.starts_on for event in after(guess, [])] == [date(2027, 9, 5)]


def test_a_past_date_that_is_listed_later_is_added():
    stored = [Event("pesta", date(2026, 5, 1), date(2026, 5, 1), True)]
    told = a_template("dates", {"dates": ["2026-05-01", "2026-10-02"]}, confirmed=True)

    assert [event.starts_on for event in after(told, stored)] == [
        date(2026, 5, 1),
        date(2026, 10, 2),
    ]


def test_a_rule_that_cannot_be_read_makes_nothing():
    assert after(a_template("weekly", {"weekdays": ["Friday"]}), []) == []
