"""Values in somebody's spreadsheet."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reports.cells import safe_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_would_be_a_formula_is_made_plain(start):
    assert safe_cell(f'{start}HYPERLINK("http://evil.example")').startswith(f"'{start}")


def test_a_formula_behind_a_character_that_is_dropped_is_made_plain_too():
    assert safe_cell("\x00=1+1") == "'=1+1"


def test_numbers_stay_numbers_even_below_zero():
    assert safe_cell(-0.5) == -0.5
    assert type(safe_cell(np.int64(-3))) is int


def test_line_ends_become_plain_ones():
    assert safe_cell("a\r\nb\rc") == "a\nb\nc"


def test_characters_that_no_workbook_may_hold_are_dropped():
    assert safe_cell("a\x08b\ud800c") == "abc"


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT])
def test_unknown_is_nothing_and_not_zero(nothing):
    assert safe_cell(nothing) is None
