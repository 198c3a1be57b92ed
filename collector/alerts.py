"""Alerts: looks at the runs, keeps the incidents, and mails what somebody has to know."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from email.message import EmailMessage

from collector import letters
from collector.radar import due_mails
from db import incidents as stored
from db import store
from db.alarms import note_mailed as note_alarms_mailed
from db.engine import ERRORS, Connection, Engine, reason, snapshot
from insights.incidents import (
    COLLECTOR,
    Trouble,
    alarms,
    all_clears,
    finding,
    is_new,
    silence,
    went_well,
)

log = logging.getLogger("collector")

REMEMBERED = timedelta(days=2)  # incidents that are over, and may still ask for a mail
LONGEST_SENDING = 30.0  # seconds for one mail, whatever the server does
TLS_FROM_THE_START = 465  # the port on which no STARTTLS comes first
LONGEST_LOOK = 60.0  # seconds between two looks for silence
_WORDS = {Trouble.TOKEN: "refuses its token", Trouble.FAILING: "fails"}
_LOCAL = ("localhost", "127.0.0.1", "::1")


class MailError(Exception):
    """A mail was not sent; the message says why, without addresses and secrets."""


@dataclass(frozen=True)
class MailServer:
    """Where alerts are handed in. Without a host or recipients none is sent.

    `timeout` are seconds for each step of the exchange.
    """

    host: str = ""
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    recipients: tuple[str, ...] = ()
    timeout: float = 10.0

    @property
    def configured(self) -> bool:
        return bool(self.host and self.recipients)

    def send(self, letter: EmailMessage) -> None:
        """Hand one letter in; raises MailError when the server took it for nobody."""
        try:
            # Without a sender of its own the alert comes from its first reader.
            letter["From"] = self.user if "@" in self.user else self.recipients[0]
            letter["To"] = ", ".join(self.recipients)
            with self._session() as session:
                refused = session.send_message(letter)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailError(_why(error)) from error
        if refused:
            log.warning(
                "alerts: the mail server refused %d of %d recipients",
                len(refused),
                len(self.recipients),
            )

    @contextlib.contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A session, encrypted where the server can, and logged in where there is an account."""
        context = ssl.create_default_context()
        if self.port == TLS_FROM_THE_START:
            session = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            session = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        with session:
            session.ehlo_or_helo_if_needed()
            encrypted = self.port == TLS_FROM_THE_START
            if not encrypted and session.has_extn("starttls"):
                session.starttls(context=context)
                session.ehlo()
                encrypted = True
            self._log_in(session, encrypted)
            yield session

    def _log_in(self, session: smtplib.SMTP, encrypted: bool) -> None:
        if not (self.user and self.password):
            return
        if not (encrypted or self.host in _LOCAL):
            raise MailError("it offers no encryption; the password was not sent")
        if session.has_extn("auth"):
            session.login(self.user, self.password)


def _why(error: Exception) -> str:
    """The kind of a failure and the server's code: its words may repeat an address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "every recipient was refused"
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


@dataclass
class Alerts:
    """The incidents of one database, and who is told of them.

    `every` is the time between two rounds; `guard` refuses writes once another collector works.
    """

    engine: Engine
    server: MailServer
    clock: Callable[[], datetime]
    every: timedelta
    zone: tzinfo
    dashboard_url: str = ""
    guard: Callable[[Connection], None] = lambda _connection: None
    stop: threading.Event = field(default_factory=threading.Event)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> None:
        """Open, close and mail what is due by now.

        A database or a mail server that fails is logged and tried again at the next look. Raises
        store.LeaseLost.
        """
        with self._one_at_a_time:
            try:
                self._keep_incidents()
                self._send_mails()
            except ERRORS as error:
                log.warning("alerts: %s", reason(error))

    def tell_finds(self) -> None:
        """Mail the radar's finds alone, where no platform is asked that could fail or fall silent.

        The rest as `look`.
        """
        with self._one_at_a_time:
            try:
                if self._may_mail:
                    self._send_radar_mails(self.clock())
            except ERRORS as error:
                log.warning("alerts: %s", reason(error))

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look for silence in a thread of its own while the block runs: a round may hang."""
        done = threading.Event()
        pause = min(LONGEST_LOOK, self.every.total_seconds())
        watcher = threading.Thread(target=self._watch, args=(done, pause), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()

    def _watch(self, done: threading.Event, pause: float) -> None:
        while not done.wait(pause) and not self.stop.is_set():
            with contextlib.suppress(store.LeaseLost):  # whoever took over alerts now
                self.look()

    # --- incidents --------------------------------------------------------------------------------

    def _keep_incidents(self) -> None:
        with self.engine.begin() as connection:
            self.guard(connection)
            self._judge_silence(connection)
            asked = stored.collected_platforms(connection)
            for platform in sorted(asked):
                self._judge(connection, platform)
            gone = {one.platform for one in stored.open_incidents(connection)} - asked
            stored.close_incidents(connection, gone - {COLLECTOR}, self.clock(), quietly=True)

    def _judge(self, connection: Connection, platform: str) -> None:
        now = self.clock()
        runs = stored.decisive_runs(connection, platform)
        known = _kinds(connection, platform)
        if runs and went_well(runs[0]):
            self._close(connection, platform, known, now)
            return
        found = finding(runs, now)
        if is_new(found, known):
            since = self._local(found.since)
            log.error(
                "alert: %s %s since %s%s", _name(platform), _WORDS[found.kind], since, self._no_mail
            )
            stored.open_incident(connection, platform, found, now)

    def _judge_silence(self, connection: Connection) -> None:
        now = self.clock()
        found = silence(stored.last_finished(connection), now, self.every)
        known = _kinds(connection, COLLECTOR)
        if found is None:
            self._close(connection, COLLECTOR, known, now)
        elif is_new(found, known):
            since = self._local(found.since)
            log.error("alert: no round has ended since %s%s", since, self._no_mail)
            stored.open_incident(connection, COLLECTOR, found, now)

    def _close(self, connection: Connection, platform: str, known: set[str], now: datetime) -> None:
        if known:
            log.info("alert over: %s works again", _name(platform))
            stored.close_incidents(connection, [platform], now)

    def _local(self, instant: datetime) -> str:
        return f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M}"

    @property
    def _no_mail(self) -> str:
        """Why nobody will be mailed; empty where somebody will, which is logged by itself."""
        if self.server.configured:
            return ""
        empty = "ALERT_RECIPIENTS" if self.server.host else "SMTP_HOST"
        return f"; no mail sent ({empty} is empty)"

    # --- mails ------------------------------------------------------------------------------------

    @property
    def _may_mail(self) -> bool:
        return self.server.configured and not self.stop.is_set()

    def _send_mails(self) -> None:
        if not self._may_mail:
            return
        now = self.clock()
        with snapshot(self.engine) as connection:
            known = stored.recent_incidents(connection, now - REMEMBERED)
        for one in alarms(known, now):
            letter = letters.alarm(one, self.zone, self.dashboard_url)
            if not self._mail(letter, [one], now):
                return
        for told in all_clears(known, now):
            letter = letters.all_clear(told, self.zone, self.dashboard_url)
            if not self._mail(letter, told, now):
                return
        self._send_radar_mails(now)

    def _send_radar_mails(self, now: datetime) -> None:
        with snapshot(self.engine) as connection:
            due = due_mails(connection, now, self.dashboard_url)
        for one in due:
            if not self._mail(one.letter, one.told, now, note=note_alarms_mailed):
                return

    def _mail(
        self, letter: EmailMessage, told: Sequence, now: datetime, note=stored.note_mailed
    ) -> bool:
        """Send and remember that it was sent; False when the rest need not be tried now."""
        try:
            within(LONGEST_SENDING, self.stop, lambda: self.server.send(letter))
        except MailError as error:
            log.warning("alerts: a mail could not be sent, next time again: %s", error)
            return False
        with self.engine.begin() as connection:
            self.guard(connection)
            note(connection, told, now)
        readers = len(self.server.recipients)
        many = "s" if readers > 1 else ""
        log.info("alert: mailed to %d recipient%s: %s", readers, many, letter["Subject"])
        return True


def _name(platform: str) -> str:
    return {"classify": "the classifier", COLLECTOR: "collection", **letters.NAMES}[platform]


def _kinds(connection: Connection, platform: str) -> set[str]:
    return {one.kind for one in stored.open_incidents(connection) if one.platform == platform}


def within(seconds: float, stop: threading.Event, work: Callable[[], None]) -> None:
    """Do it in a thread that is left behind after so many seconds, or when a stop is asked for.

    A timeout of smtplib's spans one read: a server that drips would hold the round up for ever.
    """
    ended: list[MailError | None] = []

    def run() -> None:
        try:
            work()
            ended.append(None)
        except MailError as error:
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ends_at = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < ends_at and not stop.is_set():
        thread.join(0.1)
    if not ended:
        raise MailError("the server did not take it in time")
    if ended[0] is not None:
        raise ended[0]
