"""Databases for tests of the dashboard, small enough to count by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db import store
from db.engine import migrate, open_writer
from insights.model import Kind, MatchedPost, Place, RunStatus
from tests.fakes import KUALA_LUMPUR, a_place

CENANG = a_place()
GUNUNG_JERAI = a_place(
    "gunung-jerai",
    name="Gunung Jerai",
    city="Yan",
    city_slug="yan",
    district="Yan",
    category="Nature",
)


def a_live_database(
    folder: Path,
    posts: Sequence[MatchedPost] = (),
    *,
    places: Sequence[Place] = (CENANG, GUNUNG_JERAI),
    labels: Sequence = (),
    collected: bool = True,
    failed: Kind | None = None,
    age: timedelta = timedelta(),
) -> str:
    """The URL of a migrated database with these posts; place ids follow the order of `places`.

    `collected`: a run of X has ended well, `age` ago. `failed`: the newest run of Facebook has not.
    """
    url = f"sqlite:///{folder}/live.db"
    engine = open_writer(url)
    migrate(engine)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", places, now)
        store.save_page(connection, posts, now=now, zone=KUALA_LUMPUR)
        if labels:
            store.save_classifications(connection, labels, now=now)
        if collected:
            _run(connection, "x", RunStatus.OK, now - age)
        if failed:
            _run(connection, "facebook", RunStatus.FAILED, now, failed)
    engine.dispose()
    return url


def _run(connection, platform: str, status: RunStatus, now, kind: Kind | None = None) -> None:
    run = store.start_run(connection, "round", platform, now)
    store.finish_run(connection, run, status=status, now=now, error_kind=kind)
