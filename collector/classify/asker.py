"""The border to Google: asks Gemini through google-genai and says in our words what went wrong.

The library is imported with the first question, so that nothing else pays for it.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from collector.classify import ClassificationError
from collector.classify.calls import Answer, Ask
from collector.classify.prompt import INSTRUCTION, SCHEMA
from collector.platforms.http import strict_object
from collector.platforms.quota import PACIFIC, next_midnight
from insights.model import Kind

API_VERSION = "v1beta"
LONGEST_QUOTE = 160  # characters of Google's own words kept in a message


def gemini_asker(
    api_key: str,
    base_url: str,
    model: str,
    *,
    connect_timeout: float = 5.0,
    deadline: float = 60.0,
    max_bytes: int = 4_000_000,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Ask:
    """Something that puts one question to `model` and never follows a redirect.

    `deadline` bounds the whole exchange, in seconds; there is no shorter limit for a read, as a
    model sends nothing before it has written everything. Nothing is taken from the environment
    but a proxy: not GOOGLE_API_KEY, not GOOGLE_GEMINI_BASE_URL, not the switch to Vertex AI.
    The library is loaded with the first question, and one client serves all of them (it closes a
    forgotten one).
    """

    @cache
    def client():
        http_client = _bounded_client(connect_timeout, deadline, max_bytes)
        return _client(api_key, base_url, deadline, http_client), _config()

    def ask(question: str) -> Answer:
        library, config = client()
        with _Translated(api_key, model, clock):
            response = library.models.generate_content(
                model=model, contents=question, config=config
            )
            return answer_of(response)

    return ask


def _client(api_key: str, base_url: str, timeout: float, http_client: Any):
    """Raises ClassificationError (AUTH) for a key that cannot be one: the library would replace
    an empty key by what the environment holds."""
    from google import genai
    from google.genai import types
    from google.genai.client import DebugConfig

    if not re.fullmatch(r"[!-~]+", api_key):
        raise ClassificationError(Kind.AUTH, "GEMINI_API_KEY is empty or holds odd characters")
    try:
        return genai.Client(
            vertexai=False,
            api_key=api_key,
            debug_config=DebugConfig(client_mode=None, replays_directory=None, replay_id=None),
            http_options=types.HttpOptions(
                base_url=base_url,
                api_version=API_VERSION,
                timeout=int(timeout * 1000),
                httpx_client=http_client,
            ),
        )
    except (ValueError, ImportError) as error:
        raise ClassificationError(
            Kind.BAD_REQUEST, f"google-genai cannot be set up ({type(error).__name__})"
        ) from error


def _config():
    from google.genai import types

    return types.GenerateContentConfig(
        system_instruction=INSTRUCTION,
        response_mime_type="application/json",
        response_json_schema=SCHEMA,
        # No limit of output: thoughts count against it and would cut the answer short.
        thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )


def _bounded_client(connect_timeout: float, deadline: float, max_bytes: int):
    """An HTTP client that reads a limited body in a limited time and stays on its host.

    The library follows redirects and takes the key along (x-goog-api-key is no header that HTTP
    clients strip); its timeout counts per read, and a small compressed body can unpack to
    hundreds of megabytes, so none is asked for or accepted.
    """
    import httpx2

    class BoundedClient(httpx2.Client):
        def send(self, request, **_given):
            request.headers["accept-encoding"] = "identity"
            request.extensions["timeout"]["connect"] = connect_timeout
            ends_at = time.monotonic() + deadline
            response = super().send(request, stream=True, follow_redirects=False)
            try:
                body = b"".join(_chunks(response, ends_at, max_bytes))
            finally:
                response.close()
            if response.status_code == 200:
                _check_object(body)
            return httpx2.Response(
                response.status_code, headers=response.headers, content=body, request=request
            )

    return BoundedClient(follow_redirects=False)


def _chunks(response: Any, ends_at: float, max_bytes: int) -> Iterator[bytes]:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ClassificationError(Kind.BAD_PAYLOAD, "Gemini's host sent a packed answer unasked")
    size = 0
    for chunk in response.iter_raw():
        size += len(chunk)
        if size > max_bytes:
            raise ClassificationError(Kind.TOO_LARGE, f"Gemini's answer exceeds {max_bytes} bytes")
        if time.monotonic() > ends_at:
            raise ClassificationError(Kind.TIMEOUT, "Gemini's answer came too slowly")
        yield chunk


def _check_object(body: bytes) -> None:
    """Raises unless the body is a JSON object of a size that memory can hold: the library takes an
    empty one for an answer."""
    try:
        strict_object(body)
    except ValueError as error:
        message = "Gemini's host sent no readable answer"
        raise ClassificationError(Kind.BAD_PAYLOAD, message) from error


def answer_of(response: Any) -> Answer:
    """The parts of a `GenerateContentResponse` that count; thoughts are no text."""
    feedback = response.prompt_feedback
    candidate = next(iter(response.candidates or ()), None)
    content = candidate.content if candidate is not None else None
    parts = (content.parts if content is not None else None) or ()
    texts = [part.text for part in parts if part.text and not part.thought]
    usage = response.usage_metadata
    return Answer(
        text="".join(texts) or None,
        finish=_name(candidate.finish_reason) if candidate is not None else "",
        blocked=_name(feedback.block_reason) if feedback is not None else "",
        prompt_tokens=None if usage is None else usage.prompt_token_count,
        output_tokens=None if usage is None else _written(usage),
    )


def _written(usage: Any) -> int | None:
    """Tokens of the answer and of the thoughts before it; an answer cut before its first word has
    none of either. None where the prompt was not counted: then nothing was."""
    if usage.prompt_token_count is None:
        return None
    return (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)


def _name(reason: Any) -> str:
    return "" if reason is None else str(getattr(reason, "value", reason))


class _Translated:
    """Turns whatever the library raises inside the block into a ClassificationError."""

    def __init__(self, api_key: str, model: str, clock: Callable[[], datetime]):
        self._hide = api_key
        self._model = model
        self._clock = clock

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind, error: BaseException | None, _trace) -> None:
        import httpx2
        from google.genai.errors import APIError

        if isinstance(error, APIError):
            told = error_of(error.code, error.details, self._model, self._clock())
        elif isinstance(error, httpx2.TimeoutException):
            told = ClassificationError(Kind.TIMEOUT, "Gemini did not answer in time")
        elif isinstance(error, httpx2.RequestError):
            told = _network_error(error)
        elif isinstance(error, httpx2.InvalidURL):
            told = ClassificationError(Kind.BAD_REQUEST, "GEMINI_API_BASE_URL is no address")
        # An object that is no answer: the library fails in a way of its own on each.
        elif isinstance(error, ValueError | TypeError | AttributeError | KeyError | RecursionError):
            told = ClassificationError(Kind.BAD_PAYLOAD, "Gemini's host sent no readable answer")
        else:
            return
        told.message = told.message.replace(self._hide, "[hidden]")
        told.args = (told.message,)
        # `from None`: the library's texts quote answers, and an answer may quote the key.
        raise told from None


def _network_error(error: BaseException) -> ClassificationError:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and cause not in causes:
        causes.append(cause)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return ClassificationError(Kind.TLS, "no trusted connection to Gemini's host")
    return ClassificationError(
        Kind.NETWORK, f"Gemini's host cannot be reached ({type(error).__name__})"
    )


def error_of(code: int, body: Any, model: str, now: datetime) -> ClassificationError:
    """What an error answer of Gemini means and whether asking again can help.

    A bad key is a 400, not a 401. A daily quota says "retry in 23 s" and means tomorrow, so the
    quota's name is read and not the hint. https://ai.google.dev/gemini-api/docs/troubleshooting
    """
    error = _error_part(body)
    message = str(error.get("message") or "")
    status = str(error.get("status") or "")
    if 300 <= code < 400:
        return ClassificationError(Kind.REDIRECT_BLOCKED, "Gemini's host answered with a redirect")
    if code == 429:
        return _quota_error(error, message, model, now)
    if code in (401, 403) or _key_refused(error, message):
        return ClassificationError(Kind.AUTH, f"Google refused GEMINI_API_KEY ({code} {status})")
    if code == 402 or status == "FAILED_PRECONDITION":
        return ClassificationError(
            Kind.BILLING, f"Google asks for billing or refuses this region: {_quoted(message)}"
        )
    if code == 404:
        return ClassificationError(
            Kind.BAD_REQUEST,
            f"Google knows no model {model!r} (GEMINI_MODEL); it may be retired",
        )
    if code in (408, 499, 504):
        return ClassificationError(Kind.TIMEOUT, f"Gemini took too long ({code} {status})")
    if code >= 500:
        return ClassificationError(Kind.SERVER_ERROR, f"Gemini has a fault ({code} {status})")
    return ClassificationError(
        Kind.BAD_REQUEST,
        f"Gemini refused the request ({code} {status}): {_quoted(message)}",
        posts_at_fault=True,
    )


def _error_part(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        return {}
    error = body.get("error", body)
    return error if isinstance(error, dict) else {}


def _details(error: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    for detail in _list(error.get("details")):
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith(kind):
            yield detail


def _list(value: Any) -> list:
    return value if isinstance(value, list) else []


def _key_refused(error: Mapping[str, Any], message: str) -> bool:
    reasons = {str(detail.get("reason")) for detail in _details(error, "ErrorInfo")}
    return any(r.startswith("API_KEY_") for r in reasons) or "API key" in message


def _quota_error(
    error: Mapping[str, Any], message: str, model: str, now: datetime
) -> ClassificationError:
    """A 429: for the day (wait for midnight in California), for credits, or for the minute."""
    names = [
        str(violation.get("quotaId", ""))
        for failure in _details(error, "QuotaFailure")
        for violation in _list(failure.get("violations"))
        if isinstance(violation, dict)
    ]
    said = " ".join([*names, message])
    if re.search(r"(?i)per[ _]?day|daily", said):
        until = next_midnight(now, PACIFIC)
        return ClassificationError(
            Kind.QUOTA,
            f"the daily quota of {model} is used up; asked again after {until:%Y-%m-%d %H:%M} UTC",
            closed_until=until,
        )
    if re.search(r"(?i)credits? (?:are|is) depleted|spending (?:cap|limit)", said):
        return ClassificationError(Kind.BILLING, f"Google asks for credit: {_quoted(message)}")
    return ClassificationError(
        Kind.RATE_LIMITED, "Gemini's limit a minute is reached", _retry_delay(error)
    )


def _retry_delay(error: Mapping[str, Any]) -> float | None:
    for detail in _details(error, "RetryInfo"):
        found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)s", str(detail.get("retryDelay", "")))
        if found:
            return float(found[1])
    return None


def _quoted(message: str) -> str:
    """Google's words on one line, short, without the query of any address in them."""
    line = re.sub(r"\?\S*", "", " ".join(message.split()))
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"
