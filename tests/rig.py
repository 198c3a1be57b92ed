"""A round of the command line against a loopback server, and all that is to be seen afterwards:
exit code, log, run record, posts, quarantine, memory, incidents, and what Data health says."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import text

from db.engine import open_reader, open_writer, snapshot
from db.tables import metadata
from insights.health import Health
from tests.gemini_server import GeminiServer
from tests.replay import NOT_FOUND, Asked, Reply, Scenario, replay
from tests.test_cli import environment, plain_environment, run
from ui import data, data_health

TOKENS = {
    "x": {"X_BEARER_TOKEN": "canary-of-x"},
    "instagram": {
        "INSTAGRAM_ACCESS_TOKEN": "canary-of-instagram",
        "INSTAGRAM_USER_ID": "178",
        "INSTAGRAM_HASHTAGS": "langkawi",
    },
    "facebook": {"FACEBOOK_ACCESS_TOKEN": "canary-of-facebook", "FACEBOOK_PAGE_IDS": "101"},
    "youtube": {"YOUTUBE_API_KEY": "canary-of-youtube"},
    "tiktok": {"TIKTOK_CLIENT_KEY": "canary-of-tiktok", "TIKTOK_CLIENT_SECRET": "canary-secret"},
}
QUICK = {"COLLECTOR_RETRY_BASE": "0.01", "COLLECTOR_RETRY_MAX_WAIT": "0.05"}
STANDING = {"ok": Health.OK, "failed": Health.ERROR, "partial": Health.ERROR}
SUMS = ("likes", "comments", "shares", "views")
SEEDED = {"places", "place_aliases", "events", "event_templates", "data_version"}


@dataclass(frozen=True)
class Seen:
    """What was to be seen after a round of one platform."""

    platform: str
    code: int
    said: str
    seconds: float
    asked: list[Asked]
    questions: list[Any]
    posts: dict[str, Any]
    quarantine: list[Any]
    memory: dict[str, Any]
    incidents: list[Any]
    last: Mapping[str, Any]
    standing: Health
    labels: Mapping[str, Any] | None

    @property
    def cursors(self) -> list[Any]:
        return [value for key, value in self.memory.items() if key.startswith("cursor:")]

    def was(
        self,
        status: str,
        kind: str | None = None,
        *,
        posts: int,
        quarantined: int = 0,
        standing: Health | None = None,
        code: int | None = None,
    ) -> Seen:
        """The round ended so, by its exit code, its record, its posts, and on the page."""
        assert (self.last["status"], _known(self.last["error_kind"])) == (status, kind), self.said
        assert self.code == ((0 if status == "ok" else 3) if code is None else code), self.said
        assert len(self.posts) == posts, sorted(self.posts)
        assert len(self.quarantine) == quarantined, self.quarantine
        nothing = status == "ok" and not self.last["stored"] and not self.last["updated"]
        told = standing or (Health.NOTHING_NEW if nothing else STANDING[status])
        assert self.standing == told
        assert "Traceback" not in self.said
        return self

    def noted(self, *words: str) -> Seen:
        """The record's note or error holds these words, which Data health shows."""
        told = f"{self.last['note']} {self.last['error']}"
        assert all(word in told for word in words), told
        return self

    def only(self) -> Any:
        """The one post that was stored."""
        (post,) = self.posts.values()
        return post


class Rig:
    """One database, and rounds that end in it."""

    def __init__(self, url: str, folder: str):
        self.url = url
        self._given = {
            "DATABASE_URL": url,
            "DEMO_DATABASE_URL": f"sqlite:///{folder}/demo.db",
            **QUICK,
        }

    def round(
        self,
        platform: str,
        scenario: Scenario,
        *,
        gemini: GeminiServer | None = None,
        **settings: str,
    ) -> Seen:
        """One round of one platform against a server that plays this scenario."""
        with replay(scenario) as api, gemini or contextlib.nullcontext():
            address = {f"{platform.upper()}_API_BASE_URL": api.url}
            given = {**self._given, **TOKENS[platform], **address, **settings}
            if gemini:
                given |= {"GEMINI_API_KEY": "canary-key", "GEMINI_API_BASE_URL": gemini.url}
            begun = time.monotonic()
            done = run(given, "--once")
            seconds = time.monotonic() - begun
        said = done.stdout + done.stderr
        assert "canary" not in said
        return self._seen(platform, given, done.returncode, said, seconds, api.asked, gemini)

    def command(self, *arguments: str, **settings: str):
        """Another command on the same database."""
        return run({**self._given, **settings}, *arguments)

    def rows(self, sql: str) -> list[Any]:
        """What a query finds."""
        return self.tables(sql)[0]

    def write(self, sql: str) -> None:
        """Change the database by hand."""
        engine = open_writer(self.url)
        with engine.begin() as connection:
            connection.execute(text(sql))
        engine.dispose()

    def tables(self, *queries: str) -> list[list[Any]]:
        """What each of these finds, at one moment."""
        engine = open_reader(self.url)
        with snapshot(engine) as connection:
            found = [connection.execute(text(sql)).mappings().all() for sql in queries]
        engine.dispose()
        return [[_Row(row) for row in rows] for rows in found]

    def _seen(self, platform, given, code, said, seconds, asked, gemini) -> Seen:
        kept = {t: f"SELECT * FROM {t}" for t in metadata.tables if t not in SEEDED}
        stored = dict(zip(kept, self.tables(*kept.values()), strict=True))
        _check_whole(stored)
        state = [row for row in stored["platform_state"] if row.platform == platform]
        with environment(plain_environment(given)):
            last, standing, labels = _page(platform)
        return Seen(
            platform,
            code,
            said,
            seconds,
            list(asked),
            list(gemini.received) if gemini else [],
            {row.post_id: row for row in stored["social_posts"]},
            [row for row in stored["quarantine"] if row.replayed_at is None],
            {row.key: _plain(row.value) for row in state},
            stored["incidents"],
            last,
            standing,
            labels,
        )


class _Row(dict):
    """A row whose columns are attributes too."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


def _check_whole(stored: Mapping[str, list[Any]]) -> None:
    """Whatever happened: nothing is left open, totals are the posts', no secret is stored."""
    assert all(run.status != "running" for run in stored["collection_runs"])
    assert all(lease.owner is None for lease in stored["leases"])
    counted = [post for post in stored["social_posts"] if post.counted]
    assert sum(cell.posts for cell in stored["daily_totals"]) == len(counted)
    for name in SUMS:
        cells = [cell[name] or 0 for cell in stored["daily_totals"]]
        assert sum(cells) == sum(post[name] or 0 for post in counted), name
    assert "canary" not in str(stored)
    assert "access_token" not in str(stored)


def _plain(value: Any) -> Any:
    """SQLite hands JSON out as text."""
    return json.loads(value) if isinstance(value, str) and value[:1] in '{["' else value


def _known(value: Any) -> Any:
    return None if pd.isna(value) else value


def _page(platform: str) -> tuple[Any, ...]:
    """What Data health is handed: a platform's last run, its standing, the classifier's row."""
    data.start_anew()
    now = data.live_collection()
    assert now is not None
    rows = {row["platform"]: row for row in now.health.to_dict("records")}
    runs = now.runs[now.runs["platform"] == platform].to_dict("records")
    last = next(row for row in runs if row["status"] != "running")
    return last, data_health.standing(rows[platform]), rows.get("classify")


# ---- what platforms answer ----------------------------------------------------------------------

GRAPH = "/v26.0"


def by_edge(**edges: Any) -> Scenario:
    """A scenario of the Graph API by the last part of the path: a reply, a list, a function.

    Edges nobody names are empty; every hashtag is known.
    """
    left = {name: list(r) if isinstance(r, list) else r for name, r in edges.items()}
    empty = {"ig_hashtag_search": Reply({"data": [{"id": "17840000000000001"}]})}

    def answer(asked: Asked) -> Reply:
        if not asked.path.startswith(GRAPH):
            return NOT_FOUND
        edge = asked.path.rpartition("/")[2]
        found = left.get(edge, empty.get(edge, Reply({"data": []})))
        if callable(found):
            return found(asked)
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    return answer
