"""Values as they may stand in a cell of somebody's spreadsheet: nothing in it is ever run."""

from __future__ import annotations

import re
from datetime import date, datetime
from numbers import Number

import pandas as pd

# What makes a spreadsheet take a cell for a formula.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
# What no XML file, and so no workbook, may hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def safe_cell(value: object) -> object:
    """A value as it may stand in a cell: text that would be read as a formula gets a leading
    apostrophe, line ends become LF, what cannot be printed is dropped, unknown is None; numbers
    and dates stay what they are."""
    if pd.isna(value):
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool | Number | date | datetime):
        return value
    written = str(value).replace("\r\n", "\n").replace("\r", "\n")
    written = _CONTROL.sub("", written)
    return f"'{written}" if written.startswith(_DANGEROUS) else written
