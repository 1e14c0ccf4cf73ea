//! Finding sessions again by their ids, VAPI's ids, or the names of their students.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::SessionStatus;
use crate::access::{Caller, Scope};
use crate::db::{Db, Result};
use crate::id::{SessionId, StudentId};
use crate::student::{beginnings, few_of_name};

/// Fewer signs of an id are no question: too many ids begin with them.
const MIN_ID: usize = 4;

/// Of so many students the newest sessions are looked up one by one; of more, the list of all is walked.
const FEW: i64 = 1_000;

/// A session that was found.
#[derive(Clone, PartialEq, Eq)]
pub struct FoundSession {
    pub session_id: SessionId,
    pub call_id: String,
    pub student_id: Option<StudentId>,
    pub student_name: Option<String>,
    pub status: SessionStatus,
    pub started_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for FoundSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FoundSession").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// Sessions whose id, or VAPI's id of whose call, begins with `text`, or whose student is called so: newest first, from
/// behind `after`. Needs `sessions:read` and `students:read`.
pub async fn find_sessions(
    db: &Db,
    caller: &Caller,
    text: &str,
    after: Option<(DateTime<Utc>, SessionId)>,
    limit: i64,
) -> Result<Vec<FoundSession>> {
    caller.has(Scope::StudentsRead)?;
    let cohorts = caller.require_within(Scope::SessionsRead)?;
    let text = text.trim();
    let (from_id, to_id) = ids_that_begin(text).unzip();
    let call_id = (text.chars().count() >= MIN_ID).then(|| format!("{}%", escaped(text)));
    let words = beginnings(text);
    let few = if words.is_empty() { Some(Vec::new()) } else { few_of_name(db, &words, FEW).await? };
    let (after_at, after_id) = after.unzip();
    let Some(few) = few else {
        // Half the school is called so: the newest sessions of any of them are near.
        return Ok(sqlx::query_as!(
            FoundSession,
            r#"select session_id as "session_id: SessionId", call_id, s.student_id as "student_id: StudentId",
                   display_name as "student_name?", s.status as "status: SessionStatus", started_at, s.created_at
               from sessions s
               cross join lateral (
                   select display_name from students st where st.student_id = s.student_id
                     and name_words @@ $1::text::tsquery
                     and ($5::text[] is null or cohort = any($5)) offset 0
               ) st
               where $2::timestamptz is null or (s.created_at, session_id) < ($2, $3)
               order by s.created_at desc, session_id desc limit $4"#,
            words,
            after_at,
            after_id as Option<SessionId>,
            limit,
            cohorts as Option<&[String]>,
        )
        .fetch_all(db)
        .await?);
    };
    let students: Vec<_> = few.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        FoundSession,
        r#"with found as (
               select session_id from sessions where session_id between $1 and $2
               union
               select session_id from sessions where call_id like $3
               union
               select newest.session_id from unnest($4::uuid[]) as of_student (student_id)
               cross join lateral (
                   select session_id from sessions s
                   where s.student_id = of_student.student_id
                     and ($5::timestamptz is null or (s.created_at, session_id) < ($5, $6))
                   order by s.created_at desc, session_id desc limit $7
               ) newest
           )
           select session_id as "session_id!: SessionId", call_id as "call_id!",
               s.student_id as "student_id: StudentId", display_name as "student_name?",
               s.status as "status!: SessionStatus", started_at, s.created_at as "created_at!"
           from found join sessions s using (session_id)
           left join students st on st.student_id = s.student_id
           where ($5::timestamptz is null or (s.created_at, session_id) < ($5, $6))
             and ($8::text[] is null or cohort = any($8))
           order by s.created_at desc, session_id desc limit $7"#,
        from_id,
        to_id,
        call_id,
        &students,
        after_at,
        after_id as Option<SessionId>,
        limit,
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}

/// The first and the last id that begin with `text`; `None`: no id does.
fn ids_that_begin(text: &str) -> Option<(Uuid, Uuid)> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_id = (MIN_ID..=32).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    let id = |text: String| Uuid::parse_str(&text).ok();
    if is_id { id(format!("{digits:0<32}")).zip(id(format!("{digits:f<32}"))) } else { None }
}

/// Text in which `like` sees letters only.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_is_a_span_of_ids() {
        let (from, to) = ids_that_begin("01a20f64-b").unwrap();
        assert_eq!(from.to_string(), "01a20f64-b000-0000-0000-000000000000");
        assert_eq!(to.to_string(), "01a20f64-bfff-ffff-ffff-ffffffffffff");
        assert_eq!(ids_that_begin("01a"), None);
        assert_eq!(ids_that_begin("maya"), None);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn sessions_are_found_by_ids_and_names_and_paged(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        sqlx::query!(
            "with maya as (
                 insert into students (student_id, display_name, created_at, updated_at)
                 values ('00000000-0000-0000-0000-00000000000a', 'Maya Okonkwo', now(), now())
             )
             insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
             select ('0000000' || n || '-0000-0000-0000-000000000000')::uuid, 'call_' || n,
                 case when n < 4 then '00000000-0000-0000-0000-00000000000a'::uuid end, 'analyzed',
                 timestamptz '2026-11-01' + n * interval '1 day', now()
             from generate_series(1, 5) as n",
        )
        .execute(&db)
        .await
        .unwrap();
        let caller = Caller::operator();
        let found = async |text: &str, after| {
            let found = find_sessions(&db, &caller, text, after, 2).await.unwrap();
            found.into_iter().map(|session| session.call_id).collect::<Vec<_>>()
        };
        assert_eq!(found("call_5", None).await, ["call_5"]);
        assert_eq!(found("call%", None).await, Vec::<String>::new(), "a sign of like is a sign like any other");
        assert_eq!(found("00000002", None).await, ["call_2"]);
        assert_eq!(found("maya", None).await, ["call_3", "call_2"]);
        let second = find_sessions(&db, &caller, "maya", None, 2).await.unwrap().pop().unwrap();
        assert_eq!(found("maya", Some((second.created_at, second.session_id))).await, ["call_1"]);
        let reader = Caller::client("reader", [Scope::SessionsRead].into_iter().collect());
        assert!(find_sessions(&db, &reader, "maya", None, 2).await.is_err(), "names are of students");
    }
}
