"""`make storm`: kill the collector at random moments and look whether anything was lost.

A loopback server plays all five platforms and Gemini and shows a fixed world of posts, more of
them after every kill. `python -m collector --once` is killed (-9) at random moments of its work;
then two ordinary rounds must leave each post exactly once, with the place and the label that its
own text asks for. `python -m benchmarks.storm --help` for the number of kills and the databases.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from db.engine import open_reader, open_writer, snapshot
from tests import conftest
from tests.e2e.browser import plain_environment
from tests.gemini_server import GeminiServer
from tests.gemini_server import Received as GeminiReceived
from tests.gemini_server import Reply as GeminiReply
from tests.replay import (
    NOT_FOUND,
    TIKTOK_ACCESS,
    TIKTOK_QUERY,
    TIKTOK_TOKEN,
    X_SEARCH,
    YOUTUBE_SEARCH,
    YOUTUBE_VIDEOS,
    Asked,
    Reply,
    Server,
    replay,
)

ROOT = Path(__file__).parents[1]
PLACES = ("Pantai Cenang", "Menara Alor Setar", "Gunung Jerai", "Gunung Keriang")
FINDS_ALL = '"Langkawi"'  # the search of X that finds every post
WORDS = {"positive": "cantik", "negative": "kotor", "neutral": "biasa"}
PLATFORMS = ("x", "instagram", "facebook", "youtube", "tiktok")
X_LOOKUP = "/2/tweets"
FACEBOOK_PAGE, HASHTAG, INSTAGRAM_USER = "101", "17840000000000001", "178"
PAGE = 20  # posts
VIDEO_PAGE = 50  # videos a search, of which a day has a hundred
PAUSE = 0.02  # seconds an answer takes, so that a kill can fall between two of them
KILLS_A_DAY = 10
BATCH = 6  # posts a question to the classifier: what one kill can cost twice
MOST_REPEATED = 0.15  # of all posts
OLDEST = timedelta(days=5)  # X looks back seven days
ANSWERS = 40  # about as many as a round gets
STARTING = 3.0  # seconds
LIMIT = 120  # seconds for a round that nobody kills


@dataclass(frozen=True)
class Written:
    """A post of the world. Its text alone says which place and which label it must get."""

    platform: str
    number: int
    created_at: datetime

    @property
    def post_id(self) -> str:
        plain = f"{1_900_000_000_000_000_000 + self.number}"
        return f"{FACEBOOK_PAGE}_{plain}" if self.platform == "facebook" else plain

    @property
    def place(self) -> str:
        return PLACES[self.number % len(PLACES)]

    @property
    def label(self) -> str:
        return list(WORDS)[self.number % len(WORDS)]

    @property
    def content(self) -> str:
        return f"{self.place} {WORDS[self.label]} sekali, nota {self.platform} {self.number}"


class World:
    """The posts of three platforms; the first `shown` of each are there, more as time goes on."""

    def __init__(self, each: int):
        self.shown = self.each = each
        first = datetime.now(UTC).replace(microsecond=0) - OLDEST
        step = (OLDEST - timedelta(minutes=5)) / each
        self.posts = {
            name: [Written(name, n, first + n * step) for n in range(each)] for name in PLATFORMS
        }

    @property
    def all(self) -> dict[tuple[str, str], Written]:
        return {(w.platform, w.post_id): w for name in PLATFORMS for w in self.posts[name]}

    def __call__(self, asked: Asked) -> Reply:
        edge = asked.path.rpartition("/")[2]
        ids = asked.query.get("ids", "").split(",")
        if asked.path == X_SEARCH:
            return self._x(asked)
        if asked.path == X_LOOKUP:
            return Reply({"data": [_tweet(w) for w in self._known("x", ids)]}, delay=PAUSE)
        if "ids" in asked.query:
            found = {w.post_id: _page_post(w) for w in self._known("facebook", ids)}
            return Reply(found, delay=PAUSE)
        if edge == "ig_hashtag_search":
            return Reply({"data": [{"id": HASHTAG}]}, delay=PAUSE)
        if edge == "recent_media":
            return self._graph("instagram", asked, _media)
        if edge == "posts":
            return self._graph("facebook", asked, _page_post)
        if asked.path == YOUTUBE_SEARCH:
            return self._youtube(asked)
        if asked.path == YOUTUBE_VIDEOS:
            return self._videos(asked.query["id"].split(","))
        if asked.path == TIKTOK_TOKEN:
            return Reply({"access_token": TIKTOK_ACCESS, "expires_in": 7200}, delay=PAUSE)
        if asked.path == TIKTOK_QUERY:
            return self._tiktok(json.loads(asked.body))
        if edge in ("top_media", "media", "recently_searched_hashtags"):
            return Reply({"data": []}, delay=PAUSE)
        return NOT_FOUND

    def _newest(self, platform: str, since: datetime) -> list[Written]:
        shown = self.posts[platform][: self.shown]
        return [w for w in reversed(shown) if w.created_at >= since]

    def _x(self, asked: Asked) -> Reply:
        """One search finds everything, every other one a few of it again."""
        found = self._newest("x", datetime.fromisoformat(asked.query["start_time"]))
        found = found if FINDS_ALL in asked.query["query"] else found[:3]
        start = int(asked.query.get("next_token", "0"))
        rows = [_tweet(w) for w in found[start : start + PAGE]]
        meta = {"result_count": len(rows)}
        if start + PAGE < len(found):
            meta["next_token"] = str(start + PAGE)
        return Reply({"data": rows, "meta": meta} if rows else {"meta": meta}, delay=PAUSE)

    def _youtube(self, asked: Asked) -> Reply:
        """As with X one search finds everything; a page is larger, as searches are few."""
        found = self._newest("youtube", datetime.fromisoformat(asked.query["publishedAfter"]))
        before = asked.query.get("publishedBefore")
        found = [w for w in found if not before or w.created_at < datetime.fromisoformat(before)]
        found = found if FINDS_ALL.strip('"') in asked.query["q"] else found[:3]
        start = int(asked.query.get("pageToken", "0"))
        body = {"items": [_result(w) for w in found[start : start + VIDEO_PAGE]]}
        if start + VIDEO_PAGE < len(found):
            body["nextPageToken"] = str(start + VIDEO_PAGE)
        return Reply(body, delay=PAUSE)

    def _known(self, platform: str, ids: list[str]) -> list[Written]:
        """The posts of these ids, as lookups find them."""
        return [w for w in self.posts[platform][: self.shown] if w.post_id in ids]

    def _videos(self, ids: list[str]) -> Reply:
        found = [_video(w) for w in self._known("youtube", ids)]
        return Reply({"items": found}, delay=PAUSE)

    def _tiktok(self, asked: dict) -> Reply:
        days = (asked["start_date"], asked["end_date"])
        found = [
            w
            for w in self._newest("tiktok", datetime.min.replace(tzinfo=UTC))
            if days[0] <= f"{w.created_at:%Y%m%d}" <= days[1]
        ]
        for one in asked["query"]["and"]:
            if one["field_name"] == "video_id":
                wanted = {str(value) for value in one["field_values"]}
                found = [w for w in found if w.post_id in wanted]
        start = asked.get("cursor", 0)
        rows = [_short(w) for w in found[start : start + PAGE]]
        more = start + PAGE < len(found)
        data = {"videos": rows, "cursor": start + len(rows), "has_more": more, "search_id": "7"}
        return Reply({"data": data, "error": {"code": "ok"}}, delay=PAUSE)

    def _graph(self, platform: str, asked: Asked, shape) -> Reply:
        since = datetime.fromtimestamp(int(asked.query.get("since", "0")), UTC)
        found = self._newest(platform, since)
        start = int(asked.query.get("after", "0"))
        body = {"data": [shape(w) for w in found[start : start + PAGE]]}
        if start + PAGE < len(found):
            following = f"https://graph.facebook.com/v26.0/1/posts?after={start + PAGE}"
            body["paging"] = {"cursors": {"after": str(start + PAGE)}, "next": following}
        return Reply(body, delay=PAUSE)


def _tweet(w: Written) -> dict:
    counts = {"like_count": w.number, "reply_count": 1, "retweet_count": 0, "quote_count": 0}
    created = f"{w.created_at:%Y-%m-%dT%H:%M:%S}.000Z"
    return {"id": w.post_id, "text": w.content, "created_at": created, "public_metrics": counts}


def _media(w: Written) -> dict:
    return {
        "id": w.post_id,
        "caption": w.content,
        "timestamp": f"{w.created_at:%Y-%m-%dT%H:%M:%S}+0000",
        "like_count": w.number,
        "comments_count": 1,
        "media_type": "IMAGE",
    }


def _page_post(w: Written) -> dict:
    return {
        "id": w.post_id,
        "message": w.content,
        "created_time": f"{w.created_at:%Y-%m-%dT%H:%M:%S}+0000",
        "reactions": {"summary": {"total_count": w.number}},
    }


def _result(w: Written) -> dict:
    snippet = {"title": w.content, "publishedAt": f"{w.created_at:%Y-%m-%dT%H:%M:%S}Z"}
    return {"id": {"kind": "youtube#video", "videoId": w.post_id}, "snippet": snippet}


def _video(w: Written) -> dict:
    counts = {"likeCount": str(w.number), "commentCount": "1"}
    found = _result(w)
    return {**found, "kind": "youtube#video", "id": w.post_id, "statistics": counts}


def _short(w: Written) -> dict:
    return {
        "id": int(w.post_id),
        "video_description": w.content,
        "create_time": int(w.created_at.timestamp()),
        "like_count": w.number,
        "comment_count": 1,
        "hashtag_names": ["kedah"],
    }


class Labeller(GeminiServer):
    """Gemini, a little slow, counting how often it was shown each text."""

    def __init__(self):
        super().__init__()
        self.shown: Counter[str] = Counter()

    def reply_to(self, request: GeminiReceived) -> GeminiReply:
        self.shown.update(post["text"] for post in request.posts)
        self.pause(PAUSE)
        return super().reply_to(request)


class Storm:
    """Kills rounds of one database, then lets two of them end."""

    def __init__(self, url: str, kills: int, each: int, seed: int):
        self.world = World(each)
        self._url, self._kills = url, kills
        self._chance = random.Random(seed)
        self.codes: list[int] = []
        self.labeller = Labeller()

    def run(self) -> None:
        with replay(self.world) as platforms, self.labeller:
            for number in range(self._kills):
                if number % KILLS_A_DAY == 0:
                    self._begin_a_day()
                self.world.shown = max(1, self.world.each * (number + 1) // self._kills)
                self._kill_one(platforms)
            self._begin_a_day()
            self.codes = [self._round(platforms.url).wait(LIMIT) for _ in range(2)]

    def _begin_a_day(self) -> None:
        """Forget what was spent of YouTube's searches: these rounds are two hours apart in truth,
        and a storm makes more of them in a day than there are searches for."""
        engine = open_writer(self._url)
        with engine.begin() as connection:
            if inspect(connection).has_table("platform_state"):
                spent = "DELETE FROM platform_state WHERE key IN ('quota', 'closed_until')"
                connection.execute(text(spent))
        engine.dispose()

    def _kill_one(self, platforms: Server) -> None:
        """Kill a round after a random number of answers and a moment more.

        One in eight is killed while it starts, which no answer tells: it may be migrating. One
        that ended before the kill is none: the next is cut off earlier.
        """
        most = ANSWERS
        while True:
            begun = self._answers(platforms)
            answers = self._chance.randint(1, most)
            latest = STARTING * self._chance.random() if self._chance.random() < 1 / 8 else LIMIT
            process = self._round(platforms.url)
            ends_at = time.monotonic() + latest
            while process.poll() is None and time.monotonic() < ends_at:
                if self._answers(platforms) - begun >= answers:
                    time.sleep(self._chance.uniform(0, 3 * PAUSE))
                    break
                time.sleep(0.005)
            if process.poll() is None:
                process.kill()
                process.wait()
                return
            most = max(1, self._answers(platforms) - begun)

    def _answers(self, platforms: Server) -> int:
        return len(platforms.asked) + len(self.labeller.received)

    def _round(self, platform_url: str) -> subprocess.Popen:
        settings = {
            "DATABASE_URL": self._url,
            "X_BEARER_TOKEN": "storm-token-of-x",
            "X_API_BASE_URL": platform_url,
            "INSTAGRAM_ACCESS_TOKEN": "storm-token-of-instagram",
            "INSTAGRAM_USER_ID": INSTAGRAM_USER,
            "INSTAGRAM_HASHTAGS": "kedah",
            "INSTAGRAM_API_BASE_URL": platform_url,
            "FACEBOOK_ACCESS_TOKEN": "storm-token-of-facebook",
            "FACEBOOK_PAGE_IDS": FACEBOOK_PAGE,
            "FACEBOOK_API_BASE_URL": platform_url,
            "YOUTUBE_API_KEY": "storm-key-of-youtube",
            "YOUTUBE_API_BASE_URL": platform_url,
            # Only such a project may have its videos labelled.
            "YOUTUBE_AUDITED": "1",
            "TIKTOK_CLIENT_KEY": "storm-key-of-tiktok",
            "TIKTOK_CLIENT_SECRET": "storm-secret-of-tiktok",
            "TIKTOK_API_BASE_URL": platform_url,
            "GEMINI_API_KEY": "storm-key",
            "GEMINI_API_BASE_URL": self.labeller.url,
            "COLLECTOR_CLASSIFY_BATCH": str(BATCH),
            "COLLECTOR_MAX_PAGES": "100",
            "COLLECTOR_LOG_LEVEL": "ERROR",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "collector", "--once"],
            cwd=ROOT,
            env=plain_environment(settings),
            stderr=subprocess.DEVNULL,
        )


# ---- what must be true afterwards ----------------------------------------------------------------

STORED = """
SELECT p.platform, p.post_id, p.content, p.sentiment, l.name AS place
FROM social_posts p LEFT JOIN places l ON l.id = p.place_id"""
FIGURES = "posts, positive, neutral, negative, likes, comments"
GROUPED = """
SELECT coalesce(place_id, 0), day, platform, count(*),
  sum(CASE WHEN sentiment = 'positive' THEN 1 ELSE 0 END),
  sum(CASE WHEN sentiment = 'neutral' THEN 1 ELSE 0 END),
  sum(CASE WHEN sentiment = 'negative' THEN 1 ELSE 0 END), sum(likes), sum(comments)
FROM social_posts WHERE counted GROUP BY coalesce(place_id, 0), day, platform"""


@dataclass(frozen=True)
class Check:
    """One thing that must be true, and what was seen."""

    name: str
    seen: str
    passed: bool


def checks(storm: Storm, connection: Connection) -> list[Check]:
    """Everything that must be true after the storm, posts first."""
    wanted = storm.world.all
    rows = connection.execute(text(STORED)).all()
    stored = {(row.platform, row.post_id): row for row in rows}
    crossed = [
        key
        for key, row in stored.items()
        if key in wanted
        and (row.content, row.sentiment, row.place)
        != (wanted[key].content, wanted[key].label, wanted[key].place)
    ]
    return [
        Check("the two rounds end with 0", str(storm.codes), storm.codes == [0, 0]),
        _none("posts lost", wanted.keys() - stored.keys(), len(wanted)),
        _none("posts doubled or invented", [*stored.keys() - wanted.keys()], len(rows)),
        _none("posts with another's text, place or label", crossed, len(rows)),
        _totals(connection),
        *_left_open(connection),
        _repeated(storm),
    ]


def _none(name: str, found, of: int) -> Check:
    return Check(f"no {name}", f"{len(found)} of {of}", not found)


def _totals(connection: Connection) -> Check:
    kept = text(f"SELECT place_id, day, platform, {FIGURES} FROM daily_totals")
    kept = {tuple(map(_plain, row)) for row in connection.execute(kept)}
    counted = {tuple(map(_plain, row)) for row in connection.execute(text(GROUPED))}
    different = len(kept ^ counted)
    return Check("totals equal the posts", f"{different} of {len(counted)} differ", not different)


def _plain(value):
    """PostgreSQL sums whole numbers into a Decimal."""
    return value if value is None or isinstance(value, str) else int(value)


def _left_open(connection: Connection) -> list[Check]:
    running = "SELECT count(*) FROM collection_runs WHERE status = 'running'"
    held = "SELECT count(*) FROM leases WHERE owner IS NOT NULL"
    running, held = (connection.execute(text(sql)).scalar_one() for sql in (running, held))
    return [
        Check("no run record left open", f"{running} running", running == 0),
        Check("the lease is free", f"{held} held", held == 0),
    ]


def _repeated(storm: Storm) -> Check:
    again, of = sum(storm.labeller.shown.values()) - len(storm.labeller.shown), len(storm.world.all)
    seen = f"{again} of {of} posts ({again / of:.0%})"
    return Check(f"at most {MOST_REPEATED:.0%} classified again", seen, again <= MOST_REPEATED * of)


# ---- running it ---------------------------------------------------------------------------------


def storm(url: str, kills: int, each: int, seed: int) -> list[Check]:
    """Kill so many rounds of an empty database, and say what it looks like afterwards."""
    one = Storm(url, kills, each, seed)
    one.run()
    engine = open_reader(url)
    try:
        with snapshot(engine) as connection:
            return checks(one, connection)
    finally:
        engine.dispose()


@contextlib.contextmanager
def empty_database(kind: str) -> Iterator[str]:
    """The address of a database of our own that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/storm.db"
            return
        server = conftest.own_postgres()
        try:
            yield server.empty_database()
        finally:
            server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--each", type=int, default=120, help="posts of each platform")
    parser.add_argument("--seed", type=int, default=None, help="to repeat a storm")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    given = parser.parse_args()
    seed = random.SystemRandom().randint(1, 10**6) if given.seed is None else given.seed
    passed = True
    for kind in given.database or ["sqlite", "postgresql"]:
        with empty_database(kind) as url:
            print(f"{kind}: {given.kills} kills, seed {seed}", flush=True)
            for check in storm(url, given.kills, given.each, seed):
                passed &= check.passed
                verdict = "ok  " if check.passed else "FAIL"
                print(f"  {verdict} {check.name}: {check.seen}", flush=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
