"""The brief as text, for a mail."""

from __future__ import annotations

import pytest

from insights.words import Words
from reports.plain import plain
from reports.wording import Wording
from tests.briefs import a_blank_brief, a_brief, a_quiet_brief


@pytest.mark.parametrize("language", ["ms", "en"])
def test_the_text_says_everything_that_the_page_says(language):
    said = Wording(a_brief(demo=True), Words(language))
    rows = [*said.places.rows, *said.complaints.rows, *said.praise.rows, *said.events, *said.ahead]
    wanted = [said.title, said.days, said.demo, said.definitions, said.as_of]
    wanted += [*said.sentences, *said.state, *(cell for row in rows for cell in row)]

    written = plain(said)

    assert [one for one in wanted if one not in written] == []
    assert [card.value for card in said.cards if card.value not in written] == []


def test_what_is_empty_is_said_and_not_left_out():
    written = plain(Wording(a_quiet_brief(), Words("en")))

    assert "- No topic was found in these posts." in written
    assert written.count("- No event is known.") == 2


def test_a_mail_of_a_week_that_nobody_collected_says_so():
    written = plain(Wording(a_blank_brief("paused"), Words("en")))

    assert "- No data: no collection ran in this week (All platforms)." in written
    assert "Posts:" not in written  # no list of what is not known
    assert "Quiet week" not in written
    assert "No gap in this week" not in written
