//! Which students need a person, and why: what the database keeps beside what it follows from.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::StudentId;

/// Why a student needs a person. `migrations/` says when each holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Reason {
    Concern,
    Session,
    Misconception,
    ShortCalls,
    ReviewsOverdue,
    Quiet,
}

/// A reason that holds and that nobody has seen to.
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
        r#"select count(distinct a.student_id) as "n!" from attentions a
           where open_since <= $1 and until > $1
             and ($2::text[] is null or student_id in (select student_id from students where cohort = any($2)))"#,
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
    Ok(sqlx::query_as!(
        StudentInNeed,
        // From each reason its newest, along an index: those in need may be a third of a school.
        r#"with ranks as (
               select * from unnest(array['concern', 'session', 'misconception', 'short_calls', 'reviews_overdue', 'quiet'])
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

/// When and by whom a student was last said to be seen to: `admin:<email>`. Needs `students:read`.
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

/// Says that a person has seen to all reasons that hold at `now`. Each comes back when it is given anew. Writes the
/// audit entry. Needs `notes:write`.
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
    use crate::db::Db;
    use crate::student::{NewStudent, insert_student};

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
        let list = list_attentions(db, &Caller::operator(), &[student_id], now).await.unwrap();
        list.into_iter().map(|attention| (attention.reason, attention.n)).collect()
    }

    async fn handle(db: &Db, student_id: StudentId) -> Result<()> {
        mark_handled(&mut db.acquire().await.unwrap(), &Caller::operator(), student_id, now()).await
    }

    #[sqlx::test(migrations = "../migrations")]
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

    #[sqlx::test(migrations = "../migrations")]
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

    #[sqlx::test(migrations = "../migrations")]
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

    #[sqlx::test(migrations = "../migrations")]
    async fn concerns_beliefs_and_late_reviews_hold_until_they_are_seen_to(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let ada = add_student(&db).await;
        call(&db, ada, 5.0, 300.0).await;
        sqlx::raw_sql(
            "insert into follow_ups (follow_up_id, kind, session_id, category, text, due_at, author, created_at)
             select gen_random_uuid(), 'concern', session_id, 'other', 'x', now(), 'client:c', now() from sessions;
             insert into misconceptions (misconception_id, student_id, belief, n_seen, first_seen_at, last_seen_at)
             select gen_random_uuid(), student_id, 'x', n, now(), now() from students, generate_series(2, 4) n;
             insert into subjects (subject_id, name) values ('maths', 'Maths');
             insert into skills (skill_id, subject_id, name) select 'maths.s' || n, 'maths', 'x' from generate_series(1, 3) n;
             insert into practices (student_id, skill_id, practice_no, practised_at, gain, due_at)
             select student_id, skill_id, 0, now() - interval '20 days', 0.1, now() - interval '8 days'
             from students, skills;",
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
