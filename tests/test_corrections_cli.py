"""The collector applies corrections: at its start, while it runs, and at its end."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from collector import corrections as applier
from db import corrections, queries, store
from db.cube import Cube
from insights.corrections import Correction, Field
from insights.model import Platform
from tests.fakes import KUALA_LUMPUR, NOW, a_post, matched
from tests.test_totals_property import PLACES, SCOPE


def clock():
    return NOW + timedelta(hours=1)


def unguarded(_connection) -> None:
    """Nobody else works here."""


@pytest.fixture
def post(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", PLACES)
        ids = {place.slug: place.id for place in queries.gazetteer(connection)}
        post = a_post()
        store.save_page(connection, [matched(post, ids["cenang"])], now=NOW, zone=KUALA_LUMPUR)
    return post


def decide(engine, post, value: str) -> str:
    with engine.begin() as connection:
        return corrections.save_corrections(
            connection,
            [Correction(Platform.X, post.post_id, Field.RELEVANT, value)],
            officer="Aminah",
            now=NOW,
        )


def posts(engine) -> int:
    return Cube.load(engine).totals(SCOPE).posts


def test_what_waited_is_applied_before_the_round_begins(engine, post):
    decide(engine, post, "no")
    with applier.applying(engine, clock, unguarded):
        assert posts(engine) == 0


def test_a_correction_made_during_a_round_does_not_wait_for_its_end(engine, post, monkeypatch):
    monkeypatch.setattr(applier, "PAUSE", 0.05)
    with applier.applying(engine, clock, unguarded):
        decide(engine, post, "no")
        ends = time.monotonic() + 20
        while posts(engine) and time.monotonic() < ends:
            time.sleep(0.05)
        assert posts(engine) == 0


def test_one_made_at_the_last_moment_is_applied_at_the_end(engine, post):
    with applier.applying(engine, clock, unguarded):
        decide(engine, post, "no")
    assert posts(engine) == 0


def test_whoever_lost_the_lease_applies_nothing(engine, post):
    def guard(_connection):
        raise store.LeaseLost("somebody else")

    decide(engine, post, "no")
    with pytest.raises(store.LeaseLost):
        applier.apply_all(engine, clock, guard)
    assert posts(engine) == 1
