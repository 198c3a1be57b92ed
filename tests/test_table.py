"""Small tables of answers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from insights.table import Columns, Table

DAYS = Columns(("day",), np.array([[date(2026, 11, 22)], [date(2026, 11, 23)]], object))
COUNTS = Columns(("posts", "negative"), np.array([[7, 2], [0, 0]]))
SUMS = Columns(("likes",), np.array([[3.5], [np.nan]]))


def test_a_column_is_found_by_its_name_whatever_block_it_stands_in():
    table = Table(DAYS, COUNTS, SUMS)
    assert len(table) == 2
    assert table.names == ("day", "posts", "negative", "likes")
    assert table["negative"].tolist() == [2, 0]
    with pytest.raises(KeyError):
        table["shares"]


def test_rows_are_plain_values():
    rows = list(Table(DAYS, COUNTS).rows("day", "posts"))
    assert rows == [(date(2026, 11, 22), 7), (date(2026, 11, 23), 0)]
    assert type(rows[0][1]) is int


def test_a_frame_has_the_columns_with_their_kinds():
    frame = Table(DAYS, COUNTS, SUMS).frame()
    assert frame.dtypes.astype(str).tolist() == ["object", "int64", "int64", "float64"]
    assert frame["posts"].tolist() == [7, 0]
    assert frame["likes"].isna().tolist() == [False, True]
    assert frame.index.tolist() == [0, 1]


def test_some_rows_of_columns_are_taken_in_order():
    assert COUNTS.rows(np.array([1, 0])).values.tolist() == [[0, 0], [7, 2]]


def test_columns_are_filled_in_a_copy():
    table = Table(DAYS, COUNTS, SUMS)
    filled = table.filled(negative=0, likes=np.nan)
    assert filled["negative"].tolist() == [0, 0]
    assert np.isnan(filled["likes"]).all()
    assert filled["posts"].tolist() == [7, 0]
    assert table["negative"].tolist() == [2, 0]


def test_a_table_without_its_rows_keeps_its_columns():
    nothing = Table(DAYS, COUNTS).none()
    assert len(nothing) == 0
    assert nothing.names == ("day", "posts", "negative")
