"""The weekly brief as an officer takes it along: soon, and with the numbers of the screen."""

from __future__ import annotations

import io
import time

import pytest
from openpyxl import load_workbook
from pptx import Presentation
from pypdf import PdfReader

from tests.e2e.browser import DESKTOP, PHONE, visit

FIGURES = ("total_posts", "total_likes", "total_comments", "total_shares", "total_views")


def downloaded(seen, key: str) -> bytes:
    """What a press on a download button brings."""
    with seen.page.expect_download() as coming:
        seen.page.locator(f".st-key-{key} button").click()
    return coming.value.path().read_bytes()


def value_of(seen, key: str) -> str:
    return seen.page.locator(f".st-key-{key} [data-testid='stMetricValue']").inner_text().strip()


@pytest.mark.parametrize("start", ["", "posts", "data_health"])
def test_last_weeks_page_is_two_clicks_and_ten_seconds_away(browser, demo_server, start):
    with visit(browser, size=DESKTOP) as seen:
        seen.open(f"{demo_server.url}/{start}?lang=en")
        begun = time.monotonic()
        seen.page.get_by_role("link", name="Weekly brief").first.click()
        seen.page.wait_for_selector(".st-key-brief_pdf button")
        file = downloaded(seen, "brief_pdf")

        assert time.monotonic() - begun < 10
        assert len(PdfReader(io.BytesIO(file)).pages) == 1


@pytest.mark.parametrize("lang", ["ms", "en"])
def test_page_and_slide_hold_the_overviews_figures(browser, demo_server, lang):
    with visit(browser, size=DESKTOP) as seen:
        seen.open(f"{demo_server.url}/brief?lang={lang}")
        page = PdfReader(io.BytesIO(downloaded(seen, "brief_pdf"))).pages[0].extract_text()
        (slide,) = Presentation(io.BytesIO(downloaded(seen, "brief_pptx"))).slides
        seen.page.locator(".st-key-brief_overview a").click()
        seen.settle()
        shown = {key: value_of(seen, key) for key in (*FIGURES, "net_sentiment")}

    on_slide = {shape.name: shape.text_frame.text.split("\n")[1] for shape in slide.shapes
                if shape.name in shown}  # fmt: skip
    assert on_slide == shown
    assert [value for value in shown.values() if value not in page] == []


def test_a_phone_shows_the_brief_without_scrolling_sideways(browser, demo_server):
    with visit(browser, size=PHONE) as seen:
        seen.open(f"{demo_server.url}/brief?lang=ms")

        assert seen.overflow() == 0
        assert seen.complaints == []
        assert value_of(seen, "total_posts")


def test_a_view_comes_along_as_a_workbook_that_says_what_it_is(browser, demo_server):
    with visit(browser, size=DESKTOP) as seen:
        seen.open(f"{demo_server.url}/?lang=en&city=langkawi&period=7d")
        shown = value_of(seen, "total_posts")
        seen.page.locator(".st-key-take_overview summary").click()
        seen.page.wait_for_selector(".st-key-xlsx_overview button")
        book = load_workbook(io.BytesIO(downloaded(seen, "xlsx_overview")))

    told = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    figures = {row[0].value: row[1].value for row in book["Figures"].iter_rows()}
    assert f"{figures['Posts']:,}" == shown
    assert told["Kedah Tourism Pulse: Overview"].startswith("DEMO")
    assert "City: Langkawi" in told["Filters"]
