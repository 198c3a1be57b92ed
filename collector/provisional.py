"""The offline classifier's turn in a round: what Gemini left without a label gets one for now."""

from __future__ import annotations

import time

from collector.classify import Classifier, Outcome
from collector.context import Context
from db import queries, store
from insights.model import Unclassified

# One transaction each; a stop is noticed between two.
POSTS_AT_ONCE = 500


def stand_in(context: Context, classifier: Classifier | None) -> str:
    """Label for now what has no label; returns what an operator should know of it, "" of nothing.

    The posts go on waiting, and Gemini's answer takes the place of this one. A post is looked at
    once; again when its text changes, or a new version of the classifier comes. Ends early at a
    stop and when the round's time is over.
    """
    if classifier is None:
        return ""
    labelled = silent = 0
    while not context.stop.is_set() and time.monotonic() < context.ends_at:
        with context.engine.connect() as connection:
            posts = queries.unlabelled_posts(
                connection, POSTS_AT_ONCE, classifier.name, audited=context.limits.audited
            )
        outcomes = list(classifier.classify(posts, context.stop)) if posts else []
        if not outcomes:
            break
        found = _save(context, classifier.name, posts, outcomes)
        labelled, silent = labelled + found, silent + len(posts) - found
    if not labelled and not silent:
        return ""
    return f"offline: {labelled} labelled provisionally, {silent} not, as it was not sure"


def _save(context: Context, mark: str, posts: list[Unclassified], outcomes: list[Outcome]) -> int:
    """Store one batch's answers, and that these posts were looked at; returns how many took one."""
    answers = [answer for outcome in outcomes for answer in outcome.answers]
    answered = {(answer.post_id, str(answer.platform)) for answer in answers}
    keys = [(post.post_id, str(post.platform)) for post in posts]
    now = context.clock()
    with context.engine.begin() as connection:
        context.guard(connection)
        found = store.save_classifications(connection, answers, now=now) if answers else 0
        if silent := [key for key in keys if key not in answered]:
            store.withdraw_labels(connection, silent, now=now)
        store.note_seen(connection, keys, mark)
    return found
