//! Disclosures of data about a student: to agents and apps, language models, and people who exported it.

use axum::extract::{Path, State};
use maud::{Markup, html};
use storage::db::Db;
use storage::disclosure::{self, Disclosure};
use storage::id::StudentId;
use storage::student::{self, Student};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::{Place, page};
use crate::parts::table::{Column, cell, row, table};

/// Entries on the page. The export has all.
const N_SHOWN: i64 = 200;

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
) -> Result<Markup, Fault> {
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    super::record(&db, &admin, "student.read", student_id, admin.viewer.now).await?;
    let disclosures = disclosure::list_disclosures(&db, &admin.caller, student_id, N_SHOWN).await?;
    Ok(render(&admin, &student, &disclosures))
}

const COLUMNS: [Column; 3] = [("Time", ""), ("Recipient", ""), ("Data", "")];

pub(crate) fn render(admin: &Admin, student: &Student, disclosures: &[Disclosure]) -> Markup {
    let name = student.first_name();
    let rows = html! { @for one in disclosures { (row(&html! {
        (cell("nowrap", html! { (admin.viewer.time(one.at)) }))
        (cell("", html! { (recipient(&one.recipient)) }))
        (cell("", html! { (given(one)) }))
    })) } };
    page(
        admin,
        Place::Students,
        &format!("Data given about {name}"),
        html! {
            div.stack {
                div.head {
                    div {
                        h1 { "Data given about " (name) }
                        p { "Agents, apps and language models that received data about " a.link href={ "/students/" (student.student_id) } { (student.display_name) } ", and people who exported, printed, downloaded or played it. The newest " (N_SHOWN) "; the export has all." }
                    }
                }
                section.card {
                    @if disclosures.is_empty() { div.body { p.muted { "No data was given to anyone yet." } } }
                    @else { (table("Data given", &COLUMNS, &rows)) }
                }
            }
        },
    )
}

fn recipient(actor: &str) -> Markup {
    let (kind, name) = actor.split_once(':').unwrap_or(("", actor));
    let kind = match kind {
        "family" => return html! { "The family" " " span.xs.faint { "App" } },
        "client" => "Client",
        "agent" => "Agent connected by this person",
        "model" => "Language model",
        "admin" => "Staff",
        "guardian" => "Guardian",
        _ => "Operator’s command",
    };
    html! { (name) " " span.xs.faint { (kind) } }
}

fn given(one: &Disclosure) -> Markup {
    let words = match &one.action[..] {
        "student.read" => "Data",
        "model.read" => "Transcript",
        "student.export" => "All data, as a file",
        "student.report" => "Report for parents",
        "report.send" => "Weekly report, by e-mail",
        "session.transcript" => "Transcript, as a file",
        "session.analysis" => "Analysis, as a file",
        "recording.play" => "Recording",
        "student.reveal_phone" => "Phone numbers",
        "student.read_context" => "Context, as a file",
        other => other,
    };
    let part = |name: &str| one.detail.get(name).and_then(serde_json::Value::as_str);
    html! { (words) @if let (Some(door), Some(what)) = (part("door"), part("what")) { " " span.xs.faint { (door) ": " (what) } } }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_recipient_and_what_it_got_are_said_in_words() {
        let one = Disclosure {
            at: "2026-11-26T10:00:00Z".parse().unwrap(),
            recipient: "client:app-1".to_owned(),
            action: "student.read".to_owned(),
            detail: json!({ "door": "tool", "what": "get_progress" }),
        };
        assert!(given(&one).into_string().contains("tool: get_progress"));
        let who = recipient(&one.recipient).into_string();
        assert!(who.starts_with("app-1") && who.contains("Client"), "{who}");
    }
}
