"""Every sentence the collector can note of a run has words in both languages; the rest is marked.

The sentences are read out of the code, so that one without words fails here.
"""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.platforms.instagram import Memory
from collector.platforms.tiktok import Window
from tests.fakes import KUALA_LUMPUR
from ui import notes, text

ROOT = Path(__file__).parents[1]
WRITERS = (
    *sorted((ROOT / "collector" / "platforms").glob("*.py")),
    *(ROOT / "collector" / "classify" / f"{name}.py" for name in ("asker", "calls", "gemini")),
    *(
        ROOT / "collector" / f"{name}.py"
        for name in ("configuration", "context", "money", "provisional", "refresh", "rounds")
    ),
    *(ROOT / "db" / f"{name}.py" for name in ("demo", "engine", "queries", "totals")),
)
# Modules whose every error text ends in a run's note or on a page; of these more than errors does.
ONLY_ERRORS = {"engine.py", "queries.py", "totals.py"}
# Told of a record (tests/test_reasons.py), logged, or for whoever writes programs.
ELSEWHERE = ("log", "Unreadable", "Reject", "HTTPException", "DisconnectionError", "compile")
# Strings with a space that no reader sees as they stand: parts of a sentence that is whole
# elsewhere, what platforms say and send, and the words for a record.
NO_SENTENCES = {
    # parts
    "1 1", "1: 1", "1 to 1", "1 x 1", "1 1 1", " and 1 more",
    "2026-11-23 12:00 UTC", "; what it stores must be refreshed or deleted within 30 days",
    "; for approved researchers only", "configured (1 is set)1", "code 1/1",
    "more than 1 hashtags in seven days, left out", "left out for a week as Instagram refused them",
    "recent media reach back 24 hours, older ones were missed",
    "page cap hit, more recent media exist", "the 1 1 of the day are used up",
    "1; asked again after 1", "1 post waits", "1 posts wait", "1; 1 for a label",
    "1 for a later round", "1: stopped before the answer came", "1: stopped while it ran",
    "1: COLLECTOR_PLATFORM_BUDGET is used up", "1, redirects are not followed", "200, but 1",
    # what platforms say and what is sent to them
    "API key", "api key", "per day", "public content access", "does not have permission",
    "enough viewers", "reduce the amount of data", "search id", "cap exceeded", "Bearer 1",
    "gzip, deflate", ") -is:retweet", "(?i)per[ _]?day|daily",
    "(?i)credits? (?:are|is) depleted|spending (?:cap|limit)",
    # of a record
    "blocked: 1", "unusable: 1", "unfinished: 1", "unusable: no answer for this post",
    "left after 1 tries: 1", "empty: no text to read",
    # the demo's making
    "demo-2026-11-23 12:00", "PRAGMA busy_timeout=1",
    "DEMO_DATABASE_URL names a database that holds collected posts; demo data needs a database of "
    "its own",
}  # fmt: skip


def written(path: Path) -> set[str]:
    """Every text of a module that could be a sentence, its values filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    roots = _errors(tree) if path.name in ONLY_ERRORS else [tree]
    passed = _docstrings(tree) | {id(part) for call in _elsewhere(tree) for part in ast.walk(call)}
    passed |= {
        id(part)
        for joined in ast.walk(tree)
        if isinstance(joined, ast.JoinedStr)
        for value in joined.values
        for part in ast.walk(value)
    }
    found = (
        _filled(node)
        for root in roots
        for node in ast.walk(root)
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in passed
    )
    return {said for said in found if " " in said.strip()}


def _errors(tree: ast.AST) -> list[ast.AST]:
    named = {"DatabaseError", "DatabaseGone", "reason"}
    return [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and _name(node) in named)
        or (isinstance(node, ast.FunctionDef) and node.name in named)
    ]


def _docstrings(tree: ast.AST) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }


def _elsewhere(tree: ast.AST) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and {_name(node), _owner(node)} & set(ELSEWHERE)
    ]


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _owner(call: ast.Call) -> str:
    return getattr(getattr(call.func, "value", None), "id", "")


def _filled(node: ast.expr) -> str:
    """A text with an instant or the number 1 for each of its values."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(_value(part) for part in node.values)


def _value(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return part.value
    form = "" if part.format_spec is None else ast.unparse(part.format_spec)
    return "2026-11-23 12:00" if "%H" in form else "1"


SENTENCES = sorted(set().union(*(written(path) for path in WRITERS)) - NO_SENTENCES)
# Those that are put together out of parts, as the code puts them together.
PUT_TOGETHER = [
    "the 100 searches of the day are used up; asked again after 2026-11-24 08:00 UTC",
    "not asked before 2026-11-24 08:00 UTC",
    "1 post waits for a label",
    "2000 posts wait for a label",
    "no GEMINI_API_KEY",
    "more than 30 hashtags in seven days, left out: #kuah",
    "left out for a week as Instagram refused them: #kuah",
    "recent media reach back 24 hours, older ones were missed: #kuah, #jitra and 3 more",
    "page cap hit, more recent media exist: #kuah",
    "1 post waits for a later round",
    "3 posts wait for a later round",
    "resting after 3 failed rounds, next try at 2026-11-24 08:00 UTC",
    "1 line left out: 4",
    "25 lines left out: 1, 2, 3, …",
    "demo data: 1 post left waiting on purpose",
    "demo data: 2 posts left waiting on purpose",
    "X sent no posts",
    "X sent no posts: 2 x Not Found Error",
    "X looked up no posts",
    "parts were missing: 1 x Field Error",
    "that is no database address; use sqlite:///FILE",
    "databases of the kind 'oracle' are not served; use sqlite:///FILE",
    "stopped before the answer came",
    "stopped while it ran",
    "COLLECTOR_PLATFORM_BUDGET is used up",
]  # fmt: skip


def complete(sentence: str) -> str:
    """A sentence as it is written, where its last value began with a part of the sentence."""
    whole = {
        "X sent no posts1": "X sent no posts",
        "X looked up no posts1": "X looked up no posts",
        "parts were missing1": "parts were missing",
        "demo data: 1 post1 left waiting on purpose": "demo data: 1 post left waiting on purpose",
        "that is no database address; 1": "that is no database address; use 1",
        "databases of the kind 1 are not served; 1": "databases of the kind 1 are not served; "
        "use 1",
        "not asked before 1": "not asked before 2026-11-23 12:00 UTC",
        "resting after 1 failed rounds, next try at 1": "resting after 1 failed rounds, next try "
        "at 2026-11-23 12:00 UTC",
    }
    return whole.get(sentence, sentence)


def test_the_sentences_are_found_in_the_code():
    assert "the answer is not JSON" in SENTENCES
    assert "page cap hit: older posts of this Page were not fetched" in SENTENCES
    assert len(SENTENCES) > 80


def test_nothing_is_excepted_that_is_not_in_the_code():
    everywhere = set().union(*(written(path) for path in WRITERS))

    assert {said for said in NO_SENTENCES if said not in everywhere} == set()


@pytest.mark.parametrize("sentence", sorted({*map(complete, SENTENCES), *PUT_TOGETHER}))
def test_every_sentence_of_the_collector_has_words(sentence):
    code = notes.code_of(sentence)

    assert code is not None, f"{sentence!r} has no words: add it to ui/notes.py and the locales"
    for language in text.LANGUAGES:
        assert f"note.{code}" in text.words(language)


def test_no_words_are_kept_for_what_nobody_writes():
    used = {notes.code_of(one) for one in {*map(complete, SENTENCES), *PUT_TOGETHER}}
    known = {code for code, _ in notes.SENTENCES}

    assert known - used == set()


def test_what_the_hashtags_memory_says_is_known():
    now = datetime(2026, 11, 23, tzinfo=UTC)
    tags = ["kuah", "alorsetar", "jitra", "yan", "sik", "baling"]
    memory = Memory(now, unknown={"kulim": ""}, refused=tags, missed=["kuah"], cut=["kuah"])
    told = notes.sentences(memory.notes(), KUALA_LUMPUR)

    assert len(told) == 4
    assert all(one.words and not one.quoted for one in told)
    assert "#sik dan 1 lagi" in told[0].words


def test_a_window_of_days_is_written_in_the_readers_language():
    window = Window(datetime(2025, 12, 28, tzinfo=UTC), datetime(2026, 8, 3, tzinfo=UTC))
    said = notes.one_line(f"page cap hit: more videos of {window} exist", KUALA_LUMPUR)

    assert said.endswith("masih ada video bagi 28 Dis 2025 – 3 Ogo 2026")


def test_an_instant_is_told_on_the_readers_clock():
    said = notes.one_line("not asked before 2026-11-23 18:30 UTC", KUALA_LUMPUR)

    assert said == "tidak ditanya sebelum 24 Nov 2026, 02:30"


def test_a_request_stands_before_its_sentence():
    refused = "GET /2/tweets/search/recent: 429 rate_limited"
    said = notes.one_line(refused, KUALA_LUMPUR)

    assert said == (
        "GET /2/tweets/search/recent: status 429, had permintaan platform telah dicapai"
    )
    assert notes.code_of("429 rate_limited") is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("GET /x: 302, redirects are not followed", "dijawab dengan lencongan (302)"),
        ("POST /x: 200, but the answer is not JSON", "status 200, tetapi jawapannya bukan JSON"),
        ("GET /x: COLLECTOR_PLATFORM_BUDGET is used up", "masa bagi satu platform"),
        (
            "stored posts are asked for again in the next round: GET /x: no complete answer in "
            "time",
            "pusingan seterusnya: GET /x: tiada jawapan lengkap",
        ),
    ],
)
def test_what_is_said_of_an_answer_is_told(said, meant):
    assert meant in notes.one_line(said, KUALA_LUMPUR)


def test_sentences_are_told_apart_where_they_hold_semicolons_themselves():
    told = notes.sentences(
        "no GEMINI_API_KEY; 2 posts wait for a label; the daily quota of gemini-9 is used up; "
        "asked again after 2026-11-24 08:00 UTC; nothing new",
        KUALA_LUMPUR,
    )

    assert [one.words for one in told] == [
        "tiada GEMINI_API_KEY",
        "2 hantaran menunggu label",
        "kuota harian gemini-9 telah habis; ditanya semula selepas 24 Nov 2026, 16:00",
        "tiada yang baharu",
    ]


def test_a_platforms_own_words_stay_as_they_are_and_apart():
    told = notes.sentences("GET /v26.0/1/posts: 401 code 190/463 Expired; log in", KUALA_LUMPUR)

    assert told == [notes.Said("GET /v26.0/1/posts: status 401", "code 190/463 Expired; log in")]


def test_what_is_not_ours_is_marked_in_a_cell():
    assert notes.one_line("teapot", KUALA_LUMPUR) == "teks teknikal: teapot"
    with text.speaking("en"):
        assert notes.one_line("teapot", KUALA_LUMPUR) == "technical text: teapot"
