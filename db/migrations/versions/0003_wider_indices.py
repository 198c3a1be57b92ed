"""Indices that hold all that a recount, and a list of what does not count, ask of a post.

Frozen once it has landed: a later change of db/tables.py is a migration of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "social_posts"
INDICES = {
    "ix_posts_place_day": (
        "counted",
        "place_id, day, platform, engagement, sentiment, voice,"
        " likes, comments, shares, views, sentiment_score, classified_by",
    ),
    "ix_posts_not_counted": (
        "NOT counted AND NOT is_repost",
        "created_at, platform, sentiment, engagement",
    ),
}


def upgrade() -> None:
    for name, (which, columns) in INDICES.items():
        where = sa.text(which)
        op.drop_index(name, TABLE)
        op.create_index(
            name, TABLE, columns.split(", "), sqlite_where=where, postgresql_where=where
        )
