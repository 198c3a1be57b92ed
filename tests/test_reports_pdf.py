"""The brief as a PDF: one page, every figure on it, the same bytes each time."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from pypdf import PdfReader

from insights.brief import EventLine, Gap
from insights.words import Words
from reports.pdf import pdf
from reports.wording import Wording
from tests.briefs import SUNDAY, a_blank_brief, a_brief, a_quiet_brief

LANGUAGES = ("ms", "en")


def read(file: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(file))


def text_of(file: bytes) -> str:
    """All that is written on the page, in one line."""
    return " ".join(" ".join(page.extract_text() for page in read(file).pages).split())


def missing(file: bytes, wanted: list[str]) -> list[str]:
    written = text_of(file).replace(" ", "")
    return [one for one in wanted if "".join(one.split()) not in written]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_everything_that_the_brief_says(language):
    said = Wording(a_brief(), Words(language))
    cards = [part for card in said.cards for part in (card.label, card.value, card.change)]
    rows = [*said.places.rows, *said.complaints.rows, *said.praise.rows, *said.events, *said.ahead]
    wanted = [
        said.title, said.days, said.scope, said.as_of, said.definitions, *said.sentences,
        *said.state, *cards, *(cell for row in rows for cell in row),
    ]  # fmt: skip

    assert missing(pdf(a_brief(), Words(language)), wanted) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_day_and_label_of_the_charts_carries_its_number(language):
    numbers = [str(day.posts) for day in a_brief().days]
    labels = ["− 30", "= 20", "+ 60", "− 55", "+ 20"]

    assert missing(pdf(a_brief(), Words(language)), numbers + labels) == []


def test_it_is_one_page_of_a4_with_a_title_and_a_language():
    (page,) = read(pdf(a_brief(), Words("ms"))).pages
    reader = read(pdf(a_brief(), Words("ms")))

    assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
    assert reader.metadata.title == "Kedah Tourism Pulse: Laporan mingguan, 15 Nov – 21 Nov 2026"
    assert reader.trailer["/Root"]["/Lang"] == "ms"


def test_the_same_brief_gives_the_same_bytes():
    assert pdf(a_brief(), Words("en")) == pdf(a_brief(), Words("en"))


def test_another_moment_gives_another_file():
    brief = a_brief()
    later = replace(brief, stamp=replace(brief.stamp, made_at=brief.stamp.made_at.replace(hour=1)))

    assert pdf(brief, Words("en")) != pdf(later, Words("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_invented_figures_are_marked_all_over_the_page(language):
    assert text_of(pdf(a_brief(demo=True), Words(language))).count("DEMO") >= 3
    assert "DEMO" not in text_of(pdf(a_brief(), Words(language)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quiet_week_is_a_page_too(language):
    said = Wording(a_quiet_brief(), Words(language))

    file = pdf(a_quiet_brief(), Words(language))

    assert missing(file, [*said.sentences, said.complaints.empty, said.places.empty]) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", ["never", "before", "paused"])
def test_a_week_that_nobody_collected_is_a_page_that_says_so(why, language):
    said = Wording(a_blank_brief(why), Words(language))

    file = pdf(a_blank_brief(why), Words(language))

    assert missing(file, [*said.sentences, *said.state, said.definitions, said.as_of]) == []
    assert said.cards[0].label not in text_of(file).replace(said.definitions, "")


def test_a_full_page_keeps_its_definitions_too():
    many = a_brief(
        places=tuple(replace(a_brief().places[0], name=f"Place {i}") for i in range(8)),
        complaints=a_brief().complaints * 6,
        praise=a_brief().praise * 6,
        events=a_brief().events * 6,
        ahead=a_brief().ahead * 6,
        gaps=tuple(Gap("x", SUNDAY, SUNDAY) for _ in range(6)),
    )
    said = Wording(many, Words("ms"))
    file = pdf(many, Words("ms"))

    assert len(read(file).pages) == 1
    assert missing(file, [said.definitions, said.as_of, "Place 4"]) == []


def test_long_names_are_wrapped_and_the_page_stays_one():
    brief = a_brief()
    name = "Pusat Pelancongan Antarabangsa dan Kawasan Warisan Sungai Petani Utara"
    many = tuple(replace(brief.places[0], name=f"{name} {i}") for i in range(8))
    events = tuple(EventLine(SUNDAY, SUNDAY, name, name, "all", True) for _ in range(9))

    file = pdf(
        replace(brief, places=many, events=events, gaps=(Gap("x", SUNDAY, SUNDAY),)), Words("ms")
    )

    assert len(read(file).pages) == 1
    assert missing(file, [f"{name} 0"]) == []
    assert re.search(r"dan \d lagi", text_of(file))


def test_chinese_names_and_markup_are_drawn_as_they_are_written():
    event = EventLine(SUNDAY, SUNDAY, "Tahun Baharu <b> 农历新年 & x", "x", "all", True)

    assert missing(pdf(a_brief(events=(event,)), Words("ms")), [event.name_ms]) == []
