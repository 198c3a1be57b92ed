"""What Instagram and Facebook share: classes of errors, usage headers, paging."""

import pytest
from requests.structures import CaseInsensitiveDict

from collector.platforms import PlatformError, graph
from collector.platforms.http import Answer, Http, Limits, PlatformDown
from insights.model import Kind
from tests.replay import Reply, replay, script


def refusal(status=400, headers=None, **error):
    answer = Answer(status, CaseInsensitiveDict(headers or {}), {"error": error})
    return graph.read_refusal(answer, 0)


@pytest.mark.parametrize("subcode", [460, 463, 467, 493, None])
def test_a_refused_token_is_one_kind_whatever_its_subcode(subcode):
    assert refusal(code=190, error_subcode=subcode).kind == Kind.AUTH


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 102}, Kind.AUTH),
        ({"code": 10}, Kind.PERMISSION),
        ({"code": 3}, Kind.PERMISSION),
        ({"code": 230}, Kind.PERMISSION),
        ({"code": 100, "message": "Pages Public Content Access requires …"}, Kind.PERMISSION),
        ({"code": 368}, Kind.PERMISSION),
        ({"code": 100, "error_subcode": 33}, Kind.BAD_REQUEST),
        ({"code": 100, "error_subcode": 2108006}, Kind.BAD_REQUEST),
        ({"code": 4, "is_transient": True}, Kind.RATE_LIMITED),
        ({"code": 80002}, Kind.RATE_LIMITED),
        ({"code": 2}, Kind.SERVER_ERROR),
        ({"code": 1, "message": "An unknown error occurred"}, Kind.SERVER_ERROR),
        ({"code": 999, "is_transient": True}, Kind.SERVER_ERROR),
        ({"code": "190"}, Kind.BAD_REQUEST),
        ({}, Kind.BAD_REQUEST),
    ],
)
def test_the_code_decides_and_not_the_type(error, kind):
    assert refusal(type="OAuthException", **error).kind == kind


def test_a_block_concerns_the_whole_platform_and_a_missing_permission_does_not():
    assert refusal(code=368).platform_wide
    assert not refusal(code=10).platform_wide


def test_a_rate_limit_waits_as_many_minutes_as_told_and_not_by_trying():
    headers = {"X-Business-Use-Case-Usage": '{"7":[{"estimated_time_to_regain_access":12}]}'}
    told = refusal(status=403, code=32, headers=headers)
    assert (told.wait, told.retry) == (720, False)
    assert refusal(code=4).wait is None


def test_a_malformed_token_repeated_by_the_platform_is_left_out():
    assert "EAAB" not in refusal(code=190, message="Malformed access token " + "EAAB" * 12).summary


@pytest.mark.parametrize(
    ("headers", "percent"),
    [
        ({}, 0),
        ({"x-app-usage": '{"call_count":28,"total_time":96,"total_cputime":1}'}, 96),
        ({"X-App-Usage": "not json"}, 0),
        ({"X-App-Usage": "[1]"}, 0),
        ({"X-App-Usage": '{"call_count":"100"}'}, 0),
        ({"X-Business-Use-Case-Usage": '{"7":[{"call_count":97}]}'}, 97),
    ],
)
def test_the_fullest_allowance_counts(headers, percent):
    assert graph.usage(CaseInsensitiveDict(headers))[0] == percent


def test_at_95_percent_no_further_request_is_sent_in_this_round():
    full = Reply({"data": []}, headers={"X-App-Usage": '{"call_count":95}'})
    with replay(script({"/v26.0/a": full})) as server:
        client = graph.Graph(Http(server.url, limits=Limits(retries=0)))
        client.get("a", {})
        for _ in range(2):
            with pytest.raises(PlatformDown) as caught:
                client.get("a", {})
        assert caught.value.kind == Kind.RATE_LIMITED
        assert len(server.asked) == 1
        client.begin()
        client.get("a", {})
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("paging", "position"),
    [
        ({}, {}),
        ({"cursors": {"after": "x"}}, {}),
        ({"next": "https://h/p?access_token=T&after=x&limit=5"}, {"after": "x"}),
        (
            {"next": "https://h/p?access_token=T&until=9&since&__paging_token=t&__previous"},
            {"until": "9", "__paging_token": "t"},
        ),
        ({"next": "https://h/p?access_token=T", "cursors": {"after": "c"}}, {"after": "c"}),
        ({"next": "https://h/p?access_token=T"}, {}),
        ({"next": "http://[broken", "cursors": {"after": "c"}}, {"after": "c"}),
        ({"next": 5}, {}),
        ("odd", {}),
    ],
)
def test_only_the_position_is_taken_from_next(paging, position):
    assert graph.next_position({"paging": paging}) == position


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {"id": "1"}}, {"error": {}}])
def test_an_answer_without_a_list_is_a_failure(body):
    with pytest.raises(PlatformError) as caught:
        graph.data_of(body)
    assert caught.value.kind == Kind.BAD_PAYLOAD


def edge(*bodies, cap=9):
    with replay(script({"/v26.0/e": [Reply(body) for body in bodies]})) as server:
        client = graph.Graph(Http(server.url, limits=Limits(retries=0)))
        pages = list(client.pages("e", {"limit": 2}, cap, graph.data_of))
        return pages, server.asked


def page(*ids, after=None):
    paging = {"next": f"https://h/e?access_token=CANARY&after={after}"} if after else {}
    return {"data": [{"id": i} for i in ids], "paging": paging}


def test_the_same_cursor_may_still_advance():
    pages, asked = edge(page("1", after="s"), page("2", after="s"), page("3", after="s"), page())
    assert [p.last for p in pages] == [False, False, False, True]
    assert [a.query.get("after") for a in asked] == [None, "s", "s", "s"]
    assert all("access_token" not in a.query for a in asked)


def test_the_same_page_for_ever_ends_when_nothing_is_new():
    pages, asked = edge(page("1", "2", after="s"))
    assert (len(asked), pages[-1].last, pages[-1].capped) == (2, True, False)


def test_the_cap_ends_an_endless_edge_and_is_said():
    pages, asked = edge(*[page(str(n), after="s") for n in range(9)], cap=3)
    assert (len(asked), pages[-1].last, pages[-1].capped) == (3, False, True)
