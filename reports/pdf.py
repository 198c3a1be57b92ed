"""The weekly brief as one A4 page, composed of text, tables and native drawings (ReportLab).

The same brief and words give the same bytes: dates come from the brief, never from the clock.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path

from reportlab.graphics.shapes import Circle, Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from insights import metrics
from insights.brief import Brief
from insights.metrics import Totals
from insights.words import Words, number
from reports import palette
from reports.wording import Card, Listing, Wording

PLAIN, BOLD = "Roboto", "Roboto-Bold"
# What Roboto lacks (a Chinese event's name) is drawn with the reader's own Chinese font.
CHINESE = "STSong-Light"
_FONTS = Path(__file__).parent / "fonts"
_WIDTH, _HEIGHT = A4
_MARGIN = 34
_INNER = _WIDTH - 2 * _MARGIN
_GAP = 16  # between the two columns
_COLUMN = (_INNER - _GAP) / 2
_BAR = 4  # of the header
_BETWEEN = (5.0, 20.0)  # least and most room between two blocks
_SIGNED = (*palette.LABELS,)
_LARGE = 12.0  # points of what stands almost alone on a page


@dataclass(frozen=True)
class _Fit:
    """How many rows each table may take."""

    places: int
    topics: int
    events: int


# The page is one page: the first of these that fits is taken.
_FITS = (_Fit(8, 6, 6), _Fit(8, 5, 4), _Fit(7, 4, 3), _Fit(5, 3, 2), _Fit(3, 2, 1))


def pdf(brief: Brief, words: Words) -> bytes:
    """The brief as a PDF of one A4 page in this language."""
    _fonts()
    said = Wording(brief, words)
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, lang=words.language)
    _describe(canvas, said)
    _frame(canvas, said)
    top = _HEIGHT - _MARGIN - _BAR
    footer, floor, blocks = _composed(said, top)
    _draw(canvas, blocks, top, floor)
    footer.drawOn(canvas, _MARGIN, _MARGIN - 8)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _composed(said: Wording, top: float) -> tuple[Table, float, list[Flowable]]:
    """The footer, where it begins, and the blocks above it. A week with little to tell has room to
    tell its definitions in a size that is easily read; on a full page they are the small print."""
    footer = _footer([_as_of(said)])
    floor = _floor(footer)
    full = [*_blocks(said, _FITS[0]), _definitions(said)]
    if _total(full) <= top - floor:
        return footer, floor, full
    footer = _footer([_text(said.definitions, 6.2, colour=palette.SOFT), _as_of(said)])
    floor = _floor(footer)
    blocks = next(
        (found for fit in _FITS if _total(found := _blocks(said, fit)) <= top - floor),
        _blocks(said, _FITS[-1]),
    )
    return footer, floor, blocks


def _floor(footer: Table) -> float:
    return _MARGIN - 8 + _height(footer) + 6


@cache
def _fonts() -> None:
    pdfmetrics.registerFont(TTFont(PLAIN, str(_FONTS / "Roboto-Regular.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(_FONTS / "Roboto-Bold.ttf")))
    pdfmetrics.registerFontFamily(PLAIN, PLAIN, BOLD, PLAIN, BOLD)
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


def _describe(canvas: Canvas, said: Wording) -> None:
    made_at = said.brief.stamp.made_at
    canvas.setDateFormatter(lambda *_now: f"D:{made_at:%Y%m%d%H%M%S}Z")
    canvas.setTitle(f"Kedah Tourism Pulse: {said.title}, {said.days}")
    canvas.setAuthor("Kedah Tourism Pulse")
    canvas.setCreator("Kedah Tourism Pulse")
    canvas.setSubject(" ".join(filter(None, (said.scope, said.demo))))


def _frame(canvas: Canvas, said: Wording) -> None:
    """The bar at the top, and behind everything the mark of invented figures."""
    canvas.setFillColor(HexColor(f"#{palette.ACCENT}"))
    canvas.rect(_MARGIN, _HEIGHT - _MARGIN, _INNER, _BAR, stroke=0, fill=1)
    if said.demo:
        canvas.saveState()
        canvas.setFillColor(HexColor(f"#{palette.NEGATIVE}"), alpha=0.07)
        canvas.setFont(BOLD, 170)
        canvas.translate(_WIDTH / 2, _HEIGHT / 2 - 60)
        canvas.rotate(50)
        canvas.drawCentredString(0, 0, "DEMO")
        canvas.restoreState()


def _height(block: Flowable) -> float:
    return block.wrap(_INNER, _HEIGHT)[1]


def _total(blocks: Sequence[Flowable]) -> float:
    return sum(map(_height, blocks)) + _BETWEEN[0] * (len(blocks) - 1)


def _draw(canvas: Canvas, blocks: Sequence[Flowable], top: float, floor: float) -> None:
    """The blocks from the top, what room is left shared out between them. Names so long that not
    even the shortest tables fit make everything smaller: nothing is cut off or laid over."""
    least, most = _BETWEEN
    spare = (top - floor - _total(blocks)) / max(1, len(blocks) - 1)
    between = least + max(0.0, min(most - least, spare))
    scale = min(1.0, (top - floor) / _total(blocks))
    canvas.saveState()
    canvas.translate(_MARGIN + _INNER * (1 - scale) / 2, top)
    canvas.scale(scale, scale)
    y = 0.0
    for block in blocks:
        y -= _height(block)
        block.drawOn(canvas, 0, y)
        y -= between
    canvas.restoreState()


# --- text -----------------------------------------------------------------------------------------


@cache
def _style(size: float, font: str = PLAIN, colour: str = palette.INK, right: bool = False):
    align = {"alignment": TA_RIGHT} if right else {}
    name = f"{font} {size} {colour} {right}"
    # A word longer than its column is broken; nothing is ever cut off.
    return ParagraphStyle(
        name,
        fontName=font,
        fontSize=size,
        leading=size * 1.25,
        textColor=HexColor(f"#{colour}"),
        splitLongWords=1,
        **align,
    )


def _text(written: str, size: float = 7.8, **style) -> Paragraph:
    return Paragraph(_drawable(written), _style(size, **style))


def _drawable(written: str) -> str:
    """Text as ReportLab's markup, what the font lacks set in the Chinese one."""
    known = pdfmetrics.getFont(PLAIN).face.charToGlyph
    parts = []
    for has, letters in groupby(written, key=lambda letter: ord(letter) in known):
        part = escape("".join(letters))
        parts.append(part if has else f'<font name="{CHINESE}">{part}</font>')
    return "".join(parts)


def _title(written: str, size: float = 9) -> Paragraph:
    return _text(written, size, font=BOLD, colour=palette.ACCENT)


# --- blocks ---------------------------------------------------------------------------------------


def _blocks(said: Wording, fit: _Fit) -> list[Flowable]:
    first = [_header(said), *([_demo(said)] if said.demo else []), _sentences(said)]
    if said.brief.is_blank:
        # As on screen: rows of dashes and empty charts would only repeat that nothing is known.
        around = [*_events(said, fit.events, _LARGE)]
        return [*first, _columns([*_state(said, _LARGE)], around)]
    return [
        *first,
        _cards(said.cards),
        _columns([_trend(said)], [_sentiment(said)]),
        _columns(
            _listing(said.complaints, fit.topics, (84, 34, 46)),
            _listing(said.praise, fit.topics, (84, 34, 46)),
        ),
        _columns(
            _listing(said.places, fit.places, (None, 50, 40, 60, 46), right=True),
            [*_events(said, fit.events), *_state(said)],
        ),
    ]


def _grid(rows: Sequence[Sequence], widths: Sequence[float], *styles: tuple) -> Table:
    plain = [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Table(rows, colWidths=widths, style=[*plain, *styles])


def _columns(left: list[Flowable], right: list[Flowable]) -> Table:
    return _grid([[left, "", right]], (_COLUMN, _GAP, _COLUMN))


def _header(said: Wording) -> Table:
    left = [
        _text("Kedah Tourism Pulse", 8, colour=palette.SOFT),
        _text(said.title, 18, font=BOLD),
    ]
    right = [
        _text(said.scope, 8, colour=palette.SOFT, right=True),
        _text(said.days, 13, font=BOLD, colour=palette.ACCENT, right=True),
    ]
    return _grid([[left, right]], (_INNER / 2, _INNER / 2), ("VALIGN", (0, 0), (-1, -1), "BOTTOM"))


def _demo(said: Wording) -> Table:
    words = _text(said.demo, 9.5, font=BOLD, colour=palette.WHITE)
    return _grid(
        [[words]],
        (_INNER,),
        ("BACKGROUND", (0, 0), (-1, -1), HexColor("#A8441A")),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
    )


def _sentences(said: Wording) -> Table:
    first, *rest = said.sentences
    size = 15 if said.brief.is_blank else 11
    rows = [[_text(first, size, font=BOLD)], *([_text(line, 9.5)] for line in rest)]
    return _grid(
        rows,
        (_INNER,),
        ("BACKGROUND", (0, 0), (-1, -1), HexColor(f"#{palette.TINT}")),
        ("LINEBEFORE", (0, 0), (0, -1), 3, HexColor(f"#{palette.ACCENT}")),
        ("LEFTPADDING", (0, 0), (-1, -1), 11),
        ("RIGHTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, 0), 6),
        ("BOTTOMPADDING", (0, -1), (-1, -1), 7),
    )


def _cards(cards: Sequence[Card]) -> Table:
    rows = [
        [_text(card.label, 7.5, colour=palette.SOFT) for card in cards],
        [_text(card.value, 12.5, font=BOLD) for card in cards],
        [_text(card.change, 7.5, font=BOLD, colour=palette.ACCENT) for card in cards],
        [_text(_unbroken(card.note), 6.3, colour=palette.SOFT) for card in cards],
    ]
    hair = HexColor(f"#{palette.LINE}")
    return _grid(
        rows,
        [_INNER / len(cards)] * len(cards),
        ("BOX", (0, 0), (-1, -1), 0.6, hair),
        ("INNERGRID", (0, 0), (-1, -1), 0, white),
        *(("LINEBEFORE", (i, 0), (i, -1), 0.6, hair) for i in range(1, len(cards))),
        ("LEFTPADDING", (0, 0), (-1, -1), 6),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, 0), 5),
        ("BOTTOMPADDING", (0, -1), (-1, -1), 5),
    )


def _unbroken(note: str) -> str:
    """ "n = 446" stays on one line."""
    return note.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def _listing(
    listing: Listing, most: int, widths: Sequence[float | None], right: bool = False
) -> list[Flowable]:
    """A titled table. The column without a width takes what is left, or a last one does; figures
    stand at the right of theirs: all columns but the first, or the second and third."""
    title = [_title(listing.title), Spacer(0, 2)]
    if not listing.rows:
        return [*title, _text(listing.empty, colour=palette.SOFT)]
    rest = _COLUMN - sum(width or 0 for width in widths)
    sizes = [width or rest for width in widths]
    if None not in widths:
        sizes.append(rest)
    figures = range(1, len(listing.heads) if right else 3)
    heads = [
        _text(head, 6.8, colour=palette.SOFT, right=i in figures)
        for i, head in enumerate(listing.heads)
    ]
    body = [
        [_text(cell, right=i in figures) for i, cell in enumerate(row)]
        for row in listing.rows[:most]
    ]
    hair = ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(f"#{palette.LINE}"))
    table = _grid(
        [heads, *body],
        sizes,
        hair,
        ("LEFTPADDING", (1, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    )
    return [*title, table]


def _events(said: Wording, most: int, size: float = 7.8) -> Iterable[Flowable]:
    for title, rows in (("events", said.events), ("ahead", said.ahead)):
        yield _title(said.words.t(f"brief.{title}"), max(9, size + 1))
        yield Spacer(0, 1)
        lines = [
            [_text(when, size, colour=palette.SOFT), _text(what, size)]
            for when, what in rows[:most]
        ]
        if len(rows) > most:
            lines.append(["", _text(said.words.t("brief.more", n=number(len(rows) - most)), size)])
        if lines:
            pad = ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5)
            first = 96 if size < _LARGE else 112
            yield _grid(lines, (first, _COLUMN - first), pad)
        else:
            yield _text(said.words.t("brief.no_events"), size, colour=palette.SOFT)
        yield Spacer(0, 5)


def _state(said: Wording, size: float = 7.8) -> Iterable[Flowable]:
    yield _title(said.words.t("brief.state"), max(9, size + 1))
    yield Spacer(0, 1)
    for line in said.state:
        if line not in said.sentences:  # which stand at the top
            yield _text(line, size)
            yield Spacer(0, size / 4)


def _definitions(said: Wording) -> Table:
    return _grid(
        [[_text(said.definitions, 10.5 if said.brief.is_blank else 8.5, colour=palette.SOFT)]],
        (_INNER,),
        ("BOX", (0, 0), (-1, -1), 0.6, HexColor(f"#{palette.LINE}")),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("RIGHTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
    )


def _as_of(said: Wording) -> Paragraph:
    return _text(" · ".join(filter(None, (said.as_of, said.demo))), 6.6, font=BOLD)


def _footer(lines: Sequence[Paragraph]) -> Table:
    return _grid(
        [[line] for line in lines],
        (_INNER,),
        ("LINEABOVE", (0, 0), (-1, 0), 0.6, HexColor(f"#{palette.LINE}")),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
    )


# --- drawings -------------------------------------------------------------------------------------


def _string(x: float, y: float, written: str, size: float = 7, anchor: str = "start", **more):
    colour = HexColor(f"#{more.pop('colour', palette.INK)}")
    font = more.pop("font", PLAIN)
    return String(x, y, written, fontName=font, fontSize=size, textAnchor=anchor, fillColor=colour)


def _rect(x: float, y: float, width: float, height: float, colour: str) -> Rect:
    return Rect(x, y, width, height, fillColor=HexColor(f"#{colour}"), strokeColor=None)


def _legend(drawing: Drawing, y: float, entries: Sequence[tuple[str, str]]) -> None:
    """Colour and word, beside each other from the left."""
    x = 0.0
    for colour, word in entries:
        drawing.add(_rect(x, y, 7, 7, colour))
        drawing.add(_string(x + 10, y + 0.8, word, 7, colour=palette.SOFT))
        x += 22 + pdfmetrics.stringWidth(word, PLAIN, 7)


def _trend(said: Wording) -> Drawing:
    """Two bars a day: this week's posts, and those of the same weekday before."""
    height, floor, roof = 118, 22, 88
    drawing = Drawing(_COLUMN, height)
    drawing.add(_heading(said.words.t("brief.trend"), height))
    words = (said.words.t("brief.this_week"), said.words.t("brief.week_before"))
    _legend(drawing, height - 24, tuple(zip((palette.ACCENT, "B9C4C2"), words, strict=True)))
    days = said.brief.days
    largest = max((max(day.posts, day.before or 0) for day in days), default=0) or 1
    step = _COLUMN / max(1, len(days))
    for index, day in enumerate(days):
        x = index * step
        if day.before is not None:
            drawing.add(_rect(x + 17, floor, 11, day.before * (roof - floor) / largest, "B9C4C2"))
        tall = day.posts * (roof - floor) / largest
        drawing.add(_rect(x + 5, floor, 11, tall, palette.ACCENT))
        drawing.add(_string(x + 10.5, floor + tall + 2, number(day.posts), 6.8, "middle"))
        weekday, date = said.words.weekday(day.day), said.words.day(day.day, year=False)
        drawing.add(_string(x + 16.5, floor - 9, weekday, 7, "middle"))
        drawing.add(_string(x + 16.5, floor - 17, date, 6.2, "middle", colour=palette.SOFT))
    drawing.add(_line(0, floor, _COLUMN, floor))
    return drawing


def _heading(written: str, height: float) -> String:
    return _string(0, height - 10, written, 9, font=BOLD, colour=palette.ACCENT)


def _line(x: float, y: float, x2: float, y2: float, colour: str = palette.LINE, width=0.6) -> Line:
    return Line(x, y, x2, y2, strokeColor=HexColor(f"#{colour}"), strokeWidth=width)


def _sentiment(said: Wording) -> Drawing:
    """The labels' shares of both weeks, and their net sentiment with its interval."""
    height, brief, t = 118, said.brief, said.words.t
    drawing = Drawing(_COLUMN, height)
    drawing.add(_heading(t("brief.sentiment"), height))
    if not (brief.now.classified or brief.before.classified):
        drawing.add(_string(0, height - 28, said.no_label, 8, colour=palette.SOFT))
        return drawing
    words = [
        (palette.LABELS[label], f"{palette.SIGNS[label]} {t(f'sentiment.{label}')}")
        for label in _SIGNED
    ]
    _legend(drawing, height - 24, words)
    _shares(drawing, 72, t("brief.this_week"), brief.now)
    _shares(drawing, 54, t("brief.week_before"), brief.before)
    _nets(drawing, t("metric.net_sentiment"), brief)
    return drawing


_LEFT = 76  # where bars begin, right of their names


def _shares(drawing: Drawing, y: float, name: str, totals: Totals) -> None:
    drawing.add(_string(0, y + 3, name, 7.2))
    x, width = float(_LEFT), _COLUMN - _LEFT
    for label in _SIGNED:
        count = getattr(totals, label)
        if not count:
            continue
        part = width * count / totals.classified
        drawing.add(_rect(x, y, part, 13, palette.LABELS[label]))
        shown = f"{palette.SIGNS[label]} {number(count)}"
        if pdfmetrics.stringWidth(shown, BOLD, 7) + 4 < part:
            middle = x + part / 2
            drawing.add(_string(middle, y + 4, shown, 7, "middle", colour="FFFFFF", font=BOLD))
        x += part


def _nets(drawing: Drawing, name: str, brief: Brief) -> None:
    """Two points with whiskers over an axis from -100 to +100."""

    def at(value: float) -> float:
        return _LEFT + (value + 100) / 200 * (_COLUMN - _LEFT)

    drawing.add(_string(0, 29, name, 7.2))
    drawing.add(_line(_LEFT, 14, _COLUMN, 14))
    for value, anchor in ((-100, "start"), (0, "middle"), (100, "end")):
        drawing.add(_line(at(value), 12, at(value), 44 if value == 0 else 16))
        shown = f"{value:+d}".replace("-", "\N{MINUS SIGN}") if value else "0"
        drawing.add(_string(at(value), 4, shown, 6.4, anchor, colour=palette.SOFT))
    for totals, y, colour in ((brief.now, 36, palette.ACCENT), (brief.before, 24, "93A19E")):
        net = metrics.net_sentiment(totals)
        if net is not None:
            drawing.add(_line(at(net.low), y, at(net.high), y, colour, 2.2))
            dot = HexColor(f"#{colour}")
            drawing.add(Circle(at(net.value), y, 3.4, fillColor=dot, strokeColor=white))
