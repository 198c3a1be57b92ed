"""When the gazetteer or its rules change, stored posts are matched again, and the totals follow."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from collector import rematch, walks
from collector.context import LIMITS, Context
from collector.rounds import collect
from db import corrections, queries, store
from db.tables import data_version, post_places, social_posts
from insights import places as places_module
from insights.corrections import Correction, Field
from insights.matching import matched_post, placed_by_classifier
from insights.model import Alias, Classification, Platform, Sentiment
from insights.places import Gazetteer, fingerprint
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post
from tests.test_totals_property import assert_topics_are_exact, assert_totals_are_exact
from tests.test_voices_review import StopAfter

CENANG = a_place("cenang", aliases=(Alias("Pantai Cenang"), Alias("Cenang Beach", "en")))
TENGAH = a_place("tengah", name="Pantai Tengah", aliases=(Alias("Pantai Tengah"),))
BEFORE = [CENANG, TENGAH]
# The beach is called otherwise from now on, and a third one has become known.
MOVED = replace(TENGAH, aliases=(Alias("Pantai Tengah"), Alias("Cenang Beach", "en")))
KOK = a_place("kok", name="Pantai Kok", aliases=(Alias("Pantai Kok"),))
AFTER = [replace(CENANG, aliases=(Alias("Pantai Cenang"),)), MOVED, KOK]


@pytest.fixture
def db(engine):
    set_up(engine, BEFORE)
    return engine


def set_up(db, places) -> None:
    with db.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", places, NOW)


def gazetteer(db) -> Gazetteer:
    with db.connect() as connection:
        return Gazetteer(queries.gazetteer(connection))


def save(db, *posts) -> None:
    page = [matched_post(post, gazetteer(db), "") for post in posts]
    with db.begin() as connection:
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)


def label(db, post, relevant: bool | None, *entities: str) -> None:
    answer = Classification(
        post.platform,
        post.post_id,
        Sentiment.NEGATIVE,
        -0.5,
        "gemini-x",
        topics=("litter",),
        entities=entities,
        relevant=relevant,
    )
    placed = placed_by_classifier(answer, gazetteer(db))
    with db.begin() as connection:
        store.save_classifications(connection, [placed], now=NOW)


def again(db, stop: threading.Event | None = None, guard=lambda connection: None) -> int:
    ends_at = time.monotonic() + 60
    context = Context(
        db,
        lambda: NOW,
        stop or threading.Event(),
        LIMITS,
        guard,
        str,
        ends_at,
        gazetteer=gazetteer(db),
    )
    return rematch.rematch(context)


def row(db, post):
    with db.connect() as connection:
        of = social_posts.c.post_id == post.post_id
        return connection.execute(select(social_posts).where(of)).one()


def place_of(db, post) -> str | None:
    slugs = {place.id: place.slug for place in gazetteer(db).places}
    return slugs.get(row(db, post).place_id)


def links_of(db, post) -> list[tuple[str, str]]:
    link = post_places.c
    with db.connect() as connection:
        found = select(link.alias, link.why).where(link.post_id == post.post_id)
        return [tuple(one) for one in connection.execute(found.order_by(link.start))]


def version(db) -> int:
    with db.connect() as connection:
        return connection.execute(select(data_version.c.version)).scalar_one()


def assert_exact(db) -> None:
    with db.connect() as connection:
        assert_totals_are_exact(connection)
        assert_topics_are_exact(connection)


# --- what moves -----------------------------------------------------------------------------------


def test_a_changed_alias_moves_exactly_the_posts_concerned(db, caplog):
    caplog.set_level(logging.INFO, "collector")
    english = a_post(content="Cenang Beach is dirty", likes=3)
    malay = a_post(content="Pantai Cenang kotor", likes=5)
    other = a_post(content="Pantai Tengah bersih")
    save(db, english, malay, other)
    label(db, english, True)
    rest = {post: row(db, post) for post in (malay, other)}
    set_up(db, AFTER)
    assert again(db) == 3
    assert place_of(db, english) == "tengah"
    assert row(db, english).sentiment == "negative"
    assert {post: row(db, post) for post in rest} == rest
    assert_exact(db)
    assert "matched 3 stored posts again, 1 of them stand otherwise now" in caplog.text


def test_a_place_that_has_become_known_is_found_in_posts_that_named_none(db):
    post = a_post(content="Bot rosak di Pantai Kok", likes=2)
    save(db, post)
    assert not row(db, post).counted
    set_up(db, AFTER)
    again(db)
    assert (row(db, post).counted, row(db, post).counted_why) == (True, "named:Pantai Kok")
    assert place_of(db, post) == "kok"
    assert_exact(db)


def test_a_name_that_means_nothing_any_more_takes_its_posts_out_of_the_figures(db):
    post, page = (a_post(content="Cenang Beach", found_by=by) for by in ("search:1", "page:9"))
    save(db, post, page)
    set_up(db, [replace(CENANG, aliases=(Alias("Pantai Cenang"),)), TENGAH])
    again(db)
    assert (row(db, post).counted, row(db, post).counted_why) == (False, "no_place")
    # What a Page of Kedah brought in counts as before, now without a place.
    assert (row(db, page).counted, row(db, page).counted_why) == (True, "page:9")
    assert [links_of(db, one) for one in (post, page)] == [[], []]
    assert_exact(db)


def test_a_post_whose_second_place_alone_is_another_keeps_its_first(db):
    post = a_post(content="Pantai Cenang dan Pantai Kok")
    save(db, post)
    before = row(db, post)
    set_up(db, AFTER)
    again(db)
    assert row(db, post) == before
    assert [alias for alias, _ in links_of(db, post)] == ["Pantai Cenang", "Pantai Kok"]


def test_posts_of_a_platform_that_stands_apart_have_their_places_too(db):
    post = a_post(platform=Platform.YOUTUBE, content="Pantai Kok")
    save(db, post)
    set_up(db, AFTER)
    assert again(db) == 1
    assert place_of(db, post) == "kok"


def test_a_repost_never_counts_whatever_it_names(db):
    post = a_post(content="Pantai Kok", is_repost=True)
    save(db, post)
    set_up(db, AFTER)
    again(db)
    assert (row(db, post).counted, row(db, post).counted_why) == (False, "repost")


# --- whose word stands ----------------------------------------------------------------------------


def test_a_classifiers_word_on_relevance_stays_and_its_reason_fits_the_new_match(db):
    refused = a_post(content="Pantai Kok")
    confirmed = a_post(content="Cenang Beach")
    overruled = a_post(content="Kawasan ini kotor")
    save(db, refused, confirmed, overruled)
    label(db, refused, False)
    label(db, confirmed, True)
    label(db, overruled, True)
    set_up(db, AFTER)
    again(db)
    assert (row(db, refused).counted, row(db, refused).counted_why) == (
        False,
        "classifier:not_relevant",
    )
    assert place_of(db, confirmed) == "tengah"
    assert row(db, confirmed).counted_why == "named:Cenang Beach"
    assert (row(db, overruled).counted, row(db, overruled).counted_why) == (
        True,
        "classifier:relevant",
    )
    assert_exact(db)


def test_a_post_that_its_classifier_placed_stays_there_until_its_own_text_names_a_place(db):
    post = a_post(content="Kotor betul di sini, jauh dari Pantai Kok")
    save(db, post)
    label(db, post, True, "Pantai Tengah")
    set_up(db, [*BEFORE, a_place("lain", name="Lain", aliases=(Alias("Pantai Lain"),))])
    again(db)
    assert links_of(db, post) == [("Pantai Tengah", "classifier")]
    set_up(db, AFTER)
    again(db)
    assert links_of(db, post) == [("Pantai Kok", "name")]


def test_what_a_classifier_read_places_a_post_once_the_place_is_known(db):
    post = a_post(content="Kotor betul di sini")
    save(db, post)
    label(db, post, True, "Pantai Kok")
    assert place_of(db, post) is None
    set_up(db, AFTER)
    again(db)
    assert place_of(db, post) == "kok"
    assert_exact(db)


def test_what_was_read_in_another_text_places_nothing(db):
    post = a_post(content="Kotor betul di sini")
    save(db, post)
    label(db, post, True, "Pantai Kok")
    save(db, replace(post, content="Kotor betul di sana"))
    set_up(db, AFTER)
    again(db)
    assert place_of(db, post) is None


def test_a_geotag_goes_on_speaking_for_a_name_that_needs_one(engine):
    bridge = a_place("bridge", name="Sky Bridge", aliases=(Alias("Sky Bridge", "en", True),))
    set_up(engine, [bridge, TENGAH])
    post = a_post(content="Sky Bridge!", geo=(bridge.latitude, bridge.longitude))
    save(engine, post)
    assert links_of(engine, post) == [("Sky Bridge", "geo")]
    set_up(engine, [bridge, MOVED])
    assert again(engine) == 1
    assert links_of(engine, post) == [("Sky Bridge", "geo")]


def test_officers_corrections_stay_on_top_and_can_be_taken_back(db):
    placed, refused = (a_post(content="Cenang Beach") for _ in range(2))
    save(db, placed, refused)
    with db.begin() as connection:
        batch = corrections.save_corrections(
            connection,
            [
                Correction(placed.platform, placed.post_id, Field.PLACE, "cenang"),
                Correction(refused.platform, refused.post_id, Field.RELEVANT, "no"),
            ],
            officer="Aminah",
            now=NOW,
        )
        store.apply_corrections(connection, now=NOW)
    set_up(db, AFTER)
    again(db)
    assert (place_of(db, placed), row(db, refused).counted) == ("cenang", False)
    assert_exact(db)
    with db.begin() as connection:
        corrections.undo_corrections(connection, batch, officer="Badrul", now=NOW)
        store.apply_corrections(connection, now=NOW)
    assert (place_of(db, placed), row(db, refused).counted) == ("tengah", True)
    assert_exact(db)


# --- when, and how far ----------------------------------------------------------------------------


def test_a_new_database_is_never_matched_again_and_a_second_start_does_nothing(db):
    save(db, a_post(content="Cenang Beach"))
    assert again(db) == 0
    set_up(db, AFTER)
    assert again(db) == 1
    before = version(db)
    set_up(db, AFTER)
    assert again(db) == 0
    assert version(db) == before


def test_a_round_matches_stored_posts_again_and_says_so(db, caplog):
    caplog.set_level(logging.INFO, "collector")
    post = a_post(content="Cenang Beach")
    save(db, post)
    set_up(db, AFTER)
    for _ in range(2):
        collect(db, (), gazetteer(db), None, lambda: NOW, zone=KUALA_LUMPUR)
    assert place_of(db, post) == "tengah"
    assert caplog.text.count("matched 1 stored posts again") == 1


def test_newer_rules_match_everything_again(db, monkeypatch):
    save(db, a_post(), a_post())
    monkeypatch.setattr(places_module, "RULES", places_module.RULES + 1)
    assert again(db) == 2
    assert again(db) == 0


def test_a_walk_that_was_stopped_goes_on_where_it_was(db, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "collector")
    monkeypatch.setattr(walks, "PAGE", 2)
    posts = [a_post(content="Cenang Beach", likes=n) for n in range(5)]
    save(db, *posts)
    set_up(db, AFTER)
    assert again(db, stop=StopAfter(2)) == 4
    assert "the rest follows in the next round" in caplog.text
    assert [place_of(db, post) for post in posts].count("tengah") == 4
    assert_exact(db)
    assert again(db) == 1
    assert [place_of(db, post) for post in posts] == ["tengah"] * 5
    assert_exact(db)


def test_a_page_whose_writer_dies_is_matched_by_the_next_one(db, monkeypatch):
    monkeypatch.setattr(walks, "PAGE", 2)
    posts = [a_post(content="Cenang Beach") for _ in range(5)]
    save(db, *posts)
    set_up(db, AFTER)
    pages = iter((True, False))

    def dies(connection) -> None:
        if not next(pages):
            raise store.LeaseLost("gone")

    with pytest.raises(store.LeaseLost):
        again(db, guard=dies)
    assert [place_of(db, post) for post in posts].count("tengah") == 2
    assert_exact(db)
    assert again(db) == 3
    assert [place_of(db, post) for post in posts] == ["tengah"] * 5
    assert_exact(db)


def test_a_gazetteer_that_changes_during_a_walk_begins_it_anew(db, monkeypatch):
    monkeypatch.setattr(walks, "PAGE", 1)
    posts = [a_post(content="Cenang Beach") for _ in range(3)]
    save(db, *posts)
    set_up(db, AFTER)
    again(db, stop=StopAfter(2))
    set_up(db, BEFORE)
    assert again(db) == 3
    assert [place_of(db, post) for post in posts] == ["cenang"] * 3
    assert_exact(db)


# --- the fingerprint ------------------------------------------------------------------------------


def test_the_fingerprint_holds_what_is_found_in_texts_and_nothing_else():
    told = fingerprint(BEFORE)
    turned = [replace(place, aliases=place.aliases[::-1]) for place in BEFORE]
    assert fingerprint(turned) == told
    assert fingerprint([replace(CENANG, category="Town", source="other"), TENGAH]) == told
    for change in (
        {"aliases": CENANG.aliases[:1]},
        {"aliases": (Alias("Pantai Cenang", needs_context=True), CENANG.aliases[1])},
        {"rule": "strict"},
        {"parent": "tengah"},
        {"general": True},
        {"city_slug": "yan"},
        {"latitude": 6.0},
    ):
        assert fingerprint([replace(CENANG, **change), TENGAH]) != told
