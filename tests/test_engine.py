"""How databases are opened and migrated, and how they fail."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from db import store
from db.engine import (
    ERRORS,
    DatabaseError,
    DatabaseGone,
    head_revision,
    migrate,
    migrate_within,
    open_reader,
    open_writer,
    parse_url,
    revision,
    snapshot,
)
from db.tables import metadata
from tests.fakes import a_place

ROOT = Path(__file__).parents[1]


def set_up(engine) -> None:
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place()])


# --- migrations ---


def test_migrating_twice_changes_nothing(engine):
    migrate(engine)
    with snapshot(engine) as connection:
        assert revision(connection) == head_revision()


def schema_of(connection) -> set[str]:
    """Every column, index and constraint as the engine itself describes it."""
    found = sqlite_schema if connection.dialect.name == "sqlite" else postgresql_schema
    return {line.replace('"', "") for line in found(connection) if "alembic_version" not in line}


def sqlite_schema(connection) -> list[str]:
    """Asked for by pragma: the text of a table that was altered is not that of one made at once."""
    asked = inspect(connection)
    lines = list(
        connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'index'")).scalars()
    )
    for table in asked.get_table_names():
        columns = connection.execute(
            text('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(:table)'),
            {"table": table},
        )
        lines += [f"{table}.{tuple(column)}" for column in columns]
        for kind in ("foreign_keys", "check_constraints", "unique_constraints"):
            constraints = getattr(asked, f"get_{kind}")(table)
            lines += [f"{table} {kind} {sorted(one.items(), key=str)}" for one in constraints]
        lines.append(f"{table} {asked.get_pk_constraint(table)['name']}")
    return [line for line in lines if line]


def postgresql_schema(connection) -> list[str]:
    statement = """
        SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
          || ' ' || coalesce(column_default, '')
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass || ' ' || conname || pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace"""
    return list(connection.execute(text(statement)).scalars())


def test_the_migrations_make_the_tables_that_the_code_describes(database_url):
    engine = open_writer(database_url)
    migrate(engine)
    with engine.begin() as connection:
        migrated = schema_of(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        described = schema_of(connection)
    engine.dispose()
    assert migrated == described


def test_what_stood_before_a_migration_stands_after_it(database_url):
    engine = open_writer(database_url)
    with engine.begin() as connection:
        migrate_within(connection, "0001")
        for statement in A_POST_OF_THE_FIRST_SCHEMA:
            connection.execute(text(statement))
    migrate(engine)
    with snapshot(engine) as connection:
        post = connection.execute(text("SELECT voice, corrected FROM social_posts")).one()
        topics = connection.execute(text("SELECT * FROM daily_topics")).mappings().one()
        totals = connection.execute(text("SELECT posts, provisional FROM daily_totals")).one()
    engine.dispose()
    assert tuple(post) == ("visitor", False)
    assert dict(topics) == {
        "place_id": 0,
        "day": 20000,
        "platform": "x",
        "topic": "ferry",
        "voice": "visitor",
        "positive": 0,
        "neutral": 0,
        "negative": 1,
    }
    assert tuple(totals) == (1, 0)


A_POST_OF_THE_FIRST_SCHEMA = (
    """INSERT INTO social_posts (post_id, platform, content, created_at, created_at_estimated,
         first_seen_at, captured_at, day, hashtags, is_repost, found_by, counted, counted_why,
         counted_by_rule, sentiment, waiting, classify_attempts)
       VALUES ('1', 'x', 'feri lewat', '2024-10-04 04:00:00.000000', false,
         '2024-10-04 05:00:00.000000', '2024-10-04 05:00:00.000000', 20000, '[]', false, 'search',
         true, 'kedah:kedah', true, 'negative', false, 0)""",
    """INSERT INTO post_topics (post_id, platform, topic, created_at, day, place_id, counted,
         sentiment) VALUES ('1', 'x', 'ferry', '2024-10-04 04:00:00.000000', 20000, NULL, true,
         'negative')""",
    """INSERT INTO daily_totals (place_id, day, platform, posts, positive, neutral, negative,
         likes_known, comments_known, shares_known, views_known, score_sum, version)
       VALUES (0, 20000, 'x', 1, 0, 0, 1, 0, 0, 0, 0, 0, 1)""",
)


def test_a_migration_that_is_cut_short_leaves_nothing(database_url):
    engine = open_writer(database_url)
    with engine.connect() as connection, connection.begin() as transaction:
        migrate_within(connection)
        transaction.rollback()
    with snapshot(engine) as connection:
        assert inspect(connection).get_table_names() == []
    migrate(engine)
    engine.dispose()


def test_a_database_newer_than_the_code_is_refused(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer version"):
        migrate(engine)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = :it"), {"it": head_revision()}
        )


MIGRATE = """
import sys
from db.engine import migrate, open_writer
from db import store
from tests.fakes import a_place
engine = open_writer(sys.argv[1])
migrate(engine)
with engine.begin() as connection:
    store.set_up(connection, "Asia/Kuala_Lumpur", [a_place()])
"""


def test_several_processes_may_migrate_at_once(database_url):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, database_url], cwd=ROOT, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    errors = [process.communicate(timeout=120)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * 3, errors
    engine = open_writer(database_url)
    with snapshot(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM places")).scalar_one() == 1
    engine.dispose()


# --- addresses ---


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///a.db", "sqlite+pysqlite"),
        ("postgresql://h/d", "postgresql+psycopg"),
        ("postgres://h/d", "postgresql+psycopg"),
        ("postgresql+psycopg2://h/d", "postgresql+psycopg"),
    ],
)
def test_an_address_means_the_driver_this_product_has(url, driver):
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize("url", ["", "kedah.db", "mysql://root:hunter2@h/d", "http://:x"])
def test_an_address_nobody_can_use_is_refused_without_being_repeated(url):
    with pytest.raises(DatabaseError) as refused:
        parse_url(url)
    assert "hunter2" not in str(refused.value)


# --- readers ---


def test_a_reader_cannot_write(engine, database_url):
    set_up(engine)
    reader = open_reader(database_url)
    with pytest.raises(SQLAlchemyError), reader.begin() as connection:
        connection.execute(text("DELETE FROM places"))
    reader.dispose()


def test_a_snapshot_does_not_see_what_is_committed_meanwhile(engine, database_url):
    set_up(engine)
    reader = open_reader(database_url)
    count = text("SELECT count(*) FROM places")
    with snapshot(reader) as connection:
        assert connection.execute(count).scalar_one() == 1
        with engine.begin() as writing:
            store.set_up(writing, "Asia/Kuala_Lumpur", [a_place(), a_place("zoo")])
        assert connection.execute(count).scalar_one() == 1
    with snapshot(reader) as connection:
        assert connection.execute(count).scalar_one() == 2
    reader.dispose()


def test_a_reader_does_not_wait_for_a_writer(engine, database_url):
    set_up(engine)
    reader = open_reader(database_url)
    with engine.begin() as writing:
        store.bump(writing)
        started = time.monotonic()
        with snapshot(reader) as connection:
            connection.execute(text("SELECT version FROM data_version")).scalar_one()
    assert time.monotonic() - started < 2
    reader.dispose()


def test_a_second_writer_waits_and_then_writes(engine):
    set_up(engine)
    with engine.begin() as connection:
        before = store.bump(connection)
    versions = []

    def write() -> None:
        with engine.begin() as connection:
            versions.append(store.bump(connection))

    writers = [threading.Thread(target=write) for _ in range(4)]
    with engine.begin() as connection:
        store.bump(connection)
        for writer in writers:
            writer.start()
        time.sleep(0.2)
    for writer in writers:
        writer.join()
    assert sorted(versions) == [before + n for n in (2, 3, 4, 5)]


def test_a_lock_that_is_never_given_back_ends_in_an_error(engine, database_url):
    set_up(engine)
    impatient = open_writer(database_url, busy_seconds=0.3)
    with engine.begin() as connection:
        store.bump(connection)
        started = time.monotonic()
        with pytest.raises(SQLAlchemyError), impatient.begin() as waiting:
            store.bump(waiting)
    assert time.monotonic() - started < 5
    impatient.dispose()


def test_a_missing_file_is_an_error_that_says_so_and_is_not_created(tmp_path):
    path = tmp_path / "nothing.db"
    reader = open_reader(f"sqlite:///{path}")
    with pytest.raises(DatabaseError, match="does not exist yet"), snapshot(reader):
        pass
    assert not path.exists()


def test_a_file_that_is_no_database_is_an_error_a_page_survives(tmp_path):
    path = tmp_path / "torn.db"
    path.write_bytes(b"not a database at all" * 200)
    reader = open_reader(f"sqlite:///{path}")
    with pytest.raises(ERRORS), snapshot(reader) as connection:
        connection.execute(text("SELECT 1 FROM places"))


def test_a_writer_makes_the_folder_of_its_file(tmp_path):
    engine = open_writer(f"sqlite:///{tmp_path / 'var' / 'deep' / 'kedah.db'}")
    migrate(engine)
    engine.dispose()
    assert (tmp_path / "var" / "deep" / "kedah.db").is_file()


def test_sqlite_writers_use_the_safe_settings(tmp_path):
    engine = open_writer(f"sqlite:///{tmp_path / 'kedah.db'}")
    with snapshot(engine) as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 15000,
    }


@pytest.mark.skipif(os.name != "posix", reason="the silent host is a listening socket")
def test_a_host_that_never_answers_fails_in_bounded_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        reader = open_reader(f"postgresql://u:hunter2@127.0.0.1:{port}/d", busy_seconds=2)
        started = time.monotonic()
        with pytest.raises(ERRORS), snapshot(reader):
            pass
        assert time.monotonic() - started < 10


def test_a_port_that_nobody_listens_on_fails_at_once():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reader = open_reader(f"postgresql://u:hunter2@127.0.0.1:{port}/d")
    started = time.monotonic()
    with pytest.raises(ERRORS) as failed, snapshot(reader):
        pass
    assert time.monotonic() - started < 6
    assert "hunter2" not in str(failed.value)


def test_a_writer_whose_file_was_replaced_says_so_and_makes_no_other(tmp_path):
    writer = a_file_in_use(tmp_path)
    (tmp_path / "a.db").unlink()

    with pytest.raises(DatabaseGone), writer.begin():
        pass

    assert not (tmp_path / "a.db").exists()


def test_a_reader_turns_to_the_file_that_replaced_its_own(tmp_path):
    a_file_in_use(tmp_path).dispose()
    reader = open_reader(f"sqlite:///{tmp_path}/a.db")
    with reader.connect() as connection:
        connection.exec_driver_sql("SELECT * FROM a")
    other = sqlite3.connect(tmp_path / "b.db")
    other.execute("CREATE TABLE b (x)")
    other.close()
    (tmp_path / "b.db").replace(tmp_path / "a.db")

    with reader.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM b").all() == []


def a_file_in_use(folder):
    """A writer's engine that has a connection to a file with one table."""
    writer = open_writer(f"sqlite:///{folder}/a.db")
    with writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE a (x)")
    return writer
