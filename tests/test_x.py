"""X: queries, pages, cursors, money, and what becomes of odd records."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.platforms import PlatformError, x
from collector.platforms.http import Http, Limits, PlatformDown, bearer
from insights.model import Kind, Post, Reject
from tests.fakes import NOW
from tests.replay import OWN, Reply, payload, replay, script

PATH = x.SEARCH
ONE_TERM = ["Pantai Cenang"]
EMPTY = Reply({"meta": {"result_count": 0}})


def own(name):
    return payload(OWN / f"{name}.json")


def body(name):
    return own(name).body


def search(*replies, terms=ONE_TERM, state=None, limits=None, **given):
    """The pages of a round against these replies, the error that ended it, and the requests."""
    with replay(script({PATH: replies})) as server:
        client = Http(server.url, bearer("t"), limits=limits or Limits(retries=0))
        source = x.X(client, terms, **given)
        pages, error = [], None
        try:
            pages.extend(source.search(state or {}, NOW))
        except PlatformError as raised:
            error = raised
        return pages, error, server.asked


def posts_of(pages):
    return [post for page in pages for post in page.posts]


def a_record(**given):
    return {
        "id": "2124000000000000001",
        "text": "Kuah",
        "created_at": "2026-11-23T02:30:00Z",
    } | given


# ---- queries ----


def test_every_term_is_in_exactly_one_query_of_at_most_512_characters():
    terms = [f"Tempat Indah {n}" for n in range(92)] + ["浮罗交怡"]
    made = x.queries(terms)
    assert all(len(query.text) <= 512 for query in made)
    joined = " ".join(query.text for query in made)
    assert all(joined.count(f'"{term}"') == 1 for term in terms)
    assert len(made) == 4


def test_a_query_leaves_reposts_out_and_cannot_be_broken_by_a_quote():
    (query,) = x.queries(['Pulau "Payar" \\', "Pulau Payar", "", "  "])
    assert query.text == '("Pulau Payar") -is:retweet'


def test_a_term_longer_than_a_query_is_left_out():
    assert x.queries(["a" * 600]) == ()


def test_the_stream_of_a_query_depends_on_its_terms_only():
    assert x.queries(["Kuah"]) == x.queries(["Kuah"])
    assert x.queries(["Kuah"])[0].stream != x.queries(["Baling"])[0].stream


def test_no_terms_means_no_request():
    assert search(EMPTY, terms=[]) == ([], None, [])


# ---- asking ----


def test_pages_are_walked_to_the_one_without_a_token():
    pages, error, asked = search(own("x_page_1"), own("x_page_2"))
    assert error is None
    assert [page.last for page in pages] == [False, True]
    assert [a.query.get("next_token") for a in asked] == [None, "t2"]
    assert len(posts_of(pages)) == 4
    assert {a.headers["Authorization"] for a in asked} == {"Bearer t"}


def test_an_empty_page_is_the_end_and_no_fault():
    (page,), error, _ = search(own("x_empty"))
    assert (page.posts, page.last, page.problem, error) == ((), True, None, None)


def test_a_short_page_with_a_token_is_not_the_end():
    short = {"data": [a_record()], "meta": {"result_count": 1, "next_token": "n"}}
    pages, _, asked = search(Reply(short), EMPTY)
    assert len(asked) == 2
    assert pages[-1].last


@pytest.mark.parametrize(("dialect", "other"), [("tweet", "post"), ("post", "tweet")])
def test_a_request_speaks_one_dialect_only(dialect, other):
    _, _, (asked,) = search(EMPTY, dialect=dialect)
    assert f"{dialect}.fields" in asked.query
    assert f"{other}.fields" not in asked.query
    assert f"note_{other}" not in asked.query[f"{dialect}.fields"]


def test_the_start_lies_an_overlap_before_the_cursor():
    stream = x.queries(ONE_TERM)[0].stream
    state = {f"cursor:{stream}": (NOW - timedelta(hours=2)).isoformat()}
    _, _, (asked,) = search(EMPTY, state=state, overlap=timedelta(hours=3))
    assert asked.query["start_time"] == "2026-11-22T23:00:00Z"


@pytest.mark.parametrize("cursor", [None, "2026-01-01T00:00:00+00:00", "nonsense", 5])
def test_without_a_usable_cursor_the_start_lies_within_seven_days(cursor):
    state = {f"cursor:{x.queries(ONE_TERM)[0].stream}": cursor}
    _, _, (asked,) = search(EMPTY, state=state)
    assert asked.query["start_time"] == "2026-11-16T04:05:00Z"


def test_a_cursor_in_the_future_does_not_ask_for_the_future():
    state = {f"cursor:{x.queries(ONE_TERM)[0].stream}": "2027-01-01T00:00:00+00:00"}
    _, _, (asked,) = search(EMPTY, state=state)
    assert asked.query["start_time"] == "2026-11-23T03:59:00Z"


def test_a_start_that_x_finds_too_early_is_left_out():
    pages, error, asked = search(own("x_start_too_early"), own("x_page_2"))
    assert error is None
    assert ["start_time" in a.query for a in asked] == [True, False]
    assert len(posts_of(pages)) == 1


def test_the_page_cap_bounds_the_money_of_a_round_and_is_said():
    more = Reply({"data": [a_record()], "meta": {"next_token": "again"}})
    pages, _, asked = search(more, max_pages=3)
    assert len(asked) == 3
    assert not any(page.last for page in pages)
    assert "page cap hit" in pages[-1].note


def a_full_page(**meta):
    return Reply({"data": [a_record()] * x.PAGE_SIZE, "meta": meta})


def test_a_busy_query_leaves_a_page_for_each_of_the_others():
    terms = [f"tempat{n}{'a' * 300}" for n in range(3)]
    _, _, asked = search(a_full_page(next_token="more"), terms=terms, max_pages=5)
    texts = [a.query["query"] for a in asked]
    assert [texts.count(query.text) for query in x.queries(terms)] == [3, 1, 1]


def test_empty_pages_cost_nothing_and_leave_room_for_a_busy_query():
    terms = [f"tempat{n}{'a' * 300}" for n in range(4)]
    more = Reply({"data": [a_record()], "meta": {"next_token": "again"}})
    _, _, asked = search(more, more, EMPTY, terms=terms, max_pages=4)
    assert len(asked) == 6


def test_the_query_that_waited_longest_is_asked_first():
    terms = [f"tempat{n}{'a' * 300}" for n in range(2)]
    first, second = x.queries(terms)
    state = {f"cursor:{first.stream}": NOW.isoformat()}
    pages, _, asked = search(a_full_page(), terms=terms, state=state, max_pages=1)
    assert [a.query["query"] for a in asked] == [second.text]
    assert "page cap hit" in pages[-1].note


# ---- refusals ----


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (own("x_credits_body_a"), Kind.BILLING),
        (own("x_credits_body_b"), Kind.BILLING),
        (own("x_usage_capped"), Kind.QUOTA),
        (Reply({"title": "Unauthorized", "status": 401}, status=401), Kind.AUTH),
        (Reply({"reason": "client-not-enrolled"}, status=403), Kind.PERMISSION),
        (Reply({"title": "SpendCapReached", "detail": "spending limit"}, status=403), Kind.BILLING),
    ],
)
def test_what_waiting_cannot_cure_is_asked_once_and_ends_the_platform(reply, kind):
    terms = [f"tempat{n}{'a' * 300}" for n in range(3)]
    pages, error, asked = search(reply, terms=terms, limits=Limits(retry_base=0))
    assert pages == []
    assert isinstance(error, PlatformDown)
    assert (error.kind, len(asked)) == (kind, 1)


def test_a_rate_limit_is_waited_for_and_then_ends_the_platform():
    pages, error, asked = search(
        Reply(status=429, headers={"x-rate-limit-reset": "1"}),
        limits=Limits(retries=2, retry_base=0),
    )
    assert (pages, error.kind, len(asked)) == ([], Kind.RATE_LIMITED, 3)


@pytest.mark.parametrize(
    "bad",
    [
        Reply(b"<html>gone</html>", status=404),
        Reply(b"<html>fine</html>"),
        Reply({"errors": [{"title": "Not Found Error"}]}),
        Reply({"data": {"id": "1"}, "meta": {}}),
        Reply({"errors": [{"message": "bad query"}]}, status=400),
    ],
)
def test_a_failed_query_is_reported_and_the_others_go_on(bad):
    terms = [f"tempat{n}{'a' * 300}" for n in range(2)]
    pages, error, asked = search(bad, own("x_page_2"), terms=terms)
    assert error is None
    assert pages[0].problem is not None
    assert not pages[0].last
    assert (len(posts_of(pages)), len(asked)) == (1, 2)


def test_an_answer_of_errors_alone_is_no_empty_page():
    with pytest.raises(PlatformError, match="2 x Not Found Error"):
        x.parse_page({"errors": [{"title": "Not Found Error"}, {"title": "Not Found Error"}]})


# ---- parsing ----


def test_a_post_is_read_whole():
    post = x.parse_page(body("x_page_1"), "search:1").posts[0]
    assert post.content == "Pantai Cenang cantik & bersih 😎🌊 #Langkawi #PantaiCenang @kawan_jalan"
    assert post.posted_at == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    assert (post.likes, post.comments, post.shares, post.views) == (41, 2, 4, 900)
    assert (post.hashtags, post.mentions) == (("langkawi", "pantaicenang"), ("kawan_jalan",))
    assert (post.media_type, post.geo) == ("photo", (6.2937, 99.7279))
    assert post.url == "https://x.com/i/web/status/2124000000000000001"
    assert (post.author, post.language, post.found_by) == ("501", "in", "search:1")
    assert not post.posted_at_estimated


def test_a_repost_has_no_counts_of_its_own():
    for name in ("x_page_1", "x_new_words"):
        post = x.parse_page(body(name)).posts[1]
        assert post.is_repost
        assert (post.likes, post.comments, post.shares, post.views) == (None,) * 4


def test_a_long_post_is_read_in_full_and_unescaped_once():
    post = x.parse_page(body("x_page_1")).posts[2]
    assert post.content.endswith("<sebelum panas>")
    assert post.hashtags == ("alorsetar",)
    assert x.parse_post(a_record(text="a &amp;lt; b"), {}).content == "a &lt; b"


def test_a_place_without_coordinates_stands_for_its_middle():
    assert x.parse_page(body("x_page_1")).posts[2].geo == (6.35, 99.75)


def test_the_new_words_mean_the_same():
    post = x.parse_page(body("x_new_words")).posts[0]
    assert post.content == "Gunung Jerai berkabus sejak subuh, jalan naik licin"
    assert (post.shares, post.is_repost) == (3, False)


def test_a_post_without_a_time_takes_it_from_its_id_and_says_so():
    post = x.parse_page(body("x_page_2")).posts[0]
    assert post.posted_at_estimated
    assert post.posted_at == x.snowflake_instant("2123999999999999999")
    assert (post.author, post.likes, post.views) == (None, None, None)


def test_an_id_tells_its_time():
    # 2022-10-07 22:42:12, as the post with this id says in its text.
    told = x.snowflake_instant("1578516068309794817")
    assert told.replace(microsecond=0) == datetime(2022, 10, 7, 22, 42, 12, tzinfo=UTC)
    assert x.snowflake_instant("20") is None
    assert x.snowflake_instant("9" * 40) is None


def test_a_page_without_any_counts_is_noticed():
    assert x.NO_METRICS_NOTE in x.parse_page(body("x_page_2")).notes
    assert x.NO_METRICS_NOTE not in x.parse_page(body("x_page_1")).notes
    assert x.parse_page({"meta": {}}).notes == ()


def test_partial_errors_beside_posts_are_noted():
    (note,) = x.parse_page(body("x_page_1")).notes
    assert note == "parts were missing: 1 x Forbidden, 1 x Not Found Error, 1 x Authorization Error"


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "text",
        [],
        {},
        a_record(id=None),
        a_record(id="a/b"),
        a_record(id=1.5),
        a_record(text=None),
        a_record(text=["x"]),
        a_record(created_at="yesterday"),
        a_record(created_at=5),
    ],
)
def test_an_unreadable_record_is_put_aside_and_its_page_lives(odd):
    parsed = x.parse_page({"data": [odd, a_record(id="2")], "meta": {}})
    assert [post.post_id for post in parsed.posts] == ["2"]
    assert isinstance(parsed.rejects[0], Reject)
    assert parsed.rejects[0].payload == odd


@pytest.mark.parametrize("value", ["12k", -1, 1.5, True, None, [], {}])
def test_an_odd_count_is_unknown(value):
    metrics = {"like_count": value, "reply_count": value, "retweet_count": 2, "quote_count": value}
    post = x.parse_post(a_record(public_metrics=metrics | {"impression_count": value}), {})
    assert (post.likes, post.comments, post.shares, post.views) == (None, None, 2, None)


def test_odd_or_unknown_side_fields_never_hurt():
    odd = a_record(
        entities=[1],
        geo="here",
        attachments={"media_keys": [[1], "3_1", None]},
        public_metrics=7,
        referenced_tweets=[{"type": ["retweeted"]}, None],
        author_id=5,
        lang={},
        brand_new={"x": 1},
    )
    includes = {"media": [{"media_key": []}, None], "places": "none"}
    post = x.parse_post(odd, includes)
    assert isinstance(post, Post)
    assert (post.likes, post.geo, post.media_type, post.language) == (None, None, None, None)


def test_a_post_of_next_year_is_kept_as_it_is():
    post = x.parse_post(a_record(created_at="2027-11-23T00:00:00.000Z"), {})
    assert post.posted_at.year == 2027
