//! A step of a long repair: some of the work, where it has come to, and the job for the next step, in one transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};
use queue::lease::{Finished, Lease, finish_done, renew};
use queue::overhaul::{self, Overhaul, Work};
use queue::retry::{self, Outdated};
use storage::access::Caller;
use storage::db::{Connection, Result};
use storage::id::{OverhaulId, SessionId, StudentId};
use storage::job::{self, Job};
use storage::student;

use crate::{Context, JobError, analysis, store};

const A_STEP: i64 = 25;
/// So many analyses wait at most: calls of this minute do not stand in line behind those of last year.
const ABREAST: i64 = 50;
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(crate) async fn perform(
    context: &Context,
    lease: &Lease,
    overhaul_id: OverhaulId,
    step: i32,
    now: DateTime<Utc>,
) -> std::result::Result<Finished, JobError> {
    let mut tx = context.begin().await?;
    renew(&mut *tx, lease, context.config.lease).await?;
    let overhaul = overhaul::lock_overhaul(&mut tx, overhaul_id).await?;
    // One that was stopped has no next step.
    if overhaul.finished_at.is_none() {
        if matches!(overhaul.work, Work::Reanalyze { .. })
            && overhaul::count_analyses_at_work(&mut *tx).await? >= ABREAST
        {
            return Err(JobError::PutOff { reason: "enough analyses wait already".into(), at_least: LOOK_AGAIN });
        }
        if overhaul.n_all.is_none() {
            let n_all = count(&mut tx, &overhaul).await?;
            overhaul::set_n_all(&mut tx, overhaul_id, n_all).await?;
        }
        match do_some(&mut tx, &overhaul, now).await? {
            Some((position, n)) => {
                overhaul::advance(&mut tx, overhaul_id, &position, n).await?;
                job::enqueue(&mut tx, &Job::Overhaul { overhaul_id, step: step + 1 }, None).await?;
            }
            None => overhaul::finish(&mut tx, overhaul_id, now).await?,
        }
    }
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

async fn count(tx: &mut Connection, overhaul: &Overhaul) -> Result<i64> {
    let worker = Caller::worker();
    match outdated(&overhaul.work) {
        Some(outdated) => retry::count_outdated(tx, &worker, &outdated).await,
        None => student::count_students(tx, &worker, None).await,
    }
}

/// How many were done, and up to where. `None`: there is nothing left to do.
async fn do_some(tx: &mut Connection, overhaul: &Overhaul, now: DateTime<Utc>) -> Result<Option<(String, i64)>> {
    let (worker, reached) = (Caller::worker(), overhaul.position.as_deref());
    if let Some(outdated) = outdated(&overhaul.work) {
        let after = reached.and_then(read_position);
        let some = retry::list_outdated(&mut *tx, &worker, &outdated, after, A_STEP).await?;
        for (_, session_id) in &some {
            retry::reanalyze(tx, &worker, *session_id, now).await?;
        }
        return Ok(some.last().map(|last| (position(*last), some.len() as i64)));
    }
    let after = reached.and_then(|text| text.parse::<StudentId>().ok());
    let some = student::list_student_ids(&mut *tx, &worker, after, A_STEP).await?;
    for student_id in &some {
        store::rebuild_student(tx, *student_id, now).await?;
    }
    Ok(some.last().map(|last| (last.to_string(), some.len() as i64)))
}

fn outdated(work: &Work) -> Option<Outdated<'static>> {
    match *work {
        Work::Reanalyze { from, to, judged_before } => {
            Some(Outdated { from, to, version: analysis::VERSION, judged_before })
        }
        Work::RebuildMastery => None,
    }
}

fn position((at, session_id): (DateTime<Utc>, SessionId)) -> String {
    format!("{}_{session_id}", at.timestamp_micros())
}

fn read_position(text: &str) -> Option<(DateTime<Utc>, SessionId)> {
    let (micros, id) = text.split_once('_')?;
    Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_as_written() {
        let last = ("2026-11-19T21:12:04.123456Z".parse().unwrap(), SessionId::new());
        assert_eq!(read_position(&position(last)), Some(last));
        assert_eq!(read_position("soon"), None);
    }
}
