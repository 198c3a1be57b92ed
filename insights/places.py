"""Text -> places: which places of Kedah a post names, and why each of them counts."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from insights.model import Match, Place, PlaceLink
from insights.namesakes import (
    ADDRESS_AFTER,
    ADDRESS_BEFORE,
    BORROWED,
    CHINESE_ACCIDENTS,
    CLUB_AFTER,
    DISHES,
    ELSEWHERE_AFTER,
    ENDING_AFTER,
    FOOTBALL,
    GUARDS,
    HOUSE_AFTER,
    KEDAH,
    NAMED,
    NAMED_AFTER,
    RIVALS,
    SEAT,
    SEAT_AFTER,
    SHARED_NAMES,
    SHIP,
    STRADDLES,
    STREET,
    STREET_ELSEWHERE_AFTER,
    TAG_AFTER,
    TAG_BEFORE,
    TAG_NEVER_BEFORE,
    UNMISTAKABLE,
    Guard,
)
from insights.spellings import spellings

# Raised when a rule changes, here, in insights/namesakes.py, insights/spellings.py or
# insights/matching.py: stored posts are then matched again.
RULES = 3
GEO_CONTEXT_KM = 1.5
# The reason of a link that a geotag's neighbourhood spoke for.
BY_GEOTAG = "geo"
DEFAULT_HASHTAG_COUNT = 30
# A joined name shorter than this may hide in an unrelated tag or account name.
_SAFE_TAG_LENGTH = 5
_SAFE_MENTION_LENGTH = 8
_LONG_TAG_LENGTH = 8
# A name ends with its letters, or with a year behind them: "LANGKAWI2026".
_NAME_ENDS = r"(?:(?![a-z0-9])|(?=20\d\d(?![a-z0-9])))"
# A longer title is seldom written out ("Muzium Arkeologi Lembah Bujang").
_LONG_TITLE = 18
# How many characters beside a name are looked at for cue words.
_WINDOW = 32
# A text that names more is a list of keywords; judging each against each would take seconds.
_MOST_HITS = 300

_SPACE = re.compile(r"\s+")
# "Langkawiii" and "CENANGGG"; "www" stays.
_DRAWN_OUT = re.compile(r"([A-VX-Za-vx-z])\1{2,}")
# Letters set apart one by one, "L.A.N.G.K.A.W.I" or with pictures between them.
_SPELLED_OUT = re.compile(r"(?<!\w)[A-Za-z](?:(?:[^\w\s]{1,4}| )[A-Za-z](?!\w)){4,}")
# "Pulau✨ Payar" is one name; an arrow stays, it joins two.
_PICTURES = re.compile(" *[\u2600-\u27a0\u27a2-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]+ *")
_NO_LETTER = re.compile(r"[^A-Za-z]+")
# Soft hyphens, zero-width and direction marks: invisible, but they split words.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w+|@\w[\w.]*")
_TAG = re.compile(r"#(\w+)")
_SIGNS = re.compile(r"[\s_.,'’()/#-]+")
_ABBREVIATIONS = frozenset(
    (
        *("s", "sg", "sgi", "tg", "tjg", "gn", "gng", "g", "k", "p", "mt", "bkt", "kg", "kpg"),
        *("tlk", "pdg", "tmn", "pkn", "hosp", "dr"),
    )
)
# Found in texts, but nobody would search for them.
_UNSEARCHED = ("tag", "town", "typo", "abroad")
_QUALIFIERS = frozenset(("kedah", "langkawi", "alor", "baling", "kulim", "sik", "yan"))
_NO_GUARD = Guard()
# What a news agency writes behind the place it reports from.
_DATELINE = re.compile(
    r"(?:, ?kedah)?(?:,? ?\d{1,2} [a-z]{3,9}|,? [a-z]{3,9} \d{1,2}(?= ?[-–—(:])"
    r"|(?:: | ?[-–—]{1,2} )(?=[a-z]))"
)
# Between the names of a list, and between two towns that are named in one breath.
_IN_LIST = re.compile(r" ?(?:[,/&+、→-]|->)? ?(?:(?:dan|and|serta|atau|or) )?")
_IN_PAIR = re.compile(r" ?(?:[/&→–-]|->) ?| (?:dan|and|serta|atau|or|vs) ")
_JOINED = re.compile(r" ?[-–/→] ?")
_GAP_AFTER = re.compile(
    r",? (?:di|in|of) (?:the )?(?:(?:bahagian|negeri|daerah|state of|utara|selatan|timur|barat"
    r"|tengah|(?:north|south|east|west)(?:ern)?|central) )+"
)
_GAP_BEFORE = re.compile(r"[, (@/-]{1,3}(?:(?:di|kat|in|dekat|daerah|pekan) )?$")


def clean_text(text: str) -> str:
    """The text as names are looked for in it: NFKC, casefolded, invisible signs gone, every run of
    white space one space, letters drawn out or set apart as they are usually written.
    `PlaceLink.start` is an offset in this."""
    return _fold(_tidy(text))


def fingerprint(places: Iterable[Place]) -> str:
    """What the places found in a text hang on: two gazetteers read a text alike where it is equal.

    It holds RULES; what only a page shows of a place is left out, and so is the order of aliases.
    """
    told = [
        (
            *(place.slug, place.city, place.city_slug, place.parent, place.rule, place.general),
            *(place.latitude, place.longitude),
            sorted((alias.text, alias.language, alias.needs_context) for alias in place.aliases),
        )
        for place in places
    ]
    return f"{RULES}:{hashlib.sha256(repr(told).encode('utf-8', 'replace')).hexdigest()[:32]}"


def key(name: str) -> str:
    """A name without case, spaces and signs, so that "Sg. Petani" and "#sgpetani" are one."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _tidy(text: str) -> str:
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'")
    text = _SPACE.sub(" ", text).strip()
    text = _DRAWN_OUT.sub(r"\1", _SPELLED_OUT.sub(_joined, text))
    return text if text.isascii() else _PICTURES.sub(" ", text).strip()


def _joined(found: re.Match[str]) -> str:
    return _NO_LETTER.sub("", found[0])


def _fold(text: str) -> str:
    """Casefolded with every character in its place, even where folding would make two of one."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(
        char.casefold() if len(char.casefold()) == 1 else char.lower()[:1] for char in text
    )


# eq=False: each spelling is made once, and hashing a Place with its aliases per hit costs more
# than the search itself.
@dataclass(frozen=True, eq=False)
class _Name:
    """One spelling of a place; `place` None is Kedah itself."""

    text: str
    key: str
    place: Place | None
    needs_context: bool
    guard: Guard = _NO_GUARD

    @property
    def city(self) -> str | None:
        return self.place.city_slug if self.place else None

    @property
    def says_where(self) -> bool:
        """Whether the spelling itself names Kedah or the place's city."""
        if self.place is None or self.key == key(self.place.city):
            return False
        return "kedah" in self.key or key(self.place.city) in self.key


@dataclass(frozen=True)
class _Hit:
    """A spelling found at [start, end); `tag` is the hashtag that holds it, when it is not bare."""

    start: int
    end: int
    name: _Name
    tag: str = ""


@dataclass(frozen=True)
class _Reading:
    """One post as it is judged: folded text, the same with its capitals, and the sure names."""

    text: str
    cased: str
    sure: tuple[_Hit, ...] = ()
    near: frozenset[str] = frozenset()

    def before(self, hit: _Hit) -> str:
        return self.text[max(0, hit.start - _WINDOW) : hit.start]

    def after(self, hit: _Hit) -> str:
        return self.text[hit.end : hit.end + _WINDOW]


class Gazetteer:
    """The places of Kedah, ready to be found in texts.

    The order of `places` is the order of how much people write about them; `search_terms` and
    `default_hashtags` follow it. Places that were never stored (id 0) are numbered by position, so
    that links of a bare seed can be told apart.
    """

    def __init__(self, places: Sequence[Place]):
        self.places = tuple(
            place if place.id else replace(place, id=number)
            for number, place in enumerate(places, start=1)
        )
        self._by_id = {place.id: place for place in self.places}
        self._by_slug = {place.slug: place for place in self.places}
        self._ancestors = {place.slug: self._line(place) for place in self.places}
        self._names = {name.key: name for name in self._spellings()}
        latin = [name for name in self._names.values() if _is_latin(name.key)]
        other = [name for name in self._names.values() if not _is_latin(name.key)]
        # A spelling belongs to the first name that it may be, and to one that is so written.
        written = {key(text): (text, name) for name in latin[::-1] for text in spellings(name.text)}
        self._written = {each: name for each, (_, name) in written.items()} | self._names
        self._latin = re.compile(
            rf"(?<![a-z0-9])(?=({_alternatives(_tokens(text) for text, _ in written.values())})"
            rf"{_NAME_ENDS})"
        )
        # Chinese and Thai touch their neighbours, so no boundary may be asked for.
        self._other = re.compile(rf"(?=({_alternatives(_tokens(name.text) for name in other)}))")
        safe = [tuple(each) for each in written if _is_safe(each, self._written[each])]
        self._tagged = re.compile(
            rf"(?:{TAG_BEFORE})*({_alternatives(safe)})(?:{TAG_AFTER})*", re.ASCII
        )
        # Whatever stands before a long name, it is that place: #prewedlangkawi. Not behind it.
        long = [name for name in safe if len(name) >= _LONG_TAG_LENGTH]
        self._ending = re.compile(
            rf"(?!{TAG_NEVER_BEFORE})[a-z0-9_]+?({_alternatives(long)})(?:{TAG_AFTER})*", re.ASCII
        )

    def place(self, link: PlaceLink) -> Place:
        """The place a link of this gazetteer points to."""
        return self._by_id[link.place_id]

    def match(
        self,
        text: str,
        hashtags: Sequence[str] = (),
        geo: tuple[float, float] | None = None,
        near: Collection[str] = (),
    ) -> Match:
        """Every place the text or its hashtags name; the most specific, earliest one is primary.

        `hashtags` are the platform's own, with or without "#"; one that the text does not hold
        counts as standing at its end. `geo` (latitude, longitude) never links a place by itself;
        it is a sign that an ambiguous name beside it means the place. `near` are the cities (slugs)
        around a point that is not known any more.
        `why` of a link: "name", "context:<sign>", "beside:<word>", "tag:<hashtag>" or "geo".
        `why` of the match: "named:<alias>", "kedah:<alias>" or "no_place".
        """
        cased, length = _with_tags(_tidy(text), hashtags)
        folded = _masked(_fold(cased), self._written)
        hits = self._hits(folded)
        if not hits:
            return Match(why="no_place")
        near = self._near(geo) if geo else frozenset(near)
        return self._match(hits, _Reading(folded, cased, near=near), length)

    def called(self, name: str) -> Place | None:
        """The place that is called exactly so, None for Kedah itself and for any other name."""
        found = self._written.get(key(name))
        return found.place if found else None

    def search_terms(self) -> list[str]:
        """Names that mean Kedah wherever they stand, most telling first, none holding another.

        A name that contains another ("Menara Alor Setar" and "Alor Setar") is left out: a search
        for the shorter one finds it. Ambiguous names are left out too; the posts worth having
        name Kedah or a surer place beside them.
        """
        terms = list(dict.fromkeys(self._telling()))
        words = [clean_text(term) for term in terms]
        return [
            term
            for term, said in zip(terms, words, strict=True)
            if not any(other != said and _holds(f" {said} ", other) for other in words)
        ]

    def default_hashtags(self, count: int = DEFAULT_HASHTAG_COUNT) -> list[str]:
        """The most telling hashtags, without "#": Kedah's, the cities', then the places'."""
        tags = ["kedah", "visitkedah"]
        for place in self.places:
            tags += [name.key for name in self._sure(place, True) if _is_latin(name.key)][:1]
        return list(dict.fromkeys(tags))[:count]

    def _line(self, place: Place) -> tuple[str, ...]:
        """The slugs above a place, nearest first."""
        line: list[str] = []
        while place.parent and place.parent not in line:
            line.append(place.parent)
            if place.parent not in self._by_slug:
                break
            place = self._by_slug[place.parent]
        return tuple(line)

    def _spellings(self) -> Iterator[_Name]:
        for text, _ in KEDAH:
            yield _Name(text, key(text), None, False, GUARDS.get(key(text), _NO_GUARD))
        for place in self.places:
            for alias in place.aliases:
                guard = GUARDS.get(key(alias.text), _NO_GUARD)
                yield _Name(alias.text, key(alias.text), place, alias.needs_context, guard)

    def _sure(self, place: Place, tags: bool) -> list[_Name]:
        """The spellings that mean this place wherever they stand, the plainest first, with or
        without those made as hashtags ("kuahlangkawi"). The order of the aliases plays no part:
        a database keeps none."""
        made = {alias.text for alias in place.aliases if alias.language in _UNSEARCHED}
        names = [
            name
            for name in self._names.values()
            if name.place == place
            and not name.needs_context
            and (name.says_where or place.slug not in RIVALS)
            and (tags or name.text not in made)
        ]
        title = key(place.name.split(" (")[0])
        return sorted(names, key=lambda name: _plainness(name, title, made))

    def _telling(self) -> Iterator[str]:
        """Kedah, then one spelling of every place, then the others, in the gazetteer's order."""
        yield from (text for text, language in KEDAH if language in ("ms", "zh"))
        spellings = [[name.text for name in self._sure(place, False)] for place in self.places]
        yield from (texts[0] for texts in spellings if texts)
        yield from (text for texts in spellings for text in texts[1:])

    def _hits(self, text: str) -> list[_Hit]:
        hits = [self._hit(found) for found in self._latin.finditer(text)]
        if not text.isascii():
            accidents = [found.span() for found in CHINESE_ACCIDENTS.finditer(text)]
            found_here = (self._hit(found) for found in self._other.finditer(text))
            hits += [hit for hit in found_here if not _overlaps(hit, accidents)]
        if "#" in text:
            hits += self._tag_hits(text, {hit.start for hit in hits})
        return hits

    def _hit(self, found: re.Match[str]) -> _Hit:
        name = self._written.get(found[1]) or self._written[key(found[1])]
        return _Hit(found.start(1), found.end(1), name)

    def _tag_hits(self, text: str, taken: set[int]) -> Iterator[_Hit]:
        """Places inside longer hashtags: #langkawitrip, #visitalorsetar2026."""
        for tag in _TAG.finditer(text):
            if tag.start(1) in taken:
                continue
            found = self._tagged.fullmatch(tag[1]) or self._ending.fullmatch(tag[1])
            if found:
                yield _Hit(tag.start(1), tag.end(1), self._written[found[1]], tag[1])

    def _near(self, geo: tuple[float, float]) -> frozenset[str]:
        """The cities of the specific places around a point."""
        return frozenset(
            place.city_slug
            for place in self.places
            if not place.general
            and _kilometres(geo, (place.latitude, place.longitude)) <= GEO_CONTEXT_KM
        )

    def _match(self, hits: Sequence[_Hit], reading: _Reading, length: int) -> Match:
        hits = _without(hits[:_MOST_HITS], lambda hit: _is_something_else(hit, reading))
        names_kedah = any(hit.name.place is None for hit in hits)
        if names_kedah and FOOTBALL.search(reading.text):
            hits = [hit for hit in hits if hit.name.place is not None]
        doubtful = {hit for hit in hits if _is_doubtful(hit, reading)}
        sure = _outermost(hit for hit in hits if hit not in doubtful)
        reasons = {hit: f"tag:{hit.tag}" if hit.tag else "name" for hit in sure}
        if doubtful:
            reasons |= _believed(hits, doubtful, replace(reading, sure=tuple(sure)))
        kept = _outermost(reasons)
        links = self._links({hit: reasons[hit] for hit in kept}, length)
        if links:
            primary = next(link for link in links if link.is_primary)
            return Match(links, True, f"named:{primary.alias}")
        kedah = next((hit for hit in kept if hit.name.place is None), None)
        return Match((), True, f"kedah:{kedah.name.text}") if kedah else Match(why="no_place")

    def _links(self, reasons: dict[_Hit, str], length: int) -> tuple[PlaceLink, ...]:
        """One link a place, in reading order, the primary one marked."""
        first: dict[str, _Hit] = {}
        for hit in reasons:
            if hit.name.place is not None:
                first.setdefault(hit.name.place.slug, hit)
        primary = self._primary(first)
        return tuple(
            PlaceLink(
                place_id=self._by_slug[slug].id,
                alias=hit.name.text,
                why=reasons[hit],
                start=min(hit.start, length),
                is_primary=slug == primary,
            )
            for slug, hit in first.items()
        )

    def _primary(self, slugs: Iterable[str]) -> str | None:
        """The earliest place that is no city and above none of the others; else the first city."""
        slugs = list(slugs)
        above = {ancestor for slug in slugs for ancestor in self._ancestors[slug]}
        lowest = [slug for slug in slugs if slug not in above]
        specific = [slug for slug in lowest if not self._by_slug[slug].general]
        return next(iter(specific or lowest), None)


def _with_tags(text: str, hashtags: Sequence[str]) -> tuple[str, int]:
    """The text with the hashtags that it does not hold behind it, and its own length."""
    length = len(text)
    if not hashtags:
        return text, length
    held = {tag.casefold() for tag in _TAG.findall(text)}
    given = [_tidy(tag).lstrip("#") for tag in hashtags]
    missing = [f"#{tag}" for tag in given if tag and tag.casefold() not in held]
    return (" ".join([text, *missing]) if missing else text), length


def _masked(text: str, names: dict[str, _Name]) -> str:
    """Web addresses, e-mail addresses and account names blanked: they name pages and people.

    An account name that is exactly a sure, long place name stays: "sunset @pantaicenang".
    """
    if "@" not in text and "http" not in text and "www." not in text:
        return text

    def blank(found: re.Match[str]) -> str:
        name = names.get(key(found[0][1:])) if found[0][0] == "@" else None
        if name and not name.needs_context and len(name.key) >= _SAFE_MENTION_LENGTH:
            return found[0]
        return " " * len(found[0])

    return _ADDRESS.sub(blank, text)


def _believed(hits: Sequence[_Hit], doubtful: set[_Hit], reading: _Reading) -> dict[_Hit, str]:
    """The doubtful names that are places, with the reason. A name that is believed may speak for
    the others, so they are asked once more."""
    found: dict[_Hit, str] = {}
    for _ in range(2):
        found |= _listed(hits, reading)
        asked = [hit for hit in hits if hit in doubtful and hit not in found]
        found |= {hit: why for hit in asked if (why := _reason(hit, reading))}
        if not found or len(found) == len(doubtful):
            break
        reading = replace(reading, sure=tuple({*reading.sure, *found}))
    return found


def _is_something_else(hit: _Hit, reading: _Reading) -> bool:
    """Whether the words beside a name, or its case, make it a ship, a dish, a company, a seat."""
    guard = hit.name.guard
    before = reading.before(hit)
    after = reading.after(hit)
    if SEAT.search(before) or SEAT_AFTER.match(after):
        return True
    if NAMED.search(before) or NAMED_AFTER.match(after) or CLUB_AFTER.match(after):
        return True
    if SHIP.search(reading.cased[max(0, hit.start - _WINDOW) : hit.start]):
        return True
    if BORROWED.search(before) and ELSEWHERE_AFTER.match(after):
        return True
    if HOUSE_AFTER.match(reading.text, hit.end):
        return True
    if STREET.search(before) and STREET_ELSEWHERE_AFTER.match(reading.text, hit.end):
        return True
    if guard is _NO_GUARD:
        return False
    if guard.capitals and not reading.cased[hit.start : hit.end].isupper():
        return True
    if guard.ordinary and ENDING_AFTER.match(after):
        return True
    return bool(
        (guard.never_before and guard.never_before.search(before))
        or (
            guard.never_after
            and guard.never_after.match(after)
            and not _is_titled_within(hit, reading)
        )
        or (guard.never and guard.never.search(reading.text))
    )


def _is_titled_within(hit: _Hit, reading: _Reading) -> bool:
    """Whether an everyday name is written large within a sentence, as only the place is ("lepas tu
    Pekan Rabu tengah hari", "budak Baling masuk final"); at its beginning anything may be."""
    if hit.start == 0 or not _is_named(hit, reading):
        return False
    guard = hit.name.guard
    if guard.phrase:
        return True
    placed = bool(guard.before and guard.before.search(reading.before(hit)))
    return placed and reading.cased[hit.end + 1 : hit.end + 2].islower()


def _is_doubtful(hit: _Hit, reading: _Reading) -> bool:
    if hit.name.needs_context:
        return True
    if hit.name.guard.phrase and not _is_large(reading.cased[hit.start : hit.end]):
        return True
    return not hit.name.says_where and _has_rival(hit, reading)


def _has_rival(hit: _Hit, reading: _Reading) -> bool:
    """Whether the post names something that a namesake of the place belongs to."""
    slug = hit.name.place.slug if hit.name.place and hit.name.key not in UNMISTAKABLE else ""
    if slug in SHARED_NAMES and ELSEWHERE_AFTER.match(reading.after(hit)):
        return True
    rival = RIVALS.get(slug)
    return bool(rival and rival.search(reading.text))


def _reason(hit: _Hit, reading: _Reading) -> str:
    """Why a doubtful name is the place after all, empty when nothing says so."""
    guard = hit.name.guard
    beside = _neighbour(hit, reading)
    if beside:
        return f"beside:{beside}"
    if guard.phrase and not _has_rival(hit, reading) and _is_named(hit, reading):
        return "name"
    if _is_dateline(hit, reading):
        return "beside:dateline"
    if guard.address and _ends_address(hit, reading):
        return "beside:address"
    cue = _cue(guard.before, guard.after, hit, reading)
    strict = hit.name.place is not None and hit.name.place.rule == "strict"
    rival = _has_rival(hit, reading)
    if cue and not strict and not rival:
        return f"beside:{cue}"
    if strict and not cue:
        return _together(hit, reading) or _told(hit, reading)
    if strict and (plain := _plain_cue(hit, reading)):
        return f"beside:{plain}"
    word = guard.words.search(reading.text) if guard.words else None
    written_as_name = reading.cased[hit.start].isupper()
    weak = _cue(guard.weak, None, hit, reading)
    if weak and (written_as_name or word or _far_sign(hit, reading)):
        return f"beside:{weak}"
    if word and not rival and (strict or not guard.ordinary):
        return f"context:{word[0]}"
    return _far_sign(hit, reading) if written_as_name or not guard.ordinary else ""


def _neighbour(hit: _Hit, reading: _Reading) -> str:
    """A sure place of the same city right before the name ("Ulu Legong, Baling"), or Kedah or
    that city right after it ("Baling, Kedah")."""
    for sign in reading.sure:
        if sign.name.city == hit.name.city and sign.end <= hit.start:
            gap = reading.text[sign.end : hit.start]
            if len(gap) <= _WINDOW and _GAP_BEFORE.fullmatch(gap):
                return sign.name.text
        if sign.name.city in (None, hit.name.city) and sign.start >= hit.end:
            gap = reading.text[hit.end : sign.start]
            if gap in (" ", ", ", " (", "-", ",") or (gap == " #" and _is_tag_beside(hit, reading)):
                return sign.name.text
            if _GAP_AFTER.fullmatch(gap) and _is_large(reading.cased[hit.start : hit.end]):
                return sign.name.text
    return ""


def _is_tag_beside(hit: _Hit, reading: _Reading) -> bool:
    """Whether a hashtag of the name may lean on the next one: "#baling #kedah" is the town, "#kuah
    #kedah" a dish."""
    return reading.text[hit.start - 1 : hit.start] == "#" and hit.name.key not in DISHES


def _cue(
    before: re.Pattern[str] | None, after: re.Pattern[str] | None, hit: _Hit, reading: _Reading
) -> str:
    """The word right before or right after the name that fits, empty when none does."""
    found = before.search(reading.before(hit)) if before else None
    if found is None and after:
        found = after.match(reading.after(hit))
    return found[0].strip(" #@-(") if found else ""


def _plain_cue(hit: _Hit, reading: _Reading) -> str:
    """The place word right before a strict name that is written as one: "di Sik", but neither "di
    sik" nor the "Di Sik" of a headline, in which every word is written large."""
    clear = hit.name.guard.clear
    found = clear.search(reading.before(hit)) if clear else None
    if found is None or not _is_titled(reading.cased[hit.start : hit.end]):
        return ""
    start = hit.start - (len(reading.before(hit)) - found.start())
    return found[0].strip(" #@-(") if start == 0 or reading.cased[start].islower() else ""


def _ends_address(hit: _Hit, reading: _Reading) -> bool:
    """Whether the name, written large, ends an address: "Restoran Tepian Laut, Kuah"."""
    if not _is_titled(reading.cased[hit.start : hit.end]):
        return False
    before = reading.text[max(0, hit.start - 2 * _WINDOW) : hit.start]
    return bool(ADDRESS_BEFORE.search(before) and ADDRESS_AFTER.match(reading.after(hit)))


def _told(hit: _Hit, reading: _Reading) -> str:
    """What makes a strict name written large the place, for the names of which the guard says so:
    any place of Kedah, or one of the name's own words."""
    guard = hit.name.guard
    if not (guard.titled or guard.telling) or not _is_named(hit, reading):
        return ""
    if guard.telling and guard.words and (word := guard.words.search(reading.text)):
        return f"context:{word[0]}"
    if not guard.titled or _has_rival(hit, reading):
        return ""
    return next((f"context:{sign.name.text}" for sign in reading.sure), "")


def _together(hit: _Hit, reading: _Reading) -> str:
    """A sure place of the same city in a post that writes the strict name large within a
    sentence ("Gunung Jerai, Gurun dan Yan"), for the names of which the guard allows it."""
    if not hit.name.guard.together or hit.start == 0:
        return ""
    if not _is_titled(reading.cased[hit.start : hit.end]):
        return ""
    signs = (sign for sign in reading.sure if sign.name.place and not sign.name.place.general)
    same = (sign for sign in signs if hit.name.city in _cities_of(sign.name))
    return next((f"context:{sign.name.text}" for sign in same), "")


def _cities_of(name: _Name) -> tuple[str | None, ...]:
    """The cities that a place speaks for."""
    return (name.city, STRADDLES.get(name.place.slug)) if name.place else (None,)


def _is_dateline(hit: _Hit, reading: _Reading) -> bool:
    """Whether a report begins with the name: "BALING, 4 Julai", "SIK: Harga durian jatuh".

    A list of ingredients begins so as well, hence a dish also needs one of its words.
    """
    if hit.start or not reading.cased[: hit.end].isupper() or reading.cased.isupper():
        return False
    found = _DATELINE.match(reading.after(hit))
    dated = found is not None and found[0][-1:].isalpha()
    words = hit.name.guard.words
    dish = hit.name.key in DISHES and not (words and words.search(reading.text))
    return found is not None and (dated or not dish)


def _listed(hits: Sequence[_Hit], reading: _Reading) -> dict[_Hit, str]:
    """The doubtful names that stand in a list of places of Kedah: "Kulim, Bandar Baharu dan
    Baling". Of three and more, a name written small needs two sure ones among them; a pair needs
    "dan" or a stroke, capitals and a sure city."""
    certain = set(reading.sure)
    return {
        hit: f"context:{(row[1] if hit is row[0] else row[0]).name.text}"
        for row in _rows_of(_outermost(hits), reading)
        for hit in _fitting(row, certain, reading)
    }


def _rows_of(hits: Sequence[_Hit], reading: _Reading) -> Iterator[list[_Hit]]:
    """The runs of names with nothing but list signs between them, two names at least."""
    row: list[_Hit] = []
    for hit in (hit for hit in hits if hit.name.place is not None):
        gap = reading.text[row[-1].end : hit.start] if row else ""
        if row and not (gap.strip() and _IN_LIST.fullmatch(gap)):
            if len(row) > 1:
                yield row
            row = []
        row.append(hit)
    if len(row) > 1:
        yield row


def _fitting(row: Sequence[_Hit], certain: set[_Hit], reading: _Reading) -> list[_Hit]:
    """The doubtful names of a row that the row makes places."""
    sure = [hit for hit in row if hit in certain]
    doubtful = [hit for hit in row if hit not in certain]
    large = [hit for hit in doubtful if _is_large(reading.cased[hit.start : hit.end])]
    if len({hit.name.place.slug for hit in row if hit.name.place}) >= 3:
        return doubtful if len(sure) >= 2 else large
    gap = reading.text[row[0].end : row[1].start]
    cities = any(hit.name.place and hit.name.place.general for hit in sure)
    # "AS-SP", "UUM-AS": two places by their initials, one of them a town, speak for each other.
    initials = all(hit.name.guard.capitals for hit in row)
    towns = any(hit.name.place and hit.name.place.general for hit in row)
    # "Jalan Sik-Baling": both are towns.
    joined = _JOINED.fullmatch(gap) and all(hit.name.place.general for hit in row if hit.name.place)
    if joined and len(large) == len(row):
        return large
    return large if (cities or (initials and towns)) and _IN_PAIR.fullmatch(gap) else []


def _is_large(name: str) -> bool:
    """Whether every word of the name begins with a capital, or is written in Chinese."""
    return all(not word[0].islower() for word in name.split())


def _is_named(hit: _Hit, reading: _Reading) -> bool:
    """Whether every word of the name is written large in a text that writes others small."""
    name = reading.cased[hit.start : hit.end]
    others = reading.cased[: hit.start] + reading.cased[hit.end :]
    return _is_large(name) and any(word[0].islower() for word in others.split())


def _is_titled(word: str) -> bool:
    return word[:1].isupper() and word[1:2].islower()


def _far_sign(hit: _Hit, reading: _Reading) -> str:
    """A sure sign elsewhere in the post: the place's own city; where no rival is named Kedah itself
    and, for an abbreviation and a strict name, any place of Kedah."""
    for sign in reading.sure:
        if sign.name.city == hit.name.city:
            return f"context:{sign.name.text}"
    if hit.name.city in reading.near:
        return BY_GEOTAG
    if _has_rival(hit, reading):
        return ""
    place = hit.name.place
    easy = hit.name.guard.capitals or (place is not None and place.rule == "strict")
    signs = (sign.name for sign in reading.sure if easy or sign.name.place is None)
    return next((f"context:{name.text}" for name in signs), "")


def _without(hits: Sequence[_Hit], unwanted: Callable[[_Hit], bool]) -> list[_Hit]:
    """The hits that are wanted and inside none that is not: a seat called "Kuala Kedah" does not
    speak of Kedah either."""
    gone = [hit for hit in hits if unwanted(hit)]
    if not gone:
        return list(hits)
    return [
        hit
        for hit in hits
        if not any(out.start <= hit.start and hit.end <= out.end for out in gone)
    ]


def _outermost(hits: Iterable[_Hit]) -> list[_Hit]:
    """The hits in reading order without those that lie inside a longer one."""
    kept: list[_Hit] = []
    reach = widest = -1
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.end < reach or (hit.end == reach and hit.start > widest):
            continue
        kept.append(hit)
        reach, widest = hit.end, hit.start
    return kept


def _overlaps(hit: _Hit, spans: Sequence[tuple[int, int]]) -> bool:
    return any(hit.start < end and start < hit.end for start, end in spans)


def _holds(words: str, shorter: str) -> bool:
    return f" {shorter} " in words if _is_latin(shorter) else shorter in words


def _is_latin(text: str) -> bool:
    return text.isascii()


def _plainness(name: _Name, title: str, made: set[str]) -> tuple[int, int, str]:
    """How near a spelling is to what people would type for a place: its name unless that is long,
    a part of it, a hashtag of its own, the name with Kedah or another word added, anything else."""
    if name.key == title and len(title) <= _LONG_TITLE:
        rank = 0
    elif name.key in title:
        rank = 1
    elif name.text in made:
        rank = 2
    elif title in name.key:
        rank = 3 if "kedah" in name.key else 4
    else:
        rank = 5
    return rank, len(name.key), name.key


def _is_safe(written: str, name: _Name) -> bool:
    """Whether a joined name may be read out of a longer hashtag."""
    return not name.needs_context and len(written) >= _SAFE_TAG_LENGTH


def _tokens(name: str) -> tuple[str, ...]:
    """A name as pieces of a regular expression; what stands between its words may be missing."""
    words = re.split(r"[ -]", clean_text(name))
    pieces: list[str] = []
    for index, word in enumerate(words):
        if index:
            pieces.append(_between(words[index - 1], word))
        pieces += ["'?" if char == "'" else re.escape(char) for char in word]
    return tuple(pieces)


def _between(word: str, following: str) -> str:
    if word in _ABBREVIATIONS:
        return r"\.?[ _-]?"
    if following in _QUALIFIERS:
        return r"(?:, ?| ?\(|[ _-])?"
    return "[ _-]?"


def _alternatives(names: Iterable[tuple[str, ...]]) -> str:
    """One regular expression for many names, sharing their beginnings, the longest tried first."""
    tree: dict = {}
    for name in names:
        branch = tree
        for piece in name:
            branch = branch.setdefault(piece, {})
        branch[""] = {}
    return _written(tree) if tree else "(?!)"


def _written(tree: dict) -> str:
    branches = [piece + _written(branch) for piece, branch in tree.items() if piece]
    if "" in tree:
        branches.append("")
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great-circle distance of two (latitude, longitude) pairs in degrees."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(math.radians, point)) for point in (one, other))
    chord = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * 6371.0 * math.asin(math.sqrt(min(1.0, chord)))
