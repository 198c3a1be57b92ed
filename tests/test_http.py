"""What the client makes of answers: retries, waits, kinds of errors, and silence about secrets."""

import json
import threading
from email.utils import formatdate

import pytest

from collector.platforms import PlatformError
from collector.platforms.http import (
    Http,
    Interrupted,
    Limits,
    PlatformDown,
    Refusal,
    bearer,
    strict_object,
    summary,
)
from insights.model import Kind
from tests.replay import Reply, replay, script

NOW = 1_795_400_000.0  # epoch seconds
OK = Reply({"data": []})


class Clock:
    """A clock that only a sleep moves on."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def ask(*replies, limits=None, clock=None, stop=None, times=1):
    """Ask a server with these replies; the answer or the error, and how often it was asked."""
    clock = clock or Clock()
    with replay(script({"/posts": replies})) as server:
        client = Http(
            server.url,
            bearer("s3cret-token"),
            limits=limits or Limits(),
            stop=stop,
            sleep=clock.sleep,
            monotonic=lambda: clock.now,
            wall=lambda: NOW,
            chance=lambda: 1.0,
        )
        found = None
        for _ in range(times):
            try:
                found = client.get("/posts", {"q": "hidden-query"})
            except PlatformError as error:
                found = error
        assert client.requests == len(server.asked)
        return found, len(server.asked)


def test_a_good_answer_comes_with_its_headers_and_the_token_goes_in_a_header_only():
    with replay(lambda _asked: Reply({"data": [1]}, headers={"X-App-Usage": "{}"})) as server:
        answer = Http(server.url + "/", bearer("tok")).get("/posts", {"limit": 5})
    assert answer.body == {"data": [1]}
    assert answer.headers["x-app-usage"] == "{}"
    assert server.asked[0].headers["Authorization"] == "Bearer tok"
    assert server.asked[0].query == {"limit": "5"}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sorry</html>",
        b"",
        b"  ",
        b"[]",
        b"null",
        b'"text"',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\xff"}',
        b'{"a": 1',
    ],
    ids=lambda body: repr(body[:12]),
)
def test_whatever_is_no_json_object_is_a_failure_and_not_an_empty_answer(body):
    error, asked = ask(Reply(body))
    assert error.kind == Kind.BAD_PAYLOAD
    assert asked == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"data": [' + '{"a":1},' * 60_000 + "{}]}",
        '{"data": [{"id": "1", "text": "' + "cantik " * 200_000 + '"}]}',
        '{"data": [{"' + "a" * 1_100_000 + '": 1}]}',
    ],
    ids=["values", "text", "name"],
)
def test_more_than_any_platform_sends_is_a_failure(body):
    with pytest.raises(ValueError, match=r"(no|any) platform sends"):
        strict_object(body.encode())


def test_a_large_page_of_ordinary_posts_is_read():
    posts = [{"id": str(n), "text": "Pantai Cenang " * 800} for n in range(500)]
    assert strict_object(json.dumps({"data": posts}).encode())["data"] == posts


def test_a_long_error_is_not_looked_into_and_a_long_word_not_told():
    assert summary("a" * 50_000) == ""
    secret = "s3cret"
    told = summary("x " * 4_998 + secret, secrets=(secret,))
    assert "s3" not in told


def test_a_byte_order_mark_is_no_fault():
    answer, _ = ask(Reply(b'\xef\xbb\xbf{"data": []}'))
    assert answer.body == {"data": []}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Kind.BAD_REQUEST),
        (401, Kind.AUTH),
        (402, Kind.BILLING),
        (403, Kind.PERMISSION),
        (404, Kind.BAD_REQUEST),
        (204, Kind.BAD_REQUEST),
        (302, Kind.REDIRECT_BLOCKED),
        (307, Kind.REDIRECT_BLOCKED),
    ],
)
def test_a_refusal_is_not_asked_again(status, kind):
    clock = Clock()
    error, asked = ask(Reply(b"<html>no</html>", status=status), clock=clock)
    assert (error.kind, asked, clock.slept) == (kind, 1, [])


def test_a_redirect_is_not_followed_so_the_token_stays_here():
    with replay(lambda _asked: Reply({"data": []})) as other:
        error, _ = ask(Reply(status=302, headers={"Location": f"{other.url}/posts"}))
        assert error.kind == Kind.REDIRECT_BLOCKED
        assert other.asked == []


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_fault_is_asked_again(status):
    answer, asked = ask(Reply(status=status), Reply(status=status), OK)
    assert answer.body == {"data": []}
    assert asked == 3


@pytest.mark.parametrize("bad", [Reply(reset=True), Reply(status=502), Reply(status=429)])
def test_a_round_never_sends_more_than_six_failing_requests(bad):
    error, asked = ask(bad, limits=Limits(retries=10), times=1)
    assert asked == 6
    assert isinstance(error, PlatformDown)


@pytest.mark.parametrize(
    ("bad", "enough"),
    [
        (Reply(b"<html>maintenance</html>"), 3),
        (Reply(b'{"data": [' + b"[]," * 200_000 + b"[]]}"), 3),
        (Reply({}, status=400), 6),
    ],
)
def test_some_useless_answers_in_a_row_are_enough(bad, enough):
    patient, asked = ask(bad, times=enough - 1)
    error, _ = ask(bad, times=enough)
    assert type(patient) is PlatformError
    assert asked == enough - 1
    assert type(error) is PlatformDown


def test_a_usable_answer_between_useless_ones_lets_the_queries_go_on():
    bad = Reply(b"<html></html>")
    error, _ = ask(bad, bad, OK, bad, bad, times=5)
    assert type(error) is PlatformError


def test_the_six_are_counted_over_all_streams_of_a_round():
    error, asked = ask(Reply(status=503), times=2)
    assert asked == 6
    assert isinstance(error, PlatformDown)


def test_waits_double_and_never_exceed_their_cap():
    clock = Clock()
    limits = Limits(retries=5, retry_base=1, retry_max_wait=5)
    ask(Reply(status=500), clock=clock, limits=limits)
    assert clock.slept == [1, 2, 4, 5, 5]


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "7"},
        {"Retry-After": formatdate(NOW + 7, usegmt=True)},
        {"x-rate-limit-reset": str(int(NOW) + 7)},
    ],
)
def test_the_wait_that_the_platform_asks_for_is_kept(headers):
    clock = Clock()
    answer, _ = ask(Reply(status=429, headers=headers), OK, clock=clock)
    assert answer.status == 200
    assert clock.slept == [7]


@pytest.mark.parametrize("told", ["soon", "-5", "nan", "inf", "", "Mon, 99 Foo 2026"])
@pytest.mark.parametrize("name", ["Retry-After", "x-rate-limit-reset"])
def test_an_unreadable_or_past_wait_is_an_ordinary_backoff(name, told):
    clock = Clock()
    ask(Reply(status=429, headers={name: told}), OK, clock=clock)
    assert clock.slept == [1]


def test_a_reset_beside_a_server_fault_asks_for_nothing():
    clock = Clock()
    ask(Reply(status=503, headers={"x-rate-limit-reset": str(NOW + 900)}), OK, clock=clock)
    assert clock.slept == [1]


def test_a_day_of_waiting_is_cut_to_the_cap_and_tried_once():
    clock = Clock()
    error, asked = ask(Reply(status=429, headers={"Retry-After": "86400"}), clock=clock)
    assert (clock.slept, asked) == ([60], 2)
    assert error.retry_after == 86400


def test_no_wait_reaches_past_the_budget():
    clock = Clock()
    limits = Limits(budget=10, retry_max_wait=60)
    error, asked = ask(Reply(status=429, headers={"Retry-After": "30"}), clock=clock, limits=limits)
    assert (clock.slept, asked, error.kind) == ([], 1, Kind.RATE_LIMITED)


def test_a_spent_budget_ends_the_platform():
    clock = Clock()
    client = Http(
        "http://127.0.0.1:9", limits=Limits(budget=5, retries=0), monotonic=lambda: clock.now
    )
    clock.sleep(5)
    with pytest.raises(PlatformDown) as caught:
        client.get("/posts")
    assert (caught.value.kind, client.requests) == (Kind.BUDGET, 0)
    client.begin()
    with pytest.raises(PlatformError) as caught:
        client.get("/posts")
    assert caught.value.kind != Kind.BUDGET


def test_a_stop_ends_a_wait():
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with replay(lambda _asked: Reply(status=503, headers={"Retry-After": "30"})) as server:
        client = Http(server.url, stop=stop)
        with pytest.raises(Interrupted):
            client.get("/posts")
        assert len(server.asked) == 1


def test_errors_hold_neither_token_nor_query():
    replies = [
        Reply({"message": "s3cret-token"}, status=401),
        Reply(status=500),
        Reply(reset=True),
        Reply(b"s3cret-token"),
    ]
    for reply in replies:
        error, _ = ask(reply, limits=Limits(retries=0))
        assert "GET /posts" in error.message
        assert "s3cret" not in error.message
        assert "hidden-query" not in error.message


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "line\r\nbreak"])
def test_a_token_pasted_with_a_space_or_line_break_is_told_so_and_never_sent(token):
    with replay(lambda _asked: OK) as server, pytest.raises(PlatformError) as caught:
        Http(server.url, bearer(token)).get("/posts")
    assert caught.value.kind == Kind.AUTH
    assert "contains a space or line break; paste it again" in caught.value.message
    assert token not in caught.value.message
    assert server.asked == []


@pytest.mark.parametrize("token", ["line\nbreak", "kunci…"])
def test_a_token_that_no_header_can_carry_is_named_but_not_shown(token):
    with replay(lambda _asked: OK) as server, pytest.raises(PlatformError) as caught:
        Http(server.url, bearer(token)).get("/posts")
    assert caught.value.kind == Kind.AUTH
    assert token not in caught.value.message
    assert caught.value.__cause__ is None


def test_an_unusable_address_is_a_fault_of_the_settings():
    for address in ("https://", "ftp://host", "http://[::1"):
        with pytest.raises(PlatformError) as caught:
            Http(address, limits=Limits(retries=0)).get("/posts")
        assert caught.value.kind in {Kind.BAD_REQUEST, Kind.NETWORK}


def test_a_summary_leaves_out_what_could_be_a_token():
    said = summary("Malformed access token " + "EAAB" * 20, "at /x?access_token=abc\n", None, 5)
    assert said == "Malformed access token … at /x?… 5"
    assert summary("key abc", secrets=("abc",)) == "key …"


# ---- posting ----


def post(*replies, **given):
    """Post to a server with these replies; the answer or the error, and the requests."""
    with replay(script({"/posts": replies})) as server:
        client = Http(server.url, limits=Limits(retry_base=0))
        try:
            found = client.post("/posts", **given)
        except PlatformError as error:
            found = error
        return found, server.asked


def test_a_post_carries_json_and_a_bearer_of_its_own():
    answer, asked = post(OK, content={"cursor": 0}, params={"fields": "id"}, token="tok")
    assert answer.body == {"data": []}
    assert (asked[0].method, asked[0].body) == ("POST", b'{"cursor": 0}')
    assert (asked[0].query, asked[0].headers["Authorization"]) == ({"fields": "id"}, "Bearer tok")


def test_a_form_goes_in_the_body_and_its_values_are_secrets():
    echo = Reply({"error": "s3cret value was refused"}, status=401)

    def said(answer, _now):
        return Refusal(Kind.AUTH, answer.body["error"])

    error, asked = post(echo, content={"secret": "s3cret"}, form=True, read_refusal=said)
    assert asked[0].body == b"secret=s3cret"
    assert asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (error.kind, error.message) == (Kind.AUTH, "POST /posts: 401 … value was refused")


def test_a_200_may_be_a_refusal_in_truth_and_is_asked_again_like_one():
    busy = Reply({"error": "busy"})
    given = {
        "content": {},
        "refuses": lambda answer: "error" in answer.body,
        "read_refusal": lambda _answer, _now: Refusal(Kind.SERVER_ERROR, "busy"),
    }
    answer, asked = post(busy, OK, **given)
    assert (answer.body, len(asked)) == ({"data": []}, 2)


def test_a_post_follows_no_redirect():
    away = Reply(status=307, headers={"Location": "http://127.0.0.1:9/"})
    error, asked = post(away, content={}, token="tok")
    assert (error.kind, len(asked)) == (Kind.REDIRECT_BLOCKED, 1)
