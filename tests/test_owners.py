"""Whether a lease's owner has certainly ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.lease import LeaseHeld, hold
from collector.owners import PROC, is_gone, own_name
from db import queries, store

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can tell")


@pytest.fixture
def other():
    """A running process and the name it gives itself."""
    program = "from collector.owners import own_name; print(own_name(), flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


def test_a_running_process_is_not_gone(other):
    assert not is_gone(other[1])
    assert not is_gone(own_name())


@linux
def test_a_killed_process_is_gone_before_anybody_waited_for_it(other):
    process, name = other
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert is_gone(name)


@linux
def test_another_process_with_the_same_number_is_not_the_owner():
    host, pid, born, system, random = own_name().split(":")

    assert is_gone(f"{host}:{pid}:{int(born) - 1}:{system}:{random}")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "another",
        "elsewhere:1:2:boot-3:x",
        f"{socket.gethostname()}:999999999:5:another-boot:x",
        f"{socket.gethostname()}:999999999:5::x",
        f"{socket.gethostname()}:999999999::boot-3:x",
    ],
)
def test_an_owner_elsewhere_may_live(name):
    assert not is_gone(name)


def test_a_system_that_tells_nothing_says_of_nobody_that_he_is_gone(tmp_path):
    name = own_name(tmp_path)

    assert not is_gone(name, tmp_path)
    assert not is_gone(name, PROC)


@linux
def test_the_lease_of_a_dead_collector_is_taken_over_at_once(engine, other):
    process, name = other
    set_up(engine)
    with engine.begin() as connection:
        store.take_lease(connection, "collector", name, now(), 3600)
        store.start_run(connection, "round", "x", now())

    with pytest.raises(LeaseHeld), hold(engine, 60, now):
        pass
    process.kill()
    process.communicate()
    with hold(engine, 60, now) as lease:
        assert lease.fence == 2

    with engine.connect() as connection:
        assert list(queries.runs(connection, 5).status) == ["interrupted"]


def set_up(engine) -> None:
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", ())


def now() -> datetime:
    return datetime.now(UTC)
