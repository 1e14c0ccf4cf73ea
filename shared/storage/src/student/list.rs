//! Many students at once: pages of them by name, and all of them in turn.

use chrono::{DateTime, Utc};

use super::StudentStatus;
use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::StudentId;
use domain::plain_text;

/// A row of a list of students.
#[derive(Clone)]
pub struct StudentItem {
    pub student_id: StudentId,
    pub display_name: String,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    pub status: StudentStatus,
    pub created_at: DateTime<Utc>,
    pub n_sessions: i64,
    pub last_session_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for StudentItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudentItem").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// Which students, and from where: by name, then id.
#[derive(Clone, Debug, Default)]
pub struct StudentQuery {
    /// Part of the name, however it is typed: without regard to case, accents and apostrophes.
    pub name_contains: Option<String>,
    pub grade: Option<i16>,
    /// In whole.
    pub cohort: Option<String>,
    /// The last row of the page before: name and id.
    pub after: Option<(String, StudentId)>,
    pub limit: i64,
}

/// Students by name. Needs `students:read`.
pub async fn list_students(db: impl Executor<'_>, caller: &Caller, query: &StudentQuery) -> Result<Vec<StudentItem>> {
    let cohorts = caller.require_within_cohort(Scope::StudentsRead, query.cohort.as_deref())?;
    let name = query.name_contains.as_deref().map(plain_text::fold_name);
    if name.as_deref() == Some("") {
        return Ok(Vec::new());
    }
    let (after_name, after_id) = query.after.clone().map_or((None, None), |(name, id)| (Some(name), Some(id)));
    Ok(sqlx::query_as!(
        StudentItem,
        r#"select s.student_id as "student_id: StudentId", display_name, grade, cohort, s.status as "status: StudentStatus",
               s.created_at, coalesce(c.n_sessions, 0) as "n_sessions!", c.last_session_at
           from students s
           left join lateral (
               select count(*) as n_sessions, max(coalesce(started_at, created_at)) as last_session_at
               from sessions where sessions.student_id = s.student_id
           ) c on true
           where ($1::text is null or position($1 in name_key) > 0)
             and ($2::smallint is null or grade = $2)
             and ($6::text[] is null or cohort = any($6))
             and ($3::text is null or (lower(display_name), s.student_id) > (lower($3), $4))
           order by lower(display_name), s.student_id
           limit $5"#,
        name,
        query.grade,
        after_name,
        after_id as Option<StudentId>,
        query.limit,
        cohorts as Option<Vec<String>>,
    )
    .fetch_all(db)
    .await?)
}

/// The names of all cohorts, by the alphabet; at most 500. Needs `students:read`.
pub async fn list_cohorts(db: impl Executor<'_>, caller: &Caller) -> Result<Vec<String>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    // From one name to the next greater one through the index: as quick with a hundred thousand students as with ten.
    Ok(sqlx::query_scalar!(
        r#"with recursive names as (
               (select cohort from students where cohort is not null order by cohort limit 1)
               union all
               select (select cohort from students where cohort > names.cohort order by cohort limit 1)
               from names where names.cohort is not null
           )
           select cohort as "cohort!" from names
           where cohort is not null and ($1::text[] is null or cohort = any($1)) limit 500"#,
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}

/// Up to `limit` students by their ids, behind `after`. For work on all of them. Needs `students:read`.
pub async fn list_student_ids(
    db: impl Executor<'_>,
    caller: &Caller,
    after: Option<StudentId>,
    limit: i64,
) -> Result<Vec<StudentId>> {
    caller.require(Scope::StudentsRead)?;
    Ok(sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from students
           where $1::uuid is null or student_id > $1 order by student_id limit $2"#,
        after as Option<StudentId>,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// How many have an id behind `after`. Needs `students:read`.
pub async fn count_students(db: impl Executor<'_>, caller: &Caller, after: Option<StudentId>) -> Result<i64> {
    caller.require(Scope::StudentsRead)?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from students where $1::uuid is null or student_id > $1"#,
        after as Option<StudentId>,
    )
    .fetch_one(db)
    .await?)
}
