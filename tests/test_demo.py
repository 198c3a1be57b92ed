"""The demo: the same posts whatever the moment, stored the way real posts are, never twice."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db import queries, store
from db.demo import HASH_SECRET, invented, make_demo
from db.engine import DatabaseError, migrate, open_reader, open_writer
from db.invention import (
    AGES,
    TEXTS_FILE,
    ZONE,
    captured,
    counts_at,
    day_of_posts,
    festivals,
    grown,
    silent,
)
from db.seed import seed_places
from db.seed.events import seed_events
from db.snapshots import engagement_at_age
from db.tables import (
    collection_runs,
    daily_totals,
    event_templates,
    events,
    metric_snapshots,
    quarantine,
    social_posts,
)
from insights.ages import at_equal_age
from insights.matching import matched_post
from insights.metrics import compared
from insights.model import Platform, Scope, Sentiment, number_of
from insights.places import Gazetteer, fingerprint
from insights.topics import TOPICS
from insights.voices import RULES, VISITOR, VOICES, voice_of
from tests.fakes import NOW, a_post, matched

YEAR_AGO = datetime(2025, 10, 23, tzinfo=ZONE)


@pytest.fixture(scope="module")
def year() -> list:
    return list(invented(YEAR_AGO, NOW))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A reader on a demo that was made at NOW."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demo')}/demo.db"
    writer = open_writer(url)
    assert make_demo(writer, seed_places(), NOW, ZONE)
    writer.dispose()
    return open_reader(url)


def test_a_new_demo_is_walked_through_by_nobody(made):
    with made.connect() as connection:
        places = queries.gazetteer(connection)
        states = {walk: queries.state_of(connection, walk) for walk in (store.HEARD, store.MATCHED)}
    assert states == {
        store.HEARD: {"rules": RULES},
        store.MATCHED: {"rules": fingerprint(places)},
    }


def rows_of(engine, table) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


# ---- what is invented --------------------------------------------------------------------------


def test_a_year_and_a_month_hold_about_twenty_thousand_posts(year):
    assert 18_000 <= len(year) <= 22_000


def test_the_same_period_always_holds_the_same_posts(year):
    day_of_posts.cache_clear()
    since = datetime(2026, 3, 1, tzinfo=ZONE)
    until = datetime(2026, 3, 20, 15, 30, tzinfo=ZONE)
    expected = [pair for pair in year if since <= pair[0].posted_at < until]
    assert list(invented(since, until)) == expected


def test_asking_in_pieces_gives_what_asking_at_once_gives():
    since = datetime(2026, 11, 16, tzinfo=UTC)
    hours = [since + timedelta(hours=7 * n) for n in range(25)]
    pieces = [pair for first, last in pairwise(hours) for pair in invented(first, last)]
    assert pieces == list(invented(hours[0], hours[-1]))


def test_no_post_lies_outside_the_period_and_none_ahead_of_now(year):
    assert all(YEAR_AGO <= post.posted_at < NOW for post, _ in year)
    assert [post.posted_at for post, _ in year] == sorted(post.posted_at for post, _ in year)


def test_an_empty_or_turned_round_period_has_no_posts():
    assert list(invented(NOW, NOW)) == []
    assert list(invented(NOW, NOW - timedelta(days=3))) == []


def test_every_id_says_its_day_and_stands_once(year):
    ids = [post.post_id for post, _ in year]
    assert len(set(ids)) == len(ids)
    for post, _ in year[:500]:
        day = post.posted_at.astimezone(ZONE).date()
        assert re.fullmatch(rf"demo-{day:%Y%m%d}-\d{{4}}", post.post_id)


def test_nothing_invented_can_be_followed_to_a_platform(year):
    assert all(post.url is None for post, _ in year)
    assert not any("http" in post.content or "@" in post.content for post, _ in year)


def test_each_platform_tells_only_the_counts_it_would_tell(year):
    by_platform = {platform: [] for platform in Platform}
    for post, _ in year:
        by_platform[post.platform].append(post)
    assert not by_platform[Platform.YOUTUBE]
    assert all(post.views is None for post in by_platform[Platform.FACEBOOK])
    assert all(post.views is None and post.shares is None for post in by_platform["instagram"])
    assert all(post.author is None for post in by_platform["instagram"])
    assert all(post.views is not None for post in by_platform["x"])
    for platform in ("instagram", "facebook", "tiktok"):
        hidden = [post for post in by_platform[platform] if post.likes is None]
        assert 0.01 < len(hidden) / len(by_platform[platform]) < 0.2


def test_engagement_has_a_heavy_tail(year):
    likes = sorted(post.likes for post, _ in year if post.platform == "x")
    assert likes[len(likes) // 2] < 20
    assert likes[-1] > 40 * likes[len(likes) // 2]
    assert all(post.views >= post.likes for post, _ in year if post.platform == "x")


def test_counts_grow_with_the_age_of_a_post_and_end_at_what_they_are(year):
    names = ("likes", "comments", "shares", "views")
    for post, _ in year[::50]:
        steps = [counts_at(post, age) for age in (0, *AGES)]
        for name in names:
            counts = [step[name] for step in steps]
            assert counts[-1] == getattr(post, name)
            assert counts == ([None] * 4 if counts[-1] is None else sorted(counts))
    assert sum(counts_at(post, 0)["likes"] or 0 for post, _ in year) < 0.6 * sum(
        post.likes or 0 for post, _ in year
    )


def test_a_post_is_looked_at_when_it_is_new_and_at_three_ages():
    post = next(post for post, _ in invented(NOW - timedelta(days=1), NOW) if post.likes)
    for days, age in ((0, 0), (0.9, 0), (1, 1), (2.9, 1), (3, 3), (6.9, 3), (7, 7), (300, 7)):
        seen = captured(post, post.posted_at + timedelta(days=days))
        assert seen == replace(post, **counts_at(post, age))


def test_what_grew_between_two_instants_is_what_another_look_would_change():
    since, until = NOW - timedelta(hours=30), NOW
    moved = {
        post.post_id
        for post, _ in invented(since - timedelta(days=20), since)
        if any(since < post.posted_at + timedelta(days=age) <= until for age in AGES)
    }
    assert {post.post_id for post in grown(since, until)} == moved


def test_labels_agree_with_themselves(year):
    for post, label in year:
        if label is None:
            continue
        assert (label.platform, label.post_id) == (post.platform, post.post_id)
        assert -1 <= label.score <= 1
        if label.sentiment == Sentiment.POSITIVE:
            assert label.score > 0.1
        assert set(label.topics) <= set(TOPICS)
        assert label.classified_by == "demo"
        assert label.predicted_engagement in ("low", "medium", "high")
        if label.sentiment == Sentiment.NEGATIVE:
            assert label.score < -0.1


def test_about_six_in_a_hundred_have_no_label(year):
    assert 0.05 < sum(label is None for _, label in year) / len(year) < 0.07


def test_three_languages_are_written(year):
    found = Counter(label.language for _, label in year if label)
    total = sum(found.values())
    assert set(found) == {"ms", "en", "zh"}
    assert found["ms"] / total > 0.5
    assert min(found.values()) / total > 0.08


def test_hardly_any_text_is_repeated_often(year):
    most = Counter(post.content for post, _ in year).most_common(1)[0][1]
    assert len({post.content for post, _ in year}) > len(year) * 0.6
    assert most < 60


def test_the_kedah_weekend_is_busier_than_the_working_week(year):
    per_weekday = Counter(post.posted_at.astimezone(ZONE).weekday() for post, _ in year)
    assert min(per_weekday[4], per_weekday[5]) > 1.15 * max(per_weekday[0], per_weekday[1])


def test_the_silent_days_of_a_platform_hold_nothing_of_it():
    day = date(2026, 11, 12)
    assert silent(Platform.TIKTOK, day)
    posts = [post for post, _ in day_of_posts(day)]
    assert posts
    assert not any(post.platform == Platform.TIKTOK for post in posts)


def test_a_ferry_delay_stands_out():
    def ferry(day: date) -> int:
        return sum(
            label is not None and "ferry" in label.topics and label.sentiment == "negative"
            for _, label in day_of_posts(day)
        )

    assert ferry(date(2026, 11, 19)) > 10 > 3 * ferry(date(2026, 11, 5))


def test_a_festival_lifts_its_city():
    def posts(day: date) -> int:
        return sum("Alor S" in post.content for post, _ in day_of_posts(day))

    festival = sum(posts(date(2026, 10, 30) + timedelta(n)) for n in range(3))
    week_before = sum(posts(date(2026, 10, 23) + timedelta(n)) for n in range(3))
    assert festival > 1.5 * week_before


def test_the_demo_goes_on_in_years_that_the_seed_knows_nothing_of():
    assert len(day_of_posts(date(2031, 6, 6))) > 10


# ---- its words ---------------------------------------------------------------------------------


def sentences() -> list[tuple[str, list[str]]]:
    group = ""
    found = []
    for line in TEXTS_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = line.strip("[]")
        elif line and not line.startswith("#"):
            found.append((group, [part.strip() for part in line.split("|")]))
    return found


def test_every_sentence_has_its_five_parts_and_known_topics():
    for group, parts in sentences():
        assert len(parts) == 5, (group, parts)
        language, mark, topics, keywords, text = parts
        assert language in ("ms", "en", "zh")
        assert mark in ("+", "0", "-")
        assert set(topics.split()) <= set(TOPICS), (group, topics)
        assert keywords
        assert set(re.findall(r"{(\w+)}", text)) <= {
            "place",
            "when",
            "who",
            "food",
            "event",
            "tags",
            *(("price", "town", "date", "day") if group in VOICES else ()),
        }


def test_other_voices_than_the_publics_are_heard_and_most_posts_are_the_publics(year):
    heard = Counter(voice_of(post.content, post.hashtags).code for post, _ in year)
    assert set(heard) == set(VOICES)
    assert 0.8 < heard[VISITOR] / heard.total() < 0.95
    assert min(heard.values()) > 50


def test_what_was_written_for_the_public_is_never_taken_for_another_voice():
    lent = {"price": 90, "town": "LANGKAWI", "date": "5 Jun", "day": 5}
    filled = dict.fromkeys(("place", "when", "who", "food", "event", "tags"), "Kuah") | lent
    for group, (*_, text) in sentences():
        voice = voice_of(text.format(**filled)).code
        if group in VOICES:
            assert voice == group, text
        elif group != "spam":
            assert voice == VISITOR, text


def test_no_word_is_written_twice_in_a_row(year):
    doubled = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)
    found = {hit[0] for post, _ in year if (hit := doubled.search(post.content))}
    assert found == set()


def test_no_sentence_stands_twice():
    texts = Counter((group, parts[-1]) for group, parts in sentences())
    assert [text for text, times in texts.items() if times > 1] == []


def test_the_malay_is_not_indonesian():
    foreign = {
        "banget", "bisa", "liburan", "wisata", "wisatawan", "keren", "kantor", "gratis", "mobil",
        "ngga", "nggak", "enggak", "gue", "lagi-lagi", "kangen", "indah banget", "pesawat",
        "karcis", "sampe", "cuman", "doang", "restoran", "polisi", "karena", "apotek", "libur",
        "jelek", "ramah tamah", "berlibur", "kapan", "uang", "bensin", "rumah sakit",
    }  # fmt: skip
    for _, (language, *_, text) in sentences():
        if language == "ms":
            assert not foreign & set(re.findall(r"[a-z-]+", text.casefold())), text


# ---- the database it is kept in ----------------------------------------------------------------


def test_every_post_and_every_total_is_stored(made, year):
    with made.connect() as connection:
        stored, counted = connection.execute(
            select(func.count(), func.count().filter(social_posts.c.counted)).select_from(
                social_posts
            )
        ).one()
        in_totals = connection.execute(select(func.sum(daily_totals.c.posts))).scalar_one()
        assert in_totals == counted
    assert stored == len(year)


def test_a_few_posts_are_not_about_kedah_and_count_nowhere(made):
    with made.connect() as connection:
        share = connection.execute(
            select(func.avg(func.iif(social_posts.c.counted, 0.0, 1.0)))
        ).scalar_one()
    assert 0.01 < share < 0.05


def test_posts_are_found_at_the_places_they_were_written_for(year):
    gazetteer = Gazetteer(seed_places())
    slips = []
    for post, label in year[::7]:
        if label is None or not label.relevant or label.entities == ("Kedah",):
            continue
        match = matched_post(post, gazetteer, HASH_SECRET).match
        if not match.primary:
            slips.append(post.content)
    assert len(slips) < len(year) / 7 * 0.01, slips[:10]


def test_every_category_of_place_appears(made):
    with made.connect() as connection:
        places = {place.id: place.category for place in queries.gazetteer(connection)}
        seen = connection.execute(select(social_posts.c.place_id).distinct()).scalars()
        assert {places[i] for i in seen if i} == set(places.values())


def test_langkawi_is_about_half_of_it(made):
    with made.connect() as connection:
        langkawi = [p.id for p in queries.gazetteer(connection) if p.city_slug == "langkawi"]
        post = social_posts.c
        total = connection.execute(select(func.count()).where(post.counted)).scalar_one()
        there = connection.execute(
            select(func.count()).where(post.counted, post.place_id.in_(langkawi))
        ).scalar_one()
        unknown = connection.execute(
            select(func.count()).where(post.counted, post.place_id.is_(None))
        ).scalar_one()
    assert 0.42 < there / total < 0.6
    assert 0.02 < unknown / total < 0.1


def test_what_a_collector_leaves_behind_is_there_too(made):
    with made.connect() as connection:
        found = connection.execute(
            select(collection_runs.c.platform, collection_runs.c.status, func.count()).group_by(
                collection_runs.c.platform, collection_runs.c.status
            )
        ).all()
        kinds = set(connection.execute(select(collection_runs.c.error_kind).distinct()).scalars())
        first = connection.execute(select(func.min(collection_runs.c.started_at))).scalar_one()
        last = connection.execute(select(func.max(collection_runs.c.finished_at))).scalar_one()
    counts = {(platform, status): number for platform, status, number in found}
    assert {platform for platform, _ in counts} == {
        "x", "instagram", "facebook", "tiktok", "classify",
    }  # fmt: skip
    assert counts["facebook", "failed"]
    assert counts["x", "partial"]
    assert {"rate_limited", "server_error"} <= kinds
    assert NOW - timedelta(days=14) <= first
    assert last <= NOW
    assert rows_of(made, quarantine) == 3
    assert rows_of(made, event_templates) > 20
    assert rows_of(made, events) > 20


def test_recent_posts_without_a_label_wait_and_old_ones_do_not(made):
    with made.connect() as connection:
        oldest = connection.execute(
            select(func.min(social_posts.c.created_at)).where(social_posts.c.waiting)
        ).scalar_one()
        assert queries.backlog(connection) > 0
    assert oldest >= NOW - timedelta(days=3)


def test_every_post_has_its_counts_at_the_ages_it_has_come_to(made):
    found = counts_by_age(made)
    since = datetime(2025, 10, 23, tzinfo=ZONE)
    assert found == {
        (post.post_id, str(post.platform), age, *counts_at(post, age).values())
        for post, _ in invented(since, NOW)
        for age in AGES
        if post.posted_at + timedelta(days=age) <= NOW
        and any(count is not None for count in counts_at(post, age).values())
    }


@pytest.mark.parametrize(("days", "age"), [(7, 1), (30, 7), (90, 7)])
def test_engagement_of_two_periods_is_compared_at_equal_age(made, days, age):
    today = NOW.astimezone(ZONE).date()
    span = compared(Scope(today - timedelta(days=days), today + timedelta(days=1)), today)
    with made.connect() as connection:
        found = at_equal_age(span, today, partial(engagement_at_age, connection))
    assert found.age == age
    assert found.left_out == ()
    assert found.now.posts == found.of_now > 100


def counts_by_age(engine) -> set[tuple]:
    """Post, platform, age and the counts of what was kept, but for posts that were just made."""
    names = ("post_id", "platform", "age_days", "likes", "comments", "shares", "views")
    seen = metric_snapshots.c
    with engine.connect() as connection:
        found = select(*(seen[name] for name in names)).where(seen.age_days > 0)
        return {tuple(row) for row in connection.execute(found)}


def test_making_it_again_changes_nothing(tmp_path):
    engine = open_writer(f"sqlite:///{tmp_path}/demo.db")
    begin = NOW - timedelta(minutes=20)
    assert make_demo(engine, seed_places(), begin, ZONE, months=1)
    with engine.connect() as connection:
        before = queries.version(connection)
    assert not make_demo(engine, seed_places(), NOW, ZONE, months=1)
    with engine.connect() as connection:
        assert queries.version(connection) == before


_KEPT = (
    "post_id",
    "platform",
    "content",
    "created_at",
    "likes",
    "views",
    "place_id",
    "counted",
    "counted_why",
    "sentiment",
    "sentiment_score",
    "author_hash",
)


def posts_since(engine, day: int) -> set[tuple]:
    columns = [social_posts.c[name] for name in _KEPT]
    with engine.connect() as connection:
        found = connection.execute(select(*columns).where(social_posts.c.day >= day))
        return {tuple(row) for row in found}


def totals_since(engine, day: int) -> set[tuple]:
    with engine.connect() as connection:
        cells = connection.execute(select(daily_totals).where(daily_totals.c.day >= day))
        # Engines add in different orders, and one of them answers sums with decimals.
        return {
            tuple(round(float(v), 6) if k == "score_sum" else v for k, v in cell.items())
            for cell in ({**row, "version": 0} for row in cells.mappings())
        }


def test_a_demo_that_is_brought_up_to_date_equals_one_made_later(engine, tmp_path):
    earlier = NOW - timedelta(days=6)
    assert make_demo(engine, seed_places(), earlier, ZONE, months=1)
    assert make_demo(engine, seed_places(), NOW, ZONE)
    later = open_writer(f"sqlite:///{tmp_path}/later.db")
    assert make_demo(later, seed_places(), NOW, ZONE, months=1)
    day = number_of(NOW.date() - timedelta(days=20))
    assert len(posts_since(engine, day)) > 500
    assert posts_since(engine, day) == posts_since(later, day)
    assert totals_since(engine, day) == totals_since(later, day)
    assert counts_by_age(later) - counts_by_age(engine) == set()


def test_a_database_with_collected_posts_is_refused(tmp_path):
    engine = open_writer(f"sqlite:///{tmp_path}/live.db")
    migrate(engine)
    with engine.begin() as connection:
        store.set_up(connection, str(ZONE), seed_places(), NOW)
        store.save_page(connection, [matched(a_post())], now=NOW, zone=ZONE)
    with pytest.raises(DatabaseError, match="a database of its own"):
        make_demo(engine, seed_places(), NOW, ZONE)
    assert rows_of(engine, social_posts) == 1
    assert rows_of(engine, collection_runs) == 0


# Not multiprocessing: a spawned child runs this process's main module again, which the test of a
# page may have replaced.
MAKE = """
import sys
from tests.test_demo import NOW, ZONE, make_demo, open_writer, seed_places
print(make_demo(open_writer(sys.argv[1]), seed_places(), NOW, ZONE, months=2))
"""


def test_two_processes_may_make_it_at_once(tmp_path):
    url = f"sqlite:///{Path(tmp_path)}/demo.db"
    command = [sys.executable, "-c", MAKE, url]
    makers = [
        subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    found = sorted(maker.communicate(timeout=180)[0].strip() for maker in makers)
    assert found == ["False", "True"]
    since = datetime(2026, 9, 23, tzinfo=ZONE)
    assert rows_of(open_reader(url), social_posts) == len(list(invented(since, NOW)))


def test_no_two_templates_of_the_demo_go_by_one_name():
    templates = [*seed_events(), *festivals()]
    for names in ([t.name_ms for t in templates], [t.name_en for t in templates]):
        assert len(set(names)) == len(names)
