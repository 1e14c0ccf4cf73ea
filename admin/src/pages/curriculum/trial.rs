//! What an unsaved skill would do: the skill that the analysis finds in a sentence, and the questions that the tutor asks.

use analyser::Place;
use domain::analysis::TopicFinding;
use domain::question::{self, DIFFICULTIES};
use maud::{Markup, html};
use storage::curriculum::{Curriculum, Skill, Subject};

use super::PATH;
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice_with};

/// Questions in the preview.
const N_QUESTIONS: usize = 4;

/// Renders the field for a sentence.
pub(super) fn field(sentence: &str) -> Markup {
    html! {
        div.field {
            label for="sentence" { "Try a sentence" }
            div.row.wrap {
                input.input.grow id="sentence" name="sentence" maxlength="300" autocomplete="off" aria-describedby="sentence-hint" value=(sentence);
                button.btn name="do" value="try" { (icon("search")) "Try" }
            }
            span.hint id="sentence-hint" { "A question of the tutor, as it is asked in a call. Nothing is saved." }
        }
    }
}

/// Renders what the skill does among the others.
pub(super) fn shown(skill: &Skill, living: &Curriculum, sentence: &str) -> Markup {
    html! {
        @if !sentence.is_empty() { (found(skill, living, sentence)) }
        section.card aria-labelledby="preview" {
            header { h2 id="preview" { "Questions in a call" } }
            @let questions = questions(skill);
            @if questions.is_empty() { div.body { p.muted { "None yet. The tutor makes its own." } } }
            ul.list { @for (ask, answer) in questions { li { (ask) " " b.nowrap { "→ " (answer) } } } }
        }
    }
}

/// Has the analysis read the sentence in a lesson on the skill's subject.
fn found(skill: &Skill, living: &Curriculum, sentence: &str) -> Markup {
    let mut curriculum = living.clone();
    curriculum.skills.retain(|other| other.skill_id != skill.skill_id);
    curriculum.skills.push(skill.clone());
    let subject = curriculum.subjects.iter().find(|subject| subject.subject_id == skill.subject_id);
    let name = subject.map_or("", |Subject { name, .. }| name);
    let lesson = html! { "“" (sentence) "”, in a lesson on " (name) "." };
    let none = "The analysis finds no skill in this sentence";
    match analyser::place_of(sentence, name, &curriculum) {
        Place::Skill(at) if curriculum.skills[at].skill_id == skill.skill_id => {
            notice_with(Tone::Info, "The analysis finds this skill", &lesson, &html! {})
        }
        Place::Skill(at) => {
            let other = &curriculum.skills[at];
            let link = html! { (lesson) " It finds " a.link href={ (PATH) "/" (other.skill_id) } { (other.name) } "." };
            notice_with(Tone::Warn, "The analysis finds another skill", &link, &html! {})
        }
        Place::Topic(topic) if topic != TopicFinding::OTHER => {
            let text = html! { (lesson) " It notes the topic " (topic) "." };
            notice_with(Tone::Warn, none, &text, &html! {})
        }
        Place::Topic(_) | Place::Nowhere => {
            let text = html! { (lesson) " Write it as a question, or add words of it to the skill." };
            notice_with(Tone::Warn, none, &text, &html! {})
        }
    }
}

/// Returns questions and their answers: generated ones if there is a generator, otherwise those of the skill.
fn questions(skill: &Skill) -> Vec<(String, String)> {
    let generated = (1..).zip(DIFFICULTIES.into_iter().cycle());
    let generated =
        generated.take(N_QUESTIONS).map_while(|(seed, level)| question::generate(&skill.skill_id, seed, level));
    let generated: Vec<_> = generated.map(|made| (made.ask, made.answer)).collect();
    if !generated.is_empty() {
        return generated;
    }
    let own = skill.questions.iter().take(N_QUESTIONS);
    own.map(|question| (question.ask.clone(), question.answer.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_finds_the_unsaved_skill_another_one_or_none() {
        let living = Curriculum::starter();
        let skill = Skill {
            skill_id: "maths.dinosaurs".to_owned(),
            name: "Dinosaur sums".to_owned(),
            lexicon: vec![storage::curriculum::Phrase { phrase: "long necks".to_owned(), weight: 5 }],
            questions: Vec::new(),
            prerequisites: Vec::new(),
            ..living.find_skill("maths.number.count").unwrap().clone()
        };
        let shown = |sentence: &str| shown(&skill, &living, sentence).into_string();
        assert!(
            shown("Can you name an animal with long necks?").contains("finds this skill"),
            "{}",
            shown("Can you name an animal with long necks?")
        );
        let other = shown("What is seven times eight?");
        assert!(other.contains("another skill") && other.contains("/curriculum/maths.multiply.facts"), "{other}");
        assert!(shown("Well done, that was great.").contains("no skill"));
        assert!(!shown("").contains("finds") && shown("").contains("None yet"));
    }

    #[test]
    fn questions_are_generated_or_those_of_the_skill() {
        let living = Curriculum::starter();
        let questions = |id: &str| questions(living.find_skill(id).unwrap());
        let made = questions("maths.multiply.facts");
        assert_eq!(made.len(), N_QUESTIONS);
        assert!(made.iter().all(|(ask, answer)| !ask.is_empty() && !answer.is_empty()));
        let italian = living.skills.iter().find(|skill| skill.subject_id == "italian").unwrap();
        assert_eq!(super::questions(italian)[0].0, italian.questions[0].ask);
    }
}
