"""A round: what is stored, what is recorded, and that one platform's failure touches no other."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from collector import rounds
from collector.classify import ClassificationError, Outcome
from collector.platforms import Page, PlatformError
from collector.rounds import HELD_PASSES, Limits, classify_waiting, collect
from db import queries, store
from db.engine import DatabaseError
from db.seed import seed_places
from insights.model import Kind, Platform, Reject, Sentiment
from insights.places import Gazetteer
from tests.fakes import KUALA_LUMPUR, NOW, FakeClassifier, FakeSource, a_post

STREAM = "search:1"
CURSOR = f"cursor:{STREAM}"
REJECT = Reject(Platform.X, "no readable text", {"id": "9"}, "9")


@pytest.fixture
def engine(engine):
    """A database with its places."""
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", seed_places(), NOW)
    return engine


def a_page(*posts, last=True, **given) -> Page:
    return Page(given.pop("stream", STREAM), posts, last=last, **given)


def a_round(engine, *sources, classifier=None, now=NOW, **given):
    with engine.connect() as connection:
        gazetteer = Gazetteer(queries.gazetteer(connection))
    given.setdefault("zone", KUALA_LUMPUR)
    return collect(engine, sources, gazetteer, classifier, lambda: now, **given)


def line_of(report, platform="x"):
    return next(line for line in report.lines if line.platform == platform)


def last_run(engine, platform="x"):
    with engine.connect() as connection:
        return queries.runs(connection, 1, platform).iloc[0]


def state(engine, platform="x"):
    with engine.connect() as connection:
        return queries.state_of(connection, platform)


def stored(engine, post):
    with engine.connect() as connection:
        return queries.why_of(connection, post.platform, post.post_id)


# ---- what is stored and recorded ---------------------------------------------------------------


def test_posts_are_stored_once_with_their_place_and_the_reason(engine):
    post = a_post(content="Pantai Cenang penuh sampah")

    a_round(engine, FakeSource(a_page(post)))
    again = a_round(engine, FakeSource(a_page(post)))

    assert (line_of(again).new, line_of(again).updated) == (0, 0)
    found = stored(engine, post)
    assert found["counted_why"] == "named:Pantai Cenang"
    assert [link["place"] for link in found["links"]] == ["Pantai Cenang"]


def test_the_run_record_tells_what_came(engine):
    known = a_post(likes=1)
    a_round(engine, FakeSource(a_page(known)))
    more = a_page(a_post(post_id=known.post_id, likes=2), a_post(), rejects=(REJECT,))

    report = a_round(engine, FakeSource(a_page(last=False), more))

    run = last_run(engine)
    assert (run.status, run.fetched, run.stored, run.updated) == ("ok", 3, 1, 1)
    assert (run.quarantined, run.requests, run.pages) == (1, 2, 2)
    assert report.exit_code == 0


def test_the_log_line_is_one_an_operator_understands(engine, caplog):
    caplog.set_level("INFO")

    a_round(engine, FakeSource(a_page(a_post(), a_post(), rejects=(REJECT,))))

    assert "x: 2 new, 0 updated, 1 quarantined in 0." in caplog.text


def test_a_platform_that_is_not_configured_is_recorded_as_skipped(engine):
    report = a_round(engine, skipped={"facebook": "not configured"})

    assert last_run(engine, "facebook").status == "skipped"
    assert last_run(engine, "facebook").note == "not configured"
    assert report.exit_code == 0


def test_every_record_of_a_round_carries_its_id(engine):
    a_round(engine, FakeSource(a_page()), skipped={"facebook": "not configured"})

    with engine.connect() as connection:
        assert queries.runs(connection, 10).round_id.nunique() == 1


def test_an_author_is_stored_as_a_hash_and_only_with_a_secret(engine):
    plain, hashed = a_post(author="someone"), a_post(author="someone")

    a_round(engine, FakeSource(a_page(plain)))
    a_round(engine, FakeSource(a_page(hashed)), hash_secret="s3cret")

    assert stored(engine, plain)["author_hash"] is None
    assert len(stored(engine, hashed)["author_hash"]) == 64


# ---- failures ----------------------------------------------------------------------------------


def test_a_failing_platform_touches_no_other(engine):
    down = FakeSource(platform=Platform.FACEBOOK, down=PlatformError(Kind.AUTH, "token refused"))

    report = a_round(engine, down, FakeSource(a_page(a_post())))

    assert line_of(report).new == 1
    run = last_run(engine, "facebook")
    assert (run.status, run.error_kind, run.error) == ("failed", "auth", "token refused")
    assert report.exit_code == 3


def test_a_failure_says_what_to_do(engine, caplog):
    a_round(engine, FakeSource(down=PlatformError(Kind.AUTH, "token refused")))

    assert "token refused" in caplog.text
    assert "What to do: renew the token" in caplog.text


def test_pages_before_a_failure_stay_and_the_run_is_partial(engine):
    post = a_post()
    source = FakeSource(a_page(post, last=False), down=PlatformError(Kind.TIMEOUT, "no answer"))

    report = a_round(engine, source)

    assert stored(engine, post)
    assert last_run(engine).status == "partial"
    assert report.exit_code == 3


def test_one_stream_that_fails_makes_the_run_partial(engine):
    bad = a_page(stream="page:2", last=False, problem=PlatformError(Kind.PERMISSION, "page 2"))

    a_round(engine, FakeSource(a_page(a_post()), bad))

    run = last_run(engine)
    assert (run.status, run.error_kind, run.stored) == ("partial", "permission", 1)


def test_streams_that_all_fail_make_the_run_failed(engine):
    bad = a_page(last=False, problem=PlatformError(Kind.PERMISSION, "no page"))

    a_round(engine, FakeSource(bad))

    assert last_run(engine).status == "failed"


def test_a_failure_never_makes_a_post(engine):
    a_round(engine, FakeSource(a_page(a_post())))

    a_round(engine, FakeSource(down=PlatformError(Kind.SERVER_ERROR, "503")))

    with engine.connect() as connection:
        assert queries.backlog(connection) == 1


def test_a_bug_in_one_platform_is_recorded_and_the_round_goes_on(engine, caplog):
    broken = FakeSource(platform=Platform.FACEBOOK, down=RecursionError("too deep"))

    report = a_round(engine, broken, FakeSource(a_page(a_post())))

    assert line_of(report).new == 1
    run = last_run(engine, "facebook")
    assert (run.status, run.error_kind) == ("failed", "unknown")
    assert "too deep" in caplog.text


def test_error_texts_are_redacted_before_they_are_stored(engine):
    source = FakeSource(down=PlatformError(Kind.AUTH, "refused canary-token"))

    a_round(engine, source, redact=lambda text: text.replace("canary-token", "[hidden]"))

    assert last_run(engine).error == "refused [hidden]"


def test_a_database_that_fails_for_one_platform_is_told_in_its_record(engine, monkeypatch):
    def refuse(*_given, **_named):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(rounds.store, "save_page", refuse)

    report = a_round(engine, FakeSource(a_page(a_post())))

    run = last_run(engine)
    assert (run.status, run.error_kind, run.error) == ("failed", "db", "the disk is full")
    assert report.exit_code == 5


def test_a_platform_that_takes_too_long_is_cut_at_a_page(engine):
    pages = [a_page(a_post(), last=False) for _ in range(5)]
    source = FakeSource(*pages, during=lambda: time.sleep(0.05))

    a_round(engine, source, limits=Limits(run_budget=0.08))

    run = last_run(engine)
    assert (run.status, run.error_kind) == ("partial", "budget")
    assert 0 < run.stored < 5


def test_a_note_of_a_page_stands_in_the_record(engine):
    a_round(engine, FakeSource(a_page(a_post(), note="page cap hit")))

    assert last_run(engine).status == "ok"
    assert last_run(engine).note == "page cap hit"


# ---- the cursor --------------------------------------------------------------------------------


def test_the_cursor_is_the_newest_stored_post(engine):
    older, newer = a_post(posted_at=NOW - timedelta(hours=2)), a_post(posted_at=NOW)

    a_round(engine, FakeSource(a_page(newer, last=False), a_page(older)))

    assert state(engine)[CURSOR] == NOW.isoformat()


def test_the_next_search_is_told_the_cursor(engine):
    source = FakeSource(a_page(a_post()))

    a_round(engine, source)
    a_round(engine, source)

    assert source.states[0] == {}
    assert source.states[1] == {CURSOR: NOW.isoformat()}


def test_the_cursor_stays_when_the_last_page_never_came(engine):
    a_round(engine, FakeSource(a_page(a_post(), last=False)))

    assert CURSOR not in state(engine)


def test_a_pages_own_state_is_kept_even_before_the_last_page(engine):
    a_round(engine, FakeSource(a_page(a_post(), last=False, state={"hashtag_ids": {"a": "1"}})))

    assert state(engine) == {"hashtag_ids": {"a": "1"}}


def test_an_estimated_or_missing_time_moves_no_cursor(engine):
    posts = [a_post(posted_at=None), a_post(posted_at_estimated=True)]

    a_round(engine, FakeSource(a_page(*posts)))

    assert CURSOR not in state(engine)


def test_a_post_from_the_future_moves_no_cursor(engine):
    past, future = (
        a_post(posted_at=NOW - timedelta(hours=1)),
        a_post(posted_at=NOW + timedelta(hours=5)),
    )

    a_round(engine, FakeSource(a_page(past, future)))

    assert state(engine)[CURSOR] == past.posted_at.isoformat()


def test_the_cursor_never_moves_back(engine):
    a_round(engine, FakeSource(a_page(a_post())))

    a_round(engine, FakeSource(a_page(a_post(posted_at=NOW - timedelta(hours=2)))))

    assert state(engine)[CURSOR] == NOW.isoformat()


def test_each_stream_has_a_cursor_of_its_own(engine):
    earlier = NOW - timedelta(hours=3)

    a_round(
        engine,
        FakeSource(a_page(a_post()), a_page(a_post(posted_at=earlier), stream="search:2")),
    )

    assert state(engine)["cursor:search:2"] == earlier.isoformat()


def test_a_pass_with_rejects_holds_the_cursor_three_times(engine):
    source = FakeSource(a_page(a_post(), last=False, rejects=(REJECT,)), a_page())

    for _ in range(HELD_PASSES):
        a_round(engine, source)
        assert CURSOR not in state(engine)
    a_round(engine, source)

    assert state(engine)[CURSOR] == NOW.isoformat()


def test_a_clean_pass_lets_the_count_of_held_passes_begin_anew(engine):
    post = a_post()
    a_round(engine, FakeSource(a_page(post, rejects=(REJECT,))))

    a_round(engine, FakeSource(a_page(post)))

    assert state(engine) == {CURSOR: NOW.isoformat(), f"held:{STREAM}": 0}


def test_a_post_the_database_refuses_holds_the_cursor_too(engine):
    a_round(engine, FakeSource(a_page(a_post(post_id=" "), a_post())))

    assert CURSOR not in state(engine)
    assert last_run(engine).quarantined == 1


# ---- stopping and the lease --------------------------------------------------------------------


def test_a_stop_ends_the_round_after_the_page_at_hand(engine):
    stop = threading.Event()
    source = FakeSource(a_page(a_post(), last=False), a_page(a_post()), during=stop.set)

    report = a_round(engine, source, stop=stop, classifier=FakeClassifier())

    run = last_run(engine)
    assert (run.status, run.stored) == ("interrupted", 1)
    assert report.interrupted
    assert report.exit_code == 0


def test_a_platform_that_does_not_answer_cannot_keep_a_stop_waiting(engine, monkeypatch):
    monkeypatch.setattr(rounds, "STOP_GRACE", 0.2)
    stop, answer = threading.Event(), threading.Event()

    def hang():
        stop.set()
        answer.wait(30)

    begun = time.monotonic()
    report = a_round(engine, FakeSource(a_page(a_post()), during=hang), stop=stop)
    took = time.monotonic() - begun
    status = last_run(engine).status
    answer.set()

    assert took < 5
    assert status == "interrupted"
    assert report.left_behind


def test_nothing_is_written_once_another_collector_took_over(engine):
    post = a_post()
    with engine.begin() as connection:
        fence = store.take_lease(connection, "collector", "me", NOW, 60)

    def take_over():
        with engine.begin() as connection:
            store.take_lease(connection, "collector", "other", NOW + timedelta(hours=1), 60)

    with pytest.raises(store.LeaseLost):
        a_round(
            engine,
            FakeSource(a_page(post), during=take_over),
            guard=lambda connection: store.check_fence(connection, "collector", fence),
        )
    assert stored(engine, post) == {}


# ---- the classifier ----------------------------------------------------------------------------


def test_new_posts_are_classified_in_the_same_round(engine):
    post = a_post()

    report = a_round(engine, FakeSource(a_page(post)), classifier=FakeClassifier())

    assert stored(engine, post)["sentiment"] == "positive"
    assert line_of(report, "classify").updated == 1
    assert last_run(engine, "classify").status == "ok"


def test_without_a_key_posts_wait_and_the_record_says_so(engine):
    report = a_round(engine, FakeSource(a_page(a_post())))

    run = last_run(engine, "classify")
    assert run.status == "skipped"
    assert "GEMINI_API_KEY" in run.note
    assert "1 post" in run.note
    assert report.exit_code == 0


def test_what_waited_is_classified_by_a_later_round(engine):
    post = a_post()
    a_round(engine, FakeSource(a_page(post)))

    a_round(engine, classifier=FakeClassifier(Sentiment.NEGATIVE))

    assert stored(engine, post)["sentiment"] == "negative"


def test_a_classifier_that_fails_keeps_its_first_batches(engine):
    posts = [a_post() for _ in range(3)]
    failing = FakeClassifier(
        then=Outcome(error=ClassificationError(Kind.QUOTA, "used up"), calls=1)
    )

    report = a_round(engine, FakeSource(a_page(*posts)), classifier=failing)

    run = last_run(engine, "classify")
    assert (run.status, run.error_kind, run.requests) == ("partial", "quota", 3)
    assert all(stored(engine, post)["sentiment"] for post in posts)
    assert report.exit_code == 3


def test_a_classifier_that_fails_at_once_leaves_the_posts_waiting(engine):
    failing = FakeClassifier(then=Outcome(error=ClassificationError(Kind.AUTH, "bad key")))
    failing.classify = lambda posts, stop: iter([failing._then])

    a_round(engine, FakeSource(a_page(a_post())), classifier=failing)

    assert last_run(engine, "classify").status == "failed"
    with engine.connect() as connection:
        assert queries.backlog(connection) == 1


def test_a_refused_post_is_noted_and_not_asked_for_ever(engine):
    post = a_post()
    refusing = FakeClassifier()
    refusing.classify = lambda posts, stop: iter(
        [Outcome(refused=[((p.platform, p.post_id), "blocked", True) for p in posts])]
    )

    a_round(engine, FakeSource(a_page(post)), classifier=refusing)

    assert stored(engine, post)["classify_note"] == "blocked"
    with engine.connect() as connection:
        assert queries.backlog(connection) == 0


def test_a_closed_quota_is_remembered_and_nothing_is_asked(engine):
    error = ClassificationError(Kind.QUOTA, "used up", closed_until=NOW + timedelta(hours=3))
    a_round(
        engine, FakeSource(a_page(a_post())), classifier=FakeClassifier(then=Outcome(error=error))
    )
    classifier = FakeClassifier()

    a_round(
        engine, FakeSource(a_page(a_post())), classifier=classifier, now=NOW + timedelta(hours=1)
    )

    assert classifier.asked == []
    assert last_run(engine, "classify").error_kind == "quota"


def test_a_round_asks_for_a_bounded_number_of_posts(engine):
    posts = [a_post() for _ in range(5)]
    classifier = FakeClassifier()
    limits = Limits(classify_posts=2, classify_requests=2)

    report = a_round(engine, FakeSource(a_page(*posts)), classifier=classifier, limits=limits)

    assert len(classifier.asked) == 4
    assert line_of(report, "classify").notes == ["1 post waits for a later round"]


def test_a_backfill_goes_on_until_nothing_waits_and_tells_its_progress(engine):
    a_round(engine, FakeSource(a_page(*[a_post() for _ in range(5)])))
    told = []

    report = classify_waiting(
        engine,
        FakeClassifier(),
        lambda: NOW,
        limits=Limits(classify_posts=2, classify_requests=None),
        progress=told.append,
    )

    assert told == [2, 4, 5]
    assert report.exit_code == 0


def test_a_repost_and_a_post_without_text_are_never_asked_for(engine):
    classifier = FakeClassifier()
    posts = [a_post(is_repost=True), a_post(content="")]

    a_round(engine, FakeSource(a_page(*posts)), classifier=classifier)

    assert classifier.asked == []
