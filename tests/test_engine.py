"""How databases are opened and migrated."""

from __future__ import annotations

from db.engine import migrate, revision


def test_migrating_twice_changes_nothing(engine):
    migrate(engine)
    with engine.connect() as connection:
        assert revision(connection) == "0001"
