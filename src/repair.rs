//! Repair commands: retry failed jobs, analyse again, and recompute mastery.

use std::time::Duration;

use anyhow::bail;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use queue::retry::{self, Alike, Outdated, Reanalysis};
use storage::access::Caller;
use storage::db::{self, Db};
use storage::id::{SessionId, StudentId};
use storage::session::{SessionKey, get_session};
use storage::{student, watermark};

use crate::{print, say};

/// So many sessions are asked for at a time: calls of this minute do not wait behind those of last year.
const ABREAST: usize = 50;
const LOOK_EVERY: Duration = Duration::from_millis(200);
const STUDENTS_A_BATCH: i64 = 200;
const REBUILD: &str = "mastery_rebuild";

/// A span of time, the end left out.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Span {
    /// From this day (2026-11-23) or moment (2026-11-23T16:00:00Z)
    #[arg(long, value_parser = moment)]
    pub from: DateTime<Utc>,
    /// Up to this day or moment, which is excluded
    #[arg(long, value_parser = moment)]
    pub to: DateTime<Utc>,
}

impl Span {
    /// An error if the days are in the wrong order.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.from >= self.to {
            bail!("--from has to be before --to");
        }
        Ok(())
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let moment = DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc());
    day.or(moment).map_err(|_| "a day, as 2026-11-23, or a moment, as 2026-11-23T16:00:00Z".to_owned())
}

/// `session retry`: retries the failed jobs of a session or call. If none failed, it analyses the session again.
pub async fn retry_session(db: &Db, id: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let operator = Caller::operator();
    let key = id.parse::<SessionId>().map_or_else(|_| SessionKey::CallId(id.to_owned()), SessionKey::Id);
    let mut session = get_session(db, &operator, &key).await;
    // VAPI's ids look like ours.
    if let (Err(db::Error::NotFound(_)), SessionKey::Id(_)) = (&session, &key) {
        session = get_session(db, &operator, &SessionKey::CallId(id.to_owned())).await;
    }
    let session = match session {
        Ok(session) => Some(session),
        Err(db::Error::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let call_id = session.as_ref().map_or(id, |session| &session.call_id);
    let mut tx = db::begin(db).await?;
    let n_jobs = retry::retry_call(&mut tx, &operator, call_id, now).await?;
    let said = match &session {
        _ if n_jobs > 0 => format!("{n_jobs} jobs are tried again"),
        None => bail!("there is no session and no call {id}, and nothing of it was given up"),
        Some(session) => match retry::reanalyze(&mut tx, &operator, session.session_id, now).await? {
            Reanalysis::Asked(_) => "no job had failed: the session is analysed again".to_owned(),
            Reanalysis::Waits(_) => "its analysis waits for its turn already".to_owned(),
            Reanalysis::NoReport => bail!("the report of the call has not come; `call backfill` asks VAPI for it"),
        },
    };
    tx.commit().await?;
    say!("{said}");
    Ok(())
}

/// `job retry`: all that was given up for one reason.
pub async fn retry_jobs(db: &Db, reason: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut tx = db::begin(db).await?;
    let alike = Alike { reason, kind: None, until: now };
    let n_jobs = retry::retry_alike(&mut tx, &Caller::operator(), &alike, now).await?;
    tx.commit().await?;
    if n_jobs == 0 {
        let mut reasons: Vec<String> =
            retry::list_given_up(db, 1000).await?.into_iter().filter_map(|job| job.reason).collect();
        reasons.sort();
        reasons.dedup();
        let known = if reasons.is_empty() { "nothing was given up".to_owned() } else { reasons.join("\n  ") };
        bail!("no job was given up for that reason; the reasons are:\n  {known}");
    }
    say!("{n_jobs} jobs are tried again");
    Ok(())
}

#[derive(clap::Args)]
pub struct ReanalyzeArguments {
    #[command(flatten)]
    span: Span,
    /// Also analyse again what this analyser version analysed before this moment
    #[arg(long, value_parser = moment, value_name = "MOMENT")]
    judged_before: Option<DateTime<Utc>>,
}

/// `session reanalyze`: analyses all sessions of other analyser versions again. Resumable: sessions that are done are
/// skipped.
pub async fn reanalyze(db: &Db, arguments: &ReanalyzeArguments, now: DateTime<Utc>) -> anyhow::Result<()> {
    arguments.span.check()?;
    let operator = Caller::operator();
    let (span, version) = (arguments.span, worker::analysis::VERSION);
    let outdated = Outdated { from: span.from, to: span.to, version, judged_before: arguments.judged_before };
    let n_all = retry::count_outdated(db, &operator, &outdated).await?;
    let progress = print::progress(n_all.unsigned_abs(), "sessions");
    let (mut at_work, mut after, mut n_asked) = (Vec::new(), None, 0_u64);
    loop {
        let free = ABREAST - at_work.len();
        let next = retry::list_outdated(db, &operator, &outdated, after, free as i64).await?;
        for (created_at, session_id) in &next {
            let mut tx = db::begin(db).await?;
            retry::reanalyze(&mut tx, &operator, *session_id, now).await?;
            tx.commit().await?;
            after = Some((*created_at, *session_id));
            at_work.push(*session_id);
            n_asked += 1;
        }
        at_work = retry::list_at_work(db, &at_work).await?;
        progress.set_position(n_asked - at_work.len() as u64);
        if next.is_empty() && at_work.is_empty() {
            break;
        }
        if at_work.len() == ABREAST || next.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    progress.finish_and_clear();
    say!("{n_asked} sessions are analysed again by version {version}");
    Ok(())
}

/// `mastery rebuild`: from the evidence alone. Resumable.
pub async fn rebuild_mastery(db: &Db, from_start: bool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let operator = Caller::operator();
    if from_start {
        watermark::clear(db, REBUILD).await?;
    }
    let reached = watermark::find(db, REBUILD).await?;
    let mut after: Option<StudentId> = reached.and_then(|text| text.parse().ok());
    if after.is_some() {
        say!("continuing where the last rebuild stopped; --from-start starts again from the first student");
    }
    let progress = print::progress(student::count_students(db, &operator, after).await?.unsigned_abs(), "students");
    let (mut n_students, mut n_changed) = (0_u64, 0_u64);
    loop {
        let batch = student::list_student_ids(db, &operator, after, STUDENTS_A_BATCH).await?;
        for student_id in &batch {
            let mut tx = db::begin(db).await?;
            n_changed += u64::from(worker::rebuild_student(&mut tx, *student_id, now).await?);
            tx.commit().await?;
            n_students += 1;
            progress.inc(1);
        }
        let Some(last) = batch.last() else { break };
        watermark::put(db, REBUILD, &last.to_string(), now).await?;
        after = Some(*last);
    }
    watermark::clear(db, REBUILD).await?;
    progress.finish_and_clear();
    say!("{n_students} students rebuilt, {n_changed} of them believed to know something else than before");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_a_moment_are_both_times() {
        assert_eq!(moment("2026-11-23").unwrap(), moment("2026-11-23T00:00:00Z").unwrap());
        assert_eq!(moment("2026-11-23T01:00:00+01:00").unwrap(), moment("2026-11-23").unwrap());
        assert!(moment("yesterday").unwrap_err().contains("2026-11-23"));
    }
}
