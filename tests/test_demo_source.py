"""The demo in a round: invented posts arrive as real ones do, and their labels follow."""

from __future__ import annotations

import threading
from datetime import timedelta

from collector.platforms.demo import DemoClassifier, DemoSource, demo_classifier, demo_sources
from collector.rounds import collect
from db import queries
from db.demo import CURSOR, HASH_SECRET, STREAM, make_demo
from db.engine import open_writer
from db.invention import AGES, captured, invented
from db.seed import seed_places
from insights.model import Platform, Unclassified
from insights.places import Gazetteer
from tests.fakes import KUALA_LUMPUR, NOW
from tests.test_demo import counts_by_age, posts_since, totals_since

BEFORE = NOW - timedelta(hours=9)


def posts_of(source: DemoSource, state: dict, now=NOW) -> list:
    pages = list(source.search(state, now))
    assert [page.stream for page in pages] == [STREAM]
    assert pages[-1].last
    return [post for page in pages for post in page.posts]


def test_a_source_gives_what_was_invented_since_its_cursor_and_nothing_to_come():
    state = {CURSOR: BEFORE.isoformat()}
    expected = [captured(post, NOW) for post, _ in invented(BEFORE, NOW) if post.platform == "x"]
    source = DemoSource(Platform.X)
    assert [post for post in posts_of(source, state) if post.posted_at >= BEFORE] == expected
    assert source.requests == 1


def test_a_source_gives_older_posts_again_when_they_come_to_an_age():
    state = {CURSOR: BEFORE.isoformat()}
    again = [post for post in posts_of(DemoSource(Platform.X), state) if post.posted_at < BEFORE]
    assert {(NOW - post.posted_at) // timedelta(days=1) for post in again} == set(AGES)
    for post in again:
        age = (NOW - post.posted_at) // timedelta(days=1)
        assert (BEFORE - post.posted_at) // timedelta(days=1) == age - 1


def test_a_post_that_was_stored_is_not_given_again():
    two_days = invented(NOW - timedelta(days=2), NOW)
    stored = next(post for post, _ in two_days if post.platform == "x")
    found = posts_of(DemoSource(Platform.X), {CURSOR: stored.posted_at.isoformat()})
    assert stored not in found


def test_without_a_cursor_a_source_begins_with_a_day():
    found = posts_of(DemoSource(Platform.FACEBOOK), {})
    assert min(post.posted_at for post in found) >= NOW - timedelta(days=1)


def test_the_sources_together_give_every_post_once():
    state = {CURSOR: BEFORE.isoformat()}
    found = [
        post.post_id
        for source in demo_sources()
        for post in posts_of(source, state)
        if post.posted_at >= BEFORE
    ]
    assert sorted(found) == sorted(post.post_id for post, _ in invented(BEFORE, NOW))


def answers_of(classifier: DemoClassifier, posts: list[Unclassified]):
    outcomes = list(classifier.classify(posts, threading.Event()))
    return (
        [answer for outcome in outcomes for answer in outcome.answers],
        outcomes[-1].note,
    )


def test_the_classifier_knows_the_labels_of_the_demo_and_no_others():
    pairs = list(invented(NOW - timedelta(days=4), NOW))
    asked = [Unclassified(post.platform, post.post_id, post.content) for post, _ in pairs]
    stranger = Unclassified(Platform.X, "1234567890", "Cenang")
    odd = [stranger, Unclassified(Platform.X, "demo-x", ""), Unclassified(Platform.X, "demo-1", "")]
    answers, note = answers_of(demo_classifier(), [*asked, *odd])
    assert answers == [label for _, label in pairs if label is not None]
    left = sum(label is None for _, label in pairs) + len(odd)
    assert note == f"demo data: {left} posts left waiting on purpose"


def test_the_classifier_ends_when_asked_to():
    stop = threading.Event()
    stop.set()
    asked = [Unclassified(Platform.X, "demo-20261123-0001", "")]
    assert list(DemoClassifier().classify(asked, stop)) == []


def a_round(engine, now):
    with engine.connect() as connection:
        gazetteer = Gazetteer(queries.gazetteer(connection))
    return collect(
        engine,
        demo_sources(),
        gazetteer,
        demo_classifier(),
        lambda: now,
        zone=KUALA_LUMPUR,
        hash_secret=HASH_SECRET,
    )


def test_a_demo_that_a_collector_carried_on_equals_one_made_later(tmp_path):
    carried = open_writer(f"sqlite:///{tmp_path}/carried.db")
    make_demo(carried, seed_places(), BEFORE, KUALA_LUMPUR, months=1)
    for hours in (7, 5, 3, 1, 0):
        report = a_round(carried, NOW - timedelta(hours=hours))
        assert report.exit_code == 0
    later = open_writer(f"sqlite:///{tmp_path}/later.db")
    make_demo(later, seed_places(), NOW, KUALA_LUMPUR, months=1)
    assert posts_since(carried, 0) == posts_since(later, 0)
    assert totals_since(carried, 0) == totals_since(later, 0)
    assert counts_by_age(carried) == counts_by_age(later)


def test_a_round_without_news_changes_nothing(tmp_path):
    engine = open_writer(f"sqlite:///{tmp_path}/demo.db")
    make_demo(engine, seed_places(), NOW, KUALA_LUMPUR, months=1)
    before = posts_since(engine, 0)
    a_round(engine, NOW)
    assert posts_since(engine, 0) == before
