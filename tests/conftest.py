"""Fixtures that every test shares: an empty database on each engine the product runs on."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import migrate, open_writer
from db.tables import metadata
from tests.smtp_server import SmtpServer

SERVER_OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    " -c autovacuum=off -c shared_buffers=64MB -c max_connections=60 -c timezone=UTC"
)
_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


IN_MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3  # bytes; a whole run leaves less than a quarter of it behind


def pytest_configure() -> None:
    """Put the tests' folders into memory where there is room: thousands of commits wait for a disk
    otherwise, each some milliseconds."""
    usable = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK)
    if usable and shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


class PostgresServer:
    """A PostgreSQL server of our own: in a temporary folder, reached by a socket in it only.

    PostgreSQL refuses to run as root, so root's tests hand it to Debian's `postgres` user.
    """

    def __init__(self, binaries: Path):
        self._binaries = binaries
        self._user = "postgres" if os.geteuid() == 0 else None
        # Not pytest's own folder: the path of a socket may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="kedah-pg-"))
        self._names: set[str] = set()

    def start(self) -> None:
        if self._user:
            shutil.chown(self.folder, self._user)
        data = str(self.folder / "data")
        common = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        self._run("initdb", "--pgdata", data, "--no-sync", *common)
        options = f"{SERVER_OPTIONS} -k {self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "--pgdata", data, "--wait", "--log", log, "-o", options)

    def stop(self) -> None:
        data = str(self.folder / "data")
        try:
            self._run("pg_ctl", "stop", "--pgdata", data, "--mode=immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def empty_database(self) -> str:
        """The address of a database that has nothing in it, no schema either."""
        url = self._database("bare")
        self._sql(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return url

    def migrated_database(self) -> str:
        """The address of a database whose tables are there and empty."""
        is_new = "migrated" not in self._names
        url = self._database("migrated")
        if is_new:
            engine = open_writer(url)
            migrate(engine)
            engine.dispose()
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        self._sql(url, f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        return url

    def _database(self, name: str) -> str:
        """One database a name for the session: making and dropping one takes half a second."""
        url = f"postgresql://postgres@/{name}?host={self.folder}"
        if name not in self._names:
            self._sql(self._root, f"CREATE DATABASE {name}")
            self._names.add(name)
        # What a failed test left open would hold its locks for ever.
        self._sql(
            self._root,
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        return url

    @property
    def _root(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    @staticmethod
    def _sql(url: str, statement: str) -> None:
        engine = open_writer(url)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def _run(self, program: str, *arguments: str) -> None:
        # The server inherits what pg_ctl has open: a pipe would never end.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._binaries / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self._user,
                cwd=self.folder,
                timeout=60,
            )
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {output.read().decode(errors='replace')}")


def _binaries() -> Path | None:
    """The newest PostgreSQL server programs of this machine."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = [path for pattern in _FOLDERS for path in Path("/").glob(pattern[1:])]
    folders = [path for path in folders if (path / "initdb").is_file()]
    return max(folders, key=_major, default=None)


def _major(folder: Path) -> int:
    digits = "".join(c for c in folder.parent.name if c.isdigit() or c == ".").split(".")[0]
    return int(digits or 0)


def _install() -> None:
    """Debian and Ubuntu: install the server, when we are allowed to and nobody has."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-o", "DPkg::Lock::Timeout=300"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", "postgresql"]):
        subprocess.run(["apt-get", "-qq", *wait, *step], env=environment, check=False, timeout=600)


def own_postgres() -> PostgresServer:
    """A running server for a program that is no test; the caller stops it."""
    binaries = _binaries()
    if binaries is None:
        raise SystemExit(
            "PostgreSQL's server is not installed (Debian: apt-get install postgresql)"
        )
    server = PostgresServer(binaries)
    server.start()
    return server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the session (one a worker under xdist)."""
    if os.name != "posix":
        pytest.skip("the tests start PostgreSQL on Linux and macOS only")
    binaries = _binaries()
    if binaries is None:
        _install()
        binaries = _binaries()
    if binaries is None:
        message = "PostgreSQL's server is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    server = PostgresServer(binaries)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file whose tables are there and empty, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "test.db"
    engine = open_writer(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database on either engine.

    It has no schema, unless the test uses `engine` too: then both are the same database.
    """
    migrated = "engine" in request.fixturenames
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        return server.migrated_database() if migrated else server.empty_database()
    path = tmp_path / "test.db"
    if migrated:
        shutil.copy(request.getfixturevalue("migrated_file"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A writer's engine on `database_url`, migrated, without places (call `store.set_up`)."""
    engine = open_writer(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    """A mail server that takes every mail and keeps it."""
    with SmtpServer() as server:
        yield server
