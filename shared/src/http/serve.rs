//! Serving a router until told to stop, and no request cut off.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use super::problem::Problem;
use super::request::observe;

/// How long requests under way may still take when the process has to stop.
const DRAIN: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, Default)]
pub struct ServeOptions {
    /// Whether the last `X-Forwarded-For` is to be believed.
    pub behind_proxy: bool,
}

/// Opens the address, or says in one sentence why not.
pub async fn bind(addr: SocketAddr, variable: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("port {} is taken by another program; stop it or set {variable}", addr.port())
        }
        _ => anyhow::anyhow!("the address {addr} cannot be opened ({error}); set {variable}"),
    })
}

/// Serves until `shutdown` is cancelled, then lets the requests under way finish.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> anyhow::Result<()> {
    serve_with(listener, router, shutdown, ServeOptions::default()).await
}

/// [`serve`], with options.
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    options: ServeOptions,
) -> anyhow::Result<()> {
    let app = router
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| Problem::internal().into_response()))
        // `route_layer` would miss the 404s.
        .layer(from_fn(move |request: Request, next: Next| observe(options.behind_proxy, request, next)))
        .layer(from_fn(harden));
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        served = server => served?,
        () = async { shutdown.cancelled().await; tokio::time::sleep(DRAIN).await } => {
            tracing::warn!("requests were still under way after {} s and are cut off", DRAIN.as_secs());
        }
    }
    Ok(())
}

/// No browser guesses at our content types.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let nosniff = http::HeaderValue::from_static("nosniff");
    response.headers_mut().entry(http::header::X_CONTENT_TYPE_OPTIONS).or_insert(nosniff);
    response
}

/// A token that the first SIGTERM or Ctrl-C cancels. The second ends the process at once.
pub fn on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};

    let token = CancellationToken::new();
    let cancelled = token.clone();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        let mut next = async || tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} };
        next().await;
        tracing::info!("stopping; once more to stop at once");
        cancelled.cancel();
        next().await;
        std::process::exit(130);
    });
    Ok(token)
}
