"""One round: search every platform, match, save, then classify what waits for a label."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from collector.classify import STATE, Classifier, Outcome, closed_until
from collector.context import LIMITS, Context, Limits
from collector.money import NO_PURSE, Purse
from collector.platforms import Page, PlatformError, Source, fields
from collector.platforms.http import Interrupted
from collector.provisional import stand_in
from collector.radar import look
from collector.refresh import refresh
from collector.rematch import rematch
from collector.report import CLASSIFY, Line, Report
from collector.voices import review
from db import incidents, queries, refusals, store
from db.engine import ERRORS, Connection, Engine, reason
from insights.breaker import Breaker, breaker
from insights.matching import matched_post, placed_by_classifier
from insights.model import Kind, Platform, Post, RunStatus
from insights.places import Gazetteer

__all__ = ["Limits", "classify_waiting", "collect", "no_guard"]

log = logging.getLogger("collector")

ALL = 1_000_000  # batches; more than ever wait
HELD_PASSES = 3  # passes with rejects that leave a cursor where it is
MOST_RECORDS = 5_000  # of a page; no platform gives more than a few hundred
STOP_GRACE = 6.0  # seconds a platform gets to end by itself once a stop was asked for
ERROR_LENGTH = 500  # characters of an error text kept in a run record


def no_guard(_connection: Connection) -> None:
    """Lets every write pass: for whoever holds no lease, such as an import."""


def collect(
    engine: Engine,
    sources: Sequence[Source],
    gazetteer: Gazetteer,
    classifier: Classifier | None,
    clock: Callable[[], datetime],
    *,
    zone: tzinfo,
    hash_secret: str = "",
    stop: threading.Event | None = None,
    skipped: Mapping[str, str] | None = None,
    rest_every: timedelta | None = None,
    limits: Limits = LIMITS,
    guard: Callable[[Connection], None] = no_guard,
    redact: Callable[[str], str] = str,
    purse: Purse = NO_PURSE,
    stopgap: Classifier | None = None,
) -> Report:
    """Fetch, store and classify once; every platform in a thread of its own.

    `clock` gives aware UTC instants. `skipped` says per platform why it was left out; so do a run
    record and a log line. A platform that failed for too many rounds is only probed, and with
    `rest_every` (the time between two rounds) left alone for a while. `guard` raises
    store.LeaseLost inside a transaction when another collector took over; `redact` takes secrets
    out of error texts. `stopgap` labels for now what the classifier left without a label. A
    platform that fails is recorded and touches no other. Raises store.LeaseLost, and one of
    db.engine.ERRORS when the database cannot even record the outcome.
    """
    context = Context(
        engine,
        clock,
        stop or threading.Event(),
        limits,
        guard,
        redact,
        time.monotonic() + limits.run_budget,
        gazetteer=gazetteer,
        zone=zone,
        hash_secret=hash_secret,
        purse=purse,
    )
    lines = [_skip(context, name, why) for name, why in (skipped or {}).items()]
    awake, resting = _wake(context, sources, rest_every)
    fetched, left = _run_all(context, [_platform_work(context, source) for source in awake])
    lines += [*resting, *fetched]
    if not context.stop.is_set():
        last, behind = _classify_last(context, classifier, stopgap)
        lines, left = [*lines, last], left or behind
    if not context.stop.is_set():
        review(context)
        rematch(context)
        look(context)
    return Report(tuple(lines), context.stop.is_set(), left)


def classify_waiting(
    engine: Engine,
    classifier: Classifier | None,
    clock: Callable[[], datetime],
    *,
    stop: threading.Event | None = None,
    limits: Limits = LIMITS,
    guard: Callable[[Connection], None] = no_guard,
    redact: Callable[[str], str] = str,
    progress: Callable[[int], None] | None = None,
    purse: Purse = NO_PURSE,
    stopgap: Classifier | None = None,
    gazetteer: Gazetteer | None = None,
) -> Report:
    """Only the second half of a round: ask for the labels that are missing (`backfill`).

    With a `gazetteer` an answer's entities may place a post whose text alone names no place.
    `progress` is told the number of posts dealt with so far, batch by batch. The rest as `collect`.
    """
    ends_at = time.monotonic() + limits.run_budget
    wish = stop or threading.Event()
    context = Context(
        engine, clock, wish, limits, guard, redact, ends_at, gazetteer=gazetteer, purse=purse
    )
    line, left = _classify_last(context, classifier, stopgap, progress)
    return Report((line,), context.stop.is_set(), left)


# ---- running parts of a round in threads -------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    platform: str
    run: Callable[[Line], None]  # fills the line; raises PlatformError or a database error
    requests: Callable[[], int]


def _run_all(context: Context, works: Sequence[_Work]) -> tuple[list[Line], bool]:
    """Run every work in a thread; returns their lines and whether one was left behind."""
    if not works:
        return [], False
    run_ids = [
        context.write(store.start_run, context.round_id, w.platform, context.clock()) for w in works
    ]
    pool = ThreadPoolExecutor(max_workers=len(works), thread_name_prefix="round")
    try:
        futures = [
            pool.submit(_finish, context, run_id, w)
            for run_id, w in zip(run_ids, works, strict=True)
        ]
        _wait(futures, context.stop)
    finally:
        # A thread that still waits for a platform must not keep a stop from being quick.
        pool.shutdown(wait=False, cancel_futures=True)
    lines = [
        _outcome(context, run_id, work, future)
        for run_id, work, future in zip(run_ids, works, futures, strict=True)
    ]
    return lines, not all(future.done() for future in futures)


def _wait(futures: Iterable[Future], stop: threading.Event) -> None:
    """Until all are done, or for STOP_GRACE seconds after a stop was asked for."""
    pending = set(futures)
    while pending and not stop.is_set():
        pending = wait(pending, timeout=0.2).not_done
    if pending:
        wait(pending, timeout=STOP_GRACE)


def _finish(context: Context, run_id: int, work: _Work) -> Line:
    """Run one work and close its run record, whichever way it ended."""
    line = Line(work.platform)
    begun = time.monotonic()
    try:
        work.run(line)
    except Interrupted:
        pass  # the stop event says it all
    except PlatformError as error:
        line.fail(error.kind, error.message)
    except store.LeaseLost:
        raise
    except ERRORS as error:
        line.fail(Kind.DB, reason(error))
    line.seconds = time.monotonic() - begun
    line.requests = work.requests()
    line.status = _status(line, context.stop)
    _close(context, run_id, line)
    return line


def _status(line: Line, stop: threading.Event) -> RunStatus:
    if stop.is_set():
        return RunStatus.INTERRUPTED
    if line.kind is None:
        return RunStatus.OK
    return RunStatus.PARTIAL if line.pages else RunStatus.FAILED


def _outcome(context: Context, run_id: int, work: _Work, future: Future) -> Line:
    """The line of a finished work; of one that was left behind or broke, the record is closed."""
    if not future.done():
        line = Line(work.platform, RunStatus.INTERRUPTED)
        _close(context, run_id, line)
        return line
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, (store.LeaseLost, *ERRORS)):
        raise error
    log.error("%s: a fault of the program", work.platform, exc_info=error)
    line = Line(work.platform, RunStatus.FAILED)
    line.fail(Kind.UNKNOWN, f"a fault of the program ({type(error).__name__})")
    _close(context, run_id, line)
    return line


def _close(context: Context, run_id: int, line: Line) -> None:
    line.errors = [context.redact(text) for text in line.errors]
    line.notes = [context.redact(text) for text in line.notes]
    context.write(
        store.finish_run,
        run_id,
        status=line.status,
        now=context.clock(),
        error_kind=line.kind,
        error="; ".join(line.errors)[:ERROR_LENGTH] or None,
        fetched=line.fetched,
        stored=line.new,
        updated=line.updated,
        quarantined=line.quarantined,
        requests=line.requests,
        pages=line.pages,
        refreshed=line.refreshed,
        gone=line.gone,
        calls=line.calls,
        input_tokens=line.input_tokens,
        output_tokens=line.output_tokens,
        cost_usd=line.cost,
        note="; ".join(line.notes)[:ERROR_LENGTH] or None,
    )
    level = logging.INFO if line.status in (RunStatus.OK, RunStatus.INTERRUPTED) else logging.ERROR
    log.log(level, "%s", line)


def _skip(context: Context, platform: str, why: str, kind: Kind | None = None) -> Line:
    context.write(store.record_skipped, context.round_id, platform, context.clock(), why, kind)
    line = Line(platform, RunStatus.SKIPPED, kind=kind, notes=[why])
    log.log(logging.WARNING if kind else logging.INFO, "%s", line)
    return line


# ---- platforms that keep failing ---------------------------------------------------------------


def _wake(
    context: Context, sources: Sequence[Source], rest_every: timedelta | None
) -> tuple[list[Source], list[Line]]:
    """The sources to ask now, some of them with care, and a line for each that rests."""
    awake, resting = [], []
    for source in sources:
        broke = _no_money(context) if context.purse.posts(source.platform, 1) else None
        if broke is not None:
            resting.append(_skip(context, source.platform, broke, Kind.BUDGET))
            continue
        found = _breaker(context, source.platform, rest_every)
        if rest_every is not None and found.rests_until is not None:
            kind = Kind(found.error_kind or Kind.UNKNOWN)
            resting.append(_skip(context, source.platform, _resting(found), kind))
            continue
        if found.probes:
            source.probe()
        awake.append(source)
    return awake, resting


def _no_money(context: Context) -> str | None:
    """Why nothing more may be bought today, None while something may."""
    with context.engine.connect() as connection:
        return context.purse.empty(connection, context.clock())


def _breaker(context: Context, platform: Platform, rest_every: timedelta | None) -> Breaker:
    with context.engine.connect() as connection:
        runs = incidents.decisive_runs(connection, platform)
    return breaker(runs, context.clock(), rest_every or timedelta(0))


def _resting(found: Breaker) -> str:
    until = f"{found.rests_until:%Y-%m-%d %H:%M} UTC"
    return f"resting after {found.failed} failed rounds, next try at {until}"


# ---- one platform ------------------------------------------------------------------------------


@dataclass
class _Pass:
    """What one stream brought in this round so far."""

    newest: datetime | None = None
    rejected: bool = False


def _platform_work(context: Context, source: Source) -> _Work:
    def run(line: Line) -> None:
        _save_pages(context, source, line)
        if not context.stop.is_set():
            refresh(context, source, line)

    return _Work(source.platform, run, lambda: source.requests)


def _save_pages(context: Context, source: Source, line: Line) -> None:
    with context.engine.connect() as connection:
        state = queries.state_of(connection, source.platform)
    passes: dict[str, _Pass] = {}
    for page in source.search(state, context.clock()):
        _save_page(context, source.platform, page, passes.setdefault(page.stream, _Pass()), line)
        if context.stop.is_set():
            return
        context.check_budget()
        if context.purse.posts(source.platform, 1):
            context.check_money()


def _save_page(context: Context, platform: Platform, page: Page, stream: _Pass, line: Line) -> None:
    """Store one page; its cursor moves in the same transaction, and only with a last page."""
    if page.fetched > MOST_RECORDS:
        raise PlatformError(Kind.TOO_LARGE, f"a page of {page.fetched} records was left out")
    posts = [matched_post(post, context.gazetteer, context.hash_secret) for post in page.posts]
    now = context.clock()
    cost = context.purse.posts(platform, page.fetched)
    with context.engine.begin() as connection:
        context.guard(connection)
        saved = store.save_page(
            connection,
            posts,
            now=now,
            zone=context.zone,
            rejects=page.rejects,
            platform=platform,
            state=page.state,
        )
        context.purse.spend(connection, platform, cost, now)
        stream.rejected |= bool(page.rejects) or saved.quarantined > 0
        stream.newest = _newest(stream.newest, page.posts, now)
        if page.last:
            before = queries.state_of(connection, platform)
            store.save_state(connection, platform, _moved(before, page.stream, stream, now), now)
    line.pay(cost)
    line.new += saved.new
    line.updated += saved.updated
    line.quarantined += saved.quarantined
    line.fetched += page.fetched
    line.say(page.note)
    # A page that only says something is no answer: a platform that gave none has failed.
    line.pages += page.problem is None and bool(page.fetched or page.last or not page.note)
    if page.problem is not None:
        line.fail(page.problem.kind, page.problem.message)


def _newest(known: datetime | None, posts: Iterable[Post], now: datetime) -> datetime | None:
    """The newest instant a platform stated itself; a clock ahead of ours moves no cursor."""
    stated = (p.posted_at for p in posts if p.posted_at is not None and not p.posted_at_estimated)
    past = [instant for instant in stated if instant <= now]
    return max([*past, known] if known else past, default=None)


def _moved(
    state: Mapping[str, Any], stream: str, done: _Pass, now: datetime
) -> dict[str, str | int]:
    """The stream's cursor and its count of held passes, after a pass that reached its end.

    A pass with rejects leaves the cursor where it was, so that the next pass asks for the same
    posts again; after HELD_PASSES of those it moves on, as the records stand in quarantine anyway.
    """
    held = int(state.get(f"held:{stream}", 0))
    if done.rejected and held < HELD_PASSES:
        return {f"held:{stream}": held + 1}
    moved: dict[str, str | int] = {f"held:{stream}": 0} if held else {}
    before = _known_cursor(state, stream, now)
    newest = max((i for i in (before, done.newest) if i is not None), default=None)
    if newest is not None:
        moved[f"cursor:{stream}"] = newest.isoformat()
    return moved


def _known_cursor(state: Mapping[str, Any], stream: str, now: datetime) -> datetime | None:
    """The stored cursor; None where there is none, or one that no pass of ours can have left."""
    try:
        known = fields.instant(state.get(f"cursor:{stream}"))
    except fields.Unreadable:
        return None
    return known if known is not None and known <= now else None


# ---- the classifier ----------------------------------------------------------------------------


def _classify_last(
    context: Context,
    classifier: Classifier | None,
    stopgap: Classifier | None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Line, bool]:
    """Classify what waits; the classifier's line, and whether its thread was left behind.

    What it left without a label gets one of the `stopgap` for now.
    """
    with context.engine.connect() as connection:
        waiting = queries.backlog(connection, context.limits.audited)
    broke = _no_money(context) if waiting and classifier is not None else None
    if classifier is None or broke is not None:
        why = f"{broke or 'no GEMINI_API_KEY'}; {_posts_wait(waiting)} for a label"
        told = "; ".join(filter(None, (why, stand_in(context, stopgap))))
        return _skip(context, CLASSIFY, told, Kind.BUDGET if broke else None), False
    calls = [0]

    def run(line: Line) -> None:
        try:
            _classify(context, classifier, line, calls, progress)
        except Interrupted:
            raise
        except PlatformError as error:
            line.fail(error.kind, error.message)
        line.say(stand_in(context, stopgap))

    lines, left = _run_all(context, [_Work(CLASSIFY, run, lambda: calls[0])])
    return lines[0], left


def _classify(
    context: Context,
    classifier: Classifier,
    line: Line,
    calls: list[int],
    progress: Callable[[int], None] | None,
) -> None:
    limits = context.limits
    most = ALL if limits.classify_requests is None else limits.classify_requests
    with context.engine.connect() as connection:
        closed = closed_until(queries.state_of(connection, STATE), context.clock())
        posts = queries.waiting_posts(
            connection,
            most * limits.classify_posts,
            limits.classify_attempts,
            audited=limits.audited,
        )
    if closed is not None:
        raise PlatformError(Kind.QUOTA, f"not asked before {closed:%Y-%m-%d %H:%M} UTC")
    left = 0
    line.calls = line.input_tokens = line.output_tokens = 0
    line.cost = 0.0
    for outcome in classifier.classify(posts, context.stop) if posts else ():
        left += outcome.left
        calls[0] += outcome.calls
        _count_tokens(line, outcome)
        _save_outcome(context, outcome, line)
        if progress is not None:
            progress(line.fetched)
        if context.stop.is_set():
            return
        context.check_budget()
        context.check_money()
    with context.engine.connect() as connection:
        waiting = queries.backlog(connection, limits.audited) - left
    line.say(f"{_posts_wait(waiting)} for a later round" if waiting > 0 else "")


def _posts_wait(count: int) -> str:
    return "1 post waits" if count == 1 else f"{count} posts wait"


def _count_tokens(line: Line, outcome: Outcome) -> None:
    """Add what was asked and answered; what one answer left unsaid makes the sum unknown."""
    line.calls = (line.calls or 0) + outcome.calls
    line.input_tokens = _plus(line.input_tokens, outcome.prompt_tokens)
    line.output_tokens = _plus(line.output_tokens, outcome.output_tokens)


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _save_outcome(context: Context, outcome: Outcome, line: Line) -> None:
    now = context.clock()
    cost = context.purse.tokens(outcome.calls, outcome.prompt_tokens, outcome.output_tokens)
    line.cost = None if cost is None or line.cost is None else line.cost + cost
    with context.engine.begin() as connection:
        context.guard(connection)
        context.purse.spend(connection, STATE, cost, now)
        if outcome.answers:
            answers = [placed_by_classifier(one, context.gazetteer) for one in outcome.answers]
            line.updated += store.save_classifications(connection, answers, now=now)
            refusals.settle(connection, ((a.platform, a.post_id) for a in outcome.answers), now)
        for key, note, blocked in outcome.refused:
            line.quarantined += refusals.note_refusal(
                connection,
                key,
                context.redact(note),
                blocked=blocked,
                most=context.limits.classify_attempts,
                now=now,
            )
        if outcome.state:
            store.save_state(connection, STATE, outcome.state, now)
    line.fetched += len(outcome.answers) + len(outcome.refused)
    if outcome.answers or outcome.refused:
        line.pages += 1
    line.say(outcome.note)
    if outcome.error is not None:
        line.fail(outcome.error.kind, outcome.error.message)
