"""The guess at a text's language: careful, and None when the text does not say."""

from __future__ import annotations

import pytest

from insights.languages import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Tempat ni memang cantik, tak rugi datang dengan keluarga", "ms"),
        ("The view from the bridge was beautiful and not too crowded", "en"),
        ("浮罗交怡的海滩很美 Langkawi", "zh"),
        ("லங்காவி மிகவும் அழகான தீவு", "ta"),
        ("หาดสวยมาก", "th"),
    ],
)
def test_a_clear_text_has_a_language(text, language):
    assert guess_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Langkawi!",
        "🌴🌊",
        "#the #and #of https://the.is/and/of",
        "Jom pergi the best beach with you dan saya",
    ],
)
def test_a_short_or_mixed_text_has_none(text):
    assert guess_language(text) is None
