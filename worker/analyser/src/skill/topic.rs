//! School topics that are in no curriculum, recognised by their words.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::analysis::TopicFinding;
use domain::word_map::WordMap;

/// A task of a subject that we do not know.
pub(super) const OTHER: &str = TopicFinding::OTHER;

/// A topic and its words. Several words in a phrase are separated by a space.
const TOPICS: [(&str, &str); 61] = [
    (
        "photosynthesis",
        "photosynthesis|chlorophyll|plants take in|carbon dioxide|sunlight to make|do plants|plant cell|stomata",
    ),
    (
        "states of matter",
        "state of matter|states of matter|solid liquid|evaporation|condensation|evaporate|melting point|boiling point|particles|water boil|boils|freezes|freezing point|water vapour|puddle|steam",
    ),
    (
        "the human body",
        "bones|skeleton|heart do|lungs|blood|organ|organs|stomach|muscles|brain do|digestion|digestive|skull|vein|arteries|human body",
    ),
    (
        "animals and habitats",
        "mammal|mammals|reptile|reptiles|amphibian|habitat|food chain|predator|prey|herbivore|carnivore|omnivore|insect|insects|whale|vertebrate|vertebrates|hibernate|larva|caterpillar|species",
    ),
    ("plants", "roots|pollen|pollination|stem|petal|petals|germinate|seed|seeds"),
    (
        "space",
        "planet|planets|solar system|moon|orbit|orbits|galaxy|astronaut|closest to the sun|jupiter|mars|saturn|eclipse",
    ),
    (
        "weather and climate",
        "climate|hurricane|tornado|rainfall|humidity|water cycle|precipitation|thermometer|cloud|clouds",
    ),
    (
        "rocks and the earth",
        "igneous|sedimentary|metamorphic|volcano|earthquake|tectonic|fossil|fossils|lava|magma|earth's crust",
    ),
    (
        "forces and motion",
        "gravity|friction|unit of force|newton|newtons|acceleration|velocity|magnet|magnets|magnetic|a force|forces|inertia",
    ),
    ("electricity", "electricity|electric|circuit|battery|bulb|conductor|insulator|voltage|ampere|switch"),
    ("light and sound", "reflection|refraction|shadow|transparent|opaque|vibration|vibrations|pitch|wavelength|echo"),
    (
        "chemistry",
        "atom|atoms|molecule|molecules|element|elements|periodic table|acid|acids|alkali|chemical|chemistry|formula of water|proton|electron|neutron|dissolve|mixture",
    ),
    ("cells and genetics", "cell|cells|nucleus|dna|gene|genes|chromosome|mitochondria|bacteria|virus"),
    ("energy", "renewable|fossil fuel|solar panel|kinetic energy|potential energy|energy source"),
    ("density and floating", "dense|density|float|floats|sink|sinks|heavier than a nail|kilo of feathers"),
    ("capitals and countries", "capital|capital of|country|countries|flag|flags|border|borders|in brazil|in europe"),
    (
        "continents and oceans",
        "continent|continents|ocean|oceans|hemisphere|equator|latitude|longitude|south pole|north pole|asia|africa",
    ),
    ("rivers and mountains", "river|rivers|mountain|mountains|longest river|tallest mountain|desert|lake|island"),
    ("maps", "compass|map of|north east|atlas|contour"),
    (
        "American history",
        "president|presidents|declaration of independence|civil war|colonies|emancipation|constitution|amendment|amendments|bill of rights|pilgrims|columbus|boston tea party|revolutionary war",
    ),
    (
        "government",
        "congress|senate|branches of government|legislative|judicial|executive|parliament|prime minister|supreme court|democracy|vote",
    ),
    (
        "ancient history",
        "ancient egypt|pyramid|pyramids|pharaoh|pharaohs|roman empire|romans|ancient greece|julius caesar|gladiator|mummy|hieroglyphs|mesopotamia|vikings",
    ),
    (
        "medieval history",
        "knight|knights|castle|castles|king of england|battle of hastings|crusade|plague|black death|feudal|tudor|tudors",
    ),
    ("world wars", "world war|world war two|world war one|hitler|holocaust|d day|the blitz|trenches"),
    (
        "history",
        "in which year|which century|what year|revolution|industrial revolution|explorer|explorers|queen victoria|invented the|discovered america|slaves|slavery",
    ),
    ("religion", "bible|religion|islam|christian|christians|judaism|hindu|buddha|ramadan|church|mosque|synagogue"),
    ("economics", "supply and demand|inflation|economy|import|export|taxes are"),
    ("Spanish", "in spanish|spanish word|the spanish|en español|yo hablo|mucho gusto|conjugate hablar"),
    ("French", "in french|french word|le or la|bonjour|en français"),
    ("German", "in german|german word|der die or das|der die das|auf deutsch|der hund"),
    ("English as a foreign language", "in english|en inglés|auf englisch|english word for"),
    ("Latin", "in latin|latin word"),
    ("Portuguese", "in portuguese|em português"),
    ("Chinese", "in chinese|in mandarin|pinyin"),
    ("Japanese", "in japanese|hiragana|kanji"),
    (
        "parts of speech",
        "noun|nouns|verb|adverb|adverbs|pronoun|conjunction|preposition|part of speech|parts of speech|adjective in|which word is the adjective|the adjective in",
    ),
    ("tenses", "past tense|future tense|present tense|past participle|past perfect"),
    ("plurals", "plural of|the plural"),
    (
        "punctuation",
        "comma|commas|apostrophe|full stop|semicolon|question mark go|capital letter|quotation marks|exclamation mark",
    ),
    (
        "sentences and clauses",
        "clause|subject of the sentence|predicate|run on sentence|sentence fragment|conjunctions|object of the sentence",
    ),
    ("writing", "paragraph|essay|introduction paragraph|conclusion|thesis|rough draft|persuasive"),
    (
        "poetry and figures of speech",
        "simile|metaphor|alliteration|personification|onomatopoeia|haiku|stanza|hyperbole|idiom",
    ),
    (
        "literature",
        "shakespeare|novel|harry potter|protagonist|antagonist|chapter|roald dahl|playwright|greek myth|myths",
    ),
    ("telling stories", "tell me a story|once upon a time|your story"),
    (
        "music",
        "beat|beats|whole note|half note|quarter note|treble|clef|octave|piano|violin|guitar|composer|mozart|beethoven|orchestra|melody|rhythm|crotchet|minim|quaver",
    ),
    (
        "art",
        "primary colours|primary colors|secondary colour|paint|painter|painting|mix red|red and blue|yellow and blue|red and yellow|van gogh|mona lisa|picasso|sculpture|color wheel|colour wheel",
    ),
    ("chess", "chess|bishop|rook|pawn|pawns|checkmate|castling|knight move|queen move|chess board"),
    ("games", "minecraft|pokemon|roblox|fortnite|video game"),
    (
        "sport",
        "football|soccer|basketball|offside|goalkeeper|olympics|tennis|world cup|innings|touchdown|players are on",
    ),
    (
        "coding",
        "python|for loop|while loop|loop|loops|variable in|keyword|javascript|html|scratch|for i in range|double equals|a single equals|in quotes|function return|at index|strings|algorithm|boolean|print statement",
    ),
    ("computers", "keyboard|password|internet|binary|byte|bytes|cpu|memory stick|hard drive|browser"),
    (
        "health and food",
        "brush your teeth|teeth|vitamin|vitamins|protein|calories|healthy|exercise every|sleep at night|germs|wash your hands|food group|food groups",
    ),
    ("cooking", "cups are in a pint|recipe says|oven|bake the|whisk|teaspoon|tablespoon|flour|knead"),
    ("road safety", "traffic light|crosswalk|zebra crossing|seat belt|helmet"),
    ("first aid", "first aid|bandage|burn|emergency number|911"),
    (
        "days and months",
        "months have|day comes after|month comes after|days of the week|seasons|which season|leap year",
    ),
    ("logic puzzles", "riddle|puzzle|brain teaser|trick question"),
    ("jokes", "knock knock|joke|why did the chicken|afraid of seven"),
    ("nature", "tree lose|leaves fall|autumn|bees make|honeycomb|pond|rainforest"),
    ("the environment", "recycle|recycling|pollution|global warming|greenhouse|ozone|plastic in"),
    (
        "famous people",
        "einstein|martin luther king|rosa parks|neil armstrong|marie curie|abraham lincoln|gandhi|mandela",
    ),
];

/// Languages that are taught.
pub(super) const LANGUAGES: [&str; 8] =
    ["Italian", "Spanish", "French", "German", "Latin", "Portuguese", "Chinese", "Japanese"];

/// Returns the place in [`LANGUAGES`] of a name.
pub(super) fn language(name: &str) -> Option<usize> {
    LANGUAGES.iter().position(|language| language.eq_ignore_ascii_case(name))
}

/// The phrases by their first word: the other words, and the topic's index.
type Phrases = WordMap<Vec<(Vec<&'static str>, usize)>>;

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let mut phrases = Phrases::default();
    for (topic, (_, list)) in TOPICS.iter().enumerate() {
        for phrase in list.split('|') {
            let mut words = phrase.split(' ');
            if let Some(first) = words.next() {
                phrases.entry(first).or_default().push((words.collect(), topic));
            }
        }
    }
    phrases
});

/// Returns the topic whose words a tutor's question has; `words` are in the normal form.
pub(super) fn of(words: &[&str]) -> Option<&'static str> {
    let mut points: BTreeMap<usize, usize> = BTreeMap::new();
    for (i, word) in words.iter().enumerate() {
        for (rest, topic) in PHRASES.get(word).into_iter().flatten() {
            if words[i + 1..].starts_with(rest) {
                *points.entry(*topic).or_default() +=
                    word.len() + rest.iter().map(|word| word.len() + 1).sum::<usize>();
            }
        }
    }
    let best = points.into_iter().max_by_key(|(topic, points)| (*points, std::cmp::Reverse(*topic)));
    best.map(|(topic, _)| TOPICS[topic].0)
}
