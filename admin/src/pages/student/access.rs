//! Access by an app: staff give the student or a guardian a code, see who has access, and end it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use storage::clock;
use storage::component_status::{self, Worker};
use storage::db::{self, Db};
use storage::family_grant::{self, CODE_LIFETIME, FamilyGrant};
use storage::guardian::{self, Guardian};
use storage::id::{FamilyGrantId, GuardianId, StudentId};
use storage::message;
use storage::student::{self, Student};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::icon::{icon, icon_small};
use crate::parts::{csrf, person};

pub(crate) struct Access {
    pub(crate) grants: Vec<FamilyGrant>,
    /// Whether the workers can send e-mails.
    pub(crate) has_mail: bool,
}

pub(super) async fn fetch(admin: &Admin, db: &Db, student_id: StudentId) -> Result<Access, Fault> {
    Ok(Access {
        grants: family_grant::list_grants(db, &admin.caller, student_id, admin.viewer.now).await?,
        has_mail: component_status::list(db).await?.find::<Worker>().is_some_and(|(_, worker)| worker.has_mail),
    })
}

pub(crate) async fn give(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let (caller, now) = (&posted.admin.caller, clock::now());
    let invalid = |why: &str| Fault::Invalid(format!("No access was given: {why}."));
    let guardian_id: Option<GuardianId> = match posted.fields.text("holder") {
        "" => None,
        id => Some(id.parse().map_err(|_| invalid("choose the student or one of the guardians"))?),
    };
    let is_mail = posted.fields.text("do") == "send";
    let mut tx = db::begin(&db).await?;
    let student = student::get_student(&mut *tx, caller, student_id).await?;
    let guardians = guardian::list_guardians(&mut *tx, caller, student_id).await?;
    let guardian = guardians.iter().find(|of| Some(of.guardian_id) == guardian_id);
    if is_mail && guardian.is_none_or(|of| of.email.is_none()) {
        return Err(invalid("this person has no e-mail address here. Show the code and read it out"));
    }
    let given = family_grant::give(&mut tx, caller, student_id, guardian_id, now).await?;
    let id = given.ok_or_else(|| invalid("the student is blocked, or consent to lessons is missing"))?;
    let code = match guardian_id.filter(|_| is_mail) {
        Some(guardian_id) => {
            family_grant::send_code(&mut tx, guardian_id, id, now).await?;
            None
        }
        None => Some(family_grant::make_code(&mut tx, id, now).await?),
    };
    db::commit(tx).await?;
    Ok(match code {
        Some(code) => once(&posted.admin, &student, guardian, &code).into_response(),
        None => back(student_id),
    })
}

pub(crate) async fn end(
    State(db): State<Db>,
    Path((student_id, family_grant_id)): Path<(StudentId, FamilyGrantId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let mut tx = db::begin(&db).await?;
    family_grant::end(&mut tx, &posted.admin.caller, student_id, family_grant_id, clock::now()).await?;
    db::commit(tx).await?;
    Ok(back(student_id))
}

fn back(student_id: StudentId) -> Response {
    Redirect::to(&format!("/students/{student_id}#access")).into_response()
}

/// The page that shows a code.
fn once(admin: &Admin, student: &Student, guardian: Option<&Guardian>, code: &SecretString) -> Markup {
    let holder = guardian.map_or(student.first_name(), |of| &of.name);
    let minutes = CODE_LIFETIME.num_minutes();
    page(
        admin,
        Place::Students,
        "Code for the app",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Code for the app" }
                    p { "For " (holder) @if guardian.is_some() { ", about the students of this guardian" } "." }
                } }
                section.card aria-labelledby="code-made" {
                    div.note.good.flat role="status" {
                        (icon("circle-check"))
                        div {
                            b id="code-made" { "Read it out, or write it down for them" }
                            p { "They type it in the app. It works once, for " (minutes) " minutes, and is not shown again." }
                            div.copy-line.keybox {
                                code id="app-code" tabindex="0" role="group" aria-label="Code" { (code.expose_secret()) }
                                button.btn.small.js-only type="button" data-copy="#app-code" { (icon_small("copy")) span { "Copy" } span.vh { " code" } }
                            }
                        }
                        div.actions { a.btn.small href={ "/students/" (student.student_id) "#access" } { "Back to " (student.first_name()) } }
                    }
                }
            }
        },
    )
}

/// A student and their first name.
type Of<'a> = (StudentId, &'a str);

pub(super) fn card(admin: &Admin, student: Of<'_>, guardians: &[Guardian], access: &Access) -> Markup {
    if access.grants.is_empty() && !admin.may_write() {
        return html! {};
    }
    html! {
        section.card aria-labelledby="access" {
            header { h2 id="access" { "App access" } }
            div.body.stack {
                h3 { "Who has access by the app" }
                @if access.grants.is_empty() { p.muted { "No one yet." } }
                @else { ul.list.plain { @for grant in &access.grants { (line(admin, student, grant)) } } }
                @if admin.may_write() { (form(admin, student, guardians, access)) }
            }
        }
    }
}

fn line(admin: &Admin, (student_id, name): Of<'_>, grant: &FamilyGrant) -> Markup {
    let name = grant.guardian_name.as_deref().unwrap_or(name);
    let (class, mark, word) = match (grant.used_at, grant.mail) {
        (Some(_), _) => ("good", "circle-check", "Signed in"),
        (None, Some(message::State::Waiting)) => ("line", "clock", "E-mail on its way"),
        (None, Some(message::State::Failed | message::State::Cancelled)) => ("bad", "circle-alert", "E-mail not sent"),
        (None, _) => ("line", "clock", "Code not used yet"),
    };
    html! {
        li.stack.tight {
            div.row { b.grow { (name) } (badge(class, mark, word)) }
            span.sm.faint {
                "Given " (admin.viewer.time(grant.created_at)) " by " (person(&grant.given_by)) ". "
                @match (grant.used_at, grant.last_used_at) {
                    (Some(_), Some(at)) => { "Last used " (admin.viewer.time(at)) "." },
                    (Some(_), None) => {},
                    (None, _) => {
                        @match &grant.mail_error {
                            Some(why) => { "Last attempt: " (why) "." },
                            None => { "The code works until " (admin.viewer.time(grant.expires_at)) "." },
                        }
                    }
                }
            }
            @if admin.may_write() {
                form method="post" action={ "/students/" (student_id) "/access/" (grant.family_grant_id) "/end" } {
                    (csrf(admin))
                    button.btn.ghost.small.danger { "End access" span.vh { " of " (name) } }
                }
            }
        }
    }
}

fn form(admin: &Admin, (student_id, name): Of<'_>, guardians: &[Guardian], access: &Access) -> Markup {
    let can_mail = access.has_mail && guardians.iter().any(|guardian| guardian.email.is_some());
    html! {
        details {
            summary.sm { "Give access to the app" }
            form.stack.tight method="post" action={ "/students/" (student_id) "/access" } {
                (csrf(admin))
                div.field {
                    label for="holder" { "Person" }
                    select.input id="holder" name="holder" {
                        option value="" { (name) ", the student" }
                        @for of in guardians { option value=(of.guardian_id) { (of.name) ", " (of.relation) @if let Some(email) = &of.email { ", " (email) } } }
                    }
                    span.hint { "A guardian sees all their students. The app shows no notes, concerns or transcripts, and changes nothing." }
                }
                div.row.wrap {
                    button.btn.small name="do" value="show" { "Show a code" }
                    @if can_mail { button.btn.small name="do" value="send" { "Send a code by e-mail" } }
                }
                @if !access.has_mail { p.sm.muted { "No mail server is set up, so a code cannot be sent." } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn grant() -> FamilyGrant {
        FamilyGrant {
            family_grant_id: FamilyGrantId::new(),
            guardian_id: Some(GuardianId::new()),
            guardian_name: Some("Ana Brandt".to_owned()),
            given_by: "admin:dana@example.org".to_owned(),
            created_at: clock::now(),
            expires_at: clock::now(),
            used_at: None,
            last_used_at: None,
            mail: Some(message::State::Failed),
            mail_error: Some("the mail server cannot be reached".to_owned()),
        }
    }

    #[test]
    fn a_viewer_sees_who_has_access_and_ends_none() {
        let student = (StudentId::new(), "Maya");
        let shown =
            |role, grants| card(&Admin::sample(role), student, &[], &Access { grants, has_mail: false }).into_string();
        assert!(shown(Role::Viewer, Vec::new()).is_empty());
        let viewer = shown(Role::Viewer, vec![grant()]);
        assert!(
            viewer.contains("Ana Brandt") && viewer.contains("E-mail not sent") && !viewer.contains("<form"),
            "{viewer}"
        );
        assert!(viewer.contains("the mail server cannot be reached"));
        let tutor = shown(Role::Tutor, vec![FamilyGrant { used_at: Some(clock::now()), ..grant() }]);
        assert!(
            tutor.contains("Signed in") && tutor.contains("End access") && tutor.contains("Show a code"),
            "{tutor}"
        );
        assert!(!tutor.contains("by e-mail"), "no mail server is set up");
    }
}
