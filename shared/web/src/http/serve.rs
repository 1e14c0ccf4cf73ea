//! Serves a router until it is asked to stop, and lets running requests finish.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::normalize_path::NormalizePath;

use super::problem::Problem;
use super::proxies::Proxies;
use super::request::observe;
use super::seats::{Seat, Seats};
use super::whole::{self, BodyLimit, MAX_BODY};

/// How long requests under way may still take when the process has to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// Connections that are taken at once, most of them being answered: fewer wait for their client (see [`Seats`]). More wait
/// in the kernel's queue.
const MAX_CONNECTIONS: usize = 4_096;

/// Connections that may wait in the kernel's queue until they are taken. If it is full, the kernel drops the next one without a
/// word, and its client tries again after a second: a burst of strangers would delay a webhook by that. `net.core.somaxconn`
/// may lower it.
const BACKLOG: u32 = 4_096;

/// A request's head with all its headers: a token has 4 KiB at most, an address with all filters 2.
const MAX_HEAD_BYTES: usize = 32 * 1024;
const MAX_HEADERS: usize = 100;

/// After an error that is not of one connection, such as too many open files, until the next try.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// How a role serves.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Whose `X-Forwarded-For` is to be believed.
    pub proxies: Proxies,
    /// How large the body of a request may be.
    pub body_limit: BodyLimit,
    /// A new connection that has not sent the head of its first request by then is closed.
    pub first_head_within: Duration,
    /// A connection that has not sent the head of its next request by then is closed. Longer than the minute for which the
    /// usual proxies keep theirs, so that none sends into a closed one.
    pub head_within: Duration,
    /// A request whose body is not there by then is answered with 408.
    pub body_within: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            proxies: Proxies::None,
            body_limit: |_| MAX_BODY,
            first_head_within: Duration::from_secs(10),
            head_within: Duration::from_secs(75),
            body_within: Duration::from_secs(15),
        }
    }
}

/// Opens the address, or says in one sentence why not.
pub fn bind(addr: SocketAddr, variable: &str) -> anyhow::Result<TcpListener> {
    listen(addr).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("port {} is taken by another program; stop it or set {variable}", addr.port())
        }
        _ => anyhow::anyhow!("the address {addr} cannot be opened ({error}); set {variable}"),
    })
}

/// `TcpListener::bind` with a longer queue than its 128.
fn listen(addr: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port that was just closed can be opened again at once.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Serves until `shutdown` is cancelled, then lets the requests under way finish. A path with a slash at its end is served
/// like the same path without it, because people paste both.
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
    let (proxies, limit, within) = (Arc::new(options.proxies.clone()), options.body_limit, options.body_within);
    let app = router
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| Problem::internal().into_response()))
        .layer(from_fn(move |request: Request, next: Next| whole::read(limit, within, request, next)))
        // `route_layer` would miss the 404s.
        .layer(from_fn(move |request: Request, next: Next| observe(proxies.clone(), request, next)))
        .layer(from_fn(harden));
    // Around the router and not a layer of it: layers run after the route is chosen.
    accept(listener, NormalizePath::trim_trailing_slash(app), &shutdown, &options).await;
    Ok(())
}

/// Takes connections until `shutdown`, then waits for what is under way.
async fn accept(
    listener: TcpListener,
    app: NormalizePath<Router>,
    shutdown: &CancellationToken,
    options: &ServeOptions,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(options.head_within);
    http.max_buf_size(MAX_HEAD_BYTES).max_headers(MAX_HEADERS);
    let (connections, free) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MAX_CONNECTIONS)));
    let (seats, first_head_within) = (Arc::<Seats>::default(), options.first_head_within);
    while let Some((stream, slot)) = shutdown.run_until_cancelled(next(&listener, &free)).await {
        let Ok(peer) = stream.peer_addr() else { continue };
        let app = app.clone();
        let seat = seats.take(peer.ip());
        let asking = seat.clone();
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            asking.has_asked();
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(asking.clone());
            app.clone().oneshot(request)
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            tokio::select! {
                // That the other side left, or never spoke, is its own affair.
                _ = connection => {}
                () = seat.closed() => {}
                () = has_not_asked(&seat, first_head_within) => {}
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way after {} s and are cut off", DRAIN.as_secs());
    }
}

/// Resolves where no request has come within that time.
async fn has_not_asked(seat: &Seat, within: Duration) {
    if tokio::time::timeout(within, seat.asked()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

/// The next connection, as soon as there is room for it.
async fn next(listener: &TcpListener, free: &Arc<Semaphore>) -> (TcpStream, Option<tokio::sync::OwnedSemaphorePermit>) {
    let slot = free.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Responses are small, and a caller is waiting on the phone.
                let _ = stream.set_nodelay(true);
                return (stream, slot);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// What a browser may do with a response that does not say so itself: nothing. Browsers ignore the first header over plain HTTP.
const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
];

async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
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

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    async fn start(head_within: Duration) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        let slow = get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            peer.to_string()
        });
        let router = Router::new()
            .route("/slow", slow)
            .route("/echo", axum::routing::post(|body: bytes::Bytes| async move { body.len().to_string() }));
        let options = ServeOptions { head_within, body_within: Duration::from_millis(300), ..ServeOptions::default() };
        let served = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { serve_with(listener, router, shutdown, options).await.unwrap() }
        });
        (addr, shutdown, served)
    }

    #[tokio::test]
    async fn a_burst_of_connections_waits_in_the_queue_and_none_is_dropped() {
        let listener = bind("127.0.0.1:0".parse().unwrap(), "ADDR").unwrap();
        let addr = listener.local_addr().unwrap();
        let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        // These are never read. A response that does not fit would never arrive.
        let n = most.trim().parse::<usize>().unwrap().min(600);
        let burst = futures::future::join_all((0..n).map(|_| TcpStream::connect(addr)));
        let burst = tokio::time::timeout(PATIENCE, burst).await.expect("all fit into the queue");
        assert!(burst.iter().all(Result::is_ok));
    }

    async fn all(stream: &mut TcpStream) -> String {
        let mut answer = String::new();
        tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it was closed").unwrap();
        answer
    }

    #[tokio::test]
    async fn every_answer_forbids_a_browser_what_the_handler_does_not_allow() {
        let (addr, _shutdown, _served) = start(PATIENCE).await;
        for path in ["/slow", "/nowhere"] {
            let mut stream = TcpStream::connect(addr).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = all(&mut stream).await;
            for (name, value) in SECURITY_HEADERS {
                assert!(answer.contains(&format!("{name}: {value}\r\n")), "{path}: {answer}");
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_never_finishes_its_head_is_let_go() {
        let (addr, _shutdown, _served) = start(Duration::from_millis(100)).await;
        let mut silent = TcpStream::connect(addr).await.unwrap();
        assert_eq!(all(&mut silent).await, "");
        let mut slow = TcpStream::connect(addr).await.unwrap();
        slow.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\nX-Some").await.unwrap();
        assert!(!all(&mut slow).await.contains("200 OK"));
    }

    async fn answer_to(sent: &[u8]) -> String {
        let (addr, _shutdown, _served) = start(PATIENCE).await;
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(sent).await.unwrap();
        all(&mut stream).await
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let answer = answer_to(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").await;
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("too long to arrive"), "{answer}");
        let chunked = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
        assert!(answer_to(chunked).await.starts_with("HTTP/1.1 408"), "nor where there is no such page");
    }

    #[tokio::test]
    async fn a_head_is_bounded() {
        let long = format!("GET /slow HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(2 * MAX_HEAD_BYTES));
        assert!(answer_to(long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    }

    #[tokio::test]
    async fn a_body_is_bounded_and_arrives_whole() {
        let send = |n: usize, head: &str| {
            format!("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n\r\n{}", "a".repeat(n))
        };
        let fits = send(MAX_BODY, &format!("Content-Length: {MAX_BODY}"));
        assert!(answer_to(fits.as_bytes()).await.ends_with("\r\n65536"));
        let announced = send(MAX_BODY + 1, &format!("Content-Length: {}", MAX_BODY + 1));
        assert!(answer_to(announced.as_bytes()).await.starts_with("HTTP/1.1 413"));
    }

    #[tokio::test]
    async fn what_is_under_way_is_answered_and_then_it_ends() {
        let (addr, shutdown, served) = start(PATIENCE).await;
        let mut idle = TcpStream::connect(addr).await.unwrap();
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        shutdown.cancel();
        let answer = all(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("127.0.0.1:"), "{answer}");
        tokio::time::timeout(PATIENCE, served).await.expect("it ended").unwrap();
        assert_eq!(all(&mut idle).await, "");
        assert!(TcpStream::connect(addr).await.is_err(), "the port is closed");
    }
}
