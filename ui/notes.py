"""What a run noted of itself, in the reader's words: the collector writes fixed English.

Whatever it does not write itself (a platform's own words, a driver's) is kept apart and shown as
it is. tests/test_notes.py reads the sentences out of the collector's code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from html import escape

import streamlit as st

from insights.model import Kind
from ui import text
from ui.text import t

# The key among the words ("note.<key>") and what the collector writes. {n}, {m} are numbers,
# {until} an instant, {said} the end of a sentence in somebody else's words; VALUES tells the rest.
SENTENCES = (
    # collector/platforms/http.py
    ("empty_answer", "the answer is empty"),
    ("many_values", "the answer holds more values than any platform sends"),
    ("deep_answer", "the answer is nested too deeply"),
    ("no_utf8", "the answer is not UTF-8"),
    ("no_json", "the answer is not JSON"),
    ("no_object", "the answer is not a JSON object"),
    ("long_answer", "the answer holds a text of a length that no platform sends"),
    ("odd_token", "the token contains a space or line break; paste it again"),
    ("unsendable_token", "the token holds characters that no header can carry"),
    ("stopped_before", "stopped before the answer came"),
    ("stopped_while", "stopped while it ran"),
    ("platform_budget", "COLLECTOR_PLATFORM_BUDGET is used up"),
    ("too_large", "the answer exceeds COLLECTOR_MAX_BODY_MB"),
    ("no_tls", "the certificate or the encryption was refused"),
    ("slow", "no complete answer in time"),
    ("packed", "the answer cannot be decompressed"),
    ("no_address", "the address cannot be used; see *_API_BASE_URL"),
    ("cut_off", "the connection failed or broke off"),
    # collector/platforms: graph, facebook, instagram, media_insights
    ("allowance", "{n} % of the allowance is used; no further requests in this round"),
    ("no_records", "the answer holds no list of records"),
    ("no_posts", "the answer holds no posts"),
    ("cap_page", "page cap hit: older posts of this Page were not fetched"),
    ("no_hashtag_id", "Instagram named no id for #{tag}"),
    ("cap_own", "page cap hit: older own media exist"),
    ("own_denied", "own media left out: the token lacks the permission"),
    ("figures_denied", "shares and views left out: the token lacks the permission"),
    ("figures_skipped", "shares and views of {n} own media left out: too many"),
    ("hashtags_left", "more than {n} hashtags in seven days, left out: {tags}"),
    ("hashtags_refused", "left out for a week as Instagram refused them: {tags}"),
    ("hashtags_missed", "recent media reach back 24 hours, older ones were missed: {tags}"),
    ("hashtags_cut", "page cap hit, more recent media exist: {tags}"),
    # collector/platforms: quota, tiktok, x, youtube, demo
    ("closed", "not asked before {until}"),
    ("day_used", "the {n} {allowance} of the day are used up; asked again after {until}"),
    ("stopped_early", "stopped before the end"),
    ("no_access_token", "TikTok sent no access token"),
    ("no_tiktok_videos", "TikTok sent no list of videos"),
    ("cap_videos", "page cap hit: more videos of {window} exist"),
    ("cap_search", "page cap hit: older posts of this search were not fetched"),
    ("cap_searches", "page cap hit: some searches wait for the next round"),
    (
        "no_counts",
        "no post of a page had its counts; the request's field names may be of the wrong "
        "vocabulary",
    ),
    ("no_x_posts", "X sent no posts"),
    ("no_x_posts", "X sent no posts: {said}"),
    ("odd_x_posts", "X sent posts that are no list"),
    ("parts_missing", "parts were missing"),
    ("parts_missing", "parts were missing: {said}"),
    ("no_x_lookup", "X looked up no posts"),
    ("no_x_lookup", "X looked up no posts: {said}"),
    ("no_youtube_videos", "YouTube sent no list of videos"),
    ("cap_goes_on", "page cap hit: the next round goes on where this search was cut off"),
    ("demo", "demo data"),
    ("demo_waiting", "demo data: {n} post left waiting on purpose"),
    ("demo_waiting", "demo data: {n} posts left waiting on purpose"),
    # collector/classify: asker, calls, gemini
    ("gemini_key_odd", "GEMINI_API_KEY is empty or holds odd characters"),
    ("gemini_setup", "google-genai cannot be set up ({said})"),
    ("gemini_packed", "Gemini's host sent a packed answer unasked"),
    ("gemini_large", "Gemini's answer exceeds {n} bytes"),
    ("gemini_slow", "Gemini's answer came too slowly"),
    ("gemini_unread", "Gemini's host sent no readable answer"),
    ("gemini_silent", "Gemini did not answer in time"),
    ("gemini_address", "GEMINI_API_BASE_URL is no address"),
    ("gemini_tls", "no trusted connection to Gemini's host"),
    ("gemini_unreached", "Gemini's host cannot be reached ({said})"),
    ("gemini_redirect", "Gemini's host answered with a redirect"),
    ("gemini_key", "Google refused GEMINI_API_KEY ({said})"),
    ("gemini_billing", "Google asks for billing or refuses this region: {said}"),
    ("gemini_model", "Google knows no model {model} (GEMINI_MODEL); it may be retired"),
    ("gemini_long", "Gemini took too long ({said})"),
    ("gemini_fault", "Gemini has a fault ({said})"),
    ("gemini_refused", "Gemini refused the request ({answer}): {said}"),
    ("gemini_quota", "the daily quota of {model} is used up; asked again after {until}"),
    ("gemini_credit", "Google asks for credit: {said}"),
    ("gemini_minute", "Gemini's limit a minute is reached"),
    ("gemini_waited", "Gemini gave no answer within {n} s"),
    ("gemini_program", "a fault of the program while asking Gemini"),
    ("stopped_asking", "stopped while asking"),
    ("model_unused", "no answer of the model could be used ({why})"),
    ("calls_used", "{n} requests were sent, the limit of a round"),
    ("classifier_time", "the classifier's time in this round is over"),
    # collector: configuration, context, imports, money, provisional, refresh, rounds
    ("not_configured", "not configured ({name} is empty)"),
    ("platforms_left", "left out by COLLECTOR_PLATFORMS"),
    ("half_configured", "{name} is set, but {names} is empty"),
    ("many_hashtags", "INSTAGRAM_HASHTAGS names more than the {n} that Instagram allows a week"),
    ("odd_setting", "{names} contains a space or line break; paste it again"),
    ("round_budget", "COLLECTOR_RUN_BUDGET was used up before the end"),
    ("line_left", "1 line left out: {lines}"),
    ("lines_left", "{n} lines left out: {lines}"),
    ("money_spent", "COLLECTOR_MONEY_BUDGET of ${usd} is spent until midnight UTC"),
    (
        "provisional",
        "offline: {n} labelled provisionally, {m} not, as it was not sure",
    ),
    ("refresh_later", "stored posts are asked for again in the next round: {why}"),
    ("refresh_share", "its share of the time is used up"),
    ("resting", "resting after {n} failed rounds, next try at {until}"),
    ("program_fault", "a fault of the program ({said})"),
    ("no_gemini_key", "no GEMINI_API_KEY"),
    ("one_waits", "1 post waits for a label"),
    ("many_wait", "{n} posts wait for a label"),
    ("one_later", "1 post waits for a later round"),
    ("many_later", "{n} posts wait for a later round"),
    ("large_page", "a page of {n} records was left out"),
    # db/engine.py, db/queries.py
    ("db_said", "the database did not do what was asked: {said}"),
    ("db_said", "the database did not do what was asked ({said})"),
    ("db_address", "that is no database address; use {said}"),
    ("db_kind", "databases of the kind {name} are not served; use {said}"),
    ("db_missing", "the database does not exist yet; the collector creates it"),
    ("db_gone", "the database file was deleted or replaced while it was in use"),
    ("db_newer", "the database was made by a newer version of this program; update the program"),
    (
        "db_half",
        "the database holds tables of this program without their revision, as after half a "
        "restore; restore a whole backup or begin with an empty database",
    ),
    ("db_lacks", "the database lacks tables ({tables}); restore a whole backup"),
    ("db_behind", "the database schema could not be brought up to date: {said}"),
    (
        "db_part",
        "the database holds a part of a newer schema, as after half a restore; restore a whole "
        "backup or begin with an empty database",
    ),
    ("db_never", "the database was never set up; run the collector once"),
    # db/demo.py
    ("demo_slow", "no answer within {n} s (demo)"),
    ("demo_limit", "too many requests: the rest follows with the next round (demo)"),
    ("demo_quota", "the day's requests are used up (demo)"),
    ("demo_status", "the platform answered {status} (demo)"),
    ("demo_unlabelled", "demo: left without a label"),
    ("nothing_new", "nothing new"),
)
# What the HTTP client says of an answer; these stand only behind the request ("GET /path: ").
OF_ANSWERS = (
    ("redirected", "{status}, redirects are not followed"),
    ("unusable", "200, but {why}"),
    ("status", "{status} {kind}"),
    ("status_said", "{status} {said}"),
)
_FORMS = {
    "n": r"\d[\d.,]*",
    "m": r"\d+",
    "usd": r"[\d.]+",
    "status": r"\d{3}",
    "kind": "|".join(Kind),
    "until": r"\d{4}-\d\d-\d\d \d\d:\d\d UTC",
    "tag": r"\S+",
}
_REQUEST = re.compile(r"((?:GET|POST) \S*): (.*)", re.DOTALL)
_AND_MORE = re.compile(r"(.*) and (\d+) more")
_PLACEHOLDER = re.compile(r"\\{(\w+)\\}")


@dataclass(frozen=True)
class Said:
    """One sentence: its words in the reader's language, then what somebody else wrote."""

    words: str = ""
    quoted: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.words, self.quoted)))


def sentences(note: str, zone: tzinfo) -> list[Said]:
    """A note of the collector, sentence by sentence; instants are told on the clock of `zone`.

    Sentences are joined by "; " and may hold one themselves, so as many parts as one of them needs
    are put together; what follows somebody else's words and is not known belongs to them.
    """
    found: list[Said] = []
    parts = note.split("; ")
    while parts:
        said, used = _first(parts, zone)
        if not said.words and found and found[-1].quoted:
            said = Said(found[-1].words, f"{found[-1].quoted}; {said.quoted}")
            found[-1] = said
        else:
            found.append(said)
        parts = parts[used:]
    return found


def one_line(note: str, zone: tzinfo) -> str:
    """A note in one line, for a cell of a table; a sentence that is not ours is marked so."""
    told = (
        str(said) if said.words else t("fault.technical", said=said.quoted)
        for said in sentences(note, zone)
    )
    return "; ".join(told)


def shown(noted: Sequence[str], zone: tzinfo) -> None:
    """Notes as a list, a line a sentence; somebody else's words are told apart, also by ear.

    All of it is escaped: a platform's words are shown, never obeyed.
    """
    told = (said for note in noted for said in sentences(note, zone))
    st.html(f'{_STYLE}<ul class="noted">{"".join(map(_line, told))}</ul>')


# A screen reader would read them with the sounds of the page's language.
_QUOTED = '<code lang="en">{}</code>'
_STYLE = """<style>
.noted{margin:0;padding-left:1.2rem;font-size:.875rem;overflow-wrap:anywhere}
.noted code{font-size:inherit;white-space:pre-wrap}
</style>"""


def _line(said: Said) -> str:
    words = said.words if _REQUEST.match(said.words) else said.words[:1].upper() + said.words[1:]
    quoted = _QUOTED.format(escape(said.quoted)) if said.quoted else ""
    return f"<li>{': '.join(filter(None, (escape(words), quoted)))}</li>"


def _first(parts: Sequence[str], zone: tzinfo) -> tuple[Said, int]:
    """The sentence at the beginning of the parts, and how many of them it is made of."""
    for used in range(1, len(parts) + 1):
        said = _known("; ".join(parts[:used]), zone)
        if said is not None:
            return said, used
    return Said(quoted=parts[0]), 1


def _known(sentence: str, zone: tzinfo) -> Said | None:
    """A sentence of ours in the reader's words, None for any other."""
    request = _REQUEST.fullmatch(sentence)
    if request is None:
        return _matched(_SENTENCES, sentence, zone)
    said = _matched((*_SENTENCES, *_OF_ANSWERS), request[2], zone)
    return said and replace(said, words=f"{request[1]}: {said.words}")


def code_of(sentence: str) -> str | None:
    """The key among the words for a sentence without a request before it; None for no known one."""
    return next((code for code, form in _SENTENCES if form.fullmatch(sentence)), None)


def _matched(
    known: Sequence[tuple[str, re.Pattern[str]]], sentence: str, zone: tzinfo
) -> Said | None:
    for code, form in known:
        found = form.fullmatch(sentence)
        if found:
            values = found.groupdict()
            quoted = values.pop("said", "")
            told = {name: _value(name, value, zone) for name, value in values.items()}
            return Said(t(f"note.{code}", **told), quoted)
    return None


def _value(name: str, value: str, zone: tzinfo) -> str:
    """A value in the reader's words, by the name of its placeholder; others stay as they are."""
    if name in ("n", "m"):
        return text.number(int(value)) if value.isdigit() else value
    if name == "until":
        instant = datetime.strptime(value, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
        return text.moment(instant, zone)
    if name == "why":
        return one_line(value, zone)
    if name == "kind":
        return text.name_of("error", value)
    if name == "allowance":
        return text.name_of("note_allowance", value)
    if name == "names":
        return value.replace(" and ", t("note.and")).replace(" or ", t("note.or"))
    if name == "tags":
        more = _AND_MORE.fullmatch(value)
        return t("note.and_more", listed=more[1], n=more[2]) if more else value
    return _window(value) if name == "window" else value


def _window(value: str) -> str:
    """Days as "03 Nov to 30 Nov 2026", written in the reader's language."""
    try:
        first, last = (
            datetime.strptime(day, "%d %b %Y").date()
            for day in (f"{value[:6]} {value[-4:]}", value.partition(" to ")[2])
        )
    except ValueError:
        return value
    if first > last:  # only the last day names its year
        first = first.replace(year=first.year - 1)
    return text.days(first, last)


def _compiled(
    table: Sequence[tuple[str, str]],
) -> Iterator[tuple[str, re.Pattern[str]]]:
    for code, written in table:
        form = _PLACEHOLDER.sub(
            lambda found: f"(?P<{found[1]}>{_FORMS.get(found[1], '.+?')})", re.escape(written)
        )
        yield code, re.compile(form, re.DOTALL)


_SENTENCES = tuple(_compiled(SENTENCES))
_OF_ANSWERS = tuple(_compiled(OF_ANSWERS))
