"""Briefs in the database: read from the totals of a week, and kept as they were sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from db import briefs, store
from db.cube import Cube
from db.engine import snapshot
from db.seed.events import seed_events
from db.tables import alarms
from insights import metrics
from insights.brief import WEEK, EventLine, Gap
from insights.model import Classification, Event, Kind, Platform, RunStatus, Scope, Sentiment
from tests.briefs import MADE_AT, SUNDAY, a_brief
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post, matched

EVERY = timedelta(hours=2)
KUAH, ZOO = 1, 2
PLACES = [
    a_place("kuah", name="Kuah", category="Town"),
    a_place("zoo", name="Zoo", city="Alor Setar", city_slug="alor-setar", category="Zoo"),
]
WHOLE = Scope(SUNDAY, SUNDAY + WEEK)


@pytest.fixture
def db(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", PLACES, NOW)
    return engine


def on(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=KUALA_LUMPUR)


def save(db, *page) -> None:
    with db.begin() as connection:
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)


def complain(db, post, *topics: str) -> None:
    answer = Classification(
        post.platform, post.post_id, Sentiment.NEGATIVE, -0.5, "test", topics=topics
    )
    with db.begin() as connection:
        store.save_classifications(connection, [answer], now=NOW)


def run(db, platform: str, at: datetime, status=RunStatus.OK, kind: Kind | None = None) -> None:
    with db.begin() as connection:
        number = store.start_run(connection, "round", platform, at)
        store.finish_run(connection, number, status=status, now=at, error_kind=kind)


def brief(db, scope: Scope = WHOLE):
    return briefs.read_brief(db, Cube.load(db), scope, now=MADE_AT, zone=KUALA_LUMPUR, every=EVERY)


def test_saturday_night_belongs_to_the_week_and_sunday_morning_to_the_next(db):
    last, first_of_next = SUNDAY + timedelta(days=6), SUNDAY + WEEK
    save(
        db,
        matched(a_post(posted_at=on(last, 23)), KUAH),
        matched(a_post(posted_at=on(first_of_next, 0)), KUAH),
        matched(a_post(posted_at=on(SUNDAY - timedelta(days=1), 23)), ZOO),
    )

    found = brief(db)

    assert (found.now.posts, found.before.posts) == (1, 1)
    assert [day.posts for day in found.days] == [0, 0, 0, 0, 0, 0, 1]


def test_its_figures_are_those_of_the_cube(db):
    posts = [a_post(posted_at=on(SUNDAY), likes=index, views=None) for index in range(6)]
    save(db, *(matched(post, KUAH if index else ZOO) for index, post in enumerate(posts)))
    for post in posts[:4]:
        complain(db, post, "ferry")

    found, cube = brief(db), Cube.load(db)

    assert found.now == cube.totals(WHOLE)
    assert found.stamp.data_version == cube.version
    assert [(line.topic, line.posts) for line in found.complaints] == [("ferry", 4)]
    assert [(one.name, one.posts) for one in found.complaints[0].where] == [("Kuah", 3), ("Zoo", 1)]
    assert metrics.net_sentiment(found.now).value == -100


def test_a_city_has_a_brief_of_its_own(db):
    save(
        db, matched(a_post(posted_at=on(SUNDAY)), KUAH), matched(a_post(posted_at=on(SUNDAY)), ZOO)
    )

    found = brief(db, replace(WHOLE, city="alor-setar"))

    assert (found.city, found.now.posts) == ("alor-setar", 1)
    assert [line.slug for line in found.places] == ["zoo"]


def test_a_week_without_a_post_has_a_brief_too(db):
    found = brief(db)

    assert found.is_quiet
    assert (found.now.likes, found.places, found.complaints) == (None, (), ())


def test_days_without_a_collection_are_gaps_of_the_week(db):
    for day in (SUNDAY - timedelta(days=2), SUNDAY + timedelta(days=3), SUNDAY + timedelta(days=9)):
        run(db, "x", on(day))

    found = brief(db)

    last = SUNDAY + timedelta(days=6)
    assert found.gaps == (
        Gap("x", SUNDAY, SUNDAY + timedelta(days=2)),
        Gap("x", SUNDAY + timedelta(days=4), last),
    )


@pytest.mark.parametrize(("silent", "unlike"), [(5, False), (9, True)])
def test_weeks_of_which_something_was_missed_for_good_are_not_compared(db, silent, unlike):
    """A silence that is longer than searches reach back; a shorter one is made good."""
    for week in (SUNDAY, SUNDAY - WEEK):
        save(db, *(matched(a_post(posted_at=on(week)), KUAH) for _ in range(8)))
    for day in (SUNDAY - WEEK, SUNDAY - timedelta(days=5)):
        run(db, "x", on(day))
    run(db, "x", on(SUNDAY - timedelta(days=4) + timedelta(days=silent)))
    run(db, "x", on(SUNDAY + timedelta(days=6)))

    found = brief(db)

    assert found.unlike == unlike
    assert (found.change("posts").kind == "same") != unlike
    assert briefs.from_figures(briefs.to_figures(found)) == found


def test_a_week_in_which_nobody_collected_says_why(db):
    assert brief(db).unread == "never"
    run(db, "x", on(SUNDAY + WEEK, 0))
    run(db, "import", on(SUNDAY))

    found = brief(db)

    assert (found.unread, found.unread_before) == ("before", "before")
    assert found.began == SUNDAY + WEEK
    run(db, "facebook", on(SUNDAY - timedelta(days=1), 23))
    later = brief(db)
    assert (later.unread, later.unread_before) == ("paused", "")
    run(db, "facebook", on(SUNDAY + timedelta(days=6), 23))
    assert brief(db).unread == ""
    assert brief(db, replace(WHOLE, platform="x")).unread == "before"
    assert brief(db, replace(WHOLE, platform="tiktok")).unread == "never"


def test_the_demo_and_files_have_no_unread_weeks(db):
    assert brief(db, replace(WHOLE, demo=True)).unread == ""
    assert brief(db, replace(WHOLE, platform="import")).unread == ""


def test_a_platform_that_fails_is_told_and_a_file_is_not(db):
    run(db, "x", on(SUNDAY), RunStatus.FAILED, Kind.AUTH)
    run(db, "import", on(SUNDAY), RunStatus.PARTIAL, Kind.BAD_PAYLOAD)
    run(db, "facebook", on(SUNDAY))

    (failing,) = brief(db).failing

    assert (failing.platform, failing.error_kind, failing.since) == ("x", "auth", on(SUNDAY))


def test_events_of_another_city_stay_out(db):
    with db.begin() as connection:
        store.save_templates(connection, seed_events(), NOW)
        template = next(t for t in seed_events() if t.city_slug == "langkawi")
        known = [Event(template.slug, SUNDAY, SUNDAY, True)]
        store.save_events(connection, known, NOW)

    line = EventLine(SUNDAY, SUNDAY, template.name_ms, template.name_en, "langkawi", True)
    assert brief(db).events == (line,)
    assert brief(db, replace(WHOLE, city="langkawi")).events == (line,)
    assert brief(db, replace(WHOLE, city="mainland")).events == ()
    assert brief(db, replace(WHOLE, city="alor-setar")).events == ()


def test_only_whole_weeks_have_a_brief(db):
    with pytest.raises(ValueError, match="one week"):
        brief(db, Scope(SUNDAY, SUNDAY + timedelta(days=8)))


# --- the archive ----------------------------------------------------------------------------------


def kept(db):
    with snapshot(db) as connection:
        return briefs.archived(connection)


def keep(db, one) -> None:
    with db.begin() as connection:
        briefs.keep_brief(connection, one, ("ms", "en"))


def test_a_kept_brief_is_read_back_as_it_was_in_each_language(db):
    keep(db, a_brief())

    assert [one.language for one in kept(db)] == ["en", "ms"]
    assert {one.brief for one in kept(db)} == {a_brief()}
    assert {one.mailed_at for one in kept(db)} == {None}


def test_a_week_is_kept_once_and_never_changed(db):
    keep(db, a_brief())
    keep(db, a_brief(city="langkawi"))

    assert [one.brief.city for one in kept(db)] == ["all", "all"]


def test_the_newest_week_comes_first(db):
    earlier = a_brief(since=SUNDAY - WEEK, until=SUNDAY)
    keep(db, earlier)
    keep(db, a_brief())

    assert [one.brief.since for one in kept(db)] == [SUNDAY, SUNDAY, SUNDAY - WEEK, SUNDAY - WEEK]


def test_a_mailed_week_says_when(db):
    keep(db, a_brief())
    with db.begin() as connection:
        briefs.note_mailed(connection, SUNDAY, NOW)

    assert {one.mailed_at for one in kept(db)} == {NOW}


def test_the_first_success_is_that_of_a_platform(db):
    run(db, "classify", on(SUNDAY - WEEK))
    run(db, "x", on(SUNDAY), RunStatus.FAILED, Kind.NETWORK)
    run(db, Platform.TIKTOK, on(SUNDAY, 15))

    with snapshot(db) as connection:
        assert briefs.first_success(connection) == on(SUNDAY, 15)


def open_alarm(db, **given) -> None:
    values = {
        "place_id": 1,
        "topic": "ferry",
        "kind": "volume",
        "level": "alarm",
        "first_day": 20_778,
        "opened_at": MADE_AT,
        "last_seen_at": MADE_AT,
        "posts": 9,
        "authors": 7,
        "texts": 9,
        "post_keys": [["x", "1"]],
        **given,
    }
    with db.begin() as connection:
        connection.execute(alarms.insert().values(**values))


def test_alarms_that_are_open_when_it_is_made_belong_to_the_newest_week_and_are_kept(db):
    open_alarm(db)
    open_alarm(db, topic="prices", level="shown")
    open_alarm(db, topic="litter", closed_at=MADE_AT)

    found = brief(db)

    assert [(one.topic, one.slug, one.posts) for one in found.alarms] == [
        ("ferry", PLACES[0].slug, 9)
    ]
    assert brief(db, replace(WHOLE, city="alor-setar")).alarms == ()
    before = replace(WHOLE, since=SUNDAY - WEEK, until=SUNDAY)
    assert brief(db, before).alarms == ()
    with db.begin() as connection:
        briefs.keep_brief(connection, found, ["ms"])
        connection.execute(alarms.update().values(closed_at=MADE_AT))
        assert briefs.archived_of(connection, SUNDAY)[0].brief == found
    assert brief(db).alarms == ()
