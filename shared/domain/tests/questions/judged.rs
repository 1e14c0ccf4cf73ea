//! Generated keys before the judge of answers: each is right, and what is not the key is not.

use std::collections::HashSet;

use domain::answer::{Judgement, Key, Kind, Language, judge};
use domain::question::{DIFFICULTIES, Generated, generate, skills};

/// Questions of one skill that differ.
fn questions(skill: &str, seeds: u64) -> Vec<Generated> {
    let mut seen = HashSet::new();
    let all = DIFFICULTIES.into_iter().flat_map(|difficulty| (0..seeds).map(move |seed| (seed, difficulty)));
    all.filter_map(|(seed, difficulty)| generate(skill, seed, difficulty))
        .filter(|question| seen.insert(question.ask.clone()))
        .collect()
}

/// The key with one of its numbers made one bigger, or another word.
fn perturbed(answer: &str) -> Vec<String> {
    let other = match answer {
        "yes" => Some("no"),
        "no" => Some("yes"),
        "acute" => Some("obtuse"),
        "obtuse" => Some("acute"),
        "triangle" => Some("hexagon"),
        word if word.chars().all(char::is_alphabetic) => Some("triangle"),
        _ => None,
    };
    if let Some(other) = other {
        return vec![other.to_owned()];
    }
    let mut found = Vec::new();
    let chars: Vec<char> = answer.chars().collect();
    for (i, digit) in chars.iter().enumerate().filter(|(_, c)| c.is_ascii_digit()) {
        let digit = digit.to_digit(10).unwrap();
        let bigger = char::from_digit(if digit == 9 { 8 } else { digit + 1 }, 10).unwrap();
        let mut changed = chars.clone();
        changed[i] = bigger;
        found.push(changed.into_iter().collect());
    }
    match answer.strip_prefix('-') {
        Some(rest) => found.push(rest.to_owned()),
        None if answer.parse::<f64>().is_ok_and(|value| value != 0.0) => found.push(format!("-{answer}")),
        None => {}
    }
    found
}

#[test]
fn every_key_is_right_and_what_is_not_the_key_is_not() {
    let (mut not_right, mut accepted, mut n) = (Vec::new(), Vec::new(), 0);
    for skill in skills() {
        for question in questions(skill, 40) {
            let key = question.key();
            for ask in [&question.ask, &question.spoken] {
                n += 1;
                let verdict = judge(ask, &key, &question.answer, Language::English);
                if verdict != Judgement::Right {
                    not_right.push(format!("{skill}: {ask} => {} {verdict:?}", question.answer));
                }
                for wrong in perturbed(&question.answer) {
                    if judge(ask, &key, &wrong, Language::English) == Judgement::Right {
                        accepted.push(format!("{skill}: {ask} => {} but {wrong}", question.answer));
                    }
                }
            }
        }
    }
    let show = |all: &[String]| {
        let mut skills = HashSet::new();
        all.iter().filter(|text| skills.insert(text.split(':').next().unwrap().to_owned())).cloned().collect::<Vec<_>>()
    };
    println!("{n} judged, {} keys not right: {:#?}", not_right.len(), show(&not_right));
    println!("{} wrong ones accepted: {:#?}", accepted.len(), show(&accepted));
    assert!(n > 10_000 && not_right.is_empty() && accepted.is_empty());
}

/// The same without what the maker declares: type and form are derived from the question, as for an imported sheet.
#[test]
fn a_bare_key_is_right_too() {
    let mut not_right = Vec::new();
    for skill in skills() {
        for question in questions(skill, 30) {
            let verdict = judge(&question.ask, &Key::from(&question.answer[..]), &question.answer, Language::English);
            if verdict != Judgement::Right && question.kind != Kind::Free {
                not_right.push(format!("{skill}: {} => {} {verdict:?}", question.ask, question.answer));
            }
        }
    }
    assert!(not_right.is_empty(), "{}: {:#?}", not_right.len(), &not_right[..not_right.len().min(30)]);
}
