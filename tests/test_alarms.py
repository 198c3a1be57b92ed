"""The radar in the database: one incident, one alarm, one end, with its posts; on both engines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete

from db import alarms, queries, store, tables
from db.seed import seed_places
from insights.matching import matched_post
from insights.model import Classification, Platform, PostFilter, Scope, Sentiment
from insights.places import Gazetteer
from insights.radar import Judgement, Level, Said, Trouble
from tests.fakes import KUALA_LUMPUR, NOW, a_post
from tests.test_radar import FERRY, PEOPLE

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def engine(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)
    return engine


class Kedah:
    """A database that is written to and looked at."""

    def __init__(self, engine):
        self.engine = engine
        with engine.connect() as connection:
            self.gazetteer = Gazetteer(queries.gazetteer(connection))

    def post(self, text, at=NOW - HOUR, author="a", topics=("ferry",), label="negative", **given):
        """A post, labelled unless `label` is None; its key."""
        return self.save(
            [a_post(content=text, posted_at=at, author=author, **given)], topics, label
        )[0]

    def save(self, posts, topics=("ferry",), label="negative") -> list[tuple[str, str]]:
        """These posts as one page, all labelled alike."""
        labels = [
            Classification(
                one.platform, one.post_id, Sentiment(label), 0.0, "fake:1", topics=topics
            )
            for one in posts
            if label
        ]
        with self.engine.begin() as connection:
            page = [
                matched_post(one, self.gazetteer, "secret" if one.author else "") for one in posts
            ]
            seen_at = max(one.posted_at for one in posts)
            store.save_page(connection, page, now=seen_at, zone=KUALA_LUMPUR, labels=labels)
        return [(str(one.platform), one.post_id) for one in posts]

    def usual_days(self, count=30, **given):
        """Something was collected on so many days before yesterday, none of it trouble."""
        self.save(
            [
                a_post(content="Pantai Cenang cantik", posted_at=NOW - back * DAY, **given)
                for back in range(2, count + 2)
            ],
            label="positive",
        )

    def sweep(self, at=NOW):
        with self.engine.begin() as connection:
            return alarms.sweep(connection, at, zone=KUALA_LUMPUR)

    def open(self):
        with self.engine.connect() as connection:
            return alarms.open_alarms(connection)

    def named(self, one) -> str | None:
        with self.engine.connect() as connection:
            return alarms.place_name(queries.gazetteer(connection), one.place_id)

    def version(self) -> int:
        with self.engine.connect() as connection:
            return queries.version(connection)[0]


@pytest.fixture
def kedah(engine):
    return Kedah(engine)


def complain(kedah, at=NOW - HOUR, label="negative", where="(Kuala Kedah)", **given) -> list:
    """Nine complaints by seven people."""
    return kedah.save(
        [
            a_post(**{"content": f"{text} {where}", "posted_at": at, "author": author, **given})
            for text, author in zip(FERRY, PEOPLE, strict=True)
        ],
        label=label,
    )


# ---- volume -------------------------------------------------------------------------------------


def test_nine_ferry_complaints_by_seven_people_are_an_alarm_with_place_counts_and_posts(kedah):
    kedah.usual_days()
    keys = complain(kedah)

    swept = kedah.sweep()

    (one,) = kedah.open()
    assert [key[1:] for key in swept.opened] == [("ferry", "volume")]
    assert (kedah.named(one), one.topic) == ("Kuala Kedah", "ferry")
    assert (one.posts, one.authors, one.texts) == (9, 7, 9)
    assert (one.kind, one.level) == (Trouble.VOLUME, Level.ALARM)
    assert set(one.post_keys) == set(keys)
    assert one.p_value < 0.001
    assert 0 < one.expected < 0.2


def test_a_town_and_its_jetty_are_one_incident(kedah):
    kedah.usual_days()
    for number, (text, author) in enumerate(zip(FERRY, PEOPLE, strict=True)):
        where = "Jeti Kuala Kedah" if number % 2 else "dekat Kuala Kedah"
        kedah.post(f"{text}, {where}", author=author)

    kedah.sweep()

    assert [(kedah.named(one), one.posts) for one in kedah.open()] == [("Kuala Kedah", 9)]


def test_complaints_of_a_ferrys_fare_are_one_alarm_though_they_are_of_two_issues(kedah):
    kedah.usual_days()
    for number, (text, author) in enumerate(zip(FERRY, PEOPLE, strict=True)):
        topics = ("ferry", "prices") if number else ("ferry",)
        kedah.post(f"{text}, Kuala Kedah", author=author, topics=topics)

    assert [key[1:] for key in kedah.sweep().opened] == [("ferry", "volume")]
    assert not kedah.sweep(NOW + HOUR)


def test_when_one_of_its_issues_is_over_first_the_other_raises_no_second_alarm(kedah):
    kedah.usual_days()
    for number, (text, author) in enumerate(zip(FERRY, PEOPLE, strict=True)):
        key = kedah.post(f"{text}, Kuala Kedah", author=author, topics=("ferry", "prices"))
        if number > 5:
            kedah.post(f"{text}, Kuala Kedah", author=author)
    kedah.sweep()
    (ferry,) = kedah.open()
    with kedah.engine.begin() as connection:
        row = tables.post_topics.c
        connection.execute(delete(tables.post_topics).where(row.topic == "ferry"))

    assert key in ferry.post_keys
    assert not kedah.sweep(NOW + HOUR).opened
    assert kedah.open() == []


def test_other_complaints_of_the_same_place_are_an_alarm_of_their_own(kedah):
    kedah.usual_days()
    for text, author in zip(FERRY, PEOPLE, strict=True):
        kedah.post(f"{text}, Kuala Kedah", author=author)
        kedah.post(f"{text}, Kuala Kedah", author=author, topics=("litter",))

    kedah.sweep()
    assert sorted(one.topic for one in kedah.open()) == ["ferry", "litter"]


def test_an_alarm_is_not_hidden_by_what_is_only_shown(kedah):
    cell = (1, "ferry")
    said = [Said("x", str(n), 1, None, f"text {n}", NOW) for n in range(9)]
    shown = alarms.Find(cell, Trouble.VOLUME, said, Judgement(Level.SHOWN, 1.0, 0.005))
    worse = alarms.Find((1, "prices"), Trouble.VOLUME, said[:6], Judgement(Level.ALARM, 0.1, 0.0))
    stays = {(*cell, "volume"): None}

    assert alarms._each_once([shown, worse], stays, ()) == [shown, worse]
    assert alarms._each_once([shown, worse], {}, ()) == [worse]


def test_forty_copies_of_one_text_are_no_volume(kedah):
    kedah.usual_days()
    kedah.save(
        [
            a_post(content=f"{FERRY[0]} https://t.co/{n}", posted_at=NOW - HOUR, author=f"w{n}")
            for n in range(40)
        ]
    )

    assert not kedah.sweep()


@pytest.mark.parametrize("label", ["positive", None])
def test_only_negative_posts_are_trouble(kedah, label):
    kedah.usual_days()
    complain(kedah, label=label)

    assert not kedah.sweep()


def test_where_authors_are_not_kept_none_are_counted(kedah):
    kedah.usual_days()
    complain(kedah, author=None)

    kedah.sweep()

    assert [(one.posts, one.authors) for one in kedah.open()] == [(9, None)]


def test_where_collecting_began_a_week_ago_it_is_shown_without_a_probability(kedah):
    kedah.usual_days(6)
    complain(kedah)

    kedah.sweep()

    assert [(one.level, one.expected, one.p_value) for one in kedah.open()] == [
        (Level.SHOWN, None, None)
    ]


def test_a_platform_that_is_new_raises_no_alarm(kedah):
    kedah.usual_days()
    complain(kedah, platform=Platform.FACEBOOK)

    kedah.sweep()

    assert [(one.level, one.posts, one.p_value) for one in kedah.open()] == [(Level.SHOWN, 9, None)]


def test_youtube_stands_apart_unless_audited(kedah):
    kedah.usual_days(platform=Platform.YOUTUBE)
    complain(kedah, platform=Platform.YOUTUBE)

    assert not kedah.sweep()
    with kedah.engine.begin() as connection:
        assert alarms.sweep(connection, NOW, zone=KUALA_LUMPUR, audited=True).opened


def test_it_stays_one_alarm_while_it_lasts_and_ends_once(kedah):
    kedah.usual_days()
    complain(kedah)
    kedah.sweep()
    first = kedah.open()[0]

    again = [kedah.sweep(NOW + step * 2 * HOUR) for step in (1, 2, 3)]
    over = kedah.sweep(NOW + 2 * DAY)

    assert not any(again)
    assert [key[1:] for key in over.closed] == [("ferry", "volume")]
    assert not kedah.open()
    with kedah.engine.connect() as connection:
        kept = alarms.alarm(connection, first.id)
    assert kept.closed_at == NOW + 2 * DAY
    assert (kept.posts, kept.post_keys) == (first.posts, first.post_keys)


def test_a_second_day_of_the_same_trouble_adds_to_the_same_alarm(kedah):
    kedah.usual_days()
    complain(kedah)
    kedah.sweep()
    for number, text in enumerate(FERRY[:6]):
        kedah.post(f"Masih sama di Kuala Kedah: {text}", NOW + DAY, f"n{number}")

    kedah.sweep(NOW + DAY + HOUR)
    kedah.sweep(NOW + 2 * DAY - HOUR)

    (one,) = kedah.open()
    assert (one.posts, one.authors) == (15, 13)
    assert one.opened_at == NOW


def test_an_earlier_find_does_not_become_usual(kedah):
    kedah.usual_days()
    for back, letter in ((10, "k"), (9, "l")):
        for number, text in enumerate(FERRY):
            kedah.post(f"{text} {letter * 3} Kuala Kedah", NOW - back * DAY, f"{letter}{number}")
        kedah.sweep(NOW - back * DAY + HOUR)
    kedah.sweep(NOW - 7 * DAY)
    assert not kedah.open()
    complain(kedah)

    kedah.sweep()

    assert kedah.open()[0].expected < 0.2


def test_a_look_that_changes_nothing_leaves_the_version(kedah):
    kedah.usual_days()
    complain(kedah)
    kedah.sweep()
    before = kedah.version()

    kedah.sweep(NOW + 2 * HOUR)

    assert kedah.version() == before
    with kedah.engine.connect() as connection:
        assert alarms.last_sweep(connection)["at"] == (NOW + 2 * HOUR).isoformat()


def test_posts_dated_ahead_are_left_for_their_time(kedah):
    kedah.usual_days()
    complain(kedah, NOW + HOUR)
    assert not kedah.sweep()


# ---- severe words -------------------------------------------------------------------------------


def test_a_severe_word_is_an_alarm_at_the_first_post_labelled_or_not(kedah):
    key = kedah.post("Seorang remaja lemas di Pantai Merdeka petang tadi", label=None)

    kedah.sweep()

    (one,) = kedah.open()
    assert (one.kind, one.topic, one.level) == (Trouble.SEVERE, "drowning", Level.ALARM)
    assert (kedah.named(one), one.posts, one.authors) == ("Pantai Merdeka", 1, 1)
    assert (one.expected, one.p_value) == (None, None)
    assert one.post_keys == (key,)


def test_without_a_place_of_kedah_there_is_no_severe_alarm(kedah):
    kedah.post("Seorang remaja lemas di pantai, Kedah", label=None)
    assert not kedah.sweep()


def test_an_advert_is_no_witness(kedah):
    kedah.post(
        "Banjir di Baling? Servis cuci karpet, harga RM50 sahaja! WhatsApp 012-3456789 sekarang"
        " untuk tempahan. #promosi",
        label=None,
    )
    assert not kedah.sweep()


def test_a_report_shared_again_is_no_news(kedah):
    told = "Pelancong dikhuatiri lemas di Pantai Cenang, bomba gerakkan pasukan penyelamat ke laut"
    kedah.post(told, NOW - 12 * DAY, label=None)
    kedah.post(f"{told} https://t.co/again", NOW - HOUR, "b", label=None)

    assert not kedah.sweep()


def test_reports_of_one_city_are_one_incident(kedah):
    kedah.post("Banjir kilat di Lata Bukit Hijau, air naik cepat", author="a", label=None)
    kedah.post("Baling banjir teruk petang ni", author="b", label=None)

    kedah.sweep()

    assert [one.posts for one in kedah.open()] == [2]


def test_the_complaints_that_follow_are_no_second_alarm(kedah):
    kedah.usual_days()
    for number, what in enumerate(("jalan", "sekolah", "kedai", "surau", "padang", "pasar")):
        said = f"Banjir di Baling, {what} {what}an tak boleh lalu {what} langsung"
        kedah.post(said, author=f"w{number}", topics=("flood_weather",))

    kedah.sweep()

    assert [(one.kind, one.topic) for one in kedah.open()] == [(Trouble.SEVERE, "flood")]


def test_a_severe_alarm_ends_when_nothing_was_reported_for_three_days(kedah):
    kedah.post("Banjir kilat di Titi Hayun, air naik cepat", label=None)
    kedah.sweep()

    assert not kedah.sweep(NOW + 3 * DAY)
    assert kedah.sweep(NOW + 4 * DAY).closed


def test_a_later_report_joins_the_alarm_with_the_first(kedah):
    first = kedah.post("Banjir kilat di Titi Hayun, air naik cepat", label=None)
    kedah.sweep()
    later = kedah.post("Titi Hayun masih banjir pagi ni", NOW + 2 * DAY, "b", label=None)

    kedah.sweep(NOW + 2 * DAY + HOUR)

    assert set(kedah.open()[0].post_keys) == {first, later}


# ---- kept and deleted ---------------------------------------------------------------------------


def test_alarms_come_before_what_is_only_shown(kedah):
    kedah.usual_days(6)
    complain(kedah)
    kedah.post("Seorang remaja lemas di Pantai Merdeka petang tadi", label=None)
    kedah.sweep()

    assert [one.level for one in kedah.open()] == [Level.ALARM, Level.SHOWN]


def test_what_ended_long_ago_is_deleted(kedah):
    kedah.post("Seorang remaja lemas di Pantai Merdeka petang tadi", label=None)
    kedah.sweep()
    kedah.sweep(NOW + 5 * DAY)

    with kedah.engine.begin() as connection:
        assert alarms.delete_alarms_before(connection, NOW + 5 * DAY) == 0
        assert alarms.delete_alarms_before(connection, NOW + 6 * DAY) == 1


def test_an_empty_database_has_nothing_unusual(kedah):
    assert not kedah.sweep()
    assert kedah.open() == []


# ---- its posts ----------------------------------------------------------------------------------


def test_a_find_opens_exactly_its_posts_whatever_the_page_was_looking_at(kedah):
    kedah.usual_days()
    keys = complain(kedah)
    kedah.post("Feri lambat lagi di Jeti Kuah", NOW - HOUR)
    kedah.sweep()
    (one,) = kedah.open()
    elsewhere = Scope(date(2020, 1, 1), date(2020, 1, 2), city="sik")
    wanted = PostFilter(elsewhere, alarm=one.id)

    with kedah.engine.connect() as connection:
        found = queries.posts(connection, wanted, limit=5)
        rest = queries.posts(connection, wanted, limit=5, offset=5)
        count = queries.count_posts(connection, wanted)
        none = queries.count_posts(connection, PostFilter(elsewhere, alarm=999))

    shown = [*zip(found["platform"], found["post_id"], strict=True)]
    shown += zip(rest["platform"], rest["post_id"], strict=True)
    assert sorted(shown) == sorted(keys)
    assert (count, none) == (one.posts, 0)
