"""The offline classifier: what it reads, what it says, and when it says nothing."""

from __future__ import annotations

import threading
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from collector.classify.features import BUCKETS, DENSE, features
from collector.classify.lexicon import INTENSE, NEGATIVE, NEGATORS, POSITIVE, TURNS
from collector.classify.normal import mostly_chinese, words
from collector.classify.offline import (
    ARTEFACT,
    BATCH,
    MOST_BYTES,
    SURE,
    ArtefactError,
    OfflineClassifier,
    chosen,
    read_model,
    save_model,
    shipped_model,
)
from insights.model import Platform, Sentiment, Unclassified
from tests.test_training import a_model


def asked(*texts: str) -> list[Unclassified]:
    return [Unclassified(Platform.X, f"{n}", text) for n, text in enumerate(texts)]


def answers(*texts: str, sure: float = 0.0):
    classifier = OfflineClassifier(shipped_model(), sure)
    outcomes = list(classifier.classify(asked(*texts), threading.Event()))
    return [answer for outcome in outcomes for answer in outcome.answers]


def dense_of(text: str) -> dict[str, float]:
    row = features([text]).dense[0]
    return {name: float(value) for name, value in zip(DENSE, row, strict=True) if value}


# --- reading ---


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Tempat ni xbest langsung", "tempat ni tak best langsung"),
        ("mknn x sedap", "makanan tak sedap"),
        ("cantiiiiik sangaaat", "cantik sangat"),
        ("soooo gooood", "soo good"),
        ("makanannya sedap", "makanan nya sedap"),
        ("ombak besaq, ayaq kotoq", "ombak besar , air kotor"),
        ("obor-obor banyak, hati2", "obor banyak , hati"),
        ("terima kasih bang", "thanks bang"),
        ("thank u", "thanks"),
        ("I can't wait, don't go", "i can not wait , do not go"),
        ("wkwkwk hahahaha", "😂"),
        ("mahal!!!! kenapa???", "mahal !! kenapa ??"),
        ("tengok https://x.com/a @kawan", "tengok"),
        ("Xbox", "xbox"),
        ("bayar RM50", "bayar rm 0"),
        ("best :)", "best 😊"),
        ("👍🏽 ok", "👍 ok"),
    ],
)
def test_people_spell_as_they_like(typed, read):
    assert " ".join(words(typed)) == read


def test_the_lexicon_is_in_the_spelling_that_reading_leaves():
    for word in POSITIVE | NEGATIVE | INTENSE | NEGATORS | TURNS:
        assert words(word) == [word]


def test_no_word_is_both_praise_and_complaint():
    assert frozenset() == POSITIVE & NEGATIVE


def test_a_negation_turns_the_words_it_reaches():
    assert "denied_positive" in dense_of("makanan tak berapa sedap")
    assert "denied_negative" in dense_of("not bad")
    assert "denied_positive" not in dense_of("tak mahal, sedap")
    assert "denied_positive" not in dense_of("tak jauh tapi cantik")


def test_what_follows_a_but_is_counted_apart():
    found = dense_of("cantik tapi kotor")

    assert "turned_negative" in found
    assert "turned_positive" not in found


def test_equal_texts_have_equal_features_wherever_they_stand():
    alone, among = features(["sedap betul"]), features(["x", "sedap betul", ""])
    mine = among.rows == 1

    assert alone.columns.tolist() == among.columns[mine].tolist()
    assert np.allclose(alone.values, among.values[mine])
    assert np.allclose(alone.dense[0], among.dense[1])


def test_pieces_never_reach_into_the_next_text():
    together = features(["abc", "xyz"])
    apart = [features(["abc"]), features(["xyz"])]

    assert len(together.rows) == sum(len(one.rows) for one in apart)


def test_a_texts_weights_have_length_one_by_kind():
    found = features(["pantai yang cantik dan bersih"])

    assert found.columns.max() < BUCKETS
    assert np.sum(found.values**2) == pytest.approx(2)  # pieces and words, one each


def test_the_strangest_texts_are_read():
    strange = ["", " ", "\ud800", "\x00", "🇲🇾" * 500, "a" * 100_000, "!" * 5000, "ﷺ"]

    assert len(features(strange).dense) == len(strange)
    assert np.isfinite(features(strange).dense).all()


def test_chinese_is_told_from_a_chinese_name_in_malay():
    assert mostly_chinese("浮罗交怡的海滩很美")
    assert not mostly_chinese("Kedai kopi 好味 di Alor Setar memang sedap")
    assert not mostly_chinese("")


# --- the artefact ---


def test_the_artefact_is_at_most_a_megabyte_and_holds_no_pickle():
    assert ARTEFACT.stat().st_size <= MOST_BYTES
    with np.load(ARTEFACT, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_a_model_is_written_and_read_without_loss(tmp_path):
    model = a_model()
    save_model(model, tmp_path / "one.npz")
    save_model(model, tmp_path / "two.npz")
    read = read_model(tmp_path / "one.npz")

    texts = ["sedap", "kotor"]
    assert (read.probabilities(texts) == model.probabilities(texts)).all()
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_broken_artefact_is_named(tmp_path):
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ArtefactError, match=r"broken\.npz"):
        read_model(path)
    with pytest.raises(ArtefactError, match=r"missing\.npz"):
        read_model(tmp_path / "missing.npz")


def test_an_artefact_without_its_parts_is_named(tmp_path):
    path = tmp_path / "empty.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "nothing")
    with pytest.raises(ArtefactError, match="train it anew"):
        read_model(path)


def test_an_artefact_of_other_features_is_refused(tmp_path):
    model = replace(a_model(), counts=np.zeros((3, 3), np.float32))
    save_model(model, tmp_path / "other.npz")

    with pytest.raises(ArtefactError, match="train it anew"):
        read_model(tmp_path / "other.npz")


def test_a_pickle_in_an_artefact_is_never_executed(tmp_path):
    path = tmp_path / "evil.npz"
    np.savez(path, format=np.array([print], dtype=object))

    with pytest.raises(ArtefactError, match=r"evil\.npz"):
        read_model(path)


# --- answers ---


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Pantai ni cantik sangat, seronok bawa anak-anak! 😍", Sentiment.POSITIVE),
        ("Layanan teruk, bilik kotor, kecewa betul 😡", Sentiment.NEGATIVE),
        ("The staff were so kind and the room was lovely", Sentiment.POSITIVE),
        ("Dirty room, rude staff, worst holiday ever", Sentiment.NEGATIVE),
        ("Mesyuarat majlis akan diadakan pada hari Isnin", Sentiment.NEUTRAL),
    ],
)
def test_plain_texts_get_the_plain_label(text, label):
    assert answers(text)[0].sentiment is label


def test_a_negation_lowers_the_score():
    plain, denied = answers("Makanan di sini sedap", "Makanan di sini tak sedap")

    assert denied.score < plain.score
    assert plain.sentiment is Sentiment.POSITIVE
    assert denied.sentiment is Sentiment.NEGATIVE


def test_score_and_label_never_contradict_each_other():
    texts = ["sedap", "kotor", "pukul berapa feri?", "ok la", "boleh tahan tapi mahal"]
    for one in answers(*texts):
        assert -1 <= one.score <= 1
        assert one.sentiment is not Sentiment.POSITIVE or one.score > 0
        assert one.sentiment is not Sentiment.NEGATIVE or one.score < 0


def test_it_says_who_spoke_and_how_sure_but_nothing_of_relevance_and_language():
    found = answers("Pantai ni memang cantik sangat, kami suka")[0]

    assert found.classified_by == f"offline:{shipped_model().version}"
    assert 1 / 3 <= found.confidence <= 1
    # A guess must not stand where a platform's own word would: `posts.language` is that.
    assert found.language is None
    assert found.relevant is None


def test_below_its_threshold_it_keeps_silent():
    texts = ["ok", "dah sampai", "Pantai ni cantik sangat, seronok! 😍 terbaik"]
    sure = answers(*texts, sure=SURE)
    every = answers(*texts)

    assert [one.post_id for one in sure] == [one.post_id for one in every if one.confidence >= SURE]
    assert 0 < len(sure) < len(every)


def test_silence_leaves_the_post_waiting_and_counts_no_refusal():
    outcome = next(
        OfflineClassifier(a_model(), sure=1.01).classify(asked("sedap"), threading.Event())
    )

    assert (outcome.answers, outcome.refused, outcome.left) == ([], [], 1)


def test_of_chinese_tamil_and_thai_it_says_nothing():
    assert answers("浮罗交怡的海滩很美", "லங்காவி மிகவும் அழகானது", "ลังกาวีสวยมาก") == []


def test_a_near_tie_of_opposites_is_called_neutral():
    torn, leaning = [0.36, 0.28, 0.36], [0.45, 0.28, 0.27]

    assert chosen(np.array([torn, leaning])).tolist() == [1, 0]


def test_the_same_text_gets_the_same_answer_alone_and_in_a_crowd():
    text = "Harga mahal, tak berbaloi"
    crowd = answers(*["cantik"] * BATCH, text)

    assert replace(crowd[-1], post_id="0") == answers(text)[0]


def test_a_stop_ends_it_before_the_next_batch():
    stop = threading.Event()
    work = OfflineClassifier(shipped_model()).classify(asked(*["sedap"] * (BATCH + 1)), stop)
    next(work)
    stop.set()

    assert list(work) == []


def test_nothing_asked_is_nothing_answered():
    assert answers() == []
    assert shipped_model().probabilities([]).shape == (0, 3)
