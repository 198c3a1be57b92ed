"""The real google-genai against a server on loopback: what is sent, and what each answer means."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.classify import ClassificationError
from collector.classify.asker import error_of, gemini_asker
from collector.classify.gemini import GeminiClassifier, Pace
from collector.classify.prompt import INSTRUCTION, SCHEMA
from insights.model import Kind, Platform, Unclassified
from tests.fakes import NOW
from tests.gemini_server import GeminiServer, Reply, answer, quota_failure, refusal

KEY = "test-key-0123456789-canary"
RECORDED = Path(__file__).parents[1].parent / "shared" / "payloads" / "dev" / "gemini"
QUESTION = '{"posts": []}'
EMPTY = Reply(body=answer([]))


def an_asker(server: GeminiServer, **given):
    values = {"deadline": 10.0, "clock": lambda: NOW, **given}
    return gemini_asker(KEY, server.url, "flash", **values)


def asked(*script: Reply, **given):
    """The answer to one question put to a server with this script."""
    with GeminiServer(*script) as server:
        return an_asker(server, **given)(QUESTION)


def failure(*script: Reply, **given) -> ClassificationError:
    with pytest.raises(ClassificationError) as caught:
        asked(*script, **given)
    assert KEY not in f"{caught.value!r} {caught.value} {caught.value.message}"
    return caught.value


def recorded(name: str) -> Reply:
    path = RECORDED / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"the recorded answers are not at {RECORDED}")
    response = json.loads(path.read_text(encoding="utf-8"))["response"]
    return Reply(response["status"], response["body"])


# ---- what is sent ------------------------------------------------------------------------------


def test_the_request_goes_to_the_public_path_with_the_key_in_a_header():
    with GeminiServer(EMPTY) as server:
        an_asker(server)(QUESTION)

    (request,) = server.received
    assert request.path == "/v1beta/models/flash:generateContent"
    assert request.headers["x-goog-api-key"] == KEY
    assert KEY not in request.path + json.dumps(request.body)


def test_the_instruction_the_schema_and_the_posts_go_apart():
    with GeminiServer(EMPTY) as server:
        an_asker(server)(QUESTION)

    body = server.received[0].body
    config = body["generationConfig"]
    assert body["systemInstruction"]["parts"][0]["text"] == INSTRUCTION
    assert body["contents"][0]["parts"] == [{"text": QUESTION}]
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"] == SCHEMA
    assert "maxOutputTokens" not in config


def test_the_environment_changes_neither_key_nor_host(monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "another-key")
    monkeypatch.setenv("GEMINI_API_KEY", "a-third-key")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v9")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GENAI_CLIENT_MODE", "replay")

    with GeminiServer(EMPTY) as server:
        an_asker(server)(QUESTION)

    assert server.received[0].headers["x-goog-api-key"] == KEY
    assert server.received[0].path.startswith("/v1beta/")


@pytest.mark.parametrize("key", ["", "  ", "two words", "schlüssel", "line\nbreak"])
def test_a_key_that_cannot_be_one_is_refused_before_anything_is_sent(key, monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "a-key-nobody-asked-for")

    ask = gemini_asker(key, "http://127.0.0.1:9", "flash")

    with pytest.raises(ClassificationError) as caught:
        ask(QUESTION)

    assert caught.value.kind == Kind.AUTH


def test_the_client_is_kept_for_later_questions():
    with GeminiServer(EMPTY, EMPTY, EMPTY) as server:
        ask = an_asker(server)

        assert [ask(QUESTION).finish for _ in range(3)] == ["STOP"] * 3


# ---- what comes back ---------------------------------------------------------------------------


def test_a_whole_batch_is_labelled_through_the_real_library():
    posts = [
        Unclassified(Platform.X, "1", "Pantai Cenang cantik @ali"),
        Unclassified(Platform.INSTAGRAM, "2", "Feri lambat lagi, teruk"),
        Unclassified(Platform.FACEBOOK, "3", "浮罗交怡很漂亮"),
    ]
    with GeminiServer() as server:
        classifier = GeminiClassifier(an_asker(server), "flash")
        (outcome,) = classifier.classify(posts, threading.Event())

    assert {a.post_id: str(a.sentiment) for a in outcome.answers} == {
        "1": "positive",
        "2": "negative",
        "3": "positive",
    }
    assert (outcome.calls, outcome.prompt_tokens, outcome.output_tokens) == (1, 120, 45)
    assert server.received[0].posts[0]["text"] == "Pantai Cenang cantik @user"


def test_thoughts_are_no_part_of_the_text():
    body = answer("[]")
    body["candidates"][0]["content"]["parts"].insert(0, {"text": "hmm", "thought": True})

    assert asked(Reply(body=body)).text == "[]"


@pytest.mark.filterwarnings("ignore:BRAND_NEW")
def test_an_unknown_reason_to_finish_is_passed_on():
    assert asked(Reply(body=answer("", finish="BRAND_NEW"))).finish == "BRAND_NEW"


def test_an_answer_without_anything_in_it_has_no_text():
    assert asked(Reply(body={})).text is None
    assert asked(Reply(body={"candidates": []})).text is None


@pytest.mark.parametrize(
    "body", ["<html>hello</html>", "", "null", "[]", "[1]", '"x"', b"\xff\xfe{"]
)
def test_a_body_that_is_no_object_is_a_failure_and_never_an_empty_answer(body):
    assert failure(Reply(body=body)).kind == Kind.BAD_PAYLOAD


@pytest.mark.parametrize("body", [{"candidates": [5]}, {"promptFeedback": 3}])
def test_an_object_of_another_shape_is_a_failure_too(body):
    assert failure(Reply(body=body)).kind == Kind.BAD_PAYLOAD


def test_a_redirect_is_not_followed_and_the_key_stays_here():
    with GeminiServer(EMPTY) as elsewhere:
        for code in (301, 302, 307, 308):
            error = failure(Reply(code, "", {"location": elsewhere.url + "/stolen"}))
            assert error.kind == Kind.REDIRECT_BLOCKED

    assert elsewhere.received == []


def test_a_dripping_answer_meets_the_deadline():
    begun = time.monotonic()
    error = failure(Reply(body=answer("[]" * 100), drip=0.05), deadline=0.5)

    assert error.kind == Kind.TIMEOUT
    assert time.monotonic() - begun < 5


def test_a_silent_server_meets_the_deadline():
    assert failure(Reply(body=answer("[]"), drip=3.0), deadline=0.3).kind == Kind.TIMEOUT


def test_an_endless_answer_is_cut_off():
    assert failure(Reply(body="x" * 50_000), max_bytes=10_000).kind == Kind.TOO_LARGE


def test_a_packed_answer_is_refused():
    reply = Reply(body=b"\x1f\x8b\x08", headers={"content-encoding": "gzip"})

    assert failure(reply).kind == Kind.BAD_PAYLOAD


def test_a_host_that_is_not_there_is_a_network_error():
    ask = gemini_asker(KEY, "http://127.0.0.1:9", "flash", connect_timeout=2.0)

    with pytest.raises(ClassificationError) as caught:
        ask(QUESTION)

    assert caught.value.kind == Kind.NETWORK


# ---- errors ------------------------------------------------------------------------------------

DAY = quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
MINUTE = quota_failure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, refusal(400, "INVALID_ARGUMENT", "API key not valid.", BAD_KEY), Kind.AUTH),
        (400, refusal(400, "INVALID_ARGUMENT", "odd field"), Kind.BAD_REQUEST),
        (400, refusal(400, "FAILED_PRECONDITION", "no free tier here"), Kind.BILLING),
        (401, refusal(401, "UNAUTHENTICATED"), Kind.AUTH),
        (402, refusal(402, "PAYMENT_REQUIRED"), Kind.BILLING),
        (403, refusal(403, "PERMISSION_DENIED", "your key was reported as leaked"), Kind.AUTH),
        (404, refusal(404, "NOT_FOUND"), Kind.BAD_REQUEST),
        (429, refusal(429, "RESOURCE_EXHAUSTED", "quota", *DAY), Kind.QUOTA),
        (429, refusal(429, "RESOURCE_EXHAUSTED", "quota", *MINUTE), Kind.RATE_LIMITED),
        (429, refusal(429, "RESOURCE_EXHAUSTED"), Kind.RATE_LIMITED),
        (429, "<html>slow down</html>", Kind.RATE_LIMITED),
        (429, refusal(429, "RESOURCE_EXHAUSTED", "credits are depleted"), Kind.BILLING),
        (500, refusal(500, "INTERNAL"), Kind.SERVER_ERROR),
        (503, refusal(503, "UNAVAILABLE", "high demand"), Kind.SERVER_ERROR),
        (502, "<html>bad gateway</html>", Kind.SERVER_ERROR),
        (504, refusal(504, "DEADLINE_EXCEEDED"), Kind.TIMEOUT),
    ],
)
def test_each_error_answer_has_its_kind(status, body, kind):
    assert failure(Reply(status, body)).kind == kind


def test_only_an_odd_request_is_blamed_on_the_posts():
    assert failure(Reply(400, refusal(400, "INVALID_ARGUMENT", "odd"))).posts_at_fault
    assert not failure(Reply(404, refusal(404, "NOT_FOUND"))).posts_at_fault


def test_a_retired_model_is_named():
    assert "'flash'" in failure(Reply(404, refusal(404, "NOT_FOUND"))).message


def test_the_quota_of_a_day_means_midnight_in_california_whatever_the_hint_says():
    error = failure(Reply(429, refusal(429, "RESOURCE_EXHAUSTED", "quota", *DAY)))

    assert error.closed_until == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert error.retry_after is None


def test_the_quota_of_a_minute_says_how_long_to_wait():
    error = failure(Reply(429, refusal(429, "RESOURCE_EXHAUSTED", "quota", *MINUTE)))

    assert error.retry_after == 23.0
    assert error.closed_until is None


def test_a_server_that_repeats_the_key_does_not_get_it_into_an_error():
    error = failure(Reply(400, refusal(400, "INVALID_ARGUMENT", f"header {KEY} is odd")))

    assert "[hidden]" in error.message


def test_an_address_in_an_error_loses_its_query():
    body = refusal(400, "INVALID_ARGUMENT", "see https://example.com/a?key=abc for more")

    assert "abc" not in error_of(400, body, "flash", NOW).message


@pytest.mark.parametrize(
    "body", [None, [], "text", {"error": None}, {"error": {"details": {}}}, {"error": "no"}]
)
def test_an_odd_error_body_still_has_a_kind(body):
    assert error_of(429, body, "flash", NOW).kind == Kind.RATE_LIMITED
    assert error_of(503, body, "flash", NOW).kind == Kind.SERVER_ERROR


def test_nothing_is_logged_that_holds_the_key_or_a_text(caplog):
    caplog.set_level("DEBUG")
    with GeminiServer(Reply(503, refusal(503, "UNAVAILABLE")), EMPTY) as server:
        classifier = GeminiClassifier(an_asker(server), "flash", Pace(retry_base=0.01))
        posts = [Unclassified(Platform.X, "1", "sebuah teks kenari")]
        list(classifier.classify(posts, threading.Event()))

    assert KEY not in caplog.text
    assert "kenari" not in caplog.text


# ---- recorded answers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error_400_api_key_invalid", Kind.AUTH),
        ("error_429_quota_day_and_minute", Kind.QUOTA),
        ("error_503_high_demand", Kind.SERVER_ERROR),
    ],
)
def test_recorded_errors_have_their_kind(name, kind):
    assert failure(recorded(name)).kind == kind


@pytest.mark.parametrize(
    ("name", "text", "finish", "blocked"),
    [
        ("blocked_prompt_feedback", None, "", "MODEL_ARMOR"),
        ("blocked_safety_empty_content", None, "SAFETY", ""),
        ("ok_max_tokens_truncated", "The capital of France is", "MAX_TOKENS", ""),
        ("ok_gemini_3_5_flash_thoughts", "4", "STOP", ""),
    ],
)
def test_recorded_answers_are_read(name, text, finish, blocked):
    found = asked(recorded(name))

    assert (found.text, found.finish, found.blocked) == (text, finish, blocked)


def test_recorded_thoughts_count_as_output():
    found = asked(recorded("ok_gemini_3_5_flash_thoughts"))

    assert (found.prompt_tokens, found.output_tokens) == (15, 73)


@pytest.mark.parametrize(
    ("name", "blocked"),
    [
        ("blocked_prompt_feedback", True),
        ("blocked_safety_empty_content", True),
        ("ok_max_tokens_truncated", False),
        ("ok_structured_native", False),
    ],
)
def test_a_post_with_a_recorded_refusal_gets_no_label(name, blocked):
    posts = [Unclassified(Platform.X, "1", "teks")]
    with GeminiServer(recorded(name)) as server:
        classifier = GeminiClassifier(an_asker(server), "flash")
        (outcome,) = classifier.classify(posts, threading.Event())

    assert outcome.answers == []
    assert [was_blocked for _, _, was_blocked in outcome.refused] == [blocked]
