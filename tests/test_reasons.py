"""Every reason the collector can write has words in both languages; what is not ours is marked."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from collector.classify.answers import Reading
from collector.classify.calls import Answer
from collector.classify.gemini import FOR_GOOD, _why
from tests.fakes import KUALA_LUMPUR
from ui import reasons, text

ROOT = Path(__file__).parents[1]
RAISED = {"Unreadable": "", "BadItem": "unusable: "}


def written() -> list[str]:
    """What the collector's readers can say of a record, with a number for each thing filled in."""
    files = [*(ROOT / "collector").rglob("*.py"), ROOT / "db" / "rows.py"]
    found = {
        RAISED[_name(call)] + _said(call.args[0])
        for path in files
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _name(call) in RAISED and call.args
    }
    return sorted(found - {""})


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _said(words: ast.expr) -> str:
    if isinstance(words, ast.Subscript):
        words = words.value
    if isinstance(words, ast.JoinedStr):
        return "".join(p.value if isinstance(p, ast.Constant) else "1" for p in words.values)
    assert isinstance(words, ast.Constant), ast.dump(words)
    return words.value


def of_the_classifier() -> list[str]:
    answers = [Answer("", finish=finish) for finish in (*sorted(FOR_GOOD), "MAX_TOKENS", "STOP")]
    answers.append(Answer(None, blocked="SAFETY"))
    said = [_why(answer, Reading())[0] for answer in answers]
    twice = Reading(problems={"1": "answered twice, differently"})
    return [*said, _why(Answer(""), twice)[0], "empty: no text to read"]


def test_the_reasons_are_found():
    assert "no readable id" in written()
    assert len(written()) >= 15


@pytest.mark.parametrize("reason", [*written(), *of_the_classifier(), "no id", "no text"])
def test_every_reason_has_words_in_both_languages(reason):
    code, _ = reasons.code_of(reason)
    assert code is not None
    for language in text.LANGUAGES:
        assert f"fault.{code}" in text.words(language)


def test_a_reason_is_said_in_the_readers_language_with_its_detail():
    assert text.language() == "ms"
    assert reasons.words_of("the id is no number", KUALA_LUMPUR) == "ID bukan nombor"
    assert reasons.words_of("blocked: SAFETY", KUALA_LUMPUR).endswith("(SAFETY)")
    given_up = reasons.words_of(
        "left after 3 tries: unusable: no answer for this post", KUALA_LUMPUR
    )
    assert given_up.startswith("ditinggalkan selepas 3 percubaan: pengelas")


def test_what_somebody_else_said_is_marked_as_that():
    assert reasons.words_of("HTTP 418: teapot", KUALA_LUMPUR) == "teks teknikal: HTTP 418: teapot"


def test_a_failure_of_the_classifier_is_said_as_in_the_notes_of_its_runs():
    said = reasons.words_of("left after 4 tries: Gemini did not answer in time", KUALA_LUMPUR)

    assert said.endswith("4 percubaan: Gemini tidak menjawab dalam masa yang ditetapkan")
