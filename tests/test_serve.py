"""The self-hosted entry: what it changes of the process that it runs in."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

from serve import wake_once

_WHOSE: ContextVar[str] = ContextVar("whose", default="nobody's")


def in_a_loop(act) -> list:
    """What is noted when a thread does `act(loop, noted)` while the loop is busy."""
    noted: list = []

    async def live() -> None:
        loop = asyncio.get_running_loop()
        woken = loop.call_soon_threadsafe
        wakes: list = []

        def counted(callback, *args, **given):
            wakes.append(callback)
            return woken(callback, *args, **given)

        loop.call_soon_threadsafe = counted
        wake_once(loop)
        thread = threading.Thread(target=act, args=(loop, noted))
        thread.start()
        thread.join()
        await asyncio.sleep(0.01)
        noted.append(f"{len(wakes)} wakes")

    asyncio.run(live())
    return noted


def test_a_hundred_calls_while_the_loop_is_busy_wake_it_once_and_run_in_order():
    def act(loop, noted) -> None:
        for number in range(100):
            loop.call_soon_threadsafe(noted.append, number)

    assert in_a_loop(act) == [*range(100), "1 wakes"]


def test_a_call_taken_back_does_not_run():
    def act(loop, noted) -> None:
        loop.call_soon_threadsafe(noted.append, "kept")
        loop.call_soon_threadsafe(noted.append, "taken back").cancel()

    assert in_a_loop(act) == ["kept", "1 wakes"]


def test_a_call_sees_what_its_thread_saw():
    def act(loop, noted) -> None:
        _WHOSE.set("the thread's")
        loop.call_soon_threadsafe(lambda: noted.append(_WHOSE.get()))

    assert in_a_loop(act) == ["the thread's", "1 wakes"]


def test_a_call_that_fails_stops_none_of_the_others():
    def act(loop, noted) -> None:
        loop.set_exception_handler(lambda _loop, told: noted.append(str(told["exception"])))
        loop.call_soon_threadsafe(int, "no number")
        loop.call_soon_threadsafe(noted.append, "next")

    failed, following, _ = in_a_loop(act)
    assert "no number" in failed
    assert following == "next"


def test_a_loop_that_rests_is_woken_again():
    heard: list = []

    async def live() -> None:
        loop = asyncio.get_running_loop()
        wake_once(loop)
        for number in range(3):
            done = asyncio.Event()
            thread = threading.Thread(target=loop.call_soon_threadsafe, args=(done.set,))
            thread.start()
            await asyncio.wait_for(done.wait(), 10)
            heard.append(number)

    asyncio.run(live())
    assert heard == [0, 1, 2]
