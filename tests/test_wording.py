"""What a brief says: counted facts only, in both languages, and quiet weeks as what they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from insights.brief import AlarmLine, Failing, Gap, TopicLine, Where
from insights.metrics import Totals
from insights.words import Words
from reports.wording import Wording, file_name
from tests.briefs import SUNDAY, a_blank_brief, a_brief, a_quiet_brief


def said(brief, language: str = "en") -> Wording:
    return Wording(brief, Words(language))


def test_the_week_is_told_in_four_sentences_of_counted_facts():
    assert said(a_brief()).sentences == [
        "120 posts about Kedah: +20.0 % against the week before (100).",
        "Net sentiment rose from −37 to +27 (+11 to +42, n = 110): a clear change.",
        "Most complained about: Ferry, 23 negative posts, 17 of them at Jeti Kuala Kedah.",
        "Most engagement: Pantai Cenang, 13,986 from 120 posts.",
    ]


def test_the_same_is_said_in_malay():
    first, *_ = said(a_brief(), "ms").sentences

    assert first == "120 hantaran tentang Kedah: +20.0 % berbanding minggu sebelumnya (100)."


def test_a_week_without_posts_is_called_quiet_and_nothing_else_is_said():
    assert said(a_quiet_brief()).sentences == [
        "Quiet week: no post about Kedah, and none the week before."
    ]


def test_a_silent_week_after_a_loud_one_is_no_quiet_week():
    loud = Totals(posts=50)

    assert said(a_quiet_brief(before=loud)).sentences == [
        "No post about Kedah was counted; 50 the week before."
    ]


@pytest.mark.parametrize("language", ["ms", "en"])
@pytest.mark.parametrize("why", ["never", "before", "paused"])
def test_a_week_that_nobody_collected_is_not_called_quiet(why, language):
    told = said(a_blank_brief(why), language)
    no_data = {"ms": "Tiada data:", "en": "No data:"}[language]

    (only,) = told.sentences
    assert only.startswith(no_data)
    assert only in told.state
    assert told.words.t("brief.state_ok") not in told.state
    assert {card.value for card in told.cards} == {"—"}
    assert {card.change.strip("—") + card.note for card in told.cards[:5]} == {""}
    assert all(one.empty.startswith(no_data) for one in (told.places, told.complaints))


def test_a_week_before_collection_began_says_when_it_did():
    assert said(a_blank_brief()).sentences == [
        "No data: collection began on 23 Nov 2026, after this week (All platforms)."
        " What was said in it is not known."
    ]


def test_a_quiet_week_that_was_collected_in_part_is_no_quiet_week():
    brief = a_quiet_brief(now=Totals(posts=2), began=SUNDAY + timedelta(days=5))

    first, *_, last = said(brief).sentences

    assert first == "2 posts about Kedah, of a week that was not wholly collected."
    assert last == "Not complete: collection began only on 20 Nov 2026."


def test_a_week_before_that_nobody_collected_is_not_called_empty():
    brief = a_brief(before=Totals(), unread_before="before")

    assert said(brief).sentences[0] == "120 posts about Kedah; the week before was not collected."
    assert {row[3] for row in said(brief).places.rows} == {"—"}
    assert {row[2] for row in said(brief).complaints.rows} == {"—"}


def test_one_post_is_told_in_the_singular_and_not_compared():
    first, second = said(a_quiet_brief(now=Totals(posts=1))).sentences

    assert first == "Quiet week: 1 post about Kedah, 0 the week before; too few to compare."
    assert second == (
        "No post of the week is classified yet: sentiment and complaints are not known."
    )


def test_a_quiet_week_with_a_gap_is_no_quiet_week():
    first, last = said(a_quiet_brief(gaps=(Gap("x", SUNDAY, SUNDAY),))).sentences

    assert first == "0 posts about Kedah, of a week that was not wholly collected."
    assert last.startswith("Not complete: X not collected")


def test_complaints_nobody_has_looked_for_are_not_called_few():
    told = said(a_brief(now=Totals(posts=7), complaints=(), praise=()))

    assert not any("complain" in one for one in told.sentences if "not known" not in one)
    assert told.complaints.empty == told.praise.empty == "No post is classified yet."


def test_few_complaints_do_not_stand_out():
    few = (TopicLine("ferry", 4, 0, (Where("kuah", "Kuah", 4),)),)

    assert (
        "Nothing stands out among complaints: no topic has 5 negative posts."
        in said(a_brief(complaints=few)).sentences
    )


def test_a_complaint_without_a_named_place_says_so():
    nowhere = (TopicLine("ferry", 9, 0, (Where("unknown", "", 9),)),)

    assert (
        "Most complained about: Ferry, 9 negative posts, none with a named place."
        in said(a_brief(complaints=nowhere)).sentences
    )


def test_a_gap_is_told_among_the_key_sentences_and_with_the_state():
    brief = a_brief(gaps=(Gap("x", SUNDAY, SUNDAY),))

    assert said(brief).sentences[-1] == "Not complete: X not collected 15 Nov 2026."
    assert "Gap: X, 15 Nov 2026." in said(brief).state


def test_a_failing_platform_is_told_with_its_error():
    brief = a_brief(failing=(Failing("x", "auth", datetime(2026, 11, 20, 3, tzinfo=UTC)),))

    assert "Failing: X, the key was refused, since 20 Nov 2026, 11:00." in said(brief).state


def test_provisional_labels_are_told():
    some = replace(a_brief().now, provisional=7)

    assert (
        "7 of 110 labels are the offline classifier's and provisional."
        in said(a_brief(now=some)).state
    )


def test_figures_are_written_as_on_the_cards_of_the_overview():
    cards = {card.key: (card.value, card.change) for card in said(a_brief()).cards}

    assert cards == {
        "total_posts": ("120", "+20.0 %"),
        "total_likes": ("12.3K", "+23.4 %"),
        "total_comments": ("987", "0 %"),
        "total_shares": ("654", "—"),
        "total_views": ("—", "—"),
        "net_sentiment": ("+27", ""),
        "classified_share": ("92 %", ""),
    }


def test_posts_without_a_place_are_a_row_of_their_own():
    assert said(a_brief()).places.rows[1] == (
        "Kedah, place unknown",
        "—",
        "3",
        "too few to compare",
        "—",
    )


def test_an_unconfirmed_event_says_so():
    ((when, what),) = said(a_brief()).ahead

    assert (when, what) == ("25 Nov – 26 Nov 2026", "School Break (to be confirmed)")


@pytest.mark.parametrize("language", ["ms", "en"])
def test_invented_figures_are_marked(language):
    assert "DEMO" in said(a_brief(demo=True), language).demo
    assert said(a_brief(), language).demo == ""


def test_a_platform_that_stands_apart_is_named_in_the_definitions():
    assert "YouTube" in said(a_brief()).definitions
    assert "YouTube" not in said(a_brief(left_out=())).definitions


def test_a_file_is_named_after_its_week_place_and_language():
    assert file_name(a_brief(), "ms", "pdf") == "kedah-brief-2026-11-15-ms.pdf"
    narrowed = replace(a_brief(demo=True), city="langkawi", platform="x")
    assert file_name(narrowed, "en", "pptx") == "demo-kedah-brief-2026-11-15-langkawi-x-en.pptx"


def test_open_alarms_are_told_with_place_and_posts_and_the_fourth_says_there_are_more():
    one = AlarmLine(1, "jeti-kuala-kedah", "Jeti Kuala Kedah", "ferry", "volume", 9, SUNDAY)
    grave = AlarmLine(2, "unknown", "", "drowning", "severe", 1, SUNDAY)

    said = Wording(a_brief(alarms=(one, grave)), Words("en")).sentences[1]
    assert said.startswith("Radar alarms open on 22 Nov 2026")
    assert "Ferry, Jeti Kuala Kedah (9 posts); Drowning, " in said
    assert "(1 post)" in said
    many = Wording(a_brief(alarms=(one,) * 4), Words("ms")).sentences[1]
    assert ": 4. " in many
    assert "; …" in many
