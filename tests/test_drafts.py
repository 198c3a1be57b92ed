"""The form behind an event template: what officers type, what is wrong with it, what it makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from db.seed.events import seed_events
from insights.drafts import Draft, checked, draft_of, slug_of
from insights.recurrence import next_events, occurrences

TODAY = date(2026, 11, 23)
GOOD = Draft(
    name_ms="Pesta Padi",
    name_en="Paddy Fair",
    city_slug="yan",
    recurrence="dates",
    dates="4/12/2026 – 6/12/2026",
    source="surat majlis daerah",
)


def made(**given):
    template, problems = checked(replace(GOOD, **given), TODAY)
    assert problems == ()
    return template


def problems(**given) -> set[tuple[str, str]]:
    template, found = checked(replace(GOOD, **given), TODAY)
    assert template is None
    return {(one.field, one.code) for one in found}


def test_a_complete_form_makes_a_template():
    template = made()

    assert (template.slug, template.name_ms, template.city_slug) == (
        "paddy-fair",
        "Pesta Padi",
        "yan",
    )
    assert template.rule == {"dates": ["2026-12-04..2026-12-06"]}
    assert template.confirmed


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("4/12/2026", "2026-12-04"),
        ("2026-12-04", "2026-12-04"),
        ("4/12/2026?", "2026-12-04?"),
        ("4/12/2026 ?", "2026-12-04?"),
        ("4/12/2026 - 31/12/2026", "2026-12-04..2026-12-31"),
        ("4/12/2026 hingga 6/12/2026", "2026-12-04..2026-12-06"),
        ("4/12/2026..6/12/2026?", "2026-12-04..2026-12-06?"),
        ("5/2027", "2027-05"),
        ("2027-05?", "2027-05"),
    ],
)
def test_dates_are_read_as_people_write_them(line, kept):
    assert made(dates=f"\n {line} \n\n").rule == {"dates": [kept]}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("hujung tahun", "unreadable"),
        ("31/2/2026", "no_such_day"),
        ("13/2027", "no_such_day"),
        ("6/12/2026 – 4/12/2026", "turned"),
        ("1/1/2026 – 1/1/2028", "too_long_span"),
        ("4/12/1926", "far"),
        ("4/12/2026 – 5/12/2026 – 6/12/2026", "unreadable"),
    ],
)
def test_a_line_that_is_no_date_is_named(line, code):
    _, (found,) = checked(replace(GOOD, dates=f"1/12/2026\n{line}"), TODAY)

    assert (found.field, found.code, found.detail) == ("dates", code, line)


def test_a_day_given_twice_is_noticed_also_with_its_question_mark():
    assert problems(dates="4/12/2026\n4/12/2026?") == {("dates", "twice")}


def test_every_empty_field_is_named_at_once():
    assert problems(name_ms=" ", name_en="", source="\u200b\n", dates="") == {
        ("name_ms", "missing"),
        ("name_en", "missing"),
        ("source", "missing"),
        ("dates", "missing"),
    }


def test_words_that_are_too_long_are_named():
    assert problems(name_ms="x" * 121, source="y" * 301) == {
        ("name_ms", "too_long"),
        ("source", "too_long"),
    }


def test_control_characters_never_reach_the_table():
    assert made(name_ms="Pesta\x00\nPadi").name_ms == "Pesta Padi"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"recurrence": "weekly", "weekdays": (5, 4)}, {"weekdays": [4, 5]}),
        (
            {
                "recurrence": "weekly",
                "weekdays": (4,),
                "every": 2,
                "counted_from": date(2026, 12, 4),
            },
            {"weekdays": [4], "every": 2, "from": "2026-12-04"},
        ),
        ({"recurrence": "weekly", "weekdays": (4,), "duration_days": 3}, {"weekdays": [4]}),
        ({"recurrence": "monthly", "day": 31}, {"day": 31}),
        (
            {"recurrence": "monthly", "day": 31, "missing": "skip"},
            {"day": 31, "missing": "skip"},
        ),
        (
            {"recurrence": "monthly", "by": "nth", "nth": -1, "weekday": 5},
            {"nth": -1, "weekday": 5},
        ),
        ({"recurrence": "yearly", "month": 8, "day": 31}, {"month": 8, "day": 31}),
        ({"recurrence": "yearly", "month": 11, "by": "unknown"}, {"month": 11}),
        (
            {"recurrence": "yearly", "month": 5, "day": 20, "every": 2, "first_year": 2025},
            {"month": 5, "day": 20, "every": 2, "from": 2025},
        ),
        (
            {"recurrence": "islamic", "month": 9, "day": 17, "dates": "7/3/2026"},
            {"month": 9, "day": 17, "known": ["2026-03-07"]},
        ),
        ({"recurrence": "islamic", "month": 1, "day": 1, "dates": ""}, {"month": 1, "day": 1}),
    ],
)
def test_each_kind_of_repetition_makes_its_rule_and_its_next_dates(given, rule):
    template = made(**given)

    assert template.rule == rule
    assert len(next_events(template, TODAY, 5)) == 5
    again, _ = checked(draft_of(template), TODAY)
    assert again == template


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"recurrence": "weekly"}, "weekdays", "missing"),
        ({"recurrence": "weekly", "weekdays": (4,), "every": 2}, "counted_from", "missing"),
        ({"recurrence": "hourly"}, "recurrence", "missing"),
        ({"kind": "party"}, "kind", "missing"),
        ({"duration_days": 0}, "duration_days", "out_of_range"),
        (
            {"recurrence": "weekly", "weekdays": (4, 5), "duration_days": 2},
            "duration_days",
            "overlap",
        ),
        ({"dates": "4/12/2026\n5/12/2026", "duration_days": 3}, "duration_days", "overlap"),
        (
            {"recurrence": "yearly", "month": 2, "day": 31, "missing": "skip"},
            "recurrence",
            "never",
        ),
        ({"recurrence": "monthly", "day": 32}, "recurrence", "unreadable_rule"),
        (
            {"recurrence": "islamic", "month": 9, "day": 1, "dates": "1/6/2026"},
            "dates",
            "far_from_moon",
        ),
        (
            {"recurrence": "islamic", "month": 9, "day": 1, "dates": "1/2026"},
            "dates",
            "one_day",
        ),
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(given, field, code):
    assert problems(**given) == {(field, code)}


def test_every_seeded_template_goes_through_the_form_unchanged_in_its_dates():
    for seeded in seed_events():
        template, found = checked(draft_of(seeded), TODAY)
        if not seeded.active:
            assert {one.code for one in found} == {"missing"}
            continue
        assert found == (), seeded.slug
        years = date(2024, 1, 1), date(2030, 1, 1)
        assert occurrences(template, *years) == occurrences(seeded, *years)


def test_a_list_that_nobody_announced_keeps_its_doubt():
    unsure = replace(made(), confirmed=False)

    assert draft_of(unsure).dates == "4/12/2026 – 6/12/2026?"


def test_a_code_is_made_of_the_name():
    assert slug_of("Café & Sawah — 2026!") == "cafe-sawah-2026"
    assert slug_of("浮罗交怡") == "event"
    assert slug_of("Holiday Fair") == "fair"
    assert slug_of("New") == "event-new"
