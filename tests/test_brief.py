"""The weekly brief's figures: which week, what they are composed of, and that they keep."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from insights import brief as brief_of
from insights.brief import Brief, EventLine, Failing, Gap, Stamp, Tables
from insights.metrics import Totals
from insights.model import Scope
from tests.briefs import MADE_AT, SUNDAY, a_blank_brief, a_brief, a_quiet_brief

MONDAY = date(2026, 11, 23)
MEASURES = [part.name for part in fields(Totals)]


# --- which week -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "sunday"),
    [
        (date(2026, 11, 21), date(2026, 11, 8)),  # Saturday: its own week is not over
        (date(2026, 11, 22), date(2026, 11, 15)),  # Sunday
        (date(2026, 11, 28), date(2026, 11, 15)),
        (date(2027, 1, 1), date(2026, 12, 20)),
    ],
)
def test_last_week_is_the_newest_one_that_is_over(today, sunday):
    assert brief_of.last_week(today) == sunday


def test_twelve_complete_weeks_can_be_chosen_the_newest_first():
    weeks = brief_of.weeks(MONDAY)

    assert len(weeks) == 12
    assert weeks[0] == SUNDAY
    assert {day.weekday() for day in weeks} == {6}
    assert weeks[0] - weeks[-1] == timedelta(weeks=11)


# --- composing ------------------------------------------------------------------------------------


def tables(posts: dict[str, int], since: date, **topics: tuple[int, int, int]) -> Tables:
    """A week in which each of these places has so many negative posts, all on the first day."""
    total = sum(posts.values())
    empty = dict.fromkeys(MEASURES, 0)
    places = pd.DataFrame(
        [
            {**empty, "slug": slug, "name": slug.title(), "posts": n, "negative": n,
             "likes": n, "likes_known": n, "views": float("nan"), "engagement": n}
            for slug, n in posts.items()
        ],
        columns=["slug", "name", *MEASURES, "engagement"],
    )  # fmt: skip
    days = [since + timedelta(days=i) for i in range(7)]
    daily = pd.DataFrame({"day": days, "posts": [total, 0, 0, 0, 0, 0, 0]})
    rows = [(topic, *labels) for topic, labels in topics.items()]
    return Tables(
        Totals(posts=total, negative=total, likes=total, likes_known=total),
        daily,
        places,
        pd.DataFrame(rows, columns=["topic", "negative", "neutral", "positive"]),
    )


def composed(now: Tables, before: Tables, **given) -> Brief:
    where = pd.DataFrame(
        [("kuah", "ferry", 5, 0, 0), ("unknown", "ferry", 2, 0, 0), ("kuah", "food", 0, 0, 4)],
        columns=["slug", "topic", "negative", "neutral", "positive"],
    )
    stamp = Stamp("Asia/Kuala_Lumpur", MADE_AT, 1)
    scope = Scope(SUNDAY, SUNDAY + brief_of.WEEK)
    given = {"first_day": date(2026, 1, 1)} | given
    names = {"kuah": "Kuah"}
    return brief_of.compose(scope, stamp, now, before, topics_by_place=where, names=names, **given)


def a_week(**given) -> Brief:
    now = tables({"kuah": 5, "jitra": 9}, SUNDAY, ferry=(7, 0, 0), food=(0, 1, 4))
    before = tables({"kuah": 4}, SUNDAY - brief_of.WEEK, ferry=(1, 0, 0))
    return composed(now, before, **given)


def test_places_stand_by_engagement_and_know_their_week_before():
    rows = [(line.slug, line.totals.posts, line.posts_before) for line in a_week().places]

    assert rows == [("jitra", 9, 0), ("kuah", 5, 4)]


def test_a_count_that_no_platform_told_stays_unknown():
    assert [line.totals.views for line in a_week().places] == [None, None]


def test_complaints_are_topics_of_negative_posts_with_their_places():
    (line,) = a_week().complaints

    assert (line.topic, line.posts, line.before) == ("ferry", 7, 1)
    assert [(one.slug, one.name, one.posts) for one in line.where] == [
        ("kuah", "Kuah", 5),
        ("unknown", "", 2),
    ]


def test_praise_is_made_of_positive_posts_only():
    assert [(line.topic, line.posts) for line in a_week().praise] == [("food", 4)]


def test_days_before_collection_began_are_unknown_and_not_zero():
    brief = a_week(first_day=SUNDAY - timedelta(days=5))

    assert [day.before for day in brief.days] == [None, None, 0, 0, 0, 0, 0]


def test_events_of_the_week_and_those_to_come_are_told_apart():
    def event(first: int, last: int) -> EventLine:
        starts, ends = (SUNDAY + timedelta(days=n) for n in (first, last))
        return EventLine(starts, ends, str(first), str(first), "all", True)

    brief = a_week(events=[event(-3, 0), event(-3, -1), event(6, 9), event(7, 7), event(35, 35)])

    assert [event.name_ms for event in brief.events] == ["-3", "6"]
    assert [event.name_ms for event in brief.ahead] == ["7"]


def test_gaps_of_other_weeks_are_left_out():
    inside = Gap("x", SUNDAY, SUNDAY)
    after = Gap("x", SUNDAY + brief_of.WEEK, SUNDAY + brief_of.WEEK)

    assert a_week(gaps=[inside, after]).gaps == (inside,)


# --- what it says of itself -----------------------------------------------------------------------


def test_a_change_is_said_with_the_posts_behind_it():
    brief = a_brief()

    assert brief.change("posts").percent == pytest.approx(20.0)
    assert brief.change("comments").kind == "same"
    assert brief.change("shares").kind == "none"


def test_a_week_under_five_posts_is_quiet():
    assert a_quiet_brief(now=Totals(posts=4)).is_quiet
    assert not a_brief().is_quiet


@pytest.mark.parametrize(
    ("now", "before", "mood"),
    [
        (Totals(posts=9, positive=2, negative=2), Totals(posts=9), "few"),
        (Totals(posts=90, positive=60), Totals(posts=90, positive=4), "only"),
        (Totals(posts=100, positive=80, negative=20), Totals(posts=100, negative=100), "up"),
        (Totals(posts=100, negative=100), Totals(posts=100, positive=100), "down"),
        (
            Totals(posts=100, positive=52, negative=48),
            Totals(posts=100, positive=50, negative=50),
            "same",
        ),
    ],
)
def test_net_sentiment_moves_only_beyond_its_own_uncertainty(now, before, mood):
    assert a_brief(now=now, before=before).mood == mood


# --- whether it was collected ---------------------------------------------------------------------

BEGINS, ENDS = (datetime(2026, 11, day, tzinfo=UTC) for day in (15, 22))
MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("successes", "why"),
    [
        ([], "never"),
        ([ENDS], "before"),
        ([BEGINS - MOMENT], "paused"),
        ([BEGINS - MOMENT, ENDS], "paused"),
        ([BEGINS], None),
        ([BEGINS - MOMENT, ENDS - MOMENT, ENDS], None),
    ],
)
def test_a_week_without_a_run_is_unread_for_a_reason(successes, why):
    assert brief_of.unread(successes, BEGINS, ENDS) == why


def test_nothing_is_known_of_an_unread_week_unless_posts_of_it_were_found_later():
    assert a_blank_brief().is_blank
    assert not a_blank_brief(now=Totals(posts=3)).is_blank
    assert not a_quiet_brief().is_blank


def test_a_week_that_began_before_collection_is_not_whole():
    assert a_quiet_brief(began=SUNDAY).is_whole
    assert not a_quiet_brief(began=SUNDAY + timedelta(days=1)).is_whole
    assert not a_blank_brief().is_whole
    assert not a_quiet_brief(gaps=(Gap("x", SUNDAY, SUNDAY),)).is_whole


def test_nothing_is_compared_with_a_week_that_nobody_collected():
    unread = a_brief(before=Totals(), unread_before="before")

    assert unread.change("posts").kind == "none"
    assert replace(unread, unread_before="").change("posts").kind == "new"
    assert a_brief(unread_before="before").change("posts").kind == "change"


# --- kept -----------------------------------------------------------------------------------------


def test_a_brief_read_back_from_json_is_the_same_brief():
    failing = Failing("x", "auth", datetime(2026, 11, 20, 3, tzinfo=UTC))
    brief = a_brief(
        gaps=(Gap("x", SUNDAY, SUNDAY),), failing=(failing, Failing("tiktok", None, None))
    )

    kept = json.loads(json.dumps(brief_of.to_figures(brief)))

    assert brief_of.from_figures(kept) == brief


def test_figures_kept_before_a_new_measure_was_counted_are_still_read():
    kept = brief_of.to_figures(a_brief())
    del kept["now"]["views_known"]

    assert brief_of.from_figures(kept).now == replace(a_brief().now, views_known=0)


def test_a_brief_that_was_kept_before_alarms_belonged_to_it_can_still_be_read():
    kept = brief_of.to_figures(a_brief())
    del kept["alarms"]

    assert brief_of.from_figures(kept) == a_brief()


def test_a_brief_that_was_kept_before_it_told_of_unread_weeks_can_still_be_read():
    kept = brief_of.to_figures(a_brief())
    for name in ("unread", "unread_before", "began"):
        del kept[name]

    assert brief_of.from_figures(kept) == a_brief()


def test_an_unread_week_read_back_from_json_is_the_same():
    kept = json.loads(json.dumps(brief_of.to_figures(a_blank_brief())))

    assert brief_of.from_figures(kept) == a_blank_brief()
