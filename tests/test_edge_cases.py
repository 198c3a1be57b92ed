"""The forty edge cases that platforms have shown (docs/platforms.md), each as a whole round: the
command line, a loopback server, a database of either engine, and what Data health says."""

from __future__ import annotations

import gzip
import html
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from collector.platforms.quota import PACIFIC, next_midnight
from insights.health import Health
from tests.gemini_server import (
    GeminiServer,
    answer,
    label,
    quota_failure,
    refusal,
)
from tests.gemini_server import Reply as GeminiReply
from tests.replay import (
    TIKTOK_ACCESS,
    TIKTOK_QUERY,
    TIKTOK_TOKEN,
    X_SEARCH,
    YOUTUBE_SEARCH,
    YOUTUBE_VIDEOS,
    Asked,
    Reply,
    script,
)
from tests.rig import Rig, by_edge
from tests.test_cli import a_tweet
from ui import data

CASES: dict[str, Callable[[Rig], None]] = {}
NOTHING = Reply({"meta": {"result_count": 0}})
HTML = Reply(b"<html><h1>Service unavailable</h1></html>")
TEXT = "Pantai Cenang cantik"
LONG_AGO = "2020-01-02T03:04:05.000Z"


def case(number: int, name: str):
    """Enters a function into the table as edge case `number`."""

    def enter(function: Callable[[Rig], None]) -> Callable[[Rig], None]:
        CASES[f"case-{number:02}-{name}"] = function
        return function

    return enter


@pytest.fixture
def rig(engine, database_url, tmp_path):
    yield Rig(database_url, str(tmp_path))
    data.start_anew()


def ago(**given) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**given)


# ---- X ------------------------------------------------------------------------------------------


def x(*replies: Reply):
    """The first search gets these pages, one after the other; every other one finds nothing."""
    return script({X_SEARCH: [*replies, NOTHING]})


def a_page(*tweets: object, then: str | None = None, **more) -> Reply:
    meta = {"result_count": len(tweets), **({"next_token": then} if then else {})}
    return Reply({"data": list(tweets), "meta": meta, **more})


def starts(seen) -> list[str | None]:
    return [asked.query.get("start_time") for asked in seen.asked]


@case(1, "x-empty-page")
def _(rig: Rig) -> None:
    seen = rig.round("x", x(NOTHING)).was("ok", posts=0)
    assert seen.standing is Health.NOTHING_NEW
    assert seen.cursors == []


@case(2, "x-two-posts-and-a-next-token")
def _(rig: Rig) -> None:
    pages = x(a_page(a_tweet(2), a_tweet(3), then="more"), a_page(a_tweet(9)))
    seen = rig.round("x", pages).was("ok", posts=3)
    assert [asked.query.get("next_token") for asked in seen.asked][:2] == [None, "more"]
    newest = datetime.fromisoformat(a_tweet(2)["created_at"])
    assert abs(datetime.fromisoformat(max(seen.cursors)) - newest) < timedelta(minutes=1)


@case(3, "x-200-with-errors-only")
def _(rig: Rig) -> None:
    told = [{"title": "Not Found Error", "detail": "gone", "type": "resource-not-found"}] * 2
    seen = rig.round("x", script({X_SEARCH: Reply({"errors": told})}))
    seen.was("failed", "bad_payload", posts=0).noted("2 x Not Found Error")
    assert seen.cursors == []


@case(4, "x-errors-beside-data-of-three-kinds")
def _(rig: Rig) -> None:
    titles = ["Authorization Error", "Not Found Error", "Forbidden", "Not Found Error"]
    page = a_page(a_tweet(), errors=[{"title": title} for title in titles])
    seen = rig.round("x", x(page)).was("ok", posts=1)
    seen.noted("1 x Authorization Error", "2 x Not Found Error", "1 x Forbidden")


@case(5, "x-minimal-fields")
def _(rig: Rig) -> None:
    seen = rig.round("x", x(a_page({"id": "1992000000000000000", "text": TEXT})))
    seen.was("ok", posts=1).noted("no post of a page had its counts")
    post = seen.only()
    assert (post.created_at_estimated, post.author_hash) == (True, None)
    assert str(post.created_at).startswith("2025-11-21")  # what the id itself says
    assert (post.likes, post.comments, post.shares, post.views) == (None,) * 4
    assert seen.cursors == []


@case(6, "x-new-words-note-post-and-repost-count")
def _(rig: Rig) -> None:
    counts = {"like_count": 4, "reply_count": 1, "repost_count": 5, "quote_count": 2}
    words = {"note_post": {"text": f"{TEXT}, panjang sekali"}, "edit_history_post_ids": ["1"]}
    seen = rig.round("x", x(a_page(a_tweet(public_metrics=counts, **words)))).was("ok", posts=1)
    assert seen.only().content == f"{TEXT}, panjang sekali"
    assert (seen.only().likes, seen.only().shares) == (4, 7)


@case(7, "x-long-post-in-note-tweet")
def _(rig: Rig) -> None:
    long = f"{TEXT} " + "dan lagi " * 100 + "tamat #hujung"
    note = {"text": long, "entities": {"hashtags": [{"tag": "hujung"}]}}
    seen = rig.round("x", x(a_page(a_tweet(1, long[:270] + "…", note_tweet=note))))
    seen.was("ok", posts=1)
    assert seen.only().content.endswith("tamat #hujung")
    assert "hujung" in str(seen.only().hashtags)


@case(8, "x-repost-with-the-counts-of-the-original")
def _(rig: Rig) -> None:
    counts = {"like_count": 0, "reply_count": 0, "retweet_count": 9_000, "quote_count": 0}
    repost = {"referenced_tweets": [{"type": "retweeted", "id": "7"}], "public_metrics": counts}
    seen = rig.round("x", x(a_page(a_tweet(1, f"RT @ab: {TEXT}…", **repost)))).was("ok", posts=1)
    post = seen.only()
    assert (bool(post.is_repost), bool(post.counted)) == (True, False)
    assert (post.likes, post.shares) == (None, None)


@case(9, "x-escaped-text-is-unescaped-once")
def _(rig: Rig) -> None:
    page = a_page(a_tweet(1, f"{TEXT} &amp; murah &lt;3"), a_tweet(2, f"{TEXT} &amp;lt; teh"))
    seen = rig.round("x", x(page)).was("ok", posts=2)
    assert {post.content for post in seen.posts.values()} == {
        f"{TEXT} & murah <3",
        f"{TEXT} &lt; teh",
    }


@case(10, "x-emoji-before-a-hashtag")
def _(rig: Rig) -> None:
    written = "🏖️🌴 Pantai Cenang 👨‍👩‍👧 #Langkawi"
    tags = {"hashtags": [{"start": len(written) - 9, "end": len(written), "tag": "Langkawi"}]}
    seen = rig.round("x", x(a_page(a_tweet(1, written, entities=tags)))).was("ok", posts=1)
    assert seen.only().content == written
    assert "langkawi" in str(seen.only().hashtags)


@case(11, "x-place-without-coordinates")
def _(rig: Rig) -> None:
    box = {
        "id": "p1",
        "full_name": "兰卡威",
        "geo": {"type": "Feature", "bbox": [99.6, 6.1, 100, 6.5]},
    }
    nameless = {"id": "p2", "full_name": "Pulau Langkawi"}
    tweets = [a_tweet(n, geo={"place_id": f"p{n}"}) for n in (1, 2, 3)]
    seen = rig.round("x", x(a_page(*tweets, includes={"places": [box, nameless]})))
    seen.was("ok", posts=3)
    assert {post.place_id for post in seen.posts.values()} != {None}


@case(12, "x-author-and-media-missing-from-includes")
def _(rig: Rig) -> None:
    tweet = a_tweet(author_id="55", attachments={"media_keys": ["3_1"]})
    seen = rig.round("x", x(a_page(tweet)), AUTHOR_HASH_SECRET="a secret").was("ok", posts=1)
    assert len(seen.only().author_hash) >= 32
    assert seen.only().media_type is None


@case(13, "x-402-in-two-bodies")
def _(rig: Rig) -> None:
    for body in (
        {"title": "Payment Required", "detail": "credits depleted", "status": 402},
        {"title": "CreditsDepleted", "type": "credits", "account_id": 1},
    ):
        headers = {"x-rate-limit-remaining": "9999"}
        seen = rig.round("x", script({X_SEARCH: Reply(body, status=402, headers=headers)}))
        seen.was("failed", "billing", posts=0)
        assert len(seen.asked) <= 2


@case(14, "x-429-usage-cap-is-not-waited-for")
def _(rig: Rig) -> None:
    body = {"title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap"}
    headers = {"x-rate-limit-remaining": "39999", "x-rate-limit-reset": "99999999999"}
    seen = rig.round("x", script({X_SEARCH: Reply(body, status=429, headers=headers)}))
    seen.was("failed", "quota", posts=0, standing=Health.LIMITED)
    assert len(seen.asked) <= 2
    assert seen.seconds < 10


@case(14, "x-429-with-a-reset-that-is-none")
def _(rig: Rig) -> None:
    for reset in ("1", "", "soon", "NaN", "-5", "1e999"):
        headers = {"x-rate-limit-reset": reset}
        seen = rig.round("x", script({X_SEARCH: Reply({}, status=429, headers=headers)}))
        seen.was("failed", "rate_limited", posts=0, standing=Health.LIMITED)
        assert len(seen.asked) <= 6
        assert seen.seconds < 10


@case(15, "x-start-too-far-back")
def _(rig: Rig) -> None:
    message = "'since_id' must be a tweet id created after 2026-11-16T00:00Z"
    body = {"errors": [{"message": message}], "title": "Invalid Request", "type": "invalid-request"}
    seen = rig.round("x", x(Reply(body, status=400), a_page(a_tweet()))).was("ok", posts=1)
    assert starts(seen)[0] is not None
    assert starts(seen)[1] is None


@case(16, "x-impressions-null-or-absent")
def _(rig: Rig) -> None:
    null = {"like_count": 1, "reply_count": 0, "retweet_count": 0, "impression_count": None}
    seen = rig.round("x", x(a_page(a_tweet(1), a_tweet(2, public_metrics=null))))
    seen.was("ok", posts=2)
    assert {post.views for post in seen.posts.values()} == {None}
    assert rig.rows("SELECT sum(views) AS views FROM daily_totals")[0].views in (None, 0)


@case(17, "x-withheld-protected-or-deleted-on-refresh")
def _(rig: Rig) -> None:
    tweets = [a_tweet(30 + n) for n in range(4)]
    rig.round("x", x(a_page(*tweets))).was("ok", posts=4)
    rig.write("DELETE FROM metric_snapshots")  # as if a day had passed since
    kept, deleted, protected, withheld = tweets
    withheld = {**withheld, "withheld": {"country_codes": ["MY"]}}
    told = [gone(deleted, "resource-not-found"), gone(protected, "not-authorized-for-resource")]
    more = {**kept, "public_metrics": {**kept["public_metrics"], "like_count": 77}}
    lookup = Reply({"data": [more, withheld], "errors": told})
    seen = rig.round("x", script({X_SEARCH: NOTHING, "/2/tweets": lookup})).was("ok", posts=1)
    assert (seen.only().post_id, seen.only().likes) == (kept["id"], 77)
    assert seen.last["gone"] == 3
    rig.round("x", x(a_page(*tweets[1:]))).was("ok", posts=1)  # nor does it come back


def gone(tweet: dict, why: str) -> dict:
    return {
        "resource_id": tweet["id"],
        "value": tweet["id"],
        "resource_type": "tweet",
        "parameter": "ids",
        "type": f"https://api.x.com/2/problems/{why}",
        "title": why,
    }


# ---- Instagram ----------------------------------------------------------------------------------


def a_medium(number: int = 1, **given) -> dict:
    values = {
        "id": str(17_900_000_000_000_000 + number),
        "caption": f"{TEXT} {number}",
        "media_type": "IMAGE",
        "timestamp": f"{ago(hours=number):%Y-%m-%dT%H:%M:%S}+0000",
        "like_count": 5,
        "comments_count": 1,
        "permalink": f"https://www.instagram.com/p/{number}/",
    }
    return {key: value for key, value in {**values, **given}.items() if value is not None}


def some(*records: object, after: str | None = None) -> Reply:
    """A page of the Graph API; `after` leads on to another one, with a token in its address."""
    link = f"https://graph.facebook.com/v26.0/1/media?access_token=canary-of-next&after={after}"
    paging = {"cursors": {"after": after}, "next": link} if after else {}
    return Reply({"data": list(records), "paging": paging})


@case(18, "ig-no-caption")
def _(rig: Rig) -> None:
    page = some(a_medium(1, caption=None), a_medium(2))
    seen = rig.round("instagram", by_edge(recent_media=page)).was("ok", posts=2)
    assert {post.content for post in seen.posts.values()} == {"", f"{TEXT} 2"}


@case(19, "ig-like-count-hidden")
def _(rig: Rig) -> None:
    page = some(a_medium(like_count=None))
    seen = rig.round("instagram", by_edge(recent_media=page)).was("ok", posts=1)
    assert (seen.only().likes, seen.only().comments, seen.only().engagement) == (None, 1, 1)


@case(20, "ig-no-timestamp")
def _(rig: Rig) -> None:
    page = some(a_medium(timestamp=None))
    seen = rig.round("instagram", by_edge(recent_media=page)).was("ok", posts=1)
    assert seen.only().created_at_estimated
    assert str(seen.only().created_at)[:16] == str(seen.only().first_seen_at)[:16]
    assert seen.cursors == []


@case(21, "ig-the-same-cursor-and-new-media")
def _(rig: Rig) -> None:
    pages = [some(a_medium(1), after="A"), some(a_medium(2), after="A"), some(a_medium(3))]
    rig.round("instagram", by_edge(recent_media=pages)).was("ok", posts=3)


@case(21, "ig-the-same-cursor-and-the-same-media-for-ever")
def _(rig: Rig) -> None:
    seen = rig.round("instagram", by_edge(recent_media=some(a_medium(1), after="A")))
    seen.was("ok", posts=1)
    assert sum(asked.path.endswith("recent_media") for asked in seen.asked) == 2


@case(22, "ig-the-31st-hashtag-of-a-week")
def _(rig: Rig) -> None:
    used = Reply({"data": [{"id": str(n), "name": f"tag{n}"} for n in range(29)]})
    world = by_edge(recently_searched_hashtags=used, recent_media=some(a_medium()))
    seen = rig.round("instagram", world, INSTAGRAM_HASHTAGS="langkawi,kedah").was("ok", posts=1)
    seen.noted("more than 30 hashtags in seven days", "#kedah")
    searched = [a.query["q"] for a in seen.asked if a.path.endswith("ig_hashtag_search")]
    assert searched == ["langkawi"]


def figures(**values: int) -> Reply:
    return Reply({"data": [{"name": k, "values": [{"value": v}]} for k, v in values.items()]})


@case(23, "ig-one-metric-fails-all")
def _(rig: Rig) -> None:
    def insights(asked: Asked) -> Reply:
        if "views" not in asked.query["metric"]:
            return figures(shares=3)
        said = "(#100) The Media Insights API does not support the views metric for this media"
        return Reply({"error": {"code": 100, "message": said}}, status=400)

    world = by_edge(media=some(a_medium(media_product_type="FEED")), insights=insights)
    seen = rig.round("instagram", world).was("ok", posts=1)
    assert (seen.only().shares, seen.only().views) == (3, None)


@case(24, "ig-empty-insights-are-unknown")
def _(rig: Rig) -> None:
    world = by_edge(media=some(a_medium(media_product_type="FEED")))
    seen = rig.round("instagram", world).was("ok", posts=1)
    assert any(asked.path.endswith("/insights") for asked in seen.asked)
    assert (seen.only().shares, seen.only().views) == (None, None)


@case(25, "ig-media-older-than-the-business-account")
def _(rig: Rig) -> None:
    told = {"code": 100, "error_subcode": 2108006, "message": "Invalid parameter"}

    def insights(asked: Asked) -> Reply:
        first = asked.path.endswith("1/insights")
        return Reply({"error": told}, status=400) if first else figures(shares=2, views=7)

    world = by_edge(media=some(a_medium(1), a_medium(2)), insights=insights)
    seen = rig.round("instagram", world).was("ok", posts=2)
    assert {post.shares for post in seen.posts.values()} == {None, 2}


@case(26, "ig-carousel-and-reel")
def _(rig: Rig) -> None:
    album = a_medium(1, media_type="CAROUSEL_ALBUM", children={"data": [{"id": "1"}, {"id": "2"}]})
    reel = a_medium(2, media_type="VIDEO", media_product_type="REELS", view_count=90)
    seen = rig.round("instagram", by_edge(media=some(album, reel))).was("ok", posts=2)
    kinds = {(post.media_type, post.views) for post in seen.posts.values()}
    assert kinds == {("CAROUSEL_ALBUM", None), ("VIDEO", 90)}


# ---- Facebook -----------------------------------------------------------------------------------


def a_page_post(number: int = 1, **given) -> dict:
    values = {
        "id": f"101_{number}",
        "message": f"{TEXT} {number}",
        "created_time": f"{ago(hours=number):%Y-%m-%dT%H:%M:%S}+0000",
        "reactions": {"summary": {"total_count": 4}},
        "comments": {"summary": {"total_count": 2}},
        "shares": {"count": 1},
    }
    return {key: value for key, value in {**values, **given}.items() if value is not None}


@case(27, "fb-story-without-a-message-and-an-id-twice")
def _(rig: Rig) -> None:
    story = a_page_post(1, message=None, story="Langkawi updated its cover photo.")
    page = some(story, a_page_post(2), a_page_post(2))
    seen = rig.round("facebook", by_edge(posts=page)).was("ok", posts=2)
    assert seen.posts["101_1"].content == "Langkawi updated its cover photo."


@case(28, "fb-shares-and-reactions-absent")
def _(rig: Rig) -> None:
    bare = a_page_post(shares=None, reactions=None, comments=None)
    seen = rig.round("facebook", by_edge(posts=some(bare))).was("ok", posts=1)
    post = seen.only()
    assert (post.likes, post.comments, post.shares, post.engagement) == (None,) * 4


@case(29, "fb-time-paging-without-cursors")
def _(rig: Rig) -> None:
    link = "https://graph.facebook.com/v26.0/1/posts?until=1700000000&__paging_token=T1&since"
    first = Reply({"data": [a_page_post(1)], "paging": {"next": link}})
    seen = rig.round("facebook", by_edge(posts=[first, some(a_page_post(2))]))
    seen.was("ok", posts=2)
    assert seen.asked[1].query["until"] == "1700000000"
    assert seen.asked[1].query["__paging_token"] == "T1"


@case(30, "fb-token-in-next-is-told-nowhere")
def _(rig: Rig) -> None:
    pages = [some(a_page_post(1), after="A"), some({"id": None}, after="B"), HTML]
    seen = rig.round("facebook", by_edge(posts=pages), COLLECTOR_LOG_LEVEL="DEBUG")
    seen.was("partial", "bad_payload", posts=1, quarantined=1)
    assert "canary" not in seen.said  # the rig looks into every table
    assert all("canary" not in str(asked.query) for asked in seen.asked)


@case(31, "fb-too-much-data-and-passing-faults")
def _(rig: Rig) -> None:
    much = {"code": 1, "message": "Please reduce the amount of data you're asking for"}
    fault = {"code": 2, "message": "An unexpected error has occurred", "is_transient": True}

    def posts(asked: Asked) -> Reply:
        if int(asked.query["limit"]) > 25:
            return Reply({"error": much}, status=500)
        return replies.pop(0)

    replies = [Reply({"error": fault}, status=500), some(a_page_post())]
    seen = rig.round("facebook", by_edge(posts=posts)).was("ok", posts=1)
    assert [asked.query["limit"] for asked in seen.asked] == ["50", "25", "25"]


@case(32, "fb-token-expired-one-alert-for-all-pages-and-rounds")
def _(rig: Rig) -> None:
    for subcode in (460, 463, 467, 493):
        told = {"code": 190, "error_subcode": subcode, "type": "OAuthException", "message": "no"}
        world = by_edge(posts=Reply({"error": told}, status=400))
        seen = rig.round("facebook", world, FACEBOOK_PAGE_IDS="1,2,3,4")
        seen.was("failed", "auth", posts=0)
        assert len(seen.asked) <= 2
    assert [(one.platform, one.kind) for one in seen.incidents] == [("facebook", "token")]


@case(33, "usage-header-at-100-percent")
def _(rig: Rig) -> None:
    use = [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 12}]
    full = {"X-Business-Use-Case-Usage": json.dumps({"101": use})}
    first = Reply({"data": [a_page_post()]}, headers=full)
    world = by_edge(posts=[first, some(a_page_post(2))])
    seen = rig.round("facebook", world, FACEBOOK_PAGE_IDS="101,102")
    seen.was("partial", "rate_limited", posts=1, standing=Health.LIMITED).noted("100 %")
    assert len(seen.asked) == 1
    assert seen.seconds < 10


@case(33, "usage-header-unreadable-or-absent")
def _(rig: Rig) -> None:
    odd = ["no json", "[]", '{"1": 5}', '{"call_count": "many"}', '{"call_count": null}', ""]
    pages = [Reply({"data": [a_page_post(n)]}, headers={"X-App-Usage": told} if told else {})
             for n, told in enumerate(odd, 1)]  # fmt: skip
    pages[0].headers["X-Business-Use-Case-Usage"] = "[" * 5_000
    seen = rig.round("facebook", by_edge(posts=pages), FACEBOOK_PAGE_IDS="1,2,3,4,5,6")
    seen.was("ok", posts=6)


# ---- YouTube ------------------------------------------------------------------------------------


def a_video(number: int = 1, **statistics) -> dict:
    snippet = {
        "publishedAt": f"{ago(hours=number):%Y-%m-%dT%H:%M:%S}Z",
        "channelId": "UC1",
        "title": f"{TEXT} & {number}",
        "description": "",
    }
    return {
        "kind": "youtube#video", "id": f"video-{number}", "snippet": snippet,
        "statistics": statistics,
    }  # fmt: skip


def a_result(video: dict, kind: str = "video") -> dict:
    snippet = {**video["snippet"], "title": html.escape(video["snippet"]["title"])}
    found = {"kind": f"youtube#{kind}", f"{kind}Id": video["id"]}
    return {"kind": "youtube#searchResult", "id": found, "snippet": snippet}


def youtube(results: list[dict], videos: list[dict]):
    empty = Reply({"items": []})
    found = [Reply({"items": results}), empty]
    return script({YOUTUBE_SEARCH: found, YOUTUBE_VIDEOS: Reply({"items": videos})}, default=empty)


@case(34, "youtube-counts-as-text-or-missing-and-other-results")
def _(rig: Rig) -> None:
    one, two = (
        a_video(1, viewCount="12", likeCount="3", commentCount="1"),
        a_video(2, viewCount="7"),
    )
    gone = a_video(3)
    results = [a_result(one), a_result(two), a_result(gone), a_result(a_video(4), "channel"),
               a_result(a_video(5), "playlist")]  # fmt: skip
    seen = rig.round("youtube", youtube(results, [one, two])).was("ok", posts=3)
    counts = {key: (post.likes, post.views) for key, post in seen.posts.items()}
    assert counts == {"video-1": (3, 12), "video-2": (None, 7), "video-3": (None, None)}
    assert all("&amp;" not in post.content for post in seen.posts.values())


@case(35, "youtube-daily-quota-as-403-and-as-429")
def _(rig: Rig) -> None:
    html_words = 'You have exceeded your <a href="/youtube/v3/quota">quota</a>.'
    reasons = [{"reason": "quotaExceeded", "domain": "youtube.quota"}]
    as_403 = Reply({"error": {"code": 403, "message": html_words, "errors": reasons}}, status=403)
    seen = rig.round("youtube", script({}, default=as_403))
    seen.was("failed", "quota", posts=0, standing=Health.LIMITED)
    assert len(seen.asked) <= 2
    assert "<a" not in str(seen.last["error"])
    midnight = next_midnight(datetime.now(UTC), PACIFIC)
    assert seen.memory["closed_until"] == midnight.isoformat()

    again = rig.round("youtube", youtube([a_result(a_video())], [a_video()]))
    again.was("failed", "quota", posts=0, standing=Health.LIMITED)
    assert again.asked == []


@case(35, "youtube-daily-quota-as-429")
def _(rig: Rig) -> None:
    said = "Quota exceeded for quota metric 'Search Queries' and limit 'Search Queries per day'"
    reasons = [{"reason": "rateLimitExceeded"}]
    as_429 = Reply({"error": {"code": 429, "message": said, "errors": reasons}}, status=429)
    seen = rig.round("youtube", script({}, default=as_429))
    seen.was("failed", "quota", posts=0, standing=Health.LIMITED)
    assert len(seen.asked) <= 2


# ---- TikTok -------------------------------------------------------------------------------------

TIKTOK_IDS = (7_320_768_196_569_599_275, 7_320_768_187_275_005_226, 2**53 + 1)


def tiktok(*pages: Reply):
    access = Reply({"access_token": TIKTOK_ACCESS, "expires_in": 7200})
    end = Reply({"data": {"videos": [], "has_more": False}, "error": {"code": "ok"}})
    return script({TIKTOK_TOKEN: access, TIKTOK_QUERY: [*pages, end]})


def some_videos(*videos: dict, more: bool = False) -> Reply:
    found = {"videos": list(videos), "cursor": 100, "has_more": more, "search_id": "1"}
    return Reply({"data": found, "error": {"code": "ok"}})


def a_short(number: int, **given) -> dict:
    created = int(ago(days=1).timestamp())
    return {
        "id": number, "video_description": f"{TEXT} #langkawi", "create_time": created,
        "username": "ab", "like_count": 2, "hashtag_names": ["langkawi"], **given,
    }  # fmt: skip


@case(36, "tiktok-ids-exact-and-null-bytes-removed")
def _(rig: Rig) -> None:
    videos = [
        a_short(n, username="a\0b", video_description=f"{TEXT}\0 #langkawi") for n in TIKTOK_IDS
    ]
    seen = rig.round("tiktok", tiktok(some_videos(*videos)), AUTHOR_HASH_SECRET="secret")
    seen.was("ok", posts=3)
    assert seen.posts.keys() == {str(n) for n in TIKTOK_IDS}
    assert all("\0" not in str(dict(post)) for post in seen.posts.values())


# ---- the classifier -----------------------------------------------------------------------------


class Model(GeminiServer):
    """A Gemini whose answer is made from the posts it is shown."""

    def __init__(self, make: Callable[[list[dict]], GeminiReply]):
        super().__init__()
        self._make = make

    def reply_to(self, request) -> GeminiReply:
        self.received.append(request)
        return self._make(request.posts)


def labelled(rig: Rig, make: Callable[[list[dict]], GeminiReply], texts: int = 3, **settings: str):
    """A round of so many posts with this model."""
    tweets = [a_tweet(n, f"Pantai Cenang cantik {n}") for n in range(1, texts + 1)]
    return rig.round("x", x(a_page(*tweets)), gemini=Model(make), **settings)


def labels(seen) -> list[str | None]:
    """What the model said of each post, in the order of their ids."""
    posts = [post for _, post in sorted(seen.posts.items())]
    return [p.sentiment if str(p.classified_by).startswith("gemini:") else None for p in posts]


def written(words: str, finish: str = "STOP") -> GeminiReply:
    part = {"content": {"parts": [{"text": words}], "role": "model"}, "finishReason": finish}
    return GeminiReply(body={"candidates": [part]})


@case(37, "gemini-odd-items-of-every-kind")
def _(rig: Rig) -> None:
    def make(posts: list[dict]) -> GeminiReply:
        right = [label(post) for post in posts]
        if len(posts) < 5:
            return GeminiReply(body=answer(right))
        right[0]["score"] = 7.3
        right[1]["sentiment"] = "POSITIF"
        del right[2]
        right += [
            {**right[-1], "id": "nobody"},
            {**right[-1], "sentiment": "negative", "score": -1},
        ]
        return GeminiReply(body=answer(right[::-1]))

    seen = labelled(rig, make, texts=6).was("ok", posts=6)
    assert labels(seen) == ["positive"] * 6
    assert all(-1 <= post.sentiment_score <= 1 for post in seen.posts.values())
    assert seen.labels["status"] == "ok"


@case(37, "gemini-fenced-and-cut-off")
def _(rig: Rig) -> None:
    def make(posts: list[dict]) -> GeminiReply:
        whole = json.dumps({"items": [label(post) for post in posts]})
        if len(posts) == 3:
            return written(f"```json\n{whole[:-40]}", "MAX_TOKENS")
        return written(f"Here you are:\n```json\n{whole}\n```")

    seen = labelled(rig, make).was("ok", posts=3)
    assert labels(seen) == ["positive"] * 3
    assert 2 <= len(seen.questions) <= 4


def all_well(posts: list[dict]) -> GeminiReply:
    return GeminiReply(body=answer([label(post) for post in posts]))


def blocked(reason: str) -> GeminiReply:
    return GeminiReply(body={"promptFeedback": {"blockReason": reason}})


def empty(reason: str) -> GeminiReply:
    return GeminiReply(body={"candidates": [{"content": {}, "finishReason": reason}]})


@case(38, "gemini-one-post-is-blocked-and-the-others-get-their-labels")
def _(rig: Rig) -> None:
    for refused in (blocked("PROHIBITED_CONTENT"), empty("SAFETY")):

        def make(posts: list[dict], refused: GeminiReply = refused) -> GeminiReply:
            if any(post["text"].endswith("cantik 2") for post in posts):
                return refused
            return all_well(posts)

        seen = labelled(rig, make)
        seen.was("ok", posts=3, quarantined=1)
        assert labels(seen) == ["positive", None, "positive"]
        assert seen.quarantine[0].stage == "classify"
        assert not seen.posts[a_tweet(2)["id"]].waiting


@case(38, "gemini-max-tokens-without-parts-is-tried-four-times")
def _(rig: Rig) -> None:
    for _round in range(4):
        seen = labelled(rig, lambda posts: empty("MAX_TOKENS"), texts=1)
    seen.was("ok", posts=1, quarantined=1)
    assert labels(seen) == [None]
    assert "MAX_TOKENS" in seen.quarantine[0].reason
    seen = labelled(rig, lambda posts: empty("MAX_TOKENS"), texts=1)
    assert seen.questions == []

    assert "once more" in rig.command("replay").stdout
    seen = labelled(rig, all_well, texts=1).was("ok", posts=1, quarantined=0)
    assert labels(seen) == ["positive"]


FREE = "PerProjectPerModel-FreeTier"
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


def says(code: int, status: str, message: str = "no", *details: dict) -> GeminiReply:
    return GeminiReply(code, refusal(code, status, message, *details))


# What the model answers, the kind of failure, and the most requests of a round.
REFUSALS = {
    "bad key": (says(400, "INVALID_ARGUMENT", "API key not valid.", BAD_KEY), "auth", 1),
    "leaked": (says(403, "PERMISSION_DENIED", "The key was reported as leaked."), "auth", 1),
    "billing": (says(400, "FAILED_PRECONDITION", "enable billing"), "billing", 1),
    "retired": (says(404, "NOT_FOUND", "models/old is not found"), "bad_request", 1),
    "no details": (says(429, "RESOURCE_EXHAUSTED"), "rate_limited", 2),
    "per minute": (
        says(429, "RESOURCE_EXHAUSTED", "no", *quota_failure(f"PerMinute{FREE}", "0.01s")),
        "rate_limited",
        2,
    ),
    "per day": (
        says(429, "RESOURCE_EXHAUSTED", "no", *quota_failure(f"PerDay{FREE}")),
        "quota",
        1,
    ),
    "busy": (says(503, "UNAVAILABLE", "high demand"), "server_error", 6),
    "slow": (says(504, "DEADLINE_EXCEEDED"), "timeout", 6),
}


@case(39, "gemini-refusals")
def _(rig: Rig) -> None:
    for name in list(REFUSALS)[:7]:
        refused(rig, name)
    seen = labelled(rig, all_well)
    assert seen.questions == []  # the day is over for this key, whatever it answers now


@case(39, "gemini-faults")
def _(rig: Rig) -> None:
    for name in ("busy", "slow"):
        refused(rig, name)


def refused(rig: Rig, name: str) -> None:
    reply, kind, most = REFUSALS[name]
    seen = labelled(rig, lambda posts: reply, texts=4)
    seen.was("ok", posts=4, code=3, standing=seen.standing)
    assert (seen.labels["status"], seen.labels["error_kind"]) == ("failed", kind), name
    assert 1 <= len(seen.questions) <= most, name
    assert set(labels(seen)) == {None}


# ---- any platform -------------------------------------------------------------------------------

SCENES = {
    "x": lambda reply: script({}, default=reply),
    "instagram": lambda reply: script({}, default=reply),
    "facebook": lambda reply: script({}, default=reply),
    "youtube": lambda reply: script({}, default=reply),
    "tiktok": lambda reply: script({}, default=reply),
}
ODD_BODIES = {
    "html": Reply(b"<html>moved</html>"),
    "empty": Reply(b""),
    "latin-1": Reply('{"data": [{"id": "1", "text": "\xe9"}]}'.encode("latin-1")),
    "cut gzip": Reply(gzip.compress(b'{"data": []}')[:20], headers={"Content-Encoding": "gzip"}),
}


def bodies_that_are_none(platform: str) -> Callable[[Rig], None]:
    def test(rig: Rig) -> None:
        for reply in ODD_BODIES.values():
            seen = rig.round(platform, SCENES[platform](reply))
            seen.was("failed", "bad_payload", posts=0)
            assert seen.cursors == []
            assert len(seen.asked) <= 6 * 8

    return test


for _platform in SCENES:
    case(40, f"{_platform}-bodies-that-are-none")(bodies_that_are_none(_platform))


@case(40, "html-with-404")
def _(rig: Rig) -> None:
    page = Reply(b"<html>not found</html>", status=404)
    rig.round("x", script({}, default=page)).was("failed", "bad_request", posts=0)


@case(40, "slow-body-past-the-deadline")
def _(rig: Rig) -> None:
    dripping = Reply({"data": [a_tweet()], "meta": {}}, drip=0.05)
    given = {"COLLECTOR_REQUEST_DEADLINE": "0.3", "COLLECTOR_RETRY_ATTEMPTS": "1"}
    seen = rig.round("x", script({X_SEARCH: dripping}), **given)
    seen.was("failed", "timeout", posts=0)
    assert seen.seconds < 10


@case(40, "connection-reset-between-two-pages")
def _(rig: Rig) -> None:
    pages = [a_page(a_tweet(1), then="2"), Reply(reset=True), a_page(a_tweet(2))]
    rig.round("x", x(*pages)).was("ok", posts=2)


@case(40, "connection-gone-after-page-one-leaves-the-cursor")
def _(rig: Rig) -> None:
    world = script({X_SEARCH: [a_page(a_tweet(1), then="2"), Reply(reset=True)]})
    seen = rig.round("x", world).was("partial", "network", posts=1)
    assert seen.cursors == []
    rig.round("x", x(a_page(a_tweet(1), a_tweet(2)))).was("ok", posts=2)


@case(40, "created-in-the-future")
def _(rig: Rig) -> None:
    soon, later = (f"{ago(hours=-h):%Y-%m-%dT%H:%M:%S}.000Z" for h in (1, 400))
    page = a_page(a_tweet(1, created_at=soon), a_tweet(2, created_at=later), a_tweet(3))
    seen = rig.round("x", x(page)).was("ok", posts=2, quarantined=1)
    assert "future" in seen.quarantine[0].reason
    assert seen.cursors == []  # held, as a record of the pass is in quarantine


@case(40, "the-same-post-under-two-searches")
def _(rig: Rig) -> None:
    seen = rig.round("x", script({X_SEARCH: a_page(a_tweet(1), a_tweet(2))})).was("ok", posts=2)
    assert len(seen.asked) > 1
    assert seen.last["stored"] == 2
    assert rig.rows("SELECT sum(posts) AS posts FROM daily_totals")[0].posts == 2


@case(40, "an-edited-post-has-its-new-text-and-place")
def _(rig: Rig) -> None:
    rig.round("x", x(a_page(a_tweet(1, "Pantai Cenang cantik")))).was("ok", posts=1)
    seen = rig.round("x", x(a_page(a_tweet(1, "Gunung Jerai cantik")))).was("ok", posts=1)
    assert (seen.only().content, seen.last["updated"]) == ("Gunung Jerai cantik", 1)
    place = rig.rows("SELECT p.name FROM social_posts s JOIN places p ON p.id = s.place_id")
    assert place[0].name == "Gunung Jerai"


@case(40, "a-post-of-years-ago-stands-on-its-own-day")
def _(rig: Rig) -> None:
    seen = rig.round("x", x(a_page(a_tweet(1, created_at=LONG_AGO)))).was("ok", posts=1)
    assert str(seen.only().created_at).startswith("2020-01-02")
    assert len(rig.rows("SELECT day FROM daily_totals")) == 1


# ---- the table ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CASES))
def test_edge_case(rig, name):
    CASES[name](rig)


def test_every_edge_case_of_the_list_stands_in_the_table():
    assert sorted({int(name.split("-")[1]) for name in CASES}) == list(range(1, 41))
