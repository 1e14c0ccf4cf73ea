//! The dashboard: pages for staff. The only crate that uses maud.
//!
//! **Invariant:** every page works without JavaScript and requires a login.
#![expect(clippy::needless_pass_by_value, reason = "markup is easiest to read when the functions are imported by name")]

mod act;
mod agent_document;
mod assets;
mod auth;
mod ceremony;
mod cookie;
mod csv;
mod events;
mod fault;
mod fault_page;
mod fields;
mod figures;
mod form;
mod hashing;
mod headers;
mod htmx;
mod layout;
mod link;
mod locale;
mod login;
mod oidc;
mod origin;
mod pages;
mod parts;
mod recording;
mod viewer;
mod webauthn;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use storage::db::{Db, Reads};
use storage::session::news::News;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use web::config::AdminConfig;
use web::http::{Allowed, MetricsAccess, ServeOptions, Streams, health, metrics, serve_with};

use crate::agent_document::Documents;
use crate::auth::SessionCookie;
use crate::events::{MAX_STREAMS, MAX_STREAMS_OF_LOGIN};
use crate::pages::{
    account, analytics, audit, calendar, calls, clients, connect, connections, consents, curriculum, erasures,
    follow_ups, jobs, organisation, overview, review, search, session, sessions, student, students, today, tools,
    users, webhooks,
};
use crate::recording::Recordings;
use crate::webauthn::RelyingParty;

/// The largest form in bytes: a note of 2,000 characters, escaped, many times over.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// The largest curriculum sheet in bytes, with its form.
const MAX_SHEET_BYTES: usize = 2 * 1024 * 1024 + MAX_FORM_BYTES;

/// State shared by all handlers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dashboard {
    db: Db,
    /// For reads that may be some seconds old.
    reads: Reads,
    cookie: SessionCookie,
    streams: Arc<Streams>,
    connections: Connections,
    news: News,
    recordings: Recordings,
    /// The allowed targets of outgoing webhooks.
    webhooks: Arc<Allowed>,
    documents: Documents,
    vapi: connections::vapi::Vapi,
    /// The provider for single sign-on.
    provider: Option<oidc::Provider>,
    /// The relying party of passkeys. `None`: the dashboard's address is not set, or is an IP address.
    relying_party: Option<RelyingParty>,
    shutdown: CancellationToken,
}

/// Which dependencies are configured.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    pub(crate) public_url: String,
    /// The public address of the dashboard. `None`: not set.
    pub(crate) admin_url: Option<String>,
    pub(crate) has_llm: bool,
    pub(crate) has_vapi: bool,
    pub(crate) has_faktory: bool,
}

impl FromRef<Dashboard> for Db {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.db.clone()
    }
}

impl FromRef<Dashboard> for Reads {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.reads.clone()
    }
}

impl FromRef<Dashboard> for SessionCookie {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.cookie
    }
}

impl FromRef<Dashboard> for Option<RelyingParty> {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.relying_party.clone()
    }
}

impl FromRef<Dashboard> for Recordings {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.recordings.clone()
    }
}

impl FromRef<Dashboard> for connections::vapi::Vapi {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.vapi.clone()
    }
}

impl FromRef<Dashboard> for Arc<Allowed> {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.webhooks.clone()
    }
}

impl FromRef<Dashboard> for Connections {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.connections.clone()
    }
}

impl Dashboard {
    /// Creates the state and listens for notifications until `shutdown`.
    ///
    /// # Errors If this machine has no trusted certificates.
    pub fn new(config: &AdminConfig, db: Db, shutdown: CancellationToken) -> anyhow::Result<Self> {
        let connections = Connections {
            public_url: config.public_url.clone(),
            admin_url: config.admin_url.clone(),
            has_llm: config.has_llm,
            has_vapi: config.vapi.is_some(),
            has_faktory: config.has_faktory,
        };
        let reads = match &config.replica {
            Some(replica) => Reads::with_replica(db.clone(), &replica.url, replica.max_lag, shutdown.clone())?,
            None => Reads::from(db.clone()),
        };
        let allowed = Allowed { hosts: config.recording_hosts.clone(), own: config.recording_own_hosts.clone() };
        Ok(Self {
            webhooks: Arc::new(Allowed { hosts: Vec::new(), own: config.webhook_own_hosts.clone() }),
            recordings: Recordings::new(allowed, config.vapi.clone())?,
            documents: Documents::new()?,
            vapi: connections::vapi::Vapi::new(config)?,
            provider: config
                .oidc
                .clone()
                .zip(config.admin_url.as_deref())
                .map(|(oidc, at)| oidc::Provider::new(oidc, at))
                .transpose()?,
            relying_party: RelyingParty::of(config.admin_url.as_deref()),
            news: News::install(db.clone(), shutdown.clone()),
            shutdown,
            db,
            reads,
            cookie: SessionCookie { is_secure: config.secure_cookies },
            streams: Streams::new(MAX_STREAMS_OF_LOGIN, MAX_STREAMS),
            connections,
        })
    }
}

/// Returns the router with every route of this role.
pub fn router(dashboard: Dashboard) -> Router {
    let pages = Router::new()
        .route("/", get(overview::get))
        .route("/today", get(today::get))
        .route("/review", get(review::get))
        .route("/events/overview", get(events::overview))
        .route("/events/sessions", get(events::sessions))
        .route("/events/sessions/{session_id}", get(events::session))
        .route("/login", get(login::get).post(login::post))
        .route("/login/code", post(login::second_step::post))
        .route("/login/passkey", post(login::passkey::post))
        .route("/login/passkey/start", post(login::passkey::start))
        .route("/login/provider", get(login::provider::go))
        .route("/login/provider/back", get(login::provider::back))
        .route("/logout", post(login::logout))
        .route("/setup/{token}", get(login::setup_get).post(login::setup_post))
        .route("/search", get(search::get).post(search::post))
        .route("/sessions", get(sessions::get))
        .route("/sessions/export.csv", get(sessions::export))
        .route("/sessions/run-again", post(sessions::run_again))
        .route("/sessions/views", post(sessions::save_view))
        .route("/sessions/views/{saved_view_id}/delete", post(sessions::delete_view))
        .route("/sessions/{session_id}", get(session::get))
        .route("/sessions/{session_id}/recording", get(session::recording))
        .route("/sessions/{session_id}/transcript.txt", get(session::transcript_text))
        .route("/sessions/{session_id}/analysis.json", get(session::analysis_json))
        .route("/sessions/{session_id}/analysis/retry", post(session::retry))
        .route("/sessions/{session_id}/marks", post(session::marks::save))
        .route("/sessions/{session_id}/assign", post(session::assign))
        .route("/sessions/{session_id}/erase", get(session::erase::confirm).post(session::erase::erase))
        .route("/sessions/{session_id}/introduction/accept", post(session::accept))
        .route("/students", get(students::get))
        .route("/students/class", get(students::class::get))
        .route("/students/new", get(student::new_form).post(student::create))
        .route("/students/export.csv", get(students::export))
        .route(
            "/students/import",
            get(students::import::get).post(students::import::preview).layer(DefaultBodyLimit::max(MAX_SHEET_BYTES)),
        )
        .route("/students/undo-import/{import_id}", get(students::imports::preview).post(students::imports::undo))
        .route("/students/import/roster/{roster_sync_id}/approve", post(students::roster::approve))
        .route("/students/import/apply", post(students::import::apply).layer(DefaultBodyLimit::max(MAX_SHEET_BYTES)))
        .route("/students/{student_id}", get(student::get))
        .route("/students/{student_id}/edit", get(student::edit_form).post(student::save))
        .route("/students/{student_id}/context.json", get(student::context_json))
        .route("/students/{student_id}/reveal-phone", post(student::reveal_phone))
        .route("/students/{student_id}/attention/handled", post(student::handled))
        .route("/students/{student_id}/skills/{skill_id}", get(student::of_skill))
        .route("/students/{student_id}/misconceptions/{misconception_id}/resolve", post(student::resolve))
        .route("/students/{student_id}/report", get(student::report))
        .route("/students/{student_id}/report/send", post(student::send_report))
        .route("/students/{student_id}/export.json", get(student::export))
        .route("/students/{student_id}/export.zip", get(student::export_zip))
        .route("/students/{student_id}/disclosures", get(student::disclosures::get))
        .route("/students/{student_id}/merge", get(student::merge::get).post(student::merge::post))
        .route("/students/{student_id}/merges/{merge_id}/undo", post(student::merge::undo))
        .route("/students/{student_id}/erase", get(student::confirm_erase).post(student::erase))
        .route("/students/{student_id}/erase/undo", post(erasures::undo))
        .route("/students/{student_id}/codes/{kind}", post(student::caller_code::change))
        .route("/students/{student_id}/guardians", post(student::family::add_guardian))
        .route("/students/{student_id}/guardians/{guardian_id}", post(student::family::change_guardian))
        .route("/students/{student_id}/access", post(student::access::give))
        .route("/students/{student_id}/access/{family_grant_id}/end", post(student::access::end))
        .route("/students/{student_id}/consents", post(student::family::decide))
        .route("/students/{student_id}/call-plan", post(student::calls::set_plan))
        .route("/students/{student_id}/availability", post(student::calls::set_availability))
        .route("/students/{student_id}/calls", post(student::calls::request))
        .route("/students/{student_id}/call-plan/day", post(calendar::change_regular))
        .route("/calendar", get(calendar::get).post(calendar::add))
        .route("/calls", get(calls::get))
        .route("/calls/stop", post(calls::stop_all))
        .route("/calls/start", post(calls::start_all))
        .route("/calls/{outbound_call_id}/stop", post(calls::stop))
        .route("/students/{student_id}/subjects", post(student::set_subjects))
        .route("/students/{student_id}/facts/{fact_id}/forget", post(student::memory::forget))
        .route("/students/{student_id}/facts/{fact_id}/reword", post(student::memory::reword))
        .route("/students/{student_id}/notes", post(student::add_note))
        .route("/students/{student_id}/notes/{note_id}/delete", post(student::delete_note))
        .route("/follow-ups/{follow_up_id}/done", post(follow_ups::done))
        .route("/follow-ups/{follow_up_id}/change", post(follow_ups::change))
        .route("/consents", get(consents::get))
        .route("/curriculum", get(curriculum::get))
        .route("/curriculum/new", get(curriculum::edit::new_form).post(curriculum::edit::create))
        .route("/curriculum/subjects", post(curriculum::edit::add_subject))
        .route("/curriculum/ready-made", post(curriculum::edit::add_ready_made))
        .route("/curriculum/export", get(curriculum::import::export))
        .route(
            "/curriculum/import",
            get(curriculum::import::get)
                .post(curriculum::import::preview)
                .layer(DefaultBodyLimit::max(MAX_SHEET_BYTES)),
        )
        .route(
            "/curriculum/import/apply",
            post(curriculum::import::apply).layer(DefaultBodyLimit::max(MAX_SHEET_BYTES)),
        )
        .route("/curriculum/{skill_id}", get(curriculum::skill::get))
        .route("/curriculum/{skill_id}/edit", get(curriculum::edit::edit_form).post(curriculum::edit::save))
        .route("/curriculum/{skill_id}/retire", post(curriculum::edit::retire))
        .route("/curriculum/{skill_id}/restore", post(curriculum::edit::restore))
        .route("/analytics", get(analytics::get))
        .route("/analytics/export.csv", get(analytics::export))
        .route("/jobs", get(jobs::get))
        .route("/jobs/overhauls", get(jobs::overhauls::get).post(jobs::overhauls::start))
        .route("/jobs/overhauls/{overhaul_id}/stop", post(jobs::overhauls::stop))
        .route("/jobs/alike/{decision}", get(jobs::decide::confirm_alike).post(jobs::decide::all_alike))
        .route("/jobs/pause", post(jobs::pause::save))
        .route("/jobs/{job_id}", get(jobs::one::get))
        .route("/jobs/{job_id}/retry", post(jobs::decide::retry))
        .route("/jobs/{job_id}/discard", get(jobs::decide::confirm_discard).post(jobs::decide::discard))
        .route("/settings/clients", get(clients::get).post(clients::create))
        .route("/settings/clients/{client_id}/rotate", post(clients::rotate))
        .route("/settings/clients/{client_id}/key", post(clients::add_key))
        .route("/settings/clients/{client_id}/keys/{agent_key_id}/revoke", post(clients::revoke_key))
        .route("/settings/clients/agents/{agent_grant_id}/disconnect", post(clients::disconnect))
        .route("/settings/clients/telephones", post(clients::switch_telephones))
        .route("/settings/clients/{client_id}/switch", post(clients::switch))
        .route("/settings/clients/{client_id}/revoke", get(clients::confirm_revoke).post(clients::revoke))
        .route("/settings/webhooks", get(webhooks::get).post(webhooks::create))
        .route("/settings/webhooks/{endpoint_id}/test", post(webhooks::test))
        .route("/settings/webhooks/{endpoint_id}/rotate", post(webhooks::rotate))
        .route("/settings/webhooks/{endpoint_id}/switch", post(webhooks::switch))
        .route("/settings/webhooks/{endpoint_id}/delete", post(webhooks::delete))
        .route("/settings/webhooks/{endpoint_id}/messages/{message_id}/replay", post(webhooks::replay))
        .route("/settings/users", get(users::get).post(users::invite))
        .route("/settings/users/{admin_user_id}/leave", get(users::leave::get))
        .route("/settings/users/{admin_user_id}/link", post(users::renew))
        .route("/settings/users/{admin_user_id}/role", post(users::set_role))
        .route("/settings/users/{admin_user_id}/cohorts", post(users::reach::set))
        .route("/settings/users/{admin_user_id}/responsible", post(users::reach::set_responsible))
        .route("/settings/users/{admin_user_id}/classes", post(account::classes::save_of))
        .route("/settings/users/{admin_user_id}/sign-out", post(users::sign_out))
        .route("/settings/users/{admin_user_id}/disabled", post(users::set_disabled))
        .route("/settings/users/{admin_user_id}/two-step-off", post(users::end_two_step))
        .route("/settings/organisation", get(organisation::get).post(organisation::save))
        .route("/settings/tools", get(tools::get))
        .route("/settings/connections", get(connections::get))
        .route("/settings/connections/test-call", post(connections::vapi::test_call))
        .route("/settings/erasures", get(erasures::get).post(erasures::erase_number))
        .route("/settings/erasures/{erasure_id}", get(erasures::receipt::get))
        .route("/settings/audit", get(audit::get))
        .route("/settings/audit/export.csv", get(audit::export::get))
        .route("/connect", get(connect::get).post(connect::post))
        .route("/account", get(account::get).post(account::save))
        .route("/account/password", post(account::set_password))
        .route("/account/classes", post(account::classes::save))
        .route("/account/classes/show", post(account::classes::show))
        .route("/account/alerts", post(account::alerts::save))
        .route("/account/two-step/start", post(account::two_step::start))
        .route("/account/two-step/confirm", post(account::two_step::confirm))
        .route("/account/two-step/stop", post(account::two_step::stop))
        .route("/account/passkeys", post(account::passkeys::add))
        .route("/account/passkeys/new", post(account::passkeys::new_form))
        .route("/account/passkeys/ask-new", post(account::passkeys::ask_new))
        .route("/account/passkeys/ask", post(account::passkeys::ask))
        .route("/account/passkeys/{passkey_id}/remove", post(account::passkeys::remove))
        .route("/account/second-factor", get(account::second_factor::get))
        .route("/account/agents/{agent_grant_id}/disconnect", post(account::agents::disconnect))
        .route("/account/sign-out", post(account::sign_out))
        .route(assets::ROUTE, get(assets::get))
        .fallback(no_such_page)
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(from_fn_with_state(dashboard.clone(), fault_page::show))
        .layer(from_fn(locale::choose))
        .layer(from_fn_with_state(dashboard.clone(), origin::check))
        .layer(from_fn(headers::add));
    // Compression is safe although a page holds the form token beside text from the address: another site cannot fetch
    // the page with the cookie (SameSite), so it cannot measure its length.
    let compressed = DefaultPredicate::new()
        .and(NotForContentType::new("font/"))
        // A range of a recording must keep the requested length.
        .and(NotForContentType::new("audio/"));
    pages.layer(CompressionLayer::new().compress_when(compressed)).with_state(dashboard)
}

async fn no_such_page() -> Response {
    fault::Fault::NotFound("page").into_response()
}

/// Serves until `shutdown` is cancelled and the last request is answered.
pub async fn run(
    config: AdminConfig,
    db: Db,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let access = MetricsAccess { token: config.metrics_token.clone(), is_local: config.is_local };
    let dashboard = Dashboard::new(&config, db, shutdown.clone())?;
    let operations = health(dashboard.reads.clone(), shutdown.clone()).merge(metrics(dashboard.reads.clone(), access));
    let router = router(dashboard).merge(operations);
    let body_limit = |path: &str| {
        let takes_sheet = ["/curriculum/import", "/students/import"].iter().any(|page| path.starts_with(page));
        if takes_sheet { MAX_SHEET_BYTES } else { MAX_FORM_BYTES }
    };
    serve_with(
        listener,
        router,
        shutdown,
        ServeOptions { proxies: config.proxies, body_limit, ..ServeOptions::default() },
    )
    .await
}
