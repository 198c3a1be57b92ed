"""Near-copies: when two posts say the same words, whatever links, names and figures they carry.

A text is compared by its word pairs ("shingles"): A. Z. Broder, "On the resemblance and
containment of documents", SEQUENCES 1997. Pairs rather than triples, because posts are short: of
ten words with one changed, pairs keep 7 of 11, triples 5 of 11.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Sequence

# Two texts are near-copies from this share of common word pairs on (Jaccard: common / all).
NEAR = 0.7
_PAIR = 2
_LINK = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)+/\S*")
_TAG = re.compile(r"[@#][\w.]+")
# Chinese is written without spaces: every character counts as a word. Marks (Mn) belong to the
# letter before them, and `\w` leaves out those that do not compose.
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}]+")
# Zero-width characters and variation selectors are typed to make copies look different.
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")


def normalised(text: str) -> str:
    """The words of a text, casefolded (NFKC), one space between; Chinese characters one by one.

    Links, mentions, hashtags, figures, punctuation and emoji are left out; "" when nothing else
    was there.
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(_WORD.findall(_TAG.sub(" ", _LINK.sub(" ", plain))))


def cluster_key(text: str) -> int | None:
    """One min-hash of the text's word pairs, 0 .. 2**63 - 1; None for a text without words.

    The same in every process. Equal texts always share it; two others with a probability that
    equals the Jaccard similarity of their word pairs (Broder 1997). So counts of distinct keys
    are counts of distinct texts, give or take a word.
    """
    pairs = _pairs(normalised(text))
    return min(map(_hash, pairs)) if pairs else None


def clusters(texts: Sequence[str]) -> list[int]:
    """A group number for each text, 0, 1, 2 ... by first appearance; near-copies share one.

    Two texts are near-copies from a Jaccard similarity of 0.7 on, and so is what is near to
    either. Texts without words are near-copies only where they are equal. Meant for the posts
    behind one figure: the work grows with the square of the number of different texts.
    """
    known: dict[frozenset[str], int] = {}
    shingled = [_pairs(normalised(text)) or frozenset({"\0" + text.strip()}) for text in texts]
    different = [known.setdefault(pairs, len(known)) for pairs in shingled]
    leaders = _linked(list(known))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(leaders[one], len(numbers)) for one in different]


def distinct(texts: Sequence[str]) -> int:
    """How many different texts there are, near-copies counted once."""
    return len(set(clusters(texts)))


def _pairs(words: str) -> frozenset[str]:
    """The pairs of neighbouring words; a single word stands for itself."""
    listed = words.split()
    if len(listed) < _PAIR:
        return frozenset(listed)
    return frozenset(" ".join(pair) for pair in itertools.pairwise(listed))


def _hash(pair: str) -> int:
    digest = hashlib.blake2b(pair.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def _linked(sets: Sequence[frozenset[str]]) -> list[int]:
    """For each set the index of the first one it is linked to by steps of near-copies."""
    leader = list(range(len(sets)))
    for index, pairs in enumerate(sets):
        for earlier in range(index):
            if leader[earlier] != leader[index] and _near(sets[earlier], pairs):
                old, new = sorted((leader[earlier], leader[index]), reverse=True)
                leader = [new if one == old else one for one in leader]
    return leader


def _near(one: frozenset[str], other: frozenset[str]) -> bool:
    small, large = sorted((len(one), len(other)))
    if small < NEAR * large:
        return False
    common = len(one & other)
    return common >= NEAR * (small + large - common)
