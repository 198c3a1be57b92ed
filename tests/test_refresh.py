"""Asking again in a round: what is due, what becomes of it, what is deleted, and what it costs."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from collector.context import Limits
from collector.money import Purse
from collector.platforms import PlatformError
from collector.platforms.http import PlatformDown
from collector.platforms.refreshing import Refreshing, looked_up
from collector.refresh import IN_VAIN, PATIENCE, expire
from collector.rounds import collect, no_guard
from db import queries, store
from db.seed import seed_places
from insights.model import Kind, Platform, Reject
from insights.places import Gazetteer
from tests.fakes import KUALA_LUMPUR, NOW, FakeSource, a_post, matched

DAY = timedelta(days=1)
ROUND = timedelta(hours=2)


class FakeRefreshable(FakeSource):
    """A platform that tells the posts of `known` when asked for them by id; `gone` are its words.

    `asked` remembers the ids of each lookup.
    """

    def __init__(self, *known, gone=(), down=None, page=None, plan=None, **given):
        super().__init__(**given)
        self.refreshing = plan or Refreshing(100, 5)
        self.asked = []
        self._known = {post.post_id: post for post in known}
        self._gone, self._refusal, self._page = gone, down, page or {}

    def refresh(self, posts, state, now):
        ids = [post.post_id for post in posts]
        self.asked.append(ids)
        self.requests += 1
        if self._refusal is not None:
            raise self._refusal
        told = [self._known[i] for i in ids if i in self._known]
        yield looked_up(ids, told, gone=self._gone, **self._page)


@pytest.fixture
def engine(engine):
    """A database with its places."""
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)
    return engine


def keep(engine, *posts, now=NOW, counted=True):
    with engine.begin() as connection:
        page = [matched(post, counted=counted) for post in posts]
        store.save_page(connection, page, now=now, zone=KUALA_LUMPUR)


def a_round(engine, source, now=NOW + DAY, **given):
    with engine.connect() as connection:
        gazetteer = Gazetteer(queries.gazetteer(connection))
    report = collect(engine, [source], gazetteer, None, lambda: now, zone=KUALA_LUMPUR, **given)
    return next(line for line in report.lines if line.platform == source.platform)


def stored(engine, post):
    with engine.connect() as connection:
        return queries.why_of(connection, post.platform, post.post_id)


def last_run(engine, platform="x"):
    with engine.connect() as connection:
        return queries.runs(connection, 1, platform).iloc[0]


def memory(engine, platform="x"):
    with engine.connect() as connection:
        return queries.state_of(connection, platform)


# ---- new counts ----


def test_likes_of_a_stored_post_grow_without_a_search_that_finds_it(engine):
    post = a_post(likes=3)
    keep(engine, post)
    line = a_round(engine, FakeRefreshable(replace(post, likes=20)))
    assert stored(engine, post)["likes"] == 20
    assert (line.updated, line.refreshed, line.new) == (1, 1, 0)
    assert last_run(engine).refreshed == 1


def test_a_known_count_outlives_a_lookup_that_does_not_tell_it(engine):
    post = a_post(likes=3, views=5)
    keep(engine, post)
    a_round(engine, FakeRefreshable(replace(post, likes=None, views=9)))
    assert (stored(engine, post)["likes"], stored(engine, post)["views"]) == (3, 9)


def test_what_brought_a_post_in_stays_and_so_does_its_counting(engine):
    post = a_post(content="Selamat pagi", found_by="page:700", likes=1)
    keep(engine, post)
    a_round(engine, FakeRefreshable(replace(post, found_by="", likes=2)))
    found = stored(engine, post)
    assert (found["found_by"], found["counted"], found["likes"]) == ("page:700", True, 2)


def test_a_post_is_asked_for_once_at_each_age(engine):
    post = a_post(likes=3)
    keep(engine, post)
    source = FakeRefreshable(post)
    for hours in (2, 24, 26, 46, 48):
        a_round(engine, source, NOW + timedelta(hours=hours))
    assert source.asked == [[post.post_id], [post.post_id]]  # at one day, and at two


def test_only_counted_posts_of_a_week_are_asked_for_and_no_more_than_the_share(engine):
    old = a_post(likes=1, posted_at=NOW - 9 * DAY)
    keep(engine, old, *(a_post(likes=1) for _ in range(5)))
    keep(engine, a_post(likes=1), counted=False)
    source = FakeRefreshable(plan=Refreshing(2, 2))
    a_round(engine, source)
    assert len(source.asked[0]) == 4
    assert old.post_id not in source.asked[0]


def test_nothing_is_asked_for_when_nothing_is_due(engine):
    source = FakeRefreshable()
    a_round(engine, source)
    assert source.asked == []


def test_a_platform_that_was_down_is_not_asked_again(engine):
    keep(engine, a_post(likes=1))
    source = FakeRefreshable()
    source._down = PlatformDown(Kind.AUTH, "the token was refused")
    a_round(engine, source)
    assert source.asked == []


def test_a_lookup_that_fails_is_a_failure_of_the_round(engine):
    keep(engine, a_post(likes=1))
    down = PlatformDown(Kind.AUTH, "the token was refused")
    a_round(engine, FakeRefreshable(down=down))
    run = last_run(engine)
    assert (run.status, run.error_kind) == ("failed", "auth")


def test_a_budget_that_is_used_up_is_said_and_is_no_failure(engine):
    keep(engine, a_post(likes=1))
    down = PlatformDown(Kind.BUDGET, "COLLECTOR_PLATFORM_BUDGET is used up")
    a_round(engine, FakeRefreshable(down=down))
    run = last_run(engine)
    assert (run.status, run.error_kind) == ("ok", None)
    assert "in the next round" in run.note


def test_a_lookup_keeps_to_its_share_of_the_time(engine):
    post = a_post(likes=1)
    keep(engine, post)
    a_round(engine, FakeRefreshable(post), limits=Limits(refresh_budget=-1))
    assert "share of the time" in last_run(engine).note


def test_what_a_lookup_reports_is_its_problem_and_its_ledger_is_kept(engine):
    post = a_post(likes=1)
    keep(engine, post)
    problem = PlatformError(Kind.QUOTA, "used up")
    a_round(engine, FakeRefreshable(post, page={"problem": problem, "state": {"quota": {"a": 1}}}))
    assert last_run(engine).error_kind == "quota"
    assert memory(engine)["quota"] == {"a": 1}


# ---- what is gone ----


def test_what_the_platform_calls_gone_is_deleted_and_does_not_come_back(engine):
    gone, other = a_post(likes=1), a_post(likes=1)
    keep(engine, gone, other)
    line = a_round(engine, FakeRefreshable(other, gone={gone.post_id}))
    assert stored(engine, gone) == {}
    assert stored(engine, other)
    assert (line.gone, last_run(engine).gone) == (1, 1)
    assert "1 gone and deleted" in line.counts
    keep(engine, gone, now=NOW + 2 * DAY)
    assert stored(engine, gone) == {}


def test_silence_deletes_nothing_where_no_documentation_says_so(engine):
    post = a_post(likes=1)
    keep(engine, post)
    for day in (1, 2, 3):
        a_round(engine, FakeRefreshable(), NOW + day * DAY)
    assert stored(engine, post)


def test_silence_of_two_rounds_deletes_where_the_documentation_says_so(engine):
    post = a_post(likes=1, platform=Platform.YOUTUBE)
    keep(engine, post)
    plan = Refreshing(50, 5, silence_is_gone=True)
    a_round(engine, FakeRefreshable(platform=Platform.YOUTUBE, plan=plan))
    assert stored(engine, post)
    assert list(memory(engine, "youtube")[IN_VAIN]) == [post.post_id]
    a_round(engine, FakeRefreshable(platform=Platform.YOUTUBE, plan=plan), NOW + DAY + ROUND)
    assert stored(engine, post) == {}
    assert memory(engine, "youtube") == {}


def test_a_silence_that_was_broken_begins_anew(engine):
    post = a_post(likes=1, platform=Platform.YOUTUBE)
    keep(engine, post)
    plan = Refreshing(50, 5, silence_is_gone=True)
    silent = FakeRefreshable(platform=Platform.YOUTUBE, plan=plan)
    a_round(engine, silent)
    keep(engine, post, now=NOW + DAY + ROUND)  # a search finds it after all
    a_round(engine, silent, NOW + 2 * DAY)
    assert stored(engine, post)


def test_a_failure_is_no_silence(engine):
    post = a_post(likes=1, platform=Platform.YOUTUBE)
    keep(engine, post)
    plan = Refreshing(50, 5, silence_is_gone=True)
    for hours in (24, 26, 28):
        down = PlatformError(Kind.SERVER_ERROR, "503")
        source = FakeRefreshable(platform=Platform.YOUTUBE, plan=plan, down=down)
        a_round(engine, source, NOW + timedelta(hours=hours))
    assert stored(engine, post)


def test_posts_asked_for_in_vain_wait_a_day_and_take_nobodys_turn(engine):
    silent, other = a_post(likes=1), a_post(likes=1)
    keep(engine, silent)
    keep(engine, other, now=NOW + ROUND)
    source = FakeRefreshable(other, plan=Refreshing(1, 1))
    for hours in (24, 26, 28):
        a_round(engine, source, NOW + timedelta(hours=hours))
    assert source.asked == [[silent.post_id], [other.post_id]]
    a_round(engine, source, NOW + DAY + PATIENCE)
    assert source.asked[2] == [silent.post_id]


def test_an_unreadable_answer_goes_to_quarantine_and_deletes_nothing(engine):
    post = a_post(likes=1)
    keep(engine, post)

    class Odd(FakeRefreshable):
        def refresh(self, posts, state, now):
            yield looked_up([post.post_id], [], [Reject(Platform.X, "odd", {}, post.post_id)])

    line = a_round(engine, Odd())
    assert line.quarantined == 1
    assert stored(engine, post)
    assert list(memory(engine)[IN_VAIN]) == [post.post_id]


# ---- what the terms give a time to ----

YOUTUBE = Refreshing(50, 5, keep=30 * DAY, silence_is_gone=True)


def test_old_posts_are_asked_for_before_their_time_is_over_counted_or_not(engine):
    old = a_post(platform=Platform.YOUTUBE, posted_at=NOW - 99 * DAY)
    keep(engine, old, counted=False)
    source = FakeRefreshable(replace(old, views=8), platform=Platform.YOUTUBE, plan=YOUTUBE)
    a_round(engine, source, NOW + 24 * DAY)
    assert source.asked == []
    a_round(engine, source, NOW + 26 * DAY)
    assert stored(engine, old)["views"] == 8
    a_round(engine, source, NOW + 27 * DAY)
    assert len(source.asked) == 1


def test_a_post_that_is_told_unchanged_has_its_time_again(engine):
    old = a_post(platform=Platform.YOUTUBE)
    keep(engine, old)
    source = FakeRefreshable(old, platform=Platform.YOUTUBE, plan=YOUTUBE)
    a_round(engine, source, NOW + 26 * DAY)
    assert expire(engine, lambda: NOW + 31 * DAY, no_guard) == 0
    assert stored(engine, old)


def test_what_was_not_told_in_time_is_deleted_and_may_be_found_again(engine, caplog):
    caplog.set_level(logging.INFO)
    video, other = a_post(platform=Platform.YOUTUBE), a_post()
    short = a_post(platform=Platform.TIKTOK)
    keep(engine, video, other, short)
    assert expire(engine, lambda: NOW + 14 * DAY, no_guard) == 0
    assert expire(engine, lambda: NOW + 16 * DAY, no_guard) == 1
    assert stored(engine, short) == {}
    assert expire(engine, lambda: NOW + 31 * DAY, no_guard) == 1
    assert stored(engine, video) == {}
    assert stored(engine, other)
    assert "youtube: 1 stored and not told for 30 days: deleted" in caplog.text
    keep(engine, video, now=NOW + 32 * DAY)
    assert stored(engine, video)


# ---- money ----


def test_posts_that_are_read_again_are_paid_for(engine):
    posts = [a_post(likes=1), a_post(likes=1)]
    keep(engine, *posts)
    a_round(engine, FakeRefreshable(*posts), purse=Purse(per_post={"x": 0.005}))
    assert last_run(engine).cost_usd == pytest.approx(0.01)
