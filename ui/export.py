"""Tables as CSV files that a spreadsheet opens without running anything in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from numbers import Number

# What makes a spreadsheet take a cell for a formula.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: object) -> object:
    """A value as it may stand in a cell: text that would be read as a formula gets a leading
    apostrophe, line ends become LF, unknown is empty, numbers and dates stay what they are."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool | Number | date | datetime):
        return value
    written = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return f"'{written}" if written.startswith(_DANGEROUS) else written


def csv_file(
    head: Iterable[Sequence[object]],
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> bytes:
    """A CSV file in UTF-8 with the mark that Excel needs: first the lines that say what the file
    is (title, filters, period, as of), then an empty line, the column names and the rows."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    for line in head:
        writer.writerow([safe_cell(cell) for cell in line])
    writer.writerow([])
    writer.writerow([safe_cell(name) for name in columns])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return file.getvalue().encode("utf-8-sig")
