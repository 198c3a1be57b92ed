"""Facebook: Pages, their two ways of paging, smaller pages on demand, and odd records."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.platforms import PlatformError, facebook
from collector.platforms.http import Http, Limits, PlatformDown, bearer
from insights.model import Kind
from tests.fakes import NOW
from tests.replay import OWN, Reply, payload, replay, script

EMPTY = Reply({"data": []})
EXPIRED = payload(OWN / "facebook_session_expired.json")
TOO_MUCH = payload(OWN / "facebook_too_much.json")


def own(name):
    return payload(OWN / f"{name}.json")


def search(*replies, page_ids=("700",), state=None, limits=None, others=None, **given):
    """The pages of a round, the error that ended it, and the requests."""
    routes = {f"/v26.0/{page_ids[0]}/posts": replies, **(others or {})}
    with replay(script(routes, default=EMPTY)) as server:
        client = Http(server.url, bearer("t"), limits=limits or Limits(retries=0))
        source = facebook.Facebook(client, page_ids, **given)
        pages, error = [], None
        try:
            pages.extend(source.search(state or {}, NOW))
        except PlatformError as raised:
            error = raised
        return pages, error, server.asked


def ids(pages):
    return [post.post_id for page in pages for post in page.posts]


def test_pages_with_cursors_are_walked_until_there_is_no_next():
    pages, error, asked = search(own("facebook_cursors"), own("facebook_last"))
    assert error is None
    assert ids(pages) == ["700_1", "700_2", "700_3"]
    assert [page.last for page in pages] == [False, True]
    assert [a.query.get("after") for a in asked] == [None, "a2"]


def test_pages_by_time_are_walked_with_their_token():
    pages, _, asked = search(own("facebook_time_paging"), own("facebook_last"))
    assert ids(pages) == ["700_4", "700_3"]
    assert asked[1].query["until"] == "1763543000"
    assert asked[1].query["__paging_token"] == "pt7"


def test_the_token_of_next_is_never_sent_nor_kept():
    pages, _, asked = search(own("facebook_cursors"), own("facebook_time_paging"))
    assert "CANARY" not in repr(asked)
    assert "CANARY" not in repr(pages)


def test_without_a_cursor_the_last_thirty_days_are_asked_for():
    _, _, (asked,) = search(EMPTY)
    assert int(asked.query["since"]) == (NOW - timedelta(days=30)).timestamp()


def test_recent_posts_are_asked_for_again_as_their_counts_grow():
    state = {"cursor:page:700": NOW.isoformat()}
    _, _, (asked,) = search(EMPTY, state=state)
    assert int(asked.query["since"]) == (NOW - timedelta(days=3)).timestamp()


def test_an_overlap_is_subtracted_from_an_older_cursor():
    cursor = NOW - timedelta(days=9)
    state = {"cursor:page:700": cursor.isoformat()}
    _, _, (asked,) = search(EMPTY, state=state, overlap=timedelta(hours=5))
    assert int(asked.query["since"]) == (cursor - timedelta(hours=5)).timestamp()


def test_a_post_older_than_asked_for_is_kept():
    old = {"id": "700_9", "message": "Lama", "created_time": "2021-01-01T00:00:00+0000"}
    pages, _, _ = search(Reply({"data": [old]}))
    assert ids(pages) == ["700_9"]


def test_too_much_data_is_asked_for_in_smaller_pages():
    pages, error, asked = search(TOO_MUCH, TOO_MUCH, own("facebook_last"))
    assert error is None
    assert [a.query["limit"] for a in asked] == ["50", "25", "12"]
    assert ids(pages) == ["700_3"]


def test_a_page_too_large_even_for_six_posts_is_a_problem():
    pages, _, asked = search(TOO_MUCH)
    assert [a.query["limit"] for a in asked] == ["50", "25", "12", "6"]
    assert pages[0].problem.kind == Kind.BAD_REQUEST


def test_a_fault_of_the_server_is_asked_again():
    fault = Reply({"error": {"code": 2, "message": "An unexpected error"}}, status=500)
    pages, error, asked = search(
        fault, own("facebook_last"), limits=Limits(retries=2, retry_base=0)
    )
    assert (error, len(asked), ids(pages)) == (None, 2, ["700_3"])


def test_one_failing_page_does_not_stop_the_others():
    gone = Reply({"error": {"code": 100, "error_subcode": 33}}, status=400)
    review = Reply({"error": {"code": 10}}, status=403)
    others = {"/v26.0/701/posts": review, "/v26.0/702/posts": own("facebook_last")}
    pages, error, _ = search(gone, page_ids=("700", "701", "702"), others=others)
    assert error is None
    assert [p.problem.kind if p.problem else None for p in pages] == [
        Kind.BAD_REQUEST,
        Kind.PERMISSION,
        None,
    ]
    assert [p.stream for p in pages] == ["page:700", "page:701", "page:702"]


def test_an_expired_token_ends_the_platform_at_the_first_page():
    pages, error, asked = search(EXPIRED, page_ids=("700", "701"))
    assert (pages, error.kind, len(asked)) == ([], Kind.AUTH, 1)
    assert isinstance(error, PlatformDown)


def test_what_came_before_a_break_is_kept():
    pages, error, _ = search(own("facebook_cursors"), Reply(reset=True))
    assert error is None
    assert ids(pages) == ["700_1", "700_2"]
    assert pages[-1].problem.kind == Kind.NETWORK
    assert not any(page.last for page in pages)


def test_a_page_that_facebook_filtered_empty_is_not_the_end():
    hollow = Reply({"data": [], "paging": {"next": "https://h/?after=a2"}})
    pages, _, _ = search(hollow, own("facebook_last"))
    assert ids(pages) == ["700_3"]


def test_the_same_page_for_ever_ends():
    _, _, asked = search(own("facebook_cursors"), max_pages=9)
    assert len(asked) == 2


def test_the_page_cap_is_said():
    numbers = (
        Reply({"data": [{"id": f"700_{n}"}], "paging": {"next": "https://h/?after=s"}})
        for n in range(9)
    )
    pages, _, asked = search(*numbers, max_pages=3)
    assert (len(asked), pages[-1].last) == (3, False)
    assert "page cap hit" in pages[-1].note


# ---- parsing ----


def test_a_post_is_read_whole():
    (post, story), rejects = facebook.parse_items(own("facebook_cursors").body["data"], "page:700")
    assert rejects == ()
    assert (post.likes, post.comments, post.shares, post.views) == (210, 18, 14, None)
    assert post.posted_at == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert (post.author, post.media_type, post.geo) == ("700", "photo", (6.12, 100.36))
    assert post.author_name not in (None, "")
    assert post.author_name not in repr(post)
    assert (post.url, post.hashtags) == ("https://www.facebook.com/700/posts/1", ("festivalpadi",))
    assert story.content == "Halaman Contoh menambah 3 gambar."


def test_an_id_that_comes_twice_on_a_page_is_one_post():
    posts, _ = facebook.parse_items(own("facebook_cursors").body["data"])
    assert [post.post_id for post in posts] == ["700_1", "700_2"]
    assert posts[0].likes == 210


def test_absent_counts_are_unknown_and_stated_zeros_are_zero():
    _, story = facebook.parse_items(own("facebook_cursors").body["data"])[0]
    assert (story.likes, story.comments, story.shares) == (5, 0, None)
    (bare,), _ = facebook.parse_items(own("facebook_last").body["data"])
    assert (bare.likes, bare.comments, bare.shares, bare.url) == (None, None, None, None)


def test_posts_by_id_and_a_single_post_are_posts_too():
    a, b = ({"id": f"7_{n}", "created_time": "2026-11-01T00:00:00+0000"} for n in (1, 2))
    assert facebook.posts_of({"7_1": a, "7_2": b}) == [a, b]
    assert facebook.posts_of(a) == [a]


@pytest.mark.parametrize("body", [{}, {"data": None}, {"id": "7", "name": "Halaman"}, {"a": 1}])
def test_anything_else_is_a_failure_and_not_no_posts(body):
    with pytest.raises(PlatformError) as caught:
        facebook.posts_of(body)
    assert caught.value.kind == Kind.BAD_PAYLOAD


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"message": "no id"},
        {"id": "7_1", "message": 5},
        {"id": "7_1", "created_time": "noon"},
        {"id": "7_1", "created_time": 1700000000},
    ],
)
def test_an_unreadable_record_is_put_aside(odd):
    posts, rejects = facebook.parse_items([odd, {"id": "7_2"}])
    assert [post.post_id for post in posts] == ["7_2"]
    assert rejects[0].payload == odd


@pytest.mark.parametrize("value", ["12k", -1, 1.5, True, None, [], {}])
def test_odd_counts_and_side_fields_are_unknown(value):
    item = {
        "id": "7_1",
        "shares": {"count": value},
        "reactions": {"summary": {"total_count": value}},
        "comments": value,
        "attachments": {"data": [value]},
        "status_type": 5,
        "place": {"location": value},
        "from": value,
        "permalink_url": "http://elsewhere",
    }
    post = facebook.parse_post(item)
    assert (post.likes, post.comments, post.shares) == (None, None, None)
    assert (post.media_type, post.geo, post.url, post.author) == (None, None, None, "7")
