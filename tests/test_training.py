"""Training: what is read, what is kept back, and that the same files give the same artefact."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from collector import training
from collector.classify.features import BUCKETS, DENSE
from collector.classify.offline import ARTEFACT, LABELS, Model, read_model
from collector.training import Row, TrainingError, groups, macro_f1, parts, read_rows, train

OWN = Path(__file__).with_name("labelled_texts.jsonl")
SHARED = Path(__file__).parents[1].parent / "shared" / "sentiment" / "train.jsonl.gz"
DAY = date(2026, 11, 23)


def a_model() -> Model:
    """A model of random weights, always the same."""
    random = np.random.default_rng(7)
    return Model(
        version="test",
        pieces=random.integers(-127, 128, (BUCKETS, 2), dtype=np.int8),
        scales=np.array([0.01, 0.01], np.float32),
        counts=random.normal(size=(len(DENSE), len(LABELS))).astype(np.float32),
        bias=np.zeros(len(LABELS), np.float32),
        temperature=1.0,
    )


def a_file(folder: Path, *rows: dict, name: str = "rows.jsonl") -> Path:
    """A file of these rows behind one row of each label, as fewer cannot be trained on."""
    filler = [{"text": f"{label} filler", "label": label} for label in map(str, LABELS)]
    path = folder / name
    lines = "\n".join(json.dumps(row) for row in [*filler, *rows])
    path.write_bytes(gzip.compress(lines.encode()) if name.endswith(".gz") else lines.encode())
    return path


def texts_in(*paths: Path) -> list[str]:
    return [row.text for row in read_rows(paths) if not row.text.endswith("filler")]


# --- reading ---


def test_a_labelled_text_is_read_with_what_is_known_of_it(tmp_path):
    given = {"text": "sedap", "label": "positive", "lang": "ms", "source": "a", "licence": "b"}

    found = read_rows([a_file(tmp_path, given | {"agree": True})])

    assert found[-1] == Row("sedap", 2, "ms", "a", "b", True)


def test_a_zipped_file_is_read_too(tmp_path):
    path = a_file(tmp_path, {"text": "kotor", "label": "negative"}, name="rows.jsonl.gz")

    assert texts_in(path) == ["kotor"]


def test_the_products_own_labels_are_read(tmp_path):
    given = {"content": "kotor", "sentiment": "negative", "classified_by": "gemini:x"}

    found = read_rows([a_file(tmp_path, given)])[-1]

    assert (found.text, found.label, found.source) == ("kotor", 0, "own posts (gemini:x)")


@pytest.mark.parametrize(
    "bad",
    [
        {"content": "sedap", "sentiment": "positive", "classified_by": "offline:1"},
        {"text": "浮罗交怡的海滩很美", "label": "positive"},
        {"text": "sedap", "label": "POSITIF"},
        {"text": "sedap", "label": None},
        {"text": "  ", "label": "positive"},
        {"text": 7, "label": "positive"},
        {"label": "positive"},
        {"text": "NEUTRAL filler", "label": "neutral"},
    ],
)
def test_what_cannot_teach_is_left_out(tmp_path, bad):
    assert texts_in(a_file(tmp_path, bad)) == []


def test_a_line_that_is_no_json_is_passed_over(tmp_path):
    path = a_file(tmp_path, {"text": "sedap", "label": "positive"})
    path.write_text(path.read_text() + "\n{broken\n[1]\n" + "[" * 100_000)

    assert texts_in(path) == ["sedap"]


def test_a_file_that_is_missing_or_broken_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"none\.jsonl"):
        read_rows([tmp_path / "none.jsonl"])
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(b"no gzip")
    with pytest.raises(TrainingError, match=r"broken\.jsonl"):
        read_rows([broken])


def test_files_without_all_three_labels_are_refused(tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text('{"text": "sedap", "label": "positive"}')
    with pytest.raises(TrainingError, match="all three labels"):
        read_rows([path])


# --- keeping back ---


def test_near_copies_stand_in_one_group():
    text = "jalan ke air terjun tu rosak teruk dan lampu pun langsung tak ada satu"
    found = groups([text, "laksa sedap betul", text + " pun", text.upper() + " https://x.com"])

    assert found == [0, 1, 0, 0]


def test_near_copies_are_kept_back_together():
    texts = [f"teks nombor {word} ini panjang sedikit" for word in "abcdefghijklmnopqrst"]
    rows = [Row(text, 1, "ms", "a", "b") for text in [*texts, *(t + " @x" for t in texts)]]
    found = parts(rows)

    assert (found[:20] == found[20:]).all()
    assert len(set(found.tolist())) > 1


def test_nothing_near_a_translated_source_is_kept_back():
    texts = [f"{chr(97 + n // 26)}a{chr(97 + n % 26)}i satu{chr(97 + n % 26)}o" for n in range(60)]
    plain = parts([Row(text, 1, "id", "smsa", "b") for text in texts])
    among = parts([Row(text, 1, "id", "nusax", "b") for text in texts])

    assert (plain == 0).any()
    assert not (among == 0).any()


# --- training ---


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("trained")
    said: list[str] = []
    card = train([OWN], folder / "one.npz", DAY, said.append)
    return folder / "one.npz", card, said


def test_the_artefact_and_its_card_are_written(trained):
    artefact, card, said = trained

    assert read_model(artefact).version == card["version"]
    assert card["version"].startswith("2026-11-23-")
    assert json.loads(artefact.with_suffix(".json").read_text(encoding="utf-8")) == card
    assert card["data"] == [
        {"source": "own", "language": "en", "licence": "as this project", "texts": 47},
        {"source": "own", "language": "ms", "licence": "as this project", "texts": 79},
        {"source": "own", "language": "ms-en", "licence": "as this project", "texts": 18},
    ]
    assert card["texts"] == 144
    assert "whether annotators agree is not stated in these files" in said


def test_what_is_measured_was_never_learned_from(trained):
    card = trained[1]

    assert card["learned_from"] + card["figures"]["all"]["n"] == card["texts"]
    assert card["figures"]["all"]["n"] == int((parts(read_rows([OWN])) == 0).sum())


def test_it_learns_what_it_was_shown(trained):
    rows = read_rows([OWN])
    seen = [row for row, part in zip(rows, parts(rows), strict=True) if part != 0]
    chances = read_model(trained[0]).probabilities([row.text for row in seen])
    right = np.mean(chances.argmax(axis=1) == [row.label for row in seen])

    assert right > 0.9


def test_training_twice_gives_the_same_bytes(trained, tmp_path):
    train([OWN], tmp_path / "two.npz", DAY, lambda _line: None)

    assert (tmp_path / "two.npz").read_bytes() == trained[0].read_bytes()


def test_without_scikit_learn_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(TrainingError, match=r"requirements-dev\.txt"):
        train([OWN], tmp_path / "no.npz", DAY, lambda _line: None)
    assert not (tmp_path / "no.npz").exists()


def test_overconfident_logits_are_cooled_and_timid_ones_warmed():
    random = np.random.default_rng(3)
    logits = random.normal(size=(4000, 3))
    chances = training.softmax(logits)
    labels = np.array([random.choice(3, p=row) for row in chances])

    assert training._best_temperature(logits * 2, labels) == pytest.approx(2, rel=0.1)
    assert training._best_temperature(logits / 2, labels) == pytest.approx(0.5, rel=0.1)


# --- measuring ---


def test_macro_f1_is_the_mean_of_the_labels():
    labels, found = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 1, 2, 2, 2])

    assert macro_f1(labels, found) == pytest.approx((1 + 2 / 3 + 0.8) / 3)


def test_figures_tell_opposites_from_misses():
    sure_wrong, unsure_miss, right = [0.9, 0.05, 0.05], [0.3, 0.4, 0.3], [0.1, 0.1, 0.8]
    found = training.figures_of(np.array([sure_wrong, unsure_miss, right]), np.array([2, 2, 2]))

    assert found["opposite"] == pytest.approx(1 / 3, abs=1e-3)
    assert found["accuracy"] == pytest.approx(1 / 3, abs=1e-3)
    assert (found["sure"], found["sure_right"]) == (pytest.approx(2 / 3, abs=1e-3), 0.5)


# --- the artefact that comes with the product ---


def test_the_shipped_card_belongs_to_the_shipped_artefact():
    card = json.loads(ARTEFACT.with_suffix(".json").read_text(encoding="utf-8"))

    assert read_model().version == card["version"]


def test_the_model_page_states_the_figures_of_the_card():
    card = json.loads(ARTEFACT.with_suffix(".json").read_text(encoding="utf-8"))
    page = (Path(__file__).parents[1] / "docs/offline-classifier.md").read_text(encoding="utf-8")

    assert card["version"] in page
    for name, one in card["figures"].items():
        shown = f"| {one['n']:,} | {one['macro_f1']:.3f} | {one['accuracy']:.3f} |"
        assert shown in page, name
    for row in card["calibration"]:
        assert f"| {row['n']:,} | {row['stated']:.3f} | {row['right']:.3f} |" in page


@pytest.mark.skipif(not SHARED.exists(), reason="the shared training texts are not here")
def test_the_shipped_figures_hold_on_texts_it_never_saw():
    card = json.loads(ARTEFACT.with_suffix(".json").read_text(encoding="utf-8"))
    rows = read_rows([SHARED])
    unseen = [row for row, part in zip(rows, parts(rows), strict=True) if part == 0]
    found = training.measure(read_model(), unseen)["figures"]

    assert found["all"]["n"] == card["figures"]["all"]["n"]
    assert found["all"]["macro_f1"] == pytest.approx(card["figures"]["all"]["macro_f1"], abs=0.002)
    assert found["languages of the product"]["macro_f1"] >= 0.63
    assert found["languages of the product"]["opposite"] <= 0.1
