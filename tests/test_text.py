"""Words, numbers and dates on screen."""

from __future__ import annotations

import ast
import csv
import string
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.fakes import KUALA_LUMPUR
from ui import text

ROOT = Path(__file__).parents[1]
# What the product never says: social data knows no visitors, stars or occupancy.
BANNED = ("visitor", "pelawat", "pengunjung", "occupancy", "penghunian", "star rating", "bintang")
# Words of Indonesian that slip into Malay.
INDONESIAN = ("kabupaten", "bisa ", "unduh", "postingan", "komentar", "pengguna bisa", "tampilkan")
# Second words beside the ones chosen: kutip, kutipan, pengutip; penapis; aduan; usia; ditemui. And
# "hari minggu", which is not any day of the week but Sunday.
SECOND_WORDS = ("pengumpul", "pengutipan", "tapisan", "rungut", "umur", "ditemukan", "hari minggu")


def placeholders(written: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(written) if name is not None}


def test_both_languages_have_the_same_keys():
    assert set(text.words("ms")) == set(text.words("en"))


@pytest.mark.parametrize("key", sorted(text.words("en")))
def test_both_languages_fill_in_the_same_values(key):
    assert placeholders(text.words("ms")[key]) == placeholders(text.words("en")[key])


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_banned_word_is_on_screen(language):
    written = " ".join(text.words(language).values()).casefold()

    assert [word for word in BANNED if word in written] == []


def test_no_banned_word_is_in_an_events_name():
    names = [line["name_ms"] + line["name_en"] for line in _seeded_events()]

    assert names
    assert [word for word in BANNED for name in names if word in name.casefold()] == []


def _seeded_events() -> list[dict[str, str]]:
    with (ROOT / "db" / "seed" / "events.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_malay_is_not_indonesian():
    written = " ".join(text.words("ms").values()).casefold()

    assert [word for word in INDONESIAN if word in written] == []


def test_malay_has_one_word_for_one_thing():
    written = "\n".join(text.words("ms").values()).casefold()

    assert [word for word in SECOND_WORDS if word in written] == []


def keys_used() -> set[tuple[str, str]]:
    """Every plain string handed to t(), with its file."""
    found = set()
    for path in [ROOT / "streamlit_app.py", *ROOT.glob("ui/*.py"), *ROOT.glob("pages/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "t" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add((path.name, first.value))
    return found


def test_every_key_used_exists():
    missing = {(file, key) for file, key in keys_used() if key not in text.words("en")}

    assert missing == set()


def test_every_city_platform_and_period_has_a_word():
    from ui import filters

    needed = {f"city.{slug}" for slug in filters.CITY_CHOICES}
    needed |= {f"platform.{code}" for code in filters.PLATFORM_CHOICES}
    needed |= {f"period.{code}" for code in (*filters.PERIODS, filters.CUSTOM)}

    assert needed <= set(text.words("en"))


def test_every_topic_and_error_kind_has_a_word():
    from insights.model import Kind
    from insights.topics import TOPICS

    needed = {f"topic.{code}" for code in TOPICS} | {f"error.{kind}" for kind in Kind}

    assert needed <= set(text.words("en"))


def test_every_job_of_the_scheduler_has_a_word():
    tree = ast.parse((ROOT / "collector" / "__main__.py").read_text(encoding="utf-8"))
    jobs = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Job"
    }

    assert {"round", "clean_up", "digest"} <= jobs
    for language in text.LANGUAGES:
        assert {f"job.{name}" for name in jobs} <= set(text.words(language))


def test_a_day_is_written_with_the_month_of_the_language():
    assert text.day(date(2026, 8, 31)) == "31 Ogo 2026"
    with text.speaking("en"):
        assert text.day(date(2026, 8, 31)) == "31 Aug 2026"


def test_a_span_names_both_its_ends():
    with text.speaking("en"):
        assert text.days(date(2026, 10, 24), date(2026, 11, 23)) == "24 Oct – 23 Nov 2026"
        assert text.days(date(2025, 12, 30), date(2026, 1, 2)) == "30 Dec 2025 – 2 Jan 2026"
        assert text.days(date(2026, 1, 2), date(2026, 1, 2)) == "2 Jan 2026"


def test_a_moment_is_told_on_the_clock_of_kuala_lumpur():
    late = datetime(2026, 11, 22, 16, 1, tzinfo=UTC)

    assert text.moment(late, KUALA_LUMPUR) == "23 Nov 2026, 00:01"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (float("nan"), "—"),
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0K"),
        (999_949, "999.9K"),
        (999_999, "1.0M"),
        (2_100_000_000, "2.1B"),
        (1_009_200_000_000, "1.0T"),
    ],
)
def test_large_figures_are_abbreviated_and_unknown_ones_are_a_dash(value, shown):
    with text.speaking("en"):
        assert text.compact(value) == shown


def test_not_quite_all_is_never_called_all():
    assert text.percent(0.9999) == "99 %"
    assert text.percent(1) == "100 %"
    assert text.percent(None) == "—"


def test_a_signed_figure_that_rounds_to_nothing_has_no_sign():
    assert text.signed(-0.2) == "0"
    assert text.signed(12.4) == "+12"
    assert text.signed(-3) == "−3"


def test_somebody_elses_words_do_nothing_inside_our_markup():
    told = text.inert("![x](https://a.example/p.png) :red[hi] <b>\nnew")

    assert told == r"\!\[x\]\(https\:\/\/a\.example\/p\.png\) \:red\[hi\] \<b\> new"
