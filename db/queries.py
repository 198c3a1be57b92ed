"""All reads of the shared database that are not in the cube."""

from __future__ import annotations

from sqlalchemy import Connection, select

from db.tables import place_aliases, places
from insights.model import Alias, Place


def gazetteer(connection: Connection) -> tuple[Place, ...]:
    """Every place with its aliases, in the order in which they were first stored."""
    aliases: dict[int, list[Alias]] = {}
    for row in connection.execute(
        select(place_aliases).order_by(place_aliases.c.place_id, place_aliases.c.alias)
    ):
        alias = Alias(row.alias, row.language, row.needs_context)
        aliases.setdefault(row.place_id, []).append(alias)
    return tuple(
        Place(
            slug=row.slug,
            name=row.name,
            city=row.city,
            city_slug=row.city_slug,
            district=row.district,
            category=row.category,
            latitude=row.latitude,
            longitude=row.longitude,
            id=row.id,
            parent=row.parent,
            rule=row.rule,
            general=row.general,
            approximate=row.approximate,
            aliases=tuple(aliases.get(row.id, ())),
            source=row.coordinate_source,
        )
        for row in connection.execute(select(places).order_by(places.c.id))
    )
