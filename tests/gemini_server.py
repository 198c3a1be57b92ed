"""A loopback server that speaks Gemini's protocol: labels by simple word rules, fails on demand.

Tests of the real google-genai talk to it, and so can a whole round:
`GEMINI_API_KEY=test GEMINI_API_BASE_URL=<server.url> python -m collector --once`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = ("cantik", "best", "sedap", "terbaik", "beautiful", "great", "love", "漂亮", "syok")
BAD = ("teruk", "kotor", "lambat", "mahal", "dirty", "late", "rude", "失望", "sampah")
TOPIC_WORDS = {
    "ferry": ("feri", "ferry"),
    "litter": ("sampah", "kotor", "dirty", "rubbish"),
    "prices": ("mahal", "expensive"),
    "food": ("sedap", "makan", "food", "laksa"),
    "scenery": ("cantik", "beautiful", "漂亮", "view"),
    "beach": ("pantai", "beach"),
}


@dataclass(frozen=True)
class Reply:
    """One scripted answer. A str or bytes body is sent as it is. `drip` sends it byte by byte,
    that many seconds apart."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0


@dataclass(frozen=True)
class Received:
    """One request: its path, its headers by lower-case name, its body as JSON."""

    path: str
    headers: dict[str, str]
    body: Any

    @property
    def posts(self) -> list[dict[str, Any]]:
        """The posts that were shown to the model."""
        return json.loads(self.body["contents"][0]["parts"][0]["text"])["posts"]


class GeminiServer:
    """`with GeminiServer(Reply(503), Reply(429)) as server:` fails twice, then labels posts."""

    def __init__(self, *script: Reply):
        self.script = deque(script)
        self.received: list[Received] = []
        self._closing = threading.Event()

    def __enter__(self) -> GeminiServer:
        self._server = _Quiet(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def reply_to(self, request: Received) -> Reply:
        self.received.append(request)
        if self.script:
            return self.script.popleft()
        return Reply(body=answer([label(post) for post in request.posts]))

    def pause(self, seconds: float) -> None:
        """Sleep, unless the server is being closed."""
        self._closing.wait(seconds)

    @property
    def closing(self) -> bool:
        return self._closing.is_set()


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that were killed: that is what some tests are about."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(server: GeminiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._send(server.reply_to(Received(self.path, headers, body)))

        def _send(self, reply: Reply) -> None:
            raw = _encoded(reply.body)
            self.send_response(reply.status)
            for name, value in {"content-type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            try:
                self._write(raw, reply.drip)
            except OSError:
                self.close_connection = True  # the client gave up, as it should

        def _write(self, raw: bytes, drip: float) -> None:
            step = 1 if drip else max(1, len(raw))
            for at in range(0, len(raw), step):
                if server.closing:
                    return
                self.wfile.write(raw[at : at + step])
                server.pause(drip)

        def log_message(self, *_: object) -> None:
            """Quiet: a test reads `received` instead."""

    return Handler


def _encoded(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def answer(items: list[dict[str, Any]] | str, finish: str = "STOP") -> dict[str, Any]:
    """A GenerateContentResponse that holds these items, or this text as it is."""
    text = items if isinstance(items, str) else json.dumps({"posts": items}, ensure_ascii=False)
    content = {"role": "model", "parts": [{"text": text}]} if text else {}
    usage = {"promptTokenCount": 120, "candidatesTokenCount": 40, "thoughtsTokenCount": 5}
    return {
        "candidates": [{"content": content, "finishReason": finish, "index": 0}],
        "modelVersion": "gemini-test",
        "usageMetadata": usage,
    }


def refusal(code: int, status: str, message: str = "no", *details: dict) -> dict[str, Any]:
    """An error body as Google writes it."""
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def quota_failure(quota_id: str, retry: str = "23s") -> tuple[dict, dict]:
    """The two details that come with a 429."""
    return (
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": quota_id}],
        },
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry},
    )


def label(post: dict[str, Any]) -> dict[str, Any]:
    """A whole, valid item for a post, by counting words; no claim to be right."""
    text = post["text"].lower()
    balance = sum(word in text for word in GOOD) - sum(word in text for word in BAD)
    sentiment = "positive" if balance > 0 else "negative" if balance < 0 else "neutral"
    return {
        "id": post["id"],
        "sentiment": sentiment,
        "score": max(-1.0, min(1.0, balance * 0.6)),
        "confidence": 0.9,
        "relevant": True,
        "language": "zh" if any("一" <= c <= "鿿" for c in text) else "ms",
        "topics": [t for t, words in TOPIC_WORDS.items() if any(w in text for w in words)],
        "keywords": [word for word in (*GOOD, *BAD) if word in text][:8],
        "entities": [],
        "predicted_engagement": "medium",
    }


if __name__ == "__main__":  # by hand: prints its address and labels until Ctrl-C
    with GeminiServer() as running:
        print(running.url, flush=True)
        while True:
            time.sleep(3600)
