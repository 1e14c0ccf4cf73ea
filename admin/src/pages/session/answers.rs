//! The answers that a skill rests on: asked, said, the mark that counts, and the right answer where it is certain.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use shared::analysis::{Findings, asking_turn, expected, last_question, ready_made};
use shared::curriculum::Question;
use shared::evidence::{Help, PersonMark, Verdict};
use shared::transcript::Turn;

use super::{Data, marks};
use crate::auth::Admin;
use crate::parts::badge::{badge, verdict_style, verdict_words};
use crate::parts::person;

/// One answer that the analysis judged.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) skill_id: String,
    pub(crate) turn_no: i32,
    quote: String,
    /// The verdict that counts; `None`: a person said that these words are no answer.
    pub(crate) verdict: Option<Verdict>,
    pub(crate) help: Help,
    /// The tutor's turn before the answer, and its question.
    asked: Option<(i32, String)>,
    expected: Option<String>,
    /// Who changed the mark and when, if a person did.
    pub(crate) changed: Option<(Option<String>, DateTime<Utc>)>,
}

impl Answer {
    /// The id of its row on the page.
    pub(crate) fn id(&self) -> String {
        marks::row_id(&self.skill_id, self.turn_no)
    }
}

/// All answers of the analysis, by skill, with people's marks.
pub(super) fn list(
    findings: &Findings,
    turns: &[Turn],
    marks: &[PersonMark],
    questions: &BTreeMap<String, Vec<Question>>,
) -> Vec<Answer> {
    let of_skills = findings.skills.iter().flat_map(|skill| skill.evidence.iter().map(move |found| (skill, found)));
    let mut answers: Vec<Answer> = of_skills
        .map(|(skill, found)| {
            let given = marks.iter().find(|given| given.mark.is_of(&skill.skill_id, found));
            let asking = asking_turn(turns, found.turn_no);
            let said = turns.iter().find(|turn| turn.turn_no == found.turn_no);
            let question = asking.map(|turn| last_question(&turn.text));
            let of_skill = questions.get(&skill.skill_id).map_or(&[][..], |questions| questions);
            let key = question.as_deref().and_then(|question| ready_made(question, of_skill)).map(str::to_owned);
            Answer {
                skill_id: skill.skill_id.clone(),
                turn_no: found.turn_no,
                quote: found.quote.clone(),
                verdict: given.map_or(Some(found.verdict), |given| given.mark.verdict),
                help: given.map_or(found.help, |given| given.mark.help),
                expected: key.or_else(|| expected(&asking?.text, &said?.text, found)),
                asked: asking.map(|turn| turn.turn_no).zip(question),
                changed: given.map(|given| (given.by.clone(), given.at)),
            }
        })
        .collect();
    // A person marks a turn for a skill: what was found twice in it is one answer.
    answers.dedup_by(|a, b| (&a.skill_id, a.turn_no) == (&b.skill_id, b.turn_no));
    answers
}

/// The answers of one skill, each on a row.
pub(super) fn rows(admin: &Admin, data: &Data, skill_id: &str) -> Markup {
    let answers = || data.answers.iter().filter(|answer| answer.skill_id == skill_id);
    html! {
        @if answers().next().is_some() {
            ul.answers { @for answer in answers() { (row(admin, data, answer)) } }
        }
    }
}

fn row(admin: &Admin, data: &Data, answer: &Answer) -> Markup {
    html! {
        li id=(answer.id()) {
            dl {
                @if let Some((turn_no, question)) = &answer.asked {
                    dt { "Asked" } dd { a.link href={ "#t" (turn_no) } { (question) } }
                }
                dt { "Said" }
                dd.said {
                    @if !answer.quote.is_empty() { "“" (answer.quote) "” " }
                    a.link.sm href={ "#t" (answer.turn_no) } { span.vh { "Turn at " } (super::at_of(&data.turns, answer.turn_no)) }
                }
                dt { "Mark" } dd { (mark(answer)) }
                @if let Some(expected) = &answer.expected { dt { "Expected" } dd { (expected) } }
            }
            (changed(admin, answer))
            (marks::form(admin, data, answer, marks::From::Answers))
        }
    }
}

/// The mark that counts, in words.
pub(super) fn mark(answer: &Answer) -> Markup {
    match answer.verdict {
        Some(verdict) => {
            let (class, icon) = verdict_style(verdict);
            badge(class, icon, verdict_words(verdict, answer.help))
        }
        None => badge("", "minus", "Not an answer"),
    }
}

/// "Changed by dana@example.org, today 14:02".
pub(super) fn changed(admin: &Admin, answer: &Answer) -> Markup {
    html! {
        @if let Some((by, at)) = &answer.changed {
            p.xs.faint { "Changed by " (by.as_deref().map_or_else(|| "a person".to_owned(), person)) ", " (admin.viewer.time(*at)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::access::Role;
    use shared::analysis::{EvidenceFinding, Mark, SkillFinding};
    use shared::evidence::Source;

    use super::*;

    fn found(reason: &str) -> Findings {
        let evidence = EvidenceFinding {
            turn_no: 1,
            quote: "Is it <one>?".to_owned(),
            verdict: Verdict::Correct,
            help: Help::Hint,
            source: Source::Rules,
            noise: 0.1,
            reason: reason.to_owned(),
        };
        let skill = SkillFinding {
            skill_id: "maths.fractions.add".to_owned(),
            name: "Adding fractions".to_owned(),
            evidence: vec![evidence],
        };
        Findings { skills: vec![skill], ..Findings::default() }
    }

    fn given(verdict: Option<Verdict>) -> PersonMark {
        let mark = Mark { skill_id: "maths.fractions.add".to_owned(), turn_no: 1, verdict, help: Help::None };
        PersonMark { mark, by: Some("admin:dana@example.org".to_owned()), at: "2026-11-20T09:00:00Z".parse().unwrap() }
    }

    fn shown(role: Role, marks: &[PersonMark]) -> String {
        let mut data = super::super::tests::data(Some(found("checked against the question")));
        data.answers = list(&found("checked against the question"), &data.turns, marks, &BTreeMap::new());
        rows(&Admin::sample(role), &data, "maths.fractions.add").into_string()
    }

    #[test]
    fn an_answer_shows_what_was_asked_and_said_and_its_mark() {
        let shown = shown(Role::Tutor, &[]);
        for part in ["What is one half plus one half?", "Is it &lt;one&gt;?", "Right, after a hint", "Change this mark"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(shown.contains(r##"href="#t0""##) && !shown.contains("Changed by") && !shown.contains("Undo"));
    }

    #[test]
    fn a_persons_mark_is_shown_with_who_gave_it_and_can_be_undone() {
        let wrong = shown(Role::Tutor, &[given(Some(Verdict::Incorrect))]);
        assert!(
            wrong.contains("Not right yet, without help") && wrong.contains("Changed by dana@example.org"),
            "{wrong}"
        );
        assert!(wrong.contains("Undo"), "{wrong}");
        assert!(shown(Role::Tutor, &[given(None)]).contains("Not an answer"));
    }

    #[test]
    fn a_viewer_sees_the_mark_and_no_form() {
        let shown = shown(Role::Viewer, &[given(None)]);
        assert!(shown.contains("Not an answer") && !shown.contains("<form") && !shown.contains("Change this mark"));
    }

    #[test]
    fn the_right_answer_is_left_out_where_nothing_was_checked() {
        let mut data = super::super::tests::data(None);
        data.turns[0].text = "Good. What is three times eighteen?".to_owned();
        data.turns[1].text = "Fifty-four.".to_owned();
        let of = |reason: &str, questions| list(&found(reason), &data.turns, &[], &questions).remove(0).expected;
        assert_eq!(of("checked against the question", BTreeMap::new()).as_deref(), Some("54"));
        assert_eq!(of("the tutor confirmed it", BTreeMap::new()), None);
        let ready = Question::new("What is three times eighteen?", "54");
        let of_skill = |id: &str| BTreeMap::from([(id.to_owned(), vec![ready.clone()])]);
        assert_eq!(of("the tutor confirmed it", of_skill("maths.fractions.add")).as_deref(), Some("54"));
        assert_eq!(of("the tutor confirmed it", of_skill("maths.other")), None, "another skill’s question");
    }
}
