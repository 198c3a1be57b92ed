"""The invented posts of the demo: what would be written about Kedah on any day, deterministic.

A day's posts follow from its date alone (`random.Random` of the date), never from the clock, so a
demo that a running collector extended equals one that was made later. Sentences stand in
db/seed/demo_texts.txt, places in the gazetteer, holidays in db/seed/events.csv.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import zlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from db.seed import seed_places
from db.seed.events import seed_events
from insights.model import (
    Alias,
    Classification,
    EventTemplate,
    Place,
    Platform,
    Post,
    Sentiment,
)
from insights.recurrence import dates, occurrences, only_month

Weighted = TypeVar("Weighted", bound=Hashable)

ZONE = ZoneInfo("Asia/Kuala_Lumpur")
TEXTS_FILE = Path(__file__).parent / "seed" / "demo_texts.txt"
NAME = "demo"
PROMPT_VERSION = "demo-1"

_LABELS = {"+": Sentiment.POSITIVE, "0": Sentiment.NEUTRAL, "-": Sentiment.NEGATIVE}
_SENTIMENTS = tuple(_LABELS.values())

# How an ordinary day is made up. Shares need not add up to anything; they are weights.
_POSTS_A_DAY = 42.5
_WEEKDAYS = (0.86, 0.84, 0.86, 1.02, 1.3, 1.36, 0.96)  # Kedah rests on Friday and Saturday
_HOURS = (1, 0.5, 0.3, 0.2, 0.3, 0.8, 2, 3, 4, 4, 4, 5, 6, 6, 5, 5, 5, 6, 6, 7, 9, 10, 8, 4)
_FASTING_HOURS = (2, 1, 1, 1, 3, 3, 2, 2, 2, 2, 2, 2, 3, 3, 4, 5, 7, 8, 8, 6, 8, 11, 10, 5)
_PLATFORMS = {
    Platform.X: 34,
    Platform.FACEBOOK: 27,
    Platform.INSTAGRAM: 24,
    Platform.TIKTOK: 15,
}
_CITIES = {
    "langkawi": 53,
    "alor-setar": 15,
    "sungai-petani": 8.5,
    "kulim": 4.5,
    "jitra": 4,
    "yan": 3.2,
    "baling": 3,
    "sik": 1.6,
    "kuala-nerang": 1.2,
    "pendang": 1.0,
    "pokok-sena": 0.9,
    "bandar-baharu": 0.7,
    "": 4.2,  # Kedah as a whole, no place named
}
_OFF_TOPIC = 0.03
# Who else writes than the public, and which of them speak of Kedah as a whole.
_VOICES = {"": 88, "advert": 5, "news": 3.4, "official": 1.8, "football": 0.9, "politics": 0.9}
_OF_THE_STATE = ("football", "politics")
_UNLABELLED = 0.06
_MIX = (0.2, 0.24, 0.56)  # negative, neutral, positive

# Which sentences fit a place: by its slug where the category is too coarse.
_GROUPS: dict[str, tuple[str, ...]] = {
    "City": ("town", "town", "food"),
    "Town": ("town", "food"),
    "Food town": ("food",),
    "Village / food": ("food", "food", "town"),
    "Border / duty free": ("border",),
    "Attraction": ("zoo",),
    "Landmark": ("tower",),
    "Beach": ("beach",),
    "Island": ("island",),
    "Nature": ("nature",),
    "Waterfall": ("waterfall",),
    "Lake": ("lake",),
    "Park": ("park",),
    "Hot spring": ("hotspring",),
    "Theme park": ("themepark",),
    "Heritage": ("heritage",),
    "Museum": ("museum",),
    "Religious": ("religious",),
    "Marina": ("marina",),
    "Shopping": ("market",),
    "Transport": ("airport",),
    "Event venue": ("venue",),
    "Campus": ("campus",),
    "Business": ("business",),
}
_GROUPS_OF_PLACE: dict[str, tuple[str, ...]] = {
    "langkawi": ("langkawi", "langkawi", "food"),
    "langkawi-sky-bridge": ("view",),
    "langkawi-skycab": ("view",),
    "dataran-lang": ("square",),
    "aman-central": ("mall",),
    "jeti-kuah": ("jetty",),
    "jeti-kuala-kedah": ("jetty",),
    "pulau-payar": ("reef", "reef", "island"),
    "pulau-beras-basah": ("reef", "island"),
    "kilim-geoforest": ("mangrove", "mangrove", "nature"),
    "semeling": ("mangrove",),
    "sungai-sedim": ("nature", "waterfall"),
    "bukit-wang": ("nature", "waterfall"),
    "tasik-beris": ("lake", "lake", "farm"),
    "pekan-cina-alor-setar": ("market", "food"),
    "gunung-jerai": ("mountain",),
    "gunung-keriang": ("mountain", "nature"),
    "gunung-raya": ("mountain",),
    "gunung-mat-cincang": ("mountain",),
    "gunung-baling": ("mountain",),
    "gunung-pulai": ("mountain",),
}
_TOWNS = {"City", "Town", "Village / food", "Food town"}

_FOODS = {
    "langkawi": ("ikan bakar|grilled fish|烤鱼", "laksa ikan|fish laksa|鱼叻沙"),
    "alor-setar": ("nasi kandar|nasi kandar|扁担饭", "mi rebus|mee rebus|马来卤面"),
    "sungai-petani": ("mi udang|prawn noodles|虾面", "cendol|cendol|煎蕊"),
    "kulim": ("itik panggang|roast duck|烧鸭", "mi goreng|fried noodles|炒面"),
    "yan": ("ikan bakar|grilled fish|烤鱼", "laksa|laksa|叻沙"),
    "baling": ("pulut durian|durian with sticky rice|榴莲糯米饭", "gulai ikan|fish curry|咖喱鱼"),
    "sik": ("durian kampung|kampung durian|甘榜榴莲", "pekasam|fermented fish|酸鱼"),
    "": ("laksa utara|northern laksa|北马叻沙", "pekasam|fermented fish|酸鱼"),
}
_LANGUAGES = ("ms", "en", "zh")
_FILLERS = {
    ("when", "ms", True): ("hari ini", "semalam", "tadi", "hujung minggu lepas", "minggu ni"),
    ("when", "ms", False): ("semalam", "kelmarin", "hujung minggu lepas", "minggu ni"),
    ("when", "en", True): ("today", "yesterday", "last weekend", "this week"),
    ("when", "en", False): ("yesterday", "last weekend", "this week"),
    ("when", "zh", True): ("今天", "昨天", "周末", "这几天"),
    ("when", "zh", False): ("昨天", "周末", "这几天"),
}
_WHO = ("dengan keluarga", "dengan kawan-kawan", "berdua", "dengan rakan sekerja")
_TAILS = {
    ("ms", "+"): (
        "Memang berbaloi.",
        "Nanti nak mai lagi.",
        "Puas hati!",
        "Terbaik.",
        "Rindu dah ni.",
        "Hangpa patut cuba.",
    ),
    ("ms", "-"): (
        "Harap ada tindakan.",
        "Tolonglah ambil tahu.",
        "Kecewa sikit.",
        "Bukan sekali dua dah.",
        "Macam mana orang nak mai lagi?",
    ),
    ("en", "+"): ("Highly recommended.", "We will be back.", "Loved it.", "Go if you can."),
    ("en", "-"): ("Please fix this.", "Disappointing.", "Hope someone reads this.", "Not again."),
    ("zh", "+"): ("推荐！", "下次还要来。", "值得一去。"),
    ("zh", "-"): ("希望改善。", "有点失望。", "希望有关单位注意。"),
}
# A filled-in word may begin a sentence.
_SENTENCE_START = re.compile(r"(?:^|(?<=[.!?] ))[a-z]")
# Names of the gazetteer that would read oddly after "di" or "at".
_ODD = re.compile(r"Hospital|^Feri\b")
_TAGS = ("cuticutikedah", "kedah", "visitkedah", "exploremalaysia", "cuticutimalaysia")


@dataclass(frozen=True)
class _Sentence:
    """One hand-written sentence with what a good classifier would say of it."""

    group: str
    language: str
    mark: str
    topics: tuple[str, ...]
    keywords: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class _Incident:
    """Something that happens on the days of `rule` (yearly) and makes people write about it."""

    group: str
    places: tuple[str, ...]
    rules: tuple[tuple[int, int, int], ...]  # month, day, days
    posts_a_day: int


_INCIDENTS = (
    _Incident(
        "ferry",
        ("jeti-kuala-kedah", "jeti-kuala-kedah", "jeti-kuah"),
        ((2, 6, 2), (5, 8, 1), (8, 29, 2), (11, 19, 2)),
        30,
    ),
    _Incident(
        "litter",
        ("pantai-cenang", "pantai-cenang", "pantai-tengah"),
        ((1, 11, 2), (3, 24, 2), (6, 7, 2), (9, 17, 2), (11, 9, 3)),
        14,
    ),
    _Incident(
        "jellyfish",
        ("pantai-cenang", "pantai-tengah", "pantai-kok"),
        ((3, 6, 4), (7, 10, 3), (11, 13, 4)),
        12,
    ),
    _Incident("festival", ("alor-setar", "pekan-rabu"), ((4, 24, 3), (10, 30, 3)), 34),
    _Incident(
        "flood",
        ("baling", "kuala-nerang", "pokok-sena", "titi-hayun", "lata-bukit-hijau", "alor-setar"),
        ((11, 17, 8),),
        22,
    ),
    _Incident(
        "queue",
        ("langkawi-skycab", "langkawi-skycab", "langkawi-sky-bridge"),
        ((1, 2, 2), (3, 22, 2), (5, 29, 2), (9, 4, 1), (11, 14, 1), (12, 26, 2)),
        18,
    ),
)
# Held twice a year; the month tells one from the other, in Malay and English.
_CARNIVALS = {4: ("April", "April"), 10: ("Oktober", "October")}
_NO_TAIL = ("offtopic", "spam", "jellyfish", "flood", *_VOICES)
_MONTHS = {
    "ms": ("Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Julai", "Ogos", "Sept", "Okt", "Nov", "Dis"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "July", "Aug", "Sept", "Oct", "Nov", "Dec"),
}
_INCIDENT_GROUPS = frozenset(incident.group for incident in _INCIDENTS)
# The whole days after which a post is looked at again, and what share of its last counts it has
# then: X is quick, what TikTok shows goes on being shown.
AGES = (1, 3, 7)
_GROWTH = {
    Platform.X: {0: 0.45, 1: 0.82, 3: 0.95, 7: 1.0},
    Platform.INSTAGRAM: {0: 0.35, 1: 0.7, 3: 0.9, 7: 1.0},
    Platform.FACEBOOK: {0: 0.3, 1: 0.65, 3: 0.87, 7: 1.0},
    Platform.TIKTOK: {0: 0.2, 1: 0.5, 3: 0.78, 7: 1.0},
}
_GROWING = timedelta(days=AGES[-1] + 1)
# The month and days on which a platform gave nothing: a gap that the pages must own up to.
_SILENT = {(Platform.TIKTOK, month, day) for month in (2, 5, 8, 11) for day in (11, 12)}


def invented(since: datetime, until: datetime) -> Iterator[tuple[Post, Classification | None]]:
    """The posts of the half-open [since, until), oldest first, each with its label or None.

    Both instants are aware. About one post in sixteen has no label. A label with `relevant` False
    says that the post is not about Kedah. The same instants always give the same posts, each with
    the counts that it has in the end.
    """
    day = since.astimezone(ZONE).date()
    last = until.astimezone(ZONE).date()
    while day <= last:
        for post, label in day_of_posts(day):
            if since <= post.posted_at < until:
                yield post, label
        day += timedelta(days=1)


def captured(post: Post, at: datetime) -> Post:
    """The post with the counts it had when it was last looked at by an instant: when it was new,
    or after as many whole days as AGES say."""
    age = _looked_at(post, at)
    return replace(post, **counts_at(post, age)) if age < AGES[-1] else post


def grown(since: datetime, until: datetime) -> Iterator[Post]:
    """The posts made before `since` that were looked at again between the two instants, as they
    were at the last of those looks, oldest first."""
    for post, _ in invented(since - _GROWING, since):
        if _looked_at(post, since) != _looked_at(post, until):
            yield captured(post, until)


def counts_at(post: Post, age: int) -> dict[str, int | None]:
    """A post's counts after so many whole days, one of 0 and AGES, by column; what is never told
    stays unknown. `post` has its last counts."""
    share = _GROWTH[post.platform][age]
    # Some posts are noticed at once and some late: each has a pace of its own.
    pace = 0.6 + zlib.crc32(post.post_id.encode()) / 2**32
    counts = {"likes": post.likes, "comments": post.comments, "shares": post.shares}
    return {
        name: None if count is None else int(count * share**pace)
        for name, count in (counts | {"views": post.views}).items()
    }


def _looked_at(post: Post, at: datetime) -> int:
    """The age in whole days at which a post was last looked at, 0 when it was new."""
    days = (at - post.posted_at) // timedelta(days=1)
    return max((age for age in AGES if age <= days), default=0)


@functools.lru_cache(maxsize=16)
def day_of_posts(day: date) -> tuple[tuple[Post, Classification | None], ...]:
    """Everything written on one local day, in the order of time; ids count in that order."""
    random = Random(f"kedah-demo:{day.isoformat()}")  # noqa: S311
    drafts = sorted(_drafts(day, random), key=lambda draft: draft.posted_at)
    # A second source, so that one more number drawn for a count moves no word.
    counts = Random(f"kedah-demo:{day.isoformat()}:counts")  # noqa: S311
    posts = [_post(draft, day, number, counts) for number, draft in enumerate(drafts, 1)]
    return tuple(pair for pair in posts if not silent(pair[0].platform, day))


def festivals() -> tuple[EventTemplate, ...]:
    """The demo's own festivals as event templates, so that the calendar knows what was invented."""
    return tuple(
        EventTemplate(
            slug=f"demo-food-carnival-{month}",
            name_ms=f"Karnival Makanan Alor Setar, {_CARNIVALS[month][0]} (contoh demo)",
            name_en=f"Alor Setar Food Carnival, {_CARNIVALS[month][1]} (demo example)",
            city_slug="alor-setar",
            recurrence="yearly",
            rule={"month": month, "day": first},
            duration_days=days,
            confirmed=True,
            source="demo: invented",
        )
        for incident in _INCIDENTS
        if incident.group == "festival"
        for month, first, days in incident.rules
    )


def silent(platform: Platform, day: date) -> bool:
    """Whether the demo pretends that the platform could not be collected that day."""
    return (platform, day.month, day.day) in _SILENT


# ---- what a day holds --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Draft:
    """A post before it has an id."""

    posted_at: datetime
    platform: Platform
    place: Place | None
    sentence: _Sentence
    text: str
    tags: tuple[str, ...]
    names: tuple[str, ...]


def _drafts(day: date, random: Random) -> Iterator[_Draft]:
    calendar = _calendar(day)
    mean = _POSTS_A_DAY * _WEEKDAYS[day.weekday()] * calendar.busy * _season(day)
    for _ in range(max(0, round(random.gauss(mean, math.sqrt(mean))))):
        yield _ordinary(day, calendar, random)
    for incident in _INCIDENTS:
        if _happens(incident, day):
            count = random.randint(incident.posts_a_day * 3 // 4, incident.posts_a_day * 5 // 4)
            for _ in range(count):
                place = _places()[random.choice(incident.places)]
                yield _draft(day, place, incident.group, random)
    for slug, names in calendar.events:
        for _ in range(random.randint(4, 9)):
            yield _draft(day, _places()[slug], "event", random, event=names)


def _season(day: date) -> float:
    """A calm swing over the year: drier months bring more people than the late monsoon."""
    return 1 + 0.07 * math.cos((day.timetuple().tm_yday - 30) / 365.25 * 2 * math.pi)


def _happens(incident: _Incident, day: date) -> bool:
    for month, first, days in incident.rules:
        start = date(day.year, month, first)
        if start <= day < start + timedelta(days=days):
            return True
    return False


@dataclass(frozen=True)
class _Calendar:
    """What the calendar says of a day: how busy, fasting, Raya, and events (city, names)."""

    busy: float
    fasting: bool
    raya: bool
    events: tuple[tuple[str, tuple[str, str]], ...]


@functools.lru_cache(maxsize=800)
def _calendar(day: date) -> _Calendar:
    today = [template for template in _templates() if _is_on(template, day)]
    slugs = {template.slug for template in today}
    busy = 1.0
    if "school-holidays" in slugs:
        busy *= 1.3
    if any(template.kind == "holiday" for template in today):
        busy *= 1.35
    if "ramadan" in slugs:
        busy *= 0.78
    raya = bool(
        dates(_template("holiday-hari-raya-aidilfitri"), day - timedelta(4), day + timedelta(2))
    )
    events = tuple(
        (template.city_slug, (template.name_ms, template.name_en))
        for template in today
        if template.kind == "event" and template.city_slug != "all" and template.duration_days < 10
    )
    return _Calendar(busy * (1.25 if raya else 1), "ramadan" in slugs, raya, events)


def _is_on(template: EventTemplate, day: date) -> bool:
    found = occurrences(template, day, _next(day))
    return any(not only_month(one.starts_on, one.ends_on, one.confirmed) for one in found)


def _next(day: date) -> date:
    return day + timedelta(days=1)


@functools.cache
def _templates() -> tuple[EventTemplate, ...]:
    return tuple(template for template in seed_events() if template.active)


def _template(slug: str) -> EventTemplate:
    return next(template for template in _templates() if template.slug == slug)


def _ordinary(day: date, calendar: _Calendar, random: Random) -> _Draft:
    if random.random() < _OFF_TOPIC:
        return _draft(day, None, "offtopic", random)
    place = _some_place(random)
    voice = _weighted(_VOICES, random)
    if voice in _OF_THE_STATE:
        return _draft(day, None, voice, random)
    if voice and place is not None:
        return _draft(day, place, voice, random)
    if place is None:
        return _draft(day, None, "kedah", random)
    group = random.choice(_groups(place))
    if _goes_home(place) and calendar.raya and random.random() < 0.4:
        group = "raya"
    elif place.category in _TOWNS and calendar.fasting and random.random() < 0.45:
        group = "ramadan"
    return _draft(day, place, group, random)


def _goes_home(place: Place) -> bool:
    """Whether people go home there for Raya, by road: the mainland's towns."""
    return place.category in _TOWNS and place.city_slug != "langkawi"


def _groups(place: Place) -> tuple[str, ...]:
    return _GROUPS_OF_PLACE.get(place.slug) or _GROUPS.get(place.category, ("town",))


@functools.cache
def _places() -> dict[str, Place]:
    return {place.slug: place for place in seed_places()}


@functools.cache
def _places_of_city(city: str) -> tuple[tuple[Place, ...], tuple[float, ...]]:
    """A city's places and their accumulated weights; the seed lists the best known first."""
    places = tuple(place for place in _places().values() if place.city_slug == city)
    weights = [
        (1.6 if place.general else 1.0) / (rank + 1.5) ** 0.75 for rank, place in enumerate(places)
    ]
    return places, tuple(itertools.accumulate(weights))


def _some_place(random: Random) -> Place | None:
    city = _weighted(_CITIES, random)
    if not city:
        return None
    places, weights = _places_of_city(city)
    return random.choices(places, cum_weights=weights)[0]


def _weighted(weights: Mapping[Weighted, float], random: Random) -> Weighted:
    return random.choices(tuple(weights), tuple(weights.values()))[0]


# ---- words -------------------------------------------------------------------------------------


@functools.cache
def _sentences() -> dict[tuple[str, str, str], tuple[_Sentence, ...]]:
    """The sentence file by (group, language, mark)."""
    found: dict[tuple[str, str, str], list[_Sentence]] = {}
    group = ""
    for line in TEXTS_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = line.strip("[]")
        elif line and not line.startswith("#"):
            language, mark, topics, keywords, text = (part.strip() for part in line.split("|"))
            words = tuple(word.strip() for word in keywords.split(","))
            sentence = _Sentence(group, language, mark, tuple(topics.split()), words, text)
            found.setdefault((group, language, mark), []).append(sentence)
    return {key: tuple(sentences) for key, sentences in found.items()}


def _draft(
    day: date,
    place: Place | None,
    group: str,
    random: Random,
    event: tuple[str, str] | None = None,
) -> _Draft:
    platform = _weighted(_PLATFORMS, random)
    if group == "offtopic":
        # Hashtags and Pages bring other strays than a word search does.
        platform = random.choice((Platform.X, Platform.X, Platform.TIKTOK, Platform.INSTAGRAM))
        group = "spam" if platform is Platform.INSTAGRAM else group
    posted_at = _moment(day, _calendar(day).fasting, random)
    sentence = _sentence(group, place, random)
    text, names = _written(sentence, place, posted_at, random, event)
    tags = _hashtags(platform, group, place, names, random)
    if "{tags}" in text:
        text = text.replace("{tags}", " ".join(f"#{tag}" for tag in tags))
    elif tags:
        text += " " + " ".join(f"#{tag}" for tag in tags)
    return _Draft(posted_at, platform, place, sentence, text, tags, names)


def _moment(day: date, fasting: bool, random: Random) -> datetime:
    hour = random.choices(range(24), _FASTING_HOURS if fasting else _HOURS)[0]
    clock = time(hour, random.randrange(60), random.randrange(60))
    return datetime.combine(day, clock, ZONE).astimezone(UTC)


def _sentence(group: str, place: Place | None, random: Random) -> _Sentence:
    language = random.choices(_LANGUAGES, _tongues(place))[0]
    by_mark = _choices(group, language)
    if group in _INCIDENT_GROUPS:
        # An incident has its own mood: that of the sentences written for it.
        weights = [float(len(found)) for found in by_mark.values()]
    else:
        mood = _mood(place)
        weights = [mood["-0+".index(mark)] for mark in by_mark]
    found = random.choices(tuple(by_mark.values()), weights)[0]
    return random.choice(found)


@functools.cache
def _choices(group: str, language: str) -> dict[str, tuple[_Sentence, ...]]:
    """A group's sentences in a language by mark, in Malay for a mark that the language lacks."""
    found = {}
    for mark in _LABELS:
        sentences = _sentences().get((group, language, mark))
        if sentences is None and group not in _INCIDENT_GROUPS:
            sentences = _sentences().get((group, "ms", mark))
        if sentences:
            found[mark] = sentences
    return found


def _tongues(place: Place | None) -> tuple[float, float, float]:
    if place is not None and place.city_slug == "langkawi":
        return (54, 32, 14)
    return (74, 13, 13)


def _mood(place: Place | None) -> tuple[float, float, float]:
    """Negative, neutral and positive weights of a place: each has its own lasting temper."""
    return _MIX if place is None else _lasting_mood(place.slug)


@functools.cache
def _lasting_mood(slug: str) -> tuple[float, float, float]:
    negative, neutral, positive = _MIX
    lean = Random(f"mood:{slug}").uniform(-0.1, 0.1)  # noqa: S311
    if _places()[slug].category == "Transport":
        lean -= 0.16
    return (max(0.04, negative - lean), neutral, max(0.1, positive + lean))


def _written(
    sentence: _Sentence,
    place: Place | None,
    posted_at: datetime,
    random: Random,
    event: tuple[str, str] | None,
) -> tuple[str, tuple[str, ...]]:
    """The sentence with its slots filled, and the place names that went into it."""
    language = sentence.language
    late = posted_at.astimezone(ZONE).hour >= 13
    name = _name(place, language, random) if place else ""
    text = sentence.text.format(
        place=name,
        when=random.choice(_FILLERS["when", language, late]),
        who=random.choice(_WHO),
        food=_food(place, language, random),
        event=event[0 if language == "ms" else 1] if event else "",
        tags="{tags}",
        **_of_other_voices(sentence, place, posted_at, random),
    )
    tails = [
        tail
        for tail in _TAILS.get((language, sentence.mark), ())
        if tail.strip(".!。！").casefold() not in text.casefold()
    ]
    if tails and sentence.group not in _NO_TAIL and random.random() < 0.4:
        text += ("" if language == "zh" else " ") + random.choice(tails)
    return _SENTENCE_START.sub(lambda found: found[0].upper(), text), (name,) if name else ()


def _of_other_voices(
    sentence: _Sentence, place: Place | None, posted_at: datetime, random: Random
) -> dict[str, object]:
    """What only adverts and papers fill in: a round price, the town in capitals, the day."""
    if sentence.group not in _VOICES:
        return {}
    day = posted_at.astimezone(ZONE)
    months = _MONTHS["en" if sentence.language == "en" else "ms"]
    return {
        "price": 10 * random.randrange(6, 40),
        "town": place.city.upper() if place else "KEDAH",
        "date": f"{day.day} {months[day.month - 1]}",
        "day": day.day,
    }


def _name(place: Place, language: str, random: Random) -> str:
    """One of the place's names in that language, the usual one most of the time."""
    names = _names(place.slug, language)
    return names[0] if random.random() < 0.7 else random.choice(names)


@functools.cache
def _names(slug: str, language: str) -> tuple[str, ...]:
    """The names a writer would use in a sentence of that language, the best first."""
    place = _places()[slug]
    strict = place.rule == "strict"
    plain = [a for a in place.aliases if _writable(a) and not (strict and a.needs_context)]
    own = [alias.text for alias in plain if alias.language == language]
    latin = [alias.text for alias in plain if alias.language in ("ms", "en")]
    usual = place.name.partition(" (")[0]
    if language == "zh":
        return tuple(own[:1]) or (usual,)
    first = [usual] if usual in latin or not latin else []
    return tuple(dict.fromkeys([*first, *own[:3]])) or tuple(latin[:1])


def _writable(alias: Alias) -> bool:
    """Not a hashtag, no abbreviation and nothing glued to a preposition."""
    text = alias.text
    return (
        alias.language != "tag"
        and (text[0].isupper() or not text.isascii())
        and bool(text[1:2].strip())
    )


def _food(place: Place | None, language: str, random: Random) -> str:
    dishes = _FOODS.get(place.city_slug if place else "", _FOODS[""])
    return random.choice(dishes).split("|")[_LANGUAGES.index(language)]


def _hashtags(
    platform: Platform,
    group: str,
    place: Place | None,
    names: Sequence[str],
    random: Random,
) -> tuple[str, ...]:
    """Hashtags without the sign. A name that needs a sign of Kedah beside it always gets one."""
    if group == "offtopic":
        return ()
    if group == "spam":
        return ("langkawi", "kedah", "viral")
    city = place.city_slug.replace("-", "") if place else "kedah"
    likely = {Platform.INSTAGRAM: 1.0, Platform.TIKTOK: 0.85, Platform.X: 0.3}.get(platform, 0.22)
    wants = random.random() < likely
    doubtful = place is not None and _needs_sign(place, names)
    tags = [city] if wants or doubtful else []
    if doubtful:
        tags.append("kedah")
    if wants:
        tags += random.sample(_TAGS, random.randint(0, 3 if platform is Platform.INSTAGRAM else 1))
    return tuple(dict.fromkeys(tags))


def _needs_sign(place: Place, names: Sequence[str]) -> bool:
    return place.rule != "plain" or any(
        alias.needs_context and alias.text in names for alias in place.aliases
    )


# ---- the post ----------------------------------------------------------------------------------


def _post(
    draft: _Draft, day: date, number: int, random: Random
) -> tuple[Post, Classification | None]:
    post_id = f"demo-{day:%Y%m%d}-{number:04d}"
    likes, comments, shares, views = _counts(draft, random)
    post = Post(
        platform=draft.platform,
        post_id=post_id,
        content=draft.text,
        posted_at=draft.posted_at,
        author=_author(draft, random),
        likes=likes,
        comments=comments,
        shares=shares,
        views=views,
        hashtags=draft.tags,
        found_by=_found_by(draft),
    )
    if random.random() < _UNLABELLED:
        return post, None
    return post, _label(draft, post, random)


def _found_by(draft: _Draft) -> str:
    if draft.platform is Platform.INSTAGRAM:
        return f"hashtag:{draft.tags[0]}"
    if draft.platform is Platform.FACEBOOK:
        return f"page:demo-{draft.place.city_slug if draft.place else 'kedah'}"
    return "search:demo"


def _author(draft: _Draft, random: Random) -> str | None:
    """A writer of the demo; a few write often. Instagram's hashtags never tell the writer."""
    if draft.platform is Platform.INSTAGRAM:
        return None
    crowd = draft.place.slug if draft.place else "kedah"
    return f"demo-{crowd}-{min(400, int(4 * random.paretovariate(0.55)))}"


_LOUD = {"ferry": 2.2, "jellyfish": 1.8, "flood": 2.0, "litter": 1.4, "festival": 1.6, "queue": 1.3}


def _counts(draft: _Draft, random: Random) -> tuple[int | None, int | None, int | None, int | None]:
    """Likes, comments, shares and views, in the habits of each platform; heavy-tailed.

    Views only from X and TikTok; Instagram's hashtags tell no shares, and some hide their likes;
    some Pages allow no reactions to be read.
    """
    reach = random.lognormvariate(0, 1.35) * _LOUD.get(draft.sentence.group, 1.0)
    if draft.platform is Platform.X:
        likes = _count(7 * reach, random)
        replies, reposts = _count(1.4 * reach, random), _count(2.1 * reach, random)
        return likes, replies, reposts, _views(likes, 38, random)
    if draft.platform is Platform.TIKTOK:
        likes = _count(85 * reach, random)
        views = _views(likes, 22, random)
        hidden = random.random() < 0.03
        return (
            None if hidden else likes,
            _count(5 * reach, random),
            _count(6 * reach, random),
            views,
        )
    if draft.platform is Platform.INSTAGRAM:
        hidden = random.random() < 0.12
        likes = _count(48 * reach, random)
        return None if hidden else likes, _count(2.6 * reach, random), None, None
    if random.random() < 0.08:
        return None, None, _count(2.4 * reach, random), None
    return (
        _count(26 * reach, random),
        _count(5 * reach, random),
        _count(2.4 * reach, random),
        None,
    )


def _count(mean: float, random: Random) -> int:
    return int(mean * random.lognormvariate(0, 0.5))


def _views(likes: int, per_like: int, random: Random) -> int:
    return max(likes, _count((likes + 3) * per_like, random))


def _label(draft: _Draft, post: Post, random: Random) -> Classification:
    sentence = draft.sentence
    sentiment = _LABELS[sentence.mark]
    middle = {"+": 0.68, "0": 0.0, "-": -0.66}[sentence.mark]
    score = max(-1.0, min(1.0, random.gauss(middle, 0.12 if sentence.mark == "0" else 0.16)))
    if sentence.mark != "0":
        score = math.copysign(max(0.2, abs(score)), middle)
    relevant = sentence.group not in ("offtopic", "spam")
    return Classification(
        platform=post.platform,
        post_id=post.post_id,
        sentiment=sentiment,
        score=round(score, 2),
        classified_by=NAME,
        prompt_version=PROMPT_VERSION,
        keywords=sentence.keywords,
        topics=sentence.topics if relevant else (),
        entities=_entities(draft) if relevant else (),
        predicted_engagement=_predicted(post, random),
        language=sentence.language,
        relevant=relevant,
        confidence=round(random.uniform(0.62, 0.98), 2),
    )


def _entities(draft: _Draft) -> tuple[str, ...]:
    if draft.place is None:
        return ("Kedah",)
    return tuple(dict.fromkeys((*draft.names, draft.place.city)))


def _predicted(post: Post, random: Random) -> str:
    """A guess at the engagement to come: right more often than not, as such guesses are."""
    likely = sum(count or 0 for count in (post.likes, post.comments, post.shares))
    guess = likely * random.lognormvariate(0, 0.9)
    return "low" if guess < 15 else "medium" if guess < 90 else "high"
