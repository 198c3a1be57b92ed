"""Tables drawn as figures: every chart of the dashboard as a plain Plotly dictionary.

No Streamlit, no reader and no language is known here: words arrive as arguments. Dictionaries
because a Plotly Express figure costs ten times as much CPU; template "none" because Streamlit lays
its own theme over it in the browser. The colours `#000001`… are the places of
`theme.chartCategoricalColors` and become the reader's light or dark ones there.

`customdata` of every bar and point starts with what a click opens: a slug or a code, or days, which
`step_opened` reads back. Series over the same steps carry one code each, for all their points, as
their `legendgroup`, which a click brings along: `clicked` finds the step in it. Codes are short and
hold no "/", which travels as six characters.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from insights.model import Sentiment
from insights.steps import WEEKLY_FROM as WEEKLY_FROM
from insights.steps import Steps, steps
from insights.words import UNKNOWN

Figure = dict[str, Any]
DayText = Callable[[date], str]
# First and last day, both included, and what is said of them.
Gap = tuple[date, date, str]
# Longitude and latitude.
Point = list[float]

# In the order of theme.chartCategoricalColors in .streamlit/config.toml.
ACCENT = "#000001"
COLOURS = {
    Sentiment.NEGATIVE: "#000002",
    Sentiment.NEUTRAL: "#000003",
    Sentiment.POSITIVE: "#000004",
}
MUTED = "#000036"  # Streamlit's own place for soft text
STRONG = "#000037"  # and for text that must stand out
FAINT = "#000039"  # and for hairlines
PAGE = "#000038"  # and for the page behind
UNCLASSIFIED = "unclassified"
_SIGNS = {
    Sentiment.NEGATIVE: "-",
    Sentiment.NEUTRAL: "=",
    Sentiment.POSITIVE: "+",
    UNCLASSIFIED: "?",
}

# A phone's scroll must never zoom a chart, and there is nothing a mode bar could do better.
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
ROW = 36  # pixels a horizontal bar with its words beside it, in two lines at most
TALL_ROW = 42  # and with its words above it
LONGEST_EVENT = 45  # days
_NET_FLOOR = -104  # a little room below -100, for whole markers
_TICKS = 5
_CLEAR_DAYS = 330  # within which "24 Oct" is one day only
LANGKAWI = (99.62, 99.98, 6.14, 6.49)  # west, east, south, north
MAINLAND = (99.98, 101.18, 5.04, 6.62)


def trend(
    days: Mapping[str, Sequence[Any]],
    *,
    name: str,
    day_text: DayText,
    before: Sequence[int | None] | None = None,
    before_name: str = "",
    events: Iterable[tuple[date, date, str]] = (),
    events_name: str = "",
    gaps: Iterable[Gap] = (),
    gaps_name: str = "",
    today: date | None = None,
) -> Figure:
    """Posts a day as bars (a week Sunday-Saturday beyond three months), silent days included.

    `days` has an entry a day: day, posts. `before` are the posts of the days compared with, row by
    row, None where nothing was collected yet (a dotted line, a dash in words; daily bars only).
    Today's bar is paler: it is not over yet.
    `events` are first day, last day, name; `gaps` the same of what was not collected, shaded.
    """
    spans = steps(days)
    x = _step_texts(spans, day_text)
    happening = _happening(spans, events)
    missing = _by_step(spans, gaps)
    bars = _bars(spans["posts"], spans, name, ACCENT)
    bars["marker"]["opacity"] = [0.45 if last == today else 1 for last in spans["last"]]
    traces = [bars]
    count = len(x)
    comparable = before is not None and len(before) == count == len(days["day"])
    # One hover text, on the bars: in a unified hover Plotly would hand a click to any trace.
    said = f"{escape(name)}: %{{y:,d}}"
    if comparable:
        traces.append(_dotted(before, before_name))
        said += f"<br>{escape(before_name)}: %{{customdata[0]}}"
        bars["customdata"] = [[UNKNOWN if posts is None else f"{posts:,}"] for posts in before]
    bars["hovertemplate"] = f"{said}<extra></extra>"
    _say(bars, _both(happening, missing), count)
    if happening:
        traces.append(_marks(happening, events_name))
    return _figure(
        traces,
        height=260,
        xaxis=_day_axis(spans, x, day_text),
        yaxis=_count_axis([*spans["posts"], *(before if comparable else ())]),
        hovermode="x unified",
        showlegend=len(traces) > 1 or bool(missing),
        shapes=_shades(missing, gaps_name),
        bargap=0.15,
    )


def sentiment_trend(
    days: Mapping[str, Sequence[Any]],
    names: Mapping[str, str],
    *,
    day_text: DayText,
    events: Iterable[tuple[date, date, str]] = (),
    events_name: str = "",
    gaps: Iterable[Gap] = (),
    gaps_name: str = "",
    weekly_from: int = 63,
) -> Figure:
    """Posts a day (a week from `weekly_from` days on) stacked by label,
    unclassified ones apart on top.

    `days` has day, posts, negative, neutral, positive; `names` the words for the three labels and
    for "unclassified"; `events` and `gaps` as in `trend`.
    """
    spans = steps(days, weekly_from)
    x = _step_texts(spans, day_text)
    happening, missing = _happening(spans, events), _by_step(spans, gaps)
    traces = [_bars(spans[s], spans, names[s], colour, part=s) for s, colour in COLOURS.items()]
    parts = zip(spans["posts"], *(spans[s] for s in COLOURS), strict=True)
    rest = [posts - sum(labelled) for posts, *labelled in parts]
    if any(rest):
        open_bars = _bars(rest, spans, names[UNCLASSIFIED], PAGE, part=UNCLASSIFIED)
        open_bars["marker"]["line"] = {"color": MUTED, "width": 1}
        traces.append(open_bars)
    for bars in traces:
        _say(bars, _both(happening, missing), len(x))
    if happening:
        traces.append(_marks(happening, events_name))
    return _figure(
        traces,
        height=280,
        barmode="stack",
        xaxis=_day_axis(spans, x, day_text),
        yaxis=_count_axis(spans["posts"]),
        hovermode="closest",
        showlegend=True,
        shapes=_shades(missing, gaps_name),
        bargap=0.15,
    )


def net_trend(
    spans: Steps,
    *,
    name: str,
    band_name: str,
    day_text: DayText,
    events: Iterable[tuple[date, date, str]] = (),
    events_name: str = "",
    gaps: Iterable[Gap] = (),
    gaps_name: str = "",
) -> Figure:
    """Net sentiment over time with its 95 % interval as a band; `events` and `gaps` as in `trend`.

    `spans` has first, last (dates), value, low, high (-100..+100, None where too few posts say)
    and n. A step without a value breaks the line instead of being drawn as zero.
    """
    x = _step_texts(spans, day_text)
    values, low, high = (_optional(spans[c]) for c in ("value", "low", "high"))
    happening, missing = _happening(spans, events), _by_step(spans, gaps)
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "y": values,
        "name": name,
        "line": {"color": ACCENT, "width": 2},
        "marker": {"size": 6},
        "legendgroup": _series_code(spans),
        "customdata": [[int(n), *ends] for n, *ends in zip(spans["n"], low, high, strict=True)],
        "hovertemplate": "%{y:+.0f} (%{customdata[1]:+.0f} … %{customdata[2]:+.0f};"
        " n %{customdata[0]:,d})",
    }
    _say(line, _both(happening, missing), len(x))
    bands = [
        _band(
            [*range(start, end), *range(end - 1, start - 1, -1)],
            high[start:end] + low[start:end][::-1],
            band_name,
        )
        for start, end in _runs(values)
    ]
    for band in bands[1:]:
        band["showlegend"] = False
    marks = [_marks(happening, events_name, at=_NET_FLOOR)] if happening else []
    return _figure(
        [line, *bands, *marks],
        height=280,
        xaxis=_day_axis(spans, x, day_text),
        yaxis={
            "range": [_NET_FLOOR, -_NET_FLOOR],
            "tickvals": [-100, -50, 0, 50, 100],
            "ticktext": ["−100", "−50", "0", "+50", "+100"],
            "zeroline": True,
        },
        hovermode="x unified",
        showlegend=bool(missing or happening),
        shapes=_shades(missing, gaps_name),
    )


def ranking(
    rows: Iterable[tuple[str, str, float | None]],
    *,
    unit: str,
    figure_text: Callable[[int], str] = "{:,}".format,
    colour: str = ACCENT,
    limit: int = 12,
) -> Figure:
    """The largest values as horizontal bars, largest on top, each with its exact figure.

    `rows` are the words shown, the code a click opens, and the value; `unit` is the word after the
    figure in the hover text; `figure_text` writes the one at a bar's end. Unknown values are left
    out, not drawn as 0.
    """
    known = sorted((row for row in rows if not _missing(row[2])), key=lambda row: -row[2])
    shown = known[:limit][::-1]
    values = [int(value) for *_, value in shown]
    words = _rows_text(label for label, *_ in shown)
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": words,
        "marker": {"color": colour},
        "text": [figure_text(v) for v in values],
        "textposition": "outside",
        "cliponaxis": False,
        "textangle": 0,
        "customdata": [[str(code)] for _, code, _ in shown],
        "hovertemplate": f"%{{y}}: %{{x:,d}} {escape(unit)}<extra></extra>",
    }
    top = max(values, default=1) or 1
    return _figure(
        [trace],
        height=max(len(shown), 1) * ROW + 16,
        xaxis={"visible": False, "range": [0, top * 1.16]},
        yaxis=_row_axis(),
        hovermode="closest",
        bargap=0.35,
    )


class Parted(NamedTuple):
    """A row of bars: its words, the code that a click opens, and its posts by label."""

    words: str
    code: str
    negative: int
    neutral: int
    positive: int


def sentiment_bars(
    rows: Sequence[Parted],
    names: Mapping[str, str],
    *,
    too_few: str,
    least: int = 5,
    limit: int = 12,
) -> Figure:
    """Shares of the labels as bars that part at the middle: negative left, positive right.

    `rows` come in the order to be shown, first on top. A row with fewer than `least` classified
    posts shows the words `too_few` and no bar. The neutral share lies across the middle, half to
    each side, so equal sides mean balance.
    """
    rows = rows[:limit][::-1]
    counts = [[getattr(row, label) for label in COLOURS] for row in rows]
    titles = [_cut(row.words, 36) for row in rows]
    parts = [_shares(row) if sum(row) >= least else None for row in counts]
    codes = [row.code for row in rows]
    traces = [_part(i, s, names[s], parts, counts, codes) for i, s in enumerate(COLOURS)]
    lefts = [part and round(-part[0] - part[1] / 2, 1) for part in parts]
    rights = [part and round(part[2] + part[1] / 2, 1) for part in parts]
    traces += [
        _end_text(lefts, [part and part[0] for part in parts], "middle left"),
        _end_text(rights, [part and part[2] for part in parts], "middle right"),
    ]
    if None in parts:
        traces.append(_too_few([i for i, part in enumerate(parts) if part is None], too_few))
    sides = [-x for x in lefts if x is not None] + [x for x in rights if x is not None]
    side = round(max(sides, default=77) * 1.3, 1)
    traces.append(_row_titles(titles, [sum(row) for row in counts], -side))
    return _figure(
        traces,
        height=len(parts) * TALL_ROW + 44,
        barmode="overlay",
        xaxis={"visible": False, "range": [-side, side], "zeroline": False},
        yaxis={"visible": False, "range": [-0.5, len(parts) - 0.1], "zeroline": False},
        hovermode="closest",
        showlegend=True,
        bargap=0.64,
        shapes=[_vertical(0)],
    )


def _shares(counts: Sequence[int]) -> tuple[float, float, float]:
    return tuple(round(100 * count / sum(counts), 1) for count in counts)


def _starts(part: Sequence[float]) -> tuple[float, ...]:
    """Where each label's part begins when the neutral one lies across the middle."""
    half = part[1] / 2
    return round(-part[0] - half, 1), round(-half, 1), round(half, 1)


def _part(at: int, label: str, name: str, parts, counts, codes: Sequence[str]) -> dict:
    """One label's part of every row; `at` is the label's position."""
    starts = [part and _starts(part)[at] for part in parts]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [part and part[at] for part in parts],
        "base": starts,
        "name": name,
        "marker": {"color": COLOURS[label]},
        "customdata": [
            [code + _SIGNS[label], row[at], sum(row)]
            for code, row in zip(codes, counts, strict=True)
        ],
        "hovertemplate": "%{fullData.name}: %{customdata[1]:,d} (%{x:.0f} %, n %{customdata[2]:,d}"
        ")<extra></extra>",
    }


def distribution(counts: Mapping[str, int], names: Mapping[str, str]) -> Figure:
    """One bar of all classified posts parted by label, words and shares written under each part."""
    total = sum(counts[s] for s in COLOURS)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [counts[s]],
            "y": [""],
            "name": f"{names[s]} {_percent(counts[s], total)}",
            "marker": {"color": colour, "line": {"color": PAGE, "width": 2}},
            "customdata": [[str(s)]],
            "hovertemplate": f"{escape(names[s])}: %{{x:,d}} / {total:,}<extra></extra>",
        }
        for s, colour in COLOURS.items()
    ]
    return _figure(
        traces,
        # Half of it is the legend's: two lines of it where the card is narrow.
        height=108,
        barmode="stack",
        xaxis={"visible": False, "range": [0, max(total, 1)]},
        yaxis={"visible": False},
        hovermode="closest",
        showlegend=True,
        bargap=0,
    )


class Located(NamedTuple):
    """A place on the map; `verdict` is a sentiment, or "too_few"."""

    slug: str
    name: str
    lat: float
    lon: float
    posts: int
    verdict: str


def place_map(
    places: Iterable[Located],
    names: Mapping[str, str],
    *,
    frame: tuple[float, float, float, float],
    posts_word: str,
    tiles: bool = False,
    labels: int = 8,
) -> Figure:
    """Places as marks: size by posts, colour and shape by what the labels say.

    `names` has the words for the places' verdicts. `frame` is west, east, south, north in degrees.
    The coast is our own file, so nothing is fetched; with `tiles` the reader's browser asks
    OpenStreetMap's server for the background. Labels go to the places with the most posts that
    have room for one.
    """
    west, east, south, north = frame
    rows = sorted(places, key=lambda row: -row.posts)
    largest = max((row.posts for row in rows), default=1) or 1
    shown = [row for row in rows if west <= row.lon <= east and south <= row.lat <= north]
    groups = {code: [row for row in shown if row.verdict == code] for code in _SHAPES}
    marks = [
        _tile_marks(group, code, names[code], largest, posts_word)
        if tiles
        else _plain_marks(group, code, names[code], largest, posts_word, (west, south))
        for code, group in groups.items()
        if group
    ]
    if tiles:
        return _tiled(marks, frame)
    return _figure(
        [*_coast(frame), *marks],
        height=440,
        xaxis={"visible": False, "range": [0, _units(east - west)]},
        # One degree of longitude is cos(6°) as long as one of latitude.
        yaxis={
            "visible": False,
            "range": [0, _units(north - south)],
            "scaleanchor": "x",
            "scaleratio": 1.0055,
        },
        hovermode="closest",
        showlegend=True,
        annotations=_place_labels(shown, frame, largest, labels),
    )


# What a click hands back must stand in the trace itself.
_OWN = ("type", "legendgroup", "customdata", "x", "y")


def brief(figure: Figure) -> Figure:
    """The same figure in fewer bytes: what several traces of one type say alike is said once, in
    the template, from where Plotly takes whatever a trace does not say."""
    kinds: dict[str, list[dict]] = {}
    for trace in figure["data"]:
        kinds.setdefault(trace["type"], []).append(trace)
    shared = {kind: _common(traces) for kind, traces in kinds.items() if len(traces) > 1}
    traces = [_without(trace, shared.get(trace["type"], {})) for trace in figure["data"]]
    data = {kind: [said] for kind, said in shared.items() if said}
    return {**figure, "data": traces, "layout": {**figure["layout"], "template": {"data": data}}}


def _common(some: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of what each of these says, also deep inside, what most of them say; never a list."""
    said: dict[str, Any] = {}
    for key in some[0]:
        values = [one[key] for one in some if key in one]
        if key in _OWN or len(values) < len(some):
            continue
        if all(isinstance(value, Mapping) for value in values):
            if deep := _common(values):
                said[key] = deep
        elif all(isinstance(value, (str, int, float)) for value in values):
            most = max(values, key=values.count)
            if values.count(most) > 1:
                said[key] = most
    return said


def _without(trace: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """A trace without what is said for it elsewhere."""
    left: dict[str, Any] = {}
    for key, value in trace.items():
        if key not in said:
            left[key] = value
        elif isinstance(value, Mapping):
            if deep := _without(value, said[key]):
                left[key] = deep
        elif value != said[key]:
            left[key] = value
    return left


def step_opened(code: str) -> tuple[date, date, str | None]:
    """First day, last day (both included) and label (None for all) of a clicked step.

    Raises ValueError for what is no code of ours.
    """
    label = next((label for label, sign in _SIGNS.items() if code.endswith(sign)), None)
    first, _, last = code.rstrip("".join(_SIGNS.values())).partition(".")
    return date.fromordinal(int(first)), date.fromordinal(int(last or first)), label


def clicked(point: Mapping[str, Any]) -> list[str] | None:
    """The code of the step at a clicked point, in a list as customdata would be; None for a point
    of a series without a code.

    Raises ValueError or IndexError for what is no code of ours.
    """
    code = point.get("legendgroup")
    if not code:
        return None
    ends, at = code.rstrip("".join(_SIGNS.values())), int(point["x"])
    first, last = (date.fromordinal(int(end)) for end in ends.rstrip("w").split("."))
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    spans = steps({"day": days}, 0 if ends.endswith("w") else len(days) + 1)
    step = _step_code(spans["first"][at], spans["last"][at])
    return [step + code[len(ends) :]]


def row_opened(code: str) -> tuple[str, str]:
    """What a part of a row's bar stands for: the row's own code and the label. Raises KeyError for
    what is no code of ours."""
    return code[:-1], {sign: label for label, sign in _SIGNS.items()}[code[-1:]]


_LEGEND = {
    "orientation": "h",
    "y": 1,
    "yanchor": "bottom",
    "traceorder": "normal",
    "itemclick": False,
    "itemdoubleclick": False,
    # Nothing behind its words: where they take two lines it reaches over the plot.
    "bgcolor": "rgba(0,0,0,0)",
}


def _figure(
    traces: list[dict], *, height: int, xaxis: dict, yaxis: dict, showlegend: bool = False, **layout
) -> Figure:
    """What all figures share. A figure travels whole with every change of a filter, so what is the
    default anyway, and the legend where there is none, is left out."""
    return {
        "data": traces,
        "layout": {
            "template": "none",
            "height": height,
            "margin": {"l": 0, "r": 0, "t": 4, "b": 0, "pad": 4},
            "showlegend": showlegend,
            **({"legend": _LEGEND} if showlegend else {}),
            "dragmode": False,
            "barcornerradius": 2,
            "separators": ".,",
            "xaxis": {"fixedrange": True, **xaxis},
            "yaxis": {"fixedrange": True, **yaxis},
            **layout,
        },
    }


def _count_axis(counts: Iterable[int | None]) -> dict[str, Any]:
    """The upright axis of a chart of counts, from 0: small ones in steps of 1, as Plotly would mark
    halves, which a format without decimals calls "1" twice."""
    steps_of = {"dtick": 1} if max(filter(None, counts), default=0) <= _TICKS else {}
    return {"rangemode": "tozero", "tickformat": ",d", "nticks": _TICKS, **steps_of}


def _step_texts(spans: Steps, day_text: DayText) -> list[str]:
    """Each step's words; they are the axis' categories, so that months come in any language. The
    year is left out where no two days could be taken for each other."""
    days = [*spans["first"], *spans["last"]]
    if not days or (max(days) - min(days)).days > _CLEAR_DAYS:
        return _joined(spans, day_text)
    return _joined(spans, lambda day: day_text(day).rsplit(" ", 1)[0])


def _joined(spans: Steps, day_text: DayText) -> list[str]:
    return [
        day_text(first) if first == last else _from_to(day_text(first), day_text(last))
        for first, last in zip(spans["first"], spans["last"], strict=True)
    ]


def _from_to(first: str, last: str) -> str:
    """Two days' words as one span, the month and year that both have said once."""
    head, tail = first.split(" "), last.split(" ")
    while len(head) > 1 and head[-1] == tail[-1]:
        head, tail = head[:-1], tail[:-1]
    return f"{' '.join(head)} – {last}"


def _day_axis(spans: Steps, x: list[str], day_text: DayText) -> dict:
    """An axis that counts the steps from 0 on, so that traces need not name them: each step's words
    travel once, as what the axis says in place of its number."""
    every = max(1, math.ceil(len(x) / 6))
    shown = list(range(len(x) - 1, -1, -every))[::-1]
    first = spans["first"]
    # At a tick Plotly's hover says what the tick says, so weeks have theirs a hair beside them:
    # further than the range / 10,000 within which it takes them for the same, too near to be seen.
    beside = round(len(x) / 4_000, 4) if list(first) != list(spans["last"]) else 0
    return {
        "type": "linear",
        "range": [-0.5, len(x) - 0.5],
        "zeroline": False,
        "labelalias": {str(i): words for i, words in enumerate(x)},
        "tickvals": [i + beside for i in shown],
        "ticktext": [day_text(first[i]).rsplit(" ", 1)[0] for i in shown],
        "tickangle": 0,
        # The last day's words reach over the end, and must be seen there.
        "ticklabeloverflow": "allow",
    }


def _bars(values, spans, name: str, colour: str, part: str | None = None) -> dict:
    return {
        "type": "bar",
        "y": values,
        "name": name,
        "marker": {"color": colour},
        "legendgroup": _series_code(spans, part),
        "hovertemplate": "%{x}<br>%{fullData.name}: %{y:,d}<extra></extra>",
    }


def _dotted(values: Sequence[int | None], name: str) -> dict:
    return {
        "type": "scatter",
        "mode": "lines",
        "y": [None if v is None else int(v) for v in values],
        "name": name,
        "line": {"color": MUTED, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _band(x: list[int], y: list[float], name: str) -> dict:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "fill": "toself",
        "name": name,
        "line": {"width": 0, "color": ACCENT},
        "opacity": 0.2,
        "hoverinfo": "skip",
    }


def _happening(spans: Steps, events: Iterable[tuple[date, date, str]]):
    """The names of what goes on in each step, by the step's position. What lasts longer than
    LONGEST_EVENT days (a campaign year) says nothing about one of them and is left out."""
    short = (event for event in events if (event[1] - event[0]).days < LONGEST_EVENT)
    return _by_step(spans, short)


def _by_step(spans: Steps, told: Iterable[tuple[date, date, str]]) -> dict[int, list[str]]:
    """What is told of days, by the position of each step that they touch."""
    at: dict[int, list[str]] = {}
    for since, until, words in told:
        for i in _touched(spans, since, until):
            at.setdefault(i, []).append(words)
    return at


def _lines(said: Iterable[str]) -> str:
    """Further lines of a hover text, each once."""
    return "".join(f"<br>{escape(words)}" for words in dict.fromkeys(said))


def _both(some: Mapping[int, list[str]], more: Mapping[int, list[str]]) -> dict[int, list[str]]:
    return {i: [*some.get(i, ()), *more.get(i, ())] for i in {*some, *more}}


def _say(trace: dict, told: Mapping[int, list[str]], count: int) -> None:
    """Let the hover texts of a trace say what was on and what was not collected."""
    if not told:
        return
    trace["text"] = [_lines(told.get(i, ())) for i in range(count)]
    end = "<extra></extra>"
    plain = trace["hovertemplate"].removesuffix(end)
    trace["hovertemplate"] = f"{plain}%{{text}}" + (end if trace["type"] == "bar" else "")
    if trace["type"] == "bar":
        trace["textposition"] = "none"


def _touched(spans: Steps, since: date, until: date) -> list[int]:
    pairs = enumerate(zip(spans["first"], spans["last"], strict=True))
    return [i for i, (first, last) in pairs if first <= until and since <= last]


def _marks(happening: Mapping[int, list[str]], name: str, *, at: float = 0) -> dict:
    """A small triangle on the axis where something begins; the bars' hover text names it."""
    starts = [
        i for i, names in sorted(happening.items()) if set(names) - set(happening.get(i - 1, ()))
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": starts,
        "y": [at] * len(starts),
        "name": name,
        # The rim keeps a mark visible where it lies over bars.
        "marker": {
            "symbol": "triangle-up",
            "size": 11,
            "color": STRONG,
            "line": {"color": PAGE, "width": 1},
        },
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _shades(missing: Mapping[int, list[str]], name: str) -> list[dict]:
    """A shade behind every run of steps in which something was not collected; one legend entry."""
    starts = [i for i in sorted(missing) if i - 1 not in missing]
    ends = [i for i in sorted(missing) if i + 1 not in missing]
    shade = {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "fillcolor": MUTED,
        "opacity": 0.14,
        "line": {"width": 0},
        "layer": "below",
        "name": name,
        "legendgroup": "gaps",
    }
    return [
        {**shade, "x0": start - 0.5, "x1": end + 0.5, "showlegend": start == starts[0]}
        for start, end in zip(starts, ends, strict=True)
    ]


def _vertical(x: float) -> dict:
    line = {"color": FAINT, "width": 2}
    ends = {"x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "line", "line": line, "layer": "below", **ends}


def _row_titles(titles: Sequence[str], n: Sequence[int], left: float) -> dict:
    """Words above each bar instead of beside it, which leaves a phone's width to the bars."""
    return {
        **_end_text([left] * len(n), [], "middle right"),
        "y": [row + 0.38 for row in range(len(n))],
        "text": [f"{title} · n {total:,}" for title, total in zip(titles, n, strict=True)],
        "texttemplate": "%{text}",
        "textfont": {"size": 13},
    }


def _too_few(rows: Sequence[int], words: str) -> dict:
    """The words in place of a bar, in the rows that have none."""
    return {
        **_end_text([0.0] * len(rows), [], "middle right"),
        "y": list(rows),
        "texttemplate": f"\u00a0{escape(words)}",
        "textfont": {"color": MUTED, "size": 12},
    }


def _end_text(x: list[float | None], shares: list[float | None], position: str) -> dict:
    """The share written beside a bar's end: inside, no text is legible on all three colours."""
    return {
        "type": "scatter",
        "mode": "text",
        "x": x,
        "text": ["" if share is None else f"{share:.0f}" for share in shares],
        "texttemplate": "\u00a0%{text} %\u00a0",
        "textposition": position,
        "textfont": {"size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }


def _rows_text(labels: Iterable[str]) -> list[str]:
    """Words for rows, in two lines where one would leave no room for bars; kept unique."""
    texts: list[str] = []
    for label in labels:
        text = _two_lines(label)
        while text in texts:
            text += "\u200b"
        texts.append(text)
    return texts


def _two_lines(label: str, longest: int = 20) -> str:
    """The label, broken at the space nearest its middle when it is longer than `longest`."""
    spaces = [i for i, letter in enumerate(label) if letter == " "]
    if len(label) <= longest or not spaces:
        return _cut(label)
    middle = min(spaces, key=lambda i: abs(i - len(label) / 2))
    return f"{_cut(label[:middle])}<br>{_cut(label[middle + 1 :])}"


def _cut(label: str, longest: int = 26) -> str:
    return escape(label if len(label) <= longest else label[: longest - 1].rstrip() + "…")


def _row_axis() -> dict:
    return {"type": "category", "ticks": "", "showgrid": False, "tickfont": {"size": 13}}


# Shape says the same as colour, for readers who cannot tell the colours apart.
_SHAPES = {
    Sentiment.NEGATIVE: "diamond",
    Sentiment.NEUTRAL: "square",
    Sentiment.POSITIVE: "circle",
    "too_few": "circle-open",
}


def _size(posts: int, largest: int) -> int:
    """Pixels across: the area, not the width, follows the posts."""
    return round(6 + 20 * math.sqrt(posts / largest))


def _units(degrees: float) -> int:
    """Thousandths of a degree, 110 m and about a pixel: what a map without tiles is drawn in, from
    its frame's south-western corner. Half as long to write as degrees."""
    return round(degrees * 1000)


def _plain_marks(
    group: Sequence, code: str, name: str, largest: int, posts_word: str, corner: Sequence[float]
) -> dict:
    """Marks of one kind on a map without tiles; `corner` is the frame's west and south."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [_units(row.lon - corner[0]) for row in group],
        "y": [_units(row.lat - corner[1]) for row in group],
        "name": name,
        "marker": {
            "size": [_size(row.posts, largest) for row in group],
            "symbol": _SHAPES[code],
            "color": COLOURS.get(code, MUTED),
            "opacity": 0.85,
            "line": {"color": MUTED if code == "too_few" else PAGE, "width": 1},
        },
        "customdata": [[row.slug, escape(row.name), int(row.posts)] for row in group],
        "hovertemplate": "<b>%{customdata[1]}</b><br>%{customdata[2]:,d} "
        f"{escape(posts_word)}<br>%{{fullData.name}}<extra></extra>",
    }


def _tile_marks(group: Sequence, code: str, name: str, largest: int, posts_word: str) -> dict:
    """The same for a tiled map, which knows circles only; the word stands in legend and hover."""
    plain = _plain_marks(group, code, name, largest, posts_word, (0, 0))
    marker = {k: plain["marker"][k] for k in ("size", "color", "opacity")}
    if code == "too_few":
        marker["opacity"] = 0.4  # no open circles here, and its grey is near that of "neutral"
    del plain["x"], plain["y"]
    lonlat = {
        "lon": [round(row.lon, 4) for row in group],
        "lat": [round(row.lat, 4) for row in group],
    }
    return {**plain, **lonlat, "type": "scattermap", "marker": marker}


def _tiled(marks: list[dict], frame: tuple[float, float, float, float]) -> Figure:
    west, east, south, north = frame
    figure = _figure(marks, height=440, xaxis={}, yaxis={}, hovermode="closest", showlegend=True)
    for axis in ("xaxis", "yaxis"):
        del figure["layout"][axis]
    figure["layout"]["map"] = {
        "style": "open-street-map",
        "center": {"lon": (west + east) / 2, "lat": (south + north) / 2},
        "zoom": math.log2(360 / (north - south)) - 0.4,
    }
    return figure


@cache
def _outlines() -> dict:
    return json.loads(Path(__file__).with_name("coast.json").read_text(encoding="utf-8"))


@cache
def _coast(frame: tuple[float, float, float, float]) -> list[dict]:
    """Land that touches the frame, country by country (Natural Earth, public domain)."""
    west, east, south, north = frame
    rings = [
        ring
        for ring in _outlines()["land"]
        if min(p[0] for p in ring) < east
        and max(p[0] for p in ring) > west
        and min(p[1] for p in ring) < north
        and max(p[1] for p in ring) > south
    ]
    quiet = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False}
    return [
        {
            **quiet,
            "x": [_units(p[0] - west) for p in ring],
            "y": [_units(p[1] - south) for p in ring],
            "fill": "toself",
            "fillcolor": FAINT,
            "line": {"color": MUTED, "width": 0.8},
            "opacity": 0.55,
        }
        for ring in (_clipped(ring, frame) for ring in rings)
    ]


def _clipped(ring: list[Point], frame: tuple[float, float, float, float]) -> list[Point]:
    """The part of a ring that lies in the frame or so near that a card wider or higher than the
    frame shows it; empty where there is none (Sutherland and Hodgman, 1974)."""
    west, east, south, north = frame
    wider, higher = east - west, 0.4 * (north - south)
    sides = (
        (0, 1, west - wider),
        (0, -1, east + wider),
        (1, 1, south - higher),
        (1, -1, north + higher),
    )
    for axis, sign, edge in sides:
        ring = _beyond(ring, axis, sign, edge)
    return ring


def _beyond(ring: list[Point], axis: int, sign: int, edge: float) -> list[Point]:
    """The part of a ring on one side of an edge, closed along the edge."""
    if ring and ring[0] != ring[-1]:
        ring = [*ring, ring[0]]
    kept: list[Point] = []
    for here, there in pairwise(ring):
        inside, next_inside = (sign * (point[axis] - edge) >= 0 for point in (here, there))
        if inside:
            kept.append(here)
        if inside != next_inside:
            share = (edge - here[axis]) / (there[axis] - here[axis])
            kept.append([round(a + share * (b - a), 4) for a, b in zip(here, there, strict=True)])
    return [*kept, kept[0]] if kept else []


def _place_labels(shown: Sequence, frame, largest: int, limit: int) -> list[dict]:
    """Names for the largest marks, leaving out those that would be printed over another."""
    west, east, south, north = frame
    width, height = (east - west) * 0.3, (north - south) * 0.06
    placed: list[tuple[float, float]] = []
    labels = []
    for row in shown:
        clear = all(abs(row.lon - x) > width or abs(row.lat - y) > height for x, y in placed)
        if clear and len(placed) < limit:
            placed.append((row.lon, row.lat))
            labels.append(
                {
                    "x": _units(row.lon - west),
                    "y": _units(row.lat - south),
                    "text": escape(row.name),
                    "showarrow": False,
                    "xanchor": _anchor((row.lon - west) / (east - west)),
                    "yshift": 10 + _size(row.posts, largest) / 2,
                    # The halo keeps a name legible where it lies over marks or the coast.
                    "font": {"size": 12, "color": STRONG, "shadow": "auto"},
                }
            )
    return labels


def _anchor(place: float) -> str:
    """Which end of a name lies at its mark: near an edge the name must grow inwards."""
    return "left" if place < 0.25 else "right" if place > 0.75 else "center"


def _runs(values: list[float | None]) -> Iterable[tuple[int, int]]:
    """Half-open stretches of values that are there."""
    start = None
    for i, value in enumerate([*values, None]):
        if value is not None and start is None:
            start = i
        elif value is None and start is not None:
            yield start, i
            start = None


def _optional(values: Iterable[float | None]) -> list[float | None]:
    return [None if _missing(value) else round(float(value), 1) for value in values]


def _missing(value: float | None) -> bool:
    return value is None or value != value  # NaN is not equal to itself


def _percent(part: int, whole: int) -> str:
    return f"{part / whole * 100:.0f} %" if whole else ""


def _series_code(spans: Steps, label: str | None = None) -> str:
    """What all steps of a series share: first and last day, whether they are weeks, the label."""
    starts, ends = list(spans["first"]), list(spans["last"])
    if not starts:
        return ""
    weekly = "w" if starts != ends else ""
    ends = (starts[0], ends[-1])
    return ".".join(str(day.toordinal()) for day in ends) + weekly + _SIGNS.get(label, "")


def _step_code(first: date, last: date) -> str:
    """Days as their numbers."""
    return f"{first.toordinal()}.{last.toordinal()}"
