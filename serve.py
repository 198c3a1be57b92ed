"""The dashboard self-hosted: the same app with compression, security headers, a health route
and a warm start. `streamlit run serve.py`; `streamlit run streamlit_app.py` works without it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

# Everything a page needs comes from this server; the one exception is the map's tiles, which the
# reader has to ask for. Streamlit's front end compiles small functions and styles at run time.
_TILES = "https://*.openstreetmap.org https://tile.openstreetmap.org"
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        f"img-src 'self' data: blob: {_TILES}",
        "font-src 'self' data:",
        f"connect-src 'self' ws: wss: {_TILES}",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


class SecurityHeaders:
    """Adds the headers above to every HTTP answer; leaves WebSockets alone."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                extra = [pair for pair in _HEADERS if pair[0] not in present]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


async def health(_request) -> JSONResponse:
    """Which database answers and how old its news are: 200 when pages can be served, else 503."""
    state = await asyncio.to_thread(_data().health)
    return JSONResponse(state, status_code=200 if state["ok"] else 503)


def _data():
    """The readers of `ui.data`; imported late, as its caches look for Streamlit's runtime."""
    from ui import data

    return data


@asynccontextmanager
async def _warm(_app):
    """Build the demo data and the cube before the first reader waits for them."""
    warming = asyncio.create_task(asyncio.to_thread(lambda: _data().warm()))
    yield {}
    await warming


app = st.App(
    "streamlit_app.py",
    routes=[Route("/api/health", health)],
    middleware=[Middleware(SecurityHeaders), Middleware(GZipMiddleware, minimum_size=1000)],
    lifespan=_warm,
)
