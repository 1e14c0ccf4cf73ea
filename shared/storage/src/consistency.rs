//! Compares derived rows with their sources and repairs the rows that differ.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::access::Caller;
use crate::component_status::{self, Compared};
use crate::db::{self, Connection, Db, Executor, Result, hold};
use crate::id::{SessionId, StudentId};
use crate::session::derived;
use crate::{attention, estimate, watermark};

const EVERY: TimeDelta = TimeDelta::days(1);
/// The first time is so long after the first worker of this version starts: then a release before it has ended.
const FIRST_AFTER: TimeDelta = TimeDelta::hours(1);
/// Transactions that were open the last time may have changed rows before it.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// How many sessions and students a sample has. It moves on through all of them.
const SAMPLE: i64 = 1_000;
const SESSIONS_A_STEP: usize = 100;

/// The watermark of the last time.
const LAST: &str = "derived_rows_compared";
/// The watermarks of the last ids in the samples.
const LAST_SESSION: &str = "derived_rows_session";
const LAST_STUDENT: &str = "derived_rows_student";

/// One worker of several does it.
const HOLD: &str = "derived_rows_comparing";
const HOLD_AT_MOST: Duration = Duration::from_hours(6);

/// Rows that [`refresh_all`] compares in one transaction.
const A_STEP: i64 = 500;

/// What differed from its sources, and was repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Figures and topics of sessions.
    pub sessions: Vec<SessionId>,
    /// Reasons why students need a person.
    pub attentions: Vec<StudentId>,
}

impl Differences {
    /// Whether all stored rows were right.
    pub const fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.attentions.is_empty()
    }
}

/// Repairs figures and topics of these sessions. Returns those that differed.
async fn repair_sessions(tx: &mut Connection, session_ids: &[SessionId]) -> Result<Vec<SessionId>> {
    derived::lock(tx, session_ids).await?;
    derived::recompute(tx, session_ids).await
}

/// Repairs what is believed of a student, folded from the evidence, and why they need a person. Returns whether a row
/// differed. Needs `students:read` and `sessions:read`.
pub async fn repair_student(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let differed = estimate::refold(tx, caller, student_id, now).await?;
    Ok(!attention::refresh(tx, &[student_id]).await?.is_empty() || differed)
}

/// The sessions that changed since a time.
async fn list_changed_sessions(db: impl Executor<'_>, since: DateTime<Utc>) -> Result<Vec<SessionId>> {
    Ok(sqlx::query_scalar!(
        r#"select session_id as "session_id: SessionId" from sessions where updated_at >= $1 order by session_id"#,
        since,
    )
    .fetch_all(db)
    .await?)
}

/// The students who changed since a time: their profile, a call or a concern.
async fn list_changed_students(db: impl Executor<'_>, since: DateTime<Utc>) -> Result<Vec<StudentId>> {
    Ok(sqlx::query_scalar!(
        r#"select student_id as "student_id!: StudentId" from students where updated_at >= $1
           union select student_id from sessions where updated_at >= $1 and student_id is not null
           union select student_id from follow_ups
               where (created_at >= $1 or raised_at >= $1 or closed_at >= $1) and student_id is not null
           order by 1"#,
        since,
    )
    .fetch_all(db)
    .await?)
}

/// The sessions whose ids follow this one, in their order.
async fn list_sessions_after(db: impl Executor<'_>, after: SessionId, limit: i64) -> Result<Vec<SessionId>> {
    Ok(sqlx::query_scalar!(
        r#"select session_id as "session_id: SessionId" from sessions where session_id > $1 order by session_id limit $2"#,
        after as SessionId,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// The students whose ids follow this one, in their order.
pub async fn list_students_after(db: impl Executor<'_>, after: StudentId, limit: i64) -> Result<Vec<StudentId>> {
    Ok(sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from students where student_id > $1 order by student_id limit $2"#,
        after as StudentId,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Repairs what is derived of all sessions and the reasons of all students, without folding evidence. For rows that were
/// written past this crate.
pub async fn refresh_all(db: &Db) -> Result<Differences> {
    let mut differences = Differences::default();
    let mut after = SessionId(uuid::Uuid::nil());
    loop {
        let mut tx = db::begin(db).await?;
        let some = list_sessions_after(&mut *tx, after, A_STEP).await?;
        let Some(last) = some.last() else { break };
        after = *last;
        differences.sessions.extend(repair_sessions(&mut tx, &some).await?);
        tx.commit().await?;
    }
    let mut after = StudentId(uuid::Uuid::nil());
    loop {
        let mut tx = db::begin(db).await?;
        let some = list_students_after(&mut *tx, after, A_STEP).await?;
        let Some(last) = some.last() else { break };
        after = *last;
        differences.attentions.extend(attention::refresh(&mut tx, &some).await?);
        tx.commit().await?;
    }
    Ok(differences)
}

/// Compares what changed since the last time, and a sample, with its sources, once a day. `None`: it is not due, or another
/// worker does it.
pub async fn compare_if_due(db: &Db, now: DateTime<Utc>) -> Result<Option<Compared>> {
    let last = watermark::find(db, LAST).await?.and_then(|text| text.parse::<DateTime<Utc>>().ok());
    let Some(last) = last else {
        watermark::put(db, LAST, &(now - EVERY + FIRST_AFTER).to_rfc3339(), now).await?;
        return Ok(None);
    };
    if last + EVERY > now {
        return Ok(None);
    }
    let Some(held) = hold::try_hold(db, HOLD, HOLD_AT_MOST).await? else { return Ok(None) };
    let done = compare(db, last - OVERLAP, now).await;
    held.release(db).await?;
    let compared = done?;
    component_status::record(db, &compared, now).await?;
    watermark::put(db, LAST, &now.to_rfc3339(), now).await?;
    Ok(Some(compared))
}

async fn compare(db: &Db, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Compared> {
    let sample = sample_of_sessions(db, now).await?;
    let sessions = union(list_changed_sessions(db, since).await?, sample);
    let sample = sample_of_students(db, now).await?;
    let students = union(list_changed_students(db, since).await?, sample);
    let mut compared = Compared { n_sessions: sessions.len(), n_students: students.len(), ..Compared::default() };
    for some in sessions.chunks(SESSIONS_A_STEP) {
        let mut tx = db::begin(db).await?;
        compared.n_sessions_repaired += repair_sessions(&mut tx, some).await?.len();
        tx.commit().await?;
    }
    for student_id in students {
        let mut tx = db::begin(db).await?;
        let differed = repair_student(&mut tx, &Caller::worker(), student_id, now).await?;
        compared.n_students_repaired += usize::from(differed);
        tx.commit().await?;
    }
    Ok(compared)
}

fn union<T: Ord>(mut some: Vec<T>, others: Vec<T>) -> Vec<T> {
    some.extend(others);
    some.sort_unstable();
    some.dedup();
    some
}

/// The sample begins again when it has come to the end.
async fn sample_of_sessions(db: &Db, now: DateTime<Utc>) -> Result<Vec<SessionId>> {
    let last = watermark::find(db, LAST_SESSION).await?.and_then(|text| text.parse().ok());
    let some = list_sessions_after(db, last.unwrap_or(SessionId(uuid::Uuid::nil())), SAMPLE).await?;
    match some.last() {
        Some(last) => watermark::put(db, LAST_SESSION, &last.to_string(), now).await?,
        None => watermark::clear(db, LAST_SESSION).await?,
    }
    Ok(some)
}

async fn sample_of_students(db: &Db, now: DateTime<Utc>) -> Result<Vec<StudentId>> {
    let last = watermark::find(db, LAST_STUDENT).await?.and_then(|text| text.parse().ok());
    let some = list_students_after(db, last.unwrap_or(StudentId(uuid::Uuid::nil())), SAMPLE).await?;
    match some.last() {
        Some(last) => watermark::put(db, LAST_STUDENT, &last.to_string(), now).await?,
        None => watermark::clear(db, LAST_STUDENT).await?,
    }
    Ok(some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const ROWS: &str = "insert into subjects (subject_id, name) values ('go', 'Go');
        insert into skills (skill_id, subject_id, name) values ('go.ko', 'go', 'Ko');
        insert into students (student_id, display_name, created_at, updated_at)
        values ('00000000-0000-0000-0000-000000000001', 'Ada', now() - interval '1 year', now() - interval '1 year');
        insert into sessions (session_id, call_id, student_id, status, started_at, created_at, updated_at)
        select ('00000000-0000-0000-0000-00000000000' || n)::uuid, n, '00000000-0000-0000-0000-000000000001',
            'needs_attention', at, at, at
        from generate_series(1, 2) n, lateral (select now() - n * interval '200 days' as at) t;
        insert into evidence (evidence_id, student_id, skill_id, session_id, turn_no, verdict, help, source, noise,
            observed_at, created_at)
        select gen_random_uuid(), student_id, 'go.ko', session_id, 0, 'correct', 'none', 'tool', 0.1, created_at, created_at
        from sessions";

    #[sqlx::test(migrations = "../../migrations")]
    async fn what_differs_from_its_sources_is_repaired_once_a_day_and_told(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let now = clock::now();
        sqlx::raw_sql(ROWS).execute(&db).await.unwrap();
        assert_eq!(compare_if_due(&db, now).await.unwrap(), None, "a release before may still run");
        let compared = compare_if_due(&db, now + FIRST_AFTER).await.unwrap();
        let all = Compared { n_sessions: 2, n_students: 1, n_sessions_repaired: 2, n_students_repaired: 1 };
        assert_eq!(compared, Some(all), "nothing was derived before");
        assert_eq!(compare_if_due(&db, now + FIRST_AFTER).await.unwrap(), None, "it was done today");

        let today = now + FIRST_AFTER + EVERY;
        let nothing = Compared { n_sessions_repaired: 0, n_students_repaired: 0, n_sessions: 0, n_students: 0 };
        assert_eq!(compare_if_due(&db, today).await.unwrap(), Some(nothing), "the sample has come to the end");
        sqlx::raw_sql("update mastery set knowledge = 0.5; update session_facts set n_attention = 0 where created_at < now() - interval '300 days'")
            .execute(&db)
            .await
            .unwrap();
        let compared = compare_if_due(&db, today + EVERY).await.unwrap();
        assert_eq!(compared, Some(Compared { n_sessions_repaired: 1, ..all }), "and begins again");
        let (_, told) = component_status::list(&db).await.unwrap().find::<Compared>().unwrap();
        assert_eq!(Some(told), compared);
        let knows = sqlx::query_scalar::<_, f64>("select knowledge from mastery").fetch_one(&db).await.unwrap();
        assert!(knows > 0.5, "{knows}");
    }
}
