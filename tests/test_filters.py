"""The reader's filters, from the URL and back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ui import filters

TODAY = date(2026, 11, 23)


def test_an_empty_address_means_all_of_kedah_for_thirty_days_in_malay():
    chosen = filters.read({}, TODAY)

    assert (chosen.city, chosen.period, chosen.platform, chosen.lang) == ("all", "30d", "all", "ms")


def test_thirty_days_are_thirty_complete_ones_and_today():
    scope = filters.scope_of(filters.read({"period": "30d"}, TODAY), TODAY)

    assert (scope.since, scope.until) == (date(2026, 10, 24), date(2026, 11, 24))


@pytest.mark.parametrize(
    "params",
    [
        {"city": "atlantis"},
        {"period": "31d"},
        {"platform": "myspace"},
        {"voice": "robots"},
        {"lang": "id"},
        {"demo": "yes"},
        {"city": "langkawi' OR 1=1"},
        {"nonsense": "x"},
    ],
)
def test_an_unknown_value_is_ignored(params):
    assert filters.read(params, TODAY) == filters.Choices()


def test_a_range_of_days_includes_both_its_ends():
    chosen = filters.read({"from": "2026-10-01", "to": "2026-10-07"}, TODAY)
    scope = filters.scope_of(chosen, TODAY)

    assert chosen.period == "custom"
    assert (scope.since, scope.until) == (date(2026, 10, 1), date(2026, 10, 8))


def test_a_range_beats_a_period_beside_it():
    chosen = filters.read({"from": "2026-10-01", "to": "2026-10-07", "period": "7d"}, TODAY)

    assert chosen.period == "custom"


def test_a_range_that_ends_in_the_future_ends_today():
    assert filters.read({"from": "2026-11-01", "to": "2027-01-01"}, TODAY).last == TODAY


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-10-07", "2026-10-01"),
        ("yesterday", "2026-10-01"),
        ("2026-10-01", ""),
        ("2026-02-30", "2026-03-01"),
        ("2027-01-01", "2027-01-02"),
        ("0001-01-01", "2026-01-01"),
    ],
)
def test_a_range_that_makes_no_sense_is_ignored_with_a_word(first, last):
    chosen = filters.read({"from": first, "to": last, "period": "7d"}, TODAY)

    assert chosen.period == "7d"
    assert chosen.complaint == "filter.bad_range"


@pytest.mark.parametrize(
    "params",
    [
        {"lang": "en"},
        {"lang": "ms", "city": "mainland", "period": "90d"},
        {"lang": "en", "platform": "x", "demo": "1"},
        {"lang": "ms", "from": "2026-10-01", "to": "2026-10-07"},
    ],
)
def test_choices_make_the_address_they_came_from(params):
    assert filters.query_of(filters.read(params, TODAY)) == params


def test_a_scope_narrowed_to_a_day_becomes_a_range_of_that_day():
    scope = filters.scope_of(filters.Choices(city="kulim"), TODAY)
    day = date(2026, 11, 1)
    narrowed = type(scope)(day, day + timedelta(days=1), city="kulim")

    query = filters.query_of_scope(narrowed, "30d", "ms", False, TODAY)

    assert query == {"lang": "ms", "city": "kulim", "from": "2026-11-01", "to": "2026-11-01"}


def test_a_scope_that_was_not_narrowed_keeps_its_period():
    scope = filters.scope_of(filters.Choices(period="90d"), TODAY)

    assert filters.query_of_scope(scope, "90d", "en", False, TODAY) == {
        "lang": "en",
        "period": "90d",
    }


def test_the_public_is_the_default_voice_and_is_not_written_into_the_address():
    chosen = filters.read({}, TODAY)

    assert filters.scope_of(chosen, TODAY).voice == "visitors"
    assert "voice" not in filters.query_of(chosen)


def test_a_chosen_voice_stays_in_the_address_of_every_narrower_scope():
    scope = filters.scope_of(filters.read({"voice": "news"}, TODAY), TODAY)

    assert scope.voice == "news"
    assert filters.query_of_scope(scope, "30d", "en", False, TODAY)["voice"] == "news"
