"""Files that a spreadsheet opens: CSV with what it is in front of its rows."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pandas as pd
import pytest

from reports.xlsx import Sheet
from ui import export

ABOUT = [("Kedah Tourism Pulse: Posts", "DEMO"), ("Period", '1 Jan, "2026"\nto now')]


def lines_of(made: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(made.decode("utf-8-sig"))))


def test_a_file_says_what_it_is_before_its_rows():
    made = export.csv_file(ABOUT, Sheet("Posts", ["Text", "Likes"], [["=1+1", None], ["b", 3]]))

    assert made.startswith(b"\xef\xbb\xbf# Kedah Tourism Pulse")
    assert lines_of(made) == [
        ["# Kedah Tourism Pulse: Posts: DEMO"],
        ["# Period: 1 Jan; '2026' to now"],
        ["Text", "Likes"],
        ["'=1+1", ""],
        ["b", "3"],
    ]


def test_pandas_reads_the_table_alone_with_its_hashtags_and_lines():
    rows = [["Cantik #langkawi, #1\n# bukan komen", 3, None], ["b", None, 0.5]]
    made = export.csv_file(ABOUT, Sheet("Posts", ["Text", "Likes", "Score"], rows))

    table = pd.read_csv(io.BytesIO(made), comment="#")

    assert list(table.columns) == ["Text", "Likes", "Score"]
    assert table["Text"].tolist() == ["Cantik #langkawi, #1\n# bukan komen", "b"]
    assert table["Likes"].isna().tolist() == [False, True]


def test_an_instant_is_written_on_the_readers_clock():
    moment = datetime(2026, 11, 22, 16, 1, tzinfo=UTC)

    made = export.csv_file([], Sheet("Runs", ["Started"], [[moment]]))

    assert lines_of(made)[1] == ["2026-11-23 00:01"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_that_would_be_a_formula_is_made_plain(start):
    evil = f'{start}HYPERLINK("http://evil.example")'

    made = export.csv_file([], Sheet("Posts", ["Text"], [[evil]]))

    assert lines_of(made)[1] == [f"'{evil}"]
