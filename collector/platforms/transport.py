"""One request, sent and read within a deadline, a size limit and the collector's wish to stop."""

from __future__ import annotations

import http.client
import socket
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

CHUNK = 64 * 1024  # bytes decompressed at a time: 643 bytes of gzip can hold 210 MB
SLICE = 0.1  # seconds between two looks at the clock and at the stop event


class TooLarge(Exception):
    """The body, decompressed, exceeds the limit."""


class TooSlow(Exception):
    """The deadline passed before the body was complete."""


class Stopped(Exception):
    """The collector was asked to stop while the request was under way."""


FAULTS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
    TooLarge,
    TooSlow,
)


@dataclass(frozen=True)
class Received:
    """An answer as it came; `body` is decompressed."""

    status: int
    headers: CaseInsensitiveDict
    body: bytes


@dataclass(frozen=True)
class Question:
    """What to send and what it may cost: `timeouts` are connect and read, in seconds.

    `body` goes with a POST; `max_body` is about the answer.
    """

    url: str
    params: Mapping[str, Any]
    headers: Mapping[str, str]
    timeouts: tuple[float, float]
    max_body: int
    method: str = "GET"
    body: bytes | None = None


def new_session() -> requests.Session:
    """A session that trusts nothing but its arguments, and verifies certificates.

    `trust_env` is off because with it requests replaces our Authorization header by a netrc entry
    of the host, sends tokens through whatever proxy the environment names, and swaps the
    certificates that are believed in.
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = True
    session.headers["User-Agent"] = "kedah-tourism-pulse"
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "gzip, deflate"
    adapter = _CuttableAdapter()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def send(
    session: requests.Session,
    question: Question,
    *,
    ends_at: float,
    monotonic: Callable[[], float],
    stop: threading.Event,
) -> Received:
    """The answer. Raises TooSlow at `ends_at` (on `monotonic`), Stopped, or one of FAULTS.

    After TooSlow and Stopped the session must not be used again: the abandoned thread has it.
    """
    call = _Call(session, question)
    call.start()
    while not call.done.wait(min(SLICE, max(0.0, ends_at - monotonic()))):
        if stop.is_set():
            call.abandon()
            raise Stopped
        if monotonic() >= ends_at:
            call.abandon()
            raise TooSlow
    return call.outcome()


class _Call(threading.Thread):
    """A request in a thread of its own.

    A timeout of requests spans a single read: a server that drips a byte a second is never too
    slow for it, neither in the headers nor in the body. Whoever waits for the thread can leave.
    """

    def __init__(self, session: requests.Session, question: Question):
        super().__init__(daemon=True, name="request")
        self._session, self._question = session, question
        self._abandoned = False
        self._received: Received | None = None
        self._fault: Exception | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._received = self._ask()
        except FAULTS as error:
            # Its frames hold the body read so far.
            self._fault = error.with_traceback(None)
        finally:
            self.done.set()

    def outcome(self) -> Received:
        if self._received is None:
            raise self._fault or http.client.HTTPException("the request ended without an outcome")
        return self._received

    def abandon(self) -> None:
        self._abandoned = True
        for adapter in self._session.adapters.values():
            if isinstance(adapter, _CuttableAdapter):
                adapter.cut()

    def _ask(self) -> Received:
        q = self._question
        with self._session.request(
            q.method,
            q.url,
            params=q.params,
            data=q.body,
            headers=dict(q.headers),
            timeout=q.timeouts,
            stream=True,
            # A redirect would take the key along to whatever host it names.
            allow_redirects=False,
        ) as response:
            body = self._read(response.raw)
            return Received(response.status_code, response.headers, body)

    def _read(self, raw: urllib3.HTTPResponse) -> bytes:
        body = bytearray()
        # read1 returns what has come; iter_content would wait until a chunk is full.
        while chunk := raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._question.max_body:
                raise TooLarge
            if self._abandoned:
                raise TooSlow
        return bytes(body)


class _CuttableAdapter(HTTPAdapter):
    """Knows its connections, so that a request can be cut off from another thread."""

    def __init__(self) -> None:
        self._made: weakref.WeakSet[Any] = weakref.WeakSet()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _remembering(urllib3.HTTPConnectionPool, self._made),
            "https": _remembering(urllib3.HTTPSConnectionPool, self._made),
        }

    def cut(self) -> None:
        for connection in list(self._made):
            if isinstance(connection.sock, socket.socket):
                _shut(connection.sock)


def _remembering(pool: type, made: weakref.WeakSet[Any]) -> type:
    """The pool class, with connections that note themselves in `made` before they connect."""

    class Connection(pool.ConnectionCls):  # type: ignore[name-defined]
        def connect(self) -> None:
            made.add(self)
            super().connect()

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


def _shut(sock: socket.socket) -> None:
    try:
        # Not close(): the other thread would go on with a descriptor that is somebody else's.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # it had ended by itself
