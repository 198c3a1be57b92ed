"""Every page as people meet it: phone, tablet and projector, both languages, both themes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.browser import PHONE, visit
from ui.shell import PAGES as KNOWN

ROOT = Path(__file__).parents[2]
PAGES = ("", *(code for code in KNOWN if code != "overview"))
TABLET = {"width": 820, "height": 1180}
PROJECTOR = {"width": 1920, "height": 1080}
SIZES = {"phone": PHONE, "tablet": TABLET, "projector": PROJECTOR}
# Each size in both themes and both languages.
WALKS = [
    ("phone", "light", "ms"),
    ("phone", "dark", "en"),
    ("tablet", "light", "en"),
    ("tablet", "dark", "ms"),
    ("projector", "light", "ms"),
    ("projector", "dark", "en"),
]

# Words of ours that do not fit where they stand: labels, buttons, headings, links, cells.
CUT_OFF = """
() => [...document.querySelectorAll(
  '[data-testid="stMetricLabel"] *, [data-testid="stMetricValue"] *, [data-testid="stMetricDelta"]'
  + ', button p, a p, h1, h2, h3, label p, [data-baseweb="select"] div[value]'
)].filter(one => one.clientWidth && one.innerText
  && (one.children.length === 0 || /^H/.test(one.tagName))
  && getComputedStyle(one).overflow !== 'visible' && one.scrollWidth > one.clientWidth + 1
).map(one => one.innerText)
"""

# The page's words, each as it stands between tags, without what other people wrote.
WORDS = """
() => {
  const walker = document.createTreeWalker(
    document.querySelector('[data-testid="stApp"]'), NodeFilter.SHOW_TEXT);
  const found = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest('[data-testid="stText"], style, script, canvas')
        && node.parentElement.checkVisibility())
      found.add(node.textContent.trim());
  return [...found].filter(Boolean);
}
"""


def flat(code: str) -> dict[str, str]:
    """A language's words by "table.key"."""
    with (ROOT / "ui" / "locales" / f"{code}.toml").open("rb") as file:
        tables = tomllib.load(file)
    return {f"{name}.{key}": said for name, table in tables.items() for key, said in table.items()}


def only_english() -> set[str]:
    """Whole phrases that the English interface has and the Malay one does not."""
    malay, english = flat("ms"), flat("en")
    shared = set(malay.values())
    return {
        said
        for said in english.values()
        if "{" not in said and said not in shared and len(said) > 3
    }


@pytest.mark.parametrize(("size", "scheme", "lang"), WALKS, ids=["-".join(one) for one in WALKS])
def test_a_walk_through_every_page(browser, demo_server, size, scheme, lang):
    with visit(browser, size=SIZES[size], scheme=scheme) as seen:
        for page in PAGES:
            seen.open(f"{demo_server.url}/{page}?lang={lang}")
            assert seen.page.locator("[data-testid='stException']").count() == 0, page
            assert "DEMO" in seen.text(), page
            assert not re.search(r"Live data|Data langsung", seen.text()), page
            assert seen.overflow() == 0, page
            assert seen.page.evaluate(CUT_OFF) == [], page
            assert seen.complaints == [], page
            if lang == "ms":
                assert not only_english() & set(seen.page.evaluate(WORDS)), page
                # What does not fit into the navigation bar is behind words of Streamlit's.
                behind = seen.page.locator("[data-testid='stTopNavSection']").all_inner_texts()
                assert not any("more" in words for words in behind), page
        assert seen.foreign(demo_server) == []


def test_the_walk_would_see_english_and_words_cut_off(browser, demo_server):
    with visit(browser, size=PHONE) as seen:
        seen.open(f"{demo_server.url}/?lang=en")
        assert only_english() & set(seen.page.evaluate(WORDS))
        seen.page.add_style_tag(content="h1 { width: 2rem; overflow: hidden; white-space: nowrap }")
        assert seen.page.evaluate(CUT_OFF)


@pytest.mark.parametrize(
    ("size", "scheme", "lang"),
    [("projector", "light", "en"), ("tablet", "light", "ms"), ("phone", "dark", "ms")],
    ids=["projector", "tablet", "phone"],
)
def test_axe_finds_nothing_serious(browser, demo_server, size, scheme, lang):
    with visit(browser, size=SIZES[size], scheme=scheme) as seen:
        for page in (*PAGES, "?platform=youtube"):
            seen.open(f"{demo_server.url}/{page}{'&' if '?' in page else '?'}lang={lang}")
            seen.page.wait_for_timeout(200)  # names are put right once the page stands still
            found = Axe().run(seen.page).response["violations"]
            serious = {
                one["id"]: [node["html"][:160] for node in one["nodes"]][:3]
                for one in found
                if one["impact"] in ("serious", "critical")
            }
            assert serious == {}, page


def test_streamlits_own_words_are_in_the_readers_language_and_change_with_it(browser, demo_server):
    def names(seen) -> set[str]:
        seen.page.wait_for_timeout(300)
        label = "e => e.map(one => one.getAttribute('aria-label'))"
        return set(seen.page.eval_on_selector_all("[aria-label]", label))

    with visit(browser, size=TABLET) as seen:
        seen.open(f"{demo_server.url}/?lang=ms")
        assert {"Menu utama", "Halaman", "Bantuan", "Lagi"} <= names(seen)
        assert not {one for one in names(seen) if re.match(r"Help|Main menu|App pages", one)}
        seen.page.keyboard.press("Tab")
        assert "Langkau ke kandungan utama" in seen.text()

        seen.page.get_by_role("radio", name="EN").click()
        seen.settle()
        assert {"Main menu", "Pages", "Help", "More"} <= names(seen)
        assert "Skip to main content" in seen.text()


def test_a_phone_shows_what_matters_at_once_and_its_filters_open_by_keyboard(browser, demo_server):
    with visit(browser, size=PHONE) as seen:
        seen.open(f"{demo_server.url}/?lang=en")
        chosen, city = (seen.page.locator(f".st-key-{key}") for key in ("chosen", "pick_city_en"))
        briefing = seen.page.locator(".briefing li").first.bounding_box()
        assert briefing["y"] + briefing["height"] < PHONE["height"] / 2
        assert seen.page.locator(".st-key-demo_mark").bounding_box()["height"] < 40
        assert "All of Kedah · 30 days · All platforms" in _spaces(chosen.inner_text())
        assert not city.is_visible()

        chosen.locator("summary").focus()
        seen.page.keyboard.press("Enter")
        assert city.is_visible()
        seen.page.get_by_role("radio", name="7 days").click()
        seen.settle()
        assert "period=7d" in seen.page.url
        assert "7 days" in _spaces(chosen.inner_text())
        assert city.is_visible()


def test_a_desk_shows_the_filters_themselves(browser, demo_server):
    with visit(browser, size=TABLET) as seen:
        seen.open(f"{demo_server.url}/?lang=en")
        assert seen.page.locator(".st-key-pick_city_en").is_visible()
        assert not seen.page.locator(".st-key-chosen").is_visible()


def _spaces(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ")
