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
        let position = self.chosen_position()?;
        let options = self.numbers_named();
        let chosen = options.get(position)?;
        (options.len() == 2).then(|| match (chosen.share(), key.share()) {
            (Some(one), Some(two)) if one == two => Judgement::Right,
            (Some(_), Some(_)) => Judgement::Wrong,
            _ => Judgement::Undecided,
        })
    }

    fn numbers_named(&self) -> Vec<Number> {
        let has_or = !self.options().is_empty();
        if has_or { crate::answer::numbers(self.ask, self.asked) } else { Vec::new() }
    }

    /// "the first one", "the second", "the last one": nothing but that may be said.
    fn chosen_position(&self) -> Option<usize> {
        let words = self.content();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["first" | "former", ..] if words.len() == 1 => Some(0),
            ["second" | "latter" | "last", ..] if words.len() == 1 => Some(1),
            ["first" | "former", "one" | "1"] => Some(0),
            ["second" | "latter" | "last" | "other", "one" | "1"] => Some(1),
            _ => None,
        }
    }

    pub(super) fn judge_spelling(&self) -> Judgement {
        let letters = |tokens: &[Token]| -> String {
            tokens.iter().filter(|token| token.kind == TokenKind::Word).map(|token| token.text.as_str()).collect()
        };
        let wanted = letters(&tokens(&self.key.answer));
        let said: Vec<Token> = self
            .said
            .iter()
            .filter(|token| !FILLERS.contains(&token.text.as_str()) || token.text.len() == 1)
            .cloned()
            .collect();
        if is_spelled(&said) {
            return if letters(&said) == wanted { Judgement::Right } else { Judgement::Wrong };
        }
        // "double u", "see", "are": only the right word is certain.
        let named: Option<String> = said
            .iter()
            .filter(|token| token.kind == TokenKind::Word)
            .map(|token| match token.text.as_str() {
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
        match said.as_slice() {
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
            && matches!(reading.committed, None | Some(Value::YesNo(_)))
            && !self.says_both();
        if !is_plain || !self.is_read(&reading) {
            return Judgement::Undecided;
        }
        if said == wanted { Judgement::Right } else { Judgement::Wrong }
    }

    /// "yes no", "no yes".
    fn says_both(&self) -> bool {
        let has = |words: &[&str]| self.said.iter().any(|token| words.contains(&token.text.as_str()));
        has(&["yes", "yeah", "yep", "sí", "ja", "true"]) && has(&["no", "nope", "nein", "false", "not"])
    }

    pub(super) fn judge_choice(&self) -> Judgement {
        let words = self.content();
        let options: Vec<Vec<String>> =
            self.options().iter().map(|option| content(&tokens(option))).filter(|option| !option.is_empty()).collect();
        let key = content(&tokens(&self.key.answer));
        if let Some(position) = self.chosen_position()
            && let [last, first, ..] = options.as_slice()
            && !options.iter().any(|option| option == &words)
        {
            let chosen = if position == 0 { first } else { last };
            let is_key = chosen == &key || position == 0 && chosen.ends_with(&key);
            return if is_key { Judgement::Right } else { Judgement::Wrong };
        }
        if words == key || is_part(&words, &key, &options) {
            return Judgement::Right;
        }
        // Articles decide in "il or la".
        let exact = |text: &str| tokens(text).into_iter().map(|token| token.text).collect::<Vec<_>>();
        let said: Vec<String> = self.said.iter().map(|token| token.text.clone()).collect();
        if self.options().iter().any(|option| exact(option) == said) && exact(&self.key.answer) != said {
            return Judgement::Wrong;
        }
        let is_other =
            options.iter().any(|option| *option != key && (*option == words || is_part(&words, option, &options)));
        if is_other && !words.is_empty() && !has_negation(&self.said) {
            return Judgement::Wrong;
        }
        self.judge_words()
    }

    pub(super) fn judge_words(&self) -> Judgement {
        if has_negation(&self.said) && !has_negation(&tokens(&self.key.answer)) {
            return Judgement::Undecided;
        }
        let is_foreign = self.is_vocabulary();
        let (key_tokens, said_tokens) = (tokens(&self.key.answer), self.said.as_slice());
        let (key, said) = (content(&key_tokens), self.content());
        if said.is_empty() {
            return Judgement::Undecided;
        }
        if said == key {
            return self.judge_articles(&key_tokens, said_tokens, is_foreign);
        }
        let plain = |words: &[String]| words.iter().map(|word| without_accents(word)).collect::<String>();
        let joined = |tokens: &[Token]| {
            tokens
                .iter()
                .filter(|token| token.kind == TokenKind::Word)
                .map(|token| without_accents(&token.text))
                .collect::<String>()
        };
        if plain(&said) == plain(&key) || joined(said_tokens) == joined(&key_tokens) {
            return self.judge_articles(&key_tokens, said_tokens, is_foreign);
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
        let echo = content(&tokens(self.ask));
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
        let echoes = tokens(self.ask).iter().any(|token| token.text == said);
        if is_inflected(key, said) || is_diminutive(key, said) {
            return Judgement::Right;
        }
        // A slip in a long word; in a short one it may be another word.
        if key.chars().count() >= 8 && distance(key, said) == 1 {
            return Judgement::Right;
        }
        if are_rivals(key, said) || are_opposite(key, said) {
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

    /// The words are the same: in a language lesson the article must be, too.
    fn judge_articles(&self, key: &[Token], said: &[Token], is_foreign: bool) -> Judgement {
        if !is_foreign {
            return Judgement::Right;
        }
        let article = |tokens: &[Token]| {
            tokens
                .iter()
                .map(|token| token.text.clone())
                .find(|text| ARTICLES.contains(&text.as_str()) && !matches!(text.as_str(), "the"))
        };
        match (article(key), article(said)) {
            (Some(wanted), Some(given)) if wanted != given => Judgement::Wrong,
            (Some(_), None) => Judgement::WrongForm,
            _ => Judgement::Right,
        }
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
        content(&self.said)
    }
}

/// Words between content words that a meaning does not depend on.
const FUNCTION_WORDS: &[&str] = &[
    "because", "was", "is", "are", "were", "it", "he", "she", "they", "to", "of", "for", "be", "been", "being", "that",
    "cause", "cuz", "cos",
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
    tokens.iter().any(|token| WORDS.contains(&token.text.as_str()))
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
