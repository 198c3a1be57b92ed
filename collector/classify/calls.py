"""One call of a model, in a thread of its own: bounded in time and given up when a stop is asked.

A timeout of an HTTP library counts from one read to the next, so a server that drips a byte at a
time holds it for ever; and a collector has ten seconds to stop, while an answer may take thirty.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from collector.classify import ClassificationError, Stop
from insights.model import Kind

TICK = 0.1  # seconds between two looks at the wish to stop


class Stopped(Exception):
    """The round is to end; the call, if one was under way, was given up."""


@dataclass(frozen=True)
class Answer:
    """What a model sent back. `text` is None where it wrote nothing.

    `finish` says why it stopped writing ("STOP", "MAX_TOKENS", "SAFETY" ...), `blocked` why the
    question was refused unread, empty where it was not. Tokens are None where nobody counted.
    """

    text: str | None
    finish: str = "STOP"
    blocked: str = ""
    prompt_tokens: int | None = 0
    output_tokens: int | None = 0


# Takes the JSON text of one question; raises ClassificationError.
Ask = Callable[[str], Answer]


def call(ask: Ask, question: str, stop: Stop, seconds: float) -> Answer:
    """The answer to one question, within so many seconds.

    Raises ClassificationError from `ask`, one with Kind.TIMEOUT when the time is up, or Stopped.
    The thread of a call that was given up ends by itself and is not waited for.
    """
    box: list[Answer | ClassificationError] = []
    done = threading.Event()

    def work() -> None:
        try:
            box.append(ask(question))
        except ClassificationError as error:
            box.append(error)
        finally:
            done.set()

    # A daemon: the end of the process does not wait for an answer nobody wants any more.
    threading.Thread(target=work, name="classify", daemon=True).start()
    ends_at = time.monotonic() + seconds
    while not done.wait(TICK):
        if stop.is_set():
            raise Stopped
        if time.monotonic() > ends_at:
            raise ClassificationError(Kind.TIMEOUT, f"Gemini gave no answer within {seconds:g} s")
    return _opened(box)


def _opened(box: list[Answer | ClassificationError]) -> Answer:
    if not box:
        raise ClassificationError(Kind.UNKNOWN, "a fault of the program while asking Gemini")
    if isinstance(box[0], ClassificationError):
        raise box[0]
    return box[0]
