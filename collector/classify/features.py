"""What the offline classifier looks at: hashed pieces of a text, and counts of telling words.

Pieces are hashed with a polynomial over the code points whose prefix sums give the hash of any
substring at once (Karp and Rabin, IBM J. Res. Dev. 31(2), 1987), so a batch of posts costs a few
passes over one array instead of a loop over pieces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from collector.classify.lexicon import (
    GLAD,
    INTENSE,
    LAUGHING,
    NEGATIVE,
    NEGATORS,
    POSITIVE,
    SAD,
    TURNS,
)
from collector.classify.normal import words

BITS = 18
BUCKETS = 1 << BITS
CHARACTERS = (3, 4, 5)  # lengths of the pieces of text
WORDS = (1, 2)
SCOPE = 3  # words that a negation reaches

_BASE = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(int(_BASE), -1, 1 << 64))
_CAPITALS = re.compile(r"[A-Z]")
# What is counted of a text, each damped with log(1 + n) where it can grow.
DENSE = (
    "positive",
    "negative",
    "denied_positive",
    "denied_negative",
    "intense",
    "negators",
    "glad",
    "sad",
    "laughing",
    "exclaims",
    "asks",
    "figures",
    "tags",
    "turned_positive",
    "turned_negative",
    "last_positive",
    "last_negative",
    "balance",
    "long",
    "shouts",
)
_AT = {name: index for index, name in enumerate(DENSE)}
_KINDS: dict[str, int] = {
    **dict.fromkeys(POSITIVE, _AT["positive"]),
    **dict.fromkeys(NEGATIVE, _AT["negative"]),
    **dict.fromkeys(INTENSE, _AT["intense"]),
    **dict.fromkeys(NEGATORS, _AT["negators"]),
    **dict.fromkeys(GLAD, _AT["glad"]),
    **dict.fromkeys(SAD, _AT["sad"]),
    **dict.fromkeys(LAUGHING, _AT["laughing"]),
    **dict.fromkeys(("!", "!!", "!?"), _AT["exclaims"]),
    **dict.fromkeys(("?", "??", "?!"), _AT["asks"]),
    "0": _AT["figures"],
    "#": _AT["tags"],
}
_BAD, _NO = _AT["negative"], _AT["negators"]
_DENIED, _TURNED, _LAST = _AT["denied_positive"], _AT["turned_positive"], _AT["last_positive"]


@dataclass(frozen=True)
class Features:
    """A batch of texts: entry i says that text `rows[i]` holds bucket `columns[i]` with weight
    `values[i]`; `dense` has a row a text and a column for each of DENSE."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    dense: np.ndarray


def features(texts: Sequence[str]) -> Features:
    """The features of texts, in their order."""
    told = [words(text) for text in texts]
    read = [_read(tokens) for tokens in told]
    plain = [f" {' '.join(tokens)} " for tokens in told]
    marked = [f" {' '.join(tokens)} " for tokens, _ in read]
    groups = [_pieces(plain, CHARACTERS), _word_pieces(marked, WORDS)]
    rows, columns, values = (np.concatenate(part) for part in zip(*groups, strict=True))
    counts = np.array([counts for _, counts in read], dtype=np.float32)
    dense = _dense(counts.reshape(len(texts), len(DENSE)), told, texts)
    return Features(rows, columns, values, dense)


def _read(tokens: Sequence[str]) -> tuple[list[str], list[float]]:
    """The words, those in the reach of a negation marked with "~", and what was counted.

    A negation reaches SCOPE words, not past a mark or a word that turns the sentence.
    """
    marked: list[str] = []
    counts = [0.0] * len(DENSE)
    reach, turned = 0, False
    for token in tokens:
        kind = _KINDS.get(token)
        if kind == _NO or token in TURNS or not token[0].isalnum():
            reach = SCOPE + 1 if kind == _NO else 0
            turned |= token in TURNS
        denied = 0 < reach <= SCOPE
        marked.append("~" + token if denied else token)
        reach -= reach > 0
        if kind is None:
            continue
        if kind > _BAD:
            counts[kind] += 1
            continue
        counts[kind + _DENIED if denied else kind] += 1
        felt = kind ^ denied
        counts[_LAST], counts[_LAST + 1] = 1.0 - felt, float(felt)
        counts[_TURNED + felt] += turned
    return marked, counts


def _dense(counts: np.ndarray, told: Sequence[list[str]], texts: Sequence[str]) -> np.ndarray:
    """The counts damped, and what is worked out of them and of the texts."""
    dense = np.log1p(counts)
    good = (
        counts[:, _AT["positive"]] + counts[:, _AT["denied_negative"]] / 2 + counts[:, _AT["glad"]]
    )
    bad = counts[:, _AT["negative"]] + counts[:, _AT["denied_positive"]] + counts[:, _AT["sad"]]
    dense[:, _AT["balance"]] = 2 * (good - bad) / (good + bad + 1)
    dense[:, _AT["long"]] = np.log1p(np.array([len(tokens) for tokens in told]) / 8)
    dense[:, _AT["shouts"]] = [_shouts(text) for text in texts]
    return dense


def _shouts(text: str) -> float:
    """0 .. 1.6: the share of capitals, where there are letters enough to say."""
    capitals = len(_CAPITALS.findall(text))
    return float(np.log1p(4 * capitals / len(text))) if len(text) > 9 and capitals else 0.0


# ---- hashing -------------------------------------------------------------------------------------


def _codes(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """All code points in one array, and for each the number of its text."""
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    return codes, rows


def _prefixes(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of code x base^position up to each position, and the powers that shift them back."""
    size = len(codes)
    powers = np.cumprod(np.full(size, _BASE, dtype=np.uint64), dtype=np.uint64)
    back = np.cumprod(np.full(size, _INVERSE, dtype=np.uint64), dtype=np.uint64)
    sums = np.zeros(size + 1, dtype=np.uint64)
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers, out=sums[1:])
    return sums, back


def _hash(
    sums: np.ndarray, back: np.ndarray, starts: np.ndarray, ends: np.ndarray, seed: int
) -> np.ndarray:
    """The bucket of every piece [start, end)."""
    mixed = (sums[ends] - sums[starts]) * back[starts] + np.uint64(seed * 0x51ED270B)
    # The finaliser of splitmix64: neighbouring sums must not share their upper bits.
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(64 - BITS)).astype(np.int64)


def _pieces(texts: Sequence[str], lengths: Sequence[int]):
    """Pieces of so many characters that lie within a text."""
    codes, rows = _codes(texts)
    sums, back = _prefixes(codes)
    found_rows, found = [], []
    for n in lengths:
        starts = np.flatnonzero(rows[: len(rows) - n + 1] == rows[n - 1 :])
        found_rows.append(rows[starts])
        found.append(_hash(sums, back, starts, starts + n, n))
    return _weighed(np.concatenate(found_rows), np.concatenate(found))


def _word_pieces(texts: Sequence[str], lengths: Sequence[int]):
    """Runs of so many words; a text begins and ends with a space, and one stands between words."""
    codes, rows = _codes(texts)
    sums, back = _prefixes(codes)
    gaps = np.flatnonzero(codes == 32)
    found_rows, found = [], []
    for n in lengths:
        first, last = gaps[:-n], gaps[n:]
        inside = (rows[first] == rows[last]) & (last - first > n)
        found_rows.append(rows[first[inside]])
        found.append(_hash(sums, back, first[inside] + 1, last[inside], 16 + n))
    return _weighed(np.concatenate(found_rows), np.concatenate(found))


def _weighed(rows: np.ndarray, buckets: np.ndarray):
    """Each bucket of a text once, with weight log(1 + times), a text's weights of length one."""
    keys, times = np.unique(rows * BUCKETS + buckets, return_counts=True)
    rows, buckets = keys >> BITS, keys & (BUCKETS - 1)
    values = np.log1p(times).astype(np.float32)
    if len(rows):
        squares = np.bincount(rows, weights=values * values)
        values /= np.sqrt(squares)[rows].astype(np.float32)
    return rows, buckets, values
