"""Posts from a file: a CSV or Excel table exported by hand or from an own account."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from xml.etree.ElementTree import ParseError

from collector.platforms.fields import link, tags_in
from db import store
from db.engine import Engine
from insights.matching import matched_post
from insights.model import Kind, MatchedPost, Platform, Post, RunStatus
from insights.places import Gazetteer

PAGE = 200  # posts stored in one transaction
LARGEST_COUNT = 10**12
EARLIEST = datetime(2004, 1, 1, tzinfo=UTC)  # before the first of the platforms opened
COUNTS = ("likes", "comments", "shares", "views")
# Own name of a column -> other headings it is known by. docs/collector.md lists them.
HEADINGS = {
    "content": ("text", "caption", "message", "kandungan", "teks"),
    "created_at": ("posted_at", "date", "time", "timestamp", "tarikh"),
    "post_id": ("id",),
    "platform": (),
    "url": ("link", "permalink", "pautan"),
    "author": ("author_id", "username", "pengarang"),
    "language": ("lang", "bahasa"),
    "likes": ("like_count", "suka"),
    "comments": ("comment_count", "comments_count", "komen"),
    "shares": ("share_count", "kongsi"),
    "views": ("view_count", "tontonan"),
    "hashtags": ("tags",),
    "media_type": (),
}
NEEDED = ("content", "created_at")
_NAMES = {other: own for own, others in HEADINGS.items() for other in (own, *others)}
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
# https://learn.microsoft.com/office/troubleshoot/excel/last-digits-changed-to-zeros
EXACT_DIGITS = 15
_ROUNDED_NUMBER = re.compile(r"\d[.,]\d+e\+\d+", re.IGNORECASE)  # as Excel writes one to CSV
_UNKNOWN = ("", "-", "n/a", "na", "null", "none")
_PLATFORMS = {p.value: p for p in Platform if p is not Platform.YOUTUBE}


class FileError(Exception):
    """The file as a whole cannot be read; the message says why and what would help."""


class _LineError(ValueError):
    """One line cannot be read as a post."""


@dataclass(frozen=True)
class ImportLine:
    """A line of the file: the post it holds, or why it holds none. Lines count from 1.

    `repeats` is the earlier line that says exactly the same: nothing is lost by passing over it.
    """

    number: int
    post: Post | None = None
    problem: str = ""
    repeats: int | None = None

    @property
    def is_bad(self) -> bool:
        return self.post is None and self.repeats is None


@dataclass
class ImportReport:
    """How an import ended; `bad` are the numbers of the lines that were left out."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: list[int] = field(default_factory=list)
    interrupted: bool = False


# ---- reading -----------------------------------------------------------------------------------


def read_lines(path: Path, zone: tzinfo, now: datetime) -> list[ImportLine]:
    """The file's lines in order, each a post or a problem; empty lines are passed over.

    A time without an offset is taken in `zone`. A post that stands in the file twice is a problem
    of the second line, unless both lines say the same. Raises FileError when the file is no such
    table.
    """
    lines = []
    seen: dict[tuple[str, str], ImportLine] = {}
    origin = f"import:{path.name}"
    for number, cells in _table(path):
        try:
            post = _post(cells, zone, now, origin)
        except _LineError as error:
            lines.append(ImportLine(number, problem=str(error)))
            continue
        line = ImportLine(number, post)
        first = seen.setdefault((post.platform, post.post_id), line)
        lines.append(line if first is line else _again(line, first))
    return lines


def _again(line: ImportLine, first: ImportLine) -> ImportLine:
    """A line whose post an earlier one held."""
    if line.post == first.post:
        return ImportLine(line.number, repeats=first.number)
    problem = f"the same post stands in line {first.number}, with other words or counts"
    return ImportLine(line.number, problem=problem)


def _table(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """(line number, cells by own column name) of every line that is not empty."""
    rows = _excel_rows(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv_rows(path)
    headings: list[str | None] | None = None
    for number, row in rows:
        if all(cell is None or not str(cell).strip() for cell in row):
            continue
        if headings is None:
            headings = _own_names(row)
            continue
        pairs = zip(headings, row, strict=False)
        yield number, {name: cell for name, cell in pairs if name is not None}
    if headings is None:
        raise FileError(f"{path.name} is empty")


def _own_names(row: Sequence[object]) -> list[str | None]:
    given = [re.sub(r"[\s-]+", "_", str(cell or "").strip().casefold()) for cell in row]
    names = [_NAMES.get(heading) for heading in given]
    known = [name for name in names if name]
    missing = [name for name in NEEDED if name not in known]
    if missing:
        raise FileError(f"the first line names no column {' and no column '.join(missing)}")
    doubled = {name for name in known if known.count(name) > 1}
    if doubled:
        raise FileError(f"more than one column means {', '.join(sorted(doubled))}")
    return names


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(path)
    csv.field_size_limit(1_000_000)
    # No newline translation: a post of several lines stays one cell.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    number = 1
    try:
        for row in reader:
            yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise FileError(f"line {number}: no readable CSV ({error}); nothing was stored") from error


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileError(f"{path.name} is not UTF-8; in Excel, save it as 'CSV UTF-8'") from error


def _delimiter(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _excel_rows(path: Path) -> Iterator[tuple[int, Sequence[object]]]:
    """The rows of the first sheet."""
    # Here, as no other command needs it and every start would pay for it.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        yield from enumerate(book.worksheets[0].iter_rows(values_only=True), start=1)
        book.close()
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError) as error:
        raise FileError(f"{path.name} is not an Excel workbook (.xlsx)") from error


# ---- one line ----------------------------------------------------------------------------------


def _post(cells: dict[str, object], zone: tzinfo, now: datetime, origin: str) -> Post:
    said = {name: _text(cell) for name, cell in cells.items()}
    content = said.get("content")
    if not content:
        raise _LineError("content is empty")
    posted_at = _instant(cells.get("created_at"), zone, now)
    url = said.get("url")
    if url and not link(url):
        raise _LineError("url does not begin with https://")
    return Post(
        platform=_platform(said.get("platform")),
        post_id=_post_id(cells.get("post_id"))
        or _made_up_id(url, content, posted_at, said.get("author")),
        content=content,
        posted_at=posted_at,
        url=url,
        author=said.get("author"),
        language=said.get("language"),
        hashtags=_hashtags(said.get("hashtags"), content),
        media_type=said.get("media_type"),
        found_by=origin,
        **{name: _count(name, cells.get(name)) for name in COUNTS},
    )


def _text(cell: object) -> str | None:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip() or None if cell is not None else None


def _post_id(cell: object) -> str | None:
    """The id as it was written; refused where a table has rounded it, as it names no post then."""
    said = _text(cell)
    number = isinstance(cell, int | float)
    if said and ((number and len(said) > EXACT_DIGITS) or _ROUNDED_NUMBER.fullmatch(said)):
        raise _LineError(
            f"post_id {said[:40]} is a number whose last digits Excel has rounded off; "
            "write it as text"
        )
    return said


def _platform(given: str | None) -> Platform:
    if given is None:
        return Platform.IMPORT
    try:
        return _PLATFORMS[given.casefold()]
    except KeyError:
        raise _LineError(f"platform must be one of {', '.join(_PLATFORMS)}") from None


def _instant(cell: object, zone: tzinfo, now: datetime) -> datetime:
    if isinstance(cell, date) and not isinstance(cell, datetime):
        cell = datetime.combine(cell, time())
    if not isinstance(cell, datetime):
        said = _text(cell)
        if not said:
            raise _LineError("created_at is empty")
        try:
            cell = datetime.fromisoformat(said)
        except ValueError:
            raise _LineError(
                f"created_at {said[:40]!r} is no time; write 2026-11-23 14:30 or, with its zone, "
                "2026-11-23T14:30:00+08:00"
            ) from None
    instant = (cell if cell.tzinfo else cell.replace(tzinfo=zone)).astimezone(UTC)
    if instant > now + timedelta(minutes=5):
        raise _LineError("created_at lies in the future")
    if instant < EARLIEST:
        raise _LineError("created_at lies before 2004")
    return instant


def _count(name: str, cell: object) -> int | None:
    said = (_text(cell) or "").casefold()
    if said in _UNKNOWN:
        return None
    if _THOUSANDS.fullmatch(said):
        said = said.replace(",", "")
    if not (said.isascii() and said.isdigit() and len(said) <= 13 and int(said) <= LARGEST_COUNT):
        raise _LineError(f"{name} {said[:20]!r} is no whole number of 0 or more")
    return int(said)


def _hashtags(given: str | None, content: str) -> tuple[str, ...]:
    listed = (word.lstrip("#").casefold() for word in re.split(r"[\s,;]+", given or ""))
    return tuple(dict.fromkeys([*filter(None, listed), *tags_in(content)]))


def _made_up_id(url: str | None, content: str, posted_at: datetime, author: str | None) -> str:
    """The same line gets the same id in every import; an address is unique by itself."""
    parts = [url] if url else [posted_at.isoformat(), author or "", content]
    return "made-" + hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:24]


# ---- storing -----------------------------------------------------------------------------------


def import_posts(
    engine: Engine,
    lines: Sequence[ImportLine],
    gazetteer: Gazetteer,
    clock: Callable[[], datetime],
    *,
    zone: tzinfo,
    hash_secret: str = "",
    stop: threading.Event | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> ImportReport:
    """Store the posts of a file, PAGE by PAGE, with a run record of the platform `import`.

    Every post counts, as a file handed in is about Kedah. `progress` is told the number of lines
    done. Importing the same file again changes nothing. Raises what a database raises.
    """
    report = ImportReport()
    with engine.begin() as connection:
        run = store.start_run(connection, uuid.uuid4().hex, Platform.IMPORT, clock())
    for start in range(0, len(lines), PAGE):
        if stop is not None and stop.is_set():
            report.interrupted = True
            break
        page = lines[start : start + PAGE]
        report.bad += [line.number for line in page if line.is_bad]
        posts = [matched_post(line.post, gazetteer, hash_secret) for line in page if line.post]
        _save(engine, posts, clock(), zone, report)
        progress(start + len(page))
    _close(engine, run, report, clock())
    return report


def _save(
    engine: Engine,
    posts: Sequence[MatchedPost],
    now: datetime,
    zone: tzinfo,
    report: ImportReport,
) -> None:
    with engine.begin() as connection:
        saved = store.save_page(connection, posts, now=now, zone=zone)
    report.new += saved.new
    report.updated += saved.updated
    report.unchanged += saved.unchanged


def _close(engine: Engine, run: int, report: ImportReport, now: datetime) -> None:
    stored = report.new + report.updated + report.unchanged
    problem = ""
    if report.bad:
        listed = ", ".join(map(str, report.bad[:20])) + (", …" if len(report.bad) > 20 else "")
        lines = "line" if len(report.bad) == 1 else "lines"
        problem = f"{len(report.bad)} {lines} left out: {listed}"
    status = RunStatus.OK
    if report.interrupted:
        status = RunStatus.INTERRUPTED
    elif problem:
        status = RunStatus.PARTIAL if stored else RunStatus.FAILED
    with engine.begin() as connection:
        store.finish_run(
            connection,
            run,
            status=status,
            now=now,
            error_kind=Kind.BAD_PAYLOAD if problem else None,
            error=problem or None,
            fetched=stored + len(report.bad),
            stored=report.new,
            updated=report.updated,
        )
