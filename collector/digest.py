"""The weekly digest: on Sunday at 08:00 last week's brief is kept for good and mailed, once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from email.message import EmailMessage

from collector.alerts import LONGEST_SENDING, MailError, MailServer, within
from collector.letters import envelope
from db import briefs
from db.briefs import Archived
from db.cube import Cube
from db.engine import Connection, Engine, snapshot
from insights.brief import WEEK, last_week
from insights.model import Scope
from insights.words import LANGUAGES, Words
from reports.plain import plain
from reports.wording import Wording, file_name

log = logging.getLogger("collector")

READY = timedelta(hours=8)  # after the week's end: Sunday 08:00 on the readers' clock
LOOK_EVERY = timedelta(hours=1)  # a mail that could not be sent is tried again so often


def due_week(now: datetime, zone: tzinfo) -> date:
    """The Sunday that begins the newest week whose digest is due by now."""
    return last_week((now.astimezone(zone).replace(tzinfo=None) - READY).date())


def full_hour(now: datetime, zone: tzinfo) -> datetime:
    """The last full hour on the readers' clock: looking hourly from there meets 08:00 itself."""
    local = now.astimezone(zone)
    return local.replace(minute=0, second=0, microsecond=0)


@dataclass
class Digest:
    """The digests of one database, and who is mailed.

    `every` is the time between two rounds, by which gaps are told; `guard` refuses writes once
    another collector works.
    """

    engine: Engine
    server: MailServer
    clock: Callable[[], datetime]
    every: timedelta
    zone: tzinfo
    dashboard_url: str = ""
    audited: bool = False
    guard: Callable[[Connection], None] = lambda _connection: None
    stop: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Keep and mail the digest that is due, unless that was done.

        Only the newest week: whoever wakes after a month wants no four mails. Its figures are kept
        before they are mailed, so that a second attempt sends the same. Raises db.engine.ERRORS
        and store.LeaseLost; a mail server that fails is logged, and tried at the next look.
        """
        week = due_week(self.clock(), self.zone)
        kept = self._archived(week)
        if not kept and self._collected_before(week + WEEK):
            self._keep(week)
            kept = self._archived(week)
        if kept and any(one.mailed_at is None for one in kept) and self.server.configured:
            self._mail(week, kept)

    def _archived(self, week: date) -> list[Archived]:
        with snapshot(self.engine) as connection:
            return briefs.archived_of(connection, week)

    def _collected_before(self, day: date) -> bool:
        """Whether anything was collected before this day began: no digest of a time without us."""
        with snapshot(self.engine) as connection:
            first = briefs.first_success(connection)
        return first is not None and first < datetime.combine(day, time(), self.zone)

    def _keep(self, week: date) -> None:
        scope = Scope(week, week + WEEK, audited=self.audited)
        brief = briefs.read_brief(
            self.engine,
            Cube.load(self.engine),
            scope,
            now=self.clock(),
            zone=self.zone,
            every=self.every,
        )
        with self.engine.begin() as connection:
            self.guard(connection)
            briefs.keep_brief(connection, brief, LANGUAGES)
        log.info("digest: the week of %s is kept, %d posts", week, brief.now.posts)

    def _mail(self, week: date, kept: Sequence[Archived]) -> None:
        letter = letter_of(kept, self.dashboard_url, self.clock())
        try:
            within(LONGEST_SENDING, self.stop, lambda: self.server.send(letter))
        except MailError as error:
            log.warning("digest: it could not be mailed, in an hour again: %s", error)
            return
        with self.engine.begin() as connection:
            self.guard(connection)
            briefs.note_mailed(connection, week, self.clock())
        log.info("digest: the week of %s was mailed", week)


def letter_of(kept: Sequence[Archived], dashboard_url: str, now: datetime) -> EmailMessage:
    """The mail of one week: the brief in each language as text, and as PDF attached.

    Its Message-ID names the week: should a mail be sent twice (the machine died between sending
    and noting it), mail programs show it once.
    """
    ordered = sorted(kept, key=lambda one: LANGUAGES.index(one.language))
    texts, subjects = [], []
    for one in ordered:
        said = Wording(one.brief, Words(one.language))
        subjects.append(said.words.t("brief.mail_subject", days=said.days))
        texts.append("\n".join([plain(said), *_about(said, dashboard_url)]))
    parted = f"\n\n{'-' * 60}\n\n".join(texts)
    name = f"weekly-brief.{ordered[0].brief.since}"
    letter = envelope(subjects, [parted], now, name)
    for one in ordered:
        file, name = pdf_of(one), file_name(one.brief, one.language, "pdf")
        letter.add_attachment(file, maintype="application", subtype="pdf", filename=name)
    return letter


def pdf_of(one: Archived) -> bytes:
    """The page of an archived brief: the bytes that were mailed."""
    # Late: ReportLab is needed once a week, and a round has no use for it.
    from reports.pdf import pdf

    return pdf(one.brief, Words(one.language))


def _about(said: Wording, dashboard_url: str) -> list[str]:
    lines = ["", said.words.t("brief.mail_attached")]
    if dashboard_url:
        url = (
            f"{dashboard_url.rstrip('/')}/brief?week={said.brief.since}&lang={said.words.language}"
        )
        lines.append(said.words.t("brief.mail_link", url=url))
    return lines
