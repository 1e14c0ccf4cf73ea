//! The figures of this process and of the queue, for Prometheus.
//!
//! The queue's figures are read and written out at each scrape. As gauges of `metrics` they would keep their last value
//! while the database cannot be read.

use std::fmt::Write;
use std::net::IpAddr;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::proxies::is_forwarded;
use super::request::ClientAddress;
use crate::config::is_loopback;
use crate::telemetry;
use storage::db::{Db, Reads, ReplicaState, ReplicaStatus};
use storage::job::{self, Count, Kind};
use storage::outage::{self, Dependency, Outage};

const OPEN_STATES: [&str; 4] = ["ready", "sent", "running", "needs_attention"];

/// Who may read.
#[derive(Clone, Debug)]
pub struct MetricsAccess {
    /// Who shows this may, from anywhere. Without one, only a service for this machine alone shows its figures.
    pub token: Option<SecretString>,
    /// The service is for this machine alone: by the addresses that it listens on and is called by.
    pub is_local: bool,
}

#[derive(Clone)]
struct Metrics {
    reads: Reads,
    access: MetricsAccess,
}

/// `GET /metrics`. To who may not read, the page does not exist.
pub fn metrics(reads: impl Into<Reads>, access: MetricsAccess) -> Router {
    // From now on and not from the first scrape on.
    telemetry::metrics();
    Router::new().route("/metrics", get(scrape)).with_state(Metrics { reads: reads.into(), access })
}

async fn scrape(State(metrics): State<Metrics>, address: ClientAddress, headers: HeaderMap) -> Response {
    if !metrics.access.allows(address.0, &headers) {
        return Problem::new(StatusCode::NOT_FOUND, "there is no such page").into_response();
    }
    let mut text = telemetry::metrics().render();
    if let Some(status) = metrics.reads.replica() {
        text.push_str(&render_replica(&status));
    }
    match queue(metrics.reads.primary()).await {
        Ok(queue) => text.push_str(&queue),
        // A gauge that is absent is better than one that lies.
        Err(error) => tracing::warn!(%error, "the queue's figures cannot be read"),
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")], text).into_response()
}

impl MetricsAccess {
    fn allows(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else {
            // A proxy on this machine seems to be this machine, unless it tells of itself.
            let is_near = peer.to_canonical().is_loopback() && is_loopback_host(headers) && !is_forwarded(headers);
            return self.is_local && is_near;
        };
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        shown.is_some_and(|shown| shown.ct_eq(token.expose_secret().as_bytes()).into())
    }
}

fn is_loopback_host(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    url::Url::parse(&format!("http://{host}")).is_ok_and(|url| is_loopback(&url))
}

async fn queue(db: &Db) -> storage::db::Result<String> {
    let queue = render_queue(&job::count_open(db).await?, job::oldest_wait_seconds(db).await?);
    Ok(queue + &render_outages(&outage::list(db).await?))
}

/// Every kind and state that this binary knows, be it 0: a series that comes and goes cannot be alarmed on.
fn render_queue(counts: &[Count], oldest_wait_seconds: Option<f64>) -> String {
    let mut text = String::from("# HELP jobs_open Jobs that are not over.\n# TYPE jobs_open gauge\n");
    for kind in Kind::ALL.map(Kind::as_str) {
        for state in OPEN_STATES {
            let count = counts.iter().find(|count| count.kind == kind && count.state == state);
            let n = count.map_or(0, |count| count.n);
            let _ = writeln!(text, "jobs_open{{kind=\"{kind}\",state=\"{state}\"}} {n}");
        }
    }
    let seconds = oldest_wait_seconds.unwrap_or(0.0);
    text.push_str("# HELP jobs_oldest_wait_seconds How long the oldest job that could run has waited.\n");
    let _ = writeln!(text, "# TYPE jobs_oldest_wait_seconds gauge\njobs_oldest_wait_seconds {seconds}");
    text
}

fn render_replica(status: &ReplicaStatus) -> String {
    let ReplicaStatus { state, n_from_replica, n_from_primary } = status;
    let is_lost = u8::from(!matches!(state, ReplicaState::Following(_)));
    let mut text = String::from("# HELP replica_lost 1 if the replica is not read from.\n# TYPE replica_lost gauge\n");
    let _ = writeln!(text, "replica_lost {is_lost}");
    if let ReplicaState::Following(lag) = state {
        text.push_str("# HELP replica_lag_seconds How far the replica is behind.\n# TYPE replica_lag_seconds gauge\n");
        let _ = writeln!(text, "replica_lag_seconds {}", lag.as_secs_f64());
    }
    text.push_str("# HELP replica_reads_total Reads that may use the replica.\n# TYPE replica_reads_total counter\n");
    let _ = writeln!(text, "replica_reads_total{{from=\"replica\"}} {n_from_replica}");
    let _ = writeln!(text, "replica_reads_total{{from=\"primary\"}} {n_from_primary}");
    text
}

fn render_outages(outages: &[Outage]) -> String {
    let mut text = String::from("# HELP outage 1 for what the worker cannot reach.\n# TYPE outage gauge\n");
    for dependency in Dependency::ALL {
        let is_away = outages.iter().any(|outage| outage.dependency == dependency);
        let _ = writeln!(text, "outage{{dependency=\"{}\"}} {}", dependency.as_str(), u8::from(is_away));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: [u8; 4] = [127, 0, 0, 1];
    const FAR: [u8; 4] = [203, 0, 113, 9];

    fn allows(token: Option<&str>, is_local: bool, peer: [u8; 4], header: Option<(&'static str, &str)>) -> bool {
        let mut headers = HeaderMap::from_iter([(HOST, "127.0.0.1:8080".parse().unwrap())]);
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        let access = MetricsAccess { token: token.map(SecretString::from), is_local };
        access.allows(IpAddr::from(peer), &headers)
    }

    #[test]
    fn without_a_token_only_a_service_for_this_machine_shows_them_and_only_to_it() {
        assert!(allows(None, true, NEAR, None));
        assert!(!allows(None, true, FAR, None));
        assert!(!allows(None, false, NEAR, None), "what a proxy brings is from elsewhere");
        for (name, value) in [("x-forwarded-for", "203.0.113.9"), ("via", "1.1 a"), ("x-real-ip", "203.0.113.9")] {
            assert!(!allows(None, true, NEAR, Some((name, value))), "{name}");
        }
        assert!(!allows(None, true, NEAR, Some(("host", "tutor.example.org"))));
        assert!(!allows(None, true, FAR, Some(("authorization", "Bearer "))));
    }

    #[test]
    fn with_a_token_nobody_may_read_without_it() {
        let token = Some("0123456789abcdef");
        assert!(allows(token, false, FAR, Some(("authorization", "Bearer 0123456789abcdef"))));
        assert!(!allows(token, true, NEAR, None));
        for wrong in ["Bearer 0123456789abcde", "Bearer 0123456789abcdeF", "Bearer ", "Basic 0123456789abcdef"] {
            assert!(!allows(token, true, NEAR, Some(("authorization", wrong))), "{wrong}");
        }
    }

    #[test]
    fn every_known_kind_and_state_has_a_series_and_no_other() {
        let count = |kind: &str, n| Count { kind: kind.to_owned(), state: "sent".to_owned(), n };
        let text = render_queue(&[count("analyze_session", 3), count("a_newer_kind", 1)], Some(1.5));
        assert!(text.contains("jobs_open{kind=\"analyze_session\",state=\"sent\"} 3\n"), "{text}");
        assert_eq!(text.matches("jobs_open{").count(), Kind::ALL.len() * OPEN_STATES.len());
        assert!(text.ends_with("jobs_oldest_wait_seconds 1.5\n") && !text.contains("newer"), "{text}");
    }
}
