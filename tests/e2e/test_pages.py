"""What readers see: the links behind numbers, filters that survive, pages that bear anything."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import PHONE, dashboard, visit
from ui.shell import PAGES as KNOWN

PAGES = ("", *(code for code in KNOWN if code != "overview"))
COUNTING = ("", "places", "sentiment", "radar")

# Every link to posts with the number of posts it promises: the number that ends its words, or in
# a table the number of posts in its row.
LINKS_WITH_NUMBERS = r"""
() => [...document.querySelectorAll('a[href*="posts?"]')].map(link => {
  const own = /^[\d,]+$/.test(link.innerText.trim()) && !link.href.includes('sort=');
  const row = own ? null : link.closest('tr');
  const heads = row ? [...row.closest('table').querySelectorAll('th')] : [];
  const column = heads.findIndex(head => head.innerText.trim() === 'Posts');
  const cell = row ? row.querySelectorAll('td')[column] : link;
  if (!cell || (row && !cell.contains(link))) return null;
  const ends = cell.innerText.trim().match(/([\d,]+)\)?(?:\s*posts?)?$/);
  return ends && [link.href, ends[1]];
}).filter(Boolean)
"""


def test_a_deep_link_on_a_fresh_server_shows_the_filtered_page_in_its_frame(browser, tmp_path):
    given = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/live.db",
        "DEMO_DATABASE_URL": f"sqlite:///{tmp_path}/demo.db",
    }
    with dashboard(tmp_path, given) as server, visit(browser) as seen:
        seen.open(f"{server.url}/places?city=langkawi&period=7d&lang=en")

        text = seen.text()
        assert "Overview" in text
        assert "DEMO" in text
        assert "Pantai Cenang" in text
        assert "Gunung Jerai" not in text
        assert "city=langkawi" in seen.page.url
        assert "period=7d" in seen.page.url


def test_ten_numbers_picked_at_random_open_exactly_so_many_posts(browser, demo_server):
    picked = random.Random(20261123)
    found = []
    with visit(browser) as seen:
        for page in COUNTING:
            seen.open(f"{demo_server.url}/{page}?lang=en&period=30d")
            links = seen.page.evaluate(LINKS_WITH_NUMBERS)
            assert len(links) >= 5, page
            found += links
        for address, number in picked.sample(found, 10):
            seen.open(address)
            shown = re.search(r"[\d,]+", seen.number("posts_found"))
            assert shown, address
            assert shown[0] == number, address


def test_the_total_opens_exactly_its_posts(browser, demo_server):
    with visit(browser) as seen:
        seen.open(f"{demo_server.url}/?lang=en&period=7d&city=langkawi")
        total = re.search(r"[\d,]+", seen.number("total_posts").split("\n", 1)[1])[0]
        seen.page.get_by_role("link", name="See posts").first.click()
        seen.settle()

        assert re.search(r"[\d,]+", seen.number("posts_found"))[0] == total


def test_filters_survive_a_page_change_and_a_reload(browser, demo_server):
    with visit(browser) as seen:
        seen.open(f"{demo_server.url}/?lang=en&period=90d&city=alor-setar&platform=x")
        seen.page.get_by_role("link", name="Sentiment", exact=True).first.click()
        seen.page.wait_for_url("**/sentiment**")
        seen.settle()
        seen.page.reload()
        seen.settle()

        for part in ("city=alor-setar", "period=90d", "platform=x", "lang=en"):
            assert part in seen.page.url
        assert "Alor Setar" in seen.text("[data-testid='stMainBlockContainer']")


def test_back_forward_and_reload_keep_the_filters(browser, demo_server):
    def shows(period: str) -> None:
        seen.settle()
        assert "city=alor-setar" in seen.page.url
        assert f"period={period}" in seen.page.url
        main = seen.page.locator("[data-testid='stMainBlockContainer']")
        assert "Alor Setar" in main.inner_text()
        # Going back changes the address before the server hears of it: the page follows a moment
        # later, and "settled" can still mean the old one.
        chosen = main.get_by_role("radio", name=f"{period.removesuffix('d')} days", checked=True)
        expect(chosen).to_have_count(1, timeout=30_000)

    with visit(browser) as seen:
        seen.open(f"{demo_server.url}/?lang=en&period=90d&city=alor-setar")
        seen.page.get_by_role("link", name="Sentiment", exact=True).first.click()
        seen.page.wait_for_url("**/sentiment**")
        shows("90d")
        seen.page.go_back()
        seen.page.wait_for_url(lambda url: "/sentiment" not in url)
        shows("90d")
        seen.page.go_forward()
        seen.page.wait_for_url("**/sentiment**")
        shows("90d")
        seen.page.get_by_text("7 days", exact=True).click()
        seen.page.wait_for_url("**period=7d**")
        shows("7d")
        seen.page.go_back()
        seen.page.wait_for_url("**period=90d**")
        shows("90d")
        seen.page.reload()
        shows("90d")


def opened_in_place(seen, press) -> None:
    """Press something that stands for posts on a page open at `period=90d`: they come in the same
    tab and session with the filters, and one press of Back returns."""
    there = seen.page.url
    seen.page.evaluate("() => { window.sameDocument = true }")
    press()
    seen.page.wait_for_url("**/posts?**")
    expect(seen.page.locator(".st-key-posts_found")).to_be_visible()
    seen.settle()
    assert "city=langkawi" in seen.page.url
    assert len(seen.page.context.pages) == 1

    seen.page.go_back()
    expect(seen.page.locator(".st-key-total_posts")).to_be_visible(timeout=30_000)
    seen.settle()
    assert seen.page.url == there
    assert seen.page.evaluate("() => window.sameDocument")
    assert seen.complaints == []


def test_a_number_in_a_table_opens_in_place_and_back_returns(browser, demo_server):
    with visit(browser) as seen:
        seen.open(f"{demo_server.url}/?lang=en&period=90d&city=langkawi")
        number = seen.page.locator("[data-testid='stTable'] a[href^='posts?']").first
        opened_in_place(seen, number.click)


def test_a_bar_of_a_chart_opens_in_place_and_back_returns(browser, demo_server):
    def press() -> None:
        bar = seen.page.locator(".st-key-distribution .bars .point").first
        box = bar.bounding_box()
        at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        seen.page.mouse.move(*at)
        seen.page.wait_for_timeout(300)
        seen.page.mouse.click(*at)

    with visit(browser) as seen:
        seen.open(f"{demo_server.url}/?lang=en&period=90d&city=langkawi")
        opened_in_place(seen, press)


def test_a_link_pressed_with_a_key_opens_a_new_tab_and_leaves_the_page(browser, demo_server):
    with visit(browser) as seen:
        seen.open(f"{demo_server.url}/?lang=en&period=90d&city=langkawi")
        there = seen.page.url
        number = seen.page.locator("[data-testid='stTable'] a[href^='posts?']").first
        with seen.page.context.expect_page() as opened:
            number.click(modifiers=["Control"])
        assert "/posts?" in opened.value.url
        assert seen.page.url == there


def test_a_wide_tables_first_column_stays_in_sight_on_a_phone(browser, demo_server):
    with visit(browser, size=PHONE) as seen:
        seen.open(f"{demo_server.url}/places?lang=en")
        name = seen.page.locator("[data-testid='stTable'] tbody td").first
        before = name.bounding_box()
        last = seen.page.locator("[data-testid='stTable'] tbody tr").first.locator("td").last
        moved = last.bounding_box()["x"]
        last.evaluate("cell => cell.scrollIntoView({inline: 'end', block: 'nearest'})")

        assert last.bounding_box()["x"] < moved
        assert name.bounding_box()["x"] == pytest.approx(before["x"], abs=1)
        behind = name.evaluate("cell => getComputedStyle(cell).backgroundColor")
        assert behind not in ("transparent", "rgba(0, 0, 0, 0)")


def test_headings_are_in_order_and_name_every_card(browser, demo_server):
    with visit(browser) as seen:
        seen.open(f"{demo_server.url}/?lang=en")
        assert seen.page.get_by_role("heading", level=1).all_inner_texts() == ["Overview"]
        cards = seen.page.get_by_role("heading", level=2).all_inner_texts()
        assert cards[:2] == ["Posts a day", "Sentiment"]


def test_unknown_values_in_the_url_are_ignored(browser, demo_server):
    with visit(browser) as seen:
        for page in PAGES:
            seen.open(
                f"{demo_server.url}/{page}?city=atlantis&period=9z&lang=xx&platform=%00&place=x'"
                "&from=2026-99-99&to=1&sentiment=great&page=-1"
            )
            assert seen.page.locator("[data-testid='stException']").count() == 0, page


def test_two_tabs_do_not_disturb_each_other(browser, demo_server):
    with visit(browser) as one, visit(browser) as other:
        one.open(f"{demo_server.url}/?lang=en&city=langkawi")
        other.open(f"{demo_server.url}/?lang=ms&city=yan")
        one.page.reload()
        one.settle()

        assert "city=langkawi" in one.page.url
        assert "Jumlah hantaran" in other.text() or "hantaran" in other.text()
        assert "posts" in one.text().lower()
