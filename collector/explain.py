"""What the collector makes of a text: its places, whether it is about Kedah, how it feels."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from collector.classify import Classifier
from collector.platforms import PlatformError
from collector.platforms.fields import tags_in
from insights.languages import guess_language
from insights.matching import placed_by_classifier
from insights.model import Classification, Match, Place, PlaceLink, Platform, Unclassified
from insights.places import Gazetteer


@dataclass(frozen=True)
class Question:
    """A text to explain, or why the given line holds none."""

    text: str = ""
    problem: str = ""


def read_questions(lines: Iterable[str]) -> Iterator[Question]:
    """A question for each JSON line (an object with a `text`); empty lines are passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            # Windows tools put a byte order mark before the first line.
            given = json.loads(line.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            given = None
        text = given.get("text") if isinstance(given, dict) else None
        if isinstance(text, str):
            yield Question(text)
        else:
            yield Question(problem=f"line {number} is no JSON object with a text")


def explain(
    questions: Iterable[Question],
    gazetteer: Gazetteer,
    classifier: Classifier | None = None,
    batch: int = 25,
    sure: float | None = None,
) -> Iterator[dict[str, Any]]:
    """One answer a question, in order; `{"error": ...}` for a line that was none.

    A text that names no place stands where the classifier's entities say, as a stored post does
    (why: "classifier"); `relevant_why` is there where the classifier's word on relevance, and not
    the rules', decided. Without a classifier, and for posts it refused, sentiment, score,
    confidence and classified_by are None. With `sure`, `abstains` says whether an answer is less
    sure than that, or none: a round would store no label then. Raises PlatformError after the batch
    in which the classifier failed, once that batch's answers were given.
    """
    waiting = iter(questions)
    while asked := list(islice(waiting, batch if classifier else 1)):
        matches = [gazetteer.match(q.text, hashtags=tags_in(q.text)) for q in asked]
        labels, error = _labels(classifier, asked, matches, gazetteer)
        for number, (question, match) in enumerate(zip(asked, matches, strict=True)):
            if question.problem:
                yield {"error": question.problem}
            else:
                label = labels.get(f"{number}")
                abstains = {} if sure is None else {"abstains": _unsure(label, sure)}
                yield _answer(question.text, match, gazetteer, label) | abstains
        if error is not None:
            raise error


def _labels(
    classifier: Classifier | None,
    asked: Sequence[Question],
    matches: Sequence[Match],
    gazetteer: Gazetteer,
) -> tuple[dict[str, Classification], PlatformError | None]:
    """The classifier's answers by position, and the error that ended its work."""
    if classifier is None:
        return {}, None
    posts = [
        Unclassified(Platform.IMPORT, f"{number}", q.text, _names(match, gazetteer))
        for number, (q, match) in enumerate(zip(asked, matches, strict=True))
        if q.text.strip()
    ]
    labels: dict[str, Classification] = {}
    error: PlatformError | None = None
    for outcome in classifier.classify(posts, threading.Event()):
        labels.update({answer.post_id: answer for answer in outcome.answers})
        error = error or outcome.error
    return labels, error


def _answer(
    text: str, match: Match, gazetteer: Gazetteer, label: Classification | None
) -> dict[str, Any]:
    judged = label.relevant if label else None
    overruled = judged is not None and judged != match.about_kedah
    links = match.links or _read_by(label, gazetteer)
    primary = next((link for link in links if link.is_primary), None)
    return {
        "places": [_place(gazetteer, link) for link in links],
        "primary": _name(gazetteer.place(primary)) if primary else None,
        "relevant": match.about_kedah if judged is None else judged,
        "language": (label.language if label else None) or guess_language(text),
        "sentiment": label.sentiment if label else None,
        "score": label.score if label else None,
        "confidence": label.confidence if label else None,
        "classified_by": label.classified_by if label else None,
    } | ({"relevant_why": f"classifier:{'' if judged else 'not_'}relevant"} if overruled else {})


def _read_by(label: Classification | None, gazetteer: Gazetteer) -> tuple[PlaceLink, ...]:
    """The place that the classifier read in a text, none where it named none of Kedah."""
    link = placed_by_classifier(label, gazetteer).place if label else None
    return () if link is None else (link,)


def _unsure(label: Classification | None, sure: float) -> bool:
    return label is None or label.confidence is None or label.confidence < sure


def _place(gazetteer: Gazetteer, link: PlaceLink) -> dict[str, str]:
    place = gazetteer.place(link)
    return {"name": _name(place), "city": place.city, "alias": link.alias, "why": link.why}


def _name(place: Place) -> str:
    """The name as the list of places given to us writes it: a city as a whole says that it is
    none of the places in it. Screens, where the city stands beside it, show the bare name."""
    if not place.general:
        return place.name
    return f"{place.name} ({'island, ' if place.slug == 'langkawi' else ''}general)"


def _names(match: Match, gazetteer: Gazetteer) -> tuple[str, ...]:
    return tuple(gazetteer.place(link).name for link in match.links)
