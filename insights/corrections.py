"""What an officer says against the machine: a label, a place, or whether a post counts at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from insights.model import Platform, Sentiment

UNKNOWN = "unknown"


class Field(StrEnum):
    """What can be corrected of a post (`corrections.field`)."""

    SENTIMENT = "sentiment"
    PLACE = "place"
    RELEVANT = "relevant"


class CorrectionError(Exception):
    """A correction that cannot be taken; the message is a code with a text in every language."""


@dataclass(frozen=True)
class Correction:
    """One officer's word on one post.

    `value` is a label for a sentiment, a place's slug or "unknown" for a place, and "yes" or "no"
    for relevance. The same value as the machine's is a confirmation: it counts for the accuracy.
    """

    platform: Platform
    post_id: str
    field: Field
    value: str


def checked(correction: Correction, slugs: frozenset[str]) -> Correction:
    """The correction, when its value is one that its field can have; raises CorrectionError."""
    allowed = {
        Field.SENTIMENT: frozenset(Sentiment),
        Field.PLACE: slugs | {UNKNOWN},
        Field.RELEVANT: frozenset({"yes", "no"}),
    }
    if correction.value not in allowed[correction.field]:
        raise CorrectionError(f"unknown_{correction.field}")
    return correction
