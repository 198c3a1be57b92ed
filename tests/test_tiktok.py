"""TikTok: one token a round, windows of days, exact ids, and errors that come with any status."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest

from collector.platforms import PlatformError, tiktok
from collector.platforms.http import Http, Limits
from insights.model import Kind, Reject
from tests.fakes import NOW
from tests.replay import OWN, TIKTOK_QUERY, TIKTOK_TOKEN, Reply, payload, replay

SECRET, ACCESS = "secret-of-tiktok", "clt.given-for-two-hours"
GIVEN = Reply({"access_token": ACCESS, "expires_in": 7200, "token_type": "Bearer"})
FIRST = 7320768187275005226  # no float holds it


def own(name):
    return payload(OWN / f"{name}.json")


def an_answer(*ids, more=False, cursor=100):
    videos = [{"id": i, "video_description": "Kuah"} for i in ids]
    data = {"videos": videos, "cursor": cursor, "search_id": "s1", "has_more": more}
    return Reply({"data": data, "error": {"code": "ok"}})


EMPTY = an_answer()


def failing(code, status=200, message="Refused"):
    return Reply({"data": {}, "error": {"code": code, "message": message}}, status=status)


def search(*replies, token=GIVEN, state=None, now=NOW, tries=1, **given):
    """The pages of a round, the error that ended it, and the requests; the last reply stays."""
    left = list(replies) or [EMPTY]

    def answer(asked):
        if asked.path == TIKTOK_TOKEN:
            return token
        reply = left.pop(0) if len(left) > 1 else left[0]
        return reply(asked) if callable(reply) else reply

    with replay(answer) as server:
        limits = Limits(retries=tries - 1, retry_base=0)
        client = Http(server.url, limits=limits)
        source = tiktok.TikTok(client, "key-of-tiktok", SECRET, ["langkawi", "kuah"], **given)
        pages, error = [], None
        try:
            pages.extend(source.search(state or {}, now))
        except PlatformError as raised:
            error = raised
        assert source.requests == len(server.asked)
        return pages, error, server.asked


def asked_for(asked):
    return [json.loads(a.body) for a in asked if a.path == TIKTOK_QUERY]


def state_after(pages, state=None):
    kept = dict(state or {})
    for page in pages:
        kept.update(page.state)
    return kept


def recent(days=1):
    """A memory whose cursor stands so many days back, so that few windows are asked for."""
    stream = search()[0][0].stream
    return {f"cursor:{stream}": (NOW - timedelta(days=days)).isoformat()}


# ---- asking ----


def test_a_round_takes_a_token_and_asks_for_its_hashtags():
    pages, error, asked = search(state=recent())
    assert error is None
    assert [a.path for a in asked] == [TIKTOK_TOKEN, TIKTOK_QUERY]
    assert b"grant_type=client_credentials" in asked[0].body
    assert asked[1].headers["Authorization"] == f"Bearer {ACCESS}"
    (question,) = asked_for(asked)
    assert question["query"]["and"][0] == {
        "operation": "IN",
        "field_name": "hashtag_name",
        "field_values": ["langkawi", "kuah"],
    }
    assert (question["start_date"], question["end_date"]) == ("20261120", "20261123")
    assert pages[-1].last


def test_secrets_stand_in_no_address():
    _, _, asked = search(state=recent())
    for one in asked:
        assert SECRET not in f"{one.path}{one.query}"
        assert ACCESS not in f"{one.path}{one.query}"


@pytest.mark.parametrize("cursor", [None, "2019-01-01T00:00:00+00:00", "nonsense"])
def test_thirty_days_are_walked_in_weeks_without_a_gap(cursor):
    stream = search()[0][0].stream
    _, _, asked = search(state={f"cursor:{stream}": cursor})
    days = [(q["start_date"], q["end_date"]) for q in asked_for(asked)]
    assert (days[0][0], days[-1][1]) == ("20261025", "20261123")
    for (_, end), (start, _) in itertools.pairwise(days):
        after = datetime.strptime(end, "%Y%m%d") + timedelta(days=1)
        assert after.strftime("%Y%m%d") == start


def test_the_next_page_is_asked_for_with_cursor_and_search_id():
    pages, _, asked = search(own("tiktok_page"), own("tiktok_last"), state=recent())
    first, second = asked_for(asked)
    assert (first["cursor"], "search_id" in first) == (0, False)
    assert (second["cursor"], second["search_id"]) == (100, "7354367454467855403")
    assert [page.last for page in pages] == [False, True]


def test_a_short_page_is_not_the_last():
    pages, _, _ = search(an_answer(1, more=True), an_answer(2, cursor=200), state=recent())
    assert [post.post_id for page in pages for post in page.posts] == ["1", "2"]


def test_the_same_page_for_ever_ends():
    pages, _, asked = search(an_answer(1, more=True), state=recent())
    assert len(asked_for(asked)) == 2
    assert pages[-1].last


def test_a_forgotten_search_is_begun_anew_once():
    lost = failing("invalid_params", 400, "Search Id 7354 is invalid or expired")
    replies = [an_answer(1, more=True), lost, an_answer(1, more=True), an_answer(2, cursor=200)]
    pages, error, asked = search(*replies, state=recent())
    assert error is None
    assert not any(page.problem for page in pages)
    assert [q["cursor"] for q in asked_for(asked)] == [0, 100, 0, 100]
    pages, _, asked = search(an_answer(1, more=True), lost, state=recent())
    assert len(asked_for(asked)) == 3
    assert pages[-1].problem.kind == Kind.BAD_REQUEST


def endless(asked):
    cursor = json.loads(asked.body)["cursor"]
    return an_answer(cursor + 1, more=True, cursor=cursor + 100)


def test_a_window_that_does_not_fit_under_the_cap_gets_smaller_until_it_moves_on():
    state, spans = recent(5), []
    for _ in range(4):
        pages, _, asked = search(endless, state=state, max_pages=3)
        question = asked_for(asked)[0]
        days = [datetime.strptime(question[k], "%Y%m%d") for k in ("start_date", "end_date")]
        spans.append((days[1] - days[0]).days + 1)
        assert "page cap hit" in pages[-1].note
        state = state_after(pages, state)
    assert spans == [7, 3, 1, 7]
    assert pages[-1].stream


def test_the_cap_is_one_for_all_windows():
    _, _, asked = search(max_pages=2)
    assert len(asked_for(asked)) == 2


# ---- quota ----


def test_requests_and_records_of_the_day_are_counted():
    pages, _, _ = search(own("tiktok_page"), own("tiktok_last"), state=recent())
    assert state_after(pages)["quota"] == {
        "day": "2026-11-23",
        "used": {"requests": 2, "records": 3},
    }


def test_a_used_up_day_closes_tiktok_until_midnight_utc():
    over = failing("daily_quota_limit_exceeded", 429)
    pages, error, asked = search(over)
    assert (error, len(asked)) == (None, 2)
    assert [page.problem.kind for page in pages] == [Kind.QUOTA]
    state = state_after(pages)
    assert state["closed_until"] == "2026-11-24T00:00:00+00:00"
    pages, _, asked = search(state=state, now=NOW + timedelta(hours=19))
    assert (asked, [page.problem.kind for page in pages]) == ([], [Kind.QUOTA])
    assert search(state=state, now=NOW + timedelta(hours=20))[2]


def test_the_own_ledger_stops_before_the_limit():
    used = {"quota": {"day": "2026-11-23", "used": {"requests": 999, "records": 0}}}
    pages, _, asked = search(state=used)
    assert len(asked_for(asked)) == 1
    assert pages[-1].problem.kind == Kind.QUOTA


# ---- errors ----


@pytest.mark.parametrize("status", [200, 401, 403, 429])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("access_token_invalid", Kind.AUTH),
        ("scope_not_authorized", Kind.PERMISSION),
        ("daily_quota_limit_exceeded", Kind.QUOTA),
        ("rate_limit_exceeded", Kind.RATE_LIMITED),
    ],
)
def test_the_name_of_an_error_decides_whatever_the_status(code, kind, status):
    pages, error, asked = search(failing(code, status))
    assert (error, len(asked_for(asked))) == (None, 1)
    assert [page.problem.kind for page in pages] == [kind]
    assert not any(page.last or page.posts for page in pages)


def test_an_error_of_the_server_in_a_200_is_asked_again():
    replies = [failing("internal_error"), own("tiktok_last")]
    pages, error, _ = search(*replies, state=recent(), tries=2)
    assert error is None
    assert [page.last for page in pages] == [True]


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_refused_key_is_one_request_and_names_no_secret(status):
    said = f"Client key or secret {SECRET} is incorrect"
    wrong = Reply({"error": "invalid_client", "error_description": said}, status=status)
    pages, _, asked = search(token=wrong)
    assert len(asked) == 1
    assert pages[0].problem.kind == Kind.AUTH
    assert SECRET not in pages[0].problem.message


@pytest.mark.parametrize("body", [b"", b"<html>", {"data": None}, {"data": {"videos": 5}}])
def test_an_answer_without_videos_is_a_failure_and_not_no_videos(body):
    pages, error, _ = search(Reply(body))
    assert error is None
    assert pages[0].problem.kind == Kind.BAD_PAYLOAD


def test_a_token_that_does_not_come_is_a_failure():
    pages, _, asked = search(token=Reply({"expires_in": 7200}))
    assert len(asked) == 1
    assert pages[0].problem.kind == Kind.BAD_PAYLOAD


# ---- parsing ----


def test_a_video_is_read_whole():
    post = tiktok.parse_items(own("tiktok_page").body["data"]["videos"], "search:1")[0][0]
    assert post.post_id == str(FIRST)
    assert post.content == "Pantai Cenang #langkawi @kawan"
    assert post.posted_at == datetime(2026, 11, 22, 7, tzinfo=UTC)
    assert (post.likes, post.comments, post.shares, post.views) == (6, 0, 1, 44)
    assert post.url == f"https://www.tiktok.com/@pelancong.rekaan/video/{FIRST}"
    assert (post.hashtags, post.mentions) == (("langkawi", "cuti"), ("kawan",))
    assert (post.author, post.media_type, post.language) == ("pelancong.rekaan", "VIDEO", None)
    assert post.author_name == post.author


def test_large_ids_stay_exact_from_the_answer_to_the_post():
    pages, _, _ = search(own("tiktok_page"), own("tiktok_last"), state=recent())
    ids = [post.post_id for page in pages for post in page.posts]
    assert ids == ["7320768187275005226", "7320768187275005227", "9223372036854775807"]


def test_nul_is_taken_out_and_missing_counts_are_unknown():
    post = tiktok.parse_items(own("tiktok_page").body["data"]["videos"])[0][1]
    assert (post.author, post.content) == ("null rekaan", "senja di Kuah")
    assert post.url == "https://www.tiktok.com/@null%20rekaan/video/7320768187275005227"
    assert (post.likes, post.hashtags) == (None, ())


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"id": 1.5},
        {"id": True},
        {"id": 2**63},
        {"id": 5, "video_description": 7},
        {"id": 5, "create_time": "noon"},
        {"id": 5, "create_time": 10**15},
        {"id": 5, "create_time": -1},
    ],
)
def test_an_unreadable_video_is_put_aside(odd):
    posts, (reject,) = tiktok.parse_items([odd, {"id": 6}])
    assert [post.post_id for post in posts] == ["6"]
    assert isinstance(reject, Reject)


@pytest.mark.parametrize("value", ["12k", -1, 1.5, True, None, [], {}])
def test_odd_counts_names_and_hashtags_are_unknown(value):
    item = {"id": 5, "like_count": value, "username": [], "hashtag_names": [value, "Kuah"]}
    post = tiktok.parse_post(item)
    assert (post.likes, post.url, post.author) == (None, None, None)
    assert post.hashtags[-1] == "kuah"
