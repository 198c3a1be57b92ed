"""The calendar: twelve months ahead, Kedah's holidays, an officer's edits kept, the old gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from collector.events import KEPT, clean_up, holiday_templates, refresh_events
from db import queries, store, templates
from db.seed.events import seed_events
from insights.model import Event, EventTemplate
from insights.recurrence import RECURRENCES, occurrences
from tests.fakes import KUALA_LUMPUR, NOW, a_place

TODAY = date(2026, 11, 23)
SEEDED = {template.slug: template for template in seed_events()}


@pytest.fixture
def calendar(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place()], NOW)
    return engine


def refresh(engine, now=NOW) -> int:
    with engine.begin() as connection:
        return refresh_events(connection, now, KUALA_LUMPUR)


def events_of(engine, since=TODAY, until=TODAY + timedelta(days=366)):
    with engine.connect() as connection:
        return queries.events_between(connection, since, until)


def test_the_seed_can_be_read_and_every_rule_makes_sense():
    assert len(SEEDED) == len(seed_events())
    for template in SEEDED.values():
        assert template.recurrence in RECURRENCES
        assert template.kind in ("event", "holiday", "season")
        assert template.name_ms
        assert template.name_en
        assert template.source
        occurrences(template, date(2020, 1, 1), date(2040, 1, 1))


def test_what_nobody_has_announced_is_marked_as_to_be_confirmed():
    dated = occurrences(SEEDED["lima"], TODAY, date(2028, 1, 1))
    assert [event.confirmed for event in dated] == [False]
    assert not SEEDED["langkawi-regatta"].confirmed


def test_a_season_whose_dates_are_not_known_is_not_active():
    assert not SEEDED["paddy-seasons"].active
    assert SEEDED["paddy-seasons"].rule["dates"] == []


def test_the_next_twelve_months_are_filled(calendar):
    ahead = refresh(calendar)
    found = events_of(calendar)
    assert ahead == len(found) > 20
    names = set(found["slug"])
    assert {"langkawi-regatta", "ramadan", "school-holidays", "holiday-christmas-day"} <= names


def test_doing_it_again_changes_nothing(calendar):
    refresh(calendar)
    before = events_of(calendar)
    with calendar.connect() as connection:
        version = queries.version(connection)
    refresh(calendar, NOW + timedelta(hours=1))
    assert events_of(calendar).equals(before)
    with calendar.connect() as connection:
        assert queries.version(connection) == version


def test_a_month_later_the_year_ahead_is_longer_and_the_past_stays(calendar):
    refresh(calendar)
    first = events_of(calendar, until=date(2030, 1, 1))
    refresh(calendar, NOW + timedelta(days=40))
    then = events_of(calendar, until=date(2030, 1, 1))
    key = ["slug", "starts_on"]
    assert set(map(tuple, first[key].to_numpy())) < set(map(tuple, then[key].to_numpy()))


def test_an_edit_of_an_officer_is_kept_and_its_events_follow(calendar):
    refresh(calendar)
    moved = replace(
        SEEDED["langkawi-regatta"],
        recurrence="dates",
        rule={"dates": ["2027-01-25..2027-01-30"]},
        confirmed=True,
    )
    with calendar.begin() as connection:
        store.save_templates(connection, [moved], NOW)
    refresh(calendar)
    found = events_of(calendar)
    regatta = found[found["slug"] == "langkawi-regatta"]
    assert regatta["starts_on"].tolist() == [date(2027, 1, 25)]
    assert regatta["confirmed"].tolist() == [True]


def test_a_template_of_an_officer_gets_its_events(calendar):
    pasar = EventTemplate(
        "pasar-karat", "Pasar Karat", "Flea Market", "kulim", "weekly", {"weekdays": [6]}
    )
    with calendar.begin() as connection:
        store.save_templates(connection, [pasar], NOW)
    refresh(calendar)
    found = events_of(calendar)
    assert len(found[found["slug"] == "pasar-karat"]) in (52, 53)


def test_a_template_that_was_put_to_rest_loses_what_lies_ahead(calendar):
    refresh(calendar)
    with calendar.begin() as connection:
        store.save_templates(connection, [replace(SEEDED["ramadan"], active=False)], NOW)
    refresh(calendar)
    with calendar.begin() as connection:
        store.save_templates(connection, [SEEDED["ramadan"]], NOW)
    found = events_of(calendar)
    assert "ramadan" not in set(found["slug"])


def test_the_past_year_of_a_new_calendar_is_filled_with_what_is_sure(calendar):
    refresh(calendar)
    past = events_of(calendar, TODAY - timedelta(days=390), TODAY)

    assert "holiday-national-day" in set(past["slug"])
    assert past[past["ends_on"] < TODAY]["confirmed"].all()


def test_a_holiday_that_an_officer_changed_is_left_as_it_is(calendar):
    refresh(calendar)
    with calendar.begin() as connection:
        there = templates.stored_template(connection, "holiday-mawlid")
        told = [day.removesuffix("?") for day in there.template.rule["dates"]]
        sure = replace(there.template, rule={"dates": told})
        templates.save_template(connection, sure, expected=there.updated_at, now=NOW, by="Siti")
    refresh(calendar)
    with calendar.connect() as connection:
        assert templates.stored_template(connection, "holiday-mawlid").template == sure
    found = events_of(calendar)
    assert found[found["slug"] == "holiday-mawlid"]["confirmed"].all()


def test_a_holiday_that_an_officer_changed_gets_the_years_that_follow(calendar):
    refresh(calendar)
    with calendar.begin() as connection:
        there = templates.stored_template(connection, "holiday-deepavali")
        short = replace(there.template, rule={"dates": ["2026-11-09"]})
        templates.save_template(connection, short, expected=there.updated_at, now=NOW, by="Siti")
    refresh(calendar)
    refresh(calendar)
    with calendar.connect() as connection:
        rule = templates.stored_template(connection, "holiday-deepavali").template.rule
    assert rule["dates"][0] == "2026-11-09"
    assert [day[:4] for day in rule["dates"]] == ["2026", "2027", "2028"]


def test_a_rule_that_cannot_be_read_stops_nobody_else(calendar):
    odd = EventTemplate("odd", "Ganjil", "Odd", "all", "weekly", {"weekdays": ["Friday"]})
    with calendar.begin() as connection:
        store.save_templates(connection, [odd], NOW)
    assert refresh(calendar) > 20


def test_events_that_ended_long_ago_are_deleted(calendar):
    refresh(calendar)
    last_kept = (NOW - KEPT).date()
    old = [
        Event("ramadan", last_kept - timedelta(days=9), last_kept - timedelta(days=1), True),
        Event("ramadan", last_kept - timedelta(days=8), last_kept, True),
    ]
    with calendar.begin() as connection:
        store.save_events(connection, old, NOW)
        assert clean_up(connection, NOW) == 1
        assert clean_up(connection, NOW) == 0
    assert len(events_of(calendar, date(2024, 1, 1), date(2025, 1, 1))) == 1


# ---- the holidays of Kedah ---------------------------------------------------------------------


def test_the_holidays_are_those_of_kedah():
    found = holiday_templates([2026], SEEDED)
    days = {
        (slug, event.starts_on)
        for slug, template in found.items()
        for event in occurrences(template, date(2026, 1, 1), date(2027, 1, 1))
    }
    assert ("holiday-sultan-birthday", date(2026, 7, 5)) in days
    assert ("holiday-ramadan-begins", date(2026, 2, 19)) in days
    assert ("holiday-national-day", date(2026, 8, 31)) in days
    assert not any(start == date(2026, 1, 1) for _, start in days)


def test_days_that_belong_together_are_one_holiday():
    found = holiday_templates([2026], SEEDED)
    rule = found["holiday-hari-raya-aidilfitri"].rule
    assert rule == {"dates": ["2026-03-20..2026-03-22"]}
    assert found["holiday-labour-day"].rule == {"dates": ["2026-05-01"]}


def test_a_replacement_day_is_named_so():
    found = holiday_templates([2026], SEEDED)
    other = found["holiday-christmas-day-replacement"]
    assert (other.name_ms, other.name_en) == (
        "Cuti ganti Hari Krismas",
        "Christmas Day (replacement)",
    )
    assert other.rule == {"dates": ["2026-12-27"]}
    assert found["holiday-christmas-day"].rule == {"dates": ["2026-12-25"]}


def test_every_replacement_day_is_named_so_in_both_languages():
    found = holiday_templates(range(2025, 2030), SEEDED)
    replaced = [one for slug, one in found.items() if slug.endswith("-replacement")]
    assert replaced
    for one in replaced:
        assert one.name_ms.startswith("Cuti ganti ")
        assert not one.name_ms.startswith("Cuti ganti Cuti")
        assert one.name_en.endswith(" (replacement)")


def test_a_holiday_that_waits_for_the_moon_is_to_be_confirmed():
    found = holiday_templates([2026, 2027, 2028], SEEDED)
    raya = occurrences(found["holiday-hari-raya-aidilfitri"], date(2026, 1, 1), date(2029, 1, 1))
    assert [event.confirmed for event in raya] == [True, False, False]


def test_a_holiday_that_the_seed_does_not_know_keeps_its_name_in_both_languages():
    found = holiday_templates([2025], SEEDED)
    extra = found["holiday-additional-holiday"]
    assert (extra.name_en, extra.kind) == ("Additional holiday", "holiday")
    assert extra.name_ms
    assert extra.name_ms != extra.name_en


def test_the_seed_and_the_library_agree_on_the_holidays_they_both_know():
    found = holiday_templates([2025, 2026, 2027], SEEDED)
    for slug, template in SEEDED.items():
        if template.kind == "holiday":
            seeded = occurrences(template, date(2025, 1, 1), date(2028, 1, 1))
            library = occurrences(found[slug], date(2025, 1, 1), date(2028, 1, 1))
            assert set(seeded) <= set(library), slug


def test_a_holiday_beside_friday_and_saturday_makes_a_long_weekend():
    found = holiday_templates([2026], SEEDED)["holiday-long-weekends"]
    spans = occurrences(found, date(2026, 1, 1), date(2027, 1, 1))

    assert (date(2026, 5, 1), date(2026, 5, 3)) in [(e.starts_on, e.ends_on) for e in spans]
    assert all(event.ends_on - event.starts_on >= timedelta(days=2) for event in spans)
    assert all({4, 5} & _weekdays(event) for event in spans)


def _weekdays(event: Event) -> set[int]:
    length = (event.ends_on - event.starts_on).days
    return {(event.starts_on + timedelta(days=n)).weekday() for n in range(length + 1)}
