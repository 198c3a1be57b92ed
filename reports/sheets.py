"""Sheets: the tables that a file of figures is made of, before it is known which kind of file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """A table: its name, the heads of its columns, and its rows of plain values.

    Whole numbers, fractions, dates and aware instants keep their types; ids belong in text, and
    None is unknown: an empty cell.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
