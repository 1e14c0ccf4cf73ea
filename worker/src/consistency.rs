//! Has derived rows compared with their sources once a day.

use std::time::Duration;

use storage::clock;
use storage::component_status::Compared;
use storage::consistency::compare_if_due;
use tokio_util::sync::CancellationToken;

use crate::Context;

const LOOK_EVERY: Duration = Duration::from_mins(10);

/// Every worker tries to; the database lets one through at a time.
pub(crate) async fn run(context: Context, stop: CancellationToken) {
    loop {
        let done = async {
            match compare_if_due(&context.db, clock::now()).await {
                Ok(None) => {}
                Ok(Some(compared)) => report(&compared),
                Err(error) => tracing::warn!(%error, "could not compare derived rows with their sources"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        if stop.run_until_cancelled(done).await.is_none() {
            return;
        }
    }
}

fn report(compared: &Compared) {
    let Compared { n_sessions, n_students, n_sessions_repaired, n_students_repaired } = *compared;
    let count = |of, n| metrics::counter!("derived_rows_repaired_total", "of" => of).increment(n as u64);
    count("session", n_sessions_repaired);
    count("student", n_students_repaired);
    if n_sessions_repaired + n_students_repaired > 0 {
        tracing::warn!(n_sessions, n_students, n_sessions_repaired, n_students_repaired, "repaired derived rows");
    } else {
        tracing::info!(n_sessions, n_students, "derived rows agree with their sources");
    }
}
