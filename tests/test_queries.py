"""Everything that is read beside the cube, on both engines."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from db import queries, search, store
from db.engine import DatabaseError, snapshot
from insights.model import (
    Classification,
    Event,
    EventTemplate,
    Platform,
    PostFilter,
    RunStatus,
    Scope,
    Sentiment,
)
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post, matched

CENANG, KUAH, ZOO = 1, 2, 3
PLACES = [
    a_place("cenang", name="Pantai Cenang"),
    a_place("kuah", name="Kuah", category="Town"),
    a_place("zoo", name="Zoo", city="Alor Setar", city_slug="alor-setar", category="Zoo"),
]
SCOPE = Scope(date(2026, 10, 24), date(2026, 11, 24))


@pytest.fixture
def db(engine):
    """An engine on a database with three places: two in Langkawi, one in Alor Setar."""
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", PLACES)
    return engine


def save(db, *page) -> None:
    with db.begin() as connection:
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)


def label(db, post, sentiment=Sentiment.POSITIVE, **given) -> None:
    answer = Classification(post.platform, post.post_id, sentiment, 0.5, "test", **given)
    with db.begin() as connection:
        store.save_classifications(connection, [answer], now=NOW)


def listed(db, scope=SCOPE, sort="newest", limit=20, offset=0, **narrow) -> list[str]:
    with snapshot(db) as connection:
        wanted = PostFilter(scope, **narrow)
        found = queries.posts(connection, wanted, sort=sort, limit=limit, offset=offset)
    return found["post_id"].tolist()


def counted(db, scope=SCOPE, **narrow) -> int:
    with snapshot(db) as connection:
        return queries.count_posts(connection, PostFilter(scope, **narrow))


def ask(db, query, *given, **named):
    with snapshot(db) as connection:
        return query(connection, *given, **named)


def ago(hours: float, **given):
    return a_post(posted_at=NOW - timedelta(hours=hours), **given)


# --- places ---


def test_the_gazetteer_is_what_was_set_up(db):
    found = ask(db, queries.gazetteer)
    assert [(place.id, place.slug, place.city_slug) for place in found] == [
        (1, "cenang", "langkawi"),
        (2, "kuah", "langkawi"),
        (3, "zoo", "alor-setar"),
    ]
    assert {alias.text for alias in found[0].aliases} == {"Pantai Cenang", "Cenang Beach"}


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({}, None),
        ({"city": "langkawi"}, [1, 2]),
        ({"city": "mainland"}, [3]),
        ({"city": "unknown"}, [0]),
        ({"place": "kuah"}, [2]),
        ({"place": "kuah", "city": "alor-setar"}, []),
    ],
)
def test_a_scope_means_these_places(given, ids):
    places = [replace(place, id=i) for i, place in enumerate(PLACES, 1)]
    assert queries.place_ids(places, replace(SCOPE, **given)) == ids


@pytest.mark.parametrize("given", [{"city": "penang"}, {"place": "nowhere"}, {"city": ""}])
def test_a_scope_that_names_no_place_of_ours_is_a_key_error(db, given):
    with pytest.raises(KeyError):
        counted(db, replace(SCOPE, **given))


# --- lists ---


def test_a_list_of_no_posts_is_an_empty_table_with_its_columns(db):
    found = ask(db, queries.posts, PostFilter(SCOPE))
    assert found.empty
    assert {"post_id", "place", "topics", "engagement"} <= set(found.columns)


def test_posts_are_listed_newest_first(db):
    old, new, middle = ago(30), ago(1), ago(2)
    save(db, *(matched(post, CENANG) for post in (old, new, middle)))
    assert listed(db) == [new.post_id, middle.post_id, old.post_id]


def test_posts_are_listed_by_engagement_with_the_unknown_last(db):
    posts = [ago(1, likes=5), ago(2), ago(3, likes=7), ago(4, likes=0), ago(5, likes=5)]
    save(db, *(matched(post, CENANG) for post in posts))
    order = [posts[i].post_id for i in (2, 0, 4, 3, 1)]
    assert listed(db, sort="engagement") == order


def test_an_unknown_order_is_an_error(db):
    with pytest.raises(ValueError, match="newest or engagement"):
        listed(db, sort="random()")


@pytest.mark.parametrize("sort", search.SORTS)
def test_pages_never_overlap_and_leave_nothing_out(db, sort):
    posts = [ago(i % 7, likes=i % 3 or None) for i in range(50)]
    save(db, *(matched(post, CENANG) for post in posts))
    pages = [listed(db, sort=sort, limit=8, offset=start) for start in range(0, 56, 8)]
    found = [post_id for page in pages for post_id in page]
    assert sorted(found) == sorted(post.post_id for post in posts)
    assert found == listed(db, sort=sort, limit=100)


def test_a_row_says_where_and_what_and_keeps_the_unknown_unknown(db):
    post = ago(1, likes=2)
    save(db, matched(post, ZOO), matched(ago(2), CENANG), matched(ago(3)))
    label(db, post, topics=("food", "family"))
    found = ask(db, queries.posts, PostFilter(SCOPE))
    row = found.iloc[0]
    assert (row["place"], row["place_slug"], row["city_slug"]) == ("Zoo", "zoo", "alor-setar")
    assert row["topics"] == ("family", "food")
    assert (row["likes"], row["engagement"]) == (2, 2)
    assert found["likes"].isna().tolist() == [False, True, True]
    assert found["place"].isna().tolist() == [False, False, True]
    assert row["created_at"] == post.posted_at


@pytest.mark.parametrize(
    ("scope", "narrow", "wanted"),
    [
        ({}, {}, "abcde"),
        ({"city": "langkawi"}, {}, "ab"),
        ({"city": "mainland"}, {}, "cd"),
        ({"city": "unknown"}, {}, "e"),
        ({"place": "kuah"}, {}, "b"),
        ({"platform": "facebook"}, {}, "bd"),
        ({"platform": "youtube"}, {}, ""),
        ({}, {"sentiment": "positive"}, "a"),
        ({}, {"sentiment": "negative"}, "bc"),
        ({}, {"sentiment": "unclassified"}, "de"),
        ({}, {"sentiment": "classified"}, "abc"),
        ({}, {"topic": "ferry"}, "bc"),
        ({"city": "langkawi"}, {"topic": "ferry", "sentiment": "negative"}, "b"),
        ({}, {"topic": "ferry", "sentiment": "positive"}, ""),
        ({}, {"category": "Zoo"}, "cd"),
        ({"city": "langkawi"}, {"category": "Zoo"}, ""),
        ({}, {"text": "SESAK"}, "bd"),
        ({}, {"text": "100%"}, "d"),
        ({}, {"text": "_"}, ""),
        ({}, {"counted": False}, "f"),
    ],
)
def test_a_filter_finds_exactly_its_posts(db, scope, narrow, wanted):
    words = {"a": "Cantik", "b": "Jeti sesak", "c": "Kotor", "d": "Sesak 100%", "e": "", "f": "No"}
    on = {"b": Platform.FACEBOOK, "d": Platform.FACEBOOK}
    post = {
        name: ago(
            i,
            post_id=name,
            content=text,
            platform=on.get(name, Platform.X),
        )
        for i, (name, text) in enumerate(words.items())
    }
    at = {"a": [CENANG], "b": [KUAH], "c": [ZOO], "d": [ZOO], "e": []}
    save(db, *(matched(post[name], *ids) for name, ids in at.items()))
    save(db, matched(post["f"], counted=False), matched(ago(1, is_repost=True), counted=False))
    label(db, post["a"], topics=("scenery",))
    label(db, post["b"], Sentiment.NEGATIVE, topics=("ferry", "litter"))
    label(db, post["c"], Sentiment.NEGATIVE, topics=("ferry",))
    scope = replace(SCOPE, **scope)
    for sort in search.SORTS:
        assert sorted(listed(db, scope, sort, **narrow)) == list(wanted)
    assert counted(db, scope, **narrow) == len(wanted)


def test_days_are_half_open_and_local(db):
    midnight = NOW.replace(hour=16) - timedelta(days=1)
    before, after = ago(0), ago(0)
    before = replace(before, posted_at=midnight - timedelta(seconds=1))
    after = replace(after, posted_at=midnight)
    save(db, matched(before, CENANG), matched(after, CENANG))
    today = Scope(date(2026, 11, 23), date(2026, 11, 24))
    yesterday = Scope(date(2026, 11, 22), date(2026, 11, 23))
    assert listed(db, today) == [after.post_id]
    assert listed(db, yesterday) == [before.post_id]
    assert counted(db, Scope(today.since, today.since)) == 0


def test_every_route_finds_the_same_posts(db, monkeypatch):
    """Short walks and short routes send the same filters down every way there is."""
    some = random.Random(3)
    posts = []
    for _ in range(400):
        on = some.choice([Platform.X, Platform.X, Platform.X, Platform.TIKTOK])
        posts.append(ago(some.randrange(600), platform=on, likes=some.choice([None, 1, 2, 3, 9])))
    save(db, *(matched(p, *some.sample([1, 2, 3], some.randrange(3))) for p in posts))
    for post in posts[:300]:
        label_ = some.choice(list(Sentiment))
        label(db, post, label_, topics=some.sample(("ferry", "food"), some.randrange(3)))
    cities = ("all", "langkawi", "mainland", "unknown")
    narrows = [
        {"sentiment": sentiment, "topic": topic}
        for sentiment in (None, "negative", "classified", "unclassified")
        for topic in (None, "ferry")
    ]
    asked = [
        (replace(SCOPE, city=city, platform=platform), sort, narrow)
        for city in cities
        for platform in (None, "tiktok")
        for sort in search.SORTS
        for narrow in narrows
    ]
    walked = [listed(db, scope, sort, 5, 2, **narrow) for scope, sort, narrow in asked]
    for walk, sample in (((1, 2), 3), ((1, 3), 50), ((60, 200), 2)):
        monkeypatch.setattr(search, "WALKS", walk)
        monkeypatch.setattr(search, "SAMPLE", sample)
        again = [listed(db, scope, sort, 5, 2, **narrow) for scope, sort, narrow in asked]
        assert again == walked


# --- one post ---


def test_a_post_says_why_it_counts(db):
    post = a_post()
    save(db, matched(post, ZOO, CENANG))
    found = ask(db, queries.why_of, post.platform, post.post_id)
    assert found["counted_why"] == "test"
    assert [link["slug"] for link in found["links"]] == ["zoo", "cenang"]
    assert found["links"][0]["is_primary"]
    assert ask(db, queries.why_of, post.platform, "nobody") == {}


# --- figures ---


def test_topics_are_counted_by_place_and_label(db):
    at_zoo, nowhere = ago(1), ago(2)
    save(db, matched(at_zoo, ZOO), matched(nowhere))
    label(db, at_zoo, Sentiment.NEGATIVE, topics=("litter",))
    label(db, nowhere, topics=("food",))
    found = ask(db, queries.topics_by_place, SCOPE).sort_values("slug")
    assert found.to_dict("list") == {
        "slug": ["unknown", "zoo"],
        "topic": ["food", "litter"],
        "negative": [0, 1],
        "neutral": [0, 0],
        "positive": [1, 0],
    }
    assert ask(db, queries.topics_by_place, replace(SCOPE, city="langkawi")).empty


def test_authors_are_counted_once_a_place(db):
    page = [
        matched(ago(i), place, author=author)
        for i, (place, author) in enumerate([(1, "a"), (1, "a"), (1, "b"), (3, "a"), (3, None)])
    ]
    save(db, *page)
    found = ask(db, queries.distinct_by_place, SCOPE)
    assert dict(zip(found["slug"], found["authors"], strict=True)) == {"cenang": 2, "zoo": 1}
    only = ask(db, queries.distinct_by_place, SCOPE, slugs=["zoo"])
    assert only["slug"].tolist() == ["zoo"]


@pytest.mark.parametrize("narrow", [{}, {"platform": "x"}, {"voice": "news"}])
def test_authors_are_looked_for_at_their_place_and_days_and_nowhere_else(db, narrow):
    asked: list = []
    event.listen(db, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    ask(db, queries.distinct_by_place, replace(SCOPE, **narrow), slugs=["unknown", "zoo", "kuah"])
    if db.dialect.name != "sqlite":
        pytest.skip("a small table on PostgreSQL is read whole, whatever is asked")
    statement, values = asked[-1]
    with db.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    steps = [str(step[3]) for step in plan if "social_posts" in str(step[3])]
    assert len(steps) == 3
    assert all("(place_id=? AND day>? AND day<?)" in step for step in steps)


def test_more_places_than_one_statement_takes_are_all_counted(db, monkeypatch):
    monkeypatch.setattr(queries, "_PLACES_AT_ONCE", 2)
    save(db, *(matched(ago(1), *place, author="a") for place in [(CENANG,), (KUAH,), (ZOO,), ()]))
    found = ask(db, queries.distinct_by_place, SCOPE)
    assert sorted(found["slug"]) == ["cenang", "kuah", "unknown", "zoo"]
    assert found["authors"].tolist() == [1, 1, 1, 1]


def test_near_copies_are_one_text_and_posts_without_words_are_none(db):
    clusters = (7, 7, 8, None)
    save(db, *(replace(matched(ago(1), CENANG), text_cluster=cluster) for cluster in clusters))
    found = ask(db, queries.distinct_by_place, SCOPE)
    assert found["texts"].tolist() == [2]


@pytest.mark.parametrize("sort", ["newest", "engagement"])
def test_a_list_holds_the_posts_of_the_scopes_voices_only(db, sort):
    public, advert, news = ago(1), ago(2), ago(3)
    save(db, matched(public, CENANG), *(
        replace(matched(post, CENANG), voice=voice, voice_why=f"words:{voice}")
        for post, voice in ((advert, "advert"), (news, "news"))
    ))  # fmt: skip
    for voice, posts in (
        ("visitors", [public]),
        ("all", [public, advert, news]),
        ("advert", [advert]),
        ("football", []),
    ):
        scope = replace(SCOPE, voice=voice)
        assert sorted(listed(db, scope, sort=sort)) == sorted(post.post_id for post in posts)
        assert counted(db, scope) == len(posts)
        assert ask(db, queries.distinct_by_place, scope).empty == (not posts)


def test_what_is_not_about_kedah_has_no_voice(db):
    advert = replace(matched(ago(1), counted=False), voice="advert", voice_why="words:advert")
    save(db, advert)
    assert ask(db, queries.not_counted, SCOPE) == 1
    assert ask(db, queries.not_counted, replace(SCOPE, voice="news")) == 1


def test_what_is_not_about_kedah_is_counted_apart(db):
    save(db, matched(ago(1), CENANG), matched(ago(1), counted=False))
    save(db, matched(ago(1, is_repost=True), counted=False))
    assert ask(db, queries.not_counted, SCOPE) == 1
    assert ask(db, queries.not_counted, replace(SCOPE, platform="facebook")) == 0


# --- platforms that stand apart ---


def a_video_and_a_post(db) -> tuple[str, str]:
    """A labelled video about ferries beside an ordinary post, both of Cenang, by two authors."""
    video, post = ago(1, platform=Platform.YOUTUBE), ago(2)
    save(
        db,
        matched(video, CENANG, author="a"),
        matched(post, CENANG, author="b"),
        matched(ago(3, platform=Platform.YOUTUBE), counted=False),
    )
    for one in (video, post):
        label(db, one, Sentiment.NEGATIVE, topics=("ferry",))
    return video.post_id, post.post_id


@pytest.mark.parametrize("sort", search.SORTS)
@pytest.mark.parametrize("narrow", [{}, {"topic": "ferry"}, {"sentiment": "negative"}])
def test_youtube_is_listed_alone_or_when_it_was_audited(db, sort, narrow):
    video, post = a_video_and_a_post(db)
    alone, audited = replace(SCOPE, platform="youtube"), replace(SCOPE, audited=True)
    assert listed(db, sort=sort, **narrow) == [post]
    assert listed(db, alone, sort=sort, **narrow) == [video]
    assert sorted(listed(db, audited, sort=sort, **narrow)) == sorted([video, post])
    assert [counted(db, scope, **narrow) for scope in (SCOPE, alone, audited)] == [1, 1, 2]


def test_youtube_is_in_no_other_figure_either(db):
    a_video_and_a_post(db)
    alone, audited = replace(SCOPE, platform="youtube"), replace(SCOPE, audited=True)
    for scope, posts, elsewhere in ((SCOPE, 1, 0), (alone, 1, 1), (audited, 2, 1)):
        assert ask(db, queries.distinct_by_place, scope)["authors"].tolist() == [posts]
        assert ask(db, queries.topics_by_place, scope)["negative"].tolist() == [posts]
        assert ask(db, queries.not_counted, scope) == elsewhere


def test_youtube_waits_for_no_label_unless_it_was_audited(db):
    video, post = ago(1, platform=Platform.YOUTUBE), ago(2)
    save(db, matched(video, CENANG), matched(post, CENANG))
    waiting = ask(db, queries.waiting_posts, 10, 4)
    assert [one.post_id for one in waiting] == [post.post_id]
    assert ask(db, queries.backlog) == 1
    assert len(ask(db, queries.waiting_posts, 10, 4, audited=True)) == 2
    assert ask(db, queries.backlog, True) == 2


# --- classification ---


def test_counted_posts_wait_first_and_the_newest_of_them(db):
    outside, old, new = ago(1), ago(30), ago(2)
    save(db, matched(outside, counted=False), matched(old, CENANG, KUAH), matched(new, ZOO))
    waiting = ask(db, queries.waiting_posts, 10, 4)
    assert [post.post_id for post in waiting] == [new.post_id, old.post_id, outside.post_id]
    assert waiting[1].places == ("Pantai Cenang", "Kuah")
    assert ask(db, queries.backlog) == 3
    label(db, new)
    assert ask(db, queries.backlog) == 2
    assert len(ask(db, queries.waiting_posts, 1, 4)) == 1


def test_a_post_that_was_refused_often_enough_is_left_alone(db):
    post = a_post()
    save(db, matched(post, CENANG))
    with db.begin() as connection:
        for _ in range(4):
            key = (post.platform, post.post_id)
            store.note_refusals(connection, [key], "no answer", blocked=False)
    assert ask(db, queries.waiting_posts, 10, 4) == []
    assert ask(db, queries.waiting_posts, 10, 5)[0].attempts == 4


# --- collection ---


def run(db, platform: str, status: RunStatus, hour: int, **given) -> None:
    started = NOW + timedelta(hours=hour)
    with db.begin() as connection:
        opened = store.start_run(connection, str(hour), platform, started)
        if status is not RunStatus.RUNNING:
            end = started + timedelta(minutes=5)
            store.finish_run(connection, opened, status=status, now=end, **given)


def test_nothing_was_collected_until_a_platform_answered(db):
    assert not ask(db, queries.ever_collected)
    run(db, "x", RunStatus.FAILED, 0)
    run(db, "classify", RunStatus.OK, 0)
    assert not ask(db, queries.ever_collected)
    assert ask(db, queries.last_success) is None
    run(db, "x", RunStatus.PARTIAL, 1)
    assert ask(db, queries.ever_collected)
    assert ask(db, queries.last_success) == NOW + timedelta(hours=1, minutes=5)


def test_an_imported_post_is_a_collected_one(db):
    save(db, matched(a_post(platform=Platform.IMPORT), CENANG))
    assert ask(db, queries.ever_collected)


def test_health_says_since_when_a_platform_fails(db):
    for hour, status in enumerate(
        (RunStatus.OK, RunStatus.FAILED, RunStatus.INTERRUPTED, RunStatus.FAILED)
    ):
        run(db, "x", status, hour, error_kind="auth" if hour else None)
    run(db, "x", RunStatus.RUNNING, 5)
    run(db, "facebook", RunStatus.OK, 1, fetched=7, stored=2)
    facebook, x = ask(db, queries.platform_health).to_dict("records")
    assert (x["platform"], x["status"], x["error_kind"]) == ("x", "failed", "auth")
    assert (x["consecutive_failures"], x["running"]) == (3, True)
    assert x["failing_since"] == NOW + timedelta(hours=1)
    assert x["last_ok_at"] == NOW + timedelta(minutes=5)
    assert (facebook["fetched"], facebook["consecutive_failures"]) == (7, 0)
    assert (
        facebook["failing_since"] is None or facebook["failing_since"] != facebook["failing_since"]
    )


def test_health_of_a_platform_that_recovered_is_clean(db):
    run(db, "x", RunStatus.FAILED, 0)
    run(db, "x", RunStatus.OK, 1)
    [x] = ask(db, queries.platform_health).to_dict("records")
    assert (x["status"], x["consecutive_failures"], x["failing_since"]) == ("ok", 0, None)


def test_the_newest_runs_come_first(db):
    for hour, platform in enumerate(("x", "facebook", "x")):
        run(db, platform, RunStatus.OK, hour)
    assert ask(db, queries.runs, 2)["platform"].tolist() == ["x", "facebook"]
    assert len(ask(db, queries.runs, 10, "x")) == 2


def test_health_of_nothing_is_an_empty_table(db):
    assert ask(db, queries.platform_health).empty
    assert ask(db, queries.runs, 5).empty
    assert ask(db, queries.quarantined, 5).empty
    assert ask(db, queries.due_jobs) == {}


def test_a_lease_is_shown_with_its_owner(db):
    assert ask(db, queries.lease, "collector") is None
    with db.begin() as connection:
        store.take_lease(connection, "collector", "me", NOW, 60)
    assert ask(db, queries.lease, "collector")["owner"] == "me"


def test_a_database_that_was_never_set_up_has_no_version(engine):
    with pytest.raises(DatabaseError, match="never set up"):
        ask(engine, queries.version)


def test_the_database_has_a_size(db):
    assert ask(db, queries.database_size) > 10_000


def test_of_each_day_the_first_and_the_last_success_are_told(db):
    for hour in (0, 2, 4, 6, 48):
        run(db, "x", RunStatus.OK, hour)
    run(db, "x", RunStatus.FAILED, 24)
    run(db, "facebook", RunStatus.PARTIAL, 30)
    run(db, "classify", RunStatus.OK, 24)
    found = ask(db, queries.collected_at)
    ended = [NOW + timedelta(hours=hour, minutes=5) for hour in (0, 6, 48)]
    assert set(ended) <= set(found["x"])
    assert found["x"] == sorted(found["x"])
    assert found["facebook"] == [NOW + timedelta(hours=30, minutes=5)]
    assert found.keys() == {"x", "facebook"}


def test_a_platform_is_asked_unless_its_last_run_was_skipped_for_want_of_a_key(db):
    run(db, "x", RunStatus.OK, 1)
    run(db, "facebook", RunStatus.FAILED, 1, error_kind="timeout")
    run(db, "tiktok", RunStatus.SKIPPED, 1, error_kind="timeout")
    run(db, "instagram", RunStatus.OK, 1)
    run(db, "instagram", RunStatus.SKIPPED, 2)
    run(db, "classify", RunStatus.OK, 1)
    assert ask(db, queries.asked_platforms) == {"x", "facebook", "tiktok"}


# --- events ---


def test_events_that_touch_the_days_are_listed_also_of_a_template_at_rest(db):
    template = EventTemplate("fair", "Pesta", "Fair", "all", "yearly", {"month": 11})
    gone = replace(template, slug="gone", active=False)
    dates = [(1, 3), (3, 4), (9, 9), (10, 12)]
    with db.begin() as connection:
        store.save_templates(connection, [template, gone], NOW)
        for slug in ("fair", "gone"):
            dated = [
                Event(slug, date(2026, 11, first), date(2026, 11, last), True)
                for first, last in dates
            ]
            store.save_events(connection, dated, NOW)
    found = ask(db, queries.events_between, date(2026, 11, 3), date(2026, 11, 10))
    assert [day.day for day in found["starts_on"]] == [1, 1, 3, 3, 9, 9]
    assert dict(zip(found["slug"], found["active"], strict=True)) == {"fair": True, "gone": False}
    assert ask(db, queries.templates)["slug"].tolist() == ["fair", "gone"]
