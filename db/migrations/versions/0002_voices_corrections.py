"""Voices, corrections, counts by age, alarms, briefs, and what a round cost.

Every post that is there already speaks as a visitor until the collector has looked at it again.
Frozen once it has landed: a later change of db/tables.py is a migration of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
POST = (
    ["post_id", "platform"],
    ["social_posts.post_id", "social_posts.platform"],
)


def upgrade() -> None:
    _widen_posts()
    _widen_indices()
    _index_what_expires()
    _widen_totals()
    _make_topics_anew()
    _widen_the_rest()
    _add_snapshots()
    _add_corrections()
    _add_alarms()
    _add_briefs()


def _widen_posts() -> None:
    visitor = {"nullable": False, "server_default": "visitor"}
    op.add_column("social_posts", sa.Column("voice", sa.Text(), **visitor))
    op.add_column("social_posts", sa.Column("voice_why", sa.Text()))
    op.add_column("social_posts", sa.Column("text_cluster", sa.BigInteger()))
    op.add_column(
        "social_posts",
        sa.Column("corrected", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    other = sa.text("counted AND voice <> 'visitor'")
    op.create_index(
        "ix_posts_voice",
        "social_posts",
        ["voice", "created_at", "place_id", "platform", "engagement"],
        sqlite_where=other,
        postgresql_where=other,
    )
    op.add_column("post_topics", sa.Column("voice", sa.Text(), **visitor))


# What a search asks of a post, with its voice; and what it takes to count those that wait.
INDICES = {
    "ix_posts_place_day": ("counted", "place_id, day, platform, engagement, sentiment, voice"),
    "ix_posts_created": (
        "counted",
        "created_at, place_id, platform, sentiment, engagement, voice",
    ),
    "ix_posts_engagement": ("counted", "engagement, day, place_id, platform, sentiment, voice"),
    "ix_posts_platform": (
        "counted",
        "platform, created_at, place_id, sentiment, engagement, voice",
    ),
    "ix_posts_unclassified": (
        "counted AND sentiment IS NULL",
        "created_at, place_id, platform, engagement, voice",
    ),
    "ix_posts_waiting": ("waiting", "counted, created_at, platform"),
    "ix_topics_created": (
        "counted",
        "topic, created_at, place_id, platform, sentiment, engagement, voice",
    ),
    "ix_topics_engagement": (
        "counted",
        "topic, engagement, day, place_id, platform, sentiment, voice",
    ),
    "ix_topics_place_day": (
        "counted",
        "topic, place_id, day, platform, engagement, sentiment, voice",
    ),
}


def _widen_indices() -> None:
    for name, (which, columns) in INDICES.items():
        table = "post_topics" if name.startswith("ix_topics") else "social_posts"
        where = sa.text(which)
        op.drop_index(name, table)
        op.create_index(
            name, table, columns.split(", "), sqlite_where=where, postgresql_where=where
        )


def _index_what_expires() -> None:
    expires = sa.text("platform IN ('youtube','tiktok')")
    op.create_index(
        "ix_posts_captured",
        "social_posts",
        ["platform", "captured_at"],
        sqlite_where=expires,
        postgresql_where=expires,
    )


def _widen_totals() -> None:
    op.add_column(
        "daily_totals",
        sa.Column("provisional", sa.BigInteger(), nullable=False, server_default="0"),
    )
    known = [
        column
        for name in ("likes", "comments", "shares", "views")
        for column in (
            sa.Column(name, sa.BigInteger()),
            sa.Column(f"{name}_known", sa.BigInteger(), nullable=False),
        )
    ]
    op.create_table(
        "daily_voices",
        sa.Column("place_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.Column("positive", sa.BigInteger(), nullable=False),
        sa.Column("neutral", sa.BigInteger(), nullable=False),
        sa.Column("negative", sa.BigInteger(), nullable=False),
        *known,
        sa.Column("score_sum", sa.Float(), nullable=False),
        sa.Column("max_engagement", sa.BigInteger()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("provisional", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("place_id", "day", "platform", "voice", name="pk_daily_voices"),
    )
    op.create_index("ix_daily_voices_version", "daily_voices", ["version"])


def _make_topics_anew() -> None:
    """SQLite cannot widen a primary key in place, and the cells can be counted again."""
    op.drop_table("daily_topics")
    op.create_table(
        "daily_topics",
        sa.Column("place_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("positive", sa.BigInteger(), nullable=False),
        sa.Column("neutral", sa.BigInteger(), nullable=False),
        sa.Column("negative", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "place_id", "day", "platform", "topic", "voice", name="pk_daily_topics"
        ),
    )
    op.execute(
        """INSERT INTO daily_topics
             (place_id, day, platform, topic, voice, positive, neutral, negative)
           SELECT coalesce(place_id, 0), day, platform, topic, 'visitor',
             count(*) FILTER (WHERE sentiment = 'positive'),
             count(*) FILTER (WHERE sentiment = 'neutral'),
             count(*) FILTER (WHERE sentiment = 'negative')
           FROM post_topics WHERE counted GROUP BY place_id, day, platform, topic"""
    )


def _widen_the_rest() -> None:
    for name in ("refreshed", "gone"):
        op.add_column(
            "collection_runs", sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        )
    op.add_column("collection_runs", sa.Column("calls", sa.Integer()))
    op.add_column("collection_runs", sa.Column("input_tokens", sa.BigInteger()))
    op.add_column("collection_runs", sa.Column("output_tokens", sa.BigInteger()))
    op.add_column("collection_runs", sa.Column("cost_usd", sa.Float()))
    op.add_column("event_templates", sa.Column("updated_by", sa.Text()))


def _add_snapshots() -> None:
    op.create_table(
        "metric_snapshots",
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("age_days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("captured_at", INSTANT, nullable=False),
        sa.Column("likes", sa.BigInteger()),
        sa.Column("comments", sa.BigInteger()),
        sa.Column("shares", sa.BigInteger()),
        sa.Column("views", sa.BigInteger()),
        sa.PrimaryKeyConstraint("post_id", "platform", "age_days", name="pk_metric_snapshots"),
        sa.ForeignKeyConstraint(
            *POST, name="fk_metric_snapshots_post_id_platform", ondelete="CASCADE"
        ),
    )


def _add_corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", ID, nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("before_by", sa.Text()),
        sa.Column("machine", sa.Text()),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("note", sa.Text()),
        sa.Column("corrected_at", INSTANT, nullable=False),
        sa.Column("applied_at", INSTANT),
        sa.Column("undone_at", INSTANT),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undo_applied_at", INSTANT),
        sa.CheckConstraint(
            "field IN ('sentiment','place','relevant')", name=op.f("ck_corrections_field")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        sa.ForeignKeyConstraint(*POST, name="fk_corrections_post_id_platform", ondelete="CASCADE"),
    )
    unapplied = sa.text("applied_at IS NULL OR (undone_at IS NOT NULL AND undo_applied_at IS NULL)")
    op.create_index("ix_corrections_post", "corrections", ["post_id", "platform"])
    op.create_index("ix_corrections_batch", "corrections", ["batch"])
    op.create_index(
        "ix_corrections_unapplied",
        "corrections",
        ["corrected_at"],
        sqlite_where=unapplied,
        postgresql_where=unapplied,
    )


def _add_alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", ID, nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("authors", sa.Integer()),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float()),
        sa.Column("p_value", sa.Float()),
        sa.Column("post_keys", sa.JSON(), nullable=False),
        sa.Column("mailed_at", INSTANT),
        sa.Column("recovery_mailed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
    )
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_alarms_open",
        "alarms",
        ["place_id", "topic", "kind"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("ix_alarms_opened", "alarms", ["opened_at"])


def _add_briefs() -> None:
    op.create_table(
        "briefs",
        sa.Column("id", ID, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("data_version", sa.BigInteger(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("mailed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_briefs"),
        sa.UniqueConstraint("since", "until", "language", name="uq_briefs_since_until_language"),
    )
