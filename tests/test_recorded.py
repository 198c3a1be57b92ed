"""Every recorded page of every platform, parsed and fetched as a collector does.

Two differences to the reference are ours: a repost's counts are unknown (they are the original's),
and a post of X that the page does not date is dated by its id, marked as estimated.
"""

import contextlib
from datetime import timedelta

import pytest

from collector.platforms import PlatformError, facebook, instagram, tiktok, x, youtube
from collector.platforms.http import Http, Limits, bearer
from insights.model import Kind
from tests.fakes import NOW
from tests.replay import (
    SHARED,
    TOKEN_IN_NEXT,
    expected,
    payload,
    replay,
    serve_errors,
    serve_recorded,
)

pytestmark = pytest.mark.skipif(
    not (SHARED / "payloads/dev/expected.json").is_file(),
    reason="the recorded payloads (../shared/payloads/dev) are not here",
)
PLATFORMS = ("x", "instagram", "facebook", "youtube", "tiktok")
COUNTS = ("likes", "comments", "shares", "views")
NAMES = (
    [name for name in expected() if name.startswith(PLATFORMS)]
    if (SHARED / "payloads/dev/expected.json").is_file()
    else []
)


def posts_in(name):
    """The posts of a recorded page; none where the adapter calls the answer a failure."""
    body = payload(SHARED / f"payloads/dev/{name}.json").body
    platform = name.partition("/")[0]
    with contextlib.suppress(PlatformError):
        if platform == "x":
            return x.parse_page(body).posts
        if platform == "instagram":
            return instagram.parse_items(instagram.data_of(body))[0]
        if platform == "youtube":
            return youtube.parse_items(youtube.items_of(body))[0]
        if platform == "tiktok":
            return tiktok.parse_items(tiktok.videos_of(body["data"]))[0]
        return facebook.parse_items(facebook.posts_of(body))[0]
    return ()


def told(post):
    """A post in the words of the reference."""
    stated = None if post.posted_at_estimated else post.posted_at
    values = {
        key: getattr(post, key)
        for key in ("platform", "post_id", "url", "content", "author", "language", "media_type")
    }
    counts = {} if post.is_repost else {key: getattr(post, key) for key in COUNTS}
    time = stated.strftime("%Y-%m-%dT%H:%M:%SZ") if stated else None
    place = dict(zip(("lat", "lon"), post.geo, strict=True)) if post.geo else None
    return {**values, **counts, "created_at": time, "geo": place}


def reference(row, post):
    row = {key: value for key, value in row.items() if key not in ("hashtags", "mentions")}
    if post.is_repost:
        row = {key: value for key, value in row.items() if key not in COUNTS}
    place = row["geo"] and {key: row["geo"][key] for key in ("lat", "lon")}
    return {**row, "geo": place}


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_page_gives_exactly_the_expected_posts(name):
    posts = {post.post_id: post for post in posts_in(name)}
    rows = {row["post_id"]: row for row in expected()[name]}
    assert posts.keys() == rows.keys()
    for key, post in posts.items():
        assert told(post) == reference(rows[key], post)
        assert set(rows[key]["hashtags"]) <= set(post.hashtags)
        assert set(rows[key]["mentions"]) <= set(post.mentions)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("x/")])
def test_reposts_have_no_counts_and_undated_posts_an_estimate(name):
    for post in posts_in(name):
        assert not post.is_repost or all(getattr(post, key) is None for key in COUNTS)
        assert post.posted_at is not None
    rows = {row["post_id"]: row for row in expected()[name]}
    undated = {key for key, row in rows.items() if row["created_at"] is None}
    assert {p.post_id for p in posts_in(name) if p.posted_at_estimated} == undated


def sources(url):
    limits = Limits(retries=0)
    return [
        x.X(Http(url, bearer("tx"), limits=limits), ["Langkawi", "Kuah"], overlap=timedelta(0)),
        instagram.Instagram(Http(url, bearer("ti"), limits=limits), "178", ["langkawi", "kuah"]),
        facebook.Facebook(Http(url, bearer("tf"), limits=limits), ["700", "701"]),
        youtube.YouTube(Http(url, {"X-Goog-Api-Key": "ty"}, limits=limits), ["Langkawi", "Kuah"]),
        tiktok.TikTok(Http(url, limits=limits), "tk", "ts", ["langkawi", "kuah"]),
    ]


def fetched(url):
    return [page for source in sources(url) for page in source.search({}, NOW)]


def test_a_round_fetches_every_expected_post():
    with replay(serve_recorded()) as server:
        pages = fetched(server.url)
        assert TOKEN_IN_NEXT not in repr(server.asked)
    assert not [page.problem for page in pages if page.problem]
    wanted = {(r["platform"], r["post_id"]) for name in NAMES for r in expected()[name]}
    assert {(post.platform, post.post_id) for page in pages for post in page.posts} == wanted
    assert TOKEN_IN_NEXT not in repr(pages)


def test_a_second_walk_may_find_empty_pages_only():
    with replay(serve_recorded(again=False)) as server:
        assert any(page.posts for page in fetched(server.url))
        assert not any(page.posts for page in fetched(server.url))


@pytest.mark.parametrize(
    ("which", "kind", "problem"),
    [
        (0, Kind.BILLING, None),
        (1, None, Kind.PERMISSION),
        (2, Kind.AUTH, None),
        (3, None, Kind.QUOTA),
        (4, None, Kind.PERMISSION),
    ],
    ids=PLATFORMS,
)
def test_recorded_errors_bring_no_post(which, kind, problem):
    with replay(serve_errors()) as server:
        source = sources(server.url)[which]
        pages, ended = [], None
        try:
            pages.extend(source.search({}, NOW))
        except PlatformError as error:
            ended = error.kind
    assert ended == kind
    assert not any(page.posts or page.last for page in pages)
    problems = {page.problem.kind for page in pages if page.problem}
    assert problems == ({problem} if problem else set())
    assert len(server.asked) <= 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x/error_400_invalid_request", Kind.BAD_REQUEST),
        ("x/error_401_unauthorized", Kind.AUTH),
        ("x/error_402_credits_depleted", Kind.BILLING),
        ("x/error_429_usage_capped", Kind.QUOTA),
        ("instagram/error_10_permission", Kind.PERMISSION),
        ("instagram/error_2108006_before_business", Kind.BAD_REQUEST),
        ("facebook/error_100_ppca_app_token", Kind.PERMISSION),
        ("facebook/error_190_463_session_expired", Kind.AUTH),
        ("facebook/error_4_app_rate_limit", Kind.RATE_LIMITED),
        ("youtube/error_400_key_invalid", Kind.AUTH),
        ("youtube/error_403_quota_exceeded", Kind.QUOTA),
        ("tiktok/error_scope_not_authorized", Kind.PERMISSION),
    ],
)
def test_a_recorded_refusal_has_its_kind(name, kind):
    reply = payload(SHARED / f"payloads/dev/{name}.json")
    found = []
    with replay(lambda _asked: reply) as server:
        source = sources(server.url)[PLATFORMS.index(name.partition("/")[0])]
        try:
            found += [page.problem.kind for page in source.search({}, NOW) if page.problem]
        except PlatformError as error:
            found.append(error.kind)
    assert set(found) == {kind}
