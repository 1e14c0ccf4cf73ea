//! Whether a process lives, and whether it should get traffic.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::db::{self, Db};
use crate::job;

/// Work that waits longer than this means that no worker keeps up, or that its queue server is down.
const LATE_SECONDS: f64 = 30.0;

#[derive(Clone)]
struct Health {
    db: Db,
    shutdown: CancellationToken,
}

/// `GET /livez`: the process answers. `GET /readyz`: Postgres answers and is migrated, else 503; late background work
/// only degrades, since a site that is taken down for it would lose webhooks as well.
pub fn health(db: Db, shutdown: CancellationToken) -> Router {
    Router::new()
        .route("/livez", get(|| async { ([(CACHE_CONTROL, "no-store")], "ok\n") }))
        .route("/readyz", get(ready))
        .with_state(Health { db, shutdown })
}

async fn ready(State(health): State<Health>) -> Response {
    let (status, body) = if health.shutdown.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "stopping" }))
    } else {
        match judge(&health.db).await {
            Ok(body) => (StatusCode::OK, body),
            Err(why) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "unavailable", "why": why })),
        }
    };
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn judge(db: &Db) -> Result<serde_json::Value, &'static str> {
    match db::is_migrated(db).await {
        Ok(true) => {}
        Ok(false) => return Err("migrations are pending: run `ai-tutor migrate`"),
        Err(_) => return Err("the database does not answer"),
    }
    let waited = job::oldest_wait_seconds(db).await.map_err(|_| "the database does not answer")?;
    let late = waited.filter(|seconds| *seconds > LATE_SECONDS);
    Ok(match late {
        None => json!({ "status": "ready" }),
        Some(seconds) => {
            json!({ "status": "degraded", "degraded": ["queue"], "oldest_job_waits_seconds": seconds.round() })
        }
    })
}
