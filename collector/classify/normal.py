"""Turns a post as people type it into words of one spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from collector.classify.lexicon import PHRASES, SPELLINGS

LONGEST = 2_000  # characters of a post that are read; what follows is rarely the feeling

_LINK = re.compile(r"(?:https?://|www\.)\S+|\bhttp\b")
_NAME = re.compile(r"[\w.]*@[\w.]+")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_LAUGH = re.compile(r"(?:(?:ha|ah|he|hi|wk|kah){2,}[hk]?|lol|lmao)")
# "xbest" is "tak best"; the few words that truly begin with an x are left alone.
_NOT_X = re.compile(
    r"x(?!box|iao|mas|tra|ray|xx?l?$|press|ep|ing|inj|anth|oxo|pander|iii?$)[a-z]{2}"
)
_NOT_T = re.compile(r"(.+)n(?:['’`]t|(?<=can)t)")
_TOKEN = re.compile(
    r"[^\W\d_]+(?:['’`][^\W\d_]{1,2}\b)?|\d+|[!?]+|\.{2,}|[:;=]-?[)(\]\[dp/|]|<3|[^\w\s]"
)
_FACES = {")": "😊", "]": "😊", "d": "😊", "p": "😊", "(": "😢", "[": "😢", "/": "😕", "|": "😕"}
_SKIPPED = frozenset("-\ufe0f\u200d\u200b\u2640\u2642") | set(map(chr, range(0x1F3FB, 0x1F400)))
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def mostly_chinese(text: str) -> bool:
    """Whether at least a third of the letters are Chinese: a character says as much as a word."""
    letters = sum(map(str.isalpha, text))
    return letters > 0 and len(_HAN.findall(text)) * 3 >= letters


def words(text: str) -> list[str]:
    """The words, marks and emoji of a text in order, each in the spelling of the lexicon."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    if "http" in plain or "www." in plain:
        plain = _LINK.sub(" ", plain)
    if "@" in plain:
        plain = _NAME.sub(" ", plain)
    found = [""]
    for token in _TOKEN.findall(plain):
        for word in _spelled(token):
            phrase = PHRASES.get((found[-1], word))
            if phrase is not None:
                found[-1] = phrase
            elif word != found[-1]:
                # "obor-obor", "hati2", "sangat sangat": said twice, counted once.
                found.append(word)
    return found[1:]


@lru_cache(maxsize=1 << 16)
def _spelled(typed: str) -> tuple[str, ...]:
    """A typed as it is looked up; none where it says nothing."""
    if typed in _SKIPPED or typed == "2":
        return ()
    if typed[0].isalpha():
        return _word(typed)
    if typed[0].isdigit():
        return ("0",)  # figures say how much, not how it was
    if typed[0] in "!?.":
        return (typed[:2],)
    if typed[0] in ":;=" and len(typed) > 1:
        return (_FACES[typed[-1]],)
    return ("❤",) if typed == "<3" else (typed,)


def _word(typed: str) -> tuple[str, ...]:
    """One spelling of a word; a Malay "-nya" and what denies a word stand apart."""
    plain = _STRETCHED.sub(_shorter, typed)
    if plain in SPELLINGS:
        return (SPELLINGS[plain],)
    if _LAUGH.fullmatch(plain):
        return ("😂",)
    if denied := _NOT_T.fullmatch(plain):
        return ("can" if denied[1] == "ca" else denied[1], "not")
    if _NOT_X.match(plain):
        return ("tak", SPELLINGS.get(plain[1:], plain[1:]))
    if len(plain) > 6 and plain.endswith("nya"):
        return (SPELLINGS.get(plain[:-3], plain[:-3]), "nya")
    return (plain,)


def _shorter(found: re.Match) -> str:
    """Three or more of a letter become one, but two of those that English doubles."""
    return found[1] * (2 if found[1] in "oe" else 1)
