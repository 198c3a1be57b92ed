"""The weekly digest: once a week, on Sunday at 08:00, quiet or not, whatever the machine does."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta

import pytest
from pypdf import PdfReader

from collector.alerts import MailServer
from collector.digest import Digest, due_week, full_hour, letter_of, pdf_of
from collector.scheduler import Job, Scheduler
from db import briefs, queries, store
from db.engine import snapshot
from insights.brief import WEEK
from insights.model import RunStatus
from tests.briefs import SUNDAY
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post, matched

READERS = ("pegawai@example.org", "officer@example.org")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MONDAY = SUNDAY + WEEK + timedelta(days=1)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=KUALA_LUMPUR)


EIGHT = at(SUNDAY + WEEK, 8)


@pytest.fixture
def engine(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place(name="Pantai Cenang")], NOW)
    return engine


class Office:
    """A collector's digest with a clock of its own."""

    def __init__(self, engine, port: int | None = None, **given):
        self.engine, self.now = engine, EIGHT
        server = MailServer("127.0.0.1", port or 0, recipients=READERS, timeout=2)
        self.digest = Digest(
            engine,
            server if port else MailServer(),
            lambda: self.now,
            timedelta(hours=2),
            KUALA_LUMPUR,
            **given,
        )

    def look(self, when: datetime) -> None:
        self.now = when
        self.digest.look()

    @property
    def kept(self):
        with snapshot(self.engine) as connection:
            return briefs.archived(connection)


@pytest.fixture
def office(engine, mail):
    collected(engine, at(SUNDAY - WEEK, 9))
    return Office(engine, mail.port)


def collected(engine, when: datetime) -> None:
    with engine.begin() as connection:
        run = store.start_run(connection, "round", "x", when)
        store.finish_run(connection, run, status=RunStatus.OK, now=when)


def some_posts(engine, count: int, day: date = SUNDAY) -> None:
    with engine.begin() as connection:
        page = [matched(a_post(posted_at=at(day, 12)), 1) for _ in range(count)]
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)


def text_of(mail) -> str:
    return mail.letter.get_body().get_content()


def attached(mail) -> dict[str, bytes]:
    return {part.get_filename(): part.get_content() for part in mail.letter.iter_attachments()}


# --- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "week"),
    [
        (EIGHT - MINUTE, SUNDAY - WEEK),
        (EIGHT, SUNDAY),
        (EIGHT + timedelta(days=6), SUNDAY),
        (at(SUNDAY + 2 * WEEK, 7, 59), SUNDAY),
    ],
)
def test_a_week_is_due_from_eight_on_the_sunday_after_it(now, week):
    assert due_week(now, KUALA_LUMPUR) == week


def test_nothing_is_sent_before_eight(office, mail):
    office.look(at(SUNDAY, 8))  # the week before
    office.look(EIGHT - MINUTE)

    assert [one.brief.since for one in office.kept] == [SUNDAY - WEEK] * 2
    assert len(mail.mails) == 1


def test_the_digest_of_a_week_is_sent_once_however_often_the_collector_looks(office, mail):
    for hours in range(30):
        office.look(EIGHT + hours * HOUR)

    assert len(mail.mails) == 1


def test_a_collector_that_starts_anew_does_not_send_it_again(engine, office, mail):
    office.look(EIGHT)
    Office(engine, mail.port).look(EIGHT + MINUTE)

    assert len(mail.mails) == 1


def test_a_missed_sunday_is_sent_once_on_waking(office, mail):
    office.look(at(MONDAY + timedelta(days=2), 14))
    office.look(at(MONDAY + timedelta(days=2), 15))

    assert len(mail.mails) == 1


def test_whoever_wakes_after_a_month_gets_the_newest_week_only(office, mail):
    office.look(EIGHT + 4 * WEEK + HOUR)

    assert [one.brief.since for one in office.kept] == [SUNDAY + 4 * WEEK] * 2
    assert len(mail.mails) == 1


def test_no_digest_tells_of_a_week_before_collection_began(engine, mail):
    collected(engine, at(MONDAY, 9))
    office = Office(engine, mail.port)

    office.look(at(MONDAY, 10))

    assert (office.kept, mail.mails) == ([], [])


def test_the_scheduler_looks_at_eight_sharp(engine, office, mail):
    office.now = EIGHT - 90 * MINUTE  # started at half past six
    first = full_hour(office.now, KUALA_LUMPUR)
    job = Job("digest", HOUR, office.digest.look, first=first)
    scheduler = Scheduler(engine, [job], lambda: office.now, office.digest.stop)
    scheduler.run_pending()
    before = len(mail.mails)  # the week before, for which nobody was awake
    for moment in (EIGHT - MINUTE, EIGHT):
        office.now = moment
        scheduler.run_pending()

    assert len(mail.mails) == before + 1
    with snapshot(engine) as connection:
        assert queries.due_jobs(connection)["digest"] == EIGHT + HOUR


def test_a_look_that_was_cut_short_does_not_move_the_hour(engine, office):
    office.now = EIGHT - 55 * MINUTE  # five past seven, when the last collector was stopped
    with engine.begin() as connection:
        store.save_due(connection, "digest", due_at=office.now)
    first = full_hour(office.now, KUALA_LUMPUR)
    job = Job("digest", HOUR, office.digest.look, first=first)

    Scheduler(engine, [job], lambda: office.now, office.digest.stop).run_pending()

    with snapshot(engine) as connection:
        assert queries.due_jobs(connection)["digest"] == EIGHT


# --- what -----------------------------------------------------------------------------------------


def test_every_reader_gets_the_week_in_both_languages(engine, office, mail):
    for days in range(1, 15):
        collected(engine, at(SUNDAY - WEEK + timedelta(days=days), 7))
    some_posts(engine, 7)

    office.look(EIGHT)

    (sent,) = mail.mails
    assert set(sent.recipients) == set(READERS)
    assert "Laporan mingguan 15 Nov – 21 Nov 2026 / Weekly brief 15 Nov – 21 Nov 2026" in (
        sent.subject
    )
    assert "7 hantaran tentang Kedah; tiada pada minggu sebelumnya." in text_of(sent)
    assert "7 posts about Kedah; none the week before." in text_of(sent)


def test_a_quiet_week_is_sent_too(office, mail):
    for index in range(-1, 7):
        collected(office.engine, at(SUNDAY + timedelta(days=index), 12))

    office.look(EIGHT)

    assert "Quiet week: no post about Kedah, and none the week before." in text_of(mail.mails[0])


def test_a_week_in_which_no_collection_ran_is_sent_as_that(office, mail):
    office.look(EIGHT)

    assert "No data: no collection ran in this week" in text_of(mail.mails[0])
    assert "Quiet week" not in text_of(mail.mails[0])
    assert "Likes" not in text_of(mail.mails[0]).partition("Definitions.")[0]


def test_an_unknown_change_is_not_told(office, mail):
    office.look(EIGHT)
    some_posts(office.engine, 7)
    office.look(EIGHT + WEEK)

    assert ": — (—" not in text_of(mail.mails[-1])


def test_the_attached_pages_are_those_that_the_archive_makes_again(engine, office, mail):
    some_posts(engine, 7)
    office.look(EIGHT)
    some_posts(engine, 5)  # late ones change nothing that was sent

    files = attached(mail.mails[0])

    assert files == {
        f"kedah-brief-2026-11-15-{one.language}.pdf": pdf_of(one) for one in office.kept
    }
    page = PdfReader(io.BytesIO(files["kedah-brief-2026-11-15-en.pdf"])).pages[0]
    assert "7 posts about Kedah" in page.extract_text()


def test_the_mail_leads_to_the_week_on_the_dashboard(engine, mail):
    collected(engine, at(SUNDAY, 9))
    office = Office(engine, mail.port, dashboard_url="https://pulse.example.org/")

    office.look(EIGHT)

    assert "https://pulse.example.org/brief?week=2026-11-15&lang=ms" in text_of(mail.mails[0])


def test_a_mail_program_can_tell_that_two_mails_are_the_same(office):
    office.look(EIGHT)

    ids = {letter_of(office.kept, "", office.now)["Message-ID"] for _ in range(2)}

    assert ids == {"<weekly-brief.2026-11-15@kedah-tourism-pulse.invalid>"}


# --- trouble --------------------------------------------------------------------------------------


def test_a_mail_that_fails_is_sent_an_hour_later_with_the_same_figures(engine, office, mail):
    some_posts(engine, 7)
    mail.busy_at = "DATA"
    office.look(EIGHT)
    assert ([one.mailed_at for one in office.kept], mail.mails) == ([None, None], [])
    mail.busy_at = ""
    some_posts(engine, 5)

    office.look(EIGHT + HOUR)

    assert "7 posts about Kedah" in text_of(mail.mails[0])
    assert [one.mailed_at for one in office.kept] == [EIGHT + HOUR] * 2


def test_a_mail_server_that_is_down_all_day_is_asked_once_an_hour(office, mail):
    mail.busy_at = "MAIL"
    for hours in range(5):
        office.look(EIGHT + hours * HOUR)

    assert mail.commands.count("MAIL") == 5
    assert mail.mails == []


def test_without_a_mail_server_the_week_is_kept_all_the_same(engine):
    collected(engine, at(SUNDAY, 9))
    office = Office(engine)

    office.look(EIGHT)

    assert [(one.language, one.mailed_at) for one in office.kept] == [("en", None), ("ms", None)]


def test_a_collector_that_lost_its_lease_keeps_and_sends_nothing(engine, mail):
    def refuse(_connection):
        raise store.LeaseLost("another collector holds it")

    collected(engine, at(SUNDAY, 9))
    office = Office(engine, mail.port, guard=refuse)

    with pytest.raises(store.LeaseLost):
        office.look(EIGHT)
    assert (office.kept, mail.mails) == ([], [])
