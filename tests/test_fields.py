"""Single values of platforms' answers."""

from datetime import UTC, datetime

import pytest

from collector.platforms import fields


@pytest.mark.parametrize("value", [0, 7, "12", 2**63 - 1])
def test_a_plain_number_is_a_count(value):
    assert fields.count(value) == int(value)


@pytest.mark.parametrize(
    "value", [None, "12k", "", "-1", -1, 3.0, True, False, [], {}, 2**63, "9" * 5000, "１２"]
)
def test_an_odd_count_is_unknown_and_never_zero(value):
    assert fields.count(value) is None


@pytest.mark.parametrize("value", ["2021-08-13T08:25:28+0000", "2021-08-13T08:25:28.000Z"])
def test_both_ways_of_writing_utc_are_read(value):
    assert fields.instant(value) == datetime(2021, 8, 13, 8, 25, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["yesterday", "", 1790000000, "2026-11-23", "0001-01-01T00:00:00+14:00", {}]
)
def test_an_unreadable_time_is_refused(value):
    with pytest.raises(fields.Unreadable):
        fields.instant(value)


def test_a_large_id_stays_exact_and_an_odd_one_is_refused():
    assert fields.post_id(7123456789012345678) == "7123456789012345678"
    for odd in (None, "", "a/b", 1.5, True, -4, "x" * 101, {}):
        with pytest.raises(fields.Unreadable):
            fields.post_id(odd)


def test_tags_are_found_in_every_script_and_numbers_are_none():
    text = "#Langkawi#Kuah naik #123 #浮罗交怡 #قدح! ＃kedah_2026 &#39; https://a.b/#bahagian"
    assert fields.tags_in(text) == ("langkawi", "kuah", "浮罗交怡", "قدح", "kedah_2026")


def test_mentions_are_no_mail_addresses():
    assert fields.mentions_in("@Kawan.Jalan. tulis ke info@contoh.my") == ("kawan.jalan",)


def test_only_places_on_earth_are_positions():
    assert fields.position(6.3, 99.7) == (6.3, 99.7)
    for odd in ((99.7, 200), ("6", 99), (None, 99), (True, 99), (float("nan"), 99)):
        assert fields.position(*odd) is None


def test_only_secure_links_are_kept():
    assert fields.link("https://www.instagram.com/p/a/") == "https://www.instagram.com/p/a/"
    assert fields.link("javascript:alert(1)") is None


def test_a_text_longer_than_any_platform_takes_is_none():
    assert fields.text("a" * 200_000)
    with pytest.raises(fields.Unreadable, match="200001 characters"):
        fields.text("a" * 200_001)
