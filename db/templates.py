"""Event templates as officers write them, and the dated events that follow from all of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from db import queries, store
from db.tables import event_templates, events
from insights.model import Event, EventTemplate
from insights.recurrence import plan

_TEMPLATE = tuple(field.name for field in fields(EventTemplate))


class Overwritten(Exception):
    """Somebody else changed the template since it was read; nothing was saved."""

    def __init__(self, by: str | None, at: datetime | None):
        super().__init__("the template was changed by somebody else")
        self.by, self.at = by, at


@dataclass(frozen=True)
class Stored:
    """A template as it stands, who wrote it last (None: the product itself) and when."""

    template: EventTemplate
    updated_at: datetime
    updated_by: str | None


def stored_template(connection: Connection, slug: str) -> Stored | None:
    """The template of this slug, None where there is none."""
    columns = [event_templates.c[name] for name in (*_TEMPLATE, "updated_at", "updated_by")]
    row = (
        connection.execute(select(*columns).where(event_templates.c.slug == slug))
        .mappings()
        .first()
    )
    if row is None:
        return None
    return Stored(
        EventTemplate(**{name: row[name] for name in _TEMPLATE}),
        row["updated_at"],
        row["updated_by"],
    )


def save_template(
    connection: Connection,
    template: EventTemplate,
    *,
    expected: datetime | None,
    now: datetime,
    by: str,
) -> Stored:
    """Write what an officer entered: the one table that it touches is `event_templates`, which is
    all that the dashboard's role may write for it.

    `expected` is the `updated_at` that the officer saw, None for a new template, whose slug gets a
    number where it is taken. Raises Overwritten when somebody else was quicker.
    """
    values = {name: getattr(template, name) for name in _TEMPLATE} | {
        "rule": dict(template.rule),
        "updated_at": now,
        "updated_by": by,
    }
    if expected is None:
        return _added(connection, template, values)
    columns = event_templates.c
    changed = connection.execute(
        update(event_templates)
        .where(columns.slug == template.slug, columns.updated_at == expected)
        .values(**{name: value for name, value in values.items() if name != "slug"})
    )
    if changed.rowcount == 0:
        there = stored_template(connection, template.slug)
        raise Overwritten(there.updated_by, there.updated_at) if there else Overwritten(None, None)
    return Stored(template, now, by)


def _added(connection: Connection, template: EventTemplate, values: dict) -> Stored:
    taken = set(connection.execute(select(event_templates.c.slug)).scalars())
    slug, number = template.slug, 1
    while slug in taken:
        number += 1
        slug = f"{template.slug}-{number}"
    try:
        connection.execute(insert(event_templates).values({**values, "slug": slug}))
    except IntegrityError as error:
        raise Overwritten(None, None) from error
    return Stored(replace(template, slug=slug), values["updated_at"], values["updated_by"])


def of_officers(connection: Connection) -> frozenset[str]:
    """The slugs of the templates that an officer wrote or changed."""
    columns = event_templates.c
    return frozenset(
        connection.execute(select(columns.slug).where(columns.updated_by.is_not(None))).scalars()
    )


def refresh_events(connection: Connection, today: date, now: datetime) -> int:
    """Let stored events follow their templates (`insights.recurrence.plan`); returns how many are
    not over. Doing it again changes nothing, and the version rises only when something moved."""
    kept: dict[str, list[Event]] = defaultdict(list)
    ids: dict[tuple[str, date], int] = {}
    for key, event in _stored_events(connection):
        kept[event.template].append(event)
        ids[event.template, event.starts_on] = key
    save, gone = [], []
    for template in queries.event_templates_of(connection):
        new, old = plan(template, kept[template.slug], today)
        save += new
        gone += [ids[event.template, event.starts_on] for event in old]
    if gone:
        store.bump(connection)
        connection.execute(delete(events).where(events.c.id.in_(gone)))
    if save:
        store.save_events(connection, save, now)
    return sum(1 for _, event in _stored_events(connection) if event.ends_on >= today)


def _stored_events(connection: Connection) -> list[tuple[int, Event]]:
    columns = events.c
    rows = connection.execute(
        select(
            columns.id,
            event_templates.c.slug,
            columns.starts_on,
            columns.ends_on,
            columns.confirmed,
        ).join_from(events, event_templates, event_templates.c.id == columns.template_id)
    )
    return [(row.id, Event(row.slug, row.starts_on, row.ends_on, row.confirmed)) for row in rows]
