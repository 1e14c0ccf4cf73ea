//! Frequent words of the languages that we tell apart. Numbers, and words that are the same in most of them, are absent.

/// Code of ISO 639-1 and the words that betray the language, lower-case and without accents.
///
/// A word in several rows counts for each of them, and the less the more rows have it.
pub(super) const WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the is are was were am be been being have has had do does did dont doesnt didnt isnt arent wasnt cant couldnt \
         wont wouldnt shouldnt im ive ill youre youve its thats whats theres hes shes theyre were lets you your yours my \
         mine me we us our they them their he him his she her it this that these those there here what which who whose \
         when where why how because but or if then than so just not of to from with for about into out up down over \
         after before at on by can could will would should shall may might must get got getting give gave go going gone \
         gonna wanna gotta know think want need like make said say says tell told ask asked work working done start \
         right wrong answer question help please thanks thank sorry okay ok yeah yep nope yes hello hey bye good great \
         nice well really very too also more most less little some any every each much many one's something nothing \
         everything again still already yet now today tomorrow yesterday school teacher homework maths math times minus \
         plus equals divided number first second last next \
         same different left take away look try trying tried wait hang let see i'd mum mom dad brother sister \
         house home book read reading word words write spell play played game friend friends kids children ready easy hard i'm",
    ),
    (
        "es",
        "el la los las un una unos unas y o pero he hice hacia porque que cual cuales quien cuando donde como cuanto cuanta cuantos \
         cuantas es son era eran fue soy eres estoy esta estas estamos estan ser estar hay tengo tienes tiene tenemos \
         tienen hacer hago haces hace hacemos puedo puedes puede podemos quiero quieres quiere se sabes sabe sabemos \
         creo pienso digo dice dices dijo vamos voy vas va ver veo mira entonces tambien muy mucho mucha muchos mas \
         menos bien mal mi mis tu tus su sus nuestro yo ella ellos ellas nosotros usted ustedes me te le les nos lo \
         con sin por para de del al en desde hasta sobre entre si este esto eso ese esa aqui alli ahora hoy manana \
         ayer luego despues antes siempre nunca nada algo todo toda todos todas otra otro otra vez gracias hola adios \
         vale perfecto respuesta pregunta numero mitad tercio cuarto medio igual cada ejercicio deberes escuela \
         colegio clase profe profesora maestra hermano hermana papa mama amigo amigos casa libro palabra leer escribir \
         gusta gustan ayuda ayudar necesito facil dificil correcto listo lista genial otras hemos han habia equivocado",
    ),
    (
        "de",
        "der die das den dem des ein eine einen einem einer eines und oder aber weil dass ob wenn als wie was wer wo \
         wann warum wieso welche welcher welches wieviel ist sind war waren bin bist sein hat habe hast haben hatte \
         wird werden wurde kann kannst konnen muss musst mussen soll sollen will willst wollen mag mochte mochtest \
         machen mache machst macht gehen geht gehe weiss weisst denke glaube meine mein meinen dein deine deinen sein \
         seine ihr ihre unser ich du er sie es wir mich mir dich dir uns euch ihm ihn nicht kein keine nichts etwas \
         alles viel viele mehr weniger sehr gut schlecht richtig falsch genau schon noch auch nur doch mal jetzt heute \
         morgen gestern dann danach vorher immer nie hier dort da mit ohne von zu zum zur bei nach vor auf aus in im am \
         an um uber unter durch fur gegen ja nein danke bitte hallo tschuss okay also aufgabe frage antwort zahl halfte \
         drittel viertel mathe schule lehrer lehrerin hausaufgaben bruder schwester mama papa freund freunde haus buch \
         wort lesen schreiben weiter toll klasse prima heisst spielen spiele gern gerne hilfe helfen verstehe rechnen ergibt plus minus geteilt",
    ),
    (
        "fr",
        "le la les un une des du de et ou mais parce que qui quoi quand comment pourquoi combien est sont etait suis es \
         etre avoir ai as avons avez ont fait faire fais ca peux peut pouvons veux veut voudrais vais va allons sais sait \
         pense crois dit dis je tu il elle nous vous ils elles on me te se mon ma mes ton ta tes son sa ses notre votre \
         leur ce cet cette ces c'est n'est j'ai qu'est d'accord pas ne plus rien tout toute tous tres bien mal aussi \
         encore deja maintenant aujourd'hui demain hier alors puis avec sans pour par dans sur sous chez entre oui non \
         merci bonjour salut voila reponse question nombre moitie tiers quart ecole devoirs maitresse prof frere soeur \
         maman papa ami amis maison livre mot lire ecrire jouer aide aider facile difficile font egal au aux y en",
    ),
    (
        "pt",
        "o a os as um uma uns umas e ou mas porque que qual quais quem quando onde como quanto quanta quantos quantas \
         sao era foi sou estou esta estao ser estar ha tenho tens tem temos fazer faco faz posso pode podemos quero \
         quer queres sei sabe acho penso disse vamos vou vai ver vejo olha entao tambem muito muita muitos mais menos \
         bem mal meu minha meus minhas teu tua seu sua nosso eu ele ela eles elas nos voce voces me te lhe com sem por \
         para do da dos das no na nos nas ao em ate sobre entre nao sim este isto isso esse essa aqui ali agora hoje \
         amanha ontem depois antes sempre nunca nada algo tudo toda todos outra outro obrigado obrigada ola tchau \
         resposta pergunta metade terco igual cada exercicio licao escola aula professora irmao irma pai mae amigo \
         amigos casa livro palavra ler escrever gosto ajuda ajudar preciso facil dificil certo certa pronto pronta \
         deu vezes a gente tchau legal",
    ),
    (
        "it",
        "il lo la i gli le un uno una e o ma perche che chi cosa quando dove come quanto quanta quanti quante sono era \
         ero sei siamo siete essere avere ho hai ha abbiamo hanno fare faccio fai fa posso puoi puo possiamo voglio vuoi \
         vuole so sai sa penso credo dico dice detto andiamo vado vai va vedere vedo guarda allora anche molto molta \
         molti piu meno bene male mio mia miei mie tuo tua suo sua nostro io lui lei loro noi voi mi ti ci si con senza \
         per di del della dei delle dal dalla nel nella al alla in da su tra fra non questo questa questi quello quella \
         qui qua adesso ora oggi domani ieri poi dopo prima sempre mai niente qualcosa tutto tutta tutti altra altro \
         grazie ciao prego risposta domanda numero meta terzo quarto uguale ogni esercizio compiti scuola maestra \
         maestro fratello sorella mamma papa amico amici casa libro parola leggere scrivere piace aiuto aiutare facile \
         difficile giusto giusta pronto pronta c'e e' dell' l' nonno",
    ),
    (
        "nl",
        "de het een en of maar omdat dat die wat wie waar wanneer waarom hoe hoeveel welke is zijn was waren ben bent heb \
         hebt heeft hebben had word wordt kan kun kunt kunnen moet moeten zal zullen wil willen mag ga gaat gaan doe \
         doet doen weet denk vind zeg zegt ik jij je hij zij ze wij we jullie mij mijn jouw zijn haar ons onze hun \
         niet geen niets iets alles veel meer minder heel goed fout slecht al nog ook maar eens nu vandaag morgen \
         gisteren dan daarna altijd nooit hier daar met zonder van naar bij op uit in aan om over onder voor tegen \
         ja nee dank bedankt alsjeblieft hallo dag oke dus som vraag antwoord getal helft derde kwart rekenen school \
         juf meester huiswerk broer zus vriend vrienden huis boek woord lezen schrijven spelen hulp helpen snap keer",
    ),
    (
        "pl",
        "i w z na do nie to jest sa byl byla bylo jestem jestes ja ty on ona ono my wy oni mnie mi ciebie ci mu jej nam \
         ich moj moja moje twoj twoja jego nasz ten ta te tego tej tym co kto gdzie kiedy dlaczego czemu jak ile ktory \
         ktora czy ale bo ze zeby gdy jesli albo lub tez takze juz jeszcze tylko bardzo duzo wiecej mniej dobrze zle \
         tak prosze dziekuje czesc dzien dobry teraz dzisiaj dzis jutro wczoraj potem zawsze nigdy nic cos wszystko mam \
         masz ma mamy maja mam moge mozesz moze chce chcesz musze musisz wiem wiesz mysle robie robi zrobic powiedz \
         pytanie odpowiedz liczba polowa razy szkola szkole pani lekcje zadanie brat siostra mama tata kolega ksiazka \
         slowo czytac pisac pomoc rozumiem dla od po przez pod nad przed za",
    ),
    (
        "tr",
        "bir ve bu su o ben sen biz siz onlar bana sana ona bize benim senin onun bizim ne kim nerede nasil neden nicin \
         niye kac hangi mi mu var yok degil evet hayir tamam merhaba selam tesekkurler tesekkur ederim lutfen iyi guzel \
         kotu cok az daha en ama fakat cunku eger ile icin gibi kadar sonra once simdi bugun yarin dun her hic sey \
         sorusu soru cevap sayi yarisi carpi arti eksi esittir okul odev ogretmen ogretmenim kardesim annem babam \
         arkadasim ev kitap kelime oku yaz biliyorum bilmiyorum istiyorum anladim anlamadim yapiyorum dogru yanlis eder \
         oldu olur hadi bakalim peki kolay zor",
    ),
    (
        "ro",
        "si sau dar pentru ca ce cine cand unde cum cat cate cati este sunt era eram esti suntem am ai are avem au fac faci \
         face pot poti poate vreau vrei stiu stii cred zic zice hai eu tu el ea noi voi ei ele mie tie imi iti isi meu \
         mea mei tau ta lui nostru nu da deci atunci si mai mult multa foarte bine rau asta acest acesta aceasta aici \
         acolo acum azi astazi maine ieri apoi dupa inainte mereu niciodata nimic ceva tot toata toti alta alt multumesc \
         buna salut raspuns intrebare numar jumatate ori scoala tema doamna frate sora mama tata prieten casa carte \
         cuvant citesc scriu ajutor ajuta inteleg cu fara de la in din pe sub peste prin un o niste",
    ),
    (
        "sv",
        "och ett en det den att ar var jag du han hon vi ni de mig dig honom henne oss dem min mitt mina din ditt dina sin \
         som pa av for med till fran om inte ingen inget nagot allt mycket mer mindre bra daligt ratt fel hur vad vem var \
         nar varfor vilken vilket manga kan kunde ska skulle vill maste har hade gor gora vet tror tycker sager ja nej \
         tack hej nu idag imorgon igar sen alltid aldrig har dar ocksa bara men eller eftersom fraga svar tal halften \
         ganger skola laxa froken bror syster mamma pappa kompis hus bok ord lasa skriva hjalp forstar lika",
    ),
    (
        "da",
        "og et en det den at er var jeg du han hun vi i de mig dig ham hende os dem min mit mine din dit dine som pa af for \
         med til fra om ikke ingen intet noget alt meget mere mindre godt darligt rigtigt forkert hvordan hvad hvem hvor \
         hvornar hvorfor hvilken mange kan kunne skal skulle vil ma har havde gor gore ved tror synes siger ja nej tak \
         hej nu idag imorgen igar sa altid aldrig her der ogsa kun men eller fordi sporgsmal svar tal halvdelen gange \
         skole lektier laerer bror soster mor far ven hus bog ord laese skrive hjaelp forstar lig",
    ),
    (
        "no",
        "og et en det den at er var jeg du han hun vi dere de meg deg ham henne oss dem min mitt mine din ditt dine som pa \
         av for med til fra om ikke ingen noe alt mye mer mindre bra darlig riktig feil hvordan hva hvem hvor nar hvorfor \
         hvilken mange kan kunne skal skulle vil ma har hadde gjor gjore vet tror synes sier ja nei takk hei na idag \
         imorgen igar sa alltid aldri her der ogsa bare men eller fordi sporsmal svar tall halvparten ganger skole lekser \
         laerer bror soster mamma pappa venn hus bok ord lese skrive hjelp forstar lik",
    ),
    (
        "cs",
        "a i v z na do ne to je jsou byl byla bylo jsem jsi ja ty on ona ono my vy oni me mi tebe ti mu ji nam jejich muj \
         moje tvuj tvoje jeho nas ten ta co kdo kde kdy proc jak kolik ktery ktera ale protoze ze aby kdyz nebo take uz \
         jeste jen velmi hodne vic mene dobre spatne ano prosim dekuji ahoj dobry den ted dnes zitra vcera potom vzdy \
         nikdy nic neco vsechno mam mas ma mame muzu muzes muze chci chces musim vim vis myslim delam udelat otazka \
         odpoved cislo polovina krat skola skole ukol bratr sestra mama tata kamarad kniha slovo cist psat pomoc rozumim \
         pro od po pres pod nad pred za se si",
    ),
    (
        "hu",
        "a az egy es vagy de mert hogy ha mi mit ki kit hol mikor miert hogyan mennyi hany melyik van vannak volt vagyok \
         vagy en te o mi ti ok engem teged ot minket nekem neked neki nem igen jo rossz helyes nagyon sok tobb keves is \
         meg mar csak most ma holnap tegnap akkor mindig soha itt ott ez az kell tudom tudod akarok szeretnek gondolom \
         kerem koszonom szia hello kerdes valasz szam fele szor iskola hazi tanar bator nover anya apa barat haz konyv szo \
         olvas ir segitseg ertem nincs lesz leszek",
    ),
    (
        "fi",
        "ja tai mutta koska etta jos mika mita kuka missa milloin miksi miten kuinka monta on ovat oli olen olet olemme \
         mina sina han me te he minua sinua minulla sinulla minun sinun hanen ei en et joo kylla hyva huono oikein vaarin \
         hyvin paljon enemman vahemman myos viela jo vain nyt tanaan huomenna eilen sitten aina ei koskaan taalla tuolla \
         tama se nama ne pitaa voin voit haluan tiedan ajattelen kiitos hei moi kysymys vastaus luku puolet kertaa koulu \
         laksyt opettaja veli sisko aiti isa kaveri talo kirja sana lukea kirjoittaa apua ymmarran",
    ),
    (
        "id",
        "yang dan di ke dari ini itu adalah ada tidak bukan saya aku kamu dia kita kami mereka apa siapa mana kapan kenapa \
         bagaimana berapa karena tapi atau kalau jika untuk dengan pada sudah belum masih akan bisa harus mau ingin tahu \
         ya oke terima kasih halo selamat pagi baik bagus benar salah sekali banyak lebih kurang juga lagi saja sekarang \
         hari besok kemarin nanti selalu semua pertanyaan jawaban angka setengah kali tambah sekolah guru pekerjaan rumah \
         kakak adik ibu ayah teman buku kata baca tulis bantu mengerti sama dong nih jadi",
    ),
    (
        "vi",
        "khong cua nhung nguoi duoc biet voi trong tren cung nhieu muon nghi chung bao gio cam roi hieu cau hoi tra loi \
         truong thay giao phan toi ban lam vay nay",
    ),
    (
        "tl",
        "ang ng sa mga ay na at o pero kasi dahil kung ano sino saan kailan bakit paano ilan alin ako ikaw ka siya kami tayo \
         kayo sila ko mo niya namin natin nila akin iyo hindi wala mayroon meron oo opo po salamat kumusta mabuti tama mali \
         marami lang din rin pa naman ito iyan iyon dito doon ngayon bukas kahapon gusto alam kailangan tanong sagot numero \
         kalahati eskwela guro takdang aralin kuya ate nanay tatay bahay aklat basahin tulong naiintindihan",
    ),
    (
        "sw",
        "na ya wa kwa ni si hii hiyo huyo yule hapa pale mimi wewe yeye sisi ninyi wao yangu yako yake yetu nini nani wapi \
         lini kwa nini vipi ngapi gani lakini au kwamba kama hapana ndiyo ndio asante habari jambo karibu nzuri vizuri sawa \
         sana zaidi kidogo pia bado tu sasa leo kesho jana kila kitu nina tuna wana naweza unaweza nataka unataka \
         najua unajua sijui swali jibu namba nusu mara shule mwalimu kaka dada mama baba rafiki nyumba kitabu neno soma \
         andika msaada naelewa sielewi",
    ),
    (
        "ca",
        "el la els les un una i o pero perque que qui quan on com quant quants quantes es son era soc ets som estic hi ha \
         tinc tens te tenim faig fas fa puc pots pot vull vols vol se saps crec dic diu anem vaig va veure mira llavors \
         tambe molt molta molts mes menys be malament meu meva teu teva seu seva nosaltres jo ell ella em et amb sense per \
         del dels al als en aquest aquesta aixo aqui alla ara avui dema ahir despres abans sempre mai res tot gracies hola \
         adeu resposta meitat escola deures germa germana pare mare amic llibre paraula llegir escriure ajuda si us plau",
    ),
    (
        "hr",
        "i u na je su sam si smo ste bio bila bilo ja ti on ona ono mi vi oni mene tebe njega moj moja moje tvoj tvoja njegov \
         sto tko gdje kada zasto kako koliko koji koja ali jer da ako ili takoder vec jos samo jako puno vise manje dobro \
         lose ne molim hvala bok zdravo sada danas sutra jucer onda uvijek nikad nista nesto sve imam imas ima mogu mozes \
         moze hocu zelim moram znam znas mislim radim pitanje odgovor broj polovina puta skola skoli zadaca uciteljica brat \
         sestra mama tata prijatelj knjiga rijec citati pisati pomoc razumijem za od po sa kroz ispod iznad prije",
    ),
];

/// Letters of one language alone among those of [`WORDS`], or nearly so. Each occurrence counts as half a word.
pub(super) const LETTERS: &[(&str, &str)] = &[
    ("es", "ñ¿¡"),
    ("de", "ß"),
    ("pt", "ãõ"),
    ("fr", "œ"),
    ("pl", "łąęśźżćń"),
    ("tr", "ğışİ"),
    ("ro", "ățţ"),
    ("cs", "řěů"),
    ("hu", "őű"),
    ("vi", "ơưạảấầẩẫậắằẳẵặẹẻẽếềểễệịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđ"),
    ("hr", "đ"),
];

/// Words that are the same in so many languages, or said so often in all of them, that they tell nothing: names of
/// numbers too, because a child counts in the language of the lesson.
pub(super) const NEUTRAL: &str = "hi no non si ja okay ok oh ah um uh hm hmm eh ha haha mm mhm wow hey ciao hola adios bonjour \
     uno due tre quattro cinque sei sette otto nove dieci dos tres cuatro cinco seis siete ocho nueve diez once doce \
     eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf un deux trois quatre cinq six sept huit neuf dix \
     one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen \
     eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand zero half quarter third thirds fourths fifth fifths sixths eighths tenths twelfths mama papa pizza ana and \
     a b c d e f g h i j k l m n o p q r s t u v w x y z";
