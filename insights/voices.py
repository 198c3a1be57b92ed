"""Voices: who speaks in a post - a visitor, or an advert, a paper, an office, football, politics.

The default figures are visitors' voices, so the rule is careful with taking a post out of them:
only an account known by name, or words that a visitor would hardly write, make it another voice. A
visitor who names a price, praises a homestay, parks at the stadium or calls on the minister to
clear the litter stays a visitor. The signs stand in insights/voice_signs.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from insights import voice_signs as signs

VISITOR = "visitor"
# Every other voice, in the order in which they are always shown.
OTHERS = ("advert", "news", "official", "football", "politics")
VOICES = (VISITOR, *OTHERS)
# What a reader may choose to see: visitors unless said otherwise, everybody, or one other voice.
VISITORS, EVERYBODY = "visitors", "all"
CHOICES = (VISITORS, EVERYBODY, *OTHERS)
# Raised when a rule changes, here or in insights/texts.py: stored texts are then heard again.
RULES = 1
# `why` of what an account gave away; it outlives a text that says nothing of the kind.
BY_ACCOUNT = "account:"
# A longer text is looked at from its beginning; no platform's caption is longer.
_LONGEST = 5_000


@dataclass(frozen=True)
class Voice:
    """Whose voice, and why: `account:<the body>` or `words:<what was read>`; "" for a visitor."""

    code: str = VISITOR
    why: str = ""


def voice_of(text: str, hashtags: Iterable[str] = (), account: str | None = None) -> Voice:
    """Whose voice a post is, by its text, its hashtags (without the sign) and its account's name.

    The account first: it speaks for its house whatever it says. `why` never holds an account's
    name unless it is one of the listed bodies.
    """
    found = _by_account(account) if account else None
    if found is not None:
        return found
    tags = " ".join(f"#{tag}" for tag in hashtags if f"#{tag}" not in text)
    written = unicodedata.normalize(
        "NFKC", f"{text[:_LONGEST]} {tags}" if tags else text[:_LONGEST]
    )
    low = " ".join(written.casefold().split())
    for code, reads in _RULES:
        why = reads(written, low)
        if why:
            return Voice(code, f"words:{why}")
    return Voice()


def _by_account(name: str) -> Voice | None:
    found = signs.ACCOUNTS.get(signs.account_key(unicodedata.normalize("NFKC", name)))
    return None if found is None else Voice(found[0], BY_ACCOUNT + found[1])


# --- the rules: each gives the words that decided, "" for none ------------------------------------


def _said(*found: re.Match[str] | None) -> str:
    """The words that were read, short enough to show."""
    return " + ".join(one[0].strip()[:40] for one in found if one)


def _news(written: str, low: str) -> str:
    found = signs.DATELINE.search(written) or signs.REPORTED_ZH.search(written)
    if found or ("bernama" in low and (found := signs.WIRE.search(written))):
        return _said(found)
    town = signs.TOWN_LINE.search(written)
    reported = signs.REPORTED.search(low) if town else None
    if reported:
        return _said(town, reported)
    # A reader who shares an article says something of his own; the paper says "read on".
    house = signs.OUTLET_LINK.search(low) or signs.OUTLET_TAG.search(low)
    further = house and (signs.READ_ON.search(low) or town or signs.REPORTED.search(low))
    return _said(house, further) if further and not signs.EXPERIENCE.search(low) else ""


def _official(_written: str, low: str) -> str:
    opening = signs.NOTICE.search(low) or signs.OFFICE.search(low)
    body = opening and signs.BODY.search(low)
    return _said(opening, body) if body and not signs.EXPERIENCE.search(low) else ""


def _advert(_written: str, low: str) -> str:
    reach = signs.CHAT_LINK.search(low) or signs.PHONE.search(low)
    call = signs.CALL.search(low)
    market = signs.PROPERTY.search(low) or signs.JOB.search(low)
    if not (reach or call or market) or signs.WARNING.search(low):
        return ""
    if signs.SEEKING.search(low) and not (reach and call):
        return ""
    goods = signs.OFFER.search(low) or signs.PRICE.search(low)
    if signs.EXPERIENCE.search(low):
        # Praise with a boatman's number is a tip; with "book now" beside it, it is an advert.
        return _said(call, reach) if call and reach and goods else ""
    return _selling(low, reach, call, goods)


def _selling(low: str, reach, call, goods) -> str:
    """An invitation with goods or a way to order; goods at a price with a way; a market's terms."""
    if call and (reach or goods):
        return _said(call, reach or goods)
    if signs.CHAT_LINK.search(low):
        return _said(reach)
    if reach and signs.OFFER.search(low) and (price := signs.PRICE.search(low)):
        return _said(reach, price)
    estate, job = signs.PROPERTY.search(low), signs.JOB.search(low)
    terms = reach or call or signs.PRICE.search(low)
    if estate and terms:
        return _said(estate, terms)
    terms = job and (signs.JOB_TERMS.search(low) or terms)
    return _said(job, terms) if terms else ""


def _football(_written: str, low: str) -> str:
    team = signs.FOOTBALL.search(low)
    match = team and signs.MATCH.search(low)
    return _said(team, match) if match and not signs.TRIP.search(low) else ""


def _politics(written: str, low: str) -> str:
    said = _said(
        signs.PARTY.search(low)
        or signs.PARTY_CAPITALS.search(written)
        or signs.ELECTION.search(low)
    )
    if not said and (holder := signs.OFFICE_HOLDER.search(low)):
        verb = signs.POLITICAL_VERB.search(low)
        said = _said(holder, verb) if verb else ""
    return said if said and not signs.TRIP.search(low) else ""


# In this order: a paper on an election is a paper, a shop selling jerseys is a shop.
_RULES: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    ("news", _news),
    ("advert", _advert),
    ("official", _official),
    ("football", _football),
    ("politics", _politics),
)
