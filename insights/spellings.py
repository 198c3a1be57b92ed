"""The words that place names are made of, and how people in the north write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

# Word -> how else it is written. Only what is no everyday word in front of another: "p" for "pulau"
# and "k" for "kuala" stand in the gazetteer, name by name.
_WRITTEN: dict[str, tuple[str, ...]] = {
    "sungai": ("sg", "sungei", "sungay", "sgi"),
    "tanjung": ("tg", "tjg", "tanjong"),
    "gunung": ("gn", "gng", "gunong"),
    "bukit": ("bkt",),
    "kampung": ("kg", "kpg", "kampong"),
    "padang": ("pdg",),
    "pantai": ("pntai",),
    "masjid": ("mesjid", "msjid", "masjed"),
    "muzium": ("musium", "muzeum"),
    "taman": ("tmn",),
    "teluk": ("tlk", "telok"),
    "tasik": ("tasek",),
    "ayer": ("air",),
    "ulu": ("hulu",),
    "jeti": ("jetty",),
    "feri": ("ferry",),
    "pekan": ("pkn",),
    "hospital": ("hosp",),
    "daerah": ("dearah",),
    "besar": ("besaq",),
    "kecil": ("kecik", "kechil", "kechik"),
    "alor": ("aloq", "alo", "alok", "allor"),
    "setar": ("setaq", "staq", "star", "setak", "stak", "seta", "setor", "satar"),
    "cenang": ("chenang", "cnang", "chnang", "cennang", "cenag"),
    "cincang": ("chincang", "cinchang", "chinchang"),
}
# Two names that differ in one of these words are one name, so either leads to the other.
_FAMILIES = {
    word: (first, *others) for first, others in _WRITTEN.items() for word in (first, *others)
}
_WORD = re.compile(r"[^\s-]+")
# A name of more than this is a title and written as it is.
_MOST = 60


def spellings(name: str) -> Iterator[str]:
    """The name and whatever else it is written like, itself first: "Sungai Petani", "sg Petani"."""
    yield name
    words = _WORD.findall(name)
    ways = [_FAMILIES.get(word.casefold(), (word,)) for word in words]
    count = 1
    for way in ways:
        count *= len(way)
    if 1 < count <= _MOST and len(words) > 1:
        yield from (" ".join(way) for way in product(*ways))
