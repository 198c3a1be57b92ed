"""Voices: who speaks, by clear signs only; everybody else stays a visitor."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from insights.voices import BY_ACCOUNT, OTHERS, VISITOR, VOICES, Voice, voice_of

CASES = Path(__file__).parent / "voice_cases.csv"


def cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["why"])
def test_every_labelled_text_speaks_with_its_own_voice(case):
    assert voice_of(case["text"], account=case["account"] or None).code == case["voice"]


def test_the_cases_are_many_and_hold_every_voice():
    found = [case["voice"] for case in cases()]
    assert len(found) >= 120
    assert set(found) == set(VOICES)
    assert found.count(VISITOR) >= len(found) / 3, "the visitors are the ones to get right"
    assert len({case["text"] for case in cases()}) == len(found)


def test_a_visitor_needs_no_reason_and_every_other_voice_has_one():
    assert voice_of("Pantai Cenang cantik") == Voice(VISITOR, "")
    found = [voice_of(c["text"], account=c["account"] or None) for c in cases()]
    assert all(bool(voice.why) == (voice.code != VISITOR) for voice in found)


def test_an_account_speaks_for_its_house_whatever_it_says():
    assert voice_of("Pantai Cenang cantik", account="@Sinar_Harian") == Voice(
        "news", f"{BY_ACCOUNT}Sinar Harian"
    )
    assert voice_of("Pantai Cenang cantik", account="sinarharianfan").code == VISITOR


def test_the_reason_never_holds_a_name_that_is_not_listed():
    voice = voice_of("Kedah FC menang liga, gol cantik", account="a private person")
    assert voice.code == "football"
    assert "private" not in voice.why


def test_hashtags_that_stand_apart_from_the_text_are_read_too():
    text = "Laporan lanjut menyusul"
    assert voice_of(text).code == VISITOR
    assert voice_of(text, hashtags=("SinarHarian",)).code == "news"


def test_small_letters_do_not_make_a_party():
    assert voice_of("calon pas menang hadiah").code == VISITOR
    assert voice_of("Calon PAS menang").code == "politics"


@pytest.mark.parametrize("text", ["", " ", "#", "😍😍😍", "\u200b", "A" * 100_000, "01" * 5_000])
def test_odd_texts_are_visitors(text):
    assert voice_of(text).code == VISITOR


def test_a_long_text_is_read_in_time_that_grows_with_its_length_only():
    long = "ALOR SETAR " * 20_000
    assert voice_of(long).code == VISITOR


def test_the_voices_are_the_five_beside_the_visitor():
    assert (VISITOR, *OTHERS) == VOICES
    assert len(set(VOICES)) == 6
