"""A real server and a real browser for the tests that look at what people see."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

# Nothing runs, nothing is stale, no placeholder is left and the page has been still for a while.
SETTLED = """
() => {
  const app = document.querySelector('[data-testid="stApp"]');
  const still = app && app.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-stale="true"]')
    && !document.querySelector('[data-testid="stSkeleton"], [data-testid="stAppSkeleton"]')
    && document.querySelector('[data-testid="stMainBlockContainer"]');
  const now = performance.now();
  const size = document.body.innerText.length + document.querySelectorAll('*').length;
  if (!still || window.__size !== size) {
    [window.__size, window.__since] = [size, now];
    return false;
  }
  return now - window.__since > 250;
}
"""


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """A running dashboard."""

    url: str
    process: subprocess.Popen
    log: Path


@contextmanager
def dashboard(
    folder: Path, settings: Mapping[str, str], script: str = "streamlit_app.py"
) -> Iterator[Server]:
    """The dashboard on a free port, with these settings and nothing else from the environment.

    Raises RuntimeError with the server's own words when it does not come up within a minute.
    """
    port = free_port()
    log = folder / f"dashboard-{port}.log"
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--server.headless=true"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=plain_environment(settings), stdout=output, stderr=output
        )
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield Server(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def plain_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a child process needs to run, with only these settings of ours."""
    keep = ("PATH", "HOME", "LANG", "SYSTEMROOT", "TMPDIR", "VIRTUAL_ENV")
    base = {name: os.environ[name] for name in keep if name in os.environ}
    return {**base, "TZ": "UTC", "PYTHONUNBUFFERED": "1", **settings}


def _wait_until_up(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the dashboard did not come up: {log.read_text()[-2000:]}")


@dataclass
class Visit:
    """A page open in the browser, with what it asked of the network and complained about."""

    page: object
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, url: str) -> Visit:
        self.page.goto(url)
        return self.settle()

    def settle(self, seconds: float = 60) -> Visit:
        """Wait until the script has run and the page stands still."""
        self.page.wait_for_timeout(150)
        self.page.wait_for_function(SETTLED, timeout=seconds * 1000)
        return self

    def text(self, selector: str = "[data-testid='stApp']") -> str:
        return self.page.locator(selector).first.inner_text()

    def number(self, key: str) -> str:
        """What stands in the element whose Streamlit key this is."""
        return self.page.locator(f".st-key-{key}").first.inner_text()

    def foreign(self, server: Server) -> list[str]:
        """Requests that went anywhere but to this server."""
        ours = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
        return [url for url in self.requests if not url.startswith(ours)]

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return self.page.evaluate(
            "() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"
        )


@contextmanager
def visit(browser, *, size=DESKTOP, scheme="light", locale="en-GB") -> Iterator[Visit]:
    """A fresh profile: nothing kept from other visits."""
    context = browser.new_context(viewport=size, color_scheme=scheme, locale=locale)
    page = context.new_page()
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("websocket", lambda socket: seen.requests.append(socket.url))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    try:
        yield seen
    finally:
        context.close()


@contextmanager
def chromium() -> Iterator[object]:
    """Debian's Chromium, driven by playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
