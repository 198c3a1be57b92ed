"""The collector's command line; builds the parts and hands them to each other."""

from __future__ import annotations

from collector.signals import SIGNALS, leave_at_once

if __name__ == "__main__":
    leave_at_once()  # before the other imports, which take a second

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from collector import corrections, events, logs
from collector.alerts import Alerts, MailServer
from collector.classify import Classifier
from collector.classify.gemini import GeminiClassifier, Pace, gemini_asker
from collector.classify.offline import (
    ARTEFACT,
    SURE,
    ArtefactError,
    OfflineClassifier,
    shipped_model,
)
from collector.configuration import setups
from collector.digest import LOOK_EVERY, Digest, full_hour
from collector.explain import Question, explain, read_questions
from collector.imports import FileError, ImportLine, import_posts, read_lines
from collector.lease import Lease, LeaseHeld, hold
from collector.money import Price, Purse, list_price
from collector.platforms import PlatformError, Source
from collector.platforms.demo import demo_classifier, demo_sources
from collector.platforms.facebook import Facebook
from collector.platforms.http import Http, bearer
from collector.platforms.http import Limits as HttpLimits
from collector.platforms.instagram import Instagram
from collector.platforms.tiktok import TikTok
from collector.platforms.x import X
from collector.platforms.youtube import YouTube
from collector.progress import Progress
from collector.refresh import expire
from collector.replay import replay
from collector.report import Line, Report
from collector.rounds import Limits, classify_waiting, collect
from collector.scheduler import Job, Scheduler
from collector.status import status_lines
from collector.training import TrainingError, train
from db import alarms, incidents, queries, store
from db.demo import HASH_SECRET, make_demo
from db.engine import (
    ERRORS,
    Connection,
    DatabaseError,
    Engine,
    Schema,
    check_schema,
    migrate,
    open_reader,
    open_writer,
    parse_url,
    reason,
    snapshot,
    sqlite_file,
)
from db.seed import seed_places
from insights.model import Platform, Post
from insights.places import Gazetteer
from settings import Settings, SettingsError, read_settings

log = logging.getLogger("collector")

WRONG_SETTINGS, PART_FAILED, LEASE_HELD, NO_DATABASE = 2, 3, 4, 5
# A stop must be over within 10 s (docs/collector.md); what still hangs by then is cut off.
LONGEST_STOP = 9.0
EVENTS_EVERY = timedelta(hours=1)
CLEAN_UP_EVERY = timedelta(days=7)
TIKTOK_HASHTAGS = 100  # asked for at once; any one of them is enough
POSTS_TO_LABEL = 500  # a round, as far as the classifier's own limits let it
OFFLINE_BATCH = 200  # texts to explain at once
RUNS_KEPT = timedelta(days=400)  # run records; Data health looks back a year


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code of docs/collector.md."""
    options = _parser().parse_args(arguments)
    logs.set_up("INFO", (), UTC)  # until the settings say how
    try:
        settings = read_settings()
        _check_addresses(settings)
        _check_prices(settings)
        collector = Collector(settings, _set_up_logs(settings))
        return options.command(collector, options)
    except (SettingsError, FileError) as error:
        return _give_up(WRONG_SETTINGS, str(error))
    except (LeaseHeld, store.LeaseLost) as error:
        return _give_up(LEASE_HELD, str(error))
    except ERRORS as error:
        return _give_up(NO_DATABASE, reason(error))


def _give_up(code: int, why: str) -> int:
    log.error("%s", why)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m collector",
        description="Collects posts about the places of Kedah. Without a command it runs for ever, "
        "a round every COLLECTOR_INTERVAL_SECONDS.",
        epilog="Exit codes: 0 all well, 2 configuration error, 3 finished but a platform or the "
        "classifier failed, 4 another collector holds the lease, 5 database unavailable.",
    )
    parser.add_argument("--once", action="store_true", help="do one complete round and exit")
    parser.set_defaults(command=_run)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, command: Callable[[Collector, argparse.Namespace], int], help: str):
        one = commands.add_parser(name, help=help, description=help)
        one.set_defaults(command=command)
        return one

    add("check", _check, "look at configuration, keys, database and schema; change nothing")
    one = add("import", _import, "store the posts of a CSV or Excel file (docs/collector.md)")
    one.add_argument("file", type=Path, metavar="FILE.csv")
    one.add_argument("--dry-run", action="store_true", help="say per line what it would do")
    add("backfill", _backfill, "ask for the labels that stored posts are still waiting for")
    add("replay", _replay, "read the records in quarantine again")
    one = add("forget", _forget, "delete one post for good, and never collect it again")
    one.add_argument("platform", choices=[p.value for p in Platform], metavar="PLATFORM")
    one.add_argument("post_id", metavar="POST_ID")
    one.add_argument("--yes", action="store_true", help="at a terminal: do not ask first")
    add("labels", _labels, "print the labelled posts as JSON lines to train from")
    one = add("train", _train, "train the offline classifier from labelled texts (development)")
    one.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON lines, also .gz")
    one.add_argument("--out", type=Path, default=ARTEFACT, help="the artefact to write")
    one.add_argument("--date", type=date.fromisoformat, help="the day to write into it")
    add("status", _status, "say how collection stands")
    one = add(
        "explain",
        _explain,
        "print the places, language and sentiment of texts as JSON",
    )
    one.add_argument("texts", nargs="*", metavar="TEXT", help="none: JSON lines with a text")
    one.add_argument("--offline", action="store_true", help="by the classifier that needs no key")
    return parser


def _check_addresses(settings: Settings) -> None:
    """Raises SettingsError for an address of no database: no waiting will mend that."""
    for name in ("database_url", "demo_database_url"):
        try:
            parse_url(getattr(settings, name))
        except DatabaseError as error:
            raise SettingsError(f"{name.upper()}: {error}") from error


def _check_prices(settings: Settings) -> None:
    """Raises SettingsError for a budget that nobody could keep, as a price is missing."""
    if settings.collector_money_budget is None or not settings.gemini_api_key:
        return
    if _model_price(settings) is None:
        raise SettingsError(
            f"COLLECTOR_MONEY_BUDGET needs GEMINI_PRICE_INPUT and GEMINI_PRICE_OUTPUT: what "
            f"{settings.gemini_model} costs is not known"
        )


def _model_price(settings: Settings) -> Price | None:
    """What the operator says that the model costs, else what its owner lists."""
    given = (settings.gemini_price_input, settings.gemini_price_output)
    if None not in given:
        return Price(*given)
    return list_price(settings.gemini_model, now().date())


def _set_up_logs(settings: Settings) -> logs.Redactor:
    passwords = (settings.database_url, settings.demo_database_url)
    secrets = [*settings.secrets, *filter(None, map(_password, passwords))]
    try:
        return logs.set_up(settings.collector_log_level, secrets, settings.zone)
    except ValueError as error:
        raise SettingsError("COLLECTOR_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR") from error


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None


# ---- the parts, put together -------------------------------------------------------------------


def _check_exists(url: str) -> None:
    file = sqlite_file(url)
    if file is not None and not file.exists():
        raise DatabaseError("there is no database yet; `python -m collector --once` makes it")


@dataclass
class Collector:
    """Settings turned into engines, sources and classifiers, and the wish to stop."""

    settings: Settings
    redact: logs.Redactor
    stop: threading.Event = field(default_factory=threading.Event)
    left_behind: bool = False  # a thread still waits for a platform

    @property
    def limits(self) -> Limits:
        given = self.settings
        return Limits(
            run_budget=given.collector_run_budget,
            classify_posts=given.collector_classify_batch,
            # Smaller batches label as many posts; Pace.max_calls bounds the requests.
            classify_requests=max(20, POSTS_TO_LABEL // given.collector_classify_batch),
            classify_attempts=given.collector_classify_max_attempts,
            audited=given.youtube_audited,
        )

    @property
    def purse(self) -> Purse:
        """What may be spent, and what things cost."""
        given = self.settings
        prices = {Platform.X.value: given.x_price_per_post}
        return Purse(given.collector_money_budget, prices, _model_price(given))

    @property
    def busy(self) -> float:
        return self.settings.collector_db_busy_seconds

    def ready(self) -> list[str]:
        """The platforms that can be searched; raises SettingsError when one is half configured."""
        found = setups(self.settings)
        wrong = [f"{one.platform}: {one.said}" for one in found if one.wrong and not one.ready]
        if wrong:
            raise SettingsError("; ".join(wrong))
        return [one.platform for one in found if one.ready]

    def engine(self, url: str) -> Engine:
        """The database for writing as it is, its folder made where need be."""
        try:
            # A database that its owner set to be read only (a standby, a backup) stays as it is.
            return open_writer(url, self.busy, insist=False)
        except OSError as error:
            raise DatabaseError(
                f"the database's folder cannot be used: {error.strerror}"
            ) from error

    def open(self, url: str) -> Engine:
        """The database for writing, made and brought up to date where need be."""
        engine = self.engine(url)
        migrate(engine)
        return engine

    def set_up(self, engine: Engine) -> None:
        with engine.begin() as connection:
            store.set_up(connection, self.settings.display_timezone, seed_places(), now())

    def open_existing(self, url: str) -> Engine:
        """The same, but raises DatabaseError instead of making a database that is not there."""
        _check_exists(url)
        return self.open(url)

    def read_existing(self, url: str) -> Engine:
        """The database for reading only; raises DatabaseError when it cannot be read as it is."""
        _check_exists(url)
        engine = open_reader(url, self.busy)
        with snapshot(engine) as connection:
            state = check_schema(connection)
        if state is not Schema.CURRENT:
            raise DatabaseError(
                f"the database's schema is {state}; run `python -m collector check`"
            )
        return engine

    def gazetteer(self, engine: Engine) -> Gazetteer:
        with engine.connect() as connection:
            return Gazetteer(queries.gazetteer(connection))

    def sources(self, platforms: Sequence[str], gazetteer: Gazetteer) -> list[Source]:
        return [getattr(self, f"_{platform}")(gazetteer) for platform in platforms]

    def _x(self, gazetteer: Gazetteer) -> Source:
        given = self.settings
        return X(
            self._http(given.x_api_base_url, bearer(given.x_bearer_token)),
            gazetteer.search_terms(),
            overlap=timedelta(minutes=given.collector_overlap_minutes),
            max_pages=given.collector_max_pages,
        )

    def _instagram(self, gazetteer: Gazetteer) -> Source:
        given = self.settings
        return Instagram(
            self._http(given.instagram_api_base_url, bearer(given.instagram_access_token)),
            given.instagram_user_id,
            given.instagram_hashtags or gazetteer.default_hashtags(),
            overlap=timedelta(minutes=given.collector_overlap_minutes),
            max_pages=given.collector_max_pages,
        )

    def _facebook(self, gazetteer: Gazetteer) -> Source:
        given = self.settings
        return Facebook(
            self._http(given.facebook_api_base_url, bearer(given.facebook_access_token)),
            given.facebook_page_ids,
            overlap=timedelta(minutes=given.collector_overlap_minutes),
            max_pages=given.collector_max_pages,
        )

    def _youtube(self, gazetteer: Gazetteer) -> Source:
        given = self.settings
        return YouTube(
            self._http(given.youtube_api_base_url, {"X-Goog-Api-Key": given.youtube_api_key}),
            gazetteer.search_terms(),
        )

    def _tiktok(self, gazetteer: Gazetteer) -> Source:
        given = self.settings
        return TikTok(
            self._http(given.tiktok_api_base_url, {}),
            given.tiktok_client_key,
            given.tiktok_client_secret,
            gazetteer.default_hashtags(TIKTOK_HASHTAGS),
            max_pages=given.collector_max_pages,
        )

    def _http(self, base_url: str, headers: Mapping[str, str]) -> Http:
        given = self.settings
        limits = HttpLimits(
            connect_timeout=given.collector_connect_timeout,
            read_timeout=given.collector_read_timeout,
            deadline=given.collector_request_deadline,
            retries=given.collector_retry_attempts,
            retry_base=given.collector_retry_base,
            retry_max_wait=given.collector_retry_max_wait,
            budget=given.collector_platform_budget,
            max_body=int(given.collector_max_body_mb * 1024 * 1024),
        )
        return Http(base_url, headers, limits=limits, stop=self.stop)

    def classifier(self) -> Classifier | None:
        """The classifier that has a key, None without one."""
        given = self.settings
        if not given.gemini_api_key:
            return None
        ask = gemini_asker(
            given.gemini_api_key,
            given.gemini_api_base_url,
            given.gemini_model,
            connect_timeout=given.collector_connect_timeout,
            deadline=given.collector_request_deadline,
            max_bytes=int(given.collector_max_body_mb * 1024 * 1024),
        )
        pace = Pace(
            batch=given.collector_classify_batch,
            max_attempts=given.collector_classify_max_attempts,
            budget=given.collector_platform_budget,
            call_seconds=given.collector_request_deadline,
            retry_base=given.collector_retry_base,
            retry_max_wait=given.collector_retry_max_wait,
        )
        return GeminiClassifier(ask, given.gemini_model, pace)

    def stopgap(self, sure: float = SURE) -> Classifier | None:
        """The classifier that needs no key; None where its artefact cannot be read."""
        try:
            return OfflineClassifier(shipped_model(), sure)
        except ArtefactError as error:
            log.warning("the offline classifier stays out: %s", error)
            return None

    def keyless(self) -> Classifier | None:
        """What labels for now where no key is configured. With one, a post that Gemini did not get
        to stays without a label until it does: two judges of one week would not be comparable."""
        return None if self.settings.gemini_api_key else self.stopgap()

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.settings.collector_interval_seconds)

    @property
    def mail_server(self) -> MailServer:
        given = self.settings
        return MailServer(
            given.smtp_host,
            given.smtp_port,
            given.email_host_user,
            given.email_host_password,
            given.alert_recipients,
        )

    def alerts(self, engine: Engine, lease: Lease) -> Alerts:
        return Alerts(
            engine,
            self.mail_server,
            now,
            self.every,
            self.settings.zone,
            self.settings.dashboard_url,
            guard=lease.guard,
            stop=self.stop,
        )

    def digest(self, engine: Engine, lease: Lease) -> Digest:
        return Digest(
            engine,
            self.mail_server,
            now,
            self.every,
            self.settings.zone,
            self.settings.dashboard_url,
            self.settings.youtube_audited,
            guard=lease.guard,
            stop=self.stop,
        )

    @contextmanager
    def hold(self, engine: Engine) -> Iterator[Lease]:
        """The lease on a database; losing it stops the collector."""
        seconds = self.settings.collector_lease_seconds
        with hold(engine, seconds, now, on_lost=self.stop.set) as lease:
            yield lease


# ---- the wish to stop --------------------------------------------------------------------------


@contextmanager
def _stoppable(collector: Collector) -> Iterator[None]:
    """SIGTERM, SIGINT and a closed terminal ask to stop instead of cutting off.

    What does not end within LONGEST_STOP seconds is cut off after all; the next collector closes
    its records and takes its lease. A thread listens for signals, as Python's own handlers wait
    for the main thread, and that may be waiting inside SQLite for a lock.
    """
    ears, mouth = socket.socketpair()
    mouth.setblocking(False)
    threading.Thread(target=_listen, args=(collector, ears), daemon=True).start()
    before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    for number in SIGNALS:
        # Somebody has to handle it, or the system ends us before anybody could listen.
        signal.signal(number, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        mouth.close()


def _listen(collector: Collector, ears: socket.socket) -> None:
    """Turn signals into the wish to stop, until the other end is closed."""
    with ears:
        while number := ears.recv(1):
            if collector.stop.is_set():
                continue
            log.info("%s: stopping", signal.Signals(number[0]).name)
            collector.stop.set()
            watchdog = threading.Timer(LONGEST_STOP, os._exit, [0])
            watchdog.daemon = True
            watchdog.start()


def _leave(collector: Collector, code: int) -> int:
    """The exit code, unless a thread that still waits for a platform would keep us here."""
    if collector.left_behind:
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)
    return code


# ---- rounds ------------------------------------------------------------------------------------


def _run(collector: Collector, options: argparse.Namespace) -> int:
    platforms = collector.ready()
    work = _Live(collector, platforms) if platforms else _Demo(collector)
    with _stoppable(collector):
        code = _once(collector, work) if options.once else _loop(collector, work)
    return _leave(collector, code)


class _Live:
    """Rounds over the configured platforms (none: over what is stored), into the live database."""

    def __init__(self, collector: Collector, platforms: Sequence[str]):
        self._collector = collector
        self._platforms = platforms
        self._begun = False

    def open(self) -> Engine:
        return self._collector.open(self._collector.settings.database_url)

    def prepare(self, engine: Engine) -> None:
        self._collector.set_up(engine)

    def round(self, engine: Engine, lease: Lease) -> Report:
        collector = self._collector
        gazetteer = collector.gazetteer(engine)
        # Where none is searched at all nothing is left out either: no round of theirs is silent.
        found = setups(collector.settings) if self._platforms else ()
        left_out = {one.platform: one.said for one in found if not one.ready}
        report = collect(
            engine,
            collector.sources(self._platforms, gazetteer),
            gazetteer,
            collector.classifier(),
            now,
            zone=collector.settings.zone,
            hash_secret=collector.settings.author_hash_secret,
            stop=collector.stop,
            skipped=left_out,
            # Whoever starts the collector wants to know at once: its first round lets none rest.
            rest_every=collector.every if self._begun else None,
            limits=collector.limits,
            guard=lease.guard,
            redact=collector.redact,
            purse=collector.purse,
            stopgap=collector.keyless(),
        )
        self._begun = True
        collector.left_behind |= report.left_behind
        if not collector.stop.is_set():
            expire(engine, now, lease.guard)
        return report

    def alerts(self, engine: Engine, lease: Lease) -> Alerts | None:
        return self._collector.alerts(engine, lease)

    def digest(self, engine: Engine, lease: Lease) -> Digest | None:
        return self._collector.digest(engine, lease)

    def beside(self) -> AbstractContextManager[None]:
        """Nothing: there is no other database to look after."""
        return nullcontext()


class _Demo:
    """Rounds of the demo source into the demo database, where no platform is configured."""

    def __init__(self, collector: Collector):
        self._collector = collector
        self._beside = _Beside(collector)

    def open(self) -> Engine:
        log.info("no platform is configured: invented posts go into the demo database (DEMO)")
        collector = self._collector
        engine = collector.engine(collector.settings.demo_database_url)
        # First of all, and patiently: the dashboard may be making it at this moment.
        make_demo(engine, seed_places(), now(), collector.settings.zone)
        return engine

    def prepare(self, engine: Engine) -> None:
        """Nothing: the demo was made complete when it was opened."""

    def alerts(self, engine: Engine, lease: Lease) -> Alerts | None:
        """None: nobody is told of what was invented."""

    def digest(self, engine: Engine, lease: Lease) -> Digest | None:
        """None: nobody is mailed what was invented."""

    def beside(self) -> AbstractContextManager[None]:
        """While the block runs, corrections of the live database count within seconds too."""
        return corrections.repeating(self._beside.correct)

    def round(self, engine: Engine, lease: Lease) -> Report:
        collector = self._collector
        report = collect(
            engine,
            demo_sources(),
            collector.gazetteer(engine),
            demo_classifier(),
            now,
            zone=collector.settings.zone,
            hash_secret=HASH_SECRET,
            stop=collector.stop,
            limits=collector.limits,
            guard=lease.guard,
            redact=collector.redact,
        )
        if collector.stop.is_set():
            return report
        return replace(report, lines=(*report.lines, *self._beside.round()))


class _Beside:
    """What stored posts need in the live database while rounds are the demo's: imported ones, and
    those of platforms whose keys were taken out. A live database without posts is left alone, and
    none is made."""

    def __init__(self, collector: Collector):
        self._collector = collector
        self._live = _Live(collector, ())
        self._one_at_a_time = threading.Lock()  # the lease refuses us too, while we hold it

    def round(self) -> Sequence[Line]:
        """All that follows the collecting in a round, and the other jobs; the classifier's line."""
        with self._one_at_a_time:
            return self._where(queries.holds_posts, self._round) or ()

    def correct(self) -> None:
        """Let corrections that wait count; a round that runs does it by itself."""
        if not self._one_at_a_time.acquire(blocking=False):
            return
        try:
            self._where(
                corrections.some_wait,
                lambda engine, lease: corrections.apply_all(engine, now, lease.guard),
            )
        finally:
            self._one_at_a_time.release()

    def _where(
        self, is_due: Callable[[Connection], bool], work: Callable[[Engine, Lease], Any]
    ) -> Any:
        """What the work gives, None where it is not due or could not be done. Raises LeaseLost."""
        collector = self._collector
        try:
            if not self._read(is_due):
                return None
        except ERRORS as error:
            log.debug("the live database is left alone: %s", reason(error))
            return None
        try:
            engine = collector.open_existing(collector.settings.database_url)
            try:
                with collector.hold(engine) as lease:
                    return work(engine, lease)
            finally:
                engine.dispose()
        except LeaseHeld:
            log.debug("another collector works on the live database")
        except ERRORS as error:
            log.warning("the live database: %s", reason(error))
        return None

    def _read(self, ask: Callable[[Connection], bool]) -> bool:
        """The answer of the database as it is; an older one is brought up to date by the work."""
        url = self._collector.settings.database_url
        _check_exists(url)
        engine = open_reader(url, self._collector.busy)
        try:
            with snapshot(engine) as connection:
                return check_schema(connection) is not Schema.MISSING and ask(connection)
        finally:
            engine.dispose()

    def _round(self, engine: Engine, lease: Lease) -> Sequence[Line]:
        collector = self._collector
        self._live.prepare(engine)
        with corrections.applying(engine, now, lease.guard):
            report = self._live.round(engine, lease)
            collector.alerts(engine, lease).tell_finds()
        if not collector.stop.is_set():
            _refresh_events(collector, engine, lease)
            _clean_up(engine, lease)
            collector.digest(engine, lease).look()
        return report.lines


def _label(
    collector: Collector,
    classifier: Classifier | None,
    limits: Limits,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Ask for the labels that posts of the live database wait for, under its lease."""
    engine = collector.open_existing(collector.settings.database_url)
    with (
        collector.hold(engine) as lease,
        corrections.applying(engine, now, lease.guard),
    ):
        report = classify_waiting(
            engine,
            classifier,
            now,
            stop=collector.stop,
            limits=limits,
            guard=lease.guard,
            redact=collector.redact,
            progress=progress,
            purse=collector.purse,
            stopgap=collector.keyless(),
            gazetteer=collector.gazetteer(engine),
        )
    collector.left_behind |= report.left_behind
    return report


def _once(collector: Collector, work: _Live | _Demo) -> int:
    engine = work.open()
    with collector.hold(engine) as lease:
        work.prepare(engine)
        with (
            corrections.applying(engine, now, lease.guard),
            _alerting(work.alerts(engine, lease)) as look,
        ):
            report = work.round(engine, lease)
            look()
        if not collector.stop.is_set():
            _refresh_events(collector, engine, lease)
            if digest := work.digest(engine, lease):
                digest.look()
    return report.exit_code


def _loop(collector: Collector, work: _Live | _Demo) -> int:
    engine = work.open()
    with collector.hold(engine) as lease:
        work.prepare(engine)
        with (
            corrections.applying(engine, now, lease.guard),
            _alerting(work.alerts(engine, lease)) as look,
            work.beside(),
        ):

            def round_() -> None:
                work.round(engine, lease)
                look()

            jobs = [
                Job("events", EVENTS_EVERY, lambda: _refresh_events(collector, engine, lease)),
                Job("round", collector.every, round_),
                Job("clean_up", CLEAN_UP_EVERY, lambda: _clean_up(engine, lease)),
            ]
            if digest := work.digest(engine, lease):
                at = full_hour(now(), collector.settings.zone)
                jobs.append(Job("digest", LOOK_EVERY, digest.look, first=at))
            Scheduler(engine, jobs, now, collector.stop).run()
    return LEASE_HELD if lease.lost.is_set() else 0


@contextmanager
def _alerting(alerts: Alerts | None) -> Iterator[Callable[[], None]]:
    """Looks for trouble at once and, for silence, all the time; yields what to do after a round."""
    if alerts is None:
        yield lambda: None
        return
    alerts.look()
    with alerts.watching():
        yield alerts.look


def _refresh_events(collector: Collector, engine: Engine, lease: Lease) -> None:
    with engine.begin() as connection:
        lease.guard(connection)
        ahead = events.refresh_events(connection, now(), collector.settings.zone)
    log.info("events: %d in the next twelve months", ahead)


def _clean_up(engine: Engine, lease: Lease) -> None:
    with engine.begin() as connection:
        lease.guard(connection)
        runs = store.delete_runs_before(connection, now() - RUNS_KEPT)
        incidents.delete_incidents_before(connection, now() - RUNS_KEPT)
        alarms.delete_alarms_before(connection, now() - RUNS_KEPT)
        past = events.clean_up(connection, now())
    log.info("clean-up: %d old run records and %d past events deleted", runs, past)


# ---- the other commands ------------------------------------------------------------------------


def _check(collector: Collector, _options: argparse.Namespace) -> int:
    settings = collector.settings
    found = setups(settings)
    for one in found:
        say(f"{one.platform}: {'WRONG: ' if one.wrong else ''}{one.said}")
    say(_classifier_line(settings))
    secret = "set" if settings.author_hash_secret else "empty; authors are not stored"
    say(f"authors: AUTHOR_HASH_SECRET is {secret}")
    say(_alerts_line(settings))
    say(_money_line(settings))
    if not any(one.ready for one in found):
        say("no platform is configured: a round runs on demo data")
    _say_database("database", settings.database_url)
    _say_database("demo database", settings.demo_database_url)
    return WRONG_SETTINGS if any(one.wrong for one in found) else 0


def _classifier_line(settings: Settings) -> str:
    if not settings.gemini_api_key:
        return (
            "classifier: GEMINI_API_KEY is empty; posts get a provisional label offline "
            "and wait for a better one"
        )
    return f"classifier: GEMINI_API_KEY is set, model {settings.gemini_model}"


def _money_line(settings: Settings) -> str:
    budget = settings.collector_money_budget
    limit = "no budget" if budget is None else f"at most ${budget:.2f} a day (UTC)"
    price = _model_price(settings) if settings.gemini_api_key else None
    model = f"${price.input:g} and ${price.output:g} for a million tokens" if price else "unknown"
    if not settings.gemini_api_key:
        model = "no model is asked"
    return f"money: {limit}; a post of X ${settings.x_price_per_post:g}; the model: {model}"


def _alerts_line(settings: Settings) -> str:
    if not settings.smtp_host:
        return "alerts: SMTP_HOST is empty; incidents show on the Data health page only"
    readers = len(settings.alert_recipients)
    if not readers:
        return "alerts: SMTP_HOST is set, but ALERT_RECIPIENTS is empty; no mail is sent"
    return f"alerts: mailed to {readers} recipient{'s' if readers > 1 else ''}"


def _say_database(name: str, url: str) -> None:
    """Raises DatabaseError, or what the database raises, when it cannot be used."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        _check_folder(file.parent)
        say(f"{name}: {file} is not there yet; the first round makes it")
        return
    if file is not None and not os.access(file, os.W_OK):
        raise DatabaseError(f"{name}: {file} cannot be written")
    with snapshot(open_reader(url)) as connection:
        state = check_schema(connection)
    said = {
        Schema.CURRENT: "reached, schema up to date",
        Schema.OLDER: "reached, schema older; the next round brings it up to date",
        Schema.MISSING: "reached, empty; the first round sets it up",
    }
    say(f"{name}: {said[state]}")


def _check_folder(folder: Path) -> None:
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise DatabaseError(f"the database cannot be made: {folder} cannot be written")


def _import(collector: Collector, options: argparse.Namespace) -> int:
    settings = collector.settings
    lines = read_lines(options.file, settings.zone, now())
    if options.dry_run:
        return _dry_run(settings, lines)
    engine = collector.open(settings.database_url)
    collector.set_up(engine)
    with _stoppable(collector):
        report = import_posts(
            engine,
            lines,
            collector.gazetteer(engine),
            now,
            zone=settings.zone,
            hash_secret=settings.author_hash_secret,
            stop=collector.stop,
            progress=Progress("import", len(lines), sys.stderr),
        )
    _say_bad(lines)
    say(
        f"import: {report.new} new, {report.updated} updated, {report.unchanged} unchanged, "
        f"{len(report.bad)} lines left out"
    )
    if report.interrupted:
        return 0
    return PART_FAILED if report.bad else 0


def _say_bad(lines: Sequence[ImportLine]) -> None:
    for line in lines:
        if line.is_bad:
            log.warning("line %d: %s", line.number, line.problem)


def _dry_run(settings: Settings, lines: Sequence[ImportLine]) -> int:
    """Say per line what an import would do; reads the database if there is one."""
    gazetteer = Gazetteer(seed_places())
    known = _stored(settings, [line.post for line in lines if line.post])
    for line in lines:
        if line.post is None:
            why = line.problem or f"says the same as line {line.repeats}"
            say(f"line {line.number}: would be left out: {why}")
            continue
        match = gazetteer.match(line.post.content, line.post.hashtags)
        place = gazetteer.place(match.primary).name if match.primary else "Kedah, place unknown"
        key = (line.post.platform, line.post.post_id)
        would = "known, would refresh" if key in known else "would add"
        say(f"line {line.number}: {would}: {place}")
    say("dry run: nothing was stored")
    return PART_FAILED if any(line.is_bad for line in lines) else 0


def _stored(settings: Settings, posts: Sequence[Post]) -> set[tuple[Platform, str]]:
    """The keys of the posts that the live database holds; none where there is no database yet."""
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        return set()
    with snapshot(open_reader(settings.database_url)) as connection:
        if check_schema(connection) is not Schema.CURRENT:
            return set()
        keys = [(post.platform, post.post_id) for post in posts]
        return {key for key in keys if queries.why_of(connection, *key)}


def _backfill(collector: Collector, _options: argparse.Namespace) -> int:
    classifier = collector.classifier()
    if classifier is None:
        log.info("GEMINI_API_KEY is empty: the offline classifier labels what it is sure of")
    with snapshot(collector.read_existing(collector.settings.database_url)) as connection:
        waiting = queries.backlog(connection, collector.limits.audited)
    limits = replace(collector.limits, classify_requests=None)
    with _stoppable(collector):
        progress = Progress("backfill", waiting, sys.stderr)
        report = _label(collector, classifier, limits, progress)
    return _leave(collector, report.exit_code)


def _replay(collector: Collector, _options: argparse.Namespace) -> int:
    settings = collector.settings
    engine = collector.open_existing(settings.database_url)
    with _stoppable(collector):
        done = replay(
            engine,
            collector.gazetteer(engine),
            now,
            zone=settings.zone,
            hash_secret=settings.author_hash_secret,
            stop=collector.stop,
        )
    say(f"replay: {done.read} read, {done.new} of them new posts, {done.kept} stay in quarantine")
    if done.asked:
        say(f"replay: the classifier is asked for {done.asked} posts once more")
    return 0


def _forget(collector: Collector, options: argparse.Namespace) -> int:
    engine = collector.open_existing(collector.settings.database_url)
    with engine.connect() as connection:
        say(f"forget: {_told(queries.why_of(connection, options.platform, options.post_id))}")
    if not options.yes and _at_a_terminal() and not _agreed():
        say("forget: nothing was deleted")
        return 0
    with engine.begin() as connection:
        known = store.forget(connection, Platform(options.platform), options.post_id, now=now())
    was = "deleted" if known else "was not stored"
    say(f"forget: {options.platform} {options.post_id} {was}; it will not be collected again")
    return 0


def _told(post: Mapping[str, Any]) -> str:
    """What is about to go, without the text itself: that is what somebody wants gone."""
    if not post:
        return "no such post is stored; it will not be collected later either"
    made = f"{post['created_at']:%Y-%m-%d %H:%M} UTC"
    length = len(post["content"])
    return f"a post of {made}, {length} characters, {len(post['links'])} places, and its history"


def _at_a_terminal() -> bool:
    """A service may have no standard input at all, or a closed one."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def _agreed() -> bool:
    """Whether somebody at the terminal says yes; only "y" and "yes" do."""
    sys.stdout.write("Delete it for good? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _status(collector: Collector, _options: argparse.Namespace) -> int:
    settings = collector.settings
    engine = collector.read_existing(settings.database_url)
    with snapshot(engine) as connection:
        for line in status_lines(connection, now(), settings.zone, settings.youtube_audited):
            say(line)
    return 0


def _explain(collector: Collector, options: argparse.Namespace) -> int:
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    asked = map(Question, options.texts) if options.texts else read_questions(sys.stdin)
    offline = options.offline or not collector.settings.gemini_api_key
    # The best guess is printed however unsure, with its confidence; a round would not store it.
    classifier = collector.stopgap(sure=0.0) if offline else collector.classifier()
    batch = OFFLINE_BATCH if offline else collector.settings.collector_classify_batch
    sure = SURE if offline else None
    try:
        for answer in explain(asked, Gazetteer(seed_places()), classifier, batch, sure):
            say(json.dumps(answer, ensure_ascii=False))
    except PlatformError as error:
        return _give_up(PART_FAILED, f"classifier: {error.message}")
    except BrokenPipeError:
        # The reader has seen enough; without this Python complains once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _labels(collector: Collector, _options: argparse.Namespace) -> int:
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    engine = collector.read_existing(collector.settings.database_url)
    with snapshot(engine) as connection:
        for post in queries.labelled_posts(connection):
            say(json.dumps(post, ensure_ascii=False))
    return 0


def _train(collector: Collector, options: argparse.Namespace) -> int:
    today = now().astimezone(collector.settings.zone).date()
    try:
        train(options.files, options.out, options.date or today, say)
    except (TrainingError, ArtefactError) as error:
        return _give_up(WRONG_SETTINGS, str(error))
    return 0


def say(line: str) -> None:
    """A line for whoever ran the command; the log goes to standard error."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    raise SystemExit(main())
