//! Who saw or changed what.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use shared::audit::{self, AuditEntry};
use shared::db::Db;

use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::{Place, page};
use crate::link;
use crate::parts::empty::empty;
use crate::parts::icon::{icon, icon_small};
use crate::parts::pager::{PAGE, pager, split_page};
use crate::parts::table::{Column, cell, row, table};

const PATH: &str = "/settings/audit";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    who: String,
    before: String,
}

impl Filter {
    fn before(&self) -> Result<Option<i64>, Fault> {
        match &self.before[..] {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| Fault::Invalid("This link to a page of the list is damaged.".to_owned())),
        }
    }

    fn url(&self, before: &str) -> String {
        link::to(PATH, &[("who", &self.who), ("before", before)])
    }
}

pub(crate) struct Data {
    pub(crate) filter: Filter,
    pub(crate) entries: Vec<AuditEntry>,
    pub(crate) has_next: bool,
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let who = Some(filter.who.trim()).filter(|who| !who.is_empty() && who.len() <= 300);
    let rows = audit::list_entries(&db, who, filter.before()?, PAGE + 1).await?;
    let (entries, has_next) = split_page(rows);
    Ok(render(&admin, &Data { filter, entries, has_next }))
}

const COLUMNS: [Column; 3] = [("Time", ""), ("What happened", ""), ("About", "")];

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let next =
        data.entries.last().filter(|_| data.has_next).map(|last| data.filter.url(&last.audit_entry_id.to_string()));
    let first = (!data.filter.before.is_empty()).then(|| data.filter.url(""));
    page(
        admin,
        Place::Audit,
        "Audit log",
        html! {
            div.stack.list-page {
                div.head { div { h1 { "Audit log" } p { "Who saw or changed what. Entries cannot be edited." } } }
                form.filters method="get" action=(PATH) role="search" aria-label="Filter the audit log" {
                    div.field.grow {
                        label for="who" { "Who" } (icon("search"))
                        input.input id="who" name="who" type="search" maxlength="300" placeholder="admin:ada@example.org, client:client_…, operator" value=(data.filter.who);
                    }
                    button.btn { (icon("list-filter")) "Filter" }
                }
                div.card id="audit" {
                    @if data.entries.is_empty() {
                        (empty("scroll-text", "No entries", "Nobody of that name saw or changed anything.", html! {}))
                    } @else {
                        (table("Audit entries", &COLUMNS, &html! { @for entry in &data.entries { (entry_row(admin, data, entry)) } }))
                        (pager("Newest first", first.as_deref(), next.as_deref()))
                    }
                }
            }
        },
    )
}

fn entry_row(admin: &Admin, data: &Data, entry: &AuditEntry) -> Markup {
    let who = entry.actor.split_once(':').map_or(&entry.actor[..], |(_, name)| name);
    let only = Filter { who: entry.actor.clone(), ..data.filter.clone() }.url("");
    row(&html! {
        (cell("nowrap faint", admin.viewer.time(entry.at)))
        (cell("full", html! {
            span.row.top-align {
                span.faint.aud-ic { (icon_small(mark(&entry.action))) }
                span.grow { a.main href=(only) { (who) } " " (words(&entry.action)) " " (detail(entry)) }
            }
        }))
        (cell("full sm", about(entry)))
    })
}

/// Ids and settings that the entry keeps.
fn detail(entry: &AuditEntry) -> Markup {
    let is_empty = entry.detail.as_object().is_none_or(serde_json::Map::is_empty);
    html! { @if !is_empty { code.xs.faint { (entry.detail) } } }
}

fn about(entry: &AuditEntry) -> Markup {
    let object = entry.object.as_deref().unwrap_or_default();
    match object.split_once(':') {
        Some(("student", id)) => html! { a.link href={ "/students/" (id) } { "Student" } },
        Some(("session", id)) => html! { a.link href={ "/sessions/" (id) } { "Session" } },
        Some((kind, id)) => html! { (kind) " " code.xs { (id) } },
        None => html! { (object) },
    }
}

/// An action in the words that its button has.
fn words(action: &str) -> String {
    match action {
        "admin.login" => "signed in",
        "admin.logout" => "signed out",
        "admin.invite" => "invited a user",
        "admin.role" => "changed a role",
        "admin.disable" => "shut a user out",
        "admin.enable" => "let a user in again",
        "admin.setup_link" => "made a set-up link",
        "client.create" => "made an API client",
        "client.rotate" => "replaced the secret of an API client",
        "client.revoke" => "revoked an API client",
        "client.key" => "made an agent key",
        "student.read" => "opened a student",
        "student.read_context" => "read what the assistant is told",
        "student.reveal_phone" => "showed the phone numbers of a student",
        "student.create" => "added a student",
        "student.update" => "changed a student",
        "session.read" => "opened a session",
        "session.search" => "searched what was said",
        "student.find_by_phone" => "looked a phone number up",
        "session.analyze" => "had a session analysed again",
        "session.assign" => "assigned a session",
        "note.add" => "added a note",
        "note.delete" => "deleted a note",
        "follow_up.close" => "saw to a follow-up",
        "job.retry" => "retried a job",
        "job.discard" => "discarded a job",
        "job.retry_for_reason" => "retried all jobs of one reason",
        "call.retry" => "retried what was given up of a call",
        other => return other.replace(['.', '_'], " "),
    }
    .to_owned()
}

fn mark(action: &str) -> &'static str {
    match action.split_once('.').map_or(action, |(noun, _)| noun) {
        "admin" => "shield-check",
        "client" => "key-round",
        "student" => "user-round",
        "session" | "call" => "phone-call",
        "note" => "message-square",
        "follow_up" => "flag",
        "job" => "layers",
        _ => "scroll-text",
    }
}

#[cfg(test)]
mod tests {
    use shared::access::Role;

    use super::*;

    #[test]
    fn an_entry_says_who_did_what_to_whom() {
        let entry = AuditEntry {
            audit_entry_id: 7,
            at: "2026-11-19T21:12:04Z".parse().unwrap(),
            actor: "admin:dana@example.org".to_owned(),
            action: "student.reveal_phone".to_owned(),
            object: Some("student:0198".to_owned()),
            detail: serde_json::json!({}),
        };
        let data = Data { filter: Filter::default(), entries: vec![entry], has_next: true };
        let shown = render(&Admin::sample(Role::Admin), &data).into_string();
        assert!(shown.contains("dana@example.org") && shown.contains("showed the phone numbers of a student"));
        assert!(shown.contains(r#"href="/students/0198""#) && shown.contains("before=7"));
    }
}
