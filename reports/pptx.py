"""The weekly brief as one slide: editable text, native charts and a native table (python-pptx)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.slide import Slide
from pptx.util import Emu, Inches, Pt

from insights.brief import Brief
from insights.words import UNKNOWN, Words, number
from reports import palette
from reports.wording import Card, Wording
from reports.zipped import steady

_BLANK = 6  # the layout without placeholders in python-pptx's own template
_WIDTH, _HEIGHT = Inches(13.333), Inches(7.5)
_LEFT, _INNER = Inches(0.5), Inches(12.333)
_ROWS = 5  # of the table
_FEW_POSTS = 5  # up to which an axis would be marked in fractions of a post
_FONT = "Arial"  # on every machine, or one of the same widths

Box = tuple[Emu, Emu, Emu, Emu]  # left, top, width, height


def pptx(brief: Brief, words: Words) -> bytes:
    """The brief as a presentation of one 16:9 slide, its definitions in the speaker's notes."""
    said = Wording(brief, words)
    deck = Presentation()
    deck.slide_width, deck.slide_height = _WIDTH, _HEIGHT
    slide = deck.slides.add_slide(deck.slide_layouts[_BLANK])
    _head(slide, said)
    _sentences(slide, said)
    if said.brief.is_blank:
        _around(slide, said)
    else:
        _cards(slide, said.cards)
        _trend(slide, said)
        _sentiment(slide, said)
        _complaints(slide, said)
    _foot(slide, said)
    slide.notes_slide.notes_text_frame.text = "\n".join(_notes(said))
    _describe(deck, said)
    file = io.BytesIO()
    deck.save(file)
    return steady(file.getvalue(), brief.stamp.made_at)


def _describe(deck, said: Wording) -> None:
    about = deck.core_properties
    about.title = f"Kedah Tourism Pulse: {said.title}, {said.days}"
    about.author = about.last_modified_by = "Kedah Tourism Pulse"
    about.subject = " ".join(filter(None, (said.scope, said.demo)))
    about.language = said.words.language
    about.created = about.modified = said.brief.stamp.made_at.replace(tzinfo=None)
    about.revision = 1


# --- text -----------------------------------------------------------------------------------------


def _colour(code: str) -> RGBColor:
    return RGBColor.from_string(code)


def _write(
    slide: Slide,
    box: Box,
    lines: Sequence[tuple[str, float, bool, str]],
    *,
    name: str,
    align: PP_ALIGN = PP_ALIGN.LEFT,
    anchor: MSO_ANCHOR = MSO_ANCHOR.TOP,
) -> None:
    """A text box of paragraphs: words, points, bold, colour."""
    shape = slide.shapes.add_textbox(*box)
    shape.name = name
    frame = shape.text_frame
    frame.word_wrap, frame.vertical_anchor = True, anchor
    frame.margin_left = frame.margin_right = Inches(0.08)
    frame.margin_top = frame.margin_bottom = Inches(0.03)
    for index, (words, points, bold, colour) in enumerate(lines):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        paragraph.alignment = align
        run = paragraph.add_run()
        run.text = words
        run.font.size, run.font.bold, run.font.name = Pt(points), bold, _FONT
        run.font.color.rgb = _colour(colour)


def _area(slide: Slide, box: Box, colour: str, name: str):
    shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *box)
    shape.name = name
    shape.fill.solid()
    shape.fill.fore_color.rgb = _colour(colour)
    shape.line.fill.background()
    shape.element.remove(shape.element.find(qn("p:style")))  # the template's shadow
    return shape


def _head(slide: Slide, said: Wording) -> None:
    _area(slide, (_LEFT, Inches(0.3), _INNER, Inches(0.06)), palette.ACCENT, "bar")
    title = [("Kedah Tourism Pulse", 11, False, palette.SOFT), (said.title, 26, True, palette.INK)]
    _write(slide, (_LEFT, Inches(0.38), Inches(6), Inches(0.8)), title, name="title")
    days = [(said.scope, 11, False, palette.SOFT), (said.days, 20, True, palette.ACCENT)]
    box = (Inches(6.833), Inches(0.38), Inches(6), Inches(0.8))
    _write(slide, box, days, name="week", align=PP_ALIGN.RIGHT)
    if said.demo:
        band = (Inches(4.4), Inches(0.5), Inches(4.6), Inches(0.36))
        shape = _area(slide, band, "A8441A", "demo")
        frame = shape.text_frame
        frame.margin_top = frame.margin_bottom = 0
        frame.text = said.demo
        run = frame.paragraphs[0].runs[0]
        run.font.size, run.font.bold, run.font.name = Pt(12), True, _FONT
        run.font.color.rgb = _colour(palette.WHITE)
        frame.paragraphs[0].alignment = PP_ALIGN.CENTER


def _sentences(slide: Slide, said: Wording) -> None:
    box = (_LEFT, Inches(1.25), _INNER, Inches(1.42))
    _area(slide, box, palette.TINT, "sentences_background")
    _area(slide, (_LEFT, box[1], Inches(0.05), box[3]), palette.ACCENT, "sentences_bar")
    first, *rest = said.sentences
    points = 14 if len(rest) < 4 else 12 if len(rest) < 5 else 11
    lines = [(first, points + 2, True, palette.INK)]
    lines += [(line, points, False, palette.INK) for line in rest]
    inside = (_LEFT + Inches(0.12), box[1], _INNER - Inches(0.2), box[3])
    _write(slide, inside, lines, name="sentences", anchor=MSO_ANCHOR.MIDDLE)


def _cards(slide: Slide, cards: Sequence[Card]) -> None:
    width = Emu(int(_INNER / len(cards)))
    for index, card in enumerate(cards):
        lines = [
            (card.label, 11, False, palette.SOFT),
            (card.value, 20, True, palette.INK),
            (card.change or " ", 11, True, palette.ACCENT),
            (
                card.note.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"),
                9,
                False,
                palette.SOFT,
            ),
        ]
        box = (Emu(_LEFT + index * width), Inches(2.75), width, Inches(1.15))
        _write(slide, box, lines, name=card.key)


def _around(slide: Slide, said: Wording) -> None:
    """What is known of a week that nobody collected, as on screen: collection and events. Rows of
    dashes and empty charts would only repeat that nothing is known."""
    t = said.words.t
    columns = {"state": [line for line in said.state if line not in said.sentences]}
    for title, events in (("events", said.events), ("ahead", said.ahead)):
        shown = [f"{when}: {what}" for when, what in events[:_ROWS]]
        more = len(events) - _ROWS
        columns[title] = [*shown, *([t("brief.more", n=number(more))] if more > 0 else [])]
    width = Emu(int(_INNER / len(columns)))
    for index, (title, told) in enumerate(columns.items()):
        lines = [(t(f"brief.{title}"), 16, True, palette.ACCENT)]
        lines += [(line, 14, False, palette.INK) for line in told or [t("brief.no_events")]]
        box = (Emu(_LEFT + index * width), Inches(3.1), width, Inches(3.7))
        _write(slide, box, lines, name=title)


def _foot(slide: Slide, said: Wording) -> None:
    words = " · ".join(filter(None, (said.as_of, said.demo)))
    box = (_LEFT, Inches(7.08), _INNER, Inches(0.3))
    _write(slide, box, [(words, 10, True, palette.SOFT)], name="as_of")


def _notes(said: Wording) -> Iterable[str]:
    """What the speaker may be asked: definitions, state of collection, praise, places, events."""
    yield " · ".join(filter(None, (said.title, said.days, said.scope, said.demo)))
    yield said.as_of
    yield said.definitions
    yield ""
    yield from [f"{said.words.t('brief.state')}:", *said.state, ""]
    for listing in (said.places, said.praise):
        yield f"{listing.title} ({', '.join(listing.heads)}):"
        yield from (" | ".join(row) for row in listing.rows or ((listing.empty,),))
        yield ""
    for title, events in (("events", said.events), ("ahead", said.ahead)):
        yield f"{said.words.t(f'brief.{title}')}:"
        yield from (f"{when}: {what}" for when, what in events)
        if not events:
            yield said.words.t("brief.no_events")
        yield ""


# --- charts ---------------------------------------------------------------------------------------


def _title(slide: Slide, left: Emu, width: Emu, words: str, name: str) -> None:
    box = (left, Inches(3.95), width, Inches(0.32))
    _write(slide, box, [(words, 12, True, palette.ACCENT)], name=name)


def _trend(slide: Slide, said: Wording) -> None:
    """Posts a day as two lines: this week, and the same weekdays before."""
    left, width = _LEFT, Inches(4.2)
    _title(slide, left, width, said.words.t("brief.trend"), "trend_title")
    days = said.brief.days
    chart_data = CategoryChartData(number_format="0")
    chart_data.categories = [said.words.weekday(day.day) for day in days]
    chart_data.add_series(said.words.t("brief.this_week"), [day.posts for day in days])
    chart_data.add_series(said.words.t("brief.week_before"), [day.before for day in days])
    box = (left, Inches(4.22), width, Inches(2.85))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.LINE_MARKERS, *box, chart_data)
    frame.name = "trend"
    _for_who_listens(frame, said.words.t("brief.trend"), chart_data)
    chart = _dressed(frame.chart)
    for series, colour, points in zip(
        chart.plots[0].series, (palette.ACCENT, "9AA8A5"), (2.75, 1.75), strict=True
    ):
        series.smooth = False
        series.format.line.color.rgb, series.format.line.width = _colour(colour), Pt(points)
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = _colour(colour)
        series.marker.format.line.color.rgb = _colour(colour)
    labels = chart.plots[0].series[0].data_labels
    labels.show_value, labels.position = True, XL_LABEL_POSITION.ABOVE
    labels.font.size, labels.font.bold = Pt(10), True
    axis = chart.value_axis
    axis.minimum_scale, axis.has_major_gridlines = 0, True
    if max(max(day.posts, day.before or 0) for day in days) <= _FEW_POSTS:
        axis.maximum_scale, axis.major_unit = _FEW_POSTS, 1  # posts come whole
    axis.major_gridlines.format.line.color.rgb = _colour(palette.LINE)
    axis.format.line.fill.background()
    axis.tick_labels.font.size = Pt(10)


def _sentiment(slide: Slide, said: Wording) -> None:
    """The labels of both weeks as bars of 100 %, with the number of posts in each part."""
    left, width = Inches(4.9), Inches(3.5)
    _title(slide, left, width, said.words.t("brief.sentiment"), "sentiment_title")
    brief, t = said.brief, said.words.t
    if not (brief.now.classified or brief.before.classified):
        box = (left, Inches(4.3), width, Inches(0.4))
        _write(slide, box, [(said.no_label, 12, False, palette.SOFT)], name="sentiment_none")
        return
    chart_data = CategoryChartData(number_format="0")
    chart_data.categories = [t("brief.week_before"), t("brief.this_week")]
    for label, sign in palette.SIGNS.items():
        # No label at all is an empty cell, not a bar of nothing.
        values = [getattr(totals, label) or None for totals in (brief.before, brief.now)]
        chart_data.add_series(f"{sign} {t(f'sentiment.{label}')}", values)
    box = (left, Inches(4.22), width, Inches(2.85))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_STACKED_100, *box, chart_data)
    frame.name = "sentiment"
    _for_who_listens(frame, t("brief.sentiment"), chart_data)
    chart = _dressed(frame.chart)
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 45, 100
    for series, colour in zip(plot.series, palette.LABELS.values(), strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = _colour(colour)
        series.data_labels.show_value = True
        series.data_labels.font.size, series.data_labels.font.bold = Pt(11), True
        series.data_labels.font.color.rgb = _colour(palette.WHITE)
    chart.value_axis.visible = False
    chart.value_axis.has_major_gridlines = False


def _for_who_listens(frame, title: str, told: CategoryChartData) -> None:
    """The chart's figures as its alternative text: "Posts a day. This week: Sun 11, Mon 12 ..."."""
    names = [category.label for category in told.categories]
    lines = []
    for series in told:
        pairs = zip(names, series.values, strict=True)
        figures = ", ".join(f"{name} {UNKNOWN if v is None else number(v)}" for name, v in pairs)
        lines.append(f"{series.name}: {figures}.")
    _alt(frame, " ".join([f"{title}.", *lines]))


def _alt(frame, words: str) -> None:
    frame._element.nvGraphicFramePr.cNvPr.set("descr", words)


def _dressed(chart):
    """A chart without a title of its own, its legend below, in the slide's type."""
    chart.has_title, chart.has_legend = False, True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.font.size, chart.font.name = Pt(11), _FONT
    chart.font.color.rgb = _colour(palette.INK)
    chart.category_axis.format.line.color.rgb = _colour(palette.LINE)
    chart.category_axis.has_major_gridlines = False
    return chart


# --- the table ------------------------------------------------------------------------------------


def _complaints(slide: Slide, said: Wording) -> None:
    """What people complain about, and where."""
    listing = said.complaints
    left, width = Inches(8.6), Inches(4.233)
    _title(slide, left, width, listing.title, "complaints_title")
    if not listing.rows:
        box = (left, Inches(4.3), width, Inches(0.4))
        _write(slide, box, [(listing.empty, 12, False, palette.SOFT)], name="complaints_none")
        return
    rows = [listing.heads, *listing.rows[:_ROWS]]
    box = (left, Inches(4.3), width, Inches(0.3 * len(rows)))
    frame = slide.shapes.add_table(len(rows), len(listing.heads), *box)
    frame.name = "complaints"
    _alt(frame, listing.title)
    table = frame.table
    _plain_style(frame)
    for column, inches in zip(table.columns, (1.15, 0.62, 0.8, 1.663), strict=True):
        column.width = Inches(inches)
    for at, row in enumerate(rows):
        table.rows[at].height = Inches(0.26 if at == 0 else 0.38)
        for column, words in enumerate(row):
            _cell(table.cell(at, column), words, head=at == 0, figure=column in (1, 2))


def _plain_style(frame) -> None:
    """ "No style, table grid" in place of the template's blue bands."""
    properties = frame.table._tbl.tblPr
    properties.find(qn("a:tableStyleId")).text = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
    frame.table.horz_banding = False


def _cell(cell, words: str, *, head: bool, figure: bool) -> None:
    cell.margin_left = cell.margin_right = Inches(0.04)
    cell.margin_top = cell.margin_bottom = Inches(0.01)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    if head:
        cell.fill.solid()
        cell.fill.fore_color.rgb = _colour(palette.TINT)
    else:
        cell.fill.background()
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if figure else PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = words
    run.font.size, run.font.name, run.font.bold = Pt(9), _FONT, head
    run.font.color.rgb = _colour(palette.SOFT if head else palette.INK)
