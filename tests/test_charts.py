import json
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from insights.model import Sentiment
from insights.steps import steps
from ui import charts

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 23)
NAMES = {
    "negative": "Negative",
    "neutral": "Neutral",
    "positive": "Positive",
    "unclassified": "Waiting",
    "too_few": "Too few",
}


def day_text(day: date) -> str:
    return f"{day.day} Nov {day.year}"


def some_days(count: int = 7, **counts) -> pd.DataFrame:
    days = [TODAY - timedelta(days=count - 1 - i) for i in range(count)]
    values = {"posts": 10, "negative": 1, "neutral": 2, "positive": 3}
    return pd.DataFrame({"day": days, **{**values, **counts}})


def a_place(slug="pantai-cenang", **given) -> dict:
    values = {
        "slug": slug,
        "name": slug.replace("-", " ").title(),
        "lat": 6.29,
        "lon": 99.73,
        "posts": 20,
        "negative": 5,
        "neutral": 5,
        "positive": 10,
        "verdict": "positive",
    }
    return {**values, **given}


def places(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(a_place()))


def ranked(rows: pd.DataFrame, **given) -> charts.Figure:
    named = zip(rows["name"], rows["slug"], rows["posts"], strict=True)
    return charts.ranking(named, **{"unit": "posts", **given})


def parted(rows: pd.DataFrame) -> charts.Figure:
    parts = rows[["name", "slug", *Sentiment]].itertuples(index=False)
    return charts.sentiment_bars([charts.Parted(*row) for row in parts], NAMES, too_few="too few")


def a_map(rows: pd.DataFrame, **given) -> charts.Figure:
    located = [
        charts.Located(**{name: row[name] for name in charts.Located._fields})
        for row in rows.to_dict("records")
    ]
    return charts.place_map(located, NAMES, frame=charts.LANGKAWI, posts_word="posts", **given)


NO_PLACES = places()
NO_DAYS = some_days(0)
EVERY_FIGURE = {
    "trend": lambda: charts.trend(some_days(), name="Posts", day_text=day_text),
    "trend without days": lambda: charts.trend(NO_DAYS, name="Posts", day_text=day_text),
    "sentiment trend": lambda: charts.sentiment_trend(some_days(), NAMES, day_text=day_text),
    "sentiment trend without days": lambda: charts.sentiment_trend(
        NO_DAYS, NAMES, day_text=day_text
    ),
    "ranking": lambda: ranked(places(a_place(), a_place("kuah"))),
    "ranking of nothing": lambda: ranked(NO_PLACES),
    "sentiment bars": lambda: parted(places(a_place())),
    "sentiment bars of nothing": lambda: parted(NO_PLACES),
    "distribution": lambda: charts.distribution(dict.fromkeys(Sentiment, 4), NAMES),
    "distribution of nothing": lambda: charts.distribution(dict.fromkeys(Sentiment, 0), NAMES),
    "map": lambda: a_map(places(a_place())),
    "map of nothing": lambda: a_map(NO_PLACES),
    "map with tiles": lambda: a_map(places(a_place()), tiles=True),
}


@pytest.mark.parametrize("draw", EVERY_FIGURE.values(), ids=EVERY_FIGURE.keys())
def test_every_figure_is_valid_plain_data_of_a_fixed_height(draw):
    figure = draw()
    go.Figure(figure)
    assert json.loads(json.dumps(figure)) == figure
    assert figure["layout"]["template"] == "none"
    assert figure["layout"]["height"] > 0


@pytest.mark.parametrize("draw", EVERY_FIGURE.values(), ids=EVERY_FIGURE.keys())
def test_no_scroll_or_drag_changes_a_figure(draw):
    layout = draw()["layout"]
    assert layout["dragmode"] is False
    for axis in ("xaxis", "yaxis"):
        assert layout.get(axis, {"fixedrange": True})["fixedrange"] is True


def filled_in(said: dict, otherwise: dict) -> dict:
    """What Plotly makes of a trace and its template."""
    deep = {
        key: filled_in(said.get(key, {}), value) if isinstance(value, dict) else value
        for key, value in otherwise.items()
    }
    return {**deep, **{k: v for k, v in said.items() if k not in deep or not isinstance(v, dict)}}


@pytest.mark.parametrize("draw", EVERY_FIGURE.values(), ids=EVERY_FIGURE.keys())
def test_a_figure_in_fewer_bytes_says_the_same(draw):
    figure = draw()
    brief = charts.brief(figure)
    assert len(json.dumps(brief["data"])) <= len(json.dumps(figure["data"]))
    go.Figure(brief)
    templates = brief["layout"]["template"]["data"]
    for trace, whole in zip(brief["data"], figure["data"], strict=True):
        assert filled_in(trace, templates.get(whole["type"], [{}])[0]) == whole


def test_what_all_bars_say_alike_is_said_once_and_what_a_click_needs_stays_with_each():
    brief = charts.brief(parted(places(a_place(), a_place("kuah"))))
    bars = [trace for trace in brief["data"] if trace["type"] == "bar"]
    assert len(bars) == 3
    for bar in bars:
        assert {"orientation", "hovertemplate"}.isdisjoint(bar)
        assert {"x", "customdata", "name", "marker"} <= set(bar)
    assert brief["layout"]["template"]["data"]["bar"][0]["orientation"] == "h"


def test_there_is_no_mode_bar():
    assert charts.CONFIG["displayModeBar"] is False
    assert charts.CONFIG["scrollZoom"] is False


def test_colours_stand_in_the_order_of_the_theme():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    for theme in ("light", "dark"):
        given = config["theme"][theme]
        order = [given[f"{name}Color"] for name in ("primary", "orange", "gray", "blue")]
        assert given["chartCategoricalColors"][:4] == order
    assert [charts.ACCENT, *charts.COLOURS.values()] == [f"#00000{i}" for i in range(1, 5)]


def test_labels_always_come_negative_neutral_positive():
    figure = charts.sentiment_trend(some_days(), NAMES, day_text=day_text)
    assert [t["name"] for t in figure["data"]] == ["Negative", "Neutral", "Positive", "Waiting"]


def test_unclassified_posts_stand_apart_and_complete_the_stack():
    figure = charts.sentiment_trend(some_days(3), NAMES, day_text=day_text)
    assert [sum(t["y"]) for t in figure["data"]] == [3, 6, 9, 12]


def test_when_all_is_classified_nothing_waits_in_the_legend():
    figure = charts.sentiment_trend(some_days(posts=6), NAMES, day_text=day_text)
    assert len(figure["data"]) == 3


def test_a_silent_day_is_a_bar_of_zero():
    figure = charts.trend(some_days(posts=[1, 0, 0, 2, 3, 4, 5]), name="Posts", day_text=day_text)
    assert figure["data"][0]["y"] == [1, 0, 0, 2, 3, 4, 5]


@pytest.mark.parametrize("draw", [charts.trend, charts.sentiment_trend])
def test_an_axis_of_few_posts_has_no_halves_that_would_read_as_whole(draw):
    def axis(most: int) -> dict:
        names = {"name": "Posts"} if draw is charts.trend else {"names": NAMES}
        days = some_days(posts=[0, 0, most, 0, 0, 0, 0], negative=0, neutral=0, positive=0)
        return draw(days, day_text=day_text, **names)["layout"]["yaxis"]

    assert axis(0)["dtick"] == axis(1)["dtick"] == axis(5)["dtick"] == 1
    assert "dtick" not in axis(6)


def test_today_is_paler_because_it_is_not_over():
    figure = charts.trend(some_days(), name="Posts", day_text=day_text, today=TODAY)
    assert figure["data"][0]["marker"]["opacity"] == [1, 1, 1, 1, 1, 1, 0.45]


def opened(figure, series: int, at: int):
    """What a click on one point opens: its days and its label."""
    point = {"legendgroup": figure["data"][series]["legendgroup"], "x": at}
    return charts.step_opened(charts.clicked(point)[0])


def test_every_step_of_a_series_opens_the_days_that_it_shows():
    for count in (1, 7, 92, 93, 365):
        days = some_days(count)
        figure = charts.trend(days, name="Posts", day_text=day_text)
        shown = steps(days)
        found = [opened(figure, 0, i)[:2] for i in range(len(shown["first"]))]
        assert found == list(zip(shown["first"], shown["last"], strict=True))


def test_a_point_outside_its_series_opens_nothing():
    figure = charts.trend(some_days(), name="Posts", day_text=day_text)
    with pytest.raises(IndexError):
        opened(figure, 0, 7)


def test_a_bar_opens_exactly_its_day():
    figure = charts.trend(some_days(), name="Posts", day_text=day_text)
    assert opened(figure, 0, 6) == (TODAY, TODAY, None)


def test_a_weekly_bar_opens_its_week():
    figure = charts.trend(some_days(365), name="Posts", day_text=day_text)
    first, last, label = opened(figure, 0, 5)
    assert (last - first).days == 6
    assert first.isoweekday() == 7
    assert label is None


def test_a_part_of_a_stack_opens_its_label_too():
    figure = charts.sentiment_trend(some_days(), NAMES, day_text=day_text)
    labels = [opened(figure, i, 0)[2] for i in range(4)]
    assert labels == ["negative", "neutral", "positive", "unclassified"]


def test_the_earlier_period_is_left_out_when_its_length_differs():
    figure = charts.trend(some_days(), name="Posts", day_text=day_text, before=[1, 2])
    assert len(figure["data"]) == 1


def test_the_earlier_period_is_a_line_and_a_dash_where_nothing_was_collected():
    before = [None, 1, 2, 3, 4, 5, 1600]
    figure = charts.trend(
        some_days(), name="Posts", day_text=day_text, before=before, before_name="Before"
    )
    bars, line = figure["data"]
    assert line["y"] == before
    assert figure["layout"]["xaxis"]["range"] == [-0.5, 6.5]
    assert "Before: %{customdata[0]}" in bars["hovertemplate"]
    assert [told[0] for told in bars["customdata"]] == ["—", "1", "2", "3", "4", "5", "1,600"]


def test_a_map_is_drawn_in_thousandths_of_a_degree_from_its_corner():
    figure = a_map(places(a_place(lat=6.29, lon=99.73)))
    (marks,) = (trace for trace in figure["data"] if trace["mode"] == "markers")
    assert (marks["x"], marks["y"]) == ([110], [150])
    assert figure["layout"]["xaxis"]["range"] == [0, 360]
    assert figure["layout"]["yaxis"]["range"] == [0, 350]


def test_a_tiled_map_is_drawn_in_degrees():
    figure = a_map(places(a_place(lat=6.29, lon=99.73)), tiles=True)
    assert (figure["data"][0]["lon"], figure["data"][0]["lat"]) == ([99.73], [6.29])


def test_events_and_gaps_lie_on_their_days():
    figure = charts.trend(
        some_days(),
        name="Posts",
        day_text=day_text,
        events=[(TODAY - timedelta(days=1), TODAY + timedelta(days=5), "Regatta")],
        events_name="Events",
        gaps=[(TODAY - timedelta(days=3), TODAY - timedelta(days=2), "No collection: X")],
        gaps_name="No collection",
    )
    assert figure["data"][-1]["x"] == [5]
    assert figure["layout"]["xaxis"]["labelalias"]["5"] == "22 Nov"
    said = ["No collection: X" in words for words in figure["data"][0]["text"]]
    assert said == [False] * 3 + [True] * 2 + [False] * 2
    assert [("Regatta" in said) for said in figure["data"][0]["text"]] == [False] * 5 + [True] * 2
    (shade,) = figure["layout"]["shapes"]
    assert (shade["x0"], shade["x1"]) == (2.5, 4.5)
    assert (shade["name"], shade["showlegend"]) == ("No collection", True)


def a_gap(first: int, last: int, name: str = "X") -> tuple[date, date, str]:
    """What a platform missed, from so many days ago until so many."""
    return (TODAY - timedelta(days=first), TODAY - timedelta(days=last), name)


def test_gaps_that_touch_are_one_shade_and_all_gaps_one_word_of_the_legend():
    gaps = [a_gap(6, 6), a_gap(4, 3), a_gap(3, 2, "TikTok"), a_gap(40, 30)]
    figure = charts.trend(some_days(), name="Posts", day_text=day_text, gaps=gaps, gaps_name="Gap")
    shades = figure["layout"]["shapes"]
    assert [(shade["x0"], shade["x1"]) for shade in shades] == [(-0.5, 0.5), (1.5, 4.5)]
    assert [shade["showlegend"] for shade in shades] == [True, False]
    assert figure["layout"]["showlegend"]


def test_without_a_gap_nothing_is_shaded_and_no_word_is_added():
    figure = charts.trend(some_days(), name="Posts", day_text=day_text, gaps=[a_gap(40, 30)])
    assert not figure["layout"]["shapes"]
    assert not figure["layout"]["showlegend"]


def test_a_gap_is_said_of_every_part_of_a_stack():
    figure = charts.sentiment_trend(
        some_days(), NAMES, day_text=day_text, gaps=[a_gap(1, 1)], gaps_name="Gap"
    )
    for trace in figure["data"]:
        assert trace["text"] == [""] * 5 + ["<br>X", ""]
        assert "%{text}" in trace["hovertemplate"]
    assert len(figure["layout"]["shapes"]) == 1


def test_an_event_outside_the_period_leaves_no_mark():
    late = TODAY + timedelta(days=30)
    figure = charts.trend(
        some_days(), name="Posts", day_text=day_text, events=[(late, late, "LIMA")]
    )
    assert len(figure["data"]) == 1


def test_a_campaign_year_marks_no_day():
    year = (date(2026, 1, 1), date(2026, 12, 31), "Visit Malaysia")
    figure = charts.trend(some_days(), name="Posts", day_text=day_text, events=[year])
    assert len(figure["data"]) == 1


def test_a_ranking_shows_the_largest_on_top_and_opens_its_code():
    figure = ranked(places(a_place("small", posts=1), a_place("large", posts=9)))
    assert figure["data"][0]["x"] == [1, 9]
    assert figure["data"][0]["customdata"] == [["small"], ["large"]]


def test_an_unknown_value_is_no_bar_of_zero():
    figure = ranked(places(a_place("known"), a_place("unknown", posts=None)))
    assert figure["data"][0]["customdata"] == [["known"]]


def test_two_rows_of_one_name_stay_two_rows():
    figure = ranked(places(a_place("a", name="Stadium"), a_place("b", name="Stadium")))
    assert len(set(figure["data"][0]["y"])) == 2


def test_markup_in_a_name_is_shown_and_not_obeyed():
    rows = places(a_place(name='<a href="https://example.org">x</a>'))
    for figure in (ranked(rows), parted(rows), a_map(rows)):
        assert "<a " not in json.dumps(figure)


def test_sentiment_bars_part_at_the_middle_of_the_neutral_share():
    figure = parted(places(a_place(negative=5, neutral=5, positive=10)))
    negative, neutral, positive = figure["data"][:3]
    assert (negative["base"], negative["x"]) == ([-37.5], [25.0])
    assert (neutral["base"], neutral["x"]) == ([-12.5], [25.0])
    assert (positive["base"], positive["x"]) == ([12.5], [50.0])


def test_a_part_of_a_sentiment_bar_opens_its_row_and_label():
    figure = parted(places(a_place("kuah", negative=5, neutral=5, positive=10)))
    assert figure["data"][2]["customdata"] == [["kuah+", 10, 20]]
    assert charts.row_opened("Border / duty free+") == ("Border / duty free", "positive")


def test_too_few_posts_are_said_and_not_drawn():
    figure = parted(places(a_place(negative=1, neutral=1, positive=2)))
    assert all(trace["x"] == [None] for trace in figure["data"][:3])
    said, title = figure["data"][-2:]
    assert (said["texttemplate"], said["x"], said["y"]) == ("\u00a0too few", [0.0], [0])
    assert title["text"] == ["Pantai Cenang · n 4"]


def test_net_sentiment_breaks_where_nothing_can_be_said():
    days = some_days(3)["day"].tolist()
    spans = {
        "first": days,
        "last": days,
        "value": [10.0, None, 20.0],
        "low": [0.0, None, 5.0],
        "high": [20.0, None, 30.0],
        "n": [9, 2, 12],
    }
    figure = charts.net_trend(spans, name="Net", band_name="95 %", day_text=day_text)
    go.Figure(figure)
    assert figure["data"][0]["y"] == [10.0, None, 20.0]
    assert len(figure["data"]) == 3  # two stretches of the band, one line


def test_the_map_tells_sentiment_by_shape_as_well_as_colour():
    rows = places(*(a_place(v, verdict=v) for v in ("negative", "neutral", "positive", "too_few")))
    marks = [t["marker"] for t in a_map(rows)["data"] if t["mode"] == "markers"]
    assert len({m["symbol"] for m in marks}) == len({m["color"] for m in marks}) == 4


def test_marks_grow_with_posts_by_area():
    rows = places(a_place("a", posts=100), a_place("b", posts=25))
    (marks,) = (t for t in a_map(rows)["data"] if t["mode"] == "markers")
    large, small = marks["marker"]["size"]
    assert large > small > large / 4


def test_places_outside_the_frame_are_not_drawn():
    rows = places(a_place(), a_place("kulim", lat=5.36, lon=100.56))
    drawn = [d[0] for t in a_map(rows)["data"] for d in t.get("customdata", [])]
    assert drawn == ["pantai-cenang"]


def test_the_coast_is_cut_where_no_card_shows_it():
    west, east, *_ = charts.LANGKAWI
    width = round((east - west) * 1000)
    coast = [trace for trace in a_map(NO_PLACES)["data"] if trace["mode"] == "lines"]
    assert coast
    for trace in coast:
        assert (trace["x"][0], trace["y"][0]) == (trace["x"][-1], trace["y"][-1])
        assert min(trace["x"]) >= -width
        assert max(trace["x"]) <= 2 * width


def test_a_cut_outline_keeps_what_lies_inside():
    square = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
    cut = charts._clipped(square, (2.0, 3.0, 1.0, 2.0))
    assert {tuple(point) for point in cut} == {(1.0, 0.6), (4.0, 0.6), (4.0, 2.4), (1.0, 2.4)}
    assert charts._clipped(square, (9.0, 9.5, 1.0, 3.0)) == []


def test_labels_do_not_cover_each_other():
    rows = places(a_place("a"), a_place("b", lat=6.291), a_place("c", lat=6.42, lon=99.9))
    assert len(a_map(rows)["layout"]["annotations"]) == 2


def test_the_map_asks_nobody_for_tiles_unless_told_to():
    assert "map" not in a_map(places(a_place()))["layout"]
    asked = a_map(places(a_place()), tiles=True)
    assert asked["layout"]["map"]["style"] == "open-street-map"
    assert {t["type"] for t in asked["data"]} == {"scattermap"}


def test_a_long_name_stands_in_two_lines_and_whole():
    figure = ranked(places(a_place("road", name="Tempat letak kereta dan jalan")))
    assert figure["data"][0]["y"] == ["Tempat letak<br>kereta dan jalan"]


def test_every_trend_marks_and_names_what_was_on():
    days = some_days(10)
    event = [(days["day"].iloc[3], days["day"].iloc[4], "Pesta <b>")]
    given = {"day_text": str, "events": event, "events_name": "Acara"}
    spans = pd.DataFrame(
        {"first": days["day"], "last": days["day"], "value": 10.0, "low": 0.0, "high": 20.0, "n": 9}
    )
    names = {code: str(code) for code in (*charts.COLOURS, charts.UNCLASSIFIED)}
    figures = [
        charts.trend(days, name="Posts", **given),
        charts.sentiment_trend(days, names, **given),
        charts.net_trend(spans, name="Net", band_name="95 %", **given),
    ]

    for figure in figures:
        marks = next(trace for trace in figure["data"] if trace.get("name") == "Acara")
        assert len(marks["x"]) == 1
        told = figure["data"][0]["text"]
        assert [i for i, words in enumerate(told) if "Pesta &lt;b&gt;" in words] == [3, 4]
        assert figure["layout"]["showlegend"]


@pytest.mark.parametrize("days", [100, 365, 1500])
def test_the_hover_of_every_week_names_its_span_also_where_a_tick_stands(days):
    axis = charts.trend(some_days(days), name="Posts", day_text=day_text)["layout"]["xaxis"]
    spans = axis["labelalias"]
    # Plotly says the tick's own words within a ten-thousandth of the range around it.
    least = (axis["range"][1] - axis["range"][0]) / 10_000
    beside = [abs(tick - round(tick)) for tick in axis["tickvals"]]

    assert all(" – " in spans[str(round(tick))] for tick in axis["tickvals"])
    assert all(least < far < 3 * least for far in beside)


def test_the_ticks_of_days_stand_on_their_days():
    axis = charts.trend(some_days(30), name="Posts", day_text=day_text)["layout"]["xaxis"]

    assert all(isinstance(tick, int) for tick in axis["tickvals"])
