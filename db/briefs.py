"""Weekly briefs: their figures read for one week, and those that were sent kept as they were.

Functions that write work inside a transaction that the caller opened, like those of db/store.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from db import alarms, queries
from db.cube import Cube
from db.engine import Engine, snapshot
from db.tables import briefs, collection_runs
from db.totals import bump
from insights import fairness, metrics
from insights.brief import (
    AHEAD,
    UNKNOWN,
    AlarmLine,
    Brief,
    EventLine,
    Failing,
    Gap,
    Stamp,
    Tables,
    compose,
    from_figures,
    last_week,
    to_figures,
    unread,
)
from insights.health import gaps
from insights.model import Place, Platform, RunStatus, Scope, day_of

_COLLECTED = (RunStatus.OK, RunStatus.PARTIAL)
_TROUBLE = (RunStatus.FAILED, RunStatus.PARTIAL, RunStatus.INTERRUPTED)


# --- reading the figures --------------------------------------------------------------------------


def read_brief(
    engine: Engine, cube: Cube, scope: Scope, *, now: datetime, zone: tzinfo, every: timedelta
) -> Brief:
    """The brief of a scope of one whole week, with the figures of this cube.

    `every` is the time between two rounds, by which gaps are told. Raises db.engine.ERRORS, and
    ValueError for a scope that is not one week.
    """
    if scope.days != 7:
        raise ValueError("a brief is of one week")
    span = metrics.compared(scope, today=scope.until)
    with snapshot(engine) as connection:
        ends = _successes(connection, scope)
        missed = list(_missed(connection, scope, every, zone, None if scope.demo else now))
        return compose(
            scope,
            Stamp(str(zone), now, cube.version, scope.demo, queries.last_success(connection)),
            _tables(cube, span.now),
            _tables(cube, span.before),
            topics_by_place=queries.topics_by_place(connection, scope, places=cube.places),
            names={place.slug: place.name for place in cube.places},
            events=_events(connection, scope),
            first_day=cube.first_day,
            gaps=_gaps(missed, scope),
            failing=_failing(connection, scope),
            alarms=_alarms(connection, scope, cube.places) if _is_newest(scope, now, zone) else (),
            unread=_unread(ends, span.now, zone),
            unread_before=_unread(ends, span.before, zone),
            unlike=_unlike(cube, span, missed, now.astimezone(zone).date()),
            began=ends[0].astimezone(zone).date() if ends else None,
        )


def _successes(connection: Connection, scope: Scope) -> list[datetime]:
    """When runs of the scope's platforms ended well, in order: those that queries.collected_at
    keeps. None for the demo, whose runs are of its last days only, and of files, which are imported
    when somebody has them."""
    if scope.demo:
        return []
    found = queries.collected_at(connection).items()
    return sorted(
        end
        for platform, ends in found
        if platform != Platform.IMPORT and scope.holds(platform)
        for end in ends
    )


def _unread(ends: Sequence[datetime], scope: Scope, zone: tzinfo) -> str:
    if scope.demo or scope.platform == Platform.IMPORT:
        return ""
    since, until = (datetime.combine(day, time(), zone) for day in (scope.since, scope.until))
    return unread(ends, since, until) or ""


def _tables(cube: Cube, scope: Scope) -> Tables:
    tables = (cube.daily(scope), cube.by_place(scope), cube.topics(scope))
    return Tables(cube.totals(scope), *(table.frame() for table in tables))


def _events(connection: Connection, scope: Scope) -> list[EventLine]:
    """What concerns the scope's city: its own events and those of the whole state."""
    rows = queries.events_between(connection, scope.since, scope.until + AHEAD)
    names = ["starts_on", "ends_on", "name_ms", "name_en", "city_slug", "confirmed"]
    known = [EventLine(**row) for row in rows[names].to_dict("records")]
    if scope.city == queries.MAINLAND:
        return [event for event in known if event.city_slug != queries.ISLAND]
    every = scope.city in ("all", queries.UNKNOWN)
    return [event for event in known if every or event.city_slug in (scope.city, "all")]


def _missed(
    connection: Connection, scope: Scope, every: timedelta, zone: tzinfo, now: datetime | None
) -> Iterable[fairness.Gap]:
    """All days on which a platform of the scope was not collected, whenever that was."""
    asked = queries.asked_platforms(connection)
    for platform, ends in sorted(queries.collected_at(connection).items()):
        if not scope.holds(platform):
            continue
        until = now if platform in asked else None
        for first, last in gaps(ends, every=every, zone=zone, now=until):
            yield first, last, platform


def _gaps(missed: Iterable[fairness.Gap], scope: Scope) -> list[Gap]:
    """What of it lies in the scope's days."""
    return [
        Gap(platform, max(first, scope.since), min(last, scope.until - timedelta(days=1)))
        for first, last, platform in missed
        if first < scope.until and last >= scope.since
    ]


def _unlike(
    cube: Cube, span: metrics.Comparison, missed: Iterable[fairness.Gap], today: date
) -> bool:
    """Whether a platform that matters was missed for good in either week, as on the Overview."""
    posts: Counter[str] = Counter()
    for part in (span.now, span.before):
        posts.update(dict(cube.by_platform(part).rows("platform", "posts")))
    return fairness.hole(span, missed, fairness.telling(posts), today) is not None


def _is_newest(scope: Scope, now: datetime, zone: tzinfo) -> bool:
    """Whether the week is the last one: an alarm that is open now is no matter of older weeks."""
    return scope.since == last_week(now.astimezone(zone).date())


def _alarms(connection: Connection, scope: Scope, places: Iterable[Place]) -> Iterable[AlarmLine]:
    """The radar's open alarms at the scope's places, in the order of its page."""
    known = {place.id: place for place in places}
    for one in alarms.open_alarms(connection):
        place = known.get(one.place_id)
        if not one.is_alarm or not _concerns(scope, place):
            continue
        slug, name = (place.slug, place.name) if place else (UNKNOWN, "")
        yield AlarmLine(one.id, slug, name, one.topic, one.kind, one.posts, day_of(one.first_day))


def _concerns(scope: Scope, place: Place | None) -> bool:
    if place is None:
        return scope.city in ("all", queries.UNKNOWN)
    if scope.city == queries.MAINLAND:
        return place.city_slug != queries.ISLAND
    return scope.city in ("all", place.city_slug)


def _failing(connection: Connection, scope: Scope) -> Iterable[Failing]:
    """The platforms whose last run failed, or that rest after failures; files never do."""
    for row in queries.platform_health(connection).to_dict("records"):
        kind = row["error_kind"]
        resting = row["status"] == RunStatus.SKIPPED and kind is not None
        if row["platform"] == Platform.IMPORT or not scope.holds(row["platform"]):
            continue
        if row["status"] in _TROUBLE or resting:
            yield Failing(row["platform"], kind, row["failing_since"])


def first_success(connection: Connection) -> datetime | None:
    """When a platform was first read with success, as far as run records go back."""
    run = collection_runs.c
    platforms = [platform.value for platform in Platform]
    return connection.execute(
        select(func.min(run.finished_at)).where(
            run.status.in_(_COLLECTED), run.platform.in_(platforms)
        )
    ).scalar_one()


# --- the archive ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Archived:
    """A brief as it was made: its figures, in which language it went out, and when."""

    id: int
    language: str
    brief: Brief
    mailed_at: datetime | None

    @property
    def made_at(self) -> datetime:
        return self.brief.stamp.made_at


def archived(connection: Connection, limit: int = 60) -> list[Archived]:
    """The newest weeks' briefs, newest week first."""
    newest = select(briefs).order_by(briefs.c.since.desc(), briefs.c.language).limit(limit)
    return [_archived(row) for row in connection.execute(newest)]


def archived_of(connection: Connection, since: date) -> list[Archived]:
    """The briefs of the week that begins on this day, by language; empty when there is none."""
    rows = select(briefs).where(briefs.c.since == since).order_by(briefs.c.language)
    return [_archived(row) for row in connection.execute(rows)]


def _archived(row) -> Archived:
    return Archived(row.id, row.language, from_figures(row.figures), row.mailed_at)


def keep_brief(connection: Connection, brief: Brief, languages: Iterable[str]) -> None:
    """Keep the figures of a week for good; a week that is kept already stays as it is."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for language in languages:
        connection.execute(
            dialect.insert(briefs)
            .values(
                since=brief.since,
                until=brief.until,
                language=language,
                made_at=brief.stamp.made_at,
                data_version=brief.stamp.data_version,
                figures=to_figures(brief),
            )
            .on_conflict_do_nothing()
        )
    bump(connection)


def note_mailed(connection: Connection, since: date, now: datetime) -> None:
    """The briefs of the week that begins on this day were handed to a mail server."""
    connection.execute(update(briefs).where(briefs.c.since == since).values(mailed_at=now))
    bump(connection)
