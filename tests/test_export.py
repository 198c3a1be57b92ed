"""Files that a spreadsheet opens."""

from __future__ import annotations

import csv
import io

import pytest

from ui import export


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_would_be_a_formula_is_made_plain(start):
    assert export.safe_cell(f'{start}HYPERLINK("http://evil.example")').startswith(f"'{start}")


def test_numbers_stay_numbers_even_below_zero():
    assert export.safe_cell(-0.5) == -0.5


def test_line_ends_become_plain_ones():
    assert export.safe_cell("a\r\nb\rc") == "a\nb\nc"


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_unknown_is_an_empty_cell_and_not_zero(nothing):
    assert export.safe_cell(nothing) == ""


def test_a_file_says_what_it_is_before_its_rows():
    made = export.csv_file([["Posts", "DEMO"]], ["Text", "Likes"], [["=1+1", None], ["b", 3]])

    assert made.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(made.decode("utf-8-sig"))))
    assert lines == [["Posts", "DEMO"], [], ["Text", "Likes"], ["'=1+1", ""], ["b", "3"]]
