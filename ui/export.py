"""What a reader takes along: any view as CSV and XLSX, with what its figures mean inside."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import timedelta

import streamlit as st

from insights.model import Scope
from reports.cells import safe_cell
from reports.sheets import Sheet
from ui import data, text
from ui.text import t

About = Sequence[tuple[str, str]]
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DEFINITIONS = ("post", "engagement", "unknown", "net", "classified", "change")


def csv_file(about: About, sheet: Sheet) -> bytes:
    """A CSV file in UTF-8 with the mark that Excel needs.

    First come lines that begin with "#": whose figures these are, filters, period, zone, moment,
    definitions. Then the columns' names and the rows, texts in quotes. A spreadsheet shows all of
    it; `pandas.read_csv(file, comment="#")` reads the table alone, hashtags in texts included.
    """
    file = io.StringIO(newline="")
    for label, words in about:
        file.write(f"# {_one_cell(label)}: {_one_cell(words)}\r\n")
    writer = csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([safe_cell(name) for name in sheet.columns])
    zone = data.zone()
    for row in sheet.rows:
        writer.writerow([_written(safe_cell(value), zone) for value in row])
    return file.getvalue().encode("utf-8-sig")


def _one_cell(words: str) -> str:
    """Words that a spreadsheet leaves in one cell and a reader of comments in one line."""
    return " ".join(words.split()).replace(",", ";").replace('"', "'")


def _written(value: object, zone) -> object:
    """An instant as the clock of the zone shows it; the rest as it is."""
    if hasattr(value, "astimezone") and value.tzinfo is not None:
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    return value


def about(
    view: str, scope: Scope | None, filters: Sequence[str] = (), change: str = ""
) -> list[tuple[str, str]]:
    """What stands above a CSV's rows and on the last sheet of a workbook.

    `scope` None: a view that has no period. `filters` are further ones, as "what: which"; `change`
    says which days are compared.
    """
    demo = data.status().demo
    lines = [
        (t("export.product", view=view), t(f"export.source_{'demo' if demo else 'live'}")),
    ]
    if scope is not None:
        days = text.days(scope.since, scope.until - timedelta(days=1))
        lines.append((t("export.period"), f"{days} ({scope.since} – {scope.until - timedelta(1)})"))
        lines.append((t("export.filters"), "; ".join([*_filters(scope), *filters])))
    elif filters:
        lines.append((t("export.filters"), "; ".join(filters)))
    if change:
        lines.append((t("export.change"), change))
    now = f"{data.now().astimezone(data.zone()):%Y-%m-%d %H:%M}"
    version = data.cube().version
    lines += [
        (t("export.zone"), str(data.zone())),
        (t("export.as_of"), f"{now} ({data.zone()}); data {version}"),
    ]
    return [*lines, *_definitions(scope)]


def _filters(scope: Scope) -> list[str]:
    return [
        f"{t('filter.city')}: {text.city(scope.city)}",
        f"{t('filter.platform')}: {text.platform(scope.platform or 'all')}",
        text.name_of("voice", scope.voice),
    ]


def _definitions(scope: Scope | None) -> list[tuple[str, str]]:
    codes = [*_DEFINITIONS, *(["apart"] if scope is not None and scope.left_out else [])]
    return [(t("export.definitions"), t(f"export.def_{code}")) for code in codes]


def offer(
    view: str,
    tables: Callable[[], Sequence[Sheet]],
    scope: Scope | None = None,
    filters: Sequence[str] = (),
    change: str = "",
) -> None:
    """The downloads of a view, below it: one workbook of all its tables, and a CSV of each.

    `view` is a page's code. The tables are made only when the reader opens this.
    """
    with st.expander(
        t("export.title"), icon=":material/download:", on_change="rerun", key=f"take_{view}"
    ) as opened:
        if not opened.open:
            return
        st.caption(t("export.note"))
        sheets = tables()
        lines = about(t(f"page.{view}"), scope, filters, change)
        with st.container(horizontal=True, key=f"files_{view}"):
            workbook_button(view, lambda: sheets, lines, scope)
            for index, sheet in enumerate(sheets):
                csv_button(f"{view}_{index}", lambda sheet=sheet: sheet, lines, scope, sheet.name)


def workbook_button(
    view: str,
    sheets: Callable[[], Sequence[Sheet]],
    lines: About,
    scope: Scope | None,
    label: str = "",
) -> None:
    """The button of a workbook, made on demand: `sheets` is called outside any run of a page."""
    name, zone, now = t("export.about"), data.zone(), data.now()

    def make() -> bytes:
        # Late: openpyxl takes 13 MB of every process, and few make a workbook.
        from reports.xlsx import xlsx

        return xlsx(sheets(), lines, about_name=name, zone=zone, made_at=now)

    st.download_button(
        label or t("export.xlsx"),
        data=make,
        file_name=file_name(view, scope, "xlsx"),
        mime=XLSX,
        on_click="ignore",
        icon=":material/table_view:",
        key=f"xlsx_{view}",
    )


def csv_button(
    view: str,
    sheet: Callable[[], Sheet],
    lines: About,
    scope: Scope | None,
    named: str = "",
    label: str = "",
) -> None:
    """The button of a CSV file, made on demand."""
    st.download_button(
        label or t("export.csv", table=named),
        data=lambda: csv_file(lines, sheet()),
        file_name=file_name(view, scope, "csv"),
        mime=CSV,
        on_click="ignore",
        icon=":material/download:",
        key=f"csv_{view}",
    )


def file_name(view: str, scope: Scope | None, suffix: str) -> str:
    """ "kedah-posts-2026-10-24-2026-11-23.csv", "demo-" before it where the posts are invented."""
    mark = "demo-" if data.status().demo else ""
    last = scope.until - timedelta(days=1) if scope else data.today()
    days = f"{scope.since}-{last}" if scope else f"{last}"
    return f"{mark}kedah-{view.replace('_', '-')}-{days}.{suffix}"
