"""Event templates as officers write them: nobody overwrites another, events follow within reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from db import queries, store
from db.engine import ERRORS, open_reader
from db.templates import (
    Overwritten,
    of_officers,
    refresh_events,
    save_template,
    stored_template,
)
from insights.model import EventTemplate
from tests.fakes import NOW, a_place

TODAY = date(2026, 11, 23)
FAIR = EventTemplate("fair", "Pesta", "Fair", "yan", "weekly", {"weekdays": [4]}, confirmed=True)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def db(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place()], NOW)
    return engine


def saved(db, template=FAIR, expected=None, now=NOW, by="Siti"):
    with db.begin() as connection:
        return save_template(connection, template, expected=expected, now=now, by=by)


def there(db, slug="fair"):
    with db.connect() as connection:
        return stored_template(connection, slug)


def starts(db) -> list[date]:
    with db.connect() as connection:
        found = queries.events_between(connection, date(2020, 1, 1), date(2030, 1, 1))
    return found["starts_on"].tolist()


def refreshed(db, today=TODAY) -> int:
    with db.begin() as connection:
        return refresh_events(connection, today, NOW)


def version(db) -> int:
    with db.connect() as connection:
        return queries.version(connection)[0]


def test_what_an_officer_writes_is_stored_with_the_name(db):
    saved(db)

    assert there(db).template == FAIR
    assert (there(db).updated_by, there(db).updated_at) == ("Siti", NOW)


def test_nothing_else_is_touched_by_an_officers_entry(db):
    before = version(db)
    saved(db)

    assert version(db) == before
    assert starts(db) == []


def test_an_edit_of_what_one_has_seen_is_stored(db):
    seen = saved(db)
    saved(db, replace(FAIR, name_en="Great fair"), expected=seen.updated_at, now=LATER)

    assert there(db).template.name_en == "Great fair"


def test_the_second_of_two_officers_is_told_who_was_quicker(db):
    seen = saved(db)
    saved(db, replace(FAIR, city_slug="sik"), expected=seen.updated_at, now=LATER, by="Ali")

    with pytest.raises(Overwritten) as refused:
        saved(db, replace(FAIR, city_slug="kulim"), expected=seen.updated_at, now=LATER)
    assert (refused.value.by, refused.value.at) == ("Ali", LATER)
    assert there(db).template.city_slug == "sik"


def test_an_edit_of_what_is_not_there_is_refused(db):
    with pytest.raises(Overwritten):
        saved(db, expected=NOW)


def test_two_new_templates_of_one_name_get_a_code_of_their_own(db):
    saved(db)
    second = saved(db, replace(FAIR, name_en="Other"))

    assert second.template.slug == "fair-2"
    assert there(db).template.name_en == "Fair"


def test_what_the_product_wrote_is_nobodys(db):
    with db.begin() as connection:
        store.save_templates(connection, [FAIR], NOW)
        assert of_officers(connection) == frozenset()
        save_template(connection, FAIR, expected=NOW, now=LATER, by="Siti")
        assert of_officers(connection) == {"fair"}


def test_a_reader_that_may_not_write_is_refused(db, database_url):
    reader = open_reader(database_url)
    with pytest.raises(ERRORS), reader.begin() as connection:
        save_template(connection, FAIR, expected=None, now=NOW, by="Siti")
    reader.dispose()
    assert there(db) is None


def test_the_next_refresh_dates_a_new_template(db):
    saved(db)
    ahead = refreshed(db)

    assert ahead == sum(day >= TODAY for day in starts(db)) == 52
    assert {day.weekday() for day in starts(db)} == {4}


def test_refreshing_again_changes_nothing_not_even_the_version(db):
    saved(db)
    refreshed(db)
    before, stood = starts(db), version(db)

    assert refreshed(db) == 52
    assert (starts(db), version(db)) == (before, stood)


def test_an_edit_moves_what_has_not_begun_and_leaves_the_rest(db):
    seen = saved(db)
    refreshed(db)
    past = [day for day in starts(db) if day <= TODAY]
    saved(db, replace(FAIR, rule={"weekdays": [0]}), expected=seen.updated_at, now=LATER)
    refreshed(db)

    assert starts(db)[: len(past)] == past
    assert {day.weekday() for day in starts(db)[len(past) :]} == {0}


def test_put_to_rest_a_template_keeps_its_past_events(db):
    seen = saved(db)
    refreshed(db)
    past = [day for day in starts(db) if day <= TODAY]
    saved(db, replace(FAIR, active=False), expected=seen.updated_at, now=LATER)

    assert refreshed(db) == 0
    assert starts(db) == past
