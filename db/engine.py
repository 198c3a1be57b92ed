"""How a database is opened: writers and readers, SQLite and PostgreSQL, and its schema's age."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError

from db.tables import metadata

MIGRATIONS = Path(__file__).parent / "migrations"
# Any constant will do, as long as every process of this product takes the same one.
_MIGRATION_LOCK = 0x4B454441


# An execution option of ours: this transaction of a writer's engine only reads.
_READS_ONLY = "kedah_reads_only"
# How long one process may wait for another's migration.
_MIGRATION_SECONDS = 60
# A page that takes longer than this has failed; nobody waits for it.
_READ_SECONDS = 30


_SERVED = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"


class DatabaseError(Exception):
    """The database cannot be used as it is; the message says so in the operator's words."""


class DatabaseGone(DatabaseError):
    """The file was deleted or replaced while it was in use: what is written now reaches nobody."""


# What a caller catches to survive a database that cannot be used. The texts of SQLAlchemy's errors
# may repeat values and addresses: show their kind, not their words.
ERRORS = (DatabaseError, SQLAlchemyError)


def reason(error: Exception) -> str:
    """What went wrong in one line: no SQL, no values of the posts, no password."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        return f"the database did not do what was asked: {lines[0]}"
    if isinstance(error, SQLAlchemyError):
        return f"the database did not do what was asked ({type(error).__name__})"
    return str(error)


def driver_said(error: Exception) -> DatabaseError:
    """What a driver raised that was asked past SQLAlchemy, as an error that callers survive."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return DatabaseError(f"the database did not do what was asked: {lines[0]}")


def parse_url(url: str) -> URL:
    """The URL with the driver this product uses; raises DatabaseError on one it cannot serve.

    `postgres://` and `postgresql://` both mean psycopg 3. The message never repeats the URL,
    which may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise DatabaseError(f"that is no database address; {_SERVED}") from error
    backend = parsed.get_backend_name() if parsed.drivername != "postgres" else "postgresql"
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    raise DatabaseError(f"databases of the kind {backend!r} are not served; {_SERVED}")


def open_writer(url: str, busy_seconds: float = 15.0, *, insist: bool = True) -> Engine:
    """An engine that may write. The folder of a SQLite file is made when it is missing.

    `insist` False: a PostgreSQL database that is set to be read only is left alone.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, busy_seconds, read_only=False)
    # The dashboard's role reads by default (docs/deployment.md): a writer says that it writes.
    writes = "SET TRANSACTION READ WRITE; " if insist else ""
    at_begin = f"{writes}SET LOCAL lock_timeout = {_milli(busy_seconds)}"
    return _postgresql(parsed, busy_seconds, at_begin)


def open_reader(url: str, busy_seconds: float = 5.0) -> Engine:
    """An engine that cannot write, and whose transactions see one moment of the database.

    `mode=ro` on SQLite, where using it raises DatabaseError as long as there is no file.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, busy_seconds, read_only=True)
    # Compiling a query takes longer than any of ours runs, and the server guesses when it pays.
    at_begin = f"SET LOCAL statement_timeout = {_milli(_READ_SECONDS)}; SET LOCAL jit = off"
    engine = _postgresql(parsed, busy_seconds, at_begin)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _milli(seconds: float) -> int:
    return int(seconds * 1000)


def _postgresql(parsed: URL, busy_seconds: float, at_begin: str) -> Engine:
    """An engine whose every wait has an end, also for a host that falls silent half-way.

    Limits are set in each transaction and not as start-up options, which poolers such as PgBouncer
    refuse.
    """
    engine = create_engine(
        parsed,
        pool_pre_ping=True,
        pool_timeout=busy_seconds,
        connect_args={
            "connect_timeout": max(2, int(busy_seconds)),
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": _milli(30),
        },
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(at_begin)

    return engine


def _sqlite(parsed: URL, busy_seconds: float, read_only: bool) -> Engine:
    path = parsed.database or ""
    in_memory = path in ("", ":memory:")
    if not in_memory and not read_only:
        Path(path).expanduser().resolve().parent.mkdir(parents=True, exist_ok=True)
    file = None if in_memory else _File(Path(path).expanduser().resolve(), read_only)

    def connect() -> sqlite3.Connection:
        if in_memory:
            target = ":memory:"
        elif read_only and not file.path.is_file():
            raise DatabaseError("the database does not exist yet; the collector creates it")
        else:
            file.check()
            target = file.path.as_uri() + ("?mode=ro" if read_only else "?mode=rwc")
        connection = sqlite3.connect(
            target, timeout=busy_seconds, uri=not in_memory, check_same_thread=False
        )
        # None hands BEGIN to us: pysqlite would otherwise start transactions late and end them
        # before DDL.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")
        cursor.execute("PRAGMA foreign_keys=ON")
        # Instead of 2 MB a connection: a list or an ingest at a million posts fits. There are
        # several readers in a dashboard.
        cursor.execute(f"PRAGMA cache_size=-{6000 if read_only else 16000}")
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()
        return connection

    engine = create_engine(parsed, creator=connect)
    if file is not None:
        event.listen(engine, "connect", file.connected)
        event.listen(engine, "checkout", file.checked_out)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred read-then-write fails at once with "database is locked", so writers take the
        # lock before they read.
        reads = read_only or connection.get_execution_options().get(_READS_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


class _File:
    """A SQLite file that must stay the one it was: an open file outlives its own deletion, and
    whoever goes on writing into it loses everything.

    A reader turns to the new file; a writer raises DatabaseGone, as its lease stood in the old one.
    """

    def __init__(self, path: Path, read_only: bool):
        self.path, self._read_only = path, read_only
        self._first: tuple[int, int] | None = None

    def check(self) -> None:
        """Raise DatabaseGone where a writer would make another file than it had."""
        if self._first is not None and not self._read_only and self._now() != self._first:
            raise DatabaseGone("the database file was deleted or replaced while it was in use")

    def connected(self, _connection: sqlite3.Connection, record: Any) -> None:
        self._first = record.info["file"] = self._now()

    def checked_out(self, _connection: sqlite3.Connection, record: Any, _proxy: Any) -> None:
        self.check()
        if record.info["file"] != self._now():
            raise DisconnectionError("the database file was replaced")

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def head_revision() -> str:
    """The schema revision this code was written for."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None
    return head


def revision(connection: Connection) -> str | None:
    """The schema revision a database stands at, None where it has no schema yet."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


class Schema(StrEnum):
    """How a database's schema stands to this code."""

    MISSING = "missing"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def schema_state(connection: Connection) -> Schema:
    """Whether the schema is this code's; changes nothing."""
    from alembic.script import ScriptDirectory

    found = revision(connection)
    if found is None:
        return Schema.MISSING
    if found == head_revision():
        return Schema.CURRENT
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    return Schema.OLDER if found in known else Schema.NEWER


def check_schema(connection: Connection) -> Schema:
    """The same, but raises DatabaseError for a schema that no migration leads on from."""
    found = schema_state(connection)
    if found is Schema.NEWER:
        raise DatabaseError(
            "the database was made by a newer version of this program; update the program"
        )
    ours, there = set(metadata.tables), set(inspect(connection).get_table_names())
    if found is Schema.MISSING and ours & there:
        raise DatabaseError(
            "the database holds tables of this program without their revision, as after half a "
            "restore; restore a whole backup or begin with an empty database"
        )
    if found is Schema.CURRENT and ours - there:
        missing = ", ".join(sorted(ours - there))
        raise DatabaseError(f"the database lacks tables ({missing}); restore a whole backup")
    return found


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database, None for PostgreSQL and for one in memory."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(parsed.database).expanduser().resolve()


def migrate(engine: Engine) -> None:
    """Bring the schema to this code's revision, in one transaction; safe to call from two
    processes at once. Raises DatabaseError when the database is newer than the code."""
    with engine.begin() as connection:
        migrate_within(connection)


def migrate_within(connection: Connection, revision: str = "head") -> None:
    """The same inside a transaction that the caller holds, up to one revision."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_milli(_MIGRATION_SECONDS)}")
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    if check_schema(connection) is Schema.CURRENT:
        return
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise DatabaseError(
            f"the database schema could not be brought up to date: {error}"
        ) from error
    except DBAPIError as error:
        if "already exists" not in str(error.orig) and "duplicate" not in str(error.orig):
            raise
        raise DatabaseError(
            "the database holds a part of a newer schema, as after half a restore; restore a "
            "whole backup or begin with an empty database"
        ) from error


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A read transaction in which every SELECT sees the same moment; it keeps no writer waiting."""
    options = {_READS_ONLY: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection
