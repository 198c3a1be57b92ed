"""Matching: what counts before a classifier has spoken, and the reason that is kept."""

import pytest

from db.seed import seed_places
from insights.matching import author_hash, matched_post, placed_by_classifier
from insights.model import Classification, PlaceLink, Platform, Sentiment
from insights.places import Gazetteer
from tests.fakes import a_place, a_post

GAZETTEER = Gazetteer([a_place(id=7)])


def test_a_post_that_names_a_place_counts_and_says_which_word_it_was():
    matched = matched_post(a_post(content="Sunset di Cenang Beach"), GAZETTEER, "")
    assert matched.counted
    assert matched.counted_why == "named:Cenang Beach"
    assert matched.match.primary.place_id == 7


def test_a_post_that_names_nothing_counts_where_it_came_from_a_source_of_kedah():
    for origin in ("page:123", "hashtag:langkawi", "import:posts.csv", "own:5"):
        matched = matched_post(a_post(content="Selamat pagi", found_by=origin), GAZETTEER, "")
        assert matched.counted
        assert matched.counted_why == origin


def test_a_post_that_names_nothing_and_was_only_searched_does_not_count():
    matched = matched_post(a_post(content="Kuah kari sedap", found_by="search:1"), GAZETTEER, "")
    assert not matched.counted
    assert matched.counted_why == "no_place"


def test_a_repost_never_counts():
    matched = matched_post(a_post(is_repost=True, found_by="page:1"), GAZETTEER, "")
    assert not matched.counted
    assert matched.counted_why == "repost"


def test_an_author_is_hashed_with_the_platform_and_only_with_a_secret():
    post = a_post(author="42")
    assert author_hash(post, "") is None
    assert author_hash(a_post(author=None), "secret") is None
    digest = author_hash(post, "secret")
    assert len(digest) == 64
    assert digest == author_hash(a_post(author="42"), "secret")
    assert digest != author_hash(a_post(author="42", platform="facebook"), "secret")
    assert digest != author_hash(post, "another")


def test_a_post_has_the_voice_of_its_account_or_of_its_text():
    for given, voice in (
        ({"author_name": "Sinar Harian"}, "news"),
        ({"author": "kedahfc", "platform": Platform.TIKTOK}, "football"),
        ({"content": "Jom tempah homestay Cenang, RM90, hubungi kami"}, "advert"),
        ({"author": "42"}, "visitor"),
    ):
        matched = matched_post(a_post(**given), GAZETTEER, "")
        assert matched.voice == voice
        assert bool(matched.voice_why) == (voice != "visitor")


def test_near_copies_share_a_cluster():
    first, copy, other = (
        matched_post(a_post(content=text), GAZETTEER, "").text_cluster
        for text in ("Cenang kotor hari ini", "cenang KOTOR hari ini!!", "Makan sedap di Kuah")
    )
    assert first == copy != other


def test_nothing_is_derived_from_a_platform_that_stands_apart():
    text = "Jom tempah homestay Cenang, RM90, hubungi kami"
    matched = matched_post(a_post(platform=Platform.YOUTUBE, content=text), GAZETTEER, "")
    assert (matched.voice, matched.text_cluster) == ("visitor", None)


# --- what a classifier reads in a post ------------------------------------------------------------

READ = Gazetteer(seed_places())


def link_of(*entities: str, relevant: bool | None = True) -> PlaceLink | None:
    answer = Classification(
        Platform.X, "1", Sentiment.NEUTRAL, 0.0, "gemini", entities=entities, relevant=relevant
    )
    return placed_by_classifier(answer, READ).place


def answered(*entities: str, relevant: bool | None = True) -> str | None:
    link = link_of(*entities, relevant=relevant)
    return READ.place(link).slug if link else None


def test_an_entity_that_is_a_place_of_kedah_places_the_post():
    assert answered("Ali", "Pantai Cenang") == "pantai-cenang"


def test_a_word_that_is_a_name_only_in_context_is_one_where_the_classifier_read_the_text():
    assert answered("Lunas") == "lunas"


def test_the_special_place_is_taken_before_the_island_that_holds_it():
    assert answered("Langkawi", "Dataran Lang") == answered("Dataran Lang") != answered("Langkawi")


@pytest.mark.parametrize("relevant", [None, False])
def test_without_the_word_that_it_is_about_kedah_entities_place_nothing(relevant):
    assert answered("Pantai Cenang", relevant=relevant) is None


@pytest.mark.parametrize("entity", ["Kedah", "Penang", "Hotel Cenang Baru Raya", ""])
def test_no_other_name_places_a_post(entity):
    assert answered(entity) is None
