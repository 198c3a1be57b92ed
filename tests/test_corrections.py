"""Corrections: they count once applied, outlive what comes later, and can be taken back."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from db import corrections, queries, store
from db.cube import Cube
from db.tables import daily_topics, daily_totals, post_places, post_topics, social_posts
from insights.corrections import Correction, CorrectionError, Field
from insights.model import Classification, Platform, Sentiment
from tests import fakes
from tests.fakes import KUALA_LUMPUR, NOW, a_post, matched
from tests.test_totals_property import PLACES, SCOPE, World, assert_totals_are_exact

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def ids(engine) -> dict[str, int]:
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", PLACES)
        return {place.slug: place.id for place in queries.gazetteer(connection)}


def save(engine, *pages) -> None:
    with engine.begin() as connection:
        store.save_page(connection, pages, now=NOW, zone=KUALA_LUMPUR)


def label(engine, post, sentiment: str, score: float = 0.0, by: str = "gemini-x", **given):
    answer = Classification(post.platform, post.post_id, Sentiment(sentiment), score, by, **given)
    with engine.begin() as connection:
        store.save_classifications(connection, [answer], now=LATER)


def correct(engine, post, field: str, value: str, *, applied: bool = True, **given) -> str:
    decision = Correction(post.platform, post.post_id, Field(field), value)
    with engine.begin() as connection:
        batch = corrections.save_corrections(
            connection, [decision], **{"officer": "Aminah", "now": NOW, **given}
        )
        if applied:
            store.apply_corrections(connection, now=LATER)
    return batch


def undo(engine, batch: str) -> None:
    with engine.begin() as connection:
        corrections.undo_corrections(connection, batch, officer="Badrul", now=LATER)
        store.apply_corrections(connection, now=LATER)


def stored(engine, post):
    with engine.connect() as connection:
        return connection.execute(
            select(social_posts).where(social_posts.c.post_id == post.post_id)
        ).one()


def totals(engine, **narrowed):
    return Cube.load(engine).totals(replace(SCOPE, **narrowed))


def test_a_corrected_label_counts_and_says_that_an_officer_gave_it(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"]))
    label(engine, post, "negative", score=-0.7, topics=("ferry",))
    correct(engine, post, "sentiment", "positive")
    row = stored(engine, post)
    assert (row.sentiment, row.classified_by, row.sentiment_score) == ("positive", "officer", None)
    assert totals(engine).positive == 1
    assert totals(engine).negative == 0
    with engine.connect() as connection:
        assert connection.execute(select(post_topics.c.sentiment)).scalars().all() == ["positive"]
        assert connection.execute(select(daily_topics.c.positive)).scalars().all() == [1]


def test_a_correction_counts_for_nothing_before_it_is_applied(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"]))
    label(engine, post, "negative")
    correct(engine, post, "sentiment", "positive", applied=False)
    assert totals(engine).negative == 1
    with engine.begin() as connection:
        assert store.apply_corrections(connection, now=LATER) == 1
        assert store.apply_corrections(connection, now=LATER) == 0
    assert totals(engine).positive == 1


def test_a_waiting_correction_counts_wherever_its_post_is_written_to_again(engine, ids):
    for again in (
        lambda c, post: store.save_page(
            c, [matched(post, ids["cenang"])], now=NOW, zone=KUALA_LUMPUR
        ),
        lambda c, post: store.relink(c, [matched(post, ids["cenang"])], now=NOW),
        lambda c, post: store.withdraw_labels(c, [(post.post_id, post.platform)], now=NOW),
        lambda c, post: store.save_classifications(c, [an_offline_answer(post)], now=NOW),
    ):
        post = a_post()
        save(engine, matched(post, ids["cenang"]))
        label(engine, post, "negative")
        for field, value in (("place", "kuah"), ("sentiment", "positive")):
            correct(engine, post, field, value, applied=False)
        with engine.begin() as connection:
            again(connection, post)
        assert stored(engine, post).place_id == ids["kuah"]
        with engine.connect() as connection:
            assert_totals_are_exact(connection)


def an_offline_answer(post) -> Classification:
    """One that is not taken, as Gemini has spoken."""
    return Classification(post.platform, post.post_id, Sentiment.NEUTRAL, 0.0, "offline:1")


def test_a_correction_survives_a_late_label_a_fetch_and_a_new_match(engine, ids):
    post = a_post(likes=1)
    save(engine, matched(post, ids["cenang"]))
    correct(engine, post, "sentiment", "negative")
    correct(engine, post, "place", "menara")
    label(engine, post, "positive", score=0.9, topics=("food",))
    save(engine, matched(replace(post, likes=7, content="Pantai Cenang bersih"), ids["kuah"]))
    with engine.begin() as connection:
        store.relink(connection, [matched(post, ids["lembah"])], now=LATER)
    row = stored(engine, post)
    assert (row.sentiment, row.place_id, row.likes) == ("negative", ids["menara"], 7)
    assert totals(engine, place="menara").negative == 1
    assert totals(engine, place="lembah").posts == 0
    assert totals(engine).posts == 1


def test_undoing_shows_what_the_machine_has_come_to_say_meanwhile(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"]))
    label(engine, post, "negative", score=-0.5)
    batch = correct(engine, post, "sentiment", "positive")
    label(engine, post, "neutral", score=0.1, by="gemini-later")
    undo(engine, batch)
    row = stored(engine, post)
    assert (row.sentiment, row.sentiment_score, row.classified_by) == (
        "neutral",
        0.1,
        "gemini-later",
    )
    assert row.corrected is False
    assert totals(engine).neutral == 1


def test_undoing_the_later_of_two_decisions_leaves_the_earlier(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"]))
    label(engine, post, "neutral")
    first = correct(engine, post, "sentiment", "positive")
    second = correct(engine, post, "sentiment", "negative", now=LATER)
    undo(engine, second)
    assert stored(engine, post).sentiment == "positive"
    undo(engine, first)
    assert stored(engine, post).sentiment == "neutral"


def test_a_decision_taken_back_before_it_was_applied_leaves_no_trace(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"]))
    batch = correct(engine, post, "sentiment", "negative", applied=False)
    undo(engine, batch)
    assert stored(engine, post).sentiment is None
    with engine.connect() as connection:
        assert corrections.unapplied(connection) == []


def test_a_corrected_place_is_the_primary_one_though_the_text_names_another(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"], ids["kuah"]))
    batch = correct(engine, post, "place", "menara")
    assert primary_places(engine, post) == [ids["menara"]]
    assert totals(engine, city="alor-setar").posts == 1
    undo(engine, batch)
    assert primary_places(engine, post) == [ids["cenang"]]
    assert totals(engine, city="alor-setar").posts == 0


def primary_places(engine, post) -> list[int]:
    with engine.connect() as connection:
        return list(
            connection.execute(
                select(post_places.c.place_id).where(
                    post_places.c.post_id == post.post_id, post_places.c.is_primary
                )
            ).scalars()
        )


def test_a_post_that_is_not_about_kedah_leaves_every_total_and_comes_back(engine, ids):
    post = a_post(likes=4)
    save(engine, matched(post, ids["cenang"]))
    label(engine, post, "positive", relevant=True)
    batch = correct(engine, post, "relevant", "no")
    assert totals(engine).posts == 0
    assert stored(engine, post).counted_why == "officer:not_relevant"
    label(engine, post, "negative", relevant=True)
    assert totals(engine).posts == 0
    undo(engine, batch)
    assert totals(engine).negative == 1


def test_a_place_makes_a_post_count_and_a_refusal_outweighs_it(engine, ids):
    post = a_post()
    save(engine, matched(post, counted=False))
    correct(engine, post, "place", "kuah")
    assert totals(engine, place="kuah").posts == 1
    correct(engine, post, "relevant", "no")
    assert totals(engine).posts == 0


def test_what_nobody_can_mean_is_refused_and_nothing_written(engine, ids):
    post = a_post()
    repost = a_post(is_repost=True)
    save(engine, matched(post, ids["cenang"]), matched(repost))
    for field, value in (("sentiment", "happy"), ("place", "paris"), ("relevant", "maybe")):
        with pytest.raises(CorrectionError, match=f"unknown_{field}"):
            correct(engine, post, field, value)
    with pytest.raises(CorrectionError, match="repost"):
        correct(engine, repost, "relevant", "yes")
    with pytest.raises(CorrectionError, match="no_such_post"):
        correct(engine, a_post(), "relevant", "yes")
    many = [
        Correction(Platform.X, str(number), Field.RELEVANT, "no")
        for number in range(corrections.MAX_BATCH + 1)
    ]
    with engine.begin() as connection:
        for decisions, code in ((many, "too_many"), ([], "no_posts")):
            with pytest.raises(CorrectionError, match=code):
                corrections.save_corrections(connection, decisions, officer="A", now=NOW)
        assert corrections.history(connection).empty


def test_the_history_says_who_and_when_and_what_stood_before(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"]))
    label(engine, post, "negative", by="gemini-x")
    batch = correct(engine, post, "sentiment", "positive", note=" sarcasm\0 ")
    undo(engine, batch)
    with engine.connect() as connection:
        row = corrections.history(connection, key=(post.post_id, "x")).iloc[0]
    assert (row["value"], row["before"], row["before_by"]) == ("positive", "negative", "gemini-x")
    assert (row["officer"], row["undone_by"], row["note"]) == ("Aminah", "Badrul", "sarcasm")
    assert row["corrected_at"] == NOW


def test_a_forgotten_post_takes_its_corrections_along(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"]))
    correct(engine, post, "sentiment", "positive")
    with engine.begin() as connection:
        store.forget(connection, post.platform, post.post_id, now=LATER)
        assert corrections.history(connection).empty
        assert connection.execute(select(daily_totals)).all() == []


def test_only_the_machines_labels_are_held_against_officers(engine, ids):
    posts = [a_post(language="ms") for _ in range(3)]
    save(engine, *(matched(post, ids["cenang"]) for post in posts))
    for post in posts[:2]:
        label(engine, post, "negative", by="gemini-x")
    correct(engine, posts[0], "sentiment", "negative")
    correct(engine, posts[1], "sentiment", "positive")
    correct(engine, posts[2], "sentiment", "positive")
    correct(engine, posts[1], "sentiment", "neutral", now=LATER)
    with engine.connect() as connection:
        found = corrections.checked_labels(connection)
    assert sorted(zip(found["before"], found["value"], strict=True)) == [
        ("negative", "negative"),
        ("negative", "positive"),
    ]


def rows(engine, table, *left_out) -> list:
    with engine.connect() as connection:
        found = connection.execute(select(table)).mappings().all()
    return sorted(
        str({name: value for name, value in row.items() if name not in left_out}) for row in found
    )


@pytest.mark.parametrize("seed", [3, 11])
def test_undoing_everything_leaves_what_a_world_without_officers_has(engine, seed, monkeypatch):
    monkeypatch.setattr(fakes, "_numbers", itertools.count(1))
    world = lived(World(engine, seed), officers=True)
    assert len(world.batches) > 10
    with engine.begin() as connection:
        for batch in world.batches:
            corrections.undo_corrections(connection, batch, officer="A", now=LATER)
        while store.apply_corrections(connection, now=LATER):
            pass
        assert_totals_are_exact(connection)
    with_officers = {table.name: rows(engine, table, "version") for table in TABLES}
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(table.delete())
    monkeypatch.setattr(fakes, "_numbers", itertools.count(1))
    lived(World(engine, seed), officers=False)
    assert with_officers == {table.name: rows(engine, table, "version") for table in TABLES}
    assert len(with_officers["social_posts"]) > 20


TABLES = (daily_totals, daily_topics, post_topics, post_places, social_posts)


def lived(world: World, *, officers: bool) -> World:
    """The same things happen to the posts either way; the officers draw their own lots."""
    machine, people = world.random, random.Random(1000)
    happenings = ("insert", "fetch_again", "label", "relink", "insert", "label")
    for step in range(40):
        with world.engine.begin() as connection:
            getattr(world, happenings[step % len(happenings)])(connection)
            world.random = people
            for happening in (world.correct, world.undo, world.apply) if officers else ():
                if people.random() < 0.5:
                    happening(connection)
            world.random = machine
    return world


def test_a_sample_is_drawn_by_lot_among_labels_nobody_judged(engine, ids):
    posts = [a_post() for _ in range(12)]
    save(engine, *(matched(post, ids["cenang"]) for post in posts), matched(a_post()))
    for post in posts:
        label(engine, post, "positive")
    with engine.connect() as connection:
        lots = corrections.lots(connection, "week 1")
        first = corrections.sample(connection, lots, 5)
        assert first == lots[:5]
        assert corrections.lots(connection, "week 1") == lots
        assert corrections.lots(connection, "week 2") != lots
        assert set(lots) == {(post.post_id, str(post.platform)) for post in posts}
    judged = next(post for post in posts if post.post_id == first[0][0])
    correct(engine, judged, "sentiment", "positive", sampled=True)
    with engine.connect() as connection:
        assert corrections.sample(connection, lots, 12) == lots[1:]
        assert corrections.checked_labels(connection)["sampled"].tolist() == [True]


def test_what_the_figures_do_not_know_yet_is_counted(engine, ids):
    post = a_post()
    save(engine, matched(post, ids["cenang"]))
    correct(engine, post, "relevant", "no", applied=False)
    with engine.begin() as connection:
        assert corrections.pending(connection) == 1
        store.apply_corrections(connection, now=LATER)
        assert corrections.pending(connection) == 0
