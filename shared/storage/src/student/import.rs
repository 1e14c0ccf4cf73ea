//! What an import of students did, and undoing it within 30 days while nothing depends on it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;

use super::{Student, StudentChange, StudentStatus, get_student, list_phones, update_student};
use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{ImportId, StudentId};
use crate::phone::Phone;

/// How long an import can be undone.
pub const UNDO: TimeDelta = TimeDelta::days(30);

/// Tables whose rows are work for a student, and the words for a row. A student who has one stays.
const WORK: [(&str, &str); 18] = [
    ("sessions", "has had a call"),
    ("notes", "has a note"),
    ("follow_ups", "has a follow-up"),
    ("facts", "has a fact from a call"),
    ("evidence", "has answers"),
    ("misconceptions", "has a misconception"),
    ("recent_questions", "was asked questions"),
    ("outbound_calls", "has a planned call"),
    ("guardian_reports", "has a report for parents"),
    ("student_guardians", "has a guardian"),
    ("consents", "has a consent"),
    ("caller_codes", "has a code for calls"),
    ("family_grants", "has access by an app"),
    ("student_subjects_off", "has a subject turned off"),
    ("messages", "was written about"),
    ("model_calls", "was read by a language model"),
    ("call_assurances", "has had a call"),
    ("erasures", "has a request for erasure"),
];

/// A profile before an import changed it.
#[derive(Clone, Serialize, Deserialize)]
struct Earlier {
    display_name: String,
    grade: Option<i16>,
    cohort: Option<String>,
    locale: String,
    timezone: String,
    status: StudentStatus,
    phones: Vec<String>,
    external_id: Option<String>,
}

impl std::fmt::Debug for Earlier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Earlier")
    }
}

/// An import that can still be undone, at least in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportItem {
    pub import_id: ImportId,
    /// As in the audit log.
    pub author: String,
    pub imported_at: DateTime<Utc>,
    pub n_added: i64,
    pub n_changed: i64,
}

/// What undoing an import does with one student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Fate {
    /// The import added them, so they are removed.
    Removed,
    /// They get their earlier values back.
    Restored,
    /// They stay as they are. The reason completes a sentence that begins with the student.
    Stays(&'static str),
}

/// A student of an import.
#[derive(Clone)]
pub struct Undone {
    pub student_id: StudentId,
    pub display_name: String,
    pub fate: Fate,
}

impl std::fmt::Debug for Undone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Undone").field("student_id", &self.student_id).field("fate", &self.fate).finish_non_exhaustive()
    }
}

/// Records that an import added a student.
pub(super) async fn record_added(
    tx: &mut Connection,
    caller: &Caller,
    import_id: ImportId,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<()> {
    record(tx, caller, import_id, student_id, None, now).await
}

/// Records how a student is before an import changes them.
pub(super) async fn record_earlier(
    tx: &mut Connection,
    caller: &Caller,
    import_id: ImportId,
    student: &Student,
    phones: &[Phone],
    now: DateTime<Utc>,
) -> Result<()> {
    let external_id =
        sqlx::query_scalar!("select external_id from students where student_id = $1", student.student_id as StudentId)
            .fetch_one(&mut *tx)
            .await?;
    let earlier = Earlier {
        display_name: student.display_name.clone(),
        grade: student.grade,
        cohort: student.cohort.clone(),
        locale: student.locale.clone(),
        timezone: student.timezone.clone(),
        status: student.status,
        phones: phones.iter().map(|phone| phone.as_str().to_owned()).collect(),
        external_id,
    };
    record(tx, caller, import_id, student.student_id, Some(&earlier), now).await
}

/// If two rows of a sheet are about one student, the first one counts.
async fn record(
    tx: &mut Connection,
    caller: &Caller,
    import_id: ImportId,
    student_id: StudentId,
    earlier: Option<&Earlier>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into student_imports (import_id, student_id, author, imported_at, earlier)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
        import_id as ImportId,
        student_id as StudentId,
        caller.actor.to_string(),
        now,
        earlier.map(Json) as Option<Json<&Earlier>>,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The imports of which something is left to undo, the newest first. Needs `students:write` for all students.
pub async fn list_imports(db: impl Executor<'_>, caller: &Caller, limit: i64) -> Result<Vec<ImportItem>> {
    caller.require(Scope::StudentsWrite)?;
    Ok(sqlx::query_as!(
        ImportItem,
        r#"select import_id as "import_id: ImportId", min(author) as "author!", min(imported_at) as "imported_at!",
               count(*) filter (where earlier is null) as "n_added!", count(earlier) as "n_changed!"
           from student_imports group by import_id order by 3 desc, 1 limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Undoes an import. Removes students that it added, and gives the others their earlier values back. A student who was
/// changed since, or who has work that depends on them, stays. Returns what happened to each student, by name: a caller that
/// rolls the transaction back has a preview. Needs `students:write` for all students.
pub async fn undo_import(
    tx: &mut Connection,
    caller: &Caller,
    import_id: ImportId,
    now: DateTime<Utc>,
) -> Result<Vec<Undone>> {
    caller.require(Scope::StudentsWrite)?;
    let student_ids = sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from student_imports where import_id = $1"#,
        import_id as ImportId,
    )
    .fetch_all(&mut *tx)
    .await?;
    if student_ids.is_empty() {
        return Err(Error::NotFound("import"));
    }
    // New work for a student waits for this lock.
    sqlx::query!(
        "select 1 as one from students where student_id = any($1) order by student_id for update",
        &student_ids as &[StudentId],
    )
    .fetch_all(&mut *tx)
    .await?;
    let rows = sqlx::query!(
        r#"select s.student_id as "student_id: StudentId", s.display_name, i.earlier as "earlier: Json<Earlier>",
               s.updated_at > i.imported_at as "is_changed!",
               exists (select from student_imports l where l.student_id = i.student_id and l.imported_at > i.imported_at)
                   as "is_imported_again!"
           from student_imports i join students s using (student_id) where i.import_id = $1
           order by lower(s.display_name), s.student_id"#,
        import_id as ImportId,
    )
    .fetch_all(&mut *tx)
    .await?;
    let new: Vec<StudentId> = rows.iter().filter(|row| row.earlier.is_none()).map(|row| row.student_id).collect();
    let mut work = list_work(tx, &new).await?;
    let (mut undone, mut removed, mut restored) = (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
    for row in rows {
        let fate = match row.earlier {
            _ if row.is_imported_again => Fate::Stays("is in a later import"),
            _ if row.is_changed => Fate::Stays("was changed since"),
            None => {
                if let Some(at) = work.iter().position(|(student_id, _)| *student_id == row.student_id) {
                    Fate::Stays(work.swap_remove(at).1)
                } else {
                    removed.push(row.student_id);
                    Fate::Removed
                }
            }
            Some(Json(earlier)) => {
                restore(tx, caller, row.student_id, earlier, now).await?;
                restored.push(row.student_id);
                Fate::Restored
            }
        };
        undone.push(Undone { student_id: row.student_id, display_name: row.display_name, fate });
    }
    sqlx::query!("delete from students where student_id = any($1)", &removed as &[StudentId]).execute(&mut *tx).await?;
    sqlx::query!(
        "delete from student_imports where import_id = $1 and student_id = any($2)",
        import_id as ImportId,
        &restored as &[StudentId],
    )
    .execute(&mut *tx)
    .await?;
    let detail = json!({ "removed": removed, "n_restored": restored.len(), "n_stay": undone.len() - removed.len() - restored.len() });
    audit::insert_entry(tx, caller, "student.undo_import", Some(&format!("import:{import_id}")), &detail, now).await?;
    Ok(undone)
}

/// The students who have work that depends on them, each with the words for it.
async fn list_work(tx: &mut Connection, student_ids: &[StudentId]) -> Result<Vec<(StudentId, &'static str)>> {
    let cases = WORK.iter().enumerate().map(|(n, (table, _))| {
        format!(" when exists (select from {table} w where w.student_id = s.student_id) then {n}")
    });
    let cases = cases.collect::<Vec<_>>().concat();
    let sql = format!(
        "select student_id, n from (select s.student_id, case{cases} end as n from students s where s.student_id = any($1)) s
         where n is not null"
    );
    // Only names of our tables are in it.
    let rows: Vec<(StudentId, i32)> = sqlx::query_as(AssertSqlSafe(sql)).bind(student_ids).fetch_all(tx).await?;
    Ok(rows.into_iter().filter_map(|(id, n)| Some((id, WORK.get(usize::try_from(n).ok()?)?.1))).collect())
}

async fn restore(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    earlier: Earlier,
    now: DateTime<Utc>,
) -> Result<()> {
    let student = get_student(&mut *tx, caller, student_id).await?;
    let mut phones = list_phones(&mut *tx, caller, student_id).await?;
    let mut wanted: Vec<Phone> = earlier.phones.iter().filter_map(|phone| Phone::parse(phone).ok()).collect();
    phones.sort();
    wanted.sort();
    let change = StudentChange {
        display_name: Some(earlier.display_name).filter(|name| *name != student.display_name),
        grade: Some(earlier.grade).filter(|grade| *grade != student.grade),
        cohort: Some(earlier.cohort).filter(|cohort| *cohort != student.cohort),
        locale: Some(earlier.locale).filter(|locale| *locale != student.locale),
        timezone: Some(earlier.timezone).filter(|timezone| *timezone != student.timezone),
        status: Some(earlier.status).filter(|status| *status != student.status),
        guidance: None,
        phones: Some(wanted).filter(|wanted| *wanted != phones),
    };
    update_student(tx, caller, student_id, &change, now).await?;
    sqlx::query!(
        "update students set external_id = $2 where student_id = $1 and external_id is distinct from $2",
        student_id as StudentId,
        earlier.external_id,
    )
    .execute(&mut *tx)
    .await?;
    let object = format!("student:{student_id}");
    audit::insert_entry(tx, caller, "student.update", Some(&object), &json!({ "by": "undo of an import" }), now).await
}

/// Deletes what undoing needed, after [`UNDO`].
pub(crate) async fn forget_old(db: impl Executor<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from student_imports where (import_id, student_id) in (
             select import_id, student_id from student_imports where imported_at < $1 limit $2 for update skip locked)",
        now - UNDO,
        limit,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    /// Tables with a student whose rows say nothing of work: they are computed, or belong to the profile.
    const NO_WORK: [&str; 10] = [
        "attentions",
        "mastery",
        "past_phones",
        "practices",
        "session_facts",
        "student_contexts",
        "student_imports",
        "student_phones",
        "student_versions",
        "tool_answers",
    ];

    #[sqlx::test(migrations = "../../migrations")]
    async fn every_table_with_a_student_is_work_or_not(pool: sqlx::PgPool) {
        let tables: Vec<String> = sqlx::query_scalar(
            "select distinct table_name::text from information_schema.columns
             where table_schema = 'public' and column_name = 'student_id' and table_name not in ('students', 'uncertain_answers')",
        )
        .fetch_all(&Db::from(pool))
        .await
        .unwrap();
        for table in tables {
            let is_work = WORK.iter().any(|(work, _)| *work == table);
            assert!(is_work != NO_WORK.contains(&&table[..]), "does a student with a row of {table} stay?");
        }
    }
}
