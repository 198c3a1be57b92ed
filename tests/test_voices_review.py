"""When the rules for voices change, stored texts are heard again, and the totals follow."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from collector import voices, walks
from collector.context import LIMITS, Context
from db import queries, store
from db.cube import Cube
from db.tables import data_version, social_posts
from insights.matching import matched_post
from insights.model import Platform, Scope, day_number, day_of
from insights.places import Gazetteer
from insights.voices import EVERYBODY, RULES
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post
from tests.test_totals_property import assert_topics_are_exact, assert_totals_are_exact

ADVERT = "Jom tempah homestay Pantai Cenang RM120 semalam, hubungi kami"
TODAY = day_of(day_number(NOW, KUALA_LUMPUR))
SCOPE = replace(Scope(TODAY, TODAY), until=day_of(day_number(NOW, KUALA_LUMPUR) + 1))


@pytest.fixture
def db(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place("cenang")])
    return engine


def a_context(engine, seconds: float = 60.0, stop: threading.Event | None = None) -> Context:
    ends_at = time.monotonic() + seconds
    guard = lambda connection: None  # noqa: E731
    return Context(engine, lambda: NOW, stop or threading.Event(), LIMITS, guard, str, ends_at)


class StopAfter(threading.Event):
    """A wish to stop that comes after so many pages."""

    def __init__(self, pages: int):
        super().__init__()
        self._pages = pages

    def is_set(self) -> bool:
        self._pages -= 1
        return self._pages < 0


def save(db, *posts) -> None:
    with db.begin() as connection:
        gazetteer = Gazetteer(queries.gazetteer(connection))
        page = [matched_post(post, gazetteer, "") for post in posts]
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)


def as_before_the_rules(db) -> None:
    """What migration 0002 leaves: everybody speaks for himself, and no text was compared."""
    with db.begin() as connection:
        connection.execute(
            update(social_posts).values(voice="visitor", voice_why=None, text_cluster=None)
        )
        store.rebuild_totals(connection)


def stored(db, column: str) -> list:
    with db.connect() as connection:
        return list(connection.execute(select(social_posts.c[column])).scalars())


def test_posts_of_an_older_version_get_their_voice_and_their_cluster(db):
    save(db, a_post(), a_post(content=ADVERT), a_post(content="Cantik"))
    clusters = stored(db, "text_cluster")
    as_before_the_rules(db)
    assert Cube.load(db).voices(SCOPE)["advert"] == 0
    assert voices.review(a_context(db)) == 3
    assert Cube.load(db).voices(SCOPE)["advert"] == 1
    assert stored(db, "text_cluster") == clusters
    assert None not in clusters


def test_the_totals_are_exact_after_it(db):
    save(db, *(a_post(content=ADVERT, likes=n) for n in range(5)), a_post(likes=9))
    as_before_the_rules(db)
    voices.review(a_context(db))
    with db.connect() as connection:
        assert_totals_are_exact(connection)
        assert_topics_are_exact(connection)
    cube = Cube.load(db)
    assert cube.totals(SCOPE).likes == 9
    assert cube.totals(replace(SCOPE, voice=EVERYBODY)).posts == 6


def test_a_second_review_hears_nothing_and_changes_no_version(db):
    save(db, a_post(content=ADVERT))
    voices.review(a_context(db))
    before = stored_version(db)
    assert voices.review(a_context(db)) == 0
    assert stored_version(db) == before


def stored_version(db) -> int:
    with db.connect() as connection:
        return connection.execute(select(data_version.c.version)).scalar_one()


def test_a_round_that_was_cut_short_goes_on_in_the_next(db, monkeypatch):
    save(db, *(a_post(content=ADVERT) for _ in range(5)))
    as_before_the_rules(db)
    monkeypatch.setattr(walks, "PAGE", 2)
    voices.review(a_context(db, stop=StopAfter(1)))
    assert sorted(stored(db, "voice")).count("advert") == 2
    assert voices.review(a_context(db)) == 3
    assert stored(db, "voice") == ["advert"] * 5


def test_nothing_is_heard_without_time_or_after_a_stop(db):
    save(db, a_post(content=ADVERT))
    assert voices.review(a_context(db, seconds=-1)) == 0
    stopped = a_context(db)
    stopped.stop.set()
    assert voices.review(stopped) == 0


def test_a_new_database_has_nothing_to_hear_again(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place("cenang")], NOW)
    save(engine, a_post(content=ADVERT))
    assert voices.review(a_context(engine)) == 0


def test_newer_rules_hear_everything_again(db, monkeypatch):
    save(db, a_post(content=ADVERT))
    voices.review(a_context(db))
    monkeypatch.setattr(voices, "RULES", RULES + 1)
    assert voices.review(a_context(db)) == 1


def test_an_account_that_was_known_when_the_post_came_keeps_its_voice(db):
    save(db, a_post(author_name="Sinar Harian"))
    voices.review(a_context(db))
    assert stored(db, "voice") == ["news"]
    assert stored(db, "voice_why") == ["account:Sinar Harian"]


def test_nothing_is_derived_from_a_platform_that_stands_apart(db):
    save(db, a_post(platform=Platform.YOUTUBE, content=ADVERT))
    assert voices.review(a_context(db)) == 0
    assert (stored(db, "voice"), stored(db, "text_cluster")) == (["visitor"], [None])
