"""Counts by age: what a capture leaves behind, and what a scope's posts had at an age."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from db import queries, store
from db.snapshots import OLDEST, due_at_an_age, engagement_at_age, mark_seen, unseen_since
from db.tables import metric_snapshots, social_posts
from insights.model import Platform, Scope
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post, matched

DAY = timedelta(days=1)
SCOPE = Scope(date(2026, 11, 1), date(2026, 12, 1))


@pytest.fixture
def engine(engine):
    """A database with two places."""
    with engine.begin() as connection:
        here = [a_place(), a_place("menara", city="Alor Setar", city_slug="alor-setar")]
        store.set_up(connection, "Asia/Kuala_Lumpur", here)
    return engine


def capture(engine, *posts, now=NOW, place=1, counted=True):
    with engine.begin() as connection:
        page = [matched(post, place, counted=counted) for post in posts]
        return store.save_page(connection, page, now=now, zone=KUALA_LUMPUR)


def snapshots(engine, post):
    """likes by age, in days."""
    row = metric_snapshots.c
    with engine.connect() as connection:
        found = connection.execute(
            select(row.age_days, row.likes)
            .where(row.post_id == post.post_id)
            .order_by(row.age_days)
        )
        return dict(found.all())


# ---- writing ----


def test_every_capture_is_kept_under_the_age_it_was_made_at(engine):
    post = a_post(likes=1)
    capture(engine, post)
    capture(engine, replace(post, likes=4), now=NOW + DAY)
    capture(engine, replace(post, likes=9), now=NOW + 3 * DAY + timedelta(hours=5))
    assert snapshots(engine, post) == {0: 1, 1: 4, 3: 9}


def test_the_last_capture_of_an_age_stands(engine):
    post = a_post(likes=1)
    capture(engine, post)
    capture(engine, replace(post, likes=2), now=NOW + timedelta(hours=23, minutes=59))
    assert snapshots(engine, post) == {0: 2}


def test_a_capture_in_which_nothing_moved_is_kept_too(engine):
    post = a_post(likes=1)
    capture(engine, post)
    assert capture(engine, post, now=NOW + DAY).unchanged == 1
    assert snapshots(engine, post) == {0: 1, 1: 1}


def test_a_known_count_is_not_lost_to_an_unknown_one_of_the_same_age(engine):
    post = a_post(likes=7, views=1)
    capture(engine, post)
    capture(engine, replace(post, likes=None, views=2))
    assert snapshots(engine, post) == {0: 7}


def test_what_was_not_told_at_an_age_stays_unknown_at_it(engine):
    post = a_post(likes=7, views=1)
    capture(engine, post)
    capture(engine, replace(post, likes=None, views=2), now=NOW + DAY)
    assert snapshots(engine, post) == {0: 7, 1: None}


@pytest.mark.parametrize(
    "post",
    [
        a_post(likes=None, comments=None, shares=None, views=None),
        a_post(likes=1, is_repost=True),
        a_post(likes=1, posted_at=None),
        a_post(likes=1, posted_at=NOW - (OLDEST + 1) * DAY),
    ],
    ids=["no count", "repost", "no time", "too old"],
)
def test_what_has_no_count_of_its_own_age_leaves_nothing(engine, post):
    capture(engine, post)
    assert snapshots(engine, post) == {}


def test_a_post_from_a_clock_that_is_ahead_is_new(engine):
    post = a_post(likes=1, posted_at=NOW + timedelta(hours=2))
    capture(engine, post)
    assert snapshots(engine, post) == {0: 1}


def test_a_deleted_post_takes_its_snapshots_along(engine):
    post = a_post(likes=1)
    capture(engine, post)
    with engine.begin() as connection:
        store.forget(connection, post.platform, post.post_id, now=NOW)
    assert snapshots(engine, post) == {}


# ---- what to ask for again ----


def due(engine, now, platform=Platform.X, ages=(1, 3, 7), limit=100, **given):
    with engine.connect() as connection:
        rows = due_at_an_age(connection, platform, ages, now, limit, **given)
        return [row.post_id for row in rows]


def test_a_post_is_due_once_it_has_an_age_at_which_it_was_not_captured(engine):
    post = a_post(likes=1)
    capture(engine, post)
    assert due(engine, NOW + timedelta(hours=23)) == []
    assert due(engine, NOW + DAY) == [post.post_id]
    capture(engine, post, now=NOW + DAY)
    assert due(engine, NOW + DAY) == []
    assert due(engine, NOW + 2 * DAY) == []  # 2 is no age that is compared
    assert due(engine, NOW + 3 * DAY) == [post.post_id]
    assert due(engine, NOW + 8 * DAY) == []


def test_posts_that_do_not_count_are_not_asked_for_again(engine):
    capture(engine, a_post(likes=1), counted=False)
    assert due(engine, NOW + DAY) == []


def test_the_longest_unseen_come_first_and_no_more_than_wanted(engine):
    later, first = a_post(likes=1), a_post(likes=1)
    capture(engine, later, now=NOW + timedelta(hours=1))
    capture(engine, first)
    assert due(engine, NOW + DAY) == [first.post_id, later.post_id]
    assert due(engine, NOW + DAY, limit=1) == [first.post_id]


def test_only_posts_found_as_wanted_are_due(engine):
    own = a_post(likes=1, found_by="own:7")
    capture(engine, own, a_post(likes=1, found_by="hashtag:kuah"))
    assert due(engine, NOW + DAY, origin="own:") == [own.post_id]


def test_what_a_platform_has_not_told_for_long_is_found_counted_or_not(engine):
    old = a_post(platform=Platform.YOUTUBE)
    other = a_post(platform=Platform.YOUTUBE)
    capture(engine, old, counted=False)
    capture(engine, other, a_post(), now=NOW + DAY)
    with engine.begin() as connection:
        rows = unseen_since(connection, "youtube", NOW + timedelta(hours=1))
        assert [row.post_id for row in rows] == [old.post_id]
        mark_seen(connection, "youtube", [old.post_id], NOW + 2 * DAY)
        assert unseen_since(connection, "youtube", NOW + timedelta(hours=1)) == []


def test_an_operators_own_file_does_not_expire(engine):
    capture(engine, a_post(platform=Platform.TIKTOK, found_by="import:list.csv"))
    with engine.connect() as connection:
        assert unseen_since(connection, "tiktok", NOW + 99 * DAY) == []


# ---- reading ----


def at_age(engine, age, scope=SCOPE):
    with engine.connect() as connection:
        return {seen.platform: seen for seen in engagement_at_age(connection, scope, age)}


def test_the_counts_of_an_age_are_summed_and_the_posts_behind_them_counted(engine):
    one, other, unseen = a_post(likes=1), a_post(likes=2, shares=5), a_post(likes=50)
    capture(engine, one, other, unseen)
    capture(engine, replace(one, likes=10), replace(other, likes=None), now=NOW + DAY)
    found = at_age(engine, 1)["x"]
    assert (found.posts, found.at_age.posts) == (3, 2)
    assert (found.at_age.likes, found.at_age.likes_known) == (10, 1)
    assert (found.at_age.shares, found.at_age.shares_known) == (5, 1)
    assert (found.at_age.views, found.at_age.views_known) == (None, 0)


def test_only_posts_of_the_scope_are_summed(engine):
    capture(engine, a_post(likes=1))
    capture(engine, a_post(likes=4), place=2)
    capture(engine, a_post(likes=90), counted=False)
    capture(engine, a_post(likes=7, platform=Platform.YOUTUBE))
    assert at_age(engine, 0)["x"].at_age.likes == 5
    assert set(at_age(engine, 0)) == {"x"}
    assert at_age(engine, 0, replace(SCOPE, city="alor-setar"))["x"].at_age.likes == 4
    assert at_age(engine, 0, replace(SCOPE, platform="youtube"))["youtube"].at_age.likes == 7
    assert at_age(engine, 0, replace(SCOPE, until=date(2026, 11, 2))) == {}


def test_the_total_of_an_age_equals_the_last_counts_while_nothing_was_missed(engine):
    posts = [a_post(likes=n) for n in range(20)]
    capture(engine, *posts)
    with engine.connect() as connection:
        last = sum(connection.execute(select(social_posts.c.likes)).scalars())
    assert at_age(engine, 0)["x"].at_age.likes == last


# ---- deleting several ----


def test_what_is_deleted_without_a_mark_may_be_collected_again(engine):
    post = a_post(likes=1)
    capture(engine, post)
    with engine.begin() as connection:
        assert store.delete_posts(connection, post.platform, [post.post_id]) == 1
    assert capture(engine, post).new == 1


def test_what_is_forgotten_is_not_collected_again_and_others_are(engine):
    gone, other = a_post(likes=1), a_post(likes=1)
    capture(engine, gone, other)
    with engine.begin() as connection:
        found = store.forget_all(connection, "x", [gone.post_id, "never-stored"], now=NOW)
    assert found == 1
    assert capture(engine, gone, a_post()).new == 1
    with engine.connect() as connection:
        assert not queries.why_of(connection, "x", gone.post_id)
        assert queries.why_of(connection, "x", other.post_id)
        assert queries.state_of(connection, "x") == {}
