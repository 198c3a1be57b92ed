"""Near-copies: what makes two posts one text, and what does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from insights import texts

FARE = "Tambang feri Kuala Kedah naik lagi, memang tak masuk akal untuk orang kampung"


def test_links_names_figures_and_signs_are_no_words():
    said = "RT @orang.utara: Tambang RM23.50!! https://t.co/abc #Kedah 😡 www.x.com/a bit.ly/Q1"
    assert texts.normalised(said) == "rt tambang rm"


def test_letters_of_any_width_and_case_are_the_same():
    assert texts.normalised("ＦＥＲＩ  Feri\nfe\u200bri") == "feri feri feri"


def test_chinese_is_read_by_the_character():
    assert texts.normalised("瓜拉吉打 ferry 太贵了！") == "瓜 拉 吉 打 ferry 太 贵 了"


def test_a_text_without_words_has_no_key():
    assert texts.cluster_key("") is None
    assert texts.cluster_key("#banjir 2026 😭 https://x.com/1") is None


def test_a_copy_with_another_link_name_and_figure_keeps_its_key():
    one = texts.cluster_key(f"{FARE} https://t.co/1 @ali #feri")
    assert one == texts.cluster_key(f"{FARE.upper()}!!! 2026 😡 https://t.co/2")
    assert 0 <= one < 2**63


def test_texts_without_a_pair_in_common_have_different_keys():
    words = [f"kata{chr(97 + n)}{chr(97 + m)}" for n in range(26) for m in range(26)]
    said = [" ".join(words[n : n + 6]) for n in range(0, len(words), 6)]
    assert len({texts.cluster_key(one) for one in said}) == len(said) == 113


def test_the_share_of_equal_keys_is_the_similarity():
    # 19 of 20 pairs stay when the last of 21 words changes: of 21 in all, 0.90 are common.
    pairs = [[f"w{chr(97 + n % 26)}{chr(97 + m)}" for m in range(21)] for n in range(26)]
    pairs += [[f"v{chr(97 + n % 26)}{chr(97 + m)}" for m in range(21)] for n in range(26)]
    same = sum(
        texts.cluster_key(" ".join(words)) == texts.cluster_key(" ".join([*words[:-1], "lain"]))
        for words in pairs
    )
    assert 0.75 <= same / len(pairs) < 1


def test_a_key_is_the_same_in_another_process():
    code = f"from insights.texts import cluster_key; print(cluster_key({FARE!r}))"
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(said.stdout) == texts.cluster_key(FARE)


def test_forty_copies_are_one_text():
    copies = [f"{FARE} https://t.co/{n} @user{n}" for n in range(40)]
    assert texts.distinct(copies) == 1
    assert texts.clusters(copies) == [0] * 40


def test_a_copy_with_a_word_changed_is_still_one():
    assert texts.clusters([FARE, FARE.replace("kampung", "biasa"), "Lain sekali ceritanya"]) == [
        0,
        0,
        1,
    ]


@pytest.mark.parametrize(
    "other",
    [
        "Tambang feri naik lagi, kami sekeluarga kena bayar lebih",
        "Kuala Kedah hari ini memang sesak, feri pula lambat",
    ],
)
def test_two_complaints_of_the_same_thing_are_two_texts(other):
    assert texts.distinct([FARE, other]) == 2


def test_near_copies_of_near_copies_are_one_group():
    words = [f"kata{chr(97 + n)}" for n in range(12)]
    first, second, third = words, words[1:], words[2:]
    assert texts.clusters([" ".join(first), " ".join(third), " ".join(second)]) == [0, 0, 0]


def test_texts_without_words_are_copies_only_of_their_equals():
    assert texts.clusters(["#banjir", "#jerebu", "#banjir", ""]) == [0, 1, 0, 2]


def test_nothing_has_no_group():
    assert texts.clusters([]) == []
    assert texts.distinct([]) == 0
