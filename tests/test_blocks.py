"""What pages are made of."""

from __future__ import annotations

import pytest

from insights.metrics import Change, Totals
from ui import blocks, text


@pytest.mark.parametrize(
    ("platform", "url"),
    [
        ("x", "https://x.com/i/web/status/1"),
        ("instagram", "https://www.instagram.com/p/abc/"),
        ("facebook", "https://www.facebook.com/1/posts/2"),
        ("youtube", "https://youtu.be/abc"),
    ],
)
def test_an_original_on_the_platforms_own_host_is_linked(platform, url):
    assert blocks.safe_url(platform, url) == url


@pytest.mark.parametrize(
    ("platform", "url"),
    [
        ("x", "http://x.com/1"),
        ("x", "https://x.com.evil.example/1"),
        ("x", "https://evil.example/x.com"),
        ("x", "https://x.com@evil.example/"),
        ("x", "https://x.com:8443/1"),
        ("x", "javascript:alert(1)"),
        ("x", "https://instagram.com/p/1"),
        ("x", "https://[broken"),
        ("import", "https://example.com/1"),
        ("x", None),
    ],
)
def test_any_other_address_is_not_linked(platform, url):
    assert blocks.safe_url(platform, url) is None


def test_a_change_from_nothing_is_new_and_not_a_percentage():
    with text.speaking("en"):
        assert blocks.change_text(Change("new")) == "new"
        assert blocks.change_text(Change("too_few")) == "too few to compare"
        assert blocks.change_text(Change("none")) == "—"
        assert blocks.change_text(Change("change", 12.44)) == "+12.4 %"


def test_net_sentiment_in_a_table_shows_n_while_it_is_small():
    assert blocks.net_text(Totals(posts=9)) == "—"
    with text.speaking("en"):
        assert blocks.net_text(Totals(posts=4, positive=4)) == "too few to compare"
        assert blocks.net_text(Totals(posts=20, positive=15, negative=5)) == "+50 (n = 20)"
    assert blocks.net_text(Totals(posts=40, positive=30, negative=10)) == "+50"


def test_counts_known_for_every_post_need_no_word():
    assert blocks.known_note(10, 10) == ""
    with text.speaking("en"):
        assert blocks.known_note(3, 4) == "3 of 4 known"


def test_provisional_labels_are_counted_in_words_and_none_is_no_words():
    with text.speaking("en"):
        said = blocks.provisional(Totals(posts=5, positive=2, negative=1, provisional=2))
        assert said == "2 of 3 labels are provisional."
        assert blocks.provisional(Totals(posts=5, positive=2)) == ""
