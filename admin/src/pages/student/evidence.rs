//! What the levels rest on: every answer that counts, with the turn that shows it, and a person's better judgement.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use shared::db::{Db, Error};
use shared::evidence::{self, Correction, Evidence, Help, Source, Verdict};
use shared::id::{EvidenceId, SessionId, StudentId};
use shared::mastery::StudentSkill;

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::pages::session::marks::{self, MAX_REASON};
use crate::parts::badge::{badge, verdict_style, verdict_words};
use crate::parts::csrf;
use crate::parts::icon::icon;

/// Of each skill, the newest answers: the rest stands in its sessions.
const N_OF_SKILL: usize = 5;

const VERDICTS: [(&str, Verdict, &str); 3] = [
    ("correct", Verdict::Correct, "Right"),
    ("partial", Verdict::Partial, "Partly right"),
    ("incorrect", Verdict::Incorrect, "Not right yet"),
];
const HELPS: [(&str, Help, &str); 3] = [
    ("none", Help::None, "Without help"),
    ("hint", Help::Hint, "After a hint"),
    ("told", Help::Told, "After being told"),
];

/// The one of these answers that is meant, if a turn shows it.
async fn get_evidence(
    db: &Db,
    admin: &Admin,
    student_id: StudentId,
    evidence_id: EvidenceId,
) -> Result<(Evidence, SessionId, i32), Fault> {
    let list = evidence::list_counting(db, &admin.caller, student_id, evidence::Of::All).await?;
    let found = list.into_iter().find(|evidence| evidence.evidence_id == evidence_id);
    let shown = found.and_then(|evidence| Some((evidence.session_id?, evidence.turn_no?)).zip(Some(evidence)));
    let ((session_id, turn_no), evidence) = shown.ok_or(Error::NotFound("evidence that counts"))?;
    Ok((evidence, session_id, turn_no))
}

pub(crate) async fn correct_form(
    admin: Admin,
    State(db): State<Db>,
    Path((student_id, evidence_id)): Path<(StudentId, EvidenceId)>,
) -> Result<Markup, Fault> {
    admin.require_write()?;
    let (evidence, session_id, turn_no) = get_evidence(&db, &admin, student_id, evidence_id).await?;
    Ok(form(&admin, &evidence, session_id, turn_no))
}

/// Judges an answer anew; the reason is kept as a note for staff.
pub(crate) async fn correct(
    State(db): State<Db>,
    Path((student_id, evidence_id)): Path<(StudentId, EvidenceId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (admin, fields) = (&posted.admin, &posted.fields);
    admin.require_write()?;
    let verdict = VERDICTS.iter().find(|(value, ..)| *value == fields.text("verdict")).map(|(_, verdict, _)| *verdict);
    let help = HELPS.iter().find(|(value, ..)| *value == fields.text("help")).map(|(_, help, _)| *help);
    let (Some(verdict), Some(help)) = (verdict, help) else {
        return Err(Fault::Invalid("Say how the answer was, and with how much help it came.".to_owned()));
    };
    let reason = fields.text("reason");
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        return Err(Fault::Invalid(format!("A reason has 1 to {MAX_REASON} characters. Go back: your text is kept.")));
    }
    let (judged, session_id, turn_no) = get_evidence(&db, admin, student_id, evidence_id).await?;
    let correction =
        Correction { session_id, skill_id: judged.skill_id, turn_no, verdict: Some(verdict), help: Some(help) };
    marks::record(&db, admin, &correction, reason).await?;
    Ok(Redirect::to(&format!("/students/{student_id}#evidence")).into_response())
}

fn form(admin: &Admin, evidence: &Evidence, session_id: SessionId, turn_no: i32) -> Markup {
    let back = format!("/students/{}#evidence", evidence.student_id);
    page(
        admin,
        Place::Students,
        "Judge an answer anew",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Judge an answer anew" }
                    p {
                        "Judged so far: " (verdict_words(evidence.verdict, evidence.help)) ", " (source_words(evidence.source)) ". "
                        a.link href={ "/sessions/" (session_id) "#t" (turn_no) } { "Read the turn" }
                    }
                } }
                form.card method="post" {
                    div.body.stack {
                        (csrf(admin))
                        div.form-grid {
                            (choice("The answer was", "verdict", VERDICTS.map(|(value, verdict, words)| (value, words, verdict == evidence.verdict))))
                            (choice("Help before it", "help", HELPS.map(|(value, help, words)| (value, words, help == evidence.help))))
                        }
                        div.field {
                            label for="reason" { "Reason" }
                            input.input id="reason" name="reason" required maxlength=(MAX_REASON);
                            span.hint { "Kept as a note for staff. Your judgement counts from now on, whatever a later analysis says." }
                        }
                    }
                    footer { button.btn.primary { "Save" } a.btn href=(back) { "Cancel" } }
                }
            }
        },
    )
}

pub(super) fn card(admin: &Admin, student_id: StudentId, evidence: &[Evidence], skills: &[StudentSkill]) -> Markup {
    html! {
        section.card aria-labelledby="evidence" {
            header { h2 id="evidence" { "Evidence" } p { (figures::counted(evidence.len() as i64, "answer", "answers")) ", by skill" } }
            @if evidence.is_empty() {
                div.body { p.muted { "No answer has been judged yet." } }
            } @else {
                ul.list { @for of_skill in evidence.chunk_by(|a, b| a.skill_id == b.skill_id) {
                    li { (skill(admin, student_id, of_skill, skills)) }
                } }
            }
        }
    }
}

fn skill(admin: &Admin, student_id: StudentId, of_skill: &[Evidence], skills: &[StudentSkill]) -> Markup {
    let id = &of_skill[0].skill_id;
    let name = skills.iter().map(|of| &of.mastery).find(|of| of.skill_id == *id).map_or(&id[..], |of| &of.skill_name);
    html! {
        details.data {
            summary { (icon("chevron-right")) b { (name) } span.faint { ", " (figures::counted(of_skill.len() as i64, "answer", "answers")) } }
            ul.stack.tight {
                @for evidence in of_skill.iter().rev().take(N_OF_SKILL) { li.row.sm.wrap { (line(admin, student_id, evidence)) } }
            }
            @if of_skill.len() > N_OF_SKILL { p.sm.faint { "The newest " (N_OF_SKILL) "; the rest stands in the sessions." } }
        }
    }
}

fn line(admin: &Admin, student_id: StudentId, evidence: &Evidence) -> Markup {
    let (class, mark) = verdict_style(evidence.verdict);
    html! {
        (badge(class, mark, verdict_words(evidence.verdict, evidence.help)))
        span.faint { (admin.viewer.date(evidence.observed_at)) ", " (source_words(evidence.source)) }
        @if let (Some(session_id), Some(turn_no)) = (evidence.session_id, evidence.turn_no) {
            a.link href={ "/sessions/" (session_id) "#t" (turn_no) } { "Turn " (turn_no) span.vh { " of the session" } }
            @if admin.may_write() {
                a.link href={ "/students/" (student_id) "/evidence/" (evidence.evidence_id) "/correct" } {
                    "Correct" span.vh { ": turn " (turn_no) }
                }
            }
        }
    }
}

fn choice(label: &str, name: &str, options: [(&str, &str, bool); 3]) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select.input id=(name) name=(name) {
                @for (value, words, is_selected) in options { option value=(value) selected[is_selected] { (words) } }
            }
        }
    }
}

fn source_words(source: Source) -> &'static str {
    match source {
        Source::Rules => "judged by rules",
        Source::Llm | Source::Both => "judged by the model",
        Source::Tool => "checked during the call",
        Source::Person => "judged by a person",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use shared::access::Role;

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

    #[test]
    fn an_answer_leads_to_its_turn_and_may_be_judged_anew_by_those_who_may_write() {
        let evidence = sample("2026-11-12T12:00:00Z");
        let student_id = evidence.student_id;
        let shown = card(&Admin::sample(Role::Tutor), student_id, std::slice::from_ref(&evidence), &[]).into_string();
        assert!(shown.contains(r#"href="/sessions/00000000-0000-0000-0000-000000000009#t7""#), "{shown}");
        assert!(shown.contains("Partly right, after a hint") && shown.contains("/correct"));
        let form = form(&Admin::sample(Role::Tutor), &evidence, SessionId(uuid::Uuid::from_u128(9)), 7).into_string();
        assert!(form.contains(r#"<option value="partial" selected>"#), "{form}");
        assert!(!card(&Admin::sample(Role::Viewer), student_id, &[evidence], &[]).into_string().contains("/correct"));
    }
}
