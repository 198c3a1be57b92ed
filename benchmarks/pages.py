"""What pages cost: `python -m benchmarks.pages --help`.

Starts the real dashboard on a database of invented posts, drives it with Chromium and with plain
WebSocket sessions, and prints each measurement beside its bar and beside the same of an empty app.
CPU and bytes are steady on a shared machine; wall times are reported, not judged.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.lines import Line, show
from benchmarks.storage import fill
from db import store
from db.engine import open_writer
from insights.model import RunStatus
from tests.e2e.browser import SETTLED, Server, chromium, dashboard, visit

PAGES = ("", "places", "sentiment", "posts")
PERIODS = ("7d", "90d", "30d")
SESSIONS, PAUSE, SECONDS = 50, 4.0, 40.0
# No answer within so many seconds ends the measurement instead of waiting for ever.
LONGEST = 60
EMPTY_APP = """
import streamlit as st
st.set_page_config(layout="wide")
st.title("Empty")
st.selectbox("Period", ["7d", "30d", "90d"], key="period", bind="query-params")
"""
IDLE = """
() => document.querySelector('[data-testid="stApp"]')
  ?.getAttribute('data-test-script-state') === 'notRunning'
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One filter change: server CPU and walls in milliseconds, bytes over the WebSocket."""

    cpu: float
    idle: float
    settled: float
    sent: int


def filled(folder: Path, posts: int) -> dict[str, str]:
    """The settings of a live database with so many posts and one successful run; one that is there
    already, from `benchmarks.storage`, is used as it is."""
    url = f"sqlite:///{folder}/bench-{posts}.db"
    made = (folder / f"bench-{posts}.db").exists()
    engine = open_writer(url)
    if not made:
        fill(engine, posts)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        run = store.start_run(connection, "bench", "x", now)
        store.finish_run(connection, run, status=RunStatus.OK, now=now)
    engine.dispose()
    return {"DATABASE_URL": url, "DEMO_DATABASE_URL": f"sqlite:///{folder}/demo.db"}


def changes(seen, server: Server, page: str, rounds: int) -> list[Cost]:
    """The cost of each of `rounds` period changes on a page that is open already."""
    process = psutil.Process(server.process.pid)
    seen.open(f"{server.url}/{page}?lang=en&period=30d")
    costs = []
    for number in range(rounds):
        label = {"7d": "7 days", "90d": "90 days", "30d": "30 days"}[PERIODS[number % 3]]
        button = seen.page.get_by_role("button", name=label, exact=True)
        button = button if button.count() else seen.page.get_by_role("radio", name=label)
        before, sent, begun = sum(process.cpu_times()[:2]), seen.received[0], time.perf_counter()
        button.first.click()
        seen.page.wait_for_timeout(20)
        seen.page.wait_for_function(IDLE, polling=5, timeout=30_000)
        idle = time.perf_counter() - begun
        seen.page.wait_for_function(SETTLED, polling=20, timeout=30_000)
        # The page has been still for 250 ms by now; that is not part of the cost.
        settled = time.perf_counter() - begun - 0.25
        seen.page.wait_for_timeout(200)
        costs.append(
            Cost(
                (sum(process.cpu_times()[:2]) - before) * 1000,
                idle * 1000,
                settled * 1000,
                seen.received[0] - sent,
            )
        )
    return costs


def count_bytes(seen) -> None:
    """Let a visit count what its WebSockets receive."""
    seen.received = [0]

    def listen(socket) -> None:
        socket.on("framereceived", lambda frame: add(frame))

    def add(frame) -> None:
        seen.received[0] += len(frame if isinstance(frame, bytes) else frame.encode())

    seen.page.on("websocket", listen)


def page_lines(browser, server: Server, rounds: int) -> Iterator[Line]:
    """Bars of one filter change on each page, and what no page may ask of other hosts."""
    with visit(browser) as seen:
        count_bytes(seen)
        for page in PAGES:
            costs = changes(seen, server, page, rounds)[1:]
            name = page or "overview"
            middle = {k: statistics.median(getattr(c, k) for c in costs) for k in Cost.__slots__}
            yield Line(f"{name}: server CPU a filter change", middle["cpu"], "ms", 50)
            yield Line(f"{name}: bytes a filter change", middle["sent"] / 1000, "kB", 30)
            yield Line(f"{name}: script idle", middle["idle"], "ms", 200, judged=False)
            yield Line(f"{name}: settled", middle["settled"], "ms", 450, judged=False)
        yield Line("requests to other hosts + 1", len(seen.foreign(server)) + 1, "", 1)


# --- many sessions --------------------------------------------------------------------------------


async def one_session(url: str, number: int, until: float, waits: list[float]) -> None:
    """Open a session and ask for another period every PAUSE seconds, noting each wait."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(address, max_size=None, origin=url) as socket:
        await asyncio.sleep(number * PAUSE / SESSIONS)
        await rerun(socket, "lang=en")
        turn = number
        while time.monotonic() < until:
            turn += 1
            begun = time.monotonic()
            await rerun(socket, f"lang=en&period={PERIODS[turn % 3]}")
            waits.append((time.monotonic() - begun) * 1000)
            await asyncio.sleep(max(0.0, PAUSE - (time.monotonic() - begun)))


async def rerun(socket, query: str) -> None:
    """Run the script with these URL parameters and read until it has finished."""
    message = BackMsg()
    message.rerun_script.query_string = query
    await socket.send(message.SerializeToString())
    while True:
        received = await asyncio.wait_for(socket.recv(), LONGEST)
        # The clients share the server's machine: only a message as short as the last is read.
        if len(received) < 200 and _ends(received):
            return


def _ends(received: bytes) -> bool:
    answer = ForwardMsg()
    answer.ParseFromString(received)
    return answer.WhichOneof("type") == "script_finished"


async def crowd(server: Server) -> list[float]:
    """The waits of SESSIONS sessions that act every PAUSE seconds for SECONDS seconds."""
    waits: list[float] = []
    until = time.monotonic() + SECONDS
    await asyncio.gather(*(one_session(server.url, n, until, waits) for n in range(SESSIONS)))
    return waits


def crowd_lines(server: Server) -> Iterator[Line]:
    process = psutil.Process(server.process.pid)
    before = sum(process.cpu_times()[:2])
    waits = sorted(asyncio.run(crowd(server)))
    each = (sum(process.cpu_times()[:2]) - before) * 1000 / (len(waits) + SESSIONS)
    p95 = waits[int(len(waits) * 0.95)]
    memory = process.memory_info().rss / 1e6
    # More would not fit into one core: Python runs one thread at a time.
    yield Line("server CPU a change", each, "ms", PAUSE * 1000 / SESSIONS)
    yield Line(f"{SESSIONS} sessions, {len(waits)} changes: p95", p95, "ms", 250, judged=False)
    yield Line(f"memory with {SESSIONS} sessions", memory, "MB", 250)


# --- the whole ------------------------------------------------------------------------------------


def measure(folder: Path, posts: int, rounds: int, sessions: bool) -> Iterator[Line]:
    """Every line for a database of so many posts."""
    settings = filled(folder, posts)
    yield from rerun_lines(folder, settings, 60)
    with dashboard(folder, settings, "serve.py") as server:
        with chromium() as browser:
            yield from page_lines(browser, server, rounds)
        # After the browser, which would take its share of the machine (and of asyncio).
        if sessions:
            yield from crowd_lines(server)


def empty_app(rounds: int) -> float:
    """Milliseconds of server CPU for a rerun of an app that shows nothing."""
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "empty.py"
        script.write_text(EMPTY_APP)
        with dashboard(Path(name), {}, str(script)) as server:
            return asyncio.run(cpu_of_reruns(server, rounds))


async def cpu_of_reruns(server: Server, rounds: int) -> float:
    process = psutil.Process(server.process.pid)
    address = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(address, max_size=None, origin=server.url) as socket:
        for _ in range(3):
            await rerun(socket, "period=7d&lang=en")
        before = sum(process.cpu_times()[:2])
        for number in range(rounds):
            await rerun(socket, f"period={PERIODS[number % 3]}&lang=en")
        return (sum(process.cpu_times()[:2]) - before) * 1000 / rounds


def rerun_lines(folder: Path, settings: dict[str, str], rounds: int) -> Iterator[Line]:
    """The Overview's whole rerun, without a browser, against an empty page's."""
    with dashboard(folder, settings, "serve.py") as server:
        ours = asyncio.run(cpu_of_reruns(server, rounds))
    nothing = empty_app(rounds)
    yield Line("an empty app's rerun", nothing, "ms")
    yield Line("overview: server CPU a rerun", ours, "ms", 25)
    yield Line("overview rerun / empty app's rerun", ours / nothing, "x", 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=13)
    parser.add_argument("--no-sessions", action="store_true", help="leave the 50 sessions out")
    parser.add_argument("--keep", type=Path, help="a folder for the SQLite files, used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = given.keep or Path(name)
        lines = measure(folder, given.posts, given.rounds, not given.no_sessions)
        show(f"Pages, SQLite, {given.posts:,} posts", lines)


if __name__ == "__main__":
    main()
