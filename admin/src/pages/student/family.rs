//! Family and consent: a student's guardians, their consent, and the history of decisions.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::plain_text;
use maud::{Markup, html};
use storage::admin_user;
use storage::clock;
use storage::consent::{self, Action, Basis, Decision, Means, NewDecision, Purpose, Standing};
use storage::db::{self, Db};
use storage::guardian::{self, Guardian, GuardianFields};
use storage::id::{GuardianId, StudentId};
use storage::phone::Phone;
use storage::student::check::check_locale;

use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::form::Posted;
use crate::parts::badge::badge;
use crate::parts::icon::icon_small;
use crate::parts::{csrf, person};

/// Decisions that are shown.
pub(super) const N_DECISIONS: i64 = 50;

const MAX_REASON: usize = 500;

/// The content of the card.
pub(crate) struct Family {
    pub(crate) guardians: Vec<Guardian>,
    pub(crate) standings: Vec<Standing>,
    pub(crate) decisions: Vec<Decision>,
}

pub(super) async fn fetch(admin: &Admin, db: &Db, student_id: StudentId) -> Result<Family, Fault> {
    Ok(Family {
        guardians: guardian::list_guardians(db, &admin.caller, student_id).await?,
        standings: consent::list_standings(db, Some(student_id), admin.viewer.now).await?,
        decisions: consent::list_decisions(db, &admin.caller, student_id, N_DECISIONS).await?,
    })
}

pub(crate) async fn add_guardian(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let fields = read_guardian(&posted.fields)?;
    let mut tx = db::begin(&db).await?;
    guardian::add_guardian(&mut tx, &posted.admin.caller, student_id, &fields, clock::now()).await?;
    db::commit(tx).await?;
    Ok(back(student_id))
}

pub(crate) async fn change_guardian(
    State(db): State<Db>,
    Path((student_id, guardian_id)): Path<(StudentId, GuardianId)>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let (caller, now) = (&posted.admin.caller, clock::now());
    let is_removal = posted.fields.text("do") == "remove";
    let fields = if is_removal { None } else { Some(read_guardian(&posted.fields)?) };
    let mut tx = db::begin(&db).await?;
    match &fields {
        Some(fields) => guardian::update_guardian(&mut tx, caller, student_id, guardian_id, fields, now).await?,
        None => guardian::remove_guardian(&mut tx, caller, student_id, guardian_id, now).await?,
    }
    db::commit(tx).await?;
    Ok(back(student_id))
}

pub(crate) async fn decide(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let now = clock::now();
    let decisions = read_decision(&posted.fields, &posted.admin, now)?;
    let mut tx = db::begin(&db).await?;
    let guardians = guardian::list_guardians(&mut *tx, &posted.admin.caller, student_id).await?;
    let is_theirs = |id: GuardianId| guardians.iter().any(|guardian| guardian.guardian_id == id);
    if decisions.iter().filter_map(|decision| decision.guardian_id).any(|id| !is_theirs(id)) {
        return Err(invalid("choose one of the guardians"));
    }
    for decision in &decisions {
        consent::decide(&mut tx, &posted.admin.caller, student_id, decision, now).await?;
    }
    db::commit(tx).await?;
    Ok(back(student_id))
}

fn back(student_id: StudentId) -> Response {
    Redirect::to(&format!("/students/{student_id}#family")).into_response()
}

fn invalid(why: impl std::fmt::Display) -> Fault {
    Fault::Invalid(format!("Nothing was saved: {why}. Go back: what you typed is kept."))
}

fn read_guardian(fields: &Fields) -> Result<GuardianFields, Fault> {
    let text = |name: &str| Some(plain_text::clean(fields.text(name))).filter(|text| !text.is_empty());
    let name = text("name").filter(|name| name.chars().count() <= 120);
    let relation = text("relation").filter(|relation| relation.chars().count() <= 40);
    let phone = text("phone").map(|phone| Phone::parse(&phone)).transpose();
    let email = text("email").map(|email| admin_user::parse_email(&email)).transpose();
    let language = text("language");
    let mut faults = Vec::new();
    check_locale(language.as_deref(), &mut faults);
    if !faults.is_empty() {
        return Err(invalid("a language is written like en or es-MX"));
    }
    Ok(GuardianFields {
        name: name.ok_or_else(|| invalid("a guardian’s name has 1 to 120 characters"))?,
        relation: relation.ok_or_else(|| invalid("a relation has 1 to 40 characters, such as mother"))?,
        phone: phone.map_err(invalid)?,
        email: email.map_err(invalid)?,
        language,
    })
}

/// Records one decision for each ticked purpose.
fn read_decision(fields: &Fields, admin: &Admin, now: DateTime<Utc>) -> Result<Vec<NewDecision>, Fault> {
    let action = fields.text("action").parse::<Action>().ok();
    let action = action.ok_or_else(|| invalid("choose whether consent is given, renewed or withdrawn"))?;
    let means = fields.text("means").parse::<Means>().ok();
    let means = means.ok_or_else(|| invalid("choose how the decision reached you"))?;
    let purposes: Vec<Purpose> = fields.all("purpose").filter_map(|name| name.parse().ok()).collect();
    if purposes.is_empty() {
        return Err(invalid("tick at least one purpose"));
    }
    let day = |name: &str| match fields.text(name) {
        "" => Ok(None),
        text => text.parse::<NaiveDate>().map(Some).map_err(|_| invalid("a date is written like 2027-07-31")),
    };
    let decided_at = match day("decided_on")? {
        Some(day) if day > admin.viewer.today() => return Err(invalid("a decision date is in the past")),
        // Today means now. Otherwise a later decision of today would be overridden.
        Some(day) if day < admin.viewer.today() => admin.viewer.start_of(day),
        _ => now,
    };
    let expires_at = match day("expires_on")? {
        Some(_) if action == Action::Withdrawn => return Err(invalid("a withdrawal does not expire")),
        // It is valid until the end of that day.
        Some(day) => Some(admin.viewer.start_of(day.succ_opt().unwrap_or(day))),
        None => None,
    };
    if expires_at.is_some_and(|at| at <= now) {
        return Err(invalid("the consent would have expired already"));
    }
    let reason = plain_text::clean(fields.text("reason"));
    if reason.chars().count() > MAX_REASON {
        return Err(invalid(format!("a reason has at most {MAX_REASON} characters")));
    }
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    if action == Action::Withdrawn && reason.is_none() {
        return Err(invalid("give a reason for the withdrawal, in a few words"));
    }
    let guardian_id = match fields.text("guardian") {
        "" => None,
        id => Some(id.parse().map_err(|_| invalid("choose one of the guardians"))?),
    };
    let new =
        |purpose| NewDecision { purpose, action, guardian_id, means, reason: reason.clone(), expires_at, decided_at };
    Ok(purposes.into_iter().map(new).collect())
}

/// Returns the label of the purpose.
pub(crate) fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Tutoring => "Lessons by phone",
        Purpose::Recording => "Recordings",
        Purpose::Transcripts => "Transcripts",
        Purpose::Model => "Analysis by a language model",
        Purpose::Reports => "Reports to guardians",
    }
}

/// Returns what happens without consent to the purpose.
pub(crate) fn explained(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Tutoring => "Without it, assistants get no data, and calls are not assessed.",
        Purpose::Recording => "Without it, recordings are neither linked nor played.",
        Purpose::Transcripts => "Without it, transcripts are deleted after the analysis. Only results are kept.",
        Purpose::Model => "Without it, calls are analysed by built-in rules only.",
        Purpose::Reports => "Without it, no report for guardians is made.",
    }
}

fn action_name(action: Action) -> &'static str {
    match action {
        Action::Given => "Given",
        Action::Renewed => "Renewed",
        Action::Withdrawn => "Withdrawn",
    }
}

fn means_name(means: Means) -> &'static str {
    match means {
        Means::Paper => "On paper",
        Means::Phone => "By phone",
        Means::Web => "On the web",
        Means::SchoolAgreement => "Agreement with the school",
    }
}

/// How long before an expiry the page shows it.
pub(crate) const SOON: TimeDelta = TimeDelta::days(30);

pub(super) fn card(admin: &Admin, student_id: StudentId, family: &Family) -> Markup {
    html! {
        section.card aria-labelledby="family" {
            header { h2 id="family" { "Family and consent" } }
            div.body.stack {
                (guardians(admin, student_id, &family.guardians))
                h3 { "Consent" }
                ul.list.plain { @for standing in &family.standings { (line(admin, standing)) } }
                @if admin.may_write() { (decision_form(admin, student_id, &family.guardians)) }
                (history(admin, &family.decisions))
            }
        }
    }
}

fn guardians(admin: &Admin, student_id: StudentId, guardians: &[Guardian]) -> Markup {
    html! {
        @if guardians.is_empty() { p.muted { "No guardians yet." } }
        @else {
            ul.list.plain { @for guardian in guardians {
                li.stack.tight {
                    div { b { (guardian.name) } span.muted { ", " (guardian.relation) } }
                    @if guardian.phone.is_some() || guardian.email.is_some() {
                        div.sm.row.wrap {
                            @if let Some(phone) = &guardian.phone { span { (phone) } }
                            @if let Some(email) = &guardian.email { span { (email) } }
                        }
                    }
                    @if guardian.language.is_some() || !guardian.also_of.is_empty() {
                        span.sm.faint {
                            @if let Some(language) = &guardian.language { "Language " (language) ". " }
                            @if !guardian.also_of.is_empty() { "Also guardian of " (guardian.also_of.join(", ")) "." }
                        }
                    }
                    @if admin.may_write() {
                        details {
                            summary.sm { "Edit" span.vh { " " (guardian.name) } }
                            (guardian_form(admin, &format!("/students/{student_id}/guardians/{}", guardian.guardian_id), Some(guardian)))
                            form method="post" action={ "/students/" (student_id) "/guardians/" (guardian.guardian_id) } {
                                (csrf(admin))
                                button.btn.ghost.small.danger name="do" value="remove" { (icon_small("trash-2")) "Remove" span.vh { " " (guardian.name) } }
                            }
                        }
                    }
                }
            } }
        }
        @if admin.may_write() {
            details {
                summary.sm { "Add a guardian" }
                (guardian_form(admin, &format!("/students/{student_id}/guardians"), None))
            }
        }
    }
}

fn guardian_form(admin: &Admin, path: &str, guardian: Option<&Guardian>) -> Markup {
    let key = guardian.map_or_else(|| "new".to_owned(), |guardian| guardian.guardian_id.to_string());
    let field = |label: &str, name: &str, kind: &str, value: Option<&str>, max: usize, is_required: bool| {
        let id = format!("g-{name}-{key}");
        html! {
            div.field {
                label for=(id) { (label) }
                input.input id=(id) name=(name) type=(kind) maxlength=(max) required[is_required] value=(value.unwrap_or_default()) autocomplete="off";
            }
        }
    };
    let of = |get: fn(&Guardian) -> Option<&str>| guardian.and_then(get);
    html! {
        form.stack.tight method="post" action=(path) {
            (csrf(admin))
            (field("Name", "name", "text", of(|g| Some(&g.name)), 120, true))
            (field("Relation, such as mother", "relation", "text", of(|g| Some(&g.relation)), 40, true))
            (field("Phone, with + and country code", "phone", "tel", of(|g| g.phone.as_deref()), 30, false))
            (field("E-mail", "email", "email", of(|g| g.email.as_deref()), 254, false))
            (field("Language, such as en or es-MX", "language", "text", of(|g| g.language.as_deref()), 35, false))
            div { button.btn.small { @if guardian.is_some() { "Save" } @else { "Add guardian" } } }
        }
    }
}

fn line(admin: &Admin, standing: &Standing) -> Markup {
    let now = admin.viewer.now;
    let until = standing.expires_at.filter(|at| *at > now);
    let is_soon = standing.is_allowed() && until.is_some_and(|at| at - now < SOON);
    let (class, mark, word) = match standing.basis {
        Basis::Guardian if is_soon => ("warn", "triangle-alert", "Expires soon"),
        Basis::Guardian => ("good", "circle-check", "Given"),
        Basis::Organisation => ("line", "circle-check", "By the organisation"),
        Basis::Undecided => ("warn", "minus", "Not given"),
        Basis::Withdrawn => ("bad", "circle-alert", "Withdrawn"),
        Basis::Expired => ("bad", "circle-alert", "Expired"),
    };
    html! {
        li.stack.tight {
            div.row { b.grow { (purpose_name(standing.purpose)) } (badge(class, mark, word)) }
            @if let Some(until) = until { span.sm.faint { "Until " (admin.viewer.date(until - TimeDelta::seconds(1))) "." } }
            @if !standing.is_allowed() { span.sm.muted { (explained(standing.purpose)) } }
        }
    }
}

fn decision_form(admin: &Admin, student_id: StudentId, guardians: &[Guardian]) -> Markup {
    html! {
        details {
            summary.sm { "Record a decision" }
            form.stack.tight method="post" action={ "/students/" (student_id) "/consents" } {
                (csrf(admin))
                fieldset.stack.tight {
                    legend.sm { "Purposes" }
                    @for purpose in Purpose::ALL {
                        @let id = format!("purpose-{}", purpose.as_str());
                        span.check { input type="checkbox" id=(id) name="purpose" value=(purpose.as_str()); label for=(id) { (purpose_name(purpose)) } }
                    }
                }
                (crate::parts::select("Decision", "action", &Action::ALL.map(|action| (action.as_str(), action_name(action))), "given"))
                div.field {
                    label for="guardian" { "Decided by" }
                    select.input id="guardian" name="guardian" {
                        option value="" { "Another person" }
                        @for (n, guardian) in guardians.iter().enumerate() { option value=(guardian.guardian_id) selected[n == 0] { (guardian.name) ", " (guardian.relation) } }
                    }
                }
                (crate::parts::select("How it reached you", "means", &Means::ALL.map(|means| (means.as_str(), means_name(means))), "paper"))
                (crate::parts::date("Decided on", "decided_on", &admin.viewer.today().to_string()))
                (crate::parts::date("Expires after (optional)", "expires_on", ""))
                div.field { label for="reason" { "Reason or reference" } textarea.input id="reason" name="reason" maxlength=(MAX_REASON) {} span.hint { "Required for a withdrawal." } }
                p.sm.muted { "If you withdraw consent to recordings or transcripts, stored ones are deleted at once." }
                div { button.btn.small { "Record decision" } }
            }
        }
    }
}

fn history(admin: &Admin, decisions: &[Decision]) -> Markup {
    if decisions.is_empty() {
        return html! {};
    }
    html! {
        details {
            summary.sm { "History of decisions" }
            ul.list.plain { @for decision in decisions {
                li.stack.tight {
                    div { b { (action_name(decision.action)) ": " (purpose_name(decision.purpose)) } }
                    span.sm { (means_name(decision.means)) @if let Some(guardian) = &decision.guardian { ", by " (guardian) } ", " (admin.viewer.date(decision.decided_at))
                        @if let Some(at) = decision.expires_at { ", until " (admin.viewer.date(at - TimeDelta::seconds(1))) } "." }
                    @if let Some(reason) = &decision.reason { span.sm { (reason) } }
                    span.xs.faint { "Recorded " (admin.viewer.time(decision.recorded_at)) " by " (person(&decision.recorded_by)) }
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn form(text: &str) -> Fields {
        Fields::parse(text.as_bytes())
    }

    fn read(text: &str) -> Result<Vec<NewDecision>, String> {
        let admin = Admin::sample(Role::Tutor);
        read_decision(&form(text), &admin, admin.viewer.now).map_err(|fault| format!("{fault:?}"))
    }

    #[test]
    fn a_decision_is_one_for_each_purpose() {
        let read = read("action=given&means=paper&purpose=model&purpose=reports&decided_on=&expires_on=").unwrap();
        assert_eq!(read.iter().map(|new| new.purpose).collect::<Vec<_>>(), [Purpose::Model, Purpose::Reports]);
        assert!(read.iter().all(|new| new.action == Action::Given && new.guardian_id.is_none()));
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_refused() {
        for wrong in [
            "",
            "action=given&means=paper",
            "action=given&purpose=model",
            "action=maybe&means=paper&purpose=model",
            "action=withdrawn&means=paper&purpose=model",
            "action=withdrawn&means=paper&purpose=model&reason=moved&expires_on=2999-01-01",
            "action=given&means=paper&purpose=model&expires_on=2020-01-01",
            "action=given&means=paper&purpose=model&decided_on=2999-01-01",
            "action=given&means=paper&purpose=model&expires_on=soon",
            "action=given&means=paper&purpose=model&guardian=7",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("action=withdrawn&means=phone&purpose=model&reason=moved").is_ok());
    }

    #[test]
    fn a_guardian_is_read_as_typed() {
        let read = |text: &str| read_guardian(&form(text));
        let ana =
            read("name=Ana+Brandt&relation=mother&phone=%2B1+415+555+0142&email=Ana%40Example.org&language=es-MX")
                .unwrap();
        assert_eq!((ana.phone.unwrap().as_str(), ana.email.as_deref()), ("+14155550142", Some("ana@example.org")));
        for wrong in [
            "relation=mother",
            "name=Ana",
            "name=Ana&relation=aunt&phone=555",
            "name=Ana&relation=aunt&email=x",
            "name=Ana&relation=aunt&language=e",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_viewer_sees_what_holds_and_changes_nothing() {
        let family = Family {
            guardians: Vec::new(),
            standings: vec![Standing { purpose: Purpose::Recording, basis: Basis::Withdrawn, expires_at: None }],
            decisions: Vec::new(),
        };
        let shown = |role| card(&Admin::sample(role), StudentId::new(), &family).into_string();
        let viewer = shown(Role::Viewer);
        assert!(
            viewer.contains("Withdrawn") && viewer.contains("neither linked nor played") && !viewer.contains("<form")
        );
        assert!(shown(Role::Tutor).contains("Record decision"));
    }
}
