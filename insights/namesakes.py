"""Words that look like a place of Kedah and are not, and what tells the two apart.

Everything here is matched against cleaned text: casefolded, with one space between words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Words before a name that make it a place: Malay with the northern dialect, English, town words.
_FROM = r"ke|kat|dekat|dkt|dari|dr|pi|pergi|mai|balik|sampai|singgah|area|sekitar|menuju"
_AT = rf"di|{_FROM}"
_AT_EN = r"in|at|to|from|near|around|visit|visiting|reach|reached"
_OFFICE = r"smk|sjkc|ipd|ppd|majlis daerah|klinik kesihatan|balai (?:polis|bomba)"
_TOWN = (
    r"pekan|bandar|daerah|bandaraya|mukim|hospital|penduduk|orang|(?:town|district|village) of"
    rf"|{_OFFICE}"
)
# "jalan-jalan Langkawi" and "jom jalan Langkawi" are strolls, "Jalan Langkawi" is a street.
_ROAD = (
    r"(?<!jalan )(?<!jalan-)(?<!jom )(?<!nak )(?<!pi )(?<!pergi )jalan|jln|lorong|lrg|persiaran"
    r"|lebuh"
)


def _before(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{words})[ -]?[#@]?$")


def _after(words: str) -> re.Pattern[str]:
    return re.compile(rf"[ -]?\(?(?:{words})(?![a-z0-9])")


def _anywhere(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])")


@dataclass(frozen=True)
class Guard:
    """How a name is judged; `never...` hold for every name, the rest for those in need of context.

    `before`/`after`: words right beside the name that make it the place; on a place of the rule
    "strict" they count only together with another sign of Kedah. `weak`: words before it that do
    so only when it is written with a capital, or when `words` or a sign of Kedah stand in the
    post. `words`: anywhere in the post they stand for the missing sign (for an everyday word only
    beside one of the former). `never_before`/`never_after`/`never`: beside the name, or anywhere,
    they make it something else. `clear`: place words that settle a strict name written with a
    capital; `together`: so written it is also believed beside a sure place of its city.
    `phrase`: everyday words that are the place when each is written with a capital. `address`: so
    written it may end an address ("Restoran Tepian Laut, Kuah"). `titled`: so written, any sure
    place of Kedah or Kedah speaks for it; `telling`: one of its `words` does.
    `ordinary`: an everyday word, so that a sign elsewhere in the post is believed only when the
    name is written with a capital. `capitals`: an abbreviation, read only in capitals.
    """

    before: re.Pattern[str] | None = None
    weak: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    words: re.Pattern[str] | None = None
    never_before: re.Pattern[str] | None = None
    never_after: re.Pattern[str] | None = None
    never: re.Pattern[str] | None = None
    clear: re.Pattern[str] | None = None
    together: bool = False
    phrase: bool = False
    telling: bool = False
    address: bool = False
    titled: bool = False
    ordinary: bool = False
    capitals: bool = False


_FOOD_AFTER = (
    r"kari|laksa|laksam|satay|sate|kacang|lemak|sup|sop|mee|mi|mie|bihun|pekat|cair|dia|dier|nya"
    r"|tu|ni|itu|ini|pedas|manis|masin|masam|gulai|rojak|asam|dalca|campur|banjir|sedap|likat"
    r"|panas|merah|putih|hitam|hijau|kicap|tomyam|tom yam|sambal|mak|ibu|yang|yg|rendang|ikan|ayam"
    r"|daging|tulang|tunjang|kaw|kow|asing|padu|meleleh|meresap|berempah|kosong|tempoyak|habis"
    r"|power|bakso|kental|santan|singgang|lodeh|air|dan|steamboat|curry|terbaik|melimpah|beriani"
    r"|(?:memang|paling|sangat|cukup|tersangat|mmg) (?:sedap|pekat|pedas|padu|power|terbaik|best)"
)
_THROWN = (
    r"(?:dengan )?(?:batu|bola|sampah|telur|kasut|botol|barang|selipar|puntung|bom|cincin|pisau"
    r"|kerusi|makanan|tahi|plastik|jala|jaring|duit|tin|handphone|phone|fon|kayu|tuala|kertas"
    r"|pinggan|gelas|cawan|api|mercun|dadu|lembing|cakera|tomato|baju|anak|kucing|topi|beg|tombak"
    r"|bunga|roti|ikan)|dengan (?:kuat|laju|tangan|keras|sekuat)|kot|balik|masuk|keluar|jauh|je|jer"
    r"|jela|la|lah|baling"
    r"|ke (?:dalam|arah|atas|luar|muka|laut|sungai|tepi|lantai|bawah|kepala|dinding)"
)
_RUG = (
    r"rugs?|carpets?|permaidani|karpet|turkish|turki|handmade|handwoven|woven|weaving|cushions?"
    r"|persian|anatolian|tapestry|sofa|pillows?|kilims"
)
_AMERICA = (
    r"tarif|tariffs?|trump|biden|dolar|washington|iran|china|beijing|rusia|israel|gaza|presiden"
    r"|amerika|nato|pentagon|roma|monaco|ukraine|iphone|visa as"
)
_WEEKDAY_AFTER = (
    r"lepas|depan|ini|ni|nanti|malam|pagi|petang|tengah hari|lalu|hadapan|minggu|dan khamis"
    r"|atau khamis|tu|itu|esok|semalam|sebab|hari|cuti|khamis"
)
_CABLE_RIVALS = (
    r"genting|awana|skyway|penang|pulau pinang|bukit bendera|hong kong|ngong ping|sentosa"
    r"|mount faber|singapore|singapura|ba ?na|da ?nang|vietnam|phu quoc|switzerland|bandung|taiwan"
    r"|maokong|tmii|ancol|fansipan|turkey|turki"
)
_BRIDGE_RIVALS = (
    r"klcc|kl|kuala lumpur|petronas|twin towers?|dubai|singapore|singapura|marina bay|sabah"
    r"|kinabalu|danum|kaohsiung|czech|dolni morava|london|tokyo|airport skybridge|ba ?na"
)
_RIVAL_COMPANY = (
    r"berhad|bhd|saham|stake|johor corp|bursa|dividen|share price|palm oil|plantations?"
    r"|ladang sawit|jcorp|johor corporation|suku tahun|untung bersih|net profit|pemegang saham"
)
_BEACH_AFTER = (
    r"malam|hari|laut|jalan|panas|ramai|hujan|mandi|main|lepak|makan|cuaca|matahari|nak|sibuk|ombak"
)
_INDONESIA = (
    r"indonesia|jambi|kerinci|lampung|sumatera|sumatra|riau|kepri|karimun|kalimantan|bontang"
)

_LOCATED = _before(rf"di|in|pekan|daerah|homestay|{_TOWN}")
_CLEAR = (
    r"di|in|area|pi|homestay|chalet|resort|pekan|daerah|mukim|(?:town|district|village) of|orang"
    rf"|penduduk|{_OFFICE}"
)
_CABLE = Guard(
    never_before=_before(_CABLE_RIVALS),
    never_after=_after(rf"(?:di |at |in |ke )?(?:{_CABLE_RIVALS})"),
)
_BRIDGE = Guard(
    never_before=_before(_BRIDGE_RIVALS),
    never_after=_after(rf"(?:di |at |in |of )?(?:{_BRIDGE_RIVALS})"),
)
_GUNUNG_RAYA = Guard(never_before=_before("hari|puasa"), words=None)
_BANDAR_BAHARU = Guard(never_after=_after("bangi|akan|untuk|nilai|klang|salak tinggi"), titled=True)

# 华玲 is a woman's name too.
_HUALING = Guard(words=re.compile("温泉|溫泉|热水|熱水|县|縣|水灾|水災|老街|巴刹"))

# "Yan besar hati": a girl, and no town with both words written large.
_YAN_BESAR = Guard(before=_before(rf"{_AT}|in|{_TOWN}|kampung|kg"), phrase=True, ordinary=True)

_STATE = Guard(
    never_before=_before(
        rf"k\.?d\.?|skuad|pasukan|penyokong|bola ?sepak|jersi|jersey|pemain|jurulatih"
        rf"|ultras?|team|{_ROAD}"
    ),
    never_after=_after(
        r"fc|f\.c\.?|fa|united|ii|u-?\d\d|darul aman fc|road|street|lawan|vs|tumpas|benam"
    ),
)

# Keyed by the name without spaces and signs, as `places.key` makes it.
GUARDS: dict[str, Guard] = {
    "langkawi": Guard(
        never_before=_before(
            rf"tour de|k\.?d\.?|(?<!\d )km|mv|deklarasi|akta(?: lembaga pembangunan)?|piagam"
            rf"|perjanjian|bilik(?: mesyuarat)?"
            rf"|dewan|dewan serbaguna|taman|apartment|pangsapuri|blok|suite|tdl|kelas|projek"
            rf"|{_ROAD}"
        ),
        never_after=_after(
            r"declaration|international dialogue|room|ballroom|street"
            r"|class (?:opv|ship|vessel|patrol)|fc|united|city (?:fc|lawan|vs|menang|tewas)"
        ),
    ),
    "kedah": _STATE,
    "negerikedah": _STATE,
    "kedahdarulaman": _STATE,
    "kulim": Guard(
        never_before=_before(rf"syarikat|kumpulan|{_ROAD}"),
        never_after=_after(rf"malaysia\)? (?:berhad|bhd)|malaysia\)|shares|{_RIVAL_COMPANY}"),
        never=_anywhere(_RIVAL_COMPANY),
    ),
    "kuah": Guard(
        before=_before(rf"{_TOWN}|jeti|jetty|feri|ferry|hotel|stay|menginap|bermalam"),
        weak=_before(rf"{_AT}|{_AT_EN}"),
        words=_anywhere(r"jeti|jetty|feri|ferry|pekan|town|hotel|homestay|duty free|bebas cukai"),
        after=_after(
            r"(?:pagi|petang|malam|hari|tengah hari) (?:ini|ni|tadi) (?:sesak|jem|lengang|sunyi)"
            r"|town|jetty|jeti|bay|city|area|waterfront|hotel|night market|langkawi"
            r"|duty free|bebas cukai|sesak|jem|jam teruk|lengang|sunyi|hujan|mendung"
            r"|is (?:dead|busy|quiet|crowded|packed)|'s"
        ),
        never_before=_before(
            r"banyak|tambah|lebih|sikit|dalam|celup|cicah|tuang|siram|hirup|mee|mi|mie|bihun|nasi"
            r"|laksa|kari|gulai|sup|satay|rojak|roti|lauk|air|resepi|pekatkan|masak|buat|kuah"
        ),
        never_after=_after(_FOOD_AFTER),
        address=True,
        ordinary=True,
    ),
    "baling": Guard(
        before=_before(
            rf"{_FROM}|{_AT_EN}|{_TOWN}|budak|air panas|kampung|kg|banjir|kepala air|polis|bomba"
        ),
        weak=_before("di"),
        after=_after(
            r"town|district|banjir|dilanda|diserang|gerik|\d+ ?(?:jam|km|minit|hours?|minutes?)"
            r"|hujan|berkabus|sesak|lengang|folk|people|'s"
        ),
        never_before=_before(
            rf"jangan|suka|kena|nak|tolong|boleh|terus|pandai|aku|dia|baling|tukang|{_ROAD}"
        ),
        never_after=_after(_THROWN),
        address=True,
        ordinary=True,
    ),
    "kilim": Guard(
        before=_before(rf"{_AT}|{_AT_EN}"),
        words=_anywhere(
            r"mangroves?|bakau|geopark|geoforest|geohutan|paya laut|karst|kayak|bats?|bat cave|gua"
            r"|caves?|limestone|eagles?|helang|boat|bot"
        ),
        never=_anywhere(_RUG),
    ),
    "pekanrabu": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|kompleks|pasar|shopping|kedai|bazar"),
        words=_anywhere(r"dodol|kuih karas|serunding|gerai|songket|cenderamata"),
        phrase=True,
        never_after=_after(_WEEKDAY_AFTER),
    ),
    "as": Guard(capitals=True, never=_anywhere(_AMERICA)),
    "sp": Guard(
        capitals=True,
        never_after=_after(r"setia|plus|\d+"),
        never=_anywhere(r"spm|seri petaling|sri petaling|sony"),
    ),
    "bkh": Guard(
        capitals=True,
        words=_anywhere(
            r"sempadan|border|duty free|kastam|icqs|imigresen|immigration|sadao|danok|dannok"
            r"|hatyai|hat yai|siam|thailand"
        ),
    ),
    "uum": Guard(
        capitals=True,
        phrase=True,
        words=_anywhere(
            r"sintok|dpp|inasis|semester|intake|degree|varsity|uni|universiti|kampus|usm|ukm|upm|unimap|uitm|uia|utm"
        ),
        before=_before(
            rf"{_AT}|{_AT_EN}|student|pelajar|kampus|budak|universiti|graduan|konvo|masuk|mahasiswa"
        ),
        after=_after(
            r"sintok|students?|campus|kampus|convo|konvo|grads?|graduates?|alumni|lecturers?|hostel"
            r"|inasis"
        ),
    ),
    "aor": Guard(
        capitals=True,
        words=_anywhere(
            r"flights?|airport|airasia|firefly|batik air|penerbangan|lapangan terbang|kul|szb"
        ),
    ),
    "lgk": Guard(
        capitals=True,
        before=_before(rf"{_AT}|{_AT_EN}"),
        words=_anywhere(r"flight|airport|airasia|penerbangan|kul|szb|pen|island|terbang"),
    ),
    "uwl": Guard(capitals=True, never=_anywhere(r"university|west london|ealing|student")),
    "temurun": Guard(
        before=_before(r"air terjun|di|ke|kat|dekat|mandi|waterfall|at|to"),
        never_before=_before(r"turun"),
    ),
    "cintasayang": Guard(
        after=_after(r"resort|golf|club|hotel|country"),
        never_before=_before(r"penuh|dengan|kasih|rasa|tanda|hadiah"),
        never_after=_after(r"aku|saya|kami|kepada|untuk|pada|dan|semua|mak|ibu"),
        ordinary=True,
    ),
    "jerai": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|naik|puncak|kaki|atas|mendaki|hiking|hike|kabus|sejuk"),
        words=_anywhere(
            r"gurun|yan|kabus|awan|clouds?|fog|misty|sawah|mountain|climb|hike|hiking|mendaki|puncak"
        ),
    ),
    "berasbasah": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|pulau|bot|jeti"),
        after=_after(r"island|beach|langkawi"),
        words=_anywhere(r"islands?|island hopping|pulau|snorkel\w*|bot|boat|beach|pantai|monyet"),
        never_after=_after(r"kena|kampit|sekampit|satu|rosak|berkulat|berulat|dimasak"),
        phrase=True,
    ),
    "telagatujuh": Guard(never_after=_after(r"puteri|beradik")),
    "titigajah": Guard(before=_before(rf"{_AT}|{_AT_EN}|{_TOWN}"), phrase=True),
    "kuburpanjang": Guard(before=_before(rf"{_AT}|{_AT_EN}|{_TOWN}"), phrase=True),
    "helangmerah": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|tugu|patung|replika|dataran"),
        never=_anywhere(r"skuad|pasukan|bola|liga|gol|jdt|stadium"),
        ordinary=True,
    ),
    "kokbeach": Guard(never_after=_after("volleyball|handball|soccer|tennis")),
    "eaglesquare": Guard(never=_anywhere(r"abuja|nigeria|lagos")),
    "balaibesar": Guard(
        never_after=_after(r"taman nasional|pom|pelaksanaan|penelitian|wilayah|besar|karantina")
    ),
    "pantaitengah": Guard(never_after=_after(_BEACH_AFTER)),
    "keretakabel": _CABLE,
    "cablecar": _CABLE,
    "skybridge": _BRIDGE,
    "jambatanlangit": _BRIDGE,
    "gunungraya": _GUNUNG_RAYA,
    "sungaibatu": Guard(
        before=_before(r"candi|tapak|arkeologi"),
        words=_anywhere(r"arkeologi|archaeolog\w+|candi|tapak purba|tamadun purba|merbok"),
        never_after=_after(r"pahat|caves?|empat|arang|kawan"),
    ),
    "sgbatu": Guard(words=_anywhere(r"arkeologi|archaeolog\w+|candi|merbok")),
    "kualamuda": Guard(
        before=_before("daerah|kota"),
        never_before=_before("naza|kampung|kg"),
        never=_anywhere("penaga"),
    ),
    "sik": Guard(
        before=_before(
            rf"di|in|pekan|daerah|homestay|durian|dusun|anggur|ladang|kebun|kampung|kg|{_FROM}|{_TOWN}"
            r"|pekasam|petai|kelulut"
        ),
        clear=_before(
            rf"{_CLEAR}|durian|dusun|anggur|ladang|kebun|kampung|kg|{_FROM}|pekasam|petai|kelulut"
        ),
        together=True,
        address=True,
        ordinary=True,
    ),
    "yan": Guard(
        before=_before(
            rf"di|in|ke|menuju|pekan|daerah|homestay|{_TOWN}|nelayan|pantai|pesisir|jeti|bendang|sawah"
            r"|kat|dekat"
        ),
        words=_anywhere("bendang|sawah|padi|nelayan|pukat|jerai"),
        clear=_before(rf"{_CLEAR}|ke|menuju|nelayan|pantai|pesisir|jeti|bendang|sawah"),
        together=True,
        ordinary=True,
    ),
    "yanbesar": _YAN_BESAR,
    "yankecil": _YAN_BESAR,
    "yankecik": _YAN_BESAR,
    "yankechil": _YAN_BESAR,
    "lunas": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|{_TOWN}|itik|duck|tol|exit"),
        clear=_before(rf"{_CLEAR}|ke|kat|dekat|pergi|sampai|singgah|itik|duck|at|near|tol|exit"),
        after=_after(r"roast|duck|itik|wantan|town|is (?:just |now )?an? (?:[a-z]+ ){0,2}town"),
        words=_anywhere(r"itik|(?:roast|roasted|braised) duck|duck (?:porridge|rice)|kulim|khtp"),
        telling=True,
        address=True,
        never_after=_after(r"hutang|bayar|semua|sudah|terus"),
        ordinary=True,
    ),
    "gurun": Guard(
        before=_before(
            rf"{_AT}|in|{_TOWN}|tol|exit|stesen|plaza tol|keluar|ikut|lalu|via|through|past"
        ),
        clear=_before(rf"{_CLEAR}|{_FROM}|tol|exit|stesen|past|via|through|lalu|ikut"),
        after=_after(r"toll?|r&r|interchange|exit"),
        together=True,
        words=_anywhere(r"jerai|toll?|r&r|rnr|jem|lebuh ?raya|kemalangan|modenas|perwaja"),
        telling=True,
        never_after=_after(
            r"sahara|gobi|pasir|arab|arabia|thar|atacama|namib|panas|salji|di|nevada|mojave|negev"
            r"|sinai|kalahari|taklamakan|dubai|mesir|mongolia|rajasthan|australia|afrika|simpson"
        ),
        address=True,
        ordinary=True,
    ),
    "pokoksena": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|{_TOWN}|homestay|banjir"),
        after=_after("sesak|jem|banjir|town"),
        phrase=True,
        never_after=_after(
            r"tumbang|ditebang|dicantas|berbunga|reput|gugur|mereput|tepi|rendang|tua|merimbun"
            r"|angsana|pun|berusia|patah"
            r"|(?:di )?(?:depan|belakang|sebelah|hadapan|halaman|laman) (?:rumah|sekolah|surau"
            r"|pejabat|kedai|balai|dewan|kami)"
        ),
        never_before=_before(
            r"semaian|benih|menanam|tanam|ditanam|tebang|menebang|sebatang|batang|dahan|daun|bunga"
        ),
    ),
    # A game with pebbles, and a stabbing.
    "tikambatu": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|{_TOWN}|kampung|kg|homestay|simpang"),
        after=_after("banjir|sesak|jem|hujan|town"),
        phrase=True,
        never_before=_before("main|bermain|permainan"),
    ),
    "pedu": Guard(
        before=_before(rf"{_AT}|empangan|tasik|kampung|kg"),
        words=_anywhere(r"empangan|tasik|dam|lake|houseboat|rumah bot|memancing|kuala nerang"),
    ),
    "merbok": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|{_TOWN}|uitm|kampus|kampung|kg|homestay"),
        words=_anywhere(r"candi|bakau|mangroves?|mee udang|lembah bujang"),
        never_after=_after(r"aku|balam|candik|tu|ni|berbunyi|jantan|betina"),
        address=True,
        ordinary=True,
    ),
    "bedong": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|{_TOWN}|aimst|kampung|kg"),
        words=_anywhere("aimst"),
        never_after=_after(r"bayi|baby|anak|instan|kain"),
        address=True,
        ordinary=True,
    ),
    "payar": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|snorkel(?:l?ing)?|div(?:e|ing)|menyelam"),
        after=_after(r"div(?:e|ing|ers?)|snorkel\w*|marine|coral|island"),
        words=_anywhere(r"snorkel\w*|scuba|coral|karang|marine park|taman laut|menyelam|sharks?"),
        ordinary=True,
    ),
    "datai": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|teluk|resort"),
        after=_after(r"bay|beach|resort|hotel|golf|villas?|spa"),
        ordinary=True,
    ),
    "sedim": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|jeram|rafting|kayak|camping"),
        words=_anywhere(r"rafting|tree ?top walk|jeram|kayak|air terjun|camping|chalet"),
    ),
    "sevenwells": Guard(words=_anywhere(r"waterfalls?|steps|stairs|climb|cable car|monkeys?|trek")),
    "jettypoint": Guard(words=_anywhere(r"ferry|ferries|feri|jetty|duty free|mall")),
    "bukit888": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|mendaki|hiking|hike|naik|trek"),
        words=_anywhere(r"hik(?:e|ing|ers?)|mendaki|pendaki\w*|trek\w*|puncak|sunrise|matahari"),
    ),
    "anakbukit": Guard(
        before=_before(rf"{_AT}|{_AT_EN}|{_TOWN}"), never_before=_before(_ROAD), phrase=True
    ),
    "jitra": Guard(
        never_after=_after(
            r"(?:masih )?tidur|demam|cakap|kata|nangis|menangis|merajuk|kahwin|mengandung|bersalin"
        ),
        never_before=_before(
            r"cik|adik|miss|pengantin baru|happy birthday|hbd|selamat hari (?:lahir|jadi)|bernama"
            r"|nama (?:saya|aku|dia)|sayang"
        ),
    ),
    "华玲": _HUALING,
    "華玲": _HUALING,
    "bandarbaharu": _BANDAR_BAHARU,
    "bandarbahru": _BANDAR_BAHARU,
}

# A report may begin with its place ("SIK: ..."); so does a recipe with these.
DISHES = frozenset(("kuah", "lunas"))

# A seat in parliament or the state assembly is its member's name, not a visit.
SEAT = _before(r"mp|ahli parlimen|parlimen|adun|dun|wakil rakyat|yb|[pn]\.? ?\d{1,3}")

SEAT_AFTER = _after(r"mp|assembly(?:man|woman)|parliamentary|state seat")

# "Kulim FC", "Jitra Rangers menang 3-1": a team.
CLUB_AFTER = _after(
    r"(?:[a-z]+ )?(?:fc|f\.c|fa|(?:menang|tewas|kalah|seri|tumbang)(?: tipis)? \d{1,2}-\d{1,2})"
    r"|(?:[a-z]+ )?(?:vs|lawan) (?:[a-z]+ ){1,3}\d{1,2}-\d{1,2}"
    r"(?! ?(?:days?|hari|nights?|malam|orang|pax|jam))"
    r"|(?:city|united|utd|rangers|rovers|wira) (?:vs|lawan|menentang|tewas|menang|kalah|tumpas"
    r"|benam)"
)

# "KD Pendang", "KM Kulim": a ship of the navy, of the coast guard, a ferry. Not "10 KM Kulim".
SHIP = re.compile(r"(?<![A-Za-z0-9.])(?:K\.?D\.?|M\.?V\.?|(?<!\d )K\.?M\.?) $")

# "Di Lunas-kan", "Kuah-nya": an everyday word with a Malay ending.
ENDING_AFTER = re.compile(r"-(?:kan|nya|ku|mu)(?![a-z0-9])")

# "Nama anak dia Jitra": a person or a pet. "Pak Jitra" and "Encik Kulim bin Ahmad" are persons.
NAMED = _before(
    r"nama (?:anak|adik|kakak|kawan|cucu|bayi|baby|kucing|isteri|suami)(?: \w+){0,2}"
    r"|pak|pak ?cik|mak ?cik|pak ?su|mak ?su|mak ?lang|encik|puan|cikgu|kak|ustaz|ustazah|mr|mrs"
    r"|madam|khun|prof|datin|tan sri|kapten|captain|sarjan|koperal|leftenan|inspektor|aunty"
    r"|auntie"
)
NAMED_AFTER = _after(r"bin|binti|bt|a/l|a/p|s/o|d/o")

# "Balik kampung Baling, KL kosong": that village is one's home.
_VILLAGE = r"(?<!balik )(?<!balek )(?<!blk )(?<!pulang )(?<!pulang ke )(?:kampung|kg)"
# A shop, a dish, a street, an estate or a village called after a place of Kedah, right before its
# name ...
BORROWED = _before(
    r"restoran|restaurant|kedai(?: makan| kopi| runcit| jahit| gunting| emas| buku| bunga| kek"
    r"| roti| dobi| perabot| tayar)?|(?:restoran|kedai|gerai|warung) (?:itik|ayam|ikan|mee|satay)"
    r"|kafe|cafe|warung|gerai|kopitiam|butik"
    r"|laksa|nasi(?: kandar| lemak)?|mee|roti canai|ikan bakar|dodol|taman|apartment|pangsapuri"
    r"|kondo|dewan|klinik|flat|flet|ppr|rumah pangsa|surau|sekolah|smk|kelab"
    rf"|{_VILLAGE}|{_ROAD}|(?:hotel|homestay|villa|residensi|pasar ?raya|taman|flat|kondo|desa)"
    r" (?:seri|sri|desa)"
)
# ... is elsewhere when a town outside Kedah stands right behind it: "Laksa Kuala Kedah di Bangi".
_ELSEWHERE = (
    r"kl|kuala lumpur|shah alam|puchong|kajang|bangi|putrajaya|cyberjaya|petaling jaya|pj|subang"
    r"|klang|ampang|cheras|setapak|gombak|rawang|damansara|bangsar|sepang|nilai|seremban|melaka"
    r"|johor|jb|kuantan|pahang|terengganu|kuala terengganu|kota bharu|kelantan|ipoh|perak|taiping"
    r"|penang|pulau pinang|butterworth|bukit mertajam|perlis|kangar|sabah|sarawak|kuching"
    r"|singapore|singapura|jakarta|medan|bali|london|melbourne|selangor|seri kembangan|sri rampai"
    r"|wangsa maju|keramat|kepong|selayang|gelang patah|kota kinabalu|miri|semenyih|sungai buloh"
    # Towns and districts further off; those at the end of a road from Kedah are left out.
    r"|jasin|alor gajah|masjid tanah|muar|batu pahat|kluang|segamat|pontian|kota tinggi|mersing"
    r"|tangkak|kulai|rembau|kuala pilah|port dickson|tampin|jempol|bahau|jelebu|temerloh|bentong"
    r"|raub|jerantut|lipis|kuala lipis|maran|rompin|bera|cameron highlands|besut|dungun|kemaman"
    r"|setiu|marang|tumpat|pasir mas|pasir puteh|bachok|machang|tanah merah|gua musang|kuala krai"
    r"|tapah|bidor|slim river|tanjung malim|kampar|batu gajah|gopeng|sitiawan|lumut|manjung"
    r"|kuala kangsar|lenggong|teluk intan|kuala selangor|hulu selangor|sabak bernam|kuala langat"
    r"|hulu langat|banting|negeri sembilan|sibu|bintulu|sandakan|tawau|beaufort|papar|labuan"
    r"|semporna|lahad datu|kudat|keningau|ranau|tenom|kunak|sipitang|limbang|lawas|mukah|sarikei"
    r"|kapit|sri aman|serian|samarahan"
    # Quarters of the cities, and cities abroad.
    r"|bandar tun razak|bandar tasik selatan|bukit jalil|bukit bintang|brickfields|sentul|segambut"
    r"|jinjang|titiwangsa|sungai besi|sri petaling|ttdi|usj|george ?town|bayan lepas|bayan baru"
    r"|taman tun|batu caves|bandar utama|sunway|kota kemuning|setia alam|balakong|dengkil|serendah"
    r"|ulu kelang|hulu kelang|taman melawati|wangsa melawati|kuchai lama|pandan (?:indah|jaya)"
    r"|jelutong|air itam|ayer itam|gelugor|tanjung tokong|batu ferringhi|batu kawan|seberang jaya"
    r"|skudai|masai|bangkok|phuket|chiang mai|lahore|karachi|dhaka|dubai|tokyo|sydney|perth"
    r"|surabaya|bandung|hong kong|taipei"
)
# "Langkawi Residence Setapak": a house called after the place.
HOUSE_AFTER = re.compile(
    r" (?:apartments?|condo(?:minium)?s?|pangsapuri|residences?|residensi|residency|court|heights"
    rf"|towers?|bistro|kopitiam)(?:,| @)? (?:(?:di|kat|dekat|in|at) )?(?:{_ELSEWHERE})(?![a-z0-9])"
)
ELSEWHERE_AFTER = re.compile(
    r"(?: (?:seafood|kitchen|corner|bistro|cuisine|original|asli|famous|house|cafe|tomyam|maju"
    r"|apartments?|condo|residences?|residency|court|heights|towers?|inn|plaza|hotel))?"
    rf"[,:]? ?(?:[(@] ?)?(?:(?:sedap|best|terbaik|dekat|cawangan|sini) )?"
    r"(?:(?:di|kat|dekat|in|at) )?"
    rf"(?:{_ELSEWHERE})(?![a-z0-9])"
)

# A street is elsewhere when such a town follows with nothing but its quarter between: "Jalan Alor
# Setar di Taman Petaling, Klang".
STREET = _before(_ROAD)
STREET_ELSEWHERE_AFTER = re.compile(
    r"(?:,| (?:di|kat|dekat|in|at)|(?= (?:taman|tmn|seksyen|desa) ))"
    rf" (?:(?!ke |to |dan )[a-z]+,? ){{0,3}}?(?:{_ELSEWHERE})(?![a-z0-9])"
)

# Elsewhere in the post, each of these makes a place's name more likely that of a namesake.
RIVALS: dict[str, re.Pattern[str]] = {
    "tanjung-rhu": _anywhere(
        r"singapore|singapura|sg|sepang|selangor|mrt|condo|kallang|east coast|pulau carey|banting"
        r"|katong|hdb|marina bay"
    ),
    "telaga-tujuh": _anywhere(_INDONESIA),
    "pulau-beras-basah": _anywhere(_INDONESIA),
    "gunung-raya": _anywhere(rf"{_INDONESIA}|liwa|ranau|ogan|oku|danau|gudang garam"),
    "pokok-sena": _anywhere(
        r"kepala batas|penang|pulau pinang|seberang perai|spu|bertam|tasek gelugor"
    ),
    "masjid-albukhary": _anywhere(r"kl|kuala lumpur|hang tuah|pudu|shah alam|makkah|madinah"),
    "balai-nobat": _anywhere(
        r"perak|kuala kangsar|klang|selangor|terengganu|kuala terengganu|istana alam shah"
    ),
    "pantai-merdeka": _anywhere(r"indonesia|makassar|sulawesi|bali|ambon|maluku|papua"),
    "pantai-pasir-hitam": _anywhere(r"bali|lovina|iceland|islandia|hawaii|santorini|reynisfjara"),
    "pantai-pasir-tengkorak": _anywhere(r"namibia|skeleton coast|kong"),
    "langkawi-skycab": _anywhere(_CABLE_RIVALS),
    "langkawi-sky-bridge": _anywhere(_BRIDGE_RIVALS),
    "underwater-world-langkawi": _anywhere(r"sentosa|singapore|singapura|pattaya|guam|新加坡"),
    "muzium-diraja-kedah": _anywhere(r"klang|kl|kuala lumpur|seri menanti|negeri sembilan|perak"),
    "gunung-pulai": _anywhere(r"johor|kulai|pontian"),
    "bandar-baharu": _anywhere(r"selangor|johor|sabah|sarawak|putrajaya|pahang|ibu kota baharu"),
    "pekan-cina-alor-setar": _anywhere(r"kuala terengganu|melaka|penang|pulau pinang"),
    "kilim-geoforest": _anywhere(_RUG),
}

# Places whose name others have, too: a town elsewhere right behind it says which is meant.
SHARED_NAMES = frozenset(RIVALS) | {
    *("taman-lagenda", "pantai-murni", "pantai-kok", "pantai-tengah", "bukit-wang", "seri-perigi"),
    *("aman-central", "pekan-rabu", "balai-besar", "sungai-batu", "galeri-tsunami", "muzium-padi"),
    *("dataran-lang", "uum-sintok", "pulau-singa-besar", "laman-padi", "galeria-perdana"),
    *("crocodile-adventureland", "lata-bukit-hijau", "carnivall"),
}

# A place on a border speaks for the towns of the next district, too: Gunung Jerai for Gurun.
STRADDLES = {"gunung-jerai": "sungai-petani"}

# Names of such places that nothing else has.
UNMISTAKABLE = frozenset(("skycab",))

# What an address is of, with its name, right before the town that ends it.
ADDRESS_BEFORE = re.compile(
    r"(?<![a-z])(?:restoran|restaurant|kedai|kafe|cafe|hotel|motel|homestay|resort|chalet|villa|inn"
    r"|jalan|jln|lorong|taman|kampung|kg|masjid|surau|sk|smk|sekolah|hospital|klinik|dewan|gerai"
    r"|warung|stall|mall|plaza|bazar|pasar|stesen|shop|kopitiam|duck|laksa)(?![a-z])"
    r"[^,.:;!?]{0,40}(?:, ?| ?@ ?)$"
)
ADDRESS_AFTER = re.compile(r" ?(?:$|[.,!?)(#|]|[-–—] )")

# A football post names the state's team, not the state.
FOOTBALL = _anywhere(
    r"liga super|liga malaysia|piala malaysia|piala fa|piala sumbangsih|super league|jdt|bolasepak"
    r"|bola sepak|penjaring|kedah vs|vs kedah|lawan kedah|kedah lawan|menentang kedah"
    r"|kedah menentang|hijau kuning|matchday|kickoff|kick-off|kda fc|kedah fc|kedah fa"
)

# Chinese has no spaces: these longer words hold a place's characters by accident.
CHINESE_ACCIDENTS = re.compile(
    r"普吉打|[宁宁]吉打卡|吉打(?:工(?!作)|[卡架电電球游遊开開车車包赏賞扫掃针針])|[邻鄰隐隱旧舊新移]居林"
    r"|瓜[镇鎮][不得]住|[今每昨明同当當隔整半]日得拉|[西南北冬木黄苦丝絲]瓜[镇鎮埠]|无锡县|無錫縣|秘[鲁魯][乃]"
)

# Kedah itself, with the language of each spelling.
KEDAH: tuple[tuple[str, str], ...] = (
    ("Kedah", "ms"),
    ("Kedah Darul Aman", "ms"),
    ("Negeri Kedah", "ms"),
    ("Kedahan", "en"),
    ("Negeri Jelapang Padi", "nickname"),
    ("吉打", "zh"),
    ("吉打州", "zh"),
    ("เกอดะฮ์", "th"),
    ("ไทรบุรี", "th"),
    ("نݢري قدح", "abroad"),
    ("قدح دار الأمان", "abroad"),
    ("visitkedah", "tag"),
    ("kedahtourism", "tag"),
    ("tourismkedah", "tag"),
)

# A tag that begins so names a race, a ship, a seat, a street or a shop, whatever place it ends on.
TAG_NEVER_BEFORE = (
    r"(?:le)?tourde|tdl|ltdl|kd|mp|adun|dun|parlimen|prk|jalan|jln|restoran|kedai|deklarasi|bukan"
    r"|taman|bilik"
)

# What people put before and after a place in one tag without changing which place it is.
TAG_BEFORE = (
    r"visit|explore|discover|lovely|love|ilove|amazing|beautiful|wonderful|naturally|experience"
    r"|cuti|cuticuti|bercuti|bercutidi|percutian|jom|jomke|jompi|jalanjalan|jalan2|trip|tripto"
    r"|travel|tour|tourism|hotel|homestay|resort|chalet|pulau|pantai|island|makan|makanmakan|food"
    r"|cafe|kereta|keretasewa|sewakereta|rentcar|dekat|di|ke|hello|hi|bye|best|aboutthe|ironman"
    r"|sunset|sunrise|night|malam|pasarmalam|weekend|holiday|vacation|escape|chill|prayfor"
    r"|gengs?|anak|orang|warga|ig|insta|viral|kedah|banjir|ribut|sampah|feri|jeti|lima"
)
TAG_AFTER = (
    r"trip|trips|island|islands|malaysia|kedah|langkawi|darulaman|holiday|holidays|vacation|getaway|escape"
    r"|food|foods|foodie|foodies|foodhunt|makan|sedap|best|life|vibes|diaries|diary|story|stories"
    r"|travel|traveller|tour|tours|tourism|tourist|hotel|hotels|resort|resorts|homestay|chalet|villa"
    r"|beach|sunset|sunrise|beauty|cantik|indah|viral|kini|hariini|today|news|updates?|info|geopark"
    r"|permatakedah|permata|lovers?|love|adventure|adventures|experience|hikers?|hiking|cafe|cafes"
    r"|carrental|rental|keretasewa|dutyfree|airport|ferry|feri|market|nightlife|town|city|mall"
    r"|camping|camp|glamping|hike|climb|trail|run|marathon|ride|roadtrip|diving|kayaking|seafood"
    r"|bound|memories|moments|photography|20\d\d|\d{1,2}"
)
