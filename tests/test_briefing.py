"""The briefing's sentences: only counted facts, each with what opens its posts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from insights import briefing, metrics
from insights.briefing import Collected, Dated, Facts, Looked, Moved, Unusual
from insights.metrics import Totals
from insights.model import Scope
from tests.fakes import NOW
from ui import text

TODAY = date(2026, 11, 23)
SCOPE = Scope(TODAY - timedelta(days=30), TODAY + timedelta(days=1))
SPAN = metrics.compared(SCOPE, TODAY)
DAYS = {"since": SPAN.now.since, "until": SPAN.now.until}
FESTIVAL = Dated("Karnival", date(2026, 11, 1), date(2026, 11, 3), "yan")
FERRY = Unusual(12, "kuala-kedah", "ferry", "volume", 9, 0.1, True)
FLOOD = Unusual(13, "baling", "flood", "severe", 1, None, True)


def facts(now: int = 120, before: int = 100, **given) -> Facts:
    return Facts(
        Totals(posts=140), span=SPAN, now=Totals(posts=now), before=Totals(posts=before), **given
    )


def keys(told) -> list[str]:
    return [one.key for one in told]


# ---- whether it is collected --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collected", "said"),
    [
        (Collected(NOW), ["collected"]),
        (Collected(NOW, stale=True), ["late"]),
        (Collected(NOW, ("x", "facebook"), stale=True), ["troubled"]),
        (Collected(None), []),
        (None, []),
    ],
)
def test_how_collection_stands_is_said_first(collected, said):
    assert keys(briefing.sentences(facts(collected=collected)))[: len(said)] == said
    assert keys(briefing.collection(facts(collected=collected))) == said


# ---- what changed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "before", "key"),
    [
        (120, 100, "change_up"),
        (80, 100, "change_down"),
        (100, 100, "change_same"),
        (9, 0, "change_new"),
        (3, 4, "change_too_few"),
        (0, 0, "change_none"),
    ],
)
def test_a_change_is_said_as_far_as_it_can_be(now, before, key):
    said = briefing.change(facts(now, before))
    assert said.key == key
    assert said.posts == DAYS
    assert (said.values["n"], said.values["was"]) == (now, before)


def test_without_an_earlier_period_only_the_number_is_said():
    said = briefing.change(Facts(Totals(posts=7)))
    assert (said.key, said.values, said.posts) == ("change_none", {"n": 7}, {})


# ---- where --------------------------------------------------------------------------------------


def test_the_place_that_moved_most_is_named_with_both_counts():
    places = (Moved("yan", 40, 8, "yan"), Moved("langkawi", 220, 200, "langkawi"))
    said = briefing.where(facts(places=places))
    assert (said.key, said.values) == ("where_up", {"place": "yan", "n": 40, "was": 8})
    assert said.posts == {**DAYS, "place": "yan"}


def test_moves_that_chance_explains_are_no_news():
    places = (Moved("yan", 12, 6), Moved("langkawi", 220, 200), Moved("sik", 4, 0))
    said = briefing.where(facts(places=places))
    assert (said.key, said.values, said.page) == ("where_none", {"m": 2}, "places")


def test_a_fall_is_a_move_and_posts_without_a_place_open_as_such():
    said = briefing.where(facts(places=(Moved("unknown", 3, 60),)))
    assert (said.key, said.posts) == ("where_down", {**DAYS, "city": "unknown"})


def test_an_event_on_whose_days_it_rose_is_named_beside_it():
    said = briefing.where(facts(places=(Moved("yan", 40, 8),), during=(FESTIVAL,)))
    assert (said.key, said.values["event"]) == ("where_up_during", "Karnival")
    fallen = briefing.where(facts(places=(Moved("yan", 8, 40),), during=(FESTIVAL,)))
    assert fallen.key == "where_down"


def test_an_event_may_be_named_where_half_of_the_rise_fell_on_its_days():
    risen = Moved("yan", 40, 8)
    assert briefing.explains(risen, 16)
    assert not briefing.explains(risen, 15)
    assert not briefing.explains(Moved("yan", 8, 40), 8)


# ---- why ----------------------------------------------------------------------------------------


def test_the_most_frequent_complaint_is_named_and_opens_its_posts():
    said = briefing.why(facts(complaints=(Moved("litter", 9, 2), Moved("ferry", 30, 31))))
    assert (said.key, said.values) == ("why", {"topic": "ferry", "n": 30, "was": 31})
    assert said.posts == {**DAYS, "topic": "ferry", "sentiment": "negative"}


def test_without_an_earlier_period_it_is_named_alone():
    said = briefing.why(Facts(Totals(posts=9), complaints=(Moved("ferry", 3, 0),)))
    assert (said.key, said.posts) == ("why_alone", {"topic": "ferry", "sentiment": "negative"})


@pytest.mark.parametrize("complaints", [(), (Moved("ferry", 0, 4),)])
def test_no_complaint_is_said_as_such(complaints):
    assert briefing.why(facts(complaints=complaints)).key == "why_none"


# ---- what is unusual ----------------------------------------------------------------------------


def test_a_find_is_told_with_its_counts_and_opens_its_posts():
    (said,) = briefing.unusual(facts(unusual=(FERRY,)))
    assert (said.key, said.posts) == ("unusual", {"alarm": 12})
    assert said.values == {"place": "kuala-kedah", "topic": "ferry", "n": 9, "usual": 0.1}


def test_more_finds_are_counted_and_the_radar_has_them():
    (said,) = briefing.unusual(facts(unusual=(FLOOD, FERRY)))
    assert (said.key, said.values["more"], said.page) == ("severe_and_more", 1, "radar")


def test_an_alarm_is_the_top_line_and_what_is_only_unusual_is_not():
    shown = replace(FERRY, id=14, is_alarm=False)
    told = briefing.sentences(facts(unusual=(shown, FLOOD), collected=Collected(NOW)))
    assert keys(told)[:2] == ["severe_and_more", "collected"]
    assert told[0].posts == {"alarm": FLOOD.id}
    assert keys(briefing.sentences(facts(unusual=(shown,))))[-1] == "unusual"


def test_nothing_unusual_has_its_evidence():
    looked = Looked(210, 34, TODAY - timedelta(days=1), 28)
    (said,) = briefing.unusual(facts(looked=looked))
    assert (said.key, said.values) == ("nothing_unusual", {"n": 210, "m": 34, "d": 28})
    assert said.posts == {"since": TODAY - timedelta(days=1)}


def test_before_the_radar_ever_looked_nothing_is_called_usual():
    assert keys(briefing.unusual(facts(looked=Looked(3, 1, TODAY, None)))) == ["not_looked"]
    assert briefing.unusual(facts()) == []


def test_days_that_nobody_collected_are_not_called_usual():
    looked = Looked(0, 0, TODAY - timedelta(days=1), 28, collected=False)
    (said,) = briefing.unusual(facts(looked=looked))
    assert (said.key, said.page) == ("no_data", "data_health")


# ---- what is coming, and all of it --------------------------------------------------------------


def test_the_next_event_is_named():
    later = Dated("Pesta", date(2026, 12, 5), date(2026, 12, 5), "all")
    soon = Dated("Maraton", date(2026, 11, 28), date(2026, 11, 28), "langkawi")
    (said,) = briefing.coming(facts(coming=(later, soon)))
    assert (said.values["event"], said.page) == ("Maraton", "events")


def test_a_briefing_has_three_to_six_sentences():
    full = facts(
        places=(Moved("yan", 40, 8),),
        complaints=(Moved("ferry", 3, 0),),
        unusual=(FERRY, FLOOD),
        coming=(FESTIVAL,),
    )
    assert keys(briefing.sentences(full)) == [
        "unusual_and_more",
        "change_up",
        "where_up",
        "why",
        "coming",
    ]
    assert 3 <= len(briefing.sentences(facts(looked=Looked(3, 1, TODAY, 28)))) <= 6


def test_of_a_platform_that_stands_apart_nothing_is_derived():
    told = briefing.sentences(facts(complaints=(Moved("ferry", 3, 0),), derived=False))
    assert keys(told) == ["change_up", "where_none"]


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_sentence_has_words_in_both_languages(language):
    known = text.words(language)
    made = ["change_none", "change_up", "change_down", "change_same", "change_new"]
    made += ["change_too_few", "where_none", "why", "why_alone", "why_none", "not_looked"]
    made += ["where_up", "where_down", "where_up_during"]
    made += [
        f"{kind}{more}"
        for kind in ("unusual", "unusual_new", "severe")
        for more in ("", "_and_more")
    ]
    made += ["nothing_unusual", "coming", "collected", "late", "troubled", "no_data"]
    assert [key for key in made if f"briefing.{key}" not in known] == []
