"""The collector's log: one line an operator can read at night, and never a secret in it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from datetime import datetime, tzinfo
from types import TracebackType
from typing import TextIO
from urllib.parse import quote

HIDDEN = "[hidden]"
# A shorter value would tear holes into ordinary words; a real key is never that short.
SHORTEST_SECRET = 4
# What carries a secret in a URL or a header, whoever wrote the line.
_CARRIERS = re.compile(
    r"(?i)\b(access_token|appsecret_proof|client_secret|input_token|api_?key|key)=[^&\s\"'<>)]+"
    r"|\b(authorization['\"]?\s*[:=]\s*['\"]?)?bearer\s+[\w.~+/%=|-]{8,}"
    r"|(?<=://)[^\s/:@]*:[^\s/@]+(?=@)"
)
_CHATTY = (
    "alembic",
    "urllib3",
    "requests",
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "google_genai",
)


class Redactor:
    """Takes known secrets, and what looks like one in a URL or header, out of any text."""

    def __init__(self, secrets: Iterable[str] = ()):
        kept = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        written = kept | {quote(secret, safe="") for secret in kept}
        longest_first = sorted(written, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if kept else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return _CARRIERS.sub(_hide_value, text)


def _hide_value(found: re.Match[str]) -> str:
    return f"{found[1]}={HIDDEN}" if found[1] else HIDDEN


class LogLines(logging.Formatter):
    """`2026-11-23 12:00:05+08:00 INFO x: 42 new, …`, in the display zone, redacted as a whole.

    The finished text is redacted, not the message: secrets also stand in arguments and in the
    texts of exceptions, which a filter on the record would miss.
    """

    def __init__(self, redact: Redactor, zone: tzinfo):
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._redact = redact
        self._zone = zone

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        instant = datetime.fromtimestamp(record.created, self._zone)
        return instant.isoformat(sep=" ", timespec="seconds")

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def set_up(
    level: str, secrets: Iterable[str], zone: tzinfo, stream: TextIO | None = None
) -> Redactor:
    """Send every log line, and every error nobody caught, through one redacting handler.

    `level` is a name of the logging module in any case; raises ValueError for another word.
    Libraries speak from WARNING up unless `level` is DEBUG. Returns the redactor, for texts that
    go to the database.
    """
    redact = Redactor(secrets)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LogLines(redact, zone))
    root = logging.getLogger()
    root.setLevel(level.upper())
    root.handlers[:] = [handler]
    for name in _CHATTY:
        logging.getLogger(name).setLevel(
            logging.NOTSET if root.level <= logging.DEBUG else logging.WARNING
        )
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    return redact


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("collector").critical(
        "this is a fault of the program, please report it", exc_info=(kind, error, trace)
    )
