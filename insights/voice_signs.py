"""What gives a voice away: accounts and words, with the reason for each list.

Everything here is matched against cleaned text: casefolded, with one space between words; what is
in capitals is matched against the text as it was written. Accounts are compared without case,
spaces and signs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """Words that say something of a voice, in Latin letters and in Chinese.

    Latin ones are whole words: an ASCII boundary, as Chinese has no spaces and touches them.
    `needs`: letters without which there is nothing to look for; asking for them is quicker.
    """

    latin: re.Pattern[str]
    chinese: re.Pattern[str] | None = None
    needs: tuple[str, ...] = ()

    def search(self, low: str) -> re.Match[str] | None:
        if self.needs and not any(letters in low for letters in self.needs):
            return None
        found = self.latin.search(low)
        if found is None and self.chinese is not None and not low.isascii():
            found = self.chinese.search(low)
        return found


def sign(latin: str, chinese: str = "", needs: tuple[str, ...] = ()) -> Sign:
    """A sign of these Latin words and Chinese signs."""
    pattern = re.compile(rf"\b(?:{latin})\b", re.ASCII)
    return Sign(pattern, re.compile(chinese) if chinese else None, needs)


# --- accounts -------------------------------------------------------------------------------------

# Names of institutions as they sign themselves; an account speaks for its house whatever it says.
# Only whole names count: "Kosmo" is a paper, "kosmopolitan_girl" is not.
_NEWS = """
Bernama, Bernamadotcom, BERNAMA TV, Bernama Radio, Sinar Harian, sinaronline, Sinar Harian Utara,
Harian Metro, hmetromy, Berita Harian, bharianmy, BH Online, Utusan Malaysia, UMonline,
Utusan Online, Kosmo, Kosmo Online, kosmo_online, Astro Awani, astroawani, 501Awani, The Star,
staronline, The Star Online, thestaronline, New Straits Times, NST Online, nst_online, NSTP,
Malay Mail, malaymail, Free Malaysia Today, fmtoday, Malaysiakini, Malaysia Gazette,
MalaysiaGazette, The Sun Daily, theSundaily, The Edge Malaysia, theedgemalaysia, The Vibes,
thevibesnews, Malaysia Now, malaysianow, Buletin TV3, TV3 Malaysia, tv3malaysia, Berita RTM,
RTM Malaysia, rtm_malaysia, RTM Kedah, Kedah FM, KedahFM RTM, Langkawi FM, LangkawiFM RTM,
Media Prima, Sin Chew Daily, sinchewdaily, sinchew.my, 星洲日报, 星洲日報,
China Press, chinapress.my, 中国报, 中國報, Oriental Daily, 东方日报, 東方日報,
Guang Ming Daily, 光明日报, 光明日報, Kwong Wah, Kwong Wah Yit Poh, 光华日报, 光華日報, 光华网,
Nanyang Siang Pau, 南洋商报, 南洋商報, 8TV Mandarin News,
Getaran, Suara Merdeka, Agenda Daily, Siakap Keli, Oh Bulan, SAYS, World of Buzz, Harakahdaily,
Suara Keadilan, Roketkini
"""
# Public bodies with a say in Kedah: their posts are announcements, not visits.
_OFFICIAL = """
Kerajaan Negeri Kedah, Kerajaan Negeri Kedah Darul Aman, Pejabat Menteri Besar Kedah,
Majlis Bandaraya Alor Setar, MBAS, MBAS Official, mbasofficial, Majlis Perbandaran Langkawi,
Majlis Perbandaran Langkawi Bandaraya Pelancongan, MPLBP, mplbplangkawi,
Majlis Perbandaran Sungai Petani Kedah, Majlis Perbandaran Sungai Petani, MPSPK, mpspkofficial,
Majlis Perbandaran Kulim, Majlis Perbandaran Kulim Kedah, MPKK, mpkkofficial,
Majlis Perbandaran Kubang Pasu, MPKubangPasu, Majlis Daerah Baling, Majlis Daerah Sik,
Majlis Daerah Yan, Majlis Daerah Pendang, Majlis Daerah Padang Terap, Majlis Daerah Bandar Baharu,
LADA, Lembaga Pembangunan Langkawi, LADA Langkawi, ladalangkawi, lada_official,
Langkawi Development Authority, Naturally Langkawi, naturallylangkawi, Visit Langkawi,
Langkawi UNESCO Global Geopark, Tourism Malaysia, tourismmalaysia, Tourism Malaysia Kedah,
Tourism Malaysia Northern Region, MOTAC, MOTAC Malaysia, MOTAC Kedah, Kementerian Pelancongan,
Visit Kedah, visitkedah, Visit Kedah 2025, Tourism Kedah, tourismkedah, Kedah Tourism,
Pelancongan Kedah, Jabatan Warisan Negara, Jabatan Muzium Malaysia, Lembaga Muzium Negeri Kedah,
Muzium Negeri Kedah, Galeri Arkeologi Lembah Bujang, Jabatan Perhutanan Negeri Kedah,
Jabatan Perhutanan Kedah, Jabatan Perikanan Malaysia, Jabatan Taman Laut, PERHILITAN,
PERHILITAN Kedah, Polis Diraja Malaysia, PDRM, PDRM Kedah, Polis Kedah, polis_kedah, PDRMsia,
IPK Kedah, IPD Langkawi, IPD Kota Setar, IPD Kuala Muda, IPD Kulim, IPD Kubang Pasu, IPD Baling,
Jabatan Bomba dan Penyelamat Malaysia, JBPM, JBPM Kedah, Bomba Kedah, bomba_kedah,
Angkatan Pertahanan Awam Malaysia, APM Kedah, Maritim Malaysia, Maritim Kedah, APMM,
Agensi Penguatkuasaan Maritim Malaysia, NADMA, NADMA Malaysia, MET Malaysia, metmalaysia,
Jabatan Meteorologi Malaysia, JPS Kedah, Jabatan Pengairan dan Saliran Kedah, Publik InfoBanjir,
JKR Kedah, Jabatan Kerja Raya Kedah, SADA, Syarikat Air Darul Aman, sadaofficial,
MADA, Lembaga Kemajuan Pertanian Muda, Jabatan Kesihatan Negeri Kedah, JKN Kedah, JKNKedah,
Jabatan Alam Sekitar, JAS Kedah, SWCorp, SWCorp Malaysia, SWCorp Kedah, Jabatan Imigresen Malaysia,
Imigresen Kedah, Kastam Diraja Malaysia, JPJ Kedah, Jabatan Penerangan Negeri Kedah,
Jabatan Penerangan Kedah, JaPen Kedah, Malaysia Airports, malaysiaairports, PLUS Malaysia,
plusmalaysia, PLUSTrafik, LLMinfotrafik, KTM Berhad, ktm_berhad, Jabatan Laut Malaysia, MKN Kedah
"""
_FOOTBALL = """
Kedah Darul Aman FC, Kedah FC, KDA FC, KDAFC, kedahfc, kdafootballclub, Kedah FA, Kedah United FC,
Hijau Kuning, hijaukuning, Penyokong Kedah, Liga Malaysia, Malaysian Football League, MFL, mflmy,
Football Association of Malaysia, Langkawi City FC
"""
# Parties and houses of parliament; no person is listed.
_POLITICS = """
PAS Kedah, Dewan Ulamak PAS Kedah, PAS Pusat, PASPusat, UMNO Malaysia, UMNO Online, umnoonline,
UMNO Kedah, Barisan Nasional, BN Kedah, barisanasional, Perikatan Nasional, PN Kedah, PNrasmi,
BERSATU Kedah, Bersatu Malaysia, armadabersatu, Pakatan Harapan, PH Kedah, KEADILAN Kedah,
PKR Kedah, AMANAH Kedah, DAP Kedah, DAP Malaysia, MCA Kedah, MIC Kedah, PEJUANG, GERAKAN Kedah,
MUDA Malaysia, Dewan Undangan Negeri Kedah, Parlimen Malaysia
"""


def account_key(name: str) -> str:
    """An account's name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _accounts(names: str, voice: str) -> dict[str, tuple[str, str]]:
    listed = (" ".join(name.split()) for name in names.split(","))
    return {account_key(name): (voice, name) for name in listed}


# Key -> (voice, the name as listed here: what is kept is our word, never the account's).
ACCOUNTS: dict[str, tuple[str, str]] = {
    **_accounts(_NEWS, "news"),
    **_accounts(_OFFICIAL, "official"),
    **_accounts(_FOOTBALL, "football"),
    **_accounts(_POLITICS, "politics"),
}

# --- who speaks for himself -----------------------------------------------------------------------

# People tell what they did and felt. Beside these an advert's or a paper's sign must be plainer.
EXPERIENCE = sign(
    r"kami (?:pergi|pi|mai|sampai|naik|makan|tidur|menginap|stay|singgah|bermalam|dah|baru)|aku"
    r"|saya (?:pergi|pi|dah|baru|sendiri|rasa|kena|suka|stay|menginap|bermalam|sangat)|i (?:went"
    r"|stayed|paid|love|loved|had|was|got|think|booked|tried)|we (?:went|stayed|paid|loved|had"
    r"|were|got|booked|tried)|my (?:family|wife|husband|kids|parents|trip|stay)|our (?:trip"
    r"|stay)|puas hati|kecewa|menyesal|tertipu|kena tipu|berbaloi|mmg best|memang best"
    r"|memang sedap|nak mai lagi|akan datang lagi|will be back|highly recommended|recommended"
    r"|disappoint\w*|overpriced|cekik darah|mahal|terlalu mahal|rugi|worth it|not worth"
    r"|review jujur|depa|hangpa",
    r"我[们們]?(?:去|住|吃|玩|觉得|覺得|昨|今)|值得|失望|后悔|後悔|踩雷|太[贵貴]|下次",
)
# Somebody who looks for a room or a job is no advertiser.
SEEKING = sign(
    r"cari|mencari|nak cari|tengah cari|looking for|sesiapa|sapa-sapa|siapa tahu|sapa tau"
    r"|any(?:one|body) (?:know|knows|selling|renting|have|has)|any recommendations?|nak tanya"
    r"|mohon cadangan|minta cadangan|ada tak|where can i|can anyone|in search of",
    r"求推[荐薦]|请问|請問|有没有人|有沒有人|想找",
)
# Warnings quote the advert that they warn of.
WARNING = sign(
    r"scam\w*|scammer|penipu\w*|tipu|ditipu|hati-hati|berhati-hati|jangan (?:tempah|sewa|percaya"
    r"|beli)|avoid|beware|fake|palsu|don'?t (?:book|rent|buy)|report polis|laporan polis",
    r"[诈詐][骗騙]|[骗騙]子|小心|被[骗騙]|避雷",
)
# What a trip is made of: whoever speaks of it at a match or to a minister speaks as a visitor.
TRIP = sign(
    r"hotel|homestay|chalet|resort|bilik|menginap|bermalam|feri|ferry|jeti|jetty|bot|parking"
    r"|parkir|letak kereta|tempat letak|jalan (?:rosak|sesak|berlubang|jem)|sesak|jammed|traffic"
    r"|jam teruk|sampah|kotor|tandas|toilets?|bau|longkang|pantai|beach|pulau|island hopping"
    r"|air terjun|waterfall|makan|makanan|sedap|laksa|nasi|mee|roti|kedai makan|food|restoran"
    r"|restaurant|cafe|kafe|bercuti|percutian|cuti-cuti|jalan-jalan|holiday|vacation|trip|travel"
    r"|melancong|pelancong|pelancongan|tourists?|tourism|muzium|museum|masjid zahir|tiket feri"
    r"|teksi|taxi|grab|e-hailing|sewa kereta|cable car|kereta kabel|banjir|flood\w*|bekalan air"
    r"|surau|papan tanda|lampu jalan|papan tanda|anjing liar|monyet|obor-obor|jellyfish",
    r"酒店|民宿|渡[轮輪]|沙[滩灘]|海[边邊滩灘]|停[车車]|塞[车車]|[垃厕廁][圾所]|好吃|美食"
    r"|旅[游遊]|水[灾災]",
)

# --- adverts --------------------------------------------------------------------------------------

# An invitation in the seller's own name.
CALL = sign(
    r"jom (?:tempah|booking|book|order|grab|dapatkan)|tempah (?:sekarang|segera|awal|melalui)"
    r"|booking (?:sekarang|now|segera|dibuka|open)|book (?:now|with us|your (?:stay|room|slot"
    r"|trip|tour|tickets?|seats?))|order (?:sekarang|now)|(?:untuk|sebarang) (?:tempahan"
    r"|pertanyaan)|tempahan (?:dibuka|kini|boleh|sekarang|awal)|hubungi (?:kami|talian|segera"
    r"|saya di)|(?:whatsapp|wasap|wassap|ws|call|pm|dm|mesej|inbox|contact|text|message) (?:kami"
    r"|us|now|sekarang|tepi|segera|for (?:price|booking|details|rates?|quotation|more info)"
    r"|untuk (?:tempahan|harga|booking|info|maklumat|sewa|order|details))"
    r"|hantar mesej untuk (?:harga|tempahan)|mesej untuk (?:maklumat|harga|tempahan)"
    r"|slot (?:terhad|masih ada|kosong)|tempat terhad|limited (?:slots?|seats?|units?|rooms?"
    r"|time)|(?:link|pautan) (?:di|in|dalam|kat) bio|klik (?:link|pautan)|click the link"
    r"|sign up (?:now|at)|daftar sekarang|beli sekarang|shop now|hurry up|grab yours"
    r"|jangan lepaskan peluang|sementara stok|while stocks? last|stok terhad|cod (?:area|seluruh"
    r"|available)|pos(?:tage)? seluruh|we (?:offer|provide)|kami (?:menawarkan|menyediakan"
    r"|sediakan|ada sediakan|offer)",
    r"立即(?:预[订定]|預[訂定]|下[单單]|[报報]名|[购購][买買])|[欢歡]迎(?:预[订定]|預[訂定]"
    r"|[询詢][问問]|[查联聯][询詢系繫])|[请請]?(?:私[信讯訊]|[联聯][系繫络絡])我[们們]|(?:现"
    r"|現)[正在][优優]惠|名[额額]有限|留言或私",
)
# A way to reach the seller: a Malaysian mobile number, or a link that opens a chat with one.
PHONE = sign(r"(?:6?01\d[ -]?\d{3,4}|04[ -]\d{3})[ -]?\d{3,4}", needs=("01", "04"))
CHAT_LINK = sign(
    r"(?:wa\.me|wasap\.my|api\.whatsapp\.com|wa\.link)/?[\w?=%+.-]*",
    needs=("wa.", "wasap.", "whatsapp."),
)
PRICE = sign(
    r"(?:rm|myr) ?\d[\d,.]*k?|\d[\d,.]* ?(?:ringgit|sehari|/ ?(?:malam|night|pax|hari))",
    r"\d ?(?:令吉|马币|馬幣)|(?:令吉|马币|馬幣) ?\d",
)
# What is on offer. Alone it says nothing: visitors name prices and homestays too.
OFFER = sign(
    r"promosi|promo|promotion|diskaun|discount|tawaran (?:hebat|istimewa|menarik)|special offer"
    r"|early bird|harga (?:serendah|bermula|mampu|promosi|istimewa|ahli)|serendah|from only"
    r"|as low as|starting from|bermula dari|pakej|package|packages|\d+h\d+m|\d+d\d+n|kereta sewa"
    r"|car rental|rent a car|homestay|villa|chalet|apartment|budget hotel|bot sewa|boat charter"
    r"|jet ski|tour package|tour guide service|khidmat|servis|service area|cuci (?:aircond|sofa"
    r"|kereta)|aircond|plumber|katering|catering|kambing golek|kek (?:tempah|hari jadi)|tudung"
    r"|baju kurung|skincare|produk|supplement|stokis|dropship|agen|agent wanted|insurans"
    r"|insurance|takaful|pinjaman peribadi|personal loan|available|kekosongan|giveaway"
    r"|pre-?order",
    r"优惠|優惠|特[价價]|配套|促[销銷]|出租|出售|包[车車]|[车車]租",
)
# Property and jobs: a market of their own, in Kedah's towns the commonest advert of all.
PROPERTY = sign(
    r"(?:untuk|utk) (?:di)?(?:sewa|jual|jualan|disewakan)|for (?:rent|sale)|to let|rumah (?:sewa"
    r"|untuk dijual|lelong)|(?:tanah|kedai|unit|lot) (?:untuk )?(?:dijual|di jual|lelong)"
    r"|freehold|leasehold|bumi lot|non ?bumi|full loan|loan 100%|sub ?sale|booking fee"
    r"|teres \d tingkat|semi-?d|\d[\d,]* ?(?:sqft|kaki persegi|sq ?ft|ekar)|\d+ bilik tidur"
    r"|fully furnished|listing",
    r"[单單]位出(?:租|售)|房屋出(?:租|售)|永久地契",
)
JOB = sign(
    r"jawatan kosong|kerja kosong|(?:di)?perlukan (?:pekerja|tukang masak|pembantu|staf)"
    r"|kekosongan jawatan|peluang pekerjaan|part ?time|separuh masa|we(?: are|'re) hiring"
    r"|now hiring|hiring now|vacanc(?:y|ies)|walk-?in interview|temuduga terbuka|join our team"
    r"|kerja sambilan|bayaran harian",
    r"招聘|[诚誠][征徵聘]|急聘|兼[职職]",
)
JOB_TERMS = sign(
    r"gaji|salary|resume|apply|mohon|pengalaman|epf|kwsp|perkeso|socso|syarat|requirements?"
    r"|shift|elaun|allowance|hubungi|whatsapp|wasap|mesej|email|e-mel|komisen|commission|dm",
    r"薪|底薪|[简簡][历歷]|有意者|留言",
)

# --- news -----------------------------------------------------------------------------------------

_MONTHS = (
    r"(?:Jan|Feb|Mac|Mar|Apr|Mei|May|Jun|Jul|Julai|Ogos|Ogo|Aug|Sept?|Okt|Oct|Nov|Dis"
    r"|Dec)[a-z]*\.?"
)
# "ALOR SETAR, 5 Jun -": town in capitals, day, dash. Only news agencies write so.
DATELINE = re.compile(
    rf"^[\W_]*(?:[^\n]{{0,160}}\n\s*)?[A-Z][A-Z .'/]{{2,30}}(?:, ?[A-Z .]{{3,20}})?"
    rf"[ ,:(]+(?:\d{{1,2}} {_MONTHS}|{_MONTHS} \d{{1,2}})(?: \d{{4}})?\)? ?[-–—:]"
)
# "KULIM - ..." or "KULIM: ...": a shout as well, so it takes an informant's verb or more beside it.
TOWN_LINE = re.compile(r"^[\W_]*[A-Z][A-Z .']{2,30} ?[-–—:] ?(?=[A-Z\"'“‘][a-z ])")
REPORTED = sign(
    r"menurut|berkata|katanya|jelasnya|tambahnya|memberitahu|dalam (?:satu )?kenyataan"
    r"|ketika ditemui|pada sidang media|lapor\w*|according to|said in a statement|told reporters"
    r"|said yesterday|he said|she said|was quoted|ketua polis (?:daerah|negeri)"
    r"|mangsa yang berusia|dipercayai|sepasukan (?:polis|bomba|anggota)|ditahan (?:polis"
    r"|selepas)|state police chief|district police"
)
REPORTED_ZH = re.compile(
    r"[（(](?:吉打|亚罗士打|亞羅士打|浮罗交怡|浮羅交怡|双溪大年|雙溪大年|居林|日得拉|华玲"
    r"|華玲)[^）)]{0,8}\d+日[讯訊]"
)
# The wire's own mark, wherever it stands.
WIRE = re.compile(
    r"[-–—(/]\s?(?:BERNAMA|Bernama)\b\)?|\bFoto:? ?(?:Bernama|BERNAMA)|(?:BERNAMA|Bernama) ?pic"
)
READ_ON = sign(
    r"baca (?:lagi|selanjutnya|lanjut|seterusnya|penuh|berita penuh)|berita (?:penuh|lanjut"
    r"|selanjutnya)|laporan (?:penuh|lanjut)|read more|full story|full report|read the full"
    r"|ikuti (?:laporan|berita)",
    r"[阅閱][读讀]全文|[详詳][情细細][请請点點]|全文(?:[请請]|[:：])",
)
OUTLET_LINK = sign(
    r"(?:bernama|astroawani|thestar|nst|malaymail|freemalaysiatoday|malaysiakini|sinarharian"
    r"|hmetro|bharian|kosmo|utusan|malaysiagazette|thesun|theedgemalaysia|thevibes|malaysianow"
    r"|sinchew|chinapress|orientaldaily|guangming|kwongwah|enanyang|harakahdaily|getaran"
    r"|buletintv3)\.(?:com\.my|com|my|tv)(?:/\S*)?",
    needs=(".com", ".my", ".tv"),
)
OUTLET_TAG = re.compile(
    r"#(?:sinarharian|sinaronline|bernama\w*|hmetro|harianmetro|bhsemasa|bhonline|beritaharian"
    r"|bhnasional|kosmo(?:online)?|utusan(?:malaysia|online)?|astroawani|awaninews|fmtnews"
    r"|nstnation|nstnews|nsttv|thestar(?:online)?|buletintv3|tv3malaysia|beritartm|sinchew\w*"
    r"|chinapress|星洲日报|中国报|光华日报)(?!\w)"
)

# --- official -------------------------------------------------------------------------------------

# An announcement opens with its kind and names its sender.
NOTICE = re.compile(
    r"^[\W_]*(?:notis|pemakluman|makluman|hebahan|siaran media|kenyataan media|pengumuman|amaran"
    r"|media statement|press statement|media release|press release|public notice|public advisory"
    r"|travel advisory|notice of|通告|[公][告]|[媒][体體][声聲]明|[警][告])(?![a-z0-9])"
)
BODY = sign(
    r"mbas|mplbp|mpspk|mpkk|majlis (?:bandaraya|perbandaran|daerah)|lada|sada|jkr|jps|jbpm|bomba"
    r"|pdrm|polis diraja|metmalaysia|met malaysia|nadma|apm|apmm|maritim malaysia"
    r"|tourism malaysia|motac|jabatan (?:\w+ ){1,5}|kementerian \w+|kastam|imigresen|perhilitan"
    r"|swcorp|jas|jkn|syarikat air darul aman|kerajaan negeri|pejabat (?:daerah|tanah"
    r"|menteri besar)|lembaga \w+|llm|plus malaysia|ktmb|jabatan laut",
    r"市政[厅廳]|县议会|縣議會|警方|消拯局|气象局|氣象局",
)
# "We, the council": an office speaking of itself.
OFFICE = sign(
    r"orang ramai (?:adalah )?(?:dinasihatkan|diminta|dimaklumkan|dimohon|digalakkan)"
    r"|adalah dimaklumkan|dimaklumkan bahawa|mohon maaf atas (?:segala )?kesulitan"
    r"|sebarang kesulitan amat|members of the public are (?:advised|reminded)"
    r"|the public is (?:advised|reminded)"
)

# --- football -------------------------------------------------------------------------------------

# Teams, leagues and cups; "Hijau Kuning" is what Kedah's supporters call theirs.
FOOTBALL = sign(
    r"kedah (?:darul aman )?fc|kda ?fc|kdafc|kedahfc|kedah fa|hijau kuning|langkawi city fc"
    r"|liga (?:super|malaysia|premier|m3|a1)|super league|piala (?:malaysia|fa|sumbangsih|mfl)"
    r"|mfl cup|(?:kedah|kda) (?:vs?\.?|lawan|menentang|tewas|tumpas|benam|seri) \w+"
    r"|\w+ (?:vs?\.?|lawan|menentang|tumpaskan|benam) (?:kedah|kda)|(?:kedah"
    r"|kda) \d ?[-:] ?\d \w+|\w+ \d ?[-:] ?\d (?:kedah|kda)|skuad (?:kedah|hijau kuning)"
    r"|pasukan bola sepak kedah|penyokong kedah|ultras? kedah|stadium darul aman",
    r"吉打(?:足球|队|隊)|[马馬]超[联聯]?[赛賽]",
    needs=(
        "kedah",
        "kda",
        "kuning",
        "liga",
        "league",
        "piala",
        "mfl",
        "darul aman",
        "langkawi",
        "吉打",
        "超",
    ),
)
# Of a match and nothing else: the stadium alone may be somebody's landmark or parking place.
MATCH = sign(
    r"gol|goal|goals|jaringan|penjaring|perlawanan|match|matchday|kick-?off|sepak mula|pemain"
    r"|players?|jurulatih|coach|head coach|tewas|kalah|menang|seri|liga|league|piala|cup|musim"
    r"|season|penalti|penalty|striker|penyerang|kiper|penjaga gol|bola|bolasepak|bola sepak"
    r"|football|tiket perlawanan|transfer|import baharu|kelab|club|vs|lawan|fc|kedudukan|carta"
    r"|mata",
    r"足球|球[队隊员員迷赛賽]|教[练練]|入球|[进進]球",
)

# --- politics -------------------------------------------------------------------------------------

# Parties and coalitions; the short ones are everyday words unless in capitals (PAS, BN, PN, MUDA).
PARTY = sign(
    r"umno|perikatan nasional|pakatan harapan|barisan nasional|parti keadilan|parti islam"
    r"|parti pribumi|parti amanah|undi (?:pas|pn|bn|ph|bersatu)|kerajaan (?:pn|ph|bn|pas|madani)"
    r"|#?(?:kerajaanmadani|kedahdarulamanpas)",
    r"国盟|國盟|希盟|国阵|國陣|巫[统統]|伊[斯]?[兰蘭][教]?党|伊[党黨]|行[动動][党黨]|公正[党黨]"
    r"|[马馬][华華]公?[会會]",
)
PARTY_CAPITALS = re.compile(
    r"\b(?:PAS|PKR|DAP|PN|BN|PH|BERSATU|AMANAH|PEJUANG|MCA)\b(?= (?:Kedah|dan|Pusat|menang|kalah"
    r"|akan|tetap|calon|di DUN|DUN|kekal)\b)|\b(?:calon|pemimpin|Pemuda|penyokong|ADUN|ahli|Ahli"
    r"|Calon|kubu|undi) (?:PAS|PKR|DAP|PN|BN|PH|BERSATU)\b"
)
ELECTION = sign(
    r"pilihan ?raya|pru[- ]?\d{0,2}|prn|pilihan raya (?:kecil|negeri|umum)|prk (?:dun|parlimen"
    r"|\w+)|mengundi|pengundi|manifesto|by-?election|general election|state election"
    r"|ceramah perdana|penamaan calon|hari pengundian|dun (?:kedah|\w+) calon|kertas undi"
    r"|constituency|pembubaran dun",
    r"大[选選]|州[选選]|[补補][选選]|投票|[选選]民",
)
# Offices: a complaint is addressed to them too, so they need a political verb beside them.
OFFICE_HOLDER = sign(
    r"menteri besar|mb kedah|menteri|timbalan menteri|perdana menteri"
    r"|exco(?: kerajaan)?(?: negeri)?|adun|ahli parlimen|wakil rakyat|ketua pembangkang"
    r"|pembangkang|sidang dun|dun kedah|mentri besar|state assembly\w*|assemblyman"
    r"|chief minister|prime minister|member of parliament|opposition",
    r"州[务務]大臣|州[议議][员員会會]|[国國][会會][议議][员員]|反[对對][党黨]|首相",
)
POLITICAL_VERB = sign(
    r"umum\w*|mengumumkan|gesa\w*|menggesa|dakwa\w*|mendakwa|tegas\w*|selar\w*|bidas\w*|kecam\w*"
    r"|letak jawatan|sidang|bahas\w*|perbahasan|usul|undi percaya|angkat sumpah|rombakan kabinet"
    r"|kenyataan (?:politik|terbuka)|jawab di|kempen|tarik diri|peruntukan|belanjawan negeri"
    r"|announce[sd]?|urge[sd]?|slam(?:s|med)?|resign\w*|sworn in|debate[sd]?|no-confidence"
    r"|cabinet|reshuffle|tabled?|allocation",
    r"宣布|促[请請]|抨[击擊]|[辞辭][职職]|宣誓|[辩辯][论論]|[内內][阁閣]",
)
