"""The totals of any scope, held in the process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import event

from db import queries, store
from db.cube import BLOCK_DAYS, Cube, _numbers
from db.engine import ERRORS, DatabaseError, open_reader, snapshot
from insights.model import Classification, Platform, PostFilter, Scope, Sentiment
from insights.voices import CHOICES, EVERYBODY, OTHERS, VISITOR, VISITORS
from tests.fakes import KUALA_LUMPUR, NOW, a_place, a_post, matched

CENANG, KUAH, ZOO = 1, 2, 3
PLACES = [
    a_place("cenang", name="Pantai Cenang"),
    a_place("kuah", name="Kuah", category="Town"),
    a_place("zoo", name="Zoo", city="Alor Setar", city_slug="alor-setar", category="Zoo"),
]
SCOPE = Scope(date(2026, 10, 24), date(2026, 11, 24))


@pytest.fixture
def db(engine):
    with engine.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", PLACES)
    return engine


def save(db, *page) -> None:
    with db.begin() as connection:
        store.save_page(connection, page, now=NOW, zone=KUALA_LUMPUR)


def label(db, post, sentiment=Sentiment.POSITIVE, **given) -> None:
    answer = Classification(post.platform, post.post_id, sentiment, 0.5, "test", **given)
    with db.begin() as connection:
        store.save_classifications(connection, [answer], now=NOW)


def ago(days: int, **given):
    return a_post(posted_at=NOW - timedelta(days=days), **given)


# --- nothing there ---


def test_a_cube_of_no_posts_answers_everything_with_nothing(db):
    cube = Cube.load(db)
    assert cube.totals(SCOPE).posts == 0
    assert cube.totals(SCOPE).likes is None
    assert cube.totals(SCOPE).coverage is None
    assert (cube.first_day, cube.last_day) == (None, None)
    for table in (cube.by_place, cube.by_city, cube.by_category, cube.by_platform, cube.topics):
        assert not len(table(SCOPE))
    assert not len(cube.topics(replace(SCOPE, place="zoo")))


def test_what_the_driver_refuses_is_an_error_that_pages_survive(db):
    with (
        snapshot(db) as connection,
        pytest.raises(DatabaseError, match=r"what was asked: .*nowhere"),
    ):
        _numbers(connection, ["place_id"], "nowhere", None)


def test_a_silent_day_counts_as_zero(db):
    save(db, matched(ago(1, likes=4), CENANG))
    days = Cube.load(db).daily(SCOPE)
    assert days["day"].tolist() == [SCOPE.since + timedelta(days=i) for i in range(31)]
    assert days["posts"].tolist() == [0] * 29 + [1, 0]
    assert days["engagement"].tolist() == [0] * 29 + [4, 0]


def test_a_scope_of_no_days_is_empty(db):
    save(db, matched(ago(1), CENANG))
    cube = Cube.load(db)
    for until in (SCOPE.since, SCOPE.since - timedelta(days=400)):
        nothing = Scope(SCOPE.since, until)
        assert cube.totals(nothing).posts == 0
        assert not len(cube.daily(nothing))


def test_days_before_and_after_all_posts_are_silent(db):
    save(db, matched(ago(1), CENANG))
    wide = Scope(date(2020, 1, 1), date(2030, 1, 1))
    cube = Cube.load(db)
    assert cube.totals(wide).posts == 1
    assert len(cube.daily(wide)) == wide.days


# --- what is unknown ---


def test_a_sum_nobody_told_is_unknown_and_not_zero(db):
    save(db, matched(ago(1, views=5), CENANG), matched(ago(1, likes=0), KUAH))
    cube = Cube.load(db)
    totals = cube.totals(SCOPE)
    assert (totals.likes, totals.likes_known, totals.shares, totals.views) == (0, 1, None, 5)
    table = cube.by_place(SCOPE).frame().set_index("slug")
    assert table["likes"].isna().to_dict() == {"cenang": True, "kuah": False}
    assert table["engagement"].isna().to_dict() == {"cenang": True, "kuah": False}
    assert np.isnan(cube.daily(SCOPE)["shares"]).sum() == 1


# --- scopes ---


def a_spread(db) -> Cube:
    save(
        db,
        matched(ago(1), CENANG),
        matched(ago(2, platform=Platform.FACEBOOK), CENANG),
        matched(ago(3), KUAH),
        matched(ago(4), ZOO),
        matched(ago(5)),
    )
    return Cube.load(db)


@pytest.mark.parametrize(
    ("given", "posts"),
    [
        ({}, 5),
        ({"city": "langkawi"}, 3),
        ({"city": "mainland"}, 1),
        ({"city": "unknown"}, 1),
        ({"place": "cenang"}, 2),
        ({"place": "cenang", "platform": "facebook"}, 1),
        ({"place": "cenang", "city": "alor-setar"}, 0),
        ({"platform": "facebook"}, 1),
        ({"platform": "youtube"}, 0),
        ({"since": date(2026, 11, 21)}, 2),
        ({"until": date(2026, 11, 20)}, 2),
    ],
)
def test_a_scope_holds_its_posts_in_every_table(db, given, posts):
    cube, scope = a_spread(db), replace(SCOPE, **given)
    assert cube.totals(scope).posts == posts
    tables = (cube.daily, cube.by_place, cube.by_city, cube.by_category, cube.by_platform)
    assert [int(table(scope)["posts"].sum()) for table in tables] == [posts] * 5


@pytest.mark.parametrize(
    ("given", "posts"),
    [({}, 1), ({"platform": "youtube"}, 2), ({"audited": True}, 3), ({"place": "cenang"}, 1)],
)
def test_youtube_is_in_the_figures_of_all_platforms_only_when_audited(db, given, posts):
    videos = [ago(1, platform=Platform.YOUTUBE), ago(2, platform=Platform.YOUTUBE)]
    save(db, matched(ago(1), CENANG), *(matched(video, CENANG) for video in videos))
    for post in videos:
        label(db, post, topics=("ferry",))
    cube, scope = Cube.load(db), replace(SCOPE, **given)
    tables = (cube.daily, cube.by_place, cube.by_city, cube.by_category, cube.by_platform)
    assert [int(table(scope)["posts"].sum()) for table in tables] == [posts] * 5
    assert cube.totals(scope).posts == posts
    assert int(cube.topics(scope)["positive"].sum()) == (0 if posts == 1 else 2)


@pytest.mark.parametrize("given", [{"city": "penang"}, {"place": "nowhere"}])
def test_a_scope_that_names_no_place_of_ours_is_a_key_error(db, given):
    with pytest.raises(KeyError):
        Cube.load(db).totals(replace(SCOPE, **given))


def test_places_are_told_with_what_the_gazetteer_says_and_the_unknown_apart(db):
    table = a_spread(db).by_place(SCOPE).frame().set_index("slug")
    assert table["posts"].to_dict() == {"cenang": 2, "kuah": 1, "zoo": 1, "unknown": 1}
    assert table.loc["zoo", ["name", "city", "category"]].tolist() == ["Zoo", "Alor Setar", "Zoo"]
    assert table.loc["zoo", ["lat", "lon"]].tolist() == [6.29369, 99.72786]
    assert table.loc["unknown", ["name", "city", "category"]].tolist() == ["", "", ""]
    assert table.loc["unknown", ["lat", "lon"]].isna().all()


def test_cities_categories_and_platforms_have_a_row_each(db):
    cube = a_spread(db)
    cities = cube.by_city(SCOPE)
    assert dict(zip(cities["slug"], cities["posts"], strict=True)) == {
        "langkawi": 3,
        "alor-setar": 1,
        "unknown": 1,
    }
    assert cube.by_city(replace(SCOPE, place="kuah"))["slug"].tolist() == ["langkawi"]
    categories = cube.by_category(SCOPE)
    assert dict(zip(categories["category"], categories["posts"], strict=True)) == {
        "": 1,
        "Beach": 2,
        "Town": 1,
        "Zoo": 1,
    }
    assert cube.by_platform(SCOPE)["platform"].tolist() == ["x", "facebook"]


def test_topics_carry_the_label_of_their_posts(db):
    first, second, third = ago(1), ago(2), ago(3)
    save(db, matched(first, CENANG), matched(second, KUAH), matched(third, ZOO))
    label(db, first, topics=("food", "beach"))
    label(db, second, Sentiment.NEGATIVE, topics=("food",))
    label(db, third, topics=("wildlife",))
    cube = Cube.load(db)
    table = cube.topics(replace(SCOPE, city="langkawi")).frame().set_index("topic")
    assert table.loc["food"].to_dict() == {"negative": 1, "neutral": 0, "positive": 1}
    assert sorted(table.index) == ["beach", "food"]
    assert cube.topics(replace(SCOPE, place="kuah"))["topic"].tolist() == ["food"]


def test_the_first_and_last_day_are_those_with_posts(db):
    save(db, matched(ago(300), CENANG), matched(ago(2), ZOO))
    cube = Cube.load(db)
    assert cube.first_day == date(2026, 11, 23) - timedelta(days=300)
    assert cube.last_day == date(2026, 11, 21)


def test_days_far_apart_cost_only_the_blocks_they_stand_in(db):
    save(db, matched(ago(365 * 20), CENANG), matched(ago(1), CENANG))
    cube = Cube.load(db)
    assert len(cube._layers[VISITORS]) == 2
    assert cube.totals(Scope(date(2004, 1, 1), date(2027, 1, 1))).posts == 2


def test_counts_beyond_what_a_narrow_array_holds_stay_exact(db):
    huge = 3 * 2**31
    save(db, matched(ago(3, likes=100), CENANG), matched(ago(2, likes=40_000), CENANG))
    cube = Cube.load(db)
    assert cube.totals(SCOPE).likes == 40_100
    save(db, matched(ago(1, likes=huge), KUAH))
    for found in (cube.refreshed(db), Cube.load(db)):
        assert found.totals(SCOPE).likes == 40_100 + huge
        assert sorted(found.by_place(SCOPE)["likes"].tolist()) == [40_100, huge]


# --- refreshing ---


def test_a_cube_stays_the_same_while_nothing_changes(db):
    cube = a_spread(db)
    assert cube.refreshed(db) is cube


def test_a_refreshed_cube_leaves_the_old_one_as_it_was(db):
    cube = a_spread(db)
    save(db, matched(ago(1), ZOO))
    fresh = cube.refreshed(db)
    assert (cube.totals(SCOPE).posts, fresh.totals(SCOPE).posts) == (5, 6)
    assert fresh.version > cube.version


def test_a_refresh_shares_the_blocks_nothing_happened_to(db):
    save(db, matched(ago(1), CENANG), matched(ago(1 + 3 * BLOCK_DAYS), CENANG))
    cube = Cube.load(db)
    save(db, matched(ago(1), KUAH))
    fresh = cube.refreshed(db)
    old, new = sorted(cube._layers[VISITORS])
    assert fresh._layers[VISITORS][old] is cube._layers[VISITORS][old]
    assert fresh._layers[VISITORS][new] is not cube._layers[VISITORS][new]


@pytest.mark.parametrize(
    "change",
    [
        lambda db, post: save(db, matched(ago(1, platform=Platform.TIKTOK), ZOO)),
        lambda db, post: label(db, post, topics=("never-seen",)),
        lambda db, post: label(db, post, relevant=False),
        lambda db, post: save(db, matched(ago(700), ZOO)),
        lambda db, post: save(db, *(matched(ago(i), ZOO) for i in range(90))),
        lambda db, post: save(db, matched(replace(post, content="Zoo", likes=8), ZOO)),
    ],
    ids=["platform", "topic", "vanished cell", "old block", "many days", "moved post"],
)
@pytest.mark.parametrize("read", [None, VISITORS, EVERYBODY, "news"])
def test_a_refresh_sees_what_a_new_cube_sees(db, change, read):
    post, other, paper = ago(3), ago(3, platform=Platform.FACEBOOK), ago(2)
    save(db, matched(post, CENANG), matched(other, KUAH), spoken(paper, "news", CENANG))
    for one in (post, other, paper):
        label(db, one, topics=("food", "ferry"))
    cube, wide = Cube.load(db), Scope(date(2024, 1, 1), date(2027, 1, 1))
    if read is not None:
        cube.topics(replace(wide, voice=read))
    change(db, post)
    assert_same(cube.refreshed(db), Cube.load(db), wide)


def assert_same(cube: Cube, other: Cube, scope: Scope) -> None:
    """Both give the same answers about the scope, whoever speaks."""
    for voice in CHOICES:
        said = replace(scope, voice=voice)
        assert cube.totals(said) == other.totals(said)
        for table in ("daily", "by_place", "by_platform", "topics"):
            assert getattr(cube, table)(said).frame().equals(getattr(other, table)(said).frame())
    assert cube.voices(scope) == other.voices(scope)


def test_topics_are_read_for_the_blocks_that_somebody_asks_for(db):
    posts = [ago(1), ago(1 + 3 * BLOCK_DAYS)]
    save(db, *(matched(post, CENANG) for post in posts))
    for post in posts:
        label(db, post, topics=("ferry",))
    cube = Cube.load(db)
    assert not cube._topics
    assert cube.topics(SCOPE)["positive"].tolist() == [1]
    assert len(cube._topics[VISITORS]) == 1
    assert cube.topics(replace(SCOPE, since=date(2024, 1, 1)))["positive"].tolist() == [2]
    assert len(cube._topics[VISITORS]) == 2


@pytest.mark.parametrize(("voice", "reads"), [(VISITORS, 1), (EVERYBODY, 2)])
def test_what_many_readers_lack_is_read_once_for_all_of_them(db, voice, reads):
    post = ago(0, post_id="one")
    save(db, matched(post, CENANG))
    label(db, post, topics=("ferry",))
    cube, many = Cube.load(db), 4
    together, others_came, asked = threading.Barrier(many), threading.Event(), []

    def note(*checked_out) -> None:
        asked.append(checked_out)
        if len(asked) == many:
            others_came.set()
        # Long enough for every other reader to ask too, if nothing holds it back.
        others_came.wait(0.3)

    def read() -> list[int]:
        together.wait(10)
        return cube.topics(replace(SCOPE, voice=voice))["positive"].tolist()

    event.listen(db, "checkout", note)
    try:
        with ThreadPoolExecutor(many) as readers:
            answers = [one.result(10) for one in [readers.submit(read) for _ in range(many)]]
    finally:
        event.remove(db, "checkout", note)
    assert answers == [[1]] * many
    assert len(asked) == reads


def test_topics_read_later_than_the_rest_are_put_right_by_the_next_refresh(db):
    first, second = ago(1), ago(2)
    save(db, matched(first, CENANG), matched(second, CENANG))
    label(db, first, topics=("ferry",))
    cube = Cube.load(db)
    label(db, second, topics=("ferry", "queue"))
    # It does not know the new topic yet, and nothing else of the answer is lost by that.
    assert cube.topics(SCOPE)["topic"].tolist() == ["ferry"]
    label(db, first, Sentiment.NEGATIVE, topics=("ferry",))
    assert_same(cube.refreshed(db), Cube.load(db), SCOPE)


def test_a_refresh_leaves_the_topics_of_the_old_cube_and_shares_untouched_ones(db):
    posts = [ago(1), ago(1 + 3 * BLOCK_DAYS)]
    save(db, *(matched(post, CENANG) for post in posts))
    for post in posts:
        label(db, post, topics=("ferry",))
    cube, wide = Cube.load(db), replace(SCOPE, since=date(2024, 1, 1))
    before = cube.topics(wide).frame()
    label(db, posts[0], Sentiment.NEGATIVE, topics=("ferry",))
    fresh = cube.refreshed(db)
    assert fresh.topics(wide)["negative"].tolist() == [1]
    assert cube.topics(wide).frame().equals(before)
    old, new = sorted(cube._topics[VISITORS])
    assert fresh._topics[VISITORS][old] is cube._topics[VISITORS][old]
    assert fresh._topics[VISITORS][new] is not cube._topics[VISITORS][new]


def test_a_new_place_is_seen_by_the_next_refresh(db):
    cube = a_spread(db)
    with db.begin() as connection:
        store.set_up(connection, "Asia/Kuala_Lumpur", [*PLACES, a_place("new")])
    assert "new" in {place.slug for place in cube.refreshed(db).places}


def test_a_database_that_was_replaced_by_an_older_one_is_read_anew(db):
    cube = a_spread(db)
    ahead = Cube(db, cube.version + 50, cube._epoch, cube._axes, {}, {}, {}, {})
    assert ahead.refreshed(db).totals(SCOPE).posts == 5


def test_a_reader_loads_the_cube_and_a_missing_database_is_an_error(db, database_url, tmp_path):
    a_spread(db)
    reader = open_reader(database_url)
    assert Cube.load(reader).totals(SCOPE).posts == 5
    reader.dispose()
    with pytest.raises(ERRORS):
        Cube.load(open_reader(f"sqlite:///{tmp_path / 'none.db'}"))


def test_the_cube_tells_the_places_of_its_database(db):
    assert [place.slug for place in Cube.load(db).places] == ["cenang", "kuah", "zoo"]
    with snapshot(db) as connection:
        assert queries.gazetteer(connection) == Cube.load(db).places


# --- voices ---


def spoken(post, voice, *place_ids):
    """The post at these places, in a voice of its own."""
    return replace(matched(post, *place_ids), voice=voice, voice_why=f"words:{voice}")


def test_the_default_figures_are_visitors_voices(db):
    save(db, matched(ago(1, likes=3), CENANG), spoken(ago(1, likes=50), "advert", CENANG))
    cube = Cube.load(db)
    assert (cube.totals(SCOPE).posts, cube.totals(SCOPE).likes) == (1, 3)
    everybody, adverts = replace(SCOPE, voice=EVERYBODY), replace(SCOPE, voice="advert")
    assert (cube.totals(everybody).posts, cube.totals(everybody).likes) == (2, 53)
    assert (cube.totals(adverts).posts, cube.totals(adverts).likes) == (1, 50)
    assert cube.totals(replace(SCOPE, voice="news")).posts == 0


def test_the_voices_add_up_to_everybody_in_every_scope(db):
    save(db, matched(ago(1), CENANG), spoken(ago(1), "news", ZOO), spoken(ago(9), "news", KUAH))
    save(db, spoken(ago(2), "politics"))
    cube = Cube.load(db)
    assert cube.voices(SCOPE) == {VISITOR: 1, **dict.fromkeys(OTHERS, 0), "news": 2, "politics": 1}
    for scope in (SCOPE, replace(SCOPE, city="langkawi"), replace(SCOPE, place="zoo")):
        everybody = cube.totals(replace(scope, voice=EVERYBODY))
        assert sum(cube.voices(scope).values()) == everybody.posts
        assert cube.voices(replace(scope, voice="news")) == cube.voices(scope)


def test_an_unknown_voice_is_an_error_and_no_zero(db):
    with pytest.raises(KeyError):
        Cube.load(db).totals(replace(SCOPE, voice="robots"))


def test_a_text_that_becomes_an_advert_leaves_the_visitors_at_the_next_refresh(db):
    post = ago(1, likes=3, content="Cenang")
    save(db, matched(post, CENANG), matched(ago(1), CENANG))
    cube = Cube.load(db)
    everybody = replace(SCOPE, voice=EVERYBODY)
    assert cube.totals(everybody).posts == 2
    save(db, spoken(replace(post, content="Jom tempah"), "advert", CENANG))
    cube = cube.refreshed(db)
    assert (cube.totals(SCOPE).posts, cube.totals(everybody).posts) == (1, 2)
    assert cube.voices(SCOPE)["advert"] == 1
    save(db, matched(replace(post, content="Cantik"), CENANG))
    cube = cube.refreshed(db)
    assert (cube.totals(SCOPE).posts, cube.voices(SCOPE)["advert"]) == (2, 0)


def test_a_day_on_which_only_papers_spoke_is_still_the_first_day(db):
    save(db, spoken(ago(20), "news", CENANG), matched(ago(1), CENANG))
    cube = Cube.load(db)
    assert cube.first_day == (NOW - timedelta(days=20)).astimezone(KUALA_LUMPUR).date()
    assert cube.totals(SCOPE).posts == 1


def test_topics_are_those_of_the_chosen_voices(db):
    visitor, paper = ago(1), ago(1)
    save(db, matched(visitor, CENANG), spoken(paper, "news", CENANG))
    for post in (visitor, paper):
        label(db, post, topics=("ferry",))
    cube = Cube.load(db)
    for scope in (SCOPE, replace(SCOPE, place="cenang")):
        assert cube.topics(scope)["positive"].tolist() == [1]
        assert cube.topics(replace(scope, voice=EVERYBODY))["positive"].tolist() == [2]
        assert not len(cube.topics(replace(scope, voice="football")))


def test_labels_of_the_offline_classifier_are_counted_as_provisional(db):
    first, second = ago(1), ago(1)
    save(db, matched(first, CENANG), matched(second, CENANG))
    label(db, first)
    with db.begin() as connection:
        answer = Classification(
            second.platform, second.post_id, Sentiment.NEGATIVE, -0.5, "offline:1"
        )
        store.save_classifications(connection, [answer], now=NOW)
    totals = Cube.load(db).totals(SCOPE)
    assert (totals.classified, totals.provisional) == (2, 1)


# --- guiding a search ---


@pytest.mark.parametrize("sort", ["newest", "engagement"])
def test_a_guide_older_than_the_posts_hides_none_of_them(db, sort):
    old = a_spread(db)
    save(db, matched(ago(0, post_id="later", likes=10**6), CENANG))
    with snapshot(db) as connection:
        found = queries.posts(connection, PostFilter(SCOPE), sort=sort, limit=2, guide=old)
    assert found["post_id"][0] == "later"


def test_the_highest_cells_are_those_of_the_most_engaged_posts(db):
    for likes, day in ((5, 1), (900, 2), (2**38, 3), (None, 4)):
        post = ago(day, post_id=f"liked {likes}", likes=likes, comments=None, shares=None)
        save(db, matched(post, CENANG))
    save(db, matched(ago(1, post_id="nowhere", likes=700, comments=None, shares=None)))
    cube = Cube.load(db)

    def places(many: int, ids=None) -> list[int]:
        return sorted(place for place, _, _ in cube.highest(SCOPE, ids, many)[0])

    assert cube.highest(SCOPE, None, 2)[1] == 900
    assert places(3) == [0, CENANG, CENANG]
    # Four posts in four cells: one cell is thought to hold two of them, and one none.
    assert cube.highest(SCOPE, None, 4)[1] == 700
    assert cube.highest(SCOPE, None, 1_000)[1] == 0
    # Nobody knows the engagement of the fourth post of the place.
    assert places(1_000, [CENANG]) == [CENANG] * 3
    assert places(1_000, [KUAH]) == []
