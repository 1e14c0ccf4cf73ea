//! The PIN and the guardian's code of a student. They are set, unlocked and removed here, and never shown.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::caller_code::{self, CallerCode, Code};
use storage::clock;
use storage::db::{self, Db};
use storage::id::StudentId;
use storage::organisation::{Assurance, CodeKind};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::hashing::with_permit;
use crate::parts::badge::badge;
use crate::parts::{csrf, person};

pub(crate) async fn change(
    State(db): State<Db>,
    Path((student_id, kind)): Path<(StudentId, String)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let kind: CodeKind = kind.parse().map_err(|_| Fault::NotFound("code"))?;
    let (caller, now) = (&posted.admin.caller, clock::now());
    match posted.fields.text("do") {
        "set" => {
            let code = Code::choose(posted.fields.text("code")).map_err(|why| {
                Fault::Invalid(format!("The {} was not set: {why}. Go back and choose another one.", kind.words()))
            })?;
            let hash = with_permit(move || code.hash()).await?;
            let mut tx = db::begin(&db).await?;
            caller_code::set_code(&mut tx, caller, student_id, kind, &hash, now).await?;
            db::commit(tx).await?;
        }
        "unlock" => {
            let mut tx = db::begin(&db).await?;
            caller_code::unlock_code(&mut tx, caller, student_id, kind, now).await?;
            db::commit(tx).await?;
        }
        "remove" => {
            let mut tx = db::begin(&db).await?;
            caller_code::remove_code(&mut tx, caller, student_id, kind, now).await?;
            db::commit(tx).await?;
        }
        _ => return Err(Fault::Invalid("This form is not complete. Go back and try again.".to_owned())),
    }
    Ok(Redirect::to(&format!("/students/{student_id}#caller-check")).into_response())
}

/// Renders the codes of the student. If no code is required and none is set, it renders only for people who may set
/// one.
pub(super) fn card(admin: &Admin, student_id: StudentId, assurance: Assurance, codes: &[CallerCode]) -> Markup {
    let asked = assurance.code();
    let shown = |kind: CodeKind| asked.unwrap_or(CodeKind::Pin) == kind || codes.iter().any(|code| code.kind == kind);
    if asked.is_none() && codes.is_empty() && !admin.may_write() {
        return html! {};
    }
    html! {
        section.card aria-labelledby="caller-check" {
            header { h2 id="caller-check" { "Caller check" } }
            div.body.stack {
                p.sm.muted { (explained(assurance)) }
                @for kind in CodeKind::ALL.into_iter().filter(|kind| shown(*kind)) {
                    (code(admin, student_id, kind, codes.iter().find(|code| code.kind == kind), asked == Some(kind)))
                }
            }
        }
    }
}

fn explained(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::CallerId => "Calls from this student’s numbers count as theirs. No code is asked for.",
        Assurance::Pin => "Assistants get data about this student only after the caller gives the PIN.",
        Assurance::GuardianCode => {
            "Assistants get data about this student only after the caller gives the guardian’s code."
        }
    }
}

fn title(kind: CodeKind) -> &'static str {
    match kind {
        CodeKind::Pin => "PIN",
        CodeKind::GuardianCode => "Guardian’s code",
    }
}

fn code(admin: &Admin, student_id: StudentId, kind: CodeKind, code: Option<&CallerCode>, is_asked: bool) -> Markup {
    let path = format!("/students/{student_id}/codes/{}", kind.as_str());
    let id = format!("code-{}", kind.as_str());
    html! {
        div.stack.tight {
            div.row {
                b.grow { (title(kind)) }
                @match code {
                    Some(code) if code.locked_at.is_some() => (badge("bad", "lock", "Locked")),
                    Some(_) => (badge("good", "circle-check", "Set")),
                    None if is_asked => (badge("warn", "triangle-alert", "Not set")),
                    None => (badge("line", "minus", "Not set")),
                }
            }
            @match code {
                Some(code) => {
                    p.sm.faint { "Set " (admin.viewer.date(code.set_at)) " by " (person(&code.set_by)) "."
                        @if let Some(at) = code.locked_at { " Locked " (admin.viewer.time(at)) " after three wrong attempts." }
                        @else if code.n_failed > 0 { " Wrong attempts since the last right one: " (code.n_failed) "." }
                    }
                }
                None if is_asked => p.sm.faint { "Without it, no caller can prove to be this student. Assistants then teach without data about the student." },
                None => {}
            }
            @if admin.may_write() {
                @if code.is_some_and(|code| code.locked_at.is_some()) {
                    form method="post" action=(path) { (csrf(admin)) button.btn.small name="do" value="unlock" { "Unlock" span.vh { " " (title(kind)) } } }
                }
                details {
                    summary.sm { @if code.is_some() { "Change" } @else { "Set" } span.vh { " " (title(kind)) } }
                    form.stack.tight method="post" action=(path) {
                        (csrf(admin))
                        div.field {
                            label for=(id) { "New " (kind.words()) }
                            input.input id=(id) name="code" required inputmode="numeric" autocomplete="off" minlength="4" maxlength="8" pattern="[0-9]{4,8}";
                            span.hint { "4 to 8 digits, not all the same and not in a row. It is not shown again." }
                        }
                        div { button.btn.small name="do" value="set" { "Set " (kind.words()) } }
                    }
                    @if code.is_some() {
                        form method="post" action=(path) { (csrf(admin)) button.btn.ghost.small.danger name="do" value="remove" { "Remove " (kind.words()) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn shown(role: Role, assurance: Assurance, codes: &[CallerCode]) -> String {
        card(&Admin::sample(role), StudentId::new(), assurance, codes).into_string()
    }

    fn locked() -> CallerCode {
        CallerCode {
            kind: CodeKind::Pin,
            n_failed: 3,
            locked_at: Some(clock::now()),
            set_at: clock::now(),
            set_by: "admin:dana@example.org".to_owned(),
        }
    }

    #[test]
    fn a_viewer_sees_the_state_and_changes_nothing() {
        assert!(shown(Role::Viewer, Assurance::CallerId, &[]).is_empty());
        let page = shown(Role::Viewer, Assurance::Pin, &[locked()]);
        assert!(page.contains("Locked") && page.contains("dana@example.org") && !page.contains("<form"), "{page}");
    }

    #[test]
    fn staff_set_and_unlock() {
        let page = shown(Role::Tutor, Assurance::Pin, &[locked()]);
        assert!(page.contains("Unlock") && page.contains("Remove PIN") && !page.contains("Guardian’s code"), "{page}");
        let page = shown(Role::Tutor, Assurance::GuardianCode, &[]);
        assert!(page.contains("Set guardian&#x27;s code") || page.contains("Set guardian's code"), "{page}");
        assert!(page.contains("Not set") && !page.contains("Unlock"));
    }
}
