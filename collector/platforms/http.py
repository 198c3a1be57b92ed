"""The one HTTP client: every answer is a JSON object or a PlatformError that says what happened.

Errors carry method and path only: no query, no header, no secret.
"""

from __future__ import annotations

import email.utils
import json
import math
import random
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from collector.platforms import PlatformError, transport
from insights.model import Kind

FAILED_REQUESTS = 6  # a round and platform: after so many failures the platform counts as down
RETRIED = {Kind.RATE_LIMITED, Kind.SERVER_ERROR, Kind.TIMEOUT, Kind.NETWORK}
# After these no other stream of the platform would fare better.
PLATFORM_WIDE = {
    Kind.AUTH,
    Kind.BILLING,
    Kind.QUOTA,
    Kind.RATE_LIMITED,
    Kind.TLS,
    Kind.REDIRECT_BLOCKED,
    Kind.BUDGET,
}
# These speak of what was asked for: the platform itself is up, so a probe goes on.
OF_THE_REQUEST = {Kind.PERMISSION, Kind.BAD_REQUEST}
# So many of a kind in a row, with no usable answer between them, and the platform cannot be what it
# was: its other queries would meet the same. One query that it refuses says nothing of the next.
MOST_IN_A_ROW = {Kind.BAD_PAYLOAD: 3, Kind.TOO_LARGE: 3, Kind.BAD_REQUEST: FAILED_REQUESTS}
KIND_OF_STATUS = {
    401: Kind.AUTH,
    402: Kind.BILLING,
    403: Kind.PERMISSION,
    408: Kind.TIMEOUT,
    429: Kind.RATE_LIMITED,
}
LONGEST_WAIT = 366 * 86400.0  # seconds; a platform that asks for more has sent nonsense
# Commas and opening brackets in an answer. A page of a platform has some ten thousand; each costs
# Python fifty times its text, so that 16 MB of "[]," would become a gigabyte.
MOST_VALUES = 100_000
LONGEST_STRING = 1_000_000  # characters; no platform takes a text of a tenth of it
LONGEST_ERROR = 100_000  # bytes of an answer that is none; what is longer is not looked into
LONGEST_TOLD = 10_000  # characters of a platform's own words that are looked at for a summary
# Five platforms may answer at once with as much as is read of an answer: one is unpacked at a time.
_ONE_AT_A_TIME = threading.Lock()
SUMMARY_LENGTH = 200  # characters of a platform's own words that reach the operator


class PlatformDown(PlatformError):
    """The platform as a whole cannot go on in this round."""


class Interrupted(PlatformDown):
    """The collector was asked to stop while a request or a wait was under way."""


@dataclass(frozen=True)
class Limits:
    """What requests may cost: seconds, tries and bytes.

    `deadline` spans one whole request: name lookup, connect, headers and body. `budget` spans all
    requests and waits of a round. `retries` come after the first try. `max_body` counts bytes
    after decompression.
    """

    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    deadline: float = 60.0
    retries: int = 3
    retry_base: float = 1.0
    retry_max_wait: float = 60.0
    budget: float = 600.0
    max_body: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back: `body` is the JSON object, None when it is none (in errors only)."""

    status: int
    headers: CaseInsensitiveDict
    body: Mapping[str, Any] | None


@dataclass(frozen=True)
class Refusal:
    """Why a request brought nothing.

    `wait` are the seconds the platform asks for. `retry` False forbids another try whatever the
    kind. `platform_wide` says that other streams would fare no better. `error` is what to raise
    where an adapter must tell this refusal from others.
    """

    kind: Kind
    summary: str = ""
    wait: float | None = None
    retry: bool = True
    platform_wide: bool = False
    error: type[PlatformError] = PlatformError
    cause: Exception | None = None


def never(_answer: Answer) -> bool:
    """No answer of status 200 is a refusal: so it is with all platforms but TikTok."""
    return False


@dataclass(frozen=True)
class _Request:
    """One request and how its answers are to be read. As text it holds no secret."""

    method: str
    path: str
    params: Mapping[str, Any]
    read_refusal: Callable[[Answer, float], Refusal]
    refuses: Callable[[Answer], bool] = never
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    settles: bool = True  # an answer shows that the platform works; a token alone does not

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token: the only place one is ever put."""
    return {"Authorization": f"Bearer {token}"}


def plain_refusal(answer: Answer, now: float) -> Refusal:
    """What the status alone says; platforms refine it by their bodies. `now`: epoch seconds."""
    if answer.status >= 500:
        return Refusal(Kind.SERVER_ERROR, wait=asked_wait(answer, now))
    kind = KIND_OF_STATUS.get(answer.status, Kind.BAD_REQUEST)
    return Refusal(kind, wait=asked_wait(answer, now))


def asked_wait(answer: Answer, now: float) -> float | None:
    """Seconds the platform asks us to wait, from Retry-After or, with 429, x-rate-limit-reset.

    Retry-After is seconds or an HTTP date, the reset epoch seconds; `now` is epoch seconds. A time
    that has passed or cannot be read asks for nothing: None.
    """
    after = answer.headers.get("Retry-After", "")
    wait = _number(after)
    if wait is None:
        wait = _until_date(after, now)
    # X sends the reset with every answer; it means a wait only where the limit was hit.
    reset = _number(answer.headers.get("x-rate-limit-reset", "")) if answer.status == 429 else None
    if wait is None and reset is not None:
        wait = reset - now
    return None if wait is None or wait <= 0 else min(wait, LONGEST_WAIT)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until_date(value: str, now: float) -> float | None:
    try:
        date = email.utils.parsedate_to_datetime(value)
        return date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now
    except (ValueError, OverflowError):
        return None


def summary(*parts: Any, secrets: tuple[str, ...] = ()) -> str:
    """A short text for the operator out of an error body: no secret, no query, no long token.

    Graph repeats a malformed token in its message, so whatever could be one is left out.
    """
    told = (p for p in parts if isinstance(p, str | int) and not isinstance(p, bool))
    said = " ".join(map(_cut, told))
    for secret in secrets:
        said = said.replace(secret, "…")
    said = re.sub(r"\?\S+", "?…", said)
    said = re.sub(r"[A-Za-z0-9_|%+=.~-]{32,}", "…", said)
    said = "".join(c if c.isprintable() else " " for c in said)
    return " ".join(said.split())[:SUMMARY_LENGTH]


def _cut(part: str | int) -> str:
    """The beginning of a long text, up to a whole word: half a secret would not be known as one."""
    said = str(part)
    return said if len(said) <= LONGEST_TOLD else said[:LONGEST_TOLD].rpartition(" ")[0]


def strict_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a body.

    Raises ValueError, with words for the operator, for everything else: a page of HTML, nothing,
    a list, null, NaN, nesting without end, a number of thousands of digits, broken UTF-8, more
    values than memory should hold.
    """
    if not body.strip():
        raise ValueError("the answer is empty")
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError("the answer holds more values than any platform sends")
    try:
        with _ONE_AT_A_TIME:
            found = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("the answer is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError("the answer is not UTF-8") from error
    except ValueError as error:
        raise ValueError("the answer is not JSON") from error
    if not isinstance(found, dict):
        raise ValueError("the answer is not a JSON object")
    # Few bodies are long enough to hold such a text at all.
    if len(body) > LONGEST_STRING and _longest_text(found) > LONGEST_STRING:
        raise ValueError("the answer holds a text of a length that no platform sends")
    return found


def _longest_text(found: Any) -> int:
    """Characters of the longest text in a JSON value."""
    longest, left = 0, [found]
    while left:
        value = left.pop()
        if isinstance(value, str):
            longest = max(longest, len(value))
        elif isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
    return longest


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


class Http:
    """A platform's client, for one thread at a time.

    `headers` go with every request. `sleep` takes seconds, `monotonic` and `wall` give seconds,
    `chance` gives 0..1; the defaults are the real ones, and the sleep ends early on `stop`.
    `requests` counts what was sent, retries included.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        *,
        limits: Limits | None = None,
        stop: threading.Event | None = None,
        sleep: Callable[[float], Any] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        session: Callable[[], requests.Session] = transport.new_session,
    ):
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers or {})
        self._limits = limits or Limits()
        self._stop = stop or threading.Event()
        self._sleep = sleep or self._stop.wait
        self._monotonic, self._wall, self._chance = monotonic, wall, chance
        self._new_session = session
        self.requests = 0
        self._probing = False
        self.begin()

    def probe(self) -> None:
        """Ask carefully: the first request is not tried again, and if it fails none follows."""
        self._probing = True

    def begin(self) -> None:
        """Start a round: its budget and its count of failed requests begin anew."""
        self._ends_at = self._monotonic() + self._limits.budget
        self._failed = 0
        self._in_a_row: Counter[Kind] = Counter()
        # A connection two hours old is more likely dead than useful.
        self._session: requests.Session | None = None

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        read_refusal: Callable[[Answer, float], Refusal] = plain_refusal,
    ) -> Answer:
        """The answer to a GET, always of status 200 with a JSON object as its body.

        `read_refusal` says what any other answer means. Raises PlatformError when this request
        failed for good, PlatformDown when no other request of the round would do better.
        """
        return self._ask(_Request("GET", path, params or {}, read_refusal))

    def post(
        self,
        path: str,
        content: Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        read_refusal: Callable[[Answer, float], Refusal] = plain_refusal,
        *,
        form: bool = False,
        token: str = "",
        refuses: Callable[[Answer], bool] = never,
    ) -> Answer:
        """The answer to a POST of `content` as JSON, or as a form whose values are secrets.

        `token` is the bearer of this request alone. `refuses` says of an answer of status 200
        that it is a refusal in truth. The rest as `get`.
        """
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        return self._ask(
            _Request(
                "POST",
                path,
                params or {},
                read_refusal,
                refuses,
                headers={"Content-Type": kind, **(bearer(token) if token else {})},
                body=(urlencode(content) if form else json.dumps(content)).encode(),
                secrets=(*map(str, content.values() if form else ()), token),
                settles=not form,
            )
        )

    def _ask(self, request: _Request) -> Answer:
        tries = 0
        while True:
            self._check(request)
            found = self._unusable(request) or self._once(request)
            if isinstance(found, Answer):
                self._probing &= not request.settles
                self._in_a_row.clear()
                return found
            self._failed += found.kind in RETRIED
            # A refusal that its adapter expects is an answer of its own.
            self._in_a_row[found.kind] += found.error is PlatformError
            wait = self._wait(found, tries)
            if wait is None:
                raise self._error(request, found) from found.cause
            self._sleep(wait)
            # Having waited less than asked for, one more try is a question; more would be noise.
            too_long = (found.wait or 0) > self._limits.retry_max_wait
            tries = self._limits.retries if too_long else tries + 1

    def _unusable(self, request: _Request) -> Refusal | None:
        """A refusal before anything is sent, for a key that was pasted with more than itself."""
        if any(secret.split() != [secret] for secret in self._secrets(request)):
            return Refusal(Kind.AUTH, "the token contains a space or line break; paste it again")
        return None

    def _secrets(self, request: _Request) -> tuple[str, ...]:
        in_headers = (v.removeprefix("Bearer ") for v in self._headers.values())
        return tuple(filter(None, (*in_headers, *request.secrets)))

    def _check(self, request: _Request) -> None:
        if self._stop.is_set():
            raise Interrupted(Kind.UNKNOWN, f"{request}: stopped before the answer came")
        if self._monotonic() >= self._ends_at:
            raise PlatformDown(Kind.BUDGET, f"{request}: COLLECTOR_PLATFORM_BUDGET is used up")

    def _wait(self, refusal: Refusal, tries: int) -> float | None:
        """Seconds until the next try, None where there must be none."""
        if not refusal.retry or refusal.kind not in RETRIED or tries >= self._limits.retries:
            return None
        if self._probing or self._failed >= FAILED_REQUESTS:
            return None
        # Between half and the whole, so that clients cut off together do not come back together.
        jittered = self._limits.retry_base * 2**tries * (0.5 + self._chance() / 2)
        wait = min(refusal.wait or jittered, self._limits.retry_max_wait)
        return wait if self._monotonic() + wait < self._ends_at else None

    def _error(self, request: _Request, refusal: Refusal) -> PlatformError:
        down = (
            refusal.platform_wide
            or refusal.kind in PLATFORM_WIDE
            or (self._probing and refusal.kind not in OF_THE_REQUEST)
            or self._failed >= FAILED_REQUESTS
            or self._in_a_row[refusal.kind] >= MOST_IN_A_ROW.get(refusal.kind, math.inf)
        )
        said = summary(refusal.summary, secrets=self._secrets(request))
        error = PlatformDown if down else refusal.error
        return error(refusal.kind, f"{request}: {said}", refusal.wait)

    def _once(self, request: _Request) -> Answer | Refusal:
        try:
            received = self._send(request)
        except transport.Stopped as error:
            raise Interrupted(Kind.UNKNOWN, f"{request}: stopped while it ran") from error
        except transport.FAULTS as error:
            return _fault_refusal(_without_frames(error))
        return self._read(received, request)

    def _send(self, request: _Request) -> transport.Received:
        self.requests += 1
        session = self._session or self._new_session()
        self._session = None  # unusable if the request has to be abandoned
        received = transport.send(
            session,
            transport.Question(
                url=self._base_url + request.path,
                params=request.params,
                headers={**self._headers, **request.headers},
                timeouts=(self._limits.connect_timeout, self._limits.read_timeout),
                max_body=self._limits.max_body,
                method=request.method,
                body=request.body,
            ),
            ends_at=min(self._monotonic() + self._limits.deadline, self._ends_at),
            monotonic=self._monotonic,
            stop=self._stop,
        )
        self._session = session
        return received

    def _read(self, received: transport.Received, request: _Request) -> Answer | Refusal:
        status = received.status
        if 300 <= status < 400:
            return Refusal(Kind.REDIRECT_BLOCKED, f"{status}, redirects are not followed")
        body = received.body
        if status != 200 and len(body) > LONGEST_ERROR:
            body = b""
        try:
            answer = Answer(status, received.headers, strict_object(body))
        except ValueError as error:
            if status == 200:
                said = f"200, but {error}"
                return Refusal(Kind.BAD_PAYLOAD, said, cause=_without_frames(error))
            answer = Answer(status, received.headers, None)
        if status == 200 and not request.refuses(answer):
            return answer
        refusal = request.read_refusal(answer, self._wall())
        return replace(refusal, summary=f"{status} {refusal.summary or refusal.kind}")


def _without_frames(error: Exception) -> Exception:
    """The error, and those it came from, without the frames they hold: with the frames an answer
    of many megabytes would stay in memory as long as its error does."""
    left: BaseException | None = error
    while left is not None and left.__traceback__ is not None:
        left.__traceback__ = None
        left = left.__cause__ or left.__context__
    return error


def _fault_refusal(error: Exception) -> Refusal:
    """What a failure below HTTP means; its own words stay out, as they hold the whole address."""
    if isinstance(error, transport.TooLarge):
        return Refusal(Kind.TOO_LARGE, "the answer exceeds COLLECTOR_MAX_BODY_MB", cause=error)
    if isinstance(error, _TLS) and "EOF" not in str(error):
        return Refusal(Kind.TLS, "the certificate or the encryption was refused", cause=error)
    if isinstance(error, _TIMEOUT):
        return Refusal(Kind.TIMEOUT, "no complete answer in time", cause=error)
    if isinstance(error, urllib3.exceptions.DecodeError):
        return Refusal(Kind.BAD_PAYLOAD, "the answer cannot be decompressed", cause=error)
    if isinstance(error, requests.exceptions.InvalidHeader | UnicodeError):
        # No cause: its text is the header, and the header is the token.
        return Refusal(Kind.AUTH, "the token holds characters that no header can carry")
    if isinstance(error, ValueError):
        return Refusal(Kind.BAD_REQUEST, "the address cannot be used; see *_API_BASE_URL")
    return Refusal(Kind.NETWORK, "the connection failed or broke off", cause=error)


_TLS = (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError)
_TIMEOUT = (
    transport.TooSlow,
    requests.Timeout,
    urllib3.exceptions.TimeoutError,
    TimeoutError,
)
