"""Trains the offline classifier from labelled texts, and measures it on texts it never saw.

Needs scikit-learn, a development dependency: `make run` installs none of it, and the classifier
itself runs without.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from collector.classify.features import BUCKETS, features
from collector.classify.offline import (
    LABELS,
    SURE,
    Model,
    chosen,
    read_model,
    readable,
    save_model,
    softmax,
)
from insights.accuracy import OFFLINE
from insights.texts import normalised

# One text in ten is kept back by the hash of its group, always the same ones.
HELD_OUT = 10
CALIBRATION_PARTS = 3
# Malaysian texts count twice, the related languages half: people here write the former.
WEIGHTS = {"ms": 2.0, "ms-en": 2.0, "en": 1.0}
OTHER_WEIGHT = 0.5
LANGUAGES = frozenset(WEIGHTS)
# Translations of each other and a part of another source: nothing near them is ever kept back.
PARALLEL = frozenset({"nusax"})
C = 1.0  # inverse strength of the ridge penalty, by cross-validation over 0.5 .. 4
ITERATIONS = 60
BANDS, HASHES = 6, 3  # near-copies share all hashes of a band; 6 of 3 find 92 % of those at 0.7
_NUMBER = {label.value: index for index, label in enumerate(LABELS)}


class TrainingError(Exception):
    """Nothing can be trained, and why; the message is for whoever ran the command."""


@dataclass(frozen=True)
class Row:
    """A labelled text. `label` is an index of LABELS; `clear` says whether its annotators agreed,
    None where the file does not."""

    text: str
    label: int
    language: str
    source: str
    licence: str
    clear: bool | None = None


# ---- reading -------------------------------------------------------------------------------------


def read_rows(paths: Sequence[Path]) -> list[Row]:
    """The usable rows of JSON lines (also gzipped), each text once; raises TrainingError.

    A row is `text, label, lang, source, licence` with an optional `agree`, or a post as
    `python -m collector labels` prints it: `content, sentiment, language, classified_by`. Labels
    of the offline classifier itself, and texts in scripts it does not read, are left out.
    """
    found: dict[str, Row] = {}
    for path in paths:
        for line in _lines(path):
            row = _row(line)
            if row is not None:
                found.setdefault(normalised(row.text) or row.text, row)
    rows = list(found.values())
    if len({row.label for row in rows}) < len(LABELS):
        raise TrainingError("the files hold no usable texts of all three labels")
    return rows


def _lines(path: Path) -> Iterator[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            yield from file
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise TrainingError(f"{path}: cannot be read ({error})") from error


def _row(line: str) -> Row | None:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    text = given.get("text", given.get("content"))
    label = given.get("label", given.get("sentiment"))
    by = str(given.get("classified_by") or "")
    if not isinstance(text, str) or label not in _NUMBER or by.startswith(OFFLINE):
        return None
    if not text.strip() or not readable(text):
        return None
    agree = given.get("agree")
    return Row(
        text,
        _NUMBER[label],
        str(given.get("lang") or given.get("language") or "unknown"),
        str(given.get("source") or (f"own posts ({by})" if by else "not stated")),
        str(given.get("licence") or "not stated"),
        agree if isinstance(agree, bool) else None,
    )


# ---- what is kept back ---------------------------------------------------------------------------


def groups(texts: Sequence[str]) -> list[int]:
    """For each text the index of the first text it is a near-copy of, by some steps.

    By min-hashes of word pairs in bands (J. Leskovec and others, Mining of Massive Datasets, 3.4),
    as comparing all with all would take hours.
    """
    leader = list(range(len(texts)))

    def first(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    seen: dict[tuple[int, ...], int] = {}
    for index, text in enumerate(texts):
        for band in _bands(text):
            one, other = first(seen.setdefault(band, index)), first(index)
            leader[max(one, other)] = min(one, other)
    return [first(index) for index in range(len(texts))]


_SALT = np.random.default_rng(1).integers(1, 2**63, (2, BANDS * HASHES), dtype=np.uint64)


def _bands(text: str) -> Iterator[tuple[int, ...]]:
    listed = normalised(text).split()
    pairs = {" ".join(pair) for pair in itertools.pairwise(listed)} or {text.strip()}
    crc = np.fromiter((zlib.crc32(pair.encode()) for pair in pairs), np.uint64)
    least = ((crc[:, None] * (_SALT[0] | np.uint64(1)) + _SALT[1]) >> np.uint64(20)).min(axis=0)
    for band in range(BANDS):
        yield band, *least[band * HASHES : (band + 1) * HASHES].tolist()


def parts(rows: Sequence[Row]) -> np.ndarray:
    """A part 0 .. 9 for each row, near-copies together; part 0 is the one that is kept back."""
    leaders = groups([row.text for row in rows])
    parallel = {first for first, row in zip(leaders, rows, strict=True) if row.source in PARALLEL}
    by_leader = {}
    for first in set(leaders):
        digest = hashlib.sha256(normalised(rows[first].text).encode()).digest()
        part = int.from_bytes(digest[:8]) % HELD_OUT
        by_leader[first] = part or HELD_OUT - 1 if first in parallel else part
    return np.array([by_leader[first] for first in leaders])


# ---- fitting -------------------------------------------------------------------------------------


def train(
    paths: Sequence[Path], artefact: Path, made_on: date, say: Callable[[str], None]
) -> dict[str, Any]:
    """Train on nine tenths, measure on the last, write artefact and card; returns the card.

    The same files and the same libraries give the same artefact. Raises TrainingError.
    """
    learn = _learner()
    rows = read_rows(paths)
    part = parts(rows)
    seen, unseen = np.flatnonzero(part != 0), np.flatnonzero(part == 0)
    if not len(unseen):
        raise TrainingError("too few texts: none is left to measure on")
    say(f"{len(rows)} texts: {len(seen)} to learn from, {len(unseen)} kept back")
    table = _matrix([row.text for row in rows])
    temperature = _temperature(learn, table, rows, part)
    say(f"temperature {temperature:.2f}")
    weights = learn(table, rows, seen)
    save_model(_packed(*weights, temperature, made_on), artefact)
    model = read_model(artefact)
    figures = measure(model, [rows[index] for index in unseen])
    card = _card(model, rows, len(seen), figures, made_on)
    artefact.with_suffix(".json").write_text(
        json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    for line in told(figures):
        say(line)
    say(f"{artefact}: {artefact.stat().st_size} bytes, version {model.version}")
    return card


Weights = tuple[np.ndarray, np.ndarray]  # (BUCKETS + counts) x labels, and the biases
Learn = Callable[[Any, Sequence[Row], np.ndarray], Weights]


def _learner() -> Learn:
    """What fits the weights; raises TrainingError where scikit-learn is not installed."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise TrainingError(
            "training needs scikit-learn: python -m pip install -r requirements-dev.txt"
        ) from error

    def learn(table: Any, rows: Sequence[Row], picked: np.ndarray) -> Weights:
        labels = np.array([rows[index].label for index in picked])
        weights = [WEIGHTS.get(rows[index].language, OTHER_WEIGHT) for index in picked]
        fitted = LogisticRegression(
            C=C, class_weight="balanced", max_iter=ITERATIONS, tol=1e-3, random_state=1
        )
        with warnings.catch_warnings():
            # Stopping early is meant: 200 steps fit the texts better and unseen ones worse.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted.fit(table[picked], labels, sample_weight=weights)
        return fitted.coef_.T, fitted.intercept_

    return learn


def _matrix(texts: Sequence[str]) -> Any:
    """The features of texts as a sparse table: hashed pieces first, then the counts."""
    from scipy import sparse

    blocks = []
    for start in range(0, len(texts), 2_000):
        some = texts[start : start + 2_000]
        seen = features(some)
        pieces = sparse.csr_matrix(
            (seen.values, (seen.rows, seen.columns)), shape=(len(some), BUCKETS)
        )
        blocks.append(sparse.hstack([pieces, sparse.csr_matrix(seen.dense * COUNTS_SCALE)]))
    return sparse.vstack(blocks).tocsr()


# The counts are few and large beside the pieces; by half, found by cross-validation.
COUNTS_SCALE = 0.5


def _temperature(learn: Learn, table: Any, rows: Sequence[Row], part: np.ndarray) -> float:
    """By what to divide logits so that probabilities of unseen texts hold: the least log-loss.

    Each third of the texts to learn from is judged by a model of the other two. Only texts in the
    product's own languages are asked, where there are any.
    """
    kept = np.flatnonzero(part != 0)
    logits, labels = [], []
    for third in range(CALIBRATION_PARTS):
        judged = kept[part[kept] % CALIBRATION_PARTS == third]
        own = [index for index in judged if rows[index].language in LANGUAGES]
        judged = np.array(own) if own else judged
        learned = kept[part[kept] % CALIBRATION_PARTS != third]
        if not len(judged) or len({rows[index].label for index in learned}) < len(LABELS):
            continue
        weights, bias = learn(table, rows, learned)
        logits.append(table[judged] @ weights + bias)
        labels += [rows[index].label for index in judged]
    if not logits:
        return 1.0
    return _best_temperature(np.vstack(logits), np.array(labels))


def _best_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    def loss(temperature: float) -> float:
        chances = softmax(logits / temperature)[np.arange(len(labels)), labels]
        return float(-np.log(chances).mean())

    return float(min(np.geomspace(0.3, 5, 141).round(3), key=loss))


def _packed(weights: np.ndarray, bias: np.ndarray, temperature: float, made_on: date) -> Model:
    """The weights against those of neutral, the many in 8 bits."""
    against = weights - weights[:, 1:2]
    pieces = against[:BUCKETS][:, [0, 2]]
    scales = np.maximum(np.abs(pieces).max(axis=0), 1e-9) / 127
    packed = np.round(pieces / scales).astype(np.int8)
    counts = (against[BUCKETS:] * COUNTS_SCALE).astype(np.float32)
    bias = (bias - bias[1]).astype(np.float32)
    digest = hashlib.sha256(packed.tobytes() + counts.tobytes() + bias.tobytes()).hexdigest()
    version = f"{made_on.isoformat()}-{digest[:8]}"
    return Model(version, packed, scales.astype(np.float32), counts, bias, temperature)


# ---- measuring -----------------------------------------------------------------------------------


def measure(model: Model, rows: Sequence[Row]) -> dict[str, Any]:
    """What a model makes of texts it never saw: figures for all rows and for groups of them."""
    chances = model.probabilities([row.text for row in rows])
    labels = np.array([row.label for row in rows])
    of = {
        "all": np.ones(len(rows), bool),
        "languages of the product": np.array([row.language in LANGUAGES for row in rows]),
        "annotators agree": np.array([row.clear is True for row in rows]),
    }
    for row in rows:
        name = f"{row.source} {row.language}"
        if name not in of:
            of[name] = np.array([f"{r.source} {r.language}" == name for r in rows])
    figures = {
        name: figures_of(chances[mask], labels[mask]) for name, mask in of.items() if mask.any()
    }
    own = of["languages of the product"]
    return {"figures": figures, "calibration": _calibration(chances[own], labels[own])}


def figures_of(chances: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """n, macro-F1, accuracy, the shares of positive taken for negative or the reverse, and of what
    is sure enough to be given away: its share and how much of that is right."""
    best = chosen(chances)
    sure = chances[np.arange(len(best)), best] >= SURE
    opposite = np.abs(best - labels) == 2
    return {
        "n": len(labels),
        "macro_f1": round(macro_f1(labels, best), 3),
        "accuracy": round(float((best == labels).mean()), 3),
        "opposite": round(float(opposite.mean()), 3),
        "sure": round(float(sure.mean()), 3),
        "sure_right": round(float((best == labels)[sure].mean()), 3) if sure.any() else None,
        "sure_opposite": round(float(opposite[sure].mean()), 3) if sure.any() else None,
    }


def macro_f1(labels: np.ndarray, found: np.ndarray) -> float:
    """The mean F1 of the labels that occur."""
    scores = []
    for label in np.unique(labels):
        both = np.sum((labels == label) & (found == label))
        scores.append(2 * both / (np.sum(labels == label) + np.sum(found == label)))
    return float(np.mean(scores))


def _calibration(chances: np.ndarray, labels: np.ndarray) -> list[dict[str, float]]:
    """For each tenth of probability: n, the mean probability stated, and the share of right."""
    best = chosen(chances)
    stated, right = chances[np.arange(len(best)), best], best == labels
    table = []
    for low in np.arange(0.3, 1.0, 0.1):
        inside = (stated >= low) & (stated < low + 0.1 + (low > 0.85))
        if inside.any():
            table.append(
                {
                    "from": round(float(low), 1),
                    "n": int(inside.sum()),
                    "stated": round(float(stated[inside].mean()), 3),
                    "right": round(float(right[inside].mean()), 3),
                }
            )
    return table


def told(measured: Mapping[str, Any]) -> Iterator[str]:
    """The figures in lines for a terminal."""
    yield f"{'unseen texts':<32} {'n':>6}  F1    right opposite  sure  of these right"
    for name, one in measured["figures"].items():
        right = "-" if one["sure_right"] is None else f"{one['sure_right']:.3f}"
        yield (
            f"{name:<32} {one['n']:>6}  {one['macro_f1']:.3f} {one['accuracy']:.3f}"
            f" {one['opposite']:.3f}     {one['sure']:.3f} {right}"
        )
    if "annotators agree" not in measured["figures"]:
        yield "whether annotators agree is not stated in these files"


def _card(
    model: Model, rows: Sequence[Row], learned: int, measured: Mapping[str, Any], made_on: date
) -> dict[str, Any]:
    return {
        "version": model.version,
        "made_on": made_on.isoformat(),
        "texts": len(rows),
        "learned_from": learned,
        "temperature": model.temperature,
        "sure": SURE,
        "data": list(_data(rows)),
        **measured,
    }


def _data(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    counted = Counter((row.source, row.language, row.licence) for row in rows)
    for (source, language, licence), n in sorted(counted.items()):
        yield {"source": source, "language": language, "licence": licence, "texts": n}
