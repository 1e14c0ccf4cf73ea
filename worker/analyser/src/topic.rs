//! Which skill an exchange is about: by the words of the curriculum, and by the kind of calculation that is asked.

use std::collections::HashMap;

use shared::curriculum::Curriculum;

use super::arithmetic::{self, Expression, Operation};
use super::exchange::{Exchange, sentences};
use super::judge::Judgement;

/// A calculation says more than words around it.
const CALCULATION: u32 = 12;
/// Less than this is chance.
const ENOUGH: u32 = 2;
/// A subject that is talked of this many times less than another is not what the call is about.
const BRUSHED: u32 = 3;

/// By the skill's index.
type Scores = HashMap<usize, u32>;

/// The curriculum's phrases, by their first word.
struct Lexicon {
    phrases: HashMap<String, Vec<(Vec<String>, usize, u32)>>,
}

impl Lexicon {
    fn new(curriculum: &Curriculum) -> Self {
        let mut phrases: HashMap<String, Vec<_>> = HashMap::new();
        for (skill, phrase) in
            curriculum.skills.iter().enumerate().flat_map(|(i, s)| s.lexicon.iter().map(move |p| (i, p)))
        {
            let mut words = words(&phrase.phrase);
            if !words.is_empty() {
                let rest = words.split_off(1);
                phrases.entry(words.remove(0)).or_default().push((rest, skill, u32::from(phrase.weight)));
            }
        }
        Self { phrases }
    }

    fn score(&self, text: &str, factor: u32, scores: &mut Scores) {
        let words = words(text);
        for (i, word) in words.iter().enumerate() {
            for (rest, skill, weight) in self.phrases.get(word).into_iter().flatten() {
                if words[i + 1..].starts_with(rest) {
                    *scores.entry(*skill).or_default() += weight * factor;
                }
            }
        }
    }
}

/// For each exchange the index of its skill, where one can be told.
pub(super) fn topics(exchanges: &[Exchange], judgements: &[Judgement], curriculum: &Curriculum) -> Vec<Option<usize>> {
    let lexicon = Lexicon::new(curriculum);
    let mut scores: Vec<Scores> = exchanges.iter().map(|exchange| score(exchange, &lexicon, curriculum)).collect();
    keep_subjects(&mut scores, curriculum);
    let mut topics: Vec<Option<usize>> = Vec::new();
    let mut total = Scores::new();
    for (scores, judgement) in scores.iter().zip(judgements) {
        let current = topics.last().copied().flatten();
        // The steps of a task that went wrong belong to that task.
        if let (Some(current), true) = (current, judgement.step) {
            topics.push(Some(current));
            continue;
        }
        for (skill, score) in scores {
            *total.entry(*skill).or_default() += score;
        }
        topics.push(best(scores, current).or(current));
    }
    // What was said before the first clear word belongs to what the call was mostly about.
    let mostly = best(&total, None);
    for topic in &mut topics {
        *topic = topic.or(mostly);
    }
    topics
}

/// What speaks for which skill in one exchange.
fn score(exchange: &Exchange, lexicon: &Lexicon, curriculum: &Curriculum) -> Scores {
    let mut scores = Scores::new();
    lexicon.score(&exchange.task, 2, &mut scores);
    lexicon.score(&exchange.said, 1, &mut scores);
    let calculated = calculated(&exchange.task);
    if let Some(skill) = calculated.and_then(|id| curriculum.skills.iter().position(|s| s.skill_id == id)) {
        *scores.entry(skill).or_default() += CALCULATION;
    }
    scores
}

/// Drops the subjects that a call only brushes: the spoons of a word problem are no lesson in Italian.
fn keep_subjects(scores: &mut [Scores], curriculum: &Curriculum) {
    let subject = |skill: &usize| curriculum.skills[*skill].subject_id.as_str();
    let mut of_subject: HashMap<&str, u32> = HashMap::new();
    for (skill, score) in scores.iter().flatten() {
        *of_subject.entry(subject(skill)).or_default() += score;
    }
    let strongest = of_subject.values().copied().max().unwrap_or(0);
    for scores in scores {
        scores.retain(|skill, _| of_subject[subject(skill)] * BRUSHED > strongest);
    }
}

/// The highest score; among equals the current topic, then the first of the curriculum.
fn best(scores: &Scores, current: Option<usize>) -> Option<usize> {
    let rank = |skill: usize, score: u32| (score, Some(skill) == current, std::cmp::Reverse(skill));
    let best = scores.iter().max_by_key(|(skill, score)| rank(**skill, **score));
    best.filter(|(_, score)| **score >= ENOUGH).map(|(skill, _)| *skill)
}

/// The skill of the starter curriculum that a calculation exercises.
fn calculated(task: &str) -> Option<&'static str> {
    let all = sentences(task);
    let (asked, _) = all.iter().rev().find(|(_, asks)| *asks).or(all.last())?;
    let (expression, result) = arithmetic::asked(asked, domain::answer::Language::English)?;
    Some(exercised(&expression, result, asked.contains('%') || asked.contains("percent")))
}

fn exercised(expression: &Expression, result: f64, percent: bool) -> &'static str {
    let fractions: Vec<u32> = expression.values.iter().filter_map(|v| v.fraction).map(|(_, bottom)| bottom).collect();
    let unlike = fractions.windows(2).any(|pair| pair[0] != pair[1]);
    let decimal = expression.values.iter().any(|v| v.fraction.is_none() && v.amount.fract() != 0.0);
    let largest = expression.values.iter().map(|v| v.amount).fold(result, f64::max);
    if percent {
        return "maths.percent.of";
    }
    if expression.operations.iter().any(|op| *op != expression.operations[0]) {
        return "maths.number.order_of_operations";
    }
    match expression.operations[0] {
        Operation::Add if unlike => "maths.fractions.add_unlike",
        Operation::Subtract if unlike => "maths.fractions.subtract_unlike",
        Operation::Add | Operation::Subtract if !fractions.is_empty() => "maths.fractions.add_like",
        Operation::Multiply if !fractions.is_empty() => "maths.fractions.multiply",
        Operation::Divide if !fractions.is_empty() => "maths.fractions.divide",
        Operation::Add | Operation::Subtract if decimal => "maths.decimals.add",
        Operation::Multiply | Operation::Divide if decimal => "maths.decimals.multiply",
        Operation::Subtract if result < 0.0 => "maths.number.negative",
        Operation::Add if largest <= 20.0 => "maths.add.facts",
        Operation::Add => "maths.add.multi_digit",
        Operation::Subtract if largest <= 20.0 => "maths.subtract.facts",
        Operation::Subtract => "maths.subtract.multi_digit",
        Operation::Multiply if expression.values.iter().all(|v| v.amount <= 12.0) => "maths.multiply.facts",
        Operation::Multiply => "maths.multiply.multi_digit",
        Operation::Divide if expression.values[1].amount <= 12.0 && result <= 12.0 => "maths.divide.facts",
        Operation::Divide => "maths.divide.long",
    }
}

fn words(text: &str) -> Vec<String> {
    let split = text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '%');
    split.filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_a_call_only_brushes_does_not_count() {
        let starter = Curriculum::starter();
        let of = |subject: &str| starter.skills.iter().position(|skill| skill.subject_id == subject).unwrap();
        let (maths, italian) = (of("maths"), of("italian"));
        let mut scores = [Scores::from([(maths, 12)]), Scores::from([(italian, 4)])];
        keep_subjects(&mut scores, &starter);
        assert_eq!(scores, [Scores::from([(maths, 12)]), Scores::new()]);
        let both = [Scores::from([(maths, 12)]), Scores::from([(italian, 5)])];
        scores.clone_from(&both);
        keep_subjects(&mut scores, &starter);
        assert_eq!(scores, both, "a call may be about two subjects");
    }

    #[test]
    fn a_calculation_names_its_skill() {
        for (task, skill) in [
            ("what is one half plus one third?", "maths.fractions.add_unlike"),
            ("what is one fifth plus two fifths?", "maths.fractions.add_like"),
            ("what is 25 percent of 80?", "maths.percent.of"),
            ("what is seven times eight?", "maths.multiply.facts"),
            ("what is 163 - 156?", "maths.subtract.multi_digit"),
            ("what is 3 minus 8?", "maths.number.negative"),
            ("what is 3 plus 4 times 2?", "maths.number.order_of_operations"),
        ] {
            assert_eq!(calculated(task), Some(skill), "{task}");
        }
    }

    #[test]
    fn every_skill_that_a_calculation_names_is_in_the_starter_set() {
        let starter = Curriculum::starter();
        let source = include_str!("topic.rs");
        let named: Vec<&str> = source.split('"').filter(|s| s.starts_with("maths.")).collect();
        assert!(named.len() > 15);
        for id in named.into_iter().filter(|id| *id != "maths.") {
            assert!(starter.find_skill(id).is_some(), "{id}");
        }
    }
}
