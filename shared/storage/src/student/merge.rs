//! Merging two records of one child, and undoing it within 30 days.
//!
//! The merged student's rows move to the student who is kept, and its row in `students` is deleted, so that no list and no
//! caller finds it. What cannot move is archived. Undoing puts the archive back and moves the rows back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;

use crate::access::{Caller, Scope};
use crate::consent::Purpose;
use crate::db::{Connection, Db, Error, Executor, Result};
use crate::id::{MergeId, SessionId, StudentId};
use crate::session::derived;
use crate::student::{StudentChange, StudentStatus, find_students, update_student};
use crate::{audit, erasure, estimate, guardian, student_context};

/// How long a merge can be undone.
pub const UNDO: TimeDelta = TimeDelta::days(30);

/// A table whose rows move to the student who is kept.
struct Moving {
    table: &'static str,
    /// Identifies a row among those of one student.
    key: &'static str,
    /// The column with the student.
    student: &'static str,
    /// Rows may name a session. Those added after the merge to a session that moved go back with it.
    has_session: bool,
}

const fn moving(table: &'static str, key: &'static str, has_session: bool) -> Moving {
    Moving { table, key, student: "student_id", has_session }
}

/// Sessions come first: the others follow them back.
const MOVING: [Moving; 14] = [
    moving("sessions", "session_id", false),
    moving("student_phones", "phone", false),
    moving("past_phones", "phone", false),
    moving("student_guardians", "guardian_id", false),
    moving("consents", "consent_id", false),
    moving("evidence", "evidence_id", true),
    moving("facts", "fact_id", true),
    moving("notes", "note_id", true),
    moving("follow_ups", "follow_up_id", true),
    moving("outbound_calls", "outbound_call_id", false),
    moving("model_calls", "model_call_id", true),
    moving("messages", "message_id", true),
    moving("guardian_reports", "report_id", false),
    // An earlier merge into the merged student.
    Moving { table: "student_merges", key: "merge_id", student: "kept_id", has_session: false },
];

/// Tables whose rows are archived. The first three also move: only a row that the student who is kept has, too, stays behind.
const ARCHIVED: [&str; 8] = [
    "student_phones",
    "past_phones",
    "student_guardians",
    "student_versions",
    "student_subjects_off",
    "caller_codes",
    "recent_questions",
    // Computed again, except for what a person resolved.
    "misconceptions",
];

/// Columns of `students` that are put back. `tests` compares them with the table.
const STUDENT_COLUMNS: &str = "student_id, display_name, grade, cohort, locale, timezone, status, guidance, created_at, \
                               updated_at, external_id, call_weekdays, call_time, calls_from, calls_until, \
                               calls_quiet_weekdays, calls_quiet_days, calls_a_week, in_roster";

/// Why two students cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmergeable {
    #[error("it is the same student")]
    Same,
    #[error("one of the two is about to be erased")]
    ErasurePending,
    /// What one family allows and the other does not must be decided by people, not by a merge.
    #[error("consent differs for {}", join(.0))]
    ConsentDiffers(Vec<Purpose>),
}

fn join(purposes: &[Purpose]) -> String {
    purposes.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>().join(", ")
}

/// Moves everything of `merged_id` to `kept_id`, whose profile stays as it is. Two fields may change: a kept student without
/// an external id takes over the other's, and is blocked if the other was. Writes the audit entry. Needs `students:write`
/// for all students.
pub async fn merge_students(
    tx: &mut Connection,
    caller: &Caller,
    kept_id: StudentId,
    merged_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Result<MergeId, Unmergeable>> {
    caller.require(Scope::StudentsWrite)?;
    if kept_id == merged_id {
        return Ok(Err(Unmergeable::Same));
    }
    lock_whole(tx, &[kept_id, merged_id]).await?;
    for student_id in [kept_id, merged_id] {
        if erasure::pending::find_pending(&mut *tx, &Caller::worker(), student_id).await?.is_some() {
            return Ok(Err(Unmergeable::ErasurePending));
        }
    }
    let differing = list_differing_consents(&mut *tx, kept_id, merged_id, now).await?;
    if !differing.is_empty() {
        return Ok(Err(Unmergeable::ConsentDiffers(differing)));
    }
    let moved = move_rows(tx, kept_id, merged_id).await?;
    let session_ids = sessions_of(&moved);
    let archive = archive(tx, merged_id).await?;
    let gone = sqlx::query!(
        r#"delete from students where student_id = $1 returning external_id, status = 'blocked' as "is_blocked!""#,
        merged_id as StudentId,
    )
    .fetch_one(&mut *tx)
    .await?;
    // Guardians of both students are still attached.
    guardian::remove_unattached(&mut *tx).await?;
    if gone.is_blocked {
        let change = StudentChange { status: Some(StudentStatus::Blocked), ..StudentChange::default() };
        update_student(tx, caller, kept_id, &change, now).await?;
    }
    sqlx::query!(
        "update students set external_id = $2, updated_at = $3
         where student_id = $1 and external_id is null and $2::text is not null",
        kept_id as StudentId,
        gone.external_id,
        now,
    )
    .execute(&mut *tx)
    .await?;
    let merge_id = MergeId::new();
    sqlx::query!(
        "insert into student_merges (merge_id, kept_id, merged_id, external_id, archive, moved, merged_by, merged_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        merge_id as MergeId,
        kept_id as StudentId,
        merged_id as StudentId,
        gone.external_id,
        archive,
        Json(moved) as _,
        caller.actor.to_string(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    refold(tx, kept_id, &archive["misconceptions"], now).await?;
    derived::refresh_with(tx, &session_ids, &[kept_id]).await?;
    let detail = json!({ "merge_id": merge_id, "merged": merged_id });
    audit::insert_entry(tx, caller, "student.merge", Some(&format!("student:{kept_id}")), &detail, now).await?;
    Ok(Ok(merge_id))
}

/// Brings the merged student back, with the rows that moved and what was added to their calls since. Calls from then on stay
/// with the student who was kept. Returns the student who is back. [`Error::NotFound`]: there is no such merge, or it is older
/// than [`UNDO`]. Writes the audit entry. Needs `students:write` for all students.
pub async fn undo_merge(
    tx: &mut Connection,
    caller: &Caller,
    merge_id: MergeId,
    now: DateTime<Utc>,
) -> Result<StudentId> {
    caller.require(Scope::StudentsWrite)?;
    let undone = sqlx::query!(
        r#"delete from student_merges where merge_id = $1 and archive is not null and merged_at > $2
           returning kept_id as "kept_id: StudentId", merged_id as "merged_id: StudentId", archive as "archive!",
               moved as "moved!: Json<BTreeMap<String, Vec<String>>>""#,
        merge_id as MergeId,
        now - UNDO,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("merge that can still be undone"))?;
    let (kept_id, merged_id) = (undone.kept_id, undone.merged_id);
    lock_whole(tx, &[kept_id]).await?;
    sqlx::query!(
        "update students set external_id = null, updated_at = $3
         where student_id = $1 and external_id = $2::jsonb->'student'->>'external_id'",
        kept_id as StudentId,
        undone.archive,
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query(AssertSqlSafe(format!(
        "insert into students ({STUDENT_COLUMNS}) select {STUDENT_COLUMNS} from jsonb_populate_record(null::students, $1)"
    )))
    .bind(&undone.archive["student"])
    .execute(&mut *tx)
    .await?;
    for Moving { table, key, student, has_session } in MOVING {
        let with_session =
            if has_session { "or session_id in (select session_id from sessions where student_id = $1)" } else { "" };
        sqlx::query(AssertSqlSafe(format!(
            "update {table} set {student} = $1 where {student} = $2 and ({key}::text = any($3) {with_session})"
        )))
        .bind(merged_id)
        .bind(kept_id)
        .bind(undone.moved.get(table).cloned().unwrap_or_default())
        .execute(&mut *tx)
        .await?;
    }
    for table in ARCHIVED {
        sqlx::query(AssertSqlSafe(format!(
            "insert into {table} overriding system value
             select * from jsonb_populate_recordset(null::{table}, $1) on conflict do nothing"
        )))
        .bind(&undone.archive[table])
        .execute(&mut *tx)
        .await?;
    }
    for student_id in [kept_id, merged_id] {
        refold(tx, student_id, &json!([]), now).await?;
    }
    derived::refresh_with(tx, &sessions_of(&undone.moved), &[kept_id, merged_id]).await?;
    let detail = json!({ "merge_id": merge_id, "merged": merged_id });
    audit::insert_entry(tx, caller, "student.unmerge", Some(&format!("student:{kept_id}")), &detail, now).await?;
    Ok(merged_id)
}

/// A merge that can still be undone.
#[derive(Clone)]
pub struct Merge {
    pub merge_id: MergeId,
    /// The name of the student who was merged into this one.
    pub merged_name: String,
    pub merged_by: String,
    pub merged_at: DateTime<Utc>,
    pub undo_until: DateTime<Utc>,
}

impl std::fmt::Debug for Merge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merge").field("merge_id", &self.merge_id).finish_non_exhaustive()
    }
}

/// The students who were merged into this one and can be brought back, newest first. Needs `students:read`.
pub async fn list_merges(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Vec<Merge>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    let rows = sqlx::query!(
        r#"select merge_id as "merge_id: MergeId", archive->'student'->>'display_name' as "merged_name!", merged_by,
               merged_at
           from student_merges where kept_id = $1 and archive is not null and merged_at > $2
           order by merged_at desc limit 20"#,
        student_id as StudentId,
        now - UNDO,
    )
    .fetch_all(db)
    .await?;
    let merges = rows.into_iter().map(|row| Merge {
        merge_id: row.merge_id,
        merged_name: row.merged_name,
        merged_by: row.merged_by,
        merged_at: row.merged_at,
        undo_until: row.merged_at + UNDO,
    });
    Ok(merges.collect())
}

/// A student who may be the same child as another.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    pub student_id: StudentId,
    pub display_name: String,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    pub has_same_number: bool,
    pub n_sessions: i64,
    pub last_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// Students with the same name; those with a number in common come first. At most 20. Needs `students:read` for all students.
pub async fn list_namesakes(db: &Db, caller: &Caller, student_id: StudentId) -> Result<Vec<Candidate>> {
    caller.require(Scope::StudentsRead)?;
    let ids = sqlx::query_scalar!(
        r#"select c.student_id as "student_id: StudentId"
           from students st join students c on c.name_key = st.name_key and c.student_id <> st.student_id
           where st.student_id = $1
           order by exists (
                   select from student_phones p join student_phones q using (phone)
                   where p.student_id = st.student_id and q.student_id = c.student_id) desc, c.created_at, c.student_id
           limit 20"#,
        student_id as StudentId,
    )
    .fetch_all(db)
    .await?;
    list_candidates(db, student_id, &ids).await
}

/// Other students whose names hold the words of `name`. Needs `students:read` for all students.
pub async fn list_by_name(
    db: &Db,
    caller: &Caller,
    student_id: StudentId,
    name: &str,
    limit: i64,
) -> Result<Vec<Candidate>> {
    caller.require(Scope::StudentsRead)?;
    let hits = find_students(db, caller, name, None, limit).await?;
    let ids: Vec<_> = hits.iter().map(|hit| hit.student_id).filter(|id| *id != student_id).collect();
    list_candidates(db, student_id, &ids).await
}

async fn list_candidates(db: &Db, student_id: StudentId, ids: &[StudentId]) -> Result<Vec<Candidate>> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"select c.student_id as "student_id: StudentId", c.display_name, c.grade, c.cohort,
               exists (select from student_phones p join student_phones q using (phone)
                   where p.student_id = $1 and q.student_id = c.student_id) as "has_same_number!",
               n.n_sessions as "n_sessions!", n.last_at
           from students c
           cross join lateral (
               select count(*) as n_sessions, max(coalesce(s.started_at, s.created_at)) as last_at
               from sessions s where s.student_id = c.student_id) n
           where c.student_id = any($2)
           order by 5 desc, lower(c.display_name), c.created_at, c.student_id"#,
        student_id as StudentId,
        ids as &[StudentId],
    )
    .fetch_all(db)
    .await?)
}

/// Deletes what undoing needs from merges older than [`UNDO`]: it holds a name and numbers. At most `limit` rows. Returns
/// how many.
pub(crate) async fn forget_old(db: impl Executor<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "update student_merges set archive = null, moved = null where merge_id in (
             select merge_id from student_merges where archive is not null and merged_at <= $1
             order by merged_at limit $2 for update skip locked)",
        now - UNDO,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Locks the students also against new rows that refer to them, in the order of [`super::lock`].
async fn lock_whole(tx: &mut Connection, student_ids: &[StudentId]) -> Result<()> {
    let found = sqlx::query!(
        "select 1 as one from students where student_id = any($1) order by student_id for update",
        student_ids as &[StudentId],
    )
    .fetch_all(tx)
    .await?;
    if found.len() == student_ids.len() { Ok(()) } else { Err(Error::NotFound("student")) }
}

async fn list_differing_consents(
    db: impl Executor<'_>,
    a: StudentId,
    b: StudentId,
    now: DateTime<Utc>,
) -> Result<Vec<Purpose>> {
    Ok(sqlx::query_scalar!(
        r#"select purpose as "purpose!: Purpose" from unnest($3::text[]) as purpose
           where has_consent($1, purpose, $4) is distinct from has_consent($2, purpose, $4)"#,
        a as StudentId,
        b as StudentId,
        &Purpose::ALL.map(|purpose| purpose.as_str().to_owned()),
        now,
    )
    .fetch_all(db)
    .await?)
}

/// Returns the keys of the rows that moved, by table.
async fn move_rows(
    tx: &mut Connection,
    kept_id: StudentId,
    merged_id: StudentId,
) -> Result<BTreeMap<String, Vec<String>>> {
    let mut moved = BTreeMap::new();
    for Moving { table, key, student, .. } in MOVING {
        let keys: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "update {table} as t set {student} = $1 where {student} = $2
                 and not exists (select from {table} k where k.{student} = $1 and k.{key} = t.{key})
             returning {key}::text"
        )))
        .bind(kept_id)
        .bind(merged_id)
        .fetch_all(&mut *tx)
        .await?;
        moved.insert(table.to_owned(), keys);
    }
    Ok(moved)
}

fn sessions_of(moved: &BTreeMap<String, Vec<String>>) -> Vec<SessionId> {
    moved.get("sessions").into_iter().flatten().filter_map(|id| id.parse().ok()).collect()
}

/// The student's row, and those of [`ARCHIVED`], by table.
async fn archive(tx: &mut Connection, student_id: StudentId) -> Result<Value> {
    let mut archive = json!({});
    archive["student"] = sqlx::query_scalar!(
        r#"select to_jsonb(s) - '{name_key,name_words}'::text[] as "row!" from students s where student_id = $1"#,
        student_id as StudentId,
    )
    .fetch_one(&mut *tx)
    .await?;
    for table in ARCHIVED {
        archive[table] = sqlx::query_scalar(AssertSqlSafe(format!(
            "select coalesce(jsonb_agg(to_jsonb(t)), '[]') from {table} t where student_id = $1"
        )))
        .bind(student_id)
        .fetch_one(&mut *tx)
        .await?;
    }
    Ok(archive)
}

/// Computes what follows from the evidence. A belief that a person marked as resolved in `resolved`, archived rows of
/// `misconceptions`, is resolved here, too, unless it was seen since. The folds read everything of the student, which is more
/// than some callers may; they return none of it.
async fn refold(tx: &mut Connection, student_id: StudentId, resolved: &Value, now: DateTime<Utc>) -> Result<()> {
    let worker = Caller::worker();
    estimate::refold_in_call(tx, &worker, student_id).await?;
    sqlx::query!(
        "update misconceptions m set resolved_at = r.resolved_at
         from jsonb_populate_recordset(null::misconceptions, $2) r
         where m.student_id = $1 and m.resolved_at is null and r.belief = m.belief and r.resolved_at is not null
           and r.last_seen_at >= m.last_seen_at",
        student_id as StudentId,
        resolved,
    )
    .execute(&mut *tx)
    .await?;
    student_context::rebuild(tx, &worker, student_id, now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::now;
    use crate::db::Db;
    use crate::mastery;
    use crate::phone::Phone;
    use crate::student::roster::{Imported, Known, RosterRow, import_row};
    use crate::student::{NewStudent, find_kept, get_student, insert_student, list_phones};

    /// Tables with a student whose rows are computed again from others.
    const COMPUTED: [&str; 7] =
        ["mastery", "practices", "student_contexts", "attentions", "session_facts", "session_topics", "session_labels"];
    /// What a call proved about the merged student proves nothing about the other, so it is deleted. Erasures that were done or
    /// undone are a record of their student. Answers of tools that wait for a retry name the old student. Access by an app ends:
    /// staff give it again to those who may read about both.
    const LEFT: [&str; 5] = ["call_assurances", "erasures", "family_grants", "student_imports", "tool_answers"];

    #[sqlx::test(migrations = "../../migrations")]
    async fn every_table_with_a_student_was_decided_on(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let tables: Vec<String> = sqlx::query_scalar(
            "select distinct table_name::text from information_schema.columns
             where table_schema = 'public' and column_name = 'student_id' and table_name <> 'students' order by 1",
        )
        .fetch_all(&db)
        .await
        .unwrap();
        for table in &tables {
            let is_decided = MOVING.iter().any(|of| of.table == table)
                || [&ARCHIVED[..], &COMPUTED, &LEFT].concat().contains(&&table[..]);
            assert!(is_decided, "what does a merge do with {table}?");
        }
        let columns: Vec<String> = sqlx::query_scalar(
            "select column_name::text from information_schema.columns
             where table_schema = 'public' and table_name = 'students' and is_generated = 'NEVER' order by ordinal_position",
        )
        .fetch_all(&db)
        .await
        .unwrap();
        let mut wanted: Vec<&str> = STUDENT_COLUMNS.split(", ").collect();
        let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        columns.sort_unstable();
        assert_eq!(columns, wanted);
    }

    async fn add(db: &Db, name: &str, phones: &[&str]) -> StudentId {
        let phones = phones.iter().map(|phone| Phone::parse(phone).unwrap()).collect();
        let new = NewStudent { phones, ..NewStudent::named(name) };
        let mut tx = db.acquire().await.unwrap();
        insert_student(&mut tx, &Caller::operator(), &new, now()).await.unwrap().student_id
    }

    /// A call of the student with one right answer, three days ago.
    async fn call(db: &Db, student_id: StudentId, skill_id: &str, call_id: &str) -> SessionId {
        let session_id = SessionId::new();
        sqlx::query!(
            "with s as (
                 insert into sessions (session_id, call_id, student_id, status, started_at, ended_at, created_at, updated_at)
                 values ($1, $2, $3, 'analyzed', now() - interval '3 days', now() - interval '3 days', now(), now())
                 returning session_id)
             insert into evidence (evidence_id, student_id, skill_id, session_id, turn_no, verdict, help, source, noise,
                 observed_at, created_at)
             select gen_random_uuid(), $3, $4, session_id, 1, 'correct', 'none', 'tool', 0.05, now() - interval '3 days', now()
             from s",
            session_id as SessionId,
            call_id,
            student_id as StudentId,
            skill_id,
        )
        .execute(db)
        .await
        .unwrap();
        derived::refresh(&mut db.acquire().await.unwrap(), &[session_id]).await.unwrap();
        session_id
    }

    async fn merge(db: &Db, kept: StudentId, merged: StudentId) -> Result<MergeId, Unmergeable> {
        let mut tx = crate::db::begin(db).await.unwrap();
        let merge = merge_students(&mut tx, &Caller::operator(), kept, merged, now()).await.unwrap();
        tx.commit().await.unwrap();
        merge
    }

    async fn undo(db: &Db, merge_id: MergeId, at: DateTime<Utc>) -> Result<StudentId> {
        let mut tx = crate::db::begin(db).await.unwrap();
        let back = undo_merge(&mut tx, &Caller::operator(), merge_id, at).await?;
        tx.commit().await.unwrap();
        Ok(back)
    }

    /// Every row of every table about the two students, without what a merge and its undoing may touch.
    async fn everything(db: &Db) -> String {
        let mut all = String::new();
        let computed = [&COMPUTED[..], &["misconceptions"]].concat();
        let tables = MOVING.iter().map(|of| of.table).chain(ARCHIVED).chain(computed).chain(["students"]);
        for table in tables {
            let rows: Value = sqlx::query_scalar(AssertSqlSafe(format!(
                "select coalesce(jsonb_agg(row order by row), '[]') from (
                     select to_jsonb(t) - '{{updated_at,rebuilt_at,created_at}}'::text[] as row from {table} t) t"
            )))
            .fetch_one(db)
            .await
            .unwrap();
            all += &[table, &rows.to_string(), "\n"].concat();
        }
        all
    }

    async fn skill_ids(db: &Db) -> Vec<String> {
        sqlx::query_scalar!("select skill_id from skills order by 1 limit 2").fetch_all(db).await.unwrap()
    }

    async fn seeded(pool: sqlx::PgPool) -> Db {
        let db = Db::from(pool);
        sqlx::raw_sql(
            "insert into subjects (subject_id, name) values ('maths', 'Maths') on conflict do nothing;
             insert into skills (skill_id, subject_id, name) values ('maths.a', 'maths', 'A'), ('maths.b', 'maths', 'B')
             on conflict do nothing;",
        )
        .execute(&db)
        .await
        .unwrap();
        db
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_merge_and_its_undoing_leave_every_row_as_it_was(pool: sqlx::PgPool) {
        let db = seeded(pool).await;
        let skills = skill_ids(&db).await;
        let kept = add(&db, "Ana R", &["+14155550142"]).await;
        let merged = add(&db, "Ana R", &["+14155550142", "+14155550143"]).await;
        call(&db, kept, &skills[0], "c1").await;
        let session_id = call(&db, merged, &skills[1], "c2").await;
        sqlx::query!(
            "insert into notes (note_id, student_id, session_id, author, text, created_at)
             values (gen_random_uuid(), $1, $2, 'admin:a@example.org', 'Likes dinosaurs', now())",
            merged as StudentId,
            session_id as SessionId,
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "update students set external_id = 's-2', guidance = 'Slowly' where student_id = $1",
            merged as StudentId
        )
        .execute(&db)
        .await
        .unwrap();
        let mut tx = crate::db::begin(&db).await.unwrap();
        for student_id in [kept, merged] {
            refold(&mut tx, student_id, &json!([]), now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let before = everything(&db).await;

        let merge_id = merge(&db, kept, merged).await.unwrap();
        let operator = Caller::operator();
        assert!(matches!(get_student(&db, &operator, merged).await, Err(Error::NotFound(_))));
        assert_eq!(find_kept(&db, merged).await.unwrap(), Some(kept));
        assert_eq!(list_phones(&db, &operator, kept).await.unwrap().len(), 2);
        let mastery: Vec<_> = mastery::list_mastery(&db, &operator, kept).await.unwrap();
        assert_eq!(mastery.len(), 2, "what both showed counts for the one who is kept");
        let of_kept = sqlx::query_scalar!(
            r#"select count(*) as "n!" from sessions s join session_facts f using (session_id)
               where s.student_id = $1 and f.student_id = $1"#,
            kept as StudentId,
        );
        assert_eq!(of_kept.fetch_one(&db).await.unwrap(), 2);
        let merges = list_merges(&db, &operator, kept, now()).await.unwrap();
        assert_eq!((merges.len(), &merges[0].merged_name[..]), (1, "Ana R"));

        assert_eq!(undo(&db, merge_id, now()).await.unwrap(), merged);
        assert_eq!(everything(&db).await, before);
        assert!(undo(&db, merge_id, now()).await.is_err(), "once");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn what_was_added_to_a_call_since_goes_back_with_it(pool: sqlx::PgPool) {
        let db = seeded(pool).await;
        let skills = skill_ids(&db).await;
        let (kept, merged) = (add(&db, "Ana", &[]).await, add(&db, "Ana", &[]).await);
        let session_id = call(&db, merged, &skills[0], "c1").await;
        let merge_id = merge(&db, kept, merged).await.unwrap();
        sqlx::query!(
            "insert into evidence (evidence_id, student_id, skill_id, session_id, turn_no, verdict, help, source, noise,
                 observed_at, created_at)
             values (gen_random_uuid(), $1, $2, $3, 5, 'correct', 'none', 'tool', 0.05, now(), now())",
            kept as StudentId,
            skills[1],
            session_id as SessionId,
        )
        .execute(&db)
        .await
        .unwrap();
        let later = call(&db, kept, &skills[0], "c2").await;
        undo(&db, merge_id, now()).await.unwrap();
        let owner = |session_id: SessionId| {
            sqlx::query_scalar!(
                r#"select distinct student_id as "id: StudentId" from evidence where session_id = $1"#,
                session_id as SessionId
            )
            .fetch_one(&db)
        };
        assert_eq!(owner(session_id).await.unwrap(), merged);
        assert_eq!(owner(later).await.unwrap(), kept, "calls since the merge stay");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn families_who_decided_differently_are_not_merged(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (kept, merged) = (add(&db, "Ana", &[]).await, add(&db, "Ana", &[]).await);
        sqlx::query!(
            "insert into consents (consent_id, student_id, purpose, action, means, decided_at, recorded_by, recorded_at)
             values (gen_random_uuid(), $1, 'model', 'withdrawn', 'phone', now(), 'test', now())",
            merged as StudentId,
        )
        .execute(&db)
        .await
        .unwrap();
        let refused = merge(&db, kept, merged).await.unwrap_err();
        assert_eq!(refused.to_string(), "consent differs for model");
        assert_eq!(merge(&db, kept, kept).await.unwrap_err(), Unmergeable::Same);
        assert!(get_student(&db, &Caller::operator(), merged).await.is_ok(), "nothing happened");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_student_who_is_about_to_be_erased_is_not_merged(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (kept, merged) = (add(&db, "Ana", &[]).await, add(&db, "Ana", &[]).await);
        let mut tx = crate::db::begin(&db).await.unwrap();
        erasure::request(&mut tx, &Caller::operator(), merged, now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(merge(&db, kept, merged).await.unwrap_err(), Unmergeable::ErasurePending);
        assert_eq!(merge(&db, merged, kept).await.unwrap_err(), Unmergeable::ErasurePending);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_blocked_student_stays_blocked_in_the_other(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (kept, merged) = (add(&db, "Ana", &[]).await, add(&db, "Ana", &[]).await);
        sqlx::query!("update students set status = 'blocked' where student_id = $1", merged as StudentId)
            .execute(&db)
            .await
            .unwrap();
        merge(&db, kept, merged).await.unwrap();
        let student = get_student(&db, &Caller::operator(), kept).await.unwrap();
        assert_eq!(student.status, crate::student::StudentStatus::Blocked);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_roster_with_the_old_id_brings_no_second_student(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let row = |id: &str, name: &str| RosterRow {
            external_id: Some(id.to_owned()),
            display_name: name.to_owned(),
            grade: None,
            cohort: None,
            locale: None,
            timezone: None,
            phones: Vec::new(),
            status: None,
        };
        let import = async |row: RosterRow| {
            let mut tx = db.acquire().await.unwrap();
            import_row(&mut tx, &Caller::operator(), crate::id::ImportId::new(), &row, Known::Change, now())
                .await
                .unwrap()
        };
        import(row("s-1", "Ana R")).await;
        import(row("s-2", "Anna R")).await;
        let ids = sqlx::query_scalar!(r#"select student_id as "id: StudentId" from students order by external_id"#);
        let ids = ids.fetch_all(&db).await.unwrap();
        merge(&db, ids[0], ids[1]).await.unwrap();
        for _ in 0..2 {
            assert_eq!(import(row("s-1", "Ana R")).await, Imported::Unchanged);
            assert_eq!(import(row("s-2", "Anna R")).await, Imported::Unchanged);
        }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn merges_in_a_row_are_undone_in_any_order(pool: sqlx::PgPool) {
        for first_goes_first in [true, false] {
            let db = seeded(pool.clone()).await;
            let skills = skill_ids(&db).await;
            let (a, b, c) = (add(&db, "Ana", &[]).await, add(&db, "Ana", &[]).await, add(&db, "Ana", &[]).await);
            let session_id = call(&db, a, &skills[0], &format!("c{first_goes_first}")).await;
            let first = merge(&db, b, a).await.unwrap();
            let second = merge(&db, c, b).await.unwrap();
            assert_eq!(find_kept(&db, a).await.unwrap(), Some(c));
            for merge_id in if first_goes_first { [first, second] } else { [second, first] } {
                undo(&db, merge_id, now()).await.unwrap();
            }
            let owner = sqlx::query_scalar!(
                r#"select student_id as "id!: StudentId" from sessions where session_id = $1"#,
                session_id as SessionId
            );
            assert_eq!(owner.fetch_one(&db).await.unwrap(), a);
        }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn after_thirty_days_a_merge_holds_no_name_and_is_final(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (kept, merged) = (add(&db, "Ana", &[]).await, add(&db, "Ana", &["+14155550143"]).await);
        let merge_id = merge(&db, kept, merged).await.unwrap();
        let late = now() + UNDO + TimeDelta::seconds(1);
        assert!(matches!(undo(&db, merge_id, late).await, Err(Error::NotFound(_))));
        assert_eq!(forget_old(&db, now(), 10).await.unwrap(), 0);
        assert_eq!(forget_old(&db, late, 10).await.unwrap(), 1);
        assert_eq!(find_kept(&db, merged).await.unwrap(), Some(kept));
        assert!(list_merges(&db, &Caller::operator(), kept, now()).await.unwrap().is_empty());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn people_with_one_cohort_merge_no_one(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (kept, merged) = (add(&db, "Ana", &[]).await, add(&db, "Ana", &[]).await);
        let tutor = Caller::admin(crate::id::AdminUserId::new(), "dana@example.org", crate::access::Role::Admin)
            .of_cohorts(vec!["4b".to_owned()]);
        let mut tx = crate::db::begin(&db).await.unwrap();
        assert!(matches!(merge_students(&mut tx, &tutor, kept, merged, now()).await, Err(Error::Forbidden(_))));
    }
}
