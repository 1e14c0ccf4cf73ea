//! A tutor who neither praises nor rejects may still say the answer again, the same or better.

use std::sync::LazyLock;

use domain::answer::Language;
use regex::Regex;

use super::exchange::clauses;
use super::memo::values;
use super::numbers::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recast {
    Repeats,
    Corrects,
    Neither,
}

/// "Red is rossa", "\"box\" is \"scatola\"": the tutor supplies a word.
static SUPPLIES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#""?([\p{L}' ]{2,30})"? (?:is|means|is said|would be|translates to) "?(?:the )?([\p{L}']{2,20})(?:[" ].*)?$"#,
    )
    .expect("a literal, compiled by a test")
});

pub(super) fn compare(said: &str, reply: &str, value: Option<Value>, language: Language) -> Recast {
    let clauses = clauses(reply);
    let Some(first) = clauses.first() else {
        return Recast::Neither;
    };
    if let Some(value) = value {
        // A number that is said back before the next question.
        let back = values(&first.text, language);
        if !first.asks && back.len() == 1 && back[0].equals(value.amount) && first.text.split_whitespace().count() <= 6
        {
            return Recast::Repeats;
        }
    }
    let of = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    let (mine, theirs) = (of(said), of(&first.text));
    let shared = theirs.iter().filter(|w| mine.contains(w)).count();
    if value.is_none() && theirs.len() >= 2 && !first.asks {
        if shared == theirs.len() && mine.len() <= theirs.len() + 1 {
            return Recast::Repeats;
        }
        if shared * 2 >= theirs.len() && shared * 2 >= mine.len() {
            return Recast::Corrects;
        }
    }
    let supplies = || {
        clauses
            .iter()
            .enumerate()
            .filter(|(i, c)| !c.asks || clauses.get(i + 1).is_some_and(|n| n.sentence == c.sentence))
            .take(3)
            .any(|(_, clause)| {
                SUPPLIES.captures(&clause.text).is_some_and(|found| {
                    !said.contains(&found[2]) || !said.contains(found[1].trim()) && clause.text.contains('"')
                })
            })
    };
    if value.is_none() && supplies() { Recast::Corrects } else { Recast::Neither }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(said: &str, reply: &str) -> Recast {
        compare(said, reply, values(said, Language::English).last().copied(), Language::English)
    }

    #[test]
    fn a_number_said_back_is_accepted() {
        assert_eq!(compared("it is twelve", "twelve. and now the tops?"), Recast::Repeats);
        assert_eq!(compared("it is twelve", "is twelve more than ten?"), Recast::Neither);
    }

    #[test]
    fn a_word_supplied_corrects() {
        assert_eq!(compared("il cane dentro la box", "\"box\" is \"scatola\""), Recast::Corrects);
        assert_eq!(compared("il gato", "il gatto e di fronte"), Recast::Neither);
        assert_eq!(compared("il rosso tavolo", "il tavolo rosso grande"), Recast::Corrects);
    }
}
