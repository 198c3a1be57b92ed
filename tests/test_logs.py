"""The collector's log: readable lines, and no secret in any of them."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from collector import logs
from tests.fakes import KUALA_LUMPUR

CANARY = "canary/token+with=signs"


@pytest.fixture
def written():
    """What was logged so far, as text; the logging set-up of the test run is put back after."""
    root, hook = logging.getLogger(), sys.excepthook
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.set_up("DEBUG", [CANARY, "abc"], KUALA_LUMPUR, stream)
    yield stream.getvalue
    root.handlers[:], sys.excepthook = before, hook
    root.setLevel(level)
    logging.captureWarnings(False)


def test_a_line_tells_the_local_time_the_level_and_the_message(written):
    logging.getLogger("collector").info("x: 42 new, 13 updated, 2 quarantined in 3.1 s")

    time, line = written().split(" INFO ")
    assert line == "x: 42 new, 13 updated, 2 quarantined in 3.1 s\n"
    assert time.endswith("+08:00")


def test_a_secret_in_an_argument_is_hidden(written):
    logging.getLogger("collector").warning("refused: %s", {"token": CANARY})

    assert CANARY not in written()
    assert logs.HIDDEN in written()


def test_a_secret_in_the_text_of_an_exception_is_hidden(written):
    try:
        raise ValueError(f"no route to /posts?access_token={CANARY}")
    except ValueError:
        logging.getLogger("collector").exception("failed")

    assert CANARY not in written()
    assert "ValueError" in written()


def test_a_percent_encoded_secret_is_hidden(written):
    logging.getLogger("urllib3.connectionpool").debug("GET /x?q=canary%2Ftoken%2Bwith%3Dsigns")

    assert "canary%2F" not in written()


@pytest.mark.parametrize(
    "line",
    [
        "GET /v26.0/1/posts?access_token=EAAunknown123&limit=5 HTTP/1.1",
        "send headers {'Authorization': 'Bearer unknown-token-123'}",
        "POST https://host/v1beta/models?key=AIzaUnknown123",
        "postgresql://kedah:unknown123@db.example/kedah",
    ],
)
def test_what_looks_like_a_secret_is_hidden_even_when_nobody_named_it(written, line):
    logging.getLogger("httpx2").debug(line)

    assert "nknown" not in written()


def test_a_value_too_short_to_be_a_secret_tears_no_holes(written):
    logging.getLogger("collector").info("abcdef")

    assert "abcdef" in written()


def test_libraries_are_quiet_unless_debug_was_asked_for(written):
    logs.set_up("INFO", [], KUALA_LUMPUR, io.StringIO())

    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.INFO)


def test_an_error_nobody_caught_is_redacted_too(written):
    try:
        raise RuntimeError(CANARY)
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    assert "fault of the program" in written()
    assert CANARY not in written()


def test_an_unknown_level_is_refused(written):
    with pytest.raises(ValueError, match="LOUD"):
        logs.set_up("loud", [], KUALA_LUMPUR)
