//! Users of the dashboard: invited by a link, each with a role.

pub(crate) mod leave;
pub(crate) mod reach;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use http::StatusCode;
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use storage::access::Role;
use storage::admin_user::{self, AdminUser};
use storage::db::Db;
use storage::id::AdminUserId;
use storage::{admin_login, clock, second_factor, student};

use crate::Connections;
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::icon::{icon, icon_small};
use crate::parts::notice::{Tone, notice};
use crate::parts::table::{Column, cell, list_table, row};
use crate::parts::{csrf, initials, role_word};

pub(crate) const PATH: &str = "/settings/users";
/// How long an invitation is valid.
const INVITATION: TimeDelta = TimeDelta::days(3);
const ROLES: [Role; 3] = [Role::Admin, Role::Tutor, Role::Viewer];

/// A link that is shown once.
#[derive(Debug)]
struct Invitation {
    email: String,
    link: SecretString,
}

/// All users, each with the number of active logins.
struct People {
    users: Vec<AdminUser>,
    logins: Vec<(AdminUserId, i64)>,
    /// All cohorts.
    cohorts: Vec<String>,
}

impl People {
    async fn fetch(admin: &Admin, db: &Db) -> Result<Self, Fault> {
        Ok(Self {
            users: admin_user::list_users(db).await?,
            logins: admin_login::count_logins(db, clock::now()).await?,
            cohorts: student::list_cohorts(db, &admin.caller).await?,
        })
    }

    fn n_logins(&self, user: &AdminUser) -> i64 {
        self.logins.iter().find(|(id, _)| *id == user.admin_user_id).map_or(0, |(_, n)| *n)
    }
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    admin.require_manage()?;
    Ok(render(&admin, &People::fetch(&admin, &db).await?, None, None))
}

pub(crate) async fn invite(
    State(db): State<Db>,
    State(connections): State<Connections>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let (email, role) =
        match (admin_user::parse_email(posted.fields.text("email")), posted.fields.text("role").parse::<Role>()) {
            (Ok(email), Ok(role)) => (email, role),
            (Err(refused), _) => return refused_page(&db, admin, &refused.to_string()).await,
            (_, Err(why)) => return refused_page(&db, admin, &why).await,
        };
    let cohorts = reach::read(&posted.fields)?;
    let now = clock::now();
    let mut act = Act::begin(&db, admin).await?;
    let (admin_user_id, setup) =
        match admin_user::insert_user(&mut *act, &email, role, None, Some(now + INVITATION), now).await {
            Err(error) if error.is_conflict_with("admin_users_email_key") => {
                return refused_page(&db, admin, "This address already has an account.").await;
            }
            made => made?,
        };
    admin_user::set_cohorts(&mut *act, admin_user_id, cohorts.as_deref()).await?;
    act.record("admin.invite", Some(object(admin_user_id)), serde_json::json!({ "role": role.as_str() })).await?;
    act.commit("admin.cohorts", Some(object(admin_user_id)), reach::detail(cohorts.as_deref())).await?;
    let invitation = setup.map(|setup| Invitation { email, link: setup_link(&connections, &setup) });
    Ok(render(admin, &People::fetch(admin, &db).await?, invitation.as_ref(), None).into_response())
}

/// Makes a new link for a user who forgot their password, or whose invitation expired.
pub(crate) async fn renew(
    State(db): State<Db>,
    State(connections): State<Connections>,
    Path(admin_user_id): Path<AdminUserId>,
    posted: Posted,
) -> Result<Markup, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    posted.require_fresh(&db).await?;
    let mut act = Act::begin(&db, admin).await?;
    let setup = admin_user::renew_setup(&mut *act, admin_user_id, clock::now() + INVITATION).await?;
    act.commit("admin.setup_link", Some(object(admin_user_id)), serde_json::json!({})).await?;
    let people = People::fetch(admin, &db).await?;
    let email = people.users.iter().find(|user| user.admin_user_id == admin_user_id).map(|user| user.email.clone());
    let invitation = Invitation { email: email.unwrap_or_default(), link: setup_link(&connections, &setup) };
    Ok(render(admin, &people, Some(&invitation), None))
}

pub(crate) async fn set_role(
    State(db): State<Db>,
    Path(admin_user_id): Path<AdminUserId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let mut act = change(&db, &posted, admin_user_id).await?;
    let role: Role = posted.fields.text("role").parse().map_err(Fault::Invalid)?;
    admin_user::set_role(&mut *act, admin_user_id, role).await?;
    // Grants of the old role end with it.
    admin_login::delete_logins_of(&mut *act, admin_user_id).await?;
    act.commit("admin.role", Some(object(admin_user_id)), serde_json::json!({ "role": role.as_str() })).await?;
    Ok(Redirect::to(PATH).into_response())
}

pub(crate) async fn set_disabled(
    State(db): State<Db>,
    Path(admin_user_id): Path<AdminUserId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let is_out = posted.fields.text("disabled") == "yes";
    let now = clock::now();
    let mut act = change(&db, &posted, admin_user_id).await?;
    admin_user::set_disabled(&mut *act, admin_user_id, is_out.then_some(now)).await?;
    let action = if is_out { "admin.disable" } else { "admin.enable" };
    act.commit(action, Some(object(admin_user_id)), serde_json::json!({})).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Ends all logins of another user, for example after the loss of a laptop.
pub(crate) async fn sign_out(
    State(db): State<Db>,
    Path(admin_user_id): Path<AdminUserId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_manage()?;
    let mut act = Act::begin(&db, admin).await?;
    let n = admin_login::delete_logins_of(&mut *act, admin_user_id).await?;
    act.commit("admin.sign_out_user", Some(object(admin_user_id)), serde_json::json!({ "n": n })).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// For a user who lost the app or the passkeys, and the recovery codes. Ends their passkeys and logins.
pub(crate) async fn end_two_step(
    State(db): State<Db>,
    Path(admin_user_id): Path<AdminUserId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let mut act = change(&db, &posted, admin_user_id).await?;
    second_factor::remove_all(&mut act, admin_user_id).await?;
    admin_login::delete_logins_of(&mut *act, admin_user_id).await?;
    act.commit("admin.two_step_off", Some(object(admin_user_id)), serde_json::json!({})).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Begins a change to another user, by an admin who has just confirmed who they are.
async fn change<'a>(db: &Db, posted: &'a Posted, admin_user_id: AdminUserId) -> Result<Act<'a>, Fault> {
    posted.admin.require_manage()?;
    posted.require_fresh(db).await?;
    require_other(&posted.admin, admin_user_id)?;
    Act::begin(db, &posted.admin).await
}

/// Rejects changes of one's own rights, so there is always an admin left.
fn require_other(admin: &Admin, admin_user_id: AdminUserId) -> Result<(), Fault> {
    if admin.admin_user_id == admin_user_id {
        Err(Fault::Invalid("You cannot change your own role or disable your own access. Ask another admin.".to_owned()))
    } else {
        Ok(())
    }
}

/// Returns the name of a user in the audit log.
pub(super) fn object(admin_user_id: AdminUserId) -> String {
    format!("admin_user:{admin_user_id}")
}

async fn refused_page(db: &Db, admin: &Admin, why: &str) -> Result<Response, Fault> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, render(admin, &People::fetch(admin, db).await?, None, Some(why)))
        .into_response())
}

/// Returns the full address of a link, or its path if the dashboard's address is not set.
fn setup_link(connections: &Connections, setup: &SecretString) -> SecretString {
    let base = connections.admin_url.as_deref().unwrap_or_default();
    SecretString::from(format!("{base}/setup/{}", setup.expose_secret()))
}

fn render(admin: &Admin, people: &People, invitation: Option<&Invitation>, error: Option<&str>) -> Markup {
    let rows = html! { @for user in &people.users { (user_row(admin, user, people.n_logins(user), &people.cohorts)) } };
    page(
        admin,
        Place::Users,
        "Users and roles",
        html! {
            div.stack {
                div.head { div { h1 { "Users and roles" } p { "People with access to this dashboard, and their roles." } } }
                @if let Some(invitation) = invitation { (link_once(invitation)) }
                @if let Some(error) = error { (notice(Tone::Bad, error, "No invitation was sent.")) }
                section.card aria-label="Users" { (list_table("Users", &html! {}, &COLUMNS, &rows)) }
                (invite_card(admin, &people.cohorts))
                (permissions())
            }
        },
    )
}

fn link_once(invitation: &Invitation) -> Markup {
    html! {
        section.card aria-labelledby="link-made" {
            div.note.good.flat role="status" {
                (icon("circle-check"))
                div {
                    b id="link-made" { "Link for " (invitation.email) }
                    p { "Send it to them. It works once, for three days, and is not shown again." }
                    @if invitation.link.expose_secret().starts_with('/') {
                        p { "Put the address of this dashboard before it. Set " code { "ADMIN_URL" } " to see full links." }
                    }
                    div.copy-line.keybox {
                        code id="setup-link" tabindex="0" role="group" aria-label="Set-up link" { (invitation.link.expose_secret()) }
                        button.btn.small.js-only type="button" data-copy="#setup-link" { (icon_small("copy")) span { "Copy" } span.vh { " link" } }
                    }
                }
                div.actions { a.btn.small href=(PATH) { "I have copied it" } }
            }
        }
    }
}

const COLUMNS: [Column; 5] = [("User", ""), ("State", ""), ("Role", ""), ("Last sign-in", ""), ("", "")];

fn user_row(admin: &Admin, user: &AdminUser, n_logins: i64, cohorts: &[String]) -> Markup {
    let is_self = admin.admin_user_id == user.admin_user_id;
    let id = user.admin_user_id;
    row(&html! {
        (cell("", html! { span.who { span.avatar aria-hidden="true" { (initials(&user.email)) } span.two {
            b.main { (user.email) }
            @if is_self { small { "You" } } @else if n_logins > 0 { small { "Signed in " (figures::counted(n_logins, "time", "times")) " now" } }
        } } }))
        (cell("end", match (user.disabled_at, user.has_password) {
            (Some(_), _) => badge("line", "minus", "Access disabled"),
            (None, true) if user.has_second_factor() => badge("good", "circle-check", "Active, two steps"),
            (None, true) => badge("good", "circle-check", "Active"),
            (None, false) => badge("warn", "clock", "Invited"),
        }))
        (cell("full", html! { @if is_self { (role_word(user.role)) } @else {
            form.row method="post" action={ (PATH) "/" (id) "/role" } {
                (csrf(admin))
                label.vh for={ "role-" (id) } { "Role of " (user.email) }
                select.input.small id={ "role-" (id) } name="role" { (role_options(user.role)) }
                button.btn.small { "Change" span.vh { " the role of " (user.email) } }
            }
            (reach::cell(admin, user, cohorts))
        } }))
        (cell("nowrap muted hide", html! { @if let Some(at) = user.last_login_at { (admin.viewer.time(at)) } @else { "Never" } }))
        (cell("full", html! { @if !is_self { div.row {
            @let ask = |step: &str, words: &str, of: &str| html! {
                a.btn.small href={ (PATH) "/" (id) "/leave?step=" (step) } { (words) span.vh { (of) (user.email) } }
            };
            @if user.disabled_at.is_none() { (ask("link", "New link", " for ")) }
            @if n_logins > 0 { (ask("sign-out", "Sign out", " ")) }
            @if user.has_second_factor() { (ask("two-step-off", "Turn off two-step sign-in", " of ")) }
            @if user.disabled_at.is_none() { (ask("disabled", "Disable access", " of ")) } @else {
                form method="post" action={ (PATH) "/" (id) "/disabled" } {
                    (csrf(admin))
                    input type="hidden" name="disabled" value="no";
                    button.btn.small { "Enable access" span.vh { " of " (user.email) } }
                }
            }
        } } }))
    })
}

fn role_options(selected: Role) -> Markup {
    html! { @for role in ROLES { option value=(role.as_str()) selected[role == selected] { (role_word(role)) } } }
}

fn invite_card(admin: &Admin, cohorts: &[String]) -> Markup {
    html! {
        section.card aria-labelledby="invite" {
            header { h2 id="invite" { "Invite a user" } }
            form.body.stack method="post" action=(PATH) {
                (csrf(admin))
                div.form-grid {
                    div.field { label for="email" { "Email" } input.input id="email" name="email" type="email" required maxlength="254"; }
                    div.field { label for="role" { "Role" } select.input id="role" name="role" { (role_options(Role::Tutor)) } }
                }
                (reach::fields("invite", cohorts, Some(&[])))
                p.sm.muted { "Admins always see all students." }
                div { button.btn.primary { "Make link" } }
            }
        }
    }
}

fn permissions() -> Markup {
    const TABLE: [(&str, [bool; 3]); 8] = [
        ("Sessions, transcripts and analysis", [true, true, true]),
        ("Students, mastery and context for the assistant", [true, true, true]),
        ("Recordings, transcripts and tables as files", [true, true, false]),
        ("Show phone numbers", [true, true, false]),
        ("Edit students, add notes, assign calls", [true, true, false]),
        ("Run an analysis again", [true, true, false]),
        ("Retry or discard failed jobs", [true, false, false]),
        ("API clients, users and the audit log", [true, false, false]),
    ];
    html! {
        section.card aria-labelledby="permissions" {
            header { h2 id="permissions" { "Permissions of each role" } p id="whose" { "Tutors and viewers may be limited to the students of some cohorts. Calls without a student, jobs, and the search by phone number are only for people who see all students." } }
            div.scroll tabindex="0" role="group" aria-label="Permissions, scrolls sideways" {
                table.tbl.perm aria-describedby="whose" {
                    thead { tr { th scope="col" { "Permission" } @for role in ROLES { th scope="col" { (role_word(role)) } } } }
                    tbody { @for (what, may) in TABLE { tr {
                        th scope="row" { (what) }
                        @for may in may { @if may { td.yes { (icon("check")) span.vh { "Yes" } } } @else { td.no { (icon("minus")) span.vh { "No" } } } }
                    } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u128, email: &str) -> AdminUser {
        AdminUser {
            admin_user_id: AdminUserId(uuid::Uuid::from_u128(n)),
            email: email.to_owned(),
            role: Role::Tutor,
            created_at: "2026-11-19T21:12:04Z".parse().unwrap(),
            last_login_at: None,
            disabled_at: None,
            has_password: false,
            has_app: false,
            has_passkey: false,
            cohorts: None,
            classes: Vec::new(),
            shows_all_classes: false,
            is_responsible: false,
        }
    }

    #[test]
    fn nobody_changes_their_own_role() {
        let admin = Admin::sample(Role::Admin);
        assert!(require_other(&admin, admin.admin_user_id).is_err());
        let own = user_row(&admin, &user(1, "dana.whitfield@example.org"), 2, &[]).into_string();
        assert!(!own.contains("<form"));
        let other = user_row(&admin, &user(2, "ada@example.org"), 0, &[]).into_string();
        assert!(other.contains("Invited") && !other.contains("sign-out"));
        let other = user_row(&admin, &user(2, "ada@example.org"), 2, &[]).into_string();
        assert!(other.contains("Signed in 2 times now") && other.contains("/leave?step=sign-out"));
    }

    #[test]
    fn an_invitation_leads_to_the_address_that_was_set_and_to_no_other() {
        let connections = |admin_url: Option<&str>| Connections {
            public_url: "https://tutor.example.org".to_owned(),
            admin_url: admin_url.map(str::to_owned),
            has_llm: false,
            has_vapi: false,
            has_faktory: false,
        };
        let setup = SecretString::from("setup_x");
        let whole = setup_link(&connections(Some("https://dashboard.example.org")), &setup);
        assert_eq!(whole.expose_secret(), "https://dashboard.example.org/setup/setup_x");
        assert_eq!(setup_link(&connections(None), &setup).expose_secret(), "/setup/setup_x");
    }
}
