"""The radar within a round, and its mails, with a real mail server on loopback."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collector import radar_letters as letters
from collector.classify import Outcome
from db import alarms, store
from db.seed import seed_places
from insights.model import Classification, Sentiment
from insights.topics import ISSUES
from tests.fakes import NOW, FakeSource, a_post
from tests.test_alarms import Kedah
from tests.test_alerts import EVERY, Office
from tests.test_radar import FERRY, PEOPLE
from tests.test_rounds import a_page
from ui import text

DROWNED = "Seorang remaja lemas di Pantai Merdeka petang tadi"


@pytest.fixture
def engine(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)
    return engine


@pytest.fixture
def office(engine, mail):
    return Office(engine, mail.port, dashboard_url="https://pulse.example.org/")


class Complaining:
    """Labels every post as a complaint of the ferry."""

    name = "fake:ferry"

    def classify(self, posts, stop):
        yield Outcome(
            answers=[
                Classification(
                    one.platform,
                    one.post_id,
                    Sentiment.NEGATIVE,
                    -0.8,
                    self.name,
                    topics=("ferry",),
                )
                for one in posts
            ],
            calls=1,
        )


def complaints() -> FakeSource:
    """Nine of them by seven people, all at Kuala Kedah."""
    return FakeSource(
        a_page(
            *(
                a_post(content=f"{said} (Kuala Kedah)", author=who, posted_at=NOW)
                for said, who in zip(FERRY, PEOPLE, strict=True)
            )
        )
    )


def test_nine_complaints_are_an_alarm_and_a_mail_within_one_round(office, mail):
    Kedah(office.engine).usual_days()

    office.round(complaints(), classifier=Complaining(), hash_secret="secret")

    (one,) = mail.mails
    assert one.subject == "[Kedah Tourism Pulse] Kuala Kedah: feri / Kuala Kedah: ferry"
    assert "9 negative posts by at least 7 authors since 23 Nov 2026" in one.body
    assert "9 hantaran negatif oleh sekurang-kurangnya 7 pengarang" in one.body
    assert "https://pulse.example.org/posts?alarm=1&lang=en" in one.body


def test_no_word_of_a_post_is_mailed(office, mail):
    Kedah(office.engine).usual_days()
    office.round(complaints(), classifier=Complaining())
    assert not any(said[:15] in mail.mails[0].body for said in FERRY)


def test_it_is_told_once_and_its_end_once(office, mail):
    source = FakeSource(a_page(a_post(content=DROWNED)))

    for _ in range(3):
        office.round(source)
    office.round(FakeSource(), after=timedelta(days=5))
    office.round(FakeSource())

    # A long subject is folded, which leaves a space before it.
    assert [one.subject.strip().removeprefix("[Kedah Tourism Pulse] ") for one in mail.mails] == [
        "Pantai Merdeka: lemas / Pantai Merdeka: drowning",
        "tamat: Pantai Merdeka: lemas / over: Pantai Merdeka: drowning",
    ]


def test_what_is_only_shown_is_not_mailed(office, mail):
    Kedah(office.engine).usual_days(5)
    office.round(complaints(), classifier=Complaining())
    assert mail.mails == []
    with office.engine.connect() as connection:
        assert [one.level for one in alarms.open_alarms(connection)] == ["shown"]


def test_two_alarms_of_one_round_are_one_mail(office, mail):
    flood = a_post(content="Banjir kilat di Titi Hayun, air naik cepat")
    office.round(FakeSource(a_page(a_post(content=DROWNED), flood)))
    (one,) = mail.mails
    assert one.subject.endswith("2 amaran radar masalah / 2 alarms of the problem radar")
    assert "flood: one post reports it" in one.body


def test_a_mail_server_that_is_down_gets_it_with_the_next_look(office, mail):
    mail.busy_at = "DATA"
    office.round(FakeSource(a_page(a_post(content=DROWNED))))
    assert mail.mails == []

    mail.busy_at = ""
    office.alerts.look()

    assert len(mail.mails) == 1


def test_without_a_mail_server_the_alarm_stands_on_the_page_only(engine):
    office = Office(engine)
    office.round(FakeSource(a_page(a_post(content=DROWNED))))
    with engine.connect() as connection:
        (one,) = alarms.open_alarms(connection)
    assert (one.topic, one.mailed_at) == ("drowning", None)


def test_rounds_two_hours_apart_keep_one_alarm(office):
    for _ in range(3):
        office.round(FakeSource(a_page(a_post(content=DROWNED))))
    with office.engine.connect() as connection:
        (one,) = alarms.open_alarms(connection)
    assert one.opened_at == NOW + EVERY


def test_the_words_of_mails_are_those_of_the_screen():
    for code, words in letters.TOPICS.items():
        table = "topic" if code in ISSUES else "severe"
        for language, word in zip(letters.LANGUAGES, words, strict=True):
            shown = text.words(language)[f"{table}.{code}"]
            assert word == shown[:1].lower() + shown[1:]
