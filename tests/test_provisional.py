"""Labels for now: they fill what Gemini left open, and give way to everybody else's."""

from __future__ import annotations

import threading
import time
from datetime import UTC, timedelta

import pytest

from collector.__main__ import Collector
from collector.classify import ClassificationError, Outcome
from collector.context import Context, Limits
from collector.provisional import stand_in
from collector.rounds import classify_waiting
from db import queries, store
from insights.accuracy import OFFLINE
from insights.model import Classification, Kind, Platform, Sentiment
from settings import read_settings
from tests.fakes import NOW, a_place, a_post, matched

LATER = NOW + timedelta(hours=1)


class FakeClassifier:
    """Calls texts with "cantik" positive, those with "teruk" negative, and of others knows none;
    `failing` it answers nothing."""

    def __init__(self, name: str = f"{OFFLINE}1", failing: Kind | None = None):
        self.name = name
        self._failing = failing

    def classify(self, posts, stop):
        if self._failing is not None:
            yield Outcome(error=ClassificationError(self._failing, "quota used up"))
            return
        known = {"cantik": Sentiment.POSITIVE, "teruk": Sentiment.NEGATIVE}
        outcome = Outcome()
        for post in posts:
            found = [label for word, label in known.items() if word in post.content]
            if found:
                outcome.answers.append(
                    Classification(
                        post.platform, post.post_id, found[0], 0.0, self.name, confidence=0.8
                    )
                )
        yield outcome


@pytest.fixture
def db(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [a_place()], NOW)
    return engine


def save(db, *posts) -> None:
    with db.begin() as connection:
        pages = [matched(post, 1) for post in posts]
        store.save_page(connection, pages, now=NOW, zone=UTC)


def stored(db, post):
    with db.connect() as connection:
        return queries.why_of(connection, post.platform, post.post_id)


def stand(db, name: str = f"{OFFLINE}1", **limits) -> str:
    context = Context(
        db,
        lambda: LATER,
        threading.Event(),
        Limits(**limits),
        lambda _connection: None,
        str,
        time.monotonic() + 60,
    )
    return stand_in(context, FakeClassifier(name))


def label(db, post, by: str = "gemini:x", sentiment: Sentiment = Sentiment.NEUTRAL) -> int:
    answer = Classification(post.platform, post.post_id, sentiment, 0.0, by)
    with db.begin() as connection:
        return store.save_classifications(connection, [answer], now=LATER)


def version(db) -> tuple[int, int]:
    with db.connect() as connection:
        return queries.version(connection)


def test_a_provisional_label_is_stored_and_its_post_goes_on_waiting(db):
    post = a_post()
    save(db, post)

    said = stand(db)

    row = stored(db, post)
    assert (row["sentiment"], row["classified_by"]) == ("positive", f"{OFFLINE}1")
    assert row["waiting"]
    assert said == "offline: 1 labelled provisionally, 0 not, as it was not sure"


def test_a_post_of_which_it_is_not_sure_keeps_no_label(db):
    post = a_post(content="jadual feri hari ini")
    save(db, post)

    assert "0 labelled provisionally, 1 not" in stand(db)
    row = stored(db, post)
    assert row["sentiment"] is None
    assert row["classified_by"] is None
    assert row["waiting"]
    assert row["classify_attempts"] == 0


def test_a_post_is_looked_at_once(db):
    save(db, a_post(), a_post(content="jadual feri"))
    stand(db)
    before = version(db)

    assert stand(db) == ""
    assert version(db) == before


def test_a_new_version_looks_at_provisional_posts_again_and_at_no_others(db):
    mine, geminis = a_post(), a_post()
    save(db, mine, geminis)
    stand(db)
    label(db, geminis)

    stand(db, f"{OFFLINE}2")

    assert stored(db, mine)["classified_by"] == f"{OFFLINE}2"
    assert stored(db, geminis)["classified_by"] == "gemini:x"


def test_gemini_takes_the_place_of_a_provisional_label(db):
    post = a_post()
    save(db, post)
    stand(db)

    assert label(db, post) == 1

    row = stored(db, post)
    assert (row["sentiment"], row["classified_by"]) == ("neutral", "gemini:x")
    assert not row["waiting"]


def test_a_provisional_label_never_takes_the_place_of_geminis(db):
    post = a_post()
    save(db, post)
    label(db, post)

    assert label(db, post, f"{OFFLINE}1", Sentiment.NEGATIVE) == 0
    assert stored(db, post)["sentiment"] == "neutral"


def test_also_not_when_the_text_changed_since_gemini_read_it(db):
    post = a_post()
    save(db, post)
    label(db, post)
    save(db, a_post(post_id=post.post_id, content="Pantai Cenang teruk"))

    assert stand(db) == ""
    assert stored(db, post)["sentiment"] == "neutral"


def test_a_text_that_changed_is_looked_at_again(db):
    post = a_post()
    save(db, post)
    stand(db)
    save(db, a_post(post_id=post.post_id, content="Pantai Cenang teruk"))

    stand(db)

    assert stored(db, post)["sentiment"] == "negative"


def test_a_provisional_label_falls_with_its_text(db):
    post = a_post()
    save(db, post)
    stand(db)
    save(db, a_post(post_id=post.post_id, content="Pantai Cenang"))
    before = version(db)

    stand(db)

    row = stored(db, post)
    assert row["sentiment"] is None
    assert row["confidence"] is None
    assert row["waiting"]
    assert version(db) > before


def test_youtube_gets_no_provisional_label_unless_it_was_audited(db):
    video = a_post(platform=Platform.YOUTUBE)
    save(db, video)

    assert stand(db) == ""
    assert "1 labelled provisionally" in stand(db, audited=True)


def test_provisional_posts_are_relabelled_first(db):
    old, new = a_post(posted_at=NOW - timedelta(days=9)), a_post(content="jadual feri")
    save(db, old, new)
    stand(db)

    with db.connect() as connection:
        waiting = queries.waiting_posts(connection, 10, 4)

    assert [post.post_id for post in waiting] == [old.post_id, new.post_id]


def round_of(db, classifier):
    return classify_waiting(db, classifier, lambda: LATER, stopgap=FakeClassifier())


def test_without_a_key_the_round_says_how_many_it_labelled(db):
    save(db, a_post(), a_post(content="jadual feri"))

    report = round_of(db, None)

    assert "no GEMINI_API_KEY; 2 posts wait for a label; offline: 1 labelled" in str(report.lines)
    assert report.exit_code == 0


def test_when_gemini_fails_its_error_stands_beside_the_provisional_labels(db):
    post = a_post()
    save(db, post)

    report = round_of(db, FakeClassifier("gemini:x", failing=Kind.QUOTA))

    assert report.lines[0].kind is Kind.QUOTA
    assert "offline: 1 labelled provisionally" in str(report.lines)
    assert stored(db, post)["classified_by"] == f"{OFFLINE}1"
    assert report.exit_code == 3


def test_what_gemini_labelled_is_left_to_it(db):
    post = a_post()
    save(db, post)

    round_of(db, FakeClassifier("gemini:x"))

    assert stored(db, post)["classified_by"] == "gemini:x"


def test_labels_to_train_from_are_geminis_only(db):
    mine, geminis = a_post(), a_post(content="Pantai Cenang teruk")
    save(db, mine, geminis)
    stand(db)
    label(db, geminis, sentiment=Sentiment.NEGATIVE)

    with db.connect() as connection:
        found = list(queries.labelled_posts(connection))

    assert [(row["content"], row["sentiment"]) for row in found] == [
        ("Pantai Cenang teruk", "negative")
    ]


@pytest.mark.parametrize(("key", "labels"), [("", True), ("k3y", False)])
def test_only_an_installation_without_a_key_labels_for_now(key, labels):
    settings = read_settings({"GEMINI_API_KEY": key}, None)
    assert (Collector(settings, str).keyless() is not None) is labels
