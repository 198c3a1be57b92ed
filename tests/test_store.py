"""Everything that is written to the shared database, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import func, select

from db import queries, store
from db.cube import Cube
from db.engine import DatabaseError, snapshot
from db.tables import (
    collection_runs,
    daily_topics,
    daily_totals,
    daily_voices,
    event_templates,
    events,
    place_aliases,
    places,
    post_places,
    post_topics,
    quarantine,
    social_posts,
)
from insights.model import (
    Alias,
    Classification,
    Event,
    EventTemplate,
    Kind,
    MatchedPost,
    PlaceLink,
    Platform,
    Post,
    Reject,
    RunStatus,
    Scope,
    Sentiment,
)
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post, matched

CENANG, ZOO = 1, 2
LATER = NOW + timedelta(hours=2)
PLACES = [a_place(), a_place("zoo", name="Zoo", city="Alor Setar", city_slug="alor-setar")]


@pytest.fixture
def db(engine):
    """An engine on a database that is set up with two places, Cenang (1) and a zoo (2)."""
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", PLACES)
    return engine


def save(db, *page, now=NOW, **given) -> store.Saved:
    with db.begin() as connection:
        return store.save_page(connection, page, now=now, zone=KUALA_LUMPUR, **given)


def label(db, post, sentiment=Sentiment.POSITIVE, now=LATER, **given) -> int:
    answer = Classification(post.platform, post.post_id, sentiment, 0.5, "test", **given)
    with db.begin() as connection:
        return store.save_classifications(connection, [answer], now=now)


def stored(db, post):
    with snapshot(db) as connection:
        return connection.execute(
            select(social_posts).where(
                social_posts.c.post_id == post.post_id,
                social_posts.c.platform == str(post.platform),
            )
        ).one_or_none()


def rows(db, table) -> list:
    with snapshot(db) as connection:
        return connection.execute(select(table)).all()


def version(db) -> tuple[int, int]:
    with snapshot(db) as connection:
        return queries.version(connection)


# --- set-up ---


def test_places_keep_their_ids_when_they_are_set_up_again(db):
    with db.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [*reversed(PLACES), a_place("new")])
    assert [(row.id, row.slug) for row in rows(db, places)] == [
        (1, "pantai-cenang"),
        (2, "zoo"),
        (3, "new"),
    ]


def test_setting_up_the_same_places_again_changes_nothing(db):
    before = version(db)
    with db.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", PLACES)
    assert version(db) == before


def test_an_alias_that_was_dropped_from_the_seed_goes(db):
    with db.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place(aliases=(Alias("Cenang"),))])
    found = [row.alias for row in rows(db, place_aliases) if row.place_id == CENANG]
    assert found == ["Cenang"]


def test_a_database_that_was_not_set_up_says_so(engine):
    with engine.begin() as connection, pytest.raises(DatabaseError, match="never set up"):
        store.save_page(connection, [], now=NOW, zone=KUALA_LUMPUR)


def test_another_display_timezone_moves_the_days(db):
    late = a_post(posted_at=datetime(2026, 11, 22, 20, tzinfo=UTC))
    save(db, matched(late, CENANG))
    label(db, late, topics=("food",))
    before = stored(db, late).day
    with db.begin() as connection:
        store.set_up(connection, "UTC", PLACES)
    assert stored(db, late).day == before - 1
    assert [row.day for row in rows(db, daily_totals)] == [before - 1]
    assert [row.day for row in rows(db, daily_topics)] == [before - 1]
    assert [row.day for row in rows(db, post_topics)] == [before - 1]


# --- new, changed, equal ---


def test_a_page_tells_new_from_changed_from_equal(db):
    first, second = a_post(likes=1), a_post(likes=1)
    assert save(db, matched(first, CENANG), matched(second, CENANG)) == store.Saved(new=2)
    again = save(
        db,
        matched(replace(first, likes=2), CENANG),
        matched(second, CENANG),
        matched(a_post(), CENANG),
    )
    assert again == store.Saved(new=1, updated=1, unchanged=1)


def test_a_page_that_brings_nothing_new_leaves_the_version(db):
    post = a_post(likes=1)
    save(db, matched(post, CENANG))
    before = version(db)
    save(db, matched(post, CENANG), now=LATER)
    assert version(db) == before


def test_the_same_post_twice_on_a_page_is_stored_once(db):
    post = a_post(likes=1)
    assert save(db, matched(post, CENANG), matched(replace(post, likes=2), CENANG)).new == 1
    assert stored(db, post).likes == 2


def test_equal_ids_on_two_platforms_are_two_posts(db):
    post = a_post()
    other = replace(post, platform=Platform.FACEBOOK)
    assert save(db, matched(post, CENANG), matched(other, CENANG)).new == 2


def test_an_empty_page_is_a_page(db):
    assert save(db) == store.Saved()


def test_first_seen_stays_and_captured_moves_with_a_change(db):
    post = a_post(likes=1)
    save(db, matched(post, CENANG))
    save(db, matched(replace(post, likes=5), CENANG), now=LATER)
    assert stored(db, post).first_seen_at == NOW
    assert stored(db, post).captured_at == LATER


def test_more_posts_than_a_statement_takes_parameters_are_one_page(db):
    page = [matched(a_post(), CENANG) for _ in range(2500)]
    assert save(db, *page).new == 2500
    assert save(db, *page).unchanged == 2500
    assert rows(db, daily_totals)[0].posts == 2500


def _told_otherwise(random: Random, post: Post) -> MatchedPost:
    """What a platform may tell of a post the next time, most of it the same."""
    said = {
        "url": (post.url, None, "https://example.org/moved"),
        "content": (post.content, "", "Zoo ditutup"),
        "posted_at": (post.posted_at, None, NOW - timedelta(days=1)),
        "language": (post.language, None, "ms"),
        "media_type": (post.media_type, None, "video"),
        "likes": (post.likes, None, 9),
        "views": (post.views, None, 0),
        "is_repost": (post.is_repost, post.is_repost, True),
    }
    weights = (8, 3, 1)
    chosen = {name: random.choices(those, weights)[0] for name, those in said.items()}
    linked = random.choices(((CENANG,), (), (ZOO,)), weights)[0]
    counted = random.choices((True, False), (8, 1))[0]
    author = random.choices(("a" * 8, None, "b" * 8), weights)[0]
    one = matched(replace(post, **chosen), *linked, counted=counted, author=author)
    return replace(one, voice=random.choices(("visitor", "news"), (8, 1))[0])


@pytest.mark.parametrize("seed", range(3))
def test_what_tells_nothing_is_left_out_only_where_it_would_change_nothing(db, seed):
    random = Random(seed)
    left_out = 0
    for _ in range(150):
        post = a_post(likes=random.choice((None, 3)), views=random.choice((None, 0)))
        for one in (_told_otherwise(random, post), _told_otherwise(random, post)):
            save(db, one, now=LATER)
        with db.begin() as connection:
            row = store.post_row(_told_otherwise(random, post), LATER, KUALA_LUMPUR)
            key = (row["post_id"], row["platform"])
            before = store._known(connection, [key], store._TOLD_OF_POST)[key]
            written = connection.execute(
                store._upsert_statement(connection.dialect.name), [row]
            ).all()
            if store._tells_nothing(row, before):
                left_out += 1
                assert written == []
    assert left_out > 10


# --- unknown never wins ---


@pytest.mark.parametrize("name", ["likes", "comments", "shares", "views"])
def test_an_unknown_count_leaves_the_known_one(db, name):
    post = a_post(**{name: 7})
    save(db, matched(post, CENANG))
    assert save(db, matched(replace(post, **{name: None}), CENANG)).unchanged == 1
    assert getattr(stored(db, post), name) == 7


def test_a_known_zero_is_not_unknown(db):
    post = a_post(likes=None)
    save(db, matched(post, CENANG))
    save(db, matched(replace(post, likes=0), CENANG))
    assert stored(db, post).likes == 0
    assert stored(db, post).engagement == 0


def test_engagement_adds_what_is_known_of_both_fetches(db):
    post = a_post(likes=3, comments=None, shares=None, views=1000)
    save(db, matched(post, CENANG))
    assert stored(db, post).engagement == 3
    save(db, matched(replace(post, likes=None, comments=4), CENANG))
    assert stored(db, post).engagement == 7


def test_engagement_is_unknown_when_only_views_are_known(db):
    post = a_post(views=1000)
    save(db, matched(post, CENANG))
    assert stored(db, post).engagement is None


def test_an_empty_text_leaves_text_and_place(db):
    post = a_post(content="Pantai Cenang")
    save(db, matched(post, CENANG))
    save(db, matched(replace(post, content="", likes=1)))
    assert (stored(db, post).content, stored(db, post).place_id) == ("Pantai Cenang", CENANG)
    assert [row.place_id for row in rows(db, post_places)] == [CENANG]


def test_a_count_beyond_four_bytes_is_kept(db):
    post = a_post(views=3_000_000_000)
    save(db, matched(post, CENANG))
    assert stored(db, post).views == 3_000_000_000
    assert rows(db, daily_totals)[0].views == 3_000_000_000


def test_a_classifiers_language_outlives_the_platforms_guess(db):
    post = a_post(language="in")
    save(db, matched(post, CENANG))
    save(db, matched(replace(post, language="tl"), CENANG))
    assert stored(db, post).language == "tl"
    label(db, post, language="ms")
    save(db, matched(replace(post, language="in", likes=9), CENANG))
    assert stored(db, post).language == "ms"


# --- times and days ---


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 16, 1, tzinfo=UTC), date(2026, 11, 23)),
    ],
)
def test_the_day_changes_at_midnight_in_kuala_lumpur(db, instant, day):
    post = a_post(posted_at=instant)
    save(db, matched(post, CENANG))
    assert date(1970, 1, 1) + timedelta(days=stored(db, post).day) == day
    assert stored(db, post).created_at == instant


def test_a_post_without_a_time_keeps_the_moment_it_was_first_seen(db):
    post = a_post(posted_at=None)
    save(db, matched(post, CENANG))
    save(db, matched(replace(post, likes=1), CENANG), now=LATER)
    assert stored(db, post).created_at == NOW
    assert stored(db, post).created_at_estimated


def test_a_known_time_replaces_an_estimated_one_and_empties_the_old_cell(db):
    post = a_post(posted_at=None)
    save(db, matched(post, CENANG))
    label(db, post, topics=("food",))
    epoch = version(db)[1]
    known = NOW - timedelta(days=9)
    save(db, matched(replace(post, posted_at=known), CENANG))
    assert stored(db, post).created_at == known
    assert not stored(db, post).created_at_estimated
    day = stored(db, post).day
    for table in (daily_totals, daily_topics, post_topics):
        assert [row.day for row in rows(db, table)] == [day]
    assert version(db)[1] == epoch + 1


def test_a_known_time_is_not_replaced_by_none(db):
    post = a_post()
    save(db, matched(post, CENANG))
    assert save(db, matched(replace(post, posted_at=None), CENANG), now=LATER).unchanged == 1


# --- changed texts and places ---


def test_a_changed_text_is_linked_anew_and_waits_for_a_label_that_stays_meanwhile(db):
    post = a_post()
    save(db, matched(post, CENANG))
    label(db, post)
    save(db, matched(replace(post, content="Now at the zoo"), ZOO))
    found = stored(db, post)
    assert (found.place_id, found.waiting, found.sentiment) == (ZOO, True, "positive")
    assert found.classify_attempts == 0
    assert [row.place_id for row in rows(db, post_places)] == [ZOO]
    assert [row.place_id for row in rows(db, daily_totals)] == [ZOO]


def test_a_text_that_names_no_place_any_more_loses_its_place(db):
    post = a_post()
    save(db, matched(post, CENANG))
    save(db, matched(replace(post, content="Somewhere in Kedah")))
    assert stored(db, post).place_id is None
    assert rows(db, post_places) == []


def test_a_post_names_one_primary_place_and_others(db):
    post = a_post()
    save(db, matched(post, ZOO, CENANG))
    assert stored(db, post).place_id == ZOO
    assert {(row.place_id, row.is_primary) for row in rows(db, post_places)} == {
        (ZOO, True),
        (CENANG, False),
    }
    assert [row.place_id for row in rows(db, daily_totals)] == [ZOO]


def test_a_post_that_did_not_count_counts_once_a_page_brings_it(db):
    post = a_post()
    save(db, matched(post, counted=False))
    assert rows(db, daily_totals) == []
    save(db, matched(replace(post, found_by="page:1"), counted=True))
    found = stored(db, post)
    assert (found.counted, found.found_by) == (True, "page:1")
    save(db, matched(replace(post, content="Other words"), counted=False))
    assert stored(db, post).counted


def test_a_changed_text_without_kedah_no_longer_counts(db):
    post = a_post()
    save(db, matched(post, CENANG))
    save(db, matched(replace(post, content="Pulau Pinang"), counted=False))
    assert not stored(db, post).counted
    assert rows(db, daily_totals) == []


def test_a_post_without_a_place_counts_under_place_0(db):
    save(db, matched(a_post()))
    assert [row.place_id for row in rows(db, daily_totals)] == [0]


def test_relinking_moves_the_totals_and_the_topics(db):
    post = a_post(likes=4)
    save(db, matched(post, CENANG))
    label(db, post, topics=("food",))
    with db.begin() as connection:
        assert store.relink(connection, [matched(post, ZOO)], now=LATER) == 1
    assert [(row.place_id, row.likes) for row in rows(db, daily_totals)] == [(ZOO, 4)]
    assert [row.place_id for row in rows(db, daily_topics)] == [ZOO]
    assert [row.place_id for row in rows(db, post_places)] == [ZOO]
    with db.begin() as connection:
        assert store.relink(connection, [matched(post, ZOO)], now=LATER) == 0


def test_relinking_does_not_overrule_the_classifier(db):
    post = a_post()
    save(db, matched(post, CENANG))
    label(db, post, relevant=False)
    with db.begin() as connection:
        store.relink(connection, [matched(post, ZOO)], now=LATER)
    assert not stored(db, post).counted
    assert stored(db, post).counted_why == "classifier:not_relevant"


# --- reposts ---


def test_a_repost_has_no_counts_is_not_counted_and_never_waits(db):
    post = a_post(is_repost=True, likes=9, views=9)
    save(db, matched(post, CENANG))
    found = stored(db, post)
    assert (found.likes, found.views, found.engagement) == (None, None, None)
    assert not found.counted
    assert not found.waiting
    assert rows(db, daily_totals) == []
    assert label(db, post) == 0


# --- what no database would take ---


def test_nul_and_lone_surrogates_are_taken_out_of_texts(db):
    post = a_post(content="a\0b\ud800c 😀", language="m\0s", hashtags=("ke\0dah",))
    save(db, matched(post, CENANG))
    assert stored(db, post).content == "ab\ufffdc 😀"
    assert stored(db, post).language == "ms"
    assert stored(db, post).hashtags == ["kedah"]


@pytest.mark.parametrize("count", [-1, "12k", "7", 1.5, True, 10**30, float("nan")])
def test_a_count_that_is_none_is_unknown(db, count):
    post = a_post(likes=count)
    assert save(db, matched(post, CENANG)).new == 1
    assert stored(db, post).likes is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"post_id": ""}, "no usable id"),
        ({"post_id": "\0"}, "no usable id"),
        ({"post_id": None}, "no usable id"),
        ({"content": None}, "not text"),
        ({"platform": "myspace"}, "not one of ours"),
        ({"posted_at": NOW.replace(tzinfo=None)}, "no time zone"),
        ({"posted_at": NOW + timedelta(days=3)}, "future"),
        ({"posted_at": datetime(1970, 1, 1, tzinfo=UTC)}, "before social media"),
    ],
)
def test_one_unreadable_post_does_not_lose_its_page(db, given, reason):
    good = a_post()
    saved = save(db, matched(a_post(**given), CENANG), matched(good, CENANG))
    assert (saved.new, saved.quarantined) == (1, 1)
    assert stored(db, good) is not None
    assert reason in rows(db, quarantine)[0].reason


def test_quarantine_never_holds_an_author(db):
    private = {"author": "somebody-7", "author_name": "somebody-7 by name"}
    save(db, matched(a_post(content=None, **private), CENANG))
    assert "somebody-7" not in rows(db, quarantine)[0].payload


@pytest.mark.parametrize("score", [float("nan"), float("inf"), 7.3, None, "high"])
def test_a_score_out_of_its_range_is_dropped_and_the_label_kept(db, score):
    post = a_post()
    save(db, matched(post, CENANG))
    answer = Classification(post.platform, post.post_id, Sentiment.NEGATIVE, score, "test")
    with db.begin() as connection:
        assert store.save_classifications(connection, [answer], now=LATER) == 1
    assert stored(db, post).sentiment_score is None
    assert rows(db, daily_totals)[0].score_sum == 0


def test_a_record_that_comes_back_is_one_row_seen_again(db):
    odd = Reject(Platform.X, "no text", {"id": "7", "likes": 1}, post_id="7")
    save(db, rejects=[odd])
    save(db, rejects=[replace(odd, payload={"id": "7", "likes": 2})], now=LATER)
    [row] = rows(db, quarantine)
    assert (row.passes, row.created_at, row.last_seen_at) == (2, NOW, LATER)


def test_payloads_that_are_no_json_are_kept_as_far_as_they_go(db):
    endless: list = []
    endless.append(endless)
    odd = [Reject(Platform.X, "odd", endless), Reject(Platform.X, "odd", {"a": {1, 2}, "b": "\0"})]
    assert save(db, rejects=odd).quarantined == 2


def test_a_replayed_record_is_not_listed_until_it_comes_again(db):
    odd = Reject(Platform.X, "odd", {"id": 1})
    save(db, rejects=[odd])
    with db.begin() as connection:
        store.mark_replayed(connection, [1], LATER)
        assert queries.quarantined(connection, 10).empty
    save(db, rejects=[odd])
    with snapshot(db) as connection:
        assert len(queries.quarantined(connection, 10)) == 1


# --- labels ---


def test_a_label_is_stored_with_all_that_came_with_it(db):
    post = a_post()
    save(db, matched(post, CENANG))
    assert stored(db, post).waiting
    given = {"keywords": ("pantai",), "topics": ("beach", "food"), "confidence": 0.8}
    assert label(db, post, predicted_engagement="high", entities=("Cenang",), **given) == 1
    found = stored(db, post)
    assert (found.sentiment, found.sentiment_score) == ("positive", 0.5)
    assert (found.keywords, found.entities) == (["pantai"], ["Cenang"])
    assert (found.predicted_engagement, found.confidence) == ("high", 0.8)
    assert (found.classified_by, found.classified_at, found.waiting) == ("test", LATER, False)
    assert {row.topic: row.positive for row in rows(db, daily_topics)} == {"beach": 1, "food": 1}
    assert rows(db, daily_totals)[0].positive == 1


def test_a_new_label_replaces_the_old_one_and_its_topics(db):
    post = a_post()
    save(db, matched(post, CENANG))
    label(db, post, topics=("food",))
    label(db, post, Sentiment.NEGATIVE, topics=("ferry",))
    assert [(row.topic, row.negative) for row in rows(db, daily_topics)] == [("ferry", 1)]
    assert (rows(db, daily_totals)[0].positive, rows(db, daily_totals)[0].negative) == (0, 1)


def test_the_classifier_takes_a_post_out_and_gives_it_back(db):
    post = a_post()
    save(db, matched(post, CENANG))
    label(db, post, relevant=False)
    assert (stored(db, post).counted, rows(db, daily_totals)) == (False, [])
    label(db, post, relevant=None)
    assert stored(db, post).counted
    assert stored(db, post).counted_why == "named:alias"
    assert rows(db, daily_totals)[0].posts == 1


def test_the_classifier_can_count_what_the_rule_did_not(db):
    post = a_post()
    save(db, matched(post, counted=False))
    label(db, post, relevant=True)
    assert stored(db, post).counted_why == "classifier:relevant"
    assert rows(db, daily_totals)[0].posts == 1
    save(db, matched(replace(post, likes=3), counted=False))
    assert rows(db, daily_totals)[0].likes == 3


def test_answers_for_posts_nobody_stored_are_left_out(db):
    assert label(db, a_post()) == 0


def test_a_label_of_its_own_invention_is_left_out(db):
    post = a_post()
    save(db, matched(post, CENANG))
    assert label(db, post, sentiment="POSITIF") == 0
    assert stored(db, post).waiting


def test_a_refusal_is_counted_and_a_blocked_post_is_not_asked_again(db):
    post = a_post()
    save(db, matched(post, CENANG))
    key = (post.platform, post.post_id)
    with db.begin() as connection:
        store.note_refusals(connection, [key], "no answer", blocked=False)
    assert (stored(db, post).classify_attempts, stored(db, post).waiting) == (1, True)
    with db.begin() as connection:
        store.note_refusals(connection, [key], "blocked", blocked=True)
    assert (stored(db, post).classify_note, stored(db, post).waiting) == ("blocked", False)


# --- forgetting ---


def test_a_forgotten_post_leaves_no_trace_but_a_digest_and_does_not_come_back(db):
    post, other = a_post(likes=5), a_post(likes=2)
    save(db, matched(post, CENANG), matched(other, CENANG))
    label(db, post, topics=("food",))
    save(db, rejects=[Reject(post.platform, "odd", {"text": "secret"}, post_id=post.post_id)])
    with db.begin() as connection:
        assert store.forget(connection, post.platform, post.post_id, now=LATER)
    assert stored(db, post) is None
    assert [row.likes for row in rows(db, daily_totals)] == [2]
    for table in (daily_topics, post_topics, quarantine):
        assert rows(db, table) == []
    assert save(db, matched(post, CENANG)).new == 0
    assert stored(db, post) is None


def test_forgetting_a_post_that_is_not_there_says_so(db):
    with db.begin() as connection:
        assert not store.forget(connection, Platform.X, "nobody", now=NOW)


# --- state, runs, lease, schedule, events ---


def test_state_is_kept_by_key_and_none_removes_it(db):
    save(db, state={"cursor:a": "1", "ledger": {"n": 3}}, platform=Platform.X)
    save(db, state={"cursor:a": "2", "ledger": None}, platform=Platform.X)
    with snapshot(db) as connection:
        assert queries.state_of(connection, Platform.X) == {"cursor:a": "2"}
        assert queries.state_of(connection, Platform.FACEBOOK) == {}


def test_a_page_and_its_state_are_stored_together_or_not_at_all(db):
    with db.connect() as connection, connection.begin() as transaction:
        page = [matched(a_post(), CENANG)]
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR, state={"cursor": "1"})
        transaction.rollback()
    assert rows(db, social_posts) == []
    assert rows(db, daily_totals) == []
    with snapshot(db) as connection:
        assert queries.state_of(connection, Platform.X) == {}


def test_a_run_is_opened_and_closed(db):
    with db.begin() as connection:
        run = store.start_run(connection, "round", "x", NOW)
        store.finish_run(
            connection,
            run,
            status=RunStatus.PARTIAL,
            now=LATER,
            error_kind=Kind.TIMEOUT,
            error="slow\0",
            fetched=9,
            stored=4,
        )
        store.record_skipped(connection, "round", "facebook", NOW, "no token")
    ran, skipped = rows(db, collection_runs)
    assert (ran.status, ran.error_kind, ran.error) == ("partial", "timeout", "slow")
    assert (ran.fetched, ran.stored, ran.updated, ran.finished_at) == (9, 4, 0, LATER)
    assert (skipped.status, skipped.note) == ("skipped", "no token")


def test_runs_that_a_dead_process_left_open_are_closed(db):
    with db.begin() as connection:
        store.start_run(connection, "round", "x", NOW)
        assert store.close_stale_runs(connection, LATER) == 1
        assert store.close_stale_runs(connection, LATER) == 0
    assert rows(db, collection_runs)[0].status == "interrupted"


def take(db, owner, now=NOW):
    with db.begin() as connection:
        return store.take_lease(connection, "collector", owner, now, 60)


def test_a_lease_is_held_by_one_until_it_runs_out(db):
    assert take(db, "a") == 1
    assert take(db, "b") is None
    assert take(db, "b", NOW + timedelta(seconds=61)) == 2
    with db.begin() as connection:
        store.check_fence(connection, "collector", 2)
        with pytest.raises(store.LeaseLost):
            store.check_fence(connection, "collector", 1)
        assert not store.renew_lease(connection, "collector", "a", 1, NOW, 60)
        assert store.renew_lease(connection, "collector", "b", 2, LATER, 60)


def test_a_lease_that_was_given_back_is_free(db):
    fence = take(db, "a")
    with db.begin() as connection:
        store.give_back_lease(connection, "collector", "a", fence)
    assert take(db, "b") == 2


def test_giving_back_a_lost_lease_takes_nothing_from_its_new_owner(db):
    take(db, "a")
    take(db, "b", NOW + timedelta(seconds=61))
    with db.begin() as connection:
        store.give_back_lease(connection, "collector", "a", 1)
    assert take(db, "c", NOW + timedelta(seconds=62)) is None


def test_due_times_are_kept_by_job(db):
    with db.begin() as connection:
        store.save_due(connection, "collect", NOW, started_at=NOW)
        store.save_due(connection, "collect", LATER, finished_at=NOW)
        assert queries.due_jobs(connection) == {"collect": LATER}


def a_template(**given) -> EventTemplate:
    values = {"name_ms": "Pesta", "name_en": "Fair", "city_slug": "all", "recurrence": "yearly"}
    return EventTemplate("fair", rule={"month": 1, "day": 2}, **{**values, **given})


def test_templates_and_events_are_added_once_and_changed_in_place(db):
    day = date(2026, 12, 1)
    for name in ("Fair", "Great fair"):
        with db.begin() as connection:
            store.save_templates(connection, [a_template(name_en=name)], NOW)
            store.save_events(connection, [Event("fair", day, day, name != "Fair")], NOW)
            store.save_events(connection, [Event("nobody", day, day, True)], NOW)
    assert [row.name_en for row in rows(db, event_templates)] == ["Great fair"]
    assert [row.confirmed for row in rows(db, events)] == [True]
    with db.begin() as connection:
        assert store.delete_events_before(connection, day) == 0
        assert store.delete_events_before(connection, day + timedelta(days=1)) == 1


# --- the version ---


def test_every_change_that_pages_show_raises_the_version(db):
    seen = [version(db)[0]]
    post = a_post()
    for change in (
        lambda: save(db, matched(post, CENANG)),
        lambda: label(db, post),
        lambda: save(db, rejects=[Reject(Platform.X, "odd", 1)]),
    ):
        change()
        seen.append(version(db)[0])
    assert seen == sorted(set(seen))


def test_the_epoch_rises_only_when_a_cell_vanished(db):
    first, second = a_post(), a_post()
    save(db, matched(first, CENANG), matched(second, CENANG))
    epoch = version(db)[1]
    with db.begin() as connection:
        store.forget(connection, first.platform, first.post_id, now=NOW)
    assert version(db)[1] == epoch
    with db.begin() as connection:
        store.forget(connection, second.platform, second.post_id, now=NOW)
    assert version(db)[1] == epoch + 1


def test_rolled_back_work_raises_nothing(db):
    before = version(db)
    with db.connect() as connection, connection.begin() as transaction:
        store.save_page(connection, [matched(a_post(), CENANG)], now=NOW, zone=KUALA_LUMPUR)
        transaction.rollback()
    assert version(db) == before
    with snapshot(db) as connection:
        assert connection.execute(select(func.count()).select_from(social_posts)).scalar() == 0


# --- voices ---


def spoken(post, voice: str, origin: str = "words:"):
    """The post at Cenang, in this voice."""
    return replace(matched(post, CENANG), voice=voice, voice_why=f"{origin}{voice}", text_cluster=7)


def voice_of(db, post) -> tuple[str, str | None]:
    row = stored(db, post)
    return row.voice, row.voice_why


def test_a_new_post_keeps_its_voice_its_reason_and_its_cluster(db):
    post = a_post()
    save(db, spoken(post, "advert"))
    assert voice_of(db, post) == ("advert", "words:advert")
    assert stored(db, post).text_cluster == 7


def test_an_edited_text_speaks_with_its_new_voice(db):
    post = a_post(content="Cenang")
    save(db, matched(post, CENANG))
    assert voice_of(db, post) == ("visitor", None)
    save(db, spoken(replace(post, content="Jom tempah"), "advert"))
    assert voice_of(db, post) == ("advert", "words:advert")
    save(db, matched(replace(post, content="Cantik"), CENANG))
    assert voice_of(db, post) == ("visitor", None)


def test_an_empty_text_takes_no_voice_away(db):
    post = a_post(content="Jom tempah")
    save(db, spoken(post, "advert"))
    save(db, matched(replace(post, content="", likes=5), CENANG))
    assert voice_of(db, post) == ("advert", "words:advert")


def test_an_account_that_was_named_once_keeps_its_voice_when_it_is_not_named(db):
    post = a_post()
    save(db, spoken(post, "news", "account:"))
    save(db, matched(replace(post, content="Another text"), CENANG))
    assert voice_of(db, post) == ("news", "account:news")
    save(db, spoken(replace(post, content="A third text"), "official", "account:"))
    assert voice_of(db, post) == ("official", "account:official")


def test_topics_repeat_the_voice_of_their_post(db):
    post = a_post(content="Feri lewat")
    save(db, matched(post, CENANG))
    label(db, post, topics=("ferry",))
    save(db, spoken(replace(post, content="Feri lewat. Baca lagi"), "news"))
    (topic,) = rows(db, post_topics)
    assert topic.voice == "news"
    (cell,) = rows(db, daily_topics)
    assert cell.voice == "news"


def test_a_voice_that_left_its_cell_is_noticed_by_a_reader_that_patches(db):
    post = a_post(content="Jom tempah")
    save(db, spoken(post, "advert"))
    before, cube = version(db), Cube.load(db)
    save(db, matched(replace(post, content="Cantik"), CENANG))
    assert rows(db, daily_voices) == []
    assert version(db)[1] == before[1]
    scope = Scope(date(2026, 11, 1), date(2026, 12, 1))
    assert cube.totals(scope).posts == 0
    assert cube.refreshed(db).totals(scope).posts == 1


def test_a_forgotten_advert_leaves_no_cell_by_voice(db):
    post = a_post()
    save(db, spoken(post, "advert"))
    with db.begin() as connection:
        store.forget(connection, post.platform, post.post_id, now=NOW)
    assert (rows(db, daily_totals), rows(db, daily_voices)) == ([], [])


# --- places that a classifier read ----------------------------------------------------------------


READ = PlaceLink(CENANG, "Cenang", "classifier", -1, is_primary=True)


def test_a_post_that_names_no_place_gets_the_one_its_classifier_read(db):
    post = a_post(content="Kedah memang cantik")
    save(db, matched(post))
    label(db, post, relevant=True, place=READ)
    assert stored(db, post).place_id == CENANG
    (link,) = rows(db, post_places)
    assert (link.place_id, link.alias, link.why, link.is_primary) == (
        CENANG,
        "Cenang",
        "classifier",
        True,
    )
    assert [(row.place_id, row.positive) for row in rows(db, daily_totals)] == [(CENANG, 1)]


def test_a_place_that_the_text_names_is_never_taken_from_it(db):
    post = a_post()
    save(db, matched(post, ZOO))
    label(db, post, relevant=True, place=READ)
    assert stored(db, post).place_id == ZOO
    assert [link.place_id for link in rows(db, post_places)] == [ZOO]


def test_a_new_text_loses_the_place_that_was_read_in_the_old_one(db):
    post = a_post(content="Kedah memang cantik")
    save(db, matched(post))
    label(db, post, relevant=True, place=READ)
    save(db, matched(replace(post, content="Kedah bagus juga")))
    assert stored(db, post).place_id is None
    assert rows(db, post_places) == []
