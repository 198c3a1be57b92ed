"""What an alert mail says, in Malay and English: no secret, no word of a post or of a platform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from insights.incidents import COLLECTOR, Incident, Trouble
from insights.words import LANGUAGES, Words

DOMAIN = "kedah-tourism-pulse.invalid"  # of our letters' ids; nobody can own it
NAMES = {
    "x": "X",
    "instagram": "Instagram",
    "facebook": "Facebook",
    "youtube": "YouTube",
    "tiktok": "TikTok",
}
CLASSIFIER = ("pengelas", "classifier")
# Per kind of trouble, in Malay and in English: the subject, and the sentence below it.
ALARMS = {
    Trouble.FAILING: (
        (
            "{name} gagal dikutip",
            "Dua pusingan atau lebih bagi {name} telah gagal sejak {since} ({error}). "
            "Data yang telah dikutip kekal; tiada yang direka.",
        ),
        (
            "{name} fails",
            "Two or more rounds of {name} have failed since {since} ({error}). "
            "What was collected stays; nothing is invented.",
        ),
    ),
    Trouble.TOKEN: (
        (
            "kunci {name} ditolak",
            "{name} menolak kunci (token) sejak {since}. Buat kunci baharu, tetapkan, "
            "kemudian mulakan semula pengutip.",
        ),
        (
            "the key of {name} was refused",
            "{name} has refused the key (token) since {since}. Make a new one, set it, "
            "then restart the collector.",
        ),
    ),
    Trouble.SILENT: (
        (
            "kutipan data senyap",
            "Tiada pusingan kutipan berakhir sejak {since}. Semak sama ada pengutip berjalan.",
        ),
        (
            "collection is silent",
            "No round of collection has ended since {since}. See whether the collector runs.",
        ),
    ),
}
ALL_CLEAR = (
    ("{name} pulih", "{name} berjalan semula sejak {closed}. Gangguan bermula {since}."),
    ("{name} works again", "{name} has worked again since {closed}. The trouble began {since}."),
)
COLLECTION = ("kutipan data", "collection")
SEE = ("Lihat Kesihatan data", "See Data health")


def alarm(incident: Incident, zone: tzinfo, dashboard_url: str = "") -> EmailMessage:
    """The mail that tells of a new incident; addresses are for the sender to add."""
    wordings = ALARMS[Trouble(incident.kind)]
    return _letter(wordings, [incident], zone, dashboard_url)


def all_clear(told: Sequence[Incident], zone: tzinfo, dashboard_url: str = "") -> EmailMessage:
    """The mail that ends one or more incidents of one platform."""
    return _letter(ALL_CLEAR, told, zone, dashboard_url)


def _letter(wordings, told: Sequence[Incident], zone: tzinfo, dashboard_url: str) -> EmailMessage:
    closed = max((one.closed_at for one in told if one.closed_at), default=None)
    subjects, lines = [], []
    for index, (subject, sentence) in enumerate(wordings):
        words = Words(LANGUAGES[index])
        values = {
            "since": words.moment(min(one.since for one in told), zone),
            "closed": words.moment(closed, zone),
            "error": words.name_of("error", told[0].error_kind or "unknown"),
        }
        name = _name(told[0].platform, index)
        subjects.append(subject.format(name=name, **values))
        said = sentence.format(name=name, **values)
        lines.append(said[:1].upper() + said[1:])
        if dashboard_url:
            lines.append(f"{SEE[index]}: {dashboard_url.rstrip('/')}/data_health")
        lines.append("")
    return envelope(subjects, lines, max(one.closed_at or one.opened_at for one in told))


def envelope(
    subjects: Sequence[str], lines: Sequence[str], date: datetime, name: str = ""
) -> EmailMessage:
    """A letter of ours: its subject and its lines in every language, dated by what it tells.

    `name` identifies a letter that may be sent a second time, so that mail programs can see it.
    """
    letter = EmailMessage()
    letter["Subject"] = "[Kedah Tourism Pulse] " + " / ".join(subjects)
    letter["Date"] = format_datetime(date)
    letter["Message-ID"] = f"<{name}@{DOMAIN}>" if name else make_msgid(domain=DOMAIN)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content("\n".join(lines))
    return letter


def _name(platform: str, language: int) -> str:
    if platform == COLLECTOR:
        return COLLECTION[language]
    return NAMES.get(platform, CLASSIFIER[language])
