"""What a mail of the radar says, in Malay and English: places, counts and where the posts are.

No word of a post and no name of a writer: mails are kept where nobody can take a post back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.message import EmailMessage

from collector.letters import envelope
from db.alarms import Alarm
from insights.model import day_of
from insights.radar import Trouble, odds
from insights.words import LANGUAGES, Words

TOPICS = {
    "drowning": ("lemas", "drowning"),
    "flood": ("banjir", "flood"),
    "missing": ("orang hilang", "missing person"),
    "ferry": ("feri", "ferry"),
    "litter": ("sampah dan kebersihan", "litter and cleanliness"),
    "touts": ("ulat dan teksi", "touts and taxis"),
    "prices": ("harga", "prices"),
    "beach_safety": ("keselamatan pantai, obor-obor", "beach safety, jellyfish"),
    "flood_weather": ("banjir dan cuaca", "flood and weather"),
    "closure": ("penutupan dan penyelenggaraan", "closure and upkeep"),
    "crowding": ("kesesakan dan beratur", "queues and crowding"),
    "parking_road": ("tempat letak kereta dan jalan", "parking and roads"),
    "water_sewage": ("air dan kumbahan", "water and sewage"),
    "wildlife": ("kebajikan haiwan", "animal welfare"),
    "rules": ("peraturan dan larangan", "rules and restrictions"),
    "service": ("layanan dan kakitangan", "service and staff"),
    "accommodation": ("penginapan", "accommodation"),
    "safety_crime": ("keselamatan dan jenayah", "safety and crime"),
}
KEDAH = ("Kedah, tempat tidak diketahui", "Kedah, place unknown")
VOLUME = (
    "{where}, {topic}: {posts} hantaran negatif{people} sejak {since}. Biasanya {expected} pada"
    " hari-hari begini; berlaku secara kebetulan sekali dalam {odds} kali atau lebih jarang.",
    "{where}, {topic}: {posts} negative posts{people} since {since}. Usual for such days:"
    " {expected}; by chance no more often than once in {odds} times.",
)
SEVERE = (
    "{where}, {topic}: {posts} hantaran melaporkannya{people} sejak {since}. Belum disahkan.",
    "{where}, {topic}: {posts} posts report it{people} since {since}. Not verified.",
)
SEVERE_ONE = (
    "{where}, {topic}: satu hantaran melaporkannya sejak {since}. Belum disahkan.",
    "{where}, {topic}: one post reports it since {since}. Not verified.",
)
OVER = (
    "{where}, {topic}: kembali seperti biasa. Sejak {since} terdapat {posts} hantaran{people}.",
    "{where}, {topic}: back to usual. There were {posts} posts{people} since {since}.",
)
OVER_SEVERE = (
    "{where}, {topic}: tiada laporan baharu. Sejak {since}, bilangan hantaran: {posts}{people}.",
    "{where}, {topic}: no new reports. Number of posts since {since}: {posts}{people}.",
)
PEOPLE = (" oleh sekurang-kurangnya {n} pengarang", " by at least {n} authors")
ONE_PERSON = (" oleh seorang pengarang", " by one author")
SEVERAL = ("{n} amaran radar masalah", "{n} alarms of the problem radar")
ENDED = ("tamat: ", "over: ")
POSTS = ("Hantarannya", "Its posts")


def alarm(finds: Sequence[Alarm], places: Mapping[int, str], dashboard_url: str = ""):
    """The mail that tells of new alarms. `places` are names by id."""
    return _letter(finds, places, dashboard_url, _told, ("", ""))


def all_clear(finds: Sequence[Alarm], places: Mapping[int, str], dashboard_url: str = ""):
    """The mail that ends alarms which were mailed."""
    return _letter(finds, places, dashboard_url, _ended, ENDED)


def _told(one: Alarm) -> tuple[str, str]:
    if one.kind == Trouble.VOLUME:
        return VOLUME
    return SEVERE_ONE if one.posts == 1 else SEVERE


def _ended(one: Alarm) -> tuple[str, str]:
    return OVER if one.kind == Trouble.VOLUME else OVER_SEVERE


def _letter(finds, places, dashboard_url, wordings, before) -> EmailMessage:
    subjects, lines = [], []
    for index, language in enumerate(LANGUAGES):
        subjects.append(before[index] + _subject(finds, places, index))
        for one in finds:
            said = wordings(one)[index].format(**_values(one, places, index))
            lines.append(said[:1].upper() + said[1:])
            if dashboard_url:
                base = dashboard_url.rstrip("/")
                lines.append(f"{POSTS[index]}: {base}/posts?alarm={one.id}&lang={language}")
        lines.append("")
    return envelope(subjects, lines, max(one.closed_at or one.last_seen_at for one in finds))


def _subject(finds: Sequence[Alarm], places: Mapping[int, str], index: int) -> str:
    if len(finds) > 1:
        return SEVERAL[index].format(n=len(finds))
    (one,) = finds
    return f"{_where(one, places, index)}: {_topic(one.topic, index)}"


def _values(one: Alarm, places: Mapping[int, str], index: int) -> dict[str, str]:
    return {
        "where": _where(one, places, index),
        "topic": _topic(one.topic, index),
        "posts": str(one.posts),
        "people": _people(one.authors, index),
        "since": Words(LANGUAGES[index]).day(day_of(one.first_day)),
        "expected": "-" if one.expected is None else f"{one.expected:.1f}",
        "odds": "-" if one.p_value is None else f"{odds(one.p_value):,}",
    }


def _people(authors: int | None, index: int) -> str:
    """How many wrote them; nothing where nobody knows."""
    if authors is None:
        return ""
    return ONE_PERSON[index] if authors == 1 else PEOPLE[index].format(n=authors)


def _where(one: Alarm, places: Mapping[int, str], index: int) -> str:
    return places.get(one.place_id, KEDAH[index])


def _topic(code: str, index: int) -> str:
    return TOPICS[code][index] if code in TOPICS else code.replace("_", " ")
