"""Meta's Graph API, as far as Instagram and Facebook share it: errors, usage and paging."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from collector.platforms import PlatformError, fields
from collector.platforms.http import Answer, Http, PlatformDown, Refusal, plain_refusal, summary
from collector.platforms.refreshing import batches
from insights.model import Kind

VERSION = "/v26.0"
USAGE_HEADERS = ("X-App-Usage", "X-Business-Use-Case-Usage", "X-Page-Usage", "X-Ad-Account-Usage")
USAGE_NAMES = ("call_count", "total_time", "total_cputime")
REGAIN = "estimated_time_to_regain_access"  # minutes
FULL = 95  # percent of an allowance; beyond it Meta blocks the app, so we stop before

# Codes decide, not `type`: that is OAuthException for nearly everything, faults of the server too.
AUTH_CODES = {102, 190}
RATE_CODES = {4, 17, 32, 613, *range(80001, 80015)}
PERMISSION_CODES = {3, 10, *range(200, 300)}
PERMISSION_WORDS = ("public content access", "does not have permission")
BLOCKED = 368
METRIC_REFUSED = re.compile(r"does not support the (\w+) metric")
UNKNOWN_FAULT, SERVICE_FAULT = 1, 2
# What Graph says when one of several ids does not exist, or may not be read by this token.
OF_THE_IDS = (Kind.BAD_REQUEST, Kind.PERMISSION)
INVALID_PARAMETER = 100


class TooMuchAsked(PlatformError):
    """The page asked for is too large for the server; a smaller one may pass."""


class MetricRefused(PlatformError):
    """One figure that was asked for does not exist here, and so none was given."""


class Graph:
    """A client of the Graph API that stops asking when an allowance is nearly used up."""

    def __init__(self, http: Http):
        self._http = http
        self._full: PlatformDown | None = None

    @property
    def requests(self) -> int:
        return self._http.requests

    def probe(self) -> None:
        """Ask one request, and more only once it was answered."""
        self._http.probe()

    def begin(self) -> None:
        """Start a round."""
        self._http.begin()
        self._full = None

    def get(self, path: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body of the answer; `path` stands below the version.

        Raises PlatformDown RATE_LIMITED, without a request, once an answer said that FULL percent
        of an allowance are used.
        """
        if self._full is not None:
            raise self._full
        answer = self._http.get(f"{VERSION}/{path}", params, read_refusal)
        percent, wait = usage(answer.headers)
        if percent >= FULL:
            said = f"{percent:g} % of the allowance is used; no further requests in this round"
            self._full = PlatformDown(Kind.RATE_LIMITED, said, wait)
        return answer.body or {}

    def pages(
        self,
        path: str,
        params: Mapping[str, Any],
        max_pages: int,
        items_of: Callable[[Mapping[str, Any]], list[Any]],
        *,
        patient: bool = False,
    ) -> Iterator[GraphPage]:
        """The pages of an edge until there is no next one, one brings no new id, or the cap.

        The cursor may be the same on each page and still advance (hashtag edges do that), so a
        repeated cursor alone ends nothing. `patient`: a page without a new id ends the edge only
        if its cursor stands still as well, because Facebook may filter out all posts of a page.
        Only the position is taken from `paging.next`: its address contains the access token.
        """
        seen: set[str] = set()
        position: dict[str, str] = {}
        for number in range(1, max_pages + 1):
            body = self.get(path, {**params, **position})
            items = items_of(body)
            ids = {str(fields.mapping(item).get("id")) for item in items}
            before, position = position, next_position(body)
            stale = not ids - seen and not (patient and position != before)
            last = not position or stale
            yield GraphPage(items, last, capped=not last and number == max_pages)
            if last:
                return
            seen |= ids

    def by_ids(
        self, ids: Sequence[str], fields_wanted: str, size: int, most: int
    ) -> Iterator[tuple[list[str], list[Any]]]:
        """What `?ids=` answers: the ids of each request with their records, in `most` requests.

        One id that cannot be shown makes Graph refuse all of them, and does not say which: the
        request is halved then, down to one id alone, which is answered by no record. So are all
        of a request that the token may not make.
        """
        left = [list(batch) for batch in batches(ids, size)]
        while left and most > 0:
            asked = left.pop(0)
            most -= 1
            try:
                body = self.get("", {"ids": ",".join(asked), "fields": fields_wanted})
            except PlatformError as error:
                if isinstance(error, PlatformDown) or error.kind not in OF_THE_IDS:
                    raise
                if len(asked) == 1 or error.kind == Kind.PERMISSION:
                    yield asked, []
                else:
                    middle = len(asked) // 2
                    left = [asked[:middle], asked[middle:], *left]
                continue
            yield asked, list(body.values())


class GraphPage:
    """One page: its records, whether it ends the edge, and whether the cap cut the edge off."""

    def __init__(self, items: list[Any], last: bool, capped: bool):
        self.items, self.last, self.capped = items, last, capped


def data_of(body: Mapping[str, Any]) -> list[Any]:
    """The records of an edge. Raises PlatformError BAD_PAYLOAD without a list of them."""
    data = body.get("data")
    if not isinstance(data, list):
        raise PlatformError(Kind.BAD_PAYLOAD, "the answer holds no list of records")
    return data


def next_position(body: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that ask for the next page, {} when this was the last one.

    Two styles: `after`, or `until` with `__paging_token`. A cursor without `next` is the end.
    """
    paging = fields.mapping(body.get("paging"))
    following = fields.optional_text(paging.get("next"))
    if following is None:
        return {}
    try:
        query = parse_qs(urlsplit(following).query)
    except ValueError:
        query = {}
    if "after" in query:
        return {"after": query["after"][0]}
    if "until" in query:
        names = ("until", "__paging_token")
        return {name: query[name][0] for name in names if name in query}
    after = fields.optional_text(fields.mapping(paging.get("cursors")).get("after"))
    return {"after": after} if after else {}


def usage(headers: Mapping[str, str]) -> tuple[float, float | None]:
    """The fullest allowance in percent, and the seconds until access is regained (None: unsaid).

    The headers are missing while use is small; what cannot be read counts as 0.
    """
    highest, minutes = 0.0, 0.0
    for name in USAGE_HEADERS:
        for record in _usage_records(headers.get(name, "")):
            numbers = [record.get(key) for key in USAGE_NAMES]
            highest = max([highest, *filter(_is_number, numbers)])
            regain = record.get(REGAIN)
            minutes = max(minutes, regain) if _is_number(regain) else minutes
    return highest, minutes * 60 or None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _usage_records(header: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a usage header: one, or a list for each business."""
    try:
        told = json.loads(header or "{}")
    except (ValueError, RecursionError):
        return
    if not isinstance(told, dict):
        return
    yield told
    for value in told.values():
        yield from fields.objects(value)


def read_refusal(answer: Answer, now: float) -> Refusal:
    """What an error of the Graph API means (docs/platforms.md holds the table of codes)."""
    plain = plain_refusal(answer, now)
    error = fields.mapping(fields.mapping(answer.body).get("error"))
    code = error.get("code")
    if not isinstance(code, int):
        return plain
    message = error.get("message")
    said = summary(f"code {code}/{error.get('error_subcode') or '-'}", message)
    told = message.casefold() if isinstance(message, str) else ""
    if code in AUTH_CODES:
        return Refusal(Kind.AUTH, said)
    if code == BLOCKED:
        return Refusal(Kind.PERMISSION, said, platform_wide=True)
    if code in RATE_CODES:
        # Trying again sooner than told only uses more of the allowance.
        wait = usage(answer.headers)[1] or plain.wait
        return Refusal(Kind.RATE_LIMITED, said, wait, retry=False)
    if code in PERMISSION_CODES and "enough viewers" in told:
        return Refusal(Kind.BAD_REQUEST, said)  # this one medium was seen by too few
    if code in PERMISSION_CODES or any(words in told for words in PERMISSION_WORDS):
        return Refusal(Kind.PERMISSION, said)
    if code == UNKNOWN_FAULT and "reduce the amount of data" in told:
        return Refusal(Kind.BAD_REQUEST, said, error=TooMuchAsked)
    if code in (UNKNOWN_FAULT, SERVICE_FAULT) or error.get("is_transient") is True:
        return Refusal(Kind.SERVER_ERROR, said, plain.wait)
    if code == INVALID_PARAMETER:
        metric = METRIC_REFUSED.search(told)
        return Refusal(Kind.BAD_REQUEST, said, error=MetricRefused if metric else PlatformError)
    return Refusal(plain.kind, said, plain.wait)
