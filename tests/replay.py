"""A server on the loopback address that answers as platforms do, well or badly, for tests.

`with replay(scenario) as server:` serves at `server.url` and keeps `server.asked`. A scenario is a
function from Asked to Reply; `script` makes one from lists of replies, `Recorded` from payloads.
"""

from __future__ import annotations

import contextlib
import gzip
import html
import io
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

SHARED = Path(__file__).parents[1].parent / "shared"
OWN = Path(__file__).parent / "payloads"
TOKEN_IN_NEXT = "REDACTED"  # what recorded `paging.next` links carry in place of a token


@dataclass(frozen=True)
class Asked:
    """A request as it came; query values are the last of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """What to answer. `body` is bytes, or an object to be sent as JSON.

    `delay` are seconds before anything is sent; `drip` seconds between single bytes of the body,
    `drip_headers` between those of the headers. `cut` sends only so many bytes of the body and
    closes. `reset` breaks the connection instead of answering. `length` False leaves
    Content-Length out, `chunked` sends chunks, `zipped` compresses.
    """

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    drip: float = 0
    drip_headers: float = 0
    cut: int | None = None
    reset: bool = False
    length: bool = True
    chunked: bool = False
    zipped: bool = False

    def encoded(self) -> bytes:
        plain = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return gzip.compress(plain) if self.zipped else plain


Scenario = Callable[[Asked], Reply]
NOT_FOUND = Reply({"error": {"message": "nothing is served here", "code": 2500}}, status=404)


def script(replies: Mapping[str, Sequence[Reply] | Reply], default: Reply = NOT_FOUND) -> Scenario:
    """A scenario by path: each list is used up in order, its last reply again and again."""
    left = {path: [r] if isinstance(r, Reply) else list(r) for path, r in replies.items()}

    def answer(asked: Asked) -> Reply:
        queue = left.get(asked.path)
        if not queue:
            return default
        return queue.pop(0) if len(queue) > 1 else queue[0]

    return answer


class Server:
    """A running server: its address, and what it was asked so far."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._http = _Quiet(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.closing = threading.Event()

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            return self.scenario(asked)

    def run(self) -> None:
        self._http.serve_forever(poll_interval=0.02)

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()


@contextlib.contextmanager
def replay(scenario: Scenario) -> Iterator[Server]:
    """Serve a scenario for the length of a `with` block."""
    server = Server(scenario)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that break off: that is what some tests are about."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_given: Any) -> None:
            """Silence: the tests look at `asked`."""

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            query = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, parts.path, query, dict(self.headers), body)
            self._send(server.reply(asked))

        def _send(self, reply: Reply) -> None:
            server.closing.wait(reply.delay)
            if reply.reset:
                self._reset()
                return
            body = reply.encoded()
            head = self._head(reply, body)
            if reply.chunked:
                body = b"".join(_chunks(body))
            if not reply.drip and not reply.drip_headers:
                # In one piece: two small writes wait 40 ms for each other's acknowledgement.
                self.wfile.write(head + body[: reply.cut])
            else:
                self._slowly(head, reply.drip_headers)
                self._slowly(body[: reply.cut], reply.drip)
            if reply.cut is not None or not (reply.length or reply.chunked):
                self.close_connection = True

        def _head(self, reply: Reply, body: bytes) -> bytes:
            headers = {"Content-Type": "application/json", **reply.headers}
            if reply.zipped:
                headers["Content-Encoding"] = "gzip"
            if reply.chunked:
                headers["Transfer-Encoding"] = "chunked"
            elif reply.length:
                headers["Content-Length"] = str(len(body))
            lines = [f"HTTP/1.1 {reply.status} Told"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            return ("\r\n".join(lines) + "\r\n\r\n").encode()

        def _slowly(self, data: bytes, pause: float) -> None:
            if not pause:
                self.wfile.write(data)
                return
            for byte in data:
                if server.closing.wait(pause):
                    return
                self.wfile.write(bytes([byte]))

        def _reset(self) -> None:
            self.close_connection = True
            # Lingering zero seconds makes close() send RST and not FIN.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.rfile.close()
            self.wfile.close()
            self.connection.close()
            self.wfile = io.BytesIO()  # the base class flushes it once more

    return Handler


def _chunks(body: bytes, size: int = 7) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


# ---- recorded payloads -------------------------------------------------------------------------


def payload(path: Path) -> Reply:
    """The recorded exchange of a file, ready to be sent again."""
    told = json.loads(path.read_text(encoding="utf-8"))["response"]
    body = told["body"] if "body" in told else told["body_text"].encode()
    return Reply(body, told["status"], told.get("headers") or {})


def expected(shared: Path = SHARED) -> dict[str, list[dict[str, Any]]]:
    """What every recorded page holds by the reference mapping, by "platform/name"."""
    text = (shared / "payloads/dev/expected.json").read_text(encoding="utf-8")
    return json.loads(text)["expected"]


X_SEARCH = "/2/tweets/search/recent"
YOUTUBE_SEARCH, YOUTUBE_VIDEOS = "/youtube/v3/search", "/youtube/v3/videos"
TIKTOK_TOKEN, TIKTOK_QUERY = "/v2/oauth/token/", "/v2/research/video/query/"
TIKTOK_ACCESS = "token-given-by-tiktok"
ITEM_KEYS = {"data", "paging"}


class Recorded:
    """All recorded pages of every platform that hold posts, each once.

    The first query, hashtag, Page and window asked for gets them, page after page; every other
    one, and with `again` False every later walk, is answered with an empty page.
    """

    def __init__(self, shared: Path = SHARED, *, again: bool = True):
        self._pages = shared / "payloads/dev"
        self._names = [name for name, rows in expected(shared).items() if rows]
        self._again = again
        self._first: dict[str, str] = {}
        self._walked: set[str] = set()
        self._hashtags: dict[str, str] = {}

    def names(self, platform: str, *words: str) -> list[str]:
        """The payloads of a platform whose name holds one of the words (all without words)."""
        mine = [n for n in self._names if n.startswith(f"{platform}/")]
        return [n for n in mine if not words or any(word in n for word in words)]

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == X_SEARCH:
            return self._x(asked)
        if asked.path == YOUTUBE_SEARCH:
            return self._youtube(asked)
        if asked.path == YOUTUBE_VIDEOS:
            return self._videos(asked.query.get("id", "").split(","))
        if asked.path == TIKTOK_TOKEN:
            return Reply({"access_token": TIKTOK_ACCESS, "expires_in": 7200})
        if asked.path == TIKTOK_QUERY:
            return self._tiktok(json.loads(asked.body))
        edge = asked.path.rpartition("/")[2]
        if edge == "ig_hashtag_search":
            return self._hashtag(asked.query.get("q", ""))
        if edge == "recently_searched_hashtags":
            return payload(self._pages / "instagram/recently_searched_hashtags.json")
        words = {
            "recent_media": ("instagram", "hashtag_recent"),
            "top_media": ("instagram", "hashtag_top", "tagged"),
            "media": ("instagram", "own_media"),
            "posts": ("facebook",),
        }.get(edge)
        if words is None:
            return NOT_FOUND
        return self._graph(asked, edge, self.names(words[0], *words[1:]))

    def _x(self, asked: Asked) -> Reply:
        names = self.names("x")
        number = self._page_number("x", asked.query.get("query", ""), asked.query.get("next_token"))
        if number is None:
            return Reply({"meta": {"result_count": 0}})
        page = payload(self._pages / f"{names[number]}.json").body
        meta = {k: v for k, v in page["meta"].items() if k != "next_token"}
        if number + 1 < len(names):
            meta["next_token"] = f"page{number + 1}"
        else:
            self._walked.add("x")
        return Reply({**page, "meta": meta})

    def _youtube(self, asked: Asked) -> Reply:
        """The recorded pages of search results; the last finds the other recorded videos too."""
        names = self.names("youtube", "search")
        position = asked.query.get("pageToken")
        number = self._page_number("youtube", asked.query.get("q", ""), position)
        if number is None:
            return Reply({"items": []})
        page = payload(self._pages / f"{names[number]}.json").body
        if number + 1 < len(names):
            return Reply({**page, "nextPageToken": f"page{number + 1}"})
        self._walked.add("youtube")
        others = [_as_result(video) for video in self._all_videos().values()]
        return Reply({"items": [*page["items"], *others]})

    def _videos(self, ids: Sequence[str]) -> Reply:
        """Of the videos asked for those that were recorded; the others are no longer there."""
        known = self._all_videos()
        return Reply({"items": [known[key] for key in ids if key in known]})

    def _all_videos(self) -> dict[str, Any]:
        pages = (payload(self._pages / f"{n}.json").body for n in self.names("youtube", "video"))
        return {item["id"]: item for page in pages for item in page["items"]}

    def _tiktok(self, asked: Mapping[str, Any]) -> Reply:
        names = self.names("tiktok")
        cursor = asked["cursor"]
        number = self._page_number("tiktok", asked["start_date"], f"page{cursor // 100}")
        if number is None or number >= len(names):
            self._walked.add("tiktok")
            data = {"videos": [], "cursor": cursor, "has_more": False}
            return Reply({"data": data, "error": {"code": "ok"}})
        return payload(self._pages / f"{names[number]}.json")

    def _hashtag(self, name: str) -> Reply:
        number = self._hashtags.setdefault(name, str(17840000000000001 + len(self._hashtags)))
        return Reply({"data": [{"id": number}]})

    def _graph(self, asked: Asked, edge: str, names: list[str]) -> Reply:
        position = asked.query.get("after") or asked.query.get("__paging_token")
        number = self._page_number(edge, asked.path, position)
        if number is None:
            return Reply({"data": []})
        page = payload(self._pages / f"{names[number]}.json").body
        if number + 1 == len(names):
            self._walked.add(edge)
            return Reply({"data": _items(page)})
        return Reply({"data": _items(page), "paging": self._next(page, f"page{number + 1}")})

    def _next(self, page: Mapping[str, Any], position: str) -> dict[str, Any]:
        """Paging in the style of the page: cursors, or `until` with a paging token."""
        secret = f"https://graph.facebook.com/v10.0/1/posts?access_token={TOKEN_IN_NEXT}"
        if "cursors" in page.get("paging", {"cursors": {}}):
            return {"cursors": {"after": position}, "next": f"{secret}&after={position}"}
        return {"next": f"{secret}&until=1624385168&since&__paging_token={position}"}

    def _page_number(self, walk: str, stream: str, position: str | None) -> int | None:
        """Which page is asked for; None when this stream or walk has none."""
        if self._first.setdefault(walk, stream) != stream:
            return None
        number = int((position or "page0").removeprefix("page"))
        return None if number == 0 and walk in self._walked and not self._again else number


def _as_result(video: Mapping[str, Any]) -> dict[str, Any]:
    """A video as a search finds it: escaped, and without its counts."""
    snippet = video["snippet"]
    escaped = {name: html.escape(snippet[name]) for name in ("title", "description")}
    found = {"kind": "youtube#video", "videoId": video["id"]}
    return {"kind": "youtube#searchResult", "id": found, "snippet": {**snippet, **escaped}}


def _items(page: Mapping[str, Any]) -> list[Any]:
    """The records of a page, of a single post, or of posts by id."""
    if "data" in page:
        return page["data"]
    return [page] if "id" in page else list(page.values())


def serve_recorded(shared: Path = SHARED, *, again: bool = True) -> Recorded:
    """Every recorded page with posts, then empty ones."""
    return Recorded(shared, again=again)


def serve_errors(shared: Path = SHARED) -> Scenario:
    """Every platform refuses: X's credits are gone, Instagram's permission, Facebook's token,
    YouTube's quota, and TikTok's scope."""
    pages = shared / "payloads/dev"
    refusals = {
        "x": payload(pages / "x/error_402_credits_depleted.json"),
        "instagram": payload(pages / "instagram/error_10_permission.json"),
        "facebook": payload(pages / "facebook/error_190_463_session_expired.json"),
        "youtube": payload(pages / "youtube/error_403_quota_exceeded.json"),
        "tiktok": payload(pages / "tiktok/error_scope_not_authorized.json"),
    }

    def answer(asked: Asked) -> Reply:
        if asked.path == X_SEARCH:
            return refusals["x"]
        if asked.path.startswith("/youtube/"):
            return refusals["youtube"]
        if asked.path in (TIKTOK_TOKEN, TIKTOK_QUERY):
            return refusals["tiktok"]
        return refusals["facebook" if asked.path.endswith("/posts") else "instagram"]

    return answer
