//! What a student said of themselves, with a date after which it no longer counts.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::access::{Caller, Scope};
use crate::analysis::FactFinding;
use crate::db::{Connection, Error, Executor, Result, Stored};
use crate::evidence::Source;
use crate::id::{FactId, SessionId, StudentId};
use crate::{student, student_context};

const KINDS: [&str; 5] = ["interest", "preference", "schedule", "goal", "study_context"];

/// How long a fact holds that names no day: a habit such as a weekly lesson changes sooner than a taste.
fn time_to_live(kind: &str) -> TimeDelta {
    if kind == "schedule" { TimeDelta::days(60) } else { TimeDelta::days(180) }
}

/// The end of a day: the first moment of the next one.
fn end_of(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    // Where the clocks are put forward at midnight there is none.
    let local = zone.from_local_datetime(&midnight).earliest();
    Some(local.map_or_else(|| midnight.and_utc(), |local| local.to_utc()))
}

/// Writes what an analysis found in a session, in place of what the one before found there. A day that a fact names becomes
/// a date by the calendar of the student; when that day is over, so is the fact. What a person had forgotten stays
/// forgotten, and what is known already is not written twice. Without a student nothing is kept.
pub async fn replace_of_session(
    tx: &mut Connection,
    session_id: SessionId,
    student_id: Option<StudentId>,
    facts: &[FactFinding],
    said_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "delete from facts where session_id = $1 and source in ('rules', 'llm') and forgotten_at is null",
        session_id as SessionId,
    )
    .execute(&mut *tx)
    .await?;
    let Some(student_id) = student_id.filter(|_| !facts.is_empty()) else { return Ok(()) };
    let zone = student::zone(&mut *tx, student_id).await?;
    let said_on = said_at.with_timezone(&zone).date_naive();
    let mut rows = Columns::default();
    for fact in facts.iter().filter(|fact| KINDS.contains(&&fact.kind[..])) {
        let source = if fact.source == Source::Rules { Source::Rules } else { Source::Llm };
        let (text, on_date) = match fact.when {
            Some(when) => when.dated(&fact.text, said_on),
            None => (fact.text.clone(), None),
        };
        let expires_at = on_date.and_then(|day| end_of(day, zone));
        rows.ids.push(FactId::new().0);
        rows.kinds.push(fact.kind.clone());
        rows.texts.push(text);
        rows.turn_nos.push(fact.turn_no);
        rows.sources.push(source.as_str().to_owned());
        rows.confidences.push(fact.confidence);
        rows.expires_ats.push(expires_at.unwrap_or_else(|| said_at + time_to_live(&fact.kind)));
        rows.on_dates.push(on_date);
    }
    if rows.ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        // Of one text the one that holds longest.
        "insert into facts (fact_id, student_id, session_id, valid_from, kind, text, turn_no, source, confidence, expires_at,
             on_date)
         select distinct on (lower(left(n.text, 160))) n.fact_id, $1::uuid, $2::uuid, $3::timestamptz, n.kind,
             left(n.text, 160), n.turn_no, n.source, n.confidence, n.expires_at, n.on_date
         from unnest($4::uuid[], $5::text[], $6::text[], $7::int[], $8::text[], $9::float8[], $10::timestamptz[],
             $11::date[]) as n (fact_id, kind, text, turn_no, source, confidence, expires_at, on_date)
         where not exists (
             select 1 from facts f
             where f.student_id = $1 and lower(f.text) = lower(left(n.text, 160))
               and (f.forgotten_at is not null or f.expires_at >= n.expires_at))
         order by lower(left(n.text, 160)), n.expires_at desc, n.fact_id",
        student_id as StudentId,
        session_id as SessionId,
        said_at,
        &rows.ids,
        &rows.kinds,
        &rows.texts,
        &rows.turn_nos,
        &rows.sources,
        &rows.confidences,
        &rows.expires_ats,
        &rows.on_dates as &[Option<NaiveDate>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// One column of the table in each.
#[derive(Default)]
struct Columns {
    ids: Vec<uuid::Uuid>,
    kinds: Vec<String>,
    texts: Vec<String>,
    turn_nos: Vec<i32>,
    sources: Vec<String>,
    confidences: Vec<f64>,
    expires_ats: Vec<DateTime<Utc>>,
    on_dates: Vec<Option<NaiveDate>>,
}

/// One row of `facts` that still holds.
#[derive(Clone, PartialEq)]
pub struct Fact {
    pub fact_id: FactId,
    /// interest, preference, schedule, goal or study_context.
    pub kind: String,
    pub text: String,
    pub session_id: Option<SessionId>,
    pub turn_no: Option<i32>,
    pub source: Source,
    pub confidence: f64,
    pub valid_from: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fact").field("fact_id", &self.fact_id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What is remembered of a student and still holds, the newest first. Needs `students:read`.
pub async fn list_facts(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Vec<Fact>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        Fact,
        r#"select fact_id as "fact_id: FactId", kind, text, session_id as "session_id: SessionId", turn_no,
               source as "source: Stored<Source>", confidence, valid_from, expires_at
           from facts where student_id = $1 and forgotten_at is null and expires_at > $2
           order by valid_from desc, fact_id limit 50"#,
        student_id as StudentId,
        now,
    )
    .fetch_all(db)
    .await?)
}

/// Forgets a fact for good: no analysis brings it back. The context follows. Needs `students:write`.
pub async fn forget_fact(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    fact_id: FactId,
    now: DateTime<Utc>,
) -> Result<()> {
    mark_forgotten(tx, caller, student_id, fact_id, now).await?;
    student_context::rebuild(tx, &Caller::worker(), student_id, now).await
}

async fn mark_forgotten(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    fact_id: FactId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    student::lock(tx, &[student_id]).await?;
    let n = sqlx::query!(
        "update facts set forgotten_at = $3 where fact_id = $1 and student_id = $2 and forgotten_at is null",
        fact_id as FactId,
        student_id as StudentId,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("fact")) } else { Ok(()) }
}

/// Puts a person's words in the place of a fact, which is forgotten, not overwritten. Needs `students:write`.
pub async fn reword_fact(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    fact_id: FactId,
    text: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    mark_forgotten(tx, caller, student_id, fact_id, now).await?;
    sqlx::query!(
        "insert into facts (fact_id, student_id, kind, text, session_id, turn_no, source, confidence, valid_from,
             expires_at, on_date)
         select $1, student_id, kind, $3, session_id, turn_no, 'person', 1, $4, expires_at, on_date
         from facts where fact_id = $2",
        FactId::new() as FactId,
        fact_id as FactId,
        text,
        now,
    )
    .execute(&mut *tx)
    .await?;
    student_context::rebuild(tx, &Caller::worker(), student_id, now).await
}

/// What a student works towards, as they or those who look after them said.
#[derive(Clone)]
pub struct Goal {
    /// Made of the deed itself, so that telling it twice writes it once.
    pub fact_id: FactId,
    pub student_id: StudentId,
    pub session_id: Option<SessionId>,
    /// At most 120 characters.
    pub text: String,
    /// From then on it no longer counts.
    pub until: DateTime<Utc>,
    /// Whether `until` is the day that it is about, such as the day of a test.
    pub is_dated: bool,
}

impl std::fmt::Debug for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Goal").field("fact_id", &self.fact_id).finish_non_exhaustive()
    }
}

/// Sets the goal, in place of the one that was set before; the context follows. Needs `notes:write`.
pub async fn set_goal(tx: &mut Connection, caller: &Caller, goal: &Goal, now: DateTime<Utc>) -> Result<()> {
    caller.require_for(Scope::NotesWrite, goal.student_id)?;
    student::lock(tx, &[goal.student_id]).await?;
    sqlx::query!(
        "update facts set forgotten_at = $3
         where student_id = $1 and fact_id <> $2 and kind = 'goal' and source in ('tool', 'person')
           and forgotten_at is null",
        goal.student_id as StudentId,
        goal.fact_id as FactId,
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into facts (fact_id, student_id, kind, text, session_id, source, confidence, valid_from, expires_at, on_date)
         select $1, $2, 'goal', $3, $4, 'tool', 1, $5, $6,
                case when $7 then (($6::timestamptz) at time zone timezone)::date end
         from students where student_id = $2
         on conflict (fact_id) do update set
             expires_at = excluded.expires_at, on_date = excluded.on_date, forgotten_at = null",
        goal.fact_id as FactId,
        goal.student_id as StudentId,
        goal.text,
        goal.session_id as Option<SessionId>,
        now,
        goal.until,
        goal.is_dated,
    )
    .execute(&mut *tx)
    .await?;
    // The context is made of more than this caller may read; it answers nothing of it.
    student_context::rebuild(tx, &Caller::worker(), goal.student_id, now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::When;
    use crate::db::Db;

    async fn a_student_in_a_session(db: &Db) -> (StudentId, SessionId) {
        let (student_id, session_id) = (StudentId::new(), SessionId::new());
        sqlx::query!(
            "insert into students (student_id, display_name, created_at, updated_at) values ($1, 'Ada', now(), now())",
            student_id as StudentId,
        )
        .execute(db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
             values ($1, $1::uuid::text, $2, 'received', now(), now())",
            session_id as SessionId,
            student_id as StudentId,
        )
        .execute(db)
        .await
        .unwrap();
        (student_id, session_id)
    }

    fn likes(text: &str) -> FactFinding {
        FactFinding {
            kind: "interest".to_owned(),
            text: text.to_owned(),
            turn_no: 3,
            source: Source::Both,
            confidence: 0.9,
            when: None,
        }
    }

    async fn texts(db: &Db) -> Vec<String> {
        sqlx::query_scalar!("select text from facts order by text").fetch_all(db).await.unwrap()
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_day_is_a_date_of_the_students_calendar_and_the_fact_goes_with_it(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (student_id, session_id) = a_student_in_a_session(&db).await;
        sqlx::query!("update students set timezone = 'Pacific/Auckland'").execute(&db).await.unwrap();
        let mut connection = db.acquire().await.unwrap();
        // Thursday evening in London, Friday morning in Auckland.
        let said_at = "2026-11-26T18:00:00Z".parse().unwrap();
        let test = |text: &str, when| FactFinding {
            kind: "schedule".to_owned(),
            text: text.to_owned(),
            when: Some(when),
            ..likes("")
        };
        let found = [
            test("has a maths test tomorrow", When::Tomorrow),
            test("has a match on Friday", When::Weekday(5)),
            test("has a quiz next week", When::NextWeek),
            likes("likes chess"),
        ];
        replace_of_session(&mut connection, session_id, Some(student_id), &found, said_at).await.unwrap();
        let rows =
            sqlx::query!("select text, on_date, expires_at from facts order by text").fetch_all(&db).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (&row.text[..], row.on_date.map(|day| day.to_string()))).collect();
        let day = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("has a match on Friday 4 December", day("2026-12-04")),
                ("has a maths test on Saturday 28 November", day("2026-11-28")),
                ("has a quiz in the week of Monday 30 November", day("2026-12-06")),
                ("likes chess", None),
            ]
        );
        let midnight: DateTime<Utc> = "2026-11-28T11:00:00Z".parse().unwrap();
        assert_eq!(rows[1].expires_at, midnight, "when Saturday is over in Auckland");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn facts_of_a_session_are_replaced_and_those_forgotten_stay_so(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (student_id, session_id) = a_student_in_a_session(&db).await;
        let mut connection = db.acquire().await.unwrap();
        let now = DateTime::UNIX_EPOCH;
        let unknown = FactFinding { kind: "address".to_owned(), ..likes("lives somewhere") };
        let first = [likes("horses"), likes("football"), unknown];
        replace_of_session(&mut connection, session_id, Some(student_id), &first, now).await.unwrap();
        assert_eq!(texts(&db).await, ["football", "horses"]);

        sqlx::query!("update facts set forgotten_at = now() where text = 'horses'").execute(&db).await.unwrap();
        let second = [likes("Horses"), likes("chess"), likes("CHESS")];
        replace_of_session(&mut connection, session_id, Some(student_id), &second, now).await.unwrap();
        assert_eq!(texts(&db).await, ["chess", "horses"]);

        replace_of_session(&mut connection, session_id, None, &second, now).await.unwrap();
        assert_eq!(texts(&db).await, ["horses"]);
    }
}
