"""A platform that failed for too long is asked with one request, until it answers one."""

from __future__ import annotations

import pytest

from collector.platforms import PlatformError
from collector.platforms.facebook import Facebook
from collector.platforms.http import Http, Limits, PlatformDown, bearer
from insights.model import Kind
from tests.fakes import NOW
from tests.replay import Reply, replay, script

OK = Reply({"data": []})
DOWN = Reply({"error": {"message": "down"}}, status=503)
PATIENT = Limits(retries=3, retry_base=0)


def probing(server) -> Http:
    client = Http(server.url, bearer("t"), limits=PATIENT)
    client.probe()
    client.begin()
    return client


@pytest.mark.parametrize("status", [500, 503, 429, 401, 402])
def test_one_refusal_is_enough(status):
    with replay(script({}, default=Reply({}, status=status))) as server:
        client = probing(server)
        with pytest.raises(PlatformDown):
            client.get("/posts")

    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b""])
def test_an_answer_that_is_none_is_a_refusal_too(body):
    with replay(script({}, default=Reply(body))) as server:
        client = probing(server)
        with pytest.raises(PlatformDown):
            client.get("/posts")

    assert len(server.asked) == 1


def test_once_it_has_answered_it_is_asked_as_patiently_as_ever():
    with replay(script({"/a": OK, "/b": [DOWN, DOWN, OK]})) as server:
        client = probing(server)
        client.get("/a")
        client.get("/b")

    assert len(server.asked) == 4


def test_a_token_is_no_answer_yet():
    with replay(script({"/token": Reply({"access_token": "a"}), "/query": DOWN})) as server:
        client = probing(server)
        client.post("/token", {"secret": "s"}, form=True)
        with pytest.raises(PlatformDown):
            client.post("/query", {"query": {}})

    assert [asked.path for asked in server.asked] == ["/token", "/query"]


def test_a_page_that_may_not_be_read_does_not_hide_those_that_may():
    denied = Reply({"error": {"code": 10, "message": "no permission"}}, status=403)
    routes = {"/v26.0/1/posts": denied, "/v26.0/2/posts": OK}
    with replay(script(routes)) as server:
        source = Facebook(Http(server.url, bearer("t"), limits=PATIENT), ["1", "2"])
        source.probe()
        pages = list(source.search({}, NOW))

    assert [page.problem.kind if page.problem else None for page in pages] == [
        Kind.PERMISSION,
        None,
    ]


def test_a_page_that_is_down_ends_the_probe_of_all_pages():
    with replay(script({}, default=DOWN)) as server:
        source = Facebook(Http(server.url, bearer("t"), limits=PATIENT), ["1", "2", "3"])
        source.probe()
        with pytest.raises(PlatformError, match="503"):
            list(source.search({}, NOW))

    assert len(server.asked) == 1
