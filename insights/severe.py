"""Rare and severe words: drowning, flood, a missing person; told at the first credible post.

Credible is a sentence that says it happens or has just happened. What is denied, feared, asked,
remembered, exercised, advertised or meant otherwise ("lemas dengan kerja") is not. Patterns see
NFKC text in small letters; Malay, the northern dialect, English and Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

DROWNING, FLOOD, MISSING = "drowning", "flood", "missing"
CODES = (DROWNING, FLOOD, MISSING)
# The issue of insights/topics.py under which people complain of the same.
ISSUE_OF = {DROWNING: "beach_safety", FLOOD: "flood_weather", MISSING: "safety_crime"}

_PERSON = (
    r"(?:orang|warga emas|remaja|budak|kanak-kanak|bayi|lelaki|wanita|perempuan|gadis|pemuda"
    r"|pelancong|pengunjung|pendaki|nelayan|mangsa|pelajar|murid|suami|isteri|anak|adik|abang"
    r"|kakak|bapa|ibu|datuk|nenek|pemancing|penyelam|keluarga"
    r"|person|people|man|men|woman|women|boys?|girls?|child|children|kids?|teen(?:ager)?s?"
    r"|tourists?|visitors?|hikers?|swimmers?|fisherm[ae]n|students?|someone|victims?|brothers?"
    r"|sisters?|sons?|daughters?|fathers?|mothers?|guests?)"
)
_WATER = (
    r"(?:pantai|laut|sungai|sg|ombak|kolam|tasik|air terjun|jeram|mandi|berenang|bot|arus|empangan"
    r"|lombong|sea|beach|river|waves?|pool|lake|waterfall|current|swimming|boat|water|dam)"
)
_BETWEEN = r"(?:\W+[\w-]+){0,4}?\W+"

_SAYS = {
    DROWNING: (
        r"\b(?:mati|maut|mangsa|kes|kejadian|insiden|hampir|nyaris|disahkan|\w*khuatiri"
        r"|\w*percayai|\w*temui|\w*jumpai)\b(?:\W+\w+)?\W+lemas\b",
        rf"\b{_PERSON}\b{_BETWEEN}lemas\b",
        rf"\blemas\b{_BETWEEN}{_WATER}\b",
        rf"\b{_WATER}\b{_BETWEEN}lemas\b",
        rf"\b{_PERSON}\b{_BETWEEN}(?:drown(?:ed|ing|s)?)\b",
        rf"\bdrown(?:ed|ing)\b{_BETWEEN}(?:{_PERSON}|{_WATER})\b",
        r"\b(?:feared|found|almost|nearly|fatal|near) drown(?:ed|ing)\b",
        r"\bdrowning (?:case|incident|victim)s?\b",
        r"\b(?:bot|feri|sampan|perahu)\b(?:\W+[\w-]+){0,3}?\W+(?:karam|terbalik|tenggelam)\b",
        r"\b(?:boat|ferry|kayak)\b(?:\W+[\w-]+){0,3}?\W+(?:capsized?|sank|overturned)\b",
        rf"\b{_PERSON}\b{_BETWEEN}(?:dihanyutkan|hanyut|swept away|swept out)\b",
        r"溺水|溺毙|溺斃|溺亡|淹死|遇溺|沉船|翻船|翻覆",
    ),
    FLOOD: (
        r"\bbanjir\b",
        r"\b(?:dinaiki|ditenggelami|dilimpahi|dibanjiri) air\b",
        r"\bair (?:sungai )?(?:telah |dah |sudah )?melimpah\b",
        r"\b(?:pps|pusat pemindahan)\b(?:\W+\w+){0,3}?\W+(?:dibuka|buka)\b",
        r"\bkepala air\b",
        r"\bflash floods?\b|\bfloods?\b|\bflood(?:ed|ing)\b|\bfloodwaters?\b|\binundated\b",
        r"\bevacuation cent(?:re|er)s?\b(?:\W+\w+){0,3}?\W+opened\b",
        r"水灾|水災|淹水|洪水|洪灾|洪災|水淹|发大水|發大水",
    ),
    MISSING: (
        rf"\b{_PERSON}\b{_BETWEEN}(?:dilaporkan |masih )?hilang\b",
        rf"\b(?:kehilangan|mencari)\b{_BETWEEN}{_PERSON}\b(?:\W+\w+){{0,4}}?\W+(?:hilang|sesat)\b",
        rf"\b{_PERSON}\b{_BETWEEN}(?:gagal dikesan|sesat|belum ditemui|masih belum dijumpai)\b",
        rf"\bmissing {_PERSON}\b",
        rf"\b{_PERSON}\b{_BETWEEN}(?:is missing|are missing|went missing|gone missing|been missing"
        r"|reported missing|goes missing|lost in the (?:jungle|forest))\b",
        r"\bsearch and rescue\b|\bmencari dan menyelamat\b",
        r"失踪|失蹤|走失|下落不明|失联|失聯",
    ),
}
# Without one of these no pattern above can match; most posts have none and cost nothing more.
_STIRS = re.compile(
    r"lemas|drown|karam|terbalik|tenggelam|capsiz|sank|overturned|hanyut|swept|溺|淹|沉船|翻"
    r"|banjir|flood|dinaiki|dilimpahi|melimpah|pps|pusat pemindahan|kepala air|inundated"
    r"|evacuation|水|洪|hilang|missing|sesat|gagal|belum|rescue|menyelamat|lost in|失|走失|下落"
)
# What the same words mean when nothing severe happened.
_MEANS_OTHERWISE = {
    DROWNING: (
        r"\blemas(?:lah)? (?:dengan|tengok|dengar|baca|layan|fikir|bila|sebab|asyik"
        r"|rasanya|betul)\b",
        r"\b(?:rasa|buat|terasa) lemas\b",
        r"\bdrown(?:ed|ing|s)? (?:in|under|by) (?:\w+ )?(?:work|debts?|e-?mails?|paperwork|tears"
        r"|assignments?|sorrows?|sauce|syrup|gravy|ads|noise|crowds?|tourists|deadlines|traffic"
        r"|homework|people|plastic|rubbish|trash|litter)\b",
        r"\bdrown(?:ed|ing|s)? out\b|\bdrown(?:ed|ing)? (?:my|our|his|her|their) sorrows?\b",
        r"\b(?:selamat|diselamatkan daripada|saved from|rescued from) (?:lemas|drowning)\b",
    ),
    FLOOD: (
        r"\b(?:di)?banjiri? (?:dengan |oleh )?(?:promosi|pengunjung|pelancong|orang|manusia|jualan"
        r"|ucapan|komen|like|tahniah|gambar|iklan|peluh|air mata|undi|gol|hadiah|diskaun|penonton"
        r"|peminat|pembeli|umat)\b",
        r"\bflood(?:ed|ing)? (?:with|of|by) (?:\w+ )?(?:tourists|visitors|people|crowds?|messages"
        r"|photos|memories|comments|likes|ads|emotions|lights?|fans|shoppers|locals|requests)\b",
        r"\bflood (?:of )?(?:tourists|visitors|people|mitigation|relief|insurance|aid|funds?"
        r"|lights?|prone|proof|donations?)\b",
        r"\bflood-(?:prone|proof|free)\b",
        r"\b(?:selalu|kerap|sering|biasa|(?:setiap|tiap) tahun|musim|waktu|persiapan|persediaan)"
        r"\W+(?:\w+\W+)?banjir\b|\b(?:hadapi|menghadapi) (?:bencana )?banjir\b",
        r"\b(?:always|often|usually|every year|season)\b",
        r"\b(?:tebatan|insurans|bantuan|tabung|derma|sumbangan|sukarelawan|rtb) banjir\b",
        r"\b(?:selepas|pasca|lepas|sisa|bekas|kesan) ?banjir\b|\bafter the floods?\b|\bpost-flood",
        r"\b(?:surut|reda|pulih|receded|receding|subsided)\b|退水|消退",
    ),
    MISSING: (
        r"\b(?:kucing|anjing|arnab|burung|beg|dompet|telefon|kunci|kereta|motor|barang|cats?|dogs?"
        r"|wallet|phone|bag|luggage|keys?|passport)\b",
        r"猫|狗|钱包|錢包|手机|手機|护照|護照",
        r"\b(?:hilang) (?:stres|stress|penat|letih|sabar|dahaga|selera|rindu|akal|mood|lapar"
        r"|harapan|kawalan|arah|tumpuan|semangat|jejak)\b",
        r"\bditemui selamat\b|\bselamat ditemui\b|\bdijumpai selamat\b|\bselamat dijumpai\b"
        r"|\b(?:telah|sudah|dah) (?:ditemui|dijumpai)\b|\bfound (?:safe|alive)\b"
        r"|\bhas been found\b|平安|寻获|尋獲|已找到",
        r"\bmissing out\b",
    ),
}
_NOT = (
    r"(?:\b(?:tiada|tak|tidak|bukan|tanpa|belum|takde|takdak|takda|xde|bebas|no|not|never|without"
    r"|nobody|none)\b|n't|没有|沒有|没|沒|未|无|無|不会|不會)"
)
_NOT_BEFORE = re.compile(rf"{_NOT}(?:\W*[\w-]+){{0,3}}?\W*$")
_NOT_WITHIN = re.compile(_NOT)
# They deny nothing, though they sound so.
_SURPRISED = re.compile(
    r"\b(?:tak|tidak) (?:sangka|percaya|henti|berhenti|putus)\b|\bbukan (?:sahaja|main)\b"
    r"|\b(?:can't|cannot|can not|couldn't) believe\b|\bnot only\b|\bno doubt\b|没想到|沒想到"
)
_FEARED_BEFORE = re.compile(
    r"(?:\b(?:takut|bimbang|risau|khuatir|jangan|jgn|elak|mengelak|elakkan|cegah|mencegah|pencegahan"
    r"|risiko|mungkin|boleh|potensi|ramalan|might|may|could|would|can|risks?|avoid|prevent"
    r"|prevention|afraid|worried|worry|beware|fear of|chance of|prone to)\b|怕|小心|预防|預防|避免"
    r"|可能)(?:\W*[\w-]+){0,3}?\W*$"
)
_IF = r"(?:\b(?:kalau|jika|sekiranya|andai|if|in case|whenever|setiap kali)\b|如果|万一|萬一)"
_IF_BEFORE = re.compile(_IF)
_IF_AFTER = re.compile(rf"^\W*(?:\w+\W+){{0,2}}{_IF}")
_DENIED = re.compile(
    r"\b(?:palsu|tidak benar|tak benar|khabar angin|menafikan|dinafikan|nafi|fake|hoax|rumou?rs?"
    r"|deny|denies|denied|false|untrue)\b|谣言|謠言|假消息|不实|不實"
)
_LONG_AGO = re.compile(
    r"(?<!sejak )\b(?:tahun|bulan|minggu) (?:lepas|lalu|sudah)\b"
    r"|\b(?:dulu|dahulu|zaman|suatu ketika|pernah)\b"
    r"|(?<!since )\b(?:last|previous) (?:year|month|week)\b"
    r"|\b(?:years?|months?|weeks?) ago\b|\bback in\b"
    r"|\bused to\b|\bonce upon\b|去年|前年|年前|当年|當年|以前|上个月|上個月|曾经|曾經"
)
# These speak of the whole post, not only of their sentence.
_REMEMBERED = re.compile(
    r"\b(?:ulang tahun|mengenang|memperingati|peringatan|kenangan|sejarah|anniversary|remembering"
    r"|in memory|memorial|throwback|tbt|history|legend|lagenda mahsuri)\b|周年|週年|纪念|紀念|历史"
)
_EXERCISED = re.compile(
    r"\b(?:latihan|simulasi|kempen|seminar|bengkel|taklimat|ceramah|kesedaran|tips|kursus|drill"
    r"|exercise|campaign|workshop|awareness|training|course|filem|drama|novel|lagu|movie|film"
    r"|song|game|episod|episode)\b|演习|演習|演练|演練|讲座|講座|电影|電影|歌曲"
)
_ADVERTISED = re.compile(
    r"\b(?:diskaun|promosi|promo|jualan|tempah sekarang|beli sekarang|ready stock|stok terhad"
    r"|book now|order now|buy now|discount|voucher|for sale|sale now)\b|优惠|優惠|促销|促銷|下单"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SENTENCE = re.compile(r"[^.!?\n。！？;；]+[.!?。！？]*")


def found(text: str, year: int) -> dict[str, str]:
    """What severe things a post credibly reports, by code, each with the words that say so.

    `year` is the post's: one that names an earlier year remembers.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    if not _STIRS.search(plain) or _is_of_another_kind(plain, year):
        return {}
    said: dict[str, str] = {}
    for sentence in _SENTENCE.findall(plain):
        for code in CODES:
            words = _credible(code, sentence)
            if words and code not in said:
                said[code] = " ".join(words.split())
    return said


def _is_of_another_kind(text: str, year: int) -> bool:
    """Whether the post remembers, exercises or sells."""
    if any(int(named) < year for named in _YEAR.findall(text)):
        return True
    return any(kind.search(text) for kind in (_REMEMBERED, _EXERCISED, _ADVERTISED))


def _credible(code: str, sentence: str) -> str | None:
    """The words with which a sentence says it, None where it does not or takes it back."""
    sentence = _SURPRISED.sub(" ", sentence)
    hit = _pattern("says", code).search(sentence)
    if hit is None or sentence.rstrip().endswith(("?", "？")):
        return None
    if _pattern("otherwise", code).search(sentence) or _is_taken_back(code, sentence, hit):
        return None
    return hit[0]


def _is_taken_back(code: str, sentence: str, hit: re.Match[str]) -> bool:
    """Whether the sentence denies, fears or remembers what the hit says."""
    before, after = sentence[: hit.start()], sentence[hit.end() :]
    if any(kind.search(before) for kind in (_NOT_BEFORE, _FEARED_BEFORE, _IF_BEFORE)):
        return True
    # Of somebody missing these words say other things: "not found yet", "call if you see him".
    if code != MISSING and (_NOT_WITHIN.search(hit[0]) or _IF_AFTER.search(after)):
        return True
    return bool(_DENIED.search(sentence) or _LONG_AGO.search(sentence))


@cache
def _pattern(kind: str, code: str) -> re.Pattern[str]:
    parts = {"says": _SAYS, "otherwise": _MEANS_OTHERWISE}[kind][code]
    return re.compile("|".join(f"(?:{part})" for part in parts))
