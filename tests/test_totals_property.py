"""Whatever happens to posts, the totals equal a group-by over them, and the cube equals both.

So do the columns of a post that its topics repeat."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select

from db import corrections, queries, search, store
from db.cube import COUNTS, SUMS, Cube
from db.engine import snapshot
from db.snapshots import mark_seen
from db.tables import (
    UNKNOWN_PLACE,
    daily_topics,
    daily_totals,
    daily_voices,
    post_topics,
    social_posts,
)
from insights.corrections import Correction, Field
from insights.model import Classification, Platform, PostFilter, Scope, Sentiment
from insights.voices import BY_ACCOUNT, EVERYBODY, VISITOR, VISITORS, VOICES, Voice
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post, matched

PLACES = [
    a_place("cenang", name="Pantai Cenang"),
    a_place("kuah", name="Kuah", category="Town"),
    a_place("menara", name="Menara", city="Alor Setar", city_slug="alor-setar", category="Tower"),
    a_place("lembah", name="Lembah", city="Baling", city_slug="baling"),
]
PLATFORMS = (Platform.X, Platform.INSTAGRAM, Platform.FACEBOOK, Platform.YOUTUBE)
TOPICS = ("ferry", "litter", "food", "scenery")
SCOPE = Scope(date(2026, 8, 1), date(2026, 12, 1))


class World:
    """Random things that happen to a database, one after another."""

    def __init__(self, engine, seed: int):
        self.random = random.Random(seed)
        self.engine = engine
        self.posts = {}
        self.batches = []
        with engine.begin() as connection:
            store.set_up(connection, "Asia/Kuala_Lumpur", PLACES)
            self.ids = [place.id for place in queries.gazetteer(connection)]

    def step(self) -> None:
        happening = self.random.choice(
            [
                *(self.insert, self.insert, self.fetch_again, self.label, self.forget),
                *(self.relink, self.correct, self.undo, self.apply, self.revoice),
                *(self.refresh, self.vanish),
            ]
        )
        with self.engine.begin() as connection:
            happening(connection)

    def fill(self) -> None:
        """Enough posts that every place, platform and voice has some."""
        with self.engine.begin() as connection:
            for _ in range(12):
                self.insert(connection)

    def _count(self):
        return self.random.choice([None, 0, 3, 2**40])

    def _places(self) -> list[int]:
        return self.random.sample(self.ids, self.random.choice([0, 1, 1, 2]))

    def _new(self):
        posted_at = NOW - timedelta(hours=self.random.randrange(24 * 100))
        return a_post(
            platform=self.random.choice(PLATFORMS),
            posted_at=self.random.choice([posted_at, posted_at, None]),
            content=self.random.choice(["Jeti sesak", "Cantik", "", "Sampah di pantai"]),
            likes=self._count(),
            comments=self._count(),
            shares=self._count(),
            views=self._count(),
            is_repost=self.random.random() < 0.1,
        )

    def _matched(self, post):
        """The post with random places, spoken by a random voice: an edited text moves both."""
        found = matched(post, *self._places(), counted=self.random.random() < 0.85)
        voice = self.random.choice([*VOICES, VISITOR, VISITOR])
        origin = self.random.choice(["words:", "words:", BY_ACCOUNT])
        why = "" if voice == VISITOR else f"{origin}test"
        return replace(found, voice=voice, voice_why=why)

    def _some(self, n: int) -> list:
        return self.random.sample(sorted(self.posts), min(n, len(self.posts)))

    def insert(self, connection) -> None:
        page = [self._new() for _ in range(self.random.randrange(1, 25))]
        self.posts.update({(post.post_id, post.platform): post for post in page})
        page = [self._matched(post) for post in page]
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)

    def fetch_again(self, connection) -> None:
        page = []
        for key in self._some(12):
            changes = {"likes": self._count(), "views": self._count()}
            if self.random.random() < 0.3:
                changes["content"] = self.random.choice(["Feri lewat", "", "Makan sedap"])
            if self.random.random() < 0.3:
                changes["posted_at"] = NOW - timedelta(hours=self.random.randrange(2400))
            page.append(self._matched(replace(self.posts[key], **changes)))
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)

    def refresh(self, connection) -> None:
        """Counts told by id: some grow, some are not told; nothing is ever lost by that."""
        page = [
            self._matched(replace(self.posts[key], likes=self._count(), shares=self._count()))
            for key in self._some(6)
        ]
        store.save_page(connection, page, now=NOW + timedelta(days=1), zone=KUALA_LUMPUR)
        for m in page:
            mark_seen(connection, m.post.platform, [m.post.post_id], NOW + timedelta(days=1))

    def vanish(self, connection) -> None:
        """What platforms call gone, and what stood longer than their terms let it."""
        gone = self._some(4)
        for platform in PLATFORMS:
            ids = [post_id for post_id, of in gone if of == platform]
            if self.random.random() < 0.5:
                store.forget_all(connection, platform, ids, now=NOW)
            else:
                store.delete_posts(connection, platform, ids)
        for key in gone:
            del self.posts[key]

    def label(self, connection) -> None:
        answers = [
            Classification(
                platform,
                post_id,
                self.random.choice(list(Sentiment)),
                self.random.uniform(-1, 1),
                self.random.choice(["test", "offline:1"]),
                topics=tuple(self.random.sample(TOPICS, self.random.randrange(3))),
                relevant=self.random.choice([None, True, True, False]),
            )
            for post_id, platform in self._some(15)
        ]
        store.save_classifications(connection, answers, now=NOW)

    def forget(self, connection) -> None:
        for post_id, platform in self._some(2):
            store.forget(connection, platform, post_id, now=NOW)
            del self.posts[post_id, platform]

    def revoice(self, connection) -> None:
        """The rules for voices changed: stored texts are heard again."""
        heard = []
        for post_id, platform in self._some(10):
            code = self.random.choice(VOICES)
            voice = Voice(code, "" if code == VISITOR else "words:test")
            heard.append(store.Heard(post_id, platform, voice, self.random.randrange(9)))
        store.revoice(connection, heard)

    def relink(self, connection) -> None:
        page = [self._matched(self.posts[key]) for key in self._some(6)]
        store.relink(connection, page, now=NOW)

    def correct(self, connection) -> None:
        field = self.random.choice(list(Field))
        values = {
            Field.SENTIMENT: list(Sentiment),
            Field.PLACE: [*(place.slug for place in PLACES), "unknown"],
            Field.RELEVANT: ["yes", "no"],
        }
        decisions = [
            Correction(platform, post_id, field, str(self.random.choice(values[field])))
            for post_id, platform in self._some(5)
            if not self.posts[post_id, platform].is_repost
        ]
        if decisions:
            moment = NOW + timedelta(seconds=len(self.batches))
            self.batches.append(
                corrections.save_corrections(connection, decisions, officer="Aminah", now=moment)
            )

    def undo(self, connection) -> None:
        if self.batches:
            batch = self.random.choice(self.batches)
            corrections.undo_corrections(connection, batch, officer="Aminah", now=NOW)

    def apply(self, connection) -> None:
        store.apply_corrections(connection, now=NOW)


def cells_of_posts(connection, by_voice: bool = False) -> dict:
    """The cells as plain Python counts them from the posts; by voice, without visitors."""
    cells = defaultdict(lambda: defaultdict(int))
    for post in connection.execute(select(social_posts).where(social_posts.c.counted)):
        key = (post.place_id or UNKNOWN_PLACE, post.day, post.platform)
        if by_voice and post.voice == VISITOR:
            continue
        cell = cells[(*key, post.voice) if by_voice else key]
        cell["posts"] += 1
        cell["provisional"] += (post.classified_by or "").startswith("offline:")
        for label in Sentiment:
            cell[label.value] += post.sentiment == label
        cell["score_sum"] += post.sentiment_score or 0
        if post.engagement is not None:
            cell["max_engagement"] = max(cell.get("max_engagement", 0), post.engagement)
        for name in SUMS:
            value = getattr(post, name)
            cell[f"{name}_known"] += value is not None
            if value is not None:
                cell[name] += value
    return cells


def assert_totals_are_exact(connection) -> None:
    """The cells of all counted posts, and the cells by voice of those that are not visitors'."""
    found = {
        (row.place_id, row.day, row.platform): row._mapping
        for row in connection.execute(select(daily_totals))
    }
    assert_cells_are_equal(found, cells_of_posts(connection))
    found = {
        (row.place_id, row.day, row.platform, row.voice): row._mapping
        for row in connection.execute(select(daily_voices))
    }
    assert_cells_are_equal(found, cells_of_posts(connection, by_voice=True))


def assert_cells_are_equal(found: dict, wanted: dict) -> None:
    assert found.keys() == wanted.keys()
    for key, cell in wanted.items():
        for name in (*COUNTS, "provisional"):
            assert found[key][name] == cell[name], (key, name)
        for name in (*SUMS, "max_engagement"):
            assert found[key][name] == cell.get(name), (key, name)
        assert found[key]["score_sum"] == pytest.approx(cell["score_sum"], abs=1e-9)


def assert_topics_are_exact(connection) -> None:
    wanted = defaultdict(lambda: defaultdict(int))
    rows = connection.execute(
        select(social_posts, post_topics.c.topic)
        .join(
            post_topics,
            (post_topics.c.post_id == social_posts.c.post_id)
            & (post_topics.c.platform == social_posts.c.platform),
        )
        .where(social_posts.c.counted)
    )
    for row in rows:
        key = (row.place_id or UNKNOWN_PLACE, row.day, row.platform, row.topic, row.voice)
        wanted[key][row.sentiment] += 1
    found = {
        (row.place_id, row.day, row.platform, row.topic, row.voice): row._mapping
        for row in connection.execute(select(daily_topics))
    }
    assert found.keys() == wanted.keys()
    for key, labels in wanted.items():
        assert {label: found[key][label] for label in labels} == labels


REPEATED = ("created_at", "day", "place_id", "counted", "sentiment", "engagement", "voice")


def assert_topics_repeat_their_posts(connection) -> None:
    """Also where the post does not count: it may count again."""
    posts = {(row.post_id, row.platform): row for row in connection.execute(select(social_posts))}
    for topic in connection.execute(select(post_topics)):
        post = posts[topic.post_id, topic.platform]
        for name in REPEATED:
            assert getattr(topic, name) == getattr(post, name), (topic, name)


def scopes():
    for city in ("all", "mainland", "unknown", "langkawi", "alor-setar", "baling"):
        for platform in (None, "x", "instagram", "youtube"):
            yield replace(SCOPE, city=city, platform=platform)
        yield replace(SCOPE, city=city, audited=True)
        for voice in (EVERYBODY, "advert", "news"):
            yield replace(SCOPE, city=city, voice=voice)
    for place in PLACES:
        yield replace(SCOPE, place=place.slug)
    for since, until in ((1, 2), (10, 40), (60, 122), (100, 100)):
        first = SCOPE.since
        yield Scope(first + timedelta(days=since), first + timedelta(days=until))
        yield Scope(first + timedelta(days=since), first + timedelta(days=until), city="langkawi")


def assert_guided_alike(guide: Cube, connection, wanted: PostFilter, number: int) -> None:
    assert guide.count(wanted, queries.place_ids(guide.places, wanted.scope)) == number
    for sort in ("newest", "engagement"):
        for limit, offset in ((1, 0), (3, 2), (10_000, 0)):
            page = {"sort": sort, "limit": limit, "offset": offset}
            found = queries.posts(connection, wanted, **page, guide=guide)
            unguided = queries.posts(connection, wanted, **page)
            assert found["post_id"].tolist() == unguided["post_id"].tolist(), (wanted, page)


def assert_cube_equals_posts(cube: Cube, connection, some: random.Random) -> None:
    for scope in some.sample(list(scopes()), 9):
        totals = cube.totals(scope)
        everybody = replace(scope, voice=EVERYBODY)
        assert sum(cube.voices(scope).values()) == cube.totals(everybody).posts
        for voice, number in cube.voices(scope).items():
            one = replace(scope, voice=VISITORS if voice == VISITOR else voice)
            assert cube.totals(one).posts == number
            assert queries.count_posts(connection, PostFilter(one)) == number
        assert totals.posts == queries.count_posts(connection, PostFilter(scope)), scope
        assert int(cube.daily(scope)["posts"].sum()) == totals.posts
        assert len(cube.daily(scope)) == scope.days
        for table in (cube.by_place, cube.by_city, cube.by_platform, cube.by_category):
            assert int(table(scope)["posts"].sum()) == totals.posts
            assert np.nansum(table(scope)["likes"]) == (totals.likes or 0)
        for label in (*Sentiment, "classified", "unclassified"):
            wanted = PostFilter(scope, sentiment=str(label))
            number = getattr(totals, str(label))
            assert number == queries.count_posts(connection, wanted), (scope, label)
            keys = queries.posts(connection, wanted, limit=10_000)["post_id"]
            assert len(keys) == len(set(keys)) == number
            assert_guided_alike(cube, connection, wanted, number)
        for row in cube.topics(scope).frame().itertuples():
            for label in Sentiment:
                wanted = PostFilter(scope, label.value, row.topic)
                assert getattr(row, label.value) == queries.count_posts(connection, wanted)


@pytest.mark.parametrize("seed", [1, 2])
def test_totals_stay_equal_to_the_posts_behind_them(engine, seed):
    world = World(engine, seed)
    for _ in range(60):
        world.step()
        with snapshot(engine) as connection:
            assert_totals_are_exact(connection)
            assert_topics_are_exact(connection)
            assert_topics_repeat_their_posts(connection)


# So few posts are gathered and no cell looked into, unless that is said to cost nothing and a walk
# too much.
@pytest.mark.parametrize(("seed", "only_cells"), [(4, False), (5, True)])
def test_a_refreshed_cube_equals_a_new_one_and_the_posts(engine, seed, only_cells, monkeypatch):
    if only_cells:
        monkeypatch.setattr(search, "CELL_COSTS", dict.fromkeys(search.CELL_COSTS, -(10**6)))
        monkeypatch.setattr(search, "WALK_COSTS", dict.fromkeys(search.WALK_COSTS, 10**6))
    world = World(engine, seed)
    cube = Cube.load(engine)
    for round_ in range(32):
        world.step()
        cube = cube.refreshed(engine)
        if round_ % 16 == 15:
            with snapshot(engine) as connection:
                assert_cube_equals_posts(cube, connection, world.random)
    fresh = Cube.load(engine)
    for scope in scopes():
        for table in ("daily", "by_place", "by_city", "by_platform", "topics"):
            found, wanted = (getattr(one, table)(scope).frame() for one in (cube, fresh))
            pd.testing.assert_frame_equal(found, wanted)


def test_the_cities_and_the_unknown_add_up_to_the_total(engine):
    world = World(engine, 6)
    for _ in range(12):
        world.step()
    world.fill()
    cube = Cube.load(engine)
    whole = cube.totals(SCOPE)
    cities = ("langkawi", "alor-setar", "baling", "unknown")
    parts = [cube.totals(replace(SCOPE, city=city)) for city in cities]
    for name in (*COUNTS, *SUMS):
        assert sum(getattr(part, name) or 0 for part in parts) == (getattr(whole, name) or 0)
    mainland = cube.totals(replace(SCOPE, city="mainland"))
    assert mainland.posts == parts[1].posts + parts[2].posts
    assert min(part.posts for part in parts) > 0


def test_youtube_is_added_to_nothing_unless_it_was_audited(engine):
    world = World(engine, 8)
    for _ in range(12):
        world.step()
    world.fill()
    cube = Cube.load(engine)
    for city in ("all", "mainland", "unknown", "langkawi"):
        blended = replace(SCOPE, city=city)
        alone = cube.totals(replace(blended, platform="youtube"))
        everything = cube.totals(replace(blended, audited=True))
        for name in (*COUNTS, *SUMS):
            known = [getattr(part, name) or 0 for part in (cube.totals(blended), alone)]
            assert sum(known) == (getattr(everything, name) or 0), (city, name)
        assert "youtube" not in set(cube.by_platform(blended)["platform"])
    assert cube.totals(replace(SCOPE, platform="youtube")).posts > 0


def test_topics_follow_their_posts_into_another_timezone(engine):
    world = World(engine, 9)
    for _ in range(25):
        world.step()
    with engine.begin() as connection:
        store.set_up(connection, "America/New_York", PLACES)
        assert_totals_are_exact(connection)
        assert_topics_are_exact(connection)
        assert_topics_repeat_their_posts(connection)


def test_rebuilding_changes_no_cell(engine):
    world = World(engine, 7)
    for _ in range(25):
        world.step()
    with engine.begin() as connection:
        store.rebuild_totals(connection)
        assert_totals_are_exact(connection)
        assert_topics_are_exact(connection)
        assert_topics_repeat_their_posts(connection)
