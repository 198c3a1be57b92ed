"""Why a record stands in quarantine, in the reader's words: the collector writes fixed English."""

from __future__ import annotations

import re
from datetime import tzinfo

from ui import notes, text
from ui.text import t

# What the collector writes, and the word for it; a group is a detail that is shown as it is. The
# fixed sentences are those of collector/platforms, collector/classify and db/rows.py.
_KNOWN = tuple(
    (code, re.compile(written))
    for code, written in (
        ("no_id", r"no readable id|the post has no usable id|no id"),
        ("odd_id", r"the id is no number"),
        ("no_text", r"no readable text|no text"),
        ("odd_text", r"the text is not a? ?text"),
        ("long_text", r"the text has \d+ characters"),
        ("odd_time", r"the time is not a text|the time is no number of seconds"),
        ("unread_time", r"the time cannot be read .*|created_time cannot be read"),
        ("no_offset", r"the time has no offset|the time of the post has no time zone"),
        ("too_old", r"the time of the post lies before social media"),
        ("future", r"the time of the post lies in the future"),
        ("odd_platform", r"the platform is not one of ours"),
        ("no_media", r"the record is no media"),
        ("no_title", r"the video has no title"),
        ("nothing_to_label", r"empty: no text to read"),
        ("blocked", r"blocked: (.*)"),
        ("unfinished", r"unfinished: (.*)"),
        ("no_answer", r"unusable: no answer for this post"),
        ("two_answers", r"unusable: answered twice, differently"),
        ("odd_label", r"unusable: no such label: (.*)"),
        ("odd_score", r"unusable: no such score: (.*)"),
        ("contradiction", r"unusable: label \S+ contradicts score (\S+)"),
    )
)
_GIVEN_UP = re.compile(r"left after (\d+) tries: (.*)", re.DOTALL)


def code_of(reason: str) -> tuple[str | None, str]:
    """The code of what the collector wrote, and its detail; None for what is not ours."""
    for code, written in _KNOWN:
        found = written.fullmatch(reason)
        if found:
            return code, next(iter(found.groups()), "")
    return None, reason


def words_of(reason: str, zone: tzinfo) -> str:
    """A reason in the reader's language; what a platform or a library said is marked as that.

    A failure of the classifier is told as a run's note is (ui/notes.py).
    """
    given_up = _GIVEN_UP.fullmatch(reason)
    if given_up:
        return t("fault.given_up", n=int(given_up[1]), why=words_of(given_up[2], zone))
    code, detail = code_of(reason)
    if code is None:
        return notes.one_line(detail, zone)
    words = text.name_of("fault", code)
    return f"{words} ({detail})" if detail else words
