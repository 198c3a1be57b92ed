"""Before, during and after: same weekdays, honest about chance, silent where nothing is known."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import numpy as np
import pandas as pd
import pytest

from insights.effect import LEVEL, REFERENCES, Effect, collected, effect

TODAY = date(2026, 11, 23)
FIRST = date(2025, 10, 20)
EVENT = (date(2026, 9, 11), date(2026, 9, 13))  # Friday to Sunday
X = {"x": (FIRST, TODAY)}


def a_record(seed: int = 1, *, until: date = TODAY, level: float = 30.0) -> pd.DataFrame:
    """Thirteen months of posts with busy weekends, good and bad weeks and more scatter than
    Poisson's."""
    rng = np.random.default_rng(seed)
    count = (until - FIRST).days
    week = np.repeat(rng.normal(0, 0.15, count // 7 + 1), 7)[:count]
    days = [FIRST + timedelta(days=i) for i in range(count)]
    busy = np.array([1.5 if day.weekday() in (4, 5) else 1.0 for day in days])
    posts = rng.poisson(rng.gamma(20, 1 / 20, count) * level * busy * np.exp(week))
    positive = rng.binomial(posts, 0.5)
    negative = rng.binomial(posts - positive, 0.4)
    return pd.DataFrame(
        {
            "day": days,
            "posts": posts,
            "negative": negative,
            "neutral": posts - positive - negative,
            "positive": positive,
            "engagement": (posts * rng.lognormal(2, 0.6, count)).astype(float),
        }
    )


def each_week(posts: int = 20) -> pd.DataFrame:
    """The same week again and again."""
    count = (TODAY - FIRST).days
    days = [FIRST + timedelta(days=i) for i in range(count)]
    even = [posts + day.weekday() for day in days]
    table = {"day": days, "posts": even, "negative": 2, "neutral": 3, "positive": 5}
    return pd.DataFrame(table).assign(engagement=[10.0 * n for n in even])


def planted(days: pd.DataFrame, event: tuple[date, date], factor: float) -> pd.DataFrame:
    on = days["day"].between(*event)
    more = days.assign(posts=days["posts"].where(~on, (days["posts"] * factor).round().astype(int)))
    return more.assign(engagement=days["engagement"].where(~on, days["engagement"] * factor))


def of(found: Effect, measure: str):
    return next(one for one in found.contrasts if one.measure == measure)


def shifted(weeks: int) -> tuple[date, date]:
    return tuple(day + timedelta(weeks=weeks) for day in EVENT)


# --- what is compared ---------------------------------------------------------------------------


def test_equal_weeks_have_no_change_at_all():
    found = effect(each_week(), EVENT, today=TODAY)

    assert of(found, "posts").change.percent == 0
    assert of(found, "engagement").change.percent == 0
    assert of(found, "net").now == of(found, "net").before == 30
    assert {one.kind for one in (*found.contrasts, *found.contrasts_after)} == {"as_usual"}
    assert of(found, "posts").low == of(found, "posts").high == 0


def test_the_same_weekdays_of_four_weeks_stand_on_each_side():
    found = effect(each_week(), EVENT, today=TODAY)

    assert [s.first for s in found.before] == [shifted(k)[0] for k in (-4, -3, -2, -1)]
    assert [s.first for s in found.after] == [shifted(k)[0] for k in (1, 2, 3, 4)]
    assert {s.first.weekday() for s in (*found.before, found.during, *found.after)} == {4}


def test_a_long_event_is_held_against_spans_that_do_not_touch_it():
    event = (date(2026, 9, 11), date(2026, 9, 20))
    found = effect(each_week(), event, today=TODAY)

    assert found.before[-1].last < event[0]
    assert found.before[-1].first == date(2026, 8, 28)


def test_each_span_counts_what_was_posted_on_its_days():
    found = effect(each_week(), EVENT, today=TODAY)

    assert found.during.posts == 24 + 25 + 26
    assert found.during.engagement == 750


def test_weeks_with_another_event_are_left_out_and_named_and_earlier_ones_taken():
    others = [(*shifted(-1), "Hari Wesak")]
    found = effect(each_week(), EVENT, today=TODAY, others=others)

    assert [(one.why, one.names) for one in found.left_out] == [("event", ("Hari Wesak",))]
    assert [s.first for s in found.before] == [shifted(k)[0] for k in (-5, -4, -3, -2)]


def test_what_else_was_on_is_named():
    found = effect(
        each_week(),
        EVENT,
        today=TODAY,
        others=[(EVENT[1], EVENT[1], "Hari Malaysia")],
        seasons=[(date(2026, 9, 1), date(2026, 9, 30), "Cuti sekolah")],
    )

    assert found.also_on == ("Hari Malaysia", "Cuti sekolah")


def test_weeks_in_which_a_platform_was_not_collected_are_left_out():
    on = collected(X | {"tiktok": (FIRST, TODAY)}, [(*shifted(-2), "tiktok")])
    found = effect(each_week(), EVENT, today=TODAY, collected=on)

    assert [(one.first, one.why) for one in found.left_out] == [(shifted(-2)[0], "collection")]


# --- when nothing can be said -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "given"),
    [
        ("not_over", {"today": EVENT[1]}),
        ("unconfirmed", {"confirmed": False}),
        ("month", {"only_month": True, "confirmed": False}),
        ("gap", {"collected": collected(X, [(EVENT[1], EVENT[1], "x")])}),
        ("collection", {"collected": collected({"x": (shifted(-2)[0], TODAY)}, [])}),
        ("covered", {"others": [(date(2026, 7, 1), date(2026, 9, 10), "Pesta")]}),
    ],
)
def test_it_says_why_nothing_can_be_compared(why, given):
    found = effect(each_week(), EVENT, **{"today": TODAY, **given})

    assert found.why == why
    assert found.contrasts == ()


def test_an_event_of_a_whole_season_is_not_compared():
    event = (date(2026, 9, 1), date(2026, 9, 15))
    assert effect(each_week(), event, today=TODAY).why == "too_long"


def test_an_event_before_or_just_after_the_first_post_is_not_compared():
    early = (FIRST - timedelta(days=3), FIRST)
    assert effect(each_week(), early, today=TODAY).why == "early"
    soon = (FIRST + timedelta(weeks=2), FIRST + timedelta(weeks=2, days=1))
    assert effect(each_week(), soon, today=TODAY).why == "early"


def test_without_any_post_there_is_nothing_to_say():
    assert effect(each_week().iloc[:0], EVENT, today=TODAY).why == "early"


def test_a_weekly_event_cannot_be_told_from_itself():
    every_week = [(*shifted(k), "Pasar malam") for k in range(-40, 8) if k]
    assert effect(each_week(), EVENT, today=TODAY, others=every_week).why == "covered"


def test_a_handful_of_posts_says_nothing():
    quiet = each_week().assign(posts=1, negative=0, neutral=0, positive=1)
    found = effect(quiet, EVENT, today=TODAY)

    assert {of(found, m).kind for m in ("posts", "engagement")} == {"too_few"}
    assert found.during.posts == 3


def test_a_short_record_shows_figures_but_does_not_judge_them():
    recent = each_week()
    recent = recent[recent["day"] >= EVENT[0] - timedelta(weeks=6)].reset_index(drop=True)
    found = of(effect(recent, EVENT, today=TODAY), "posts")

    assert found.kind == "few_references"
    assert found.change.percent == 0
    assert found.low is None
    assert found.references < REFERENCES


def test_an_unknown_count_is_not_taken_for_none():
    days = each_week()
    days.loc[days["day"].between(*EVENT), "engagement"] = float("nan")
    found = effect(days, EVENT, today=TODAY)

    assert found.during.engagement is None
    assert of(found, "engagement").kind == "unknown"
    assert of(found, "posts").kind == "as_usual"


def test_counts_that_still_rise_wait():
    event = (date(2026, 11, 19), date(2026, 11, 20))
    found = of(effect(each_week(), event, today=TODAY), "engagement")

    assert (found.kind, found.settles) == ("young", date(2026, 11, 28))


def test_after_is_told_once_three_weeks_have_passed():
    event = (date(2026, 11, 6), date(2026, 11, 7))
    found = effect(each_week(), event, today=TODAY)

    assert len(found.after) == 2
    assert found.contrasts_after == ()


# --- chance -------------------------------------------------------------------------------------


def test_shuffled_event_dates_show_no_effect():
    found = []
    for seed in range(12):
        days, random = a_record(seed), Random(seed)
        for _ in range(25):
            first = date(2026, 1, 5) + timedelta(days=random.randrange(300))
            event = (first, first + timedelta(days=random.randrange(1, 4)))
            told = effect(days, event, today=TODAY)
            found += [one.kind in ("more", "less") for one in told.contrasts if one.told]

    assert len(found) > 800
    # 900 tries at 5 % that depend on each other by threes: 45, give or take a good two deviations.
    assert 0.02 < sum(found) / len(found) < LEVEL + 0.025


def test_a_planted_effect_is_found():
    sure = 0
    for seed in range(20):
        told = of(effect(planted(a_record(seed), EVENT, 2.5), EVENT, today=TODAY), "posts")
        sure += told.kind == "more"
        assert told.kind != "less"
        assert told.low < told.change.percent < told.high

    assert sure >= 18


def test_a_planted_fall_is_found():
    told = of(effect(planted(a_record(3), EVENT, 0.3), EVENT, today=TODAY), "posts")

    assert told.kind == "less"
    assert told.high < 0
    assert told.as_large == 0


def test_effects_elsewhere_do_not_make_an_ordinary_week_unusual():
    days = a_record(5)
    busy = [shifted(k) for k in (-30, -22, -13, 6)]
    for event in busy:
        days = planted(days, event, 3.0)
    others = [(*event, "Pesta") for event in busy]

    assert of(effect(days, EVENT, today=TODAY, others=others), "posts").kind == "as_usual"


def test_the_same_record_gives_the_same_answer():
    assert effect(a_record(), EVENT, today=TODAY) == effect(a_record(), EVENT, today=TODAY)
