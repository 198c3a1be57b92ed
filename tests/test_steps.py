from datetime import date, timedelta

import pandas as pd

from insights.steps import steps, with_net

SUNDAY = date(2026, 11, 1)


def some_days(count: int, first: date = SUNDAY, **counts) -> pd.DataFrame:
    frame = pd.DataFrame({"day": [first + timedelta(days=i) for i in range(count)]})
    for name in ("posts", "negative", "neutral", "positive"):
        frame[name] = counts.get(name, 1)
    return frame


def test_a_short_period_keeps_its_days():
    rows = steps(some_days(31))
    assert len(rows["first"]) == 31
    assert rows["first"] == rows["last"]


def test_a_long_period_is_gathered_into_weeks_from_sunday_to_saturday():
    rows = steps(some_days(140))
    assert len(rows["first"]) == 20
    assert rows["first"][0] == SUNDAY
    assert rows["last"][0] == date(2026, 11, 7)


def test_no_post_is_lost_in_gathering():
    days = some_days(365, first=date(2026, 1, 1), posts=3)
    assert sum(steps(days)["posts"]) == days["posts"].sum()


def test_weeks_at_the_ends_hold_only_days_of_the_period():
    rows = steps(some_days(137, first=SUNDAY + timedelta(days=3)))
    assert rows["first"][0] == date(2026, 11, 4)
    assert rows["last"][0] == date(2026, 11, 7)
    assert rows["posts"][0] == 4


def test_no_days_are_no_steps():
    assert steps(some_days(0))["first"] == []
    assert steps(some_days(0), weekly_from=0)["posts"] == []


def test_a_step_that_says_too_little_has_no_value_and_keeps_its_n():
    rows = with_net(steps(some_days(2)), lambda negative, neutral, positive: None)
    assert rows["value"] == [None, None]
    assert rows["n"] == [3, 3]


def test_values_come_with_their_interval():
    rows = with_net(steps(some_days(1)), lambda *counts: (10.0, -5.0, 25.0))
    assert [rows[name] for name in ("value", "low", "high")] == [[10.0], [-5.0], [25.0]]


def test_no_days_have_no_values():
    assert with_net(steps(some_days(0)), lambda *counts: None)["value"] == []
