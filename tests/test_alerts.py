"""Incidents in the database and the mails about them, on both engines and with a real server."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from collector import alerts
from collector.alerts import Alerts, MailError, MailServer
from collector.classify import ClassificationError, Outcome
from collector.letters import alarm
from collector.platforms import PlatformError
from collector.rounds import collect
from db import incidents, queries, store
from db.engine import DatabaseError, open_writer
from db.seed import seed_places
from insights.incidents import COLLECTOR, Incident
from insights.model import Kind, Platform, RunStatus
from insights.places import Gazetteer
from insights.words import Words
from tests.fakes import KUALA_LUMPUR, NOW, FakeClassifier, FakeSource, a_post
from tests.smtp_server import SmtpServer
from tests.test_rounds import a_page

EVERY = timedelta(hours=2)
HOUR = timedelta(hours=1)
READERS = ("pegawai@example.org", "officer@example.org")
DOWN = PlatformError(Kind.SERVER_ERROR, "503 canary-token canary words of a post")
REFUSED = PlatformError(Kind.AUTH, "401 canary-token refused")


@pytest.fixture
def engine(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)
    return engine


class Office:
    """A collector with a clock of its own: every round is EVERY later and followed by a look."""

    def __init__(self, engine, port: int | None = None, **given):
        self.engine, self.now = engine, NOW
        server = MailServer("127.0.0.1", port or 0, recipients=READERS, timeout=2)
        self.alerts = Alerts(
            engine,
            server if port else MailServer(),
            lambda: self.now,
            EVERY,
            KUALA_LUMPUR,
            **given,
        )

    def round(self, *sources, after=EVERY, **given):
        self.now += after
        report = collect(
            self.engine,
            sources,
            Gazetteer(seed_places()),
            given.pop("classifier", None),
            lambda: self.now,
            zone=KUALA_LUMPUR,
            **given,
        )
        self.alerts.look()
        return report

    @property
    def open(self) -> list[tuple[str, str]]:
        with self.engine.connect() as connection:
            return [(one.platform, one.kind) for one in incidents.open_incidents(connection)]


@pytest.fixture
def office(engine, mail):
    return Office(engine, mail.port)


def failing(error=DOWN, platform=Platform.X) -> FakeSource:
    return FakeSource(platform=platform, down=error)


def working(platform=Platform.X) -> FakeSource:
    return FakeSource(a_page(a_post(platform=platform)), platform=platform)


def subjects(mail: SmtpServer) -> list[str]:
    return [one.subject.removeprefix("[Kedah Tourism Pulse] ") for one in mail.mails]


# ---- incidents ----------------------------------------------------------------------------------


def test_an_incident_opens_with_the_second_failed_round_and_ends_with_the_next_success(engine):
    office = Office(engine)
    seen = []

    for source in (failing(), failing(), failing(), working()):
        office.round(source)
        seen.append(office.open)

    assert seen == [[], [("x", "failing")], [("x", "failing")], []]


def test_a_refused_token_opens_one_at_once(engine):
    office = Office(engine)

    office.round(failing(REFUSED))

    assert office.open == [("x", "token")]


def test_the_log_says_who_refuses_since_when_and_why_nobody_is_mailed(engine, caplog):
    Office(engine).round(failing(REFUSED))

    since = (NOW + EVERY).astimezone(KUALA_LUMPUR)
    words = f"X refuses its token since {since:%Y-%m-%d %H:%M}; no mail sent (SMTP_HOST is empty)"
    assert f"alert: {words}" in caplog.text


def test_the_log_says_how_many_were_mailed(office, caplog):
    caplog.set_level("INFO")
    office.round(failing(REFUSED))

    assert "alert: X refuses its token since" in caplog.text
    assert "no mail sent" not in caplog.text
    assert "alert: mailed to 2 recipients: " in caplog.text
    assert "example.org" not in caplog.text


def test_lines_left_out_of_files_are_no_incident(engine):
    office = Office(engine)
    for _ in range(3):
        with engine.begin() as connection:
            run = store.start_run(connection, "file", Platform.IMPORT, office.now)
            store.finish_run(
                connection,
                run,
                status=RunStatus.FAILED,
                now=office.now,
                error_kind=Kind.BAD_PAYLOAD,
                error="2 lines left out: 2, 3",
            )
        office.alerts.look()

    assert office.open == []


def test_the_classifier_has_incidents_too(engine):
    office = Office(engine)
    down = FakeClassifier()
    down.classify = lambda posts, stop: iter(
        [Outcome(error=ClassificationError(Kind.SERVER_ERROR, "503"))]
    )

    for _ in range(2):
        office.round(working(), classifier=down)

    assert office.open == [("classify", "failing")]


def test_one_platform_in_trouble_says_nothing_of_another(engine):
    office = Office(engine)

    for _ in range(2):
        office.round(failing(), working(Platform.FACEBOOK))

    assert office.open == [("x", "failing")]


def test_silence_is_an_incident_until_a_round_ends(engine):
    office = Office(engine)
    office.round(working())

    office.now += 2 * EVERY + HOUR
    office.alerts.look()
    silent = office.open
    office.round(working(), after=HOUR)

    assert silent == [(COLLECTOR, "silent")]
    assert office.open == []


def test_a_round_that_ended_by_a_clock_days_ahead_does_not_hide_silence(engine):
    office = Office(engine)
    office.now += 48 * HOUR
    office.round(working())
    office.now -= 48 * HOUR
    office.round(working())

    office.now += 2 * EVERY + HOUR
    office.alerts.look()

    assert office.open == [(COLLECTOR, "silent")]


@pytest.mark.parametrize("by_hand", [Platform.IMPORT, "classify"])
def test_files_and_labels_that_somebody_asked_for_do_not_hide_silence(engine, by_hand):
    office = Office(engine)
    office.round(working())

    office.now += 2 * EVERY + HOUR
    with engine.begin() as connection:
        run = store.start_run(connection, "by hand", by_hand, office.now)
        store.finish_run(connection, run, status=RunStatus.OK, now=office.now)
    office.alerts.look()

    assert office.open == [(COLLECTOR, "silent")]


def test_a_new_database_is_not_silent(engine):
    office = Office(engine)

    office.alerts.look()

    assert office.open == []


def test_records_closed_for_a_dead_collector_do_not_hide_its_silence(engine):
    office = Office(engine)
    office.round(working())
    with engine.begin() as connection:
        store.start_run(connection, "r", "x", office.now)
    office.now += 9 * HOUR

    with engine.begin() as connection:
        store.close_stale_runs(connection, office.now)
    office.alerts.look()

    assert office.open == [(COLLECTOR, "silent")]


def test_a_round_that_hangs_is_noticed_while_it_does(engine):
    office = Office(engine)
    office.round(working())
    watched = replace(office.alerts, every=timedelta(milliseconds=50))

    with watched.watching():
        ends_at = time.monotonic() + 10
        office.now += HOUR
        while not office.open and time.monotonic() < ends_at:
            time.sleep(0.02)

    assert office.open == [(COLLECTOR, "silent")]


def test_a_platform_that_is_not_configured_any_more_ends_its_incident_without_a_mail(office, mail):
    office.round(failing(REFUSED))

    office.round(skipped={"x": "not configured"})

    assert office.open == []
    assert len(mail.mails) == 1


def test_what_is_shown_changes_its_version_only_with_an_incident(engine):
    office = Office(engine)
    office.round(failing(REFUSED))
    versions = []

    for _ in range(2):
        office.alerts.look()
        with engine.connect() as connection:
            versions.append(queries.version(connection))

    assert versions[0] == versions[1]


def test_incidents_long_over_are_deleted(engine):
    office = Office(engine)
    office.round(failing(REFUSED))
    office.round(working())

    with engine.begin() as connection:
        kept = incidents.delete_incidents_before(connection, office.now)
        gone = incidents.delete_incidents_before(connection, office.now + HOUR)

    assert (kept, gone) == (0, 1)


# ---- mails --------------------------------------------------------------------------------------


def test_an_incident_is_mailed_once_and_its_end_once(office, mail):
    for source in (failing(), failing(), failing(), failing(), working(), working()):
        office.round(source)

    assert subjects(mail) == ["X gagal dikutip / X fails", "X pulih / X works again"]
    assert mail.mails[0].recipients == READERS


def test_the_mail_says_what_and_since_when_in_both_languages_and_where_to_look(engine, mail):
    office = Office(engine, mail.port, dashboard_url="https://pulse.example.org/")

    office.round(failing(REFUSED))

    letter = mail.mails[0]
    assert subjects(mail) == ["kunci X ditolak / the key of X was refused"]
    assert "X menolak kunci (token) sejak 23 Nov 2026, 14:00" in letter.body
    assert "X has refused the key (token) since 23 Nov 2026, 14:00" in letter.body
    assert letter.body.count("https://pulse.example.org/data_health") == 2
    assert letter.letter["From"] == READERS[0]


def test_what_went_wrong_is_said_in_the_words_of_each_language(office, mail):
    for _ in range(2):
        office.round(failing())

    body = mail.mails[0].body
    assert f"({Words('ms').t('error.server_error')})" in body
    assert f"({Words('en').t('error.server_error')})" in body


def test_no_word_of_a_platform_or_a_post_is_in_a_mail(office, mail):
    for _ in range(2):
        office.round(failing())
    office.round(failing(REFUSED, Platform.FACEBOOK))

    assert len(mail.mails) == 2
    assert not any("canary" in one.letter.as_string() for one in mail.mails)


def test_a_second_incident_within_six_hours_waits(office, mail):
    office.round(failing(REFUSED))
    office.round(working(), after=HOUR)
    office.round(failing(REFUSED), after=HOUR)
    soon = len(mail.mails)

    office.now += 4 * HOUR
    office.alerts.look()

    assert soon == 2  # the alarm and its all-clear
    assert subjects(mail)[2:] == ["kunci X ditolak / the key of X was refused"]


def test_two_platforms_are_told_of_separately(office, mail):
    office.round(failing(REFUSED), failing(REFUSED, Platform.FACEBOOK))

    assert sorted(subjects(mail)) == [
        "kunci Facebook ditolak / the key of Facebook was refused",
        "kunci X ditolak / the key of X was refused",
    ]


def test_silence_is_mailed_and_so_is_its_end(office, mail):
    office.round(working())
    office.now += 9 * HOUR
    office.alerts.look()
    office.round(working(), after=HOUR)

    assert subjects(mail) == [
        "kutipan data senyap / collection is silent",
        "kutipan data pulih / collection works again",
    ]


def test_without_a_mail_server_incidents_are_kept_all_the_same(engine):
    office = Office(engine)

    office.round(failing(REFUSED))

    assert office.open == [("x", "token")]


# ---- mail servers that fail ---------------------------------------------------------------------


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA", "TEXT"])
def test_a_mail_server_that_dies_midway_gets_the_mail_next_time(engine, caplog, command):
    with SmtpServer(dies_at=command) as mail:
        office = Office(engine, mail.port)
        report = office.round(failing(REFUSED))
        mail.dies_at = ""
        office.round(failing(REFUSED))

    assert report.exit_code == 3
    assert "a mail could not be sent" in caplog.text
    assert len(mail.mails) == 1


def test_a_mail_server_that_is_busy_or_not_there_breaks_no_round(engine, caplog):
    with SmtpServer(busy_at="MAIL") as mail:
        office = Office(engine, mail.port)
        office.round(failing(REFUSED))
    office.round(failing(REFUSED))

    assert office.open == [("x", "token")]
    assert "451" in caplog.text
    assert "ConnectionRefusedError" in caplog.text


def test_a_refused_recipient_does_not_keep_the_mail_from_the_others(engine, caplog):
    with SmtpServer(refused=READERS[:1]) as mail:
        office = Office(engine, mail.port)
        for _ in range(3):
            office.round(failing(REFUSED))

    assert [one.recipients for one in mail.mails] == [READERS[1:]]
    assert "refused 1 of 2 recipients" in caplog.text
    assert READERS[0] not in caplog.text


def test_when_everybody_is_refused_it_is_tried_again(engine, caplog):
    with SmtpServer(refused=READERS) as mail:
        office = Office(engine, mail.port)
        office.round(failing(REFUSED))
        mail.refused = ()
        office.round(failing(REFUSED))

    assert "every recipient was refused" in caplog.text
    assert len(mail.mails) == 1


def test_a_server_that_drips_is_left_behind(engine, monkeypatch):
    monkeypatch.setattr(alerts, "LONGEST_SENDING", 0.5)
    with SmtpServer(drip=1) as mail:
        office = Office(engine, mail.port)
        begun = time.monotonic()
        office.round(failing(REFUSED))

        assert time.monotonic() - begun < 5


def test_a_stop_does_not_wait_for_a_mail_server(engine):
    stop = threading.Event()
    with SmtpServer(drip=1) as mail:
        office = Office(engine, mail.port, stop=stop)
        threading.Timer(0.5, stop.set).start()
        begun = time.monotonic()
        office.round(failing(REFUSED))

        assert time.monotonic() - begun < 5


def test_an_address_nobody_can_write_to_is_logged(engine, mail, caplog):
    office = Office(engine, mail.port)
    broken = replace(office.alerts.server, recipients=("a@example.org\nBcc: b@example.org",))
    office.alerts.server = broken

    office.round(failing(REFUSED))

    assert mail.mails == []
    assert "a mail could not be sent" in caplog.text


def test_a_database_that_fails_is_logged_and_breaks_nothing(engine, monkeypatch, caplog):
    office = Office(engine)

    def refuse(*_given):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(alerts.stored, "last_finished", refuse)
    office.alerts.look()

    assert "alerts: the disk is full" in caplog.text


# ---- encryption and accounts --------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody trusts, with its key, made for this run."""
    pem = tmp_path_factory.mktemp("tls") / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(pem), "-out", f"{pem}.crt", "-subj", "/CN=127.0.0.1"]
    try:
        subprocess.run(
            [*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    pem.write_text(pem.read_text() + pem.with_suffix(".pem.crt").read_text())
    return pem


def a_letter():
    return alarm(Incident(1, "x", "token", NOW, NOW), KUALA_LUMPUR)


def server_at(port: int, **given) -> MailServer:
    values = {"host": "127.0.0.1", "port": port, "recipients": READERS, "timeout": 2}
    return MailServer(**{**values, **given})


def test_a_mail_goes_encrypted_where_the_server_offers_it(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SmtpServer(certificate=certificate, login=True) as mail:
        server_at(mail.port, user="u@example.org", password="geheim").send(a_letter())

    assert (mail.mails[0].encrypted, mail.mails[0].account) == (True, True)
    assert mail.mails[0].letter["From"] == "u@example.org"


def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_said(certificate):
    with (
        SmtpServer(certificate=certificate, login=True) as mail,
        pytest.raises(MailError, match="SSLCertVerificationError"),
    ):
        server_at(mail.port, user="u", password="geheim").send(a_letter())

    assert "AUTH" not in mail.commands
    assert mail.mails == []


def test_a_password_never_leaves_the_machine_in_the_clear():
    account = {"user": "u", "password": "geheim"}
    with SmtpServer(login=True) as mail:
        server_at(mail.port, **account).send(a_letter())

        # This name leads here too, but is not known to.
        with pytest.raises(MailError, match="no encryption"):
            server_at(mail.port, host="0.0.0.0", **account).send(a_letter())

    assert [one.account for one in mail.mails] == [True]


def test_an_account_at_a_server_that_knows_none_is_no_hindrance(mail):
    server_at(mail.port, user="u", password="geheim").send(a_letter())

    assert not mail.mails[0].account


def test_the_password_is_in_no_text_of_the_server():
    assert "geheim" not in repr(server_at(25, password="geheim"))


# ---- the breaker in a round ---------------------------------------------------------------------


def line_of(report, platform="x"):
    return next(line for line in report.lines if line.platform == platform)


def test_after_three_failed_rounds_a_platform_rests_and_the_round_says_so(engine, caplog):
    office = Office(engine)
    for _ in range(3):
        office.round(failing(), rest_every=EVERY)
    source = working()

    report = office.round(source, after=HOUR, rest_every=EVERY)

    assert source.states == []
    assert report.exit_code == 3
    with engine.connect() as connection:
        run = queries.runs(connection, 1, "x").iloc[0]
    assert (run.status, run.error_kind) == ("skipped", "server_error")
    assert run.note == "resting after 3 failed rounds, next try at 2026-11-23 12:00 UTC"
    assert office.open == [("x", "failing")]


def test_after_its_rest_it_is_probed_and_a_success_closes_the_breaker(engine):
    office = Office(engine)
    for _ in range(3):
        office.round(failing(), rest_every=EVERY)
    probed, after = working(), working()

    report = office.round(probed, rest_every=EVERY)
    office.round(after, rest_every=EVERY)

    assert (probed.probed, after.probed) == (True, False)
    assert line_of(report).new == 1
    assert office.open == []


def test_a_probe_that_fails_doubles_the_rest(engine):
    office = Office(engine)
    for _ in range(4):
        office.round(failing(), rest_every=EVERY)

    office.round(working(), rest_every=EVERY)

    with engine.connect() as connection:
        note = queries.runs(connection, 1, "x").iloc[0].note
    assert note == "resting after 4 failed rounds, next try at 2026-11-23 16:00 UTC"


def test_the_first_round_of_a_collector_lets_nobody_rest(engine):
    office = Office(engine)
    for _ in range(3):
        office.round(failing())
    source = working()

    office.round(source, after=timedelta(seconds=1))

    assert source.probed
    assert line_of(office.round(working(), after=timedelta(seconds=1))).new == 1


def test_one_platform_that_rests_keeps_no_other_waiting(engine):
    office = Office(engine)
    for _ in range(3):
        office.round(failing(), rest_every=EVERY)

    report = office.round(working(), working(Platform.FACEBOOK), after=HOUR, rest_every=EVERY)

    assert line_of(report, "facebook").new == 1


def test_two_collectors_never_open_the_same_incident_twice(engine, database_url):
    other = open_writer(database_url)
    offices = [Office(engine), Office(other)]
    offices[0].round(failing(REFUSED))

    threads = [threading.Thread(target=office.alerts.look) for office in offices * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert offices[0].open == [("x", "token")]
    other.dispose()
