"""Words, emoji and spellings that carry feeling in Malay, its northern dialect, and English.

Written for this product by hand: general words of praise and complaint, and those that visitors of
Kedah use. Indonesian words stand here because much of the training data is Indonesian. Everything
is in the spelling that `normal.py` leaves behind.
"""

from __future__ import annotations

import re

_POSITIVE = """
adorable adore affordable alhamdulillah aman amaze amazing amboi attractive authentic awesome awet
bagus bahagia bangga bargain beautiful berbaloi berhemah berjaya berkat berkualiti berpuas berseri
bersih best better bijak bless blessed bravo breathtaking brilliant calm calming canggih cantik
cekal cekap cemerlang ceria champion charming cheap cheerful cheers clean comel comfortable comfy
congrats congratulations cool cosy cozy crispy cute damai delicious delight delighted delightful
delish dicadangkan disyorkan elok empuk enchanting enjoy enjoyable enjoyed enjoying excellent
excited exciting fantastic fascinating favourite flavorful flavourful fluffy fresh friendly fun
gagah gem gembira gempak generous glad gorgeous grateful great gurih happy harmoni healing heaven
heavenly hebat helpful hensem highlight honest hooray hospitable hurray hygienic iconic idaman
idola idyllic ikhlas impressed impressive incredible indah inovatif inspired inspiring istimewa
jatuhcinta jernih jimat joy juara juicy kacak kagum kebersihan keindahan kemas kenyang ketagih
kind kreatif lancar lawa lazat lega legend legit lengkap licin liked lively love loved lovely
loves loving lucky luxurious magical magnificent majestic makbul makmur manis mantap marvellous
meletop memikat memorable memuaskan memukau menakjubkan menang menarik menawan menenangkan
mengagumkan mengujakan menyenangkan menyeronokkan meriah mesmerising mesmerizing mesra mewah mudah
mujur murah mustgo musttry mustvisit neat nice nikmat nyaman padu panoramic pantas paradise
peaceful peramah perfect perfecto permai picturesque pleasant pleased pleasure polite popular
powerful pretty prihatin pristine professional proud puas puashati pujian rajin ramah rangup rapi
reasonable recommend refreshed refreshing rehat rejuvenated relax relaxed relaxing responsive
rezeki rindu romantic romantik safe sayang scenic scrumptious sedap sejuk selamat selesa semangat
sempurna senang senyum serene seronok sesuai setia sihat smile smooth sokong sopan spacious
spectacular splendid sporting spotless steady strategik stunning suka sukacita super superb sweet
syabas syahdu syok syukur tabah tahniah tasty tenang tender terbaik terbayar terharu terhibur
terkesan terpikat terpukau tersenyum thank thankful thanks tiptop top tranquil treasure underrated
unforgettable unik unique untung vibrant warm welcoming welldone win wonderful wonderfully worth
worthy wow yay yeay yummy
"""
_NEGATIVE = """
abandoned abuse accident aduan angry annoyed annoying arrogant ashamed atrocious avoid awful babi
bad bahaya bangang bangkai banjir bankrap barai basi batal bebal bedbugs bencana benci bengang
berbahaya berbau berhabuk berkarat berkulat berlagak bersepah bersesak biadab biadap bimbang
binatang bising bodoh bore bored boring bosan broken brutal bullshit busuk cacat cancelled cekik
cekikdarah celaka cemar cemas cemburu chaos cheat cheated cheating cirit cockroach cockroaches
complain complaint corrupt crap crash crime crisis crowded cruel cry crying cuai curi damage
damaged danger dangerous dead death defect delay delayed dendam dengki derhaka derita die died
dirty disappoint disappointed disappointment disaster disgrace disgusted disgusting dismal
dissatisfied dread drown drowned dukacita dull dusta dusty emergency expensive fail failed failing
failure fake fear fedup filthy fitnah flies flood fraud frustrated frustrating fuck fucking gaduh
gagal ganas garbage gelabah geram gila gross hambar hampa hancur hangit hangus hanyir hapak haram
harass harassed harassment harmful hate hated hates hating hazard hell helpless hilang hina
hipokrit hopeless horrible horrid horrifying hostile huruhara hutang ignorant ignored illegal
incompetent inflasi jahanam jahat jangkitan jatuh jelik jellyfish jem jemu jenayah jerebu jijik
kacau kasar kebodohan kecewa kedekut kejam keji kekecewaan kelentong keliru kemalangan kenatipu
keracunan keras kerosakan kerugian keruh kesal kesesakan kesian ketinggalan ketuk khianat kill
killed kotor koyak krisis kuarantin kumuh kurangajar kusam kutuk lalat lambat lapuk late lazy leak
leaking leceh lemah lemas lemau lembab lembap letih liat lie lied lies litter lose loser loss lost
lousy loya lubang mahal maki malang malapetaka malas malu mampus masin mati maut mayat melampau
melarat meloya meluat memalukan membazir membebankan membosankan menangis menderita mengarut
mengecewakan mengeluh menipu menjengkelkan mentah menyakitkan menyampah menyedihkan menyusahkan
merana merapu merosot merugikan mess messy miserable miskin misleading moldy mould mouldy muak
mual mundur murung musibah musty naif nasty nazak negatif neglect neglected neglecting negligent
ngeselin nightmare noisy nonsense nyamuk obor outdated overcharged overcrowded overpriced
overrated pain palsu pandemik pathetic payah pecah peluh penat pencemaran pencuri penipu penipuan
penyangak penyesalan perit perosak pickpocket pissed pity poison polluted pollution poor pothole
potholes problem protes punah putusasa racist ragut rasis rasuah rats regret regretted reput
ridiculous riot rip ripoff risau robbed robbery rosak rubbish rude rugi ruin ruined rundown runtuh
rusuh sad sadly sakit sakithati sampah scam scammed scammer scamming scary sedih selekeh sembelih
sengsara serabut seram serik sesak sesal sewage shame shit shock shocked sial sick sickening siksa
slow smelly sombong stale sting stink stinks stinky stolen stranded stuck stung stupid suck sucks
sunyi susah suspicious tahi takguna takut tamak tampal tasteless tenat tension terabai
terbengkalai terbiar terburuk tercemar terkandas terkejut terkilan terlampau terlantar terrible
terrified tersekat terseksa tertipu teruih teruk tewas theft tipu tired tiris tohor tout touts
toxic traffic tragedy tragic trash trauma trouble ugly ulat unacceptable uncomfortable unfair
unfortunate unfortunately unfriendly unhappy unhygienic unprofessional unsafe upset useless vandal
vandalisme victim virus wabak waste wasted weak wornout worried worry worrying worse worst wrong
wtf zalim zina
"""
_INTENSE = """
absolutely amat benar betul bloody damn extremely habis highly kaw maha memang most paling really
sangat sekali so such sungguh super terlalu too totally truly very
"""
_NEGATORS = """
aint arent belum bukan cannot couldnt didnt doesnt dont hardly hasnt havent isnt jangan kurang
neither never no none nor not shouldnt tak tanpa tiada wasnt werent without wont wouldnt
"""
# Words after which the first half counts less than the second.
_TURNS = "tapi namun but however though although walaupun cuma except"

POSITIVE = frozenset(_POSITIVE.split())
NEGATIVE = frozenset(_NEGATIVE.split()) - POSITIVE
INTENSE = frozenset(_INTENSE.split())
NEGATORS = frozenset(_NEGATORS.split())
TURNS = frozenset(_TURNS.split())

GLAD = frozenset(
    "😀😃😄😁😆😊🙂😍🥰😘😗😙😚😋🤩🤗😇😎🥳👍👏🙌💪❤💕💖💗💓💞💙💚💛🧡💜🤍🖤♥💯🔥✨🌟⭐🎉🎊🏆"
    "🥇😻💐🌹🌸🌺☺😌🤤🫶👌🙏🌈🌞🌴🏝🏖"
)
SAD = frozenset(
    "😡😠🤬😤😢😭😞😔😟😕🙁☹😣😖😫😩😨😰😱😓🤮🤢😒🙄😑😐👎💔😷🤧🤕🤒🥵🥶😬💀☠🖕🤦🗑😪🥲🚫⚠🤡💩😾"
)
LAUGHING = frozenset("😂🤣😹😅")

# Written as people type it -> as it is looked up.
_SPELLINGS = """
x=tak tk=tak dak=tak tidak=tak tdk=tak tida=tak ta=tak idok=tak ndak=tak indak=tak nda=tak
nggak=tak enggak=tak engga=tak ngga=tak gak=tak ga=tak gk=tak kada=tak ngak=tak xde=tiada
xda=tiada xdak=tiada takde=tiada takda=tiada takdak=tiada tade=tiada takada=tiada tiade=tiada
xada=tiada bkn=bukan bukannya=bukan blm=belum belom=belum blom=belum jgn=jangan jgnlah=jangan
yg=yang dgn=dengan dng=dengan ngan=dengan utk=untuk dlm=dalam sbb=sebab sebap=sebab krn=kerana
karena=kerana kerna=kerana mmg=memang mmng=memang emang=memang sgt=sangat sngt=sangat
banget=sangat bgt=sangat bngt=sangat sanget=sangat gilerr=gila giler=gila gile=gila glr=gila
org=orang urang=orang ppl=people klu=kalau klau=kalau kalo=kalau klo=kalau dh=sudah dah=sudah
udah=sudah sdh=sudah udh=sudah nk=nak mau=nak mahu=nak nih=ni ini=ni tuh=tu itu=tu kt=kat
tmpt=tempat tempt=tempat mkn=makan mknn=makanan mkanan=makanan hrga=harga hrg=harga brg=barang
byk=banyak bnyk=banyak byak=banyak skrg=sekarang skrang=sekarang bgs=bagus bagos=bagus
baguih=bagus bes=best bestt=best sdp=sedap sedaq=sedap sodap=sedap enak=sedap lezat=sedap
maknyus=sedap lamak=sedap cntik=cantik cantekk=cantik cantek=cantik ctk=cantik lawo=lawa
keren=hebat mantul=mantap mantab=mantap mantep=mantap terbaek=terbaik terbaiq=terbaik
seronoq=seronok sronok=seronok syiok=syok shiok=syok siok=syok gembire=gembira tq=thanks
thx=thanks tqvm=thanks tqsm=thanks tenkiu=thanks thankyou=thanks ty=thanks tyvm=thanks
trimakasih=thanks makasih=thanks terimakasih=thanks luv=love lov=love gud=good gd=good gr8=great
awsome=awesome awesum=awesome bfast=breakfast u=you ur=your r=are pls=please plz=please mcm=macam
cam=macam cm=macam camni=macam kot=kut lg=lagi lgi=lagi je=saja jer=saja ja=saja jak=saja aje=saja
jgk=juga jg=juga smua=semua sumer=semua sume=semua tgk=tengok tgok=tengok bole=boleh bleh=boleh
blh=boleh bisa=boleh leh=boleh hbs=habis hbis=habis slalu=selalu sblm=sebelum lps=lepas
slps=selepas trus=terus terok=teruk trok=teruk teruq=teruk jelek=teruk parah=teruk buruk=teruk
buruak=teruk mahai=mahal mhl=mahal mehal=mahal kotoq=kotor kotoo=kotor cemaq=cemar busuq=busuk
bodo=bodoh bdoh=bodoh bongok=bodoh tolol=bodoh goblok=bodoh bego=bodoh sedey=sedih syg=sayang
cian=kesian sian=kesian kasian=kesian kasihan=kesian kecik=kecil menyesal=sesal nyesel=sesal
nyesal=sesal kapok=serik kecewain=mengecewakan kuciwa=kecewa lelet=lambat lmbt=lambat lmbat=lambat
jammm=jem macet=jem nipu=menipu gue=aku sy=saya ak=aku dorang=mereka diorang=mereka dorg=mereka
depa=mereka drg=mereka kitorang=kami ktrg=kami ko=kau ayaq=air ayer=air besaq=besar pasaq=pasar
lapaq=lapar segaq=segar kabaq=khabar pelayanan=layanan palayanan=layanan servis=service
svc=service servisnya=service abis=habis hepi=happy barasiah=bersih recommended=recommend
rekomended=recommend recomended=recommend rekomendasi=recommend rekomen=recommend
recomend=recommend disaran=disyorkan favorit=favourite favorite=favourite fav=favourite
disappointing=mengecewakan aiyo=aduh alamak=aduh adoi=aduh adui=aduh aduhai=aduh aduiii=aduh
walao=aduh tp=tapi tpi=tapi ttp=tetap tetapi=tapi fave=favourite seronoknya=seronok
"""
# Two words that are one.
_PHRASES = """
terima kasih=thanks thank you=thanks trm ksh=thanks tip top=tiptop must go=mustgo must try=musttry
must visit=mustvisit must see=mustvisit wajib pergi=mustvisit well done=welldone
puas hati=puashati jatuh cinta=jatuhcinta rip off=ripoff ripped off=ripoff fed up=fedup
run down=rundown worn out=wornout huru hara=huruhara kena tipu=kenatipu kena ketuk=kenatipu
kurang ajar=kurangajar cekik darah=cekikdarah tak guna=takguna putus asa=putusasa
sakit hati=sakithati tak dak=tiada tak ada=tiada tidak ada=tiada tak de=tiada
"""
SPELLINGS: dict[str, str] = dict(pair.split("=", 1) for pair in _SPELLINGS.split())
PHRASES: dict[tuple[str, str], str] = {
    (first, second): one for first, second, one in re.findall(r"(\S+) ([^\s=]+)=(\S+)", _PHRASES)
}
