"""YouTube: few searches, counts from the videos themselves, and quotas that end at a midnight."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from collector.platforms import PlatformError, youtube
from collector.platforms.http import Http, Limits
from insights.model import Kind, Reject
from tests.fakes import NOW
from tests.replay import OWN, YOUTUBE_SEARCH, YOUTUBE_VIDEOS, Reply, payload, replay

EMPTY = Reply({"items": []})
KEY = "key-of-youtube"
HOURS = timedelta(hours=1)


def own(name):
    return payload(OWN / f"{name}.json")


def search(found=EMPTY, videos=EMPTY, *, terms=("Langkawi",), state=None, now=NOW, **given):
    """The pages of a round, the error that ended it, and the requests."""

    def answer(asked):
        reply = found if asked.path == YOUTUBE_SEARCH else videos
        return reply(asked) if callable(reply) else reply

    with replay(answer) as server:
        client = Http(server.url, {"X-Goog-Api-Key": KEY}, limits=Limits(retries=0))
        source = youtube.YouTube(client, terms, **given)
        pages, error = [], None
        try:
            pages.extend(source.search(state or {}, now))
        except PlatformError as raised:
            error = raised
        assert source.requests == len(server.asked)
        return pages, error, server.asked


def state_after(pages, state=None):
    kept = dict(state or {})
    for page in pages:
        kept.update(page.state)
    return kept


def posts_of(pages):
    return {post.post_id: post for page in pages for post in page.posts}


def a_result(name, at=NOW):
    time = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    found = {"kind": "youtube#video", "videoId": name}
    return {"id": found, "snippet": {"publishedAt": time, "title": name}}


def searches(asked):
    return [a.query for a in asked if a.path == YOUTUBE_SEARCH]


# ---- asking ----


def test_a_search_is_followed_by_the_counts_of_its_videos():
    pages, error, asked = search(own("youtube_search"), own("youtube_videos"))
    assert error is None
    assert [a.path for a in asked] == [YOUTUBE_SEARCH, YOUTUBE_VIDEOS]
    assert asked[1].query["id"] == "vidAAAAAAA1,vidAAAAAAA2,vidAAAAAAA3,vidAAAAAAA4"
    post = posts_of(pages)["vidAAAAAAA1"]
    assert (post.likes, post.comments, post.views) == (12, 0, 9007199254740993)
    assert (post.language, post.geo, post.shares) == ("ms", (6.29, 99.72), None)
    assert [page.last for page in pages] == [True]


def test_the_key_goes_in_a_header_only():
    _, _, asked = search(own("youtube_search"), own("youtube_videos"))
    for one in asked:
        headers = {name.casefold(): value for name, value in one.headers.items()}
        assert headers["x-goog-api-key"] == KEY
        assert KEY not in str(one.query)


def test_only_new_videos_of_the_words_are_asked_for_in_malaysia():
    cursor = {f"cursor:{youtube.queries(['Langkawi'])[0].stream}": NOW.isoformat()}
    _, _, asked = search(state=cursor)
    query = searches(asked)[0]
    assert (query["type"], query["regionCode"], query["order"]) == ("video", "MY", "date")
    assert query["publishedAfter"] == "2026-11-22T04:00:00Z"


@pytest.mark.parametrize("cursor", [None, "2019-01-01T00:00:00+00:00", "nonsense", 5])
def test_without_a_usable_cursor_thirty_days_are_asked_for(cursor):
    stream = youtube.queries(["Langkawi"])[0].stream
    _, _, asked = search(state={f"cursor:{stream}": cursor})
    assert searches(asked)[0]["publishedAfter"] == "2026-10-24T04:00:00Z"


def test_terms_share_a_query_and_names_of_several_words_stay_together():
    (query,) = youtube.queries(["Langkawi", "Pantai Cenang", 'Kuah"|', "Langkawi", " "])
    assert query.text == 'Langkawi|"Pantai Cenang"|Kuah'


def test_no_query_is_longer_than_its_limit_and_none_of_the_fitting_terms_is_lost():
    terms = [f"Tempat nombor {n}" for n in range(200)] + ["x" * 501]
    packed = youtube.queries(terms)
    assert max(len(query.text) for query in packed) <= youtube.QUERY_LENGTH
    assert sum(query.text.count("|") + 1 for query in packed) == 200
    assert len({query.stream for query in packed}) == len(packed)


def test_a_round_makes_eight_searches_and_the_next_begins_with_those_that_waited():
    terms = [f"{letter * 400}" for letter in "abcdefghijkl"]
    pages, _, asked = search(terms=terms)
    assert [query["q"][0] for query in searches(asked)] == list("abcdefgh")
    _, _, asked = search(terms=terms, state=state_after(pages), now=NOW + 2 * HOURS)
    assert [query["q"][0] for query in searches(asked)] == list("ijklabcd")


def test_a_failing_query_waits_its_turn_like_the_others():
    terms = ["a" * 400, "b" * 400]
    broken = Reply(b"<html>")
    pages, error, asked = search(broken, terms=terms, searches=1)
    assert (error, pages[0].problem.kind, len(asked)) == (None, Kind.BAD_PAYLOAD, 1)
    _, _, asked = search(terms=terms, searches=1, state=state_after(pages))
    assert searches(asked)[0]["q"][0] == "b"


# ---- pages ----


def endless(asked):
    """Fifty videos a page, an hour apart, back from `publishedBefore` or now."""
    newest = asked.query.get("publishedBefore", NOW.isoformat())
    page = int(asked.query.get("pageToken", "0"))
    first = datetime.fromisoformat(newest) - page * 50 * HOURS
    times = [first - n * HOURS for n in range(50)]
    after = datetime.fromisoformat(asked.query["publishedAfter"])
    items = [a_result(f"v{int(at.timestamp())}", at) for at in times if at > after]
    more = {"nextPageToken": str(page + 1)} if len(items) == 50 else {}
    return Reply({"items": items, **more})


def test_a_search_that_was_cut_off_goes_on_where_it_stopped_and_then_moves_its_cursor():
    stream = youtube.queries(["Langkawi"])[0].stream
    state, seen, rounds = {}, set(), 0
    while f"cursor:{stream}" not in state:
        pages, _, asked = search(endless, state=state, max_pages=2)
        assert len(searches(asked)) <= 2
        seen |= posts_of(pages).keys()
        state = state_after(pages, state)
        rounds += 1
        assert rounds < 20
    assert len(seen) >= 30 * 24 - 1
    assert state[f"cursor:{stream}"] == NOW.isoformat()
    assert state[f"rest:{stream}"] is None


def test_a_cut_is_said_and_is_not_the_end():
    pages, _, _ = search(endless, max_pages=2)
    assert [page.last for page in pages] == [False, False]
    assert pages[-1].note == youtube.CAP_NOTE


def test_the_same_page_for_ever_ends():
    same = Reply({"items": [a_result("v1")], "nextPageToken": "next"})
    pages, _, asked = search(same, max_pages=8)
    assert len(searches(asked)) == 2
    assert pages[-1].last


def test_without_the_videos_a_page_is_not_half_stored():
    pages, error, _ = search(own("youtube_search"), Reply(b"", status=404))
    assert error is None
    assert not any(page.posts or page.last for page in pages)
    assert pages[0].problem.kind == Kind.BAD_REQUEST


# ---- quotas ----


def test_requests_are_counted_by_what_they_cost():
    pages, _, _ = search(own("youtube_search"), own("youtube_videos"))
    assert state_after(pages)["quota"]["used"] == {"searches": 1, "units": 1}


@pytest.mark.parametrize("name", ["youtube_quota_day", "youtube_quota_units"])
def test_a_used_up_day_closes_youtube_until_midnight_in_california(name):
    pages, _, asked = search(own(name), terms=["a" * 400, "b" * 400])
    assert len(asked) == 1
    assert [page.problem.kind for page in pages] == [Kind.QUOTA]
    state = state_after(pages)
    assert state["closed_until"] == "2026-11-23T08:00:00+00:00"
    pages, _, asked = search(state=state, now=NOW + 3 * HOURS)
    assert (asked, [page.problem.kind for page in pages]) == ([], [Kind.QUOTA])
    pages, error, asked = search(state=state, now=NOW + 4 * HOURS)
    assert (error, len(asked)) == (None, 1)
    assert state_after(pages)["closed_until"] is None


def test_the_own_ledger_stops_before_the_hundredth_and_first_search():
    used = {"quota": {"day": "2026-11-22", "used": {"searches": 99, "units": 5}}}
    pages, _, asked = search(terms=["a" * 400, "b" * 400], state=used)
    assert len(asked) == 1
    assert pages[-1].problem.kind == Kind.QUOTA
    assert "the 100 searches of the day are used up" in pages[-1].problem.message


# ---- errors ----


def refused(status, reason, message="Refused"):
    error = {"code": status, "message": message, "errors": [{"reason": reason}]}
    return Reply({"error": error}, status=status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused(400, "keyInvalid", "Bad Request"), Kind.AUTH),
        (refused(400, "badRequest", "API key not valid. Please pass a valid API key."), Kind.AUTH),
        (refused(401, "authError"), Kind.AUTH),
        (refused(403, "forbidden"), Kind.PERMISSION),
        (refused(403, "SERVICE_UNAVAILABLE", "The caller may not"), Kind.PERMISSION),
        (refused(403, "rateLimitExceeded", "Too fast"), Kind.RATE_LIMITED),
        (refused(429, "rateLimitExceeded", "limit 'Queries per minute'"), Kind.RATE_LIMITED),
        (refused(429, "rateLimitExceeded", "limit 'Search Queries per day'"), Kind.QUOTA),
    ],
)
def test_what_concerns_the_whole_project_ends_the_round_after_one_request(reply, kind):
    pages, error, asked = search(reply, terms=["a" * 400, "b" * 400])
    assert (error, len(asked)) == (None, 1)
    assert [page.problem.kind for page in pages] == [kind]


def test_a_bad_query_is_its_own_problem_only():
    terms = ["a" * 400, "b" * 400]
    pages, _, asked = search(refused(400, "invalidParameter"), terms=terms)
    assert len(asked) == 2
    assert [page.problem.kind for page in pages] == [Kind.BAD_REQUEST] * 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", {"items": None}, {"kind": "other"}])
def test_an_answer_without_videos_is_a_failure_and_not_no_videos(body):
    pages, _, _ = search(Reply(body))
    assert pages[0].problem.kind == Kind.BAD_PAYLOAD


# ---- parsing ----


def parsed(name):
    posts, rejects = youtube.parse_items(youtube.items_of(own(name).body))
    return {post.post_id: post for post in posts}, rejects


def test_search_results_are_unescaped_once_and_have_no_counts():
    posts, rejects = parsed("youtube_search")
    post = posts["vidAAAAAAA1"]
    assert rejects == ()
    assert post.content == (
        "Cuti Langkawi: pantai & feri #langkawi\nTiga hari di Pantai Cenang 'murah' ..."
    )
    assert (post.likes, post.comments, post.views) == (None, None, None)
    assert post.posted_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert post.url == "https://www.youtube.com/watch?v=vidAAAAAAA1"


def test_the_videos_own_text_is_not_escaped_and_stays_as_it_is():
    assert "kod &lt;CUTI&gt; sah" in parsed("youtube_videos")[0]["vidAAAAAAA1"].content


def test_a_twice_escaped_title_is_unescaped_once():
    item = a_result("v1")
    item["snippet"]["title"] = "satu &amp;lt; dua"
    assert youtube.parse_post(item).content == "satu &lt; dua"


def test_channels_and_playlists_are_passed_over():
    assert set(parsed("youtube_search")[0]) == {f"vidAAAAAAA{n}" for n in range(1, 5)}


def test_hidden_counts_and_those_of_a_broadcast_to_come_are_unknown():
    posts, _ = parsed("youtube_videos")
    hidden, coming = posts["vidAAAAAAA2"], posts["vidAAAAAAA4"]
    assert (hidden.likes, hidden.comments, hidden.views) == (None, None, 55)
    assert (coming.likes, coming.comments, coming.views) == (None, None, None)


def test_a_video_that_is_gone_keeps_what_the_search_said():
    pages, _, _ = search(own("youtube_search"), own("youtube_videos"))
    gone = posts_of(pages)["vidAAAAAAA3"]
    assert gone.content.startswith("Sudah tiada")
    assert (gone.likes, gone.views) == (None, None)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"id": {"kind": "youtube#video"}, "snippet": {"title": "a"}},
        {"id": "v1"},
        {"id": "v1", "snippet": {"title": 7}},
        {"id": "v1", "snippet": {"title": "a", "publishedAt": "yesterday"}},
        {"id": "a b", "snippet": {"title": "a"}},
    ],
)
def test_an_unreadable_video_is_put_aside(odd):
    posts, (reject,) = youtube.parse_items([odd, a_result("v2")])
    assert [post.post_id for post in posts] == ["v2"]
    assert isinstance(reject, Reject)


@pytest.mark.parametrize("value", ["12k", "-1", "", 1.5, True, None, []])
def test_an_odd_count_is_unknown(value):
    item = {**a_result("v1"), "id": "v1", "statistics": {"likeCount": value, "viewCount": "7"}}
    post = youtube.parse_post(item)
    assert (post.likes, post.views) == (None, 7)


def test_errors_never_hold_the_key():
    echo = refused(400, "badRequest", f"the key {KEY} at https://host/?key={KEY} is odd")
    pages, _, _ = search(echo)
    assert not re.search(KEY, pages[0].problem.message)
