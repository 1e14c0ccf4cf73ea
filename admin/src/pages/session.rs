//! One session: transcript, analysis, and origin.

mod analysis;
mod answers;
mod attempts;
mod cost;
pub(crate) mod erase;
mod files;
mod introduction;
pub(crate) mod marks;
mod player;
mod timeline;
mod tools;
mod transcript;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use queue::list::{self, JobItem};
use queue::retry::{self, Reanalysis};
use storage::analysis::{self as analyses, Analysis};
use storage::audit;
use storage::clock;
use storage::consent;
use storage::curriculum;
use storage::db::{self, Db};
use storage::evidence;
use storage::follow_up;
use storage::id::{SessionId, StudentId};
use storage::mastery;
use storage::model_call::{self, ModelCallItem};
use storage::session::browse::{self, Neighbours};
use storage::session::{self, Session, SessionKey};
use storage::student::{self, Student};
use storage::tool_call::{self, ToolCall};
use storage::transcript::{self as turns, Turn};

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, live_page};
use crate::pages::follow_ups::with_alerts;
use crate::parts::answer::Answer;
use crate::parts::badge::{self, ended_words};
use crate::parts::csrf;
use crate::parts::follow_up::{Open, on_page};
use crate::parts::icon::{icon, icon_small};
use crate::parts::notice::{Tone, notice};
use crate::parts::turn;
use crate::viewer::Viewer;

pub(crate) use self::files::{analysis_json, recording, transcript_text};
pub(crate) use self::introduction::accept;

/// Tool calls on this page. The page of tool calls has the rest.
const N_TOOL_CALLS: i64 = 100;
const N_FOLLOW_UPS: i64 = 20;

pub(crate) struct Data {
    pub(crate) session: Session,
    pub(crate) student: Option<Student>,
    pub(crate) turns: Vec<Turn>,
    /// There is no consent to keep transcripts.
    pub(crate) is_speech_removed: bool,
    /// The current analysis, with people's marks instead of its verdicts.
    pub(crate) analysis: Option<Analysis>,
    pub(crate) answers: Vec<Answer>,
    /// Earlier analyses, the newest first.
    pub(crate) earlier: Vec<Analysis>,
    pub(crate) jobs: Vec<JobItem>,
    pub(crate) model_calls: Vec<ModelCallItem>,
    pub(crate) neighbours: Neighbours,
    pub(crate) tool_calls: Vec<ToolCall>,
    pub(crate) follow_ups: Open,
    /// The change of the estimate of each skill.
    pub(crate) gains: BTreeMap<String, f64>,
    /// Students that an unassigned call can be assigned to: those with its phone number.
    pub(crate) candidates: Vec<Student>,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
) -> Result<Markup, Fault> {
    let data = fetch(&admin, &db, session_id).await?;
    // Recorded before the answer, because a transcript is read.
    let object = format!("session:{session_id}");
    let nothing = serde_json::json!({});
    audit::insert_entry(&db, &admin.caller, "session.read", Some(&object), &nothing, admin.viewer.now).await?;
    Ok(render(&admin, &data))
}

pub(crate) async fn fetch(admin: &Admin, db: &Db, session_id: SessionId) -> Result<Data, Fault> {
    let caller = &admin.caller;
    let session = session::get_session(db, caller, &SessionKey::Id(session_id)).await?;
    let student = match session.student_id {
        Some(student_id) => Some(student::get_student(db, caller, student_id).await?),
        None => None,
    };
    let candidates = match (&session.student_id, session.caller_phone.as_deref().map(storage::phone::Phone::parse)) {
        (None, Some(Ok(phone))) => student::list_students_by_phone(db, caller, &phone).await?,
        _ => Vec::new(),
    };
    let turns = turns::list_turns(db, caller, session_id).await?;
    let marks = evidence::list_marks(db, caller, session_id).await?;
    let mut analysis = analyses::find_current(db, caller, session_id).await?;
    let skill_ids = analysis.iter().flat_map(|analysis| {
        let undecided = analysis.findings.undecided.iter().filter_map(|answer| answer.skill_id.clone());
        analysis.findings.skills.iter().map(|skill| skill.skill_id.clone()).chain(undecided)
    });
    let skill_ids: Vec<String> = skill_ids.collect();
    let questions = curriculum::list_questions(db, &skill_ids).await?;
    let answers =
        analysis.as_ref().map(|analysis| answers::list(&session, &analysis.findings, &turns, &marks, &questions));
    if let Some(analysis) = &mut analysis {
        let marks: Vec<_> = marks.into_iter().map(|given| given.mark).collect();
        analysis.findings.apply_marks(&marks);
    }
    Ok(Data {
        turns,
        is_speech_removed: consent::is_speech_removed(db, session_id).await?,
        analysis,
        answers: answers.unwrap_or_default(),
        earlier: analyses::list_earlier(db, caller, session_id).await?,
        jobs: list::list_jobs_of_session(db, session_id).await?,
        model_calls: model_call::list_model_calls(db, caller, session_id).await?,
        neighbours: browse::find_neighbours(db, caller, session.created_at, session_id).await?,
        tool_calls: tool_call::list_tool_calls_of_call(db, caller, &session.call_id, N_TOOL_CALLS).await?,
        follow_ups: with_alerts(
            admin,
            db,
            follow_up::list_open_of_session(db, caller, session_id, N_FOLLOW_UPS).await?,
        )
        .await?,
        gains: mastery::list_gains(db, caller, session_id).await?,
        session,
        student,
        candidates,
    })
}

/// Requests a new analysis of the session.
pub(crate) async fn retry(
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let now = clock::now();
    let mut tx = db::begin(&db).await?;
    if retry::reanalyze(&mut tx, &admin.caller, session_id, now).await? == Reanalysis::NoReport {
        return Err(Fault::Invalid("The call is not over, so there is nothing to analyse yet.".to_owned()));
    }
    db::commit(tx).await?;
    Ok(Redirect::to(&format!("/sessions/{session_id}")).into_response())
}

/// Assigns the call to a student and requests its analysis.
pub(crate) async fn assign(
    State(db): State<Db>,
    Path(session_id): Path<SessionId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let student_id: StudentId =
        posted.fields.text("student_id").parse().map_err(|_| Fault::Invalid("Choose a student.".to_owned()))?;
    student::get_student(&db, &admin.caller, student_id).await?;
    let now = clock::now();
    let mut act = Act::begin(&db, admin).await?;
    session::assign_session(&mut act, &admin.caller, session_id, student_id, now).await?;
    // A call in progress is analysed for the student when its report arrives.
    retry::reanalyze(&mut act, &admin.caller, session_id, now).await?;
    let object = format!("session:{session_id}");
    let detail = serde_json::json!({ "student_id": student_id });
    act.commit("session.assign", Some(object), detail).await?;
    Ok(Redirect::to(&format!("/sessions/{session_id}")).into_response())
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let session = &data.session;
    let started = session.started_at.unwrap_or(session.created_at);
    let title = format!("{}, {}", name(data), admin.viewer.plain_time(started));
    let events = format!("/events/sessions/{}", session.session_id);
    let shown = body(admin, data);
    live_page(
        admin,
        Place::Sessions,
        &title,
        &events,
        &shown,
        html! {
            div id="session" { (shown) }
            (player::script())
        },
    )
}

fn name(data: &Data) -> &str {
    data.student.as_ref().map_or("Unknown caller", |student| &student.display_name)
}

/// The main skill of the call.
fn topic(data: &Data) -> Option<&str> {
    let skills = &data.analysis.as_ref()?.findings.skills;
    skills.iter().rev().max_by_key(|skill| skill.evidence.len()).map(|skill| &skill.name[..])
}

/// The part that changes while the page is open.
pub(crate) fn body(admin: &Admin, data: &Data) -> Markup {
    let session = &data.session;
    html! {
        div.head {
            div { h1 { (name(data)) @if let Some(topic) = topic(data) { ": " (topic) } } (facts(&admin.viewer, session)) }
            div.actions {
                @if let Some(student) = &data.student {
                    a.btn href={ "/students/" (student.student_id) } { (icon("user-round")) "Student" }
                }
                @if admin.may_manage() {
                    a.btn.ghost.danger href={ "/sessions/" (session.session_id) "/erase" } { (icon_small("trash-2")) "Erase" }
                }
                (beside(&data.neighbours))
            }
        }
        nav.subnav.jump aria-label="On this page" {
            a href="#transcript" { "Transcript" } a href="#analysis" { "Analysis" } a href="#tools" { "Tool calls" }
            a href="#timeline" { "Timeline" }
        }
        div.stack {
            @if let Some(reason) = &session.attention_reason {
                (notice(Tone::Warn, "A person should look at this session", reason))
            }
            @if let Some(faults) = &session.report_faults {
                (notice(Tone::Info, "Some parts of this call’s report could not be read", &faults.join(" ")))
            }
            (on_page(admin, &data.follow_ups, &format!("/sessions/{}", session.session_id)))
            div.cols.wide-aside {
                div.stack {
                    (player::card(admin, data))
                    @if data.student.is_none() { (introduction::card(admin, data)) (assign_card(admin, data)) }
                    (transcript::card(admin, data))
                    (tools::card(data))
                }
                div.stack { (analysis::card(admin, data)) (cost::card(data)) (timeline::card(&admin.viewer, data)) }
            }
        }
    }
}

/// Renders links to the calls before and after.
fn beside(neighbours: &Neighbours) -> Markup {
    let link = |session_id: Option<SessionId>, mark: &str, name: &str| {
        html! { @if let Some(session_id) = session_id {
            a.btn.icon-only href={ "/sessions/" (session_id) } aria-label=(name) title=(name) { (icon(mark)) }
        } }
    };
    html! {
        span.row {
            (link(neighbours.newer, "arrow-up", "Newer session"))
            (link(neighbours.older, "arrow-down", "Older session"))
        }
    }
}

fn facts(viewer: &Viewer, session: &Session) -> Markup {
    let direction = match session.call_type.as_deref() {
        Some("inboundPhoneCall") => Some(("phone-incoming", "Inbound")),
        Some("outboundPhoneCall") => Some(("phone-outgoing", "Outbound")),
        Some("webCall") => Some(("globe", "Web")),
        _ => None,
    };
    let fact = |name: &str, value: Markup| html! { div { dt { (name) } dd { (value) } } };
    html! {
        dl.facts {
            (fact("Started", viewer.long_time(session.started_at.unwrap_or(session.created_at))))
            @if let Some(seconds) = session.duration_seconds() { (fact("Length", html! { (figures::length(seconds)) })) }
            @if let Some(reason) = &session.ended_reason { (fact("Ended", html! { (ended_words(reason)) })) }
            @if let Some((mark, word)) = direction { (fact("Direction", html! { (icon_small(mark)) (word) })) }
            @if let Some(assistant) = session.assistant_name.as_ref().or(session.assistant_id.as_ref()) {
                (fact("Assistant", html! { (assistant) @if let Some(version) = &session.assistant_version { ", version " (version) } }))
            }
            @if let Some(cost) = session.cost_microusd { (fact("Cost", html! { (figures::dollars(cost)) })) }
            (fact("Call", html! { code { (session.call_id) } }))
        }
    }
}

fn assign_card(admin: &Admin, data: &Data) -> Markup {
    html! {
        section.card aria-labelledby="assign" {
            header { h2 id="assign" { "Whose call was this?" } }
            div.body.stack.tight {
                p.muted { "This number belongs to no student, or to several. The transcript is kept. The answers do not count for a student yet." }
                @if !admin.may_write() {
                    p.sm.faint { "Tutors and admins can assign it." }
                } @else if data.candidates.is_empty() {
                    p.sm.faint { "Add this phone number to the student, and the next call is recognised. To assign this call, paste the id from the student’s page." }
                    form.row method="post" action={ "/sessions/" (data.session.session_id) "/assign" } {
                        (csrf(admin))
                        div.field.grow { label for="student_id" { "Student’s id" } input.input id="student_id" name="student_id" required maxlength="36"; }
                        button.btn { "Assign" }
                    }
                } @else {
                    form.row method="post" action={ "/sessions/" (data.session.session_id) "/assign" } {
                        (csrf(admin))
                        div.field.grow {
                            label for="student_id" { "Students with this phone number" }
                            select.input id="student_id" name="student_id" {
                                @for student in &data.candidates { option value=(student.student_id) { (student.display_name) } }
                            }
                        }
                        button.btn { "Assign" }
                    }
                }
            }
        }
    }
}

/// Returns when a turn began, from the start of the call.
fn at_of(turns: &[Turn], turn_no: i32) -> String {
    let found = turns.iter().find(|turn| turn.turn_no == turn_no);
    found.map_or_else(|| format!("turn {turn_no}"), |found| turn::at(found.offset_ms))
}

pub(crate) fn status_badge(session: &Session) -> Markup {
    if session.status == storage::session::SessionStatus::InProgress && session.ended_at.is_some() {
        return badge::badge("info", "clock", "Ended, waiting for the report");
    }
    badge::session(session.status, session.analysis_status)
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::analysis::{AnalysisStatus, Findings};
    use storage::id::AnalysisId;
    use storage::session::SessionStatus;
    use storage::transcript::Speaker;

    use super::*;

    pub(crate) fn data(findings: Option<Findings>) -> Data {
        let at = |text: &str| text.parse().unwrap();
        let session_id = SessionId(uuid::Uuid::from_u128(9));
        let say = |turn_no, speaker, text: &str| Turn {
            turn_no,
            speaker,
            text: text.to_owned(),
            offset_ms: turn_no * 10_000,
            duration_ms: None,
        };
        let turns =
            vec![say(0, Speaker::Tutor, "What is one half plus one half?"), say(1, Speaker::Student, "Is it <one>?")];
        let session = Session {
            session_id,
            call_id: "call-9".to_owned(),
            student_id: Some(StudentId(uuid::Uuid::from_u128(3))),
            caller_phone: Some("+14155550142".to_owned()),
            status: SessionStatus::Analyzed,
            attention_reason: None,
            call_type: Some("inboundPhoneCall".to_owned()),
            assistant_id: None,
            assistant_name: Some("Math tutor".to_owned()),
            assistant_version: None,
            started_at: Some(at("2026-11-19T21:12:04Z")),
            ended_at: Some(at("2026-11-19T21:30:46Z")),
            ended_reason: Some("customer-ended-call".to_owned()),
            cost_microusd: Some(2_070_000),
            cost_parts: None,
            recording_url: Some("https://storage.example/recording.wav".to_owned()),
            created_at: at("2026-11-19T21:12:00Z"),
            updated_at: at("2026-11-19T21:31:00Z"),
            analyzed_at: Some(at("2026-11-19T21:31:22Z")),
            analysis_status: None,
            report_faults: None,
            introduced_as: None,
        };
        Data {
            answers: findings
                .as_ref()
                .map(|findings| answers::list(&session, findings, &turns, &[], &BTreeMap::new()))
                .unwrap_or_default(),
            session,
            student: None,
            is_speech_removed: false,
            turns,
            analysis: findings.map(|findings| Analysis {
                analysis_id: AnalysisId(uuid::Uuid::from_u128(1)),
                session_id,
                analyser: "rules".to_owned(),
                analyser_version: "1".to_owned(),
                status: AnalysisStatus::Baseline,
                findings,
                model: None,
                prompt_version: None,
                input_tokens: None,
                output_tokens: None,
                duration_ms: 12,
                created_at: at("2026-11-19T21:31:22Z"),
            }),
            earlier: Vec::new(),
            jobs: Vec::new(),
            model_calls: Vec::new(),
            neighbours: Neighbours::default(),
            tool_calls: Vec::new(),
            follow_ups: Open::default(),
            gains: BTreeMap::new(),
            candidates: Vec::new(),
        }
    }

    #[test]
    fn a_session_shows_its_words_and_never_markup_in_them() {
        let shown = render(&Admin::sample(Role::Tutor), &data(None)).into_string();
        assert!(shown.contains("Is it &lt;one&gt;?") && shown.contains(r#"id="t1""#) && shown.contains("Math tutor"));
    }

    #[test]
    fn neither_the_number_nor_the_address_of_the_recording_is_shown() {
        let shown = render(&Admin::sample(Role::Admin), &data(None)).into_string();
        assert!(!shown.contains("5550142") && !shown.contains("storage.example"));
    }

    #[test]
    fn a_viewer_gets_no_button_that_writes() {
        let viewer = render(&Admin::sample(Role::Viewer), &data(None)).into_string();
        assert!(!viewer.contains("/assign") && !viewer.contains("/analysis/retry"));
        let tutor = render(&Admin::sample(Role::Tutor), &data(None)).into_string();
        assert!(tutor.contains("/assign"));
    }
}
