"""Reads what a model wrote: every item is judged alone, and nothing is guessed.

Half an answer, fences, leading prose and invented ids are everyday things; a label is stored only
when the item that brings it is whole, names a post that was sent, and does not contradict itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from insights.model import Classification, Sentiment, Unclassified
from insights.topics import TOPICS

LANGUAGES = ("ms", "en", "zh", "ta", "th", "other")
LEVELS = ("low", "medium", "high")
MOST_KEYWORDS, LONGEST_KEYWORD = 8, 40
MOST_ENTITIES, LONGEST_ENTITY = 8, 60

LONGEST_ANSWER = 400_000
# A broken text may open a brace at every character; each one tried costs a scan of the rest.
MOST_STARTS = 2_000

_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


class BadItem(Exception):
    """An item cannot be used; the message says why in a few words."""


@dataclass
class Reading:
    """What an answer held: labels by the id sent, and for ids it spoiled the reason."""

    labels: dict[str, Classification] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def read_answer(
    text: str | None, sent: Mapping[str, Unclassified], classified_by: str, prompt_version: str
) -> Reading:
    """The labels of an answer for the posts `sent` under these ids.

    Ids that were not sent are dropped. An id answered twice with two different labels is not
    answered: which of the two is meant cannot be known.
    """
    reading = Reading()
    for item in items(text or ""):
        key = item.get("id")
        if not isinstance(key, str) or key not in sent:
            continue
        try:
            label = read_item(item, sent[key], classified_by, prompt_version)
        except BadItem as error:
            reading.problems.setdefault(key, str(error))
            continue
        if reading.labels.setdefault(key, label) != label:
            reading.problems[key] = "answered twice, differently"
    for key in reading.problems:
        reading.labels.pop(key, None)
    return reading


def read_item(
    item: Mapping[str, Any], post: Unclassified, classified_by: str, prompt_version: str
) -> Classification:
    """One post's label; raises BadItem. A score beyond -1..+1 is drawn back to the limit."""
    sentiment = _sentiment(item.get("sentiment"))
    score = _score(item.get("score"))
    if (sentiment is Sentiment.POSITIVE and score < 0) or (
        sentiment is Sentiment.NEGATIVE and score > 0
    ):
        raise BadItem(f"label {sentiment} contradicts score {score:+.2f}")
    return Classification(
        platform=post.platform,
        post_id=post.post_id,
        sentiment=sentiment,
        score=score,
        classified_by=classified_by,
        prompt_version=prompt_version,
        keywords=_phrases(item.get("keywords"), MOST_KEYWORDS, LONGEST_KEYWORD),
        topics=_topics(item.get("topics")),
        entities=_phrases(item.get("entities"), MOST_ENTITIES, LONGEST_ENTITY),
        predicted_engagement=_one_of(item.get("predicted_engagement"), LEVELS),
        language=_one_of(item.get("language"), LANGUAGES),
        relevant=item["relevant"] if isinstance(item.get("relevant"), bool) else None,
        confidence=_share(item.get("confidence")),
    )


def items(text: str) -> Iterator[dict[str, Any]]:
    """Every object of an answer that could be an item, in the order written.

    Takes a bare list, a list under any name, single objects, and all of these behind prose, in
    fences or cut off at the end: the whole objects before the cut are kept.
    """
    for value in _objects(text[:LONGEST_ANSWER]):
        if "id" in value:
            yield value
        else:
            lists = (inner for inner in value.values() if isinstance(inner, list))
            yield from (item for inner in lists for item in inner if isinstance(item, dict))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Each outermost object that can be read; where one is broken, those inside it."""
    decoder = json.JSONDecoder(parse_constant=lambda name: None)
    at = text.find("{")
    for _ in range(MOST_STARTS):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):  # a number of 5,000 digits is a plain ValueError
            end = at + 1
        else:
            yield value
        at = text.find("{", end)


def _sentiment(value: Any) -> Sentiment:
    word = value.strip().lower() if isinstance(value, str) else None
    if word not in set(Sentiment):
        raise BadItem(f"no such label: {_short(value)}")
    return Sentiment(word)


def _score(value: Any) -> float:
    number = _number(value)
    if number is None:
        raise BadItem(f"no such score: {_short(value)}")
    return float(max(-1, min(1, number)))


def _share(value: Any) -> float | None:
    number = _number(value)
    return float(number) if number is not None and 0 <= number <= 1 else None


def _number(value: Any) -> int | float | None:
    # True is an int to Python and no number to anybody else.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _one_of(value: Any, known: tuple[str, ...]) -> str | None:
    word = value.strip().lower() if isinstance(value, str) else None
    return word if word in known else None


def _topics(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(word for word in words if isinstance(word, str) and word in TOPICS))


def _phrases(value: Any, most: int, longest: int) -> tuple[str, ...]:
    """Clean, short, different phrases. One with an @ is dropped: it would name an account."""
    words = value if isinstance(value, list) else []
    clean = (_clean(word)[:longest].strip() for word in words if isinstance(word, str))
    kept = {word.casefold(): word for word in clean if word and not {"@", "＠"} & set(word)}
    return tuple(kept.values())[:most]


def _clean(word: str) -> str:
    return " ".join(_UNSEEN.sub(" ", word).split()).lstrip("#").strip()


def _short(value: Any) -> str:
    return _UNSEEN.sub(" ", repr(value)[:40])
