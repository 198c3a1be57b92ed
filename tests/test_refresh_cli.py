"""Asking again, money and forgetting as an operator meets them: whole commands, a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from collector import __main__ as command
from db import queries, store
from db.engine import migrate, open_writer
from db.seed import seed_places
from insights.model import Platform
from tests.fakes import KUALA_LUMPUR, a_post, matched
from tests.replay import Reply, replay, script
from tests.test_cli import (
    SEARCH,
    a_search,
    a_tweet,
    looking_at,
    place,  # noqa: F401 - a fixture
    run,
    with_x,
)

LOOKUP, VIDEOS, VIDEO_SEARCH = "/2/tweets", "/youtube/v3/videos", "/youtube/v3/search"
LONG_AGO = datetime.now(UTC) - timedelta(days=60)
EMPTY = Reply({"meta": {"result_count": 0}})


def prepared(given, *posts, age=timedelta(hours=26)):
    """A live database that holds these posts since `age` ago."""
    engine = open_writer(given["DATABASE_URL"])
    migrate(engine)
    then = datetime.now(UTC) - age
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), then)
        page = [matched(post) for post in posts]
        store.save_page(connection, page, now=then, zone=KUALA_LUMPUR)
    engine.dispose()


def a_stored(post_id, **given):
    made = datetime.now(UTC) - timedelta(hours=27)
    return a_post(**{"post_id": post_id, "posted_at": made, "likes": 1} | given)


def likes(given, post, platform=Platform.X):
    with looking_at(given) as connection:
        return queries.why_of(connection, platform, post.post_id).get("likes")


def a_round(given, routes):
    with replay(script(routes)) as api:
        done = run(with_x(given, api.url), "--once")
        return done, api.asked


@pytest.fixture
def stored(place):  # noqa: F811
    """A place whose database holds two posts of X that are due to be asked for again."""
    posts = [a_stored("1900000000000000501"), a_stored("1900000000000000502")]
    prepared(place, *posts)
    return place, posts


def test_a_round_refreshes_what_it_stored_a_day_ago_and_deletes_what_is_gone(stored):
    given, (alive, gone) = stored
    error = {
        "resource_id": gone.post_id,
        "parameter": "ids",
        "resource_type": "tweet",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }
    tweet = a_tweet(1) | {"id": alive.post_id, "public_metrics": {"like_count": 41}}
    answers = {SEARCH: EMPTY, LOOKUP: Reply({"data": [tweet], "errors": [error]})}
    done, _ = a_round(given, answers)
    assert done.returncode == 0
    assert "1 asked for again, 1 gone and deleted" in done.stderr
    assert likes(given, alive) == 41
    assert likes(given, gone) is None
    again, asked = a_round(given, answers)
    assert again.returncode == 0
    assert LOOKUP not in [one.path for one in asked]


@pytest.mark.parametrize(("status", "most"), [(401, 2), (402, 2), (403, 2), (429, 6), (503, 6)])
def test_a_platform_that_refuses_lookups_only_is_not_asked_more_often(stored, status, most):
    given, posts = stored
    refusals = {SEARCH: EMPTY, LOOKUP: Reply({"title": "no"}, status=status)}
    done, asked = a_round(given, refusals)
    searches = sum(one.path == SEARCH for one in asked)
    assert done.returncode == 3
    assert 1 <= len(asked) - searches <= most
    assert likes(given, posts[0]) == 1


@pytest.mark.parametrize(("status", "most"), [(401, 2), (402, 2), (429, 6), (503, 6)])
def test_a_platform_that_refuses_everything_is_asked_no_more_than_allowed(stored, status, most):
    given, _ = stored
    _, asked = a_round(given, {path: Reply({}, status=status) for path in (SEARCH, LOOKUP)})
    assert len(asked) <= most


def test_youtubes_old_data_is_asked_for_again_and_deleted_when_it_cannot_be(place):  # noqa: F811
    video = a_stored("v1", platform=Platform.YOUTUBE, posted_at=LONG_AGO)
    prepared(place, video, age=timedelta(days=27))
    key = {"YOUTUBE_API_KEY": "k"}
    items = [
        {
            "id": "v1",
            "kind": "youtube#video",
            "snippet": {"title": "Kuah", "publishedAt": "2026-01-01T00:00:00Z"},
            "statistics": {"likeCount": "9"},
        }
    ]
    routes = {VIDEO_SEARCH: Reply({"items": []}), VIDEOS: Reply({"items": items})}
    with replay(script(routes)) as api:
        run({**place, **key, "YOUTUBE_API_BASE_URL": api.url}, "--once")
    assert likes(place, video, Platform.YOUTUBE) == 9
    with looking_at(place) as connection:
        found = queries.why_of(connection, Platform.YOUTUBE, "v1")
    assert datetime.now(UTC) - found["captured_at"] < timedelta(minutes=5)


def test_data_that_stood_too_long_goes_also_when_no_platform_is_configured_any_more(place):  # noqa: F811
    video = a_stored("v1", platform=Platform.YOUTUBE, posted_at=LONG_AGO)
    post = a_stored("p1", posted_at=LONG_AGO)
    prepared(place, video, post, age=timedelta(days=31))
    assert run(place, "--once").returncode == 0
    assert likes(place, video, Platform.YOUTUBE) is None
    assert likes(place, post) == 1


# ---- money ----


def test_a_round_costs_what_its_posts_cost_and_a_spent_budget_asks_nothing(place):  # noqa: F811
    given = {**place, "COLLECTOR_MONEY_BUDGET": "0.01", "X_PRICE_PER_POST": "0.005"}
    tweets = {SEARCH: [a_search(a_tweet(1), a_tweet(2)), EMPTY]}
    first, asked = a_round(given, tweets)
    assert (first.returncode, len(asked)) == (3, 1)
    second, asked = a_round(given, tweets)
    assert asked == []
    assert "COLLECTOR_MONEY_BUDGET of $0.01 is spent until midnight UTC" in second.stderr


def test_a_budget_that_nobody_can_keep_is_a_configuration_error(place):  # noqa: F811
    given = {**place, "GEMINI_API_KEY": "k", "GEMINI_MODEL": "m-1", "COLLECTOR_MONEY_BUDGET": "5"}
    done = run(given, "check")
    assert done.returncode == 2
    assert "GEMINI_PRICE_INPUT" in done.stderr
    told = run({**given, "GEMINI_PRICE_INPUT": "1", "GEMINI_PRICE_OUTPUT": "2"}, "check")
    assert "money: at most $5.00 a day (UTC)" in told.stdout
    assert "$1 and $2 for a million tokens" in told.stdout


# ---- forget ----


@pytest.mark.parametrize(
    ("typed", "options", "left"),
    [("n\n", [], 1), ("", [], 1), ("y\n", [], None), ("", ["--yes"], None)],
)
def test_at_a_terminal_forget_asks_first(stored, monkeypatch, typed, options, left):
    given, (post, _) = stored
    monkeypatch.setattr(command, "_at_a_terminal", lambda: True)
    done = run(given, "forget", "x", post.post_id, *options, stdin=typed)
    assert done.returncode == 0
    assert likes(given, post) == left


def test_forget_says_what_goes_and_not_the_text(stored):
    given, (post, _) = stored
    done = run(given, "forget", "x", post.post_id)
    assert f"{len(post.content)} characters" in done.stdout
    assert post.content not in done.stdout
    assert "deleted" in done.stdout


def test_forgetting_what_is_not_stored_is_said_and_works(place):  # noqa: F811
    prepared(place)
    done = run(place, "forget", "x", "42")
    assert done.returncode == 0
    assert "was not stored" in done.stdout
