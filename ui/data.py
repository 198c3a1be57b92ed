"""What pages read: it opens the live and the demo database, chooses one, and caches.

The only builder on the dashboard's side. To the live database it writes event templates only.
"""

from __future__ import annotations

import ctypes
import gc
import os
import socket
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from db import alarms, briefs, corrections, demo, incidents, queries, store
from db.alarms import Alarm
from db.costs import Cost, allowances_of, costs, spent_today
from db.cube import Cube
from db.engine import (
    ERRORS,
    Connection,
    DatabaseError,
    Engine,
    Schema,
    open_reader,
    open_writer,
    schema_state,
    snapshot,
    sqlite_file,
)
from db.seed import seed_places
from db.snapshots import engagement_at_age, has_snapshots
from db.templates import Overwritten as Overwritten
from db.templates import Stored, refresh_events
from db.templates import save_template as save_event_template
from insights import ages, fairness, metrics, steps
from insights import effect as effects
from insights.breaker import breaker
from insights.brief import Brief
from insights.corrections import Correction
from insights.health import gaps as health_gaps
from insights.incidents import Finding, Incident, silence
from insights.model import EventTemplate, Place, Platform, PostFilter, Scope
from insights.quotas import Allowance
from insights.recurrence import only_month
from insights.table import Table
from settings import Settings, read_settings

_SOURCE = "source_of_run"
_READ: ContextVar[Source | None] = ContextVar("read", default=None)
# A database that did not answer is left alone for so long before it is asked again.
_RETRY_SECONDS = 15
# A run that starts does not raise the version, so what is said of runs may be this old.
_STATUS_SECONDS = 10
# An officer who saves waits no longer than this for a collector that is writing.
_WRITE_SECONDS = 10.0
_KEEP_SECONDS = 3600
_MOST_ANSWERS = 400
# So many rounds may be missed (a restart, a bad night) before the page calls its data old.
_MISSED_ROUNDS = 3
_warmed: set[bool] = set()
_TROUBLE = {"failed", "partial", "interrupted"}


class Answers:
    """What was worked out from one version of the data; thrown away with it, and bounded.

    Not Streamlit's cache: that one pickles every answer, which costs more than most of them.
    """

    def __init__(self):
        self._kept: dict[tuple, Any] = {}

    def of(self, key: tuple, make: Callable[[], Any]) -> Any:
        """The answer under this key, made if need be. Tables are copies (their data is not), so
        that a caller who adds a column adds it to its own."""
        kept = self._kept
        answer = kept[key] if key in kept else self._keep(key, make())
        return answer.copy(deep=False) if isinstance(answer, pd.DataFrame) else answer

    def lately(self, key: tuple, make: Callable[[], Any]) -> Any:
        """The same of what moves without a new version: at most _STATUS_SECONDS old. For answers
        that nobody changes, as they are not copied."""
        slot = ("lately", *key)
        asked, answer = self._kept.get(slot, (None, None))
        if asked is None or time.monotonic() - asked >= _STATUS_SECONDS:
            _, answer = self._keep(slot, (time.monotonic(), make()))
        return answer

    def _keep(self, key: tuple, answer: Any) -> Any:
        if len(self._kept) >= _MOST_ANSWERS:
            self._kept = {}
        self._kept[key] = answer
        return answer

    def forget(self) -> None:
        """Begin anew, though the version stands."""
        self._kept = {}


class Database:
    """One database as this process reads it: its engine and the cube, refreshed on each rerun."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._cube: Cube | None = None
        self._answers = Answers()
        self._lock = threading.Lock()

    def read(self, status: Status) -> Source:
        """The totals as the database stands now; one row is read when nothing has changed."""
        with self._lock:
            known = self._cube
            self._cube = known.refreshed(self.engine) if known else Cube.load(self.engine)
            if self._cube is not known:
                self._answers = Answers()
            return Source(self.engine, self._cube, self._answers, status)


class Live:
    """The shared database, and what is known of it while it cannot be read.

    `why` is then "never" (nobody has made it yet) or "unreachable", with `problem` and
    `failed_since`.
    """

    def __init__(self, url: str):
        self._url = url
        self._database: Database | None = None
        self._retry_at = 0.0
        self.why = "never"
        self.failed_since: datetime | None = None
        self.problem: str | None = None

    def read(self) -> Source | None:
        """The database as it stands now; None while it cannot be read. Its status is still to be
        asked for."""
        if time.monotonic() < self._retry_at:
            return None
        try:
            self._database = self._database or Database(open_reader(self._url))
            source = self._database.read(Status(False, "live"))
        except ERRORS as error:
            self._note(error)
            return None
        self.failed_since = self.problem = None
        return source

    def _note(self, error: Exception) -> None:
        if self._was_never_made():
            self.why, self.failed_since, self.problem = "never", None, None
            return
        self.why = "unreachable"
        self.problem = _problem(error)
        self.failed_since = self.failed_since or datetime.now(UTC)
        self._retry_at = time.monotonic() + _RETRY_SECONDS

    def _was_never_made(self) -> bool:
        try:
            file = sqlite_file(self._url)
            if file and not file.exists():
                return True
            with snapshot(self._database.engine) as connection:
                return schema_state(connection) is Schema.MISSING
        except ERRORS:
            return False


def _problem(error: Exception) -> str:
    """An error in words that may be shown: a driver's own may repeat addresses and values."""
    return str(error) if isinstance(error, DatabaseError) else type(error).__name__


@dataclass(frozen=True)
class Status:
    """Which database answers, why, and how collection stands.

    `why` is "live", or for the demo "chosen", "never" (nothing was collected yet) or
    "unreachable" (with `failed_since`). `last_success` is the end of the last successful run.
    `troubled` lists the platforms whose last run failed: code, error kind, since when.
    """

    demo: bool
    why: str
    failed_since: datetime | None = None
    problem: str | None = None
    last_success: datetime | None = None
    troubled: tuple[tuple[str, str | None, datetime | None], ...] = ()


@dataclass(frozen=True)
class Source:
    """The database and the totals that one run of a page reads from, and nothing newer."""

    engine: Engine
    cube: Cube
    answers: Answers
    status: Status


# --- building ------------------------------------------------------------------------------


@cache
def settings() -> Settings:
    """The settings of this process, read once. Raises SettingsError.

    Not Streamlit's cache: it is asked dozens of times a run, and that one takes 0.1 ms to answer.
    """
    return read_settings()


@cache
def _live() -> Live:
    return Live(settings().database_url)


def start_anew() -> None:
    """Forget settings, databases and answers; for tests, which bring their own of each."""
    settings.cache_clear()
    _live.cache_clear()
    st.cache_resource.clear()
    st.cache_data.clear()


@st.cache_resource(show_spinner=False, ttl="1h")
def _demo(day: date) -> Database:
    """The demo database, made or brought up to this day by whoever needs it first."""
    url = settings().demo_database_url
    writer = open_writer(url)
    demo.make_demo(writer, seed_places(), datetime.now(UTC), zone())
    writer.dispose()
    return Database(open_reader(url))


# Fixes for the whole process: the first two, measured together, took a filter change from 88 to
# 33 ms.


_TO_KEEP_LITTLE = {-3: 1 << 16, -1: 1 << 16, -8: 1}  # mmap and trim from 64 kB up, one arena


@cache
def send_at_once() -> None:
    """Take the wait out of every message to a browser.

    Streamlit binds with protocol 0, so asyncio never sets TCP_NODELAY and Nagle's algorithm waits
    for the delayed acknowledgement (46 ms on Linux). An option set through a duplicate of the
    descriptor reaches the socket, and accepted sockets inherit it.
    """
    for descriptor in _open_descriptors():
        _send_at_once(descriptor)


@cache
def freeze_memory() -> None:
    """Leave out of every later collection what is there for good; once, after the first page.

    What imports, the cube and the first page leave behind need not be walked each time (35-60 ms
    of CPU).
    """
    gc.collect()
    gc.freeze()
    _give_back()


@cache
def keep_little() -> None:
    """Have large blocks handed back to the system as soon as they are free.

    The first large block that is freed lets glibc keep such blocks for later, and each of the
    threads that sessions run in would do so in a pool of its own: 20 MB after a million posts,
    100 MB after ten. Numbers of the options as in malloc.h.
    """
    option = _of_glibc("mallopt")
    if option is not None:
        for number, value in _TO_KEEP_LITTLE.items():
            option(number, value)


def _give_back() -> None:
    """Hand back what small blocks left free, too."""
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A call that only this C library has."""
    return getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None


def _open_descriptors() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return []


def _send_at_once(descriptor: int) -> None:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            if connection.family in (socket.AF_INET, socket.AF_INET6):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        return  # closed meanwhile, or not of TCP


# --- choosing ------------------------------------------------------------------------------


def open_source(demo_wanted: bool) -> Status:
    """Choose the database for this run of a page and hold on to it until the run ends.

    The demo answers when the reader asks for it, when the live database cannot be used and when
    nothing was ever collected into it.
    """
    source = _source_for(demo_wanted)
    _warmed.add(source.status.demo)
    st.session_state[_SOURCE] = source
    _READ.set(source)
    return source.status


def is_cold() -> bool:
    """Whether nothing was read in this process yet, so that the first reader may have to wait."""
    return not _warmed


def _source_for(demo_wanted: bool) -> Source:
    live = _live()
    found = None if demo_wanted else live.read()
    if found is None:
        why = "chosen" if demo_wanted else live.why
        return _demo_source(Status(True, why, live.failed_since, live.problem))
    try:
        status = found.answers.of(("status",), lambda: _live_status(found.engine))
    except ERRORS as error:
        return _demo_source(Status(True, "unreachable", datetime.now(UTC), _problem(error)))
    return replace(found, status=status) if status else _demo_source(Status(True, "never"))


def _demo_source(status: Status) -> Source:
    return _demo(today()).read(status)


def _live_status(engine: Engine) -> Status | None:
    """How collection stands (each run that ends raises the version); None when nothing was ever
    collected."""
    with snapshot(engine) as connection:
        if not queries.ever_collected(connection):
            return None
        last_success = queries.last_success(connection)
        health = queries.platform_health(connection)
    resting = (health["status"] == "skipped") & health["error_kind"].notna()
    troubles = health["status"].isin(_TROUBLE) | resting
    # Lines left out of a file are the file's fault; no platform fails.
    rows = health[troubles & (health["platform"] != Platform.IMPORT)].to_dict("records")
    troubled = tuple(
        (row["platform"], row["error_kind"], _instant(row["failing_since"])) for row in rows
    )
    return Status(False, "live", last_success=last_success, troubled=troubled)


def _instant(value: object) -> datetime | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).to_pydatetime()


def _source() -> Source:
    """Asked some sixty times a run, and the session's state is slow to answer."""
    return _READ.get() or st.session_state[_SOURCE]


def status() -> Status:
    """Which database answers in this run, and how collection stands."""
    return _source().status


def is_stale(status: Status) -> bool:
    """Whether collected posts are older than they should be: several rounds were missed."""
    if status.demo or status.last_success is None:
        return False
    allowed = timedelta(seconds=_MISSED_ROUNDS * settings().collector_interval_seconds)
    return now() - status.last_success > allowed


# --- clock -----------------------------------------------------------------------------------


def zone() -> ZoneInfo:
    """The zone that days are counted in."""
    return settings().zone


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def audited() -> bool:
    """Whether the operator declared an audited YouTube project (YOUTUBE_AUDITED)."""
    return settings().youtube_audited


def today() -> date:
    """The reader's calendar day."""
    return datetime.now(zone()).date()


# --- totals, straight from the cube ------------------------------------------------------------


def cube() -> Cube:
    """The totals of this run."""
    return _source().cube


def _of_cube(table: str, scope: Scope) -> Any:
    source = _source()

    def read() -> Any:
        answer = getattr(source.cube, table)(scope)
        return _underived(answer) if scope.is_apart else answer

    return source.answers.of((table, scope), read)


def table(name: str, scope: Scope) -> Table:
    """A table of the cube by the name of its function below, not made into a DataFrame: what a
    page that only walks over the rows should take."""
    return _of_cube(name, scope)


def _frame_of(name: str, scope: Scope) -> pd.DataFrame:
    return _source().answers.of(("frame", name, scope), lambda: table(name, scope).frame())


_LABELS = ("positive", "neutral", "negative")


def _underived(answer: Any) -> Any:
    """The same without what may not be derived from a platform that stands apart: no label, also
    none of a time when the project was declared audited, and no engagement."""
    nothing = dict.fromkeys(_LABELS, 0)
    if isinstance(answer, metrics.Totals):
        return replace(answer, **nothing)
    if "topic" in answer.names:
        return answer.none()
    return answer.filled(**nothing, engagement=float("nan"))


def voices(scope: Scope) -> dict[str, int]:
    """Counted posts of the scope by voice, whatever voice it has; they add up to all."""
    source = _source()
    return source.answers.of(("voices", scope), lambda: source.cube.voices(scope))


def totals(scope: Scope) -> metrics.Totals:
    """Everything counted in the scope, each post once."""
    return _of_cube("totals", scope)


@dataclass(frozen=True)
class Compared:
    """Totals of two spans of equal length and weekdays; `span` is None where there are none.

    `too_new`: there are none because collection, or that of a platform that matters, began in the
    middle of the earlier one. `hole`: because something of either was missed for good.
    """

    span: metrics.Comparison | None
    now: metrics.Totals | None = None
    before: metrics.Totals | None = None
    too_new: bool = False
    hole: fairness.Hole | None = None


def compared(scope: Scope) -> Compared:
    """The scope's complete days against the same number of days before them."""
    span = metrics.compared(scope, today())
    if span is None:
        return Compared(None)
    before, platforms = totals(span.before), _telling(span)
    if before.posts and _begins_within(span, platforms):
        return Compared(None, too_new=True)
    both = replace(span.now, since=span.before.since)
    missed = fairness.hole(span, gaps(both), platforms, today())
    if missed:
        return Compared(None, hole=missed)
    return Compared(span, totals(span.now), before)


def _telling(span: metrics.Comparison) -> frozenset[str]:
    """The platforms whose lack in either span would show in its figures."""
    posts: Counter[str] = Counter()
    for part in (span.now, span.before):
        posts.update(dict(table("by_platform", part).rows("platform", "posts")))
    return fairness.telling(posts)


# Posts of both spans; adding up more of them one by one takes longer than a reader waits.
MOST_AGED = 20_000


def at_equal_age(against: Compared) -> ages.AtEqualAge | None:
    """Both spans' counts at the same age of their posts; None where that cannot be told."""
    if against.span is None or against.now.posts + against.before.posts > MOST_AGED:
        return None
    if not _ask(has_snapshots):
        return None
    return ages.at_equal_age(
        against.span, today(), lambda scope, age: _ask(engagement_at_age, scope, age)
    )


def first_day() -> date | None:
    """The local day of the oldest counted post, None while there is none."""
    return _source().cube.first_day


def _begins_within(span: metrics.Comparison, platforms: Iterable[str]) -> bool:
    """Whether collection, or that of a platform that matters, began so late in the earlier span
    that it cannot be compared. Files are imported when somebody has them."""
    first = first_day()
    early = metrics.must_be_known(span, first) if first else None
    if early is None:
        return False
    parts = [replace(early, platform=code) for code in platforms if code != Platform.IMPORT]
    return not all(_was_collected(part) for part in [early, *parts])


def _was_collected(scope: Scope) -> bool:
    """Whether anything was, in whatever voice: a paper's silence is no pause in collecting."""
    return any(voices(scope).values())


def daily(scope: Scope) -> pd.DataFrame:
    """One row a day, silent days included."""
    return _frame_of("daily", scope)


def by_platform(scope: Scope) -> pd.DataFrame:
    """One row a platform."""
    return _frame_of("by_platform", scope)


def by_place(scope: Scope) -> pd.DataFrame:
    """One row a place that has posts, "Kedah, place unknown" among them."""
    return _frame_of("by_place", scope)


def by_city(scope: Scope) -> pd.DataFrame:
    """One row a city."""
    return _frame_of("by_city", scope)


def by_category(scope: Scope) -> pd.DataFrame:
    """One row a category of places."""
    return _frame_of("by_category", scope)


@dataclass(frozen=True)
class PopularPlace:
    """A place in the scope: its totals, engagement (None where no count is known) and its posts in
    the compared spans, the later first (None where nothing is compared). `slug` is "unknown" for
    posts without a place."""

    slug: str
    name: str
    totals: metrics.Totals
    engagement: int | None
    compared: tuple[int, int] | None

    @property
    def trend(self) -> metrics.Trend | None:
        """How its posts moved."""
        return None if self.compared is None else metrics.trending(*self.compared)


def popular_places(scope: Scope, against: Compared, limit: int) -> tuple[PopularPlace, ...]:
    """The places with the most engagement, largest first; unknown engagement last."""

    def rank() -> tuple[PopularPlace, ...]:
        rows = table("by_place", scope)
        named = zip(rows.rows("slug", "name", "engagement"), totals_in(rows), strict=True)
        moved = _posts_by_place(against)
        found = [_popular(*row, counted, moved) for row, counted in named]
        return tuple(sorted(found, key=_by_engagement)[:limit])

    return _source().answers.of(("popular_places", scope, against.span, limit), rank)


def _posts_by_place(against: Compared) -> tuple[dict[str, int], dict[str, int]] | None:
    if against.span is None:
        return None
    spans = (table("by_place", span) for span in (against.span.now, against.span.before))
    now, before = (dict(span.rows("slug", "posts")) for span in spans)
    return now, before


def _popular(
    slug: str,
    name: str,
    engagement: float,
    counted: metrics.Totals,
    moved: tuple[dict[str, int], dict[str, int]] | None,
) -> PopularPlace:
    compared = None if moved is None else (moved[0].get(slug, 0), moved[1].get(slug, 0))
    return PopularPlace(slug, name, counted, _whole(engagement), compared)


def _by_engagement(place: PopularPlace) -> tuple:
    known = place.engagement is not None
    return not known, -place.engagement if known else 0, -place.totals.posts


def _whole(value: object) -> int | None:
    return None if pd.isna(value) else int(value)


def topics(scope: Scope) -> pd.DataFrame:
    """Posts by topic and label."""
    return _frame_of("topics", scope)


def places() -> tuple[Place, ...]:
    """The gazetteer of the database that answers."""
    return tuple(cube().places)


def knows_city(slug: str) -> bool:
    """Whether the database that answers can be asked for this city or group of cities."""
    groups = {"all", "mainland", "unknown"}
    return slug in groups or any(place.city_slug == slug for place in cube().places)


# --- what officers write -----------------------------------------------------------------------


@contextmanager
def writing() -> Iterator[Connection]:
    """A transaction for what the dashboard may write: corrections and event templates, in the
    database of this run. Raises one of db.engine.ERRORS where that is not allowed."""
    demo_shown = _source().status.demo
    url = settings().demo_database_url if demo_shown else settings().database_url
    engine = open_writer(url, _WRITE_SECONDS)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def save_corrections(
    decisions: Sequence[Correction], *, officer: str, note: str = "", sampled: bool = False
) -> None:
    """Write one decision down. The collector lets it count; the demo has none, and counts it now.

    Raises CorrectionError, and what `writing` raises; then nothing was written.
    """
    with writing() as connection:
        corrections.save_corrections(
            connection, decisions, officer=officer, now=now(), note=note, sampled=sampled
        )
        _apply_to_demo(connection)


def undo_corrections(batch: str, *, officer: str) -> None:
    """Take a decision back; it counts as `save_corrections` does."""
    with writing() as connection:
        corrections.undo_corrections(connection, batch, officer=officer, now=now())
        _apply_to_demo(connection)


def _apply_to_demo(connection: Connection) -> None:
    while _source().status.demo and store.apply_corrections(connection, now=now()):
        pass


def corrections_made(limit: int) -> pd.DataFrame:
    """Who corrected what and when, latest first."""
    return _read(corrections.history, limit)


def corrections_of(keys: tuple[tuple[str, str], ...]) -> dict:
    """The standing corrections of these posts, by (post id, platform) and field."""
    return _read(corrections.standing, keys)


def judged_labels() -> pd.DataFrame:
    """Every label that an officer looked at."""
    return _read(corrections.checked_labels)


def waiting_corrections() -> int:
    """How many corrections and undoings no figure knows yet."""
    return _read(corrections.pending)


def labels_to_judge(seed: str, size: int) -> pd.DataFrame:
    """Labelled posts drawn by lot, that nobody has judged."""
    lots = _ask(corrections.lots, seed)
    return _read(queries.posts_of, _read(corrections.sample, lots, size))


def _read(query: Callable, *args) -> Any:
    """A query's answer as it is now: what officers write raises no version before it counts."""
    with snapshot(_source().engine) as connection:
        return query(connection, *args)


# --- posts and runs, from the database ---------------------------------------------------------


def _ask(query: Callable, *args) -> Any:
    """A query's answer, kept as long as the data stands as it stands."""
    source = _source()
    return source.answers.of((query.__name__, *args), _asking(source, query, args))


def _ask_lately(query: Callable, *args) -> Any:
    """The same for answers that nobody changes: keeping those as they are costs a tenth."""
    source = _source()
    return source.answers.lately((query.__name__, *args), _asking(source, query, args))


def _asking(source: Source, query: Callable, args: tuple) -> Callable[[], Any]:
    def ask() -> Any:
        with snapshot(source.engine) as connection:
            return query(connection, *args)

    return ask


def _ask_now(query: Callable, *args):
    """The answer of a query about runs, at most a few seconds old."""
    source = _source()
    return _fresh(query.__name__, source.status.demo, args, _query=query, _engine=source.engine)


@st.cache_data(ttl=_STATUS_SECONDS, max_entries=50, show_spinner=False)
def _fresh(name: str, is_demo: bool, args: tuple, _query, _engine):
    with snapshot(_engine) as connection:
        return _query(connection, *args)


def _page_of_posts(
    connection, wanted: PostFilter, sort: str, limit: int, offset: int, guide: Cube | None = None
):
    guide = guide or cube()
    return queries.posts(connection, wanted, sort=sort, limit=limit, offset=offset, guide=guide)


def posts(
    wanted: PostFilter, *, sort: str = "newest", limit: int = 30, offset: int = 0
) -> pd.DataFrame:
    """One page of the posts behind a number."""
    return _ask(_page_of_posts, wanted, sort, limit, offset)


Named = queries.Named
Archived = briefs.Archived


def named_places(rows: pd.DataFrame) -> dict[tuple[str, str], tuple[Named, ...]]:
    """Every place that these posts name, by (post id, platform), the main place first."""
    return _ask(queries.named_places, tuple(zip(rows["post_id"], rows["platform"], strict=True)))


def posts_of(keys: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    """These posts, by (post id, platform), newest first."""
    return _ask(queries.posts_of, keys)


def posts_later(wanted: PostFilter, sort: str, limit: int) -> Callable[[], pd.DataFrame]:
    """The same for a file: it is read when the file is made, outside any run of a page."""
    source = _source()

    def read() -> pd.DataFrame:
        with snapshot(source.engine) as connection:
            return _page_of_posts(connection, wanted, sort, limit, 0, source.cube)

    return read


def count_posts(wanted: PostFilter) -> int:
    """How many posts are behind a number: from the totals, where they can tell."""
    is_asked_more = wanted.topic is not None or wanted.text or wanted.alarm is not None
    if is_asked_more or not wanted.counted:
        return _ask(queries.count_posts, wanted)
    ids = queries.place_ids(cube().places, wanted.scope, wanted.category)
    return cube().count(wanted, ids)


def not_counted(scope: Scope) -> int:
    """Posts of the scope's days and platform that are not about Kedah; they have no place, so that
    one answer serves every city."""
    return _ask(queries.not_counted, replace(scope, city="all", place=None))


def why_of(platform: str, post_id: str) -> dict:
    """Why a post counts where it counts."""
    return _ask(queries.why_of, platform, post_id)


def platform_health() -> pd.DataFrame:
    """One row a platform: how its last runs went."""
    return _ask_now(queries.platform_health)


def runs(limit: int, platform: str | None = None) -> pd.DataFrame:
    """The newest runs."""
    return _ask_now(queries.runs, limit, platform)


def quarantined(limit: int) -> pd.DataFrame:
    """What could not be read, newest first."""
    return _ask_now(queries.quarantined, limit)


def backlog() -> int:
    """Posts that wait for a label."""
    return _ask_now(queries.backlog, settings().youtube_audited)


def due_jobs() -> dict[str, datetime]:
    """When each job is due next."""
    return _ask_now(queries.due_jobs)


Gap = tuple[date, date, str]


def gaps(scope: Scope) -> tuple[Gap, ...]:
    """What was not collected in the scope: first and last day, both included, and the platform."""
    this_hour = now().replace(minute=0, second=0, microsecond=0)
    # The demo's collector may well stand still: its last success begins no gap.
    until = None if scope.demo else this_hour
    found = _ask(_all_gaps, until, settings().collector_interval_seconds)
    return tuple(
        (first, last, platform)
        for first, last, platform in found
        if scope.holds(platform) and first < scope.until and last >= scope.since
    )


def _all_gaps(connection, until: datetime | None, seconds: float) -> tuple[Gap, ...]:
    """All there ever were; up to `until` for platforms that are still asked."""
    asked = queries.asked_platforms(connection)
    every = timedelta(seconds=seconds)
    return tuple(
        (first, last, platform)
        for platform, ends in queries.collected_at(connection).items()
        for first, last in health_gaps(
            ends, every=every, zone=zone(), now=until if platform in asked else None
        )
    )


def events_between(since: date, until: date) -> pd.DataFrame:
    """Events that touch these half-open days. What a template put to rest would still bring is
    left out, though the collector removes it only within the hour."""
    found = _ask(queries.events_between, since, until)
    return found[found["active"].astype(bool) | (found["starts_on"] <= today())]


def happening(since: date, until: date, names: str) -> tuple[tuple[date, date, str, str], ...]:
    """The same as first day, last day, city and what stands in the column `names`."""
    return _ask_lately(_happening, since, until, names)


def _happening(connection, since: date, until: date, names: str) -> tuple:
    rows = queries.events_between(connection, since, until)
    return tuple(
        zip(rows["starts_on"], rows["ends_on"], rows["city_slug"], rows[names], strict=True)
    )


def templates() -> pd.DataFrame:
    """The recurring rules behind events, at most a few seconds old."""
    return _ask_now(queries.templates)


def save_template(template: EventTemplate, expected: datetime | None, by: str) -> Stored:
    """Write an officer's template into the database on screen, as db/templates.py does.

    The one place where the dashboard opens a database for writing, for as long as it takes. Events
    follow with the collector's next hour; the demo database has no collector and follows at once.
    Raises Overwritten, and db.engine.ERRORS where this deployment may not write.
    """
    demo_shown = status().demo
    url = settings().demo_database_url if demo_shown else settings().database_url
    writer = open_writer(url, busy_seconds=5)
    if writer.dialect.name == "postgresql":
        # The dashboard's role begins its transactions read-only unless it says otherwise.
        writer = writer.execution_options(postgresql_readonly=False)
    try:
        with writer.begin() as connection:
            stored = save_event_template(connection, template, expected=expected, now=now(), by=by)
            if demo_shown:
                refresh_events(connection, today(), now())
    finally:
        writer.dispose()
        # Also when somebody else was quicker: what they wrote is asked for next. The version does
        # not rise with a template, only with the events that follow.
        _fresh.clear()
        _source().answers.forget()
    return stored


def concerns(city: str, where: str) -> bool:
    """Whether what happens `where` (a city, or "all" for the state) concerns a scope's city."""
    if city == "mainland":
        return where != "langkawi"
    return city in ("all", "unknown", where) or where == "all"


# An event is over for so long and can still be asked about: what charts show, and a little more.
_PAST_EVENTS = timedelta(days=400)
# Weeks before and after an event that its comparison may reach, and a margin.
_AROUND = timedelta(weeks=effects.FARTHEST + 2 * effects.LOOK + 1)


def past_events() -> pd.DataFrame:
    """Events that are over, the newest first. One of which only the month is known never was."""
    found = events_between(today() - _PAST_EVENTS, today())
    over = (found["ends_on"] < today()) & ~_are_months(found)
    return found[over].iloc[::-1]


def _are_months(found: pd.DataFrame) -> pd.Series:
    columns = zip(found["starts_on"], found["ends_on"], found["confirmed"], strict=True)
    return pd.Series([only_month(*row) for row in columns], index=found.index, dtype=bool)


def event_effect(
    scope: Scope, slug: str, first: date, last: date, confirmed: bool
) -> effects.Effect:
    """What the posts of the scope's place and platform say of an event's days; events are named by
    their slugs. The scope's own days do not matter."""
    begun, day = first_day(), today()
    since = max(begun or day, first - _AROUND)
    whole = replace(scope, since=min(since, day), until=day)

    def compare() -> effects.Effect:
        others, seasons = _unlike(scope.city, (slug, first), whole.since, day)
        return effects.effect(
            daily(whole),
            (first, last),
            today=day,
            others=others,
            seasons=seasons,
            collected=_collected(scope),
            confirmed=confirmed,
        )

    key = ("event_effect", whole, slug, first, last, confirmed)
    return _source().answers.of(key, compare)


def _unlike(city: str, event: tuple[str, date], since: date, until: date) -> tuple[list, list]:
    """The other events of a city that make days unlike others, and the seasons around them. What
    returns every week is on in all weeks alike."""
    others, seasons = [], []
    found = events_between(since, until)
    for row in found[~_are_months(found)].to_dict("records"):
        span = (row["starts_on"], row["ends_on"], row["slug"])
        weekly = row["recurrence"] == "weekly" and row["slug"] != event[0]
        itself = (row["slug"], row["starts_on"]) == event
        if weekly or itself or not concerns(city, row["city_slug"]):
            continue
        days = (row["ends_on"] - row["starts_on"]).days + 1
        if days <= effects.LONGEST and row["kind"] != "season":
            others.append(span)
        elif days <= effects.LONGEST_SEASON:
            seasons.append(span)
    return others, seasons


def _collected(scope: Scope) -> effects.Collected:
    """Which platforms of the scope were collected on which days."""
    spans = _ask(_collecting)
    held = {
        platform: (_collected_from(scope, platform, first), last)
        for platform, (first, last) in spans.items()
        # Files are imported when somebody has them: their days say nothing.
        if scope.holds(platform) and platform != Platform.IMPORT
    }
    return effects.collected(held, gaps(replace(scope, since=date.min, until=today())))


def _collected_from(scope: Scope, platform: str, first_run: date) -> date:
    """The day from which a platform was collected: its first run, unless its posts reach back so
    much further that older runs must have been forgotten (they are kept for 400 days)."""
    begun = first_day()
    early = first_run - timedelta(days=metrics.SHORTEST_CHECKED)
    if begun is None or begun >= early:
        return first_run
    before = Scope(begun, early, platform=platform, demo=scope.demo, audited=scope.audited)
    return begun if _was_collected(before) else first_run


def _collecting(connection) -> dict[str, tuple[date, date]]:
    """First and last day on which each platform was collected; no end while it is still asked."""
    asked = queries.asked_platforms(connection)
    return {
        platform: (
            ends[0].astimezone(zone()).date(),
            date.max if platform in asked else ends[-1].astimezone(zone()).date(),
        )
        for platform, ends in queries.collected_at(connection).items()
    }


_MEASURED = tuple(field.name for field in fields(metrics.Totals))


def totals_in(rows: Table) -> list[metrics.Totals]:
    """The totals in each row of a table of the cube."""
    return [
        metrics.Totals(*(None if value != value else int(value) for value in row))
        for row in rows.rows(*_MEASURED)
    ]


def totals_of(row) -> metrics.Totals:
    """The totals in a row of one of the tables above (a named tuple)."""
    return metrics.Totals(**{f.name: _whole(getattr(row, f.name)) for f in fields(metrics.Totals)})


# Posts that one look at a page may read to count authors and texts (4-5 µs each, so 0.1 s), and
# how many of other platforms and voices may be passed over in an index at the price of one read.
MOST_COUNTED = 20_000
_PASSED = 20


def countable(scopes: Sequence[Scope], slugs: Iterable[str]) -> tuple[str, ...]:
    """Of these places those whose authors and texts can be counted in all these scopes before
    MOST_COUNTED posts are read, the smallest first: a place is counted wholly or not at all."""
    prices: Counter[str] = Counter()
    for scope in scopes:
        prices.update(dict(table("by_place", scope).rows("slug", "posts")))
        every = replace(scope, platform=None, voice="all", audited=True)
        passed = table("by_place", every).rows("slug", "posts")
        prices.update({slug: posts // _PASSED for slug, posts in passed})
    ordered = sorted(slugs, key=lambda slug: (prices[slug], slug))
    spent = accumulate(prices[slug] for slug in ordered)
    return tuple(
        slug for slug, so_far in zip(ordered, spent, strict=True) if so_far <= MOST_COUNTED
    )


def authors_by_place(scope: Scope, slugs: tuple[str, ...]) -> dict[str, int] | None:
    """Distinct authors of these places' posts; None when no author is stored at all. Reads all of
    these posts: ask for what is `countable`."""
    return _distinct("authors", scope, slugs)


def texts_by_place(scope: Scope, slugs: tuple[str, ...]) -> dict[str, int] | None:
    """Distinct texts of these places' posts, near-copies as one; None when none was compared.
    Reads all of them too."""
    return _distinct("texts", scope, slugs)


def _distinct(column: str, scope: Scope, slugs: tuple[str, ...]) -> dict[str, int] | None:
    if not slugs:
        return {}
    found = _ask(queries.distinct_by_place, scope, slugs)
    counts = dict(zip(found["slug"], found[column], strict=True))
    if not any(counts.values()):
        return None
    # Posts whose authors nobody stored have some all the same: how many is not known.
    return {slug: count for slug, count in counts.items() if count or column != "authors"}


def topics_by_place(scope: Scope) -> pd.DataFrame:
    """Posts by place and topic."""
    found = _ask(queries.topics_by_place, scope)
    return _underived(found) if scope.is_apart else found


def complaints_by_place(scope: Scope) -> dict[tuple[str, str], int]:
    """Negative posts by topic and place ("unknown" for none); only pairs that have some."""

    def count() -> dict[tuple[str, str], int]:
        found = topics_by_place(scope)
        rows = zip(found["topic"], found["slug"], found["negative"].tolist(), strict=True)
        return {(topic, slug): negative for topic, slug, negative in rows if negative}

    return _source().answers.of(("complaints_by_place", scope), count)


def once(key: tuple, make: Callable[[], Any]) -> Any:
    """What was worked out from this version of the data, by a key that names all it rests on."""
    return _source().answers.of(key, make)


def net_over_time(scope: Scope, weekly_from: int) -> steps.Steps:
    """Net sentiment with its interval, a day or, from so many days on, a week at a time."""
    return steps.with_net(steps.steps(table("daily", scope), weekly_from), _net)


def _net(negative: int, neutral: int, positive: int) -> tuple[float, float, float] | None:
    totals = metrics.Totals(negative=negative, neutral=neutral, positive=positive)
    net = metrics.net_sentiment(totals)
    return (net.value, net.low, net.high) if net and net.n >= metrics.FEW else None


@dataclass(frozen=True)
class Collection:
    """How collection into one database stands, read at one moment.

    `health`, `runs` and `quarantined` are tables of db/queries.py; at most MANY rows of the last
    two; `health` has a column more: `breaker`. `due` says when each job is due next; `size` is in
    bytes. `silence` is found here too, as a collector that stands still notes nothing.
    """

    health: pd.DataFrame
    runs: pd.DataFrame
    quarantined: pd.DataFrame
    backlog: int
    due: dict[str, datetime]
    incidents: list[Incident]
    silence: Finding | None
    size: int
    version: int
    spending: Spending


@dataclass(frozen=True)
class Spending:
    """What the last SPENDING_DAYS days cost, what the platforms still grant, and the money of
    today (UTC) in USD, with the budget of a day where there is one."""

    costs: list[Cost]
    allowances: list[Allowance]
    today: float
    budget: float | None


MANY = 200
SPENDING_DAYS = 30


def collection() -> Collection:
    """How collection into the database on screen stands, at most a few seconds old."""
    return _ask_now(_collection_of)


def live_collection() -> Collection | None:
    """The same of the shared database, whatever is on screen; None while it does not answer."""
    found = _live().read()
    if found is None:
        return None
    try:
        return _fresh("live", False, (), _query=_collection_of, _engine=found.engine)
    except ERRORS:
        return None


def live_problem() -> tuple[datetime | None, str | None]:
    """Since when the shared database does not answer, and the name of the error."""
    return _live().failed_since, _live().problem


def _collection_of(connection) -> Collection:
    every = timedelta(seconds=settings().collector_interval_seconds)
    health = queries.platform_health(connection)
    platforms = health["platform"]
    runs_of = [incidents.decisive_runs(connection, platform) for platform in platforms]
    health["breaker"] = [breaker(of_one, now(), every) for of_one in runs_of]
    return Collection(
        health=health,
        runs=queries.runs(connection, MANY),
        quarantined=queries.quarantined(connection, MANY),
        backlog=queries.backlog(connection, settings().youtube_audited),
        due=queries.due_jobs(connection),
        incidents=incidents.open_incidents(connection),
        silence=silence(incidents.last_finished(connection), now(), every),
        size=queries.database_size(connection),
        version=queries.version(connection)[0],
        spending=_spending_of(connection),
    )


def _spending_of(connection) -> Spending:
    return Spending(
        costs(connection, now() - timedelta(days=SPENDING_DAYS)),
        allowances_of(connection, now()),
        spent_today(connection, now()),
        settings().collector_money_budget,
    )


# --- the problem radar ---------------------------------------------------------------------------


def finds() -> list[Alarm]:
    """What is unusual now: alarms first, severe ones before volume, the newest first."""
    return _ask(alarms.open_alarms)


def past_finds(days: int) -> list[Alarm]:
    """What was unusual in the last days and is no longer, the last one to end first."""
    since = datetime.combine(today() - timedelta(days=days), datetime.min.time(), zone())
    ended = [one for one in _ask(alarms.recent_alarms, since) if not one.open]
    return sorted(ended, key=lambda one: one.closed_at, reverse=True)


def find(alarm_id: int) -> Alarm | None:
    """One find of the radar by its id."""
    return _ask(alarms.alarm, alarm_id)


def quoted(one: Alarm, most: int) -> tuple[int, tuple[str, ...]]:
    """How many posts of a find have no known author, and its newest texts, the newest first."""
    return _ask(alarms.quoted, one.post_keys, most)


def last_look() -> dict[str, Any]:
    """When the radar last looked, and at what; empty before it ever did."""
    return _ask_lately(alarms.last_sweep)


def moment_of(written: str) -> datetime:
    """An instant that was stored as text."""
    return datetime.fromisoformat(written)


def notable(since: date, until: date) -> tuple[dict[str, Any], ...]:
    """Events of these half-open days that are not held every week, no season, and not a month in
    which a date is still to be announced: first and last day, city, names."""
    return _ask_lately(_notable, since, until, today())


def _notable(connection, since: date, until: date, this_day: date) -> tuple[dict[str, Any], ...]:
    found = queries.events_between(connection, since, until)
    found = found[found["active"].astype(bool) | (found["starts_on"] <= this_day)]
    found = found[(found["recurrence"] != "weekly") & (found["kind"] != "season")]
    told = ["starts_on", "ends_on", "city_slug", "name_ms", "name_en"]
    return tuple(found.loc[~_are_months(found), told].to_dict("records"))


# --- the weekly brief ----------------------------------------------------------------------------


def brief(scope: Scope) -> Brief:
    """The brief of a scope of one whole week, made once from each version of the data."""
    source = _source()
    every = timedelta(seconds=settings().collector_interval_seconds)

    def read() -> Brief:
        return briefs.read_brief(
            source.engine, source.cube, scope, now=now(), zone=zone(), every=every
        )

    return source.answers.of(("brief", scope), read)


def archived_briefs() -> list[Archived]:
    """The briefs that the collector kept and mailed, the newest week first."""
    return _ask(briefs.archived)


# --- for the self-hosted entry -------------------------------------------------------------------


def warm() -> None:
    """Do before the first reader comes what the first reader would wait for."""
    send_at_once()
    keep_little()
    _source_for(demo_wanted=False)


def health() -> dict[str, object]:
    """A machine's view: whether pages can be served, from which database, and how fresh."""
    try:
        state = _source_for(demo_wanted=False).status
    except ERRORS as error:
        return {"ok": False, "problem": _problem(error)}
    last = state.last_success.isoformat() if state.last_success else None
    return {"ok": True, "data": "demo" if state.demo else "live", "why": state.why, "last": last}
