"""Rare and severe words: which posts report a drowning, a flood, a missing person; which do not."""

from __future__ import annotations

import pytest

from insights import severe

YEAR = 2026

REPORTED = [
    ("Seorang remaja lemas di Pantai Merdeka petang tadi", "drowning"),
    ("Innalillah, budak umur 9 tahun mati lemas di Lata Bayu", "drowning"),
    ("Pelancong dikhuatiri lemas di Pantai Cenang", "drowning"),
    ("Mangsa lemas dekat Sungai Sedim dah ditemui bomba", "drowning"),
    ("A tourist drowned at Cenang beach this morning", "drowning"),
    ("Teen feared drowned at Titi Hayun", "drowning"),
    ("Just now: two boys swept away at Bukit Hijau waterfall", "drowning"),
    ("Bot pelancong karam dekat Pulau Payar", "drowning"),
    ("Ferry capsized off Kuala Kedah!", "drowning"),
    ("珍南海滩有游客溺水，救援中", "drowning"),
    ("Banjir kilat di Baling, air naik cepat sangat", "flood"),
    ("Tak sangka banjir teruk sampai ke Kuala Nerang", "flood"),
    ("Jalan ke Pokok Sena banjir, tak boleh lalu", "flood"),
    ("Rumah di Titi Hayun dinaiki air, semoga semua selamat", "flood"),
    ("PPS di Baling sudah dibuka malam ni", "flood"),
    ("Flash flood in Alor Setar right now, cars stuck", "flood"),
    ("Our street in Jitra is flooded", "flood"),
    ("Kepala air di Lata Bukit Hijau, orang lari naik", "flood"),
    ("亚罗士打淹水了，大家小心", "flood"),
    ("Seorang pendaki hilang di Gunung Jerai sejak semalam", "missing"),
    ("Pelajar hilang sejak minggu lepas di Kulim, hubungi polis jika nampak", "missing"),
    ("Missing girl last seen in Sungai Petani, please call if you see her", "missing"),
    ("A hiker went missing on Gunung Raya", "missing"),
    ("Search and rescue under way at Gunung Jerai", "missing"),
    ("登山客在日莱峰失踪", "missing"),
]

NOT_REPORTED = [
    # denied
    "Tiada banjir di Baling setakat ni",
    "Alor Setar tak banjir pun hari ini",
    "No flood in Langkawi, come on over",
    "Roads in Jitra are not flooded",
    "Video banjir di Kulim tu palsu",
    "Tiada mangsa lemas di Pantai Cenang, kata bomba",
    "Berita budak hilang di Kulim tidak benar",
    "亚罗士打没有水灾",
    # remembered
    "Mengenang tragedi 2015, lelaki lemas di Pantai Merdeka",
    "Teringat banjir besar tahun 2010 di Alor Setar",
    "Banjir tahun lepas di Baling lagi teruk",
    "Two years ago a boy drowned at Titi Hayun",
    "Muzium cerita pasal sejarah banjir di Kedah",
    "去年华玲水灾很严重",
    # meant otherwise
    "Lemas dengan kerja, nak lari ke Langkawi",
    "Lemas tengok orang ramai dekat Pantai Cenang",
    "Drowning in work, need a beach day in Langkawi",
    "Nasi kandar drowned in gravy, best in Alor Setar",
    "Pekan Rabu banjir pengunjung hujung minggu ni",
    "Pantai Cenang flooded with tourists",
    "Hilang stres tengok sawah di Yan",
    "Kucing saya hilang di Jitra",
    "Missing Langkawi so much",
    "Orang kata hilang penat bila mandi air panas",
    "Projek tebatan banjir di Alor Setar belum siap",
    "Flood relief fund for Baling",
    # over
    "Banjir di Baling dah surut",
    "Pelajar hilang di Kulim ditemui selamat",
    "Missing hiker found safe on Gunung Jerai",
    # always so
    "Kampung ni memang selalu banjir",
    "Musim banjir nanti susah nak ke Baling",
    "This road in Jitra always floods",
    # feared, asked, exercised, sold
    "Kalau hujan lebat mesti banjir di Kampung ni",
    "Jgn banjir lagi dekat Kulim",
    "Takut banjir lagi dekat Baling",
    "Boleh lemas kalau mandi sini",
    "Ada banjir tak di Alor Setar?",
    "Is it flooded in Baling?",
    "Latihan mencari dan menyelamat di Gunung Jerai",
    "Kempen cegah lemas di Pantai Merdeka",
    "Jualan banjir! Diskaun 50% di Aman Central",
    "小心淹水",
    # nothing of it
    "Pantai Cenang cantik hari ini",
    "",
]


@pytest.mark.parametrize(("text", "code"), REPORTED)
def test_a_credible_post_is_found(text, code):
    assert list(severe.found(text, YEAR)) == [code]


@pytest.mark.parametrize("text", NOT_REPORTED)
def test_what_is_no_report_is_not_found(text):
    assert severe.found(text, YEAR) == {}


def test_one_post_may_report_two_things():
    said = severe.found("Banjir di Baling. Seorang remaja lemas di sungai.", YEAR)
    assert set(said) == {"flood", "drowning"}
    assert said["flood"] == "banjir"


def test_a_doubt_in_one_sentence_does_not_touch_the_next():
    assert set(severe.found("Takut banjir tadi. Sekarang memang banjir di Baling.", YEAR)) == {
        "flood"
    }


def test_the_year_of_the_post_is_no_past():
    assert severe.found("Banjir di Baling, 23 Nov 2026", YEAR)
    assert not severe.found("Banjir di Baling, 23 Nov 2026", YEAR + 1)
