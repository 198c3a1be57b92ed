"""Asking again by id: what each platform is sent, what counts as gone, and what only as silent."""

import json
from datetime import timedelta

import pytest

from collector.platforms import PlatformError, facebook, graph, instagram, tiktok, x, youtube
from collector.platforms.http import Http, Limits, PlatformDown, bearer
from collector.platforms.refreshing import Stored, looked_up
from insights.model import Kind
from tests.fakes import NOW, a_post
from tests.replay import SHARED, TIKTOK_QUERY, TIKTOK_TOKEN, Reply, payload, replay, script

DAY = timedelta(days=1)


def stored(*ids, age=DAY):
    return [Stored(post_id, NOW - age, "search:1") for post_id in ids]


def ask(make, posts, replies, state=None, limits=None, **given):
    """The pages of a refresh against replies by path, the error that ended it, the requests."""
    with replay(script(replies)) as server:
        source = make(Http(server.url, bearer("t"), limits=limits or Limits(retries=0)), **given)
        pages, error = [], None
        try:
            pages.extend(source.refresh(posts, state or {}, NOW))
        except PlatformError as raised:
            error = raised
        return pages, error, server.asked


def found(pages):
    return [post.post_id for page in pages for post in page.posts]


# ---- what a lookup says ----


def test_what_was_not_asked_for_is_left_out_and_what_did_not_come_is_silent():
    page = looked_up(["1", "2", "3"], [a_post(post_id="1"), a_post(post_id="9")], gone={"3", "8"})
    assert (found([page]), page.gone, page.silent) == (["1"], ("3",), ("2",))


def test_a_post_that_came_is_not_gone_whatever_else_is_said():
    page = looked_up(["1"], [a_post(post_id="1")], gone={"1"})
    assert (page.gone, page.silent) == ((), ())


# ---- X ----


def a_tweet(post_id, **given):
    return {
        "id": post_id,
        "text": "Kuah",
        "created_at": "2026-11-22T02:30:00.000Z",
        "public_metrics": {"like_count": 7, "reply_count": 0, "retweet_count": 1, "quote_count": 0},
    } | given


def an_error(post_id, kind="resource-not-found", **given):
    return {
        "value": post_id,
        "resource_id": post_id,
        "resource_type": "tweet",
        "parameter": "ids",
        "title": "Not Found Error",
        "type": f"https://api.twitter.com/2/problems/{kind}",
    } | given


def of_x(http, **given):
    return x.X(http, ["Kuah"], **given)


def test_x_is_asked_for_a_hundred_ids_at_a_time():
    posts = stored(*map(str, range(1001, 1251)))
    tweets = [a_tweet(post.post_id) for post in posts]
    pages, error, asked = ask(of_x, posts, {x.LOOKUP: Reply({"data": tweets})})
    assert error is None
    assert [len(a.query["ids"].split(",")) for a in asked] == [100, 100, 50]
    assert len(found(pages)) == 250
    assert "withheld" in asked[0].query["tweet.fields"]
    assert not any(page.silent for page in pages)


def test_x_tells_the_counts_of_now():
    (page,), _, _ = ask(of_x, stored("11"), {x.LOOKUP: Reply({"data": [a_tweet("11")]})})
    assert (page.posts[0].likes, page.posts[0].shares) == (7, 1)


@pytest.mark.parametrize("kind", ["resource-not-found", "not-authorized-for-resource"])
def test_what_x_itself_calls_gone_or_protected_is_gone(kind):
    body = {"data": [a_tweet("11")], "errors": [an_error("12", kind)]}
    (page,), _, _ = ask(of_x, stored("11", "12", "13"), {x.LOOKUP: Reply(body)})
    assert (found([page]), page.gone, page.silent) == (["11"], ("12",), ("13",))


@pytest.mark.parametrize(
    "error",
    [
        an_error("12", "not-authorized-for-field", parameter="ids"),
        an_error("12", parameter="referenced_tweets.id"),
        an_error("12", "resource-not-found", parameter="author_id"),
        an_error("99"),
        {"title": "Not Found Error"},
    ],
    ids=["a field", "another post", "an author", "not asked for", "nobody"],
)
def test_an_error_that_speaks_of_something_else_deletes_nothing(error):
    body = {"data": [a_tweet("11")], "errors": [error]}
    (page,), _, _ = ask(of_x, stored("11", "12"), {x.LOOKUP: Reply(body)})
    assert (page.gone, page.silent) == ((), ("12",))


@pytest.mark.parametrize(
    ("withheld", "gone"),
    [
        ({"copyright": False, "country_codes": ["MY", "SG"]}, True),
        ({"copyright": True, "country_codes": []}, True),
        ({"copyright": False, "country_codes": ["XX"]}, True),
        ({"copyright": False, "country_codes": ["DE"]}, False),
        ("odd", False),
    ],
)
def test_a_post_withheld_in_malaysia_is_gone(withheld, gone):
    body = {"data": [a_tweet("11", withheld=withheld)]}
    (page,), _, _ = ask(of_x, stored("11"), {x.LOOKUP: Reply(body)})
    assert (page.gone == ("11",), found([page]) == ["11"]) == (gone, not gone)


def test_a_single_post_is_gone_by_an_answer_that_holds_errors_only():
    (page,), error, _ = ask(of_x, stored("11"), {x.LOOKUP: Reply({"errors": [an_error("11")]})})
    assert (error, page.gone) == (None, ("11",))


def test_an_answer_that_knows_none_of_many_posts_is_not_believed():
    ids = [str(n) for n in range(100, 100 + x.MANY)]
    body = {"errors": [an_error(post_id) for post_id in ids]}
    (page,), error, _ = ask(of_x, stored(*ids), {x.LOOKUP: Reply(body)})
    assert (error, page.gone, len(page.silent)) == (None, (), x.MANY)


@pytest.mark.parametrize("body", [{}, {"meta": {}}, {"data": []}, {"data": "odd"}, {"errors": []}])
def test_an_answer_of_x_without_posts_and_errors_is_a_failure(body):
    pages, error, _ = ask(of_x, stored("11"), {x.LOOKUP: Reply(body)})
    assert (pages, error.kind) == ([], Kind.BAD_PAYLOAD)


def test_an_unreadable_post_is_put_aside_and_not_gone():
    body = {"data": [a_tweet("11", text=None)]}
    (page,), _, _ = ask(of_x, stored("11"), {x.LOOKUP: Reply(body)})
    assert ([r.post_id for r in page.rejects], page.gone, page.silent) == (["11"], (), ())


@pytest.mark.parametrize("status", [401, 402, 429])
def test_x_is_asked_once_when_it_refuses_as_a_whole(status):
    _, error, asked = ask(of_x, stored(*map(str, range(300))), {x.LOOKUP: Reply({}, status=status)})
    assert isinstance(error, PlatformDown)
    assert len(asked) == 1


def test_a_quarter_of_the_pages_may_ask_x_again_at_the_ages_that_are_compared():
    source = of_x(Http("http://127.0.0.1:1"), max_pages=20)
    assert (source.refreshing.requests, source.refreshing.ages) == (5, (1, 3, 7))
    assert not source.refreshing.silence_is_gone


@pytest.mark.parametrize("name", ["lookup_200_errors_only"])
def test_the_recorded_lookup_names_what_is_gone(name):
    path = SHARED / "payloads" / "dev" / "x" / f"{name}.json"
    if not path.exists():
        pytest.skip("the recorded answers are not part of the repository")
    body = payload(path).body
    asked = [error["resource_id"] for error in body["errors"]][: x.MANY - 1]
    assert x.parse_lookup(body, asked).gone == tuple(asked)


# ---- YouTube ----


def a_video(post_id, **given):
    return {
        "kind": "youtube#video",
        "id": post_id,
        "snippet": {"title": "Kuah", "publishedAt": "2026-11-22T00:00:00Z"},
        "statistics": {"viewCount": "12"},
    } | given


def of_youtube(http):
    return youtube.YouTube(http, ["Kuah"])


def test_youtube_is_asked_for_fifty_videos_a_unit():
    posts = stored(*(f"v{n}" for n in range(70)))
    replies = {youtube.VIDEOS: Reply({"items": [a_video("v1"), a_video("v60")]})}
    pages, error, asked = ask(of_youtube, posts, replies)
    assert error is None
    assert [len(a.query["id"].split(",")) for a in asked] == [50, 20]
    assert [page.state["quota"]["used"]["units"] for page in pages] == [1, 2]
    assert pages[0].posts[0].views == 12


def test_a_video_that_youtube_leaves_out_is_silent():
    (page,), _, _ = ask(
        of_youtube, stored("v1", "v2"), {youtube.VIDEOS: Reply({"items": [a_video("v1")]})}
    )
    assert (page.gone, page.silent) == ((), ("v2",))


def test_an_answer_of_youtube_without_a_list_is_a_failure():
    pages, error, _ = ask(of_youtube, stored("v1"), {youtube.VIDEOS: Reply({})})
    assert (pages, error.kind) == ([], Kind.BAD_PAYLOAD)


def test_units_that_are_used_up_stop_before_anything_is_sent():
    used = {"quota": {"day": "2026-11-22", "used": {"searches": 3, "units": 10_000}}}
    pages, _, asked = ask(of_youtube, stored("v1"), {}, state=used)
    assert asked == []
    assert pages[0].problem.kind == Kind.QUOTA


# ---- TikTok ----

GIVEN = Reply({"access_token": "clt.a", "expires_in": 7200, "token_type": "Bearer"})


def of_tiktok(http):
    return tiktok.TikTok(http, "key", "secret", ["kuah"])


def videos(*ids, more=False):
    data = {
        "videos": [{"id": int(i), "video_description": "Kuah", "like_count": 3} for i in ids],
        "cursor": 100,
        "search_id": "s1",
        "has_more": more,
    }
    return Reply({"data": data, "error": {"code": "ok"}})


def ask_tiktok(posts, *answers):
    return ask(of_tiktok, posts, {TIKTOK_TOKEN: GIVEN, TIKTOK_QUERY: list(answers)})


def test_tiktok_is_asked_by_video_id_within_the_days_of_the_videos():
    posts = [Stored("71", NOW - 3 * DAY), Stored("72", NOW - 5 * DAY)]
    (page,), error, asked = ask_tiktok(posts, videos("72"))
    question = json.loads(asked[1].body)
    (condition,) = question["query"]["and"]
    assert error is None
    assert (condition["field_name"], condition["field_values"]) == ("video_id", ["72", "71"])
    assert (question["start_date"], question["end_date"]) == ("20261118", "20261120")
    assert (found([page]), page.silent) == (["72"], ("71",))


def test_a_lookup_that_goes_on_is_walked_before_anything_is_called_silent():
    (page,), _, asked = ask_tiktok(stored("71", "72"), videos("71", more=True), videos("72"))
    assert (found([page]), page.silent) == (["71", "72"], ())
    assert json.loads(asked[2].body)["cursor"] == 100


def test_of_a_lookup_without_an_end_nothing_is_called_silent():
    (page,), _, asked = ask_tiktok(stored("71", "72"), videos("71", more=True))
    assert (found([page])[0], page.silent) == ("71", ())
    assert len(asked) == 1 + tiktok.MOST_PARTS


def test_one_query_spans_no_more_than_thirty_days():
    posts = [Stored(str(n), NOW - 10 * n * DAY) for n in range(1, 8)]
    groups = [[post.post_id for post in group] for group in tiktok.spans(posts, 100)]
    assert groups == [["7", "6", "5"], ["4", "3", "2"], ["1"]]


def test_one_query_holds_no_more_than_a_hundred_videos():
    assert [len(group) for group in tiktok.spans(stored(*map(str, range(250))), 100)] == [
        100,
        100,
        50,
    ]


# ---- Facebook and Instagram ----

BY_IDS = f"{graph.VERSION}/"


def of_facebook(http, **given):
    return facebook.Facebook(http, ["700"], **given)


def a_page_post(post_id):
    return {
        "id": post_id,
        "message": "Kuah",
        "created_time": "2026-11-20T00:00:00+0000",
        "reactions": {"data": [], "summary": {"total_count": 4}},
    }


def refused(code, subcode=33, status=400):
    return Reply({"error": {"code": code, "error_subcode": subcode, "message": "m"}}, status=status)


def shows(*known):
    """A Graph that answers for these ids, and refuses a request with any other in it."""

    def answer(asked):
        ids = asked.query["ids"].split(",")
        if set(ids) - set(known):
            return refused(100)
        return Reply({post_id: a_page_post(post_id) for post_id in ids})

    return answer


def ask_graph(make, posts, scenario, **given):
    with replay(scenario) as server:
        source = make(Http(server.url, bearer("t"), limits=Limits(retries=0)), **given)
        return list(source.refresh(posts, {}, NOW)), server.asked


def test_posts_of_pages_are_asked_for_together():
    posts = stored("700_1", "700_2")
    pages, asked = ask_graph(of_facebook, posts, shows("700_1", "700_2"))
    assert [a.path for a in asked] == [BY_IDS]
    assert found(pages) == ["700_1", "700_2"]
    assert pages[0].posts[0].likes == 4


def test_one_post_that_is_gone_hides_no_other_and_is_deleted_by_nobody():
    known = [f"700_{n}" for n in range(1, 8)]
    pages, asked = ask_graph(of_facebook, stored(*known, "700_9"), shows(*known), max_pages=60)
    assert sorted(found(pages)) == known
    assert [i for page in pages for i in page.silent] == ["700_9"]
    assert not any(page.gone for page in pages)
    assert len(asked) == 7


def test_halving_ends_with_the_share_of_the_round():
    _, asked = ask_graph(of_facebook, stored(*(f"700_{n}" for n in range(25))), shows())
    assert len(asked) == 5


def test_a_page_that_may_not_be_read_is_silent_after_one_request():
    pages, asked = ask_graph(of_facebook, stored("700_1", "700_2"), lambda _asked: refused(10))
    assert len(asked) == 1
    assert pages[0].silent == ("700_1", "700_2")


def test_an_expired_token_ends_a_lookup_at_once():
    _, error, asked = ask(
        of_facebook, stored(*(f"700_{n}" for n in range(60))), {BY_IDS: refused(190, 463)}
    )
    assert error.kind == Kind.AUTH
    assert len(asked) == 1


def test_own_media_are_asked_for_by_their_ids():
    def make(http):
        return instagram.Instagram(http, "17", ["kuah"])

    media = {"id": "901", "caption": "Kuah", "media_type": "IMAGE", "like_count": 8}
    (page,), asked = ask_graph(make, stored("901"), lambda _asked: Reply({"901": media}))
    assert asked[0].path == BY_IDS
    assert page.posts[0].likes == 8
    assert make(Http("http://127.0.0.1:1")).refreshing.origin == "own:"
