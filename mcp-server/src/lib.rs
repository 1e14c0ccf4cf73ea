//! The front door: MCP tools, webhooks, tokens and the JSON API. The only crate that names rmcp.
//!
//! **Invariant:** no request waits for anything but Postgres, except an event stream.

use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::http::Extensions;
use axum::routing::{get, post};
use queue::wake::WakeSender;
use storage::db::Db;
use storage::session::news::News;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use web::config::McpServerConfig;
use web::http::{self, ClientAddress, MAX_BODY, MetricsAccess, ServeOptions};

pub mod api;
pub mod auth;
mod call;
pub mod cursor;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod limits;
mod line;
pub mod mcp;
pub mod prompts;
pub mod record;
pub mod resources;
pub mod token;
pub mod tools;
mod trail;
pub mod webhook;
pub mod wellknown;

use self::auth::challenge::Denied;

/// One telephone call may call tools at this share of a client's rate. No lesson needs as much.
const SHARE_OF_A_CALL: u32 = 4;

/// How long the end of the process may wait for the record of tool calls.
const RECORD_WITHIN: Duration = Duration::from_secs(3);

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub db: Db,
    pub config: Arc<McpServerConfig>,
    pub auth: Arc<auth::Auth>,
    /// Wrong secrets at `/auth/token`, lately.
    pub failures: Arc<token::failures::Failures>,
    pub recorder: record::Recorder,
    /// Notifies the workers of jobs that webhooks added.
    pub wake_sender: WakeSender,
    pub limits: Arc<limits::Limits>,
    /// How fast the tools of one telephone call may be called.
    pub call_limits: Arc<limits::Limits>,
    /// Webhooks, lately.
    pub heard: Arc<webhook::heard::Heard>,
    /// Open event streams, and the news for them from the first one on.
    pub streams: Arc<http::Streams>,
    pub news: Arc<OnceLock<News>>,
    /// Ends streams, which would never end by themselves.
    pub shutdown: CancellationToken,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

impl State {
    /// Fails where the signing keys are no Ed25519 keys. Needs a tokio runtime.
    pub fn new(config: McpServerConfig, db: Db, recorder: record::Recorder) -> anyhow::Result<Self> {
        let auth = Arc::new(auth::Auth::new(&config)?);
        let limits = Arc::new(limits::Limits::new(config.client_requests_per_second));
        let per_call = config.client_requests_per_second.div_ceil(SHARE_OF_A_CALL);
        Ok(Self {
            wake_sender: WakeSender::install(db.clone()),
            db,
            config: Arc::new(config),
            auth,
            failures: Arc::default(),
            recorder,
            limits,
            call_limits: Arc::new(limits::Limits::new(per_call)),
            heard: Arc::default(),
            streams: http::Streams::new(api::events::MAX_OF_CLIENT, api::events::MAX),
            news: Arc::default(),
            shutdown: CancellationToken::new(),
        })
    }
}

impl State {
    /// Records a bearer that was refused. That a request has none is no refusal: it learns from the answer where to ask.
    pub(crate) fn refused_bearer(&self, denied: Denied, request: &Extensions) {
        if matches!(denied, Denied::InvalidToken | Denied::Stopped) {
            let address = request.get::<ClientAddress>().map_or(Ipv4Addr::UNSPECIFIED.into(), |address| address.0);
            trail::bearer_refused(&self.recorder, address);
        }
    }
}

/// Every route of this role.
pub fn router(state: State) -> Router {
    Router::new()
        .route("/auth/token", post(token::issue))
        .route("/auth/authorize", get(token::authorize))
        .route("/auth/register", post(token::register::register))
        .route("/auth/revoke", post(token::revoke::revoke))
        .route("/.well-known/oauth-protected-resource", get(wellknown::protected_resource))
        .route("/.well-known/oauth-protected-resource/mcp", get(wellknown::protected_resource))
        .route("/.well-known/oauth-authorization-server", get(wellknown::authorization_server))
        .route("/.well-known/jwks.json", get(wellknown::jwks))
        .merge(mcp::router(&state))
        .merge(webhook::router())
        .merge(api::router(&state))
        .with_state(state)
}

/// Serves until `shutdown` is cancelled and the last request is answered.
pub async fn run(
    config: McpServerConfig,
    db: Db,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let options = ServeOptions {
        proxies: config.proxies.clone(),
        body_limit: |path| if path == webhook::PATH { webhook::MAX_BYTES } else { MAX_BODY },
        ..ServeOptions::default()
    };
    let (recorder, records) = record::channel();
    let access = MetricsAccess { token: config.metrics_token.clone(), is_local: config.is_local };
    // Beside the rest: a probe has neither a token nor our host name.
    let operations = http::health(db.clone(), shutdown.clone()).merge(http::metrics(db.clone(), access));
    let state = State { shutdown: shutdown.clone(), ..State::new(config, db.clone(), recorder)? };
    let (heard, config) = (Arc::clone(&state.heard), Arc::clone(&state.config));
    let router = router(state).merge(operations);
    let writer = tokio::spawn(records.write(db.clone()));
    // Its last word is on what was heard until the last request was answered.
    let served = CancellationToken::new();
    let stop = served.clone();
    let teller = tokio::spawn(async move { heard.tell(db, &config, stop).await });
    http::serve_with(listener, router, shutdown, options).await?;
    served.cancel();
    // The last recorder went with the router; what it took down is still written, unless the database is away.
    let _ = tokio::time::timeout(RECORD_WITHIN, async { tokio::join!(writer, teller) }).await;
    Ok(())
}
