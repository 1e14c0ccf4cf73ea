//! Whether a process lives, and whether it should get traffic.

use std::time::Instant;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::telemetry;
use storage::db::{self, Reads, ReplicaState};
use storage::job;
use storage::outage::{self, Outage};

/// Beyond this we say that our clock, or the database's, is wrong. Webhooks are refused from five minutes on.
const MAX_CLOCK_SKEW_SECONDS: f64 = 60.0;

/// Work that waits longer than this means that no worker keeps up, or that its queue server is down.
const LATE_SECONDS: f64 = 30.0;

#[derive(Clone)]
struct Health {
    reads: Reads,
    shutdown: CancellationToken,
}

/// `GET /livez`: the process answers. `GET /readyz`: Postgres answers and is migrated, else 503; late background work, a
/// wrong clock, lost log lines, a replica that does not follow, and what the worker cannot reach, only degrade, since a site that is taken down for it would lose webhooks as well.
pub fn health(reads: impl Into<Reads>, shutdown: CancellationToken) -> Router {
    Router::new()
        .route("/livez", get(|| async { ([(CACHE_CONTROL, "no-store")], "ok\n") }))
        .route("/readyz", get(ready))
        .with_state(Health { reads: reads.into(), shutdown })
}

async fn ready(State(health): State<Health>) -> Response {
    let (status, body) = if health.shutdown.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "stopping" }))
    } else {
        match judge(&health.reads).await {
            Ok(body) => (StatusCode::OK, body),
            Err(why) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "unavailable", "why": why })),
        }
    };
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn judge(reads: &Reads) -> Result<serde_json::Value, &'static str> {
    let db = reads.primary();
    match db::is_migrated(db).await {
        Ok(true) => {}
        Ok(false) => return Err("migrations are pending: run `ai-tutor migrate`"),
        Err(_) => return Err("the database does not answer"),
    }
    let away = |_| "the database does not answer";
    let waited = job::oldest_wait_seconds(db).await.map_err(away)?;
    let outages = outage::list(db).await.map_err(away)?;
    let skew = db::clock_skew_seconds(db, storage::clock::now()).await.map_err(away)?;
    let of_machine = [
        (skew.abs() > MAX_CLOCK_SKEW_SECONDS).then_some("clock"),
        telemetry::is_losing_log_lines(Instant::now()).then_some("log"),
    ];
    let lost =
        reads.replica().map(|replica| replica.state).filter(|state| !matches!(state, ReplicaState::Following(_)));
    let of_machine = of_machine.into_iter().chain([lost.map(|_| "replica")]).flatten();
    let mut body = tell(waited.filter(|seconds| *seconds > LATE_SECONDS), &outages, of_machine);
    if let Some(state) = lost {
        body["replica"] = state.as_str().into();
    }
    Ok(body)
}

fn tell(
    late_seconds: Option<f64>,
    outages: &[Outage],
    of_machine: impl IntoIterator<Item = &'static str>,
) -> serde_json::Value {
    let mut degraded: Vec<&str> = outages.iter().map(|outage| outage.dependency.as_str()).collect();
    degraded.extend(of_machine);
    degraded.extend(late_seconds.map(|_| "queue"));
    if degraded.is_empty() {
        return json!({ "status": "ready" });
    }
    let mut body = json!({ "status": "degraded", "degraded": degraded });
    if let Some(seconds) = late_seconds {
        body["oldest_job_waits_seconds"] = seconds.round().into();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::outage::Dependency;

    #[test]
    fn what_is_away_or_late_is_named_and_takes_nothing_down() {
        assert_eq!(tell(None, &[], []), json!({ "status": "ready" }));
        let since = storage::clock::now();
        let outages = [Dependency::Faktory, Dependency::Llm].map(|dependency| Outage { dependency, since });
        let told = tell(None, &outages, ["clock"]);
        assert_eq!(told, json!({ "status": "degraded", "degraded": ["faktory", "llm", "clock"] }));
        let late = tell(Some(31.4), &outages[..1], []);
        assert_eq!(late["degraded"], json!(["faktory", "queue"]));
        assert_eq!(late["oldest_job_waits_seconds"], json!(31.0));
    }
}
