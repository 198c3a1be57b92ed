"""The event templates the product starts with; what is not announced is marked so."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from insights.model import EventTemplate

EVENTS_FILE = Path(__file__).parent / "events.csv"


def seed_events(path: Path = EVENTS_FILE) -> tuple[EventTemplate, ...]:
    """Every template of the seed file, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_template(row) for row in csv.DictReader(file))


def _template(row: dict[str, str]) -> EventTemplate:
    return EventTemplate(
        slug=row["slug"],
        name_ms=row["name_ms"],
        name_en=row["name_en"],
        city_slug=row["city_slug"],
        recurrence=row["recurrence"],
        rule=json.loads(row["rule"]),
        duration_days=int(row["duration_days"]),
        confirmed=row["confirmed"] == "1",
        source=row["source"],
        kind=row["kind"],
        active=row["active"] == "1",
    )
