//! Small word lists: articles, fillers around a word, letter names, and words that exclude or replace each other.

/// Articles of English, Italian, Spanish and German.
pub(super) const ARTICLES: &[&str] = &[
    "the", "a", "an", "il", "lo", "la", "i", "gli", "le", "l'", "un", "una", "uno", "un'", "el", "los", "las", "der",
    "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer",
];

/// What surrounds a word that is an answer.
pub(super) const FILLERS: &[&str] = &[
    "um",
    "umm",
    "uh",
    "uhh",
    "er",
    "erm",
    "hmm",
    "hm",
    "mm",
    "ah",
    "oh",
    "like",
    "well",
    "okay",
    "ok",
    "so",
    "it's",
    "its",
    "it",
    "is",
    "that's",
    "thats",
    "that",
    "this",
    "i",
    "think",
    "guess",
    "maybe",
    "probably",
    "perhaps",
    "just",
    "you",
    "know",
    "please",
    "answer",
    "means",
    "mean",
    "kind",
    "sort",
    "say",
    "said",
    "yes",
    "yeah",
    "believe",
    "sure",
    "i'm",
    "im",
    "pretty",
    "something",
    "let",
    "me",
    "see",
    "be",
    "would",
    "could",
    "must",
    "äh",
    "ähm",
    "also",
    "glaube",
    "ich",
    "ist",
    "pues",
    "eh",
    "creo",
    "que",
    "es",
    "este",
    "bueno",
    "they",
    "they're",
    "theyre",
    "he's",
    "she's",
    "was",
    "are",
    "called",
    "word",
    "capital",
    "spelled",
    "spells",
    "ja",
    "sí",
];

pub(super) const INTENSIFIERS: &[&str] = &[
    "very",
    "really",
    "super",
    "so",
    "extremely",
    "too",
    "quite",
    "totally",
    "pretty",
    "mega",
    "muy",
    "sehr",
    "real",
    "awfully",
];

/// How recognisers write the names of letters.
pub(super) const LETTER_NAMES: &[(&str, &str)] = &[
    ("a", "ay|eh"),
    ("b", "be|bee"),
    ("c", "see|sea|cee"),
    ("d", "dee"),
    ("f", "ef|eff"),
    ("g", "gee|jee"),
    ("h", "aitch|haitch|age"),
    ("i", "eye"),
    ("j", "jay"),
    ("k", "kay|okay"),
    ("l", "el|ell"),
    ("m", "em"),
    ("n", "en|and"),
    ("o", "oh|owe"),
    ("p", "pee|pea"),
    ("q", "queue|cue"),
    ("r", "are|ar"),
    ("s", "es|ess"),
    ("t", "tea|tee"),
    ("u", "you"),
    ("v", "vee"),
    ("x", "ex"),
    ("y", "why"),
    ("z", "zee|zed"),
];

/// Words of one class: if one is right, no other one is.
const RIVALS: &[&str] = &[
    "triangle|square|rectangle|circle|pentagon|hexagon|octagon|cube|sphere|cylinder|cone|pyramid|oval|trapezoid|rhombus|cuboid",
    "acute|obtuse|right|reflex",
    "numerator|denominator",
    "hypotenuse|leg|radius|diameter|circumference",
    "mean|median|mode|range",
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "january|february|march|april|may|june|july|august|september|october|november|december",
    "spring|summer|autumn|winter",
    "noun|verb|adjective|adverb|preposition|pronoun",
    "solid|liquid|gas",
    "north|south|east|west",
    "giallo|rosso|verde|blu|nero|bianco|viola|rosa|arancione|marrone|grigio",
    "amarillo|rojo|verde|azul|negro|blanco|morado|rosado|naranja|gris",
    "gelb|rot|grün|blau|schwarz|weiß|lila|braun|grau",
    "uno|due|tre|quattro|cinque|sei|sette|otto|nove|dieci",
    "cane|gatto|coniglio|cavallo|uccello|pesce|topo|mucca",
    "buongiorno|buonasera|arrivederci|grazie|prego|piacere|buonanotte",
    "madre|padre|fratello|sorella|nonno|nonna",
    "red|blue|green|yellow|black|white|purple|pink|orange|brown|grey|gray",
    "grandfather|grandmother|mother|father|sister|brother|uncle|aunt",
    "il|lo|la|i|gli|le|l'",
    "prefix|suffix",
    "yesterday|today|tomorrow",
    "inform|persuade|entertain",
];

/// Groups of synonyms; the second group says the opposite of the first.
const OPPOSITES: &[(&str, &str)] = &[
    ("big|large|huge|enormous|giant|gigantic|massive", "small|little|tiny|minuscule"),
    ("modern|new|recent|contemporary|current|newer", "ancient|old|antique"),
    ("happy|glad|joyful|cheerful|merry", "sad|unhappy|miserable|gloomy"),
    ("hot|warm|boiling", "cold|chilly|freezing|cool"),
    ("fast|quick|rapid|speedy|swift", "slow|sluggish"),
    ("hard|difficult|tough", "easy|simple"),
    ("rainy|wet|raining|rain", "sunny|dry|hot"),
    ("nervous|scared|afraid|frightened|anxious|worried", "calm|relaxed|brave|confident|happy"),
    ("begin|start|commence", "end|finish|stop"),
    ("brave|courageous|fearless|bold", "cowardly|fearful|scared"),
    ("angry|mad|furious|cross", "calm|pleased|happy"),
    ("hungry|starving|famished", "full|stuffed"),
    ("loud|noisy", "quiet|silent"),
    ("rich|wealthy", "poor"),
    ("right|correct", "wrong|incorrect"),
    ("bright|shiny", "dark|dim"),
    ("same|equal", "different|opposite"),
];

fn is_in(list: &str, word: &str) -> bool {
    list.split('|').any(|known| known == word)
}

/// Whether both belong to one class and are different.
pub(super) fn are_rivals(one: &str, two: &str) -> bool {
    one != two && RIVALS.iter().any(|class| is_in(class, one) && is_in(class, two))
}

/// Whether one says the opposite of the other.
pub(super) fn are_opposite(one: &str, two: &str) -> bool {
    OPPOSITES.iter().any(|(left, right)| is_in(left, one) && is_in(right, two) || is_in(left, two) && is_in(right, one))
}

/// Whether both say the same.
pub(super) fn are_synonyms(one: &str, two: &str) -> bool {
    OPPOSITES.iter().any(|(left, right)| [left, right].into_iter().any(|group| is_in(group, one) && is_in(group, two)))
}

/// Colours whose ending follows the noun.
pub(super) fn is_gendered_pair(one: &str, two: &str) -> bool {
    const STEMS: [&str; 9] = ["giall", "ross", "ner", "bianc", "grigi", "roj", "amarill", "negr", "blanc"];
    STEMS.iter().any(|stem| {
        let ends = |word: &str| word.strip_prefix(stem).is_some_and(|ending| matches!(ending, "o" | "a"));
        ends(one) && ends(two)
    })
}
