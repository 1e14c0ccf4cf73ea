//! Which students need a person, and why: rules over what is known of a student, and a row for each reason.
//!
//! **Invariant:** every transaction that changes what [`Standing`] holds calls [`refresh`]. Reasons that come with time are
//! written in advance, with the time from which they hold.

mod today;

use chrono::{DateTime, TimeDelta, Utc};
use strum::IntoStaticStr;

pub use self::today::{Basis, Need, list_needs, rank};
use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::StudentId;

/// Why a student needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type, IntoStaticStr)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Reason {
    /// An assistant raised a concern, and it is open.
    Concern,
    /// A call could not be analysed.
    Session,
    /// A misconception that is open showed in three calls or more.
    Misconception,
    /// The last three calls or more lasted less than a minute each.
    ShortCalls,
    /// Three reviews or more are over a week late.
    ReviewsOverdue,
    /// No call for two weeks, after four in four weeks.
    Quiet,
}

impl Reason {
    /// The most urgent first.
    const ALL: [Self; 6] =
        [Self::Concern, Self::Session, Self::Misconception, Self::ShortCalls, Self::ReviewsOverdue, Self::Quiet];

    const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

const MIN_SEEN: i32 = 3;
const MIN_SHORT_CALLS: usize = 3;
const SHORT: TimeDelta = TimeDelta::minutes(1);
/// Calls among which short ones are looked for, and for how long they matter.
const RECENT_CALLS: usize = 10;
const SHORT_CALLS_FOR: TimeDelta = TimeDelta::days(30);
const MIN_OVERDUE: usize = 3;
const OVERDUE_AFTER: TimeDelta = TimeDelta::days(7);
/// Reviews of a student who has not called for so long are no longer expected.
const REVIEWS_FOR: TimeDelta = TimeDelta::days(30);
const MIN_CALLS_OF_HABIT: usize = 4;
const HABIT: TimeDelta = TimeDelta::days(28);
const QUIET_AFTER: TimeDelta = TimeDelta::days(14);
const QUIET_FOR: TimeDelta = TimeDelta::days(90);

/// The last calls that the rules look at.
const MAX_CALLS: i64 = 100;

/// What is known of a student, as far as the rules ask.
#[derive(Clone, Debug, Default)]
struct Standing {
    /// When the open concerns were raised.
    concerns: Vec<DateTime<Utc>>,
    /// When the calls took place that could not be analysed.
    failed_calls: Vec<DateTime<Utc>>,
    /// The misconceptions that are open: in how many calls each showed, and when first and last.
    beliefs: Vec<(i32, DateTime<Utc>, DateTime<Utc>)>,
    /// The last calls, the newest first: at most [`MAX_CALLS`].
    calls: Vec<LastCall>,
    /// When the next practice of each skill that is taught is due, the earliest first.
    due_ats: Vec<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug)]
struct LastCall {
    created_at: DateTime<Utc>,
    began_at: DateTime<Utc>,
    /// `None`: the call is not over.
    length: Option<TimeDelta>,
}

/// A reason that holds between two times, if nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holds {
    reason: Reason,
    /// When it began or will begin to hold.
    since: DateTime<Utc>,
    /// The last time it was given again.
    newest_at: DateTime<Utc>,
    /// `None`: for ever.
    until: Option<DateTime<Utc>>,
    n: usize,
}

/// Returns the reasons that hold now or will hold.
fn reasons_of(standing: &Standing) -> Vec<Holds> {
    let rules = [concern, session, misconception, short_calls, reviews_overdue, quiet];
    rules.into_iter().filter_map(|rule| rule(standing)).collect()
}

/// Holds from the first of these times, and was given again at the last.
fn each(reason: Reason, ats: &[DateTime<Utc>]) -> Option<Holds> {
    let (since, newest_at) = (*ats.iter().min()?, *ats.iter().max()?);
    Some(Holds { reason, since, newest_at, until: None, n: ats.len() })
}

fn concern(of: &Standing) -> Option<Holds> {
    each(Reason::Concern, &of.concerns)
}

fn session(of: &Standing) -> Option<Holds> {
    each(Reason::Session, &of.failed_calls)
}

fn misconception(of: &Standing) -> Option<Holds> {
    let beliefs = || of.beliefs.iter().filter(|(n_seen, ..)| *n_seen >= MIN_SEEN);
    Some(Holds {
        reason: Reason::Misconception,
        since: beliefs().map(|(_, first, _)| *first).min()?,
        newest_at: beliefs().map(|(.., last)| *last).max()?,
        until: None,
        n: beliefs().map(|(n_seen, ..)| n_seen.unsigned_abs() as usize).max()?,
    })
}

fn short_calls(of: &Standing) -> Option<Holds> {
    let ended = of.calls.iter().filter(|call| call.length.is_some()).take(RECENT_CALLS);
    let run = ended.take_while(|call| call.length.is_some_and(|length| length < SHORT));
    let ats: Vec<DateTime<Utc>> = run.map(|call| call.created_at).collect();
    let holds = each(Reason::ShortCalls, &ats).filter(|_| ats.len() >= MIN_SHORT_CALLS)?;
    Some(Holds { until: Some(holds.newest_at + SHORT_CALLS_FOR), ..holds })
}

fn reviews_overdue(of: &Standing) -> Option<Holds> {
    let until = last_call_at(of)? + REVIEWS_FOR;
    let since = *of.due_ats.get(MIN_OVERDUE - 1)? + OVERDUE_AFTER;
    let (reason, n) = (Reason::ReviewsOverdue, of.due_ats.len());
    (since < until).then_some(Holds { reason, since, newest_at: since, until: Some(until), n })
}

fn quiet(of: &Standing) -> Option<Holds> {
    let last = last_call_at(of)?;
    let n = of.calls.iter().filter(|call| call.began_at > last - HABIT).count();
    let (since, until) = (last + QUIET_AFTER, Some(last + QUIET_FOR));
    (n >= MIN_CALLS_OF_HABIT).then_some(Holds { reason: Reason::Quiet, since, newest_at: since, until, n })
}

fn last_call_at(of: &Standing) -> Option<DateTime<Utc>> {
    of.calls.iter().map(|call| call.began_at).max()
}

/// Applies the rules to these students and writes the rows that differ. Returns the students who had such a row. Another
/// transaction that refreshes one of them waits for this one.
pub async fn refresh(tx: &mut Connection, student_ids: &[StudentId]) -> Result<Vec<StudentId>> {
    lock(tx, student_ids).await?;
    refresh_locked(tx, student_ids).await
}

/// Like [`refresh`], for students that other transactions cannot see yet.
pub async fn refresh_new(tx: &mut Connection, student_ids: &[StudentId]) -> Result<()> {
    refresh_locked(tx, student_ids).await?;
    Ok(())
}

async fn refresh_locked(tx: &mut Connection, student_ids: &[StudentId]) -> Result<Vec<StudentId>> {
    let mut changed = Vec::new();
    for some in student_ids.chunks(STUDENTS_AT_ONCE) {
        let standings = read(tx, some).await?;
        changed.extend(write(tx, some, &standings).await?);
    }
    Ok(changed)
}

const STUDENTS_AT_ONCE: usize = 500;

/// Applies the rules to students whose next practice is one of these skills, which were retired or restored.
pub(crate) async fn refresh_of_skills(tx: &mut Connection, skill_ids: &[String]) -> Result<()> {
    let student_ids = sqlx::query_scalar!(
        r#"select distinct student_id as "student_id: StudentId" from practices
           where skill_id = any($1) and next_at is null order by 1"#,
        skill_ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    refresh(tx, &student_ids).await?;
    Ok(())
}

/// Always in one order, so that two never wait for each other. Postgres has room for some thousand locks, so many students
/// are locked by one lock, which keeps all others out.
async fn lock(tx: &mut Connection, student_ids: &[StudentId]) -> Result<()> {
    if student_ids.len() > STUDENTS_AT_ONCE {
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('attentions', 0))").execute(tx).await?;
        return Ok(());
    }
    let mut keys: Vec<String> = student_ids.iter().map(|id| format!("attention {id}")).collect();
    keys.sort_unstable();
    sqlx::query(
        "select pg_advisory_xact_lock_shared(hashtextextended('attentions', 0)),
             pg_advisory_xact_lock(hashtextextended(key, 0))
         from unnest($1::text[]) as key",
    )
    .bind(keys)
    .execute(tx)
    .await?;
    Ok(())
}

async fn read(tx: &mut Connection, student_ids: &[StudentId]) -> Result<Vec<(StudentId, Standing)>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select st.student_id as "student_id: StudentId",
               array(select f.created_at from follow_ups f
                     where f.student_id = st.student_id and f.kind = 'concern' and f.closed_at is null
                     union all
                     -- A concern of a call belongs to its student.
                     select f.created_at from follow_ups f join sessions s using (session_id)
                     where f.student_id is null and f.kind = 'concern' and f.closed_at is null
                       and s.student_id = st.student_id) as "concerns!: Vec<DateTime<Utc>>",
               array(select s.created_at from sessions s
                     where s.student_id = st.student_id and s.status = 'needs_attention') as "failed_calls!: Vec<DateTime<Utc>>",
               coalesce(b.n_seen, '{}') as "n_seen!: Vec<i32>",
               coalesce(b.first_seen, '{}') as "first_seen!: Vec<DateTime<Utc>>",
               coalesce(b.last_seen, '{}') as "last_seen!: Vec<DateTime<Utc>>",
               coalesce(c.created, '{}') as "created!: Vec<DateTime<Utc>>",
               coalesce(c.began, '{}') as "began!: Vec<DateTime<Utc>>",
               coalesce(c.lengths, '{}') as "lengths!: Vec<Option<i64>>",
               array(select p.due_at from practices p join skills k on k.skill_id = p.skill_id and k.retired_at is null
                     where p.student_id = st.student_id and p.next_at is null
                     order by p.due_at) as "due_ats!: Vec<DateTime<Utc>>"
           from students st
           cross join lateral (
               select array_agg(n_seen order by misconception_id) as n_seen,
                   array_agg(first_seen_at order by misconception_id) as first_seen,
                   array_agg(last_seen_at order by misconception_id) as last_seen
               from misconceptions m where m.student_id = st.student_id and m.resolved_at is null
           ) b
           cross join lateral (
               select array_agg(created_at order by created_at desc, session_id desc) as created,
                   array_agg(coalesce(started_at, created_at) order by created_at desc, session_id desc) as began,
                   array_agg((extract(epoch from ended_at - started_at) * 1000000)::bigint
                             order by created_at desc, session_id desc) as lengths
               from (
                   select * from sessions s where s.student_id = st.student_id
                   order by created_at desc, session_id desc limit $2
               ) s
           ) c
           where st.student_id = any($1)"#,
        student_ids as &[StudentId],
        MAX_CALLS,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(Row::standing).collect())
}

/// Lists in columns.
struct Row {
    student_id: StudentId,
    concerns: Vec<DateTime<Utc>>,
    failed_calls: Vec<DateTime<Utc>>,
    n_seen: Vec<i32>,
    first_seen: Vec<DateTime<Utc>>,
    last_seen: Vec<DateTime<Utc>>,
    created: Vec<DateTime<Utc>>,
    began: Vec<DateTime<Utc>>,
    /// In microseconds.
    lengths: Vec<Option<i64>>,
    due_ats: Vec<DateTime<Utc>>,
}

impl Row {
    fn standing(self) -> (StudentId, Standing) {
        let row = self;
        let beliefs = row.n_seen.into_iter().zip(row.first_seen).zip(row.last_seen);
        let calls = row.created.into_iter().zip(row.began).zip(row.lengths);
        let standing = Standing {
            concerns: row.concerns,
            failed_calls: row.failed_calls,
            beliefs: beliefs.map(|((n_seen, first), last)| (n_seen, first, last)).collect(),
            calls: calls
                .map(|((created_at, began_at), length)| LastCall {
                    created_at,
                    began_at,
                    length: length.map(TimeDelta::microseconds),
                })
                .collect(),
            due_ats: row.due_ats,
        };
        (row.student_id, standing)
    }
}

/// A row that says the same already is left alone, and so is a student who is being erased.
async fn write(
    tx: &mut Connection,
    student_ids: &[StudentId],
    standings: &[(StudentId, Standing)],
) -> Result<Vec<StudentId>> {
    let holds = standings.iter().flat_map(|(id, standing)| reasons_of(standing).into_iter().map(move |of| (*id, of)));
    let holds: Vec<(StudentId, Holds)> = holds.collect();
    let changed = sqlx::query_scalar!(
        r#"with holds as materialized (
               select student_id, reason, since, newest_at, coalesce(until, 'infinity') as until, n
               from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::int[])
                   as h (student_id, reason, since, newest_at, until, n)
           ), over as (
               update attentions a set since = null, newest_at = null
               where a.student_id = any($1) and a.since is not null
                 and not exists (select 1 from holds h where h.student_id = a.student_id and h.reason = a.reason)
               returning a.student_id
           ), put as (
               insert into attentions as a (student_id, reason, since, newest_at, until, n)
               select h.* from holds h
               where not exists (
                   select 1 from attentions b where b.student_id = h.student_id and b.reason = h.reason
                       and (b.since, b.newest_at, b.until, b.n) is not distinct from (h.since, h.newest_at, h.until, h.n))
               on conflict (student_id, reason) do update
                   set since = excluded.since, newest_at = excluded.newest_at, until = excluded.until, n = excluded.n
               returning a.student_id
           )
           select student_id as "student_id!: StudentId" from over union select student_id from put"#,
        student_ids as &[StudentId],
        &holds.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &holds.iter().map(|(_, of)| of.reason.as_str().to_owned()).collect::<Vec<_>>(),
        &holds.iter().map(|(_, of)| of.since).collect::<Vec<_>>(),
        &holds.iter().map(|(_, of)| of.newest_at).collect::<Vec<_>>(),
        &holds.iter().map(|(_, of)| of.until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &holds.iter().map(|(_, of)| of.n as i32).collect::<Vec<_>>(),
    )
    .fetch_all(tx)
    .await?;
    Ok(changed)
}

/// A reason that applies and that no one has handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    pub student_id: StudentId,
    pub reason: Reason,
    pub since: DateTime<Utc>,
    /// How many concerns, sessions, calls or reviews it is about.
    pub n: i32,
}

/// A student who needs a person, with the most urgent of the reasons.
#[derive(Clone)]
pub struct StudentInNeed {
    pub student_id: StudentId,
    pub display_name: String,
    pub grade: Option<i16>,
    pub reason: Reason,
    pub since: DateTime<Utc>,
    pub n: i32,
    /// All of them, this one included.
    pub n_reasons: i64,
}

impl std::fmt::Debug for StudentInNeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudentInNeed").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// How many students need a person at `now`, of all or of one cohort. Needs `students:read`.
pub async fn count_students(
    db: impl Executor<'_>,
    caller: &Caller,
    cohort: Option<&str>,
    now: DateTime<Utc>,
) -> Result<i64> {
    let cohorts = caller.require_within_cohort(Scope::StudentsRead, cohort)?;
    Ok(sqlx::query_scalar!(
        // Not `count(distinct …)`, which sorts.
        r#"select count(*) as "n!" from (
               select distinct student_id from attentions
               where open_since <= $1 and until > $1
                 and ($2::text[] is null or student_id in (select student_id from students where cohort = any($2)))) a"#,
        now,
        cohorts as Option<Vec<String>>,
    )
    .fetch_one(db)
    .await?)
}

/// Those who need a person at `now`, the most urgent first, and of these whose reason is the newest. Needs `students:read`.
pub async fn list_students(
    db: impl Executor<'_>,
    caller: &Caller,
    cohort: Option<&str>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<StudentInNeed>> {
    let cohorts = caller.require_within_cohort(Scope::StudentsRead, cohort)?;
    list_students_for(db, cohorts, &Reason::ALL, now, limit).await
}

/// [`list_students`] for these reasons, the most urgent first.
async fn list_students_for(
    db: impl Executor<'_>,
    cohorts: Option<Vec<String>>,
    reasons: &[Reason],
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<StudentInNeed>> {
    Ok(sqlx::query_as!(
        StudentInNeed,
        // From each reason its newest, along an index: those in need may be a third of a school.
        r#"with ranks as (
               select * from unnest($4::text[])
                   with ordinality as ranks (reason, rank)
           )
           select st.student_id as "student_id!: StudentId", st.display_name as "display_name!", st.grade,
               a.reason as "reason!: Reason", a.since as "since!", a.n as "n!",
               (select count(*) from attentions o
                where o.student_id = a.student_id and o.open_since <= $1 and o.until > $1) as "n_reasons!"
           from ranks r
           cross join lateral (
               select a.* from attentions a
               where a.reason = r.reason and a.open_since <= $1 and a.until > $1
                 and ($2::text[] is null or exists (
                     select 1 from students st where st.student_id = a.student_id and st.cohort = any($2)))
                 and not exists (
                     select 1 from attentions u join ranks ur on ur.reason = u.reason and ur.rank < r.rank
                     where u.student_id = a.student_id and u.open_since <= $1 and u.until > $1)
               order by a.open_since desc, a.student_id limit $3
           ) a
           join students st on st.student_id = a.student_id
           order by r.rank, a.open_since desc, a.student_id limit $3"#,
        now,
        cohorts as Option<Vec<String>>,
        limit,
        &reasons.iter().map(|reason| reason.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(db)
    .await?)
}

/// The reasons of these students at `now`, by student, the most urgent first. Needs `students:read`.
pub async fn list_attentions(
    db: impl Executor<'_>,
    caller: &Caller,
    student_ids: &[StudentId],
    now: DateTime<Utc>,
) -> Result<Vec<Attention>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let mut list = sqlx::query_as!(
        Attention,
        r#"select student_id as "student_id: StudentId", reason as "reason: Reason", since as "since!", n
           from attentions a where student_id = any($1) and open_since <= $2 and until > $2
             and ($3::text[] is null
                 or exists (select 1 from students st where st.student_id = a.student_id and st.cohort = any($3)))"#,
        student_ids as &[StudentId],
        now,
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?;
    list.sort_by_key(|attention| (attention.student_id.0, attention.reason));
    Ok(list)
}

/// Returns when a student was last marked as handled, and by which user: `admin:<email>`. Needs `students:read`.
pub async fn find_last_handled(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
) -> Result<Option<(DateTime<Utc>, String)>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    let row = sqlx::query!(
        r#"select handled_at as "at!", handled_by as "by!" from attentions
           where student_id = $1 and handled_at is not null order by handled_at desc limit 1"#,
        student_id as StudentId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.at, row.by)))
}

/// Marks all reasons that apply at `now` as handled. A reason returns if it occurs again. Writes the audit entry. Needs
/// `notes:write`.
pub async fn mark_handled(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::NotesWrite, student_id)?;
    let reasons = sqlx::query_scalar!(
        "update attentions set handled_at = $2, handled_by = $3
         where student_id = $1 and open_since <= $2 and until > $2 returning reason",
        student_id as StudentId,
        now,
        caller.actor.to_string(),
    )
    .fetch_all(&mut *tx)
    .await?;
    if reasons.is_empty() {
        return Err(Error::NotFound("reason to see to this student"));
    }
    let object = format!("student:{student_id}");
    let detail = serde_json::json!({ "reasons": reasons });
    audit::insert_entry(tx, caller, "student.attention_handled", Some(&object), &detail, now).await
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::now;
    use crate::db::{self, Db};
    use crate::student::{NewStudent, insert_student};

    fn day(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(n)
    }

    /// Calls on these days, the newest first, each of so many seconds.
    fn calls(of: &[(i64, i64)]) -> Standing {
        let call = |&(on, seconds): &(i64, i64)| LastCall {
            created_at: day(on),
            began_at: day(on),
            length: (seconds >= 0).then(|| TimeDelta::seconds(seconds)),
        };
        Standing { calls: of.iter().map(call).collect(), ..Standing::default() }
    }

    #[test]
    fn short_calls_count_only_in_a_run_that_reaches_the_newest() {
        let holds = |of: &[(i64, i64)]| short_calls(&calls(of)).map(|of| (of.n, of.since, of.newest_at, of.until));
        assert_eq!(holds(&[(9, 59), (8, 5), (7, 59)]), Some((3, day(7), day(9), Some(day(39)))));
        assert_eq!(
            holds(&[(9, -1), (8, 5), (7, 5), (6, 5)]).map(|of| of.0),
            Some(3),
            "a call in progress is not counted"
        );
        assert_eq!(holds(&[(9, 60), (8, 5), (7, 5), (6, 5)]), None);
        assert_eq!(holds(&[(9, 5), (8, 5), (7, 60), (6, 5)]), None);
    }

    #[test]
    fn reviews_are_overdue_a_week_after_the_third_came_due_and_while_the_student_calls() {
        let holds = |due: &[i64]| {
            let due_ats = due.iter().map(|on| day(*on)).collect();
            reviews_overdue(&Standing { due_ats, ..calls(&[(100, 300)]) }).map(|of| (of.n, of.since, of.until))
        };
        assert_eq!(holds(&[50, 60]), None);
        assert_eq!(holds(&[50, 60, 70, 200]), Some((4, day(77), Some(day(130)))));
        assert_eq!(holds(&[50, 60, 123]), None, "by then the student has not called for a month");
        let never_called = Standing { due_ats: vec![day(1); 3], ..Standing::default() };
        assert_eq!(reviews_overdue(&never_called), None);
    }

    #[test]
    fn a_habit_of_calls_that_ends_is_a_reason_in_advance() {
        let holds = |of: &[(i64, i64)]| quiet(&calls(of)).map(|of| (of.n, of.since, of.until));
        assert_eq!(holds(&[(30, 300), (20, 300), (10, 300), (3, 300)]), Some((4, day(44), Some(day(120)))));
        assert_eq!(holds(&[(30, 300), (20, 300), (10, 300), (2, 300)]), None, "one of the four was four weeks before");
    }

    #[test]
    fn only_open_concerns_failed_calls_and_stubborn_beliefs_are_reasons() {
        let standing = Standing {
            concerns: vec![day(5), day(3)],
            failed_calls: vec![day(7)],
            beliefs: vec![(2, day(1), day(9)), (3, day(2), day(4)), (5, day(3), day(6))],
            ..Standing::default()
        };
        let holds: Vec<_> = reasons_of(&standing).iter().map(|of| (of.reason, of.n, of.since, of.newest_at)).collect();
        let expected = [
            (Reason::Concern, 2, day(3), day(5)),
            (Reason::Session, 1, day(7), day(7)),
            (Reason::Misconception, 5, day(2), day(6)),
        ];
        assert_eq!(holds, expected);
        assert_eq!(reasons_of(&Standing::default()), []);
    }

    async fn add_student(db: &Db) -> StudentId {
        let new = NewStudent { cohort: Some("Period 3".to_owned()), ..NewStudent::named("Ada") };
        let mut connection = db.acquire().await.unwrap();
        insert_student(&mut connection, &Caller::operator(), &new, now()).await.unwrap().student_id
    }

    /// A call `days` ago, of so many seconds.
    async fn call(db: &Db, student_id: StudentId, days: f64, seconds: f64) {
        sqlx::query!(
            "insert into sessions (session_id, call_id, student_id, status, started_at, ended_at, created_at, updated_at)
             select gen_random_uuid(), gen_random_uuid()::text, $1, 'analyzed', at, at + make_interval(secs => $3), at, at
             from (select now() - make_interval(secs => $2::float8 * 86400) as at) t",
            student_id as StudentId,
            days,
            seconds,
        )
        .execute(db)
        .await
        .unwrap();
    }

    async fn reasons(db: &Db, student_id: StudentId, now: DateTime<Utc>) -> Vec<(Reason, i32)> {
        let mut tx = db::begin(db).await.unwrap();
        refresh(&mut tx, &[student_id]).await.unwrap();
        tx.commit().await.unwrap();
        let list = list_attentions(db, &Caller::operator(), &[student_id], now).await.unwrap();
        list.into_iter().map(|attention| (attention.reason, attention.n)).collect()
    }

    async fn handle(db: &Db, student_id: StudentId) -> Result<()> {
        mark_handled(&mut db.acquire().await.unwrap(), &Caller::operator(), student_id, now()).await
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn three_short_calls_in_a_row_are_a_reason_until_one_is_long(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let ada = add_student(&db).await;
        for (days, seconds) in [(4.0, 300.0), (3.0, 20.0), (2.0, 59.0)] {
            call(&db, ada, days, seconds).await;
        }
        assert_eq!(reasons(&db, ada, now()).await, []);
        call(&db, ada, 1.0, 5.0).await;
        assert_eq!(reasons(&db, ada, now()).await, [(Reason::ShortCalls, 3)]);
        assert_eq!(reasons(&db, ada, now() + TimeDelta::days(31)).await, [(Reason::Quiet, 4)]);
        call(&db, ada, 0.5, 61.0).await;
        assert_eq!(reasons(&db, ada, now()).await, []);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn who_called_four_times_in_four_weeks_and_then_no_more_is_quiet_after_two_weeks(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (ada, bea) = (add_student(&db).await, add_student(&db).await);
        for days in [36.0, 30.0, 20.0, 9.0] {
            call(&db, ada, days, 300.0).await;
            call(&db, bea, days * 1.2, 300.0).await;
        }
        assert_eq!(reasons(&db, ada, now() + TimeDelta::days(4)).await, []);
        let later = now() + TimeDelta::days(6);
        assert_eq!(reasons(&db, ada, later).await, [(Reason::Quiet, 4)]);
        assert_eq!(reasons(&db, bea, later).await, [], "four calls in more than four weeks are no habit");
        assert_eq!(reasons(&db, ada, now() + TimeDelta::days(82)).await, [], "who is gone is gone");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn what_is_handled_comes_back_when_it_happens_anew(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let ada = add_student(&db).await;
        let attend = |status: &'static str, age: &'static str| {
            let sql = format!(
                "insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
                 select gen_random_uuid(), gen_random_uuid()::text, student_id, '{status}', now() - interval '{age}', now()
                 from students"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&db)
        };
        attend("needs_attention", "2 days").await.unwrap();
        assert_eq!(reasons(&db, ada, now()).await, [(Reason::Session, 1)]);
        handle(&db, ada).await.unwrap();
        assert_eq!(reasons(&db, ada, now()).await, []);
        assert!(matches!(handle(&db, ada).await, Err(Error::NotFound(_))), "there is nothing left to see to");
        let (at, by) = find_last_handled(&db, &Caller::operator(), ada).await.unwrap().unwrap();
        assert!(at <= now() && by == Caller::operator().actor.to_string());
        let n = sqlx::query_scalar!("select count(*) from audit_entries where action = 'student.attention_handled'");
        assert_eq!(n.fetch_one(&db).await.unwrap(), Some(1));
        attend("analyzed", "-1 minutes").await.unwrap();
        assert_eq!(reasons(&db, ada, now()).await, []);
        attend("needs_attention", "-1 minutes").await.unwrap();
        assert_eq!(reasons(&db, ada, now()).await, [(Reason::Session, 2)]);
        sqlx::query!("update sessions set status = 'analyzed'").execute(&db).await.unwrap();
        assert_eq!(reasons(&db, ada, now()).await, []);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn concerns_beliefs_and_late_reviews_hold_until_they_are_seen_to(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let ada = add_student(&db).await;
        call(&db, ada, 5.0, 300.0).await;
        sqlx::raw_sql(
            "insert into follow_ups (follow_up_id, kind, session_id, category, text, due_at, author, created_at)
             select gen_random_uuid(), 'concern', session_id, 'other', 'x', now(), 'client:c', now() from sessions;
             insert into misconceptions (misconception_id, student_id, belief, n_seen, first_seen_at, last_seen_at)
             select gen_random_uuid(), student_id, 'x', n, now(), now() from students, generate_series(2, 4) n;
             insert into subjects (subject_id, name) values ('go', 'Go');
             insert into skills (skill_id, subject_id, name) select 'go.s' || n, 'go', 'x' from generate_series(1, 3) n;
             insert into practices (student_id, skill_id, practice_no, practised_at, gain, due_at)
             select student_id, skill_id, 0, now() - interval '20 days', 0.1, now() - interval '8 days'
             from students, skills where subject_id = 'go';",
        )
        .execute(&db)
        .await
        .unwrap();
        let all = [(Reason::Concern, 1), (Reason::Misconception, 4), (Reason::ReviewsOverdue, 3)];
        assert_eq!(reasons(&db, ada, now()).await, all);
        let shown = list_students(&db, &Caller::operator(), Some("Period 3"), now(), 9).await.unwrap();
        assert_eq!((shown.len(), shown[0].reason, shown[0].n_reasons), (1, Reason::Concern, 3));
        assert_eq!(count_students(&db, &Caller::operator(), None, now()).await.unwrap(), 1);
        assert_eq!(count_students(&db, &Caller::operator(), Some("Period 4"), now()).await.unwrap(), 0);
        sqlx::raw_sql(
            "update follow_ups set closed_at = now(), closed_by = 'x'; update misconceptions set resolved_at = now();
             update practices set next_at = now() where skill_id = (select min(skill_id) from practices)",
        )
        .execute(&db)
        .await
        .unwrap();
        assert_eq!(reasons(&db, ada, now()).await, []);
        sqlx::query!("delete from students").execute(&db).await.unwrap();
    }
}
