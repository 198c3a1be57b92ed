"""The fixed vocabulary of what posts speak of: issues people complain of, things they praise.

Codes are stored and stand in URLs; what people read for them is in `ui/locales`. A topic carries
its post's sentiment: "complained of" are the topics of negative posts, "praised" of positive ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

# code: (Malay with the northern dialect, English) words that give the topic away.
_ISSUES: dict[str, tuple[str, str]] = {
    "ferry": (
        "feri|tambang feri|jadual feri|kelewatan|batal|feri lambat|cetek|jeti|bot laju"
        "|tiket feri|terkandas",
        "ferry|fare|ferry schedule|delay|cancelled|shallow water|stranded|jetty|ferry ticket",
    ),
    "litter": (
        "sampah|kotor|busuk|longkang|tandas kotor|kutip sampah|tong sampah|bersepah|hanyir",
        "rubbish|litter|trash|dirty|smell|toilet|stink|filthy|overflowing bin|plastic waste",
    ),
    "touts": (
        "ulat tiket|kena tipu|teksi|caj lebih|paksa|sembelih|ulat|prebet sapu|kena ketuk",
        "tout|scam|overcharge|taxi|harassed|forced to buy|rip us off|unlicensed driver",
    ),
    "prices": (
        "mahal|cekik darah|harga|caj|dua harga|naik harga|tak berbaloi|kena cekik|harga pelancong",
        "expensive|overpriced|rip-off|dual pricing|price hike|pricey|not worth|tourist price",
    ),
    "beach_safety": (
        "obor-obor|ombak|lemas|bendera merah|ombak besar|arus kuat|penyelamat pantai|jet ski laju",
        "jellyfish|sting|drown|rip current|red flag|big waves|lifeguard|reckless jet ski",
    ),
    "flood_weather": (
        "banjir|ribut|hujan lebat|tanah runtuh|jerebu|banjir kilat|angin kencang|kepala air",
        "flood|storm|landslide|haze|flash flood|heavy rain|strong wind|water surge",
    ),
    "closure": (
        "tutup|penyelenggaraan|rosak|tak buka|ditutup sementara|tak berfungsi|terbengkalai",
        "closed|maintenance|broken|out of order|shut|not working|abandoned",
    ),
    "crowding": (
        "beratur|sesak|penuh|jem|ramai sangat|sesak teruk|menunggu lama|jem teruk",
        "queue|crowded|packed|traffic jam|too many people|long line|long wait|congested",
    ),
    "parking_road": (
        "parking penuh|letak kereta|jalan rosak|lubang|tempat parking|jalan berlubang|lampu jalan"
        "|papan tanda",
        "parking|pothole|road|no parking|bad road|street light|signage",
    ),
    "water_sewage": (
        "air paip|kumbahan|tiada air|air keruh|tak dak ayaq|bekalan air|paip pecah|air berbau",
        "tap water|sewage|no water|brown water|water cut|burst pipe|water supply",
    ),
    "wildlife": (
        "helang|monyet|kulit ayam|bagi makan|kera|monyet ganas|seksa haiwan|penyu|kucing terbiar",
        "eagle feeding|monkey|animal cruelty|aggressive monkeys|captive animals|stray",
    ),
    "rules": (
        "larangan|pakaian|arak|arahan|dilarang|kod pakaian|sekatan|saman|permit",
        "ban|dress code|alcohol|restriction|not allowed|forbidden|fine|permit",
    ),
    "service": (
        "layanan|biadap|lambat|sombong|layanan teruk|tak mesra|kurang ajar|servis teruk|pekerja",
        "rude|slow|service|staff|bad service|unfriendly|ignored us|poor service",
    ),
    "accommodation": (
        "hotel kotor|homestay|bilik|tilam|bilik kotor|chalet|penginapan|aircond rosak",
        "hotel|room|homestay|dirty room|bed bugs|chalet|check-in|broken aircon|mouldy",
    ),
    "safety_crime": (
        "curi|ragut|tipu|bahaya|kena curi|pecah kereta|samun|tak selamat|penipuan",
        "theft|robbery|unsafe|stolen|snatch|break-in|pickpocket|danger|fraud",
    ),
}
_PRAISE: dict[str, tuple[str, str]] = {
    "scenery": (
        "pemandangan|cantik|indah|matahari terbenam|sawah|lawa|permai|view lawa|panorama",
        "scenery|view|sunset|sunrise|beautiful|stunning|breathtaking|paddy field|panorama",
    ),
    "food": (
        "sedap|makanan|laksa|nasi kandar|ikan bakar|kuih|masakan|pekena|makan puas hati|gulai",
        "delicious|tasty|food|seafood|yummy|laksa|breakfast|street food|restaurant",
    ),
    "nature": (
        "alam|hutan|air terjun|bakau|gua|udara segar|sejuk|gunung|tasik|sungai jernih",
        "nature|forest|waterfall|mangrove|cave|fresh air|mountain|lake|geopark|birds",
    ),
    "culture": (
        "budaya|tarian|adat|pesta|seni|warisan|kraf|batik|muzik tradisional|wayang kulit",
        "culture|dance|festival|art|craft|batik|traditional music|performance",
    ),
    "hospitality": (
        "mesra|layanan baik|peramah|ramah|baik hati|layanan terbaik|budi bahasa|sopan",
        "friendly|welcoming|kind|helpful|warm people|great service|polite|hospitality",
    ),
    "value": (
        "murah|berbaloi|puas hati|jimat|harga patut|bajet|percuma|mampu milik",
        "cheap|worth it|good value|affordable|bargain|budget|free entry|reasonable",
    ),
    "family": (
        "keluarga|anak-anak|budak-budak|sesuai untuk keluarga|mesra kanak-kanak|taman permainan",
        "family|kids|children|family friendly|playground|toddler|with the kids",
    ),
    "beach": (
        "pantai bersih|pasir putih|laut biru|air jernih|mandi laut|pulau|pantai cantik",
        "clean beach|white sand|clear water|blue sea|swim|island|beach day|crystal clear",
    ),
    "adventure": (
        "mendaki|kayak|snorkeling|jet ski|parasailing|zipline|kereta kabel|rakit|menyelam",
        "hiking|kayak|snorkel|jet ski|parasailing|zipline|cable car|rafting|diving|island hopping",
    ),
    "shopping": (
        "beli-belah|coklat|bebas cukai|cenderamata|membeli-belah|pasar malam",
        "shopping|chocolate|duty free|souvenir|night market|mall|bargains",
    ),
    "relaxation": (
        "tenang|rehat|damai|santai|spa|urut|lega|hilang stres|air panas",
        "relaxing|peaceful|calm|spa|massage|chill|quiet|unwind|hot spring",
    ),
    "heritage": (
        "sejarah|muzium|candi|makam|masjid|istana|tinggalan|arkeologi|bangunan lama|kota lama",
        "history|museum|temple|tomb|mosque|palace|ruins|archaeology|old building|fort",
    ),
}
_KINDS = {**dict.fromkeys(_ISSUES, "issue"), **dict.fromkeys(_PRAISE, "praise")}

ISSUES: tuple[str, ...] = tuple(_ISSUES)
PRAISE: tuple[str, ...] = tuple(_PRAISE)
TOPICS: tuple[str, ...] = ISSUES + PRAISE


def kind(code: str) -> str:
    """ "issue" or "praise"; raises KeyError for a code outside the vocabulary."""
    return _KINDS[code]


def valid(codes: Iterable[object]) -> tuple[str, ...]:
    """The codes of the vocabulary among these, each once, in their order; the rest is dropped."""
    known = (code for code in codes if isinstance(code, str) and code in _KINDS)
    return tuple(dict.fromkeys(known))


def cues(code: str, language: str) -> tuple[str, ...]:
    """Words that give a topic away, in "ms" or "en"; raises KeyError for another code."""
    malay, english = {**_ISSUES, **_PRAISE}[code]
    return tuple((malay if language == "ms" else english).split("|"))


def named(text: str, kind_wanted: str) -> tuple[str, ...]:
    """The topics of one kind ("issue" or "praise") whose words stand in a text, in order of code.

    For labels of a classifier that knows feelings and no topics. Whole words only; what they mean
    there nobody has read.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    codes = ISSUES if kind_wanted == "issue" else PRAISE
    return tuple(code for code in codes if _cue(code).search(plain))


@cache
def _cue(code: str) -> re.Pattern[str]:
    words = sorted({*cues(code, "ms"), *cues(code, "en")}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b")
