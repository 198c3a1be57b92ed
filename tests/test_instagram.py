"""Instagram: hashtags and their weekly allowance, own media, and odd records."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.platforms import PlatformError, instagram
from collector.platforms.http import Http, Limits, PlatformDown, bearer
from insights.model import Kind, Reject
from tests.fakes import NOW
from tests.replay import OWN, Asked, Reply, payload, replay

ME = "17841400000000000"
EMPTY = Reply({"data": []})
REFUSED = payload(OWN / "graph_permission.json")
EXPIRED = payload(OWN / "facebook_session_expired.json")
NO_SUCH = Reply({"error": {"code": 24, "message": "cannot be found"}}, status=400)


def own(name):
    return payload(OWN / f"{name}.json")


def serving(**edges):
    """A scenario by the last part of the path; a reply may be a function of the request."""

    def answer(asked: Asked) -> Reply:
        reply = edges.get(asked.path.rpartition("/")[2], EMPTY)
        return reply(asked) if callable(reply) else reply

    return answer


def any_id(asked):
    return Reply({"data": [{"id": str(1000 + sum(map(ord, asked.query["q"])))}]})


def search(tags=("langkawi",), state=None, now=NOW, given=None, **edges):
    """The pages of a round, the error that ended it, and the requests."""
    with replay(serving(**{"ig_hashtag_search": any_id, **edges})) as server:
        client = Http(server.url, bearer("token-of-instagram"), limits=Limits(retries=0))
        source = instagram.Instagram(client, ME, tags, **(given or {}))
        pages, error = [], None
        try:
            pages.extend(source.search(state or {}, now))
        except PlatformError as raised:
            error = raised
        return pages, error, server.asked


def state_after(pages):
    state = {}
    for page in pages:
        state.update(page.state)
    return state


def said(pages):
    return "; ".join(page.note for page in pages if page.note)


def of(pages, stream):
    return [page for page in pages if page.stream == stream]


# ---- hashtags ----


def test_a_hashtag_is_looked_up_then_its_recent_and_top_media_are_read():
    pages, error, asked = search(recent_media=own("instagram_recent"), media=EMPTY)
    assert error is None
    paths = [a.path.removeprefix("/v26.0/") for a in asked]
    assert paths[:2] == [f"{ME}/recently_searched_hashtags", "ig_hashtag_search"]
    assert paths[2].endswith("/recent_media")
    assert paths[-2].endswith("/top_media")
    assert paths[-1] == f"{ME}/media"
    assert all("access_token" not in a.query for a in asked)
    posts = [post for page in of(pages, "hashtag:langkawi") for post in page.posts]
    assert {post.post_id for post in posts} == {"17900000000000001", "17900000000000002"}
    assert [page.last for page in of(pages, "hashtag:langkawi")] == [False, False, True]


def test_the_id_of_a_hashtag_is_asked_for_once():
    pages, _, first = search()
    _, _, second = search(state=state_after(pages))
    assert [a.path for a in first].count("/v26.0/ig_hashtag_search") == 1
    assert [a.path for a in second].count("/v26.0/ig_hashtag_search") == 0


def test_a_31st_hashtag_of_the_week_is_refused_before_calling():
    tags = [f"tempat{n}" for n in range(32)]
    pages, _, asked = search(tags)
    assert [a.path for a in asked].count("/v26.0/ig_hashtag_search") == 30
    assert "left out: #tempat30, #tempat31" in said(pages)


def test_an_asked_hashtag_is_free_for_the_week_and_a_place_is_free_after_it():
    tags = [f"tempat{n}" for n in range(30)]
    state = state_after(search(tags)[0])
    later = NOW + timedelta(days=6)
    pages, _, _ = search([*tags, "baru"], state=state, now=later)
    assert len(of(pages, "hashtag:tempat29")) == 2
    assert of(pages, "hashtag:baru") == []
    pages, _, _ = search(["baru"], state=state, now=NOW + timedelta(days=7, minutes=1))
    assert of(pages, "hashtag:baru")


def test_what_other_programs_of_the_account_asked_counts_too():
    told = Reply({"data": [{"id": str(n), "name": f"lain{n}"} for n in range(29)]})
    pages, _, _ = search(["satu", "dua", "lain3"], recently_searched_hashtags=told)
    assert of(pages, "hashtag:satu")
    assert not of(pages, "hashtag:dua")
    assert of(pages, "hashtag:lain3")


def test_without_the_list_of_instagram_the_own_ledger_counts():
    pages, error, _ = search(recently_searched_hashtags=Reply(b"<html>", status=404))
    assert error is None
    assert state_after(pages)["hashtag_week"] == {"langkawi": NOW.isoformat()}


def test_a_refused_hashtag_does_not_stop_the_others_and_is_left_out_for_a_week():
    def lookup(asked):
        return NO_SUCH if asked.query["q"] == "kuah" else any_id(asked)

    pages, error, _ = search(["kuah", "langkawi"], ig_hashtag_search=lookup)
    assert error is None
    assert of(pages, "hashtag:kuah")[0].problem.kind == Kind.BAD_REQUEST
    assert of(pages, "hashtag:langkawi")[-1].last
    pages, _, asked = search(["kuah"], state=state_after(pages), ig_hashtag_search=lookup)
    assert of(pages, "hashtag:kuah") == []
    assert "#kuah" in said(pages)
    assert "/v26.0/ig_hashtag_search" not in [a.path for a in asked]


def test_an_expired_token_stops_everything_after_one_request():
    pages, error, asked = search(["a", "b"], recently_searched_hashtags=EXPIRED)
    assert (pages, error.kind, len(asked)) == ([], Kind.AUTH, 1)
    assert isinstance(error, PlatformDown)


def test_a_missing_permission_stops_all_hashtags_at_once_and_own_media_are_still_tried():
    tags = [f"tempat{n}" for n in range(30)]
    pages, error, asked = search(tags, ig_hashtag_search=REFUSED, media=own("instagram_own"))
    assert error is None
    assert [page.problem.kind for page in pages if page.problem] == [Kind.PERMISSION]
    assert [a.path for a in asked].count("/v26.0/ig_hashtag_search") == 1
    assert of(pages, f"own:{ME}")[-1].posts


def test_an_app_without_any_permission_costs_two_requests_a_round():
    tags = ["langkawi", "kuah"]
    known = state_after(search(tags)[0])
    for state in ({}, known):
        edges = dict.fromkeys(("recently_searched_hashtags", "recent_media", "media"), REFUSED)
        pages, error, asked = search(tags, state=state, **edges)
        assert (error, len(asked)) == (None, 2)
        assert [page.problem.kind for page in pages if page.problem] == [Kind.PERMISSION]
        assert not any(page.last for page in pages)


def test_hashtags_of_the_own_ledger_need_no_look_at_the_list_of_instagram():
    known = state_after(search()[0])
    _, _, asked = search(state=known)
    assert not any(a.path.endswith("recently_searched_hashtags") for a in asked)


def test_an_endless_hashtag_ends_at_the_cap_and_says_so():
    numbers = iter(range(1000))

    def endless(_asked):
        page = {"data": [{"id": str(next(numbers)), "media_type": "IMAGE"}]}
        return Reply({**page, "paging": {"next": "https://h/?after=s"}})

    given = {"max_pages": 4, "top_pages": 2}
    pages, _, asked = search(recent_media=endless, top_media=endless, given=given)
    edges = [a.path.rpartition("/")[2] for a in asked]
    assert (edges.count("recent_media"), edges.count("top_media")) == (4, 2)
    assert "page cap hit, more recent media exist: #langkawi" in said(pages)


def test_an_outage_of_more_than_a_day_is_said():
    state = state_after(search()[0])
    assert "missed" not in said(search(state=state, now=NOW + timedelta(hours=23))[0])
    assert "missed: #langkawi" in said(search(state=state, now=NOW + timedelta(hours=25))[0])


def test_top_media_can_be_left_out():
    pages, _, asked = search(given={"top_pages": 0})
    assert not any(a.path.endswith("top_media") for a in asked)
    assert of(pages, "hashtag:langkawi")[-1].last


def test_odd_state_is_forgotten_and_never_fatal():
    odd = {"hashtag_ids": [1], "hashtag_week": {"a": 5, "b": "soon"}, "hashtag_unknown": None}
    pages, error, _ = search(state={**odd, f"cursor:own:{ME}": "nonsense"})
    assert error is None
    assert of(pages, "hashtag:langkawi")


def test_names_become_hashtags():
    names = ["#Pantai Cenang", "Pantai-Cenang", "浮罗交怡", "!!", "Kuah"]
    assert instagram.hashtags_of(names) == ("pantaicenang", "浮罗交怡", "kuah")
    assert len(instagram.hashtags_of(f"tempat {n}" for n in range(50))) == 30


# ---- own media ----


def test_own_media_are_read_and_known_older_ones_are_not_walked_again():
    old = {"id": "5", "media_type": "IMAGE", "timestamp": "2026-01-01T00:00:00+0000"}
    more = Reply({"data": [old], "paging": {"next": "https://h/?after=s"}})
    stream = f"own:{ME}"
    _, _, asked = search([], media=more)
    assert len(asked) == 2
    pages, _, asked = search([], media=more, state={f"cursor:{stream}": NOW.isoformat()})
    assert len(asked) == 1
    assert of(pages, stream)[-1].last


def test_a_missing_permission_for_own_media_is_a_note_and_nothing_else():
    pages, error, _ = search(media=REFUSED)
    assert error is None
    assert not any(page.problem for page in pages)
    assert "own media left out" in said(pages)
    assert of(pages, "hashtag:langkawi")[-1].last


def test_another_fault_of_own_media_is_the_streams_problem():
    pages, error, _ = search(media=Reply(b"<html>"))
    assert error is None
    assert of(pages, f"own:{ME}")[0].problem.kind == Kind.BAD_PAYLOAD


# ---- shares and views of own media ----


def media(*products, days=1):
    """Own media of these product types, posted so many days ago."""
    at = (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return Reply(
        {
            "data": [
                {"id": str(n), "media_type": "VIDEO", "media_product_type": kind, "timestamp": at}
                for n, kind in enumerate(products, start=1)
            ]
        }
    )


def figures(**values):
    return Reply({"data": [{"name": k, "values": [{"value": v}]} for k, v in values.items()]})


def no_views(asked):
    if "views" not in asked.query["metric"]:
        return figures(shares=3)
    said = "(#100) The Media Insights API does not support the views metric for this media"
    return Reply({"error": {"code": 100, "message": said}}, status=400)


def insights_asked(asked):
    return [a.query["metric"] for a in asked if a.path.endswith("/insights")]


def test_fresh_own_media_get_their_shares_and_views():
    pages, error, asked = search([], media=media("REELS"), insights=figures(shares=4, views=90))
    post = of(pages, f"own:{ME}")[0].posts[0]
    assert (error, post.shares, post.views) == (None, 4, 90)
    assert insights_asked(asked) == ["shares,views"]


def test_one_metric_that_does_not_exist_is_left_out_once_for_its_kind_of_media():
    given = {"media": media("FEED", "FEED", "REELS"), "insights": no_views}
    pages, error, asked = search([], **given)
    assert error is None
    assert [post.shares for post in of(pages, f"own:{ME}")[0].posts] == [3, 3, 3]
    assert insights_asked(asked) == ["shares,views", "shares", "shares", "shares,views", "shares"]


def test_a_metric_refused_twice_is_given_up():
    def stubborn(asked):
        said = f"does not support the {asked.query['metric'].split(',')[-1]} metric"
        return Reply({"error": {"code": 100, "message": said}}, status=400)

    pages, error, asked = search([], media=media("FEED"), insights=stubborn)
    assert error is None
    assert not any(page.problem for page in pages)
    assert len(insights_asked(asked)) == 2


def test_figures_that_are_not_there_are_unknown_and_not_zero():
    pages, _, _ = search([], media=media("FEED"), insights=EMPTY)
    post = of(pages, f"own:{ME}")[0].posts[0]
    assert (post.shares, post.views) == (None, None)


BEFORE_BUSINESS = {"code": 100, "error_subcode": 2108006, "message": "Invalid parameter"}
TOO_FEW = {"code": 10, "message": "(#10) Not enough viewers for the media to show insights"}


@pytest.mark.parametrize("error", [BEFORE_BUSINESS, TOO_FEW])
def test_a_medium_without_figures_is_passed_over_and_the_next_is_asked(error):
    def answer(asked):
        refused = Reply({"error": error}, status=400)
        return refused if "/1/" in asked.path else figures(shares=2)

    pages, raised, _ = search([], media=media("FEED", "FEED"), insights=answer)
    assert raised is None
    assert [post.shares for post in of(pages, f"own:{ME}")[0].posts] == [None, 2]
    assert not any(page.problem for page in pages)


def test_without_the_permission_for_figures_none_is_asked_again():
    pages, error, asked = search([], media=media("FEED", "FEED"), insights=REFUSED)
    assert error is None
    assert len(insights_asked(asked)) == 1
    assert "shares and views left out" in said(pages)
    assert len(of(pages, f"own:{ME}")[0].posts) == 2


@pytest.mark.parametrize(("fault", "down"), [(EXPIRED, True), (Reply(b"<html>"), False)])
def test_a_fault_of_the_figures_keeps_the_media(fault, down):
    pages, error, asked = search([], media=media("FEED", "FEED"), insights=fault)
    assert len(insights_asked(asked)) == 1
    assert len(of(pages, f"own:{ME}")[0].posts) == 2
    assert isinstance(error, PlatformDown) == down
    assert any(page.problem for page in pages) != down


def test_figures_are_asked_for_so_often_and_of_the_last_week_only():
    pages, _, asked = search([], media=media(*["FEED"] * 4), given={"insights": 3})
    assert len(insights_asked(asked)) == 3
    assert "of 1 own media left out" in said(pages)
    _, _, asked = search([], media=media("FEED", days=8))
    assert insights_asked(asked) == []


# ---- parsing ----


def test_a_media_is_read_whole():
    posts, rejects = instagram.parse_items(own("instagram_recent").body["data"], "hashtag:x")
    assert rejects == ()
    assert posts[0].posted_at == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert (posts[0].likes, posts[0].comments, posts[0].shares) == (55, 4, None)
    assert posts[0].hashtags == ("langkawi", "pantaicenang")
    assert (posts[0].author, posts[0].found_by) == (None, "hashtag:x")


def test_what_a_hashtag_media_leaves_out_is_unknown():
    post = instagram.parse_items(own("instagram_recent").body["data"])[0][1]
    assert (post.content, post.posted_at, post.likes, post.comments) == ("", None, None, 0)
    assert post.media_type == "CAROUSEL_ALBUM"


def test_an_own_reel_has_author_and_views():
    post = instagram.parse_items(own("instagram_own").body["data"])[0][0]
    assert (post.author, post.views, post.media_type) == (ME, 4000, "VIDEO")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"id": "5"},
        {"id": "5", "name": "langkawi"},
        {"id": "5", "text": "a comment", "timestamp": "2026-01-01T00:00:00+0000"},
        {"id": "5/insights", "media_type": "IMAGE"},
        {"id": "5", "media_type": "IMAGE", "caption": 7},
        {"id": "5", "media_type": "IMAGE", "timestamp": "noon"},
    ],
)
def test_what_is_no_readable_media_is_put_aside(odd):
    good = {"id": "6", "media_type": "IMAGE"}
    posts, (reject,) = instagram.parse_items([odd, good])
    assert [post.post_id for post in posts] == ["6"]
    assert isinstance(reject, Reject)


@pytest.mark.parametrize("value", ["12k", -1, 1.5, True, None, [], {}])
def test_an_odd_count_is_unknown(value):
    item = {"id": "1", "media_type": ["IMAGE"], "like_count": value, "comments_count": value}
    post = instagram.parse_post(item | {"permalink": "javascript:x", "owner": 5, "new": 1})
    assert (post.likes, post.comments, post.media_type, post.url) == (None, None, None, None)
