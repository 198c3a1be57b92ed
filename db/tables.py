"""The tables of the shared database, for SQLite and PostgreSQL alike.

Times are aware UTC instants, days are local day numbers fixed at ingest, counts are nullable
(NULL is unknown, never 0). The reasons behind keys and indices are in docs/database.md.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows up only for a column that is exactly INTEGER PRIMARY KEY.
Id = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator):
    """An aware instant, kept in UTC: timestamptz on PostgreSQL, naive UTC text on SQLite.

    SQLAlchemy's DateTime(timezone=True) drops the offset on SQLite without a word, so a naive
    value is refused here and every other one is turned to UTC before it is bound.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


places = Table(
    "places",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("city_slug", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
    Column("approximate", Boolean, nullable=False),
    Column("coordinate_source", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("general", Boolean, nullable=False),
    Column("parent", Text),
)

place_aliases = Table(
    "place_aliases",
    metadata,
    Column("place_id", ForeignKey("places.id"), primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("language", Text, nullable=False),
    Column("needs_context", Boolean, nullable=False),
)

social_posts = Table(
    "social_posts",
    metadata,
    # post_id first: the selective column, and the one Citus would distribute by.
    Column("post_id", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("url", Text),
    Column("content", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_at_estimated", Boolean, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("captured_at", Instant, nullable=False),
    Column("day", Integer, nullable=False),
    Column("author_hash", Text),
    Column("language", Text),
    Column("hashtags", JSON(none_as_null=True), nullable=False),
    Column("media_type", Text),
    Column("likes", BigInteger),
    Column("comments", BigInteger),
    Column("shares", BigInteger),
    Column("views", BigInteger),
    # likes + comments + shares as far as known; NULL when none of the three is.
    Column("engagement", BigInteger),
    Column("is_repost", Boolean, nullable=False),
    Column("found_by", Text, nullable=False),
    Column("counted", Boolean, nullable=False),
    Column("counted_why", Text, nullable=False),
    # What the text and its origin alone said, kept so that a later label can be taken back.
    Column("counted_by_rule", Boolean, nullable=False),
    Column("place_id", ForeignKey("places.id")),
    Column("sentiment", Text),
    Column("sentiment_score", Float),
    Column("keywords", JSON(none_as_null=True)),
    Column("entities", JSON(none_as_null=True)),
    Column("predicted_engagement", Text),
    Column("relevant", Boolean),
    Column("confidence", Float),
    Column("classified_by", Text),
    Column("prompt_version", Text),
    Column("classified_at", Instant),
    # Waiting: the next round asks for a label (none yet, or the text changed since).
    Column("waiting", Boolean, nullable=False),
    Column("classify_attempts", Integer, nullable=False),
    Column("classify_note", Text),
    # Who speaks (insights/voices.py), and the word or account that said so.
    Column("voice", Text, nullable=False, server_default="visitor"),
    Column("voice_why", Text),
    # Near-copies of one text share it (insights/texts.py); NULL without words.
    Column("text_cluster", BigInteger),
    # An officer's correction stands on it: no later label or match may take it away.
    Column("corrected", Boolean, nullable=False, server_default=false()),
    CheckConstraint(
        "platform IN ('x','instagram','facebook','youtube','tiktok','import')", name="platform"
    ),
    CheckConstraint("sentiment IN ('positive','neutral','negative')", name="sentiment"),
    CheckConstraint("sentiment_score BETWEEN -1 AND 1", name="score"),
)
# The indices below hold all that a search asks of a post: passing one costs no look at its row.
_counted = text("counted")
_unclassified = text("counted AND sentiment IS NULL")
_waiting = text("waiting")
_open = text("closed_at IS NULL")
_left_out = text("NOT counted AND NOT is_repost")
_other_voice = text("counted AND voice <> 'visitor'")
# This one holds what a cell's totals are counted from, too: at ten million posts a look at each row
# of the touched cells costs more than the page of results that touched them.
Index(
    "ix_posts_place_day",
    social_posts.c.place_id,
    social_posts.c.day,
    social_posts.c.platform,
    social_posts.c.engagement,
    social_posts.c.sentiment,
    social_posts.c.voice,
    social_posts.c.likes,
    social_posts.c.comments,
    social_posts.c.shares,
    social_posts.c.views,
    social_posts.c.sentiment_score,
    social_posts.c.classified_by,
    sqlite_where=_counted,
    postgresql_where=_counted,
)
Index(
    "ix_posts_created",
    social_posts.c.created_at,
    social_posts.c.place_id,
    social_posts.c.platform,
    social_posts.c.sentiment,
    social_posts.c.engagement,
    social_posts.c.voice,
    sqlite_where=_counted,
    postgresql_where=_counted,
)
Index(
    "ix_posts_engagement",
    social_posts.c.engagement,
    social_posts.c.day,
    social_posts.c.place_id,
    social_posts.c.platform,
    social_posts.c.sentiment,
    social_posts.c.voice,
    sqlite_where=_counted,
    postgresql_where=_counted,
)
Index(
    "ix_posts_platform",
    social_posts.c.platform,
    social_posts.c.created_at,
    social_posts.c.place_id,
    social_posts.c.sentiment,
    social_posts.c.engagement,
    social_posts.c.voice,
    sqlite_where=_counted,
    postgresql_where=_counted,
)
Index(
    "ix_posts_unclassified",
    social_posts.c.created_at,
    social_posts.c.place_id,
    social_posts.c.platform,
    social_posts.c.engagement,
    social_posts.c.voice,
    sqlite_where=_unclassified,
    postgresql_where=_unclassified,
)
Index(
    "ix_posts_waiting",
    social_posts.c.counted,
    social_posts.c.created_at,
    social_posts.c.platform,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)
# Of these platforms what is stored has to be asked for again, or deleted, in time.
_expires = text("platform IN ('youtube','tiktok')")
Index(
    "ix_posts_captured",
    social_posts.c.platform,
    social_posts.c.captured_at,
    sqlite_where=_expires,
    postgresql_where=_expires,
)
Index(
    "ix_posts_voice",
    social_posts.c.voice,
    social_posts.c.created_at,
    social_posts.c.place_id,
    social_posts.c.platform,
    social_posts.c.engagement,
    sqlite_where=_other_voice,
    postgresql_where=_other_voice,
)
Index(
    "ix_posts_not_counted",
    social_posts.c.created_at,
    social_posts.c.platform,
    social_posts.c.sentiment,
    social_posts.c.engagement,
    sqlite_where=_left_out,
    postgresql_where=_left_out,
)

post_places = Table(
    "post_places",
    metadata,
    Column("post_id", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("place_id", ForeignKey("places.id"), primary_key=True),
    Column("alias", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("is_primary", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["post_id", "platform"],
        ["social_posts.post_id", "social_posts.platform"],
        ondelete="CASCADE",
    ),
    Index("ix_post_places_place", "place_id"),
)

post_topics = Table(
    "post_topics",
    metadata,
    Column("post_id", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    # These repeat the post's, so that a topic's posts are found, tested and put in order here.
    Column("created_at", Instant, nullable=False),
    Column("day", Integer, nullable=False),
    Column("place_id", Integer),
    Column("counted", Boolean, nullable=False),
    Column("sentiment", Text),
    Column("engagement", BigInteger),
    Column("voice", Text, nullable=False, server_default="visitor"),
    ForeignKeyConstraint(
        ["post_id", "platform"],
        ["social_posts.post_id", "social_posts.platform"],
        ondelete="CASCADE",
    ),
)
Index(
    "ix_topics_created",
    post_topics.c.topic,
    post_topics.c.created_at,
    post_topics.c.place_id,
    post_topics.c.platform,
    post_topics.c.sentiment,
    post_topics.c.engagement,
    post_topics.c.voice,
    sqlite_where=_counted,
    postgresql_where=_counted,
)
Index(
    "ix_topics_engagement",
    post_topics.c.topic,
    post_topics.c.engagement,
    post_topics.c.day,
    post_topics.c.place_id,
    post_topics.c.platform,
    post_topics.c.sentiment,
    post_topics.c.voice,
    sqlite_where=_counted,
    postgresql_where=_counted,
)
Index(
    "ix_topics_place_day",
    post_topics.c.topic,
    post_topics.c.place_id,
    post_topics.c.day,
    post_topics.c.platform,
    post_topics.c.engagement,
    post_topics.c.sentiment,
    post_topics.c.voice,
    sqlite_where=_counted,
    postgresql_where=_counted,
)

# The counts of a post as they stood at each of its first days: engagement is compared at equal age.
metric_snapshots = Table(
    "metric_snapshots",
    metadata,
    Column("post_id", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    # Whole days since the post was made, at the last capture of that age.
    Column("age_days", Integer, primary_key=True, autoincrement=False),
    Column("captured_at", Instant, nullable=False),
    Column("likes", BigInteger),
    Column("comments", BigInteger),
    Column("shares", BigInteger),
    Column("views", BigInteger),
    ForeignKeyConstraint(
        ["post_id", "platform"],
        ["social_posts.post_id", "social_posts.platform"],
        ondelete="CASCADE",
    ),
)

# What officers corrected, written by the dashboard and applied to the posts by the collector.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", Text, nullable=False),
    Column("platform", Text, nullable=False),
    # sentiment | place | relevant
    Column("field", Text, nullable=False),
    # A label; a place's slug or "unknown"; "yes" or "no".
    Column("value", Text, nullable=False),
    # What stood when the officer looked, and who had said so: the accuracy panel compares these.
    Column("before", Text),
    Column("before_by", Text),
    # What the machine says by now: it stands again when the correction is undone.
    Column("machine", Text),
    Column("officer", Text, nullable=False),
    # One decision over many posts is one batch, and undone as one.
    Column("batch", Text, nullable=False),
    # The post was drawn by lot and not picked out: it speaks for those that nobody looked at.
    Column("sampled", Boolean, nullable=False, server_default=false()),
    Column("note", Text),
    Column("corrected_at", Instant, nullable=False),
    Column("applied_at", Instant),
    Column("undone_at", Instant),
    Column("undone_by", Text),
    Column("undo_applied_at", Instant),
    CheckConstraint("field IN ('sentiment','place','relevant')", name="field"),
    ForeignKeyConstraint(
        ["post_id", "platform"],
        ["social_posts.post_id", "social_posts.platform"],
        ondelete="CASCADE",
    ),
    Index("ix_corrections_post", "post_id", "platform"),
    Index("ix_corrections_batch", "batch"),
)
_unapplied = text("applied_at IS NULL OR (undone_at IS NOT NULL AND undo_applied_at IS NULL)")
Index(
    "ix_corrections_unapplied",
    corrections.c.corrected_at,
    sqlite_where=_unapplied,
    postgresql_where=_unapplied,
)

# place_id 0 stands for "Kedah, place unknown": a key column cannot be NULL.
UNKNOWN_PLACE = 0


def _measures() -> list[Column]:
    """What is added up for a cell of posts.

    Sums of the known counts; NULL when no post of the cell has one. *_known counts the posts
    behind each sum, so that a page can say of how many posts a total speaks. `provisional`: how
    many of the labels are the offline classifier's.
    """
    return [
        Column("posts", BigInteger, nullable=False),
        Column("positive", BigInteger, nullable=False),
        Column("neutral", BigInteger, nullable=False),
        Column("negative", BigInteger, nullable=False),
        Column("likes", BigInteger),
        Column("likes_known", BigInteger, nullable=False),
        Column("comments", BigInteger),
        Column("comments_known", BigInteger, nullable=False),
        Column("shares", BigInteger),
        Column("shares_known", BigInteger, nullable=False),
        Column("views", BigInteger),
        Column("views_known", BigInteger, nullable=False),
        Column("score_sum", Float, nullable=False),
        Column("max_engagement", BigInteger),
        Column("version", BigInteger, nullable=False),
        Column("provisional", BigInteger, nullable=False, server_default="0"),
    ]


# Every counted post, whoever speaks.
daily_totals = Table(
    "daily_totals",
    metadata,
    Column("place_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("platform", Text, primary_key=True),
    *_measures(),
    Index("ix_daily_totals_version", "version"),
)

# The part of daily_totals that is not visitors': subtracted from it, the visitors' is left.
daily_voices = Table(
    "daily_voices",
    metadata,
    Column("place_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("platform", Text, primary_key=True),
    Column("voice", Text, primary_key=True),
    *_measures(),
    Index("ix_daily_voices_version", "version"),
)

daily_topics = Table(
    "daily_topics",
    metadata,
    Column("place_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("platform", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("voice", Text, primary_key=True),
    Column("positive", BigInteger, nullable=False),
    Column("neutral", BigInteger, nullable=False),
    Column("negative", BigInteger, nullable=False),
)

# One row. `version` rises in every transaction that changes what pages show; `epoch` when cells
# may have vanished, so that a reader rebuilds instead of patching. `timezone` is the one that
# `day` was fixed in.
data_version = Table(
    "data_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("complete", Boolean, nullable=False, default=True),
)

collection_runs = Table(
    "collection_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("round_id", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("error_kind", Text),
    Column("error", Text),
    # fetched: records received; stored: new posts; updated: known posts that changed.
    Column("fetched", Integer, nullable=False, default=0),
    Column("stored", Integer, nullable=False, default=0),
    Column("updated", Integer, nullable=False, default=0),
    Column("quarantined", Integer, nullable=False, default=0),
    Column("requests", Integer, nullable=False, default=0),
    Column("pages", Integer, nullable=False, default=0),
    # Posts asked for again by id, and of them those that their platform no longer has.
    Column("refreshed", Integer, nullable=False, server_default="0"),
    Column("gone", Integer, nullable=False, server_default="0"),
    # What the classifier's calls took; NULL is unknown, as is the cost without a known price.
    Column("calls", Integer),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cost_usd", Float),
    # What an operator should know of a run that ended well: "page cap hit", "2 hashtags skipped".
    Column("note", Text),
    Index("ix_runs_platform_started", "platform", "started_at"),
)

# What a platform's next round needs: cursors, cached ids, ledgers. Moved only in the
# transaction that stores the data it speaks of.
platform_state = Table(
    "platform_state",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", JSON(none_as_null=True), nullable=False),
    Column("updated_at", Instant, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("post_id", Text),
    Column("stage", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", Text, nullable=False),
    # The same odd record comes back every pass: one row, seen again, not a pile of copies.
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("passes", Integer, nullable=False, default=1),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("replayed_at", Instant),
)

# Trouble that somebody should know of, from the run that showed it to the run that ended it.
incidents = Table(
    "incidents",
    metadata,
    Column("id", Id, primary_key=True),
    # A platform, "classify", or "collector" when nothing was collected at all.
    Column("platform", Text, nullable=False),
    # failing | token | silent (insights/incidents.py).
    Column("kind", Text, nullable=False),
    Column("error_kind", Text),
    Column("since", Instant, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("mailed_at", Instant),
    Column("recovery_mailed_at", Instant),
)
Index(
    "uq_incidents_open",
    incidents.c.platform,
    incidents.c.kind,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
)

# Unusual trouble at a place, from the round that saw it to the round that no longer did.
alarms = Table(
    "alarms",
    metadata,
    Column("id", Id, primary_key=True),
    # UNKNOWN_PLACE for what names Kedah and no place of it.
    Column("place_id", Integer, nullable=False),
    Column("topic", Text, nullable=False),
    # volume | severe, and shown | alarm (insights/radar.py).
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("posts", Integer, nullable=False),
    # NULL where authors are not kept.
    Column("authors", Integer),
    Column("texts", Integer, nullable=False),
    Column("expected", Float),
    Column("p_value", Float),
    # [[platform, post_id], ...]: exactly the posts of which it speaks.
    Column("post_keys", JSON(none_as_null=True), nullable=False),
    Column("mailed_at", Instant),
    Column("recovery_mailed_at", Instant),
)
Index(
    "uq_alarms_open",
    alarms.c.place_id,
    alarms.c.topic,
    alarms.c.kind,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
)
Index("ix_alarms_opened", alarms.c.opened_at)

# Weekly briefs as they were sent: the figures, from which the same file can be made again.
briefs = Table(
    "briefs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("language", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("data_version", BigInteger, nullable=False),
    Column("figures", JSON(none_as_null=True), nullable=False),
    Column("mailed_at", Instant),
    UniqueConstraint("since", "until", "language"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text),
    # Rises with every owner; a writer that held an older one is refused.
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", Instant),
)

due_jobs = Table(
    "due_jobs",
    metadata,
    Column("job", Text, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("last_started_at", Instant),
    Column("last_finished_at", Instant),
)

event_templates = Table(
    "event_templates",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name_ms", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    # "all" for what concerns the whole state.
    Column("city_slug", Text, nullable=False),
    # event | holiday | season: how the calendar and the charts' axes show it.
    Column("kind", Text, nullable=False),
    # weekly | monthly | yearly | dates, with its parameters in `rule` (insights/recurrence.py).
    Column("recurrence", Text, nullable=False),
    Column("rule", JSON(none_as_null=True), nullable=False),
    Column("duration_days", Integer, nullable=False),
    # False: dates are an expectation that nobody has announced yet.
    Column("confirmed", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # The officer who wrote it last; NULL where it is the product's own.
    Column("updated_by", Text),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("template_id", ForeignKey("event_templates.id", ondelete="CASCADE"), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("template_id", "starts_on"),
    Index("ix_events_starts", "starts_on"),
)
