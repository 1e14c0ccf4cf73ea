//! The answers behind the levels, with questions and turns. A person may change each mark.

use std::collections::HashMap;

use axum::extract::{Path, State};
use maud::{Markup, html};
use storage::curriculum;
use storage::db::Db;
use storage::evidence::{self, Evidence, Of, Source};
use storage::id::{EvidenceId, StudentId};
use storage::mastery::{self, StudentSkill};
use storage::student;

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, page};
use crate::parts::answer::{self, Answer, From};
use crate::parts::badge::{badge, verdict_style, verdict_words};
use crate::parts::empty::empty;
use crate::parts::icon::icon;
use crate::parts::meter::state_word;

/// Answers of each skill on the student's page, the newest first.
pub(super) const N_OF_SKILL: usize = 3;
/// Answers on the page of one skill.
const N_ON_PAGE: usize = 50;

pub(crate) type Answers = HashMap<EvidenceId, Answer>;

/// Returns the newest answers of each skill with their texts.
pub(super) async fn read(
    admin: &Admin,
    db: &Db,
    student_id: StudentId,
    evidence: &[Evidence],
    n_of_skill: usize,
) -> Result<Answers, Fault> {
    let by_skill = evidence.chunk_by(|a, b| a.skill_id == b.skill_id);
    let newest: Vec<&Evidence> = by_skill.clone().flat_map(|of_skill| of_skill.iter().rev().take(n_of_skill)).collect();
    let skill_ids: Vec<String> = by_skill.map(|of_skill| of_skill[0].skill_id.clone()).collect();
    let exchanges = evidence::list_exchanges(db, &admin.caller, student_id, &newest).await?;
    let questions = curriculum::list_questions(db, &skill_ids).await?;
    let answers = newest.into_iter().filter_map(|one| {
        let answer = answer::of_evidence(&admin.viewer, one, &exchanges, &questions)?;
        Some((one.evidence_id, answer))
    });
    Ok(answers.collect())
}

/// Renders all answers of one student for one skill.
pub(crate) async fn of_skill(
    admin: Admin,
    State(db): State<Db>,
    Path((student_id, skill_id)): Path<(StudentId, String)>,
) -> Result<Markup, Fault> {
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    super::record(&db, &admin, "student.read", student_id, admin.viewer.now).await?;
    let skills = mastery::list_mastery_of(&db, &admin.caller, &[student_id]).await?;
    let skill =
        skills.iter().find(|of| of.mastery.skill_id == skill_id).ok_or(Fault::NotFound("answer to this skill"))?;
    let ids = [skill_id];
    let evidence = evidence::list_counting(&db, &admin.caller, student_id, Of::Skills(&ids)).await?;
    let answers = read(&admin, &db, student_id, &evidence, N_ON_PAGE).await?;
    Ok(skill_page(&admin, &student.display_name, skill, &evidence, &answers))
}

fn skill_page(admin: &Admin, name: &str, skill: &StudentSkill, evidence: &[Evidence], answers: &Answers) -> Markup {
    let mastery = &skill.mastery;
    page(
        admin,
        Place::Students,
        &format!("{name}: {}", mastery.skill_name),
        html! {
            div.stack {
                div.head {
                    div {
                        h1 { (mastery.skill_name) }
                        p { a.link href={ "/students/" (skill.student_id) } { (name) } ", " (state_word(mastery.word(admin.viewer.now))) }
                    }
                    div.actions { a.btn href={ "/curriculum/" (mastery.skill_id) } { (icon("book-open")) "Skill" } }
                }
                section.card aria-labelledby="answers" {
                    header {
                        h2 id="answers" { "Answers" }
                        p { (figures::counted(evidence.len() as i64, "answer", "answers")) ", the newest first" }
                    }
                    @if evidence.is_empty() {
                        (empty("message-square", "No answers", "All answers of this skill were marked as “not an answer”.", html! {}))
                    } @else {
                        div.body { (list(admin, evidence, answers, N_ON_PAGE, From::Skill)) }
                    }
                }
            }
        },
    )
}

pub(super) fn card(
    admin: &Admin,
    student_id: StudentId,
    evidence: &[Evidence],
    answers: &Answers,
    skills: &[StudentSkill],
) -> Markup {
    html! {
        section.card aria-labelledby="evidence" {
            header { h2 id="evidence" { "Evidence" } p { (figures::counted(evidence.len() as i64, "answer", "answers")) ", by skill" } }
            @if evidence.is_empty() {
                div.body { p.muted { "No answer has been assessed yet." } }
            } @else {
                ul.list { @for of_skill in evidence.chunk_by(|a, b| a.skill_id == b.skill_id) {
                    li { (skill(admin, student_id, of_skill, answers, skills)) }
                } }
            }
        }
    }
}

fn skill(
    admin: &Admin,
    student_id: StudentId,
    of_skill: &[Evidence],
    answers: &Answers,
    skills: &[StudentSkill],
) -> Markup {
    let id = &of_skill[0].skill_id;
    let name = skills.iter().map(|of| &of.mastery).find(|of| of.skill_id == *id).map_or(&id[..], |of| &of.skill_name);
    html! {
        details.data {
            summary { (icon("chevron-right")) b { (name) } span.faint { ", " (figures::counted(of_skill.len() as i64, "answer", "answers")) } }
            (list(admin, of_skill, answers, N_OF_SKILL, From::Student))
            @if of_skill.len() > N_OF_SKILL {
                p.sm { a.link href={ "/students/" (student_id) "/skills/" (id) } { "All " (of_skill.len()) " answers" span.vh { " to " (name) } } }
            }
        }
    }
}

/// Renders the newest `n` answers.
fn list(admin: &Admin, evidence: &[Evidence], answers: &Answers, n: usize, from: From) -> Markup {
    html! {
        ul.answers { @for one in evidence.iter().rev().take(n) {
            @match answers.get(&one.evidence_id) {
                Some(answer) => (answer::row(admin, answer, from)),
                None => li.row.sm.wrap { (line(admin, one)) },
            }
        } }
    }
}

/// Evidence without a turn.
fn line(admin: &Admin, evidence: &Evidence) -> Markup {
    let (class, mark) = verdict_style(evidence.verdict);
    let source = if evidence.source == Source::Tool { "checked during the call" } else { "assessed without a turn" };
    html! {
        (badge(class, mark, verdict_words(evidence.verdict, evidence.help)))
        span.faint { (admin.viewer.date(evidence.observed_at)) ", " (source) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use storage::access::Role;
    use storage::evidence::{Help, Verdict};
    use storage::id::SessionId;

    use super::*;

    pub(crate) fn sample(observed_at: &str) -> Evidence {
        Evidence {
            evidence_id: EvidenceId(uuid::Uuid::from_u128(4)),
            student_id: StudentId(uuid::Uuid::from_u128(3)),
            skill_id: "maths.fractions.add".to_owned(),
            session_id: Some(SessionId(uuid::Uuid::from_u128(9))),
            analysis_id: None,
            turn_no: Some(7),
            verdict: Verdict::Partial,
            help: Help::Hint,
            source: Source::Rules,
            noise: 0.1,
            corrects_id: None,
            observed_at: observed_at.parse().unwrap(),
        }
    }

    pub(crate) fn answers(evidence: &Evidence) -> Answers {
        let answer = Answer {
            session_id: SessionId(uuid::Uuid::from_u128(9)),
            skill_id: evidence.skill_id.clone(),
            turn_no: 7,
            at: "12 Nov, 0:34".to_owned(),
            quote: "Is it <two>?".to_owned(),
            verdict: Some(evidence.verdict),
            help: evidence.help,
            asked: Some((6, "What is 1 + 1?".to_owned())),
            expected: Some("2".to_owned()),
            changed: None,
            has_student: true,
            skills: Vec::new(),
        };
        HashMap::from([(evidence.evidence_id, answer)])
    }

    #[test]
    fn an_answer_shows_its_question_and_leads_to_its_turn() {
        let evidence = sample("2026-11-12T12:00:00Z");
        let (id, answers) = (evidence.student_id, answers(&evidence));
        let shown = |role| card(&Admin::sample(role), id, std::slice::from_ref(&evidence), &answers, &[]).into_string();
        let tutor = shown(Role::Tutor);
        for part in ["What is 1 + 1?", "Is it &lt;two&gt;?", "Partly right, after a hint", "Change this mark"] {
            assert!(tutor.contains(part), "{part}: {tutor}");
        }
        assert!(tutor.contains(r#"href="/sessions/00000000-0000-0000-0000-000000000009#t7""#), "{tutor}");
        assert!(!shown(Role::Viewer).contains("<form"));
    }

    #[test]
    fn evidence_without_a_turn_says_where_it_comes_from() {
        let evidence = Evidence { turn_no: None, source: Source::Tool, ..sample("2026-11-12T12:00:00Z") };
        let shown = card(&Admin::sample(Role::Tutor), evidence.student_id, &[evidence], &HashMap::new(), &[]);
        assert!(shown.into_string().contains("checked during the call"));
    }
}
