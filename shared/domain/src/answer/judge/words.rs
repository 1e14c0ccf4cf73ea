//! Words, spelled letters, yes and no, and choices against their keys.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Case, Judgement, is_inflected, stem};
use crate::answer::key::{asks, is_spelled};
use crate::answer::number::Number;
use crate::answer::reading::{Expecting, Standing};
use crate::answer::token::{Kind as TokenKind, Token, tokens};
use crate::answer::value::Value;
use crate::answer::vocabulary::{
    ARTICLES, FILLERS, INTENSIFIERS, LETTER_NAMES, are_opposite, are_rivals, are_synonyms, is_gendered_pair,
};

impl Case<'_> {
    /// "the second one", where the question names options.
    pub(super) fn judge_option(&self, key: &Number) -> Option<Judgement> {
        Some(self.judge_position(key, self.chosen_position()?))
    }

    /// "el primero", "das zweite": an ordinal where the question names options is a place among them.
    pub(super) fn judge_place(&self, key: &Number, place: &Number) -> Judgement {
        let position = place.value.to_whole().and_then(|place| usize::try_from(place - 1).ok());
        position.map_or(Judgement::Undecided, |position| self.judge_position(key, position))
    }

    fn judge_position(&self, key: &Number, position: usize) -> Judgement {
        let options = self.numbers_named();
        match (options.get(position).and_then(Number::share), key.share()) {
            (Some(one), Some(two)) if options.len() == 2 && one == two => Judgement::Right,
            (Some(_), Some(_)) if options.len() == 2 => Judgement::Wrong,
            _ => Judgement::Undecided,
        }
    }

    fn numbers_named(&self) -> Vec<Number> {
        let has_or = !self.options().is_empty();
        if has_or { crate::answer::numbers(self.ask, self.asked) } else { Vec::new() }
    }

    /// "the first one", "the second", "the last one": nothing but that may be said.
    fn chosen_position(&self) -> Option<usize> {
        let position = |word: &str| match word {
            "first" | "former" | "primero" | "primera" | "erste" | "ersten" | "erstes" | "erster" => Some(0),
            "second" | "latter" | "last" | "other" | "segundo" | "segunda" | "último" | "última" | "zweite"
            | "zweiten" | "zweites" | "letzte" => Some(1),
            _ => None,
        };
        // Behind an article that is drawn together with it, too.
        let mut ends = self.tokens.iter().filter_map(|token| token.text.rsplit('\'').next());
        if !ends.any(|word| position(word).is_some()) {
            return None;
        }
        match self.content().as_slice() {
            [place] => position(place),
            [place, one] if one == "one" || one == "1" => position(place),
            _ => None,
        }
    }

    pub(super) fn judge_spelling(&self) -> Judgement {
        let letters = |tokens: &[Token]| -> String {
            tokens.iter().filter(|token| token.kind == TokenKind::Word).map(|token| &*token.text).collect()
        };
        let wanted = letters(&tokens(&self.key.answer));
        let said: Vec<Token> = self
            .tokens
            .iter()
            .filter(|token| !FILLERS.contains(&&*token.text) || token.text.len() == 1)
            .cloned()
            .collect();
        if is_spelled(&said) {
            return if letters(&said) == wanted { Judgement::Right } else { Judgement::Wrong };
        }
        // "double u", "see", "are": only the right word is certain.
        let named: Option<String> = said
            .iter()
            .filter(|token| token.kind == TokenKind::Word)
            .map(|token| match &*token.text {
                text if text.chars().count() == 1 => Some(text),
                text => LETTER_NAMES
                    .iter()
                    .find(|(_, names)| names.split('|').any(|name| name == text))
                    .map(|(letter, _)| *letter),
            })
            .collect();
        if named.is_some_and(|named| named == wanted) && said.len() > 1 {
            return Judgement::Right;
        }
        let is_roman = |text: &str| text.chars().all(|c| "ivxlcdm".contains(c));
        match said.as_slice() {
            [one] if self.asks(&["roman"]) && is_roman(&one.text) && one.text != wanted => Judgement::Wrong,
            [one] if one.text == wanted && !is_spelled(&tokens(&self.key.answer)) => Judgement::Right,
            _ => Judgement::Undecided,
        }
    }

    pub(super) fn judge_yes_no(&self) -> Judgement {
        let Some(wanted) = yes_of(&self.key.answer) else { return Judgement::Undecided };
        let reading = self.read(Expecting::Algebra);
        let Some(said) = reading.yes.or(match reading.committed {
            Some(Value::YesNo(said)) => Some(said),
            _ => None,
        }) else {
            return Judgement::Undecided;
        };
        let is_plain = reading.withdrawn.is_empty()
            && reading.standing == Standing::Plain
            && match reading.committed {
                None | Some(Value::YesNo(_)) => true,
                // "yes they are the same"
                // "yes, 2 times 3 is 6"
                Some(Value::Number(_)) => {
                    !reading.claims.is_empty() && reading.claims.iter().all(|claim| claim.holds == Some(true))
                }
                Some(Value::Equal) => self.asks(&["same", "equal", "igual", "gleich"]),
                _ => false,
            }
            && !self.says_both();
        if !is_plain || !self.is_read(reading) {
            return Judgement::Undecided;
        }
        if said == wanted { Judgement::Right } else { Judgement::Wrong }
    }

    /// "yes no", "no yes".
    fn says_both(&self) -> bool {
        let has = |words: &[&str]| self.tokens.iter().any(|token| words.contains(&&*token.text));
        has(&["yes", "yeah", "yep", "sí", "ja", "true"]) && has(&["no", "nope", "nein", "false", "not"])
    }

    pub(super) fn judge_choice(&self) -> Judgement {
        let words = self.content();
        let options: Vec<Vec<String>> =
            self.options().iter().map(|option| content(&tokens(option))).filter(|option| !option.is_empty()).collect();
        let key = content(&tokens(&self.key.answer));
        // Articles decide in "il or la".
        let exact = |text: &str| tokens(text).into_iter().map(|token| token.text.into_owned()).collect::<Vec<_>>();
        let said: Vec<String> = self.tokens.iter().map(|token| token.text.clone().into_owned()).collect();
        let named = self.options();
        let with_article = named.iter().map(|option| exact(option)).filter(|option| {
            option.first().is_some_and(|word| ARTICLES.contains(&word.as_str())) && option.ends_with(&key)
        });
        let are_alike = with_article.collect::<std::collections::HashSet<_>>().len() > 1;
        if are_alike && exact(&self.key.answer) != said {
            return if self.options().iter().any(|option| exact(option) == said) {
                Judgement::Wrong
            } else {
                Judgement::Undecided
            };
        }
        // "First or third person?" is not answered by a position.
        let is_ordinal =
            key.first().is_some_and(|word| matches!(word.as_str(), "first" | "second" | "third" | "1st" | "2nd"));
        if !is_ordinal
            && let Some(position) = self.chosen_position()
            && let [last, first, ..] = options.as_slice()
            && !options.iter().any(|option| option == &words)
        {
            let chosen = if position == 0 { first } else { last };
            let is_key = chosen == &key || position == 0 && chosen.ends_with(&key);
            return if is_key { Judgement::Right } else { Judgement::Wrong };
        }
        let words: Vec<String> =
            if is_ordinal { words.into_iter().filter(|word| word != "one").collect() } else { words };
        if words == key || is_part(&words, &key, &options) {
            return Judgement::Right;
        }
        let is_other =
            options.iter().any(|option| *option != key && (*option == words || is_part(&words, option, &options)));
        if is_other && !words.is_empty() && !has_negation(&self.tokens) {
            return Judgement::Wrong;
        }
        self.judge_words()
    }

    pub(super) fn judge_words(&self) -> Judgement {
        if has_negation(&self.tokens) && !has_negation(&tokens(&self.key.answer)) {
            return Judgement::Undecided;
        }
        let is_foreign = self.is_vocabulary();
        let (key_tokens, said_tokens) = (tokens(&self.key.answer), self.tokens.as_slice());
        let (key, said) = (content(&key_tokens), self.content());
        if said.is_empty() {
            return Judgement::Undecided;
        }
        if said == key {
            return Self::judge_articles(&key_tokens, said_tokens, is_foreign);
        }
        let plain = |words: &[String]| words.iter().map(|word| without_accents(word)).collect::<String>();
        let joined = |tokens: &[Token]| {
            tokens
                .iter()
                .filter(|token| token.kind == TokenKind::Word)
                .map(|token| without_accents(&token.text))
                .collect::<String>()
        };
        // "Maedchen" is how "Mädchen" is typed without an umlaut.
        let typed = |text: String| text.replace("ae", "a").replace("oe", "o").replace("ue", "u");
        let (given, wanted) = (joined(said_tokens), joined(&key_tokens));
        if given == wanted || is_foreign && typed(given) == typed(wanted) {
            return Judgement::Right;
        }
        if plain(&said) == plain(&key) {
            return Self::judge_articles(&key_tokens, said_tokens, is_foreign);
        }
        if is_foreign {
            return self.judge_foreign(&key, &said);
        }
        let meaning = |words: &[String]| {
            let words = words
                .iter()
                .filter(|word| !INTENSIFIERS.contains(&word.as_str()) && !FUNCTION_WORDS.contains(&word.as_str()));
            words.map(|word| stem(word).to_owned()).collect::<Vec<_>>()
        };
        let (wanted, given) = (meaning(&key), meaning(&said));
        if !given.is_empty() && wanted == given {
            return Judgement::Right;
        }
        let echo = content(self.asked_tokens());
        let rest: Vec<String> =
            said.iter().filter(|word| !echo.iter().any(|asked| is_inflected(asked, word))).cloned().collect();
        if rest == key {
            return Judgement::Right;
        }
        match (wanted.as_slice(), given.as_slice()) {
            ([_], [_]) => self.judge_word(last_meaning(&key), last_meaning(&said)),
            _ => Judgement::Undecided,
        }
    }

    /// One English word against another.
    fn judge_word(&self, key: &str, said: &str) -> Judgement {
        let echoes = self.asked_tokens().iter().any(|token| token.text == said);
        if is_inflected(key, said) || is_diminutive(key, said) {
            return Judgement::Right;
        }
        // A slip in a long word; in a short one it may be another word.
        if key.chars().count() >= 8 && distance(key, said) == 1 {
            return Judgement::Right;
        }
        let repeats = echoes && self.asks(&["opposite", "antonym", "contrario", "gegenteil"]);
        if are_rivals(key, said) || are_opposite(key, said) || repeats {
            return Judgement::Wrong;
        }
        if are_synonyms(key, said) && !echoes { Judgement::Right } else { Judgement::Undecided }
    }

    /// A word of another language against another.
    fn judge_foreign(&self, key: &[String], said: &[String]) -> Judgement {
        match (key, said) {
            ([key], [said]) if is_gendered_pair(key, said) && !self.asks(&["feminine", "masculine", "agree"]) => {
                Judgement::Right
            }
            ([key], [said]) if are_rivals(key, said) => Judgement::Wrong,
            _ => Judgement::Undecided,
        }
    }

    /// The words are the same: in a language lesson the articles must be, too.
    fn judge_articles(key: &[Token], said: &[Token], is_foreign: bool) -> Judgement {
        if !is_foreign {
            return Judgement::Right;
        }
        let articles = |tokens: &[Token]| -> Vec<String> {
            let words = tokens.iter().flat_map(|token| split_article(&token.text));
            words.filter(|word| word != "the" && ARTICLES.contains(&word.as_str())).collect()
        };
        let (wanted, given) = (articles(key), articles(said));
        if given.is_empty() && !wanted.is_empty() {
            return Judgement::WrongForm;
        }
        if wanted == given || wanted.is_empty() { Judgement::Right } else { Judgement::Wrong }
    }

    /// Whether the question asks for a word of another language.
    fn is_vocabulary(&self) -> bool {
        asks(
            self.ask,
            &[
                "italian",
                "spanish",
                "german",
                "french",
                "in english",
                "auf deutsch",
                "en inglés",
                "auf englisch",
                "en italiano",
                "become together",
                "article of",
                "il or",
                "order:",
            ],
        ) || self.kind == super::Kind::Choice && asks(self.ask, &["gialla", "il ", "la ", "der ", "die ", "das "])
    }

    fn content(&self) -> Vec<String> {
        content(&self.tokens)
    }
}

/// Words between content words that a meaning does not depend on.
const FUNCTION_WORDS: &[&str] = &[
    "because", "was", "is", "are", "were", "it", "he", "she", "they", "to", "of", "for", "their", "his", "her", "its",
    "my", "our", "they", "can", "in", "be", "been", "being", "that", "cause", "cuz", "cos",
];

/// Returns the words without articles and fillers.
fn content(tokens: &[Token]) -> Vec<String> {
    tokens
        .iter()
        .filter(|token| !matches!(token.kind, TokenKind::Sign(_)))
        .flat_map(|token| split_article(&token.text))
        .filter(|word| !ARTICLES.contains(&word.as_str()) && !FILLERS.contains(&word.as_str()))
        .collect()
}

/// "l'albero" is an article and a noun; "that's" a filler.
fn split_article(word: &str) -> Vec<String> {
    match word.split_once('\'') {
        Some((head @ ("l" | "un" | "dell" | "all" | "nell" | "sull" | "d"), tail)) => {
            vec![format!("{head}'"), tail.to_owned()]
        }
        None if word == "l" => vec!["l'".to_owned()],
        _ => vec![word.to_owned()],
    }
}

fn last_meaning(words: &[String]) -> &str {
    let mut meaningful = words
        .iter()
        .rev()
        .filter(|word| !INTENSIFIERS.contains(&word.as_str()) && !FUNCTION_WORDS.contains(&word.as_str()));
    meaningful.next().map_or("", String::as_str)
}

/// Whether the answer is the distinguishing part of an option: "first" of "first person".
fn is_part(words: &[String], option: &[String], options: &[Vec<String>]) -> bool {
    let is_head = !words.is_empty() && words.len() < option.len() && option.starts_with(words);
    let is_tail = !words.is_empty() && words.len() < option.len() && option.ends_with(words);
    let contains = |one: &[String], two: &[String]| one.starts_with(two) || one.ends_with(two);
    let others = options.iter().filter(|other| !contains(other, option) && !contains(option, other));
    (is_head || is_tail) && others.into_iter().all(|other| !other.starts_with(words) && !other.ends_with(words))
}

fn has_negation(tokens: &[Token]) -> bool {
    const WORDS: [&str; 22] = [
        "not", "no", "isn't", "isnt", "never", "nicht", "kein", "keine", "nein", "ni", "nunca", "neither", "nor",
        "don't", "dont", "doesn't", "or", "aren't", "wasn't", "without", "except", "oder",
    ];
    tokens.iter().any(|token| WORDS.contains(&&*token.text))
}

fn yes_of(text: &str) -> Option<bool> {
    match text.trim().trim_end_matches('.').to_lowercase().as_str() {
        "yes" | "true" | "sí" | "si" | "ja" | "wahr" | "verdadero" => Some(true),
        "no" | "false" | "nein" | "falsch" | "falso" => Some(false),
        _ => None,
    }
}

/// "doggy" for "dog".
fn is_diminutive(key: &str, said: &str) -> bool {
    let base = said.strip_suffix("gy").or_else(|| said.strip_suffix("gie")).map(|base| format!("{base}g"));
    base.is_some_and(|base| base == key || base.strip_suffix('g') == Some(key))
        || said.strip_suffix("ty").is_some_and(|base| base.len() > 2 && base == key)
}

fn without_accents(word: &str) -> String {
    word.nfd().filter(|c| !is_combining_mark(*c) && *c != '\'').collect::<String>().replace('ß', "ss")
}

/// Returns the number of letters that differ, are missing, too many or exchanged with their neighbour, up to 2.
fn distance(one: &str, two: &str) -> usize {
    let (one, two): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    if one.len().abs_diff(two.len()) > 1 {
        return 2;
    }
    let start = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
    let rest = |a: usize, b: usize| one[(start + a).min(one.len())..] == two[(start + b).min(two.len())..];
    if start == one.len() && start == two.len() {
        return 0;
    }
    let swapped = one.len() == two.len()
        && one.get(start) == two.get(start + 1)
        && one.get(start + 1) == two.get(start)
        && rest(2, 2);
    if rest(1, 1) && one.len() == two.len() || rest(1, 0) || rest(0, 1) || swapped { 1 } else { 2 }
}
