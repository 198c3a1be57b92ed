"""The classifier that needs no key: a logistic model over hashed pieces, in NumPy alone.

It is the stopgap while Gemini cannot be asked: what it says is provisional, and where it is not
sure it says nothing. docs/offline-classifier.md tells what it was trained on and how it fares.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from collector.classify import Outcome, Stop
from collector.classify.features import BUCKETS, DENSE, features
from collector.classify.normal import mostly_chinese
from insights import topics
from insights.accuracy import OFFLINE
from insights.languages import guess_language
from insights.model import Classification, Sentiment, Unclassified

ARTEFACT = Path(__file__).with_name("offline.npz")
MOST_BYTES = 1_000_000
# Below this probability the model keeps silent and the post waits for Gemini.
SURE = 0.7
# What an opposite label costs beside a plain miss, found by cross-validation.
OPPOSITE = 0.3
BATCH = 500
LABELS = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)
# What negative and positive posts speak of; of neutral ones nobody asks.
_KINDS = {Sentiment.NEGATIVE: "issue", Sentiment.POSITIVE: "praise"}
_FORMAT = 1


class ArtefactError(Exception):
    """The artefact cannot be read, or was made for other features."""


@dataclass(frozen=True)
class Model:
    """Weights of a multinomial logistic model over LABELS; neutral's are the zero of all others.

    `pieces` is int8, BUCKETS x 2 (negative, positive), to be multiplied by `scales`; `counts` has a
    row for each of DENSE, `bias` one number a label. Logits are divided by `temperature`, found
    on texts the model had not seen, so that a probability is the share of right answers (C. Guo
    and others, "On calibration of modern neural networks", ICML 2017).
    """

    version: str
    pieces: np.ndarray
    scales: np.ndarray
    counts: np.ndarray
    bias: np.ndarray
    temperature: float

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """A row a text, a column for each of LABELS, each row adding up to 1."""
        if not texts:
            return np.empty((0, len(LABELS)))
        seen = features(texts)
        logits = np.empty((len(texts), len(LABELS)))
        logits[:, :] = seen.dense @ self.counts + self.bias
        for column, label in ((0, 0), (1, 2)):
            weights = self.pieces[seen.columns, column] * seen.values
            sums = np.bincount(seen.rows, weights=weights, minlength=len(texts))
            logits[:, label] += sums * self.scales[column]
        return softmax(logits / self.temperature)


def chosen(chances: np.ndarray) -> np.ndarray:
    """For each row of probabilities the index of the label to give.

    The likeliest, except that a feeling taken for its opposite turns a figure round: neutral comes
    before a positive or negative that is nearly as likely to be the reverse.
    """
    worth = chances.copy()
    worth[:, 0] -= OPPOSITE * chances[:, 2]
    worth[:, 2] -= OPPOSITE * chances[:, 0]
    return worth.argmax(axis=1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities by row."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def save_model(model: Model, path: Path) -> None:
    """Write the artefact; the same model gives the same bytes. Raises ArtefactError above 1 MB."""
    arrays = {
        "format": np.array(_FORMAT),
        "version": np.array(model.version),
        "pieces": model.pieces,
        "scales": model.scales,
        "counts": model.counts,
        "bias": model.bias,
        "temperature": np.array(model.temperature),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            # A fixed time, so that training twice gives one file (numpy.savez writes the clock's).
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    if path.stat().st_size > MOST_BYTES:
        raise ArtefactError(f"{path.name} has {path.stat().st_size} bytes, more than {MOST_BYTES}")


def read_model(path: Path = ARTEFACT) -> Model:
    """The model of an artefact; raises ArtefactError. Nothing in the file is ever executed."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ArtefactError(f"{path.name} cannot be read: {error}") from error
    fits = (
        arrays.get("format") == _FORMAT
        and arrays["pieces"].shape == (BUCKETS, 2)
        and arrays["counts"].shape == (len(DENSE), len(LABELS))
    )
    if not fits:
        raise ArtefactError(f"{path.name} was made for other features; train it anew")
    return Model(
        version=str(arrays["version"]),
        pieces=arrays["pieces"],
        scales=arrays["scales"],
        counts=arrays["counts"],
        bias=arrays["bias"],
        temperature=float(arrays["temperature"]),
    )


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """The model that comes with the product, read once a process."""
    return read_model()


class OfflineClassifier:
    """Labels posts with a Model; `sure` is the least probability of a label that it gives away."""

    def __init__(self, model: Model, sure: float = SURE):
        self.name = f"{OFFLINE}{model.version}"
        self._model = model
        self._sure = sure

    def classify(self, posts: Sequence[Unclassified], stop: Stop) -> Iterator[Outcome]:
        """One outcome for BATCH posts. Those of which it is not sure, and texts in scripts it does
        not read, are `left` to wait."""
        for start in range(0, len(posts), BATCH):
            if stop.is_set():
                return
            yield self._outcome(posts[start : start + BATCH])

    def _outcome(self, posts: Sequence[Unclassified]) -> Outcome:
        outcome = Outcome()
        probabilities = self._model.probabilities([post.content for post in posts])
        for post, chances, best in zip(posts, probabilities, chosen(probabilities), strict=True):
            if chances[best] < self._sure or not readable(post.content):
                outcome.left += 1
            else:
                outcome.answers.append(self._answer(post, chances, best))
        return outcome

    def _answer(self, post: Unclassified, chances: np.ndarray, best: int) -> Classification:
        """No relevance: the model knows feelings only. Topics are read off the words."""
        kind = _KINDS.get(LABELS[best])
        return Classification(
            platform=post.platform,
            post_id=post.post_id,
            sentiment=LABELS[best],
            score=round(float(chances[2] - chances[0]), 3),
            classified_by=self.name,
            topics=topics.named(post.content, kind) if kind else (),
            confidence=round(float(chances[best]), 3),
        )


def readable(text: str) -> bool:
    """Whether the model knows the script: it has seen no Chinese, Tamil or Thai."""
    return not mostly_chinese(text) and guess_language(text) not in ("ta", "th")
