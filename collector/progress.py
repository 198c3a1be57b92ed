"""A progress line for long work run by hand; silent when nobody watches."""

from __future__ import annotations

import time
from typing import TextIO

WIDTH = 30  # characters of the bar
PAUSE = 0.1  # seconds between two drawings


class Progress:
    """`import: [######        ] 400 of 1,200` on a terminal, nothing in a file or a pipe."""

    def __init__(self, label: str, total: int, stream: TextIO):
        self._label, self._total, self._stream = label, max(total, 1), stream
        self._watched = stream.isatty()
        self._drawn_at = 0.0

    def __call__(self, done: int) -> None:
        """Show that so many of the total are done."""
        now = time.monotonic()
        last = done >= self._total
        if not self._watched or (now - self._drawn_at < PAUSE and not last):
            return
        self._drawn_at = now
        filled = WIDTH * min(done, self._total) // self._total
        bar = "#" * filled + " " * (WIDTH - filled)
        end = "\n" if last else ""
        self._stream.write(f"\r{self._label}: [{bar}] {done:,} of {self._total:,}{end}")
        self._stream.flush()
