"""The signals that ask a collector to stop, and what they do as long as nothing can be stopped."""

from __future__ import annotations

import os
import signal

# No system has all of them.
SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


def leave_at_once() -> None:
    """From now on these signals end the process with 0, the exit code of any stop.

    While a collector starts it has nothing to close, and what a command without a stop of its own
    has begun the database rolls back. Without this the system would end the process with -15.
    """
    for number in SIGNALS:
        signal.signal(number, lambda _number, _frame: os._exit(0))
