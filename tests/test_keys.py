"""Posts by their keys: exactly those, and without a look at all the others."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from db import store
from db.keys import among
from db.tables import post_places, post_topics, social_posts
from insights.model import Platform
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post, matched


def found(engine, keys) -> set[tuple[str, str]]:
    post = social_posts.c
    with engine.connect() as connection:
        rows = connection.execute(select(post.post_id, post.platform).where(among(post, keys)))
        return {tuple(row) for row in rows}


@pytest.fixture
def stored(engine) -> set[tuple[str, str]]:
    """The keys of posts on two platforms, one id on both of them."""
    posts = [
        a_post(post_id=post_id, platform=platform)
        for post_id, platform in (("1", Platform.X), ("1", Platform.TIKTOK), ("2", Platform.TIKTOK))
    ]
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place()])
        page = [matched(post, 1) for post in posts]
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)
    return {(post.post_id, str(post.platform)) for post in posts}


def test_one_id_on_two_platforms_is_two_posts(engine, stored):
    assert found(engine, [("1", "x"), ("2", "tiktok")]) == {("1", "x"), ("2", "tiktok")}
    assert found(engine, sorted(stored)) == stored


def test_a_pair_that_nobody_stored_is_not_made_of_two_that_are(engine, stored):
    assert found(engine, [("2", "x"), ("3", "tiktok")]) == set()
    assert found(engine, []) == set()


@pytest.mark.parametrize("table", [social_posts, post_topics, post_places])
def test_sqlite_finds_keys_without_reading_the_whole_table(engine, stored, table):
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by statistics")
    statement = select(table.c.post_id).where(among(table.c, sorted(stored)))
    given = {"render_postcompile": True}
    written = statement.compile(dialect=sqlite.dialect(), compile_kwargs=given)
    values = tuple(written.params[name] for name in written.positiontup)
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}", values).all()
    assert any("SEARCH" in row[3] and "post_id=?" in row[3] for row in plan)
    assert not any(row[3].startswith(f"SCAN {table.name}") for row in plan)
