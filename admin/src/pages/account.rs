//! The account page: appearance, password, and logins.

pub(crate) mod agents;
pub(crate) mod alerts;
pub(crate) mod classes;
pub(crate) mod passkeys;
mod password;
mod recovery_codes;
pub(crate) mod second_factor;
pub(crate) mod two_step;

use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use chrono_tz::{TZ_VARIANTS, Tz};
use http::HeaderMap;
use http::header::SET_COOKIE;
use maud::{Markup, html};
use secrecy::ExposeSecret;
use serde::Deserialize;
use storage::admin_login::{self, LoginItem};
use storage::db::Db;
use storage::message::alert;
use storage::{agent_grant, secret, student};

use crate::Dashboard;
use crate::act::Act;
use crate::auth::{Admin, SessionCookie};
use crate::cookie;
use crate::fault::Fault;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::locale::{self, LOCALE_COOKIE, Locale};
use crate::parts::csrf;
use crate::parts::notice::{Tone, notice};
use crate::parts::table::{Column, cell, row, table};
use crate::viewer::{SHORTCUTS_COOKIE, THEME_COOKIE, Theme, ZONE_COOKIE, chosen_zone};

const PATH: &str = "/account";

use self::passkeys::Passkeys;
pub(crate) use self::password::post as set_password;

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct News {
    done: String,
}

pub(crate) async fn get(
    admin: Admin,
    State(dashboard): State<Dashboard>,
    Query(news): Query<News>,
    headers: HeaderMap,
) -> Result<Markup, Fault> {
    let told = match &news.done[..] {
        "password" => Some((
            Tone::Info,
            "Your password is changed. Your other sign-ins were ended, and your agents disconnected.",
        )),
        "passkey" => Some((Tone::Info, "Your passkey is added.")),
        "classes" => Some((Tone::Info, "Your classes are saved. Lists begin with them.")),
        "alerts" => Some((Tone::Info, "Your choice of notifications is saved.")),
        _ => None,
    };
    shown(&admin, &dashboard, &headers, told).await
}

async fn shown(
    admin: &Admin,
    dashboard: &Dashboard,
    headers: &HeaderMap,
    told: Option<(Tone, &str)>,
) -> Result<Markup, Fault> {
    let logins = admin_login::list_logins(&dashboard.db, admin.admin_user_id, admin.viewer.now).await?;
    let own = dashboard.cookie.read(headers).map(|cookie| secret::hash(cookie.expose_secret()));
    let passkeys = passkeys::card(admin, &Passkeys::fetch(admin, dashboard).await?);
    let known = student::list_cohorts(&dashboard.db, &admin.caller).await?;
    let alerts = html! {
        (classes::card(admin, &known))
        (alerts::card(admin, alert::get_wanted(&dashboard.db, admin.admin_user_id).await?))
    };
    let connected = agent_grant::list_connected(&dashboard.db, Some(admin.admin_user_id), admin.viewer.now).await?;
    let mcp_url = format!("{}/mcp", dashboard.connections.public_url.trim_end_matches('/'));
    let mcp_url = dashboard.connections.admin_url.is_some().then_some(&mcp_url[..]);
    let cards = html! { (passkeys) (agents::card(admin, &connected, mcp_url)) };
    let chosen = (chosen_zone(headers), locale::chosen(headers));
    Ok(render(admin, &alerts, &cards, &logins, own.as_deref(), chosen, told))
}

/// Saves the appearance in cookies of this browser.
pub(crate) async fn save(State(session_cookie): State<SessionCookie>, posted: Posted) -> Result<Response, Fault> {
    let fields = &posted.fields;
    let theme = Theme::find(fields.text("theme"))
        .ok_or_else(|| Fault::Invalid("This theme does not exist. Choose one from the list.".to_owned()))?;
    let zone = match fields.text("zone") {
        "" => "",
        zone => zone
            .parse::<Tz>()
            .map_err(|_| Fault::Invalid("A time zone is written like America/Chicago.".to_owned()))?
            .name(),
    };
    let locale = match fields.text("locale") {
        "" => "",
        tag => {
            Locale::find(tag)
                .ok_or_else(|| {
                    Fault::Invalid("This number format does not exist. Choose one from the list.".to_owned())
                })?
                .tag
        }
    };
    let shortcuts = if fields.text("shortcuts") == "on" { "on" } else { "off" };
    let keep = |name, value| {
        (SET_COOKIE, cookie::set_preference(name, value, cookie::A_YEAR_SECONDS, session_cookie.is_secure))
    };
    let cookies = AppendHeaders([
        keep(LOCALE_COOKIE, locale),
        keep(THEME_COOKIE, theme.as_str()),
        keep(ZONE_COOKIE, zone),
        keep(SHORTCUTS_COOKIE, shortcuts),
    ]);
    Ok((cookies, Redirect::to(PATH)).into_response())
}

/// Ends one login of the person, or all of them. Needs a fresh password, so that an unattended browser cannot end the
/// others.
pub(crate) async fn sign_out(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.require_fresh(&db).await?;
    let admin_user_id = posted.admin.admin_user_id;
    let mut act = Act::begin(&db, &posted.admin).await?;
    let n = match posted.fields.text("login") {
        "all" => admin_login::delete_logins_of(&mut *act, admin_user_id).await?,
        login => {
            let hash = hex::decode(login).map_err(|_| Fault::NotFound("sign-in"))?;
            admin_login::delete_login_of(&mut *act, admin_user_id, &posted.current_hash(hash)).await?
        }
    };
    act.commit("admin.sign_out", None, serde_json::json!({ "n": n })).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// The zone and the locale that the person chose for this browser.
type Chosen = (Option<Tz>, Option<&'static Locale>);

fn render(
    admin: &Admin,
    alerts: &Markup,
    cards: &Markup,
    logins: &[LoginItem],
    own: Option<&[u8]>,
    chosen: Chosen,
    told: Option<(Tone, &str)>,
) -> Markup {
    page(
        admin,
        Place::Account,
        "Your account",
        html! {
            div.stack {
                div.head { div { h1 { "Your account" } p { (admin.email) ", " (crate::layout::role_word(admin)) } } }
                @if let Some((tone, text)) = told { (notice(tone, text, "")) }
                (looks(admin, chosen))
                (alerts)
                (password::card(admin))
                (cards)
                (two_step::card(admin))
                (logins_card(admin, logins, own))
            }
        },
    )
}

fn looks(admin: &Admin, (zone, locale): Chosen) -> Markup {
    let viewer = &admin.viewer;
    html! {
        section.card aria-labelledby="looks" {
            header { h2 id="looks" { "Appearance in this browser" } }
            form.body.stack method="post" action=(PATH) {
                (csrf(admin))
                div.form-grid {
                    div.field {
                        label for="theme" { "Theme" }
                        select.input id="theme" name="theme" {
                            @for theme in Theme::ALL { option value=(theme.as_str()) selected[theme == viewer.theme] { (theme_words(theme)) } }
                        }
                    }
                    div.field {
                        label for="zone" { "Time zone" }
                        input.input id="zone" name="zone" list="zones" maxlength="64" autocomplete="off" placeholder=(admin.school_zone.name()) value=(zone.map_or("", Tz::name));
                        datalist id="zones" { @for zone in TZ_VARIANTS { option value=(zone.name()) {} } }
                        span.hint { "All pages show times in this zone. If it is empty, in the school’s: " (admin.school_zone.name()) "." }
                    }
                    div.field {
                        label for="locale" { "Numbers and dates" }
                        select.input id="locale" name="locale" {
                            option value="" selected[locale.is_none()] { "Browser’s default" }
                            @for known in &locale::ALL {
                                option value=(known.tag) selected[locale == Some(known)] { (known.name) }
                            }
                        }
                        span.hint { "Now " (crate::figures::decimal(12_345.6, 1)) " and " (viewer.full_date(viewer.today())) "." }
                    }
                }
                span.check {
                    input type="checkbox" id="shortcuts" name="shortcuts" value="on" checked[viewer.has_shortcuts];
                    label for="shortcuts" { "Keyboard shortcuts of one key" }
                }
                div { button.btn.primary { "Save" } }
            }
        }
    }
}

fn theme_words(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "System’s default",
        Theme::Light => "Light",
        Theme::Dark => "Dark",
    }
}

const COLUMNS: [Column; 4] = [("Browser", ""), ("Signed in", ""), ("Last used", ""), ("", "")];

fn logins_card(admin: &Admin, logins: &[LoginItem], own: Option<&[u8]>) -> Markup {
    let rows = html! { @for login in logins { (row(&html! {
        (cell("", html! { span.two {
            span.main { (browser(login.user_agent.as_deref().unwrap_or_default())) }
            @if Some(&login.login_hash[..]) == own { small { "This browser" } }
        } }))
        (cell("nowrap muted hide", admin.viewer.time(login.created_at)))
        (cell("nowrap muted end", admin.viewer.time(login.last_seen_at)))
        (cell("full", html! {
            form method="post" action={ (PATH) "/sign-out" } {
                (csrf(admin))
                input type="hidden" name="login" value=(hex::encode(&login.login_hash));
                button.btn.small { "Sign out" }
            }
        }))
    })) } };
    html! {
        section.card aria-labelledby="logins" {
            header { h2 id="logins" { "Where you are signed in" } p { "A sign-in ends after 30 minutes without a click, and after 12 hours. “Sign out everywhere” also disconnects your agents." } }
            (table("Sign-ins", &COLUMNS, &rows))
            footer {
                form method="post" action={ (PATH) "/sign-out" } {
                    (csrf(admin))
                    input type="hidden" name="login" value="all";
                    button.btn.small { "Sign out everywhere" }
                }
            }
        }
    }
}

/// Returns "Firefox on Linux": enough to recognise one's own browser.
pub(crate) fn browser(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let program = find(&[("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(program), None) => program.to_owned(),
        _ => "Another program".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn browsers_are_told_by_name() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36";
        assert_eq!(browser(agent), "Chrome on Linux");
        assert_eq!(browser("curl/8"), "Another program");
    }

    #[test]
    fn ones_own_login_is_marked() {
        let at = Admin::sample(Role::Viewer).viewer.now;
        let login = LoginItem { login_hash: vec![1, 2], user_agent: None, created_at: at, last_seen_at: at };
        let shown =
            render(&Admin::sample(Role::Viewer), &html! {}, &html! {}, &[login], Some(&[1, 2]), (None, None), None)
                .into_string();
        assert!(shown.contains("This browser") && shown.contains(r#"value="0102""#));
    }
}
