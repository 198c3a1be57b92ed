"""One request against servers that are slow, large, broken or gone."""

import gzip
import threading
import time
import tracemalloc

import pytest

from collector.platforms import transport
from collector.platforms.http import Http, Limits, bearer
from insights.model import Kind
from tests.replay import Reply, replay

QUICK = Limits(connect_timeout=1, read_timeout=1, deadline=0.4, retries=0, max_body=100_000)


def error_of(reply, limits=QUICK, **given):
    """What a client makes of a server that always answers like this."""
    with replay(lambda _asked: reply) as server:
        client = Http(server.url, bearer("s3cret"), limits=limits, **given)
        with pytest.raises(Exception) as caught:
            client.get("/posts", {"q": "hidden"})
    return caught.value


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_body_is_read_whole_however_it_is_packed(chunked, zipped):
    body = {"data": ["cantik " * 900]}
    with replay(lambda _asked: Reply(body, chunked=chunked, zipped=zipped)) as server:
        assert Http(server.url, limits=Limits(deadline=5)).get("/posts").body == body


@pytest.mark.parametrize(
    "slow",
    [Reply({"a": "b" * 500}, drip=0.02), Reply(drip_headers=0.02), Reply(delay=5)],
    ids=["body", "headers", "silence"],
)
def test_the_deadline_spans_the_whole_request(slow):
    begun = time.monotonic()
    assert error_of(slow).kind == Kind.TIMEOUT
    assert time.monotonic() - begun < 2


def test_an_abandoned_request_leaves_no_thread_behind():
    error_of(Reply(drip_headers=0.02))
    ends = time.monotonic() + 2
    while time.monotonic() < ends and any(t.name == "request" for t in threading.enumerate()):
        time.sleep(0.02)
    assert not [t for t in threading.enumerate() if t.name == "request"]


def test_a_stop_ends_a_request_at_once():
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    begun = time.monotonic()
    error = error_of(Reply(delay=20), Limits(deadline=30), stop=stop)
    assert "stopped" in error.message
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "large",
    [Reply(b"[" + b"1," * 100_000), Reply(b" " * 50_000_000, zipped=True)],
    ids=["plain", "zipped"],
)
def test_the_limit_counts_decompressed_bytes(large):
    limits = Limits(deadline=20, retries=0, max_body=100_000)
    assert error_of(large, limits).kind == Kind.TOO_LARGE


def test_a_small_zip_of_much_is_never_unpacked_whole():
    packed = gzip.compress(b" " * 50_000_000)
    with replay(lambda _asked: Reply(packed, headers={"Content-Encoding": "gzip"})) as server:
        tracemalloc.start()
        with pytest.raises(transport.TooLarge):
            ask(server.url, max_body=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 10_000_000


def ask(url, max_body):
    question = transport.Question(url, {}, {}, (1, 5), max_body)
    return transport.send(
        transport.new_session(),
        question,
        ends_at=time.monotonic() + 20,
        monotonic=time.monotonic,
        stop=threading.Event(),
    )


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (Reply({"data": []}, cut=4), Kind.NETWORK),
        (Reply({"data": []}, cut=4, chunked=True), Kind.NETWORK),
        (Reply({"data": []}, cut=4, length=False), Kind.BAD_PAYLOAD),
        (Reply({"data": ["x" * 900]}, cut=30, length=False, zipped=True), Kind.BAD_PAYLOAD),
        (Reply(b"no gzip", headers={"Content-Encoding": "gzip"}), Kind.BAD_PAYLOAD),
        (Reply(reset=True), Kind.NETWORK),
    ],
    ids=["short", "short chunks", "silently short", "zip cut off", "no zip", "reset"],
)
def test_a_broken_answer_is_a_failure_with_a_kind(broken, kind):
    # What is wrong is not the time: a busy machine must not make it the fault.
    assert error_of(broken, Limits(deadline=20, retries=0)).kind == kind


def test_a_host_that_speaks_no_tls_is_a_tls_failure():
    with replay(lambda _asked: Reply()) as server:
        client = Http(server.url.replace("http:", "https:"), limits=QUICK)
        with pytest.raises(Exception) as caught:
            client.get("/posts")
    assert caught.value.kind == Kind.TLS


def test_nobody_at_the_address_is_a_network_failure():
    with replay(lambda _asked: Reply()) as server:
        gone = server.url
    with pytest.raises(Exception) as caught:
        Http(gone, limits=QUICK).get("/posts")
    assert caught.value.kind == Kind.NETWORK


def test_netrc_and_proxies_of_the_environment_are_not_used(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with replay(lambda _asked: Reply()) as server:
        Http(server.url, bearer("s3cret"), limits=QUICK).get("/posts")
        assert server.asked[0].headers["Authorization"] == "Bearer s3cret"
