//! How children tell of harm in English. Contractions are already split: "don't" is `do not`, "my self" is `myself`.

mod hurt;
mod need;
mod strangers;

use super::pattern::Source;

pub(super) const ENGLISH: Source = Source {
    classes: CLASSES,
    excuses: EXCUSES,
    rules: &[need::RULES, hurt::RULES, strangers::RULES],
    frequent: "i me my you he she it we they a an the to and or is am are was of in on at for with do does did not have \
               has had will going so that this if like just really from up down out all be been want because when",
};

const CLASSES: &[(&str, &str)] = &[
    ("NOT", "not never nobody none no without neither nothing"),
    ("BE", "am is are was were be been being"),
    ("HAVE", "have has had got gets get getting"),
    (
        "ADULT",
        "dad daddy father papa pa pops mom mommy mum mummy mama mother ma stepdad stepmom stepmum stepfather stepmother \
         grandpa grandad granddad grandfather grandma granny grandmother nana nan gran nanny uncle aunt auntie aunty \
         parents parent guardian foster boyfriend girlfriend husband carer godfather godmother",
    ),
    (
        "STAFF",
        "teacher coach babysitter sitter neighbor neighbour tutor pastor priest principal trainer instructor doctor \
         leader janitor driver imam rabbi vicar minder nurse headmaster",
    ),
    ("SIBLING", "brother sister stepbrother stepsister bro sis cousin cousins brothers sisters nephew"),
    ("SINGLE", "he she someone somebody anyone"),
    (
        "PEERS",
        "they kids kid boys boy girls girl classmates classmate everyone people bully bullies students student others \
         friends lads guys pupils group team gang children",
    ),
    ("STRANGER", "man men guy stranger strangers grownup adult dude lady woman person someone somebody weirdo creep"),
    ("OLDER", "old older grown adult creepy strange weird unknown random thirty forty fifty grownup"),
    (
        "ONLINE",
        "online internet roblox discord snapchat snap instagram insta tiktok fortnite whatsapp xbox playstation chat \
         chatroom facebook messenger telegram app website youtube minecraft twitch omegle kik vr gorilla",
    ),
    (
        "WHO",
        "dad daddy father papa pa pops mom mommy mum mummy mama mother ma stepdad stepmom stepmum stepfather stepmother \
         grandpa grandad granddad grandfather grandma granny grandmother nana nan gran nanny uncle aunt auntie aunty \
         parents parent guardian foster boyfriend girlfriend husband carer teacher coach babysitter sitter neighbor \
         neighbour tutor pastor priest principal trainer instructor doctor leader driver brother sister stepbrother \
         stepsister bro sis cousin cousins brothers sisters he she someone somebody they kids kid boys boy girls girl \
         classmates classmate everyone people bully bullies students student others man men guy stranger lady woman \
         person godfather minder lads family friend friends who",
    ),
    (
        "ADV",
        "always sometimes really often just keeps keep kept is was are were has have had been being will would going to \
         used started starts start likes like liked loves tries tried trying still usually even then also gets get got \
         drunk mad angry cross upset when who that he she they both comes home and me us all the time so hard every day \
         days night nights week does did can could might only again definitely totally actually literally kind of sort \
         over twice once now at in my our his her school class bus year grade house here about never stops stop wo",
    ),
    ("ME", "me us"),
    (
        "MYFAM",
        "mom mommy mum mummy mama mother dad daddy father sister brother sisters brothers grandma granny baby family",
    ),
    (
        "HIT",
        "hit hits hitting slap slaps slapped slapping punch punches punched punching kick kicks kicked kicking smack \
         smacks smacked smacking whip whips whipped whipping spank spanks spanked spanking choke chokes choked choking \
         strangle strangles strangled strangling hurt hurts hurting harm harms harmed harming abuse abuses abused \
         abusing attack attacks attacked attacking whack whacks whacked thump thumps thumped burn burns burned burnt \
         burning stab stabs stabbed stabbing drag drags dragged dragging strike strikes struck beating belts wallop \
         clobber batter batters battered tortures torture suffocate suffocates bashes bash bashed headbutts",
    ),
    ("PUSH", "push pushes pushed pushing shove shoves shoved shoving trip trips tripped tripping"),
    ("BEAT", "beat beats beaten beating"),
    (
        "TEASE",
        "tease teases teased teasing mock mocks mocked mocking bully bullies bullied bullying insult insults insulted \
         insulting ignore ignores ignoring exclude excludes excluded humiliate humiliates harass harasses harassed \
         harassing torment torments threaten threatens threatened threatening hate hates taunt taunts",
    ),
    (
        "TOUCH",
        "touch touches touched touching rub rubs rubbed rubbing grope gropes groped fondle fondles feels grabs grabbed",
    ),
    (
        "PRIVATES",
        "privates private penis vagina willy bum bottom butt boobs boob breasts breast crotch pee wee dick genitals \
         panties knickers underwear underpants bra bits nipples chest",
    ),
    ("CLOTHES", "clothes shirt top pants trousers underwear dress bra knickers skirt pajamas pyjamas shorts undies"),
    ("NAKED", "naked nude nudes undressed unclothed topless"),
    ("PICS", "picture pictures photo photos pic pics selfie selfies nude nudes video videos image images"),
    ("SCARED", "scared afraid frightened terrified fear"),
    (
        "WANT",
        "want wants wanted wish wished hope need feel rather going think thinking thought gonna decided planning plan",
    ),
    (
        "BODY",
        "arm arms hand hands leg legs head face back finger fingers nose ear ears neck stomach belly foot feet wrist body tooth teeth mouth eye lip jaw ribs thigh thighs",
    ),
    (
        "BREAK",
        "break breaks broke breaking twist twists twisted twisting burn burns burned burnt bend bends bent crush crushed hit hits punch punched punches slap slapped slaps kick kicked kicks pinch pinches pinched smack smacked smacks bite bites bit squeeze squeezes squeezed scratch scratches scratched stomp stomped bang bangs banged smash smashes smashed slam slams slammed",
    ),
    (
        "HARD",
        "sad stressed angry mad upset bad lonely depressed alone hate scared numb guilty worthless anxious hurt pain",
    ),
    ("HERSELF", "herself himself themself themselves theirself"),
    ("LIMB", "arm arms wrist wrists leg legs thigh thighs skin veins stomach"),
    ("PILLS", "pills pill tablets tablet medicine medicines meds paracetamol tylenol"),
    ("KILL", "kill kills killing killed murder murders murdered unalive unalived unaliving"),
    ("SELF", "myself"),
    ("CUT", "cut cuts cutting"),
    (
        "SELFHURT",
        "hurt hurting harm harming cut cutting burn burning hit hitting punch punching scratch scratching bite biting starve starving punish punishing choke choking",
    ),
    ("DAYS", "days day nights weeks week hours"),
    ("WEAPON", "gun pistol rifle knife weapon machete shotgun guns knives"),
    ("DRUGS", "drugs drug weed vape vapes cocaine pills vodka alcohol beer cigarettes meth heroin wine whiskey joint"),
    ("SAY", "says say said saying tells tell told telling threatens threatened threatening yells"),
    ("TELL", "tell telling told say"),
    ("ANYONE", "anyone anybody mom mum mommy mummy dad parents teacher family police mother father"),
    ("CALL", "call calls called calling"),
    (
        "NAMES",
        "waste names stupid fat ugly dumb idiot loser weird gay retard retarded pig freak worthless useless lazy nerd fatty \
         monkey trash garbage disgusting pathetic smelly slow weirdo crybaby baby bitch slut whore mistake failure dirty \
         terrorist skinny thick moron mean horrible bad nasty faggot",
    ),
    ("SEND", "send sends sent sending show shows showing give gives share"),
    (
        "ASK",
        "ask asks asked asking want wants wanted wanting tell tells told telling begs begged make makes made pressures",
    ),
    ("CAR", "car van truck house home apartment hotel room place flat"),
    (
        "MESSAGE",
        "message messages messaging messaged text texts texting texted dm dms dming call calling calls write writes writing contact contacts contacting",
    ),
    ("FOLLOW", "follow follows followed following stalk stalks stalking"),
    (
        "RELATIVE_ILL",
        "mom mum mommy mummy dad daddy grandma granny nana nan grandpa grandad gran mother father brother sister baby he she uncle aunt",
    ),
    ("SCHOOL", "school class recess break lunch bus playground corridor hallway"),
    (
        "STUFF",
        "lunch money bag backpack phone stuff things shoes lunchbox hat glasses jacket coat homework pencilcase food",
    ),
    ("TAKE", "take takes took taking steal steals stole stealing stolen"),
    (
        "DIGITS",
        "# one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty thirty forty fifty sixty seventy eighty ninety number",
    ),
    ("SIBOBJECT", "at in by to against on"),
];

const EXCUSES: &[(&str, &[&str])] = &[
    (
        "play",
        &[
            "game|games|gaming|minecraft|fortnite|roblox|mario|kart|chess|checkers|cards|uno|monopoly|level|boss|dragon|zombie|zombies|avatar",
            "football|soccer|basketball|rugby|hockey|tennis|karate|judo|boxing|taekwondo|wrestling|dodgeball|volleyball|handball|netball|baseball|cricket|golf|swim|race|races|pe|gym|sparring|practice|goal",
            "snowball|snowballs|pillow|pillows|balloon|balloons|ball|puck|frisbee|swing|swings|trampoline|tag|sled|sledge|wave|bat|water|nerf|lightsaber|cake|slice|piece|haircut",
            "play|playing|plays|played fight|fighting|fights|fought",
            "playing|wrestling|joking|kidding|tickling|tickles|tickled",
            "am it|tagged $",
            "you are it",
            "cuddle|cuddles|cuddled|hug|hugs|hugged tight",
        ],
    ),
    ("accident", &["accident|accidentally|accidently|accidental|mistake", "not mean to|it", "not on purpose"]),
    (
        "story",
        &[
            "book|books|story|stories|movie|film|character|characters|novel|chapter|poem|episode|scene|cartoon|fairy|tale|author|plot|princess|prince|king|queen|wolf|hero|villain|narrator",
            "hunger games",
            "history|assembly|essay|article|documentary|news|lesson about|on",
        ],
    ),
    (
        "joke",
        &[
            "haha|hahaha|lol|lmao|jk|hehe|rofl",
            "ha ha",
            "just joking|kidding",
            "only joking|kidding",
            "laughing|laughter",
        ],
    ),
    (
        "fall",
        &[
            "fell|falling|fall|bike|scooter|skateboard|skating|skiing|shaving|slipped|climbing|gardening|glass|thorns|brambles|fence|nettles",
            "gymnastics|ballet|dance|cheer|yoga|playground|slide|slid|monkey|recess|awake",
            "cooking|baking|stove|oven|kettle|iron|toaster|soup|scissors|craft|paper|shell|rock",
        ],
    ),
    ("surprise", &["surprise|birthday|present|party|christmas|cookie|cookies|chocolate|cake|gift", "secret santa"]),
    ("page", &["page|question|problem|step|worksheet|number|sum|exercise|paragraph|line|this one|part"]),
    (
        "trip",
        &[
            "trip|tent|sleepover|camping|holiday|vacation|drive|campsite|caravan|camp|journey|friends|friend|party|cinema|festival",
        ],
    ),
    ("school", &["geography|class|classroom|teacher|lesson|register|form|homework|worksheet"]),
    (
        "toy",
        &[
            "toy|nerf|water|picture|fork|drawing|lego|costume|pretend|camping|pocket|cowboys|fishing|army|soldier|soldiers|museum|plate|cowboy|cop|police|hunting|butter|cutting|peel|chef|kitchen",
            "drew|draws|draw",
        ],
    ),
    ("ended", &["was|were little|five|four|six|younger"]),
    ("little", &["little|baby|toddler|younger brother|sister|bro|sis|cousin", "baby"]),
    (
        "food",
        &[
            "sweets|candy|chocolate|cake|cookies|biscuits|crisps|chips|cereal|dessert|snacks|yet|because am|was",
            "in the car|bed|class",
            "before dinner|lunch|swimming|bed|training|i",
            "but|except|besides vegetables|salad|soup|broccoli|fruit|rice|bread|pasta|cereal",
        ],
    ),
    (
        "hair",
        &["brush|brushes|brushing|braid|braids|braiding|comb|combs|combing|wash|washes|ponytail|hairdresser|haircut"],
    ),
    ("answer", &["answer|answers|trick|recipe|magic|present|surprise|ending|score|spoiler|party"]),
    (
        "nice",
        &[
            "goodnight|wake|wakes|checks|sing|sings|light|read|reads|tuck|tucks|kiss|laundry|clean|vacuum|story|visit|check|hug",
        ],
    ),
    (
        "about",
        &[
            "about|against bullying|bullies",
            "play|plays|played|acted|drama|anti",
            "learned|learnt|talked|talking|watched about",
        ],
    ),
];
