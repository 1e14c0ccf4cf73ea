//! Words of three languages by what they are about, so that what is learned of one word holds for its neighbours.
//!
//! Words are folded: lower-case, without accents. `hit` is one word, `slap*` all that begin so.

/// Name and words of each concept.
pub(super) const CONCEPTS: [(&str, &str); 73] = [
    (
        "adult",
        "dad* father papa pap papi papas papis pa pops mom moms mommy mum mums mummy mama mami mamas mother \
         ma stepd* stepm* stepf* grandp* grandad granddad grandf* grandm* granny nana nan gran uncle* aunt* \
         parent* guardian foster* boyfriend* padre* madre padrastro madrastra abuel* tio tia tios vater \
         mutter stief* opa oma onkel tante eltern grossv* grossm* novio freund lebensg* carer nanny \
         babysitter ninera",
    ),
    (
        "staff",
        "teacher* coach* neighbo* tutor pastor priest principal trainer* instructor doctor leader janitor \
         driver imam minder nurse profe* maestr* entrenador* vecin* cura pfarrer lehrer* nachbar* betreuer* \
         erzieher* landlord sir miss mister hausmeister priester conserje chofer",
    ),
    (
        "sib",
        "brother* sister* stepbro* stepsis* bro sis cousin* sibling* herman* primo* prima bruder* schwester* \
         geschwister twin kleinen",
    ),
    ("baby", "baby babies bebe toddler"),
    (
        "peer",
        "kids kid boys boy girls girl classmat* bully bullies students guys pupils group gang teens ninos \
         ninas chicos chicas companer* amigas jungs madchen mitschul* klasse grossen anderen junge older \
         bigger seniors grandes sexto grader graders others everyone everybody todos alle",
    ),
    ("he", "he she him his er sie ihn ihm el ella"),
    ("they", "they them their ellos ellas die"),
    ("someone", "someone somebody alguien jemand einer wer uno"),
    (
        "stranger",
        "man men guy stranger* grownup* adult* dude lady woman person weirdo creep hombre senor senora \
         desconocid* extrano tipo chavo muchacho mann typ fremde* frau erwachsene* dudes",
    ),
    ("me", "me us my mine our mir mich uns mein* nos mi mis conmigo unser*"),
    ("i", "i ich yo"),
    ("self", "myself mismo misma selbst selber himself herself"),
    (
        "hit",
        "hit hits hitting slap* punch* kick* smack* whip* spank* chok* strangl* beat beats beaten beating \
         hurt hurts hurting harm* abus* attack* whack* thump* belt belts shove* push* shak* throw* threw \
         drag* yank* pinch* pega pegan pego pegar* pegando golpe* maltrat* pate* lastim* azot* cachet* \
         abofet* ahorc* estrang* jala jalo jalone* zarande* empuj* avient* avento tira tiro schlag* schlug* \
         geschlag* haut hauen gehauen prugel* verprug* verhau* tritt treten getreten boxt geboxt ohrfeig* \
         wurg* misshand* schubs* schmeiss* wirft werfen twist* bofetad* chancla* cinturon* gurtel kneif* \
         zerr* zieht klatsch* gekl* knall* slam* grab* squeez* burn* quem* verbrenn* belted spoon cuchara \
         kochloffel cable kabel hanger",
    ),
    (
        "touch",
        "touch* rub rubs rubbed rubbing grop* fondl* toca* toco mano* acaric* fass* angefass* anfass* beruhr* \
         streich* kiss* besa* beso* kuss* tickle* lick* cosquill* undress* nackt naked nude* desnud* encuer* \
         auszieh* ausgezog* strip",
    ),
    (
        "priv",
        "private* underwear pants panties butt bottom chest penis vagina crotch trousers shower bath naked \
         intim* partes calzon* ropa bano ducha pecho nalg* hose unterhose po brust schlafanzug dusche duschen \
         below pajama* pijama bra swimsuit bikini thing unten abajo boobs",
    ),
    (
        "body",
        "arm* leg legs wrist* head face back neck throat hair skin stomach tummy belly ear ears finger* hand \
         hands lip eye eyes tooth teeth brazo* pierna* muneca* cabeza cara espalda cuello garganta pelo piel \
         barriga panza oreja* dedo* mano manos ojo ojos muela beine bein kopf gesicht rucken hals haare haut \
         bauch ohr* zahn* auge augen handgelenk*",
    ),
    (
        "mark",
        "bruis* mark marks scar scars blood* bleed* cut cuts sore swollen moreton* moraton* marca marcas \
         cicatri* sangr* corte cortes herida* blaue flecken fleck narbe* blut* schnitt* wunde* black limp \
         purple sleeves armel manga mangas",
    ),
    (
        "cut",
        "cut cuts cutting razor* blade* scratch* carve* slice* cort* navaja cuchilla rasg* ritz* schneid* \
         geschnitt* kratz* rasier* klinge scissors tijeras schere pencil",
    ),
    (
        "die",
        "die dies died dying dead death kill* suicid* murder* unalive* hang* end ending muer* morir* matar* \
         mato maten mata ahorcarme sterb* gestorb* tot tod umbring* umzubring* bring* umgebracht selbstmord* \
         tote* overdos*",
    ),
    (
        "live",
        "live living alive exist* born life vivir viva vida nacido nacer leben lebe lebend* geboren welt \
         world mundo here aqui da weg gone",
    ),
    (
        "wish",
        "want wants wanted wish* gonna going rather better quiero quisiera ojala gustaria ganas prefier* \
         mejor will wollte mochte wunsch* ware lieber besser hatte plan deserve* merezco verdien*",
    ),
    (
        "point",
        "point sense reason worth sentido sinn pena vale trying anymore mas mehr tired harta harto cansad* \
         mude satt",
    ),
    (
        "vanish",
        "disappear* vanish* invisible wake asleep sleep forever despert* desaparec* dormir* aufwach* \
         verschwind* einschlaf* immer siempre never nunca nie window bridge roof train jump* techo puente \
         ventana tren tirarme saltar dach brucke fenster zug spring*",
    ),
    ("nobody", "nobody nadie niemand keiner keinen kein nothing nada nichts nix never none"),
    ("not", "not no dont cant doesnt didnt wont nicht nie nunca sin ohne isnt"),
    (
        "pill",
        "pill* tablet* med meds pastill* medic* pildor* medikament* bleach cleaner cloro lejia putzmittel \
         poison veneno gift batter* pila",
    ),
    (
        "food",
        "food eat eats ate eaten eating hungry hunger starv* breakfast lunch dinner fridge cereal bread \
         noodle* cook* meal* com* hambre desayun* almuerzo cen* nevera refri* cocin* pan essen iss isst \
         gegess* hungrig fruhstuck abendessen mittag* kuhlschrank koch* brot milk leche milch crackers \
         ketchup trash basura mull rice arroz",
    ),
    (
        "home",
        "home house room apartment flat casa cuarto depa piso haus hause zuhause zimmer wohnung door puerta \
         tur bed cama bett closet armario schrank basement keller sotano car coche carro auto street calle \
         strasse",
    ),
    (
        "alone",
        "alone myself solo sola solos solas allein alleine left leave* dej* lass* gelass* abandon* forgot \
         forget* olvid* vergess* locked lock locks encierr* encerr* sperr* eingesperr* einsperr* lookafter",
    ),
    (
        "care",
        "care cares takes take cuid* import* kumm* egal wash* lav* wasch* doctor dentist* medico zahnarzt \
         arzt glasses",
    ),
    (
        "drunk",
        "drunk drink* drank beer alcohol vodka high drugs drug stoned weed bottle* borrach* tom* bebe bebid* \
         cerveza drog* betrunken trink* bier flasche* schnaps wine vino wein needle* passed sofa couch",
    ),
    (
        "cold",
        "heat* water light lights power agua luz calef* electric* strom wasser heiz* kalt frio cold dark \
         smell* stink* apest* dirty suci* dreck* clothes same misma ropa selben dieselb* sachen bugs rats \
         lice piojos lause shoes zapatos schuhe coat",
    ),
    (
        "day",
        "day days week weeks night nights since friday sunday tuesday monday wednesday thursday saturday \
         month* dia dias seman* noche noches desde tag tage tagen woche* nacht nachts seit abend",
    ),
    (
        "tease",
        "laugh* teas* mock* bull* call* names fun pick* rie* burl* molest* dicen acos* apod* insult* meten \
         lach* argern mobb* hansel* nenn* beleidig* auslach* spit* escup* spuck* trip trips mean whisper* \
         hate hates odian gordo gorda feo fea fat ugly loser stink* fett* hassl* dick dumm freak disgust* \
         asc* eklig",
    ),
    (
        "exclude",
        "alone ignor* exclud* nobody sit sits friends amigos freunde freund ausgeschloss* invit* group chat \
         grupo gruppe",
    ),
    (
        "school",
        "school class recess bus playground hallway locker* gym lunchroom pe escuela cole colegio clase \
         recreo patio camion salida schule pausen pause klasse schulhof umkleide changing bathroom toilet* \
         klo bano",
    ),
    (
        "steal",
        "steal* stole took takes take taking quita* quito rob* klau* nehm* nimmt weg* money dinero geld lunch \
         backpack mochila rucksack",
    ),
    (
        "online",
        "online internet roblox discord snap* insta* tiktok fortnite whatsapp xbox chat* facebook app \
         minecraft game vr juego linea videollamada redes spiel netz netfreund* video camera camara kamera \
         webcam text* message* dms dming escrib* mensaj* schreib* nachricht*",
    ),
    (
        "pic",
        "pic pics picture* photo* selfie* video* foto* bild* imagen* nude* send sent sends mand* envi* \
         schick* show shows showed ense* zeig*",
    ),
    (
        "secret",
        "secret* tell tells telling told promise* hide delete* cuent* cont* diga digas borr* geheim* erzahl* \
         sagen verrat* versprech* losch* versteck* escond* ocult* private",
    ),
    (
        "meet",
        "meet met meeting pick come comes see visit ver verme vernos veamos conocer recog* treff* abhol* \
         besuch* komm* park parque mall",
    ),
    (
        "gift",
        "gift* gives gave buys bought money robux bucks vbucks candy phone present* regal* compr* dinero \
         dulces celular pavos schenk* geschenk* kauf* geld handy sussigk*",
    ),
    (
        "age",
        "old older years thirty forty fifty twenty nineteen eighteen anos treinta cuarenta veinte mayor jahre \
         alt alter dreissig vierzig zwanzig erwachsen grown seventeen sixteen",
    ),
    (
        "love",
        "love* pretty beautiful sexy girlfriend boyfriend special mature cute kiss* bonita linda guapa novia \
         novio especial amor besos hubsch schon suss freundin liebt besonder* reif hearts hug* abraz*",
    ),
    (
        "weapon",
        "gun* knife knives pistol* rifle weapon* bomb* machete shoot* cuchillo arma* navaja escopeta messer \
         waffe* gewehr dispar* schiess* axe",
    ),
    ("fire", "fire smoke gas burning flames fuego humo quem* incend* feuer rauch brenn*"),
    (
        "help",
        "help ayuda hilfe police policia polizei ambulance ambulancia krankenwagen emergency please porfavor \
         bitte 911 112",
    ),
    (
        "collapse",
        "breath* faint* collaps* unconsc* seizure* moving wake fell respira* despiert* desmay* mueve convuls* \
         atmet bewegt ohnmacht* umgefall* aufgewacht wacht contest* answer* antwort* fits",
    ),
    (
        "follow",
        "follow* chas* stalk* sig* persig* verfolg* hinterher outside window waiting watch* afuera fuera \
         draussen wart* grab* llev* mitnehm*",
    ),
    (
        "lost",
        "lost perdid* verlauf* verirrt ran run runaway escap* huir weggelauf* abgehau* abhau* station \
         estacion bahnhof stuck trapped atrap* steck*",
    ),
    ("scared", "scared afraid fear* frighten* terrif* miedo asust* angst safe seguro sicher hid*"),
    ("threat", "threat* said says amenaz* droh* hurt if cuando si wenn"),
    (
        "play",
        "game games play* minecraft fortnite mario chess cards soccer football basketball tag level juego* \
         jug* futbol ajedrez cartas partido gana* spiel* gespielt schach karten fussball tor training karate \
         judo trampoline dodgeball score team win won boss controller",
    ),
    (
        "story",
        "story stories book* movie film character* chapter poem history wolf king princess dragon cuento* \
         libro* pelicula* historia personaje* lobo rey geschichte* buch figur* marchen konig drache* titanic \
         war guerra krieg romans news video comic hero villain song cancion lied documentary museum theater \
         play lesson class essay report paragraph quiz",
    ),
    (
        "joke",
        "joke* funny haha* lol kidding laugh* chiste* broma* jaja* risa* witz* spass lustig* hihi surprise \
         sorpresa uberrasch* birthday cumple* geburtstag party fiesta christmas navidad weihnachten prank",
    ),
    (
        "accident",
        "accident* slip* fell bike scooter skate* cai bici patin* hingefall* gestolp* fahrrad roller versehen \
         queriendo",
    ),
    (
        "math",
        "fraction* decimal* divis* math* homework problem number* page* question* test exam answer triangle \
         square fraccion* mate* tarea problema numero pagina pregunta examen bruch* hausauf* aufgabe* zahl* \
         seite* frage* arbeit diktat spelling multiply times",
    ),
    (
        "pet",
        "dog cat hamster puppy kitten fish bird horse rabbit perro gato pez pajaro caballo hund katze fisch \
         vogel pferd cake pizza cow",
    ),
    (
        "sport",
        "soccer football basketball hockey tennis baseball rugby golf cricket volleyball handball swim* gym* \
         karate judo boxing taekwondo wrestl* luchitas luchas dodgeb* kickball goal goals goalkeeper goalie \
         referee coach practice training team match tournament race marathon laps helmet skate* ski skiing \
         sled* surf* bike bici bicicleta fahrrad scooter patinet* trampolin* swing columpio schaukel* slide \
         klettergerust monkey futbol balon pelota pelotazo gol portero porteria arbitro partido equipo \
         carrera vueltas entrenamiento natacion fussball tor ball torwart schiedsrichter mannschaft turnier \
         rennen schwimm* turnen verein dance ballet baile tanz* cheer foam sword espada schwert",
    ),
    (
        "treat",
        "cake cookie* candy chocolate icecream cream pizza taco* pancake* donut* popcorn cotton marshmallow* \
         brownie* pie cupcake* sweets snack nutella pastel galleta* dulces helado palomitas tortilla* salsa \
         churro* keks* kuchen eis schokolade susses gummib* waffel* pfannkuchen brotchen spinach broccoli \
         vegetables peas spinat sprouts espinaca* verdura* soup sopa suppe eggs eier huevos dough teig masa \
         meringue schaum sahne recipe receta rezept bake* baking backen horn* toast spaghetti lasagne burger \
         fries",
    ),
    (
        "animal",
        "dog dogs puppy cat cats kitten hamster rabbit bunny horse pony fish bird birds parrot turtle spider \
         snake squirrel raccoon bear lion* tiger wolf* shark* worm* bee bees duck* chicken cow pig goat dino* \
         dragon* monster* ghost* vampire* perro perrito gato gatito conejo caballo pez pajaro loro tortuga \
         arana vibora oso leon lobo tiburon gusano* abeja* pato* gallina vaca zombi* fantasma* monstruo* hund \
         hunde katze hase kaninchen pferd fisch vogel papagei spinne schlange bar lowe hai wurm biene* ente* \
         huhn kuh geist* gespenst* mouse maus raton",
    ),
    (
        "festive",
        "birthday party halloween christmas easter holiday* vacation trip camp camping tent beach zoo fair \
         circus karaoke contest parade wedding picnic sleepover tooth fairy santa pinata cumpleanos fiesta \
         navidad vacaciones viaje campamento playa feria circo concurso boda quinceanera reyes geburtstag* \
         weihnacht* ostern ferien urlaub ausflug zelt* strand kirmes zirkus hochzeit fasching zahnfee \
         klassenfahrt museum surprise sorpresa uberraschung* adventskalender reise disney",
    ),
    (
        "media",
        "book books story movie film* video game episode cartoon anime comic play theater character chapter \
         poem song pokemon mario zelda minecraft creeper lava fortnite roblox level boss potter hansel gretel \
         romeo juliet cinderella wizard witch king queen princess prince hero villain libro cuento pelicula \
         caricatura obra personaje capitulo poema cancion bruja rey reina princesa principe heroe villano \
         jefe videojuego juego buch geschichte marchen figur kapitel gedicht lied hexe konig konigin prinz \
         prinzessin pirat* held bose* endgegner spiel fangspiel brettspiel theaterstuck controller youtube \
         series serie folge",
    ),
    (
        "history",
        "war wars soldier* army battle century roman romans greek* egypt* pharaoh vikings titanic pompeii \
         volcano bomb* nineteen civil slavery slaves dinosaur* plague columbus aztec* conquistador* moctezuma \
         revolucion independencia guerra soldado* batalla siglo volcan historia imperio krieg soldat* \
         schlacht jahrhundert ritter romer vulkan pest mauer mittelalter geschichte history timeline project \
         proyecto projekt summary resumen referat report essay paragraph article quiz word vocabulary \
         sentence",
    ),
    (
        "drill",
        "drill lockdown fire practice poster assembly learned learnt taught lesson health police officer \
         firefighter* simulacro bomberos aprendimos vimos taller charla policia probe ubung feueralarm \
         feuerwehr gelernt plakat stranger danger firetruck",
    ),
    (
        "fun",
        "fun funny haha hahaha hehe lol laugh* joke* giggl* silly hilarious cool awesome proud yay cute love \
         nice favorite best super happy jaja jajaja divertid* chistos* gracios* risa rio reimos broma feliz \
         genial padre chido bonito lustig* spass hihi lach* gelacht witzig toll schon stolz glucklich quatsch",
    ),
    (
        "mild",
        "grounded screen tablet ipad phone tv dessert bedtime chores dishes clean room tidy homework \
         handyverbot hausarrest fernsehverbot castig* tele celular platos cuarto recoger aufraum* zimmer \
         spulen zahne brush* vitamin* detention late allowance",
    ),
    (
        "craft",
        "paint* draw* crayon* glue scissors paper lego clay costume mask hair haircut braid* brush* nails \
         pintar dibuj* pegamento tijeras papel plastilina disfraz mascara pelo peine trenza* mal* bast* kleb* \
         schere papier kostum maske frisur kamm* zopf* knit* sew* guitar piano drum* trumpet violin flute \
         guitarra tambor flauta gitarre klavier trommel trompete flote",
    ),
    (
        "nature",
        "tree trees garden plant* flower* rain snow storm sun mountain river lake island planet* space rocket \
         volcano earthquake hurricane arbol jardin flor* lluvia nieve tormenta montana rio lago temblor baum \
         garten pflanze* blume* regen schnee gewitter berg fluss see schneeball* pfutze",
    ),
    (
        "idiom",
        "killing dying kill die died dead death murder hungry starving bored boredom embarrass* starve \
         million thousand horse aburr* cansancio risa verguenza hambre langeweile lachen hunger kaputt boden \
         totgelacht shock traffic",
    ),
    (
        "serious",
        "really serious seriously please secret nobody hurts scared cry cried crying lloro llorar llora wein* \
         geweint bleib* pain worst serio verdad dont tell",
    ),
    ("whenhe", "when whenever cuando si if wenn"),
    ("dev", "because cause porque weil"),
];
