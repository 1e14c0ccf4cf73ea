//! The list of sessions as people browse it: narrowed and sorted as they like, page by page.
//!
//! **Invariant:** a page is found by the last row of the one before, along an index, never by counting rows.

use chrono::{DateTime, Utc};
use sqlx::postgres::Postgres;
use sqlx::{FromRow, QueryBuilder};

use super::{SessionStatus, words};
use crate::access::{Caller, Scope};
use crate::analysis::AnalysisStatus;
use crate::db::{Db, Executor, Result};
use crate::id::{SessionId, StudentId};
use crate::student;

/// The sessions of so many students are sorted in a few milliseconds.
const FEW: i64 = 3_000;

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    Started,
    Length,
    Cost,
}

impl SortKey {
    /// Letter for letter as migration 0016 indexes it.
    const fn expression(self) -> &'static str {
        match self {
            Self::Started => "s.created_at",
            Self::Length => "coalesce((extract(epoch from (s.ended_at - s.started_at)) * 1000)::bigint, -1)",
            Self::Cost => "coalesce(s.cost_microusd, -1)",
        }
    }
}

/// Where a page of the list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Of the last row seen, by the key of the list: microseconds since 1970, milliseconds, millionths of a dollar.
    pub value: i64,
    pub session_id: SessionId,
}

/// Which sessions, in which order, and from where. What is `None` or empty does not narrow.
#[derive(Clone, Debug, Default)]
pub struct BrowseQuery {
    pub student_id: Option<StudentId>,
    /// Words of the student's name, or their beginnings.
    pub name: Option<String>,
    /// Words that were said, as people type into a search box.
    pub words: Option<String>,
    pub status: Option<SessionStatus>,
    /// Sessions that came to be at or after this.
    pub from: Option<DateTime<Utc>>,
    /// Sessions that came to be before this.
    pub to: Option<DateTime<Utc>>,
    pub cohort: Option<String>,
    pub grade: Option<i16>,
    /// A skill, or a subject with all its skills: ids of skills have dots, those of subjects have none.
    pub skill: Option<String>,
    /// Name and version.
    pub assistant: Option<(String, Option<String>)>,
    /// Any of these reasons. Some without any: no session.
    pub ended_reasons: Option<Vec<String>>,
    pub sort: SortKey,
    /// The least first, where the greatest would be.
    pub is_ascending: bool,
    pub after: Option<After>,
    pub limit: i64,
}

impl BrowseQuery {
    /// What is walked, by the name it has in the statement: the list of what was about the skill, where one is asked
    /// for, else that of all sessions.
    const fn list(&self) -> &'static str {
        if self.skill.is_some() { "t" } else { "s" }
    }

    fn sort_expression(&self) -> String {
        match self.sort {
            SortKey::Started => format!("{}.created_at", self.list()),
            SortKey::Length | SortKey::Cost => self.sort.expression().to_owned(),
        }
    }
}

/// A row of the list.
#[derive(Clone, FromRow)]
pub struct BrowseItem {
    pub session_id: SessionId,
    pub student_id: Option<StudentId>,
    pub student_name: Option<String>,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    pub status: SessionStatus,
    pub attention_reason: Option<String>,
    pub analysis_status: Option<AnalysisStatus>,
    pub summary: Option<String>,
    /// Names of the skills it was about, as the analysis has them.
    pub topics: Vec<String>,
    /// `low`, `medium` or `high`.
    pub engagement: Option<String>,
    /// The student said something that a person should read.
    pub is_flagged: bool,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_reason: Option<String>,
    pub assistant_name: Option<String>,
    pub assistant_version: Option<String>,
    pub cost_microusd: Option<i64>,
    pub created_at: DateTime<Utc>,
    /// -1: unknown.
    pub length_ms: i64,
}

impl std::fmt::Debug for BrowseItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowseItem").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

impl BrowseItem {
    /// The length of the call. `None`: its start or its end is not known.
    pub fn length_seconds(&self) -> Option<i64> {
        (self.length_ms >= 0).then_some(self.length_ms / 1000)
    }

    /// Returns the cursor for the rows after this one.
    pub fn key(&self, sort: SortKey) -> After {
        let value = match sort {
            SortKey::Started => self.created_at.timestamp_micros(),
            SortKey::Length => self.length_ms,
            SortKey::Cost => self.cost_microusd.unwrap_or(-1),
        };
        After { value, session_id: self.session_id }
    }
}

/// Sessions as the query wants them. Needs `sessions:read` and `students:read`.
pub async fn browse_sessions(db: &Db, caller: &Caller, query: &BrowseQuery) -> Result<Vec<BrowseItem>> {
    caller.has(Scope::StudentsRead)?;
    let cohorts = caller.require_within_cohort(Scope::SessionsRead, query.cohort.as_deref())?;
    let cohorts = cohorts.as_deref();
    let few = find_few(db, query, cohorts).await?;
    let asked = match &query.words {
        Some(words) => Some(words::asked_by(db, words).await?),
        None => None,
    };
    let holding = match &asked {
        Some(asked) => words::few_that_hold(db, asked).await?,
        None => None,
    };
    let (list, sort_key) = (query.list(), query.sort_expression());
    let mut sql = QueryBuilder::new("with page as (select s.session_id, ");
    sql.push(&sort_key).push(" as sort_key from sessions s");
    if query.skill.is_some() {
        sql.push(" join session_topics t on t.session_id = s.session_id");
    }
    sql.push(" where true");
    narrow(&mut sql, query, cohorts, few.as_deref());
    match (holding, asked) {
        (Some(ids), _) => {
            sql.push(" and s.session_id = any(").push_bind(ids).push(")");
        }
        (None, Some(asked)) => {
            // `offset 0` keeps it a walk.
            sql.push(" and exists (select 1 from session_words w where w.session_id = s.session_id and w.words @@ ");
            sql.push_bind(asked).push("::text::tsquery offset 0)");
        }
        (None, None) => {}
    }
    go_on(&mut sql, query);
    let direction = if query.is_ascending { "asc" } else { "desc" };
    sql.push(format!(" order by {sort_key} {direction}, {list}.session_id {direction} limit "));
    sql.push_bind(query.limit);
    sql.push(format!(
        ") select s.session_id, s.student_id, st.display_name as student_name, st.grade, st.cohort, s.status,
             s.attention_reason, a.status as analysis_status, a.findings->>'summary' as summary,
             array(select jsonb_path_query(a.findings, '$.skills[*].name') #>> '{{}}') as topics,
             a.findings->'engagement'->>'level' as engagement,
             coalesce(jsonb_array_length(a.findings->'safety_flags') > 0, false) as is_flagged, s.started_at,
             s.ended_reason, s.assistant_name, s.assistant_version, s.cost_microusd, s.created_at,
             {} as length_ms
         from page join sessions s using (session_id)
         left join students st on st.student_id = s.student_id
         left join analyses a on a.session_id = s.session_id and a.is_current
         order by page.sort_key {direction}, s.session_id {direction}",
        SortKey::Length.expression(),
    ));
    Ok(sql.build_query_as().fetch_all(db).await?)
}

/// The conditions, each only where it is asked for: so the planner sees what is wanted, and by which index.
fn narrow(
    sql: &mut QueryBuilder<Postgres>,
    query: &BrowseQuery,
    cohorts: Option<&[String]>,
    few: Option<&[StudentId]>,
) {
    if let Some(status) = query.status {
        sql.push(" and s.status = ").push_bind(status);
    }
    if let Some(from) = query.from {
        sql.push(format!(" and {}.created_at >= ", query.list())).push_bind(from);
    }
    if let Some(to) = query.to {
        sql.push(format!(" and {}.created_at < ", query.list())).push_bind(to);
    }
    if let Some(reasons) = &query.ended_reasons {
        sql.push(" and s.ended_reason = any(").push_bind(reasons.clone()).push(")");
    }
    if let Some((name, version)) = &query.assistant {
        sql.push(" and s.assistant_name = ").push_bind(name.clone());
        match version {
            Some(version) => sql.push(" and s.assistant_version = ").push_bind(version.clone()),
            None => sql.push(" and s.assistant_version is null"),
        };
    }
    match (few, of_students(query, cohorts)) {
        (Some(few), _) => {
            let ids: Vec<uuid::Uuid> = few.iter().map(|id| id.0).collect();
            sql.push(" and s.student_id = any(").push_bind(ids).push(")");
        }
        (None, true) => {
            sql.push(" and s.student_id in (select student_id from students where true");
            push_students(sql, query, cohorts);
            sql.push(")");
        }
        (None, false) => {}
    }
    if let Some(skill) = &query.skill {
        sql.push(" and t.kind <> 'belief' and t.topic = ").push_bind(skill.clone());
        if let Some(grade) = query.grade {
            sql.push(" and t.grade = ").push_bind(grade);
        }
    }
}

/// Returns whether the query filters by caller, beyond the filters that the list of a skill has built in.
const fn of_students(query: &BrowseQuery, cohorts: Option<&[String]>) -> bool {
    query.student_id.is_some()
        || query.name.is_some()
        || cohorts.is_some()
        || (query.grade.is_some() && query.skill.is_none())
}

fn push_students(sql: &mut QueryBuilder<Postgres>, query: &BrowseQuery, cohorts: Option<&[String]>) {
    if let Some(student_id) = query.student_id {
        sql.push(" and student_id = ").push_bind(student_id.0);
    }
    if let Some(name) = &query.name {
        // Without a word, the search is empty and matches no one.
        sql.push(" and name_words @@ ").push_bind(student::beginnings(name)).push("::text::tsquery");
    }
    match cohorts {
        None => {}
        Some([cohort]) => {
            sql.push(" and cohort = ").push_bind(cohort.clone());
        }
        Some(cohorts) => {
            sql.push(" and cohort = any(").push_bind(cohorts.to_vec()).push(")");
        }
    }
    if let Some(grade) = query.grade {
        sql.push(" and grade = ").push_bind(grade);
    }
}

/// Returns the matching students if they are few: their sessions are then fetched and sorted. Returns `None` if there
/// are more or all match: their sessions then appear early in the list. The planner cannot know which applies.
async fn find_few(db: &Db, query: &BrowseQuery, cohorts: Option<&[String]>) -> Result<Option<Vec<StudentId>>> {
    if !of_students(query, cohorts) {
        return Ok(None);
    }
    // Of a name all are found before they are counted: else the planner reads names one by one, hoping for an early end.
    let mut sql = QueryBuilder::new("with found as ");
    sql.push(if query.name.is_some() { "materialized" } else { "not materialized" });
    sql.push(" (select student_id from students where true");
    push_students(&mut sql, query, cohorts);
    sql.push(") select student_id from found limit ").push_bind(FEW + 1);
    let ids: Vec<StudentId> = sql.build_query_scalar().fetch_all(db).await?;
    Ok((ids.len() as i64 <= FEW).then_some(ids))
}

fn go_on(sql: &mut QueryBuilder<Postgres>, query: &BrowseQuery) {
    let Some(After { value, session_id }) = query.after else { return };
    let than = if query.is_ascending { ">" } else { "<" };
    sql.push(format!(" and ({}, {}.session_id) {than} (", query.sort_expression(), query.list()));
    match query.sort {
        SortKey::Started => sql.push_bind(DateTime::from_timestamp_micros(value).unwrap_or_default()),
        SortKey::Length | SortKey::Cost => sql.push_bind(value),
    };
    sql.push(", ").push_bind(session_id).push(")");
}

/// What one may choose from: only what occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Name and version of each assistant that had a call.
    pub assistants: Vec<(String, Option<String>)>,
    pub ended_reasons: Vec<String>,
    pub cohorts: Vec<String>,
}

/// More than this is nothing to choose from.
const MAX_CHOICES: i64 = 200;

/// What occurs among all sessions: each found by one step along an index, however many sessions have it. Needs
/// `sessions:read` and `students:read`.
pub async fn list_choices(db: &Db, caller: &Caller) -> Result<Choices> {
    caller.require_within(Scope::SessionsRead)?;
    let assistants = sqlx::query!(
        r#"with recursive step as (
               (select assistant_name, assistant_version from sessions where assistant_name is not null
                order by assistant_name, assistant_version limit 1)
               union all
               select next.assistant_name, next.assistant_version from step, lateral (
                   (select s.assistant_name, s.assistant_version from sessions s
                    where s.assistant_name = step.assistant_name and s.assistant_version > step.assistant_version
                    order by s.assistant_version limit 1)
                   union all
                   (select s.assistant_name, s.assistant_version from sessions s
                    where s.assistant_name = step.assistant_name and s.assistant_version is null
                      and step.assistant_version is not null limit 1)
                   union all
                   (select s.assistant_name, s.assistant_version from sessions s
                    where s.assistant_name > step.assistant_name
                    order by s.assistant_name, s.assistant_version limit 1)
                   limit 1
               ) next
           ) select assistant_name as "name!", assistant_version as version from step limit $1"#,
        MAX_CHOICES,
    )
    .fetch_all(db)
    .await?;
    let ended_reasons = sqlx::query_scalar!(
        r#"with recursive step as (
               select min(ended_reason) as reason from sessions
               union all
               select (select min(ended_reason) from sessions where ended_reason > reason)
               from step where reason is not null
           ) select reason as "reason!" from step where reason is not null limit $1"#,
        MAX_CHOICES,
    )
    .fetch_all(db)
    .await?;
    let assistants = assistants.into_iter().map(|row| (row.name, row.version)).collect();
    let mut cohorts = student::list_cohorts(db, caller).await?;
    cohorts.truncate(MAX_CHOICES as usize);
    Ok(Choices { assistants, ended_reasons, cohorts })
}

/// The sessions beside one in the list of all, which is by when they came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    pub newer: Option<SessionId>,
    pub older: Option<SessionId>,
}

/// Needs `sessions:read`.
pub async fn find_neighbours(
    db: impl Executor<'_>,
    caller: &Caller,
    created_at: DateTime<Utc>,
    session_id: SessionId,
) -> Result<Neighbours> {
    let cohorts = caller.require_within(Scope::SessionsRead)?;
    let row = sqlx::query!(
        r#"select
               (select session_id from sessions s where (created_at, session_id) > ($1, $2)
                  and ($3::text[] is null
                      or exists (select 1 from students st where st.student_id = s.student_id and st.cohort = any($3)))
                order by created_at, session_id limit 1) as "newer: SessionId",
               (select session_id from sessions s where (created_at, session_id) < ($1, $2)
                  and ($3::text[] is null
                      or exists (select 1 from students st where st.student_id = s.student_id and st.cohort = any($3)))
                order by created_at desc, session_id desc limit 1) as "older: SessionId""#,
        created_at,
        session_id as SessionId,
        cohorts as Option<&[String]>,
    )
    .fetch_one(db)
    .await?;
    Ok(Neighbours { newer: row.newer, older: row.older })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrowed(query: &BrowseQuery) -> String {
        let mut sql = QueryBuilder::new("");
        narrow(&mut sql, query, query.cohort.as_ref().map(std::slice::from_ref), None);
        go_on(&mut sql, query);
        sql.sql().as_str().to_owned()
    }

    #[test]
    fn only_what_is_asked_for_is_in_the_statement_and_never_its_value() {
        assert_eq!(narrowed(&BrowseQuery::default()), "");
        let query = BrowseQuery { cohort: Some("x' or true --".to_owned()), ..BrowseQuery::default() };
        let sql = narrowed(&query);
        assert!(sql.contains("cohort = $1") && !sql.contains("or true"), "{sql}");
    }

    #[test]
    fn what_is_about_a_skill_is_narrowed_and_sorted_along_the_list_of_it() {
        let query = BrowseQuery { skill: Some("maths".to_owned()), grade: Some(4), ..BrowseQuery::default() };
        let after = Some(After { value: 7, session_id: SessionId(uuid::Uuid::from_u128(1)) });
        assert_eq!(
            narrowed(&BrowseQuery { after, ..query }),
            " and t.kind <> 'belief' and t.topic = $1 and t.grade = $2 and (t.created_at, t.session_id) < ($3, $4)"
        );
    }

    #[test]
    fn a_list_the_other_way_round_goes_on_the_other_way() {
        let after = Some(After { value: 7, session_id: SessionId(uuid::Uuid::from_u128(1)) });
        let of = |is_ascending| {
            narrowed(&BrowseQuery { sort: SortKey::Cost, is_ascending, after, ..BrowseQuery::default() })
        };
        assert!(of(false).contains("session_id) < ($1, $2)") && of(true).contains("session_id) > ($1, $2)"));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_list_of_a_skill_follows_evidence_analyses_grades_and_students(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let run = async |sql: &'static str| {
            sqlx::raw_sql(sql).execute(&db).await.unwrap();
            crate::consistency::refresh_all(&db).await.unwrap();
        };
        let found = async |skill: &str, grade| {
            let skill = Some(skill.to_owned());
            let query = BrowseQuery { skill, grade, limit: 9, ..BrowseQuery::default() };
            let found = browse_sessions(&db, &Caller::operator(), &query).await.unwrap();
            found.into_iter().map(|item| item.session_id.to_string().remove(35)).collect::<String>()
        };
        run("insert into subjects (subject_id, name) values ('go', 'Go'), ('chess', 'Chess');
             insert into skills (skill_id, subject_id, name, grade_from, grade_to)
             values ('go.eyes', 'go', 'Eyes', 1, 9), ('go.ko', 'go', 'Ko', 1, 9);
             insert into students (student_id, display_name, grade, created_at, updated_at)
             select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'S', n, now(), now() from generate_series(1, 3) n;
             insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
             select ('00000000-0000-0000-0000-00000000000' || n)::uuid, n, ('00000000-0000-0000-0000-00000000000' || n)::uuid,
                 'analyzed', now() + n * interval '1 minute', now() from generate_series(1, 2) n;
             insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
                 duration_ms, created_at)
             select session_id, session_id, 'rules', '1', 'baseline', '{}', true, 1, now() from sessions;
             insert into evidence (evidence_id, student_id, skill_id, session_id, analysis_id, turn_no, verdict, help,
                 source, noise, observed_at, created_at)
             select gen_random_uuid(), student_id, skill_id, session_id, session_id, 1, 'correct', 'none', 'rules', 0.1, now(), now()
             from sessions, skills where subject_id = 'go'")
        .await;
        assert_eq!((&*found("go", None).await, &*found("go.ko", None).await), ("21", "21"), "the newest first");
        assert_eq!((&*found("go.ko", Some(1)).await, &*found("go", Some(7)).await), ("1", ""));
        run("update students set grade = 7 where grade = 1").await;
        assert_eq!((&*found("go.ko", Some(1)).await, &*found("go", Some(7)).await), ("", "1"));
        run("update sessions set student_id = '00000000-0000-0000-0000-000000000003' where call_id = '2'").await;
        assert_eq!(found("go", Some(3)).await, "2", "it was another who called");
        run("update analyses set is_current = false where session_id = '00000000-0000-0000-0000-000000000002'").await;
        assert_eq!(found("go", None).await, "1", "what was thought before counts no more");
        run("insert into evidence (evidence_id, student_id, skill_id, session_id, verdict, help, source, noise, observed_at, created_at)
             select gen_random_uuid(), student_id, 'go.ko', session_id, 'correct', 'none', 'tool', 0.1, now(), now() from sessions
             where call_id = '2'").await;
        assert_eq!((&*found("go.ko", None).await, &*found("go.eyes", None).await), ("21", "1"));
        run("delete from evidence where skill_id = 'go.eyes'; update skills set subject_id = 'chess' where skill_id = 'go.ko'").await;
        assert_eq!(
            (&*found("go.eyes", None).await, &*found("go", None).await, &*found("chess", None).await),
            ("", "", "21")
        );
    }
}
