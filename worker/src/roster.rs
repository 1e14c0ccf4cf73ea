//! Reads the organisation's roster on a schedule, and brings students and classes up to date, or asks a person first.

use std::time::Duration;

use chrono::{DateTime, Utc};
use queue::lease::{Finished, Lease, finish_done};
use storage::access::Caller;
use storage::clock;
use storage::db;
use storage::id::{ImportId, RosterSyncId};
use storage::roster_sync::{self, Counts, Outcome, RosterSync, SyncState};
use storage::student::StudentStatus;
use storage::student::roster::{Imported, Known, RosterRow, end_membership, import_row};
use tokio_util::sync::CancellationToken;

use crate::one_roster::{self, Bundle, Roster};
use crate::{Context, JobError};

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// A roster is fetched within this time.
const FETCH_WITHIN: Duration = Duration::from_mins(2);
/// The largest archive that is fetched.
const MAX_ARCHIVE: usize = 100 * 1024 * 1024;
/// Rows in one transaction.
const BATCH: usize = 100;
/// Rows that could not be read, as the report lists them.
const MAX_PROBLEMS: usize = 20;

/// Asks for the run whose time has come, until `stop`.
pub(crate) async fn ask_for_due(context: Context, stop: CancellationToken) {
    let Some(roster) = context.config.roster.clone() else { return };
    loop {
        match roster_sync::ask_for_due(&context.db, roster.every, clock::now()).await {
            Ok(false) => {}
            Ok(true) => tracing::info!("asked for a run of the roster"),
            Err(error) => tracing::warn!(%error, "could not ask for a run of the roster"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
    }
}

/// One run. It reports instead of changing anything, if it is the first one or takes too many students out of their classes.
pub(crate) async fn perform(
    context: &Context,
    lease: &Lease,
    roster_sync_id: RosterSyncId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let caller = Caller::worker();
    let Some(sync) = roster_sync::find_waiting(&context.db, &caller, roster_sync_id).await? else {
        return Ok(finish_done(&context.db, lease).await?);
    };
    let roster = match read(context).await {
        Ok(roster) => roster,
        Err(why) => {
            let mut tx = context.begin().await?;
            roster_sync::mark_failed(&mut tx, roster_sync_id, &why, now).await?;
            let finished = finish_done(&mut *tx, lease).await?;
            context.commit(tx).await?;
            return Ok(finished);
        }
    };
    // It never unblocks: staff may have blocked the student.
    let may_block = |row: RosterRow| RosterRow { status: row.status.filter(|of| *of == StudentStatus::Blocked), ..row };
    let good = roster.rows.iter().filter_map(|(_, row)| row.as_ref().ok().cloned());
    let rows: Vec<RosterRow> = good.map(may_block).collect();
    let removals = roster_sync::find_removals(&context.db, &caller, &rows, roster.is_complete).await?;
    let limit = context.config.roster.as_ref().map_or(0, |roster| roster.max_removals_percent);
    let problems = roster.rows.iter().filter_map(|(line, row)| Some(format!("line {line}: {}", row.as_ref().err()?)));
    let mut counts = Counts {
        n_left: removals.leaving.len() as i32,
        n_blocked: removals.n_blocked as i32,
        n_refused: (roster.rows.len() - rows.len()) as i32,
        problems: problems.take(MAX_PROBLEMS).collect(),
        ..Counts::default()
    };
    let why = reason_to_ask(context, &sync, &roster, removals.exceed(limit)).await?;
    let import_id = ImportId(roster_sync_id.0);
    if why.is_some() {
        // Nothing of it stays: the transaction is rolled back.
        let mut tx = db::begin(&context.db).await?;
        for row in &rows {
            count(&mut counts, import_row(&mut tx, &caller, import_id, row, Known::Change, now).await?);
        }
        tx.rollback().await.map_err(db::Error::from)?;
    } else {
        for batch in rows.chunks(BATCH) {
            let mut tx = context.begin().await?;
            for row in batch {
                count(&mut counts, import_row(&mut tx, &caller, import_id, row, Known::Change, now).await?);
            }
            context.commit(tx).await?;
        }
        for batch in removals.leaving.chunks(BATCH) {
            let mut tx = context.begin().await?;
            for student_id in batch {
                match end_membership(&mut tx, &caller, import_id, *student_id, now).await {
                    // Erased or merged meanwhile.
                    Ok(()) | Err(db::Error::NotFound(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            context.commit(tx).await?;
        }
    }
    let state = if why.is_some() { SyncState::NeedsPerson } else { SyncState::Done };
    let mut tx = context.begin().await?;
    if why.is_none() {
        roster_sync::mark_in_roster(&mut tx, &rows).await?;
    }
    let outcome = Outcome { state, fingerprint: &roster.fingerprint, counts: &counts, why };
    roster_sync::finish(&mut tx, roster_sync_id, outcome, now).await?;
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

/// Why a person has to approve the run; `None`: it may go ahead.
async fn reason_to_ask(
    context: &Context,
    sync: &RosterSync,
    roster: &Roster,
    removes_many: bool,
) -> Result<Option<&'static str>, JobError> {
    if sync.approved_by.is_some() {
        let is_same = sync.fingerprint.as_deref() == Some(&roster.fingerprint[..]);
        return Ok((!is_same).then_some("The files changed after the report that was approved."));
    }
    if !roster_sync::has_run(&context.db).await? {
        return Ok(Some("It is the first run."));
    }
    Ok(removes_many.then_some("Too many students would leave their classes or be blocked."))
}

fn count(counts: &mut Counts, imported: Imported) {
    let n = match imported {
        Imported::Added => &mut counts.n_added,
        Imported::Changed => &mut counts.n_changed,
        Imported::Unchanged => &mut counts.n_unchanged,
    };
    *n += 1;
}

/// Reads the roster of the settings. `Err`: why not, in words that may be shown and stored.
async fn read(context: &Context) -> Result<Roster, String> {
    let Some(roster) = &context.config.roster else {
        return Err("ROSTER_SOURCE is not set for the worker.".to_owned());
    };
    let bundle = if roster.source.contains("://") {
        Bundle::Archive(fetch(&roster.source).await?)
    } else {
        Bundle::at(roster.source.as_ref())
            .map_err(|_| "The folder or file of ROSTER_SOURCE cannot be read.".to_owned())?
    };
    let read = tokio::task::spawn_blocking(move || one_roster::read(&bundle)).await;
    // The message names files of the bundle, and no values.
    let roster = read.map_err(|_| "The roster cannot be read.".to_owned())?.map_err(|error| error.to_string())?;
    if roster.rows.is_empty() { Err("The roster has no students.".to_owned()) } else { Ok(roster) }
}

async fn fetch(url: &str) -> Result<Vec<u8>, String> {
    let client = reqwest::Client::builder()
        .timeout(FETCH_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| "This machine has no certificates to trust.".to_owned())?;
    let unreachable = |_| "The address of ROSTER_SOURCE cannot be reached.".to_owned();
    let mut answer = client.get(url).send().await.map_err(unreachable)?;
    if !answer.status().is_success() {
        return Err(format!("The address of ROSTER_SOURCE answered {}.", answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if bytes.len() + chunk.len() > MAX_ARCHIVE {
            return Err("The archive has more than 100 MiB.".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
