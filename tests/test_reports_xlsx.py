"""Tables as a workbook: real types, nothing that runs, and a sheet that says what they are."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook

from reports.xlsx import Sheet, xlsx
from tests.fakes import KUALA_LUMPUR

MADE_AT = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
ABOUT = [("Kedah Tourism Pulse: Posts", "DEMO: invented posts"), ("Time zone", "Asia/Kuala_Lumpur")]


def made(*rows, columns=("One", "Two"), name: str = "Posts", about=ABOUT) -> bytes:
    sheet = Sheet(name, columns, rows)
    return xlsx([sheet], about, about_name="About", zone=KUALA_LUMPUR, made_at=MADE_AT)


def values(file: bytes) -> list[list]:
    """The first sheet's rows below its head."""
    page = load_workbook(io.BytesIO(file)).worksheets[0]
    return [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]


def first_cell(file: bytes):
    return load_workbook(io.BytesIO(file)).worksheets[0]["A2"]


def test_numbers_words_and_what_is_unknown_keep_their_kinds():
    assert values(made((3, 0.5), ("a", None), (float("nan"), 0))) == [
        [3, 0.5],
        ["a", None],
        [None, 0],
    ]


def test_an_id_of_nineteen_digits_keeps_them_all():
    file = made(("1859123456789012345", 7459123456789012345))

    assert values(file) == [["1859123456789012345", "7459123456789012345"]]


def test_an_instant_is_a_date_on_the_readers_clock():
    cell = first_cell(made((datetime(2026, 11, 22, 16, 1, tzinfo=UTC), None)))

    assert cell.is_date
    assert cell.value == datetime(2026, 11, 23, 0, 1)
    assert cell.number_format == "yyyy-mm-dd hh:mm"


def test_a_day_is_a_date():
    cell = first_cell(made((date(2026, 11, 22), None)))

    assert (cell.is_date, cell.value, cell.number_format) == (
        True,
        datetime(2026, 11, 22),
        "yyyy-mm-dd",
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_would_be_a_formula_is_text(start):
    cell = first_cell(made((f"{start}1+1", None)))

    assert (cell.data_type, cell.value) == ("s", f"'{start}1+1")


def test_a_formula_in_a_head_or_about_the_figures_is_text_too():
    file = made((1, 2), columns=("=1", "b"), about=[("=2", "=3")])
    book = load_workbook(io.BytesIO(file))

    assert book.worksheets[0]["A1"].value == "'=1"
    assert [cell.value for cell in book.worksheets[1][1]] == ["'=2", "'=3"]


def test_the_last_sheet_says_what_the_figures_are():
    book = load_workbook(io.BytesIO(made((1, 2))))

    assert book.sheetnames == ["Posts", "About"]
    assert [tuple(cell.value for cell in row) for row in book["About"].iter_rows()] == ABOUT


def test_a_name_that_excel_refuses_is_made_one_that_it_takes():
    book = load_workbook(
        io.BytesIO(made((1, 2), name="Topik/tempat: mengikut bandar dan kategori"))
    )

    assert book.sheetnames[0] == "Topik tempat  mengikut bandar d"


def test_a_text_longer_than_a_cell_is_cut_at_what_excel_keeps():
    assert len(values(made(("a" * 40_000, None)))[0][0]) == 32_767


def test_a_table_without_rows_has_its_heads():
    page = load_workbook(io.BytesIO(made())).worksheets[0]

    assert [cell.value for cell in page[1]] == ["One", "Two"]


def test_the_same_table_gives_the_same_bytes_later_too():
    first = made((1, "a"))
    time.sleep(2.1)  # a zip file's clock goes by two seconds

    assert made((1, "a")) == first
    core = zipfile.ZipFile(io.BytesIO(first)).read("docProps/core.xml").decode()
    assert core.count("2026-11-23T06:05:00Z") == 2
