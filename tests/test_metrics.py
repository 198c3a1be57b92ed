"""The definitions: each figure with posts, without posts, and at its edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import comb

import pytest

from insights import metrics
from insights.metrics import Change, Totals
from insights.model import Scope

MONDAY = date(2026, 11, 23)


def labelled(positive: int = 0, neutral: int = 0, negative: int = 0, waiting: int = 0) -> Totals:
    posts = positive + neutral + negative + waiting
    return Totals(posts=posts, positive=positive, neutral=neutral, negative=negative)


def a_scope(days: int = 30, today: date = MONDAY, **given) -> Scope:
    """The last `days` complete days and today's part so far."""
    return Scope(today - timedelta(days=days), today + timedelta(days=1), **given)


# --- engagement, coverage, shares ----------------------------------------------------------------


def test_engagement_adds_likes_comments_and_shares_and_never_views():
    totals = Totals(posts=2, likes=10, comments=3, shares=1, views=9_000, views_known=2)
    assert totals.engagement == 14


def test_engagement_takes_what_is_known():
    assert metrics.engagement(10, None, 1) == 11
    assert metrics.engagement(0, None, None) == 0


def test_unknown_counts_make_no_engagement():
    assert metrics.engagement(None, None, None) is None
    assert Totals(posts=3).engagement is None


def test_no_posts_have_no_engagement_no_coverage_and_no_sentiment():
    nothing = Totals()
    assert nothing.engagement is None
    assert nothing.coverage is None
    assert metrics.net_sentiment(nothing) is None
    assert (nothing.classified, nothing.unclassified) == (0, 0)


def test_coverage_is_the_classified_part_of_all():
    assert labelled(positive=1, negative=1, waiting=2).coverage == 0.5
    assert metrics.coverage(0, 5) == 0.0
    assert metrics.coverage(0, 0) is None


def test_totals_add_up_and_the_unknown_stays_unknown():
    one = Totals(posts=1, positive=1, likes=4, likes_known=1)
    other = Totals(posts=2, negative=1, views=7, views_known=1)
    both = one + other
    assert (both.posts, both.positive, both.negative) == (3, 1, 1)
    assert (both.likes, both.views, both.shares) == (4, 7, None)
    assert both.likes_known == 1


def test_six_of_seven_reads_86_percent_from_49_to_97():
    part = metrics.share(6, 7)
    assert [round(100 * x) for x in (part.value, part.low, part.high)] == [86, 49, 97]
    assert part.n == 7


def test_a_part_of_nothing_has_no_share():
    assert metrics.share(0, 0) is None
    assert metrics.wilson(0, 0) is None


def test_wilson_stays_inside_and_has_a_width_at_both_ends():
    assert metrics.wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert metrics.wilson(10, 10) == (pytest.approx(0.7225, abs=1e-4), 1.0)


def test_more_than_the_whole_is_no_proportion():
    with pytest.raises(ValueError, match="no proportion"):
        metrics.wilson(8, 7)


# --- net sentiment -------------------------------------------------------------------------------


def test_net_sentiment_is_positive_minus_negative_over_the_classified():
    net = metrics.net_sentiment(labelled(positive=6, neutral=2, negative=2, waiting=90))
    assert net.value == pytest.approx(40)
    assert net.n == 10
    assert net.low < 40 < net.high


def test_unclassified_posts_alone_have_no_sentiment():
    assert metrics.net_sentiment(labelled(waiting=50)) is None


def test_without_neutral_posts_the_interval_is_wilsons_own():
    low, high = metrics.wilson(6, 7)
    net = metrics.net_sentiment(labelled(positive=6, negative=1))
    assert net.low == pytest.approx(100 * (2 * low - 1))
    assert net.high == pytest.approx(100 * (2 * high - 1))


def test_the_interval_mirrors_when_praise_and_complaint_change_places():
    one = metrics.net_sentiment(labelled(7, 3, 2))
    other = metrics.net_sentiment(labelled(2, 3, 7))
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))


def test_more_posts_make_a_narrower_interval():
    widths = [
        (net := metrics.net_sentiment(labelled(3 * k, 2 * k, k))).high - net.low
        for k in (1, 10, 100)
    ]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("counts", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (50, 0, 0), (0, 50, 0)])
def test_the_interval_holds_its_value_and_stays_within_the_scale(counts):
    net = metrics.net_sentiment(labelled(*counts))
    assert -100 <= net.low <= net.value <= net.high <= 100
    assert net.high - net.low > 0


def _truth_is_covered(n: int, p: float, q: float) -> float:
    """The exact chance that the interval of n posts holds the true net sentiment 100(p - q)."""
    truth, covered = 100 * (p - q), 0.0
    for positive in range(n + 1):
        for negative in range(n - positive + 1):
            net = metrics.net_sentiment(labelled(positive, n - positive - negative, negative))
            if net.low - 1e-9 <= truth <= net.high + 1e-9:
                ways = comb(n, positive) * comb(n - positive, negative)
                rest = (1 - p - q) ** (n - positive - negative)
                covered += ways * p**positive * q**negative * rest
    return covered


@pytest.mark.parametrize(("n", "least"), [(5, 0.82), (10, 0.90), (30, 0.92)])
def test_the_interval_covers_the_truth_as_often_as_it_says(n, least):
    mixes = [(p / 10, q / 10) for p in range(1, 9) for q in range(1, 10 - p)]
    chances = [_truth_is_covered(n, p, q) for p, q in mixes]
    assert 0.935 < sum(chances) / len(chances) < 0.975
    assert min(chances) > least


# --- change and trending -------------------------------------------------------------------------


def test_a_change_is_told_in_percent_of_what_was():
    assert metrics.change(15, 10) == Change("change", 50.0)
    assert metrics.change(5, 10) == Change("change", -50.0)


def test_two_equal_periods_are_the_same():
    assert metrics.change(12, 12) == Change("same", 0.0)


def test_something_after_nothing_is_new_and_has_no_percentage():
    assert metrics.change(8, 0) == Change("new", None)


def test_everything_gone_is_minus_a_hundred():
    assert metrics.change(0, 8) == Change("change", -100.0)


@pytest.mark.parametrize(("now", "before"), [(4, 0), (4, 1), (0, 4), (4, 4)])
def test_below_five_posts_are_too_few(now, before):
    assert metrics.change(now, before) == Change("too_few")


@pytest.mark.parametrize(("now", "before"), [(0, 0), (None, 5), (5, None), (None, None)])
def test_nothing_and_the_unknown_do_not_change(now, before):
    assert metrics.change(now, before) == Change("none")


def test_likes_are_judged_by_the_posts_behind_them():
    assert metrics.change(900, 300, posts_now=3, posts_before=2).kind == "too_few"
    assert metrics.change(3, 2, posts_now=40, posts_before=30) == Change("change", 50.0)


def test_a_trend_needs_five_posts():
    assert metrics.trending(4, 1).kind == "too_few"
    assert metrics.trending(4, 1).direction is None
    assert metrics.trending(0, 0).direction is None


def test_a_trend_goes_up_where_posts_and_authors_do():
    trend = metrics.trending(20, 10, 15, 8)
    assert (trend.kind, trend.percent, trend.direction) == ("change", 100.0, "up")
    assert trend.authors.percent == 87.5


def test_one_busy_account_is_no_trend():
    assert metrics.trending(40, 10, 3, 8).direction == "flat"


def test_one_text_in_many_hands_is_no_trend():
    posts, authors, texts = (metrics.change(*pair) for pair in ((40, 10), (38, 9), (9, 9)))
    assert metrics.Trend(posts, authors).direction == "up"
    assert metrics.Trend(posts, authors, texts).direction == "flat"


def test_a_new_place_goes_up_without_a_percentage():
    trend = metrics.trending(9, 0, 6, 0)
    assert (trend.kind, trend.percent, trend.direction) == ("new", None, "up")


def test_without_authors_posts_speak_alone():
    assert metrics.trending(5, 10).direction == "down"
    assert metrics.trending(10, 10).direction == "flat"
    assert metrics.trending(10, 5, None, 4).authors is None


# --- periods -------------------------------------------------------------------------------------


def test_thirty_days_are_thirty_complete_days_and_todays_part():
    since, until = metrics.period("30d", MONDAY)
    assert (since, until) == (date(2026, 10, 24), date(2026, 11, 24))


def test_an_unknown_period_is_an_error():
    with pytest.raises(KeyError):
        metrics.period("5d", MONDAY)


def test_thirty_days_compare_their_last_four_whole_weeks():
    pair = metrics.compared(a_scope(30, city="langkawi"), MONDAY)
    assert pair.whole_weeks
    assert (pair.now.since, pair.now.until) == (date(2026, 10, 26), MONDAY)
    assert (pair.before.since, pair.before.until) == (date(2026, 9, 28), date(2026, 10, 26))
    assert pair.now.city == pair.before.city == "langkawi"


@pytest.mark.parametrize("days", [1, 3, 6, 7, 8, 30, 90, 365])
def test_compared_spans_have_equal_length_and_weekdays_and_no_today(days):
    pair = metrics.compared(a_scope(days), MONDAY)
    assert pair.now.days == pair.before.days == pair.days > 0
    assert pair.now.since.weekday() == pair.before.since.weekday()
    assert pair.now.until <= MONDAY
    assert pair.before.until <= pair.now.since


def test_whole_weeks_end_where_the_next_ones_begin():
    for days in (7, 30, 90, 365):
        pair = metrics.compared(a_scope(days), MONDAY)
        assert pair.before.until == pair.now.since
        assert pair.now.days % 7 == 0


def test_a_short_range_is_compared_with_itself_a_week_earlier():
    weekend = Scope(date(2026, 11, 20), date(2026, 11, 22))
    pair = metrics.compared(weekend, MONDAY)
    assert not pair.whole_weeks
    assert pair.now == weekend
    assert pair.before == replace(weekend, since=date(2026, 11, 13), until=date(2026, 11, 15))


def test_a_range_in_the_past_is_compared_in_the_past():
    past = Scope(date(2026, 3, 1), date(2026, 3, 15))
    pair = metrics.compared(past, MONDAY)
    assert pair.now == past
    assert pair.before.until == date(2026, 3, 1)


def test_today_alone_and_the_future_have_nothing_to_compare():
    assert metrics.compared(Scope(MONDAY, MONDAY + timedelta(days=1)), MONDAY) is None
    assert metrics.compared(Scope(MONDAY + timedelta(days=3), date(2026, 12, 9)), MONDAY) is None


def test_todays_part_stands_apart():
    assert metrics.todays_part(a_scope(7), MONDAY) == Scope(MONDAY, MONDAY + timedelta(days=1))
    assert metrics.todays_part(Scope(date(2026, 3, 1), date(2026, 3, 15)), MONDAY) is None


def test_a_long_earlier_period_must_have_been_collected_from_its_first_half_on():
    pair = metrics.compared(a_scope(365, city="langkawi", platform="x"), MONDAY)
    needed = metrics.must_be_known(pair, first_day=MONDAY - timedelta(days=400))

    assert needed.since == pair.before.since
    assert needed.until == pair.before.since + timedelta(days=pair.before.days // 2)
    assert (needed.city, needed.platform) == ("all", "x")


def test_what_was_collected_before_the_earlier_period_vouches_for_it_too():
    pair = metrics.compared(a_scope(90), MONDAY)
    long_ago = MONDAY - timedelta(days=2000)

    assert metrics.must_be_known(pair, long_ago).since == long_ago


def test_a_week_is_always_compared_with_the_week_before():
    pair = metrics.compared(a_scope(7), MONDAY)

    assert metrics.must_be_known(pair, MONDAY - timedelta(days=8)) is None
