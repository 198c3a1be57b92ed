"""Tables as an Excel workbook: a sheet each, and one that says what the figures are (openpyxl)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from reports import palette
from reports.cells import safe_cell
from reports.sheets import Sheet as Sheet
from reports.zipped import steady

_LONGEST = 32_767  # characters that Excel keeps of a cell
_SURE = 10**15  # from here on Excel rounds a whole number
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\']")
_WIDEST = 60
_MEASURED = 50  # rows that a column's width is taken from


def xlsx(
    sheets: Iterable[Sheet],
    about: Sequence[tuple[str, str]],
    *,
    about_name: str,
    zone: tzinfo,
    made_at: datetime,
) -> bytes:
    """A workbook of these sheets and last the one about them: lines of a label and a text.

    Instants are written as the clock of `zone` shows them. Row by row, so that a long table takes
    no more memory than a short one; the same tables and moment give the same bytes.
    """
    book = Workbook(write_only=True)
    for sheet in sheets:
        _add(book, sheet, zone)
    _add_about(book, about, about_name)
    book.properties.creator = "Kedah Tourism Pulse"
    book.properties.title = about[0][0] if about else ""
    file = io.BytesIO()
    book.save(file)
    return steady(file.getvalue(), made_at)


def _add(book: Workbook, sheet: Sheet, zone: tzinfo) -> None:
    page = book.create_sheet(_title(sheet.name))
    page.freeze_panes = "A2"
    for index, width in enumerate(_widths(sheet), 1):
        page.column_dimensions[get_column_letter(index)].width = width
    page.append([_head(page, name) for name in sheet.columns])
    for row in sheet.rows:
        page.append([_cell(page, value, zone) for value in row])


def _add_about(book: Workbook, lines: Sequence[tuple[str, str]], name: str) -> None:
    page = book.create_sheet(_title(name))
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 34, 100
    for label, words in lines:
        told = WriteOnlyCell(page, safe_cell(words))
        told.alignment = Alignment(wrap_text=True, vertical="top")
        page.append([_head(page, label), told])


def _title(name: str) -> str:
    """A sheet's name as Excel allows it."""
    return _NOT_IN_TITLES.sub(" ", name)[:31].strip() or "1"


def _widths(sheet: Sheet) -> list[int]:
    shown = [sheet.columns, *sheet.rows[:_MEASURED]]
    longest = [max(len(str(row[i])) for row in shown) for i in range(len(sheet.columns))]
    return [min(_WIDEST, max(8, length + 2)) for length in longest]


def _head(page, words: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, safe_cell(words))
    cell.font = Font(bold=True, color=palette.INK)
    cell.fill = PatternFill("solid", fgColor=palette.TINT)
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def _cell(page, value: object, zone: tzinfo) -> WriteOnlyCell | object:
    value = safe_cell(value)
    if isinstance(value, datetime):
        # Excel knows no zones: the clock of the readers' is written, and the sheet names it.
        cell = WriteOnlyCell(page, value.astimezone(zone).replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell
    if isinstance(value, date):
        cell = WriteOnlyCell(page, value)
        cell.number_format = "yyyy-mm-dd"
        return cell
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _SURE:
        return str(value)
    return value[:_LONGEST] if isinstance(value, str) else value
