"""Engagement at equal age: which age, which days, which platforms, and when nothing can be told."""

from datetime import date, timedelta

import pytest

from insights.ages import AGES, Seen, at_equal_age, old_enough
from insights.metrics import Totals, change, compared
from insights.model import Scope

TODAY = date(2026, 11, 23)


def span(days):
    return compared(Scope(TODAY - timedelta(days=days), TODAY + timedelta(days=1)), TODAY)


def seen(posts, at_age=None, likes=100, platform="x"):
    told = posts if at_age is None else at_age
    return Seen(platform, posts, Totals(posts=told, likes=likes, likes_known=told))


def told(*now, before=None):
    """Answers for every age: `now` for the later span, `before` (the same if not said) else."""
    earlier = now if before is None else before

    def answer(scope, _age):
        return now if scope.until > TODAY - timedelta(days=5) else earlier

    return answer


@pytest.mark.parametrize(("days", "age"), [(7, 1), (30, 7), (90, 7), (365, 7)])
def test_the_greatest_age_is_taken_that_leaves_most_of_the_days(days, age):
    assert at_equal_age(span(days), TODAY, told(seen(20))).age == age


def test_a_day_is_compared_at_no_age():
    assert at_equal_age(span(1), TODAY, told(seen(20))) is None


def test_only_days_whose_posts_have_all_reached_the_next_age_are_compared():
    clipped = old_enough(span(7), 1, TODAY)
    assert clipped.now.until == date(2026, 11, 21)
    assert clipped.now.days == clipped.before.days == 5


def test_both_spans_keep_equal_weekdays():
    for age in AGES:
        clipped = old_enough(span(30), age, TODAY)
        assert clipped.now.since.weekday() == clipped.before.since.weekday()
        assert clipped.now.until.weekday() == clipped.before.until.weekday()


def test_a_period_that_ended_long_ago_loses_no_day():
    old = compared(Scope(date(2026, 9, 1), date(2026, 9, 15)), TODAY)
    assert old_enough(old, 7, TODAY) == old


def test_two_identical_spans_show_no_change():
    found = at_equal_age(span(7), TODAY, told(seen(20, likes=77)))
    assert change(found.now.likes, found.before.likes, posts_now=20, posts_before=20).percent == 0


def test_the_counts_of_both_spans_and_the_posts_behind_them_are_told():
    found = at_equal_age(span(7), TODAY, told(seen(20, 19, 50), before=[seen(30, 30, 100)]))
    assert (found.now.likes, found.now.posts, found.of_now) == (50, 19, 20)
    assert (found.before.likes, found.before.posts, found.of_before) == (100, 30, 30)


def test_a_platform_that_was_not_seen_at_that_age_is_left_out_of_both():
    silent = seen(5, 1, platform="instagram")
    found = at_equal_age(span(7), TODAY, told(seen(20, likes=9), silent))
    assert found.left_out == ("instagram",)
    assert (found.now.likes, found.now.posts, found.of_now) == (9, 20, 25)


def test_what_was_whole_in_one_span_only_is_left_out_too():
    found = at_equal_age(span(7), TODAY, told(seen(20), before=[seen(20, 17)]))
    assert found is None


def test_a_platform_without_posts_in_one_span_stays():
    found = at_equal_age(
        span(7), TODAY, told(seen(20), before=[seen(20), seen(4, platform="facebook")])
    )
    assert found.left_out == ()
    assert found.before.posts == 24


def test_nothing_is_told_of_less_than_half_of_the_posts():
    many = seen(100, 0, platform="instagram")
    assert at_equal_age(span(7), TODAY, told(seen(20), many)) is None


def test_nothing_is_told_of_fewer_than_five_posts():
    assert at_equal_age(span(7), TODAY, told(seen(4))) is None


def test_no_posts_are_no_comparison():
    assert at_equal_age(span(30), TODAY, told()) is None


def test_a_smaller_age_is_taken_where_the_greater_was_not_seen():
    def answer(_scope, age):
        return [seen(20, 20 if age == 3 else 0)]

    assert at_equal_age(span(30), TODAY, answer).age == 3
