//! The list of students as people browse it: narrowed and sorted as they like, page by page.
//!
//! **Invariant:** a page is found by the last row of the one before, along an index, never by counting rows.

use chrono::{DateTime, Utc};
use sqlx::postgres::Postgres;
use sqlx::{FromRow, QueryBuilder};

use super::StudentStatus;
use super::find::{FEW, beginnings, few_of_name};
use crate::access::{Caller, Scope};
use crate::db::{Db, Result};
use crate::id::StudentId;

/// Weeks of the trend.
pub const N_WEEKS: usize = 6;

/// Which students, in which order, and from where. What is `None` does not narrow.
#[derive(Clone, Debug)]
pub struct BrowseQuery {
    /// Words of the name, or their beginnings.
    pub name: Option<String>,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    /// Only those who need a person.
    pub in_need: bool,
    /// By name from Z to A.
    pub is_descending: bool,
    /// The last row of the page before: name and id.
    pub after: Option<(String, StudentId)>,
    pub limit: i64,
    /// The weeks and the needs are those of this time.
    pub now: DateTime<Utc>,
}

/// A row of the list.
#[derive(Clone, FromRow)]
pub struct BrowseItem {
    pub student_id: StudentId,
    pub display_name: String,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    pub status: StudentStatus,
    pub created_at: DateTime<Utc>,
    pub n_sessions: i64,
    pub last_session_at: Option<DateTime<Utc>>,
    /// Of all calls together, in milliseconds.
    pub length_ms: i64,
    /// Of the calls in each of the last [`N_WEEKS`] times seven days, the oldest first.
    pub weeks_ms: Vec<i64>,
}

impl std::fmt::Debug for BrowseItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowseItem").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// Students by name, then id. Needs `students:read` and `sessions:read`.
pub async fn browse_students(db: &Db, caller: &Caller, query: &BrowseQuery) -> Result<Vec<BrowseItem>> {
    caller.has(Scope::SessionsRead)?;
    let cohorts = caller.require_within_cohort(Scope::StudentsRead, query.cohort.as_deref())?;
    let words = query.name.as_deref().map(beginnings);
    let few = match &words {
        Some(words) if words.is_empty() => return Ok(Vec::new()),
        Some(words) => few_of_name(db, words, FEW).await?,
        None => None,
    };
    let mut sql = QueryBuilder::new("with page as (select s.* from ");
    let is_narrowed = query.in_need || query.grade.is_some() || cohorts.is_some();
    match (few, words) {
        // `offset 0` makes Postgres read the students with the name first: they are few, with or without other filters.
        (Some(_), Some(words)) if is_narrowed => {
            sql.push("(select * from students where name_words @@ ").push_bind(words);
            sql.push("::tsquery offset 0) s where true");
        }
        (Some(few), _) => {
            sql.push("students s where s.student_id = any(").push_bind(few).push(")");
        }
        // The sum keeps the index of the words out of it: the matches are many, so that the next few by name are near.
        (None, Some(words)) => {
            sql.push("students s where (s.name_words @@ ").push_bind(words);
            sql.push("::tsquery)::integer + 0 = 1");
        }
        (None, None) => {
            sql.push("students s where true");
        }
    }
    narrow(&mut sql, query, cohorts.as_deref());
    let order = if query.is_descending { "desc" } else { "asc" };
    sql.push(format!(" order by lower(s.display_name) {order}, s.student_id {order} limit ")).push_bind(query.limit);
    sql.push(
        ") select p.student_id, p.display_name, p.grade, p.cohort, p.status, p.created_at, c.*
         from page p cross join lateral (
             select count(*) as n_sessions, max(f.created_at) as last_session_at,
                 coalesce(sum(f.length_ms), 0)::bigint as length_ms, array[",
    );
    for week in (0..N_WEEKS as i32).rev() {
        sql.push("coalesce(sum(f.length_ms) filter (where f.created_at <= ").push_bind(query.now);
        sql.push(format!(" - interval '{week} weeks' and f.created_at > ")).push_bind(query.now);
        sql.push(format!(" - interval '{} weeks'), 0)::bigint", week + 1)).push(if week > 0 { ", " } else { "" });
    }
    sql.push("] as weeks_ms from session_facts f where f.student_id = p.student_id) c");
    sql.push(format!(" order by lower(p.display_name) {order}, p.student_id {order}"));
    Ok(sql.build_query_as().fetch_all(db).await?)
}

fn narrow(sql: &mut QueryBuilder<Postgres>, query: &BrowseQuery, cohorts: Option<&[String]>) {
    if query.in_need {
        sql.push(" and exists (select from attentions a where a.student_id = s.student_id and a.open_since <= ");
        sql.push_bind(query.now).push(" and a.until > ").push_bind(query.now).push(")");
    }
    if let Some(grade) = query.grade {
        sql.push(" and s.grade = ").push_bind(grade);
    }
    match cohorts {
        None => {}
        Some([cohort]) => {
            sql.push(" and s.cohort = ").push_bind(cohort.clone());
        }
        Some(cohorts) => {
            sql.push(" and s.cohort = any(").push_bind(cohorts.to_vec()).push(")");
        }
    }
    if let Some((name, student_id)) = &query.after {
        let than = if query.is_descending { "<" } else { ">" };
        sql.push(format!(" and (lower(s.display_name), s.student_id) {than} (lower(")).push_bind(name.clone());
        sql.push("), ").push_bind(*student_id).push(")");
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::now;
    use crate::student::{NewStudent, insert_student};

    async fn add(db: &Db, name: &str) -> StudentId {
        let new = NewStudent::named(name);
        let mut connection = db.acquire().await.unwrap();
        insert_student(&mut connection, &Caller::operator(), &new, now()).await.unwrap().student_id
    }

    fn all() -> BrowseQuery {
        BrowseQuery {
            name: None,
            grade: None,
            cohort: None,
            in_need: false,
            is_descending: false,
            after: None,
            limit: 2,
            now: now(),
        }
    }

    async fn names(db: &Db, query: &BrowseQuery) -> Vec<String> {
        let rows = browse_students(db, &Caller::operator(), query).await.unwrap();
        rows.into_iter().map(|row| row.display_name).collect()
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn pages_follow_each_other_both_ways_and_by_words_of_the_name(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (mut ids, query) = (Vec::new(), all());
        for name in ["Ada Vega", "bea Holm", "Cleo Vega"] {
            ids.push(add(&db, name).await);
        }
        assert_eq!(names(&db, &query).await, ["Ada Vega", "bea Holm"]);
        let after = Some(("bea Holm".to_owned(), ids[1]));
        assert_eq!(names(&db, &BrowseQuery { after: after.clone(), ..query.clone() }).await, ["Cleo Vega"]);
        let down = BrowseQuery { is_descending: true, ..query.clone() };
        assert_eq!(names(&db, &down).await, ["Cleo Vega", "bea Holm"]);
        assert_eq!(names(&db, &BrowseQuery { after, ..down }).await, ["Ada Vega"]);
        let named = BrowseQuery { name: Some("VEG".to_owned()), ..query.clone() };
        assert_eq!(names(&db, &named).await, ["Ada Vega", "Cleo Vega"]);
        assert!(names(&db, &BrowseQuery { name: Some("!".to_owned()), ..query }).await.is_empty());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn minutes_are_summed_by_week_and_who_needs_a_person_is_found(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (ada, _) = (add(&db, "Ada").await, add(&db, "Bea").await);
        sqlx::query!(
            "insert into sessions (session_id, call_id, student_id, status, started_at, ended_at, created_at, updated_at)
             select gen_random_uuid(), n::text, $1, case n when 50 then 'needs_attention' else 'analyzed' end, at,
                 at + interval '10 minutes', at, at
             from unnest(array[1, 6, 8, 41, 50]) n, lateral (select now() - n * interval '1 day' as at) t",
            ada as StudentId,
        )
        .execute(&db)
        .await
        .unwrap();
        crate::consistency::refresh_all(&db).await.unwrap();
        let query = BrowseQuery { in_need: true, now: now() + TimeDelta::minutes(1), ..all() };
        let rows = browse_students(&db, &Caller::operator(), &query).await.unwrap();
        let [row] = &rows[..] else { panic!("{} rows", rows.len()) };
        let minutes: Vec<i64> = row.weeks_ms.iter().map(|ms| ms / 60_000).collect();
        assert_eq!((row.n_sessions, row.length_ms / 60_000, &minutes[..]), (5, 50, &[10, 0, 0, 0, 10, 20][..]));
    }
}
